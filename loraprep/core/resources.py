"""Finds schemas/ and resources/: inside an installed wheel, or beside the package in a checkout."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import sys
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


@cache
def fingerprint() -> bytes:
    """Tell one state of the program from another: of its modules, of resources/, and of the Python that runs it.

    What is kept of one must not pass for what another would make, and a version stays as it is between two commits.
    """
    whole = hashlib.blake2b(sys.version.encode())
    for folder, pattern in ((_PACKAGE, "*.py"), (path("resources"), "*")):
        for file in sorted(p for p in folder.rglob(pattern) if p.is_file()):
            whole.update(hashlib.blake2b(file.relative_to(folder).as_posix().encode()).digest())
            whole.update(hashlib.blake2b(file.read_bytes()).digest())
    return whole.digest()


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
