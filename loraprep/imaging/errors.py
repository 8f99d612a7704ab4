"""What goes wrong with a picture, in words."""

from __future__ import annotations

from loraprep.core.findings import Code


class BadImage(Exception):
    """A file that is no usable picture. `reason`: a clause without a full stop."""

    def __init__(self, code: Code, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)
