"""resources/docs/base-models.md, the base models by trainer, made of resources/models and trainers: see tests/docs.py"""

from __future__ import annotations

from collections.abc import Iterator

from loraprep.core import resources
from loraprep.project import profiles
from loraprep.trainers import placement
from loraprep.trainers.trainer import bucket_rules

HEAD = """\
# Base models, and the trainers that train them

Made of resources/models and resources/trainers by `python -m tests.docs`. A trainer that has no line with a base
model is refused at `loraprep init` and in project.yaml. *Tokens* are those of a caption that it reads; *steps* what the
sides of its buckets are multiples of, in px, where its buckets are foretold."""


_FITS = {"cropped": "cropped as their target", "stretched": "stretched to their target", "own": "in their own shape"}


def page() -> str:
    """Write the page: a table of the base models, and one of each with every trainer."""
    lines = [HEAD, "", "| Base model | Name | Captions | Encoder, most tokens | Sizes |", "|---|---|---|---|---|"]
    for name in resources.names("resources/models"):
        model = profiles.base_model(name)
        sizes = ", ".join(map(str, model.sizes))
        encoder = f"{model.encoder.name}, {model.encoder.hard}"
        lines.append(f"| {model.title} | `{name}` | {model.form} | {encoder} | {sizes} |")
    lines += ["", "*On pairs* says which trainers train it on pictures before and after a change, with how many before "
              "each, and what they make of those: cropped as the one after is, stretched to its shape, or in their own "
              "shape.", "", "| Base model | Trainer | Pictures before | They are |", "|---|---|---|---|"]  # fmt: skip
    for name in resources.names("resources/models"):
        by_name = {trainer: profiles.base_model(name).by(trainer) for trainer in profiles.trainers_of(name, pairs=True)}
        for trainer, by in by_name.items():
            most = "one" if by.controls == 1 else f"up to {by.controls}"
            lines.append(f"| {profiles.base_model(name).title} | {trainer} | {most} | {_FITS[by.fit]} |")
    lines += ["", "| Base model | Trainer | Its name there | Tokens | Steps | Note |", "|---|---|---|---|---|---|"]
    for name in resources.names("resources/models"):
        lines += _rows(name)
    return "\n".join(lines) + "\n"


def _rows(name: str) -> Iterator[str]:
    model = profiles.base_model(name)
    for trainer in profiles.trainers_of(name):
        by = model.by(trainer)
        step = str(placement.bucket_grid(trainer, name)) if bucket_rules(trainer) else str(by.step or "")
        tokens = profiles.tokens_read(trainer, name, model)
        calls = f"`{by.calls}`" if by.calls else ""
        if trainer in model.trainers:  # a mere form of folder says nothing of its own
            yield f"| {model.title} | {trainer} | {calls} | {tokens} | {step} | {by.note} |"
