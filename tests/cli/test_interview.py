"""`loraprep init` as a person meets it: in a terminal of 80 and of 160 columns, with keys; and in plain lines."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from PIL import Image

from loraprep.captions import meaning
from loraprep.cli.init import interview
from loraprep.cli.init.asking import Question
from loraprep.cli.init.interview import Talk
from loraprep.cli.init.options import InitOptions
from loraprep.project import profiles, project, trigger
from tests.gallery import paint
from tests.runs import run

if os.name == "nt":
    pytest.skip("there are no pseudo-terminals on Windows", allow_module_level=True)

from tests.terminals import CONTROL_C, CONTROL_D, DOWN, ENTER, ESC, PATIENCE, SPACE, UP, Terminal

pytestmark = pytest.mark.run
MODELS = profiles.models_for("style")
Start = Callable[..., Terminal]
NOBODY = {"HF_HOME": "/nowhere", "ANTHROPIC_API_KEY": "", "LORAPREP_CONFIG": ""}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """51 pictures, 12 with words, 9 small."""
    pics = tmp_path / "my pics"
    pics.mkdir()
    for n in range(51):
        Image.new("RGB", (900, 700) if n < 9 else (1400, 1200), (n * 5, 80, 200 - n)).save(pics / f"{n:02}.png")
        if n < 12:
            (pics / f"{n:02}.txt").write_text("a pier", "utf-8")
    return tmp_path


@pytest.fixture
def start(here: Path) -> Iterator[Start]:
    running: list[Terminal] = []

    def begin(*args: str, env: Mapping[str, str] | None = None, **more: int) -> Terminal:
        env = {**NOBODY, "LORAPREP_CONFIG": str(here / "config.yaml"), **(env or {})}
        running.append(Terminal(here, "init", *args, env=env, **more))
        return running[-1]

    yield begin
    for terminal in running:
        terminal.close()


def _no_word_is_broken(screen: str, columns: int) -> None:
    """Every line but a paragraph's last is as full as words allow, and none ends within a word of ours."""
    for line in screen.splitlines():
        assert len(line) < columns, line


@pytest.mark.parametrize("columns", [80, 160])
def test_from_the_first_question_to_the_project(here: Path, start: Start, columns: int) -> None:
    person = start(columns=columns)
    screens = [person.answer("What shall the project be called?", "mystyle")]
    screens.append(
        person.answer("What are you trying to teach the model? A specific character, an art style, a", "STY")
    )
    screens.append(person.answer("Where are your pictures?", f"'{here / 'my pics'}' "))
    seen = person.answer("Copy them into the project")
    assert "51 pictures, 12 .txt captions, 9 below 1024 px. For a style 20 to 100 is a good number." in " ".join(
        seen.split()
    )
    screens.append(seen)
    seen = person.answer("Which base model will you train?", "flux.1-dev")
    assert "studio.md" not in seen
    assert "Your pictures suit" not in seen
    assert f"> {len(MODELS) + 1}  undecided" in seen
    screens.append(seen)
    seen = person.answer("Which program will train it?", DOWN + SPACE)
    assert "> [x] 1  kohya" in seen
    screens += [seen, person.answer("In one sentence, what should the model learn?", "thick oil landscapes")]
    screens.append(person.answer("What would you call such a picture", "oil painting"))
    screens.append(person.answer("one made-up word that means nothing yet"))
    screens.append(person.answer("should not become part of the style?"))
    seen = person.answer("Who describes the pictures?")
    assert "> 1  none               The trigger alone" in seen
    assert "names alone end in NO-GO" in " ".join(seen.split())
    screens.append(seen)
    seen = person.answer("Nothing is written yet.")
    for words in (">  1  write it     Makes the project in mystyle.", "Base model   flux", "Trainers     kohya, ai-toolkit",
                  "Notes        none", "Captioner    none, the trigger alone"):  # fmt: skip
        assert words in seen
    screens.append(seen)
    assert not (here / "mystyle").exists()
    assert person.ended() == 0
    assert person.text.endswith("only what it touches is redone.") or "only what\nit touches is redone." in person.text
    assert "To change any answer: edit project.yaml" in person.text
    said = "If all your training images are cats"  # one paragraph, whose lines are as long as they may be
    first, second = next(
        screens[2].splitlines()[n : n + 2] for n, line in enumerate(screens[2].splitlines()) if said in line
    )
    assert len(f"{first} {second.split()[0]}") > min(columns - 1, 100) >= len(first)
    third = screens[2].splitlines()[screens[2].splitlines().index(second) + 1]
    assert len(f"{second} {third.split()[0]}") > min(columns - 1, 100)
    for screen in screens:
        _no_word_is_broken(screen, columns)
        assert "():" not in screen
    declared = project.load(here / "mystyle").settings
    assert (declared.model, declared.dataset.trainers, declared.captioning.captioner) == (
        "flux",
        ("kohya", "ai-toolkit"),
        "none",
    )
    assert (declared.intent.description, declared.intent.class_word) == ("thick oil landscapes", "oil painting")
    assert declared.trigger.startswith("myst")
    assert len(list((here / "mystyle/images").iterdir())) == 63


