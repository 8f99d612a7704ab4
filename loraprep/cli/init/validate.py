"""Check what `loraprep init` is told."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from loraprep.captions import registry
from loraprep.cli.init import choices
from loraprep.cli.init import folder as folders
from loraprep.cli.init.options import RESERVED, UNDECIDED, InitOptions, project_root, same_folder
from loraprep.core import resources
from loraprep.core.errors import Problem
from loraprep.project import profiles, project, studio, trigger, trust

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
CAPTIONERS = tuple(registry.captioner_names())
STYLE_WORDS = ("include", "omit")
_FEW = 8  # names that are listed where one is missing: more would hide what else is wrong


def problems(options: InitOptions, here: Path, *, complete: bool = False) -> list[Problem]:
    """List all that is wrong with the options so far; `complete`: a missing one is wrong too."""
    found = list(name_problems(options.name, here, complete=complete))
    kinds, models = resources.names("resources/kinds"), resources.names("resources/models")
    found += _choice_problems("kind", "--kind", options.kind, kinds, complete=complete)
    found += _choice_problems(
        "base model", "--model", options.model, models, complete=complete, missing=_why_no_model(here)
    )
    found += _choice_problems("captioner", "--captioner", options.captioner, CAPTIONERS)
    found += _choice_problems("style words", "--style-words", options.style_words, STYLE_WORDS)
    for name in choices.parts(options.trainers or ""):
        found += _choice_problems("trainer", "--trainers", name, resources.names("resources/trainers"))
        found += _unfit(name, options.model_name, pairs=options.kind in kinds and profiles.kind(options.kind).pairs)
    if options.kind in kinds and options.model_name in models:
        found += _unfit_kind(options)
    if options.trigger and (fault := trigger.fault(options.trigger)):
        found.append(Problem(fault, "--trigger"))
    if options.budget and dollars(options.budget) is None:
        found.append(Problem(f'"{options.budget}" is no amount of US dollars', "--budget", "Write it like 1.00."))
    found += address_problems(options.base_url)
    return found + list(source_problems(options, here))


def address_problems(address: str | None) -> Iterator[Problem]:
    """Check where pictures would be sent."""
    if address and (why := trust.fault(address)):
        hint = (
            "Use https, or bring that server here with ssh -L 1234:localhost:1234 and write http://localhost:1234/v1."
        )
        yield Problem(f"{address} {why}", "--base-url", hint)


def _unfit_kind(options: InitOptions) -> Iterator[Problem]:
    """Check that base model and captioner go with what is taught."""
    kind = options.kind or ""
    if unfit := project.unfit_model(options.model_name, kind):
        yield Problem(unfit[0], "--model", unfit[1])
    able = profiles.kind(kind).captioners
    if options.captioner and able and options.captioner not in able:
        yield Problem(
            f"{options.captioner} cannot say what is changed in a picture",
            "--captioner",
            f"These can be used: {', '.join(able)}.",
        )


def _unfit(trainer: str, model: str, *, pairs: bool) -> Iterator[Problem]:
    """Check that a trainer trains the base model, where both are known."""
    known = trainer in resources.names("resources/trainers") and model in resources.names("resources/models")
    if known and (found := project.unfit_trainer(trainer, model, pairs=pairs)):
        yield Problem(found[0], "--trainers", found[1])


def _choice_problems(
    what: str, flag: str, value: str | None, allowed: tuple[str, ...], *, complete: bool = False, missing: str = ""
) -> Iterator[Problem]:
    """Check one of several words; with `complete` there must be one, and `missing` says why there is none."""
    one_of = f"One of: {', '.join(allowed)}."
    if not value:
        if complete:
            many = "loraprep init --help lists them." if len(allowed) > _FEW else one_of
            yield Problem(f"the {what} is missing", flag, missing + many)
    elif value not in allowed and not (flag == "--model" and (studio.model_id(value) or value == UNDECIDED)):
        several = [name for name in allowed if name.startswith(value.lower())]
        if len(several) > 1:
            yield Problem(f'"{value}" could be {", ".join(several[:-1])} or {several[-1]}', flag)
            return
        near = difflib.get_close_matches(value, allowed, 1)
        yield Problem(f'unknown {what} "{value}"', flag, f"Did you mean {near[0]}?" if near else one_of)


def dollars(text: str) -> float | None:
    """Read an amount of dollars, None if it is none."""
    plain = text.strip().removeprefix("$").strip()
    return float(plain) if re.fullmatch(r"\d{1,5}(\.\d+)?", plain) else None


def name_problems(name: str | None, here: Path, *, complete: bool) -> Iterator[Problem]:
    """Check the project's name; with `complete` there must be one."""
    if not name:
        if complete:
            yield Problem("the project needs a name", "NAME", "loraprep init NAME --images FOLDER")
    elif name != "." and (not _NAME.fullmatch(name) or RESERVED.fullmatch(name)):
        hint = "Use letters, digits, - and _; it becomes a folder."
        if RESERVED.fullmatch(name):
            hint = "Windows keeps this word for itself. Choose another."
        yield Problem(f'"{name}" cannot be a project\'s name', "NAME", hint)
    else:
        path = project_root(name, here) / project.NAME
        if path.exists():
            hint = "Edit that file, or choose another name; nothing is overwritten."
            yield Problem("there is a project already", relative(path, here), hint)


