"""Two decisions about one picture that cannot both be heard are told, once, with both places."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Fate, Group, Image, Pair
from loraprep.dataset.contradictions import Contradictions, contradictions
from loraprep.project.decisions import ANSWERS, KINDS, Answer, Decisions, Entry
from loraprep.project.settings import complete_settings


def digest(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def pictures(*paths: str) -> list[Image]:
    return [Image(path, "image", digest=digest(path)) for path in paths]


def given(kind: str, **answers: tuple[Answer, Sequence[str]]) -> dict[str, Decisions]:
    """Decisions in which the entry about those pictures (the first is its key) has that answer."""
    entries = {}
    for answer, about in answers.values():
        digests = {path: digest(path)[:12] for path in about}
        entries[about[0]] = Entry(about[0], {ANSWERS[kind]: answer}, digests, touched=True)
    return {kind: Decisions(entries=entries)}


def found(
    decisions: Mapping[str, Decisions], fates: Mapping[str, tuple[str, str]] = {}, **curation: Any
) -> Contradictions:
    """`fates`: picture -> (by whom it leaves, why); the others stay. A why about copies is that of the copies."""
    group = Group(
        ("a.jpg", "b.jpg"), "copy", "a.jpg", "", ("a.jpg",), (Pair("b.jpg", "a.jpg", "copy", 1.0, what="smaller"),)
    )
    settings = complete_settings(
        {
            "version": 1,
            "name": "x",
            "model": "sd15",
            "trigger": "abc",
            "intent": {"kind": "style"},
            "curation": curation,
        }
    )
    every = {path: Fate(path, "kept", "") for path in ("a.jpg", "b.jpg", "c.jpg")}
    every |= {path: Fate(path, "left out", why, by) for path, (by, why) in fates.items()}  # type: ignore[arg-type]
    copies = {path: fate for path, fate in every.items() if "copy" in fate.why or fate.why == "you left it out"}
    return contradictions(
        pictures("a.jpg", "b.jpg", "c.jpg"),
        [group],
        {kind: decisions.get(kind, Decisions()) for kind in KINDS},
        settings.curation,
        every,
        copies,
        lambda kind, keys: f"{kind}:{'.'.join(map(str, keys))}",
    )


def said(result: Contradictions) -> list[str]:
    return [findings.sentence(f) for f in result.findings]


KEEP_A = given("duplicates", one=(["a.jpg"], ["a.jpg", "b.jpg"]))


def test_quality_removes_what_duplicates_keeps() -> None:
    result = found(
        {**KEEP_A, **given("quality", a=("remove", ["a.jpg"]))},
        {"a.jpg": ("you", "too small to train sharp"), "b.jpg": ("you", "a copy of a.jpg")},
    )
    assert [f.code for f in result.findings] == [Code.CONTRADICTION]  # once: that none stays is not told again
    assert "a.jpg: duplicates:a.jpg.keep.0 keeps it, quality:a.jpg.do removes it" in said(result)[0]
    assert "do: keep" in findings.fix(result.findings[0])


def test_exclude_leaves_out_what_duplicates_keeps() -> None:
    result = found(KEEP_A, {"a.jpg": ("you", "named in curation.exclude")}, exclude=["a.*"])
    assert "duplicates:a.jpg.keep.0 keeps it, curation.exclude in project.yaml leaves it out" in said(result)[0]


def test_include_against_everything_that_leaves_it_out() -> None:
    wanted = {"include": ["b.jpg"]}
    assert "duplicates:a.jpg.keep leaves it out" in said(found(KEEP_A, **wanted))[0]
    assert "quality:b.jpg.do removes it" in said(found(given("quality", b=("remove", ["b.jpg"])), **wanted))[0]
    spare = given("curation", b=(["b.jpg"], ["b.jpg", "c.jpg"]))
    assert "curation:b.jpg.answer leaves it out" in said(found(spare, **wanted))[0]
    assert "curation.exclude in project.yaml leaves it out" in said(found({}, exclude=["*.jpg"], **wanted))[0]


def test_an_empty_list_is_asked_about_and_none_is_heard() -> None:
    away = {"a.jpg": ("you", "you left it out"), "b.jpg": ("you", "you left it out")}
    empty = found(given("duplicates", one=([], ["a.jpg", "b.jpg"])), away)
    assert "duplicates:a.jpg.keep keeps none of the 2: a.jpg and b.jpg" in said(empty)[0]
    assert "write `keep: none`" in findings.fix(empty.findings[0])
    none = found(given("duplicates", one=("none", ["a.jpg", "b.jpg"])), away)
    assert [f.code for f in none.findings] == [Code.NONE_STAYS]
    assert none.meant == ["a.jpg", "b.jpg"]


def test_copies_of_which_none_stays_are_named_with_their_reasons() -> None:
    result = found(
        given("duplicates", one=("recommended", ["a.jpg", "b.jpg"])),
        {"a.jpg": ("you", "named in curation.exclude"), "b.jpg": ("you", "a copy of a.jpg")},
        exclude=["a.jpg"],
    )
    assert [f.code for f in result.findings] == [Code.NONE_STAYS]
    assert "a.jpg (named in curation.exclude); b.jpg (a copy of a.jpg)" in said(result)[0]


def test_decisions_that_agree_are_not_told() -> None:
    assert not found(KEEP_A, {"b.jpg": ("you", "a copy of a.jpg")}, include=["a.jpg"]).findings
    both = given("quality", a=("remove", ["a.jpg"]), b=("remove", ["b.jpg"]))
    small = {"a.jpg": ("you", "too small"), "b.jpg": ("you", "too small")}
    assert not found(both, small).findings
    surplus = {"a.jpg": ("recommendation", "not needed"), "b.jpg": ("you", "a copy of a.jpg")}
    assert not found({}, surplus).findings  # that nobody needs it is no contradiction
