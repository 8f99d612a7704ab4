"""resources/models.md, the base models by trainer, made of resources/models and trainers: python -m tests.modeltable"""

from __future__ import annotations

from collections.abc import Iterator

from loraprep.core import resources
from loraprep.project import profiles
from loraprep.trainers import placement
from loraprep.trainers.trainer import bucket_rules
from tests import ROOT

PAGE = ROOT / "resources/models.md"
HEAD = """\
# Base models, and the trainers that train them

Made of resources/models and resources/trainers by `python -m tests.modeltable`. A trainer that has no line with a base
model is refused at `loraprep init` and in project.yaml. *Tokens* are those of a caption that it reads; *steps* what the
sides of its buckets are multiples of, in px, where its buckets are foretold."""


def page() -> str:
    """Write the page: a table of the base models, and one of each with every trainer."""
    lines = [HEAD, "", "| Base model | Name | Captions | Encoder, most tokens | Sizes |", "|---|---|---|---|---|"]
    for name in resources.names("resources/models"):
        model = profiles.base_model(name)
        sizes = ", ".join(map(str, model.sizes))
        encoder = f"{model.encoder.name}, {model.encoder.hard}"
        lines.append(f"| {model.title} | `{name}` | {model.form} | {encoder} | {sizes} |")
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


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