def source_problems(options: InitOptions, here: Path) -> Iterator[Problem]:
    """Check the folder with the pictures against where the project would lie."""
    folder, name = options.source, options.name
    if folder is None:
        if options.in_place and name and name != ".":
            yield Problem("which folder? Say --images DIR as well", "--in-place")
    elif not folder.is_dir():
        what, hint = folders.missing(options.images or "", folder)
        yield Problem(what, "--images", hint)
    elif closed := _closed(folder):
        yield Problem(
            f"{relative(closed, here)} cannot be opened",
            "--images",
            "Give yourself the right to read it (chmod -R u+rX), or choose another folder.",
        )
    elif name and (name == "." or _NAME.fullmatch(name)):
        root, images = project_root(name, here), project_root(name, here) / "images"
        inside = "Use loraprep init . in that folder instead."
        if options.in_place:
            if root.resolve() != folder.resolve() and root.resolve().is_relative_to(folder.resolve()):
                yield Problem("the project would lie inside the folder with its pictures", "--images", inside)
        elif same_folder(folder, images):
            return
        elif images.resolve().is_relative_to(folder.resolve()):
            yield Problem("the project would lie inside the folder that is copied", "--images", inside)
        elif images.exists() and (not images.is_dir() or any(images.iterdir())):
            yield Problem(
                "images/ already holds something, so nothing is copied into it",
                relative(images, here),
                "Leave --images out to use what is there, or choose another name.",
            )


def no_tree(options: InitOptions) -> Problem:
    """Say that the tree which --from names is none."""
    return Problem(f"there is no folder {options.tree}", "--from")


def tree_problems(options: InitOptions, here: Path) -> Iterator[Problem]:
    """Check the tree that is taken over, and where the project would lie."""
    tree, name = options.taken, options.name
    if tree is None or not tree.exists():
        what, hint = folders.missing(options.tree or "", tree) if tree else (f"there is no folder {options.tree}", "")
        yield Problem(what, "--from", hint)
        return
    if options.in_place:
        yield Problem("what is taken over is always copied", "--in-place", "Leave it out.")
    if options.named and not options.named.is_dir():
        what, hint = folders.missing(options.images or "", options.named)
        yield Problem(what, "--images", hint)
    top = tree if tree.is_dir() else tree.parent
    if closed := _closed(top):
        yield Problem(f"{relative(closed, here)} cannot be opened", "--from", "Give yourself the right to read it.")
    if name and (name == "." or _NAME.fullmatch(name)):
        root = project_root(name, here)
        if root.resolve().is_relative_to(top.resolve()):
            hint = "Start it beside that folder: what is taken over is only ever read."
            yield Problem("the project would lie inside the folder that is taken over", "--from", hint)
        for folder in ("images", "masks", "reg"):
            if (root / folder).is_dir() and any((root / folder).iterdir()):
                what = f"{folder}/ already holds something, so nothing is copied into it"
                yield Problem(what, relative(root / folder, here), "Choose another name.")


def _closed(folder: Path) -> Path | None:
    """Find the first folder in it, or itself, that may not be looked into."""
    refused: list[str] = []
    for _ in os.walk(folder, onerror=lambda error: refused.append(str(error.filename))):
        if refused:
            break
    return Path(refused[0]) if refused else None


def _why_no_model(here: Path) -> str:
    found, known, unknown = studio.studio_models(here)
    if len(known) > 1:
        return f"studio.md names several: {', '.join(known)}. "
    if unknown:
        return f"studio.md names {', '.join(unknown)}, which loraprep does not know. "
    return "studio.md names none. " if found else ""


def relative(path: Path, here: Path) -> str:
    """Return a path as it is named from `here`."""
    return Path(os.path.relpath(path, here)).as_posix()
