"""What `loraprep init --from TREE` makes of a trainer's tree: files to copy, values of project.yaml, what it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec
from msgspec.structs import replace

from loraprep.captions import meaning
from loraprep.cli.init import create
from loraprep.cli.init.create import Copy
from loraprep.cli.init.options import InitOptions
from loraprep.core import files, resources
from loraprep.core.files import Json
from loraprep.core.text import listed, number_of
from loraprep.imaging import formats
from loraprep.project import profiles, project, trigger
from loraprep.scan import roles
from loraprep.trainers.takeover.tree import Part, Tree

_MASK, _CONTROL = "-masklabel", "-condlabel"  # OneTrainer's, beside the pictures
_REGULARIZATION, _HELD_OUT = "reg", "validation"
_LIMITS = {"steps": 1_000_000, "epochs": 10_000, "batch_size": 1024}  # of schemas/project.schema.json
_MOSTLY = 0.9  # of the captions that begin alike: the others were forgotten
_ARTICLES = frozenset({"a", "an", "the", "1girl", "1boy", "solo", "this", "in", "photo", "image"})
_MANY = {"list of words": "lists of words"}
_SHOWN = 6  # of what is not taken over; a terminal has room for so many


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a tree becomes. `told`: how many of what, for people."""

    copies: list[Copy]
    dataset: dict[str, Json]
    trigger: str
    told: str
    left: list[str]
    doubted: list[str]  # why its trigger is none here
    noted: tuple[str, ...]


def taken(tree: Tree) -> Taken:
    """Say what is copied where in the project, and what project.yaml says. Reads; writes nothing."""
    plan = _Plan(tree)
    for part in tree.parts:
        plan.add(part)
    dataset = {key: value for key, value in tree.dataset.items() if _allowed(key, value)}
    if plan.counts["regularization picture"]:
        dataset["regularization"] = _REGULARIZATION
    if plan.held_out:
        dataset["validation"] = plan.held_out
    captions = [path for inside in plan.captions.values() for path in inside]
    several = _several(plan)
    shared, of_class = _shared_beginning(captions), "" if several else _class_trigger(tree)
    said = [number_of(number, what, _MANY.get(what, "")) for what, number in plan.counts.items() if number]
    return Taken(
        copies=plan.copies,
        dataset=dataset,
        trigger=_usable(tree.trigger) or _usable(shared) or _usable(of_class),
        told=f"{', '.join(said) or 'nothing'} from {tree.title}'s {tree.top.name}/",
        left=[*plan.left, *tree.left],
        doubted=[*_no_trigger(tree.trigger or shared or of_class, len(captions)), *several],
        noted=tree.noted,
    )


def _allowed(key: str, value: Json) -> bool:
    return key not in _LIMITS or (isinstance(value, int) and value <= _LIMITS[key])


