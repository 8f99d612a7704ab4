"""project.yaml: what is said about each mistake, whole and all at once, and that nothing is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loraprep.core import resources
from loraprep.core.errors import UserError
from loraprep.project import profiles, project
from loraprep.project.settings import CurationSettings

GOOD = "version: 1\nname: mystyle\nintent: {kind: style}\nmodel: sdxl\ntrigger: brushy\n"
KEY = "sk-ant-api03-" + "Zx9" * 10
TRIGGER = (
    "One made-up word that calls what was learned: 3 to 24 lower-case letters, digits or _, starting with a letter."
)

SAID: dict[str, tuple[str, str]] = {
    "an unknown base model": (GOOD.replace("sdxl", "sdxll     # the base"), """\
project.yaml:4:8: model: unknown base model "sdxll"
    model: sdxll     # the base
           ^
    Did you mean sdxl?"""),
    "one as its makers call it": (GOOD.replace("sdxl", "FLUX.1 dev"), """\
project.yaml:4:8: model: unknown base model "FLUX.1 dev"
    model: FLUX.1 dev
           ^
    Did you mean flux?"""),
    "one that is like none": (GOOD.replace("sdxl", "dall-e"), """\
project.yaml:4:8: model: unknown base model "dall-e"
    model: dall-e
           ^
    One of: MODELS.""".replace("MODELS", ", ".join(resources.names("resources/models")))),
    "everything at once, sorted": (
        "version: 1\nname: my style\nintent: {kind: stile, descripton: x}\nmodel: sdxll\ntrigger: no\n"
        'images:\n  exclude: [../x.png, "/etc/*"]\nmodel: flux\ndataset: {steps: 0, background: whit}\n', """\
project.yaml:2:7: name: "my style" does not fit
    name: my style
          ^
    The project's name; the dataset folder is called {repeats}_{name}. Letters, digits, - and _ only.
project.yaml:3:16: intent.kind: unknown kind "stile"
    intent: {kind: stile, descripton: x}
                   ^
    Did you mean style?
project.yaml:3:23: unknown key "descripton"
    intent: {kind: stile, descripton: x}
                          ^
    Did you mean description?
project.yaml:4:8: model: unknown base model "sdxll"
    model: sdxll
           ^
    Did you mean sdxl?
project.yaml:5:10: trigger: "no" does not fit
    trigger: no
             ^
    """ + TRIGGER + """
project.yaml:7:13: images.exclude: "../x.png" leaves the images folder
      exclude: [../x.png, "/etc/*"]
                ^
    Write it relative to the images folder, with /.
project.yaml:7:23: images.exclude: "/etc/*" leaves the images folder
      exclude: [../x.png, "/etc/*"]
                          ^
    Write it relative to the images folder, with /.
project.yaml:8:1: "model" is already set in line 4
    model: flux
    ^
    Keep one of the two.
project.yaml:9:18: dataset.steps: 0 is too small; at least 1
    dataset: {steps: 0, background: whit}
                     ^
    Training steps to aim at; the repeats follow from it.
