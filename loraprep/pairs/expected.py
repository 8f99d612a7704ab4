"""What a set's change makes of colours and of fine detail, and the pair in which it made something else.

A change may alter every colour and all detail, as nightfall and a drawing do. Whether a pair got a cast or was blurred
besides is told only by what the other pairs' change would have made of it. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Array = NDArray[np.float64]

_TERMS = 10  # 1, L*, a*, b* and their products, two by two
_UNIT = 50.0  # of L*, a*, b*, so that all terms are of about one size
_RIDGE = 1e-3  # so that colours which no other pair has are not guessed at wildly
_NOISE = 0.5  # Delta E that nothing foretells: with few pairs chance may make less of it
_ODD = 0.025  # chance of a pair that is no measure for others: one in forty
_MEASURE = 70  # percent of the pairs that are one in any case
_ROUNDS = 10
_DRAWN = 500  # pairs by which a line is drawn, since each is compared with each


def moments(before: Plane, after: Plane) -> bytes:
    """Keep what a map of a pair's colours is fitted by. Both (h, w, 3), CIE L*a*b*."""
    terms = _terms(before)
    both = np.concatenate([terms, after.reshape(-1, 3).astype(np.float64)], axis=1)
    kept: Plane = (terms.T @ both / len(terms)).astype(np.float32)
    return kept.tobytes()


def _terms(lab: Plane) -> Array:
    """(pixels, _TERMS): a quadratic map of colours is linear in these."""
    one = np.concatenate([np.ones((lab[..., 0].size, 1)), lab.reshape(-1, 3) / _UNIT], axis=1)
    first, second = np.triu_indices(4)
    terms: Array = one[:, first] * one[:, second]
    return terms


def casts(kept: Sequence[bytes]) -> tuple[Array, Array]:
    """Foretell each pair's mean colour by what the change makes of such colours in all others.

    Returns (by how much it is off in L*, a*, b*, (n, 3); how probable that is by chance, (n,)). A miss counts less the
    less the others know of its colours (leverage; Belsley, Kuh and Welsch 1980), and against the spread of the others'
    misses (Hotelling's T squared for one more observation). What is far off is no measure for the rest, and hides
    itself and others if it is: it is taken out, and all are asked again (forward search, Hadi 1992).
    """
    each = np.stack([np.frombuffer(data, np.float32).reshape(_TERMS, -1) for data in kept]).astype(np.float64)
    trusted = np.ones(len(each), bool)
    missed, chance = _foretold(each, trusted)
    for _ in range(_ROUNDS):
        fewer = trusted & (chance >= _ODD)
        if fewer.sum() == trusted.sum() or 100 * fewer.sum() < _MEASURE * len(each):
            break
        trusted = fewer
        missed, chance = _foretold(each, trusted)
    return missed, chance


