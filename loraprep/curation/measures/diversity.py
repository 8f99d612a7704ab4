"""How varied a set is, and whether two of its properties hang together. Pure numbers, no pictures, no words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Kernel = NDArray[np.float64]

SHUFFLES = 2000  # of the permutation test: chances below 0.0005 are all alike
_SEED = 20260
_MOST = 0.7  # share of a label's pictures that must have the other, for the pair to be said of it


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
    orders = random.permuted(np.tile(np.arange(n), (shuffles, 1)), axis=1)
    tables = np.einsum("snr,nc->src", rows[orders], columns, optimize=True)
    chi = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    chance = (1 + int((chi >= observed - 1e-9).sum())) / (shuffles + 1)
    return _bergsma(observed / n, n, rows.shape[1], columns.shape[1]), chance


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


def linked_pair(a: Sequence[str], b: Sequence[str], least: int = 1) -> tuple[str, str, int]:
    """Find the pair of labels that meets most often beyond what its parts' numbers explain: (of a, of b, pictures).

    ("", "", 0) if none meets in at least `least` pictures and in most of its first label's.
    """
    n = len(a)
    pairs, left, right = Counter(zip(a, b, strict=True)), Counter(a), Counter(b)

    def excess(pair: tuple[str, str]) -> float:
        expected = left[pair[0]] * right[pair[1]] / n
        return (pairs[pair] - expected) / math.sqrt(expected)

    candidates = [p for p, count in sorted(pairs.items()) if count >= least and count >= _MOST * left[p[0]]]
    if not candidates:
        return "", "", 0
    best = max(candidates, key=excess)
    return best[0], best[1], pairs[best]