project.yaml:9:33: dataset.background: "whit" does not fit
    dataset: {steps: 0, background: whit}
                                    ^
    A colour: white, black, grey, red, green, blue, yellow, orange, purple, pink, brown, cyan, or #rrggbb."""),
    "wrong types": (
        GOOD.replace("sdxl", "[sdxl]").replace("brushy", "true")
        + "captioning: draft\nthresholds:\n  audit: {jpeg_quality: high}\nreview: {quality: yes}\ncuration:\n", """\
project.yaml:4:8: model: expected text, found a list
    model: [sdxl]
           ^
    The base model you train.
project.yaml:5:10: trigger: expected text, found true
    trigger: true
             ^
    """ + TRIGGER + """
project.yaml:6:13: captioning: expected a block of keys, found the text "draft"
    captioning: draft
                ^
    Write its keys below it, indented, or delete this line.
project.yaml:8:25: thresholds.audit.jpeg_quality: expected a number, found the text "high"
      audit: {jpeg_quality: high}
                            ^
    A finding below this JPEG quality.
project.yaml:9:19: review.quality: unknown value "yes"
    review: {quality: yes}
                      ^
    One of: ask, auto.
project.yaml:10:1: curation: expected a block of keys, found nothing
    curation:
    ^
    Write its keys below it, indented, or delete this line."""),
    "texts that are meant for another type": (
        GOOD + "curation: {exclude: swamp*}\ncaptioning: {budget_usd: '0,50'}\n", """\
project.yaml:6:21: curation.exclude: expected a list, found the text "swamp*"
    curation: {exclude: swamp*}
                        ^
    Write ["swamp*"]. Pictures (paths or patterns) that never train.
project.yaml:7:26: captioning.budget_usd: expected a number or nothing, found the text "0,50"
    captioning: {budget_usd: '0,50'}
                             ^
    Write 0.50. The most this project may ever spend on looking, in US dollars. null: nothing is sent."""),
    "trigger: no is a word, and too short a one": (GOOD.replace("brushy", "no"), """\
project.yaml:5:10: trigger: "no" does not fit
    trigger: no
             ^
    """ + TRIGGER),
    "a number for a trigger": (GOOD.replace("brushy", "123"), """\
project.yaml:5:10: trigger: expected text, found the number 123
    trigger: 123
             ^
    """ + TRIGGER),
    "no trigger": (GOOD.replace("trigger: brushy", "trigger:  # later"), """\
project.yaml:5:1: trigger: expected text, found nothing
    trigger:  # later
    ^
    """ + TRIGGER),
    "missing keys": ("version: 1\nname: mystyle\nintent: {}\ntrigger: brushy\n", """\
project.yaml:1:1: "model" is missing
    version: 1
    ^
    The base model you train.
project.yaml:3:9: "kind" is missing in intent
    intent: {}
            ^
    What the pictures have in common: character, style, object or edit."""),
    "another version": (GOOD.replace("version: 1", "version: 2"), """\
project.yaml:1:10: version: the number 2 is not allowed here
    version: 2
             ^
    The version of this file's form: 1."""),
    "duplicate keys": (GOOD + "model: flux\ncuration: {target: 5, target: 6}\n", """\
project.yaml:6:1: "model" is already set in line 4
    model: flux
    ^
    Keep one of the two.
project.yaml:7:23: "target" is already set in line 7
    curation: {target: 5, target: 6}
                          ^
    Keep one of the two."""),
    "tabs": ("version: 1\nintent:\n\tkind: style\n\tnotes: x\n", """\
project.yaml:3:1: a tab; YAML allows only spaces here
     kind: style
    ^
    Replace the tab by spaces.
project.yaml:4:1: a tab; YAML allows only spaces here
     notes: x
    ^
    Replace the tab by spaces."""),
    "a tab behind the colon": (GOOD.replace("model: ", "model:\t"), """\
project.yaml:4:7: a tab; YAML allows only spaces here
    model: sdxl
          ^
    Replace the tab by spaces."""),
    "an empty file": ("", """\
project.yaml:1:1: the file is empty
    Bring it back from git, or delete it and run loraprep init . here."""),
    "comments alone": ("# nothing yet\n", """\
project.yaml:1:1: the file is empty
    Bring it back from git, or delete it and run loraprep init . here."""),
    "conflict markers": ("version: 1\n<<<<<<< HEAD\nname: a\n=======\nname: b\n>>>>>>> theirs\n", """\
project.yaml:2:1: this file has an unresolved git merge conflict
    <<<<<<< HEAD
    ^
    Keep what is right of both versions and delete the lines with <<<<<<<, ======= and >>>>>>>."""),
    "aliases that explode": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{k}: &{k} [{', '.join([f'*{j}'] * 9)}]\n" for j, k in zip("abcdefgh", "bcdefghi", strict=True)), """\
