"""What every step is given: the project, the files of build/ and decisions/, and what the command line named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from filelock import FileLock

from loraprep.core import files, known, terminal
from loraprep.core.known import Known
from loraprep.core.records import Image
from loraprep.core.text import clauses, listed, number_of
from loraprep.imaging.pictures import REDUCTIONS, Pictures
from loraprep.pipeline import artifacts
from loraprep.pipeline.artifacts import Artifact
from loraprep.project import crops, decisions, resolution
from loraprep.project.decisions import Acceptance, Decisions, Question
from loraprep.project.project import Project
from loraprep.scan import image_list

A = TypeVar("A", bound=Artifact)
T = TypeVar("T")
IMAGES, SCAN_CACHE = "images.jsonl", "scan-cache.sqlite"  # in build/


class Workspace:
    """A project at work in its folder.

    What was read is remembered as long as its file stays the same, so a step parses each file once, and a run the list
    of pictures and the answers: see `let_go`.
    """

    on_disk = True  # there is a folder for what is made: False for a first look at pictures without a project

    def __init__(self, project: Project) -> None:
        self.project = project
        self.named: set[str] = set()  # the tasks that the command line named
        self.as_json: set[str] = set()  # those of them whose result is wanted as JSON
        self._known: dict[tuple[Path, ...], tuple[list[object], object]] = {}
        self._lock: FileLock | None = None

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    @property
    def pictures(self) -> Pictures:
        """Where the pixels are, and how many of them may be opened."""
        return Pictures.of(self.project)

    def lock(self) -> None:
        """Keep other runs out of the project until this object goes, or the process. Raises filelock.Timeout."""
        if self._lock is None:
            lock = FileLock(files.opened_by_others(self.root / ".doit.sqlite.lock"), timeout=0)
            lock.acquire()
            self._lock = lock
            files.sweep_temporary(self.root)

    def images(self) -> list[Image]:
        """Return every file found. Raises UserError if the list is missing or from another version."""
        path = self.root / "build" / IMAGES
        return self._once((path,), lambda: image_list.read_images(path))

    def digests(self) -> dict[str, str]:
        """Return the digest of every file found, by path."""
        return {i.path: i.digest for i in self.images()}

    def read(self, kind: type[A]) -> A:
        """Return a file of build/. Raises UserError if it is missing, damaged or from another version."""
        return self._once((self.root / "build" / kind.NAME,), lambda: artifacts.load(kind, self.root))

    def let_go(self) -> None:
        """Forget what was read of build/ but the list of pictures, which every step asks for.

        To parse a file once more takes a tenth of a second; of very many pictures all of them are as large as the list.
        """
        self._known = {paths: known for paths, known in self._known.items() if not isinstance(known[1], Artifact)}

    def write(self, artifact: Artifact) -> None:
        """Write a file of build/ whole, and only if it differs."""
        files.write(self.root / "build" / artifact.NAME, artifacts.spelled(artifact))

    def decisions(self, kind: str) -> Decisions:
        """Return the answers in decisions/<kind>.yaml so far. Raises UserError."""
        return self._once(self._sources(kind), lambda: decisions.read_decisions(self.root, kind))

    def ask(self, kind: str, header: str, questions: Sequence[Question]) -> None:
        """Bring decisions/<kind>.yaml up to date with what is asked now, and tell which of it `rest` answers unseen.

        Raises UserError.
        """
        before = self.decisions(kind)
        decisions.update_questions(self.root, kind, header, questions)
        if taken := resolution.taken_by_rest(before, questions):
            terminal.complain(_told_of_rest(kind, taken), "yellow")

    def accepted(self) -> dict[str, Acceptance]:
        """Return what decisions/gate.yaml accepts, by finding code. Raises UserError."""
        return decisions.accepted_findings(self.root)

    def cache(self, name: str) -> Path | None:
        """Return where a step may keep what it measured, None for nowhere."""
        return self.root / "build" / name

    @property
    def known(self) -> Known:
        """Where what was found out about single pictures is kept from run to run."""
        return Known(self.root / "build" / known.NAME if self.on_disk else None)

    def remembered(self, name: str, source: Path, make: Callable[[], T], form: type[T]) -> T:
        """Return what `make` says of `source`, kept in build/ so that a run that finds it unchanged parses nothing."""
        return files.remembered(self.root / "build" / name, source, make, form)

    def _sources(self, kind: str) -> tuple[Path, ...]:
        path = decisions.decision_file(self.root, kind)[0]
        return (path, self.root / crops.NAME) if kind == "captions" else (path,)

    def _once(self, paths: tuple[Path, ...], load: Callable[[], T]) -> T:
        stamps = [_stamp(path) for path in paths]
        if paths not in self._known or self._known[paths][0] != stamps:
            self._known.pop(paths, None)  # what is out of date goes before what is new comes: it may be large
            self._known[paths] = stamps, load()
        return cast(T, self._known[paths][1])


def _stamp(path: Path) -> object:
    """Tell one state of a file from another; None without one."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns


class MemoryWorkspace(Workspace):
    """Pictures that belong to no project yet: nothing stays written, and nobody has decided anything.

    `scratch`: a folder of its own for what is measured, which goes with it; None: what is needed twice is made twice.
    """

    on_disk = False

    def __init__(self, project: Project, images: Sequence[Image], scratch: Path | None = None) -> None:
        super().__init__(project)
        self._images = list(images)
        self._scratch = scratch
        self._artifacts: dict[type[Artifact], Artifact] = {}

    @property
    def pictures(self) -> Pictures:
        return replace(super().pictures, reductions=self.cache(REDUCTIONS))

    def images(self) -> list[Image]:
        return self._images

    def read(self, kind: type[A]) -> A:
        return cast(A, self._artifacts[kind])

    def write(self, artifact: Artifact) -> None:
        kind = type(artifact)
        self._artifacts[kind] = artifacts.decode(kind, artifacts.spelled(artifact))  # the same as from a file

    def decisions(self, kind: str) -> Decisions:
        return Decisions()

    def ask(self, kind: str, header: str, questions: Sequence[Question]) -> None:
        pass

    def accepted(self) -> dict[str, Acceptance]:
        return {}

    def cache(self, name: str) -> Path | None:
        return self._scratch and self._scratch / name

    def remembered(self, name: str, source: Path, make: Callable[[], T], form: type[T]) -> T:
        return make()


def _told_of_rest(kind: str, taken: Sequence[Question]) -> str:
    """Say which questions nobody saw before they were answered, and how."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for question in taken:
        recommended = question.entry["recommended"]
        names[recommended if isinstance(recommended, str) else "as recommended"].append(question.key)
    said = clauses([f"{answer}: {listed(keys)}" for answer, keys in sorted(names.items())])
    are = "is" if len(taken) == 1 else "are"
    number = number_of(len(taken), "new question")
    return (
        f"{number} {are} answered by `rest: recommended` in decisions/{kind}.yaml - {said}. "
        "What you answer yourself there counts before it."
    )
