"""The same signature or watermark in the same corner of several pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Corners = NDArray[np.uint8]  # (4, HEIGHT, WIDTH): 0 where nothing is drawn, else 1 + the edge's direction in 0..254

NAMES = ("top left", "top right", "bottom left", "bottom right")
LONG = 640  # px of the long side at which corners are compared
HEIGHT, WIDTH = 72, 144
_LEAST = 8.0  # luma a pixel, below which there is no edge
_MARGIN = 6  # pixels along the picture's own edge: a frame or a scanner's shadow there is no mark
_INK = 60  # edge pixels below which a corner is empty
_SAME = 0.08  # of the correlation of directions: what two corners full of brush strokes share with a mark on them
_STANDS_OUT = 6.5  # standard deviations of the correlation over all shifts; unrelated corners seldom pass 5
_COMPARED = 80  # pictures each one is compared with: a mark in several pictures is found among so many
SEVERAL = 3


def corners(picture: Image.Image) -> Corners:
    """Edge directions in the four corners of an upright RGB picture, whatever its size."""
    scale = LONG / max(picture.size)
    size = (max(WIDTH * 2, round(picture.width * scale)), max(HEIGHT * 2, round(picture.height * scale)))
    luma = np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), np.float32)
    gy, gx = np.gradient(luma)
    turn = np.arctan2(gy, gx) % math.pi  # a light mark on dark and a dark one on light are the same
    code = np.where(np.hypot(gx, gy) > _LEAST, 1 + np.rint(turn / math.pi * 254), 0).astype(np.uint8)
    code[:_MARGIN], code[-_MARGIN:], code[:, :_MARGIN], code[:, -_MARGIN:] = 0, 0, 0, 0
    top, left, bottom, right = code[:HEIGHT], slice(0, WIDTH), code[-HEIGHT:], slice(-WIDTH, None)
    return np.stack([top[:, left], top[:, right], bottom[:, left], bottom[:, right]])


def box(corner: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where that corner lies in a picture of `size`, in its own pixels: left, top, right, bottom."""
    width, height = size
    scale = max(size) / LONG
    w, h = min(width, math.ceil(WIDTH * scale)), min(height, math.ceil(HEIGHT * scale))
    left, top = (width - w if corner % 2 else 0), (height - h if corner >= 2 else 0)
    return left, top, left + w, top + h


def _directions(code: Corners) -> NDArray[np.complex64]:
    """Unit numbers of doubled angle with their mean taken out: a frame or a horizon alone is no mark."""
    angle = (code.astype(np.float32) - 1) / 254 * (2 * math.pi)
    drawn = code > 0
    unit = np.where(drawn, np.exp(1j * angle), 0)
    count = max(1, int(drawn.sum()))
    return np.where(drawn, unit - unit.sum() / count, 0).astype(np.complex64)


def find(everyone: Sequence[Corners]) -> list[tuple[int, list[int]]]:
    """(corner, indices of the pictures that share a mark there), most pictures first; groups of SEVERAL or more.

    Correlation of edge directions over shifts of a few pixels, by FFT. Two corners are linked when its peak stands
    out from the correlation's own spread and explains enough of both; pictures that are alike in three corners
    are one scene and no mark; whoever is linked to one other alone falls out (a triangle is no accident).
    """
    linked: dict[tuple[int, int], list[int]] = {}
    for corner in range(4):
        for pair in _linked([codes[corner] for codes in everyone]):
            linked.setdefault(pair, []).append(corner)
    found = []
    for corner in range(4):
        links: dict[int, set[int]] = {}
        for (a, b), where in linked.items():
            if corner in where and len(where) < 3:
                links.setdefault(a, set()).add(b)
                links.setdefault(b, set()).add(a)
        while lonely := [k for k, others in links.items() if len(others) < SEVERAL - 1]:
            for k in lonely:
                for other in links.pop(k):
                    links.get(other, set()).discard(k)
        found += [(corner, group) for group in _connected(links)]
    return sorted(found, key=lambda f: (-len(f[1]), f[0], f[1]))


def _linked(codes: Sequence[Corners]) -> list[tuple[int, int]]:
    here = [n for n, code in enumerate(codes) if int((code > 0).sum()) >= _INK]
    if len(here) < 2:
        return []
    fields = np.stack([_directions(codes[n]) for n in here])
    power = np.sqrt((np.abs(fields) ** 2).sum(axis=(1, 2)))
    spectra = np.fft.fft2(fields)
    pairs = []
    for k in range(len(here) - 1):
        span = slice(k + 1, k + 1 + _COMPARED)
        surface = np.fft.ifft2(spectra[k][None] * np.conj(spectra[span])).real
        near = np.concatenate([surface[:, :7], surface[:, -6:]], axis=1)
        near = np.concatenate([near[:, :, :7], near[:, :, -6:]], axis=2).max(axis=(1, 2))
        clear = near >= _STANDS_OUT * surface.std(axis=(1, 2))
        enough = near >= _SAME * power[k] * power[span]
        pairs += [(here[k], here[k + 1 + int(j)]) for j in np.flatnonzero(clear & enough)]
    return pairs


def _connected(links: dict[int, set[int]]) -> list[list[int]]:
    groups: list[list[int]] = []
    seen: set[int] = set()
    for start in sorted(links):
        todo, group = [start], []
        while todo:
            k = todo.pop()
            if k not in seen:
                seen.add(k)
                group.append(k)
                todo += sorted(links[k])
        if group:
            groups.append(sorted(group))
    return groups
