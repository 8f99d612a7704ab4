"""An object store that is asked: what lies there, what an object holds, and in a sentence what went wrong.

What it is asked with, the person's settings and libraries know: no key passes through here, and what a library says of
an error, which may quote one, is never shown.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from loraprep.core import files, paths
from loraprep.core.errors import UNUSABLE, Unreachable
from loraprep.core.store import distrust

T = TypeVar("T")
EXTRA = "pip install 'loraprep[store]'"
# scheme -> the library that opens it and how it is installed; fsspec finds it by the scheme
LIBRARIES = {
    "s3": ("s3fs", EXTRA),
    "gs": ("gcsfs", "pip install gcsfs"),
    "az": ("adlfs", "pip install adlfs"),
    "hf": ("huggingface_hub", "pip install huggingface_hub"),
}
FOLDER = -1  # in place of a folder's size
# a name that no library reads as more than a name: no chained addresses, no user, no query, no pattern
_ADDRESS = re.compile(r"(s3|gs|az)://[a-z0-9][a-z0-9._-]*(/[^/\\?#*\[\]:@\x00-\x1f]+)*/?")
_OF_HUB = re.compile(r"(hf)://datasets/[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(/[^/\\?#*\[\]:@\x00-\x1f]+)*/?")

_WAIT = 30  # seconds for others to end what they do with a database
_TRIES = (0.3, 1.5, 0)  # seconds to wait after each time that a store was asked in vain
_CONNECT, _SILENT = 5, 15  # seconds that a connection may take, and that may pass without a byte
# what tells one version of an object from another, the surest first, by the names that the libraries give it
_MARKS = ("ETag", "etag", "generation", "VersionId", "blob_id", "md5Hash", "LastModified", "last_modified", "updated")
_MD5 = re.compile(r"[0-9a-f]{32}")
_ONE = ("AccessDenied", "403", "AllAccessDisabled", "InvalidObjectState")  # refusals that are about an object
_AGAIN = "run the same command again"


class Listed(NamedTuple):
    """What the listing says of an object. `size`: bytes."""

    size: int
    mark: str


@dataclass(frozen=True, slots=True)
class Storage:
    """What lies below an `address` such as s3://bucket/prefix.

    `endpoint`, `profile`: the person's own, "" for what their settings of the store say.
    """

    address: str
    _: KW_ONLY
    region: str = ""
    anonymous: bool = False
    endpoint: str = ""
    profile: str = ""

    def _key(self, name: str) -> str:
        top = self.address.partition("://")[2].rstrip("/")
        return f"{top}/{name}" if name else top

    def _listing(self, *, may_be_empty: bool = False) -> Iterator[list[tuple[str, str, int, str]]]:
        """Yield what lies in each folder, as (folder, name, size, mark) each. Raises Unreachable."""
        self._asked(lambda store: store.invalidate_cache(), "")
        todo, empty = [""], True
        while todo:
            folder = todo.pop()
            try:
                said = self._asked(_lister(self._key(folder)), "")
            except FileNotFoundError:
                if not folder:
                    break
                continue  # it went meanwhile
            rows = [row for info in said if (row := self._row(folder, info))]
            todo += [joined(folder, name) for _, name, size, _ in rows if size == FOLDER]
            empty = empty and not rows
            yield rows
        if empty and not may_be_empty:
            _, _, prefix = self._key("").partition("/")
            below = f" under {prefix}/" if prefix else ""
            raise self._lost(
                f"there is no bucket of that name, or nothing in it{below}", "Is it spelled as the store shows it?"
            )

    def _row(self, folder: str, info: dict[str, Any]) -> tuple[str, str, int, str] | None:
        """Make a row of what a library says of an object; None for the folder itself, which some stores list too.

        A name that is none on a disk gets a character that the walk rejects, and names.
        """
        top, whole, is_folder = self._key(folder), str(info["name"]), info.get("type") == "directory"
        if not is_folder and whole.rstrip("/") == top:
            return None
        name = whole.removeprefix(f"{top}/")
        name = name.removesuffix("/") if is_folder else name  # as some libraries end it
        if not name or "/" in name or name in (".", "..") or (os.name == "nt" and paths.fault(name, windows=True)):
            return folder, name.replace("/", "\0") + "\0", 0, ""
        return folder, name, FOLDER if is_folder else int(info.get("size") or 0), "" if is_folder else mark_of(info)

    def _fetched(self, name: str, listed: Listed) -> bytes:
        """Return the object that was listed, whole. Raises OSError if that is not there any more, Unreachable."""
        data: bytes = self._asked(lambda store: store.cat_file(self._key(name)), name)
        same = len(data) == listed.size
        if same and not (
            _MD5.fullmatch(listed.mark) and hashlib.md5(data, usedforsecurity=False).hexdigest() == listed.mark
        ):
            # no digest of what it holds (it came in parts, or is encrypted): then it is asked what is there now
            now = self._asked(lambda store: store.info(self._key(name)), name)
            same = mark_of(now) == listed.mark
        if not same:
            raise OSError(errno.EAGAIN, f"it changed after it was listed; {_AGAIN}", name)
        return data

    def _asked(self, ask: Callable[[Any], T], name: str) -> T:
        """Ask the store, again where it may help. Raises OSError about an object, Unreachable about the store."""
        for wait in _TRIES:
            try:
                return ask(self._opened())
            except (Unreachable, MemoryError):
                raise
            except Exception as error:
                found, final = self._trouble(error, name)
                if final or not wait:
                    raise found from None  # a library's own words may hold a key
            time.sleep(wait)
        raise AssertionError("it was asked")

    def _opened(self) -> Any:
        """Return the library's view of the store; it keeps one for the same options. Raises Unreachable."""
        scheme = self.address.partition("://")[0]
        library, install = LIBRARIES[scheme]
        try:
            import fsspec

            return fsspec.filesystem(scheme, use_listings_cache=False, **self._options(scheme))
        except ImportError:
            raise self._lost(f"this needs {library}, which is not installed", install) from None

    def _options(self, scheme: str) -> dict[str, Any]:
        """Spell the settings as each library wants them. None of them is a key."""
        if scheme == "s3":
            return {
                "anon": self.anonymous,
                "profile": None if self.anonymous else self.profile or None,
                "endpoint_url": self.endpoint or None,
                "client_kwargs": {"region_name": self.region} if self.region else {},
                "config_kwargs": {"connect_timeout": _CONNECT, "read_timeout": _SILENT, "retries": {"max_attempts": 0}},
                "max_concurrency": 1,  # else it asks for the size first, which the listing told
            }
        if scheme == "gs":
            return {"token": "anon" if self.anonymous else None, "endpoint_url": self.endpoint or None}
        if scheme == "az":
            host = self.endpoint.partition("://")[2].rstrip("/")
            return {
                "anon": self.anonymous,
                "account_name": host.partition(".")[0] or None,
                "account_host": host or None,
            }
        return {"token": False if self.anonymous else None, "endpoint": self.endpoint or None}

    def _trouble(self, error: Exception, name: str) -> tuple[Exception, bool]:
        """Put in words what a library raised, and say whether asking again is in vain."""
        code, kind = code_of(error), type(error).__name__
        if isinstance(error, FileNotFoundError):
            return FileNotFoundError(errno.ENOENT, f"it was deleted after it was listed; {_AGAIN}", name), True
        if isinstance(error, PermissionError) or code in ("401", "403"):
            if name and (not code or code in _ONE):
                return PermissionError(errno.EACCES, "the store does not let you read it", name), True
            return self._refused(), True
        if "Credential" in kind or "Profile" in kind or "Token" in kind or "Auth" in kind:
            return self._refused(missing=True), True
        if code and name:
            return OSError(errno.EIO, f"the store did not give it ({code}); {_AGAIN}", name), False
        where = f" at {self.endpoint}" if self.endpoint else ""
        how = f"answers with an error ({code})" if code else "does not answer"
        hint = "What was read is kept. See that you are online and that the address is right, then " + _AGAIN + "."
        return self._lost(f"the store{where} {how}", hint), False

    def _refused(self, *, missing: bool = False) -> Unreachable:
        if self.anonymous:
            return self._lost("the store gives nothing to strangers, and this project reads as one", self._known())
        whose = f"of the profile {self.profile} " if self.profile else ""
        return self._lost(
            f"no credentials {whose}were found on this computer"
            if missing
            else f"the store refuses your credentials {whose}".rstrip(),
            "They are read where the store's own tools read them (for S3: aws configure, or AWS_PROFILE).",
        )

    def _lost(self, message: str, hint: str) -> Unreachable:
        return Unreachable(message, place=self.address, hint=hint, exit_code=UNUSABLE)

    def _known(self) -> str:
        """Say what makes a stranger known."""
        return (
            "If it is your bucket: take images.store.anonymous out of project.yaml, and write: "
            f"loraprep trust {top(self.address)}"
        )


