"""Where a project's pictures lie and how large they may be: what opening any of them takes.

Nothing here loads Pillow or numpy before a picture is opened.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.imaging import memory, pool
from loraprep.imaging.errors import BadImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from loraprep.core.records import Image
    from loraprep.imaging.decode import Opened
    from loraprep.imaging.reduction import Kept
    from loraprep.project.project import Project

T = TypeVar("T")
L = TypeVar("L")
Ts = TypeVarTuple("Ts")
REDUCTIONS = "reductions.sqlite"  # in build/
OF_IMAGES = "images/"  # how the name of a mask begins that lies among the pictures, wherever their folder is
PREVIEW = 256  # px, the longer side of `Pictures.preview`


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one project: `folder` holds them, `root` is the project's with upscaled/ in it.

    A picture above `max_megapixels` is opened nowhere, none is waited for longer than `max_seconds` and a second for
    each megapixel, and all that are open take no more than `max_memory`. Every method that opens one raises BadImage or
    OSError; `load`, `load_unchanged` and `upright` do so where they are called, so they belong into a function for
    `apart` or `each`.
    """

    folder: Path
    root: Path
    max_megapixels: float
    max_seconds: float = pool.SECONDS
    max_memory: float | None = None  # bytes for all that is open at a time; None: memory.usual()
    reductions: Path | None = None  # where they are kept (imaging/reduction)
    shelf: Kept | None = None  # the same, opened: in the process that opens pictures

    @classmethod
    def of(cls, project: Project) -> Pictures:
        """Make those of `project`, under its own limit."""
        limits = project.settings.thresholds.audit
        kept = project.root / "build" / REDUCTIONS
        return cls(project.images, project.root, limits.max_megapixels, limits.max_seconds, limits.memory, kept)

    def apart(self, function: Callable[..., T], record: Image, *more: object) -> T:
        """Return function(self, record, *more), worked out in a process of its own.

        `function` is a module's; whatever goes in and comes out is pickled. Raises what it raises, and BadImage.
        """
        work = pool.Work(_bound, (function, self._anywhere(), more))
        try:
            answer: T = pool.one(work, record, weight=_weight(record), seconds=self.max_seconds, budget=self.max_memory)
        except BadImage as bad:
            bad.path = record.path
            raise
        return answer

    def each(
        self,
        function: Callable[..., T],
        records: Iterable[Image],
        *more: object,
        ready: Callable[[], object] | None = None,
    ) -> Generator[tuple[Image, T | Exception], None, None]:
        """Yield (record, function(self, record, *more)) as they are done; what was raised instead of an answer.

        `ready`, a module's: what each process does before it is given a picture, such as loading a model. Of the time
        that a picture may take it takes none.
        """
        work = pool.Work(_bound, (function, self._anywhere(), more, ready))
        return pool.each(work, records, weigh=_weight, seconds=self.max_seconds, budget=self.max_memory)

    def each_of(
        self, function: Callable[..., T], things: Iterable[tuple[Image, *Ts]], *more: object, patience: float = 0
    ) -> Generator[tuple[tuple[Image, *Ts], T | Exception], None, None]:
        """Do the same with more of each record: yield (thing, function(self, *thing, *more)).

        `patience`: seconds that each may take beyond the usual, for what waits for others besides.
        """
        work = pool.Work(_bound_of, (function, self._anywhere(), more))
        return pool.each(work, things, weigh=_weight_of, seconds=self.max_seconds + patience, budget=self.max_memory)

    def each_lot(
        self,
        function: Callable[..., T],
        lots: Iterable[L],
        *more: object,
        weigh: Callable[[L], Iterable[Image]],
        patience: float = 0,
    ) -> Generator[tuple[L, T | Exception], None, None]:
        """Do the same with lots of several records each: yield (lot, function(self, lot, *more)).

        `weigh` names the records that are opened for a lot; `patience` as in `each_of`.
        """
        work = pool.Work(_bound, (function, self._anywhere(), more), ahead=1)
        seconds = self.max_seconds + patience
        return pool.each(
            work, lots, weigh=lambda lot: sum(map(_weight, weigh(lot))), seconds=seconds, budget=self.max_memory
        )

    def _anywhere(self) -> Pictures:
        kept = self.reductions and self.reductions.absolute()
        return replace(self, folder=self.folder.absolute(), root=self.root.absolute(), reductions=kept)

    def source(self, record: Image) -> Path:
        """Return the file that its pixels come from: its version in upscaled/, else the image it is (a part of).

        Raises UserError for a path that leads anywhere else.
        """
        if record.upscaled:
            return files.under(self.root, record.upscaled)
        return files.under(self.folder, record.of or record.path)

    def load(self, record: Image, *, at_least: int = 0, made: float = float("inf")) -> Opened:
        """Decode a record's picture and cut its box out; `at_least` and `made` as in `decode.load`, for the part."""
        if record.box:
            left, top, right, bottom = record.box
            at_least = math.ceil(at_least / max(min(right - left, bottom - top), 0.01))
        return self._decode(record, memory.read(self.source(record)), at_least, made)

    def load_unchanged(self, record: Image, *, made: float = float("inf")) -> Opened:
        """As `load`; raise BadImage too, if the file is not the one that was scanned."""
        data = memory.read(self.source(record))
        if hashlib.sha256(data).hexdigest() != record.pixel_digest:
            raise BadImage(Code.UNREADABLE, "the file changed since it was looked at; run it again")
        return self._decode(record, data, 0, made)

    def upright(self, record: Image, background: str = "#ffffff", longest: int = 0) -> Pillow.Image:
        """Show a record's picture as its owner sees it; arguments as in `display.upright`."""
        from loraprep.imaging import display

        return display.upright(self.load(record, made=made_of(longest)), background, longest)

    def opaque(self, record: Image, longest: int) -> Pillow.Image:
        """Show a record's picture without its transparency, as a program does that drops it."""
        from loraprep.imaging import display
        from loraprep.imaging.colour import eight_bit

        opened = self.load(record, made=made_of(longest))
        bare = eight_bit(opened.pixels).convert("RGBA").convert("RGB")
        return display.upright(replace(opened, pixels=bare), longest=longest)

    def mask(self, record: Image, name: str = "") -> Pillow.Image:
        """Open a record's loss mask, mode L, turned and cut as its picture is: black is not learned.

        `name`: another than the record's own. Raises BadImage, OSError where it is called, as `load` does.
        """
        from loraprep.imaging import decode, display

        name = name or record.mask
        within = name.startswith(OF_IMAGES)  # else in the project's own masks/
        place = files.under(self.folder if within else self.root, name.removeprefix(OF_IMAGES))
        whole = decode.load(memory.read(place), max_megapixels=self.max_megapixels)
        part = display.cut(display.turned(whole, record.turn), record.box)
        return display.upright(part, "#000000").convert("L")

    def small(self, record: Image) -> Pillow.Image:
        """Show it at reduction.LONG at most, on white: kept from the scan, else made as the scan makes it."""
        from loraprep.imaging import display, reduction
        from loraprep.imaging.colour import DECODE_ERRORS

        shelf = self.shelf or reduction.Kept(self.reductions)
        if not record.box and not record.turn and (data := shelf.get(record.pixel_digest)):
            with suppress(*DECODE_ERRORS):  # what nobody put there
                return reduction.unpacked(data)
        opened = self.load(record, at_least=reduction.LONG, made=made_of(reduction.LONG))
        picture = display.upright(opened, at_least=reduction.LONG)
        data = reduction.packed(picture)
        return reduction.unpacked(data) if data else picture

    def preview(self, record: Image) -> NDArray[np.uint8]:
        """Show it small, on white: sRGB, (height, width, 3), at most PREVIEW px on the longer side."""
        return self.apart(_preview, record)

    def _decode(self, record: Image, data: bytes, at_least: int, made: float) -> Opened:
        from loraprep.imaging import decode, display

        made = float("inf") if record.box else made
        opened = decode.load(data, max_megapixels=self.max_megapixels, at_least=at_least, made=made)
        return display.cut(display.turned(opened, record.turn), record.box)


