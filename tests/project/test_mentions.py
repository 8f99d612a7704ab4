"""A name that nothing has is never passed over in silence; what the tool wrote about a picture that is gone is stale."""

import hashlib
from pathlib import Path

import pytest

from loraprep.core import findings
from loraprep.core.records import Group
from loraprep.project import decisions, mentions
from loraprep.project.decisions import Acceptance
from loraprep.project.mentions import Mention
from loraprep.project.settings import complete_settings

THERE = {f"p{n:05}.jpg": hashlib.sha256(str(n).encode()).hexdigest() for n in range(1, 10)}


def short(path: str) -> str:
    return THERE[path][:12]


def silent(root: Path, kind: str, text: str, groups: tuple[Group, ...] = ()) -> list[str]:
    """The names found in a decision file of this text."""
    (root / "decisions").mkdir(exist_ok=True)
    (root / f"decisions/{kind}.yaml").write_text(text, "utf-8")
    return [m.name for m in mentions.silent_in_decisions(kind, decisions.read_decisions(root, kind), THERE, groups)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("quality", "p0004.jpg: {do: remove}\n"),
        ("captions", "p0004.jpg: {caption: '[trigger], a mill'}\n"),
        ("duplicates", "p0004.jpg: {keep: none}\n"),
        ("curation", "p0004.jpg: {answer: all}\n"),
        ("duplicates", f"p00001.jpg: {{keep: [p0004.jpg], digests: {{p00001.jpg: '{short('p00001.jpg')}'}}}}\n"),
        ("curation", f"p00001.jpg: {{answer: [p0004.jpg], digests: {{p00001.jpg: '{short('p00001.jpg')}'}}}}\n"),
    ],
)
def test_a_name_that_no_picture_has(tmp_path: Path, kind: str, text: str) -> None:
    assert silent(tmp_path, kind, text) == ["p0004.jpg"]


@pytest.mark.parametrize("written", ["p00004", "P00004.jpg", "deep\\p00004.jpg", "images/p00004.jpg"])
def test_no_ending_another_case_other_slashes(tmp_path: Path, written: str) -> None:
    text = f"'{written}': {{do: remove}}\n"
    assert silent(tmp_path, "quality", text) == [written]
    given = decisions.read_decisions(tmp_path, "quality")
    (found,) = mentions.silent_findings(tmp_path, mentions.silent_in_decisions("quality", given, THERE))
    said = findings.sentence(found)
    assert "decisions/quality.yaml:1:1" in said
    assert "did you mean p00004.jpg?" in said


def test_a_name_in_a_list_has_a_place_of_its_own(tmp_path: Path) -> None:
    digests = f"{{p00001.jpg: '{short('p00001.jpg')}', p00004.jpg: '{short('p00004.jpg')}'}}"
    text = f"p00001.jpg:\n  keep: [p00001.jpg,\n    p0004.jpg]\n  digests: {digests}\n"
    assert silent(tmp_path, "duplicates", text) == ["p0004.jpg"]
    given = decisions.read_decisions(tmp_path, "duplicates")
    (found,) = mentions.silent_findings(tmp_path, mentions.silent_in_decisions("duplicates", given, THERE))
    assert "decisions/duplicates.yaml:3:5" in findings.sentence(found)
    assert "did you mean p00004.jpg?" in findings.sentence(found)


def test_a_picture_that_the_entry_is_not_about_is_named_too(tmp_path: Path) -> None:
    """It exists, but an answer about other pictures would not be heard."""
    text = f"p00001.jpg: {{keep: [p00002.jpg], digests: {{p00001.jpg: '{short('p00001.jpg')}'}}}}\n"
    assert silent(tmp_path, "duplicates", text) == ["p00002.jpg"]
    group = Group(("p00001.jpg", "p00002.jpg"), "byte", "p00001.jpg", "", ("p00001.jpg",))
    assert silent(tmp_path, "duplicates", text, (group,)) == []  # a byte copy named by hand


def test_a_rename_is_followed_and_both_names_count(tmp_path: Path) -> None:
    before = (
        f"old.jpg: {{keep: [%s], digests: {{old.jpg: '{short('p00003.jpg')}', p00001.jpg: '{short('p00001.jpg')}'}}}}\n"
    )
    assert silent(tmp_path, "duplicates", before % "old.jpg") == []
    assert silent(tmp_path, "duplicates", before % "p00003.jpg") == []


def test_an_answer_of_the_tools_question_about_a_picture_that_is_gone_is_stale_and_no_error(tmp_path: Path) -> None:
    assert silent(tmp_path, "quality", "gone.jpg: {do: remove, digests: {gone.jpg: '0123456789ab'}}\n") == []


