"""How alike two pictures are: one laid over the other, and what then differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from loraprep.core.records import Image
from loraprep.duplicates import cuts, watermark
from loraprep.imaging.palette import lab

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Index = NDArray[np.intp]
_Scalar = TypeVar("_Scalar", bound=np.generic)

SIDE = 192  # both pictures are stretched to this square: a mouth of 3 % of the side is still six pixels
BLOCK = 8  # a local change fills at least such a block, 1/24 of the side
LEVELS = (24, 48, 96, 192)
STEPS = 6  # Gauss-Newton steps a level; more moved no result on the planted set
_STILL = 0.01  # px; a smaller step ends a level
_ENOUGH = 4000  # pixels that a median or a tone curve is taken from
OTHER_LIGHT = 0.22  # mean luma moved by more than this share of the range: another time of day
OTHER_GAIN = 1.6  # or multiplied by this, which is what night does to a dark picture
OTHER_COLOUR = 14.0  # mean a*b* moved by more than this: another season, or a black-and-white version
# gamma, saturation: tried in turn
ADJUSTMENTS = ((1.0, 1.0), (0.75, 1.0), (1.33, 1.0), (1.0, 0.8), (1.0, 1.25))
PLAIN = 0.006  # a difference nobody needs a better adjustment for
TEXTURE = 5.0  # a block whose luma deviates less (of 255) has nothing to recognise


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two pictures laid over each other.

    `change`: the mean difference, 0..1, inside the block that differs most, after alignment and after one
    brightness and colour adjustment for the whole picture; `typical`: the same in the 95th block of 100,
    so a change far above it sits in one place. `agree`: the share of blocks with texture whose
    structure is the same in both, 0..1. `texture`: how many blocks have any, 0..1. `covers`: the share of
    the first picture that the second one shows; above 1, the first is a cut of the second. `lighter`: how
    much brighter the second is, mean luma, -1..1, and `gain` the same as a ratio. `tint`: how far the
    mean colour moved, Delta a*b*. `lettered`: 0 or 1 if a watermark lies over the first or the second picture, which
    then does not count as a change; -1 without one.
    """

    change: float
    typical: float
    agree: float
    texture: float
    covers: float
    lighter: float
    gain: float
    tint: float
    lettered: int = -1

    @property
    def relit(self) -> bool:
        """The whole picture is in another light or other colours."""
        ratio = max(self.gain, 1 / self.gain)
        return abs(self.lighter) > OTHER_LIGHT or ratio > OTHER_GAIN or self.tint > OTHER_COLOUR


def thumbnail(image: Image) -> Pixels:
    """The record's 24x24 grey thumbnail as RGB, for when the picture itself cannot be looked at."""
    grey = np.frombuffer(bytes.fromhex(image.thumb), np.uint8).reshape(24, 24)
    return np.repeat(grey[:, :, None], 3, axis=2)


def compare(first: Pixels, second: Pixels, *, mirrored: bool = False, turns: int = 0) -> Likeness:
    """Lay `second` (mirrored first, if so, then turned left by quarters) over `first` and measure what differs.

    Both are (height, width, 3) RGB of the upright picture, any size; 256 px is enough. One may be a part of the other,
    from two thirds of the side on. Alignment is
    Gauss-Newton over scale and shift per axis with one gain and offset (Lucas and Kanade 1981; robust
    Cauchy weights, so that a changed part does not drag the rest along), coarse to fine.
    """
    a, b = _square(first), _square(_seen(second, mirrored, turns))
    window = _align(_luma(a), _luma(b))
    moved, inside = _warp(b, window)
    a, moved = _soften(a), _soften(moved)
    light_a, light_b = _luma(a), _luma(moved)
    # Resampling to another frame softens by up to a pixel; in the same frame half a pixel is plenty, and a
    # mouth drawn with a thin line moves by little more.
    same_frame = bool(np.all(np.abs(window - (1, 0, 1, 0)) < 1 / SIDE))
    reach = 0.5 if same_frame else 1.0
    within = _within(inside, 2 if same_frame else 4)
    change, typical = _change(a, moved, within, reach)
    letters = _letters(a, moved, within) if change > PLAIN else None
    if letters:
        change, typical = _change(a, moved, within & ~letters.area, reach)
    agree, texture = _agreement(light_a, light_b, inside)
    return Likeness(
        change=change,
        typical=typical,
        agree=agree,
        texture=texture,
        covers=float(1 / (window[0] * window[2])),
        lighter=float((light_b - light_a)[inside].mean() / 255),
        gain=float((light_b[inside].mean() + 8) / (light_a[inside].mean() + 8)),
        tint=float(np.hypot(*(_chroma(moved, inside) - _chroma(a, inside)))),
        lettered=letters.over if letters else -1,
    )