def test_keys_of_a_list(here: Path, start: Start) -> None:
    person = start("mine")
    person.see("trying to teach")
    person.type(ENTER)
    person.see("Choose one: arrows, a number, or the beginning of a name.")
    person.type("9" + ENTER)
    person.see("There are 4 answers, and no 9")
    person.type("\x7f" + "kind" + ENTER)
    person.see('"kind" is none of these')
    person.type("\x7f" * 4 + UP)  # from nowhere to the last
    assert "> 4  style" in person.see("> 4 style")
    person.type(DOWN)
    person.see("> 1 character")
    person.type("o")
    person.see("> 3 object")
    person.type(ENTER)
    person.answer("Where are your pictures?")
    person.answer("Which base model", "sd")
    person.see('"sd" could be sd15, sd35 or sdxl')
    person.type("xl" + ENTER)
    seen = person.see("Which program")
    assert "Base model: sdxl" in seen


def test_back_and_back_again_and_what_was_said_is_still_there(here: Path, start: Start) -> None:
    person = start("mine", "--images", "my pics", "--trainers", "kohya", "--copy")
    person.answer("trying to teach", ESC, then="")
    person.see("This is the first question")
    person.type("char" + ENTER)
    person.answer("Which base model", "flux")
    person.answer("In one sentence, who is it?", "Mira")
    person.answer("in a plain word or two", ESC, then="")
    person.see("Enter alone: Mira")
    person.type("<" + ENTER)
    person.see(f"> {MODELS.index('flux') + 1} flux")
    person.type(ENTER)
    person.answer("who is it?")
    person.answer("in a plain word or two", "woman")
    seen = person.answer("one made-up word", "sks")
    person.see('"sks" is in many guides')
    person.type("\x7f" * 3 + "Woman" + ENTER)
    person.see('"Woman" cannot be a trigger')
    person.type("\x7f" * 5 + "woman" + ENTER)
    person.see("also the class word")
    person.type(ENTER)  # twice: it is meant
    person.answer("should not become part of the character?")
    person.answer("in every picture and belongs to it?", "red cloak")
    seen = person.answer("Who describes")
    assert "Style words" not in seen
    person.answer("Nothing is written yet", "belongs")
    person.answer("in every picture and belongs to it?", "red cloak, scar")
    person.answer("Nothing is written yet", "kind")
    person.answer("trying to teach", "style")
    person.see("Nothing is written yet")
    person.type("base" + ENTER)
    person.answer("Which base model", "undecided")
    person.answer("Which program")
    person.answer("Nothing is written yet")
    assert person.ended() == 0
    written = (here / "mine/project.yaml").read_text("utf-8")
    assert "model: flux                # not decided yet: change it at any time" in written
    intent = project.load(here / "mine").settings.intent
    assert (intent.kind, intent.description) == ("style", "Mira")
    assert project.load(here / "mine").trigger == "woman"


def test_going_back_leaves_each_question_once(here: Path, start: Start) -> None:
    person = start("mine", "--kind", "style", "--images", "my pics", "--copy")
    person.answer("Which base model", "flux")
    person.answer("Which program")
    person.answer("what should the model learn?", "thick oil landscapes")
    person.answer("What would you call such a picture", "oil painting")
    person.answer("one made-up word", "mirel")
    person.answer("should not become part", ESC, then="")
    person.answer("Enter alone: mirel", "mirela")
    person.answer("should not become part", "frames")
    person.answer("Who describes the pictures?", ESC, then="")
    person.answer("Enter alone: frames", ESC, then="")
    person.answer("Enter alone: mirela")
    person.answer("should not become part")
    person.answer("Who describes the pictures?")
    person.answer("Nothing is written yet.", ESC, then="")
    person.answer("Who describes the pictures?")
    person.answer("Nothing is written yet.", "notes")
    person.answer("should not become part", ESC, then="")
    person.see("Nothing is written yet.")
    lines = person.text.splitlines()
    for label, said in {"Class word": "oil painting", "Trigger": "mirela", "Notes": "frames"}.items():
        assert [line for line in lines if line.startswith(f"{label}:")] == [f"{label}: {said}"]
    assert len([line for line in lines if line.startswith("Captioner: ")]) == 1
    assert "Back one question." not in person.text
    assert "" not in lines[: lines.index("Trigger: mirela")]


