"""Write the files of a new project: all of them or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import NamedTuple, NoReturn

import msgspec

from loraprep.captions import registry
from loraprep.cli.init.options import NewProject
from loraprep.core import files, resources, terminal, yamlfile
from loraprep.core.errors import TO_MEND, UNUSABLE, UserError
from loraprep.core.text import listed
from loraprep.project import crops, intent, profiles, project, trust
from loraprep.project.settings import complete_settings

_SCHEMAS = ("project", "quality", "duplicates", "carried", "captions", "curation", "crops", "gate")
_GIT = ".git"  # a folder, or a file in a submodule
_COMMENT_COLUMN = 27  # where project.yaml's comments start, unless a value is longer


class Copy(NamedTuple):
    """A file to copy. `target`: POSIX, relative to the project."""

    source: Path
    target: str


def copies_of(source: Path) -> list[Copy]:
    """List everything in a folder, sidecars too, to be copied into images/; say which links are left out."""
    if left := outward_links(source):
        terminal.say(
            f"Not copied, since they are links that lead out of that folder: {listed(left)}. "
            "If they are your pictures, put the files themselves there.",
            "yellow",
        )
    return [Copy(source / path, f"images/{path.as_posix()}") for path in files_below(source)]


def files_below(source: Path) -> list[Path]:
    """List every file below `source`, relative and sorted. Raises OSError if a folder cannot be read.

    Links to folders are not followed: they may lead in circles. Of those to files, `outward_links` are left out. So is
    the folder's own history: with it, git would take images/ for a repository of its own and commit no picture.
    """

    def unreadable(error: OSError) -> NoReturn:
        raise error

    top, around = source.resolve(), files.repository(source)
    within = (top, *([around] if around else []))
    found: list[Path] = []
    for folder, inside, names in os.walk(source, onerror=unreadable):
        inside[:] = [name for name in inside if name != _GIT]
        found += [Path(folder) / name for name in names if name != _GIT]
    return sorted(
        path.relative_to(source)
        for path in found
        if path.is_file() and (not path.is_symlink() or files.may_be_picture(path.resolve(), within))
    )


def outward_links(source: Path) -> list[str]:
    """List the links below `source` that end elsewhere, or nowhere: who made the folder may have aimed at anything."""
    links = [Path(here) / name for here, folders, names in os.walk(source) for name in [*folders, *names]]
    copied, inside = set(files_below(source)), source.resolve()
    return sorted(
        path.relative_to(source).as_posix()
        for path in links
        if path.is_symlink() and path.relative_to(source) not in copied and not path.resolve().is_relative_to(inside)
    )


def counted_files(inside: Sequence[object]) -> str:
    """Say how many files there are."""
    return "There is 1 file" if len(inside) == 1 else f"There are {len(inside)} files"


def write_project(root: Path, new: NewProject, copies: Sequence[Copy]) -> None:
    """Write all of it or nothing: whatever was made is taken back on an error or Ctrl-C. project.yaml comes last.

    `copies`: files that are copied into it. Raises UserError.
    """
    made = _project_yaml(new)
    texts = {
        ".gitignore": resources.text("resources/project/gitignore"),
        "dodo.py": resources.text("resources/project/dodo.py"),
        crops.NAME: resources.text("resources/project/crops.yaml"),
        "decisions/gate.yaml": resources.text("resources/project/gate.yaml"),
    }
    texts |= {f"schemas/{name}.schema.json": resources.text(f"schemas/{name}.schema.json") for name in _SCHEMAS}
    declared = complete_settings(yamlfile.parse(made, project.NAME, exit_code=UNUSABLE).data)
    kind, model = profiles.kind(new.kind), profiles.base_model(new.model)
    texts["intent.md"] = intent.intent_text(declared, kind, model)
    files.enclose(root, root / new.folder)
    files.refuse_links(root)
    kept = [name for name in texts if (root / name).exists()]
    try:
        with _taken_back_on_failure() as undo:
            if new.folder == "images":
                _make_folder(root / "images", undo)
            if copies:
                _copy(copies, root, undo)
            for name, text in [*texts.items(), (project.NAME, made)]:
                if name not in kept:
                    _make_folder((root / name).parent, undo)
                    undo.append(root / name)
                    files.write(root / name, text)
            if not files.may_be_picture((root / new.folder).resolve(), (root.resolve(), *trust.picture_folders(root))):
                trust.trust_folder(root, root / new.folder)  # who names it at init was asked
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
    """Yield a list for the files and folders about to be made; on any exception they are removed, last first."""
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


def _copy(copies: Sequence[Copy], root: Path, undo: list[Path]) -> None:
    """Copy files with the times of the originals, which are only read."""
    tops = sorted({copy.target.split("/")[0] for copy in copies})
    for top in tops:
        if (root / top).is_symlink():
            raise UserError("is a link, and pictures are copied into a real folder alone", place=top)
    size = sum(copy.source.stat().st_size for copy in copies)
    where = " and ".join(f"{top}/" for top in tops)
    terminal.say(f"{counted_files(copies)}, {size / 1e6:.1f} MB, to copy into {where}; the originals stay as they are.")
    with terminal.progress("copying") as advance:
        for number, copy in enumerate(copies, 1):
            target = root / copy.target
            _make_folder(target.parent, undo)
            if target.exists():  # a disk that takes A.png and a.png for one
                raise UserError(
                    "two files differ only in upper and lower case, and this disk cannot hold both",
                    place=copy.target.removeprefix("images/"),
                    hint="Rename one of them.",
                    exit_code=UNUSABLE,
                )
            undo.append(target)
            shutil.copyfile(copy.source, target)  # the bytes alone: a read-only mark would stay in the way
            facts = copy.source.stat()
            os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            advance(number, len(copies))


def _project_yaml(new: NewProject) -> str:
    """Fill in project.yaml's template. Comments are lined up after filling in; values cannot be taken for comments."""
    values = {key: yamlfile.dump(value) for key, value in msgspec.to_builtins(new).items()}
    values["models"] = ", ".join(resources.names("resources/models"))
    values["decided"] = new.decided
    values["called"] = "one made-up word" if new.trigger else "one made-up word that asks for the change; none"
    values["all_trainers"] = ", ".join(profiles.trainers_of(new.model, pairs=profiles.kind(new.kind).pairs))
    values["captioners"] = ", ".join(registry.captioner_names())
    lines = []
    for line in resources.text("resources/project/project.yaml").splitlines():
        code, mark, comment = (Template(part).substitute(values) for part in line.partition("  # "))
        lines.append(f"{code:<{_COMMENT_COLUMN - 2}}{mark}{comment}" if mark else code)
        if code.lstrip().startswith("captioner:"):
            lines += [f"  {key}: {yamlfile.dump(value)}" for key, value in new.captioning.items()]
        if code.lstrip().startswith("epochs:"):
            lines += [f"  {key}: {yamlfile.dump(value)}" for key, value in new.dataset.items()]
    return "\n".join(lines) + "\n"