def test_looks_are_names_of_an_answer_about_looks(tmp_path: Path) -> None:
    entry = (
        "p00001.jpg: {looks: {look 1: [p00001.jpg], look 2: [p00002.jpg]}, answer: [%s], "
        f"digests: {{p00001.jpg: '{short('p00001.jpg')}', p00002.jpg: '{short('p00002.jpg')}'}}}}\n"
    )
    assert silent(tmp_path, "curation", entry % "look 2") == []
    assert silent(tmp_path, "curation", entry % "look 3") == ["look 3"]


def settings(text: dict[str, object]) -> object:
    return complete_settings(
        {"version": 1, "name": "x", "model": "sd15", "trigger": "abc", "intent": {"kind": "style"}, **text}
    )


def test_a_name_in_curation_is_meant_and_a_pattern_may_wait() -> None:
    lines = {"include": ["p00001.jpg", "p0002.jpg"], "exclude": ["sketch*", "P00003.JPG", "p00004", "!p0005.jpg"]}
    names, waiting = mentions.silent_patterns(settings({"curation": lines}), THERE, THERE)  # type: ignore[arg-type]
    assert [m.name for m in names] == ["p0002.jpg", "p00004", "!p0005.jpg"]  # patterns know no upper case
    assert [m.name for m in waiting] == ["sketch*"]


def test_what_is_left_alone_may_be_named_beforehand() -> None:
    images = {"include": ["**/*"], "exclude": ["Thumbs.db", "*.psd", "p00001.jpg"]}
    names, waiting = mentions.silent_patterns(settings({"images": images}), THERE, THERE)  # type: ignore[arg-type]
    assert names == []
    assert [m.name for m in waiting] == ["Thumbs.db", "*.psd"]
    (note,) = mentions.waiting_findings(waiting)
    assert findings.severity(note.code, {}) == "note"


def test_a_group_needs_a_folder() -> None:
    there = {"summer/a.jpg": "0" * 64, "b.jpg": "1" * 64}
    found, _ = mentions.silent_patterns(settings({"groups": {"sumer": {"suffix": "_s"}}}), there, there)  # type: ignore[arg-type]
    assert [m.name for m in found] == ["sumer"]
    (said,) = mentions.silent_findings(Path(), found)
    assert 'project.yaml, groups: "sumer" (did you mean summer?)' in findings.sentence(said)


def test_crops_and_acceptances(tmp_path: Path) -> None:
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions/crops.yaml").write_text("p0004.jpg: {crop: [0, 0, 0.5, 0.5]}\n", "utf-8")
    (tmp_path / "decisions/gate.yaml").write_text(
        "soft:\n  accept: known\n  reason: meant\n  images: [p00001.jpg, p0004.jpg]\n", "utf-8"
    )
    accepted = {"soft": Acceptance("meant", images=("p00001.jpg", "p0004.jpg"))}
    found = [*mentions.silent_crops(tmp_path, THERE), *mentions.silent_acceptances(accepted, THERE)]
    (said,) = mentions.silent_findings(tmp_path, found)
    assert findings.sentence(said) == (
        '2 names match no picture - decisions/crops.yaml:1:1: "p0004.jpg" (did you mean p00004.jpg?); '
        'decisions/gate.yaml:4:24: "p0004.jpg" (did you mean p00004.jpg?).'
    )
    assert findings.severity(said.code, {"unknown-name": "note"}) == "block"


@pytest.mark.parametrize(
    ("kind", "name", "slip"),
    [
        ("crops", "p0004.jpg", True),
        ("crops", "p00004.png", True),
        ("crops", "p00012.jpg", False),  # another number is another picture
        ("crops", "harbour.jpg", False),
        ("captions", "P00004.jpg", True),
        ("captions", "p00012.jpg", False),
        ("quality", "p00012.jpg", True),  # said of a picture that is to leave: it would train
    ],
)
def test_what_is_written_for_one_picture_may_outlive_it(kind: str, name: str, slip: bool) -> None:
    slips, gone = mentions.parted([Mention(kind, (name,), name, THERE)])
    assert [len(slips), len(gone)] == [slip, not slip]


def test_a_hundred_names_at_once_are_counted(tmp_path: Path) -> None:
    text = "".join(f"q{n:03}.jpg: {{do: remove}}\n" for n in range(100))
    silent(tmp_path, "quality", text)
    given = decisions.read_decisions(tmp_path, "quality")
    (said,) = mentions.silent_findings(tmp_path, mentions.silent_in_decisions("quality", given, THERE))
    assert findings.sentence(said).startswith("100 names match no picture")
    assert findings.sentence(said).endswith("; and 92 more.")
