"""decisions/*.yaml: the tool's own questions move along, and a person's words never change."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from loraprep.core import yamlfile
from loraprep.core.errors import UserError
from loraprep.project import decisions, resolution
from loraprep.project.decisions import Question
from loraprep.scan import audit
from tests.runs import run
from tests.scenes import scene

HEADER = "# Small pictures train soft.\n# do: upscale | remove | keep\n"
FRESH = """\
# yaml-language-server: $schema=../schemas/quality.schema.json
# Small pictures train soft.
# do: upscale | remove | keep
rest: null  # write "recommended" to accept everything below that is still open
"""


def digest(seed: object) -> str:
    return hashlib.sha256(str(seed).encode()).hexdigest()


def question(path: str, what: str = "640x480", seed: object = None) -> Question:
    entry = {"what": what, "recommended": "keep", "do": None}
    return Question(path, entry, {path: digest(path if seed is None else seed)})


def ask(root: Path, *questions: Question) -> str:
    decisions.update_questions(root, "quality", HEADER, questions)
    return (root / "decisions/quality.yaml").read_text("utf-8")


def write(root: Path, text: str, kind: str = "quality") -> None:
    (root / "decisions").mkdir(exist_ok=True)
    (root / f"decisions/{kind}.yaml").write_text(text, "utf-8")


def test_a_question_file_is_written_whole_also_when_empty(tmp_path: Path) -> None:
    assert ask(tmp_path) == FRESH
    assert (
        ask(tmp_path, question("b.png"), question("a.png"))
        == FRESH
        + """
a.png:
  what: "640x480"
  recommended: keep
  do: null
  noted: {digests: {a.png: "7f071235805f"}}  # as written 4a409802

b.png:
  what: "640x480"
  recommended: keep
  do: null
  noted: {digests: {b.png: "5f59d8e87a6e"}}  # as written 9f837666
