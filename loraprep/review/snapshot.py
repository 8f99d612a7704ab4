"""What build/ and decisions/ say right now. Read again only when a file is another one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Caption, Fate, Gate, Group, Image, Pair
from loraprep.pipeline import artifacts
from loraprep.pipeline.artifacts import Artifact, Captioned, Duplicates, Judged, Selected
from loraprep.pipeline.workspace import IMAGES
from loraprep.project import decisions, project
from loraprep.project.decisions import Decisions
from loraprep.project.project import Project
from loraprep.scan.image_list import read_images

A = TypeVar("A", bound=Artifact)
KINDS = (*decisions.KINDS, "gate")
_BUILD = (
    "images.jsonl",
    "audit.json",
    "duplicates.json",
    "samples.json",
    "captions.json",
    "curation.json",
    "selection.json",
    "gate1.json",
)


def ident(*parts: str) -> str:
    """The name that the page knows a picture or an entry by: no path ever travels back."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent look. Whatever is missing is empty: a project that never ran Gate 1 has only its decisions."""

    project: Project
    images: dict[str, Image]  # by path, pictures only
    shown: dict[str, Image]  # the same by the digest of their pixels
    groups: list[Group]
    captions: dict[str, Caption]
    fates: dict[str, Fate]
    gate: Gate | None
    decisions: dict[str, Decisions]
    accepted: dict[str, dict[str, Any]]
    digests: dict[str, str]  # decision file -> sha256, "" for none
    problems: dict[str, str]  # decision file -> why it cannot be read
    build: str  # one digest of everything in build/ that is shown

    def image(self, digest: str) -> Image | None:
        """By the digest of its pixels."""
        return self.shown.get(digest)

    def auto(self, kind: str) -> bool:
        return bool(self.project.config["review"].get(kind) == "auto")

    def entry_key(self, kind: str, wanted: str) -> str | None:
        """The key of an entry, by its ident."""
        keys = self.accepted if kind == "gate" else self.decisions[kind].entries
        return next((key for key in keys if ident(kind, key) == wanted), None)

    def names(self) -> dict[str, str]:
        """ident -> what an answer may name: every picture there is, and every picture and look of an entry."""
        entries = [e.data for d in self.decisions.values() for e in d.entries.values()]
        pictures = {p for data in entries for p in data.get("pictures", {})}
        looks = {ident("look", name): name for data in entries for name in data.get("looks", {})}
        return looks | {ident("picture", path): path for path in {*self.images, *pictures}}


class Reader:
    """Gives the newest Snapshot; thread-safe."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._parts: dict[str, tuple[object, Any]] = {}

    def stamps(self) -> dict[str, str]:
        """decision file -> digest, and "build" -> one for all: what a page compares with what it shows."""
        now = {kind: self._digest(decisions.place(self.root, kind)[0]) for kind in KINDS}
        built = [self._digest(self.root / "build" / name) for name in _BUILD]
        settings = self._digest(self.root / project.NAME)
        return {**now, "build": hashlib.sha256("".join([*built, settings]).encode()).hexdigest()}

    def read(self) -> Snapshot:
        """Raises UserError only when project.yaml cannot be used."""
        with self._lock:
            stamps = self.stamps()
            look: Snapshot = self._cached("all", stamps, lambda: self._look(stamps))
            return look

    def _look(self, stamps: dict[str, str]) -> Snapshot:
        problems: dict[str, str] = {}
        answers = {kind: self._decisions(kind, stamps[kind], problems) for kind in decisions.KINDS}
        images = {i.path: i for i in self._images() if i.state == "image"}
        return Snapshot(
            project=self._project(),
            images=images,
            shown={i.pixel_digest: i for i in images.values()},
            groups=found.groups if (found := self._artifact(Duplicates)) else [],
            captions=written.captions if (written := self._artifact(Captioned)) else {},
            fates={f.path: f for f in selected.fates} if (selected := self._artifact(Selected)) else {},
            gate=self._artifact(Judged),
            decisions=answers,
            accepted=self._accepted(stamps["gate"], problems),
            digests={kind: stamps[kind] for kind in KINDS},
            problems=problems,
            build=stamps["build"],
        )

    def _digest(self, path: Path) -> str:
        """Trusted while size and time stay, as a page asks for it every second."""
        try:
            seen = path.stat()
        except OSError:
            return ""
        key = (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
        return str(self._cached(f"digest {path}", key, lambda: files.sha256(path)))

    def _project(self) -> Project:
        stamp = self._digest(self.root / project.NAME)
        loaded: Project = self._cached("project", stamp, lambda: project.load(self.root))
        return loaded

    def _decisions(self, kind: str, stamp: str, problems: dict[str, str]) -> Decisions:
        try:
            read: Decisions = self._cached(kind, stamp, lambda: decisions.read(self.root, kind))
        except UserError as error:
            problems[kind] = str(error)
            return Decisions()
        return read

    def _accepted(self, stamp: str, problems: dict[str, str]) -> dict[str, dict[str, Any]]:
        try:
            read: dict[str, dict[str, Any]] = self._cached("gate", stamp, lambda: decisions.accepted(self.root))
        except UserError as error:
            problems["gate"] = str(error)
            return {}
        return read

    def _images(self) -> list[Image]:
        path = self.root / "build" / IMAGES
        try:
            read: list[Image] = self._cached(IMAGES, self._digest(path), lambda: read_images(path))
        except UserError:  # not there yet, or from another version
            return []
        return read

    def _artifact(self, kind: type[A]) -> A | None:
        stamp = self._digest(self.root / "build" / kind.NAME)
        try:
            read: A = self._cached(kind.NAME, stamp, lambda: artifacts.load(kind, self.root))
        except UserError:  # not there yet, or from another version
            return None
        return read

    def _cached(self, name: str, stamp: object, load: Callable[[], Any]) -> Any:
        if name not in self._parts or self._parts[name][0] != stamp:
            self._parts[name] = (stamp, load())
        return self._parts[name][1]


def pair(snapshot: Snapshot, first: str, second: str) -> Pair | None:
    """What is known of two pictures (paths)."""
    for group in snapshot.groups:
        for known in group.pairs:
            if {known.a, known.b} == {first, second}:
                return known
    return None
