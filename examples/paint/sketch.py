"""What a painter decides before the first stroke: which colour goes where, and which way the brush moves.

A `Sketch` holds both as images of half the final size. Coordinates are units: the short side is 100 long, the
origin is at the top left. Angles are degrees, 0 along x, 90 downwards; a brush has no front, so 180 equals 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw

Point = tuple[float, float]
Colour = str | tuple[str, str]  # one colour, or a gradient from the first to the second


def rgb(colour: str) -> tuple[int, int, int]:
    return ImageColor.getrgb(colour)[:3]  # type: ignore[return-value]


def mix(a: str, b: str, share: float) -> str:
    """`share` of b in a, 0..1."""
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in zip(rgb(a), rgb(b), strict=True))


def curve(points: Sequence[Point], *, closed: bool, steps: int = 8) -> list[Point]:
    """A Catmull-Rom spline through `points`."""
    n = len(points)
    result: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            p = [points[(i + k - 1) % n] for k in range(4)]
        else:
            p = [points[min(max(i + k - 1, 0), n - 1)] for k in range(4)]
        for step in range(steps):
            t = step / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            result.append(tuple(sum(w * q[axis] for w, q in zip(weights, p, strict=True)) / 2 for axis in (0, 1)))  # type: ignore[arg-type]
    return result if closed else [*result, points[-1]]


class Sketch:
    """A colour field and a brush direction for each place of it. Shapes drawn later cover earlier ones."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        self.size = (width, height)
        self.random = np.random.default_rng(seed)
        self.scale = min(width, height) / 200
        self.w, self.h = width / 2 / self.scale, height / 2 / self.scale
        self.image = Image.new("RGB", (width // 2, height // 2))
        self.brush = Image.new("L", self.image.size)  # 0: follow the edges; else 1 + angle
        self.fine: list[tuple[float, float, float, float]] = []
        self._pen, self._way = ImageDraw.Draw(self.image), ImageDraw.Draw(self.brush)

    def _px(self, points: Iterable[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def wash(
        self, stops: Sequence[tuple[float, str]], angle: float | None = 0, top: float = 0, bottom: float = 999
    ) -> None:
        """Colours from top to bottom: (height in units, colour) in order."""
        first, last = round(top * self.scale), min(round(bottom * self.scale), self.image.height)
        rows = np.arange(first, last) / self.scale
        heights = [at for at, _ in stops]
        columns = [np.interp(rows, heights, [rgb(c)[i] for _, c in stops]) for i in range(3)]
        column = np.stack(columns, -1).astype(np.uint8)[:, None]
        self.image.paste(Image.fromarray(np.repeat(column, self.image.width, axis=1)), (0, first))
        self.brush.paste(self._code(angle), (0, first, self.image.width, last))

    @staticmethod
    def _code(angle: float | None) -> int:
        return 0 if angle is None else 1 + round(angle) % 180

    def poly(self, points: Sequence[Point], colour: Colour, angle: float | None = None, fall: float = 90) -> None:
        """A polygon. `fall`: the direction in which a pair of colours runs from the first to the second."""
        pixels = self._px(points)
        self._way.polygon(pixels, fill=self._code(angle))
        if isinstance(colour, str):
            self._pen.polygon(pixels, fill=rgb(colour))
            return
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon(pixels, fill=255)
        box = mask.getbbox()
        if box is None:
            return
        y, x = np.mgrid[box[1] : box[3], box[0] : box[2]]
        along = x * math.cos(math.radians(fall)) + y * math.sin(math.radians(fall))
        share = ((along - along.min()) / max(float(np.ptp(along)), 1e-6))[..., None]
        a, b = (np.array(rgb(c), float) for c in colour)
        self.image.paste(Image.fromarray((a + (b - a) * share).astype(np.uint8)), box[:2], mask.crop(box))

    def blob(self, points: Sequence[Point], colour: Colour, angle: float | None = None, fall: float = 90) -> None:
        """A closed shape with a soft outline through `points`."""
        self.poly(curve(points, closed=True), colour, angle, fall)

    def box(
        self, x: float, y: float, w: float, h: float, colour: Colour, angle: float | None = None, fall: float = 90
    ) -> None:
        self.poly([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], colour, angle, fall)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        angle: float | None = None,
        turn: float = 0,
        fall: float = 90,
    ) -> None:
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        ring = [(math.cos(t) * rx, math.sin(t) * ry) for t in np.linspace(0, 2 * math.pi, 28, endpoint=False).tolist()]
        self.poly([(x + a * c - b * s, y + a * s + b * c) for a, b in ring], colour, angle, fall)

    def ball(
        self, x: float, y: float, rx: float, ry: float, colours: Sequence[str], light: Point = (-0.4, -0.45)
    ) -> None:
        """A round thing: nested ovals from the shadow (first colour) to the light (last)."""
        for i, colour in enumerate(colours):
            share = i / len(colours)
            self.oval(x + light[0] * rx * share, y + light[1] * ry * share, rx * (1 - share), ry * (1 - share), colour)

    def line(self, points: Sequence[Point], width: float, colour: str, *, soft: bool = True, taper: float = 1) -> None:
        """A stroke along `points`, its width falling to `taper` of itself; the brush follows it."""
        path = curve(points, closed=False) if soft and len(points) > 2 else list(points)
        pixels = self._px(path)
        for i, (a, b) in enumerate(zip(pixels, pixels[1:], strict=False)):
            wide = max(1, round(width * self.scale * (1 + (taper - 1) * i / max(1, len(pixels) - 1))))
            way = self._code(math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])))
            self._pen.line([a, b], fill=rgb(colour), width=wide)
            self._way.line([a, b], fill=way, width=wide)
            if wide > 3:
                r = wide / 2 - 0.5
                self._pen.ellipse((b[0] - r, b[1] - r, b[0] + r, b[1] + r), fill=rgb(colour))
                self._way.ellipse((b[0] - r, b[1] - r, b[0] + r, b[1] + r), fill=way)

    def dabs(
        self,
        box: tuple[float, float, float, float],
        count: int,
        size: Point,
        colours: Sequence[str],
        angle: float | None = 0,
        spread: float = 12,
        grow: float = 0,
    ) -> None:
        """`count` oval dabs in the box (x0, y0, x1, y1); `grow`: so much larger at the bottom than at the top."""
        for _ in range(count):
            u, v, a, c = self.random.random(4)
            turn = (angle or 0) + (a - 0.5) * 2 * spread
            big = 1 + grow * v
            x, y = box[0] + u * (box[2] - box[0]), box[1] + v * (box[3] - box[1])
            colour = colours[int(c * len(colours))]
            self.oval(x, y, size[0] * big, size[1] * big, colour, None if angle is None else turn, turn)

    def leaves(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colours: Sequence[str],
        count: int = 120,
        size: float = 2.2,
        sun: float = -1,
    ) -> None:
        """A crown: dabs within an oval, dark ones first, the light ones (last colours) towards the sun's side."""
        for i in range(count):
            t, r, a, z = self.random.random(4)
            share = i / count
            radius = math.sqrt(r) * (1 - 0.35 * share)
            px = x + math.cos(t * 2 * math.pi) * rx * radius + sun * rx * 0.25 * share
            py = y + math.sin(t * 2 * math.pi) * ry * radius - ry * 0.3 * share
            index = min(len(colours) - 1, int(share * len(colours) + z * 0.9))
            self.oval(px, py, size * (1.3 - 0.5 * share), size * 0.7, colours[index], a * 180, a * 180)

    def tree(
        self, x: float, y: float, height: float, width: float, trunk: str, colours: Sequence[str], sun: float = -1
    ) -> None:
        """Trunk, three limbs and a crown; (x, y) is the foot."""
        top = y - height
        self.line(
            [(x, y), (x + width * 0.03, y - height * 0.35), (x, y - height * 0.7)], width * 0.11, trunk, taper=0.5
        )
        for side in (-1.0, 1.0, 0.3):
            ends = [
                (x, y - height * 0.35),
                (x + side * width * 0.15, y - height * 0.52),
                (x + side * width * 0.32, y - height * 0.72),
            ]
            self.line(ends, width * 0.06, trunk, taper=0.4)
        for dx, dy, share in ((-0.28, 0.38, 0.5), (0.28, 0.36, 0.5), (0, 0.24, 0.62)):
            self.leaves(
                x + dx * width,
                top + dy * height,
                width * share * 0.6,
                height * share * 0.42,
                colours,
                90,
                width * 0.06,
                sun,
            )

    def glow(self, x: float, y: float, radius: float, colour: str, strength: float = 1) -> None:
        """Light added around a place."""
        field = np.asarray(self.image, dtype=np.float64)
        rows, columns = np.mgrid[0 : field.shape[0], 0 : field.shape[1]] / self.scale
        near = strength * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (radius * 0.6) ** 2)
        lit = 255 - (255 - field) * (1 - near[..., None] * np.array(rgb(colour)) / 255)
        self.image.paste(Image.fromarray(lit.clip(0, 255).astype(np.uint8)))

    def shade(self, x: float, y: float, radius: float, strength: float) -> None:
        """Everything farther than `radius` from a place gets darker, at most by `strength`."""
        field = np.asarray(self.image, dtype=np.float64)
        rows, columns = np.mgrid[0 : field.shape[0], 0 : field.shape[1]] / self.scale
        far = 1 - np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (radius * 1.2) ** 2)
        self.image.paste(Image.fromarray((field * (1 - strength * far[..., None])).astype(np.uint8)))

    def mirror(self, level: float, depth: float, tint: str, share: float = 0.35) -> None:
        """Water below `level`: what stands above it upside down, broken up, tinted."""
        y0, tall = round(level * self.scale), round(depth * self.scale)
        tall = min(tall, self.image.height - y0, y0)
        above = np.asarray(self.image.crop((0, y0 - tall, self.image.width, y0)), dtype=np.float64)[::-1]
        rows = np.arange(tall)
        shift = np.rint(np.sin(rows * 0.55 + np.sin(rows * 0.13) * 4) * (1.0 + rows / 60)).astype(int)
        moved = np.stack([np.roll(row, int(s), axis=0) for row, s in zip(above, shift, strict=True)])
        mixed = moved * (1 - share) + np.array(rgb(tint)) * share
        self.image.paste(Image.fromarray(mixed.astype(np.uint8)), (0, y0))
        self.brush.paste(self._code(0), (0, y0, self.image.width, y0 + tall))

    def focus(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Where a small brush is worth the time: a face, a boat, an eye."""
        self.fine.append((x0, y0, x1, y1))
