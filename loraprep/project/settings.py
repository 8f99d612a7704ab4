"""What project.yaml says, as frozen classes: built once, when the schema has accepted the file and filled the defaults.

schemas/project.schema.json is the contract and the one place of defaults, so no field here has any; a test holds
that classes and schema name the same keys.
"""

from __future__ import annotations

from typing import Literal

from loraprep.core import typed
from loraprep.core.findings import Severity
from loraprep.core.records import Role
from loraprep.project import profiles, schema
from loraprep.project.table import Table

Number = int | float  # as written: 70 stays 70 in a sentence
Review = Literal["ask", "auto"]


class Intent(Table, frozen=True):
    """What is to be taught."""

    kind: str  # a file of resources/kinds/
    description: str
    class_word: str  # what it is an instance of, "" if nobody said
    notes: str
    fused: tuple[str, ...]  # terms that are meant to belong to the trigger


class StoreSettings(Table, frozen=True):
    """How a bucket is read, where the folder of pictures is one."""

    region: str  # "": the one in the person's own settings
    anonymous: bool
    cache_gb: Number  # kept in build/store


class ImageFolder(Table, frozen=True):
    """Where the pictures are; patterns are gitignore's, relative to the folder."""

    folder: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    roles: dict[str, Literal["train"] | Role]  # pattern -> what such files are for
    store: StoreSettings


class GroupSettings(Table, frozen=True):
    """A subfolder that trains as something of its own."""

    suffix: str  # joined to the trigger
    words: tuple[str, ...]  # right after the trigger
    repeats: int | None  # None: as the rest


class AuditLimits(Table, frozen=True):
    """Limits of the quality audit; resources/gate.yaml says each finding."""

    max_megapixels: Number
    max_megabytes: Number
    max_seconds: Number  # to open one file; a second more for each megapixel
    max_memory: Number | None  # gigabytes, for all that is open at a time; None: half of what is free, 2 at most
    enlargement_note: Number  # at the largest trained size
    enlargement_question: Number  # at the smallest trained size
    enlargement_most: Number  # at the smallest trained size: beyond it a picture is better left out
    aspect_ratio: Number  # long to short side
    jpeg_quality: Number  # 0..100
    sharpness: Number  # percent of their height that the sharpest edges climb within a pixel
    enlarged: Number  # likewise
    fine: Number  # dB
    blocks: Number  # percent of the places where the blocks of a JPEG meet
    noise: Number  # standard deviation of luma, 0..255
    colours: Number  # in the whole picture
    darkness: Number  # L*, 0..100
    chroma: Number  # C*
    mostly_enlarged: Number  # at the smallest trained size
    contrast: Number  # standard deviation of luma, 0..1
    flat: Number  # share of the area, 0..1
    detail: Number  # share of the size that the pixels hold, 0..1
    border: Number  # share of the side, 0..1

    @property
    def memory(self) -> float | None:
        """Bytes for all pictures that are open at a time; None: imaging.memory.usual()."""
        return None if self.max_memory is None else 1e9 * self.max_memory


class DuplicateLimits(Table, frozen=True):
    """How alike two pictures must be to be compared, and from when on they differ."""

    phash: Number  # bits of 64
    dhash: Number  # bits of 64
    variant: Number  # mean difference in one place, 0..1
    cuts: bool
    rotations: bool


class CaptionLimits(Table, frozen=True):
    """Shares of captions, 0..1: in which a term counts as fused with the trigger, and how many nobody may have told."""

    fused_critical: Number
    fused_warning: Number
    fused_watch: Number
    named: Number  # more than this share with words from names alone blocks GO


class PlacementLimits(Table, frozen=True):
    """What a trainer may cut off a picture, as a share of it, 0..1."""

    cut: Number


class CurationLimits(Table, frozen=True):
    """From which likeness on (0..1) three pictures are a cluster."""

    similar: Number


class Thresholds(Table, frozen=True):
    """How strict each phase is."""

    audit: AuditLimits
    duplicates: DuplicateLimits
    captions: CaptionLimits
    placement: PlacementLimits
    curation: CurationLimits


class Prices(Table, frozen=True):
    """US dollars per million tokens."""

    input: float
    output: float


