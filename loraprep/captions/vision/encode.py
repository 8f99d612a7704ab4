"""A picture as a vision model gets it: upright, sRGB, flattened, of a fitting size, without any metadata."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

from PIL import Image as Pillow

from loraprep.core.records import Image
from loraprep.imaging import display
from loraprep.imaging.pictures import Pictures, made_of

LONGEST = 1568  # px on the long side; above, the API would shrink it itself
AREA = 1024 * 1024  # px at most, so that every large picture costs about the same
MAX_BYTES = 5_500_000  # the API takes 10 MB as base64, which is 4/3 of the file, and 32 MB for the four of a pair
_PATCH = 28  # px; an image costs one token for each started patch (Anthropic's documentation, October 2026)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it is sent. `data`: a JPEG; `digest`: of images/NAME, under which the answer will be kept.

    `hint`: what is said about this one picture, after the question. `before`: of a pair, those that are shown with it.
    """

    digest: str
    data: bytes
    width: int
    height: int
    media_type: str = "image/jpeg"
    hint: str = ""
    before: tuple[Prepared, ...] = ()

    @property
    def shown(self) -> tuple[Prepared, ...]:
        """All that are shown at once, in their order."""
        return (*self.before, self)

    @property
    def tokens(self) -> int:
        """The input tokens of all that are shown."""
        return sum(image_tokens(one.width, one.height) for one in self.shown)

    @property
    def weight(self) -> int:
        """Bytes of all that are shown."""
        return sum(len(one.data) for one in self.shown)


def image_tokens(width: int, height: int) -> int:
    """Return the input tokens of an image of that size in px: ceil(width / 28) * ceil(height / 28)."""
    return math.ceil(width / _PATCH) * math.ceil(height / _PATCH)


def size_to_send(width: int, height: int) -> tuple[int, int]:
    """Return the size to send in px: the same shape, at most a megapixel and LONGEST; small ones as they are."""
    scale = min(1.0, LONGEST / max(width, height), math.sqrt(AREA / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def prepare(pictures: Pictures, image: Image, *, background: str, quality: int = 92) -> Prepared:
    """Make the picture of a record ready to send. Raises BadImage, also if the file is not the one that was scanned."""
    return pictures.apart(_prepare, image, background, quality)


def _prepare(pictures: Pictures, image: Image, background: str, quality: int) -> Prepared:
    opened = pictures.load_unchanged(image, made=made_of(LONGEST))
    width, height = size_to_send(opened.width, opened.height)
    picture = display.upright(opened, background, longest=max(width, height))
    if picture.size != (width, height):  # a reduced one may be off by a pixel
        picture = picture.resize((width, height), Pillow.Resampling.LANCZOS)
    body = _jpeg(picture, quality)
    while len(body) > MAX_BYTES and quality > 20:
        quality -= 20
        body = _jpeg(picture, quality)
    return Prepared(image.digest, body, width, height)


def _jpeg(picture: Pillow.Image, quality: int) -> bytes:
    stream = io.BytesIO()
    picture.info.clear()
    picture.save(stream, "JPEG", quality=quality, subsampling=0)
    return stream.getvalue()