def made_of(longest: int) -> float:
    """Return how many pixels a picture has before it is reduced to `longest` px from twice that; 0: any number."""
    return 4.0 * longest**2 or float("inf")


def _bound(
    function: Callable[..., T],
    pictures: Pictures,
    more: tuple[Any, ...],
    ready: Callable[[], object] | None = None,
) -> Callable[[Any], T]:
    from loraprep.imaging.reduction import Kept

    if ready:
        with suppress(UserError):  # `function` raises it again, where it is told
            ready()
    there = replace(pictures, shelf=Kept(pictures.reductions))
    return lambda record: function(there, record, *more)


def _bound_of(function: Callable[..., T], pictures: Pictures, more: tuple[Any, ...]) -> Callable[[Any], T]:
    from loraprep.imaging.reduction import Kept

    there = replace(pictures, shelf=Kept(pictures.reductions))
    return lambda thing: function(there, *thing, *more)


def _weight_of(thing: tuple[Any, ...]) -> float:
    return _weight(thing[0])


def _weight(record: Image) -> float:
    """Pixels, or the bytes of a file that has more of those: the scan, which knows only these, gave it as long."""
    return max(record.width * record.height, record.pixel_bytes or record.bytes)


def _preview(pictures: Pictures, record: Image) -> NDArray[np.uint8]:
    import numpy as np

    from loraprep.imaging import display

    return np.asarray(display.fitted(pictures.small(record), PREVIEW), np.uint8)
