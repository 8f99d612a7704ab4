"""How many questions a person is asked about pictures of which many are cuts of one another:

    python -m tests.benchmarks.cuts [--root DIR] [--part develop|report] [--count 2000] [--sources 60] [--kept FILE]

Each picture is a window of 35 to 90 % of the sides of one of so many originals (tests/benchmarks/copies.py), at a size
and with a tone and grain of its own, as one painting is shared by many. FILE: what that benchmark kept, whose originals are
taken. The fewest questions are one an original; more
than that are groups that fell apart, and a group of two originals is a false one.
"""

from __future__ import annotations

import argparse
import io
import pickle
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageEnhance

from loraprep.duplicates import questions
from loraprep.project.decisions import Decisions
from tests.benchmarks.copies import File, Picture, encoded, filed, originals, seen
from tests.folders import find_groups

_SHARES = (0.35, 0.9)  # of the sides that a window shows
_LONGEST = (512, 1024)  # px
_LEAST = 160  # px of the original that a window shows at least: less is a thumbnail


def window(p: Picture, chance: random.Random) -> Picture:
    """A part of the picture, resized, of other brightness, colour and contrast, with grain."""
    share = max(chance.uniform(*_SHARES), min(1.0, _LEAST / min(p.size)))
    left, top = (chance.uniform(0, (1 - share) * side) for side in p.size)
    box = (left, top, left + share * p.width, top + share * p.height)
    scale = chance.uniform(*_LONGEST) / (share * max(p.size))
    size = round(share * p.width * scale), round(share * p.height * scale)
    made = p.resize(size, Pillow.Resampling.BICUBIC, box=box)
    for tone in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
        made = tone(made).enhance(chance.uniform(0.85, 1.15))
    grain = np.random.default_rng(chance.randrange(1 << 30)).normal(128, 5, (made.height, made.width))
    sheet = Pillow.fromarray(grain.clip(0, 255).astype(np.uint8))
    return Pillow.blend(made, Pillow.merge("RGB", [sheet] * 3), 0.1)


def plant(made: Sequence[tuple[str, Picture]], count: int) -> list[File]:
    """Cut `count` windows, of one picture after the other."""
    files = []
    for number in range(count):
        name, picture = made[number % len(made)]
        chance = random.Random(f"{name} {number}")
        data = encoded(window(picture, chance), quality=chance.randint(75, 95))
        files.append(filed(f"{name}/{number:05}.jpg", data, name, "window"))
    return files


def _kept(path: Path) -> list[tuple[str, Picture]]:
    found = {f.of: f.data for files in pickle.loads(path.read_bytes()) for f in files if f.kind == "original"}
    return [(name, Pillow.open(io.BytesIO(data)).convert("RGB")) for name, data in found.items()]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--root", type=Path, default=Path("/"))
    options.add_argument("--part", choices=("develop", "report"), default="develop")
    options.add_argument("--count", type=int, default=2000)
    options.add_argument("--sources", type=int, default=60)
    options.add_argument("--kept", type=Path, help="a set that tests.benchmarks.copies kept")
    given = options.parse_args()
    made = _kept(given.kept) if given.kept else [found[:2] for found in originals(given.root, given.part)]
    # the first of each source, then the second: as different as they come
    made.sort(key=lambda found: (int(found[0].split()[-1]), found[0]))
    files = plant(made[: given.sources], given.count)
    data, of = {f.image.path: f.data for f in files}, {f.image.path: f.of for f in files}
    images = [f.image for f in files]
    start = time.process_time()
    groups = find_groups(images, lambda image: seen(data[image.path]))
    seconds = time.process_time() - start
    asked = questions.open_questions(groups, images, Decisions())
    of_groups = Counter(name for group in groups for name in {of[path] for path in group.pictures})
    mixed = [group.pictures for group in groups if len({of[path] for path in group.pictures}) > 1]
    several = {name: n for name, n in of_groups.items() if n > 1}
    alone = len(files) - sum(len(group.pictures) for group in groups)
    pairs = sum(len(group.pairs) for group in groups)
    print(f"{len(files)} windows of {len(set(of.values()))} originals: {len(asked)} questions about {pairs} pairs; "
          f"{alone} windows are beside no other; {len(several)} originals in several questions {several}; "
          f"{len(mixed)} questions about different originals; {seconds:.0f} s of processor time.")  # fmt: skip
    for paths in mixed:
        print("  different:", ", ".join(sorted({of[path] for path in paths})))


if __name__ == "__main__":
    main()