def test_what_is_typed_before_a_question_could_be_seen_answers_nothing_that_it_proposes(
    here: Path, start: Start
) -> None:
    # an interview that takes its time before it asks
    (here / "sitecustomize.py").write_text(
        "import time\nfrom loraprep.cli.init import interview\nproposed = interview.Talk.proposed\n"
        "def slow(self, options):\n    time.sleep(1.5 if options.class_word else 0)\n"
        "    return proposed(self, options)\ninterview.Talk.proposed = slow\n"
    )
    path = os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])
    person = start("mine", "--kind", "style", "--images", "my pics", "--copy", env={"PYTHONPATH": path})
    person.answer("Which base model", "flux")
    person.answer("Which program")
    person.answer("what should the model learn?", "thick oil landscapes")
    person.answer("What would you call such a picture", "oil painting")
    person.see("Class word: oil painting")
    person.type(ENTER + "never seen" + ENTER)
    person.answer("one made-up word that means nothing yet")
    person.see("should not become part")
    proposed = trigger.propose("mine", "oil painting", meaning.doubt_of_proposal)
    assert [line for line in person.text.splitlines() if line.startswith("Trigger:")] == [f"Trigger: {proposed}"]
    assert "never seen" not in person.text, "nor does it stand among the answers"


def test_what_the_trigger_is_made_of_is_looked_for_while_the_person_types(here: Path) -> None:
    looked: list[str] = []

    class Person:
        """Answers, and says what was looked for before the trigger was asked about."""

        say = staticmethod(lambda text, style="": None)
        take_back = staticmethod(lambda label: None)

        def ask(self, question: Question) -> str:
            if question.label == "Description":
                end = time.monotonic() + PATIENCE
                while not (talks[0].hands and meaning._dictionary.cache_info().currsize):
                    assert time.monotonic() < end, "nobody looks ahead"
                    time.sleep(0.01)
                looked.append(question.label)
            return "write it" if question.label == "Next" else question.default or "oil"

    talks: list[interview.Talk] = []
    meaning._dictionary.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interview, "Talk", lambda place: talks.append(Talk(place)) or talks[0])
        nothing = dict.fromkeys(InitOptions.__struct_fields__[:-3])
        options = InitOptions(**nothing | {"name": "mine", "kind": "style", "images": "my pics", "no_input": False})
        done = interview.completed(options, here, Person())
    assert looked == ["Description"]
    assert done.trigger


@pytest.mark.parametrize(("key", "code"), [(CONTROL_C, 130), (CONTROL_D, 130)])
def test_leaving_leaves_nothing(here: Path, start: Start, key: str, code: int) -> None:
    for question in ("trying to teach", "Where are your pictures"):
        person = start("mine")
        if question != "trying to teach":
            person.answer("trying to teach", "style")
        person.see(question)
        person.type(key)
        assert person.ended() == code
        assert "Stopped. Nothing was written." in person.text
        assert "Traceback" not in person.text
        assert not (here / "mine").exists()


def test_a_small_terminal_shows_the_mark_and_what_is_around_it(start: Start) -> None:
    person = start("mine", "--kind", "style", "--images", "my pics", "--copy", columns=44, rows=12)
    seen = person.see("undecided")
    assert "more above" in seen
    assert f"> {len(MODELS) + 1}  undecided" in seen
    person.type(DOWN)
    seen = person.see(f"> 1 {MODELS[0]}")
    assert "more below" in seen


def test_what_the_pictures_suit_is_preselected_and_all_is_in_the_window(here: Path, start: Start) -> None:
    for path in (here / "my pics").glob("*.png"):
        Image.new("RGB", (400, 400)).save(path)
    person = start("mine", "--kind", "style", "--images", "my pics", "--copy", columns=80, rows=40)
    seen = person.see("Your pictures suit Stable Diffusion 1.5: 512 px.")
    assert f"> {MODELS.index('sd15') + 1}  sd15" in seen
    assert "Which base model will you train?" in seen
    assert "undecided" in seen
    assert "GB" not in seen
    person.type("sdxl" + ENTER)
    told = " ".join(person.see("Which program").split())
    assert "At 1024 px, the smallest size that SDXL is trained at, most of your pictures would be enlarged" in told
    assert "or another base model, such as sd15." in told


