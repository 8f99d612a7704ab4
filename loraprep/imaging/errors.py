"""What goes wrong with a picture, in words."""

from __future__ import annotations

from loraprep.core.findings import Code


class BadImage(Exception):
    """A file that is no usable picture. `reason`: a clause without a full stop; `path`: which one, where known."""

    def __init__(self, code: Code, reason: str, path: str = "") -> None:
        self.code = code
        self.reason = reason
        self.path = path
        super().__init__(reason)
