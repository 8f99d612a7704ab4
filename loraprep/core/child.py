"""Processes that loraprep starts. What lies in a project's folder is never imported or run by one of them.

A project is data that may come from anybody. Python, though, looks for modules in the working folder (`-c`, `-m`,
multiprocessing), Windows for programs, and matplotlib for its settings.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SAFE_PATH = "PYTHONSAFEPATH"  # Python 3.11 and later; unlike -P and -I it reaches the children of children
HOME = Path(sys.executable).parent  # a working folder for children: nobody's project


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment for a child, without what would make it look in its working folder."""
    given = {**os.environ, **more, SAFE_PATH: "1", "NoDefaultCurrentDirectoryInExePath": "1"}
    given["PYTHONPATH"] = os.pathsep.join(_absolute(given.get("PYTHONPATH", "").split(os.pathsep)))
    if not given["PYTHONPATH"]:
        del given["PYTHONPATH"]
    return given


def python(code: str) -> list[str]:
    """Return the command that runs `code` with this process's own places for modules, but never the working folder."""
    return [sys.executable, "-c", f"import sys; sys.path[:] = {module_places()!r}; {code}"]


def module_places() -> list[str]:
    """List sys.path without the working folder, unless loraprep itself is there."""
    return places_without(sys.path, Path.cwd(), Path(__file__).resolve().parents[2])


def places_without(places: Iterable[str], folder: Path, kept: Path) -> list[str]:
    """List the absolute ones of `places` that are not `folder`; `kept` stays in any case, "" being `folder`."""
    here = folder.resolve()
    whole = [(place, Path(place).resolve() if place else here) for place in places if not place or _whole(place)]
    return [place or str(here) for place, real in whole if real == kept or real != here]


def program(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Find a program as the shell would, but in the absolute folders of PATH alone; None if it is nowhere.

    So a git.exe in a project is never taken for git. A name with a folder in it is taken as it is.
    """
    if Path(name).name != name:
        return name
    endings = environ.get("PATHEXT", ".EXE").split(os.pathsep) if os.name == "nt" else [""]
    for folder in _absolute(environ.get("PATH", os.defpath).split(os.pathsep)):
        for ending in ("", *endings) if Path(name).suffix or os.name != "nt" else endings:
            found = Path(folder) / f"{name}{ending}"
            if found.is_file() and os.access(found, os.X_OK):
                return str(found)
    return None


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Work outside the project's folder for a moment: for a library that reads settings where it is imported."""
    with contextlib.chdir(HOME):
        yield


def _absolute(places: Iterable[str]) -> list[str]:
    return [place for place in places if place and _whole(place)]


def _whole(place: str) -> bool:
    return Path(place).is_absolute()
