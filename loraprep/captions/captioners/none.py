"""The trigger alone: whatever the pictures have in common goes into it."""

from __future__ import annotations

from loraprep.captions.captioner import Context
from loraprep.core.records import Elements, Image

ABOUT = "The trigger alone, nobody describes anything: the style or character is learned whole. Free."
SAMPLES = False
NEEDS_APPROVAL = False


def describe(image: Image, _context: Context) -> Elements:
    """Say nothing."""
    return Elements(path=image.path, digest=image.digest, captioner="none", state="none")
