"""Lay out pictures on a page so that like lies beside like. Pure geometry over a likeness matrix."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
LANDMARKS = 400  # pictures that span the map; the rest is laid between them


def order(alike: Matrix, spots: NDArray[np.float64]) -> list[int]:
    """Order all indices of an (n, n) likeness (1 the same, 0 nothing in common), each beside one that is like it.

    A nearest-neighbour chain from one end of the set, the leftmost of its `plane`; ties go to the first. n^2 steps.
    """
    if not len(alike):
        return []
    chain = [int(np.argmin(spots[:, 0]))]
    left = np.ones(len(alike), bool)
    left[chain] = False
    while left.any():
        chain.append(int(np.argmax(np.where(left, alike[chain[-1]], -np.inf))))
        left[chain[-1]] = False
    return chain


def plane(alike: Matrix) -> NDArray[np.float64]:
    """Return (n, 2) positions in 0..1 whose distances follow 1 - likeness as well as two dimensions can.

    Classical scaling (Torgerson 1952); above LANDMARKS pictures landmark scaling (de Silva and Tenenbaum 2004)
    over evenly spaced ones. The sign of each axis is fixed, so the same set gives the same map.
    """
    n = len(alike)
    if n < 3:
        return np.array([[0.5, 0.5], [1.0, 0.5]][:n], np.float64).reshape(n, 2)
    marks = np.unique(np.linspace(0, n - 1, min(n, LANDMARKS)).astype(int))
    squares = (1 - np.asarray(alike, np.float64)[marks]) ** 2
    own = squares[:, marks]
    mean = own.mean(axis=1)
    centred = -0.5 * (own - mean[:, None] - mean[None, :] + mean.mean())
    values, vectors = np.linalg.eigh(centred)
    top, axes = np.sqrt(np.maximum(values[[-1, -2]], 1e-9)), vectors[:, [-1, -2]]
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    spots = -0.5 * (squares - mean[:, None]).T @ (axes / top)
    low, high = spots.min(axis=0), spots.max(axis=0)
    placed: NDArray[np.float64] = np.round((spots - low) / np.maximum(high - low, 1e-9), 6)
    return placed


def grid(spots: NDArray[np.float64]) -> tuple[int, int, list[tuple[int, int]]]:
    """Return (columns, rows) of a grid of half as many places again as pictures or more, and each picture's `cells`."""
    side = math.ceil(math.sqrt(len(spots) * 2.2))
    columns, rows = max(6, round(side * 1.25)), max(4, round(side * 0.82))
    while columns * rows < len(spots):
        rows += 1
    return columns, rows, cells(spots, columns, rows)


def cells(spots: NDArray[np.float64], columns: int, rows: int) -> list[tuple[int, int]]:
    """Return a free (column, row) of a grid near each spot (n, 2 in 0..1), so that no picture hides another.

    Pictures at the edge choose first: they have the fewest places to go. Needs columns * rows >= n.
    """
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=2).reshape(-1, 2)
    wanted = spots * (columns - 1, rows - 1)
    free = np.ones(len(grid), bool)
    placed = np.zeros(len(spots), int)
    for index in np.argsort(-np.abs(spots - 0.5).max(axis=1), kind="stable"):
        away = ((grid - wanted[index]) ** 2).sum(axis=1)
        placed[index] = int(np.argmin(np.where(free, away, np.inf)))
        free[placed[index]] = False
    return [(int(c), int(r)) for c, r in grid[placed]]
