"""Is somebody else told from the character? python -m tests.benchmarks.strangers

Simulated: what a vision model would say of a character in varied words, wrong in a share of the pictures, blind to
hair and eyes in others, and in dusky ones seeing colours as dark. Strangers are other people and animals drawn at
random, who may share hair or eyes with the character; found are those that differ from it in two traits or more. No
real descriptions entered: a model that errs in another way will be right in another share.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from loraprep.captions import lexicon
from loraprep.core.records import Elements
from loraprep.curation import identity
from loraprep.project import profiles
from loraprep.project.settings import complete_settings
from tests.benchmarks.subset import synthetic

KIND = profiles.kind("character")
PROJECT = {"version": 1, "name": "x", "model": "flux", "trigger": "x", "intent": {"kind": "character"}}
SETTINGS = complete_settings(PROJECT)
SEEN = {"hair": 0.9, "eyes": 0.6}
DUSK = 0.15  # of the pictures; what is said of colours there is "dark" as often as not
SETS = 1000


def somebody(random: np.random.Generator) -> dict[str, str]:
    person = str(random.choice(["woman", "man", "animal"], p=[0.45, 0.45, 0.1]))
    return {"person": person, **{t: str(random.choice(lexicon.terms(t))) for t in SEEN}}


def picture(who: dict[str, str], wrong: float, random: np.random.Generator) -> dict[str, list[str]]:
    """What is said of one picture. A wrong word is any other of the list."""
    said: dict[str, list[str]] = {}
    dusk = random.random() < DUSK
    for trait in ("person", *SEEN):
        term = who[trait]
        if random.random() < (wrong / 4 if trait == "person" else wrong):
            term = str(random.choice([t for t in lexicon.terms(trait) if t != term]))
        if trait in SEEN and dusk and random.random() < 0.5:
            term = "dark"
        if random.random() < SEEN.get(trait, 1) and not (trait == "hair" and who["person"] == "animal"):
            said[trait] = [f"a {term}"] if trait == "person" else [f"long {term} {trait}"]
    content = {"subject": said.get("person", []), "hair": said.get("hair", []), "eyes": said.get("eyes", [])}
    return {**content, "light": ["dim light"] if dusk and random.random() < 0.7 else []}


def described(people: list[dict[str, str]], wrong: float, random: np.random.Generator) -> tuple[Any, Any]:
    images = synthetic(len(people))
    elements = {}
    for image, who in zip(images, people, strict=True):
        said = picture(who, wrong, random)
        light = said.pop("light")
        elements[image.path] = Elements(image.path, image.digest, "claude", "seen", said, {"lighting": light})
    return images, elements


def trial(size: int, others: int, wrong: float, random: np.random.Generator) -> tuple[set[int], set[int]]:
    """(asked about, really somebody else), as positions."""
    hero = somebody(random)
    people = [hero] * (size - others) + [somebody(random) for _ in range(others)]
    images, elements = described(people, wrong, random)
    found = identity.find_strangers(images, elements, KIND, SETTINGS)
    different = {n for n in range(size - others, size) if sum(people[n][t] != hero[t] for t in hero) >= 2}
    return {n for n, i in enumerate(images) if i.path in found}, different


def main(sets: int = SETS) -> dict[str, float]:
    result = {}
    for wrong in (0.03, 0.05, 0.1):
        random = np.random.default_rng(int(wrong * 100))
        alone = [trial(int(random.integers(15, 41)), 0, wrong, random)[0] for _ in range(sets)]
        mixed = [trial(int(random.integers(15, 41)), int(random.integers(1, 4)), wrong, random) for _ in range(sets)]
        result[f"{wrong:.0%} wrong: sets of one character with a question"] = float(np.mean([bool(a) for a in alone]))
        result[f"{wrong:.0%} wrong: strangers found"] = sum(len(f & d) for f, d in mixed) / sum(
            len(d) for _, d in mixed
        )
    return result


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{value:7.3f}  {name}")