def test_no_colour_where_none_is_wanted(here: Path) -> None:
    for env, wanted in (({"NO_COLOR": "1"}, False), ({}, True)):
        person = Terminal(here, "init", "mine", env={**NOBODY, **env})
        person.see("trying to teach")
        person.type(CONTROL_C)
        person.ended()
        assert (b"[0;93m" in person.sent or b";90m" in person.sent or b"\x1b[0;90" in person.sent) is wanted
        person.close()


def test_a_terminal_without_arrows_is_asked_line_by_line(here: Path) -> None:
    person = Terminal(here, "init", "mine", env={**NOBODY, "TERM": "dumb"})
    person.answer("Kind:", "3", then="\n")
    person.answer("Folder (", then="\n")
    person.see("Base model (Enter: I don't know yet):")
    assert b"\x1b" not in person.sent
    person.close()


def test_plain_lines_from_a_pipe(here: Path) -> None:
    lines = ["mine", "c", "my\\ pics", "yes", "sd", "SDXL", "", "Mira", "<", "", "woman", "", "", "red cloak", "", ""]
    done = subprocess.run(
        [sys.executable, "-m", "loraprep", "init", "--plain"], cwd=here, input="\n".join([*lines, ""]), text=True,
        capture_output=True, timeout=120, check=False, env={**os.environ, **NOBODY, "LORAPREP_CONFIG": str(here / "c.yaml")},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert '"sd" could be sd15, sd35 or sdxl.' in done.stdout
    declared = project.load(here / "mine").settings
    assert (declared.model, declared.intent.description, declared.intent.fused) == ("sdxl", "Mira", ("red cloak",))


def test_flags_as_people_write_them_are_the_same(here: Path) -> None:
    code, output = run(here, "init", "mine", "--kind", "STYLE", "--model", "flux.1-dev", "--trainers", "AI,koh",
                       "--images", "my\\ pics", "--copy", "--no-input")  # fmt: skip
    assert code == 0, output
    declared = project.load(here / "mine").settings
    assert (declared.intent.kind, declared.model, declared.dataset.trainers) == (
        "style",
        "flux",
        ("ai-toolkit", "kohya"),
    )
    assert declared.captioning.captioner == "none"
    assert "Captions are the trigger alone" in output
    code, output = run(here, "init", "two", "--kind", "s", "--model", "sd", "--trainers", "kohyaa", "--no-input")
    assert code == 3
    assert '--model: "sd" could be sd15, sd35 or sdxl' in output
    assert '--trainers: unknown trainer "kohyaa"\n    Did you mean kohya?' in output


@pytest.mark.parametrize(
    ("kind", "notes", "told"), [("style", "empty background", 1), ("style", "", 0), ("edit", "x", 0)]
)
def test_it_says_what_becomes_of_the_notes(kind: str, notes: str, told: int, tmp_path: Path) -> None:
    step = next(step for step in interview.STEPS if step.key == "notes")
    said = step.after(
        InitOptions(**{**dict.fromkeys(InitOptions.__struct_fields__), "kind": kind, "notes": notes}), Talk(tmp_path)
    )
    assert len(said) == told
    assert all(text.startswith("Noted in intent.md. What a caption names stays out") for text in said)


@pytest.mark.parametrize("captioner", ["draft", "existing"])
def test_who_has_too_few_captions_is_told_the_way_out(captioner: str, tmp_path: Path) -> None:
    paint(tmp_path / "pics", 12)
    pictures = next(iter((tmp_path / "pics").rglob("*.jpg"))).parent
    words = sorted(pictures.glob("*.txt"))
    for path in words[1:]:
        path.unlink()
    step = next(step for step in interview.STEPS if step.key == "captioner")
    options = InitOptions(**{
        **dict.fromkeys(InitOptions.__struct_fields__), "kind": "style", "captioner": captioner, "name": ".",
    })  # fmt: skip
    (said,) = step.after(options, Talk(pictures))
    assert "NO-GO. Write them later, on the page of `loraprep review` or into .txt files beside them; or" in said