def _letters(a: Plane, b: Plane, inside: NDArray[np.bool_]) -> watermark.Letters | None:
    fitted = np.stack([_tone(a[..., c], b[..., c], inside) for c in range(3)], axis=2)
    beyond: Plane = np.where(inside, _beyond(a, fitted, 0.5), 0).astype(np.float32)
    return watermark.find(_luma(a), _luma(fitted), beyond)


def difference(first: Pixels, second: Pixels, *, mirrored: bool = False, turns: int = 0) -> Plane:
    """Where `second` differs from `first` once laid over it: (SIDE, SIDE), 0..1, in the frame of `first`.

    One brightness and colour adjustment for the whole picture and shifts by a pixel are allowed for, as in
    `compare`; what `second` does not show is 0.
    """
    a, b = _square(first), _square(_seen(second, mirrored, turns))
    moved, inside = _warp(b, _align(_luma(a), _luma(b)))
    a, moved = _soften(a), _soften(moved)
    fitted = np.stack([_tone(a[..., c], moved[..., c], inside) for c in range(3)], axis=2)
    differs: Plane = np.where(inside, _beyond(a, fitted, 1.0) / 255, 0).astype(np.float32)
    return differs


def _seen(pixels: Pixels, mirrored: bool, turns: int) -> Pixels:
    return np.rot90(pixels[:, ::-1] if mirrored else pixels, turns)


def _square(pixels: Pixels, side: int = SIDE) -> Plane:
    small = min(pixels.shape[:2]) < side
    how = Pillow.Resampling.BILINEAR if small else Pillow.Resampling.BOX  # BOX repeats pixels when it enlarges
    return np.asarray(Pillow.fromarray(np.ascontiguousarray(pixels)).resize((side, side), how), np.float32)


def _luma(rgb: Plane) -> Plane:
    """Rec. 601 luma, 0..255, shape (n, n)."""
    grey: Plane = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey


def _chroma(rgb: Plane, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean a*, b* inside the mask, of every ninth pixel."""
    mean: NDArray[np.float64] = lab(rgb[::3, ::3][inside[::3, ::3]].round().clip(0, 255).astype(np.uint8)).mean(axis=0)[
        1:
    ]
    return mean


def _shrink(plane: Plane, side: int) -> Plane:
    factor = plane.shape[0] // side
    small: Plane = plane.reshape(side, factor, side, factor).mean(axis=(1, 3))
    return small


def _align(a: Plane, b: Plane) -> NDArray[np.float64]:
    """(sx, tx, sy, ty): where a point of `a` (-1..1 each way) lies in `b`. No fit: where it roughly seems to be."""
    left, top, right, bottom = cuts.locate(a, b)
    start = np.array([right - left, left + right - 1, bottom - top, top + bottom - 1])
    p = start
    tone = np.array([1.0, 0.0])
    for side in LEVELS:
        small_a, small_b = _shrink(a, side), _shrink(b, side)
        grad_y, grad_x = (g * (side / 2) for g in np.gradient(small_b))
        grid = (np.arange(side, dtype=np.float32) + 0.5) * (2 / side) - 1
        gx, gy = grid[None, :], grid[:, None]
        for _ in range(STEPS):
            stack, inside = _warp(np.stack([small_b, grad_x, grad_y], axis=2).astype(np.float32), p)
            w, dx, dy = stack[..., 0], stack[..., 1] * tone[0], stack[..., 2] * tone[0]
            r = (small_a - (tone[0] * w + tone[1]))[inside]
            # on a plain background the median is nothing, and every outline would be an outlier
            some = r[:: 1 + r.size // _ENOUGH]
            scale = max(2.0 * float(np.median(np.abs(some))), float(np.sqrt((r**2).mean()))) + 1.0
            weight = 1 / (1 + (r / scale) ** 2)
            j = np.stack([(v * np.ones_like(w))[inside] for v in (dx * gx, dx, dy * gy, dy, w, 1.0)], axis=1)
            weighted = j * weight[:, None]
            normal = weighted.T @ j + np.diag([1e-3] * 6)
            step = np.linalg.solve(normal.astype(np.float64), (weighted.T @ r).astype(np.float64))
            p = p + step[:4]
            tone = tone + step[4:]
            if not np.all(np.abs(p - start) < 0.25):
                return start
            if np.abs(step[:4]).max() * side / 2 < _STILL:
                break
    return p


def _warp(b: Plane, p: NDArray[np.float64]) -> tuple[Plane, NDArray[np.bool_]]:
    """`b` (n, n, c) sampled bilinearly at the window, and where that lies inside `b`."""
    side = b.shape[0]
    grid = (np.arange(side) + 0.5) * (2 / side) - 1

    def taps(scale: float, shift: float) -> tuple[Index, Index, Plane, NDArray[np.bool_]]:
        at = ((scale * grid + shift) + 1) * side / 2 - 0.5
        ok = (at >= -0.5) & (at <= side - 0.5)
        at = at.clip(0, side - 1.001)
        low = at.astype(np.intp)
        return low, low + 1, (at - low).astype(np.float32), ok

    x0, x1, fx, in_x = taps(p[0], p[1])
    y0, y1, fy, in_y = taps(p[2], p[3])
    rows = b[y0] * (1 - fy)[:, None, None] + b[y1] * fy[:, None, None]
    out = rows[:, x0] * (1 - fx)[None, :, None] + rows[:, x1] * fx[None, :, None]
    return out.astype(np.float32, copy=False), in_y[:, None] & in_x[None, :]


def _soften(rgb: Plane) -> Plane:
    """A 3x3 binomial blur: evens out what resampling and JPEG do to single pixels."""
    for axis in (0, 1):
        pad = [(1, 1) if k == axis else (0, 0) for k in range(3)]
        wide = np.pad(rgb, pad, mode="edge")
        n = rgb.shape[axis]
        left, middle, right = (np.take(wide, range(k, k + n), axis) for k in range(3))
        rgb = ((left + 2 * middle + right) / 4).astype(np.float32)
    return rgb


def _change(a: Plane, b: Plane, inside: NDArray[np.bool_], reach: float) -> tuple[float, float]:
    """The largest and the 95th-percentile block difference under the best whole-picture adjustment.

    Tried either way round, because a brightened picture is clipped: it follows from the original, never the reverse.
    """
    best, typical = 1.0, 1.0
    for gamma, saturation in ADJUSTMENTS:
        for target, source in ((a, b), (b, a)):
            bent = source
            if gamma != 1:
                bent = (255 * (source / 255) ** gamma).astype(np.float32)
            if saturation != 1:
                grey = _luma(source)[..., None]
                bent = (grey + saturation * (source - grey)).clip(0, 255).astype(np.float32)
            fitted = np.stack([_tone(target[..., c], bent[..., c], inside) for c in range(3)], axis=2)
            worst = _worst_block(target, fitted, inside, reach)
            if worst[0] < best:
                best, typical = worst
            if best < PLAIN:
                return best, typical
    return best, typical


def _tone(target: Plane, source: Plane, inside: NDArray[np.bool_]) -> Plane:
    """`source` with the robust gain and offset that bring it nearest to `target`, clipped like a picture."""
    t, s = target[inside], source[inside]
    step = 1 + t.size // (2 * _ENOUGH)
    t, s = t[::step], s[::step]
    open_ = (t > 2) & (t < 253)  # clipped pixels say nothing about the gain
    if open_.sum() > 0.2 * t.size:
        t, s = t[open_], s[open_]
    weight = np.ones_like(t)
    gain, offset = 1.0, 0.0
    for _ in range(4):
        total = weight.sum()
        ms, mt = (weight * s).sum() / total, (weight * t).sum() / total
        variance = (weight * (s - ms) ** 2).sum() / total
        covariance = (weight * (s - ms) * (t - mt)).sum() / total
        gain = float(np.clip(covariance / variance, 0.4, 2.5)) if variance > 4 else 1.0
        offset = float(mt - gain * ms)
        r = t - gain * s - offset
        scale = 2.0 * float(np.median(np.abs(r))) + 1.0
        weight = (1 / (1 + (r / scale) ** 2)).astype(np.float32)
    fitted: Plane = np.clip(gain * source + offset, 0, 255).astype(np.float32)
    return fitted


def _worst_block(a: Plane, b: Plane, inside: NDArray[np.bool_], reach: float) -> tuple[float, float]:
    """Largest and 95th-percentile block mean of what no shift by `reach` pixels explains, 0..1."""
    beyond = _beyond(a, b, reach)
    sums, counts = _boxes(np.where(inside, beyond, 0)), _boxes(inside.astype(np.float32))
    full = counts >= 0.75 * BLOCK * BLOCK
    if not full.any():
        return 1.0, 1.0
    means = sums[full] / counts[full] / 255
    return float(means.max()), float(np.percentile(means, 95))


def _within(inside: NDArray[np.bool_], margin: int) -> NDArray[np.bool_]:
    """The same rectangle without `margin` pixels on each side: softening mixes in what lies beside it."""
    result = np.zeros_like(inside)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if len(rows) > 2 * margin and len(columns) > 2 * margin:
        result[rows[margin] : rows[-margin - 1] + 1, columns[margin] : columns[-margin - 1] + 1] = True
    return result


def _beyond(a: Plane, b: Plane, reach: float) -> Plane:
    """The mean over the channels, 0..255, of what no shift of `b` by `reach` pixels explains."""
    low, high = b, b
    for axis in (0, 1):
        before, after = np.roll(low, 1, axis), np.roll(low, -1, axis)
        low = np.minimum(low, np.minimum(before, after))
        before, after = np.roll(high, 1, axis), np.roll(high, -1, axis)
        high = np.maximum(high, np.maximum(before, after))
    low, high = b + reach * (low - b), b + reach * (high - b)
    beyond: Plane = np.maximum(0, np.maximum(a - high, low - a)).mean(axis=2)
    return beyond


def _boxes(plane: Plane) -> NDArray[np.float64]:
    """Sums of BLOCK x BLOCK blocks, every half block."""
    table = np.pad(plane.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    whole = table[BLOCK:, BLOCK:] - table[:-BLOCK, BLOCK:] - table[BLOCK:, :-BLOCK] + table[:-BLOCK, :-BLOCK]
    half: NDArray[np.float64] = whole[:: BLOCK // 2, :: BLOCK // 2]
    return half


def _agreement(a: Plane, b: Plane, inside: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of 16-px blocks with texture whose local correlation exceeds one half; share with texture."""
    side = 2 * BLOCK
    n = a.shape[0] // side

    def blocks(plane: NDArray[_Scalar]) -> NDArray[_Scalar]:
        return plane.reshape(n, side, n, side).swapaxes(1, 2).reshape(n * n, -1)

    whole = blocks(inside).all(axis=1)
    x, y = blocks(a)[whole], blocks(b)[whole]
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    deviation_x, deviation_y = x.std(axis=1), y.std(axis=1)
    textured = (deviation_x > TEXTURE) | (deviation_y > TEXTURE)
    if not textured.any():
        return 0.0, 0.0
    correlation = (x * y).mean(axis=1) / np.maximum(deviation_x * deviation_y, 1e-6)
    return float((correlation[textured] > 0.5).mean()), float(textured.mean())