"""
    )


def as_before(question: Question, said: str = "") -> str:
    """An entry as earlier versions wrote it: a line for each of what is noted now; `said`: the answer given since."""
    [answer] = [k for k, v in question.entry.items() if v is None]
    fields = {**question.entry, "digests": {path: digest[:12] for path, digest in question.digests.items()}}
    text = yamlfile.signed(yamlfile.block(question.key, fields, in_line=("under", "digests")))
    return text.replace(f"  {answer}: null", f"  {answer}: {said}") if said else text


def test_answers_and_comments_of_files_of_before_stay_and_the_tools_lines_move_to_the_end(tmp_path: Path) -> None:
    fields = {"caption": "[trigger], a mill", "tokens": "5 of 75", "form": "prose", "under": {"model": "flux"}}
    asked = {k: Question(f"{k}.png", {**fields, "verdict": None}, {f"{k}.png": digest(k)}) for k in "abcd"}
    text = "rest: null  # mine\n\n" + "\n".join([
        as_before(asked["a"], "approve"),
        as_before(asked["b"]).replace("a mill", "my mill").replace("  verdict", "  # think of it\n  verdict"),
        as_before(asked["c"]).replace("form: prose", "form: prose  # is it?"),
        as_before(asked["d"]),
    ])  # fmt: skip
    for newline in ("\n", "\r\n"):
        write(tmp_path, "")
        (tmp_path / "decisions/captions.yaml").write_bytes(text.replace("\n", newline).encode())
        before = decisions.read_decisions(tmp_path, "captions")
        after = decisions.update_questions(tmp_path, "captions", "", [*asked.values()])
        assert after == decisions.read_decisions(tmp_path, "captions") == before
        now = (tmp_path / "decisions/captions.yaml").read_bytes().decode()
        assert now.count(newline) == now.count("\n")
        now = now.replace(newline, "\n")
        noted = '  noted: {tokens: "5 of 75", form: prose, under: {model: flux}, digests: {%s.png: %s}}  # as written '
        short = {k: yamlfile.dump(digest(k)[:12]) for k in "abcd"}
        assert now.startswith("rest: null  # mine\n\na.png:\n")
        assert '  caption: "[trigger], a mill"\n  verdict: approve\n' + noted % ("a", short["a"]) in now
        assert '"[trigger], my mill"\n  # think of it\n  verdict: null\n' + noted % ("b", short["b"]) in now
        assert "  form: prose  # is it?\n" in now  # a person wrote among the tool's lines: all stays as it is
        assert after.entries["a.png"].answered
        assert not after.entries["b.png"].answered
        assert not after.entries["d.png"].touched
        decisions.update_questions(tmp_path, "captions", "", [*asked.values()])
        assert (tmp_path / "decisions/captions.yaml").read_bytes().decode().replace(newline, "\n") == now


def test_open_untouched_questions_are_rewritten_and_taken_out(tmp_path: Path) -> None:
    first = ask(tmp_path, question("a.png"), question("b.png"), question("c.png"))
    second = ask(tmp_path, question("a.png", "320x240"), question("c.png"))
    assert second == ask(tmp_path, question("a.png", "320x240"), question("c.png"))
    assert "b.png" not in second
    assert second.replace("320x240", "640x480").split("a.png")[0] == first.split("a.png")[0]
    assert ask(tmp_path) == FRESH
    assert ask(tmp_path, question("a.png"), question("b.png"), question("c.png")) == first


@pytest.mark.parametrize("edit", [
    ("do: null", "do: keep"),
    ("do: null", "do: null  # not sure yet"),
    ("recommended: keep", "recommended: upscale"),
    ("  do: null", "  # it is fine\n  do: null"),
])  # fmt: skip
def test_an_answered_or_touched_question_is_never_changed(edit: tuple[str, str], tmp_path: Path) -> None:
    write(tmp_path, ask(tmp_path, question("a.png"), question("b.png")).replace(*edit, 1))
    mine = (tmp_path / "decisions/quality.yaml").read_text("utf-8")
    entry = yamlfile.entry_text(yamlfile.parse(mine, "x"), "a.png")
    changed = ask(tmp_path, question("a.png", "320x240", seed="retouched"))
    assert entry in changed
    assert "b.png" not in changed
    assert entry in ask(tmp_path)


def test_comments_blank_lines_and_line_ends_survive(tmp_path: Path) -> None:
    text = ask(tmp_path, question("a.png"), question("b.png"))
    text = text.replace("a.png:", "# the old one\na.png:", 1).replace("\n\nb.png", "\n\n\n\n# and this\nb.png")
    (tmp_path / "decisions/quality.yaml").write_bytes(
        b"\xef\xbb\xbf" + (text + "\n# the end\n").replace("\n", "\r\n").encode()
    )
    ask(tmp_path, question("b.png", "320x240"), question("c.png"))
    now = (tmp_path / "decisions/quality.yaml").read_bytes()
    assert now.startswith(b"\xef\xbb\xbf# yaml-language-server")
    assert now.count(b"\n") == now.count(b"\r\n")
    for comment in ("# the old one", "# and this", "# the end", "# do: upscale"):
        assert comment.encode() in now
    assert b"# the old one\r\n# and this\r\nb.png" in now


def test_a_file_that_changed_meanwhile_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(tmp_path, question("a.png"))
    path = tmp_path / "decisions/quality.yaml"
    real = yamlfile.rewrite

    def meanwhile(*args: Any) -> str:
        path.write_text(path.read_text("utf-8").replace("do: null", "do: keep"), "utf-8")
        return real(*args)

    monkeypatch.setattr(yamlfile, "rewrite", meanwhile)
    with pytest.raises(UserError, match="changed while loraprep was working"):
        ask(tmp_path, question("b.png"))
    assert "do: keep" in path.read_text("utf-8")
    assert "b.png" not in path.read_text("utf-8")


def test_comments_alone_are_no_answers_and_stay(tmp_path: Path) -> None:
    write(tmp_path, "# I deleted everything\n")
    assert decisions.read_decisions(tmp_path, "quality") == decisions.Decisions()
    assert ask(tmp_path, question("a.png")).startswith("# I deleted everything\n\na.png:\n")
    assert ask(tmp_path) == "# I deleted everything\n"
    write(tmp_path, "# grey: {accept: known, reason: meant}\n", "gate")
    assert decisions.accepted_findings(tmp_path) == {}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["open", "answered", "touched", "hand"]), max_size=6),
       st.lists(st.sets(st.sampled_from("abcdefgh")), max_size=3))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_whatever_is_asked_what_a_person_wrote_stays(
    tmp_path_factory: pytest.TempPathFactory, state: dict[str, str], rounds: list[set[str]]
) -> None:
    root = tmp_path_factory.mktemp("d")
    text = ask(root, *(question(f"{k}.png") for k, how in state.items() if how != "hand"))
    parts = yamlfile.texts(yamlfile.parse(text, "x"))
    for key, how in state.items():
        if how == "answered":
            text = text.replace(parts[f"{key}.png"], parts[f"{key}.png"].replace("do: null", "do: remove  # yes"))
        elif how == "touched":
            text = text.replace(parts[f"{key}.png"], parts[f"{key}.png"].replace("do: null", "do:  # ?"))
        elif how == "hand":
            text += f"\n{key}.png: {{do: keep}}  # mine\n"
    write(root, text)
    mine = {
        k: v for k, v in yamlfile.texts(yamlfile.parse(text, "x")).items() if state.get(k[0]) != "open" or k == "rest"
    }
    for asked in rounds:
        text = ask(root, *(question(f"{k}.png", "1x1") for k in asked))
        now = yamlfile.texts(yamlfile.parse(text, "x"))
        assert {k: now[k] for k in mine} == mine
        assert set(now) == set(mine) | {f"{k}.png" for k in asked}
        assert text == ask(root, *(question(f"{k}.png", "1x1") for k in asked))


# What an answer means afterwards


def outcome(root: Path, *questions: Question, auto: bool = False) -> dict[str, tuple[str, str, bool]]:
    fates = audit.outcome(questions, decisions.read_decisions(root, "quality"), auto=auto)
    return {path: (fate.fate, fate.by, fate.open) for path, fate in fates.items()}


def answer(root: Path, path: str, value: str) -> None:
    doc = yamlfile.load(root / "decisions/quality.yaml", "x")
    write(root, yamlfile.set_value(doc, [path, "do"], value))


def put(root: Path, *questions: Question) -> str:
    return ask(root, *audit.to_ask(questions, decisions.read_decisions(root, "quality")))


def test_rest_recommended_accepts_what_is_open_and_nothing_else(tmp_path: Path) -> None:
    a, b = question("a.png"), question("b.png")
    write(tmp_path, put(tmp_path, a, b).replace("rest: null", "rest: recommended"))
    answer(tmp_path, "a.png", "remove")
    assert outcome(tmp_path, a, b) == {"a.png": ("left out", "you", False), "b.png": ("kept", "recommendation", False)}


def test_an_open_question_counts_as_its_recommendation_and_waits(tmp_path: Path) -> None:
    put(tmp_path, question("a.png"))
    assert outcome(tmp_path, question("a.png")) == {"a.png": ("kept", "recommendation", True)}
    assert outcome(tmp_path, question("a.png"), auto=True) == {"a.png": ("kept", "rule", False)}


def test_a_rename_is_followed_by_digest_and_not_asked_again(tmp_path: Path) -> None:
    put(tmp_path, question("a.png"))
    answer(tmp_path, "a.png", "remove")
    before = (tmp_path / "decisions/quality.yaml").read_text("utf-8")
    renamed = question("deep/new.png", seed="a.png")
    assert put(tmp_path, renamed) == before
    assert outcome(tmp_path, renamed) == {"deep/new.png": ("left out", "you", False)}
    assert resolution.stale(decisions.read_decisions(tmp_path, "quality"), {"deep/new.png": digest("a.png")}) == []


def test_a_retouched_picture_keeps_its_answer_and_is_asked_to_confirm(tmp_path: Path) -> None:
    put(tmp_path, question("a.png"))
    answer(tmp_path, "a.png", "remove")
    mine = (tmp_path / "decisions/quality.yaml").read_text("utf-8")
    for turn, key in enumerate(("a.png (again)", "a.png (again 2)"), 1):
        retouched = question("a.png", seed=turn)
        text = put(tmp_path, retouched)
        assert text.startswith(mine)
        doc = yamlfile.parse(text, "x")
        assert doc.data[key]["what"] == "changed since you said remove; now 640x480"
        assert put(tmp_path, retouched) == text
        assert outcome(tmp_path, retouched) == {"a.png": ("left out", "you", True)}
        answer(tmp_path, key, "remove")
        mine = (tmp_path / "decisions/quality.yaml").read_text("utf-8")
        assert put(tmp_path, retouched) == mine
        assert outcome(tmp_path, retouched) == {"a.png": ("left out", "you", False)}


def test_hand_written_entries_follow_their_path(tmp_path: Path) -> None:
    write(tmp_path, "rest: null\na.png: {do: remove}\nb.png: {do: upscale}\n")
    assert outcome(tmp_path, question("a.png", seed="anything")) == {
        "a.png": ("left out", "you", False), "b.png": ("kept", "you", False)}  # fmt: skip
    before = (tmp_path / "decisions/quality.yaml").read_text("utf-8")
    assert put(tmp_path, question("a.png")) == before


def test_stale_answers_stay_and_are_named(tmp_path: Path) -> None:
    put(tmp_path, question("a.png"), question("b.png"))
    answer(tmp_path, "a.png", "keep")
    text = put(tmp_path)
    assert "a.png" in text
    assert "b.png" not in text
    assert resolution.stale(decisions.read_decisions(tmp_path, "quality"), {"c.png": digest("c")}) == ["a.png"]


# A file that cannot be read


BAD = """\
rest: maybe
a.png: {do: kepp}
b.png:
  do: keep
  doo: keep
