"""loraprep check on folders with one fault each, and on folders without any."""

import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from loraprep.__main__ import main
from loraprep.core import findings, resources
from loraprep.core.findings import Code
from loraprep.imaging import pool
from loraprep.project import profiles
from loraprep.trainers import folder, lint
from tests import pictures

PROFILES = {n: profiles.trainer(n) for n in resources.names("resources/trainers")}


def make(root: Path, **files: bytes | str) -> Path:
    """A folder of the given files."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def codes(root: Path, trainer: str) -> dict[str, tuple[str, ...]]:
    return {f.code: f.images for f in lint.lint_folder(folder.read_folder(root), {trainer: PROFILES[trainer]})}


GOOD = pictures.png()
WORDS = "mystyle, a hill\n"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
ANNEX = "/annex/objects/SHA256E-s5--9f.png\n"
DVC = "outs:\n- md5: 4d7a\n  path: x\n"


@pytest.mark.parametrize(("files", "trainer", "expected"), [
    ({"a.Png": GOOD, "b.PNG": GOOD, "b.caption": WORDS}, "kohya", {"check-mixed-case": ("a.Png",)}),
    ({"a.Png": GOOD, "a.txt": WORDS}, "ai-toolkit", {}),
    ({"a.jfif": pictures.jpeg(), "a.txt": WORDS, "b.png": GOOD, "b.txt": WORDS}, "ai-toolkit",
     {"check-not-read": ("a.jfif",), "check-alone": ("a.txt",)}),
    ({"a.png": GOOD, "a.caption": WORDS, "b.png": GOOD, "b.caption": b"\xef\xbb\xbfmystyle"}, "kohya",
     {"check-bom": ("b.caption",)}),
    ({"a.png": GOOD, "a.caption": ""}, "kohya", {"check-empty-stops": ("a.caption",)}),
    ({"a.png": GOOD, "a.caption": "\nmystyle, a hill\n"}, "kohya", {"check-empty": ("a.caption",)}),
    ({"a.png": GOOD, "a.txt": ""}, "onetrainer", {"check-empty": ("a.txt",)}),
    ({"a.png": GOOD, "a.caption": "mystyle\na hill"}, "kohya", {"check-lines-first": ("a.caption",)}),
    ({"a.png": GOOD, "a.txt": "mystyle\n\na hill"}, "onetrainer", {"check-lines-each": ("a.txt",)}),
    ({"a.png": GOOD, "a.txt": "mystyle\na hill"}, "simpletuner", {"check-lines-each": ("a.txt",)}),
    ({"a.png": GOOD, "a.txt": "mystyle\na hill"}, "ai-toolkit", {}),
    ({"a.png": GOOD, "a.txt": "mystyle, caf\xe9".encode("latin-1")}, "ai-toolkit", {"check-not-utf8": ("a.txt",)}),
    ({"a.png": GOOD, "a.jpg": pictures.jpeg(), "a.txt": WORDS}, "onetrainer", {"check-shared": ("a.jpg", "a.png")}),
    ({"a.jpg": pictures.rotated(), "a.caption": WORDS}, "kohya", {"check-sideways": ("a.jpg",)}),
    ({"a.jpg": pictures.rotated(), "a.txt": WORDS}, "diffusion-pipe", {"check-sideways": ("a.jpg",)}),
    ({"a.jpg": pictures.rotated(), "a.txt": WORDS}, "ai-toolkit", {}),
    ({"a.png": pictures.see_through(), "a.caption": WORDS}, "kohya", {"check-transparent-hidden": ("a.png",)}),
    ({"a.png": pictures.see_through(), "a.txt": WORDS}, "diffusion-pipe", {"check-transparent-white": ("a.png",)}),
    ({"a.png": pictures.deep_grey(), "a.txt": WORDS}, "onetrainer", {"check-deep": ("a.png",)}),
    ({"a.jpg": pictures.truncated_jpeg(), "a.txt": WORDS}, "ai-toolkit", {"check-unreadable": ("a.jpg",)}),
    ({"a.png": GOOD, "b.png": GOOD, "b.caption": WORDS}, "kohya", {"check-uncaptioned-class": ("a.png",)}),
    ({"a.png": GOOD}, "diffusion-pipe", {"check-uncaptioned-skipped": ("a.png",)}),
    ({"a.png": GOOD}, "onetrainer", {"check-uncaptioned-empty": ("a.png",)}),
    ({"a.png": GOOD}, "simpletuner", {"check-uncaptioned-needed": ("a.png",)}),
    ({"girl_10_20_30_40.png": GOOD, "girl.png": GOOD, "girl.caption": WORDS}, "kohya",
     {"check-underscores": ("girl_10_20_30_40.png",)}),
    ({"girl_10_20_30.png": GOOD, "girl.png": GOOD, "girl.caption": WORDS}, "kohya",
     {"check-uncaptioned-class": ("girl_10_20_30.png",)}),
    ({"10_a/a.png": GOOD, "10_a/a.caption": WORDS, "x_b/b.png": GOOD, "x_b/b.caption": WORDS}, "kohya",
     {"check-repeats": ("x_b/b.png",)}),
    ({"10_a/a.png": GOOD, "10_a/a.caption": WORDS, "1.5_b/b.png": GOOD, "1.5_b/b.caption": WORDS}, "kohya",
     {"check-repeats": ("1.5_b/b.png",)}),
    ({"0_a/a.png": GOOD, "0_a/a.caption": WORDS}, "kohya", {"check-repeats": ("0_a/a.png",)}),
    ({"10_a/a.png": GOOD, "10_a/a.caption": WORDS, "b.png": GOOD, "b.caption": WORDS}, "kohya",
     {"check-beside": ("b.png",)}),
    ({"10_a/a.png": GOOD, "10_a/a.caption": WORDS, "10_a/in/b.png": GOOD, "10_a/in/b.caption": WORDS}, "kohya",
     {"check-nested": ("10_a/in/b.png",)}),
    ({"a.png": GOOD, "a.txt": WORDS, "in/b.png": GOOD, "in/b.txt": WORDS}, "onetrainer",
     {"check-nested": ("in/b.png",)}),
    ({"a.png": GOOD, "a.txt": WORDS, "in/b.png": GOOD, "in/b.txt": WORDS}, "ai-toolkit", {}),
    ({"a.png": GOOD, "a.txt": WORDS, "a-masklabel.png": GOOD}, "onetrainer", {}),
    ({"a.png": GOOD, "a.txt": WORDS, "a-masklabel.png": GOOD}, "ai-toolkit",
     {"check-mask": ("a-masklabel.png",), "check-uncaptioned-empty": ("a-masklabel.png",)}),
    ({"10_a/a.png": GOOD, "10_a/a.caption": WORDS, "masks/10_a/a.png": GOOD, "onetrainer/10_a/a.png": GOOD,
      "onetrainer/10_a/a-masklabel.png": GOOD}, "kohya", {}),
    ({"a.png": GOOD, "a.txt": WORDS, "notes.md": "x"}, "diffusion-pipe", {"check-tried": ("notes.md",)}),
    ({"a.png": LFS, "a.txt": LFS, "b.png": ANNEX, "b.txt": WORDS}, "ai-toolkit",
     {"check-pointer": ("a.png", "a.txt", "b.png")}),
    ({"a.jpg.dvc": DVC, "a.txt": WORDS, "b.png": GOOD, "b.png.dvc": DVC, "b.txt": WORDS}, "ai-toolkit",
     {"check-pointer": ("a.jpg",)}),
    ({"10_a.dvc": DVC}, "kohya", {"check-pointer": ("10_a.dvc",)}),
    ({"10_a.dvc": DVC, "10_a/a.png": GOOD, "10_a/a.caption": WORDS}, "kohya", {}),
    ({"a.webp": pictures.animated(), "a.txt": WORDS}, "ai-toolkit", {"check-animated": ("a.webp",)}),
    ({"a.txt": WORDS}, "kohya", {"check-no-pictures": ()}),
    ({"a.png": GOOD, "a.txt": WORDS, ".aitk_size.json": "{}", "_latent_cache/a.safetensors": "x", "a_flux.npz": "x",
      "cache/flux/metadata.arrow": "x"}, "diffusion-pipe", {}),
])  # fmt: skip
def test_each_hazard_is_named(
    files: dict[str, bytes | str], trainer: str, expected: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    assert codes(make(tmp_path, **files), trainer) == expected


LISTED = b'{"a.png": ["a mill", "a mill by a pond"], "b.png": ["a boat"]}'


@pytest.mark.parametrize(("listed", "expected"), [
    (LISTED, {}),
    (b'{"a.png": ["a mill", "a mill by a pond"]}', {"check-uncaptioned-skipped": ("b.png",)}),
    (LISTED.replace(b"boat", b"ship"), {"check-listed-otherwise": ("b.txt",)}),
    (b'{"a.png": "a mill"}', {"check-listing": ("captions.json",)}),
    (b"[" * 5000, {"check-listing": ("captions.json",)}),
])  # fmt: skip
def test_a_list_of_captions_is_read_in_place_of_those_beside_pictures(
    listed: bytes, expected: dict[str, tuple[str, ...]], tmp_path: Path
) -> None:
    texts = {"a.txt": "a mill\na mill by a pond\n", "b.txt": "a boat"}
    root = make(tmp_path, **{"a.png": GOOD, "b.png": GOOD, "captions.json": listed, **texts})
    assert codes(root, "diffusion-pipe") == expected
    assert codes(root, "ai-toolkit") == {}


def test_links_of_git_annex_are_told_from_others_that_lead_nowhere(tmp_path: Path) -> None:
    root = make(tmp_path, **{"a.png": GOOD, "a.txt": WORDS, "b.txt": WORDS})
    (root / "b.png").symlink_to(".git/annex/objects/aB/K1/SHA256E-s9--9f.png/SHA256E-s9--9f.png")
    (root / "c.png").symlink_to("nowhere.png")
    assert codes(root, "ai-toolkit") == {"check-pointer": ("b.png",), "check-link": ("c.png",)}


def test_pictures_are_opened_apart_and_one_that_is_not_done_in_time_has_that_as_its_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path, **{"a.png": GOOD, "b.png": GOOD})
    seen = []

    def each(work: pool.Work, things: list[str], **how: object) -> Iterator[tuple[str, object]]:
        seen.append(work)
        yield things[0], pool.TooSlow(60)
        yield things[1], work.made()(things[1])

    monkeypatch.setattr(pool, "each", each)
    assert [f.problem for f in folder.read_folder(root)] == ["it was not read after 60 seconds", ""]
    assert pickle.dumps(seen)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_are_named_and_nobody_says_that_there_is_no_picture(tmp_path: Path) -> None:
    elsewhere = make(tmp_path / "elsewhere", **{"a.png": GOOD})
    root = make(tmp_path / "set", **{"a.txt": WORDS, "notes.md": WORDS})
    (root / "a.png").symlink_to(elsewhere / "a.png")
    (root / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (root / "10_x").symlink_to(elsewhere)
    (root / "b.md").symlink_to(root / "notes.md")  # no trainer takes it for a picture
    assert codes(root, "onetrainer") == {"check-link": ("10_x", "a.png", "gone.jpg")}
    make(root, **{"b.png": GOOD, "b.txt": WORDS})
    assert codes(root, "onetrainer") == {"check-link": ("10_x", "a.png", "gone.jpg")}  # a.txt is not alone


def test_names_that_differ_in_capitals_only() -> None:
    seen = [folder.FolderFile(p, "picture" if p.endswith("png") else "caption", lines=1, bytes=9)
            for p in ("A.png", "A.txt", "a.png", "a.txt")]  # fmt: skip
    (finding,) = lint.lint_folder(seen, {"onetrainer": PROFILES["onetrainer"]})
    assert (finding.code, finding.images) == ("check-twins", ("A.png", "a.png"))


def test_txt_under_kohyas_default_is_lost_without_a_word(tmp_path: Path) -> None:
    root = make(tmp_path, **{"a.png": GOOD, "a.txt": WORDS})
    assert codes(root, "kohya") == {"check-extension": ("a.txt",)}
    assert findings.severity("check-extension", {}) == "block"
    root = make(tmp_path, **{"b.png": GOOD, "b.caption": WORDS})  # and when others are written as kohya wants them
    assert codes(root, "kohya") == {"check-extension": ("a.txt",)}
    root = make(tmp_path, **{"b.txt": WORDS})  # read beside it, or not: the .caption is
    assert codes(root, "kohya") == {"check-extension": ("a.txt",)}


def good(root: Path) -> Path:
    return make(root, **{f"set/10_mystyle/{n}{s}": GOOD if s == ".png" else WORDS
                         for n in "ab" for s in (".png", ".txt")}) / "set"  # fmt: skip


ALL = "2 pictures checked for ai-toolkit, diffusion-pipe, kohya sd-scripts, musubi-tuner, OneTrainer, SimpleTuner: "
TOML = """[general]
caption_extension = ".txt"
[[datasets]]
resolution = 1024
[[datasets.subsets]]
image_dir = '{}'
num_repeats = 10
"""


def test_a_good_folder_passes_for_every_trainer_but_kohya_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = good(tmp_path)
    assert main(["check", str(root)]) == 1
    assert capsys.readouterr().out == (
        "x Given this folder alone, kohya sd-scripts would look for .caption and not see 2 captions ending in .txt.\n"
        '    Write caption_extension = ".txt" into a dataset_config.toml beside the folder, or start it with '
        "--caption_extension .txt.\n"
        f"{ALL}1 thing to mend.\n"
    )
    assert main(["check", str(root), "--trainer", "ai-toolkit"]) == 0


@pytest.mark.parametrize(("where", "image_dir"), [
    ("dataset_config.toml", "set/10_mystyle"),
    ("set/mine.toml", "/workspace/somewhere/10_mystyle/"),
    ("exports/kohya/dataset_config.toml", "C:\\art\\dataset\\10_mystyle"),
])  # fmt: skip
def test_a_dataset_config_that_names_txt_is_taken_into_account(
    where: str, image_dir: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = good(make(tmp_path, **{where: TOML.format(image_dir)}))
    assert main(["check", str(root), "--trainer", "kohya"]) == 0
    assert capsys.readouterr().out == (
        f"Nothing found.\nkohya sd-scripts is taken to be started with {where}.\n"
        "2 pictures checked for kohya sd-scripts: nothing to mend.\n"
    )


def test_a_folder_of_our_dataset_is_judged_with_our_own_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = good(make(tmp_path))
    (tmp_path / "exports/kohya").mkdir(parents=True)
    (tmp_path / "exports/kohya/dataset_config.toml").write_text(TOML.format("dataset/10_mystyle"), "utf-8")
    root.rename(tmp_path / "dataset")
    for name in ("dataset", "dataset/10_mystyle"):
        assert main(["check", str(tmp_path / name), "--trainer", "kohya"]) == 0
        assert "Nothing found.\nkohya sd-scripts is taken to be started with exports/" in capsys.readouterr().out


@pytest.mark.parametrize("text", [
    TOML.format("set/another"),  # of another folder
    TOML.format("set/10_mystyle").replace('".txt"', '".caption"'),
    "[[datasets]]\n[[datasets.subsets]]\n", "[tool.ruff]\n", "not TOML at all", "a = " + "[" * 100_000,
])  # fmt: skip
def test_any_other_toml_changes_nothing(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = good(make(tmp_path, **{"dataset_config.toml": text}))
    assert main(["check", str(root), "--trainer", "kohya"]) == 1
    assert "would look for .caption" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "why"), [
    (b"[[datasets]]\nresolution 1024\n", "line 2: expected '=' after a key in a key/value pair"),
    (b"[[datasets]]\nresolution = [512,\n", "line 2: "),
    (b"[general]\n# caf\xe9\n", "line 2: it is not UTF-8 text"),
    (b"datasets = 3\n", "Expected `array`, got `int` - at `$.datasets`"),
])  # fmt: skip
def test_a_config_that_cannot_be_read_is_named_with_line_and_cause(
    text: bytes, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = good(make(tmp_path, **{"dataset_config.toml": text}))
    assert main(["check", str(root), "--trainer", "kohya"]) == 1
    assert f"dataset_config.toml cannot be read. dataset_config.toml: {why}" in capsys.readouterr().out


def test_lines_that_kohya_is_told_to_choose_from_are_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(good(tmp_path), **{"10_mystyle/a.txt": "mystyle, a hill\nmystyle, a hill by a pond\n"})
    config = root.parent / "dataset_config.toml"
    config.write_text(TOML.format("set/10_mystyle"), "utf-8")
    assert main(["check", str(root), "--trainer", "kohya"]) == 1
    assert "would read only the first line of 10_mystyle/a.txt" in capsys.readouterr().out
    config.write_text(TOML.format("set/10_mystyle") + "enable_wildcard = true\n", "utf-8")
    assert main(["check", str(root), "--trainer", "kohya"]) == 0


def test_masks_of_our_own_export_are_no_second_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dataset/masks/10_mystyle has the last part of its name in common with dataset/10_mystyle."""
    config = TOML.format("dataset/10_mystyle")
    pictures_ = {f"dataset/{top}10_mystyle/{n}.png": GOOD for n in "ab" for top in ("", "masks/")}
    words = {f"dataset/10_mystyle/{n}.txt": f"mystyle, hill {n}\n" for n in "ab"}
    make(tmp_path, **{"exports/kohya/dataset_config.toml": config, **pictures_, **words})
    monkeypatch.chdir(tmp_path)
    assert main(["check", "dataset", "--trainer", "kohya"]) == 0


