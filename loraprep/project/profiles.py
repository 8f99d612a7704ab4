"""resources/{kinds,models,trainers}/*.yaml as frozen classes: a new kind, base model or trainer is such a file.

Their schemas are the contract and the place of defaults; a test holds that classes and schemas name the same keys.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeVar

import msgspec

from loraprep.core import resources, typed, yamlfile
from loraprep.core.errors import UserError
from loraprep.project import schema
from loraprep.project.table import Table

_T = TypeVar("_T", bound=Table)


class Recommended(Table, frozen=True):
    """A range of how many pictures."""

    min: int
    max: int


class Quota(Table, frozen=True):
    """The share of the set (0..1, from and to) that pictures with one of the terms may have."""

    terms: tuple[str, ...]
    share: tuple[float, float]


class AxisProfile(Table, frozen=True):
    """One kind of variety that a set of this kind wants."""

    label: str
    element: str  # where its terms come from: content.*, style.*, palette, aspect
    wants: tuple[str, ...]
    quotas: tuple[Quota, ...] = ()


class RegularizationAdvice(Table, frozen=True):
    """When regularization pictures help this kind, and how they are captioned."""

    advice: str
    class_prompt: str
    class_word: str
    watch: tuple[str, ...] = ()


class TryFirst(Table, frozen=True):
    """A prompt to try after training, and what it shows."""

    prompt: str
    things: tuple[str, ...]
    shows: str


class Asked(Table, frozen=True):
    """A question of the interview, and an answer that somebody might give."""

    question: str
    example: str


class Kind(Table, frozen=True):
    """What is taught: resources/kinds/NAME.yaml."""

    title: str
    teaches: str
    floor: int  # fewer pictures block GO
    recommended: Recommended
    target: int
    separation: str
    axes: dict[str, AxisProfile]
    regularization: RegularizationAdvice
    try_first: tuple[TryFirst, ...]
    looks: Literal["ask", "note"]  # what several styles in one set mean
    prompt: str = ""  # what a vision model is told of these pictures, beside what it is told of all
    # A set that counts as fewer wholly different pictures blocks GO. Of 46 folders with 24 pictures each, frames of one
    # scene came to 1.0, and different pictures to 5.5 at least
    variety: int = 3
    pairs: bool = False  # it is taught by pairs: each picture with those before its change, and an instruction
    captioners: tuple[str, ...] = ()  # that can say what is to be said of these; (): all
    teaches_style: bool = False  # how the pictures are made is what is taught: its words may stand in every caption
    omit: tuple[str, ...] = ()
    identity: dict[str, str] = msgspec.field(default_factory=dict)
    asks: dict[str, Asked] = msgspec.field(default_factory=dict)  # by the answer's name in project.yaml; {}: as usual


class Encoder(Table, frozen=True):
    """The text encoder's limits, in tokens: what it was trained to read well, and what it reads at most."""

    name: str
    soft: int
    hard: int


class JsonPart(Table, frozen=True):
    """One place in a caption that is an object; `key` is the way there, parted by dots.

    `says`: what stands there, the first that there are words for ("content_sentence", "style.lighting"). `each`: a list
    of objects, one for each term of that element; `item` has their keys, "key=word" for a word that is always the same,
    else the term. `words`: at most so many. `when`: only where an element says so ("style.medium=photograph"), or
    does not ("style.medium!=photograph"). `bare`: that it stands there without words too, since the base model was
    always shown it: "beside" others of its object that have some, or "always".
    """

    key: str
    says: tuple[str, ...] = ()
    each: str = ""
    item: tuple[str, ...] = ()
    words: int = 0
    when: str = ""
    bare: Literal["", "beside", "always"] = ""


class Choosing(Table, frozen=True):
    """What somebody wants to know who has to choose a base model."""

    about: str
    size: str = ""  # parameters, such as 12B; "": not told by those who made it


