"""How rightly pairs of before and after are judged: three sets of 24, made of real pictures, sound and with faults.

    python -m tests.benchmarks.pairs FOLDER [FOLDER ...] [--number 24] [--part develop|report] [--least 700]

FOLDER holds pictures of `--least` px and more. Each set is a change made by script (tests/couples.py): relit, a thing
removed, a photo turned into a poster, on which limits were set; or (`report`) winter, a thing added, an old photo
restored. Two of every three pictures are taken, so that neighbours of a series are not all there.
Every fault is planted in each pair in turn: in how many it is found, and what is said of the other pairs then.
"""

from __future__ import annotations

import argparse
import io
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from loraprep.core.findings import Code
from loraprep.core.records import Caption, Grade, Image
from loraprep.curation import changes
from loraprep.pairs import judge, measure
from loraprep.pairs.measure import Looked
from tests import couples

LONG = 1216  # px
PARTS = {"develop": couples.CHANGES, "report": couples.OTHERS}
# fault -> the codes that tell it
FAULTS = {
    "shifted": (Code.PAIR_SHIFTED,),
    "scaled": (Code.PAIR_SHIFTED,),
    "turned": (Code.PAIR_SHIFTED,),
    "mixed": (Code.PAIR_MIXED,),
    "swapped": (Code.PAIR_BACKWARDS,),
    "unchanged": (Code.PAIR_UNCHANGED,),
    "tinted": (Code.PAIR_COLOURS,),
    "blurred": (Code.PAIR_SOFTER,),
}


def pictures(folders: list[str], number: int, least: int) -> Iterator[couples.Picture]:
    every = sorted(path for folder in folders for path in Path(folder).glob("*.jpg"))
    shown = 0
    for n, path in enumerate(every):
        picture = Pillow.open(path).convert("RGB")
        if n % 3 == 2 or min(picture.size) < least or shown == number:
            continue
        picture.thumbnail((LONG, LONG), Pillow.Resampling.LANCZOS)
        shown += 1
        yield picture


def saved(picture: couples.Picture) -> np.ndarray:
    """As a JPEG holds it, at the size in which pairs are looked at."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=93)
    small = Pillow.open(stream).convert("RGB")
    small.thumbnail((640, 640), Pillow.Resampling.LANCZOS)
    return np.asarray(small, np.uint8)


def judged(seen: dict[str, Looked], size: tuple[int, int]) -> dict[str, list[str]]:
    """Code -> the pairs that it names."""
    images = {p: Image(p, "image", width=size[0], height=size[1], controls=(f"c{p}",)) for p in seen}
    images |= {f"c{p}": Image(f"c{p}", "ignored", width=size[0], height=size[1]) for p in seen}
    return {f.code: list(f.images) for f in judge.findings(seen, images) if f.code != Code.PAIR_CHANGES}


DRAWS = 300  # of pairs of one change
FEW = (12, 6, 3)  # pairs of the other change among so many in all as there are pictures


def several(made: Sequence[tuple[str, Looked]]) -> bool:
    """Say whether pairs, each with its change and asked for in its words, are taken for more than one change."""
    seen = {f"p{n:02}": look.change for n, (_, look) in enumerate(made)}
    asked = {f"p{n:02}": couples.ASKED[name][n % 5] for n, (name, _) in enumerate(made)}
    told = {p: Caption(p, text, "prose", "existing", Grade.DESCRIBED, 9, 512) for p, text in asked.items()}
    return bool(changes.findings(seen, told))


def divided(sound: dict[str, list[Looked]]) -> Iterator[str]:
    """Say how often one change is taken for several, and how often two are told."""
    dice = random.Random(3)
    for name, looks in sound.items():
        sizes = [dice.choice((8, 10, 12, 16, 20, len(looks))) for _ in range(DRAWS)]
        wrong = sum(several([(name, look) for look in dice.sample(looks, min(size, len(looks)))]) for size in sizes)
        yield f"{name}: taken for several changes in {wrong} of {DRAWS} draws"
    for one in sound:
        for other in sorted({*sound} - {one}):
            found, count = Counter[int](), len(sound[one])
            for few in FEW:
                for _ in range(40):
                    numbers = dice.sample(range(count), count)
                    first, second = numbers[:-few], numbers[-few:]
                    mixed = [*((one, sound[one][n]) for n in first), *((other, sound[other][n]) for n in second)]
                    found[few] += several(mixed)
            told = ", ".join(f"{found[few]} of 40 at {count - few} + {few}" for few in FEW)
            yield f"{one} and {other}: told in {told}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--number", type=int, default=24)
    parser.add_argument("--part", choices=PARTS, default="develop")
    parser.add_argument("--least", type=int, default=700)
    args = parser.parse_args()
    shown, looks = list(pictures(args.folders, args.number, args.least)), dict[str, list[Looked]]()
    for change, make in PARTS[args.part].items():
        made = [make(picture, n) for n, picture in enumerate(shown)]
        sound = {f"p{n:02}": measure.compare(saved(after), saved(before)) for n, (before, after) in enumerate(made)}
        looks[change] = list(sound.values())
        print(f"{change}, {len(made)} sound pairs: {judged(sound, (LONG, LONG)) or 'nothing is said'}")
        for fault, codes in FAULTS.items():
            found, others = 0, 0
            for n, (before, after) in enumerate(made):
                name = f"p{n:02}"
                other = made[(n + 1) % len(made)][0].resize(before.size)
                pair = (other, after) if fault == "mixed" else couples.FAULTS[fault](before, after)
                told = judged(sound | {name: measure.compare(saved(pair[1]), saved(pair[0]))}, (LONG, LONG))
                found += any(name in told.get(code, ()) for code in codes)
                others += any(path != name for paths in told.values() for path in paths)
            print(f"{change}, {fault}: found in {found} of {len(made)}; others named beside it in {others}", flush=True)
    print("\n".join(divided(looks)))


if __name__ == "__main__":
    main()
