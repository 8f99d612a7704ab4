"""`loraprep init`: whole files as they are written, refusals with every problem, and nothing half made."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraprep.__main__ import main
from loraprep.captions import registry
from loraprep.cli import tree
from loraprep.cli.init import at_hand, create
from loraprep.core import resources, yamlfile
from loraprep.core.errors import UserError
from loraprep.project import profiles, project, trust
from loraprep.project.settings import Intent
from loraprep.project.trust import Server, Trust

MODELS = ", ".join(resources.names("resources/models"))
CAPTIONERS = ", ".join(registry.captioner_names())
PROJECT = f"""\
# yaml-language-server: $schema=schemas/project.schema.json
# What to teach. Change anything here and run loraprep gate1 again; only what it touches is done again.
version: 1
name: mystyle
intent:
  kind: style              # character, style, object or edit
  description: "loose: bright # painting"
  class_word: oil painting  # what it is an instance of: woman, oil painting, mug
  notes: ""
  fused: [thick strokes, canvas]  # terms that are meant to belong to the trigger
model: flux                # the base model you train: {MODELS}
trigger: emberveil         # one made-up word
images:
  folder: images           # only ever read
  exclude: []              # patterns of files to leave alone
captioning:
  captioner: draft         # who describes the pictures: {CAPTIONERS}
  style_words: include     # include: captions name the style too; omit: the trigger absorbs it
curation:
  target: null             # how many pictures the set should have; null: what the kind recommends
  include: []              # pictures that always stay
  exclude: []              # pictures that never train
dataset:
  trainers: [kohya]        # of ai-toolkit, diffusion-pipe, huggingface, kohya, onetrainer, simpletuner
  steps: 1500              # repeats follow from steps and epochs
  epochs: 15
  background: "#ffffff"    # the colour under transparent parts
"""
INTENT = """\
# Training Intent: mystyle
- **Type**: style
- **Base model**: Flux
- **Description**: loose: bright # painting
- **Dataset target**: 20-100 images
- **Trigger word**: emberveil
- **Content-style notes**: no cats please. Meant to belong to the trigger: thick strokes, canvas.
"""
DODO = '''\
"""The project's tasks: `doit gate1` does the same as `loraprep gate1`."""

