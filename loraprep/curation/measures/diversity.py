"""How varied a set is, and whether two of its properties hang together. Pure numbers, no pictures, no words."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float64]

SHUFFLES = 2000  # of the permutation test: chances below 0.0005 are all alike
_SEED = 20260
_CLEARLY = 1.001  # times: beyond what rounding could tell otherwise
_MANY = 2000  # pictures, from which on the tables of shuffled sets are drawn at once


def hill(counts: Mapping[str, int] | Sequence[int]) -> float:
    """Compute the effective number of categories: as varied as so many equally common ones; 0.0 without any.

    exp of Shannon's entropy, the Hill number of order 1 (Hill 1973; Jost 2006).
    """
    sizes = np.array([n for n in (counts.values() if isinstance(counts, Mapping) else counts) if n], float)
    if not len(sizes):
        return 0.0
    shares = sizes / sizes.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def evenness(counts: Mapping[str, int]) -> float:
    """0..1: the effective number of categories over those present (Heip 1974, (N1 - 1) / (S - 1)); 1.0 for one."""
    present = sum(1 for n in counts.values() if n)
    return (hill(counts) - 1) / (present - 1) if present > 1 else 1.0


def vendi(kernel: Kernel) -> float:
    """As how many wholly different pictures the set counts, 1..n; 0.0 for none.

    exp of the entropy of the eigenvalues of K/n, K symmetric and positive with ones on its diagonal
    (Friedman and Dieng 2023, "The Vendi Score").
    """
    if not len(kernel):
        return 0.0
    values = np.linalg.eigvalsh(kernel / len(kernel))
    values = values[values > 1e-12]
    values /= values.sum()
    return float(np.exp(-(values * np.log(values)).sum()))


def vendi_at_least(kernel: Kernel, least: float) -> bool:
    """Say whether `vendi` is no less than that; told without eigenvalues where their squares suffice.

    The Hill number of order 2 is never more than that of order 1 (Hill 1973), and the squares of all eigenvalues sum up
    to those of the entries: of many pictures that are many different ones it takes a thousandth of the time.
    """
    if not len(kernel):
        return least <= 0
    square = float(np.square(kernel / len(kernel)).sum())
    return 1 / square >= least * _CLEARLY or vendi(kernel) >= least


def association(a: Sequence[str], b: Sequence[str], shuffles: int = SHUFFLES) -> tuple[float, float]:
    """(strength 0..1, chance 0..1) of two labels of the same pictures; (0.0, 1.0) if either never varies.

    Strength is Cramer's V with Bergsma's correction (2013), 0 on average for independent labels whatever the
    number of pictures. Chance is the share of shuffled sets (the observed one among them, Phipson and Smyth 2010)
    whose chi-square is at least as large: valid for few pictures, where the chi-square table is not.
    Deterministic: the shuffles are always the same.
    """
    rows, columns = _onehot(a), _onehot(b)
    n = len(a)
    if n < 2 or min(rows.shape[1], columns.shape[1]) < 2:
        return 0.0, 1.0
    expected = np.outer(rows.sum(0), columns.sum(0)) / n
    observed = float((((rows.T @ columns) - expected) ** 2 / expected).sum())
    random = np.random.default_rng(_SEED)
    if n > _MANY:
        margins = rows.sum(0).astype(np.int64), columns.sum(0).astype(np.int64)
        tables = _shuffled(*margins, shuffles, random)
    else:
        orders = random.permuted(np.tile(np.arange(n), (shuffles, 1)), axis=1)
        tables = np.einsum("snr,nc->src", rows[orders], columns, optimize=True)
    chi = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    chance = (1 + int((chi >= observed - 1e-9).sum())) / (shuffles + 1)
    return _bergsma(observed / n, n, rows.shape[1], columns.shape[1]), chance


def _shuffled(
    rows: NDArray[np.int64], columns: NDArray[np.int64], count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Draw (count, rows, columns) tables of these margins as shuffling makes them, without the pictures.

    Each cell is hypergeometric, given those before it (Patefield 1981, Applied Statistics 30, algorithm AS 159).
    """
    tables = np.zeros((count, len(rows), len(columns)), np.int64)
    left = np.tile(columns, (count, 1))
    for row, total in enumerate(rows):
        rest = np.full(count, total)
        for column in range(len(columns)):
            drawn = random.hypergeometric(left[:, column], left[:, column + 1 :].sum(axis=1), rest)
            tables[:, row, column] = drawn
            left[:, column] -= drawn
            rest -= drawn
    return tables


def _bergsma(phi2: float, n: int, r: int, c: int) -> float:
    """Cramer's V with Bergsma's correction, of chi-square / n of an r x c table over n pictures."""
    phi2 = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    r_, c_ = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(r_, c_) - 1
    return math.sqrt(min(1.0, phi2 / least)) if least > 0 else 0.0


def _onehot(labels: Sequence[str]) -> Kernel:
    names = {name: k for k, name in enumerate(sorted(set(labels)))}
    made = np.zeros((len(labels), len(names)))
    made[np.arange(len(labels)), [names[label] for label in labels]] = 1
    return made


def fisher(both: int, of_a: int, of_b: int, n: int) -> float:
    """Chance 0..1 that two terms, on `of_a` and `of_b` of n pictures, come together on `both` or more by accident.

    The upper tail of the hypergeometric distribution (Fisher's exact test, one-sided).
    """
    most = min(of_a, of_b)
    if n > _MANY:
        return _tail(both, min(of_a, of_b), max(of_a, of_b), n)  # without binomials of pages of digits
    first = max(both, of_a + of_b - n)
    way, ways = math.comb(of_a, first) * math.comb(n - of_a, of_b - first), 0
    for k in range(first, most + 1):  # each from the one before, in whole numbers: binomials anew cost many times that
        ways += way
        way = way * (of_a - k) * (of_b - k) // ((k + 1) * (n - of_a - of_b + k + 1))
    return ways / math.comb(n, of_b)


def _tail(both: int, few: int, many: int, n: int) -> float:
    """Sum up what `fisher` does, in logarithms of factorials: of 100,000 pictures nine digits of it are sure."""
    of = _factorials(n)
    k = np.arange(max(both, few + many - n), few + 1)
    ways = of[few] - of[k] - of[few - k] + of[n - few] - of[many - k] - of[n - few - many + k]
    return min(1.0, float(np.exp(ways - (of[n] - of[many] - of[n - many])).sum()))


@lru_cache(4)
def _factorials(n: int) -> Kernel:
    """List the natural logarithms of 0! to n!."""
    return np.array([math.lgamma(k + 1) for k in range(n + 1)])


def holm(chances: Sequence[float], least: Sequence[float], level: float) -> list[bool]:
    """Tell which of the tests hold if at most `level` of all sets without any effect may show one (Holm 1979).

    `least`: the smallest chance that each test could have shown. A test that could never hold takes no part (Tarone
    1990: the smallest k of which no more than k could reach level / k).
    """
    ordered = sorted(least)
    taking = next(
        (k for k in range(1, len(chances) + 1) if bisect_right(ordered, level / k) <= k), max(1, len(chances))
    )
    could = [i for i, x in enumerate(least) if x <= level / taking]
    held = [False] * len(chances)
    for rank, i in enumerate(sorted(could, key=lambda i: chances[i])):
        if chances[i] > level / (taking - rank):
            break
        held[i] = True
    return held
