"""How rightly heads are found, named and told apart:

    python -m tests.benchmarks.faces [--people DIR] [--judged FILE] [--root DIR --part develop|report|held]

`--people`: a folder for each person, with photographs. Of their faces: all pairs at dlib's own limit, each against the
middle of its person's others, and sets of one person with strangers among them, as a character set is asked about.
`--judged`: YAML, picture: [angle, framing] as somebody saw them, beside the file. `--root`: pictures of Debian packages
(tests/benchmarks/sources.py), to look through where a head is said to be; `--part` as there.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import get_args

import numpy as np
import yaml
from PIL import Image as Pillow
from PIL import ImageOps

from loraprep.heads import finding, views
from loraprep.heads.people import OTHER, SAME, people
from tests.benchmarks.sources import SOURCES, Part

PAIR = 0.6  # dlib's own limit for two faces
SETS, OWN, OTHERS = 200, (6, 40), 3
LARGEST = 40e6  # pixels


def shown(path: Path) -> Pillow.Image | None:
    """The picture as loraprep looks for heads in it; None if it cannot be opened."""
    try:
        with Pillow.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                return None
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError):
        return None
    white = Pillow.new("RGBA", upright.size, "white")
    white.alpha_composite(upright)
    picture = white.convert("RGB")
    picture.thumbnail((finding.LONG, finding.LONG), Pillow.Resampling.LANCZOS)
    return picture


def of_people(folder: Path) -> None:
    """Print both errors of pairs, of the middle, and of whole sets."""
    faces: dict[str, list[bytes]] = defaultdict(list)
    unseen = 0
    for path in sorted(folder.glob("*/*")):
        picture = shown(path)
        found = finding.found_in(picture) if picture else finding.Found()
        unseen += not found.faces
        faces[path.parent.name] += found.faces[:1]
    known = {who: np.stack([np.frombuffer(f, np.float32) for f in own]) for who, own in faces.items() if own}
    print(f"{sum(map(len, known.values()))} photographs of {len(known)} people, in {unseen} more no head was found")

    same = [np.linalg.norm(a - b) for own in known.values() for a, b in itertools.combinations(own, 2)]
    two = itertools.combinations(known.values(), 2)
    other = [float(np.linalg.norm(a - b)) for one, more in two for a in one for b in more]
    print(
        f"pairs at {PAIR}: one person apart {_share(d >= PAIR for d in same)}, two people one {_share(d < PAIR for d in other)}"
    )

    many = {who: own for who, own in known.items() if len(own) >= 4}
    inside = [np.linalg.norm(own[n] - np.delete(own, n, 0).mean(0)) for own in many.values() for n in range(len(own))]
    outside = [
        np.linalg.norm(face - own.mean(0))
        for who, own in many.items()
        for another, more in known.items()
        if another != who
        for face in more
    ]
    print(
        f"from the middle: one's own, farthest {max(inside):.2f}, beyond {OTHER} {_share(d >= OTHER for d in inside)}"
    )
    print(
        f"  others', nearest {min(outside):.2f}, within {OTHER} {_share(d < OTHER for d in outside)}, within {SAME} {_share(d < SAME for d in outside)}"
    )
    _sets({who: own for who, own in faces.items() if len(own) >= OWN[0]}, faces)


def _sets(own: dict[str, list[bytes]], faces: dict[str, list[bytes]]) -> None:
    asked = wrong = found = planted = 0
    for seed in range(SETS):
        chance = random.Random(seed)
        who = chance.choice(sorted(own))
        mine = own[who][: OWN[1]]
        others = [chance.choice(faces[name]) for name in chance.sample(sorted(faces.keys() - {who}), OTHERS)]
        told = people({f"own{n}": [f] for n, f in enumerate(mine)} | {f"other{n}": [f] for n, f in enumerate(others)})
        named = told.strangers()
        wrong += sum(name.startswith("own") for name in named)
        asked += len(mine)
        found += sum(name.startswith("other") for name in named)
        planted += OTHERS
    print(
        f"{SETS} sets of one person with {OTHERS} strangers: strangers named {found / planted:.3f}, one's own named {wrong} of {asked}"
    )


def _share(told: object) -> str:
    counted = [bool(t) for t in told]  # type: ignore[attr-defined]
    return f"{sum(counted)} of {len(counted)}"


def judged(path: Path) -> None:
    """Print how often angle and framing are as somebody saw them."""
    right: Counter[str] = Counter()
    seen = 0
    for name, (angle, framing) in yaml.safe_load(path.read_text("utf-8")).items():
        picture = shown(path.parent / name)
        heads = finding.found_in(picture).heads if picture else ()
        if not heads:
            continue
        seen += 1
        terms = views.measured({name: heads})
        right["angle"] += terms["content.angle"][name] == angle
        right["framing"] += terms["content.framing"][name] == framing
    print(f"{seen} judged by eye: angle {right['angle']}, framing {right['framing']} the same")


def sound(root: Path, part: str) -> None:
    """Print where a head is said to be among pictures of packages, by their kind, and what one picture costs."""
    looked: Counter[str] = Counter()
    named: dict[str, list[str]] = defaultdict(list)
    began = time.process_time()
    for source in SOURCES:
        if source.part != part:
            continue
        paths = sorted({p for glob in source.globs for p in root.glob(glob) if p.is_file()})
        random.Random(source.name).shuffle(paths)
        for path in paths[: source.count]:
            picture = shown(path)
            if picture is None or min(picture.size) < 100:
                continue
            looked[source.kind] += 1
            if found := finding.found_in(picture).heads:
                named[source.kind].append(f"{source.name}: {path.name} {found[0].score}")
    for kind, number in sorted(looked.items()):
        print(f"{kind}: a head in {len(named[kind])} of {number}")
        for name in named[kind]:
            print(f"    {name}")
    print(f"{(time.process_time() - began) / max(1, looked.total()):.2f} s of processor time a picture")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=Path)
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--part", choices=get_args(Part), default="develop")
    told = parser.parse_args()
    if told.people:
        of_people(told.people)
    if told.judged:
        judged(told.judged)
    if told.root:
        sound(told.root, told.part)


if __name__ == "__main__":
    main()
