"""The base models that a studio works with, read from its studio.md."""

from __future__ import annotations

import re
from pathlib import Path

from loraprep.core import resources
from loraprep.project.project import profile

_LINE = re.compile(r"^[ \t*_>-]*Base model[*_ \t]*:[*_ \t]*(\S.*?)[*_ \t]*$", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(r"^##[ \t]+Models\b[^\n]*$(.*?)(?=^##?[ \t]|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_NOTHING = {"", "-", "–", "—", "none", "n/a", "?", "tbd"}  # how people leave a cell open


def find(start: Path) -> Path | None:
    """studio.md or grimoire/studio.md in `start` or the nearest folder above that has one."""
    for folder in (start, *start.parents):
        for place in (folder / "grimoire/studio.md", folder / "studio.md"):
            if place.is_file():
                return place
    return None


def home(start: Path) -> Path | None:
    """The studio's folder, which has grimoire/ or studio.md: `start` or the nearest above. None outside a studio."""
    for folder in (start, *start.parents):
        if folder.name == "grimoire" and (folder / "studio.md").is_file():
            continue  # the studio is the folder around it
        if (folder / "grimoire").is_dir() or (folder / "studio.md").is_file():
            return folder
    return None


def read(start: Path) -> tuple[Path | None, list[str], list[str]]:
    """(the studio.md found, our base models in it, names in it that we do not know)."""
    found = find(start)
    if not found:
        return None, [], []
    return found, *base_models(found.read_text(encoding="utf-8-sig", errors="replace"))


def base_models(text: str) -> tuple[list[str], list[str]]:
    """(our base models, names we do not know), in the order studio.md names them.

    From the Base column of the table under "## Models", else from the "Base model:" lines.
    """
    known: list[str] = []
    unknown: list[str] = []
    for cell in _column(text) or _LINE.findall(text):
        for name in _names(_plain(cell)):
            model = resolve(name)
            (known if model else unknown).append(model or name)
    return list(dict.fromkeys(known)), list(dict.fromkeys(unknown))


def _names(cell: str) -> list[str]:
    """One cell may name several: "SDXL / Flux". A name that is known as a whole is not taken apart."""
    if cell.lower() in _NOTHING:
        return []
    if resolve(cell):
        return [cell]
    return [part.strip() for part in re.split(r",|/|&|\+|\band\b|\bor\b", cell) if part.strip().lower() not in _NOTHING]


def _plain(cell: str) -> str:
    """Markdown's emphasis, code marks and links taken off."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).strip(" \t*`_")


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


def resolve(name: str) -> str:
    """Our id of a base model as people write it: "Flux.1-dev" -> "flux"; "" if unknown."""
    wanted = _bare(name)
    for model in resources.names("resources/models"):
        data = profile("models", model)
        if wanted in {_bare(n) for n in (model, data["title"], *data["aliases"])}:
            return model
    return ""


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
