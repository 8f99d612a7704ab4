"""Boxes and masks: what is left of a picture without a mark in it, drawn into the person's own files.

A crop is written to decisions/crops.yaml and a loss mask to masks/, where a person may change it like one of their
own, and from where every export takes it. What a person drew there is never touched.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.imaging import formats
from loraprep.project import crops

if TYPE_CHECKING:
    from loraprep.carried.reading import Box
    from loraprep.core.files import Json
    from loraprep.core.records import Image
    from loraprep.imaging.pictures import Pictures

WHOLE: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
ENOUGH = 0.6  # share of the picture that a crop keeps at least; below it a mask serves better
_MARGIN = 0.006  # share of the side around a mark that goes with it: letters have soft edges and shadows
_SIDES = 10  # marks of one picture that are cut off one by one; more lie all over it, and no cut helps
_MASK = 1024  # px of a mask's longer side; it is resized to its picture anyway
_BLACK = 64  # of 255: what is darker is hardly learned
_COVERED = 0.9  # share of a mark that must be black


class Plan(msgspec.Struct, frozen=True):
    """What is drawn for one picture, in shares of the whole. `crop`: what stays; `hide`: what is black in its mask;
    `pieces`: what train as pictures of their own, in its place.
    """

    crop: tuple[float, ...] = ()
    hide: tuple[tuple[float, ...], ...] = ()
    pieces: tuple[tuple[float, ...], ...] = ()

    def fields(self) -> dict[str, Json]:
        """Return what decisions/crops.yaml says of such a picture, by field; None where it says nothing."""
        extra: Json = [{"name": f"part-{n}", "box": list(box)} for n, box in enumerate(self.pieces, 1)]
        cut: dict[str, Json] = {"whole": False, "extra": extra} if self.pieces else {"whole": None, "extra": None}
        return {"crop": list(self.crop) or None, **cut}


class Wish(msgspec.Struct, frozen=True):
    """What one answer wants of a picture, or of the part of it that it is `about`: `crop` or `pieces`, or, with
    neither, its `marks` hidden. All in shares of the whole.
    """

    about: str
    kind: str
    marks: tuple[tuple[float, ...], ...] = ()
    crop: tuple[float, ...] = ()
    pieces: tuple[tuple[float, ...], ...] = ()


def planned(wishes: Iterable[Wish]) -> Plan:
    """Put the answers about one picture together; marks that no crop leaves out are hidden."""
    crop: tuple[float, ...] = ()
    hide: list[tuple[float, ...]] = []
    pieces: tuple[tuple[float, ...], ...] = ()
    for wish in wishes:
        both = _both(crop, wish.crop) if wish.crop else ()
        if wish.pieces:
            pieces = wish.pieces
        elif both:
            crop = both
        else:
            hide += wish.marks
    return Plan(crop, tuple(hide), pieces)


def _both(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, ...]:
    """Return what two boxes share, () if that is too little."""
    if not a:
        return b
    box = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return box if area(box) >= ENOUGH else ()


def area(box: Sequence[float]) -> float:
    """The share of the picture that a box takes, 0 if its sides have changed places."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def around(box: Sequence[float]) -> Box:
    """Return a box with a margin, within the picture."""
    left, top, right, bottom = box
    return max(0.0, left - _MARGIN), max(0.0, top - _MARGIN), min(1.0, right + _MARGIN), min(1.0, bottom + _MARGIN)


def in_whole(box: Sequence[float], part: Sequence[float]) -> Box:
    """Return a box that was found in `part` of a picture (() for all of it) as shares of the whole."""
    left, top, right, bottom = part or WHOLE
    wide, high = right - left, bottom - top
    a, b, c, d = box
    return (
        round(left + a * wide, 4),
        round(top + b * high, 4),
        round(left + c * wide, 4),
        round(top + d * high, 4),
    )


