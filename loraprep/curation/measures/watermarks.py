"""The same signature or watermark in the same corner of several pictures."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from loraprep.core import typed
from loraprep.core.components import connected
from loraprep.imaging.corners import HEIGHT, WIDTH, Corners

NAMES = ("top left", "top right", "bottom left", "bottom right")
_INK = 60  # edge pixels below which a corner is empty
_SAME = 0.08  # of the correlation of directions: what two corners full of brush strokes share with a mark on them
_STANDS_OUT = 6.5  # standard deviations of the correlation over all shifts; unrelated corners seldom pass 5
_NEAR = 6  # pixels that a mark may have moved
_COMPARED = 80  # pictures each one is compared with: a mark in several pictures is found among so many
_MANY, _FEWEST = 500, 20  # from so many pictures on each is compared with fewer, down to so many
_AGREE = 0.6  # share of the pictures in which a pixel of the mark is an edge of the same direction, beyond any other
_AROUND = 24  # pictures that a mark is told from, at most
_WRITTEN = 100  # pixels of a mark, at least
_STROKES = 5  # edges that one row of it meets, at least: letters and signs are strokes side by side
_ONE_WAY = 0.5  # of the mean direction of its edges: those of a horizon or an outline mostly run one way
_BEARS = 0.4  # of the mark's directions that a picture shares, to bear it
_PIXELS = HEIGHT * WIDTH
_AT_ONCE = 64  # corners whose spectra are held at a time
SEVERAL = 3


class Everyone(Protocol):
    """The corners of all pictures, a list or what fetches them one by one."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Corners: ...


class Memory(Protocol):
    """What is known of pictures, by name: bytes of `Compared`."""

    def get(self, key: str) -> bytes | None:
        """Return what is known, None if nothing is."""

    def put(self, key: str, data: bytes) -> None:
        """Keep it."""


class Nothing:
    """Remembers nothing."""

    def get(self, key: str) -> None:
        return None

    def put(self, key: str, data: bytes) -> None:
        pass


class Compared(Struct, array_like=True):
    """Of each corner of a picture: is anything there, with whom it was compared (a digest), who of them shares a mark
    (their places).
    """

    drawn: tuple[bool, bool, bool, bool]
    others: list[bytes] = msgspec.field(default_factory=lambda: [b""] * 4)
    linked: list[bytes] = msgspec.field(default_factory=lambda: [b""] * 4)


_UNIT = np.exp(2j * math.pi / 254 * (np.arange(256) - 1)).astype(np.complex64)  # of the doubled angle, by code
_UNIT[0] = 0


def _directions(code: Corners) -> NDArray[np.complex64]:
    """Turn codes into unit numbers of doubled angle, less their mean: a frame or a horizon alone is no mark."""
    unit = _UNIT[code]
    drawn = code > 0
    mean = unit.sum() / max(1, int(drawn.sum()))
    field: NDArray[np.complex64] = unit - mean * drawn
    return field


def find_marks(
    everyone: Everyone, scenes: Sequence[int] = (), names: Sequence[str] = (), memory: Memory | None = None
) -> list[tuple[int, list[int]]]:
    """Find (corner, indices of the pictures that share a mark there), most pictures first; groups of SEVERAL or more.

    A few of `everyone` are asked for at a time. `scenes`: a number for each picture; those of one number show the same
    scene, and what they share is no mark. `memory`: what earlier runs compared, by `names` that stand for what corners
    show: only who has others for neighbours is compared anew. Raises msgspec.MsgspecError if it holds anything else.

    Correlation of edge directions over shifts of a few pixels, by FFT. Two corners are linked when its peak stands
    out from the correlation's own spread and explains enough of both; pictures that are alike in three corners
    are one scene and no mark; whoever is linked to one other alone falls out (a triangle is no accident).

    Each picture is compared with the 80 that follow it, and from 500 pictures on with fewer, down to 20 from 2,000
    on: a mark borne by one in seven of a large set is still found, one that a few scattered pictures bear may not be.
    """
    linked: dict[tuple[int, int], list[int]] = {}
    for corner, pair in _linked(
        everyone, names or [str(n) for n in range(len(everyone))], Nothing() if memory is None else memory
    ):
        linked.setdefault(pair, []).append(corner)
    found: list[tuple[int, list[int]]] = []
    for corner in range(4):
        links: dict[int, set[int]] = {}
        for (a, b), where in linked.items():
            if corner in where and len(where) < 3 and not (scenes and scenes[a] == scenes[b]):
                links.setdefault(a, set()).add(b)
                links.setdefault(b, set()).add(a)
        while lonely := [k for k, others in links.items() if len(others) < SEVERAL - 1]:
            for k in lonely:
                for other in links.pop(k):
                    links.get(other, set()).discard(k)
        for group in connected(links, ((a, b) for a in links for b in links[a])):
            found += [(corner, bear) for bear in _marked(everyone, corner, group, links, scenes)]
    return sorted(found, key=lambda f: (-len(f[1]), f[0], f[1]))


