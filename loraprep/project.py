"""project.yaml: the declaration, checked and complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from loraprep import bundled, schema, yamlfile
from loraprep.errors import UNUSABLE, Problem, UserError
from loraprep.yamlfile import Document

NAME = "project.yaml"
# Shapes of keys that services hand out; a match is refused without being shown.
_SECRET = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,})"
)


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder. `config` is project.yaml with all defaults; `kind` and `model` its profiles' data."""

    root: Path
    config: dict[str, Any]
    kind: dict[str, Any]
    model: dict[str, Any]
    images: Path

    @property
    def name(self) -> str:
        return str(self.config["name"])

    @property
    def trigger(self) -> str:
        return str(self.config["trigger"])


@cache
def profile(folder: Literal["models", "kinds"], name: str) -> dict[str, Any]:
    """The data of resources/<folder>/<name>.yaml. Raises UserError if it breaks its schema."""
    file = f"resources/{folder}/{name}.yaml"
    doc = yamlfile.load(bundled.path(file), file)
    if found := schema.problems(doc, folder.removesuffix("s")):
        raise UserError.many(found)
    data: dict[str, Any] = doc.data
    return data


def load(root: Path) -> Project:
    """Reads and checks project.yaml. Raises UserError (exit code 3) with every problem in it."""
    path = root / NAME
    if not path.is_file():
        raise UserError("there is no project.yaml here", exit_code=UNUSABLE,
                        hint="Start a project with: loraprep init NAME --images FOLDER")  # fmt: skip
    doc = yamlfile.load(path, NAME, exit_code=UNUSABLE)
    secrets = list(_secrets(doc))
    if secrets:  # nothing else: another message might quote the line
        raise UserError.many(secrets, UNUSABLE)
    found = schema.problems(doc, "project")
    if isinstance(doc.data, dict):
        found += _outside(doc)
    if found:
        raise UserError.many(sorted(found, key=lambda p: [int(n) for n in p.place.split(":")[1:]]), UNUSABLE)
    config = schema.with_defaults(doc.data, "project")
    images = root / config["images"]["folder"]
    if not images.is_dir():
        message = f'images.folder: there is no folder "{config["images"]["folder"]}"'
        hint = "Make the folder and put your pictures into it, or name the folder where they are."
        if images.with_name(f"{images.name}.dvc").is_file():
            hint = f"DVC keeps it: run dvc pull {images.name}.dvc"
        raise UserError.many([doc.problem(["images", "folder"], message, hint)], UNUSABLE)
    return Project(root, config, profile("kinds", config["intent"]["kind"]), profile("models", config["model"]), images)


def _secrets(doc: Document) -> Iterator[Problem]:
    for number, line in enumerate(doc.text.splitlines(), 1):
        if _SECRET.search(line):
            yield Problem(
                "this looks like a secret key; project.yaml goes into git, so it is refused", f"{NAME}:{number}:1",
                "Delete it here, set it as an environment variable, and revoke the key if the file was ever shared.",
            )  # fmt: skip


def _outside(doc: Document) -> Iterator[Problem]:
    """Patterns and names are inside the images folder; only images.folder itself may lie elsewhere."""
    for group, key in (("images", "include"), ("images", "exclude"), ("curation", "include"), ("curation", "exclude")):
        values = doc.data.get(group, {})
        listed = values.get(key, []) if isinstance(values, dict) else []
        for n, value in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(value, str) and (
                ".." in Path(value).parts or value.startswith(("/", "\\", "~")) or ":" in value[:2]
            ):
                message = f'{group}.{key}: "{value}" leaves the images folder'
                yield doc.problem([group, key, n], message, "Write it relative to the images folder, with /.")
