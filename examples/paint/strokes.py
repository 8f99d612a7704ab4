"""The hand: long bristle strokes, large ones first, smaller ones where the picture still asks for them.

The order of sizes and the rule for ending a stroke follow Hertzmann, "Painterly Rendering with Curved Brush
Strokes of Multiple Sizes" (1998). Each stroke is drawn hair by hair on a canvas of twice the size; beside its
colour a hair leaves a height, and light from the upper left rakes over the heights at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from paint.sketch import Sketch

Array = NDArray[np.float64]

# radius in pixels at a short side of 1024, longest path in steps of one radius, difference (0..255) that is left alone
LAYERS = ((38.0, 9, 0.0), (20.0, 9, 14.0), (11.0, 9, 20.0), (6.0, 8, 30.0))
FINE = ((6.0, 7, 14.0), (3.6, 6, 20.0))
_STROKE_JITTER, _HAIR_JITTER = 8.5, 5.0  # 0..255
_RELIEF = 0.0036


def paint(sketch: Sketch, seed: int) -> Image.Image:
    """The sketch as a painting of its final size, RGB."""
    random = np.random.default_rng(seed)
    want = sketch.image.filter(ImageFilter.GaussianBlur(0.6))
    flow = _flow(sketch)
    ground = np.asarray(want.filter(ImageFilter.GaussianBlur(24)), dtype=np.float64) * 0.8 + np.array([30, 20, 12])
    canvas = Image.fromarray(ground.clip(0, 255).astype(np.uint8)).resize((sketch.size[0] * 2, sketch.size[1] * 2))
    canvas.putalpha(60)
    pen = ImageDraw.Draw(canvas)
    unit = min(sketch.size) / 1024
    for radius, steps, spare in LAYERS:
        _layer(canvas, pen, want, flow, radius * unit, steps, spare, None, random)
    for radius, steps, spare in FINE:
        if sketch.fine:
            _layer(canvas, pen, want, flow, radius * unit, steps, spare, _mask(sketch), random)
    return _lit(canvas.reduce(2), random)


def _mask(sketch: Sketch) -> NDArray[np.bool_]:
    mask = np.zeros(sketch.image.size[::-1], dtype=bool)
    for x0, y0, x1, y1 in sketch.fine:
        a, b, c, d = (max(0, round(v * sketch.scale)) for v in (x0, y0, x1, y1))
        mask[b:d, a:c] = True
    return mask


def _blur(values: Array, radius: float) -> Array:
    """Gaussian along both axes, by convolution with a short kernel."""
    reach = max(1, round(radius * 2.5))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / radius) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(values, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        length = values.shape[axis]
        parts = (np.take(padded, range(k, k + length), axis) * w for k, w in enumerate(kernel))
        values = sum(parts, np.zeros_like(values))
    return values


def _flow(sketch: Sketch) -> tuple[Array, Array]:
    """Unit vectors (x, y) of the brush: the sketch's own directions, and along the edges where they are strong."""
    grey = np.asarray(sketch.image.filter(ImageFilter.GaussianBlur(2)).convert("L"), dtype=np.float64)
    gy, gx = np.gradient(grey)
    # the tensor's doubled angle, turned by 90 degrees: along the edge, not across it
    cos2, sin2 = _blur(gy * gy - gx * gx, 4), _blur(-2 * gx * gy, 4)
    strength = np.hypot(cos2, sin2)
    edge = np.minimum(strength / 40, 1.6) / np.maximum(strength, 1e-6)
    code = np.asarray(sketch.brush, dtype=np.float64)
    told = _blur((code > 0).astype(np.float64), 3)
    angle = np.radians(2 * (code - 1))
    own_cos, own_sin = (_blur(np.where(code > 0, f(angle), 0.0), 3) for f in (np.cos, np.sin))
    cos2 = _blur(cos2 * edge + own_cos * 1.1 + (1 - told) * 0.05, 2)
    sin2 = _blur(sin2 * edge + own_sin * 1.1 + (1 - told) * 0.10, 2)
    half = np.arctan2(sin2, cos2) / 2
    return np.cos(half), np.sin(half)


def _layer(
    canvas: Image.Image,
    pen: ImageDraw.ImageDraw,
    want: Image.Image,
    flow: tuple[Array, Array],
    radius: float,
    steps: int,
    spare: float,
    mask: NDArray[np.bool_] | None,
    random: np.random.Generator,
) -> None:
    target = np.asarray(want.filter(ImageFilter.GaussianBlur(radius * 0.22)), dtype=np.float64)
    now = np.asarray(canvas.convert("RGB").reduce(4), dtype=np.float64)
    error = np.abs(target - now).mean(axis=2)
    starts = _starts(error, radius / 2, spare, mask, random)
    if not len(starts):
        return
    starts = starts[random.permutation(len(starts))]
    path, length, colour = _paths(starts, target, now, flow, radius / 2, steps)
    _draw(pen, path * 4, length, colour, radius * 2, random)


def _starts(
    error: Array, radius: float, spare: float, mask: NDArray[np.bool_] | None, random: np.random.Generator
) -> Array:
    """One place (x, y) per grid cell whose mean error is more than `spare`."""
    height, width = error.shape
    grid = max(1.5, radius * 0.95)
    ys, xs = np.meshgrid(np.arange(0, height, grid), np.arange(0, width, grid), indexing="ij")
    places = np.stack([xs.ravel(), ys.ravel()], -1) + random.uniform(0, grid, (xs.size, 2))
    places = places[(places[:, 0] < width - 1) & (places[:, 1] < height - 1)]
    x, y = places.astype(int).T
    keep = _blur(error, max(1.0, radius * 0.6))[y, x] > spare if spare else np.ones(len(x), dtype=bool)
    if mask is not None:
        keep &= mask[y, x]
    return places[keep]


