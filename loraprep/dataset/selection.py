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
    leaves a picture out gives the reason. A picture nobody ruled on is kept. One that is cut into its details leaves,
    and these in its place, unless it left anyhow: then they leave with it.
    """
    fates = []
    read, away = _read_with(found), Patterns(excluded)
    before = {control for image in found if image.state == "image" for control in image.controls}
    wholes = {i.path: _ruled(i.path, away, rulings) for i in found if i.apart and not i.of}
    for image in found:
        if image.path in before:
            fates.append(Fate(image.path, "control", image.reason))
        elif image.path in read:
            fates.append(Fate(image.path, "caption", f"read with {listed(read[image.path], _NAMED)}"))
        elif image.state != "image":
            fates.append(Fate(image.path, image.state, image.reason or image.code, "rule"))
        else:
            own, whole = _ruled(image.path, away, rulings), wholes.get(image.of or image.path)
            if whole is None or own.fate == "left out":
                fates.append(own)
            elif not image.of:
                fates.append(Fate(image.path, "left out", "cut into the pieces in decisions/crops.yaml", "you"))
            elif whole.fate == "left out":
                fates.append(replace(whole, path=image.path, why=f"{image.of} leaves: {whole.why}"))
            else:
                fates.append(replace(own, open=own.open or whole.open))
    return fates


def _ruled(path: str, away: Patterns, rulings: Sequence[Mapping[str, Fate]]) -> Fate:
    if away.match(path):
        return Fate(path, "left out", "named in curation.exclude", "you")
    return _join(path, [r[path] for r in rulings if path in r])


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
