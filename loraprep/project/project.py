"""project.yaml: the declaration, checked and complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from loraprep.core import files, patterns, resources, storage, yamlfile
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.object_folder import ObjectFolder
from loraprep.core.object_store import ObjectStore
from loraprep.core.yamlfile import Document
from loraprep.project import profiles, schema, trust
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import DatasetSettings, Settings, complete_settings

NAME = "project.yaml"


class Project(msgspec.Struct, frozen=True):
    """A project folder: its declaration, complete with all defaults, and what that names."""

    root: Path
    images: Path
    settings: Settings
    kind: Kind
    base_model: BaseModel
    store: ObjectStore | None = None  # where the pictures are, if `images` only stands for that

    @classmethod
    def of(cls, root: Path, images: Path, settings: Settings, store: ObjectStore | None = None) -> Project:
        """Make one with the kind and the base model that the settings name."""
        kind, model = profiles.kind(settings.intent.kind), profiles.base_model(settings.model)
        return cls(root, images, settings, kind, model, store)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def trigger(self) -> str:
        return self.settings.trigger

    def auto(self, kind: str) -> bool:
        """Say whether questions of this decision file are answered as recommended."""
        answered: str = getattr(self.settings.review, kind)
        return answered == "auto"


def load(root: Path, *, ask: bool = False) -> Project:
    """Read and check project.yaml, and keep to the project from now on. Raises UserError with every problem:

    exit code 3 for those in project.yaml, 1 for links in the way and a folder outside or a bucket that nobody
    trusts yet. `ask`: a person may be asked about that, on a terminal.
    """
    files.enclose(root)
    files.refuse_links(root)
    doc, declared = _declared(root)
    if "://" in declared.images.folder:
        store = _store(root, declared, doc, ask=ask)
        training = _training(root, declared, doc, ask=ask)
        files.enclose(root, store.folder, trust.picture_folders(root), store, training)
        return Project.of(root, store.folder, declared, store)
    images = root / declared.images.folder
    if not images.is_dir():
        message = f'images.folder: there is no folder "{declared.images.folder}"'
        hint = "Make the folder and put your pictures into it, or name the folder where they are."
        if images.with_name(f"{images.name}.dvc").is_file():
            hint = f"DVC keeps it: run dvc pull {images.name}.dvc"
        raise UserError.many([doc.problem(["images", "folder"], message, hint)], UNUSABLE)
    outside, real = trust.picture_folders(root), images.resolve()
    if not files.may_be_picture(real, (root.resolve(), *outside)):
        trust.ask_for_folder(root, real, declared.images.folder, ask=ask)
    files.enclose(root, images, outside, training=_training(root, declared, doc, ask=ask))
    return Project.of(root, images, declared)


def trainers_of(root: Path) -> tuple[str, ...]:
    """Read who is to train what a project makes, whether its pictures are here or not. Raises UserError."""
    return _declared(root)[1].dataset.trainers


def _declared(root: Path) -> tuple[Document, Settings]:
    """Read and check project.yaml alone. Raises UserError (exit code 3) with every problem in it."""
    path = root / NAME
    if not path.is_file():
        raise UserError(
            "there is no project.yaml here",
            exit_code=UNUSABLE,
            hint="Start a project with: loraprep init NAME --images FOLDER",
        )
    doc = yamlfile.load(
        path,
        NAME,
        exit_code=UNUSABLE,
        flaws=True,
        if_empty="Bring it back from git, or delete it and run loraprep init . here.",
    )
    found = schema.problems(doc, "project")
    if isinstance(doc.data, dict):
        found += _outside(doc)
    if found:
        raise UserError.many(sorted(found, key=lambda p: p.position), UNUSABLE)
    if unfit := [*_untrainable(doc), *_unfit(doc), *_unreachable(doc)]:
        raise UserError.many(unfit, UNUSABLE)
    return doc, complete_settings(doc.data)


def _store(root: Path, declared: Settings, doc: Document, *, ask: bool) -> ObjectStore:
    """Return the store that project.yaml names, as the person allows it to be read. Nobody is asked yet."""
    address, how = declared.images.folder.rstrip("/"), declared.images.store
    if storage.fault(address):
        message = f'images.folder: "{address}" is no address from which pictures are read'
        hint = (
            "These are: s3://bucket/folder, gs://bucket/folder, az://container/folder, hf://datasets/owner/set/folder."
        )
        raise UserError.many([doc.problem(["images", "folder"], message, hint)], UNUSABLE)
    allowed = trust.bucket(root, storage.top(address), anonymous=how.anonymous, ask=ask)
    return ObjectStore(
        address,
        root.absolute() / "build" / "store" / "pictures",
        how.cache_gb * 1e9,
        region=how.region,
        anonymous=how.anonymous or allowed.anonymous,
        endpoint=allowed.endpoint,
        profile=allowed.profile,
    )


def _training(root: Path, declared: Settings, doc: Document, *, ask: bool) -> ObjectFolder | None:
    """Return the bucket that dataset.path names, as the person allows it to be written to; None for a folder.

    Nobody is asked yet.
    """
    address, pictures = declared.dataset.bucket, declared.images.folder.rstrip("/")
    if not address:
        return None
    if not address.startswith("s3://") or storage.fault(address):
        message = f'dataset.path: "{address}" is no address to which a training folder is written'
        raise UserError.many([doc.problem(["dataset", "path"], message, "These are: s3://bucket/folder.")], UNUSABLE)
    if any(f"{a}/".startswith(f"{b}/") for a, b in [(address, pictures), (pictures, address)]):
        message = "dataset.path: the training folder would lie among the pictures, or they in it"
        hint = "Name a folder of its own, such as s3://bucket/mystyle-dataset."
        raise UserError.many([doc.problem(["dataset", "path"], message, hint)], UNUSABLE)
    allowed = trust.bucket_to_write(root, storage.top(address), ask=ask)
    return ObjectFolder(
        address,
        root.absolute() / "build",
        region=declared.images.store.region,
        anonymous=allowed.anonymous,
        endpoint=allowed.endpoint,
        profile=allowed.profile,
    )


def unfit_trainer(name: str, model: str, *, pairs: bool = False) -> tuple[str, str] | None:
    """Say that a trainer does not train the base model (`pairs`: on pairs), and which do; None if it does."""
    able = profiles.trainers_of(model, pairs=pairs)
    if name in able or (pairs and not able):  # with none at all it is the base model that is named
        return None
    message = f"{profiles.trainer(name).title} does not train {profiles.base_model(model).title}"
    if pairs:
        message += " on pairs"
    return message, f"These do: {', '.join(able)}."


def unfit_model(model: str, kind: str) -> tuple[str, str] | None:
    """Say that a base model cannot be taught this kind, and which can; None if it can."""
    if profiles.fits_kind(model, kind):
        return None
    title = profiles.base_model(model).title
    if profiles.kind(kind).pairs:
        return f"no trainer here trains {title} on pairs", f"These can be: {', '.join(profiles.models_for(kind))}."
    able = [name for name in resources.names("resources/kinds") if profiles.fits_kind(model, name)]
    return f"{title} is trained on pairs alone", f"Kinds that are taught by pairs: {', '.join(able)}."


def _untrainable(doc: Document) -> Iterator[Problem]:
    """Trainers that do not train the base model: their files would be written, and fail where the GPU is paid."""
    pairs = profiles.kind(doc.data["intent"]["kind"]).pairs
    for n, name in enumerate(doc.data.get("dataset", {}).get("trainers", [])):
        if found := unfit_trainer(name, doc.data["model"], pairs=pairs):
            message, hint = found
            yield doc.problem(["dataset", "trainers", n], f"dataset.trainers: {message}", hint)


def _unreachable(doc: Document) -> Iterator[Problem]:
    """Trainers that read folders alone, or more than they are told, where the training folder is something else."""
    declared = complete_settings(doc.data).dataset
    if declared.format != "folder":
        yield from _unpacked(doc, declared)
        return
    if not declared.bucket:
        return
    able = [name for name in resources.names("resources/trainers") if profiles.trainer(name).buckets]
    for n, name in enumerate(declared.trainers):
        profile, named = profiles.trainer(name), "trainers" in doc.data["dataset"]
        if not profile.buckets:
            where: list[str | int] = ["dataset", "trainers", n] if named else ["dataset", "path"]
            message = f"dataset.trainers: {profile.title} reads no bucket, and dataset.path is one"
            hint = f"These read from one: {', '.join(able)}. For the others write dataset.path: null."
            yield doc.problem(where, message, hint)
        elif declared.bucket != storage.top(declared.bucket):
            message = f"dataset.path: {profile.title} trains on every picture of a bucket, whichever folder it is told"
            hint = "Name a bucket that is for this alone, as s3://mystyle."
            yield doc.problem(["dataset", "path"], message, hint)


def _unpacked(doc: Document, declared: DatasetSettings) -> Iterator[Problem]:
    """Trainers that do not read what dataset.format says."""
    able = [n for n in resources.names("resources/trainers") if declared.format in profiles.trainer(n).shards]
    for n, name in enumerate(declared.trainers):
        if name not in able:
            where: list[str | int] = ["trainers", n] if "trainers" in doc.data["dataset"] else ["format"]
            message = f"dataset.trainers: {profiles.trainer(name).title} reads no {declared.format}"
            hint = (
                f"Write dataset.format: folder for it. What reads {declared.format}, as your own training script may, "
                f"is dataset.trainers: [{', '.join(able)}]."
            )
            yield doc.problem(["dataset", *where], message, hint)


def _unfit(doc: Document) -> Iterator[Problem]:
    """Settings that do not go with the kind: what is taught by pairs is taught by nothing else."""
    kind = doc.data["intent"]["kind"]
    if found := unfit_model(doc.data["model"], kind):
        message, hint = found
        yield doc.problem(["model"], f"model: {message}", hint)
    able, named = profiles.kind(kind).captioners, doc.data.get("captioning", {}).get("captioner", [])
    for name in [named] if isinstance(named, str) else named:
        if able and name not in able:
            message = f"captioning.captioner: {name} cannot say what is changed in a picture"
            yield doc.problem(["captioning", "captioner"], message, f"These can be used: {', '.join(able)}.")
    if not profiles.kind(kind).pairs:
        if not doc.data["trigger"]:
            yield doc.problem(["trigger"], "trigger: it is empty", "Make up a word; only pairs can do without one.")
        return
    dataset = doc.data.get("dataset", {})
    if dataset.get("regularization"):
        message = "dataset.regularization: pictures without a change teach no change"
        yield doc.problem(["dataset", "regularization"], message, "Write null: an edit is taught by its pairs alone.")
    if dataset.get("validation"):
        message = "dataset.validation: no trainer's file here names the pictures before a change of those held out"
        yield doc.problem(["dataset", "validation"], message, "Leave it away for pairs.")
    if dataset.get("cutouts") == "mask":
        message = "dataset.cutouts: a pair is learned whole, without a loss mask"
        yield doc.problem(["dataset", "cutouts"], message, "Write background.")
    if isinstance(dataset.get("background"), list) and len(dataset["background"]) > 1:
        message = "dataset.background: a pair stands on one colour, the same before and after"
        yield doc.problem(["dataset", "background"], message, "Write one colour.")


_PATTERNS = (
    *((group, key) for group in ("images", "curation") for key in ("include", "exclude")),
    ("dataset", "validation"),
)


def _outside(doc: Document) -> Iterator[Problem]:
    """Patterns and names are inside the images folder; only images.folder itself may lie elsewhere."""
    for group, key in _PATTERNS:
        values = doc.data.get(group, {})
        listed = values.get(key, []) if isinstance(values, dict) else []
        for n, value in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(value, str) and (
                ".." in Path(value).parts or value.startswith(("/", "\\", "~")) or ":" in value[:2]
            ):
                message = f'{group}.{key}: "{value}" leaves the images folder'
                yield doc.problem([group, key, n], message, "Write it relative to the images folder, with /.")
            elif isinstance(value, str) and value and not patterns.usable(value):
                message = f'{group}.{key}: "{value}" is no pattern'
                yield doc.problem([group, key, n], message, "Close every [, and write [a-z] in that order.")
