"""What a place with letters is: an address, a signature, a date, a subtitle, words in the art, a tiled watermark. Pure.

Told by what the words say and by where they stand; the numbers below are shares of the picture's sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Literal, get_args

import msgspec

from loraprep.carried import dates
from loraprep.carried.reading import Box, Lettering, Region

What = Literal["site", "signature", "stamp", "subtitle", "art", "tiled", "bars"]
KINDS: tuple[What, ...] = get_args(What)
Parted = Literal["strip", "panorama"]  # what is no mark: a picture that can be cut into pieces

_SITE = re.compile(
    r"https?:|www[.,]|\bwww |@ ?\w|[©®™]|\(c\)\W{0,2}(?:(?:19|20) ?\d\d|[12][\dOoØQ]{3}\b|@?[^\W\d]{2})|copyright|"
    r"\ball rights\b|watermark|\bstock(?:[ -]?(?:id|photos?|images?))?\b(?!-)|shutterstock|getty|patreon|"
    r"deviantart|instagram|facebook|artstation|"
    r"(?<=[\w-][\w-])\. ?(?:com|net|org|info|art|io|co|de|fr|it|es|eu|uk|jp|ru|cn|pl|nl|tv|me|gov|edu)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NAME = re.compile(r"[^\W\d_]{3}")
_OF_A_TIME = re.compile(  # what a year belongs to if to no name; Jan, May and August are names as well
    rf"\b(?:(?:{dates.MONTHS})\.?,? ?(?:\d\d?,? )?(?:19|20)\d\d|(?:19|20)\d\d,? (?:{dates.MONTHS})\b|"
    r"(?:spring|summer|autumn|fall|since|est|anno|class of|vol|edition|cup|expo)\b)",
    re.IGNORECASE,
)
_HANDLE = re.compile(  # or an address whose dot was not read
    r"^@?(?:[a-z]+[_.][a-z0-9_.]+|[a-z]{4,}\d{1,4}|[a-z][a-z0-9-]{5,}(?:com|net|org))$"
)
_NUMBERED = re.compile(r"^[^\W\d_]{3,}\d{1,4}$")  # a name and a number in one word
_AT = re.compile(r"^(?:[ea](?=[A-Z]{4})|Q(?=[a-tv-z]{4}))[\w.]+$")  # what the sign before a handle is read as
_LETTER = re.compile(r"\w", re.UNICODE)
_WORD = re.compile(r"[^\W_]{4,}")

_BARS = "一丨丿二三川"  # what rails, masts and wings are read as; what is written has other letters as well
_SURE = 0.8  # of the words' score: what is read so surely is writing
_PLAIN = 0.87  # in the art nothing but the words speaks for it
_LARGE, _FEW, _CERTAIN = 0.03, 4, 0.97  # of the picture, letters, score: balls and pieces in rows look like a few
_MIRRORED = 4  # letters at least of what can be read in a mirror only: keys and tiles look like fewer
_STEEP, _SLANTED = 4, 25  # letters at least of what slants by more degrees: outlines and figures look like fewer
_LIKELY = 0.6  # enough where words and place agree on what it is
_EDGE = 0.14  # a signature and an address stand no further from an edge than this
_RIM = 0.25  # nor a whole date, which cameras print above or below
_SMALL = 0.3  # a signature is no longer than this
_SIGNED = 2  # signatures at most: labels of a drawing, buttons of a window and print are short and small as well
_JOINED = 14  # letters in one word, which are then several whose gaps were not read
_TILES = 4  # the same words so often, in more than one row and column, are tiles
_AGAIN, _MOSTLY, _ACROSS = 3, 0.6, 0.6  # times, share of its words, of the width: a line of tiles repeats them
_ALIKE = 0.75  # of two readings of the same words


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """Something that a picture carries. `box`: left, top, right, bottom, as shares of what is used of it."""

    what: What
    box: Box
    words: str
    area: float
    mirrored: bool = False


def marks(lettering: Lettering) -> list[Mark]:
    """Tell what each place is, those left out that are no writing."""
    regions = [r for r in lettering.regions if _writing(r)]
    tiles = _tiled(regions)
    told = ["tiled" if n in tiles else _kind(region) for n, region in enumerate(regions)]
    written_over = told.count("signature") > _SIGNED
    found = []
    for region, kind in zip(regions, told, strict=True):
        what = _in_the_art(region) if kind == "signature" and written_over else kind
        if what:
            found.append(Mark(what, region.box, region.words, region.area, region.mirrored))
    return found


def _writing(region: Region) -> bool:
    """Say whether a place holds letters, and no rails, bricks or blades of grass that look like some."""
    letters = [c for c in _LETTER.findall(region.words) if c not in _BARS]
    if len(letters) < 2 or len(set(letters)) < 2 or region.score < _LIKELY:
        return False
    if (region.mirrored and len(letters) < _MIRRORED) or (len(letters) < _STEEP and abs(region.slant) > _SLANTED):
        return False
    return len(letters) > 2 or region.score >= _SURE


def _kind(region: Region) -> What | None:
    words = region.words
    left, top, right, bottom = region.box
    wide, high, beside = right - left, bottom - top, _near_edge(region.box)
    if min(top, 1 - bottom) < _RIM and dates.printed(words, beside=beside):
        return "stamp"
    of_a_time = bool(_YEAR.search(words) and _OF_A_TIME.search(words))
    if _SITE.search(words) or (beside and not of_a_time and (_handle(words) or _owned(words))):
        return "site"
    level = not region.upright and abs(region.slant) < 4
    middle = abs((left + right) / 2 - 0.5) < 0.1
    if level and middle and top > 0.72 and _sentence(words) and wide > 0.12 and wide > 2 * high:
        return "subtitle"
    small = max(wide, high) < _SMALL and region.area < 0.03
    if beside and small and not of_a_time and len(words.split()) <= 4 and _initials(words):
        return "signature"
    if beside and _NUMBERED.match(words):  # too large for a signature
        return "site"
    return _in_the_art(region)


def _in_the_art(region: Region) -> What | None:
    letters = len(_LETTER.findall(region.words))
    least = _CERTAIN if region.area > _LARGE and letters <= _FEW else _PLAIN
    return "art" if region.score >= least and letters > 2 else None


def _handle(words: str) -> bool:
    return bool(_HANDLE.match(words) or _AT.match(words))


def _sentence(words: str) -> bool:
    """Say whether it is more than one word; a reader may drop the gaps between them."""
    return len(words.split()) >= 2 or len(_LETTER.findall(words)) >= _JOINED


def _initials(words: str) -> bool:
    """Say whether there are two letters at least, and not mostly numbers: as much as anybody signs with."""
    return sum(c.isalpha() for c in words) >= 2 and _numbers(words) < 0.8


def _owned(words: str) -> bool:
    """Say whether it is a name and a year."""
    return " " in words and bool(_YEAR.search(words) and _NAME.search(words))


def _numbers(words: str) -> float:
    letters = _LETTER.findall(words)
    return float(sum(c.isdigit() for c in letters)) / max(1, len(letters))


def _near_edge(box: Box) -> bool:
    """Say whether it stands in a corner or beside the upper or the lower edge."""
    left, top, right, bottom = box
    beside = min(left, 1 - right) < _EDGE
    return min(top, 1 - bottom) < (_EDGE if beside else _EDGE / 2)


def _tiled(regions: Sequence[Region]) -> set[int]:
    """Find the numbers of the places that repeat the same words all over the picture, whole or cut."""
    rows = {n for n, region in enumerate(regions) if _repeats(region)}
    if len({round(6 * sum(regions[n].box[1::2]) / 2) for n in rows}) > 1:  # a row of tiles that was read as one line
        return rows
    for words in alike([r.words for r in regions], least=_TILES, cut=True):
        if max(regions[n].score for n in words) < _PLAIN:
            continue  # small figures side by side look alike, and like letters; words so often are read well once
        across = {round(4 * regions[n].box[side]) for n in words for side in (0, 2)}
        down = {round(6 * (regions[n].box[1] + regions[n].box[3]) / 2) for n in words}
        if len(words) < _TILES + 2 and len({round(6 * regions[n].box[0]) for n in words}) == 1:
            continue  # one under the other: lines that are alike
        if len(across) > 1 and len(down) > 1:
            return set(words)
    return set()


def _repeats(region: Region) -> bool:
    """Say whether it is a line from side to side that says the same again and again."""
    words = _WORD.findall(region.words)
    most = max(map(len, alike(words, least=_AGAIN, cut=True)), default=0)
    return region.box[2] - region.box[0] > _ACROSS and most >= _MOSTLY * len(words) > 0


def alike(texts: Sequence[str], least: int, *, cut: bool = False) -> list[list[int]]:
    """Group the numbers of texts that are readings of the same words, at least so many, the largest group first.

    As much is alike as difflib's ratio (Ratcliff and Obershelp) says of the letters alone; each is compared with the
    longest of a group. `cut`: three letters and most of the shorter text in a row are enough.
    """
    groups: list[tuple[str, list[int]]] = []
    plain = ["".join(_LETTER.findall(text)).casefold() for text in texts]
    for n in sorted(range(len(texts)), key=lambda n: (-len(plain[n]), n)):
        if len(plain[n]) < 3:
            continue
        for first, members in groups:
            if _same(first, plain[n], cut=cut):
                members.append(n)
                break
        else:
            groups.append((plain[n], [n]))
    return sorted((sorted(members) for _, members in groups if len(members) >= least), key=lambda m: -len(m))


def _same(whole: str, other: str, *, cut: bool) -> bool:
    if whole == other:
        return True
    matcher = SequenceMatcher(None, whole, other, autojunk=False)
    if matcher.ratio() >= _ALIKE:
        return True
    if not cut:
        return False
    most = matcher.find_longest_match()
    again = len(whole) <= 3 * len(other) or whole.count(other[most.b : most.b + most.size]) > 1
    return again and most.size >= 3 and most.size >= 0.6 * len(other)


def by_kind(found: Mapping[str, Iterable[Mark]]) -> dict[What, dict[str, list[Mark]]]:
    """Sort marks by kind and picture; `found`: by picture."""
    result: dict[What, dict[str, list[Mark]]] = {}
    for kind in KINDS:
        mine = {path: own for path, marks in sorted(found.items()) if (own := [m for m in marks if m.what == kind])}
        if mine:
            result[kind] = mine
    return result
