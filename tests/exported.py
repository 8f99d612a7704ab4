"""A dataset as a trainer's files need it, made up: what several tests write for."""

from typing import Any

from loraprep.core import resources
from loraprep.project import profiles
from loraprep.trainers.plan import CutCaption, TrainingLength, TrainingPlan
from loraprep.trainers.trainer import TrainingFolder, TrainingSet

TRAINERS = sorted(resources.names("resources/trainers"))


def dataset(trainer: str, **changes: Any) -> TrainingSet:
    """Two folders with repeats of their own, regularization, three sizes, tags, and a path on another machine."""
    values: dict[str, Any] = {
        "name": "mystyle", "trigger": "myst_7", "before": 0, "lines": 1, "class_prompt": "oil painting", "tags": True, "model": "Flux",
        "sizes": [512, 768, 1024],
        "folders": [TrainingFolder("10_mystyle", "/workspace/mystyle/dataset/10_mystyle", 10, 2),
                    TrainingFolder("3_mystyle-hands", "/workspace/mystyle/dataset/3_mystyle-hands", 3, 1)],
        "regularization": TrainingFolder("reg", "/workspace/mystyle/reg", 1, 40),
        "captions": {"10_mystyle/pier.png": "myst_7, a pier", "10_mystyle/café.png": 'myst_7, a sign "café"',
                     "3_mystyle-hands/hand.png": "myst_7, a hand"},
        "batch_size": 2, "enlarge": False,
        "plan": TrainingPlan(trainer, [512, 768, 1024], [], TrainingLength(5, 72, 360, 150, True, 1),
                     {"pier.jpg": CutCaption(90, 75, True, "wide view")}, 75),
        "profile": profiles.trainer(trainer),
    }  # fmt: skip
    return TrainingSet(**{**values, **changes})
