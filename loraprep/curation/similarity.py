"""How alike two pictures are: in what they show, and in who can stand for whom, from facts, style and any words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loraprep.core.records import Caption, Image
from loraprep.curation.measures import style_clusters
from loraprep.curation.measures.style_clusters import Points

Matrix = NDArray[np.float32]

_UNRELATED = 32  # of 64 pHash bits in which two unrelated pictures differ
_STRANGE = 40.0  # mean Lab distance from which two pictures share no colour
_GROUND = 12  # of 255, grey levels within which a thumbnail's pixel is ground
_ON_EDGE = 0.8  # share of the picture's own edge that a plain ground takes up
_MIDDLE = 0.75  # cosine below which three of four pairs of different nebulae lie, all in the middle of black
_COSINE = 0.2  # of two unrelated pictures' embeddings
_BIT_SCALE = 8  # pHash bits over which likeness in layout falls to 1/e
_COLOUR_SCALE = 15.0  # Lab distance of a cell, the standard deviation over which likeness in colour falls
_MANY = 1000  # pictures of which the usual distance of two is told
_BAND = 128  # rows compared with all at once: what is made of them stays in the processor's cache
_WEIGHT = 3  # of words or embeddings, where pixels count once
_SHOWN = 0.3  # of a usual distance that one deviation of what is shown counts for, beside how it is drawn
# Deviation of a fact within one origin: the mean over those of tests/benchmarks/calibration.py.
_FACTS = {"flat": 0.13, "contrast": 0.065, "lightness": 12.0, "chroma": 12.0, "spread": 7.6}
_EDGES = 0.11  # the same of how much of a picture's edge is plain ground


class _Hashes:
    """The pHashes of pictures and of their mirrors."""

    def __init__(self, images: Sequence[Image]) -> None:
        self._plain = np.array([int(i.phash, 16) for i in images], np.uint64)
        self._mirrored = np.array([int(i.phash_mirror, 16) for i in images], np.uint64)

    def bits(self, rows: slice) -> NDArray[np.uint8]:
        """Count the bits by which those of some rows and all others differ, or either's mirror, whichever is least."""
        plain, mirrored = self._plain, self._mirrored
        straight = np.bitwise_count(plain[rows, None] ^ plain[None, :])
        np.minimum(straight, np.bitwise_count(plain[rows, None] ^ mirrored[None, :]), out=straight)
        least: NDArray[np.uint8] = np.minimum(straight, np.bitwise_count(mirrored[rows, None] ^ plain[None, :]))
        return least


def _grid(images: Sequence[Image]) -> Matrix:
    """Collect the mean Lab in a 3x3 grid: n x 9 x 3."""
    return np.array([i.colour for i in images], np.float32).reshape(len(images), 9, 3)


def _thumbs(images: Sequence[Image]) -> NDArray[np.float32]:
    blank = bytes(24 * 24)
    pixels = b"".join(i.thumb or blank for i in images)
    return np.frombuffer(pixels, np.uint8).reshape(len(images), 24, 24).astype(np.float32)


