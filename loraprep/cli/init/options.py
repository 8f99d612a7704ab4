"""What `loraprep init` is told, by flags or in its interview, and the project that follows from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from loraprep.cli.init import given
from loraprep.core import resources
from loraprep.core.files import Json
from loraprep.project import profiles, schema, sizes, studio

# Windows opens devices under these names
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")


UNDECIDED = "undecided"
FOR_NOW = "flux"  # while nobody knows: trained at three sizes, and from a trigger alone, so that little is ruled out


def for_now(kind: str | None) -> str:
    """Name the base model to go on with while nobody knows: one that can be taught this kind."""
    if not kind or kind not in resources.names("resources/kinds") or profiles.fits_kind(FOR_NOW, kind):
        return FOR_NOW
    return next(iter(profiles.models_for(kind)), FOR_NOW)


def suited(sides: Sequence[int], kind: str | None) -> str:
    """Name the base model that pictures of these sizes suit; "" if that is as good as any other.

    `sides`: px, of the square of the same area. It is a smaller one where half of the pictures would be enlarged, for
    the usual one, so much that `thresholds.audit.enlargement_question` would ask about each.
    """
    usual = for_now(kind)
    if not sides or kind not in resources.names("resources/kinds"):
        return ""
    middle, native = median(sides), {name: profiles.base_model(name).native for name in profiles.models_for(kind)}
    fits = min(native, key=lambda name: (abs(native[name] - middle), name))
    return fits if middle * _usual("enlargement_question") < native[usual] and native[fits] < native[usual] else ""


def stopped_by_size(sides: Sequence[int], kind: str, model: str) -> str:
    """Say that Gate 1 would stop pictures of these sizes with this base model, and what helps; "" if it would not."""
    profile, limit = profiles.base_model(model), _usual("mostly_enlarged")
    size = min(profile.sizes)
    if not sizes.mostly_enlarged(sides, size, limit):
        return ""
    others = sizes.models_that_fit(sides, kind, (), profile.form, limit)
    another = f", or another base model, such as {others[0]}" if others else ""
    return (
        f"At {size} px, the smallest size that {profile.title} is trained at, most of your pictures would be enlarged "
        f"more than {limit:g} times: that ends in NO-GO. What helps: larger originals, an AI upscaler{another}."
    )


def _usual(threshold: str) -> float:
    """Return a threshold of the audit as a project has it that says nothing of it."""
    return float(schema.with_defaults({"thresholds": {"audit": {}}}, "project")["thresholds"]["audit"][threshold])


class InitOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The flags; None for what was not said."""

    name: str | None  # "." for the folder itself
    kind: str | None
    model: str | None  # UNDECIDED for "I don't know yet"
    trainers: str | None  # names, comma-separated
    trigger: str | None
    description: str | None
    class_word: str | None
    notes: str | None
    fused: str | None  # terms, comma-separated
    images: str | None  # a folder
    in_place: bool | None
    captioner: str | None
    budget: str | None  # US dollars
    base_url: str | None
    vision_model: str | None
    tagger: str | None  # a folder
    style_words: str | None
    no_input: bool
    plain: bool = False
    tree: str | None = None  # a trainer's folder, or its configuration

    @property
    def source(self) -> Path | None:
        """The folder with the pictures, None if none was named."""
        return self.named if self.tree is None else None

    @property
    def named(self) -> Path | None:
        """The folder that --images names; beside a tree, one that its configuration may lead to."""
        return given.folder(self.images) if self.images else None

    @property
    def taken(self) -> Path | None:
        """The tree that is taken over, None if none was named."""
        return given.folder(self.tree) if self.tree else None

    @property
    def model_name(self) -> str:
        """The base model to go on with; "" if nobody said one."""
        return for_now(self.kind) if self.model == UNDECIDED else self.model or ""


class NewProject(msgspec.Struct, frozen=True, kw_only=True):
    """The values of project.yaml's template."""

    name: str
    kind: str
    class_word: str
    model: str
    decided: str  # what project.yaml's comment says of the base model
    trainers: list[str]
    description: str
    notes: str
    fused: list[str]
    trigger: str
    captioner: str
    style_words: str
    folder: str  # images.folder
    captioning: dict[str, str | float | dict[str, str] | None]  # further keys, for a captioner that needs them
    steps: int = 1500
    epochs: int = 15
    dataset: dict[str, Json] = {}  # further keys, of a tree that was taken over


def same_folder(a: Path, b: Path) -> bool:
    """Say whether two paths are one place."""
    return a.resolve() == b.resolve()


def project_root(name: str, here: Path) -> Path:
    """Return where the project would lie: in a studio among its training, else here."""
    if name == ".":
        return here
    home = studio.studio_folder(here)
    return home / "grimoire/training" / name if home else here / name


def project_name(name: str, here: Path) -> str:
    """Return the project's name; "." takes that of the folder `here`, in the letters that a name may have."""
    if name != ".":
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", here.name).strip("-_")[:64]
    return f"my-{plain}"[:64].rstrip("-") if not plain or RESERVED.fullmatch(plain) else plain
