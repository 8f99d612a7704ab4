"""Descriptors of pictures, made of where these shall lie among styles."""

from collections.abc import Sequence

import numpy as np

from loraprep.curation.measures import style_clusters

DIMENSIONS = len(style_clusters.scale().projection[0])


def cloud(seed: int, number: int, middle: Sequence[float] = (), width: float = 0.7) -> np.ndarray:
    """Points of one style: two of them lie `width` apart, as a rule."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(number, DIMENSIONS)) * width / np.sqrt(2 * DIMENSIONS)
    points[:, : len(middle)] += middle
    return points


def described(points: np.ndarray) -> list[tuple[float, ...]]:
    scale = style_clusters.scale()
    return [tuple(d) for d in np.array(scale.mean) + points @ np.linalg.pinv(np.array(scale.projection))]
