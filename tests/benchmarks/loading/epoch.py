"""What a trainer's loader shows in an epoch, and how its code is run where not all that it imports is installed."""

from __future__ import annotations
import __future__

import ast
import importlib.abc
import importlib.machinery
import sys
import types
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

Size = tuple[int, int]  # width and height, px
Looks = Counter[tuple[str, Size]]  # picture and bucket -> how often in an epoch


@dataclass
class Laid:
    """A loss mask as the trainer has it: (h, w) from 0 to 1, in the bucket or as much smaller as its latents are."""

    picture: str
    bucket: Size
    mask: Any


@dataclass
class Epoch:
    """One epoch. A picture is told as "folder/stem", which is the same in dataset/ and beside OneTrainer's masks."""

    steps: int = 0
    looks: Looks = field(default_factory=Counter)
    captions: dict[str, Counter[str]] = field(default_factory=dict)
    masks: list[Laid] = field(default_factory=list)
    measured: set[str] | None = None  # on which it measures; None for a trainer that does not

    def says(self, picture: str, caption: str, times: int = 1) -> None:
        """Count a caption of a picture, its spaces joined: some double those after commas."""
        self.captions.setdefault(picture, Counter())[" ".join(caption.split())] += times


def called(path: str | Path) -> str:
    """Return "folder/stem" of a picture's path."""
    return f"{Path(path).parent.name}/{Path(path).stem}"


def take(module: Path, wanted: set[str], names: dict[str, Any]) -> None:
    """Run the functions, classes and constants `wanted` out of a module, which imports far more than they need."""

    def defined(node: Any) -> str:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        return getattr(node, "name", "") or getattr(target, "id", "")

    tree = ast.parse(module.read_text("utf-8"))
    tree.body = [node for node in tree.body if defined(node) in wanted]
    flags = __future__.annotations.compiler_flag
    exec(compile(tree, str(module), "exec", flags, dont_inherit=True), names)


class Nothing:
    """Stands for whatever a module that is not installed would give."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything."""

    def __call__(self, *given: Any, **_: Any) -> Any:
        """Return what is decorated, if anything is."""
        return given[0] if given and callable(given[0]) else self

    def __getattr__(self, name: str) -> Any:
        """Have everything but what Python itself asks for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class _Module(types.ModuleType):
    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Nothing,), {})


class _Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if any(fullname == name or fullname.startswith(f"{name}.") for name in self.names):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> Any:
        return _Module(spec.name)

    def exec_module(self, module: Any) -> None:
        """Nothing is run."""


def absent(*names: str) -> None:
    """Let modules that only models and samplers use be imported where they are not installed."""
    sys.meta_path.insert(0, _Absent(names))
