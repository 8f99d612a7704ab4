"""Where a person wants to be on the page: a view, a finding or a picture, and its address. Pure."""

from __future__ import annotations

from urllib.parse import urlencode

from loraprep.core import nearest
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.review import stay, views
from loraprep.review.snapshot import Snapshot, by_short, ident

OVERVIEW = "overview"


def address(s: Snapshot, wanted: str) -> str:
    """Return the address of a view by its name, a finding by its code, a picture by its path or short digest.

    Raises UserError for what is none of them.
    """
    if wanted == OVERVIEW:
        return "/"
    if wanted in views.TITLES:
        return f"/{wanted}"
    card = next((card for card in views.finding_cards(s) if card.code == wanted), None)
    if card:
        return f"/findings?{urlencode({'at': card.id})}"
    image = s.images.get(wanted) or by_short(s).get(wanted)
    if image:
        among = "out" if image.path in stay.leaving_by_now(s) else "kept"
        return f"/?{urlencode({'open': ident('picture', image.path), 'in': among})}"
    raise UserError(f"{wanted}: {_why_not(s, wanted)}", hint=f"Or one of: {', '.join(names())}.")


def names() -> list[str]:
    """List what a person may ask for by a word of the page."""
    return [OVERVIEW, *views.TITLES]


def _why_not(s: Snapshot, wanted: str) -> str:
    if wanted in {*Code}:
        return "Gate 1 did not find that when it ran last"
    known = nearest.did_you_mean(wanted, [*names(), *(card.code for card in views.finding_cards(s)), *s.images])
    return f"there is no such place on the review page{f'; {known}' if known else ''}"
