"""How often a finding about pixels cries wolf, and how often it sees what is there:

    python -m tests.benchmarks.findings [--root DIR] [--part develop|report] [--code CODE ...] [--names] [--sheets DIR]

Sound pictures come from Debian packages (`tests/benchmarks/sources.py`), installed, or unpacked under DIR:

    apt-get download PACKAGE && dpkg -x PACKAGE_*.deb DIR

Whole sources, never single pictures, belong to `develop`, on which rules are made, or to `report`, which is looked at
when they are done. What is sound was judged by eye on contact sheets (`--sheets`) before it was known what fires:
tests/benchmarks/labels.yaml names the pictures that truly have a defect, and those of which a person could say either.

Planted is into sound photographs, paintings and textures, reduced to 1,400 px, and counted as found if the finding
names the picture. A row of the table: of how many sound pictures how many are named wrongly, and of the planted how
many are found.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import yaml
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageOps

from loraprep.core import typed
from loraprep.core.records import Image
from loraprep.imaging import decode, flaws
from loraprep.project import profiles
from loraprep.project.settings import complete_settings
from loraprep.scan import audit, detail, inspect
from tests.benchmarks import planted_defects_local as local
from tests.benchmarks.sources import SOURCES, Source

ROOT = Path("/")
LABELS = Path(__file__).with_name("labels.yaml")
LARGE = 2600  # px; a larger sound picture is measured reduced to LARGE_AS
LARGE_AS = 2048
PLANTED_AT = 1400  # px, longer side at most; from half of that on
SIDE = 256  # px; smaller ones say nothing of a picture's pixels as a whole, and are not trained on
PLANTED_OF = 24  # pictures of a part that get every defect
SETTINGS = complete_settings(
    {"version": 1, "name": "x", "model": "sdxl", "trigger": "x", "intent": {"kind": "style", "description": "x"}}
)

Picture = Pillow.Image
Plant = Callable[[Picture], Picture]


# --- what is planted


def blurred(sigma: float) -> Plant:
    """As out of focus; `sigma` in px at PLANTED_AT."""
    return lambda p: p.filter(ImageFilter.GaussianBlur(sigma))


def enlarged(times: float, how: Pillow.Resampling, down: Pillow.Resampling = Pillow.Resampling.LANCZOS) -> Plant:
    """Reduced so many times and enlarged to its own size again."""

    def plant(p: Picture) -> Picture:
        return p.resize((round(p.width / times), round(p.height / times)), down).resize(p.size, how)

    return plant


def jpeg_as_png(quality: int, *, shifted: tuple[int, int] = (0, 0), scale: float = 1.0) -> Plant:
    """Saved as JPEG, then cut so that the grid begins elsewhere, or reduced, and kept without loss."""

    def plant(p: Picture) -> Picture:
        stream = io.BytesIO()
        p.save(stream, "JPEG", quality=quality)
        saved = Pillow.open(stream).convert("RGB").crop((*shifted, *p.size))
        size = (round(saved.width * scale), round(saved.height * scale))
        return saved if scale == 1 else saved.resize(size, Pillow.Resampling.BICUBIC)

    return plant


def noisy(deviation: float) -> Plant:
    """Gaussian noise in every channel, as of a sensor at high ISO."""

    def plant(p: Picture) -> Picture:
        values = np.asarray(p, np.float32)
        noise = np.random.default_rng(1).normal(0, deviation, values.shape)
        return Pillow.fromarray((values + noise).clip(0, 255).round().astype(np.uint8))

    return plant


def few_colours(count: int, *, dither: bool = False) -> Plant:
    how = Pillow.Dither.FLOYDSTEINBERG if dither else Pillow.Dither.NONE

    def plant(p: Picture) -> Picture:
        table = p.quantize(count, method=Pillow.Quantize.MEDIANCUT)
        return p.quantize(palette=table, dither=how).convert("RGB")

    return plant


def grey(p: Picture) -> Picture:
    return p.convert("L").convert("RGB")


def lit(share: float) -> Plant:
    return lambda p: p.point(lambda v: round(v * share))


_R = Pillow.Resampling
PLANTS: dict[str, list[tuple[str, Plant]]] = {
    "soft": [("blur 2.2 px", blurred(2.2)), ("blur 4 px", blurred(4))],
    "enlarged-before": [
        ("2x bicubic", enlarged(2, _R.BICUBIC)),
        ("2x bilinear", enlarged(2, _R.BILINEAR)),
        ("2x lanczos", enlarged(2, _R.LANCZOS)),
        ("3x bicubic", enlarged(3, _R.BICUBIC)),
        ("3x bilinear", enlarged(3, _R.BILINEAR)),
        ("3x lanczos", enlarged(3, _R.LANCZOS)),
    ],
    "compressed": [
        ("JPEG 10 as PNG", jpeg_as_png(10)),
        ("JPEG 15 as PNG", jpeg_as_png(15)),
        ("JPEG 25 as PNG", jpeg_as_png(25)),
        ("JPEG 25, grid shifted", jpeg_as_png(25, shifted=(3, 5))),
        ("JPEG 25, then 0.9x", jpeg_as_png(25, scale=0.9)),
    ],
    "noisy": [("noise 30", noisy(30)), ("noise 15", noisy(15))],
    "few-colours": [
        ("16 colours", few_colours(16)),
        ("32 colours", few_colours(32)),
        ("16 colours, dithered", few_colours(16, dither=True)),
        ("32 colours, dithered", few_colours(32, dither=True)),
    ],
    "grey": [("grey as RGB", grey)],
    "dark": [("an eighth of the light", lit(1 / 8)), ("a sixth", lit(1 / 6))],
    **local.PLANTS,
}
# a finding that says the same of a picture in other words is as good: blurred and enlarged look alike
SAME: dict[str, set[str]] = {
    "soft": {"soft", "enlarged-before"},
    "enlarged-before": {"soft", "enlarged-before"},
    "few-colours": {"few-colours", "indexed"},
}


# --- the pictures


@dataclass(frozen=True, slots=True)
class Sound:
    """A file of a source; `path` below the root."""

    path: str
    source: Source


def sound(root: Path, part: str) -> list[Sound]:
    """The pictures of a part, in a fixed order that no name has a say in."""
    found = []
    for source in SOURCES:
        if source.part != part:
            continue
        files = [
            f
            for glob in source.globs
            for f in root.glob(glob)
            if f.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp")
        ]
        paths = sorted(
            (f.relative_to(root).as_posix() for f in files if f.is_file() and not f.is_symlink()), key=_shuffled
        )
        chosen = []
        for path in paths:
            if len(chosen) == source.count:
                break
            if _longest(root / path) >= (SIDE if not source.nearest else 16):
                chosen.append(Sound(path, source))
        chosen = [c for c in chosen if not any(fnmatch(c.path, pattern) for pattern in labels().get("unfit", {}))]
        if not chosen:
            print(f"{source.name}: not under {root}", file=sys.stderr)
        found += chosen
    return found


def _shuffled(path: str) -> str:
    return hashlib.sha256(path.encode()).hexdigest()


def _longest(path: Path) -> int:
    try:
        with Pillow.open(path) as picture:
            return max(picture.size)
    except (OSError, Pillow.DecompressionBombError):
        return 0


def file_of(root: Path, which: Sound) -> bytes:
    """The file as it is; small pixel art enlarged as an artist would, and what is very large reduced."""
    data = (root / which.path).read_bytes()
    picture = Pillow.open(io.BytesIO(data))
    if which.source.nearest:
        times = max(1, round(640 / max(picture.size)))
        return png(picture.convert("RGBA").resize((picture.width * times, picture.height * times), _R.NEAREST))
    if max(picture.size) <= LARGE:
        return data
    keeps = "RGBA" if picture.has_transparency_data else "RGB"
    picture = picture.convert(keeps)
    picture.thumbnail((LARGE_AS, LARGE_AS), _R.LANCZOS)
    return png(picture)


def png(picture: Picture) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def base(data: bytes) -> Picture:
    """What is planted into: RGB, at most PLANTED_AT px."""
    picture = Pillow.open(io.BytesIO(data)).convert("RGB")
    picture.thumbnail((PLANTED_AT, PLANTED_AT), _R.LANCZOS)
    return picture


def to_plant(every: Sequence[Sound], root: Path) -> list[Sound]:
    """An even choice among the sources of photographs, paintings and textures: large ones."""
    fit: dict[str, list[Sound]] = defaultdict(list)
    for which in every:
        fits = which.source.kind in ("photo", "painting", "texture") and not doubted(which.path)
        if fits and _longest(root / which.path) >= 700:
            fit[which.source.name].append(which)
    chosen: list[Sound] = []
    for row in range(max((len(f) for f in fit.values()), default=0)):
        chosen += [f[row] for f in fit.values() if row < len(f)]
    return chosen[:PLANTED_OF]


@cache
def labels() -> dict[str, dict[str, str]]:
    """Code -> path -> "yes" (it truly has the defect) or "debatable". Under "unfit": patterns of paths that are no pictures,
    but masks, sheets of sprites and parts of windows.
    """
    return (
        msgspec.convert(yaml.safe_load(LABELS.read_text("utf-8")), dict[str, dict[str, str]]) if LABELS.exists() else {}
    )


def doubted(path: str) -> bool:
    """Has anything been said of the picture? Then it is none to plant a defect into."""
    return any(path in label for label in labels().values())


# --- what is found


def record(path: str, data: bytes) -> tuple[Image, detail.Seen]:
    """A picture as the scan records it, and what is seen at its full size."""
    digest = hashlib.sha256(data).hexdigest()
    facts = {**msgspec.to_builtins(inspect.inspect(data)[0]), "path": path, "state": "image", "digest": digest}
    made = typed.convert(facts, Image)
    made = msgspec.structs.replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data))
    pixels = decode.load(data).pixels
    return made, detail.Seen(detail.detail(pixels), flaws.flaws(pixels))


def codes_of(seen: Sequence[tuple[Image, detail.Seen]]) -> dict[str, set[str]]:
    """Path -> the codes that name it, of those that judge a picture by itself."""
    model, kind = profiles.base_model("sdxl"), profiles.kind("style")
    records = [image for image, _ in seen]
    said = audit.audit(records, [], {}, SETTINGS, model, kind).findings
    said += detail.findings(records, {image.path: known for image, known in seen}, SETTINGS.thresholds.audit)
    named: dict[str, set[str]] = defaultdict(set)
    for finding in said:
        for path in finding.images:
            named[path].add(str(finding.code))
    return named


@dataclass(frozen=True, slots=True)
class Job:
    root: Path
    which: Sound
    codes: tuple[str, ...]  # planted of which defects, () for the picture itself


def measured(job: Job) -> list[tuple[Image, detail.Seen]]:
    """The picture; or it with every defect, named "code|plant|path"."""
    data = file_of(job.root, job.which)
    if not job.codes:
        return [record(job.which.path, data)]
    clean = base(data)
    made = [record(f"|sound at {PLANTED_AT} px|{job.which.path}", png(clean))]
    for code in job.codes:
        made += [record(f"{code}|{name}|{job.which.path}", png(plant(clean))) for name, plant in PLANTS[code]]
    return made


def main(arguments: Sequence[str]) -> None:
    asked = _asked(arguments)
    every = sound(asked.root, asked.part)
    if asked.sheets:
        sheets(asked.root, every, asked.sheets)
        return
    codes = tuple(asked.code or PLANTS)
    plants = tuple(c for c in codes if c in PLANTS)
    jobs = [Job(asked.root, which, ()) for which in every]
    jobs += [Job(asked.root, which, plants) for which in to_plant(every, asked.root) if plants]
    with ProcessPoolExecutor(2) as pool:
        records = [r for part in pool.map(measured, jobs, chunksize=4) for r in part]
    named = codes_of(records)
    print(f"{asked.part}: {len(every)} sound pictures of {len({w.source.name for w in every})} sources")
    print("\n".join(table(codes, [image.path for image, _ in records], named, names=asked.names)))


def table(codes: Iterable[str], paths: Sequence[str], named: dict[str, set[str]], *, names: bool) -> list[str]:
    """Markdown. Debatable pictures count neither as false nor as sound."""
    lines = [
        "| code | sound | false | % | debatable, named | truly so, named | planted, found |",
        "|---|---|---|---|---|---|---|",
    ]
    wrongly = []
    for code in codes:
        label = labels().get(code, {})
        fires = {p for p in paths if code in named[p]}
        whole = [p for p in paths if "|" not in p or p.startswith("|")]
        clean = [p for p in whole if p.rpartition("|")[2] not in label]
        false = sorted(set(clean) & fires)
        unsure, true = ([p for p in whole if label.get(p.rpartition("|")[2]) == what] for what in ("debatable", "yes"))
        met = []
        as_good = SAME.get(code, {code})
        for name, _ in PLANTS.get(code, ()):
            there = [p for p in paths if p.startswith(f"{code}|{name}|") and not doubted(p.rpartition("|")[2])]
            if there:
                hits = sum(bool(named[p] & as_good) for p in there)
                met.append(f"{name} {hits}/{len(there)} ({100 * hits / len(there):.0f} %)")
                wrongly += [f"missed {p}" for p in there if not named[p] & as_good]
        share = f"{100 * len(false) / max(1, len(clean)):.1f}"
        lines.append(
            f"| {code} | {len(clean)} | {len(false)} | {share} | {len(fires & set(unsure))}/{len(unsure)} | "
            f"{len(fires & set(true))}/{len(true)} | {'; '.join(met) or '-'} |"
        )
        wrongly += [f"false {code}: {p}" for p in false]
    return [*lines, "", *wrongly] if names else lines


def sheets(root: Path, every: Sequence[Sound], into: Path) -> None:
    """Contact sheets of a part, 30 to a sheet, numbered, with an index of the paths."""
    into.mkdir(parents=True, exist_ok=True)
    cell, across, down = 250, 6, 5
    index = []
    for first in range(0, len(every), across * down):
        sheet = Pillow.new("RGB", (across * cell, down * (cell + 14)), "#808080")
        draw = ImageDraw.Draw(sheet)
        for place, which in enumerate(every[first : first + across * down]):
            picture = Pillow.open(io.BytesIO(file_of(root, which))).convert("RGBA")
            picture = ImageOps.contain(picture, (cell - 6, cell - 6))
            at = (place % across * cell + 3, place // across * (cell + 14) + 14)
            ground = Pillow.new("RGBA", picture.size, "#ffffff")
            sheet.paste(Pillow.alpha_composite(ground, picture).convert("RGB"), at)
            draw.text((at[0], at[1] - 13), f"{first + place}", fill="black")
            index.append(f"{first + place}\t{which.source.name}\t{which.path}")
        sheet.quantize(256).save(into / f"sheet-{first // (across * down):02}.png")
    (into / "index.tsv").write_text("\n".join(index) + "\n", "utf-8")


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.findings")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--part", choices=("develop", "report"), default="develop")
    parser.add_argument("--code", action="append")
    parser.add_argument("--names", action="store_true", help="name what is wrong and what is missed")
    parser.add_argument("--sheets", type=Path, help="make contact sheets there instead")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    random.seed(1)
    main(sys.argv[1:])