def without(marks: Sequence[Sequence[float]], part: Sequence[float] = ()) -> Box | None:
    """Return the largest box of the picture's own shape, so that its bucket stays, without any of `marks` in it.

    `part`: of which part of the picture; all are shares of the whole. None if less than ENOUGH of it would be left.
    A largest empty rectangle has a mark or the edge at each side (Naamad, Lee and Hsu 1984): only those are tried.
    """
    left, top, right, bottom = part or WHOLE
    wide, high = right - left, bottom - top
    if len(marks) > _SIDES:
        return None
    own = [
        around([(m[0] - left) / wide, (m[1] - top) / high, (m[2] - left) / wide, (m[3] - top) / high]) for m in marks
    ]
    lefts = sorted({0.0, *(m[2] for m in own)})
    tops = sorted({0.0, *(m[3] for m in own)})
    rights = sorted({1.0, *(m[0] for m in own)}, reverse=True)
    bottoms = sorted({1.0, *(m[1] for m in own)}, reverse=True)
    best: tuple[float, Box] | None = None
    for a, b, c, d in itertools.product(lefts, tops, rights, bottoms):
        side = min(c - a, d - b)
        if side < math.sqrt(ENOUGH) or (best and side <= best[0]) or any(_meet((a, b, c, d), m) for m in own):
            continue
        best = side, _middle((a, b, c, d), side)
    return None if best is None else in_whole(best[1], part)


def _middle(room: Box, side: float) -> Box:
    """Return a box of that side in the room, as near to the middle of the picture as it goes."""
    a, b, c, d = room
    x = min(max(0.5 - side / 2, a), c - side)
    y = min(max(0.5 - side / 2, b), d - side)
    return x, y, x + side, y + side


def _meet(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


def mask_name(path: str) -> str:
    """Return where the mask of a picture lies: "masks/sub/pier.png"."""
    return str("masks" / PurePosixPath(path).with_suffix(".png"))


def mask(hide: Iterable[Sequence[float]], size: tuple[int, int], turn: int = 0) -> bytes:
    """Draw a loss mask for a picture of that size in px: white is learned, black is not. A PNG in 8 bit grey.

    `turn`: degrees clockwise by which the picture was turned before `hide` was measured; like every mask, this one is
    of the picture as its file lies, and is turned with it.
    """
    import io

    from PIL import Image as Pillow
    from PIL import ImageDraw

    scale = min(1.0, _MASK / max(size))
    width, height = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    drawn = Pillow.new("L", (width, height), 255)
    pen = ImageDraw.Draw(drawn)
    for box in hide:
        left, top, right, bottom = around(box)
        pen.rectangle((int(left * width), int(top * height), int(right * width), int(bottom * height)), fill=0)
    drawn = drawn.rotate(turn, expand=True)  # counter-clockwise: back
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=False, compress_level=6)
    return out.getvalue()


def is_drawn(place: Path, hide: Sequence[Sequence[float]]) -> bool:
    """Say whether the file is the mask that would be drawn for `hide`, when the picture itself can't be asked.

    Its own size stands for that of the picture, and the picture may have been turned.
    """
    if not hide or not files.plain(place):
        return False
    try:
        there = files.read(place)
    except OSError:
        return False
    size = int.from_bytes(there[16:20], "big"), int.from_bytes(there[20:24], "big")  # of a PNG, as ours is one
    if formats.sniff(there[:32]) != "PNG" or not 0 < min(size) <= max(size) <= _MASK:  # a person's own
        return False
    return any(there == mask(hide, crops.turned(size, turn), turn) for turn in (0, 90, 180, 270))


def hidden(pictures: Pictures, record: Image, boxes: Sequence[Sequence[float]]) -> list[bool]:
    """Say of each box, in shares of the whole picture, whether its mask keeps it from being learned.

    For `Pictures.apart`. Raises BadImage, OSError.
    """
    import numpy as np

    drawn = np.asarray(pictures.mask(msgspec.structs.replace(record, box=())))
    height, width = drawn.shape
    told = []
    for left, top, right, bottom in boxes:
        rows = slice(int(top * height), max(int(top * height) + 1, round(bottom * height)))
        part = drawn[rows, int(left * width) : max(int(left * width) + 1, round(right * width))]
        told.append(bool(part.size) and float((part < _BLACK).mean()) >= _COVERED)
    return told


