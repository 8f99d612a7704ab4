"""Pictures made of several, and those too wide or too tall to train whole: the pieces they can be cut into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from loraprep import __version__
from loraprep.carried.reading import Box
from loraprep.core import files, typed
from loraprep.core.records import Image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from loraprep.imaging.measured import Progress
    from loraprep.imaging.pictures import Pictures

LONG = 2.5  # sides to each other from which a picture is tiled; films, at most 2.4 to 1, train whole
_TILE = 1.5  # a tile is no longer than this, as a photograph is
_STAMP = 2  # of what is kept; raised when looking changes


def looked(rgb: NDArray[np.uint8], visible: NDArray[np.bool_] | None = None) -> list[Box]:
    """Return the panels of (h, w, 3) as shares of its sides, without the line at which a gutter is mixed with them."""
    from loraprep.imaging import gutters

    high, wide = rgb.shape[:2]
    return [
        ((left + 1) / wide, (top + 1) / high, (right - 1) / wide, (bottom - 1) / high)
        for left, top, right, bottom in gutters.panels(rgb, visible)
    ]


def _look(pictures: Pictures, record: Image) -> bytes:
    """Find the panels of one picture, packed. For `Pictures.each`. Raises BadImage, OSError."""
    import numpy as np

    from loraprep.imaging import display, gutters

    if not gutters.likely(np.asarray(pictures.small(record))):
        return files.dumps([], indent=None).encode()
    least = math.ceil(gutters.SHORT * max(record.width, record.height) / min(record.width, record.height))
    picture, alpha = display.upright_and_alpha(pictures.load(record, at_least=least), at_least=least)
    visible = None if alpha is None else np.asarray(alpha) > 127
    found = looked(np.asarray(picture), visible)
    return files.dumps([[round(v, 5) for v in box] for box in found], indent=None).encode()


def panels(
    pictures: Pictures, records: Sequence[Image], *, cache: Path | None = None, progress: Progress | None = None
) -> dict[str, list[Box]]:
    """Return the panels of each picture that has some, as shares of what is used of it, by path."""
    from loraprep.imaging import measured  # brings numpy, which those who only ask about pieces do not need

    stamp = f"{_STAMP} {__version__} {pictures.max_megapixels}"
    return measured.found(pictures, records, cache, "panels", stamp, _look, _boxes, progress)[0]


def _boxes(data: bytes) -> list[Box]:
    return typed.from_json(data, list[Box])


def tiles(image: Image) -> list[Box]:
    """Return the tiles of a picture that is LONG or longer, side by side and none over another; [] for others.

    What is cut out of its ground is one thing, however long.
    """
    ratio = max(image.width, image.height) / max(1, min(image.width, image.height))
    if ratio < LONG or image.alpha:
        return []
    many = math.ceil(ratio / _TILE)
    ends = list(pairwise(round(n / many, 5) for n in range(many + 1)))
    return [(a, 0.0, b, 1.0) if image.width > image.height else (0.0, a, 1.0, b) for a, b in ends]


def trainable(image: Image, boxes: Sequence[Box], size: int, most: float) -> list[Box]:
    """Return the pieces that a trainer would enlarge less than `most` times to fill `size` x `size` px."""
    area = image.width * image.height
    return [b for b in boxes if size / math.sqrt(max(1.0, area * (b[2] - b[0]) * (b[3] - b[1]))) < most]
