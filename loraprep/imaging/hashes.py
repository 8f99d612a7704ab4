"""Perceptual hashes of a picture and of its mirror, as imagehash defines them, bit for bit (tests hold it to that).

Made here since imagehash opens and resizes the picture anew for each hash, and knows no mirror: this takes one
resampling for both hashes, and the mirror's for nothing.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]

_FINE = 96  # px; what both hashes are resized from has at least so many each way, three times what pHash looks at


def hashes(grey: Image.Image) -> dict[str, str]:
    """Compute pHash and dHash, 64 bits, of the picture and of its mirror; and `thumb`. Keys are Image's.

    `grey` is the picture halved to facts.SIDE, not the picture itself, and it is box-averaged once more before it is
    resampled, which costs a third: tests/imaging/test_decode.py says how many bits that moves.
    """
    across, down = max(1, grey.width // _FINE), max(1, grey.height // _FINE)
    coarse = grey.reduce((across, down)) if across * down > 1 else grey
    box = (0, 0, grey.width / across, grey.height / down)  # the last pixel may stand for less than the others
    square = np.asarray(coarse.resize((32, 32), Image.Resampling.LANCZOS, box=box), dtype=np.float64)
    steps = np.asarray(coarse.resize((9, 8), Image.Resampling.LANCZOS, box=box))
    # mirroring a picture negates the odd columns of its DCT, so that its hash costs no second transform
    low = np.round(_dct(32)[:8] @ square @ _dct(32)[:8].T, 6)
    mirrored = low * _ODD
    thumb = coarse.resize((24, 24), Image.Resampling.BOX, box=box)
    return {
        "phash": _bits(low > _median(low)),
        "phash_mirror": _bits(mirrored > _median(mirrored)),
        "dhash": _bits(steps[:, 1:] > steps[:, :-1]),
        "dhash_mirror": _bits(steps[:, ::-1][:, 1:] > steps[:, ::-1][:, :-1]),
        "thumb": thumb.tobytes().hex(),
    }


_ODD = np.where(np.arange(8) % 2, -1.0, 1.0)


def _median(low: Array) -> float:
    """np.median of 64 numbers, in a fifth of its time."""
    order = np.sort(low, axis=None)
    return float(order[31] + order[32]) / 2


@cache
def _dct(size: int) -> Array:
    """The unnormalised DCT-II matrix, as scipy.fftpack.dct has it."""
    n = np.arange(size)
    return 2 * np.cos(np.pi * np.outer(n, 2 * n + 1) / (2 * size))


def _bits(mask: NDArray[np.bool_]) -> str:
    return bytes(np.packbits(mask.ravel())).hex()
