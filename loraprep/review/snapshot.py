"""Read what build/ and decisions/ say right now; again only when a file is another one."""

from __future__ import annotations

import gc
import hashlib
import threading
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from msgspec import structs

from loraprep.core import files
from loraprep.core.dataset_lock import LOCK
from loraprep.core.errors import UserError
from loraprep.core.records import Caption, Elements, Fate, Gate, Group, Image, Pair
from loraprep.pairs.change import Change
from loraprep.pipeline import artifacts, state
from loraprep.pipeline.artifacts import Artifact, Captioned, Described, Duplicates, Judged, PairsSeen, Selected
from loraprep.pipeline.workspace import IMAGES
from loraprep.project import crops, decisions, project
from loraprep.project.crops import Drawn
from loraprep.project.decisions import Acceptance, Decisions
from loraprep.project.project import Project
from loraprep.scan.image_list import read_images

KINDS = (*decisions.KINDS, "gate", "crops")
_A = TypeVar("_A", bound=Artifact)
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_Kept = tuple[str, Any]  # stamp, what was loaded: as many types as files
_BUILD = (
    "images.jsonl",
    "audit.json",
    "duplicates.json",
    "samples.json",
    "elements.json",
    "captions.json",
    "pairs.json",
    "curation.json",
    "selection.json",
    "gate1.json",
)


