"""An answer changes its own line and nothing else, and is refused when the file is another one by now."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from loraprep.core.errors import UserError
from loraprep.project import decision_edits, decisions
from loraprep.project.decision_edits import Changed
from loraprep.project.decisions import Question

DIGEST = "0123456789ab" * 5 + "0123"


def ask(root: Path) -> Path:
    questions = [
        Question(f"{name}.jpg", {"what": f"copy of {name}", "pictures": {f"{name}.jpg": "1x1", f"{name}_web.jpg": "2x2"},
                                 "recommended": [f"{name}.jpg"], "keep": None},
                 {f"{name}.jpg": DIGEST, f"{name}_web.jpg": DIGEST})
        for name in ("mill", "pier")
    ]  # fmt: skip
    decisions.update_questions(root, "duplicates", "# Look first.\n", questions)
    return root / "decisions/duplicates.yaml"


def changed(before: str, after: str) -> list[str]:
    return [x for x in difflib.ndiff(before.splitlines(), after.splitlines()) if x[:2] in ("- ", "+ ")]


def test_an_answer_changes_one_line(tmp_path: Path) -> None:
    path = ask(tmp_path)
    before = path.read_text("utf-8")
    done = decision_edits.write_answers(tmp_path, "duplicates", {"pier.jpg": {"keep": ["pier_web.jpg"]}},
                          decision_edits.document_digest(tmp_path, "duplicates"))  # fmt: skip
    after = path.read_text("utf-8")
    assert changed(before, after) == ["-   keep: null", "+   keep: [pier_web.jpg]"]
    number = after.splitlines().index("  keep: [pier_web.jpg]") + 1
    assert done.lines == [(number, "  keep: [pier_web.jpg]")]
    assert done.digest == decision_edits.document_digest(tmp_path, "duplicates")
    assert decisions.read_decisions(tmp_path, "duplicates").entries["pier.jpg"].data["keep"] == ["pier_web.jpg"]


def test_comments_order_and_line_endings_stay(tmp_path: Path) -> None:
    path = ask(tmp_path)
    text = path.read_text("utf-8").replace("  keep: null", "  keep:   null   # ask Ada first", 1)
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    decision_edits.write_answers(
        tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, decision_edits.document_digest(tmp_path, "duplicates")
    )
    expected = text.replace("  keep:   null   # ask", "  keep:   all   # ask", 1)
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected.replace("\n", "\r\n").encode()


def test_a_name_without_brackets_elsewhere_is_in_nobodys_way(tmp_path: Path) -> None:
    path = ask(tmp_path)
    path.write_text(
        path.read_text("utf-8").replace("pier.jpg]\n  keep: null", "pier.jpg]\n  keep: pier_web.jpg"), "utf-8"
    )
    seen = decision_edits.document_digest(tmp_path, "duplicates")
    decision_edits.write_answers(tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, seen)
    entries = decisions.read_decisions(tmp_path, "duplicates").entries
    assert {key: entry.answer for key, entry in entries.items()} == {"mill.jpg": "all", "pier.jpg": ["pier_web.jpg"]}
    assert "\n  keep: pier_web.jpg\n" in path.read_text("utf-8")


def test_rest_is_one_line_too(tmp_path: Path) -> None:
    path = ask(tmp_path)
    before = path.read_text("utf-8")
    decision_edits.write_answers(
        tmp_path, "duplicates", {"rest": "recommended"}, decision_edits.document_digest(tmp_path, "duplicates")
    )
    comment = '  # write "recommended" to accept everything below that is still open'
    assert changed(before, path.read_text("utf-8")) == [f"- rest: null{comment}", f"+ rest: recommended{comment}"]


def test_a_file_that_changed_meanwhile_is_left_alone_and_both_are_told(tmp_path: Path) -> None:
    path = ask(tmp_path)
    seen = decision_edits.document_digest(tmp_path, "duplicates")
    path.write_text(path.read_text("utf-8").replace("  keep: null", "  keep: none", 1), "utf-8")
    there = path.read_bytes()
    with pytest.raises(Changed) as error:
        decision_edits.write_answers(tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, seen)
    assert path.read_bytes() == there
    assert error.value.now == decision_edits.document_digest(tmp_path, "duplicates")
    assert "  keep: none\n" in error.value.text
    assert error.value.line == "mill.jpg: {keep: all}"


def test_undo_gives_the_same_bytes_back_and_leaves_what_others_wrote_since(tmp_path: Path) -> None:
    path = ask(tmp_path)
    before = path.read_bytes()
    done = decision_edits.write_answers(
        tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, decision_edits.document_digest(tmp_path, "duplicates")
    )
    undone = decision_edits.restore(tmp_path, done)
    assert path.read_bytes() == before
    assert not decisions.read_decisions(tmp_path, "duplicates").entries["mill.jpg"].touched
    assert [text for _, text in undone.lines] == ["  keep: null"]
    done = decision_edits.write_answers(
        tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, decision_edits.document_digest(tmp_path, "duplicates")
    )
    path.write_text(path.read_text("utf-8") + "# mine\n", "utf-8")
    decision_edits.restore(tmp_path, done)
    assert path.read_bytes() == before + b"# mine\n"
    redone = decision_edits.write_answers(
        tmp_path, "duplicates", {"mill.jpg": {"keep": "all"}}, decision_edits.document_digest(tmp_path, "duplicates")
    )
    path.write_text(path.read_text("utf-8").replace("keep: all", "keep: none"), "utf-8")
    with pytest.raises(Changed):  # it is no longer ours to take back
        decision_edits.restore(tmp_path, redone)
    assert "keep: none" in path.read_text("utf-8")


def test_an_acceptance_makes_gate_yaml_and_undo_takes_it_away(tmp_path: Path) -> None:
    values = {"soft": {"accept": "known", "images": ["fog.jpg"], "reason": "It is meant: fog."}}
    done = decision_edits.write_answers(tmp_path, "gate", values, "")
    assert (tmp_path / "decisions/gate.yaml").read_text("utf-8") == (
        "# yaml-language-server: $schema=../schemas/gate.schema.json\n"
        "# Findings you know and accept, each with your reason; the report quotes it. New pictures are asked about again.\n"
        "\n"
        'soft: {accept: known, images: [fog.jpg], reason: "It is meant: fog."}\n'
    )
    known = decisions.Acceptance("It is meant: fog.", images=("fog.jpg",))
    assert decisions.accepted_findings(tmp_path) == {"soft": known}
    decision_edits.restore(tmp_path, done)
    assert not (tmp_path / "decisions/gate.yaml").exists()


def test_captions_by_hand_are_appended_one_line_each(tmp_path: Path) -> None:
    decisions.update_questions(tmp_path, "captions", "# Captions.\n", [])
    path = tmp_path / "decisions/captions.yaml"
    before = path.read_text("utf-8")
    odd = '<img src=x onerror="alert(1)">.png'
    decision_edits.write_answers(tmp_path, "captions", {odd: {"caption": "[trigger], a # b: {c}"}, "[a].jpg": {"caption": "x"}},
                   decision_edits.document_digest(tmp_path, "captions"))  # fmt: skip
    assert path.read_text("utf-8") == (
        before + "\n" + r'"<img src=x onerror=\"alert(1)\">.png": {caption: "[trigger], a # b: {c}"}' + "\n"
        '"[a].jpg": {caption: x}\n'
    )
    decision_edits.write_answers(
        tmp_path, "captions", {odd: None}, decision_edits.document_digest(tmp_path, "captions")
    )
    assert list(decisions.read_decisions(tmp_path, "captions").entries) == ["[a].jpg"]


def test_a_caption_in_a_folded_block_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "decisions/captions.yaml"
    path.parent.mkdir()
    path.write_text("rest: null\n\na.jpg:\n  caption: >-\n    [trigger], a mill\n    by a pond\n\n  # mine\n  form: prose\n"
                    "b.jpg: {caption: x}\n", "utf-8")  # fmt: skip
    decision_edits.write_answers(
        tmp_path,
        "captions",
        {"a.jpg": {"caption": "[trigger], a mill"}},
        decision_edits.document_digest(tmp_path, "captions"),
    )
    assert path.read_text("utf-8") == (
        'rest: null\n\na.jpg:\n  caption: "[trigger], a mill"\n\n  # mine\n  form: prose\nb.jpg: {caption: x}\n'
    )


def test_a_form_that_leaves_no_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "decisions/captions.yaml"
    path.parent.mkdir()
    path.write_text("{a.jpg: {caption: x}}\n", "utf-8")
    there = path.read_bytes()
    with pytest.raises(UserError, match="this form leaves no place"):
        decision_edits.write_answers(
            tmp_path, "captions", {"b.jpg": {"caption": "y"}}, decision_edits.document_digest(tmp_path, "captions")
        )
    assert path.read_bytes() == there


def test_what_the_schema_forbids_is_never_written(tmp_path: Path) -> None:
    path = ask(tmp_path)
    there = path.read_bytes()
    now = decision_edits.document_digest(tmp_path, "duplicates")
    with pytest.raises(UserError, match=r"keep"):
        decision_edits.write_answers(tmp_path, "duplicates", {"mill.jpg": {"keep": "maybe"}}, now)
    path.write_text(path.read_text("utf-8").replace("  keep: null\n", "", 1), "utf-8")
    with pytest.raises(UserError) as error:
        decision_edits.write_answers(
            tmp_path,
            "duplicates",
            {"mill.jpg": {"keep": "all"}},
            decision_edits.document_digest(tmp_path, "duplicates"),
        )
    assert 'this entry has no line "keep" any more' in str(error.value)
    assert "Write it there: keep: all" in str(error.value)
    assert path.read_bytes() == there.replace(b"  keep: null\n", b"", 1)


def test_many_at_once_change_their_lines_and_add_theirs(tmp_path: Path) -> None:
    decisions.update_questions(tmp_path, "captions", "# Captions.\n", [])
    path = tmp_path / "decisions/captions.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    first = {f"{n}.jpg": {"caption": f"a mill, {n}"} for n in range(300)}
    decision_edits.write_answers(tmp_path, "captions", first, decision_edits.document_digest(tmp_path, "captions"))
    before = path.read_bytes().decode()
    second = {"7.jpg": {"caption": "a pond"}, "9.jpg": {"caption": "a pier"}, "new.jpg": {"caption": "a boat"}}
    done = decision_edits.write_answers(
        tmp_path, "captions", second, decision_edits.document_digest(tmp_path, "captions")
    )
    after = path.read_bytes().decode()
    assert after.count("\r\n") == after.count("\n")
    lines = changed(before, after)
    assert [x for x in lines if x.strip() != "+"] == [
        '- "7.jpg": {caption: "a mill, 7"}', '+ "7.jpg": {caption: a pond}', '- "9.jpg": {caption: "a mill, 9"}',
        '+ "9.jpg": {caption: a pier}', "+ new.jpg: {caption: a boat}",
    ]  # fmt: skip
    assert [text for _, text in done.lines] == [x[2:] for x in lines if x[:2] == "+ " and x.strip() != "+"]
    assert all(after.splitlines()[number - 1] == text for number, text in done.lines)
