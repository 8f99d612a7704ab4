"""Which captioners there are."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from typing import cast

from loraprep.captions import captioners
from loraprep.captions.captioner import Captioner, VisionCaptioner, looks_at_pixels
from loraprep.core import resources
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.project import trust
from loraprep.project.settings import Captioning, Settings
from loraprep.project.trust import Trust


def captioner_names() -> list[str]:
    """List every captioner there is, sorted."""
    return list(resources.module_names(captioners.__name__))


def load_captioner(name: str) -> Captioner:
    """Import the captioner of that name. Raises UserError (exit code 3) if there is none."""
    known = captioner_names()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        guess = f'Did you mean "{near[0]}"? ' if near else ""
        raise UserError(
            f'there is no captioner "{name}"',
            place="project.yaml",
            hint=f"{guess}captioning.captioner can be {', '.join(known)}",
            exit_code=UNUSABLE,
        )
    return cast(Captioner, importlib.import_module(f"{captioners.__name__}.{name.replace('-', '_')}"))


def vision_captioners(captioning: Captioning, chosen: Iterable[str] = ()) -> dict[str, VisionCaptioner]:
    """Return those that look at pixels, by name: of the project's chain, and of those chosen for single pictures.

    Raises UserError if one is unknown.
    """
    found = {name: load_captioner(name) for name in [*captioning.captioners, *sorted(chosen)]}
    return {name: module for name, module in found.items() if looks_at_pixels(module)}


def asks(settings: Settings, chosen: Iterable[str] = ()) -> Trust:
    """Return what of the person's the captioners would use: of the chain, and of those chosen. Raises UserError."""
    captioners = vision_captioners(settings.captioning, chosen).values()
    return trust.together(captioner.asks(settings) for captioner in captioners)


def shows_samples(captioning: Captioning) -> bool:
    """Say whether any captioner of the project's chain shows samples before the rest is written. Raises UserError."""
    return any(load_captioner(name).SAMPLES for name in captioning.captioners)