def _marked(
    everyone: Everyone, corner: int, group: Sequence[int], links: Mapping[int, set[int]], scenes: Sequence[int]
) -> Iterator[list[int]]:
    """Find who of a group of linked pictures bears a mark: those around the most linked one first.

    A chain of accidental links may join many that bear nothing, so the mark is looked for among one picture's own
    links, and then in all of the group.
    """
    left = set(group)
    while len(left) >= SEVERAL:
        best = max(left, key=lambda k: (len(links[k] & left), -k))
        around = [best, *sorted(links[best] & left)[:_AROUND]]
        bear = _bearers(everyone, corner, around, sorted(left))
        if len({scenes[k] if scenes else k for k in bear}) >= SEVERAL:
            yield bear
        left -= {best, *bear}


def _bearers(everyone: Everyone, corner: int, around: Sequence[int], among: Sequence[int]) -> list[int]:
    """Who bears the mark in a corner that those `around` the first have in common; [] if it is none.

    The mark is what the edges of the set have in common once they lie over each other, as the median of the gradients
    over a set gives a watermark (Dekel, Rubinstein, Liu and Freeman 2017, On the Effectiveness of Visible Watermarks);
    of directions, which a few pictures without it move less than they move a mean. The outline of a figure that
    reaches the corner, a horizon or a flag's stripe is common to a set too, but it is no strokes side by side.
    """
    if len(around) < SEVERAL:
        return []
    first = everyone[around[0]][corner]
    common = np.sum([_laid_over(everyone[k][corner], first) for k in around], axis=0)
    strength = np.abs(common)
    mark = strength >= max(SEVERAL - 0.5, _AGREE * len(around))
    ink = int(np.count_nonzero(mark))
    if ink < _WRITTEN or abs(common[mark].sum()) > _ONE_WAY * strength[mark].sum():
        return []
    if int(np.count_nonzero(np.diff(mark.astype(np.int8), axis=1) > 0, axis=1).max()) < _STROKES:
        return []
    way = common[mark].conj() / strength[mark]
    return [k for k in among if float((_laid_over(everyone[k][corner], first)[mark] * way).real.mean()) >= _BEARS]


def _laid_over(code: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.complex64]:
    """The directions of a corner, shifted by up to _NEAR px to where they agree with another's best."""
    spectrum = np.fft.fft2(_directions(other)).conj() * np.fft.fft2(_directions(code))
    near = np.roll(np.fft.ifft2(spectrum).real, (_NEAR, _NEAR), (0, 1))[: 2 * _NEAR + 1, : 2 * _NEAR + 1]
    down, across = np.unravel_index(int(near.argmax()), near.shape)
    shifted: NDArray[np.complex64] = np.roll(_UNIT[code], (_NEAR - int(down), _NEAR - int(across)), (0, 1))
    return shifted