class TrainedBy(Table, frozen=True):
    """What one trainer makes of a base model; what is not said here is as in the trainer's own file."""

    calls: str = ""  # the trainer's name for it: an architecture, a type, the beginning of its scripts' names
    tokens: int | None = None  # of a caption that it reads
    step: int | None = None  # px that the sides of its buckets are multiples of
    says: dict[str, str] = msgspec.field(default_factory=dict)  # fills the lines of the trainer's `start`
    note: str = ""  # what else to know
    controls: int = 0  # pictures before the change that it reads beside each one; 0: it trains this one on none
    # what it makes of such a picture: "cropped" as its target is, "stretched" to its target's shape, or its "own" shape
    fit: Literal["cropped", "stretched", "own"] = "cropped"
    pairs: dict[str, bool | list[int]] = msgspec.field(default_factory=dict)  # what its configuration says for them
    several: dict[str, bool | list[int]] = msgspec.field(default_factory=dict)  # the same where there is more than one


class BaseModel(Table, frozen=True):
    """What gets trained: resources/models/NAME.yaml."""

    title: str
    form: Literal["tags", "prose", "tags then prose", "json"]
    encoder: Encoder
    native: int  # px
    sizes: tuple[int, ...]  # px
    aliases: tuple[str, ...]
    sources: tuple[str, ...]
    vocabulary: Literal["danbooru", ""] = ""
    order: tuple[str, ...] = ()  # groups of tags as it was taught them; what is in none of them is not written
    length: Literal["short", "normal", "long"] = "normal"  # of the captions that it was taught mostly
    language: tuple[str, ...] = ("en",)
    quotes: bool = False  # it draws text: words that can be read in a picture stand in quotation marks
    quality_tags: tuple[str, ...] = ()
    json: tuple[JsonPart, ...] = ()  # in the order in which it was taught the keys; for the form json
    advice: str = ""
    choosing: Choosing | None = None
    trainers: dict[str, TrainedBy] = msgspec.field(default_factory=dict)  # those that train it; {}: nobody looked
    edits: bool = False  # it changes pictures and is trained on pairs alone

    def by(self, trainer: str) -> TrainedBy:
        """Return what is said of a trainer."""
        return self.trainers.get(trainer, TrainedBy())

    @property
    def tagged(self) -> bool:
        """Are there tags in its captions?"""
        return self.form in ("tags", "tags then prose")

    @property
    def written(self) -> Literal["tags", "prose", "json"]:
        """The form of its captions as a whole: tags with sentences behind them are read as prose."""
        return "prose" if self.form == "tags then prose" else self.form

    def reads(self, form: str) -> bool:
        """Say whether a caption of that form is one that it learned from."""
        return form == self.written or (self.form == "tags then prose" and form == "tags")


class Reads(Table, frozen=True):
    """What a trainer does with a folder that it did not make."""

    pictures: tuple[str, ...]
    case: Literal["same", "any"]
    captions: str
    folders: Literal["repeats", "flat", "deep"]
    upright: bool
    transparent: Literal["hidden", "white"]
    lines: Literal["first", "all", "each"]
    empty: Literal["stops", "trains"]
    missing: Literal["class", "skipped", "empty", "needed"]
    leaves: tuple[str, ...] = ()
    masks: str = ""
    listing: str = ""


class TrainerProfile(Table, frozen=True):
    """What a trainer does with pictures: resources/trainers/NAME.yaml."""

    title: str
    version: str
    repeats: bool
    sizes: Literal["each", "one"]
    last_batch: Literal["kept", "dropped", "stops"]
    regularization: Literal["fills", "alternates", "folder", "none"]
    tokens: dict[str, int]
    sources: tuple[str, ...]
    regularization_beside_masks: Literal["folder", ""] = ""  # where loss masks leave another way only
    batches: Literal["together", "masks", "folder"] = "together"  # what a batch may hold, of one size and bucket
    windows: tuple[int, ...] = ()
    # what it makes of a loss mask, whose black is not learned: "cut" as its picture is, or "stretched" over the bucket
    loss_masks: Literal["cut", "stretched", ""] = ""
    # Where a picture has several captions: it shows one of them at random or each in turn, or is given the first; "":
    # nobody looked, and it may read them as one.
    several: Literal["random", "each", "first", ""] = ""
    listing: str = ""  # the file in each folder that it takes several captions from
    validation: str = ""  # what makes it measure held-out pictures; "": it cannot
    buckets: Literal["whole", ""] = ""  # reads a bucket, all of it whichever folder it is told; "": folders alone
    shards: tuple[str, ...] = ()  # the values of dataset.format, beside "folder", that it reads; from a bucket, too
    grid: dict[str, int] | None = None
    reads: Reads | None = None
    trains: tuple[str, ...] = ()  # base models beside those whose own files name it; "*": any
    config: str = ""  # the exported file that the trainer is told of
    start: tuple[str, ...] = ()  # what is typed, in order; {calls} and the like are filled in
    says: dict[str, str] = msgspec.field(default_factory=dict)  # what stands there unless the base model says it
    examples: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)  # the same, by its name for base models
    told: str = ""  # whose values it starts with, where they are in a file of its own
    without: str = ""  # the same, where it has no example of its own for a base model
    samples: str = ""  # what makes it draw the sample prompts; "": it draws none


