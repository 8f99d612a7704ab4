"""How the page is served and how a browser gets in: uvicorn with every limit it has, and those that it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import html
import os
import tempfile
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from loraprep.review.guard import Guard

CONNECTIONS = 64  # a browser opens six, and keeps one more for each tab
HEAD_SECONDS = 10.0  # for the lines above a request's body, from the first byte on
READ_SECONDS = 30.0  # for the other end to take what is waiting for it
HEAD_BYTES = 32_768
KEEP_ALIVE_SECONDS = 5


class Door(H11Protocol):
    """A connection that is closed if it keeps us waiting. uvicorn has no deadline before a request is whole."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._hurry(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Read on. Once a request is whole in its head, its answer takes its time; `Guard` limits its body."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._relax()
        elif self._late is None:
            self._hurry(HEAD_SECONDS)

    def pause_writing(self) -> None:
        """Wait for the other end to read, but not for ever."""
        super().pause_writing()
        self._relax()
        self._hurry(READ_SECONDS)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        self._relax()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._relax()
        super().connection_lost(exc)

    def _hurry(self, seconds: float) -> None:
        self._late = self.loop.call_later(seconds, self.transport.abort)

    def _relax(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def config(guard: Guard) -> uvicorn.Config:
    """Return how uvicorn serves the page."""
    return uvicorn.Config(
        guard,
        http=Door,
        lifespan="off",
        ws="none",
        log_level="error",  # what strangers send is not news
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        backlog=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )


def elsewhere(environ: Mapping[str, str]) -> bool:
    """Say whether the person sits at another computer, so that a browser here would be seen by nobody."""
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or environ.get("SSH_TTY"))


def tunnel(port: int, environ: Mapping[str, str]) -> str:
    """Spell the command that brings the page to the computer in front of the person; same port, as cookies go by it.

    SSH_CONNECTION has the client's address and port, then the server's (sshd's manual).
    """
    parts = environ.get("SSH_CONNECTION", "").split()
    host, there = (parts[2], parts[3]) if len(parts) == 4 else ("THIS-MACHINE", "22")
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        user = "USER"
    return f"ssh -L {port}:127.0.0.1:{port}{'' if there == '22' else f' -p {there}'} {user}@{host}"


class Opener:
    """Opens the browser without the key on its command line, which every user of a computer may read.

    A private file in the project's build/ leads to the page, as Jupyter does it; not in /tmp, which a browser in a
    snap does not see. On Windows nobody else reads a command line, and .html may belong to an editor.
    """

    def __init__(self, root: Path, address: str) -> None:
        self.address = address
        self.file = None if os.name == "nt" else _private(root / "build", _leads_to(address))

    def open(self) -> None:
        """Open the browser; if there is none, the address on the terminal is the way."""
        if self.file is None and os.name != "nt":
            return
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(self.file.absolute().as_uri() if self.file else self.address)

    def close(self) -> None:
        """Delete the file, once it was used or the page ends."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


def _leads_to(address: str) -> str:
    there = html.escape(address)
    return (
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={there}">'
        f'<title>loraprep review</title><p><a href="{there}">Your review page</a>\n'
    )


def _private(folder: Path, text: str) -> Path | None:
    """Write a new file that only this user can read: in the folder, else in a temporary one; None if neither can."""
    for place in (folder, Path(tempfile.gettempdir())):
        try:
            place.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(".html", "review-", place)  # 0600, and never through a link
        except OSError:
            continue
        path = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            private = not os.fstat(handle).st_mode & 0o077  # some disks know no owners
            stream.write(text if private else "")
        if private:
            return path
        path.unlink()
    return None