b.png: {do: keep}
c.png: 5
"""
SAID = """\
decisions/quality.yaml:1:7: rest: unknown value "maybe"
    rest: maybe
          ^
    One of: null, recommended.
decisions/quality.yaml:2:13: a.png.do: unknown value "kepp"
    a.png: {do: kepp}
                ^
    Did you mean keep?
decisions/quality.yaml:5:3: unknown key "doo"
      doo: keep
      ^
    Did you mean do?
decisions/quality.yaml:6:1: "b.png" is already set in line 3
    b.png: {do: keep}
    ^
    Keep one of the two.
decisions/quality.yaml:7:8: c.png: expected a block of keys, found the number 5
    c.png: 5
           ^
    Write its keys below it, indented, or delete this line."""


PROJECT = "version: 1\nname: p\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncaptioning: {captioner: none}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("p") / "p"
    (root / "images").mkdir(parents=True)
    for n in range(5):
        scene(n, 320, 300).save(root / f"images/{n}.jpg")
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    run(root, "gate1")
    return root


@pytest.mark.parametrize("text", ["", "rest: null\n<<<<<<< HEAD\n", "rest: [\n", "- a\n", "{rest: null}\n"])
def test_a_file_that_cannot_be_read_or_added_to_stays_as_it_is(text: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(UserError) as refused:
        ask(tmp_path, question("a.png"))
    assert refused.value.exit_code == 1
    assert all(p.place.startswith("decisions/quality.yaml:") for p in refused.value.problems)
    assert (tmp_path / "decisions/quality.yaml").read_text("utf-8") == text


@pytest.mark.run
@pytest.mark.parametrize("kind", ["quality", "duplicates", "captions", "curation", "gate"])
def test_a_bad_decision_file_stops_says_where_and_is_never_written(kind: str, project: Path, tmp_path: Path) -> None:
    root = tmp_path / "p"
    shutil.copytree(project, root)
    write(root, BAD, kind)
    (root / "images/0.jpg").unlink()
    code, output = run(root, "gate1")
    assert code == 1, output
    assert f"decisions/{kind}.yaml:6:1: " in output
    assert "Traceback" not in output
    assert "bug" not in output
    assert (root / f"decisions/{kind}.yaml").read_text("utf-8") == BAD


def test_all_that_is_wrong_with_a_decision_file_is_said_at_once(tmp_path: Path) -> None:
    write(tmp_path, BAD)
    with pytest.raises(UserError) as refused:
        decisions.read_decisions(tmp_path, "quality")
    assert refused.value.exit_code == 1
    assert str(refused.value) == SAID


@pytest.mark.run
def test_a_real_retouch_and_rename_end_to_end(project: Path, tmp_path: Path) -> None:
    root = tmp_path / "p"
    shutil.copytree(project, root)
    for n in range(5):
        answer(root, f"{n}.jpg", "keep")
    run(root, "gate1")
    path = root / "images/0.jpg"
    with Image.open(path) as picture:
        picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)
    (root / "images/1.jpg").rename(root / "images/one.jpg")
    _, output = run(root, "gate1")
    text = (root / "decisions/quality.yaml").read_text("utf-8")
    assert '"0.jpg (again)":' in text
    assert "one.jpg" not in text
    assert "Waiting for you: 1 answer in decisions/quality.yaml." in output


@pytest.mark.run
def test_a_retouch_and_a_rename_after_one_answer_for_many(tmp_path: Path) -> None:
    root = tmp_path / "p"
    (root / "images").mkdir(parents=True)
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    for n in range(7):
        scene(n, 300, 280).save(root / f"images/{n}.jpg")
    run(root, "gate1")
    path = root / "decisions/quality.yaml"
    answered = path.read_text("utf-8").replace("do: null", "do: keep")
    path.write_text(answered, "utf-8")
    with Image.open(root / "images/0.jpg") as picture:
        picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(root / "images/0.jpg")
    (root / "images/1.jpg").rename(root / "images/one.jpg")
    _, output = run(root, "gate1")
    after = path.read_text("utf-8")
    assert after.startswith(answered)
    assert '"0.jpg (again)":' in after.removeprefix(answered)
    assert "one.jpg" not in after
    assert "Waiting for you: 1 answer in decisions/quality.yaml." in output
