"""`loraprep doctor`: what this computer has for loraprep. Sends no picture, shows no key, changes nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import psutil
from PIL import features

from loraprep import __version__
from loraprep.captions import registry
from loraprep.cli.init import at_hand
from loraprep.core import child, terminal
from loraprep.core.errors import UserError
from loraprep.project import project

PARAMS: list[click.Parameter] = []
_DECODERS = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF", "jpg_2000": "JPEG 2000"}
_LIBRARIES = ("pillow", "numpy", "doit", "click", "rich")
_ROOM = 2 << 30  # bytes of disk and memory below which a run of a few hundred large pictures may stop
_GB = 1 << 30


def run() -> int:
    """Say it; 1 if something is missing that every run needs, else 0."""
    well = True
    for mark, title, words in _lines():
        well = well and mark != "x"
        style = {"x": "bold red", "!": "yellow", "-": "dim"}.get(mark, "")
        terminal.say(f"{mark} {title}: {words}", style, indent="  ")
    terminal.say("All that a run needs is here." if well else "What is marked with x has to be mended first.", "bold")
    return 0 if well else 1


def _lines() -> Iterator[tuple[str, str, str]]:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    yield "+", "loraprep", f"{__version__}, with {versions}"
    yield "+", "Python", f"{platform.python_version()} at {sys.executable}, on {platform.system()} {platform.release()}"
    there = [title for name, title in _DECODERS.items() if features.check(name)]
    lacking = [title for name, title in _DECODERS.items() if not features.check(name)]
    yield "x" if {"JPEG", "PNG"} & {*lacking} else "+", "Pictures it can read", ", ".join(there)
    if lacking:
        yield "!", "Pictures it cannot read", f"{', '.join(lacking)}: this Pillow was built without"
    if not _installed("pillow_heif"):
        yield "-", "HEIC", "pip install 'loraprep[heic]' reads what iPhones take"
    git = child.program("git")
    yield ("+", "git", git) if git else ("!", "git", "not found: loraprep diff needs it")
    yield from _captioners()
    folder = Path.cwd()
    free, memory = shutil.disk_usage(folder).free, psutil.virtual_memory().available
    yield "!" if free < _ROOM else "+", "Disk", f"{free / _GB:.1f} GB free here"
    yield "!" if memory < _ROOM else "+", "Memory", f"{memory / _GB:.1f} GB free, {os.cpu_count()} processors"
    yield from _project(folder)


def _captioners() -> Iterator[tuple[str, str, str]]:
    found = at_hand.look_around(None, Path.cwd()).found
    for name in registry.captioner_names():
        if name in found:
            yield ("+" if found[name].complete else "!"), f"Captioner {name}", found[name].words
        elif name in ("none", "draft", "existing"):
            yield "+", f"Captioner {name}", "needs nothing"
        else:
            about = getattr(registry.load_captioner(name), "ABOUT", "")
            yield "-", f"Captioner {name}", f"not ready here. {about}".strip()


def _project(folder: Path) -> Iterator[tuple[str, str, str]]:
    home = next((p for p in (folder, *folder.parents) if (p / project.NAME).is_file()), None)
    if home is None:
        return
    try:
        settings = project.load(home).settings
    except UserError as error:
        yield "x", "This project", str(error)
        return
    yield "+", "This project", f"{settings.name}, captions by {', '.join(settings.captioning.captioners)}"


def _installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None