def ident(*parts: str) -> str:
    """Return the name that the page knows a picture or an entry by: no path ever travels back."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True, eq=False)  # the same only if it is the same: what is made of one is kept by it
class Snapshot:
    """One consistent state. Whatever is missing is empty: a project that never ran Gate 1 has only its decisions."""

    project: Project
    images: dict[str, Image]  # by path, pictures only
    before: dict[
        str, Image
    ]  # by path, the pictures before a change; with what their pixels are, as those after have it
    by_shown: dict[str, Image]  # both by what they look like (`crops.shown`)
    groups: list[Group]
    elements: dict[str, Elements]  # path -> the words that its caption is made of, and who gave them
    captions: dict[str, Caption]
    fates: dict[str, Fate]
    changes: dict[str, Change]  # of pairs, by the path of the picture after it
    gate: Gate | None
    decisions: dict[str, Decisions]
    accepted: dict[str, Acceptance]  # finding code -> what gate.yaml says
    drawn: dict[str, Drawn]  # path -> what crops.yaml says now
    digests: dict[str, str]  # decision file -> sha256, "" for none; "made" -> one for what is built and exported
    problems: dict[str, str]  # decision file -> why it cannot be read
    build: str  # one digest of everything in build/ that is shown
    made: frozenset[str]  # "dataset", "export": what is as it would be made now, as far as answers go
    changed: bool  # is something that a person writes another than what the last run read?

    def entry_key(self, kind: str, wanted: str) -> str | None:
        """Return the key of an entry, also of one that asks many questions, by its ident."""
        given = self.decisions.get(kind, Decisions())
        keys: Collection[str] = self.accepted if kind == "gate" else [*given.entries, *given.joined]
        return next((key for key in keys if ident(kind, key) == wanted), None)

    def names(self) -> dict[str, str]:
        """Map ident -> what an answer may name: every picture there is, and every picture and style of an entry."""
        entries = [e.data for d in self.decisions.values() for e in d.entries.values()]
        pictures = {p for data in entries for p in data.get("pictures", {})}
        styles = {ident("look", name): name for data in entries for name in data.get("looks", {})}
        return styles | {ident("picture", path): path for path in {*self.images, *pictures}}


class Reader:
    """Gives the newest Snapshot; thread-safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._digests: dict[Path, tuple[tuple[int, ...], str]] = {}  # size, times and inode -> sha256
        self._files: dict[str, _Kept] = {}

    def stamps(self) -> dict[str, str]:
        """Map decision file -> digest, "build" and "made" -> one for all: what a page compares with what it shows."""
        now = {kind: self._digest(decisions.decision_file(self.root, kind)[0]) for kind in KINDS}
        built = [self._digest(self.root / "build" / name) for name in _BUILD]
        settings = self._digest(self.root / project.NAME) + self._digest(self.root / LOCK)
        made = hashlib.sha256(self._made_stamp().encode()).hexdigest()
        return {**now, "build": hashlib.sha256("".join([*built, settings]).encode()).hexdigest(), "made": made}

    def read(self) -> Snapshot:
        """Return the newest state. Raises UserError only when project.yaml cannot be used."""
        with self._lock:
            stamps = self.stamps()
            return self._kept("all", " ".join(stamps.values()), lambda: self._settled(stamps))

    def _settled(self, stamps: dict[str, str]) -> Snapshot:
        """Return a snapshot that Python does not look through again for what nobody needs.

        It has no cycles, so it is let go without; of 20,000 pictures each such look takes 0.4 s, amid an answer.
        """
        new = self._snapshot(stamps)
        gc.freeze()
        return new

    def _snapshot(self, stamps: dict[str, str]) -> Snapshot:
        problems: dict[str, str] = {}
        answers = {kind: self._decisions(kind, stamps[kind], problems) for kind in decisions.KINDS}
        images, before, by_shown = self._kept("by name", stamps["build"], self._named)
        changed = bool(state.changed_since(self.root))
        return Snapshot(
            project=self._project(),
            images=images,
            before=before,
            by_shown=by_shown,
            groups=found.groups if (found := self._built(Duplicates)) else [],
            elements=self._by_path(Described, lambda described: described.elements),
            captions=self._by_path(Captioned, lambda captioned: captioned.captions),
            fates={f.path: f for f in selected.fates} if (selected := self._built(Selected)) else {},
            changes=seen.changes if (seen := self._built(PairsSeen)) else {},
            gate=self._built(Judged),
            decisions=answers,
            accepted=self._accepted(stamps["gate"], problems),
            drawn=self._drawn(stamps["crops"], problems),
            digests={kind: stamps[kind] for kind in (*KINDS, "made")},
            problems=problems,
            build=stamps["build"],
            made=frozenset() if changed else self._kept("made", stamps["made"], self._made),
            changed=changed,
        )

    def _made(self) -> frozenset[str]:
        """Ask doit, as the terminal does: one notion of what is built and exported."""
        from loraprep.pipeline import running  # which loads every step

        return running.made(self._project()) if self._digest(self.root / LOCK) else frozenset()

    def _made_stamp(self) -> str:
        """Return what is another one whenever something may have been made, or be gone."""
        parts = [path for top in ("dataset", "exports") for path in files.folders(self.root / top)]
        where = [self.root / name for name in (state.NAME, LOCK, "dataset", "exports")]
        return " ".join(str(_times(path)) for path in (*where, *parts))

    def _digest(self, path: Path) -> str:
        """Return a file's digest, "" without one. Trusted while size and time stay, as a page asks every second."""
        stamp = _times(path)
        if not stamp:
            return ""
        if path not in self._digests or self._digests[path][0] != stamp:
            self._digests[path] = (stamp, files.sha256(path))
        return self._digests[path][1]

    def _project(self) -> Project:
        return self._kept("project", self._digest(self.root / project.NAME), lambda: project.load(self.root))

    def _decisions(self, kind: str, stamp: str, problems: dict[str, str]) -> Decisions:
        try:
            return self._kept(kind, stamp, lambda: decisions.read_decisions(self.root, kind))
        except UserError as error:
            problems[kind] = str(error)
            return Decisions()

    def _accepted(self, stamp: str, problems: dict[str, str]) -> dict[str, Acceptance]:
        try:
            return self._kept("gate", stamp, lambda: decisions.accepted_findings(self.root))
        except UserError as error:
            problems["gate"] = str(error)
            return {}

    def _drawn(self, stamp: str, problems: dict[str, str]) -> dict[str, Drawn]:
        try:
            return self._kept("crops", stamp, lambda: crops.drawn(self.root))
        except UserError as error:
            problems["crops"] = str(error)
            return {}

    def _images(self) -> list[Image]:
        path = self.root / "build" / IMAGES
        try:
            return self._kept(IMAGES, self._digest(path), lambda: read_images(path))
        except UserError:  # not there yet, or from another version
            return []

    def _named(self) -> tuple[dict[str, Image], dict[str, Image], dict[str, Image]]:
        found = self._images()
        images = {i.path: i for i in found if i.state == "image"}
        controls = {path for i in images.values() for path in i.controls}
        before = {i.path: structs.replace(i, state="image") for i in found if i.path in controls}
        return images, before, {crops.shown(i): i for i in (*before.values(), *images.values())}

    def _built(self, kind: type[_A]) -> _A | None:
        stamp = self._digest(self.root / "build" / kind.NAME)
        try:
            return self._kept(kind.NAME, stamp, lambda: artifacts.load(kind, self.root))
        except UserError:  # not there yet, or from another version
            return None

    def _by_path(self, kind: type[_A], of: Callable[[_A], Mapping[str, _T]]) -> dict[str, _T]:
        """Return what a file of build/ holds by path, all of it read: each answer asks for it again."""

        def load() -> dict[str, _T]:
            built = self._built(kind)
            return {**of(built)} if built is not None else {}

        return self._kept(f"{kind.NAME} by path", self._digest(self.root / "build" / kind.NAME), load)

    def _kept(self, name: str, stamp: str, load: Callable[[], _T]) -> _T:
        """Return what `load` gave under this stamp, loading it anew under another."""
        kept = self._files.get(name)
        if kept is None or kept[0] != stamp:
            self._files[name] = kept = (stamp, load())
        value: _T = kept[1]
        return value


