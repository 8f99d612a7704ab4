"""What a trainer's module has to have, what it is given, and how it is found.

A new trainer is trainers/NAME.py (with - as _) and its profile resources/trainers/NAME.yaml; nothing else names it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Protocol, cast

import msgspec

from loraprep.curation.assessment import SamplePrompt
from loraprep.project.profiles import TrainedBy, TrainerProfile
from loraprep.trainers.buckets import BucketFit
from loraprep.trainers.naming import as_many
from loraprep.trainers.plan import TrainingPlan

# What a trainer's file is made of, whether it becomes JSON, YAML or TOML.
ConfigValue = str | float | bool | None | Sequence["ConfigValue"] | Mapping[str, "ConfigValue"]
ConfigTable = dict[str, ConfigValue]


class TrainingFolder(msgspec.Struct, frozen=True):
    """A folder of dataset/."""

    name: str
    path: str  # what the trainer is told; its last part is `name`
    repeats: int
    pictures: int
    masks: str = ""  # the folder of its loss masks
    beside: str = ""  # the folder in which each mask stands beside its picture, as OneTrainer wants it
    controls: tuple[str, ...] = ()  # folders with the pictures before a change, under the names of those after


class TrainingSet(msgspec.Struct, frozen=True, kw_only=True):
    """The built dataset as a trainer's files need it. Paths are POSIX: relative, or below dataset.path."""

    name: str
    trigger: str
    before: int  # tags that stand before the trigger in every caption
    lines: int  # captions that a picture has at most
    class_prompt: str  # captions of regularization pictures
    tags: bool  # captions are tags that may be shuffled, and not prose
    model: str  # the base model's title
    sizes: list[int]  # px, ascending
    folders: list[TrainingFolder]
    regularization: TrainingFolder | None
    captions: dict[str, str]  # "4_mystyle/pier.png" -> its text, a caption a line, of the held-out ones too
    batch_size: int
    enlarge: bool
    plan: TrainingPlan
    profile: TrainerProfile
    grid: int = 64  # px that the sides of its buckets are multiples of
    by: TrainedBy = msgspec.field(default_factory=TrainedBy)  # what the trainer makes of this base model
    above: str = ""  # what stands before every path: "" or dataset.path with a "/"
    format: str = "folder"  # dataset.format
    bucket: str = ""  # the bucket that the folders are in, as s3://mystyle; "": they are on a disk
    prompts: Sequence[SamplePrompt] = ()
    counted: str = ""  # its pictures, where they stand on several backgrounds, in words
    held_out: Sequence[TrainingFolder] = ()  # never trained; a trainer that measures does so at the largest size

    def captioned(self, folder: TrainingFolder) -> dict[str, list[str]]:
        """Return path, as the trainer is told it -> its captions, of the pictures of a folder, sorted.

        All have `lines` of them: who has fewer has them again.
        """
        return {
            f"{folder.path}/{name}": as_many(text.splitlines(), self.lines)
            for place, text in sorted(self.captions.items())
            for above, _, name in [place.rpartition("/")]
            if above == folder.name
        }

    def masks_of(self, folder: TrainingFolder, size: int) -> str:
        """Return the folder of a folder's loss masks as they are trained at `size` px; "" for none."""
        if not folder.masks or self.profile.loss_masks != "stretched":
            return folder.masks
        return f"{self.above}exports/{self.plan.trainer}/masks/{size}/{folder.name}"

    @property
    def made_for(self) -> str:
        """The comment at the top of a file."""
        return (
            f"Made by loraprep for {self.profile.title}, {self.profile.version}. Written anew by every loraprep export."
        )


class Trainer(Protocol):
    """A trainer's module: what it needs beside dataset/, and the lines for people that go into the README there.

    It may have further lines as well: PAIRS where pairs are trained, SEVERAL where pictures have several captions,
    BUCKET where they are in one; SHARDS, by dataset.format, instead of HOW where they are in such files.
    """

    HOW: str

    def config_files(self, dataset: TrainingSet, /) -> dict[str, str]:
        """File name -> text."""


# Of a picture's width and height, the trained size, the grid (all in px) and whether small pictures are enlarged; None
# if the trainer cannot place the picture: it would stop, or make a bucket without any area.
BucketRules = Callable[[int, int, int, int, bool], BucketFit | None]


@cache
def trainer_module(name: str) -> Trainer:
    """Import the module of the trainer that project.yaml calls `name`. Raises ModuleNotFoundError."""
    return cast(Trainer, importlib.import_module(f"{__package__}.{name.replace('-', '_')}"))


def bucket_rules(name: str) -> BucketRules | None:
    """Return the trainer's `bucket_fit`; None for one that leaves it out, since its rules are not known here."""
    rules: BucketRules | None = getattr(trainer_module(name), "bucket_fit", None)
    return rules
