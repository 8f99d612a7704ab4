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