def _foretold(each: Array, trusted: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Foretell all by those that are trusted, each of these by the others."""
    from scipy.special import fdtrc

    squares, products = each[:, :, :_TERMS], each[:, :, _TERMS:]
    own = trusted[:, None, None]
    rest = np.linalg.inv(squares[trusted].sum(axis=0) - own * squares + _RIDGE * np.eye(_TERMS))
    mapped = rest @ (products[trusted].sum(axis=0) - own * products)
    mean = squares[:, 0]
    missed = products[:, 0] - np.einsum("nt,ntc->nc", mean, mapped)
    known = missed / np.sqrt(1 + np.einsum("nt,ntu,nu->n", mean, rest, mean))[:, None]
    others = trusted.sum() - trusted
    scatter = known[trusted].T @ known[trusted] - own * np.einsum("nc,nd->ncd", known, known)
    spread = scatter / others[:, None, None] + _NOISE**2 * np.eye(3)
    far = np.einsum("nc,ncd,nd->n", known, np.linalg.inv(spread), known)
    chance: Array = fdtrc(3, others - 2, far * (others - 2) / (3 * others))
    return missed, chance


def veil(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> tuple[float, ...]:
    """Measure what lies over a picture and no light on it explains. Both (h, w, 3), 0..255.

    Light multiplies what was there, by much here and by little there; what a scanner, a filter or a careless conversion
    adds is the same everywhere, and is seen where it was dark. So each window has a slope of its own, and all have one
    intercept: the least squares of after = slope * before + veil. Windows in which little differs say nothing of it.

    Returns (veil of R, G, B, how light those windows are after it, and the darkest and the lightest hundredth of all,
    0..255); () where no window tells.
    """
    high, wide = (side // _WINDOW * _WINDOW for side in before.shape[:2])
    was, now = (_windows(pixels[:high, :wide]) for pixels in (before, after))
    sums, squares = was.sum(axis=1), (was**2).sum(axis=1)
    count = was.shape[1]
    told = count * squares - sums**2 >= (count * _VARIES) ** 2
    some = np.where(told, squares, 1)
    weight = np.where(told, count - sums**2 / some, 0)
    if not (weight.sum(axis=0) > 0).all():
        return ()
    laid = np.where(told, now.sum(axis=1) - sums * (was * now).sum(axis=1) / some, 0).sum(axis=0) / weight.sum(axis=0)
    light = (weight * now.mean(axis=1)).sum(axis=0) / weight.sum(axis=0)
    ends = np.percentile(after.reshape(-1, 3), (1, 99), axis=0)
    return tuple(round(float(value), 2) for value in (*laid, *light, *ends.ravel()))


def _windows(pixels: NDArray[np.uint8]) -> Array:
    """Part (h, w, 3) into (windows, their pixels, 3)."""
    high, wide = pixels.shape[0] // _WINDOW, pixels.shape[1] // _WINDOW
    parts = pixels.reshape(high, _WINDOW, wide, _WINDOW, 3).transpose(0, 2, 1, 3, 4)
    return parts.reshape(high * wide, _WINDOW**2, 3).astype(np.float64)


_WINDOW = 24  # px, within which light hardly changes
_VARIES = 8.0  # of 255, standard deviation in a window: what JPEG leaves of an even one is less


def veils(kept: Sequence[tuple[float, ...]]) -> tuple[Array, NDArray[np.bool_]]:
    """Foretell each pair's veil by how light it is: a curve bent by a change leaves one that grows with the light.

    Returns (by how much it is off in R, G, B, 0..255, (n, 3); whether that is out of all proportion to how far the
    others are off, (n,)). Where a change is no change of light, all are off by much, and none is out of proportion.
    What lies over a whole leaves nothing darker than it is, and what is taken from a whole nothing lighter.
    """
    off, out = np.zeros((len(kept), 3)), np.zeros(len(kept), bool)
    told = [n for n, values in enumerate(kept) if values]
    if len(told) >= _TOLD:
        values = np.array([kept[n] for n in told])
        missed = np.stack([beyond(values[:, 3 + c], values[:, c]) for c in range(3)], axis=1)
        usual = np.median(np.abs(missed), axis=0) + _NOISE
        off[told] = np.clip(missed, values[:, 9:] - 255 - _SAVED, values[:, 6:9] + _SAVED)
        out[told] = (np.abs(off[told]) > _OUT * usual).any(axis=1)
    return off, out


_SAVED = 4.0  # of 255 by which what is saved as JPEG overshoots
_TOLD = 8  # pairs, below which nothing is usual
_OUT = 8.0  # times what is usual: of pairs that were lit anew sound ones reach 6, tinted ones 10


def beyond(was: Array, gained: Array) -> Array:
    """By how much each gained more than what was there foretells: all (n,). A line that outliers don't turn: the
    median of slopes (Sen 1968, JASA 63)."""
    some = np.unique(np.linspace(0, len(was) - 1, _DRAWN).round().astype(int))
    first, second = np.triu_indices(len(some), 1)
    apart = was[some][second] - was[some][first]
    apart[apart == 0] = np.inf  # says nothing of a slope
    slope = float(np.median((gained[some][second] - gained[some][first]) / apart)) if len(apart) else 0.0
    rest: Array = gained - slope * was
    return rest - np.median(rest)
