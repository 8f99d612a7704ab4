"""Make pictures of pictures: the contact sheet, the map, and where two pictures differ. All as WebP.

Gaps are transparent, so that each looks right on a light page and on a dark one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from loraprep.core.records import Lying
from loraprep.duplicates import geometry
from loraprep.imaging import display

WIDTH = 1200  # px, of a contact sheet
MOST = 300  # pictures on one contact sheet; below that size nobody recognises them
LIMIT = 400_000  # bytes of a contact sheet, which goes into git
GAP = 6
_HIGH = 1000  # px that a full contact sheet is high, about
_NAMED = 90  # px that a row is high from which the names under its pictures can be read
_LETTERS = 12  # px
_FADED = 90  # alpha of a picture that is left out, of 255
_SOON = 2  # WebP's method for one of those: in less than half the time of 4, 5 % larger
HEAT = 384  # px of the longer side of a picture of differences, which glow wide; twice that takes four times as long
_SEEN = 0.02  # a difference below this share of the range is what saving a JPEG again does
_CLEAR = 0.15  # and from this on nobody overlooks it


def opened(data: bytes) -> Pillow.Image:
    """Decode a thumbnail, RGB."""
    return Pillow.open(io.BytesIO(data), formats=["WEBP"]).convert("RGB")


def saved(picture: Pillow.Image, quality: int = 72, method: int = 4) -> bytes:
    """Pack a picture as WebP; `method`: how thoroughly, 0..6."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=method)
    return out.getvalue()


