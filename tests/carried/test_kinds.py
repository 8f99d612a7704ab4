"""What a place with letters is, told by its words and by where it stands."""

from __future__ import annotations

import pytest

from loraprep.carried import kinds
from loraprep.carried.reading import Box, Lettering, Region

CORNER: Box = (0.8, 0.93, 0.97, 0.98)
BELOW: Box = (0.2, 0.88, 0.8, 0.93)
MIDDLE: Box = (0.3, 0.4, 0.6, 0.5)


def region(words: str, box: Box = CORNER, score: float = 0.95, **more: float | bool) -> Region:
    left, top, right, bottom = box
    return Region(box, words, score, 0.7, (right - left) * (bottom - top), **more)  # type: ignore[arg-type]


def told(*regions: Region) -> list[str]:
    return [mark.what for mark in kinds.marks(Lettering(regions, len(regions)))]


@pytest.mark.parametrize(
    ("words", "box", "kind"),
    [
        ("www.artwall.org", MIDDLE, "site"),
        ("www artwall.ong", BELOW, "site"),  # readers drop dots
        ("Awww so cute", MIDDLE, "art"),
        ("@mara_winter", CORNER, "site"),
        ("© Jun Okafor", CORNER, "site"),
        ("Lena Sato 2013", CORNER, "site"),
        ("mara_winter", CORNER, "site"),
        ("M. Rossi", CORNER, "signature"),
        ("Berg 98", CORNER, "signature"),
        ("12.08.2004", CORNER, "stamp"),
        ("2004/08/12 13:39", CORNER, "stamp"),
        ("1999-01-271339", CORNER, "stamp"),
        ("7/7/06 1:15 PM", CORNER, "stamp"),
        ("'98 12 24", CORNER, "stamp"),
        ("Z0.04", MIDDLE, "art"),
        ("Z0.04", CORNER, "art"),
        ("12.08.2004", MIDDLE, "art"),  # no camera prints there
        ("12.08.2004", (0.6, 0.8, 0.75, 0.84), "stamp"),
        ("10:34", CORNER, "stamp"),
        ("10:34", MIDDLE, "art"),
        ("(c) 2019 Jun Okafor", MIDDLE, "site"),
        ("(c) Jun Okafor", MIDDLE, "site"),
        ("(c) 2019", CORNER, "site"),
        ("(c) 2Ø19 Jun Okafor", CORNER, "site"),
        ("(c) 20 25 Rosa Novak", BELOW, "site"),  # as a reader parts and joins it
        ("(c)/2004 Jun Lind", CORNER, "site"),
        ("eNADIAKRAUS", BELOW, "site"),  # the sign before a handle, misread
        ("Qmara.winter", CORNER, "site"),
        ("Quattro", CORNER, "signature"),
        ("lind25", CORNER, "site"),
        ("Lind25", CORNER, "signature"),
        ("Lind25", (0.6, 0.88, 0.99, 0.98), "site"),  # larger than anybody signs
        ("Lind25", MIDDLE, "art"),
        ("(c) 3.5 cm", MIDDLE, "art"),
        ("(c)", MIDDLE, None),
        ("Summer 2019", CORNER, "art"),
        ("May 2004", CORNER, "art"),
        ("12 May, 2004", CORNER, "stamp"),
        ("Jun Kraus 2019", CORNER, "site"),
        ("May Winter", CORNER, "signature"),
        ("deviantpixcom", BELOW, "site"),
        ("stock-id 448812", MIDDLE, "site"),
        ("stock-companies are", MIDDLE, "art"),
        ("internet", CORNER, "signature"),
        ("Winter 2019", CORNER, "site"),  # a name as well
        ("They say the river never freezes", BELOW, "subtitle"),
        ("Theysaytherivernever", BELOW, "subtitle"),  # gaps are not always read
        ("Constantine", BELOW, "art"),
        ("BAKERY", MIDDLE, "art"),
        ("出口注意", MIDDLE, "art"),
        ("一月二日", MIDDLE, "art"),
        ("一一香", CORNER, None),  # wings and masts
        ("川一三", MIDDLE, None),
    ],
)
def test_words_and_place_tell_the_kind(words: str, box: Box, kind: str | None) -> None:
    assert told(region(words, box)) == ([kind] if kind else [])


