"""Where a project's pictures lie and how large they may be: what opening any of them takes.

Nothing here loads Pillow or numpy before a picture is opened.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loraprep.core import files
from loraprep.core.findings import Code
from loraprep.imaging.errors import BadImage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from loraprep.core.records import Image
    from loraprep.imaging.decode import Opened
    from loraprep.project.project import Project

PREVIEW = 256  # px, the longer side of `Pictures.preview`


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one project: `folder` holds them, `root` is the project's with upscaled/ in it.

    A picture above `max_megapixels` is opened nowhere. Every method that opens one raises BadImage or OSError.
    """

    folder: Path
    root: Path
    max_megapixels: float

    @classmethod
    def of(cls, project: Project) -> Pictures:
        """Make those of `project`, under its own limit."""
        return cls(project.images, project.root, project.settings.thresholds.audit.max_megapixels)

    def source(self, record: Image) -> Path:
        """Return the file that its pixels come from: its version in upscaled/, else the image it is (a part of).

        Raises UserError for a path that leads anywhere else.
        """
        if record.upscaled:
            return files.under(self.root, record.upscaled)
        return files.under(self.folder, record.of or record.path)

    def load(self, record: Image, *, at_least: int = 0) -> Opened:
        """Decode a record's picture and cut its box out; `at_least` as in `decode.load`, for the part."""
        if record.box:
            left, top, right, bottom = record.box
            at_least = math.ceil(at_least / max(min(right - left, bottom - top), 0.01))
        return self._decode(record, files.read(self.source(record)), at_least)

    def load_unchanged(self, record: Image) -> Opened:
        """As `load`; raise BadImage too, if the file is not the one that was scanned."""
        data = files.read(self.source(record))
        if hashlib.sha256(data).hexdigest() != record.pixel_digest:
            raise BadImage(Code.UNREADABLE, "the file changed since it was looked at; run it again", record.path)
        return self._decode(record, data, 0)

    def upright(self, record: Image, background: str = "#ffffff", longest: int = 0) -> Pillow.Image:
        """Show a record's picture as its owner sees it; arguments as in `display.upright`."""
        from loraprep.imaging import display

        return display.upright(self.load(record), background, longest)

    def preview(self, record: Image) -> NDArray[np.uint8]:
        """Show it small, on white: sRGB, (height, width, 3), at most PREVIEW px on the longer side."""
        import numpy as np

        from loraprep.imaging import display

        return np.asarray(display.upright(self.load(record, at_least=PREVIEW), longest=PREVIEW), np.uint8)

    def _decode(self, record: Image, data: bytes, at_least: int) -> Opened:
        from loraprep.imaging import decode, display

        try:
            return display.cut(decode.load(data, max_megapixels=self.max_megapixels, at_least=at_least), record.box)
        except BadImage as bad:
            raise BadImage(bad.code, bad.reason, record.path) from None