def _times(path: Path) -> tuple[int, ...]:
    """Return size, times and inode; () for what is not there."""
    try:
        now = path.stat()
    except OSError:
        return ()
    return now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino


class _Of:
    """What is made of a snapshot, the same as of any other with this key; the snapshot is let go once it is made."""

    __slots__ = ("key", "make")

    def __init__(self, key: Hashable, make: Callable[[], Any]) -> None:
        self.key, self.make = key, make

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Of) and self.key == other.key


def remembered(
    read: Callable[..., Hashable] = lambda *_of: (), size: int = 2
) -> Callable[[Callable[[Snapshot, *_Ts], _T]], Callable[[Snapshot, *_Ts], _T]]:
    """Keep what is made of a snapshot until build/ or what it `read` besides is another: one answer leaves the rest.

    `read`: of the same arguments, what it looks at in decisions/, such as a file's digest. `size`: how many are kept.
    """

    def keep(make: Callable[[Snapshot, *_Ts], _T]) -> Callable[[Snapshot, *_Ts], _T]:
        kept = lru_cache(maxsize=size)(lambda of: of.make())

        @wraps(make)
        def ask(s: Snapshot, *args: *_Ts) -> _T:
            of = _Of((s.project.root, s.build, read(s, *args), args), lambda: make(s, *args))
            made: _T = kept(of)
            of.make = _nothing
            return made

        return ask

    return keep


def _nothing() -> None:
    """Hold no snapshot."""


@remembered()
def _pairs(snapshot: Snapshot) -> dict[frozenset[str], Pair]:
    return {frozenset((known.a, known.b)): known for group in snapshot.groups for known in group.pairs}


@remembered()
def _by_ident(snapshot: Snapshot) -> dict[str, str]:
    return {ident("picture", path): path for path in snapshot.images}


def path_of(snapshot: Snapshot, wanted: str) -> str | None:
    """Return the path of a picture, by its ident."""
    return _by_ident(snapshot).get(wanted)


@remembered()
def by_short(snapshot: Snapshot) -> dict[str, Image]:
    """Map the short digest that an entry of decisions/ shows -> the picture."""
    return {image.digest[: decisions.SHORT]: image for image in snapshot.images.values()}


def pair(snapshot: Snapshot, first: str, second: str) -> Pair | None:
    """Return what is known of two pictures (paths) beside each other."""
    return _pairs(snapshot).get(frozenset((first, second)))
