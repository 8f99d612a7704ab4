"""diffusion-pipe: dataset.toml. Keys: tdrussell/diffusion-pipe, examples/dataset.toml, August 2026."""

from __future__ import annotations

import tomlkit

from loraprep.trainers.buckets import DIFFUSION_PIPE_RATIOS
from loraprep.trainers.export import Dataset

NAME = "diffusion-pipe"
HOW = """\
Name dataset.toml as `dataset` in diffusion-pipe's own config, with `epochs` and `micro_batch_size_per_gpu`. Paths
are seen from the folder where it is started; set `dataset.path` in project.yaml to have them written out. It shows
every picture at every size, writes a `cache/` into each folder, and cannot use regularization pictures. With more
than three sizes it stops unless it is started with `--i_know_what_i_am_doing`."""


def files(dataset: Dataset) -> dict[str, str]:
    """One [[directory]] a folder, all sizes at once."""
    doc = tomlkit.document()
    doc.add(tomlkit.comment(dataset.made_for))
    if dataset.regularization:
        doc.add(tomlkit.comment("Your regularization pictures are left out: diffusion-pipe has no use for them."))
    doc.add("resolutions", tomlkit.item(dataset.sizes))
    doc.add("enable_ar_bucket", tomlkit.item(True))
    doc.add("ar_buckets", tomlkit.item(list(DIFFUSION_PIPE_RATIOS)).comment("width / height"))
    doc.add("frame_buckets", tomlkit.item([1]).comment("pictures, no films"))
    directories = tomlkit.aot()
    for folder in dataset.folders:
        table = tomlkit.table()
        table.update(path=folder.path, num_repeats=folder.repeats)
        if folder.masks:
            table.add("mask_path", folder.masks)
        directories.append(table)
    doc.add("directory", directories)
    return {"dataset.toml": tomlkit.dumps(doc)}