@cache
def kind(name: str) -> Kind:
    """Load resources/kinds/NAME.yaml. Raises UserError if it breaks its schema."""
    return _load("kinds", name, Kind)


@cache
def base_model(name: str) -> BaseModel:
    """Load resources/models/NAME.yaml. Raises UserError if it breaks its schema."""
    return _load("models", name, BaseModel)


@cache
def trainer(name: str) -> TrainerProfile:
    """Load resources/trainers/NAME.yaml. Raises UserError if it breaks its schema."""
    return _load("trainers", name, TrainerProfile)


_PREFERRED = ("kohya", "musubi-tuner")  # of one author: the second trains what the first cannot


def trainers_of(model: str, *, pairs: bool = False) -> list[str]:
    """List the trainers that train a base model: its own file names them, or theirs names it; all if nobody looked.

    `pairs`: those that train it on pairs, which its own file has to say.
    """
    return [name for name in resources.names("resources/trainers") if _trains(name, model, pairs=pairs)]


def fits_kind(model: str, kind_name: str) -> bool:
    """Say whether a base model can be taught this kind: pairs to one that some trainer trains on them, all else to one
    that is no model for changing pictures alone."""
    return bool(trainers_of(model, pairs=True)) if kind(kind_name).pairs else not base_model(model).edits


def models_of_pairs() -> tuple[str, ...]:
    """Name the base models that some trainer trains on pairs."""
    return tuple(name for name in resources.names("resources/models") if trainers_of(name, pairs=True))


def models_for(kind_name: str) -> tuple[str, ...]:
    """Name the base models that can be taught this kind."""
    return tuple(name for name in resources.names("resources/models") if fits_kind(name, kind_name))


def _trains(name: str, model: str, *, pairs: bool = False) -> bool:
    named = base_model(model).trainers
    if pairs:
        return base_model(model).by(name).controls > 0
    return not named or name in named or bool({model, "*"} & {*trainer(name).trains})


def usual_trainer(model: str, *, pairs: bool = False) -> str:
    """Name the trainer to write for when nobody said one."""
    every = (*_PREFERRED, *resources.names("resources/trainers"))
    return next((name for name in every if _trains(name, model, pairs=pairs)), _PREFERRED[0])


def tokens_read(name: str, model: str, profile: BaseModel) -> int:
    """Return how many tokens of a caption the trainer `name` reads; `profile` is that of the base model `model`."""
    encoder, known = profile.encoder, trainer(name).tokens
    return profile.by(name).tokens or known.get(model, known.get(encoder.name, encoder.hard))


def bucket_step(name: str, model: str, usual: int) -> int:
    """Return what the sides of the trainer's buckets are multiples of, px; `usual` where its file does not say."""
    grid = trainer(name).grid or {}
    return base_model(model).by(name).step or grid.get(model, grid.get("default", usual))


def _load(folder: str, name: str, form: type[_T]) -> _T:
    file = f"resources/{folder}/{name}.yaml"
    doc = yamlfile.load(resources.path(file), file)
    if found := schema.problems(doc, folder.removesuffix("s")):
        raise UserError.many(found)
    return typed.convert(doc.data, form)
