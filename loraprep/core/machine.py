"""What the computer refuses (a full disk, a share that is gone, a folder of somebody else) in words, with the file."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from loraprep.core.errors import UserError
from loraprep.core.text import printable

TOLD = (UserError, OSError, sqlite3.Error, MemoryError)  # what a person reads in a sentence: never a bug of ours

_ROOM = "Make room on that disk, then run the same command again: what was done is kept."
_MOUNT = "See that the disk or network share is there, then run the same command again."
_RIGHTS = "Give yourself the right to read and write there, or copy the project into a folder of your own."
# errno(3) -> what happened, what to do next
_REFUSED: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    **({errno.EDQUOT: ("your share of the disk is used up", _ROOM)} if hasattr(errno, "EDQUOT") else {}),
    errno.EFBIG: ("this disk takes no file that large", _ROOM),
    errno.EIO: ("the disk answers with an error", "Copy what matters off that disk before anything else."),
    errno.EROFS: (
        "this disk can only be read",
        "Mount it for writing, or copy the project elsewhere.",
    ),
    errno.EACCES: ("you may not open or write this", _RIGHTS),
    errno.EPERM: ("you may not change this", _RIGHTS),
    errno.ENOENT: ("it is not there, or no longer", _MOUNT),
    errno.ENOTCONN: ("the disk or share it lies on is gone", _MOUNT),
    errno.ENODEV: ("the disk or share it lies on is gone", _MOUNT),
    errno.ENXIO: ("the disk or share it lies on is gone", _MOUNT),
    **({errno.ESTALE: ("the share it lies on was taken away", _MOUNT)} if hasattr(errno, "ESTALE") else {}),
    errno.ENOTDIR: ("a file stands where a folder has to be", "Move that file away, then run the same command again."),
    errno.EEXIST: ("something else stands in its place", "Move it away, then run the same command again."),
    errno.EISDIR: ("a folder stands where a file has to be", "Move that folder away, then run it again."),
    errno.ENAMETOOLONG: ("this name is too long for the disk", "Move the project into a folder with a shorter path."),
    errno.EMFILE: ("too many files are open at once", "Raise the limit (ulimit -n 1024), then run it again."),
    errno.ENFILE: ("too many files are open at once", "Close other programs, then run the same command again."),
    errno.EBUSY: ("another program is using it", "Close that program, then run the same command again."),
    errno.EADDRINUSE: ("another program uses this port", "Choose another one: --port 8123"),
}
_SQLITE: dict[int, int] = {  # https://sqlite.org/rescode.html
    sqlite3.SQLITE_BUSY: errno.EBUSY,
    sqlite3.SQLITE_LOCKED: errno.EBUSY,
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EACCES,
    sqlite3.SQLITE_CANTOPEN: errno.EACCES,
    sqlite3.SQLITE_PERM: errno.EACCES,
}


def told(error: BaseException, place: str = "") -> UserError:
    """Put one of TOLD in words: what the computer refused with the file it names, else with `place`."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, MemoryError):
        hint = "Close other programs, or lower thresholds.audit.max_megapixels in project.yaml."
        return UserError("there is not enough memory", place=place, hint=hint)
    if isinstance(error, sqlite3.Error):
        message, hint = _REFUSED.get(_SQLITE.get(sqlite_code(error), 0), (str(error).lower(), _ROOM))
        return UserError(message, place=place or "build", hint=hint)
    assert isinstance(error, OSError)
    message, hint = _REFUSED.get(error.errno or 0, ((error.strerror or str(error) or type(error).__name__).lower(), ""))
    return UserError(message, place=_shown(error.filename) or place, hint=hint or "Then run the same command again.")


def sqlite_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, 0 if it gave none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def withheld(error: sqlite3.Error) -> bool:
    """Say whether a file is in use, or its disk full or failing: then it is not damaged, and may hold hours of work."""
    codes = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR
    return sqlite_code(error) in codes


def _shown(name: object) -> str:
    """Spell a path as it is seen from the working folder."""
    if isinstance(name, bytes):
        name = os.fsdecode(name)
    if not isinstance(name, str | Path) or not str(name):
        return ""
    path = Path(name)
    here = Path.cwd()
    path = path.relative_to(here) if path.is_relative_to(here) else path
    return printable(path.as_posix(), "?")
