"""Choose the pictures that are held out: never trained, so that a trainer can measure with them. Pure.

A copy, a variant or a detail of a trained picture would measure what was learned by heart, so what shows one scene
stays on one side. A share is chosen by digest: the same pictures whatever they are called, and one more picture changes
the choice by one at most where no scene has several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from loraprep.core.components import connected
from loraprep.core.findings import Code, Finding
from loraprep.core.patterns import Patterns
from loraprep.core.records import Fate, Group, Image
from loraprep.core.text import listed

_NAMED = 3  # pictures spelled out


def hold_out(
    fates: Sequence[Fate], images: Sequence[Image], groups: Sequence[Group], wanted: str | Sequence[str] | None
) -> list[Fate]:
    """Return the fates with those of the held-out pictures changed. `wanted` is dataset.validation.

    Of "5%" as many as come nearest, at least one, without going beyond; none where every scene has more pictures than
    that. Of names and patterns all that fit, and what shows the same scene.
    """
    kept = [fate.path for fate in fates if fate.fate == "kept"]
    if not wanted or not kept:
        return list(fates)
    scenes = _scenes(kept, images, groups)
    chosen = _share(scenes, images, wanted) if isinstance(wanted, str) else _named(scenes, wanted)
    return [
        replace(fate, fate="held out", why=chosen[fate.path], by="you") if fate.path in chosen else fate
        for fate in fates
    ]


def _scenes(kept: Sequence[str], images: Sequence[Image], groups: Sequence[Group]) -> list[tuple[str, ...]]:
    """Gather what shows the same: copies and variants, and the details cut out of one picture with that picture."""
    stays = set(kept)
    links = [(pair.a, pair.b) for group in groups for pair in group.pairs]
    links += [(image.path, image.of) for image in images if image.of]
    # through pictures that leave as well: two variants of a copy that is left out are variants of each other
    every = connected({*kept, *(path for link in links for path in link)}, links)
    return [scene for members in every if (scene := tuple(path for path in members if path in stays))]


def _share(scenes: Sequence[tuple[str, ...]], images: Sequence[Image], share: str) -> dict[str, str]:
    """Take scenes until there are as many pictures as the share says: picture -> why."""
    digest = {image.path: image.digest for image in images}
    ranked = sorted(scenes, key=lambda scene: min(_lot(digest[path]) for path in scene))
    room = max(1, round(int(share.removesuffix("%")) / 100 * sum(map(len, scenes))))
    chosen: dict[str, str] = {}
    for scene in ranked:
        if len(scene) <= room and len(scenes) > 1:
            room -= len(scene)
            chosen |= dict.fromkeys(scene, f"held out: dataset.validation is {share}")
    return chosen


def _lot(digest: str) -> str:
    """Draw a picture's lot: not its digest itself, by which other things are chosen."""
    return hashlib.sha256(f"held out {digest}".encode()).hexdigest()


def _named(scenes: Sequence[tuple[str, ...]], lines: Sequence[str]) -> dict[str, str]:
    """Take the pictures that patterns name, and their scenes with them: picture -> why."""
    patterns = Patterns(lines)
    chosen: dict[str, str] = {}
    for scene in scenes:
        named = [path for path in scene if patterns.match(path)]
        for path in scene if named else ():
            told = "named in dataset.validation"
            chosen[path] = told if path in named else f"held out with {listed(named, _NAMED)}, which shows the same"
    return chosen


def findings_of(fates: Sequence[Fate], wanted: str | Sequence[str] | None) -> list[Finding]:
    """Say where dataset.validation holds out nothing, and what it holds out beside what it names."""
    held = [fate.path for fate in fates if fate.fate == "held out"]
    if wanted and not held:
        said = wanted if isinstance(wanted, str) else listed([f'"{line}"' for line in wanted], _NAMED)
        return [Finding(Code.HELD_OUT_NONE, (), {"said": said})]
    along = tuple(fate.path for fate in fates if fate.fate == "held out" and fate.why.startswith("held out with"))
    return [Finding(Code.HELD_OUT_ALONG, along, {})] if along else []


def unread(fates: Sequence[Fate], measures: Mapping[str, str]) -> list[Finding]:
    """Name the trainers that have no use for held-out pictures. `measures`: trainer's title -> how it takes them."""
    without = [title for title, how in measures.items() if not how]
    held = tuple(fate.path for fate in fates if fate.fate == "held out")
    said = {"trainers": listed(without), "have": "has" if len(without) == 1 else "have"}
    return [Finding(Code.HELD_OUT_UNREAD, held, said)] if held and without else []