def _paths(
    starts: Array, target: Array, now: Array, flow: tuple[Array, Array], radius: float, steps: int
) -> tuple[Array, NDArray[np.int64], Array]:
    """Paths (n, steps, 2) that follow the flow, how many points of each to use, and each one's colour."""
    height, width = target.shape[:2]
    x, y = starts.astype(int).T
    colour = target[y, x]
    points = [starts]
    vx, vy = flow[0][y, x], flow[1][y, x]
    length = np.full(len(starts), steps)
    alive = np.ones(len(starts), dtype=bool)
    for step in range(1, steps):
        nxt = points[-1] + np.stack([vx, vy], -1) * radius
        x, y = nxt[:, 0].clip(0, width - 1).astype(int), nxt[:, 1].clip(0, height - 1).astype(int)
        own = np.abs(target[y, x] - colour).mean(axis=1)
        ends = (own > np.abs(target[y, x] - now[y, x]).mean(axis=1) + 6) & (own > 12) if step > 2 else own > 45
        length = np.where(alive & ends, step, length)
        alive &= ~ends
        points.append(nxt)
        nx, ny = flow[0][y, x], flow[1][y, x]
        back = np.where(nx * vx + ny * vy < 0, -1.0, 1.0)  # a brush does not turn round
        vx, vy = 0.5 * vx + 0.5 * nx * back, 0.5 * vy + 0.5 * ny * back
        norm = np.maximum(np.hypot(vx, vy), 1e-6)
        vx, vy = vx / norm, vy / norm
    return np.stack(points, 1), np.maximum(length, 2), colour


def _draw(
    pen: ImageDraw.ImageDraw,
    path: Array,
    length: NDArray[np.int64],
    colour: Array,
    radius: float,
    random: np.random.Generator,
) -> None:
    """All strokes of a layer, in pixels of the doubled canvas. Each hair starts and ends a little elsewhere."""
    count = len(path)
    hairs = int(np.clip(round(radius / 3.2), 4, 16))
    wide = max(3, round(2 * radius / hairs * 1.35))
    side = np.gradient(path, axis=1)
    side /= np.maximum(np.hypot(side[..., 0], side[..., 1]), 1e-6)[..., None]
    normal = np.stack([-side[..., 1], side[..., 0]], -1)
    across = np.linspace(-0.92, 0.92, hairs)
    wobble = random.normal(0, 0.05, (count, hairs))
    offsets = (across + wobble) * radius * random.uniform(0.65, 1.1, (count, 1))
    tone = random.normal(0, _STROKE_JITTER, (count, 1)) + random.normal(0, _STROKE_JITTER * 0.45, (count, 3))
    hair_tone = random.normal(0, _HAIR_JITTER, (count, hairs, 1))
    # neighbours share paint: smooth over three hairs, then let one or two hairs run dry
    hair_tone = (hair_tone + np.roll(hair_tone, 1, 1) + np.roll(hair_tone, -1, 1)) / 1.9
    colours = (colour + tone)[:, None, :] + hair_tone
    ridge = 26 * np.abs(across) ** 3
    heights = random.uniform(70, 165, (count, 1)) + random.normal(0, 20, (count, hairs)) + ridge
    # Pillow weighs colours by the fourth channel when it reduces; a height of 0 would come out black
    inks = np.concatenate([colours, heights[..., None].clip(40)], -1).clip(0, 255).astype(int)
    starts = random.uniform(-0.55, 0.35, (count, hairs)) + 0.35 * across**2
    ends = random.uniform(-0.55, 0.45, (count, hairs)) - 0.35 * across**2
    for i in range(count):
        n = int(length[i])
        line, out = path[i, :n], normal[i, :n]
        hair = line[None] + out[None] * offsets[i][:, None, None]
        head, tail = line[1] - line[0], line[-1] - line[-2]
        hair[:, 0] += head * starts[i][:, None]
        hair[:, -1] += tail * ends[i][:, None]
        flat = np.rint(hair).reshape(hairs, -1).tolist()
        for xy, ink in zip(flat, inks[i].tolist(), strict=True):
            pen.line(xy, fill=tuple(ink), width=wide)


def _lit(canvas: Image.Image, random: np.random.Generator) -> Image.Image:
    """Raking light over the heights, and the canvas weave where the paint is thin."""
    colour = np.asarray(canvas.convert("RGB"), dtype=np.float64)
    height = np.asarray(canvas.getchannel("A").filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float64)
    gy, gx = np.gradient(height)
    light = np.clip((gx + gy) * _RELIEF, -0.16, 0.2)
    rows, columns = np.mgrid[0 : height.shape[0], 0 : height.shape[1]]
    weave = np.sin(columns * 1.26) * np.sin(rows * 1.26 + (columns // 5 % 2) * 3.14)
    light += weave * 0.012 * np.clip((150 - height) / 90, 0, 1)
    return Image.fromarray(
        np.rint(colour * (1 + light[..., None]) + light[..., None] * 18).clip(0, 255).astype(np.uint8)
    )
