"""What of the changes was not meant: pairs that do not lie on each other, show something else, or change too much.

A set is its own measure: what most pairs do is what is taught, and only what few of them do is named. Limits come from
what sound pairs and planted faults measure (tests/benchmarks/pairs.py), unless they say otherwise. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Image
from loraprep.core.text import clauses
from loraprep.duplicates import keypoints
from loraprep.pairs import expected
from loraprep.pairs.change import Change
from loraprep.pairs.measure import POINTS, Looked, unpacked
from loraprep.pairs.sizes import of_one_shape
from loraprep.scan import pairing

# px of 512: where a point counts as in its place (duplicates/geometry), and 6 px of 1024, three quarters of the 8 px
# that a latent stands for. Sound pairs miss by up to 1.2
_PLACE = 3.0
_STRANGE = 0.1  # lines of pictures that have nothing in common: 99 of 100 such pairs reach 0.15 at most
_NEARER = 0.15  # by so much another picture has to be nearer
_USUAL = 0.5  # of the pairs: what so many do is what is taught
_SEEN = 2.3  # Delta E: a just noticeable difference (Mahy et al. 1994, Color Res. Appl. 19)
_RECOLOURED = 10.0  # Delta E: four times that is no accident
_SOFT = 0.2  # octaves by which edges are less steep
_RATE = 0.05  # of sets without a cast, in which one is named: held over all pairs of a set (Bonferroni)
_FAR = 10.0  # times the median deviation: 7 of 300 draws of sound posters hold one farther off, of others none
_FEW = 8  # pairs, below which nothing is usual
_ONE_WAY = 0.75  # of the pairs less those the other way: what a change always does
_BACK = -0.3  # of the way the others go; sound pairs go 0.04 at least
# By which before and after differ, and from where on that is seen: L*, C*, a share, octaves
_SIDES = {"light": 2.3, "chroma": 2.3, "plain": 0.05, "stands": 1.5, "sharp": 0.2}
_SOME, _LITTLE, _MOST = 0.005, 0.35, 0.75  # shares of a picture
_PARTS = (
    "at the top left", "at the top", "at the top right", "on the left", "in the middle", "on the right",
    "at the bottom left", "at the bottom", "at the bottom right",
)  # fmt: skip


def findings(seen: Mapping[str, Looked], images: Mapping[str, Image]) -> list[Finding]:
    """Find what is wrong with the changes of pairs. `seen`: target's path -> what was seen; `images`: all by path.

    Of pairs of two shapes nothing is said here: all of it would follow from that.
    """
    seen = {p: own for p, own in seen.items() if of_one_shape(images[p], pairing.before(images[p], images)[0])}
    if not seen:
        return []
    changes = {path: seen[path].change for path in sorted(seen)}
    same = [path for path, change in changes.items() if change.same]
    told = {path: change for path, change in changes.items() if not change.same}
    mixed = _mixed({path: seen[path] for path in told})
    told = {path: change for path, change in told.items() if path not in mixed}
    shifted = _of_few({path for path, change in told.items() if _out_of_place(change)}, told)
    backwards = _backwards({path: change for path, change in told.items() if path not in shifted})
    whole = _whole({path: change for path, change in told.items() if path not in shifted})
    found: list[Finding] = []

    def report(code: Code, paths: Collection[str], **values: Value) -> None:
        if paths:
            found.append(Finding(code, tuple(sorted(paths)), values))

    report(Code.PAIR_UNCHANGED, same)
    report(Code.PAIR_MIXED, mixed, said=_before(mixed, images))
    report(Code.PAIR_BACKWARDS, backwards)
    report(Code.PAIR_SHIFTED, shifted, how={p: _moved(told[p], images[p]) for p in sorted(shifted)})
    report(Code.PAIR_WHOLE, whole)
    still = {path: change for path, change in told.items() if path not in shifted and path not in backwards}
    found += _besides({path: seen[path] for path in still})
    found += _usual(still)
    return found


def _out_of_place(change: Change) -> bool:
    """Say whether it lies elsewhere: where soft edges tell, twice as far."""
    return change.corner > (_PLACE if change.points >= POINTS else 2 * _PLACE)


def _of_few(paths: set[str], among: Mapping[str, Change]) -> set[str]:
    """Nothing where it is what most of them do: then that is taught."""
    return paths if len(paths) <= _USUAL * len(among) else set()


def _mixed(seen: Mapping[str, Looked]) -> dict[str, str]:
    """Find targets whose control shows something else: nothing of it is alike, or it is of another target.

    Returns target -> the one that its control is of, "" for none.
    """
    if len(seen) < 2:
        return {}
    paths = list(seen)
    after = np.stack([unpacked(seen[path].after) for path in paths])
    before = np.stack([unpacked(seen[path].before) for path in paths])
    alike = after @ before.T
    own = np.diag(alike).copy()
    np.fill_diagonal(alike, -1)
    another = np.maximum(alike.max(axis=0), alike.max(axis=1))  # its control with others' targets, and the reverse
    held = np.array([seen[path].change.points >= POINTS for path in paths])
    whose = {
        path: paths[int(alike[:, n].argmax())] if alike[:, n].max() > own[n] + _NEARER else ""
        for n, path in enumerate(paths)
        if not held[n] and (own[n] < _STRANGE or another[n] > own[n] + _NEARER)
    }
    return whose if len(whose) <= _USUAL * len(seen) else {}


def _before(whose: Mapping[str, str], images: Mapping[str, Image]) -> str:
    """Say which two: "target/4.jpg and control/4.jpg, which shows what target/5.jpg does"."""
    return clauses(
        [
            f"{path} and {images[path].controls[0]}" + (f", which shows what {other} does" if other else "")
            for path, other in sorted(whose.items())
        ]
    )


def _backwards(changes: Mapping[str, Change]) -> set[str]:
    """Find those that go the other way on every side on which nearly all of the set go one way."""
    if len(changes) < _FEW:
        return set()
    paths = list(changes)
    sides = np.array([[getattr(changes[path], side) for side in _SIDES] for path in paths], np.float64)
    one_way, typical = np.abs(np.sign(sides).mean(axis=0)), np.median(np.abs(sides), axis=0)
    counts = np.where((one_way >= _ONE_WAY) & (typical >= [*_SIDES.values()]), one_way, 0.0)
    if not counts.any():
        return set()
    typical = np.maximum(typical, 1e-6)
    way: NDArray[np.float64] = np.clip(sides / typical, -2, 2) * np.sign(np.median(sides, axis=0)) @ counts
    return {path for path, score in zip(paths, way / counts.sum(), strict=True) if score < _BACK}


def _moved(change: Change, image: Image) -> str:
    """Say how a picture lies against the one before it, in its own px: "moved 18 px right, 7 px up"."""
    px = max(image.width, image.height) / keypoints.SIDE
    across, down = round(change.shift[0] * px), round(change.shift[1] * px)
    parts = []
    if abs(change.scale - 1) * keypoints.SIDE / 2 > _PLACE:
        parts.append(f"{abs(change.scale - 1) * 100:.0f} % {'larger' if change.scale > 1 else 'smaller'}")
    if abs(np.radians(change.turn)) * keypoints.SIDE / 2 > _PLACE:
        parts.append(f"turned by {abs(change.turn):.1f} degrees {'right' if change.turn > 0 else 'left'}")
    moved = [
        f"{abs(n)} px {ahead if n > 0 else back}"
        for n, ahead, back in ((across, "right", "left"), (down, "down", "up"))
        if n
    ]
    if moved and (not parts or max(map(abs, change.shift)) > _PLACE):
        parts.append(f"moved {' and '.join(moved)}")
    return ", ".join(parts) or "out of its place"


def _whole(changes: Mapping[str, Change]) -> set[str]:
    """Find those of which nearly everything changed, where little does in most."""
    if len(changes) < _FEW or float(np.median([c.area for c in changes.values()])) > _LITTLE:
        return set()
    return {path for path, change in changes.items() if change.area > _MOST}


def _besides(seen: Mapping[str, Looked]) -> list[Finding]:
    """Find what differs all over a picture beside its change: its colours, its sharpness."""
    if len(seen) < _FEW:
        return []
    changes = [looked.change for looked in seen.values()]
    tones = np.array([change.tone for change in changes])
    usual, area, even = (
        float(np.median(values))
        for values in (np.linalg.norm(tones, axis=1), *([getattr(c, n) for c in changes] for n in ("area", "even")))
    )
    sharp = expected.beyond(*(np.array([getattr(change, n) for change in changes]) for n in ("fine", "sharp")))
    limit = max(_SOFT, _FAR * float(np.median(np.abs(sharp))))
    found = []
    if _SOME <= area <= _LITTLE and even < _SEEN < np.linalg.norm(np.median(tones, axis=0)) < _RECOLOURED:
        found.append(Finding(Code.PAIR_COLOURS_ALL, tuple(seen), {"far": round(usual, 1)}))
    else:
        off = np.linalg.norm(tones, axis=1) > _SEEN
        if usual >= _SEEN / 2:  # colours change: what is not meant is told by what becomes of others' colours
            tones, others = _unlike_others(list(seen.values()), np.abs(sharp) <= limit)
            off &= others  # what is left as it was has no cast, whatever becomes of the others
        if cast := {path: _cast(tone) for path, tone, hit in zip(seen, tones, off, strict=True) if hit}:
            found.append(Finding(Code.PAIR_COLOURS, tuple(cast), {"said": cast}))
    for code, which in ((Code.PAIR_SOFTER, sharp < -limit), (Code.PAIR_SHARPER, sharp > limit)):
        if which.any():
            found.append(Finding(code, tuple(path for path, hit in zip(seen, which, strict=True) if hit)))
    return found


def _unlike_others(seen: Sequence[Looked], crisp: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Tell by how much each pair's colours are off, L*, a*, b*, and of which that is no chance and can be seen.

    By what lies over the picture and is no light (of `crisp` ones: a blur lightens what was dark, too), and by what the
    change makes of such colours in the others. Where most are off by as much as can be seen, each has colours of its
    own, and none is a cast.
    """
    tones, chance = expected.casts([looked.colours for looked in seen])
    laid, out = expected.veils([looked.veil for looked in seen])
    off = np.zeros(len(seen), bool)
    result = np.zeros((len(seen), 3))
    for missed, odd in ((laid @ _BY_LEVEL, out & crisp), (tones, chance < _RATE / len(seen))):
        far = np.linalg.norm(missed, axis=1)
        if np.median(far) > _SEEN:
            continue
        new = odd & (far > _SEEN) & ~off
        result[new] = missed[new]
        off |= new
    return result, off


