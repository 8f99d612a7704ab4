"""Switches of libraries that hold for a whole process: set in ours, never in one that merely imports loraprep."""

from __future__ import annotations

import os
import sys
import warnings

_claimed = False


def claim() -> None:
    """Declare that this process is ours, where it starts. Pillow need not be loaded for it; its switches follow it."""
    global _claimed
    _claimed = True
    # numpy's products of matrices and eigenvalues: its threads wait for each other by spinning, so that on processors
    # that are busy elsewhere they took up to forty times the time of one, and added up in another order
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Pillow warns on stderr about odd EXIF and palettes; a file that still opens needs no such line.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    if "PIL.Image" in sys.modules:
        pillow_loaded()


def pillow_loaded() -> None:
    """Set Pillow's switches if the process is ours. For those who load Pillow."""
    if not _claimed:
        return
    from PIL import Image

    # Pillow's own bomb check lets a WebP of 2.5 GB through with a warning; `decode.load` judges the size itself.
    Image.MAX_IMAGE_PIXELS = None
    # Two of the blocks that pixels lie in are kept for the next picture: a WebP is read in two thirds of the time,
    # all pictures together in nine tenths, since memory fresh from the system is cleared page by page. More gain
    # nothing.
    Image.core.set_blocks_max(2)  # type: ignore[attr-defined]
