"""Loss masks cut as a trainer cuts its pictures, for one that stretches them over the bucket instead."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PIL import Image

from loraprep.core import files
from loraprep.core.errors import Problem, UserError
from loraprep.imaging import decode, memory, pool
from loraprep.trainers.buckets import BucketFit
from loraprep.trainers.trainer import TrainingSet, bucket_rules


def cut_masks(root: Path, dataset: TrainingSet) -> dict[str, bytes]:
    """Return file in exports/TRAINER/ -> PNG, for each mask and trained size, where the trainer stretches them.

    What the trainer cuts off a picture is cut off its mask, which is then as large as before, since a mask of another
    size than its picture is refused: stretched over the bucket it lies where it belongs. Raises UserError for masks
    that are gone or cannot be read.
    """
    if dataset.profile.loss_masks != "stretched":
        return {}
    above = {folder.name: folder.masks[len(dataset.above) :] for folder in dataset.folders if folder.masks}
    names = {
        name: files.under(root, f"{above[folder]}/{file}")
        for name in dataset.captions
        for folder, _, file in [name.rpartition("/")]
        if folder in above
    }
    gone = [name for name, place in names.items() if not files.plain(place)]
    work = pool.Work(_cutter, (dataset.plan.trainer, tuple(dataset.sizes), dataset.grid, dataset.enlarge))
    made: dict[str, bytes] = {}
    there = [(name, str(place.absolute())) for name, place in sorted(names.items()) if name not in gone]
    with closing(pool.each(work, there, weigh=lambda thing: Path(thing[1]).stat().st_size)) as answers:
        for (name, _), cut in answers:
            if isinstance(cut, Exception):
                gone.append(name)
            else:
                made |= {f"masks/{size}/{name}": data for size, data in cut.items()}
    if gone:
        raise UserError.many(
            Problem("this mask is missing or damaged", f"dataset/masks/{name}", "Run loraprep dataset.")
            for name in sorted(gone)
        )
    return made


def _cutter(
    trainer: str, sizes: tuple[int, ...], grid: int, enlarge: bool
) -> Callable[[tuple[str, str]], dict[int, bytes]]:
    rules = bucket_rules(trainer)

    def cut(thing: tuple[str, str]) -> dict[int, bytes]:
        mask = _mask(Path(thing[1]))
        fits = {size: rules(*mask.size, size, grid, enlarge) if rules else None for size in sizes}
        return {size: _cut(mask, fit) for size, fit in fits.items() if fit}

    return cut


def _mask(place: Path) -> Image.Image:
    """Open a mask, mode L. Raises BadImage, OSError."""
    return decode.load(memory.read(place)).pixels.convert("L")


def _cut(mask: Image.Image, fit: BucketFit) -> bytes:
    out = io.BytesIO()
    mask.resize(mask.size, Image.Resampling.BILINEAR, fit.box).save(out, "PNG")
    return out.getvalue()