@pytest.mark.parametrize("words", ["l", "1111", "州", "||||", "--", ""])
def test_what_only_looks_like_letters_is_none(words: str) -> None:
    assert told(region(words)) == []


def test_two_letters_in_a_mirror_are_keys_or_tiles() -> None:
    assert told(region("IT", CORNER, mirrored=True)) == []
    assert told(region("IT", CORNER)) == ["signature"]
    assert told(region("inkhouse", CORNER, mirrored=True)) == ["signature"]


def test_a_few_letters_that_slant_steeply_are_shapes() -> None:
    assert told(region("FO", slant=-31.2)) == []
    assert told(region("FO", slant=-12.0)) == ["signature"]
    assert told(region("Rossi", slant=-31.2)) == ["signature"]


def test_what_was_read_badly_is_not_told() -> None:
    assert told(region("SHILITLL", MIDDLE, score=0.55)) == []
    assert told(region("SHILITLL", MIDDLE, score=0.7)) == []  # in the art nothing but the words speaks for it
    assert told(region("Shilit", CORNER, score=0.7)) == ["signature"]  # here the place does


def test_labels_and_buttons_at_the_edge_are_no_signatures() -> None:
    """A picture is signed once, or by two; a drawing with labels, a window or a cutting from a paper is not."""
    corners: list[Box] = [CORNER, (0.05, 0.93, 0.2, 0.98), (0.3, 0.95, 0.45, 0.99)]
    words = ["Dead Tiller", "Balanced", "Excess Heel"]
    assert told(*(region(w, box) for w, box in zip(words, corners, strict=True))) == ["art"] * 3
    assert told(*(region(w, box) for w, box in zip(words[:2], corners, strict=False))) == ["signature"] * 2
    faint = [region(w, box, score=0.7) for w, box in zip(words, corners, strict=True)]
    assert told(*faint) == []  # then nothing but the words speaks for it


def test_the_same_words_all_over_are_tiles() -> None:
    rows = [
        region(w, (x, y, x + 0.2, y + 0.05)) for y in (0.1, 0.4, 0.7) for x, w in ((0.05, "SAMPLE"), (0.55, "SAMPL"))
    ]
    assert set(told(*rows)) == {"tiled"}
    below = [region("Yes, we have", (0.3, y, 0.5, y + 0.05)) for y in (0.2, 0.4, 0.5, 0.6)]
    assert "tiled" not in told(*below)  # one under the other: a list


def test_rows_of_tiles_that_were_read_as_lines_are_tiles() -> None:
    lines = ["@owiitel @owinitei@owiiter@", "hter @winterwinter @winte", "@winter awWinter @winter @y"]
    rows = [region(w, (0.0, y, 1.0, y + 0.1)) for w, y in zip(lines, (0.0, 0.2, 0.5), strict=True)]
    assert told(*rows) == ["tiled"] * 3
    assert "tiled" not in told(rows[0])  # one line is none
    said = ["They say that the river never says that", "Never say that this river freezes"]
    assert "tiled" not in told(*(region(w, (0.0, y, 1.0, y + 0.1)) for w, y in zip(said, (0.1, 0.5), strict=True)))


def test_a_few_large_letters_must_be_read_surely() -> None:
    large: Box = (0.25, 0.4, 0.75, 0.55)
    assert told(region("SHS", large, score=0.9)) == []
    assert told(region("POW", large, score=0.99)) == ["art"]
    assert told(region("BAKERY", large, score=0.9)) == ["art"]


def test_figures_in_rows_that_look_like_letters_are_no_tiles() -> None:
    rows = [("LED", (x, y, x + 0.1, y + 0.09)) for y in (0.3, 0.5, 0.7) for x in (0.2, 0.4, 0.6)]
    assert told(*(region(w, box, score=0.74) for w, box in rows)) == []
    assert set(told(*(region(w, box, score=0.9 if n == 4 else 0.74) for n, (w, box) in enumerate(rows)))) == {"tiled"}


def test_alike_words_are_found_however_they_were_read() -> None:
    texts = ["@name 2024", "@name 2O24", "name 2024", "something else"]
    assert kinds.alike(texts, 3) == [[0, 1, 2]]
    assert kinds.alike(["ab", "ab", "ab"], 2) == []  # two letters are alike by chance
