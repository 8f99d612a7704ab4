"""diffusion-pipe: its buckets, and dataset.toml.

Sources: tdrussell/diffusion-pipe, August 2026. Keys: examples/dataset.toml. Buckets: utils/dataset.py
DirectoryDataset, ARBucketDataset (0784ca8b) and models/base.py convert_crop_and_resize (0467b63c).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import tomlkit

from loraprep.trainers.buckets import BucketFit
from loraprep.trainers.trainer import TrainingFolder, TrainingSet

# ar_buckets that we export, width / height to the three digits it rounds them to: the formats pictures come in
# (1:3, 1:2, 9:16, 2:3, 3:4, 4:5, square and the same lying down). Its example's seven would cut off more.
_RATIOS = (0.333, 0.5, 0.562, 0.667, 0.75, 0.8, 1.0, 1.25, 1.333, 1.5, 1.778, 2.0, 3.0)
HOW = """\
Name dataset.toml as `dataset` in diffusion-pipe's own config, with `epochs` and `micro_batch_size_per_gpu`. Paths
are seen from the folder where it is started; set `dataset.path` in project.yaml to have them written out. It shows
every picture at every size, writes a `cache/` into each folder, and cannot use regularization pictures. With more
than three sizes it stops unless it is started with `--i_know_what_i_am_doing`."""
SEVERAL = """\
Each picture has several captions. diffusion-pipe takes them from the `captions.json` in each folder and reads no .txt
file there; it shows a picture once with each, so that fewer epochs are needed. Edit the .txt files all the same:
`loraprep dataset` writes captions.json anew."""


def bucket_fit(width: int, height: int, size: int, grid: int, _enlarge: bool) -> BucketFit | None:
    """Take the ratio of `ar_buckets` that is nearest on a logarithmic scale."""
    wanted = math.log(width / height)
    ratio = min(_RATIOS, key=lambda r: abs(wanted - math.log(r)))
    wide = math.sqrt(size * size * ratio)
    bucket = (round(wide / grid) * grid, round(size * size / wide / grid) * grid)
    if min(bucket) < 1:
        return None
    # Pillow's ImageOps.fit: the largest box of the bucket's format, centred, to a fraction of a pixel.
    format_ = bucket[0] / bucket[1]
    inside = (format_ * height, float(height)) if width / height >= format_ else (float(width), width / format_)
    left, top = (width - inside[0]) / 2, (height - inside[1]) / 2
    return BucketFit(
        bucket,
        bucket[1] / inside[1],
        (left, top, left + inside[0], top + inside[1]),
        1 - inside[0] * inside[1] / (width * height),
    )


def config_files(dataset: TrainingSet) -> dict[str, str]:
    """Write one [[directory]] a folder, all sizes at once; held-out pictures are a file of their own."""
    written = {"dataset.toml": _config(dataset, dataset.folders, dataset.sizes)}
    if dataset.held_out:
        written["held-out.toml"] = _config(dataset, dataset.held_out, dataset.sizes[-1:])
    return written


def _config(dataset: TrainingSet, folders: Sequence[TrainingFolder], sizes: Sequence[int]) -> str:
    doc = tomlkit.document()
    doc.add(tomlkit.comment(dataset.made_for))
    if dataset.regularization:
        doc.add(tomlkit.comment("Your regularization pictures are left out: diffusion-pipe has no use for them."))
    doc.add("resolutions", tomlkit.item(list(sizes)))
    doc.add("enable_ar_bucket", tomlkit.item(True))
    doc.add("ar_buckets", tomlkit.item(list(_RATIOS)).comment("width / height"))
    doc.add("frame_buckets", tomlkit.item([1]).comment("pictures, no films"))
    directories = tomlkit.aot()
    for folder in folders:
        table = tomlkit.table()
        table.update(path=folder.path, num_repeats=folder.repeats)
        if folder.masks:
            table.add("mask_path", folder.masks)
        if folder.controls:
            table.add("control_path", folder.controls[0])
        directories.append(table)
    doc.add("directory", directories)
    return tomlkit.dumps(doc)