def test_a_projects_training_folder_is_checked_for_the_projects_trainers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = (
        "version: 1\nname: x\nmodel: qwen-image\ntrigger: emberveil\nintent: {kind: style}\n"
        "dataset: {trainers: [musubi-tuner]}\n"
    )
    words = {f"dataset/10_x/{n}.txt": f"emberveil, hill {n}\n" for n in "ab"}
    make(tmp_path, **{"project.yaml": settings, **{f"dataset/10_x/{n}.png": GOOD for n in "ab"}, **words})
    for inside in ("dataset", "dataset/10_x"):
        assert main(["check", str(tmp_path / inside)]) == 0  # kohya, which can't train it, would see no .txt
        said = capsys.readouterr().out
        assert "2 pictures checked for musubi-tuner: nothing to mend." in said
        assert "--trainer all asks the others too" in said
    assert main(["check", str(tmp_path / "dataset"), "--trainer", "all"]) == 1
    (tmp_path / "project.yaml").write_text("version: [", "utf-8")  # a folder like any other
    assert main(["check", str(tmp_path / "dataset")]) == 1


def test_a_subset_without_a_folder_hides_no_other_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    text = TOML.format("set/10_mystyle") + "\n[[datasets.subsets]]\nnum_repeats = 2\n"
    root = good(make(tmp_path, **{"dataset_config.toml": text}))
    os.mkfifo(root / "pipe.toml")
    assert main(["check", str(root), "--trainer", "kohya"]) == 0