project.yaml:1:4: YAML's shorthand with & and * is not read here
    a: &a [x, x, x, x, x, x, x, x, x]
       ^
    Put text that starts with one of them in quotes: "*.png\""""),
    "a pattern without quotes": (GOOD + "images:\n  exclude: [*.png]\n", """\
project.yaml:7:13: YAML's shorthand with & and * is not read here
      exclude: [*.png]
                ^
    Put text that starts with one of them in quotes: "*.png\""""),
    "paths that leave the project": (
        GOOD + "images: {include: ['a/../../b']}\ncuration: {include: [~/x.png], exclude: ['C:/x', '\\\\srv\\x']}\n", """\
project.yaml:6:20: images.include: "a/../../b" leaves the images folder
    images: {include: ['a/../../b']}
                       ^
    Write it relative to the images folder, with /.
project.yaml:7:22: curation.include: "~/x.png" leaves the images folder
    curation: {include: [~/x.png], exclude: ['C:/x', '\\\\srv\\x']}
                         ^
    Write it relative to the images folder, with /.
project.yaml:7:42: curation.exclude: "C:/x" leaves the images folder
    curation: {include: [~/x.png], exclude: ['C:/x', '\\\\srv\\x']}
                                             ^
    Write it relative to the images folder, with /.
project.yaml:7:50: curation.exclude: "\\\\srv\\x" leaves the images folder
    curation: {include: [~/x.png], exclude: ['C:/x', '\\\\srv\\x']}
                                                     ^
    Write it relative to the images folder, with /."""),
    "what is no pattern": (GOOD + "curation: {exclude: ['sketches/[a.png', '[z-a]']}\n", """\
project.yaml:6:22: curation.exclude: "sketches/[a.png" is no pattern
    curation: {exclude: ['sketches/[a.png', '[z-a]']}
                         ^
    Close every [, and write [a-z] in that order.
project.yaml:6:41: curation.exclude: "[z-a]" is no pattern
    curation: {exclude: ['sketches/[a.png', '[z-a]']}
                                            ^
    Close every [, and write [a-z] in that order."""),
    "a name that is a path": (GOOD.replace("mystyle", "../mystyle"), """\
project.yaml:2:7: name: "../mystyle" does not fit
    name: ../mystyle
          ^
    The project's name; the dataset folder is called {repeats}_{name}. Letters, digits, - and _ only."""),
    "NaN and infinity": (GOOD + "thresholds: {audit: {contrast: .nan, flat: -.inf}}\n", """\
project.yaml:6:32: not a finite number
    thresholds: {audit: {contrast: .nan, flat: -.inf}}
                                   ^
    Write a plain number.
project.yaml:6:44: not a finite number
    thresholds: {audit: {contrast: .nan, flat: -.inf}}
                                               ^
    Write a plain number."""),
    "a secret key": (GOOD + f"description: {KEY}\n", """\
project.yaml:6:14: this looks like a secret key; project.yaml goes into git, so it is refused
    Delete it here, set it as an environment variable, and revoke the key if the file was ever shared."""),
    "a secret by its name, in a line that is broken too": (GOOD + f'  anthropic_api_key: "{KEY[8:]}\n', """\
project.yaml:6:3: this looks like a secret key; project.yaml goes into git, so it is refused
    Delete it here, set it as an environment variable, and revoke the key if the file was ever shared."""),
    "a list": ("- name: mystyle\n", """\
project.yaml:1:1: expected a block of keys, found a list
    - name: mystyle
    ^
    Write lines of key: value."""),
    "a colon too many": (GOOD.replace("{kind: style}", "\n  kind: style\n  notes: sea: calm"), """\
project.yaml:5:13: a second : in one value
      notes: sea: calm
                ^
    Put the whole value in quotes: key: "text: more text\""""),
    "a line out of its column": (GOOD.replace("{kind: style}", "\n  kind: style\n   notes: calm"), """\
project.yaml:5:9: this line does not fit the lines above it
       notes: calm
            ^
    Keys of one block start in the same column."""),
    "a quote that is never closed": (GOOD + 'curation: {include: ["a.png]}\n', """\
project.yaml:6:22: this quote is opened here and never closed
    curation: {include: ["a.png]}
                         ^
    Close it with the same quote."""),
    "a bracket that is never closed": (GOOD + "curation: {include: [a.png\n", """\
project.yaml:6:21: this bracket is not closed with ], or a comma is missing in it
    curation: {include: [a.png
                        ^"""),
    "a Windows path in double quotes": (GOOD + 'images: {folder: "C:\\pics"}\n', """\
project.yaml:6:22: inside double quotes \\ has a meaning of its own in YAML
    images: {folder: "C:\\pics"}
                         ^
    Write / instead of \\, or use single quotes."""),
    "no colon": (GOOD.replace("model: sdxl", "model sdxl"), """\
project.yaml:4:1: there is no : after this key
    model sdxl
    ^
    Write it as key: value"""),
    "a control character": (GOOD + "# \x07\n", """\
project.yaml:6:3: a character that no text may hold (U+0007)
    # \x07
      ^
    Delete it."""),
    "nesting without end": ("[" * 5000 + "]" * 5000, """\
project.yaml:1:33: nested too deeply
    """ + "[" * 112 + """
    """ + " " * 32 + """^
    Write it flatter."""),
    "nesting that can still be read": (GOOD + "curation: {include: " + "[" * 40 + "]" * 40 + "}\n", f"""\
project.yaml:6:51: nested too deeply
    curation: {{include: {"[" * 40 + "]" * 40}}}
    {" " * 50}^
    Write it flatter."""),
    "code in a tag": (GOOD + "curation: !!python/object:os.system {}\n", """\
project.yaml:6:11: the tag tag:yaml.org,2002:python/object:os.system is not allowed
    curation: !!python/object:os.system {}
              ^
    Put text that starts with ! in quotes."""),
    "a severity nobody knows": (GOOD + "severity: {Grey: warn, soft: loud}\n", """\
project.yaml:6:12: unknown finding code "Grey"
    severity: {Grey: warn, soft: loud}
               ^
    Did you mean grey?
project.yaml:6:30: severity.soft: unknown value "loud"
    severity: {Grey: warn, soft: loud}
                                 ^
    One of: block, warn, note."""),
    "entries of a list": (GOOD + "dataset: {trainers: [khoya], sizes: [64]}\n", """\
project.yaml:6:22: dataset.trainers: unknown trainer "khoya"
    dataset: {trainers: [khoya], sizes: [64]}
                         ^
    Did you mean kohya?
project.yaml:6:38: dataset.sizes: 64 is too small; at least 128
    dataset: {trainers: [khoya], sizes: [64]}
                                         ^
    A trained size."""),
    "a folder that is not there": (GOOD + "images:\n  folder: pics  # mine\n", """\
project.yaml:7:11: images.folder: there is no folder "pics"
      folder: pics  # mine
              ^
    Make the folder and put your pictures into it, or name the folder where they are."""),
}  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path


