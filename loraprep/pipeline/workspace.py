"""What every step is given: the project, its files in build/ and decisions/, and what the command line named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loraprep.core import files
from loraprep.core.records import Image
from loraprep.imaging.pictures import Pictures
from loraprep.project import decisions
from loraprep.project.decisions import Decisions, Question
from loraprep.project.project import Project
from loraprep.scan import scan


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project at work. `named`: the tasks that the command line named."""

    project: Project
    named: frozenset[str] = frozenset()

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.project.root

    @property
    def pictures(self) -> Pictures:
        """Where the pixels are, and how many of them may be opened."""
        return Pictures.of(self.project)

    def images(self) -> list[Image]:
        """The records of build/images.jsonl. Raises UserError if it is missing or from another version."""
        return scan.read(self.root / "build/images.jsonl")

    def read(self, name: str) -> Any:
        return files.read_json(self.root / "build" / f"{name}.json")

    def write(self, name: str, value: Any) -> None:
        files.write_json(self.root / "build" / f"{name}.json", value)

    def decisions(self, kind: str) -> Decisions:
        """The answers in decisions/<kind>.yaml so far. Raises UserError."""
        return decisions.read(self.root, kind)

    def ask(self, kind: str, header: str, questions: Sequence[Question]) -> None:
        """Bring decisions/<kind>.yaml up to date with what is asked now. Raises UserError."""
        decisions.ask(self.root, kind, header, questions)
