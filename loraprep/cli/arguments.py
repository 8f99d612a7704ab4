"""What was said on the command line, or to `loraprep init` in its interview, checked."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from loraprep.captions import registry
from loraprep.core import resources
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.project import project, studio, trigger

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # Windows opens devices under these names
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
CAPTIONERS = tuple(registry.captioner_names())
STYLE_WORDS = ("include", "omit")


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(message, hint=f"{self.prog} --help lists the flags.", exit_code=UNUSABLE)


def problems(args: dict[str, Any], here: Path, *, complete: bool = False) -> list[Problem]:
    """All that is wrong with the answers so far; `complete`: a missing one is wrong too."""
    found = list(name_problems(args["name"], here, complete))
    kinds, models = resources.names("resources/kinds"), resources.names("resources/models")
    known = {"kind": kinds, "model": models, "captioner": CAPTIONERS, "style_words": STYLE_WORDS}
    for key, allowed in known.items():
        value, flag, what = (
            args[key],
            "--" + key.replace("_", "-"),
            {"model": "base model"}.get(key, key.replace("_", " ")),
        )
        one_of = f"One of: {', '.join(allowed)}."
        if not value and complete and key in ("kind", "model"):
            found.append(
                Problem(f"the {what} is missing", flag, _why_no_model(here) + one_of if key == "model" else one_of)
            )
        elif value and value not in allowed and not (key == "model" and studio.model_id(value)):
            near = difflib.get_close_matches(value, allowed, 1)
            found.append(Problem(f'unknown {what} "{value}"', flag, f"Did you mean {near[0]}?" if near else one_of))
    if args["trigger"] and (fault := trigger.fault(args["trigger"])):
        found.append(Problem(fault, "--trigger"))
    if args["budget"] and budget(args["budget"]) is None:
        found.append(Problem(f'"{args["budget"]}" is no amount of US dollars', "--budget", "Write it like 1.00."))
    return found + list(source_problems(args, here))


def budget(text: str) -> float | None:
    """Dollars, None if it is no amount."""
    plain = text.strip().removeprefix("$").strip()
    return float(plain) if re.fullmatch(r"\d{1,5}(\.\d+)?", plain) else None


def name_problems(name: str | None, here: Path, complete: bool) -> Iterator[Problem]:
    if not name:
        if complete:
            yield Problem("the project needs a name", "NAME", "loraprep init NAME --images FOLDER")
    elif name != "." and (not _NAME.fullmatch(name) or _RESERVED.fullmatch(name)):
        hint = "Use letters, digits, - and _; it becomes a folder."
        if _RESERVED.fullmatch(name):
            hint = "Windows keeps this word for itself. Choose another."
        yield Problem(f'"{name}" cannot be a project\'s name', "NAME", hint)
    else:
        path = project_root(name, here) / project.NAME
        if path.exists():
            hint = "Edit that file, or choose another name; nothing is overwritten."
            yield Problem("there is a project already", shown(path, here), hint)


def source_problems(args: dict[str, Any], here: Path) -> Iterator[Problem]:
    folder, name = source(args), args["name"]
    if folder is None:
        if args["in_place"] and name and name != ".":
            yield Problem("which folder? Say --images DIR as well", "--in-place")
    elif not folder.is_dir():
        yield Problem(f"there is no folder {args['images']}", "--images")
    elif name and (name == "." or _NAME.fullmatch(name)):
        root, images = project_root(name, here), project_root(name, here) / "images"
        inside = "Use loraprep init . in that folder instead."
        if args["in_place"]:
            if root.resolve() != folder.resolve() and root.resolve().is_relative_to(folder.resolve()):
                yield Problem("the project would lie inside the folder with its pictures", "--images", inside)
        elif same(folder, images):
            return
        elif images.resolve().is_relative_to(folder.resolve()):
            yield Problem("the project would lie inside the folder that is copied", "--images", inside)
        elif images.exists() and (not images.is_dir() or any(images.iterdir())):
            yield Problem(
                "images/ already holds something, so nothing is copied into it",
                shown(images, here),
                "Leave --images out to use what is there, or choose another name.",
            )


def _why_no_model(here: Path) -> str:
    found, known, unknown = studio.studio_models(here)
    if len(known) > 1:
        return f"studio.md names several: {', '.join(known)}. "
    if unknown:
        return f"studio.md names {', '.join(unknown)}, which loraprep does not know. "
    return "studio.md names none. " if found else "There is no studio.md to take it from. "


def studio_model(here: Path) -> str | None:
    known = studio.studio_models(here)[1]
    return known[0] if len(known) == 1 else None


def source(args: dict[str, Any]) -> Path | None:
    return Path(args["images"]).expanduser() if args["images"] else None


def same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()


def shown(path: Path, here: Path) -> str:
    return Path(os.path.relpath(path, here)).as_posix()


def project_root(name: str, here: Path) -> Path:
    if name == ".":
        return here
    home = studio.studio_folder(here)
    return home / "grimoire/training" / name if home else here / name


def project_name(name: str, here: Path) -> str:
    """`init .` takes the folder's name, in the letters that a project's name may have."""
    if name != ".":
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", here.name).strip("-_")[:64]
    return f"my-{plain}"[:64].rstrip("-") if not plain or _RESERVED.fullmatch(plain) else plain