class _Plan:
    """Files to copy, gathered part by part."""

    def __init__(self, tree: Tree) -> None:
        self.copies: list[Copy] = []
        self.captions: dict[str, list[Path]] = {}  # of pictures that train, by their folder's name
        self.held_out: list[str] = []  # patterns, relative to images/
        self.left: list[str] = []
        self.counts: Counter[str] = Counter()
        self._train = [part for part in tree.parts if part.role == "train"]
        self._places = dict(zip([part.folder for part in self._train], _places(self._train), strict=True))
        self._targets: set[str] = set()
        self._tree = tree

    def add(self, part: Part) -> None:
        """Take over one folder."""
        if part.role == "validation" and self._within(part):
            return
        top = self._top(part)
        inside = [path for path in create.files_below(part.folder) if part.deep or len(path.parts) == 1]
        pictures = [path for path in inside if path.suffix.lower() in formats.EXTENSIONS]
        pictures = [path for path in pictures if not part.only or path.name in part.only]
        beside = [path for path in pictures if path.stem.endswith((_MASK, _CONTROL))] if part.masks else []
        pictures = [path for path in pictures if path not in beside]
        for path in pictures:
            self._copy(part, path, self._target(part, top, path.as_posix()), self._counted(part))
        self._words(part, top, inside, pictures)
        self._masks(part, top, beside, pictures)
        if part.role == "validation" and pictures:
            self.held_out.append(f"{_HELD_OUT}/**")
        if part.lists:
            for path in part.lists:
                self.copies.append(Copy(path, f"{top}/{path.name}"))
        if deeper := self._deeper(part):
            passes = f"in folders below {part.folder.name}/, which {self._tree.title} does not read there"
            self.left.append(f"{number_of(deeper, 'picture')} {passes}")
        if outward := create.outward_links(part.folder):
            yours = "if they are yours, put the files themselves there"
            self.left.append(f"links that lead out of {part.folder.name}/ ({yours}): {listed(outward, 3)}")

    def _deeper(self, part: Part) -> int:
        """Count the pictures further down that are no part of their own, nor masks or the like."""
        if part.deep:
            return 0
        own = {each for p in self._tree.parts for each in (p.folder, p.masks) if each and each != part.folder}
        below = [path for path in create.files_below(part.folder) if len(path.parts) > 1]
        return sum(
            path.suffix.lower() in formats.EXTENSIONS
            and roles.by_name(path.as_posix()) is None
            and not any((part.folder / path).is_relative_to(each) for each in own)
            for path in below
        )

    def _within(self, part: Part) -> bool:
        """Say whether held-out pictures are copied with a folder that trains: then they are only named."""
        for train in self._train:
            if part.folder == train.folder or (train.deep and part.folder.is_relative_to(train.folder)):
                top = self._places[train.folder]
                inner = part.folder.relative_to(train.folder).as_posix()
                prefix = "/".join(p for p in (top, inner) if p not in ("", "."))
                names = [f"{prefix}/{name}" if prefix else name for name in part.only]
                self.held_out += names or [f"{prefix}/**"]
                return True
        return False

    def _top(self, part: Part) -> str:
        if part.role == "regularization":
            return _REGULARIZATION
        inner = _HELD_OUT if part.role == "validation" else self._places[part.folder]
        return f"images/{inner}" if inner else "images"

    @staticmethod
    def _counted(part: Part) -> str:
        return {"train": "picture", "regularization": "regularization picture", "validation": "held-out picture"}[
            part.role
        ]

    def _target(self, part: Part, top: str, name: str) -> str:
        """Return where a file goes. Several folders of regularization pictures become one: kohya's are flat."""
        if part.role == "train" or f"{top}/{name}" not in self._targets:
            return f"{top}/{name}"
        return f"{top}/{part.name}-{name.replace('/', '-')}"

    def _copy(self, part: Part, path: Path, target: str, counted: str) -> None:
        self.copies.append(Copy(part.folder / path, target))
        self._targets.add(target)
        self.counts[counted] += 1

    def _words(self, part: Part, top: str, inside: Sequence[Path], pictures: Sequence[Path]) -> None:
        """Take the words beside the pictures: those that the trainer reads, where it says which."""
        stems = {path.with_suffix("") for path in pictures}
        known = [p for p in inside if p.suffix.lower() in (*formats.SIDECARS, part.captions.lower())]
        words = [p for p in known if p.with_suffix("") in stems]
        read = [p for p in words if p.suffix.lower() == part.captions.lower()] if part.captions else words
        if unread := len(words) - len(read):
            reads = f"which {self._tree.title} does not read there (it reads {part.captions})"
            self.left.append(f"{number_of(unread, 'file')} of words in {part.folder.name}/, {reads}")
        placed = {copy.source: copy.target for copy in self.copies}
        by_stem = {path.with_suffix(""): placed[part.folder / path] for path in pictures}
        for path in read:
            suffix = path.suffix if path.suffix.lower() in formats.SIDECARS else ".txt"
            target = PurePosixPath(by_stem[path.with_suffix("")]).with_suffix(suffix).as_posix()
            if target not in self._targets:
                self.copies.append(Copy(part.folder / path, target))
                self._targets.add(target)
                if not _says_something(part.folder / path):
                    self.counts["empty caption"] += 1
                    continue
                self.counts["caption"] += part.role != "regularization"
                if part.role == "train":
                    self.captions.setdefault(part.folder.name, []).append(part.folder / path)
        for path in inside:
            if path.suffix.lower() in formats.TABLES or (path.suffix == ".json" and path.name.startswith("meta")):
                self.copies.append(Copy(part.folder / path, f"{top}/{path.as_posix()}"))
                self.counts["list of words"] += 1

    def _masks(self, part: Part, top: str, beside: Sequence[Path], pictures: Sequence[Path]) -> None:
        """Take masks: those in a folder of their own, or OneTrainer's beside the pictures."""
        if part.masks is None or part.role == "regularization":
            return
        inner = top.removeprefix("images").strip("/")
        if controls := [path for path in beside if path.stem.endswith(_CONTROL)]:
            self.left.append(number_of(len(controls), "control picture"))
        stems = {path.with_suffix("").as_posix() for path in pictures}
        if part.masks == part.folder:
            of = {p: p.with_name(p.stem.removesuffix(_MASK) + p.suffix) for p in beside if p not in controls}
            found = [(part.folder / p, name) for p, name in of.items()]
        else:
            there = create.files_below(part.masks)
            found = [(part.masks / p, p) for p in there if p.suffix.lower() in formats.EXTENSIONS]
        for source, name in found:
            if name.with_suffix("").as_posix() in stems:
                target = "/".join(filter(None, ("masks", inner, name.as_posix())))
                self.copies.append(Copy(source, target))
                self.counts["mask"] += 1


