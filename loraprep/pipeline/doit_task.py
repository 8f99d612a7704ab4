"""What a task is to doit: stale when the bytes it reads, its settings or its version are others."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from doit.dependency import FileChangedChecker
from doit.tools import config_changed

from loraprep import __version__
from loraprep.core import files, resources
from loraprep.core.errors import UserError
from loraprep.core.files import Json
from loraprep.pipeline import reporter
from loraprep.pipeline.action import Action
from loraprep.pipeline.artifacts import FORMAT
from loraprep.pipeline.reporter import DoitTask
from loraprep.pipeline.workspace import Workspace

Task = dict[str, Any]  # what doit takes
_T = TypeVar("_T")


class ByContent(FileChangedChecker):  # type: ignore[misc]
    """A dependency is stale when its bytes are others: mtimes lie after a clone or a quick edit."""

    def check_modified(self, file_path: str, _file_stat: object, state: str) -> bool:
        """Say whether the file is another than in `state`."""
        return _digest(file_path) != state

    def get_state(self, dep: str, current_state: str | None) -> str | None:
        """Return the digest to store, None if it is stored already."""
        digest = _digest(dep)
        return None if digest == current_state else digest


_digests: dict[tuple[str, int, int, int], str] = {}


def _digest(path: str) -> str:
    """Many tasks read the same file: once in a run is enough, as every write makes a new inode."""
    now = Path(path).stat()
    key = (path, now.st_ino, now.st_size, now.st_mtime_ns)
    if key not in _digests:
        _digests[key] = files.sha256(Path(path))
    return _digests[key]


def _made(targets: Iterable[str]) -> dict[str, str]:
    """Digest what a task left in build/; "" for what is not there."""
    return {name: _digest(name) if Path(name).is_file() else "" for name in targets if name.startswith("build/")}


DOIT_CONFIG = {
    "default_tasks": ["gate1"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite",
    "check_file_uptodate": ByContent,
    "reporter": reporter.Reporter,
    "verbosity": 2,
}


def task(
    work: Workspace,
    name: str,
    doc: str,
    step: str,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    values: Json = None,
    read_resources: Iterable[str] = (),
    uptodate: Iterable[object] = (),
    **more: Any,
) -> Task:
    """Make a doit task of a step of steps/, named as "module.function".

    Its inputs are the files it reads, the values of settings, resource files, our version and the form of build/.
    """
    inputs: Json = {
        "version": __version__,
        "build": FORMAT,
        "values": values,
        "resources": {r: files.sha256(resources.path(r)) for r in read_resources},
    }
    reads, writes = sorted(reads), sorted(writes)
    # a file of build/ that was cut short or came from elsewhere is made anew
    kept = [Since("made", lambda: _made(writes), operator.eq)] if any(w.startswith("build/") for w in writes) else []
    return {
        "basename": name,
        "doc": doc,
        "actions": [Action(work, step, reads)],
        "file_dep": reads,
        "targets": writes,
        "uptodate": [config_changed(hashlib.sha256(files.dumps(inputs).encode()).hexdigest()), *uptodate, *kept],
        **more,
    }


def config(work: Workspace, *keys: str) -> dict[str, Json]:
    """Return the settings under dotted keys, by value."""
    return {key: msgspec.to_builtins(attrgetter(key)(work.project.settings)) for key in keys}


def profiles(work: Workspace, *which: str) -> list[str]:
    """Name the resource files of the project's kind ("kinds") and base model ("models")."""
    names = {"kinds": work.project.settings.intent.kind, "models": work.project.settings.model}
    return [f"resources/{folder}/{names[folder]}.yaml" for folder in which]


class Since(Generic[_T]):
    """Up to date while what `now` tells still fits what it told when the task ran.

    For what a task reads of a decision file that it writes itself, so that the file cannot be its dependency.
    """

    def __init__(self, name: str, now: Callable[[], _T], fits: Callable[[_T, _T], bool]) -> None:
        self.name, self.now, self.fits = name, now, fits

    def __call__(self, task: DoitTask, values: Mapping[str, _T]) -> bool:
        task.value_savers.append(lambda: {self.name: self.now()})
        try:
            return self.name in values and self.fits(values[self.name], self.now())
        except (UserError, OSError):  # the task itself says what is wrong with the file
            return False
        except (TypeError, ValueError):  # the state is of another form
            return False
