"""Make resources/looks.json: python -m tests.benchmarks.calibration --root DIR --keep FILE [--write]

Fitted on the origins of tests/benchmarks/origins.py but those of `report`: where descriptors differ between origins for
how much they differ within one, and how sure a cut of a set must be. For the second every figure is of origins that the
projection did not see: each is left out in turn, cut in two, and beside them pairs of origins of different families.
Origins that are no single one by eye (a font of clip art, a theme in two colours) count for the projection alone. How
far the strangest pictures of one origin lie is told by those that hold no stray by eye.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from loraprep.core.records import Image
from loraprep.curation import similarity
from loraprep.curation.measures import style_clusters
from loraprep.imaging import style
from tests import ROOT
from tests.benchmarks.origins import EDITS, Pictures, chosen, rand

DIMENSIONS, SHRINK = 20, 0.4
MOST = 40  # pictures of an origin
FAMILIES = {
    "sky": ("sky ",),
    "clip art": ("clip art", "cartoon", "lemon icons", "cat"),
    "portraits": ("elves", "orcs", "dwarves", "monsters", "desert elves", "undead", "portraits in oil", "settlers"),
    "renders": ("space", "other gear", "rendered", "ships", "city", "colonial", "towns", "castles", "trees", "pens"),
    "photographs": ("mate", "plasma", "land", "birds", "flowers", "painted story"),
    "textures": ("track", "ground", "grey wipes", "planet", "clouds", "nebulae"),
}
MIXED = ("ships", "sky aztec", "sky maya", "sky indian", "dialogs", "clip art", "grey wipes", "ground")
# a title among paintings, a dialog among trees, fills among outlines, wires among houses ...
STRAYS = ("painted story", "track walls", "trees", "planet surfaces", "rendered monsters", "sky greek_farnese", "city")
TAIL_DRAWS = 4
SHARES = ((18, 18), (27, 9), (32, 4), (12, 12), (20, 6))


class Bench:
    """The origins to fit on, and projections without some of them."""

    def __init__(self, pictures: Pictures) -> None:
        self.rows: dict[str, np.ndarray] = {}
        self.images: dict[str, list[Image]] = {}
        self.moved: dict[str, dict[str, list[np.ndarray]]] = {}
        for origin in (*chosen("calibrate"), *chosen("develop")):
            found = pictures.origin(origin, MOST)
            if len(found) < 7:
                continue
            self.rows[origin.name] = np.array([k.style for _, k in found])
            self.images[origin.name] = [k.record for _, k in found]
            moved = self.moved.setdefault(origin.name, {})
            for n, (file, known) in enumerate(found[:32]):
                for j, edit in enumerate(EDITS):
                    if (n + j) % 6 == 0 and (other := pictures.measured(file, edit)):
                        moved.setdefault(edit, []).append(np.array(other.style) - known.style)
        pictures.close()

    def fit(self, without: tuple[str, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
        """(mean, projection) of all origins but some."""
        names = [n for n in self.rows if n not in without]
        moved = [v for n in names for found in self.moved[n].values() for v in found]
        return style_clusters.fit_projection([self.rows[n] for n in names], np.array(moved), DIMENSIONS, SHRINK)

    def edits(self, projection: np.ndarray) -> dict[str, list[float]]:
        """Edit -> the direction in which it moves pictures most."""
        found = {}
        for edit in EDITS:
            moved = np.array([v for each in self.moved.values() for v in each.get(edit, ())]) @ projection
            found[edit] = np.linalg.svd(moved, full_matrices=False)[2][0].round(4).tolist()
        return found


def family(name: str) -> str:
    """Origins of one family may be drawn alike."""
    return next((f for f, starts in FAMILIES.items() if name.startswith(starts)), name)


def splits(bench: Bench, pairs: int, draws: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """(signs, 1 for two origins, whose) of sets cut in two."""
    random = np.random.default_rng(1)
    found, truth, whose = [], [], []
    for name, rows in bench.rows.items():
        if len(rows) < 14 or name.startswith(MIXED):
            continue
        mean, projection = bench.fit((name,))
        for _ in range(draws):
            some = rows[random.choice(len(rows), random.integers(14, len(rows) + 1), replace=False)]
            points = (some - mean) @ projection
            if not (cut := style_clusters.partitions(points)):
                continue
            found.append(style_clusters.signs(points, *cut[0]))
            truth.append(0)
            whose.append(name)
    names = list(bench.rows)
    for _ in range(pairs):
        one, two = random.choice(names, 2, replace=False)
        if family(one) == family(two):
            continue
        mean, projection = bench.fit((one, two))
        shares = SHARES[random.integers(len(SHARES))]
        parts = [
            bench.rows[n][random.permutation(len(bench.rows[n]))[:s]] for n, s in zip((one, two), shares, strict=True)
        ]
        points = (np.concatenate(parts) - mean) @ projection
        if not (cut := style_clusters.partitions(points)):
            continue
        a, b = cut[0]
        if rand([n < len(parts[0]) for n in range(len(points))], [n in a for n in range(len(points))]) > 0.8:
            found.append(style_clusters.signs(points, a, b))
            truth.append(1)
            whose.append(f"{one} + {two}")
    return np.array(found), np.array(truth), whose


def tail(bench: Bench) -> tuple[float, float, list[np.ndarray]]:
    """(strangeness that style_clusters.FAR of the pictures exceed, by how much on average, strangeness of each set).

    Sets of one origin whole and drawn, every origin counting the same.
    """
    random = np.random.default_rng(5)
    sets = []
    for name, rows in bench.rows.items():
        if len(rows) < 14 or name.startswith((*MIXED, *STRAYS)):
            continue
        mean, projection = bench.fit((name,))
        places = np.hstack([(rows - mean) @ projection, similarity.plain_places(bench.images[name], grounds=True)])
        for n in range(TAIL_DRAWS):
            number = int(random.integers(14, len(rows) + 1)) if n else len(rows)
            sets.append(style_clusters.strangeness(places[random.choice(len(rows), number, replace=False)]))
    values = np.concatenate(sets)
    weights = np.concatenate([np.full(len(s), 1 / len(s)) for s in sets])
    order = np.argsort(values)
    share = np.cumsum(weights[order]) / weights.sum()
    start = float(values[order][np.searchsorted(share, 1 - style_clusters.FAR)])
    beyond = values > start
    return start, float(np.average(values[beyond] - start, weights=weights[beyond])), sets


def logistic(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean, spread, weights and constant): logistic regression, both outcomes weighing the same (Newton's method)."""
    mean, spread = x.mean(0), x.std(0) + 1e-9
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    weights, count = np.zeros(z.shape[1]), np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum()) * len(y)
    ridge = np.r_[np.ones(z.shape[1] - 1), 1e-6]
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ weights))
        slope = z.T @ (count * (p - y)) + ridge * weights
        weights -= np.linalg.solve((z * (count * p * (1 - p))[:, None]).T @ z + np.diag(ridge), slope)
    return mean, spread, weights


