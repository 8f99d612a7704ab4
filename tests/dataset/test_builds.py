"""dataset/: the same bytes anywhere, only what changed, and nothing that isn't ours."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from loraprep.core import files, records
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.dataset import manifest, outputs, pixels
from loraprep.dataset.verify import Verification, verification_lines
from loraprep.imaging.errors import BadImage
from loraprep.pipeline.steps import dataset, scan
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from loraprep.project.settings import complete_settings
from tests import scenes
from tests.runs import AUTO, FOLDER, append, builds_the_same, held, run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures, GO and built; one is a cut-out, one is drawn a box in and gives a detail."""
    root = scenes.project(tmp_path_factory.mktemp("builds") / "mystyle", 11)
    append("project.yaml", AUTO + "dataset: {repeats: 10}\n")(root)
    jug = scenes.scene(77, 600, 600).convert("RGBA")
    shape = Image.new("L", jug.size, 0)
    shape.paste(255, (60, 60, 540, 540))
    jug.putalpha(shape)
    jug.save(root / "images/jug.png")
    (root / "images/jug.txt").write_text("a jug, loose strokes\n", "utf-8")
    (root / "decisions").mkdir()
    (root / "decisions/crops.yaml").write_text(
        "scene-05.jpg: {crop: [0.1, 0.1, 0.9, 0.9]}\n"
        'scene-06.jpg: {extra: [{name: corner, box: [0, 0, 400, 400], caption: "[trigger], a corner"}]}\n', "utf-8")  # fmt: skip
    code, output = run(root, "dataset")
    assert code == 0, output
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "mystyle"))


def stamps(root: Path) -> dict[str, int]:
    top = root / "dataset"
    return {p.relative_to(top).as_posix(): p.stat().st_mtime_ns for p in sorted(top.rglob("*")) if p.is_file()}


def lock(root: Path) -> dict[str, dict[str, dict[str, str]]]:
    data: dict[str, dict[str, dict[str, str]]] = json.loads((root / "dataset.lock.json").read_text("utf-8"))
    return data


@pytest.mark.run
def test_a_clone_is_verified_and_builds_the_same_bytes(root: Path, tmp_path: Path) -> None:
    builds_the_same(root, tmp_path / "elsewhere/deeper/clone", 13)


@pytest.mark.run
def test_the_lock_says_where_everything_comes_from(root: Path) -> None:
    entry = lock(root)["images"][f"{FOLDER}/scene-05"]
    assert entry["path"] == entry["from"] == "scene-05.jpg"
    assert entry["operations"] == "upright srgb rgb8 box=0.1,0.1,0.9,0.9"
    assert entry["image"] == images_digest(held(root)[f"{FOLDER}/scene-05.png"])
    assert entry["pixels"] == pixels.digest(held(root)[f"{FOLDER}/scene-05.png"])
    assert entry["caption_from"] in ("approved", "draft")
    detail = lock(root)["images"][f"{FOLDER}/scene-06-corner"]
    assert (detail["path"], detail["from"], detail["caption_from"]) == (
        "scene-06#corner.jpg",
        "scene-06.jpg",
        "written",
    )
    assert {"loraprep", "pillow", "littlecms2", "libjpeg_turbo"} <= set(lock(root)["made_with"])
    folders = {"group": "", "images": 13, "masks": False, "repeats": 10, "seen": 150}
    assert lock(root)["folders"] == {FOLDER: folders}


def images_digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


@pytest.mark.run
def test_one_changed_decision_rewrites_one_pair(root: Path) -> None:
    before = stamps(root)
    append("decisions/captions.yaml", '\nscene-07.jpg: {caption: "[trigger], a red barn"}\n')(root)
    append("decisions/crops.yaml", "scene-08.jpg: {crop: [0, 0, 500, 540]}\n")(root)
    code, output = run(root, "dataset")
    assert code == 0, output
    after = stamps(root)
    changed = {name for name in after if after[name] != before.get(name)}
    assert f"{FOLDER}/scene-07.txt" in changed
    assert f"{FOLDER}/scene-08.png" in changed
    assert changed <= {f"{FOLDER}/scene-07.txt", f"{FOLDER}/scene-08.png", f"{FOLDER}/scene-08.txt"}
    assert set(after) == set(before)
    assert Image.open(root / f"dataset/{FOLDER}/scene-08.png").size == (500, 540)


