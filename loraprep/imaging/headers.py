"""How large pictures are, by their headers alone: each is opened in a process of the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from loraprep.core import files
from loraprep.imaging import pool


def sizes(paths: Sequence[Path], formats: Sequence[str]) -> dict[Path, tuple[int, int]]:
    """Return path -> (width, height), px, as stored; without what cannot be read. `formats`: by Pillow's names."""
    work = pool.Work(_measurer, (tuple(formats),))
    given = {path.absolute(): path for path in paths}  # whoever opens them works in a folder of its own
    with closing(pool.each(work, [*given], weigh=lambda path: path.lstat().st_size)) as answers:
        return {given[path]: size for path, size in answers if not isinstance(size, Exception)}


def _measurer(formats: tuple[str, ...]) -> Callable[[Path], tuple[int, int]]:
    from PIL import Image

    def size(path: Path) -> tuple[int, int]:
        with Image.open(files.checked(path), formats=formats) as picture:
            return picture.size

    return size
