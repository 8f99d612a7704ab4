""".doit.sqlite, where doit keeps what it knows: made anew whenever it does not fit. That costs time alone."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from loraprep.core import files, machine
from loraprep.core.errors import UserError
from loraprep.pipeline.artifacts import Judged
from loraprep.project import project

NAME = ".doit.sqlite"
MAKE = ("dataset", "export")  # the tasks that leave what a trainer reads
DoitTask: TypeAlias = Any  # doit has no types
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR)  # the last: other columns than doit's


def exported(tasks: Mapping[str, DoitTask]) -> bool:
    """Say whether doit would make nothing of dataset/ and exports/ anew in the current folder, whatever changed since.

    `tasks`: name -> task. Nothing is written.
    """
    return made(Path(), tasks).issuperset(MAKE)


def made(root: Path, tasks: Mapping[str, DoitTask]) -> frozenset[str]:
    """Name those of `MAKE` that doit would leave as they are in the project in `root`; see `exported`."""
    from doit.dependency import Dependency, JSONCodec, SqliteDB

    from loraprep.pipeline.doit_task import ByContent

    path = root / NAME
    if not path.exists() or not path.stat().st_size or not _sound(path):
        return frozenset()
    of_root = type(ByContent.__name__, (ByContent,), {"root": root})  # doit knows a checker by its name
    known = Dependency(SqliteDB, files.opened_by_others(path), of_root, JSONCodec)
    try:
        left = {name: known.get_status(tasks[name], tasks).status == "up-to-date" for name in MAKE}
    except (UserError, sqlite3.Error):  # a lock or manifest that is damaged: making it says so; a run that writes
        return frozenset()
    finally:
        known.close()
    return frozenset(name for name in MAKE if left[name] and (name == "dataset" or left["dataset"]))


def changed_since(root: Path) -> list[Path]:
    """List what a person writes that the last run did not read: newer, and of decisions/ with other bytes.

    The time alone would not do: what is taken back is what was read. A verdict that stays is not written anew.
    """
    ran = [path for path in (root / "build" / Judged.NAME, root / NAME) if path.exists()]
    judged = max((path.stat().st_mtime_ns for path in ran), default=0)
    written = [root / project.NAME, *files.listed(root / "decisions", ".yaml")]
    newer = [path for path in written if path.stat().st_mtime_ns > judged]
    read = _read(root) if newer else {}
    return [path for path in newer if read.get(path.relative_to(root).as_posix()) != {files.sha256(path)}]


def _read(root: Path) -> dict[str, set[object]]:
    """Map decision file -> the digests under which tasks read it: more than one where a run broke off in between."""
    path, found = root / NAME, dict[str, set[object]]()
    if not path.exists() or not path.stat().st_size or not _sound(path):
        return found
    try:
        rows = [json.loads(data) for _, data in _rows(path)]
    except sqlite3.Error:  # a run that writes
        return found
    for row in rows:
        for name in row.get("deps:", []):
            if name.startswith("decisions/"):
                found.setdefault(name, set()).add(row.get(name))
    return found


def mend(root: Path) -> None:
    """Delete a state file that doit could not use, and begin one; every task then runs again.

    Raises UserError if the project cannot be written to, before anything is done, and for a disk that is full.
    """
    path = root / NAME
    if not os.access(root, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UserError(
            "this project can only be read, and a run writes into it",
            place=NAME if path.exists() and os.access(root, os.W_OK) else root.resolve().name,
            hint="Give yourself the right to write there, or copy the project into a folder of your own.",
        )
    if path.exists() and not _sound(path):
        for ending in ("", "-journal", "-wal", "-shm"):
            files.remove(path.with_name(NAME + ending))
    if not path.exists() or not path.stat().st_size:
        _begin(path)


def _begin(path: Path) -> None:
    """Make the file as doit would: what is refused here (a full disk) is told, and there it ends in a traceback."""
    try:
        with closing(sqlite3.connect(files.opened_by_others(path), timeout=1)) as db:
            db.execute("CREATE TABLE IF NOT EXISTS doit (task_id TEXT NOT NULL PRIMARY KEY, task_data JSON)")
    except sqlite3.Error as error:
        if machine.sqlite_code(error) not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise machine.told(error, NAME) from None


def _sound(path: Path) -> bool:
    """Say whether it holds rows of doit's: a name, and a mapping as JSON. One that is in use is left alone."""
    try:
        rows = _rows(path)
    except sqlite3.Error as error:
        return path.stat().st_size == 0 or machine.sqlite_code(error) not in _DAMAGED
    return all(isinstance(name, str) and _row(data) for name, data in rows)


def _rows(path: Path) -> list[tuple[str, str]]:
    """Return doit's rows: task, and what it knows of it as JSON. Raises sqlite3.Error."""
    with closing(sqlite3.connect(files.opened_by_others(path), timeout=1)) as db:
        return db.execute("SELECT task_id, task_data FROM doit").fetchall()


def _row(text: object) -> bool:
    """Say whether a task's row has the forms that doit reads without asking."""
    try:
        row = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(row, dict)
        and isinstance(row.get("_values_:", {}), dict)
        and isinstance(row.get("checker:", ""), str)
        and isinstance(deps := row.get("deps:", []), list)
        and all(isinstance(name, str) for name in deps)
    )
