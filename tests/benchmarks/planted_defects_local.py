"""What is planted for the findings that speak of one place in a picture, or of all of it: frames, flatness, holes.

Data for tests/benchmarks/findings.py: per code the names of the plants and the plants; those of `SETS` are planted in
several pictures of one set, since the finding is about them together.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont, ImageOps

Picture = Pillow.Image
Plant = Callable[[Picture], Picture]


def framed(colour: str, *sides: str, share: float = 0.04) -> Plant:
    """A plain band of `share` of the longer side along the named sides, or all; the picture grows by it."""

    def plant(p: Picture) -> Picture:
        wide = round(share * max(p.size))
        left, top, right, bottom = (wide if not sides or s in sides else 0 for s in ("left", "top", "right", "bottom"))
        return ImageOps.expand(p.convert("RGB"), (left, top, right, bottom), colour)

    return plant


def saved(plant: Plant, quality: int) -> Plant:
    """The same, as a JPEG brings it back: a frame is then of nearly one colour."""

    def again(p: Picture) -> Picture:
        stream = io.BytesIO()
        plant(p).save(stream, "JPEG", quality=quality)
        return Pillow.open(stream).convert("RGB")

    return again


def one_colour(p: Picture) -> Picture:
    """Nothing but the picture's mean colour."""
    return p.convert("RGB").resize((1, 1), Pillow.Resampling.BOX).resize(p.size)


def vanishing(steps: int) -> Plant:
    """A gradient of so many steps of 255 from top to bottom, around the picture's mean colour."""

    def plant(p: Picture) -> Picture:
        middle = np.asarray(p.convert("RGB").resize((1, 1), Pillow.Resampling.BOX), np.float64)[0, 0]
        rise = np.linspace(-steps / 2, steps / 2, p.height)[:, None, None]
        rows = (middle.clip(steps, 255 - steps) + rise).round().astype(np.uint8)
        return Pillow.fromarray(np.ascontiguousarray(np.broadcast_to(rows, (p.height, p.width, 3))))

    return plant


def washed_out(p: Picture) -> Picture:
    """Under so thick a fog that hardly anything is seen."""
    return Pillow.blend(p.convert("RGB"), one_colour(p), 0.985)


def hole(share: float) -> Plant:
    """A round hole with soft edge of `share` of the width, fully transparent."""

    def plant(p: Picture) -> Picture:
        alpha = Pillow.new("L", p.size, 255)
        radius = share * p.width / 2
        x, y = p.width * 0.3, p.height * 0.4
        ImageDraw.Draw(alpha).ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
        result = p.convert("RGBA")
        result.putalpha(alpha)
        return result

    return plant


def corners_off(p: Picture) -> Picture:
    """Rounded corners, as windows and icons have them."""
    alpha = Pillow.new("L", p.size, 0)
    ImageDraw.Draw(alpha).rounded_rectangle((0, 0, p.width - 1, p.height - 1), p.width // 25, fill=255)
    result = p.convert("RGBA")
    result.putalpha(alpha)
    return result


def half_there(p: Picture) -> Picture:
    """All of it half transparent."""
    result = p.convert("RGBA")
    result.putalpha(140)
    return result


def signed(text: str, corner: str, colour: str, opacity: float = 1.0, height: float = 0.028) -> Plant:
    """The same words in the same corner; `height` of the letters as a share of the longer side."""

    def plant(p: Picture) -> Picture:
        font = ImageFont.load_default(max(8, round(height * max(p.size))))
        over = Pillow.new("RGBA", p.size, (0, 0, 0, 0))
        pen = ImageDraw.Draw(over)
        left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
        gap = round(0.02 * max(p.size))
        x = gap - left if "left" in corner else p.width - gap - right
        y = gap - top if "top" in corner else p.height - gap - bottom
        pen.text((x, y), text, font=font, fill=colour)
        over.putalpha(over.getchannel("A").point(lambda a: round(a * opacity)))
        result = p.convert("RGBA")
        result.alpha_composite(over)
        return result.convert("RGB")

    return plant


PLANTS: dict[str, list[tuple[str, Plant]]] = {
    "plain-frame": [
        ("black frame 4 %", framed("black")),
        ("white frame 4 %", framed("white")),
        ("coloured frame 4 %", framed("#7a4a2b")),
        ("black frame, JPEG 60", saved(framed("black"), 60)),
        ("letterbox 12 %", framed("black", "top", "bottom", share=0.12)),
        ("pillarbox 12 %", framed("black", "left", "right", share=0.12)),
        ("two sides that meet", framed("white", "left", "bottom", share=0.05)),
    ],
    "nearly-flat": [
        ("one colour", one_colour),
        ("gradient of 6 steps", vanishing(6)),
        ("gradient of 20 steps", vanishing(20)),
        ("under fog", washed_out),
    ],
    "transparent": [("a hole of 5 %", hole(0.05)), ("rounded corners", corners_off), ("half there", half_there)],
}
SETS: dict[str, list[tuple[str, Plant]]] = {
    "same-mark": [
        ("white signature", signed("M. Ferrand", "bottom right", "white")),
        ("black signature", signed("Oslo, May 2019", "bottom left", "black")),
        ("see-through mark", signed("(c) example.net", "top right", "white", opacity=0.6)),
        ("small monogram", signed("A.K.", "bottom right", "#c02020", height=0.022)),
    ],
}