# What a level of R, G, B is worth as light, red against green, yellow against blue: of about the size of L*, a*, b*
_BY_LEVEL = np.array([(0.12, 0.35, 0.20), (0.24, -0.35, 0.20), (0.04, 0.0, -0.40)])


def _cast(tone: NDArray[np.float64]) -> str:
    """Say what a cast does: "lighter, redder and yellower"."""
    names = (("lighter", "darker"), ("redder", "greener"), ("yellower", "bluer"))
    parts = [pair[0] if n > 0 else pair[1] for n, pair in zip(tone, names, strict=True) if abs(n) > 1]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _usual(changes: Mapping[str, Change]) -> list[Finding]:
    """Say how much of the picture changes in most pairs, and where."""
    if not changes:
        return []
    areas = sorted(change.area for change in changes.values())
    low, middle, high = (areas[round(q * (len(areas) - 1))] for q in (0.25, 0.5, 0.75))
    grid = np.mean([change.grid for change in changes.values()], axis=0) if middle <= _LITTLE else np.zeros(9)
    most = int(grid.argmax())
    where = f", mostly {_PARTS[most]}" if grid[most] > 3 * max(float(np.median(grid)), 0.01) else ""
    share = f"{_percent(low)} to {_percent(high)}" if _percent(low) != _percent(high) else _percent(middle)
    return [Finding(Code.PAIR_CHANGES, (), {"share": share, "where": where, "count": len(changes)})]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def worst_first(changes: Mapping[str, Change], flagged: Sequence[str]) -> list[str]:
    """Return the targets in the order in which a report shows them: what is named first, then by what changed."""
    named = {path: n for n, path in enumerate(dict.fromkeys(flagged))}
    return sorted(changes, key=lambda path: (named.get(path, len(named)), -changes[path].area, path))
