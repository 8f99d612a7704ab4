"""Give every file found its fate and why. Pure: joins what the phases decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from loraprep.core.patterns import Patterns
from loraprep.core.records import Fate, Image
from loraprep.core.text import listed

_NAMED = 3  # pictures spelled out beside a caption file that several share


def select(found: Sequence[Image], excluded: Sequence[str], rulings: Sequence[Mapping[str, Fate]]) -> list[Fate]:
    """Give every file one fate, in the order of `found`.

    `excluded` are the patterns of curation.exclude; `rulings` the phases' outcomes, the first that
    leaves a picture out gives the reason. A picture nobody ruled on is kept.
    """
    fates = []
    read, away = _read_with(found), Patterns(excluded)
    before = {control for image in found if image.state == "image" for control in image.controls}
    for image in found:
        if image.path in before:
            fates.append(Fate(image.path, "control", image.reason))
        elif image.path in read:
            fates.append(Fate(image.path, "caption", f"read with {listed(read[image.path], _NAMED)}"))
        elif image.state != "image":
            fates.append(Fate(image.path, image.state, image.reason or image.code, "rule"))
        elif away.match(image.path):
            fates.append(Fate(image.path, "left out", "named in curation.exclude", "you"))
        else:
            fates.append(_join(image.path, [r[image.path] for r in rulings if image.path in r]))
    return fates


def _join(path: str, ruled: Sequence[Fate]) -> Fate:
    away = [fate for fate in ruled if fate.fate == "left out"]
    settled = next((fate for fate in away if not fate.open), None)
    first = settled or next(iter([*away, *ruled]), Fate(path, "kept", ""))
    # One open question keeps the whole picture open, unless it is out whatever the answer; enlarging only matters to
    # what stays.
    return replace(
        first,
        open=settled is None and any(fate.open for fate in ruled),
        upscale=first.fate == "kept" and any(fate.upscale for fate in ruled),
    )


def _read_with(found: Sequence[Image]) -> dict[str, list[str]]:
    """Map caption file -> the pictures that have words from it."""
    read: dict[str, list[str]] = {}
    for image in found:
        for source in dict.fromkeys(source for source, _ in image.words if image.state == "image"):
            if source.startswith("sidecar:"):
                read.setdefault(source.removeprefix("sidecar:"), []).append(image.path)
    return read
