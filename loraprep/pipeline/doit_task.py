"""What a task is to doit: stale when the bytes it reads, its settings or its version are others; one run at a time."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from doit.dependency import FileChangedChecker
from doit.exceptions import InvalidDodoFile, TaskFailed
from doit.tools import config_changed
from filelock import FileLock, Timeout

from loraprep import __version__
from loraprep.core import files, terminal
from loraprep.core import resources as bundled
from loraprep.core.errors import UserError
from loraprep.pipeline import reporter
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project
from loraprep.project.project import Project


@cache
def _digest_of(path: str, _written: tuple[int, ...]) -> str:
    return files.sha256(Path(path))


def _digest(path: str) -> str:
    """Many tasks read the same file: once in a run is enough, as every write makes a new inode."""
    now = Path(path).stat()
    return _digest_of(path, (now.st_ino, now.st_size, now.st_mtime_ns))


class ByContent(FileChangedChecker):  # type: ignore[misc]
    """A dependency is stale when its bytes are others: mtimes lie after a clone or a quick edit."""

    def check_modified(self, file_path: str, _file_stat: object, state: str) -> bool:
        return _digest(file_path) != state

    def get_state(self, dep: str, current_state: str | None) -> str | None:
        digest = _digest(dep)
        return None if digest == current_state else digest


DOIT_CONFIG = {
    "default_tasks": ["gate1"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite",
    "check_file_uptodate": ByContent,
    "reporter": reporter.Reporter,
    "verbosity": 2,
}


@cache
def load(root: Path) -> Project:
    """The project, read once. Raises UserError."""
    return project.load(root)


def current() -> Project:
    try:
        return load(Path.cwd())
    except UserError as error:
        raise InvalidDodoFile(f"\n{error}") from None


def workspace() -> Workspace:
    """The current project, for its steps."""
    return Workspace(current(), frozenset(reporter.named))


@cache
def _lock(root: Path) -> FileLock:
    """Held until the process ends; the system releases it after a kill."""
    lock = FileLock(root / ".doit.sqlite.lock", timeout=0)
    lock.acquire()
    return lock


def task(
    action: Callable[..., bool | None],
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    values: object = None,
    resources: Iterable[str] = (),
    uptodate: Iterable[object] = (),
    **more: Any,
) -> dict[str, Any]:
    """A doit task around a step. Inputs: the files read, the settings' values, resource files, our version."""
    inputs = {
        "version": __version__,
        "values": values,
        "resources": {r: files.sha256(bundled.path(r)) for r in resources},
    }
    reads = sorted(reads)
    return {
        "actions": [_guarded(action, reads)],
        "file_dep": reads,
        "targets": sorted(writes),
        "uptodate": [config_changed(hashlib.sha256(files.dumps(inputs).encode()).hexdigest()), *uptodate],
        "doc": re.split(r"\.(?:\s|$)", action.__doc__ or "")[0],
        **more,
    }


def _guarded(action: Callable[..., bool | None], reads: list[str]) -> Callable[..., TaskFailed | None]:
    """A doit action around a step: one run at a time, problems in words, no input that changes while it is read."""
    expected = inspect.signature(action).parameters

    def run(**given: Any) -> TaskFailed | None:
        try:
            _lock(Path.cwd())
            before = [files.sha256(Path(r)) for r in reads]
            if "revision" in expected:
                given["revision"] = _only(given["revision"])
            if action(workspace(), **given) is False:
                return TaskFailed("", report=False)
            if before != [files.sha256(Path(r)) for r in reads]:
                return TaskFailed("A file was edited while it was being read. Run it again.")
        except Timeout:
            return TaskFailed("Another loraprep is running in this project. Wait for it to end, then run this again.")
        except UserError as error:
            return TaskFailed(str(error))
        except KeyboardInterrupt:
            terminal.say("\nStopped. What was done is kept; the same command goes on.", "dim")
            raise SystemExit(130) from None
        return None

    # doit fills in the parameters that it finds in the signature: the step's own, but for the workspace
    run.__signature__ = inspect.Signature([*expected.values()][1:])  # type: ignore[attr-defined]
    return run


def _only(revisions: list[str]) -> str:
    if len(revisions) != 1:
        raise UserError("loraprep diff wants one revision", hint="For example: loraprep diff HEAD~1")
    return revisions[0]


def config(*keys: str) -> dict[str, Any]:
    """The settings under dotted keys, by value."""
    values: dict[str, Any] = {}
    for key in keys:
        node: Any = current().config
        for part in key.split("."):
            node = node[part]
        values[key] = node
    return values


def profiles(*which: str) -> list[str]:
    chosen = current().config
    names = {"kinds": chosen["intent"]["kind"], "models": chosen["model"]}
    return [f"resources/{folder}/{names[folder]}.yaml" for folder in which]


class Since:
    """Up to date while what `now` tells still fits what it told when the task ran.

    For what a task reads of a decision file that it writes itself, so that the file cannot be its dependency.
    """

    def __init__(self, name: str, now: Callable[[], Any], fits: Callable[[Any, Any], bool]) -> None:
        self.name, self.now, self.fits = name, now, fits

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        task.value_savers.append(lambda: {self.name: self.now()})
        try:
            return self.name in values and self.fits(values[self.name], self.now())
        except UserError:  # the task itself says what is wrong with the file
            return False