def beside(before: bytes, after: bytes) -> bytes:
    """Lay two pictures side by side, of the height of the second: what was before a change, and what came after."""
    second = opened(after)
    first = opened(before)
    first = first.resize((max(1, round(first.width * second.height / first.height)), second.height))
    whole = Pillow.new("RGB", (first.width + GAP // 2 + second.width, second.height), "white")
    whole.paste(first, (0, 0))
    whole.paste(second, (first.width + GAP // 2, 0))
    return saved(whole, 80)


def contact(thumbs: Sequence[tuple[bytes, bool]], names: Sequence[str] = ()) -> bytes:
    """Lay out the sheet of (WebP, is it in training?), in the order given, in rows of one height; under LIMIT bytes.

    What is not in training is grey, faded and struck out. More than MOST are thinned out evenly. Each bears its name of
    `names`, if it is large enough for that.
    """
    step = max(1.0, len(thumbs) / MOST)
    places = [n for n in (int(n * step) for n in range(min(len(thumbs), MOST))) if thumbs[n][0]]
    chosen = [thumbs[n] for n in places]
    pictures = [opened(data) if kept else _faded(opened(data)) for data, kept in chosen]
    for picture, n in zip(pictures, places if names else (), strict=False):
        picture.info["name"] = names[n]
    if not pictures:
        return saved(Pillow.new("RGBA", (WIDTH, 1)))
    wide = sum(p.width / p.height for p in pictures)
    height = min(200, max(36, round(math.sqrt(WIDTH * _HIGH / wide))))
    rows: list[list[Pillow.Image]] = [[]]
    for picture in pictures:
        if sum(p.width / p.height for p in rows[-1]) * height >= WIDTH - GAP * len(rows[-1]):
            rows.append([])
        rows[-1].append(picture)
    laid = [_row(row, height, last=row is rows[-1]) for row in rows]
    whole = Pillow.new("RGBA", (WIDTH, sum(r.height + GAP for r in laid) - GAP))
    top = 0
    for row in laid:
        whole.paste(row, (0, top))
        top += row.height + GAP
    return next((data for q in (80, 70, 60, 50, 40) if len(data := saved(whole, q)) <= LIMIT), saved(whole, 25))


def _row(pictures: Sequence[Pillow.Image], height: int, *, last: bool) -> Pillow.Image:
    """Lay pictures side by side over the whole width; the last row is no higher than the others."""
    room = WIDTH - GAP * (len(pictures) - 1)
    fitting = max(1, round(room / sum(p.width / p.height for p in pictures)))
    high = min(fitting, height) if last else fitting
    row = Pillow.new("RGBA", (WIDTH, high))
    left = 0
    for n, picture in enumerate(pictures):
        ends = n == len(pictures) - 1 and high == fitting  # rounding must not leave a rag at the right
        wide = WIDTH - left if ends else max(1, round(high * picture.width / picture.height))
        shown = picture.resize((wide, high), Pillow.Resampling.LANCZOS).convert("RGBA")
        if high >= _NAMED and (name := picture.info.get("name")):
            _name(shown, name)
        row.paste(shown, (left, 0))
        left += wide + GAP
    return row


def _name(picture: Pillow.Image, name: str) -> None:
    """Write the name along the lower edge, light on dark whatever the page; its end is what tells files apart."""
    font = ImageFont.load_default(_LETTERS)
    room = picture.width - 6
    shown = next((s for s in _endings(name) if font.getlength(s) <= room), "")
    if not shown:  # a strip so narrow that no letter finds room
        return
    high = _LETTERS + 4
    picture.paste((24, 24, 24, 255), (0, picture.height - high, picture.width, picture.height))
    ImageDraw.Draw(picture).text((3, picture.height - high + 1), shown, (240, 240, 240, 255), font)


def _endings(name: str) -> Iterator[str]:
    """Yield the name, then its end after three dots, ever shorter; a name is no longer than a file's can be."""
    yield name
    yield from (f"...{name[n:]}" for n in range(max(1, len(name) - 255), len(name)))


def _faded(picture: Pillow.Image) -> Pillow.Image:
    grey = picture.convert("L").convert("RGBA")
    grey.putalpha(_FADED)
    across = [(0, grey.height - 1), (grey.width - 1, 0)]  # one in training may be black and white itself
    ImageDraw.Draw(grey).line(across, (128, 128, 128, 255), 2)
    return grey


def mosaic(thumbs: Sequence[bytes], cells: Sequence[tuple[int, int]], columns: int, rows: int, cell: int) -> bytes:
    """Centre thumbnails in the (column, row) cells of `cell` px each, cut to squares."""
    whole = Pillow.new("RGBA", (columns * cell, rows * cell))
    inner = max(1, cell - max(1, cell // 16))
    for data, (column, row) in zip(thumbs, cells, strict=True):
        if data:
            picture = opened(data)
            side = min(picture.size)
            left, top = (picture.width - side) // 2, (picture.height - side) // 2
            square = picture.resize((inner, inner), Pillow.Resampling.BOX, (left, top, left + side, top + side))
            whole.paste(square, (column * cell, row * cell))
    return saved(whole, 76)


def differing(first: bytes, second: bytes, lying: Lying) -> bytes:
    """Show `first` in pale grey, with everything that is not so in `second` glowing: amber a little, red a lot."""
    a, b = (display.fitted(opened(data), HEAT) for data in (first, second))
    heat = geometry.difference(np.asarray(a), np.asarray(b), lying)
    strength = np.clip((heat - _SEEN) / (_CLEAR - _SEEN), 0, 1)
    side = Pillow.fromarray(np.rint(strength * 255).astype(np.uint8)).resize(a.size, Pillow.Resampling.BICUBIC)
    places = np.asarray(a.convert("L"), np.uint16) << 8 | np.asarray(side)
    return saved(Pillow.fromarray(_glow()[places]), method=_SOON)


@cache
def _glow() -> NDArray[np.uint8]:
    """The colour of each grey of a picture (the upper byte) under each strength of a difference (the lower one)."""
    grey, share = np.divmod(np.arange(1 << 16, dtype=np.float32)[:, None], 256)
    grey, share = grey * 0.45 + 120, share / 255
    glow = np.array([255, 176, 32]) * (1 - share) + np.array([214, 22, 40]) * share
    mixed = grey + (glow - grey) * np.sqrt(share) * 0.92
    colours: NDArray[np.uint8] = np.rint(mixed).clip(0, 255).astype(np.uint8)
    return colours