@pytest.mark.run
def test_what_is_not_ours_is_never_touched(root: Path) -> None:
    own = {"notes.md": b"mine", f"{FOLDER}/mine.png": b"mine too", f"{FOLDER}/mine.txt": b"words"}
    for name, data in own.items():
        (root / "dataset" / name).write_bytes(data)
    ours = set(held(root)) - set(own)
    text = (root / "project.yaml").read_text("utf-8").replace("repeats: 10", "repeats: 7")
    (root / "project.yaml").write_text(text, "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert set(held(root)) == set(own) | {name.replace(FOLDER, "7_mystyle") for name in ours}
    assert {name: held(root)[name] for name in own} == own
    code, output = run(root, "verify")
    assert code == 0, output
    assert f"dataset/{FOLDER}/mine.png: not made by loraprep; a trainer may read it" in output


@pytest.mark.run
def test_a_foreign_file_in_the_way_stops_the_build_before_anything_is_written(root: Path) -> None:
    scenes.scene(77).save(root / "images/new.jpg", quality=95)
    (root / "images/new.txt").write_text("a quiet harbour", "utf-8")
    (root / f"dataset/{FOLDER}/new.png").write_bytes(b"mine")
    before = held(root)
    code, output = run(root, "dataset")
    assert code == 1
    assert f"dataset/{FOLDER}/new.png: this file was not made by loraprep and is in the way" in output
    assert held(root) == before


@pytest.mark.run
@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_nothing_is_written_through_a_link_that_leads_out(root: Path, tmp_path: Path) -> None:
    (root / "dataset").rename(tmp_path / "outside")
    (root / "dataset").symlink_to(tmp_path / "outside")
    (tmp_path / f"outside/{FOLDER}/scene-01.png").unlink()
    code, output = run(root, "dataset")
    assert code == 1
    assert "dataset: is a link that leads out of the project" in output
    assert not (tmp_path / f"outside/{FOLDER}/scene-01.png").exists()


@pytest.mark.run
def test_a_picture_changed_in_dataset_is_not_overwritten(root: Path) -> None:
    path = root / f"dataset/{FOLDER}/scene-01.png"
    Image.open(path).rotate(90).save(path)
    mine = path.read_bytes()
    code, output = run(root, "dataset")
    assert code == 1
    assert f"dataset/{FOLDER}/scene-01.png: you changed this picture, so it is not overwritten" in output
    assert "move it to upscaled/ under the name of scene-01.jpg" in output
    assert path.read_bytes() == mine
    path.unlink()
    assert run(root, "dataset")[0] == 0
    assert path.is_file()


@pytest.mark.run
def test_a_build_that_is_killed_goes_on_and_adopts_nothing_of_its_own(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = held(root)
    shutil.rmtree(root / "dataset")
    (root / "build/dataset.manifest.json").unlink()
    (root / "dataset.lock.json").unlink()
    monkeypatch.chdir(root)
    p = project.load(root)
    real = pixels.render_each

    def killed(*args: object) -> Iterator[object]:
        for number, answer in enumerate(real(*args)):  # type: ignore[arg-type]
            if number == 4:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr(pixels, "render_each", killed)
    with pytest.raises(KeyboardInterrupt):
        dataset.build_dataset(Workspace(p))
    monkeypatch.setattr(pixels, "render_each", real)
    assert held(root)
    scan.scan_images(Workspace(p))
    dataset.build_dataset(Workspace(p))
    assert held(root) == whole
    assert manifest.dataset_intact(root)


@pytest.mark.run
def test_only_what_was_touched_since_the_build_is_read_again(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(shutil.copytree(built, tmp_path / "mystyle"))
    for last in (root / "build/dataset.manifest.json", root / "dataset.lock.json"):
        later = root.stat().st_ctime_ns + 10**9
        os.utime(last, ns=(later, later))  # as a build leaves them, whose copy this is
    read: list[str] = []
    real = files.sha256
    monkeypatch.setattr(files, "sha256", lambda path: (read.append(path.name), real(path))[1])
    assert manifest.dataset_intact(root)
    assert not read or os.name == "nt"
    caption = root / f"dataset/{FOLDER}/scene-02.txt"
    times = caption.stat()
    caption.write_bytes(b"x" + caption.read_bytes()[1:])
    os.utime(caption, ns=(times.st_atime_ns, times.st_mtime_ns))  # as old as before, it says
    for last in (root / "build/dataset.manifest.json", root / "dataset.lock.json"):
        os.utime(last, ns=(caption.stat().st_ctime_ns - 1,) * 2)  # built before that
    assert not manifest.dataset_intact(root)
    assert "scene-02.txt" in read


@pytest.mark.run
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("caption", f"{FOLDER}/scene-02: its caption would now be: brushy, a blue door"),
        ("pixels", f"dataset/{FOLDER}/scene-02.png: its pixels are others"),
        ("source", f"{FOLDER}/scene-02: scene-02.jpg is another file now"),
        ("gone", f"{FOLDER}/scene-02: is in dataset.lock.json, and would not be built any more"),
        ("decision", f"{FOLDER}/scene-02: its caption would now be: brushy, a blue door"),
        ("missing", f"dataset/{FOLDER}/scene-02.png: this picture is missing"),
        ("wordless", f"dataset/{FOLDER}/scene-02.txt: this caption is missing"),
    ],
)
def test_verify_names_what_differs(root: Path, damage: str, said: str) -> None:
    png, txt = root / f"dataset/{FOLDER}/scene-02.png", root / f"dataset/{FOLDER}/scene-02.txt"
    if damage == "caption":
        txt.write_text("brushy, a blue door\n", "utf-8")
    elif damage == "pixels":
        Image.open(png).rotate(180).save(png)
    elif damage == "source":
        Image.open(root / "images/scene-02.jpg").rotate(180).save(root / "images/scene-02.jpg", quality=95)
    elif damage in ("missing", "wordless"):
        (png if damage == "missing" else txt).unlink()
    elif damage == "gone":
        (root / "images/scene-02.jpg").unlink()
    else:
        append("decisions/captions.yaml", '\nscene-02.jpg: {caption: "[trigger], a blue door"}\n')(root)
    code, output = run(root, "verify")
    assert code == 1, output
    assert said in output
    assert "from dataset.lock.json" in output
    assert "If you meant" in output


@pytest.mark.run
def test_other_bytes_of_the_same_pixels_are_the_same_dataset(root: Path) -> None:
    png = root / f"dataset/{FOLDER}/scene-03.png"
    data = io.BytesIO()
    Image.open(png).save(data, "PNG", compress_level=9)
    assert data.getvalue() != png.read_bytes()
    png.write_bytes(data.getvalue())
    text = (root / "dataset.lock.json").read_text("utf-8")
    here = Image.__version__  # type: ignore[attr-defined]
    (root / "dataset.lock.json").write_text(text.replace(f'"pillow": "{here}"', '"pillow": "12.0.0"'), "utf-8")
    code, output = run(root, "verify")
    assert code == 0, output
    assert (
        f"1 file has other bytes here and the same pixels: the lock was made with pillow 12.0.0 (here {here})" in output
    )
    assert "13 pictures and the captions are what dataset.lock.json says, in pixels." in output


@pytest.mark.run
def test_verify_says_when_there_is_nothing_to_compare_with(root: Path) -> None:
    (root / "dataset.lock.json").write_text("<<<<<<< HEAD\n", "utf-8")
    code, output = run(root, "verify")
    assert code == 1
    assert "dataset.lock.json: this file is damaged, or holds a git merge conflict" in output
    (root / "dataset.lock.json").unlink()
    code, output = run(root, "verify")
    assert code == 1
    assert "there is no dataset.lock.json yet" in output


def test_many_differences_are_a_sentence_and_a_few_lines() -> None:
    differs = [(f"dataset/1_p/{n}.png", "its pixels are others") for n in range(46)]
    differs += [(f"dataset/1_p/{n}.txt", "another caption") for n in range(2)]
    found = Verification(48, sorted(differs), [], [], [], [])
    told = verification_lines(found, every=False)
    assert told[0].startswith(
        "48 differences from dataset.lock.json, most of all: its pixels are others (46); another caption (2). If you"
    )
    assert told[-1] == "and 45 more: loraprep verify -v"
    assert len(told) == 5
    assert len(verification_lines(found)) == 49


@pytest.mark.run
def test_cutouts_stand_on_each_colour_and_their_captions_say_so(root: Path) -> None:
    text = (root / "project.yaml").read_text("utf-8")
    (root / "project.yaml").write_text(
        text.replace("{repeats: 10}", "{repeats: 10, background: [grey, '#00ff00']}"), "utf-8"
    )
    code, output = run(root, "dataset")
    assert code == 0, output
    files = held(root)
    assert files[f"{FOLDER}/jug.txt"].decode().endswith(", on a grey background\n")
    assert files[f"{FOLDER}/jug-00ff00.txt"].decode().endswith(", on a green background\n")
    assert Image.open(root / f"dataset/{FOLDER}/jug.png").getpixel((5, 5)) == (128, 128, 128)
    assert Image.open(root / f"dataset/{FOLDER}/jug-00ff00.png").getpixel((5, 5)) == (0, 255, 0)
    assert not any("scene-01-" in name for name in files)
    pictures = len([name for name in files if name.endswith(".png")])
    told = f"{pictures - 1} pictures, 1 of them on 2 backgrounds = {pictures}"
    assert f"{told} with captions, each seen" in output
    report = (root / "dataset-report.md").read_text("utf-8")
    assert f"{told}: each of these is seen about" in report
    assert "| 512 | 10 |" in report


@pytest.mark.run
def test_copies_on_colours_never_take_another_pictures_name(root: Path) -> None:
    text = (root / "project.yaml").read_text("utf-8")
    (root / "project.yaml").write_text(
        text.replace("{repeats: 10}", "{repeats: 10, background: [grey, pink]}"), "utf-8"
    )
    (root / "images/scene-09.jpg").rename(root / "images/jug-pink.jpg")
    (root / "images/scene-09.txt").rename(root / "images/jug-pink.txt")
    before = held(root)
    code, output = run(root, "dataset")
    assert code == 1
    assert "NO-GO" in output
    assert "jug-pink.jpg and jug.png would have the same name in the dataset, mystyle/jug-pink." in output
    assert held(root) == before


@pytest.mark.run
@pytest.mark.parametrize(
    ("trainers", "masks", "twin"),
    [
        ("[kohya, ai-toolkit]", "masks/10_mystyle/{}.png", ""),
        ("[onetrainer]", "10_mystyle/{}-masklabel.png", ""),
        ("[kohya, onetrainer]", "masks/10_mystyle/{}.png", "onetrainer/10_mystyle/{}"),
    ],
)
def test_masks_where_each_trainer_looks_for_them(root: Path, trainers: str, masks: str, twin: str) -> None:
    text = (root / "project.yaml").read_text("utf-8")
    options = f"{{repeats: 10, cutouts: mask, trainers: {trainers}}}"
    (root / "project.yaml").write_text(text.replace("{repeats: 10}", options), "utf-8")
    (root / "masks").mkdir()
    drawn = Image.new("L", (280, 320), 0)  # scene-04 is 560x640
    drawn.paste(255, (0, 0, 140, 320))
    drawn.save(root / "masks/scene-04.png")
    Image.new("L", (300, 200)).save(root / "masks/scene-03.png")
    Image.new("L", (300, 200)).save(root / "masks/scene-4.png")
    code, output = run(root, "dataset")
    assert code == 1
    assert "x A name matches no picture - masks/scene-4.png (did you mean scene-04.jpg?)" in output
    (root / "masks/scene-4.png").unlink()
    code, output = run(root, "gate1", "-v")
    assert code == 0, output
    assert "masks/scene-03.png: it is 300x200, another shape than its picture" in output
    assert run(root, "dataset")[0] == 0
    files = held(root)

    def mask(name: str) -> Image.Image:
        return Image.open(io.BytesIO(files[masks.format(name)]))

    assert mask("jug").getpixel((5, 5)) == 0
    assert mask("jug").getpixel((300, 300)) == 255
    assert mask("scene-04").size == (560, 640)
    assert [mask("scene-04").getpixel((x, 300)) for x in (20, 540)] == [255, 0]
    assert mask("scene-01").getextrema() == (255, 255)  # a folder of masks needs one for each picture
    said = lock(root)["masks"]
    assert said == {"folder": "masks" if masks.startswith("masks") else "", "onetrainer": "onetrainer" if twin else ""}
    if twin:
        assert files[twin.format("jug") + ".png"] == files[f"{FOLDER}/jug.png"]
        assert files[twin.format("jug") + ".txt"] == files[f"{FOLDER}/jug.txt"]
        assert files[twin.format("jug") + "-masklabel.png"] == files[masks.format("jug")]
    assert run(root, "verify")[0] == 0
    (root / "dataset").rename(root / "aside")  # as in a clone: masks are rendered too
    assert run(root, "verify")[0] == 0
    (root / "aside").rename(root / "dataset")
    shown = f"dataset/{masks.format('scene-04')}"
    whole = (root / shown).read_bytes()
    (root / shown).unlink()
    code, output = run(root, "verify")
    assert (code, f"{shown}: this mask is missing" in output) == (1, True)
    (root / shown).write_bytes(whole[:-9])
    code, output = run(root, "verify")
    assert (code, f"{shown}: this mask was changed" in output) == (1, True)
    (root / shown).write_bytes(whole)
    Image.new("L", (280, 320), 255).save(root / "masks/scene-04.png")
    code, output = run(root, "verify")
    assert code == 1
    assert f"{FOLDER}/scene-04: its mask is another one now" in output
    assert run(root, "dataset")[0] == 0
    files = held(root)
    assert mask("scene-04").getextrema() == (255, 255)
    shutil.rmtree(root / "masks")
    text = (root / "project.yaml").read_text("utf-8").replace("cutouts: mask", "cutouts: background")
    (root / "project.yaml").write_text(text, "utf-8")
    assert run(root, "dataset")[0] == 0
    assert [p.name for p in (root / "dataset").iterdir()] == [FOLDER]
    assert not [name for name in held(root) if "mask" in name]


def test_repeats_come_closest_to_the_steps_aimed_at() -> None:
    given = {"version": 1, "name": "x", "model": "sdxl", "trigger": "xyz", "intent": {"kind": "style"}}
    given |= {"dataset": {"steps": 1500, "epochs": 15}, "groups": {"b": {"suffix": "_b", "repeats": 2}}}
    config = complete_settings(given)
    paths = {f"a{n}.png": f"x/a{n}" for n in range(10)} | {f"b/{n}.png": f"x-b/{n}" for n in range(10)}
    placed = outputs.folder_places(paths, config, dict.fromkeys(paths, 1))
    assert placed["b/3.png"] == "2_x-b/3"
    assert placed["a3.png"] == "8_x/a3"  # (10 x 8 + 10 x 2) x 15 = 1500
    assert outputs.folder_places({"10_cat/a.png": "10_cat/a"}, config, {"10_cat/a.png": 1}) == {
        "10_cat/a.png": "10_cat/a"
    }


@pytest.mark.parametrize(
    ("caption", "form", "there", "back"),
    [
        ("emma, jug", "tags", "emma, jug, grey background", "emma, jug"),
        ("emma, a jug.", "prose", "emma, a jug, on a grey background", "emma, a jug"),
        ("emma, plain white background, jug", "tags", "emma, grey background, jug", "emma, grey background, jug"),
        (
            "emma, offwhite background",
            "tags",
            "emma, offwhite background, grey background",
            "emma, offwhite background",
        ),
    ],
)
def test_a_background_is_named_once(caption: str, form: str, there: str, back: str) -> None:
    assert outputs.with_background(caption, "grey", form) == there
    assert outputs.without_background(there, "grey") == back


@pytest.mark.run
def test_a_source_that_breaks_between_scan_and_build_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    p = project.load(root)
    shutil.rmtree(root / "dataset")

    def broken(_: object, images: list[records.Image], *__: object) -> Iterator[tuple[records.Image, BadImage]]:
        yield from ((image, BadImage(Code.BROKEN, "the file ends too early")) for image in images)

    monkeypatch.setattr(pixels, "render_each", broken)
    with pytest.raises(UserError) as error:
        dataset.build_dataset(Workspace(p))
    assert len(error.value.problems) == 13
    assert "scene-01.jpg: could not be built: the file ends too early" in str(error.value)
