"""Which pictures are a pair: a target, and the one to three pictures before the change, its controls.

By a list that names both, by folders (target/, control/, control_2/), or by what stands at the end of a name
(pier_control.png, pier_control_2.png, pier-condlabel.png, pier_0.png). Pure, by names alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from loraprep.core.records import Image

MOST = 3  # controls of a target: no trainer reads more (resources/models)

# What trainers and people call such folders. Sources: musubi-tuner (control_directory), ai-toolkit (control_path_1
# to _3), SimpleTuner (conditioning), diffusion-pipe (control_path), OneTrainer (condlabel).
_CONTROLS = re.compile(
    r"(?:control|controls|_controls|control_images|conditioning|conditioning_images|condlabel|condlabels|before)"
    r"(?:[-_ ]?([0-9]))?"
)
_TARGETS = frozenset({"target", "targets", "target_images", "after"})
# OneTrainer: -condlabel; musubi-tuner: _0, _1 .. where the target has the name without it; the others are people's
_ENDING = re.compile(r"[-_. ](?:control|condlabel|cond|before)(?:[-_ ]?([0-9]))?\Z")
_NUMBER = re.compile(r"_0*([0-9])\Z")
_TARGET_ENDING = re.compile(r"[-_. ](?:target|after)\Z")


class Pairing(NamedTuple):
    """`controls`: target -> its controls in their order; `alone`: a picture of no pair -> why.

    `missing`: a list -> what it names and nobody finds.
    """

    controls: dict[str, tuple[str, ...]]
    alone: dict[str, str]
    missing: dict[str, list[str]]

    def targets(self) -> dict[str, list[str]]:
        """Map control -> the targets that it serves."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for target, controls in sorted(self.controls.items()):
            for control in controls:
                found[control].append(target)
        return found


_NO_TARGET = "no picture after the change has its name"
_NO_CONTROL = "no picture before the change has its name"

Listed = Mapping[str, Sequence[str]]  # target as a list names it -> its controls as it names them


def before(target: Image, found: Mapping[str, Image]) -> list[Image]:
    """Return the controls of a target, each cut and turned as the target is. `found`: every record by its path."""
    if not target.box and not target.turn:
        return [found[path] for path in target.controls]
    # width and height are of the part of the target; of a control of another shape nothing else would be right either
    return [
        replace(found[path], box=target.box, turn=target.turn, width=target.width, height=target.height)
        for path in target.controls
    ]


class _Named(NamedTuple):
    """What a name says: the `key` that a pair shares, and for a control its number, -1 for a target."""

    key: str
    number: int


def pair(pictures: Iterable[str], listed: Mapping[str, Listed], given: Mapping[str, str] | None = None) -> Pairing:
    """Pair the pictures at these paths.

    `listed`: path of a list -> what it names, seen from its own folder; what it says counts, and names decide for the
    rest. `given`: path -> "train" or "control", where a person says so.
    """
    pictures, given = sorted(pictures), given or {}
    there = {_folded(path): path for path in pictures}
    controls: dict[str, tuple[str, ...]] = {}
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for name, rows in sorted(listed.items()):
        above = name.rpartition("/")[0]
        for target, before in rows.items():
            found = [_found(path, above, there) for path in (target, *before)]
            if None in found:
                missing[name] += [path for path, own in zip((target, *before), found, strict=True) if own is None]
            else:
                controls[found[0] or ""] = tuple(path or "" for path in found[1:])
    taken = {*controls, *(path for before in controls.values() for path in before)}
    alone = _by_name([path for path in pictures if path not in taken], given, controls)
    for target in [t for t, before in controls.items() if len(before) > MOST]:
        alone[target] = f"{len(controls.pop(target))} pictures before the change, and no trainer reads more than {MOST}"
    return Pairing(dict(sorted(controls.items())), dict(sorted(alone.items())), dict(missing))


def _found(name: str, above: str, there: Mapping[str, str]) -> str | None:
    """Find what a list names, from its own folder or from the top; of a path from elsewhere the longest tail."""
    parts = _folded(name.replace("\\", "/")).split("/")
    for n in range(len(parts)):
        tail = "/".join(parts[n:])
        if found := there.get(f"{_folded(above)}/{tail}" if above else tail) or there.get(tail):
            return found
    return None


def _by_name(pictures: Sequence[str], given: Mapping[str, str], controls: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Add the pairs that names tell to `controls`; return those without a partner."""
    named = {path: _named(path, given.get(path, "")) for path in pictures}
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for path, own in named.items():
        if own.number < 0:
            targets[own.key].append(path)
    numbered = {own.key for own in named.values() if own.number >= 0}
    for path, own in named.items():
        number = _NUMBER.search(own.key)
        # it tells nothing where no target has the name without it, or where this name has a partner of its own
        if (
            not number
            or own.key[: number.start()] not in targets
            or own.key in (targets if own.number >= 0 else numbered)
        ):
            continue
        if own.number < 0:
            if given.get(path) == "train" or not _TARGETS.isdisjoint(_folded(path).split("/")[:-1]):
                continue
            targets[own.key].remove(path)
        named[path] = _Named(own.key[: number.start()], int(number[1]))
    before: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path, own in named.items():
        if own.number >= 0:
            before[own.key][own.number].append(path)
    alone: dict[str, str] = {}
    for key, paths in targets.items():
        several = next((same for same in before[key].values() if len(same) > 1), [])
        for path in paths:
            if several:
                alone[path] = f"{' and '.join(several)} have the same name"
            elif before[key]:
                controls[path] = tuple(same[0] for _, same in sorted(before[key].items()))
            else:
                alone[path] = _NO_CONTROL
    for key, numbers in before.items():
        if not targets[key]:
            alone |= dict.fromkeys((path for same in numbers.values() for path in same), _NO_TARGET)
    return alone


def _named(path: str, given: str) -> _Named:
    *folders, name = _folded(path).split("/")
    stem = name.rpartition(".")[0] or name
    number, inner = -1, []
    for folder in folders:
        if number < 0 and (control := _CONTROLS.fullmatch(folder)):
            number = int(control[1] or 1)
        elif folder not in _TARGETS:
            inner.append(folder)
    if number < 0 and (ending := _ENDING.search(stem)) and ending.start():
        number, stem = int(ending[1] or 1), stem[: ending.start()]
    elif number < 0 and (after := _TARGET_ENDING.search(stem)) and after.start():
        stem = stem[: after.start()]
    if given:
        number = -1 if given == "train" else max(number, 1)
    return _Named("/".join([*inner, stem]), number)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