def fault(address: str) -> bool:
    """Say whether this is no address of pictures that is read."""
    return not (_ADDRESS.fullmatch(address) or _OF_HUB.fullmatch(address)) or ".." in address.split("/")


def top(address: str) -> str:
    """Return the bucket of an address, or the dataset: what a person allows, whole."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{'/'.join(rest.split('/')[: 3 if scheme == 'hf' else 1])}"


_open = threading.local()


def database(path: Path, version: int, tables: str, *, writing: bool = True) -> sqlite3.Connection:
    """Return what this thread has open of a list of objects, opened if need be; other `tables` are made anew."""
    known = _databases()
    if (path, writing) in known:
        return known[path, writing]
    if writing:
        db = sqlite3.connect(files.opened_by_others(path), timeout=_WAIT)
    else:
        db = sqlite3.connect(f"{files.checked(path).as_uri()}?mode=ro", uri=True, timeout=_WAIT)
    try:
        distrust(db)
        db.execute("PRAGMA cache_spill = OFF")  # else it is locked for those who read while it is written
        db.execute("PRAGMA synchronous = OFF")  # what a power cut spoils is listed and read again
        if db.execute("PRAGMA user_version").fetchone() != (version,):
            db.executescript(f"BEGIN; DROP TABLE IF EXISTS objects; {tables} PRAGMA user_version = {version}; COMMIT;")
    except BaseException:
        db.close()
        raise
    known[path, writing] = db
    return db


def shut(path: Path) -> None:
    """Close a database of this thread, if it is open."""
    for writing in (True, False):
        if found := _databases().pop((path, writing), None):
            found.close()


def _databases() -> dict[tuple[Path, bool], sqlite3.Connection]:
    found: dict[tuple[Path, bool], sqlite3.Connection] = _open.__dict__.setdefault("databases", {})
    return found


def _lister(at: str) -> Callable[[Any], list[dict[str, Any]]]:
    return lambda store: store.ls(at, detail=True)


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def mark_of(info: dict[str, Any]) -> str:
    """Return what tells a version of an object from another; "" if the store does not say."""
    return next((str(info[key]).strip('"') for key in _MARKS if info.get(key)), "")


def code_of(error: BaseException) -> str:
    """Return what the store answered, as its own code or HTTP's; "" if it did not answer at all."""
    for found in (error, error.__cause__, error.__context__):
        response = getattr(found, "response", None)
        if isinstance(response, dict) and (code := response.get("Error", {}).get("Code")):
            return str(code)
        for key in ("status_code", "status", "code"):
            if str(code := getattr(found, key, getattr(response, key, ""))).isdigit():
                return str(code)
    return ""