def said(root: Path) -> str:
    with pytest.raises(UserError) as refused:
        project.load(root)
    assert refused.value.exit_code == 3
    return str(refused.value)


@pytest.mark.parametrize("case", SAID)
def test_what_is_said(case: str, home: Path) -> None:
    text, expected = SAID[case]
    (home / "project.yaml").write_text(text, "utf-8", newline="")
    assert said(home) == expected


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_line_ends_and_a_byte_order_mark_move_no_place(newline: str, home: Path) -> None:
    text = "\ufeff" + GOOD.replace("sdxl", "sdxll").replace("\n", newline)
    (home / "project.yaml").write_text(text, "utf-8", newline="")
    assert said(home).startswith(
        'project.yaml:4:8: model: unknown base model "sdxll"\n    model: sdxll\n           ^\n'
    )


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_that_is_not_utf8(encoding: str, home: Path) -> None:
    (home / "project.yaml").write_bytes(GOOD.replace("mystyle", "mystyle # é").encode(encoding))
    place = {"utf-16": "1:1", "latin-1": "2:17"}[encoding]
    assert said(home) == f"project.yaml:{place}: is not UTF-8 text\n    Save it as UTF-8 in your editor."


def test_a_long_line_is_cut_around_the_place(home: Path) -> None:
    (home / "project.yaml").write_text(GOOD + f"curation: {{include: [{', '.join(['a.png'] * 60)}, 5]}}\n", "utf-8")
    first, excerpt, caret, _ = said(home).splitlines()
    column = int(first.split(":")[2])
    assert column > 400
    assert len(excerpt) < 170
    assert excerpt[caret.index("^")] == "5"


