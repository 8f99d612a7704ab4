"""Hugging Face's ImageFolder: pictures with metadata.jsonl or metadata.csv, perhaps in a folder for each split.

Source: huggingface/datasets 5.2, packaged_modules/folder_based_builder, and how it tells splits by folders' names:
data_files.py.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from loraprep.core import files, paths
from loraprep.core.errors import Problem
from loraprep.core.text import listed, number_of
from loraprep.trainers.takeover.tree import Part, Reading, Tree

NAMES = ("metadata.jsonl", "metadata.csv")
_VALIDATION = frozenset({"validation", "valid", "dev", "val", "test", "testing", "eval", "evaluation"})
_LARGEST = 100_000_000  # bytes


def lists_in(top: Path) -> list[Path]:
    """Find the lists of a folder: at its top, or in the folders of its splits, which may lie in data/."""
    return [folder / name for folder in [top, *_splits(top)] for name in NAMES if _own(folder / name)]


def _splits(top: Path) -> list[Path]:
    inner = top / "data"
    return [*_folders(top), *(_folders(inner) if inner.is_dir() and not inner.is_symlink() else ())]


def _folders(top: Path) -> list[Path]:
    return [p for p in files.listed(top) if p.is_dir() and not p.is_symlink()]


def _own(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def of_folder(reading: Reading, top: Path, lists: list[Path]) -> Tree:
    """Read a folder whose words stand in lists."""
    gone, twice = [], len({file.parent for file in lists}) < len(lists)
    for file in lists:
        gone += [f"{reading.named(file)}: {name}" for name in _rows(reading, file)]
    if gone:
        reading.leave(f"{number_of(len(gone), 'row')} of pictures that are not there ({listed(gone, 3)})")
    if twice:
        reading.noted.append("there is a metadata.jsonl and a metadata.csv: both are read, the first one first")
    away = [p for p in _splits(top) if p.name.lower() in _VALIDATION]
    parts = [Part(folder=top, name=top.name, deep=True)]
    parts += [Part(folder=folder, name=folder.name, role="validation", deep=True) for folder in away]
    return Tree(title="Hugging Face ImageFolder", top=top, parts=tuple(parts))


def _rows(reading: Reading, file: Path) -> list[str]:
    """List the names in a list that no file has. A line that cannot be read is a problem."""
    name = reading.named(file)
    data = files.read(file, _LARGEST)
    missing = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        reading.problems.append(Problem("is not UTF-8 text", f"{name}:{line}", "Save it as UTF-8 in your editor."))
        return []
    rows: list[object] = []
    if file.suffix == ".csv":
        table = csv.DictReader(io.StringIO(text))
        try:
            rows = [*table]
        except csv.Error as error:
            reading.problems.append(Problem(f"this CSV cannot be read: {error}", f"{name}:{table.line_num}"))
    else:
        for at, written in enumerate(text.splitlines(), 1):
            try:
                rows += [json.loads(written)] if written.strip() else []
            except (ValueError, RecursionError) as error:
                cause = error.msg if isinstance(error, json.JSONDecodeError) else "it is no JSON"
                reading.problems.append(
                    Problem(f"this line is no JSON: {cause[:1].lower()}{cause[1:]}", f"{name}:{at}", "Mend it.")
                )
    for row in rows:
        said = row.get("file_name") or row.get("image") if isinstance(row, dict) else None
        if not isinstance(said, str) or paths.fault(said) or not (file.parent / said).is_file():
            missing.append(str(said)[:60])
    return missing
