"""The base models that a studio works with, read from its studio.md."""

from __future__ import annotations

import re
from pathlib import Path

from loraprep.core import files, resources
from loraprep.project.profiles import base_model

_LINE = re.compile(r"^[ \t*_>-]*Base model[*_ \t]*:[*_ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(r"^##[ \t]+Models\b[^\n]*$(.*?)(?=^##?[ \t]|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_LONGEST = 1000  # characters of a cell that are read
_NOTHING = {"", "-", "–", "—", "none", "n/a", "?", "tbd"}  # how people leave a cell open


def studio_file(start: Path) -> Path | None:
    """Find studio.md or grimoire/studio.md in `start` or the nearest folder above that has one."""
    for folder in (start, *start.parents):
        for place in (folder / "grimoire/studio.md", folder / "studio.md"):
            if files.plain(place):
                return place
    return None


def studio_folder(start: Path) -> Path | None:
    """Find the studio's folder, which has grimoire/ or studio.md: `start` or the nearest above; None outside."""
    for folder in (start, *start.parents):
        if folder.name == "grimoire" and (folder / "studio.md").is_file():
            continue  # the studio is the folder around it
        if (folder / "grimoire").is_dir() or (folder / "studio.md").is_file():
            return folder
    return None


def studio_models(start: Path) -> tuple[Path | None, list[str], list[str]]:
    """Return the studio.md found, our base models in it, and the names in it that we do not know."""
    found = studio_file(start)
    if not found:
        return None, [], []
    return found, *base_models(files.read_text(found, "replace").removeprefix("\ufeff"))


def base_models(text: str) -> tuple[list[str], list[str]]:
    """Return our base models and the names we do not know, in the order studio.md's `text` names them.

    From the Base column of the table under "## Models", else from the "Base model:" lines.
    """
    known: list[str] = []
    unknown: list[str] = []
    for cell in dict.fromkeys(_column(text) or _LINE.findall(text)):
        for name in _names(_plain(cell)):
            model = model_id(name)
            (known if model else unknown).append(model or name)
    return list(dict.fromkeys(known)), list(dict.fromkeys(unknown))


def _names(cell: str) -> list[str]:
    """Split a cell that names several: "SDXL / Flux". A name that is known as a whole is not taken apart."""
    if cell.lower() in _NOTHING:
        return []
    if model_id(cell):
        return [cell]
    return [part.strip() for part in re.split(r",|/|&|\+|\band\b|\bor\b", cell) if part.strip().lower() not in _NOTHING]


def _plain(cell: str) -> str:
    """Markdown's emphasis, code marks and links taken off."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell[:_LONGEST]).strip(" \t*`_")


def _column(text: str) -> list[str]:
    section = _SECTION.search(text)
    rows = [
        [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
        for line in (section[1] if section else "").splitlines()
        if line.strip().startswith("|")
    ]
    headings = [_plain(cell).lower() for cell in rows[0]] if rows else []
    at = next((n for n, h in enumerate(headings) if h in ("base", "base model")), None)
    if at is None:
        return []
    return [row[at] for row in rows[1:] if len(row) > at and not re.fullmatch(r":?-*:?", row[at])]


def model_id(name: str) -> str:
    """Return our id of a base model as people write it: "Flux.1-dev" -> "flux"; "" if unknown."""
    wanted = _bare(name)
    for model in resources.names("resources/models"):
        profile = base_model(model)
        if wanted in {_bare(n) for n in (model, profile.title, *profile.aliases)}:
            return model
    return ""


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