from loraprep.tasks import *  # noqa: F403
'''
IGNORED = "build/\nreport.html\ndataset/\nexports/\n.doit.sqlite*\n"
FLAGS = ["--kind", "style", "--model", "flux", "--no-input"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with three files in pics/, one of them deeper and years old."""
    home = tmp_path / "home"
    (home / "pics/deep").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(home / "pics/a.png")
    (home / "pics/a.txt").write_bytes(b"a red square\n")
    Image.new("RGB", (8, 8), "blue").save(home / "pics/deep/b.png")
    os.utime(home / "pics/deep/b.png", ns=(10**18, 10**18))
    monkeypatch.chdir(home)
    monkeypatch.setattr(at_hand, "_models", lambda _port: None)  # whatever runs on this computer
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "none"))
    return home


def _files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def _refused(*argv: str) -> UserError:
    with pytest.raises(UserError) as caught:
        tree.run(["init", *argv])
    assert caught.value.exit_code == 3
    return caught.value


def test_writes_whole_files(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _files(here / "pics")
    argv = ["mystyle", *FLAGS, "--trigger", "emberveil", "--description", "loose: bright # painting",
            "--images", "pics", "--captioner", "draft", "--class-word", "oil painting",
            "--fused", "thick strokes, canvas,"]  # fmt: skip
    assert tree.run(["init", *argv]) == 0
    root = here / "mystyle"
    written = _files(root)
    assert written.pop("project.yaml").decode() == PROJECT
    assert written.pop("intent.md").decode() == INTENT.replace("no cats please.", _separation())
    assert written.pop("dodo.py").decode() == DODO
    assert written.pop(".gitignore").decode() == IGNORED
    assert written.pop("decisions/crops.yaml") == resources.path("resources/project/crops.yaml").read_bytes()
    assert written.pop("decisions/gate.yaml") == resources.path("resources/project/gate.yaml").read_bytes()
    images = {name.removeprefix("images/"): data for name, data in written.items() if name.startswith("images/")}
    assert images == before == _files(here / "pics")
    schemas = {name: data for name, data in written.items() if not name.startswith("images/")}
    assert sorted(schemas) == [
        f"schemas/{n}.schema.json"
        for n in ("captions", "carried", "crops", "curation", "duplicates", "gate", "project", "quality")
    ]
    assert all(data == resources.path(name).read_bytes() for name, data in schemas.items())
    assert (root / "images/deep/b.png").stat().st_mtime_ns == 10**18
    assert capsys.readouterr().out == (
        "There are 3 files, 0.0 MB, to copy into images/; the originals stay as they are.\n"
        "The project mystyle is ready.\n"
        "Captions use the words you have (.txt files, names); names alone end in NO-GO.\n"
        "Next:\n  cd mystyle\n  loraprep gate1\n"
        "To change any answer: edit project.yaml, then loraprep gate1 again; only what it touches is redone.\n"
    )


def _separation() -> str:
    return " ".join(profiles.kind("style").separation.split())


def test_own_notes_stand_in_intent(here: Path) -> None:
    argv = ["mystyle", *FLAGS, "--trigger", "emberveil", "--description", "loose: bright # painting", "--notes",
            "no cats please", "--fused", "thick strokes,canvas"]  # fmt: skip
    assert tree.run(["init", *argv]) == 0
    assert (here / "mystyle/intent.md").read_text("utf-8") == INTENT


def test_the_least_that_is_needed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "Cat", *FLAGS]) == 0
    loaded = project.load(here / "Cat")
    assert (loaded.name, loaded.settings.intent.description, loaded.images) == ("Cat", "", here / "Cat/images")
    assert loaded.trigger.startswith("cat")
    assert loaded.trigger != "cat"  # which means something to every model
    assert "There is no picture in its images/ folder yet: put yours there first." in capsys.readouterr().out


def test_a_poor_trigger_is_warned_about_and_taken(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tree.run(["init", "mine", *FLAGS, "--trigger", "cat"]) == 0
    assert '! "cat" is a common word' in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["no", "true", "~", "a: b", "#x", "'\"", "- x", "{a}", "line\nbreak\tand\x07", "é 日本", "$name ${x}"]
)
def test_any_words_survive(here: Path, text: str) -> None:
    argv = ["mine", *FLAGS, f"--description={text}", f"--notes={text}", f"--class-word={text}", "--trigger", "true"]
    assert tree.run(["init", *argv]) == 0
    intent = project.load(here / "mine").settings.intent
    shown = "".join(c if c.isprintable() else " " for c in text)
    assert intent.description == intent.notes == intent.class_word == shown
    assert project.load(here / "mine").trigger == "true"


def test_every_problem_at_once(here: Path) -> None:
    error = _refused("con", "--kind", "stile", "--model", "sdxll", "--trigger", "A B", "--images", "nowhere",
                     "--captioner", "x", "--style-words", "y", "--no-input")  # fmt: skip
    assert (
        str(error)
        == f"""\
NAME: "con" cannot be a project's name
    Windows keeps this word for itself. Choose another.
--kind: unknown kind "stile"
    Did you mean style?
--model: unknown base model "sdxll"
    Did you mean sdxl?
--captioner: unknown captioner "x"
    One of: {CAPTIONERS}.
--style-words: unknown style words "y"
    One of: include, omit.
--trigger: "A B" cannot be a trigger: one word of 3 to 24 lower-case letters, digits or _, a letter first
--images: there is no folder nowhere"""
    )
    assert _refused("--no-input").problems[0].message == "the project needs a name"
    assert (
        str(_refused("mine", "--no-input"))
        == """\
--kind: the kind is missing
    One of: character, edit, object, style.
--model: the base model is missing
    loraprep init --help lists them."""
    )
    assert "init has no option --modle" in str(_refused("mine", "--modle", "flux"))
    assert sorted(p.name for p in here.iterdir()) == ["pics"]


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/b", "a\\b", "/abs", "C:x", "NUL", "com1", "-x", ".hidden", "a b", "a.b", "x" * 65, "a\n"]
)
def test_unsafe_names(here: Path, name: str) -> None:
    before = _files(here.parent)
    error = _refused(*FLAGS, "--", name)
    assert error.problems[0].message == f'"{name}" cannot be a project\'s name'
    assert _files(here.parent) == before


def test_never_overwrites(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = here / "mine"
    root.mkdir()
    (root / ".gitignore").write_text("mine\n")
    (root / "intent.md").write_text("mine\n")
    assert tree.run(["init", "mine", *FLAGS]) == 0
    assert (root / ".gitignore").read_text() == (root / "intent.md").read_text() == "mine\n"
    said = capsys.readouterr().out
    assert ".gitignore was there already and is kept." in said
    assert "intent.md was there already and is kept." in said
    before = _files(here)
    assert str(_refused("mine", *FLAGS)) == (
        "mine/project.yaml: there is a project already\n"
        "    Edit that file, or choose another name; nothing is overwritten."
    )
    assert _files(here) == before


def test_does_not_copy_into_a_filled_folder(here: Path) -> None:
    (here / "mine/images").mkdir(parents=True)
    (here / "mine/images/old.png").write_bytes(b"old")
    before = _files(here)
    assert "mine/images: images/ already holds something" in str(_refused("mine", *FLAGS, "--images", "pics"))
    assert _files(here) == before
    assert tree.run(["init", "mine", *FLAGS, "--images", "mine/images"]) == 0  # what is there is what is meant
    assert _files(here / "mine/images") == {"old.png": b"old"}


def test_adopts_a_folder_of_pictures(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = here / "Été 2024"
    (here / "pics").rename(folder)
    monkeypatch.chdir(folder)
    before = _files(folder)
    assert tree.run(["init", ".", *FLAGS]) == 0
    loaded = project.load(folder)
    assert (loaded.name, loaded.settings.images.folder) == ("t-2024", ".")
    assert before.items() <= _files(folder).items()
    assert not (folder / "images").exists()


def test_in_place_is_relative_inside_a_git_root_else_absolute(here: Path) -> None:
    assert tree.run(["init", "one", *FLAGS, "--images", "pics", "--in-place"]) == 0
    assert project.load(here / "one").settings.images.folder == (here / "pics").as_posix()
    (here / ".git").mkdir()
    assert tree.run(["init", "two", *FLAGS, "--images", "pics", "--in-place"]) == 0
    assert project.load(here / "two").settings.images.folder == "../pics"
    assert not (here / "two/images").exists()
    assert "which folder?" in str(_refused("three", *FLAGS, "--in-place"))


def test_a_project_never_lies_inside_what_it_copies(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "pics")
    for flags in (["--images", "."], ["--images", "..", "--in-place"]):
        assert "the project would lie inside" in str(_refused("mine", *FLAGS, *flags))
    assert not (here / "pics/mine").exists()


def test_in_a_studio(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "grimoire").mkdir()
    (here / "grimoire/studio.md").write_text("## Models\n| Name | Base |\n|--|--|\n| a | SDXL 1.0 |\n")
    (here / "work").mkdir()
    monkeypatch.chdir(here / "work")
    assert tree.run(["init", "mine", "--kind", "object", "--no-input"]) == 0
    assert project.load(here / "grimoire/training/mine").settings.model == "sdxl"
    (here / "grimoire/studio.md").write_text("Base model: SDXL, Flux\n")
    assert "studio.md names several: sdxl, flux." in str(_refused("other", "--kind", "object", "--no-input"))
    (here / "grimoire/studio.md").write_text("Base model: Kandinsky\n")
    assert "studio.md names Kandinsky, which loraprep does not know." in str(_refused("x1", "--kind", "object"))


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_stopped_it_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch, stop: Any) -> None:
    before, folders = _files(here), sorted(here.rglob("*"))
    for place in ("copyfile", "write", "load"):
        with monkeypatch.context() as patch:

            def fail(*_: Any, **__: Any) -> None:
                raise stop

            target = {"copyfile": create.shutil, "write": create.files, "load": create.project}[place]
            patch.setattr(target, place, fail)
            code = main(["init", "mine", *FLAGS, "--images", "pics"])
        assert code == (130 if stop is KeyboardInterrupt else 1)
        assert (_files(here), sorted(here.rglob("*"))) == (before, folders)


def test_a_secret_is_refused_and_nothing_stays(here: Path) -> None:
    secret = "sk-" + "a1" * 12
    error = _refused("mine", *FLAGS, "--description", secret)
    assert secret not in str(error)
    assert not (here / "mine").exists()


# The interview, as on a terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def say(*lines: str) -> None:
        monkeypatch.setattr("sys.stdin", Terminal("".join(f"{line}\n" for line in lines)))

    return say


def test_the_interview(here: Path, talk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    talk("a/b", "mine", "CHAR", "nowhere", "'pics' ", "y", "Flux.1-dev", "ai, koh", "Mira, my knight", "woman", "woman",
         "n", "mirra", "same red cloak", "cloak", "exist", "")  # fmt: skip
    assert tree.run(["init"]) == 0
    declared = project.load(here / "mine").settings
    assert declared.intent == Intent(
        kind="character", description="Mira, my knight", class_word="woman", notes="same red cloak", fused=("cloak",)
    )
    assert (declared.model, declared.trigger) == ("flux", "mirra")
    assert (declared.captioning.captioner, declared.dataset.trainers) == ("existing", ("kohya", "ai-toolkit"))
    assert _files(here / "mine/images") == _files(here / "pics")
    said = capsys.readouterr().out
    for words in ("cannot be a project's name", "Plan for 15 to 40 pictures", "also the class word",
                  "here is no folder nowhere", "There are 3 files", "2 pictures, 1 .txt caption, 2 below 1024 px.",
                  "Nothing is written yet.", "Makes the project in mine."):  # fmt: skip
        assert words in said
    assert "studio.md" not in said  # there is none
    assert "():" not in said


def test_flags_are_not_asked_again_and_in_place_is_offered(here: Path, talk: Any) -> None:
    talk("n", "")
    argv = ["mine", *FLAGS[:-1], "--trigger", "mirra", "--description", "", "--class-word", "", "--notes", "",
            "--fused", "", "--images", "pics", "--captioner", "none", "--trainers", "kohya"]  # fmt: skip
    assert tree.run(["init", *argv]) == 0
    assert project.load(here / "mine").settings.images.folder == (here / "pics").as_posix()


def test_captioners_at_home(here: Path, talk: Any) -> None:
    flags = ["--trigger", "mirra", "--description", "", "--class-word", "", "--notes", "", "--fused", "",
             "--images", "pics", "--in-place", "--style-words", "omit", "--trainers", "kohya"]  # fmt: skip
    talk("openai-compatible", "", "qwen3-vl", "")
    assert tree.run(["init", "mine", *FLAGS[:-1], *flags]) == 0
    captioning = project.load(here / "mine").settings.captioning
    assert (captioning.base_url, captioning.model) == ("http://localhost:11434/v1", "qwen3-vl")
    talk("wd-tagger", "wd", "")
    assert tree.run(["init", "two", *FLAGS[:-1], *flags]) == 0
    assert project.load(here / "two").settings.captioning.tagger.folder == (here / "wd").as_posix()
    argv = [
        "three",
        *FLAGS,
        "--captioner",
        "openai-compatible",
        "--base-url",
        "https://box:1234/v1",
        "--vision-model",
        "m",
    ]
    assert tree.run(["init", *argv]) == 0
    captioning = project.load(here / "three").settings.captioning
    assert (captioning.base_url, captioning.model) == ("https://box:1234/v1", "m")
    assert trust.granted(here / "three") == Trust(servers=(Server("https://box:1234/v1"),))
    assert not trust.granted(
        here / "mine"
    ).servers  # where such servers usually are on this machine, nothing has to be said
    refused = _refused("four", *FLAGS, "--captioner", "openai-compatible", "--base-url", "http://box:1234/v1")
    assert "--base-url: http://box:1234/v1 is not encrypted" in str(refused)


def test_a_wrong_flag_is_said_before_any_question(here: Path, talk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    talk()
    assert 'unknown kind "stile"' in str(_refused("mine", "--kind", "stile"))
    assert capsys.readouterr().out == ""


def test_leaving_the_interview(here: Path, talk: Any) -> None:
    talk("style")
    assert main(["init", "mine"]) == 130
    assert not (here / "mine").exists()


def test_the_template_is_valid_for_every_kind_and_model(here: Path) -> None:
    for kind in resources.names("resources/kinds"):
        for model in profiles.models_for(kind):
            assert tree.run(["init", f"{kind}-{model}", "--kind", kind, "--model", model, "--no-input"]) == 0
            text = (here / f"{kind}-{model}/project.yaml").read_text("utf-8")
            assert yamlfile.parse(text, "project.yaml").data["model"] == model


def test_claude_gets_a_budget(here: Path, talk: Any, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["mine", *FLAGS, "--captioner", "claude", "--budget", "$2.50"]
    assert tree.run(["init", *argv]) == 0
    assert project.load(here / "mine").settings.captioning.budget_usd == 2.5
    assert trust.granted(here / "mine") == Trust(budget_usd=2.5)  # who answers was asked
    assert tree.run(["init", "other", *FLAGS, "--captioner", "claude"]) == 0
    assert project.load(here / "other").settings.captioning.budget_usd is None
    assert "Nothing is sent to Claude before captioning.budget_usd holds an amount." in capsys.readouterr().out
    error = _refused("third", *FLAGS, "--captioner", "claude", "--budget", "-1")
    assert str(error) == '--budget: "-1" is no amount of US dollars\n    Write it like 1.00.'


def test_the_interview_asks_for_a_budget(here: Path, talk: Any) -> None:
    talk("claude", "much", "0.75", "include", "")
    argv = ["mine", *FLAGS[:-1], "--trigger", "mirra", "--description", "", "--class-word", "", "--notes", "",
            "--fused", "", "--images", "pics", "--in-place", "--trainers", "kohya"]  # fmt: skip
    assert tree.run(["init", *argv]) == 0
    captioning = project.load(here / "mine").settings.captioning
    assert (captioning.captioner, captioning.budget_usd) == ("claude", 0.75)
    assert trust.granted(here / "mine").budget_usd == 0.75


def test_a_new_project_inherits_nobodys_trust(here: Path, talk: Any) -> None:
    trust.grant(here / "mine", Trust(budget_usd=500.0, servers=(Server("https://evil.example"),)))
    assert tree.run(["init", "mine", *FLAGS, "--captioner", "claude", "--budget", "1"]) == 0
    assert trust.granted(here / "mine") == Trust(budget_usd=1.0)