def test_one_message_for_several_trainers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path, **{"a.jpg": pictures.rotated(), "a.txt": WORDS})
    before = {p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in root.iterdir()}
    assert main(["check", str(root), "--trainer", "kohya", "--trainer", "diffusion-pipe"]) == 1
    assert capsys.readouterr().out == (
        "x a.jpg would train lying on its side in diffusion-pipe and kohya sd-scripts.\n"
        "    Turn the pixels themselves (jpegtran, or save it once from any picture program), or let loraprep build the "
        "dataset.\n"
        "x Given this folder alone, kohya sd-scripts would look for .caption and not see a.txt.\n"
        '    Write caption_extension = ".txt" into a dataset_config.toml beside the folder, or start it with '
        "--caption_extension .txt.\n"
        "1 picture checked for kohya sd-scripts, diffusion-pipe: 2 things to mend.\n"
    )
    assert before == {
        p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in root.iterdir()
    }


def test_a_wrong_command_line_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "gone")]) == 3
    assert capsys.readouterr().err == (
        f'there is no folder "{tmp_path / "gone"}"\n    Name the folder that you would give to the trainer.\n'
    )
    assert main(["check", str(tmp_path), "--trainer", "khoya"]) == 3
    assert "Did you mean kohya?" in capsys.readouterr().err