class ServerSettings(Table, frozen=True):
    """An OpenAI-compatible server; None: what captioning says for all."""

    base_url: str | None
    model: str | None
    seconds: int  # that it may take for one picture
    key_variable: str | None  # name of the environment variable that holds the key


class Tagger(Table, frozen=True):
    """A WD tagger's folder, and from which probability on a tag is taken."""

    folder: str | None
    general: float
    character: float


Length = Literal["short", "normal", "long"]


class Captioning(Table, frozen=True):
    """Who describes the pictures, and what of it is written."""

    captioner: str | tuple[str, ...]
    model: str | None  # the vision model; None: the captioner's own choice
    budget_usd: float | None  # None: nothing is sent
    batch: Literal["auto", "never", "always"]
    concurrency: int
    effort: Literal["low", "medium", "high", "xhigh", "max"]
    max_tokens: int | None  # of a reply of one's own server; None: the captioner's own choice
    base_url: str | None
    prices: Prices | None
    instructions: str | None  # told to a vision model besides
    style_words: Literal["include", "omit"]
    length: Length | tuple[Length, ...] | None  # None: as the base model was taught
    quality_tags: bool
    prefix: tuple[str, ...]  # tags before the trigger
    omit: tuple[str, ...]
    constant_traits: Literal["omit", "include"]
    server: ServerSettings
    tagger: Tagger

    @property
    def captioners(self) -> tuple[str, ...]:
        """The captioners in the order in which they are tried."""
        return (self.captioner,) if isinstance(self.captioner, str) else self.captioner

    @property
    def lengths(self) -> tuple[Length, ...]:
        """The lengths of each picture's captions, () for that which the base model was taught."""
        return self.length if isinstance(self.length, tuple) else () if self.length is None else (self.length,)


class CurationSettings(Table, frozen=True):
    """Which pictures are trained on."""

    target: int | None  # None: what the kind recommends at most
    preselect: int | None  # None: all
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    encoder: str | None  # path of an ONNX image encoder


class DatasetSettings(Table, frozen=True):
    """The training folder."""

    trainers: tuple[str, ...]
    steps: int
    epochs: int
    repeats: int | None  # None: computed from steps and epochs
    batch_size: int
    enlarge: bool
    format: Literal["folder", "webdataset", "parquet"]
    path: str | None  # where the project lies on the machine that trains, or the bucket that the folder is put into
    regularization: str | None  # a folder in the project
    background: str | tuple[str, ...]  # a colour by name or as #rrggbb
    cutouts: Literal["background", "mask"]
    sizes: tuple[int, ...] | None  # px; None: the base model's own
    validation: str | tuple[str, ...] | None  # "5%", or names and patterns; None: nothing is held out

    @property
    def bucket(self) -> str:
        """The address of the bucket that the training folder is put into, "" for a folder."""
        return self.path.rstrip("/") if self.path and "://" in self.path else ""

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """The colours under transparent parts, in order."""
        return (self.background,) if isinstance(self.background, str) else self.background


class ReviewSettings(Table, frozen=True):
    """Who answers the questions of each decision file."""

    quality: Review
    duplicates: Review
    carried: Review
    captions: Review
    curation: Review


class Settings(Table, frozen=True):
    """All of project.yaml."""

    version: Literal[1]
    name: str
    intent: Intent
    model: str  # a file of resources/models/
    trigger: str
    images: ImageFolder
    groups: dict[str, GroupSettings]  # folder inside the images folder -> group
    thresholds: Thresholds
    severity: dict[str, Severity]  # finding code -> what the artist wants of it
    captioning: Captioning
    curation: CurationSettings
    dataset: DatasetSettings
    review: ReviewSettings


def complete_settings(data: schema.Tree) -> Settings:
    """Fill in the schema's defaults and convert what project.yaml says, which the schema has accepted.

    The trainer is the one default that follows from something else: who does not name any gets one that can train the
    base model on what is taught.
    """
    whole = schema.with_defaults(data, "project")
    pairs = profiles.kind(whole["intent"]["kind"]).pairs
    whole["dataset"].setdefault("trainers", [profiles.usual_trainer(whole["model"], pairs=pairs)])
    return typed.convert(whole, Settings)