def _grounds(thumbs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tell (grey level, share of the picture's own edge that it takes up) of each thumbnail's ground."""
    edge = np.ones((24, 24), np.bool_)
    edge[1:-1, 1:-1] = False
    rims = thumbs[:, edge]
    grounds = np.median(rims, axis=1)
    return grounds, np.asarray((np.abs(rims - grounds[:, None]) < _GROUND).mean(axis=1), np.float32)


def plain_edges(images: Sequence[Image]) -> NDArray[np.float64]:
    """Measure which share of each picture's edge is plain ground, 0..1; thumbnails of a few are unpacked at a time."""
    bands = (images[start : start + _BAND] for start in range(0, max(1, len(images)), _BAND))
    return np.concatenate([_grounds(_thumbs(band))[1] for band in bands]).astype(np.float64)


def _figures(images: Sequence[Image]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Take the thumbnails less their plain ground, n x 24 x 24, of length 1, and tell which have one.

    The ground is what most of the picture's own edge has in common (the boundary prior of saliency, Wei et al. 2012).
    """
    thumbs = _thumbs(images)
    grounds, share = _grounds(thumbs)
    figures = thumbs - grounds[:, None, None]
    figures[np.abs(figures) < _GROUND] = 0
    plain = share >= _ON_EDGE
    size = np.sqrt(np.square(figures).sum(axis=(1, 2)))
    figures /= np.maximum(size, 1)[:, None, None]
    return figures, plain & (size > 0)


class _Likeness:
    """What `picture_likeness` compares, row by row."""

    def __init__(self, images: Sequence[Image]) -> None:
        self._hashes, self._grid = _Hashes(images), np.ascontiguousarray(_grid(images).transpose(1, 2, 0))  # 9 x 3 x n
        self._squares = (self._grid**2).sum(1)
        figures, self._plain = _figures(images)
        self._flat, self._mirrored = (f.reshape(len(images), -1) for f in (figures, figures[:, :, ::-1]))

    def rows(self, rows: slice) -> Matrix:
        """Compare some with all: (some, n)."""
        diagonal = np.arange(rows.start, rows.stop)
        distance = np.zeros((len(diagonal), len(self._plain)), np.float32)
        for cell in range(9):
            at, square = self._grid[cell], self._squares[cell]
            # no product of matrices: a BLAS would start threads for each, which cost far more than three numbers do
            cross = sum(part[rows, None] * part for part in at)
            distance += np.sqrt(np.maximum(square[rows, None] + square - 2 * cross, 0))
        distance /= np.float32(9 * _STRANGE)
        distance[np.arange(len(diagonal)), diagonal] = 0
        layout = self._hashes.bits(rows).astype(np.float32) / _UNRELATED
        apart = self._apart_on_ground(rows)
        apart[np.arange(len(diagonal)), diagonal] = 0
        layout, distance = np.maximum(layout, apart), np.maximum(distance, apart)
        return np.asarray(1 - 0.5 * np.minimum(1, layout) - 0.5 * np.minimum(1, distance), np.float32)

    def _apart_on_ground(self, rows: slice) -> Matrix:
        """Measure how far apart figures on plain ground are, 0..1, mirrored or not; 0 where there is no such ground.

        Two things in the middle of black have layout and colours in common, most of which is black.
        """
        apart = np.zeros((rows.stop - rows.start, len(self._plain)), np.float32)
        mine, plain = np.flatnonzero(self._plain[rows]), np.flatnonzero(self._plain)
        if len(mine) and len(plain):
            some = self._flat[rows][mine]
            same = np.maximum(some @ self._flat[plain].T, some @ self._mirrored[plain].T)
            apart[np.ix_(mine, plain)] = np.clip((1 - same) / (1 - _MIDDLE), 0, 1)
        return apart


def near_by_layout(images: Sequence[Image], threshold: float) -> list[int]:
    """Return the indices of those that `picture_likeness` may put within `threshold` of some other, sorted.

    Layout is half of that, and beside embeddings a quarter: where it alone is too far, nothing else has to be compared.
    """
    hashes, most, near = _Hashes(images), 4 * (1 - threshold) * _UNRELATED, np.zeros(len(images), np.bool_)
    for start in range(0, len(images), _BAND):
        rows = slice(start, min(len(images), start + _BAND))
        near[rows] = (hashes.bits(rows) <= most).sum(1) > 1  # itself among them
    return [int(n) for n in np.flatnonzero(near)]


def picture_likeness(images: Sequence[Image], embeddings: Mapping[str, Sequence[float]] | None = None) -> Matrix:
    """Compare pictures, n x n: 1 for the same picture, 0 for nothing in common; half layout (pHash), half colour.

    Colour is the mean Lab in a 3x3 grid. On plain ground neither is nearer than the figures themselves. Where an
    encoder embedded all of them, half is its cosine instead, from _COSINE to 1. Made in bands of rows, so that beside
    the result there is next to nothing.
    """
    alike = np.empty((len(images), len(images)), np.float32)
    if not images:
        return alike
    compared, vectors = _Likeness(images), _unit_vectors(images, embeddings or {})
    for start in range(0, len(images), _BAND):
        rows = slice(start, min(len(images), start + _BAND))
        alike[rows] = compared.rows(rows)
        if vectors is not None:
            cosine = vectors[rows] @ vectors.T
            alike[rows] = (alike[rows] + np.clip((cosine - _COSINE) / (1 - _COSINE), 0, 1)) / 2
    return alike


def _unit_vectors(images: Sequence[Image], embeddings: Mapping[str, Sequence[float]]) -> Matrix | None:
    """Take the embeddings, of length 1, n x their size; None unless every picture has one."""
    if not all(embeddings.get(i.path) for i in images):
        return None
    vectors = np.array([embeddings[i.path] for i in images], np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors


def places(
    images: Sequence[Image],
    styles: Mapping[str, Sequence[float]],
    *,
    grounds: bool = False,
    own_ground: NDArray[np.bool_] | None = None,
) -> Points:
    """Say where each picture lies by how it is drawn and, for less, by what is plain of it: n x d.

    Two pictures of one style are usually 1 apart. One whose style cannot be told lies in the middle of the others.
    `grounds`: see `plain_places`. `own_ground`: of which pictures what is plain says nothing, fewer than all: those
    lie in the middle of the others by that.
    """
    plain = plain_places(images, grounds=grounds)
    if own_ground is not None:
        plain[own_ground] = plain[~own_ground].mean(0)
    told = [k for k, i in enumerate(images) if styles.get(i.path)]
    if not told:
        return plain
    points = drawn([images[k].path for k in told], styles)
    every = np.tile(points.mean(0), (len(images), 1))
    every[told] = points
    return np.hstack([every, plain])


def drawn(paths: Sequence[str], styles: Mapping[str, Sequence[float]]) -> Points:
    """Say where pictures lie by how they are drawn, n x d; descriptors of a few are unpacked at a time."""
    bands = (paths[start : start + style_clusters.MANY] for start in range(0, len(paths), style_clusters.MANY))
    return np.concatenate([style_clusters.style_points([styles[p] for p in band]) for band in bands])


def plain_places(images: Sequence[Image], *, grounds: bool) -> Points:
    """Say where each picture lies by what is plain of it, n x d; `grounds`: also by how much of its edge is ground."""
    facts = np.array([[getattr(i, name) / usual for name, usual in _FACTS.items()] for i in images])
    plain: Points = _SHOWN * (np.c_[facts, plain_edges(images) / _EDGES] if grounds else facts)
    return plain


def usual_distance(images: Sequence[Image], styles: Mapping[str, Sequence[float]]) -> float:
    """Measure the median distance of two of the pictures' places; 1.0 where fewer than half have a style to tell.

    Of many an even choice of a thousand says it.
    """
    if len(images) < 2 or sum(bool(styles.get(i.path)) for i in images) * 2 < len(images):
        return 1.0
    some = places(images, styles)[:: max(1, len(images) // _MANY)]
    apart = style_clusters.distances(some)
    return float(np.median(apart[np.triu_indices(len(some), 1)]))


def coverage_likeness(
    images: Sequence[Image],
    styles: Mapping[str, Sequence[float]],
    captions: Mapping[str, Caption],
    embeddings: Mapping[str, Sequence[float]],
) -> Matrix:
    """Tell who can stand for whom, n x n: 1 for the same picture, 0 for the two that are farthest apart.

    By how they are drawn and what is plain of them, never by layout, which chooses worse than chance
    (tests/benchmarks/judgement.py); half of it by what `captions` say, or by an encoder's eye, where most have that.
    Each half counts in its own mean unlikeness: of words hardly two pictures have one in common, and as they come they
    would drown what is seen.
    """
    if not images:
        return np.zeros((0, 0), np.float32)
    place = places(images, styles)
    square = (place**2).sum(1)
    unlike = np.empty((len(images), len(images)), np.float32)
    for start in range(0, len(images), _BAND):
        rows = slice(start, start + _BAND)
        unlike[rows] = np.sqrt(np.maximum(square[rows, None] + square - 2 * place[rows] @ place.T, 0))
    np.fill_diagonal(unlike, 0)
    vectors = _unit_vectors(images, embeddings)
    said = said_likeness(images, captions) if vectors is None else np.clip(vectors @ vectors.T, 0, 1)
    if said is not None:
        unlike /= _mean(unlike)
        other = np.asarray(1 - said, np.float32)
        unlike += other / _mean(other)
    unlike /= max(float(unlike.max()), 1e-6)
    return np.subtract(1, unlike, out=unlike)


def _mean(unlike: Matrix) -> np.float32:
    """Tell how unlike two pictures are on the whole; what rounding leaves between equal ones is no unlikeness."""
    return np.float32(max(float(unlike.mean(dtype=np.float64)), 1e-3))


def picture_quality(images: Sequence[Image]) -> Matrix:
    """Grade pictures 0..1: how much real detail it holds relative to the set, and the stars its owner gave it."""
    if not images:
        return np.zeros(0, np.float32)
    real = np.array([i.width * i.height * i.detail**2 for i in images], np.float64) ** 0.5
    sharp = np.sqrt([i.sharpness for i in images])
    scores = real / max(real.max(), 1) / 2 + sharp / max(sharp.max(), 1e-9) / 2
    stars = np.array([max(i.rating, 0) for i in images])
    return np.asarray(np.where(stars > 0, 0.5 * scores + stars / 10, 0.5 * scores + 0.25), np.float32)


def content_kernel(
    images: Sequence[Image], captions: Mapping[str, Caption], embeddings: Mapping[str, Sequence[float]]
) -> tuple[NDArray[np.float64], str]:
    """Return (kernel, judged by what): n x n, positive, ones on the diagonal; how alike in what is shown, never in how.

    Layout counts, colour only as far as it is arranged (its mean over the picture taken out), so that one palette
    in all pictures is no sameness. Words, or an encoder's eye, count three times as much where there are any.
    """
    layout = np.exp(-_Hashes(images).bits(slice(0, len(images))).astype(np.float64) / _BIT_SCALE)
    grid = _grid(images).astype(np.float64)
    flat = (grid - grid.mean(axis=1, keepdims=True)).reshape(len(images), -1)
    square = (flat**2).sum(1)
    colour = np.exp(-np.maximum(square[:, None] + square - 2 * flat @ flat.T, 0) / (2 * 9 * _COLOUR_SCALE**2))
    pixels = (layout + colour) / 2
    vectors = _unit_vectors(images, embeddings)
    if vectors is not None:
        cosine = vectors @ vectors.T
        return (pixels + _WEIGHT * cosine.astype(np.float64) ** 3) / (
            1 + _WEIGHT
        ), "what the encoder sees and their layout"
    said = said_likeness(images, captions)
    if said is None:
        return pixels, "layout and colour alone, since few captions say what is in them"
    return (pixels + _WEIGHT * said) / (1 + _WEIGHT), "what their captions say is in them, and their layout"


def said_likeness(images: Sequence[Image], captions: Mapping[str, Caption]) -> NDArray[np.float64] | None:
    """Take the cosine of what each two captions say is there, n x n; None where fewer than half say anything.

    Words are weighed by how few captions have them (inverse document frequency, Sparck Jones 1972).
    """
    words_of = [_content_words(captions.get(i.path)) for i in images]
    if sum(bool(w) for w in words_of) * 2 <= len(images):
        return None
    names = {term: k for k, term in enumerate(sorted(set().union(*words_of)))}
    bag = np.zeros((len(images), len(names)))
    for row, terms in enumerate(words_of):
        bag[row, [names[t] for t in terms]] = 1
    common = np.log(len(images) / bag.sum(0)) + 0.1  # what every picture has tells none apart
    bag *= np.sqrt(common)
    length = np.linalg.norm(bag, axis=1)
    bag /= np.where(length > 0, length, 1)[:, None]
    words: NDArray[np.float64] = bag @ bag.T
    np.fill_diagonal(words, 1)
    return words


def _content_words(caption: Caption | None) -> set[str]:
    """Collect the content words of a caption: each term and the last word of it ("green pond" also says pond)."""
    if caption is None:
        return set()
    whole = {t.casefold() for t in caption.content}
    return whole | {t.split()[-1] for t in whole if t.split()}