def _linked(everyone: Everyone, names: Sequence[str], memory: Memory) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield (corner, two pictures whose correlation there peaks near no shift), each compared with the next _COMPARED.

    A field's two parts are transformed as real ones (A, B). Of two pictures' spectra, Q = conj(A) A' + conj(B) B' is
    their correlation's: the few shifts that matter are two small matrix products of it, and its spread over all
    shifts needs no transform back (Parseval: the mean square is the sum of |Q|^2).
    """
    drawn = np.array([_known(everyone, names, memory, n).drawn for n in range(len(everyone))], bool).reshape(-1, 4)
    here = [np.flatnonzero(drawn[:, corner]) for corner in range(4)]
    for start in range(0, len(everyone), _AT_ONCE):
        block = range(start, min(len(everyone), start + _AT_ONCE))
        known = {n: _known(everyone, names, memory, n) for n in block}
        anew = set[int]()
        for corner, places in enumerate(here):
            reach = _reach(len(places))
            first, last = np.searchsorted(places, (block.start, block.stop)).tolist()
            others = {k: places[k : k + 1 + reach].tolist() for k in range(first, last)}
            digests = {k: _digest(names[n] for n in some) for k, some in others.items()}
            todo = [k for k in others if known[places[k]].others[corner] != digests[k]]
            if todo:
                spectra, power = _spectra([everyone[n][corner] for n in places[todo[0] : todo[-1] + 1 + reach]])
            for k in todo:
                own = k - todo[0]
                clear = _clear(spectra, power, own, slice(own + 1, own + 1 + reach))
                known[places[k]].others[corner] = digests[k]
                known[places[k]].linked[corner] = np.flatnonzero(clear).astype(np.uint8).tobytes()
                anew.add(int(places[k]))
            for some in others.values():
                linked = known[some[0]].linked[corner]
                yield from ((corner, (some[0], some[1 + at])) for at in linked if 1 + at < len(some))
        for n in sorted(anew):
            memory.put(names[n], msgspec.msgpack.encode(known[n]))


def _known(everyone: Everyone, names: Sequence[str], memory: Memory, number: int) -> Compared:
    """What is known of a picture: at least in which corners it is drawn at all."""
    if (data := memory.get(names[number])) is not None:
        found = typed.unpacked(data, Compared)
        if len(found.others) == len(found.linked) == 4:
            return found
    top_left, top_right, low_left, low_right = (np.count_nonzero(everyone[number], axis=(1, 2)) >= _INK).tolist()
    found = Compared((top_left, top_right, low_left, low_right))
    memory.put(names[number], msgspec.msgpack.encode(found))
    return found


def _digest(names: Iterable[str]) -> bytes:
    return hashlib.sha256("\0".join(names).encode()).digest()[:16]


def _reach(number: int) -> int:
    """How many pictures each one is compared with: fewer in a large set, so that the work grows with its size."""
    return max(_FEWEST, min(_COMPARED, _COMPARED * _MANY // max(1, number)))


def _spectra(codes: Sequence[Corners]) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Of n corners: n x 2 x HEIGHT x (WIDTH / 2 + 1), and the root of each one's power."""
    fields = np.stack([_directions(code) for code in codes])
    power: NDArray[np.float32] = np.sqrt((np.abs(fields) ** 2).sum(axis=(1, 2)))
    return np.fft.rfft2(np.stack([fields.real, fields.imag], axis=1)).astype(np.complex64), power


def _clear(spectra: NDArray[np.complex64], power: NDArray[np.float32], one: int, others: slice) -> NDArray[np.bool_]:
    """Which of the others share a mark with that one."""
    a, b = spectra[one].conj()
    product = a * spectra[others, 0]
    product += b * spectra[others, 1]
    parts = product.view(np.float32)  # real and imaginary parts alternate: small real matrices are quickest
    near = sum(down @ parts @ across for down, across in _BACK).max(axis=(1, 2)) / _PIXELS
    energy = 2 * _energy(parts) - _energy(parts[:, :, :2]) - _energy(parts[:, :, -2:])  # the half kept counts twice
    spread = np.sqrt(np.maximum(0, energy - parts[:, 0, 0] ** 2)) / _PIXELS
    clear: NDArray[np.bool_] = (near >= _STANDS_OUT * spread) & (near >= _SAME * power[one] * power[others])
    return clear


def _energy(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    energy: NDArray[np.float32] = np.einsum("nij,nij->n", parts, parts)
    return energy


def _back() -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Make the transform back at shifts of up to _NEAR px: pairs (from the left, from the right) whose sum it is."""
    shifts = np.arange(-_NEAR, _NEAR + 1)
    down = np.outer(shifts, np.arange(HEIGHT)) * (2 * math.pi / HEIGHT)
    across = np.outer(np.arange(WIDTH // 2 + 1), shifts) * (2 * math.pi / WIDTH)
    twice = np.full((len(across), 1), 2.0)  # a real field's spectrum: what is not kept mirrors what is
    twice[[0, -1]] = 1
    even, odd = twice * np.cos(across), twice * -np.sin(across)

    def alternate(real: NDArray[np.float64], imaginary: NDArray[np.float64]) -> NDArray[np.float32]:
        return np.stack([real, imaginary], axis=1).reshape(-1, len(shifts)).astype(np.float32)

    return [
        (np.cos(down).astype(np.float32), alternate(even, odd)),
        (np.sin(down).astype(np.float32), alternate(odd, -even)),
    ]


_BACK = _back()
