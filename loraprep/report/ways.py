"""From report.html to a place of the review page: the command that opens it, which is all that a file can offer.

The page runs at an address of the moment that lets one browser in, so no link in a file could lead there.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from loraprep.core.findings import Code
from loraprep.core.records import Image, Reason
from loraprep.project.decisions import SHORT

COMMAND = "loraprep review"
# What every shell takes as it stands, in double quotes where it has other signs than those of _BARE; whoever copies a
# line must not run a name.
_PLAIN, _BARE = re.compile(r"[^\W_][\w.,/ -]*"), re.compile(r"[\w./-]+")


def picture(image: Image) -> str:
    """Spell the command that opens a picture: by its name, by its digest if a shell could act on the name."""
    name = image.path if _PLAIN.fullmatch(image.path) else image.digest[:SHORT]
    return f"{COMMAND} {name}" if _BARE.fullmatch(name) else f'{COMMAND} "{name}"'


def finding(reason: Reason, waiting: Collection[str]) -> str:
    """Spell the command that opens a finding, or the questions of a decision file, one of `waiting`."""
    asked = (kind for kind in waiting if f"decisions/{kind}.yaml" in reason.sentence)
    place = next(asked, "findings") if reason.code == Code.OPEN_QUESTION else reason.code
    return view(place)


def view(name: str) -> str:
    """Spell the command that opens a view of the page."""
    return f"{COMMAND} {name}"
