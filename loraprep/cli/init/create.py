"""Writes the files of a new project: all of them or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any, NoReturn

from loraprep.captions import registry
from loraprep.core import files, resources, terminal, yamlfile
from loraprep.core.errors import TO_MEND, UNUSABLE, UserError
from loraprep.project import intent, profiles, project, schema
from loraprep.project.settings import settings

_SCHEMAS = ("project", "quality", "duplicates", "captions", "curation", "crops", "gate")
_COMMENT_COLUMN = 27  # where project.yaml's comments start, unless a value is longer


def listed(source: Path) -> list[Path]:
    """Every file below `source`, relative and sorted. Links to folders are not followed: they may lead in circles."""

    def unreadable(error: OSError) -> NoReturn:
        raise error

    return sorted(
        (Path(folder) / name).relative_to(source)
        for folder, _, names in os.walk(source, onerror=unreadable)
        for name in names
        if (Path(folder) / name).is_file()
    )


def count(listed: list[Path]) -> str:
    return "There is 1 file" if len(listed) == 1 else f"There are {len(listed)} files"


def write(root: Path, config: dict[str, Any], source: Path | None) -> None:
    """Writes all of it or nothing: whatever was made is taken back on an error or Ctrl-C. project.yaml comes last."""
    made = _render(config)
    texts = {
        ".gitignore": resources.text("resources/project/gitignore"),
        "dodo.py": resources.text("resources/project/dodo.py"),
    }
    texts |= {f"schemas/{name}.schema.json": resources.text(f"schemas/{name}.schema.json") for name in _SCHEMAS}
    full = schema.with_defaults(yamlfile.parse(made, project.NAME, exit_code=UNUSABLE).data, "project")
    kind, model = profiles.kind(config["kind"]), profiles.base_model(config["model"])
    texts["intent.md"] = intent.intent_text(settings(full), kind, model)
    kept = [name for name in texts if (root / name).exists()]
    try:
        with _taken_back_on_failure() as undo:
            if config["folder"] == "images":
                _make_folder(root / "images", undo)
            if source:
                _copy(source, root / "images", undo)
            for name, text in [*texts.items(), (project.NAME, made)]:
                if name not in kept:
                    _make_folder((root / name).parent, undo)
                    undo.append(root / name)
                    files.write(root / name, text)
            project.load(root)
    except OSError as error:
        raise UserError(
            f"cannot be written or read: {error.strerror}; nothing was made",
            place=Path(error.filename or root).name,
            exit_code=TO_MEND,
        ) from None
    for name in kept:
        terminal.say(f"{name} was there already and is kept.", "dim")


@contextmanager
def _taken_back_on_failure() -> Iterator[list[Path]]:
    """Yields a list for the files and folders about to be made; on any exception they are removed, last first."""
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            if path.is_dir():
                if not any(path.iterdir()):  # somebody else may have put something there meanwhile
                    path.rmdir()
            else:
                path.unlink(missing_ok=True)
        raise


def _make_folder(folder: Path, undo: list[Path]) -> None:
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for path in reversed(missing):
        undo.append(path)
        path.mkdir()


def _copy(source: Path, images: Path, undo: list[Path]) -> None:
    """Copies everything, sidecars too, with the times of the originals, which are only read."""
    inside = listed(source)
    size = sum((source / path).stat().st_size for path in inside)
    terminal.say(f"{count(inside)}, {size / 1e6:.1f} MB, to copy into images/; the originals stay as they are.")
    with terminal.progress("copying") as advance:
        for number, path in enumerate(inside, 1):
            target = images / path
            _make_folder(target.parent, undo)
            if target.exists():  # a disk that takes A.png and a.png for one
                raise UserError(
                    "two files differ only in upper and lower case, and this disk cannot hold both",
                    place=path.as_posix(),
                    hint="Rename one of them.",
                    exit_code=UNUSABLE,
                )
            undo.append(target)
            shutil.copyfile(source / path, target)  # the bytes alone: a read-only mark would stay in the way
            facts = (source / path).stat()
            os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            advance(number, len(inside))


def _render(config: dict[str, Any]) -> str:
    """project.yaml's text. Comments are lined up after filling in; values cannot be taken for comments."""
    values = {key: yamlfile.dump(value) for key, value in config.items()}
    values["models"] = ", ".join(resources.names("resources/models"))
    values["captioners"] = ", ".join(registry.captioner_names())
    lines = []
    for line in resources.text("resources/project/project.yaml").splitlines():
        code, mark, comment = (Template(part).substitute(values) for part in line.partition("  # "))
        lines.append(f"{code:<{_COMMENT_COLUMN - 2}}{mark}{comment}" if mark else code)
        if code.lstrip().startswith("captioner:"):
            lines += [f"  {key}: {yamlfile.dump(value)}" for key, value in config["looking"].items()]
    return "\n".join(lines) + "\n"
