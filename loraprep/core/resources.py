"""Finds schemas/ and resources/: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


@cache
def path(name: str) -> Path:
    """Find the bundled file or folder `name`, such as "resources/gate.yaml". Raises FileNotFoundError."""
    for base in (_PACKAGE, _PACKAGE.parent):  # an editable install sees only the second
        found = base / name
        if found.exists():
            return found
    raise FileNotFoundError(f"loraprep was installed without {name}; install it again")


def text(name: str) -> str:
    """Read a bundled file's text. Raises FileNotFoundError."""
    return path(name).read_text(encoding="utf-8")


def data(name: str) -> bytes:
    """Read a bundled file's bytes. Raises FileNotFoundError."""
    return path(name).read_bytes()


def names(folder: str, suffix: str = ".yaml") -> tuple[str, ...]:
    """List the sorted stems of the files in a bundled folder: names("resources/models") -> ("chroma", ...)."""
    return tuple(sorted(p.stem for p in path(folder).iterdir() if p.suffix == suffix))


def module_names(package: str) -> tuple[str, ...]:
    """List the modules that lie in a package, sorted, as people write them: "wd_tagger" is "wd-tagger".

    None of them is imported, only the package; what was put on its `__path__` counts.
    """
    return _modules(tuple(importlib.import_module(package).__path__))


@cache
def _modules(places: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(places) if not m.name.startswith("_")))
