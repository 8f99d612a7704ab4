"""Shows a decoded picture as its owner sees it: upright, sRGB, 8 bit, cut and reduced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from loraprep.core.findings import Code
from loraprep.imaging.colour import DECODE_ERRORS, compose, eight_bit, ground_shows, transparent
from loraprep.imaging.decode import Opened, halvings, plain_reason
from loraprep.imaging.errors import BadImage

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A quarter turn clockwise on top of each EXIF orientation; the mirrored ones go round among themselves.
_QUARTER = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}


def upright(opened: Opened, background: str = "#ffffff", longest: int = 0, at_least: int = 0) -> Image.Image:
    """The picture as its owner sees it: RGB, 8 bit, sRGB, turned, transparency on `background`.

    With `longest` it is reduced first, so that its longer side is at most that; never enlarged. With `at_least` it
    is halved for as long as its longer side stays at least that, which costs a fraction of any other size.
    Raises BadImage if its pixels cannot be converted.
    """
    return upright_and_alpha(opened, background, longest, at_least)[0]


def upright_and_alpha(
    opened: Opened, background: str = "#ffffff", longest: int = 0, at_least: int = 0
) -> tuple[Image.Image, Image.Image | None]:
    """The same, and how much of each of its pixels is there (mode L); None where no ground shows through."""
    try:
        # at most `longest`, and halved first, as a JPEG decoder halves, so that one read smaller ends as the same
        picture = eight_bit(opened.pixels, halvings(opened.pixels.size, longest or at_least))
        if longest:
            picture = fitted(picture, longest)
        picture = halved(picture, at_least)
        channel = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
        picture = compose(picture, opened.profile, background)
        visible = _turned(channel, opened.turn) if channel and ground_shows(channel) else None
        return _turned(picture, opened.turn), visible
    except DECODE_ERRORS as error:
        raise BadImage(Code.BROKEN, plain_reason(error)) from None


def turned(opened: Opened, degrees: int) -> Opened:
    """The picture turned clockwise by quarters (0, 90, 180, 270), beyond what its file says."""
    turn, size = opened.turn, (opened.width, opened.height)
    for _ in range(degrees // 90 % 4):
        turn, size = _QUARTER.get(turn, 6), (size[1], size[0])
    return replace(opened, turn=turn, width=size[0], height=size[1])


def fitted(picture: Image.Image, longest: int) -> Image.Image:
    """Reduce a picture so that its longer side is at most `longest`: halved, and the rest bilinear; never enlarged."""
    picture = halved(picture, longest)
    if max(picture.size) <= longest:
        return picture
    ratio = longest / max(picture.size)
    size = max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))
    return picture.resize(size, Image.Resampling.BILINEAR)


def cut(opened: Opened, box: Sequence[float]) -> Opened:
    """The part of the picture inside `box` (left, top, right, bottom as shares of it as shown); all of it for ()."""
    if not box:
        return opened
    whole = _turned(opened.pixels, opened.turn)
    left, top, right, bottom = pixel_box(box, whole.width, whole.height)
    width, height = (max(1, round(n)) for n in (opened.width * (box[2] - box[0]), opened.height * (box[3] - box[1])))
    if opened.reduced == 1:
        width, height = right - left, bottom - top
    return replace(opened, pixels=whole.crop((left, top, right, bottom)), turn=1, width=width, height=height)


def pixel_box(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """Shares of the sides as whole pixels, at least one wide and high."""
    left, top = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))


def alpha(opened: Opened) -> Image.Image | None:
    """How much of each pixel is there, upright, mode L; None for a picture without really transparent parts."""
    if not transparent(opened.pixels):
        return None
    return _turned(eight_bit(opened.pixels).convert("RGBA").getchannel("A"), opened.turn)


def halved(picture: Image.Image, at_least: int) -> Image.Image:
    """Box-averaged to 1/2, 1/4 ... for as long as its longer side stays at least that."""
    factor = halvings(picture.size, at_least)
    return picture.reduce(factor) if factor > 1 else picture


def _turned(picture: Image.Image, turn: int) -> Image.Image:
    method = _TRANSPOSE.get(turn)
    return picture if method is None else picture.transpose(method)
