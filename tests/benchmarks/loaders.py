"""Load an exported project in the trainers' own loaders, and compare what they count with what was foretold.

    python -m tests.benchmarks.loaders TRAINER SOURCE PROJECT [MODEL]

TRAINER is kohya, musubi-tuner, ai-toolkit, onetrainer, simpletuner or diffusion-pipe, or musubi-pairs (the pairs alone,
without torch); SOURCE a checkout of it; PROJECT a folder after `loraprep export`. MODEL is what the trainer calls the
base model: musubi-tuner's short name of an architecture ("qi" for Qwen-Image), OneTrainer's model type, SimpleTuner's
model family; for ai-toolkit and diffusion-pipe the step of its buckets.

It runs in an interpreter that has torch and what the trainer imports (OneTrainer's mgds too), stands in the checkout
of loraprep and imports nothing of it. The project is copied, since loaders leave their caches beside pictures. Nothing
is trained: what a model would encode is an empty file, or the picture made as small as its latents.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.benchmarks.loading.epoch import Epoch, Looks
from tests.benchmarks.loading.musubi_tuner import pairs

DROPS = ("onetrainer",)  # what fills no batch is left out of `looks`
FILLS = ("simpletuner",)  # and here a picture of the same bucket comes up again
OFF = 0.1  # of what is hidden: a mask that overlaps less with its place lies wrongly


class Foretold:
    """What loraprep says of the trainer, in build/placements.json and dataset.lock.json."""

    def __init__(self, project: Path, trainer: str) -> None:
        """Read both."""
        plans = json.loads((project / "build/placements.json").read_text("utf-8"))["plans"]
        self.plan = next(plan for plan in plans if plan["trainer"] == trainer)
        lock = json.loads((project / "dataset.lock.json").read_text("utf-8"))
        held = {name for name, folder in lock["folders"].items() if folder.get("held_out")}
        places = {name: image["path"] for name, image in lock["images"].items()}
        self.held = {name for name in places if name.rpartition("/")[0] in held}
        self.trained = {name: path for name, path in places.items() if name not in self.held}
        self.repeats = {name: lock["folders"][name.rpartition("/")[0]]["repeats"] for name in self.trained}
        self.masked = {n for n in self.trained if lock["folders"][n.rpartition("/")[0]]["masks"]}
        self.captions = {
            name: [" ".join(line.split()) for line in (project / f"dataset/{name}.txt").read_text("utf-8").splitlines()]
            for name in places
        }

    def looks(self) -> Looks:
        """Count how often each picture comes up in which bucket."""
        placed: dict[str, list[Any]] = {}
        for each in self.plan["placed"]:
            placed.setdefault(each["path"], []).append(tuple(each["bucket"]))
        shown: Looks = Counter()
        for name, path in self.trained.items():
            for bucket in placed.get(path, ()):
                shown[name, bucket] += self.repeats[name] * self.plan["length"]["captions"]
        return shown


def compared(project: Path, trainer: str, epoch: Epoch) -> list[str]:
    """Return what is not as foretold, in words; print what is."""
    told, wrong = Foretold(project, trainer), list[str]()
    length = told.plan["length"]
    own: Looks = Counter({key: n for key, n in epoch.looks.items() if key[0] in told.trained})
    extra = sum(epoch.looks.values()) - sum(own.values())
    strangers = {name for name, _ in epoch.looks} - set(told.trained)
    print(f"  {len({n for n, _ in own})} pictures, {sum(own.values())} looks; regularization {len(strangers)}, {extra}")
    print(f"  {epoch.steps} steps an epoch, foretold {'' if length['exact'] else 'about '}{length['steps_per_epoch']}")
    if epoch.steps != length["steps_per_epoch"]:
        wrong.append(f"{epoch.steps} steps and not {length['steps_per_epoch']}")
    if {name for name, _ in own} != set(told.trained):
        wrong.append(f"pictures: {sorted({n for n, _ in own} ^ set(told.trained))}")
    if bool(extra) != bool(length["regularization"]):
        wrong.append(f"regularization comes up {extra} times")
    if told.plan["placed"]:
        wanted = told.looks()
        fewer, more = wanted - own, own - wanted
        buckets = sorted({bucket for _, bucket in wanted})
        print(f"  {len(buckets)} buckets; looks: {sum(fewer.values())} fewer, {sum(more.values())} more than foretold")
        few = trainer in DROPS and sum(fewer.values()) <= len(buckets)
        if (fewer and not few) or (more and not (trainer in FILLS and set(more) <= set(wanted))):
            wrong.append(f"buckets: foretold {fewer}, found {more}")
    else:
        print(f"  {len({bucket for _, bucket in own})} buckets: {sorted({bucket for _, bucket in own})}; none foretold")
    wrong += _captions(told, epoch) + _measured(told, epoch) + _masks(project, told, epoch)
    return wrong


def _captions(told: Foretold, epoch: Epoch) -> list[str]:
    """Compare captions: a trainer that shows several shows each, another one of them."""
    every = told.plan["length"]["captions"] > 1
    own = {name: said for name, said in epoch.captions.items() if name in told.trained}
    bad = [
        n
        for n, said in own.items()
        if not (set(said) == set(told.captions[n]) if every else set(said) <= set(told.captions[n]))
    ]
    print(f"  captions: {len(own) - len(bad)} of {len(own)} as in dataset/")
    return [f"captions of {n}: {own[n]}" for n in bad]


def _measured(told: Foretold, epoch: Epoch) -> list[str]:
    if epoch.measured is None:
        print("  it measures on nothing")
        return []
    print(f"  measured on {len(epoch.measured)} pictures, {len(told.held)} held out")
    both = [f"it trains {n}, which is held out" for n in told.held & {name for name, _ in epoch.looks}]
    return both + ([] if epoch.measured == told.held else [f"measured on {sorted(epoch.measured)}"])


def _masks(project: Path, told: Foretold, epoch: Epoch) -> list[str]:
    """Print how well each mask lies on the part of its picture that is trained; return those that are off.

    Foretold is that both are scaled and cropped alike, about the middle. `shift`: by how many pixels of the bucket the
    edges of what is hidden are off at most.
    """
    import numpy as np
    from PIL import Image, ImageOps

    wrong, seen, worst, least = [], set(), 0, 1.0
    for laid in epoch.masks:
        got = np.asarray(laid.mask.float())
        high, wide = got.shape
        times = laid.bucket[0] / wide
        assert round(high * times) == laid.bucket[1], f"{laid.picture}: {got.shape}, its bucket is {laid.bucket}"
        if laid.picture not in told.masked:
            if got.min() < 0.99:
                wrong.append(f"{laid.picture} has no mask, but hides something")
            continue
        seen.add(laid.picture)
        with Image.open(project / f"dataset/masks/{laid.picture}.png") as opened:
            wanted = np.asarray(ImageOps.fit(opened.convert("L"), (wide, high), Image.Resampling.BILINEAR)) < 128
        hidden = got < 0.5
        if not wanted.any() and not hidden.any():
            continue
        both, either = (wanted & hidden).sum(), (wanted | hidden).sum()
        edges = [
            abs(int(np.flatnonzero(a.any(axis=n))[e]) - int(np.flatnonzero(b.any(axis=n))[e]))
            if b.any() and a.any()
            else max(high, wide)
            for a, b in ((wanted, hidden),)
            for n in (0, 1)
            for e in (0, -1)
        ]
        worst, least = max(worst, round(max(edges) * times)), min(least, both / either)
        if both < (1 - OFF) * either:
            wrong.append(
                f"the mask of {laid.picture} at {laid.bucket}: overlap {both / either:.2f}, shift {max(edges)}"
            )
    if epoch.masks:
        print(
            f"  {len(seen)} masks at {len(epoch.masks)} places, {len(wrong)} off; overlap {least:.2f}, shift {worst} px"
        )
        if seen != told.masked:
            wrong.append(f"no mask of {sorted(told.masked - seen)}")
    return wrong


def main() -> int:
    """Run one loader; 0 if it counts what was foretold."""
    logging.disable(logging.INFO)
    trainer, source, where, *rest = sys.argv[1:]
    sys.path[:0] = [source, f"{source}/src"]
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with tempfile.TemporaryDirectory() as above:
        project = Path(above, "project")
        shutil.copytree(where, project, ignore=shutil.ignore_patterns("images", "thumbs", "*.sqlite"))
        project = project.resolve()
        os.chdir(project)
        try:
            if trainer == "musubi-pairs":
                for name, found in pairs(project).items():
                    print(f"{name}: {len(found)} pairs, such as {found[0]}")
                return 0
            module = importlib.import_module(f"tests.benchmarks.loading.{trainer.replace('-', '_')}")
            wrong = []
            for name, epoch in module.load(project, Path(source).resolve(), rest[0] if rest else "").items():
                print(f"{trainer} {name}:")
                wrong += [f"{name}: {fault}" for fault in compared(project, trainer, epoch)]
        finally:
            os.chdir("/")
    print("\n".join(wrong) or "as foretold")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
