"""A picture as it is compared and shown small: upright, on white, its longer side LONG px, kept from the first look.

Points, comparisons and thumbnails are made of it, so that none of them decodes the picture again. It is packed as JPEG
of quality 95 with whole chroma: of 63 pictures from packages 92 kB and 4 ms to pack and unpack, where WebP without loss
takes 154 kB and 17 ms, PNG 190 kB and 23 ms, and the pixels as they are 855 kB. Whatever is made of a reduction is made
of the packed one, whether it was kept or has to be made anew: a cache that is gone changes nothing but the time.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from PIL import Image
from PIL import __version__ as _pillow

from loraprep.core import files
from loraprep.core.store import Lookup, Store

LONG = 640  # px: a thumbnail on a page of up to a hundred pictures (report/html), and more than points are taken from
GROUND = "#ffffff"
_QUALITY = 95
_MOST = 1_500_000_000  # bytes kept; what comes after them is decoded again when it is needed
_KIND = "reductions"
_STAMP = f"1 {_pillow}"


def packed(picture: Image.Image) -> bytes:
    """Reduce an upright RGB picture to LONG by area, and pack it; b"" for one that is no larger: it stays as it is."""
    if max(picture.size) <= LONG:
        return b""
    scale = LONG / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    out = io.BytesIO()
    picture.resize(size, Image.Resampling.BOX).save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()


def unpacked(data: bytes) -> Image.Image:
    """Undo `packed`. Raises OSError, SyntaxError, ValueError, Image.DecompressionBombError for what it did not make."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
        if picture.mode != "RGB" or max(picture.size) != LONG:
            raise ValueError("no reduction")
        picture.load()
        return picture


class Kept(Lookup):
    """Those of a project, looked up from any process."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, _KIND, _STAMP)


class Reductions:
    """Those of a project, for the scan, which makes them. A file that is damaged or cannot be written is left alone:
    what it lacks is made when it is needed.
    """

    def __init__(self, path: Path | None) -> None:
        self._store: Store | None = None
        self._room = 0
        if path is None:
            return
        for _ in range(2):
            try:
                self._store = Store(path, _KIND, _STAMP)
                self._room = _MOST - self._store.size()
                return
            except sqlite3.DatabaseError:
                self.close()
                for name in (path.name, f"{path.name}-journal"):
                    files.remove(path.with_name(name))

    def put(self, key: str, data: bytes) -> None:
        """Keep one, if there is room."""
        if self._store is None or not data or len(data) > self._room:
            return
        try:
            self._store.put(key, data)
            self._room -= len(data)
        except sqlite3.Error:
            self.close()

    def keep_only(self, alive: Collection[str]) -> None:
        """Forget all but those of pictures that are still there."""
        if self._store is not None:
            with suppress(sqlite3.Error):
                self._store.keep_only(alive)

    def close(self) -> None:
        """Save and close."""
        store, self._store = self._store, None
        if store is not None:
            with suppress(sqlite3.Error):
                store.close()