def draw(root: Path, plans: Mapping[str, Plan], pictures: Mapping[str, Image], before: Mapping[str, Plan]) -> list[str]:
    """Draw what `plans` say, by path, where a person drew nothing; take back what is still as it was drawn `before`.

    That of a picture which is gone goes with it: it would count for another that took its name.

    `pictures`: the records of the whole pictures. Returns the files that were written or removed, as people call
    them. Raises UserError if decisions/crops.yaml cannot be read, or an entry of it changed by an editor alone.
    """
    return [*_masks(root, plans, pictures, before), *_crops(root, plans, before)]


def _masks(
    root: Path, plans: Mapping[str, Plan], pictures: Mapping[str, Image], before: Mapping[str, Plan]
) -> list[str]:
    changed = []
    for path in sorted(plans.keys() | before.keys()):
        place = files.under(root, mask_name(path))
        if path not in pictures:
            if path not in plans and is_drawn(place, before[path].hide):
                files.remove(place)
                changed.append(mask_name(path))
            continue
        size, turn = crops.whole_size(pictures[path]), pictures[path].turn
        wanted, drawn = plans.get(path, Plan()).hide, before.get(path, Plan()).hide
        there = place.parent.is_dir() and any(f.stem == place.stem for f in files.listed(place.parent))
        ours = there and files.plain(place) and drawn and files.read(place) == mask(drawn, size, turn)
        if wanted and (ours or not there):
            if files.write(place, mask(wanted, size, turn)):
                changed.append(mask_name(path))
        elif ours and not wanted:
            files.remove(place)
            changed.append(mask_name(path))
    return changed


def left_drawn(root: Path, plans: Mapping[str, Plan]) -> set[str]:
    """Find the pictures of `plans` for whom decisions/crops.yaml and masks/ still say just what was drawn, as names
    there: "pier.jpg", "masks/pier.png". Raises UserError if the file cannot be read.
    """
    doc = crops.load(root)
    said = doc.data if doc is not None and isinstance(doc.data, dict) else {}
    ours = {path for path, plan in plans.items() if said.get(path) == _said(plan)}
    masks = {mask_name(path): plan.hide for path, plan in plans.items()}
    return ours | {name for name, hide in masks.items() if is_drawn(files.under(root, name), hide)}


def _said(plan: Plan) -> dict[str, Json]:
    return {name: value for name, value in plan.fields().items() if value is not None}


def _crops(root: Path, plans: Mapping[str, Plan], before: Mapping[str, Plan]) -> list[str]:
    """Write the boxes; how a picture is turned, and its details, stay as the person wrote them."""
    from loraprep.project import decision_edits

    doc = crops.load(root)
    there = doc.data if doc is not None and isinstance(doc.data, dict) else {}
    boxes: dict[str, Json] = {}
    for path in sorted(plans.keys() | before.keys()):
        wanted, drawn = plans.get(path, Plan()).fields(), before.get(path, Plan()).fields()
        said = there.get(path, {})
        own = {name for name in drawn if said.get(name) != drawn[name]}  # of a person's
        own |= {"whole", "extra"} if own & {"whole", "extra"} else set()
        if changed := {name: wanted[name] for name in wanted if name not in own and wanted[name] != drawn[name]}:
            boxes[path] = changed
    if not boxes:
        return []
    try:
        decision_edits.write_answers(root, "crops", boxes, doc.digest if doc else "", keep_file=True)
    except decision_edits.Changed:
        raise UserError(
            "changed while loraprep was working; nothing was written", place=crops.NAME, hint="Run it again."
        ) from None
    return [crops.NAME]