def test_a_good_file_takes_its_defaults_from_the_schema(home: Path) -> None:
    (home / "project.yaml").write_text(GOOD + "curation:\n  exclude: ['**/*.png', '[a].jpg']\n", "utf-8")
    loaded = project.load(home)
    assert loaded.settings.curation == CurationSettings(
        target=None, include=(), exclude=("**/*.png", "[a].jpg"), encoder=None, preselect=None
    )
    assert loaded.settings.thresholds.audit.jpeg_quality == 70
    assert loaded.base_model.title == "SDXL"


@pytest.mark.run
@pytest.mark.parametrize("how", [["loraprep"], ["doit", "-f", "dodo.py"]])
def test_the_command_line_ends_with_3_and_writes_nothing(how: list[str], home: Path) -> None:
    secret = GOOD + f"token_key: {KEY}\n"
    (home / "dodo.py").write_text("from loraprep.tasks import *\n", "utf-8")
    for text in (GOOD.replace("sdxl", "sdxll"), secret, ""):
        (home / "project.yaml").write_text(text, "utf-8")
        done = subprocess.run([sys.executable, "-m", *how, "gate1"], cwd=home, capture_output=True, text=True,
                              timeout=600, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})  # fmt: skip
        assert done.returncode == 3, done.stderr
        output = done.stdout + done.stderr
        assert said(home) in output
        assert "Traceback" not in output
        assert KEY not in output
    left = {p.name for p in home.iterdir()} - (
        {".doit.sqlite"} if how[0] == "doit" else set()
    )  # doit's own, ignored by git
    assert left == {"dodo.py", "images", "project.yaml"}


@pytest.mark.parametrize(("model", "trainers", "place"), [
    ("qwen-image", "[ai-toolkit, kohya]", "project.yaml:7"), ("flux", "[musubi-tuner]", "project.yaml:7"),
])  # fmt: skip
def test_a_trainer_that_does_not_train_the_base_model_is_refused_with_those_that_do(
    model: str, trainers: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    told = f"version: 1\nname: a\nmodel: {model}\ntrigger: abc\nintent: {{kind: style}}\ndataset:\n  trainers: {trainers}\n"
    (tmp_path / "project.yaml").write_text(told, "utf-8")
    with pytest.raises(UserError) as caught:
        project.load(tmp_path)
    (problem,) = caught.value.problems
    assert caught.value.exit_code == 3
    assert problem.place.startswith(place)
    assert problem.message.endswith(f" does not train {profiles.base_model(model).title}")
    assert problem.hint == f"These do: {', '.join(profiles.trainers_of(model))}."
    (tmp_path / "project.yaml").write_text(told.split("dataset:")[0], "utf-8")
    assert project.load(tmp_path).settings.dataset.trainers == ("musubi-tuner" if model == "qwen-image" else "kohya",)
