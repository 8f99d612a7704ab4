"""Many pictures, few answers: more than five questions of one kind stand in one entry."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.core.errors import UserError
from loraprep.project import decision_edits, decisions, mentions, together
from loraprep.project.decisions import Like, Question

LIKE = Like("copies", "{n} pictures are there more than once")
HEADER = "# Look first.\n"


def question(number: int, *, like: Like | None = LIKE) -> Question:
    best, other = f"p{number:02}.jpg", f"p{number:02}_web.jpg"
    return Question(
        best,
        {
            "what": "a smaller copy",
            "pictures": {best: "800x640", other: "600x480"},
            "recommended": [best],
            "keep": None,
        },
        {best: f"{number:064x}", other: f"{number + 100:064x}"},
        like=like,
    )


def small(number: int) -> Question:
    name = f"s{number:02}.jpg"
    entry = {"what": f"{number}x{number}", "recommended": "remove", "do": None}
    return Question(name, entry, {name: f"{number:064x}"}, like=Like("too small", "{n} pictures"))


def ask(root: Path, *questions: Question, kind: str = "duplicates") -> decisions.Decisions:
    return decisions.update_questions(root, kind, HEADER, questions)


def text(root: Path, kind: str = "duplicates") -> str:
    return (root / f"decisions/{kind}.yaml").read_text("utf-8")


def edit(root: Path, was: str, becomes: str, kind: str = "duplicates") -> None:
    assert was in text(root, kind)
    (root / f"decisions/{kind}.yaml").write_text(text(root, kind).replace(was, becomes), "utf-8")


def test_up_to_five_stand_alone_and_more_together(tmp_path: Path) -> None:
    ask(tmp_path, *map(question, range(together.FEW)))
    assert "each:" not in text(tmp_path)
    assert "p04.jpg:\n" in text(tmp_path)
    given = ask(tmp_path, *map(question, range(together.FEW + 1)))
    assert sorted(given.entries) == [f"p0{n}.jpg" for n in range(6)]
    assert given.missing(given.entries) == ["copies"]
    assert text(tmp_path).partition("open\n\n")[2].rpartition("noted")[0] == (
        "copies:\n"
        "  what: 6 pictures are there more than once\n"
        "  each:\n"
        + "".join(
            f"    p0{n}.jpg: {{what: a smaller copy, pictures: {{p0{n}.jpg: 800x640, p0{n}_web.jpg: 600x480}}, "
            f"recommended: [p0{n}.jpg]}}\n".replace("800x640", '"800x640"').replace("600x480", '"600x480"')
            for n in range(6)
        )
        + "  keep: null\n"
        "  except: {}  # answers of their own for single ones: {name.jpg: ...}\n  "
    ).replace("what: 6 pictures are there more than once", 'what: "6 pictures are there more than once"')
    ask(tmp_path, question(1))
    assert "copies:" not in text(tmp_path)


def test_one_answer_counts_for_all_but_the_exceptions(tmp_path: Path) -> None:
    asked = [question(n) for n in range(8)]
    ask(tmp_path, *asked)
    edit(tmp_path, "keep: null", "keep: recommended  # looked at")
    edit(tmp_path, "  except: {}  #", "  except: {p03.jpg: all, p05_web.jpg: p05_web.jpg}  #")
    given = decisions.read_decisions(tmp_path, "duplicates")
    assert {key: entry.answer for key, entry in given.entries.items()} == {
        **{f"p0{n}.jpg": "recommended" for n in (0, 1, 2, 4, 6, 7)},
        "p03.jpg": "all",
        "p05.jpg": ["p05_web.jpg"],
    }
    before = text(tmp_path)
    ask(tmp_path, *asked)
    assert text(tmp_path) == before


def test_what_is_new_after_an_answer_is_asked_beside_it(tmp_path: Path) -> None:
    ask(tmp_path, *map(question, range(6)))
    edit(tmp_path, "keep: null", "keep: recommended")
    answered = text(tmp_path)
    given = ask(tmp_path, *map(question, range(8)))
    assert text(tmp_path).startswith(answered)
    assert given.entries["p07.jpg"].within == ""
    given = ask(tmp_path, *map(question, range(14)))
    assert text(tmp_path).startswith(answered)
    assert given.entries["p07.jpg"].within == "copies (2)"
    assert given.entries["p05.jpg"].answer == "recommended"
    assert given.entries["p07.jpg"].answer is None


def test_an_entry_of_its_own_wins(tmp_path: Path) -> None:
    ask(tmp_path, *map(question, range(6)))
    edit(tmp_path, "keep: null", "keep: recommended")
    edit(tmp_path, "copies:\n", "p02.jpg: {keep: none}\n\ncopies:\n")
    given = decisions.read_decisions(tmp_path, "duplicates")
    assert given.entries["p02.jpg"].answer == "none"
    assert given.entries["p03.jpg"].answer == "recommended"


def test_an_answer_to_one_is_written_as_an_exception_and_taken_back(tmp_path: Path) -> None:
    ask(tmp_path, *map(small, range(9)), kind="quality")
    asked = text(tmp_path, "quality")

    def answer(**values: str | None) -> decision_edits.Written:
        given = {f"{name}.jpg": {"do": word} for name, word in values.items()}
        return decision_edits.write_answers(
            tmp_path, "quality", given, decision_edits.document_digest(tmp_path, "quality")
        )

    done = answer(s03="keep", s04="upscale")
    assert "  except: {s03.jpg: keep, s04.jpg: upscale}  # answers of their own" in text(tmp_path, "quality")
    given = decisions.read_decisions(tmp_path, "quality")
    assert [given.entries[f"s0{n}.jpg"].answer for n in (2, 3, 4)] == [None, "keep", "upscale"]
    assert given.missing(["s02.jpg"]) == ["too small"]
    answer(s03=None)
    assert "  except: {s04.jpg: upscale}  #" in text(tmp_path, "quality")
    later = answer(s05="keep")
    answer(s04=None)
    decision_edits.restore(tmp_path, later)  # the file went on since: that one is taken back and no other
    assert "except: {}  #" in text(tmp_path, "quality")
    with pytest.raises(decision_edits.Changed):
        decision_edits.restore(tmp_path, done)
    edit(tmp_path, "do: null", "do: remove", "quality")
    answer(s06=None)
    assert decisions.read_decisions(tmp_path, "quality").entries["s06.jpg"].answer is None
    assert asked.partition("  do:")[0] == text(tmp_path, "quality").partition("  do:")[0]


def test_undo_of_the_first_exception_is_byte_for_byte(tmp_path: Path) -> None:
    ask(tmp_path, *map(small, range(9)), kind="quality")
    asked = text(tmp_path, "quality")
    digest = decision_edits.document_digest(tmp_path, "quality")
    done = decision_edits.write_answers(tmp_path, "quality", {"s03.jpg": {"do": "keep"}}, digest)
    decision_edits.restore(tmp_path, done)
    assert text(tmp_path, "quality") == asked


def test_a_name_that_nothing_is_asked_about_and_a_list_for_all(tmp_path: Path) -> None:
    ask(tmp_path, *map(question, range(6)))
    edit(tmp_path, "keep: null", "keep: [p01.jpg]")
    edit(tmp_path, "  except: {}  #", "  except: {p03_wbe.jpg: all}  #")
    with pytest.raises(UserError) as told:
        decisions.read_decisions(tmp_path, "duplicates")
    assert str(told.value) == (
        "decisions/duplicates.yaml:14:9: one list of names cannot answer many questions\n"
        "      keep: [p01.jpg]\n"
        "            ^\n"
        "    Write `keep: recommended` here, and the list under `except`: {name: [names]}.\n"
        'decisions/duplicates.yaml:15:12: nothing is asked about "p03_wbe.jpg" here\n'
        "      except: {p03_wbe.jpg: all}  # answers of their own for single ones: {name.jpg: ...}\n"
        "               ^\n"
        "    did you mean p03_web.jpg?"
    )


def test_a_place_is_where_the_file_has_it(tmp_path: Path) -> None:
    ask(tmp_path, *map(question, range(6)))
    edit(tmp_path, "keep: null", "keep: recommended")
    edit(tmp_path, "  except: {}  #", "  except: {p03.jpg: [p03_web.jpg]}  #")
    places = mentions.Places(tmp_path)
    assert places.of("duplicates", ("p01.jpg",)) == "decisions/duplicates.yaml:9:5"
    assert places.of("duplicates", ("p01.jpg", "keep")) == "decisions/duplicates.yaml:14:9"
    assert places.of("duplicates", ("p03.jpg", "keep", 0)) == "decisions/duplicates.yaml:15:22"


def test_an_exception_may_name_a_picture_of_an_entry_that_asks_one_question_of_many() -> None:
    entry = {"pictures": {"a.jpg": "“M. Rossi”", "b.jpg": None}, "answer": "mask", "except": {"a.jpg": "keep", "z.jpg": "keep"}}  # fmt: skip
    assert [*together.unknown({"signature": entry})] == [("signature", "z.jpg", ["a.jpg", "b.jpg"])]