def test_every_word_can_be_said() -> None:
    """Each code of check.yaml fills its sentences, one picture or many, and none is left over from an earlier idea."""
    from loraprep.core import yamlfile

    words = yamlfile.load(resources.path("resources/check.yaml"), "resources/check.yaml").data
    source = Path(lint.__file__).read_text("utf-8")
    for code in words:
        assert Code(code).name in source, code
        for images in ((), ("a.png",), ("a.png", "b.png")):
            finding = lint.Finding(Code(code), images, {"trainers": "kohya sd-scripts", "details": "a.png: broken"})
            assert findings.sentence(finding)
            assert "{" not in findings.sentence(finding) + findings.fix(finding) + findings.why(code)


def test_a_broken_file_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = good(make(tmp_path))
    (root / "10_mystyle/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "10_mystyle/broken.txt").write_text("a red boat on a lake", "utf-8")
    assert main(["check", str(root), "--trainer", "onetrainer"]) == 1
    said = capsys.readouterr().out
    assert "A picture cannot be opened: 10_mystyle/broken.png: " in said
    assert said.count("broken.png") == 1, said


def test_words_are_counted_without_the_trigger_as_in_a_project(tmp_path: Path) -> None:
    captions = {f"{n}.txt": f"zqxmill, a grey mill beside a pond {n}" for n in range(9)} | {
        "far.txt": "zqxmill, a pond"
    }
    shown = {f"{name.removesuffix('.txt')}.png": GOOD for name in captions}
    found = lint.lint_folder(folder.read_folder(make(tmp_path, **captions, **shown)), {})
    (length,) = (f.text("details") for f in found if f.code is Code.CHECK_WORDS and "far.txt" in f.images)
    assert "far.txt: 2 words, most have about 7" in length