def _places(parts: Sequence[Part]) -> list[str]:
    """Name the folder in images/ of each part: kohya's {repeats}_{name}, where any says repeats."""
    repeated = any(part.repeats > 1 for part in parts)
    taken_: set[str] = set()
    places = []
    for part in parts:
        name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", part.name).strip(" .") or "pictures"
        place = f"{part.repeats or 1}_{name}" if repeated else name if len(parts) > 1 else ""
        number = 2
        while place.casefold() in taken_:
            place, number = f"{place.removesuffix(f'-{number - 1}')}-{number}", number + 1
        taken_.add(place.casefold())
        places.append(place)
    return places


def _shared_beginning(captions: Sequence[Path]) -> str:
    """Find the word that (nearly) all captions begin with; "" if there is none."""
    first = Counter(_beginnings(captions))
    word, number = max(first.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return word if number > 1 and number >= _MOSTLY * len(captions) else ""


def _beginnings(captions: Sequence[Path]) -> Iterator[str]:
    """Yield the first tag of each caption or, of a sentence, its first word."""
    for path in captions:
        try:
            text = files.read(path, 4000).decode("utf-8-sig", "replace").strip()
        except OSError:
            continue
        tag = text.splitlines()[0].split(",")[0].strip() if text else ""
        yield tag.split(" ")[0]


def _says_something(path: Path) -> bool:
    try:
        return bool(files.read(path, 4000).strip())
    except OSError:
        return False


def _usable(word: str) -> str:
    return word if _may_be(word) else ""


def _no_trigger(word: str, captions: int) -> list[str]:
    """Say that a word which looks like a trigger is none here: it stays in the captions as a word."""
    if not word or _may_be(word) or word.lower() in _ARTICLES or captions < 2:
        return []
    still = "captions still begin with it"
    if trigger.fault(word):
        return [f'"{word}" as the trigger, which has 3 to 24 small letters, digits or _: {still}']
    return [f'"{word}" as the trigger, which the model knows already: {still}; --trigger {word} keeps it']


def _several(plan: _Plan) -> list[str]:
    """Say that folders have triggers of their own, of which a project has one: they stay in the captions as names."""
    of: dict[str, list[str]] = {}
    for folder, captions in sorted(plan.captions.items()):
        if word := _usable(_shared_beginning(captions)):
            of.setdefault(word, []).append(f"{folder}/")
    if len(of) < 2:
        return []
    told = listed([f'"{word}" of {listed(folders)}' for word, folders in of.items()])
    stay = (
        "a project teaches one, and these stay in their captions as names; for a trigger each, make a project of each"
    )
    return [f"{told} as triggers: {stay}"]


def _class_trigger(tree: Tree) -> str:
    """Find the trigger in what kohya calls a class: the first word of "sks woman"."""
    words = [part.words.split()[0] for part in tree.parts if part.role == "train" and len(part.words.split()) > 1]
    return words[0] if len({*words}) == 1 else ""


def _may_be(word: str) -> bool:
    return not trigger.fault(word) and not meaning.doubt(word)


def with_tree(options: InitOptions, tree: Tree, found: Taken) -> InitOptions:
    """Answer what the tree answers and no flag did."""
    model = options.model or (_model(tree) if tree.calls else None)
    trainers = options.trainers
    if not trainers and tree.trainer and model and project.unfit_trainer(tree.trainer, model) is None:
        trainers = tree.trainer
    return replace(options, model=model, trainers=trainers, trigger=options.trigger or found.trigger or None)


def _model(tree: Tree) -> str | None:
    """Find the one base model that the trainer calls so; None if none or several."""
    names = resources.names("resources/models")
    called = [name for name in names if profiles.base_model(name).by(tree.trainer).calls == tree.calls]
    return called[0] if len(called) == 1 else None


def told(found: Taken, chosen: str) -> list[str]:
    """Say what was taken over and what was not, a line each. `chosen`: the project's trigger."""
    left = [*(why for why in found.doubted if not why.startswith(f'"{chosen}"')), *found.left]
    lines = [f"Taken over: {found.told}."]
    lines += [f"Read otherwise: {note}." for note in found.noted[:_SHOWN]]
    if left:
        more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        lines.append(f"Not taken over: {'; '.join(left[:_SHOWN])}{more}.")
    return lines
