"""What a task is to doit: stale when the bytes it reads, its settings or its version are others."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from doit.dependency import FileChangedChecker

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
_LONG = 60  # characters of a value that is quoted


class ByContent(FileChangedChecker):  # type: ignore[misc]
    """A dependency is stale when its bytes are others: mtimes lie after a clone or a quick edit."""

    root = Path()  # what files are named from: the current folder, where doit works

    def exists(self, file_path: str) -> bool:
        """Say whether the file is there."""
        return super().exists(self.root / file_path)  # type: ignore[no-any-return]

    def info(self, file_path: str) -> object:
        """Return what doit asks of a file before its bytes. Raises doit's CheckerError if it is not there."""
        return super().info(self.root / file_path)

    def check_modified(self, file_path: str, _file_stat: object, state: str) -> bool:
        """Say whether the file is another than in `state`."""
        return _digest(str(self.root / file_path)) != state

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
    inputs: dict[str, Json] = {
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
        "uptodate": [Inputs(inputs), *uptodate, *kept],
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

    def told(self, values: Mapping[str, Any]) -> list[str]:
        """Say what does not fit any more, for a person; `values`: what was told when the task ran."""
        return [_SINCE.get(self.name.partition(" ")[0], "what it made is not what is there now")]


_SINCE = {  # name of a Since -> what it means if it does not fit
    "asked": "an entry was taken out of the decision file that it writes, so it is asked anew",
    "given": "answers in another decision file changed",
    "accepted": "decisions/gate.yaml accepts other findings that it asks about",
    "looked": "answers of a vision model came, or may come",
    "skips": "samples were skipped, or another captioner was chosen for a picture",
    "made": "what it left in build/ is not as it left it",
}


class Inputs(Since[dict[str, Json]]):
    """Up to date while the settings by value, the resource files and our version are what they were."""

    def __init__(self, inputs: dict[str, Json]) -> None:
        now: dict[str, Json] = json.loads(files.dumps(inputs))  # as doit will have stored it
        super().__init__("inputs", lambda: now, operator.eq)

    def told(self, values: Mapping[str, Any]) -> list[str]:
        """Name the settings and resource files that are others, and the version."""
        now, then = _flat(self.now()), _flat(values.get(self.name) or {})
        if not then:
            return ["an earlier loraprep ran it, which kept no note of its settings"]
        return [
            _changed(key, then.get(key), now.get(key)) for key in sorted({*now, *then}) if now.get(key) != then.get(key)
        ]


def _flat(value: Json, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Json]:
    """Map the keys above each plain value -> it."""
    if not isinstance(value, dict) or not value:
        return {above: value}
    return {key: plain for name, below in value.items() for key, plain in _flat(below, (*above, name)).items()}


def _changed(key: tuple[str, ...], then: Json, now: Json) -> str:
    match key:
        case ("resources", name, *_):
            return f"{name} is another file"
        case ("version",):
            return f"loraprep was {then} and is {now}"
        case ("build",):
            return "build/ has another form in this loraprep"
        case _:
            name = ".".join(key[2:] if key[1:2] == ("config",) else key[1:])  # the report is told of all settings
            return f"{name} was {_shown(then)} and is {_shown(now)}"


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "not set" if value is None else text if len(text) <= _LONG else f"{text[:_LONG]}..."