def main(root: Path, keep: Path, pairs: int, draws: int, write: bool) -> None:
    """Fit, say how sure it is, and write."""
    bench = Bench(Pictures(root, keep))
    x, y, whose = splits(bench, pairs, draws)
    mean, spread, weights = logistic(x, y)
    sure = np.c_[(x - mean) / spread, np.ones(len(x))] @ weights
    alone, mixed = sure[y == 0], sure[y == 1]
    print(f"{len(bench.rows)} origins; {len(alone)} draws of one, {len(mixed)} of two that were cut rightly")
    for level in (0, 0.4, 0.8, 1.2, 2, 3):
        print(f"evidence {level}: {np.mean(alone > level):.1%} of one origin, {np.mean(mixed > level):.1%} of two")
    worst = sorted(zip(alone, (w for w, t in zip(whose, y, strict=True) if t == 0), strict=True), reverse=True)[:20]
    print("surest of one origin:", [(round(float(v), 1), n) for v, n in worst])
    start, falls, sets = tail(bench)
    print(f"strangest: {style_clusters.FAR:.0%} of pictures exceed {start:.3f}, by {falls:.3f} on average")
    for rate in (0.05, 0.1):
        named = [(len(s) * style_clusters.FAR * np.exp(-(s.max() - start) / falls)) < rate for s in sets]
        print(f"a picture of one origin is named at {rate}: in {np.mean(named):.1%} of {len(sets)} sets")
    if write:
        centre, projection = bench.fit()
        data = {
            "about": "Where styles differ between origins, for how much one varies: tests/benchmarks/calibration.py",
            "names": list(style.NAMES),
            "mean": centre.round(5).tolist(), "projection": projection.round(5).tolist(),
            "usual": mean.round(4).tolist(), "spread": spread.round(4).tolist(), "weights": weights.round(4).tolist(),
            "asked": ASKED, "hinted": HINTED, "strange": round(start, 3), "falls": round(falls, 3),
            "edits": bench.edits(projection),
        }  # fmt: skip
        text = json.dumps(data).replace("], [", "],\n  [")
        (ROOT / "resources/looks.json").write_text(text + "\n", encoding="utf-8")


# of draws of one origin that was left out, 4 in 100 reach the first and 6 the second; of two, 80 and 82
ASKED, HINTED = 1.2, 0.8

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--keep", type=Path, default=Path("build/judgement.msgpack"))
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    main(**vars(parser.parse_args()))
