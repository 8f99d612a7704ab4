"""Does the number for "cats or painterly?" follow the truth? python -m tests.benchmarks.entanglement

(a) Sets whose entanglement is known: the share of cats from 0 to 1, the palette tied to the subject from 0 to 1. The
measures must rise with it (Spearman's rank correlation), and on independent data the chance they name must be the
share of sets that come out as extreme (calibration).
"""

from __future__ import annotations

import numpy as np

from loraprep.curation.measures import diversity

SUBJECTS = ("person", "animal", "building", "landscape", "plant")
PALETTES = ("muted warm", "muted cool", "muted neutral")
LEVELS = np.linspace(0, 1, 11)


def spearman(a: list[float], b: list[float]) -> float:
    """Rank correlation with ties averaged (Spearman 1904)."""

    def ranks(v: list[float]) -> np.ndarray:
        x = np.array(v)
        return np.array([(x < y).sum() + ((x == y).sum() - 1) / 2 for y in x])

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def tied(share: float, n: int, random: np.random.Generator) -> tuple[float, float]:
    subjects = random.choice(SUBJECTS, n)
    follows = random.random(n) < share
    own = {s: PALETTES[k % 3] for k, s in enumerate(SUBJECTS)}
    palettes = [own[s] if f else random.choice(PALETTES) for s, f in zip(subjects, follows, strict=True)]
    return diversity.association(list(subjects), palettes, 500)


def concentrated(share: float, n: int, random: np.random.Generator) -> float:
    """Effective number of subjects with that share of cats above an even mix, negated so that it should rise."""
    number = round((0.2 + 0.8 * share) * n)
    others = [s for s in SUBJECTS if s != "animal"]
    counts = dict.fromkeys(SUBJECTS, 0) | {"animal": number}
    for s in random.choice(others, n - number):
        counts[s] += 1
    return -diversity.hill(counts)


def main(sets: int = 20, sizes: tuple[int, ...] = (12, 20, 40, 60, 100), independent: int = 400) -> dict[str, float]:
    result = {}
    for n in sizes:
        random = np.random.default_rng(n)
        levels = [float(v) for v in LEVELS for _ in range(sets)]
        same = [concentrated(v, n, random) for v in levels]
        strength = [tied(v, n, random)[0] for v in levels]
        chances = np.array([tied(0.0, n, random)[1] for _ in range(independent)])
        result[f"share of one subject, n={n}"] = spearman(levels, same)
        result[f"palette tied to subject, n={n}"] = spearman(levels, strength)
        result[f"palette tied to subject, means, n={n}"] = spearman(
            [float(v) for v in LEVELS],
            [float(np.mean(strength[k * sets : (k + 1) * sets])) for k in range(len(LEVELS))],
        )
        for level in (0.01, 0.05, 0.2, 0.5):
            result[f"chance <= {level}, independent, n={n}"] = float((chances <= level).mean())
    return result


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{value:7.3f}  {name}")
