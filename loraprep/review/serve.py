"""`loraprep review`: serve a local page for looking and deciding. It writes into decisions/, a line an answer."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from loraprep.core import terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.imaging import pool
from loraprep.project import project
from loraprep.review import door, places
from loraprep.review.app import Page
from loraprep.review.door import Opener
from loraprep.review.guard import Guard
from loraprep.review.snapshot import Reader

HOST = "127.0.0.1"
USUAL_PORT = 8642  # on another computer
TURN = 0.0005  # seconds; while an answer is put into a file of thousands, each part of a page waits for a few of these


def serve(root: Path, *, port: int, no_browser: bool, place: str = "") -> int:
    """Serve the page of the project in `root` until Ctrl-C; 0. Raises UserError.

    `place`: where the browser is led, as `places.address` knows it.
    """
    project.load(root, ask=True)
    reader = Reader(root)
    to = places.address(reader.read(), place or places.OVERVIEW)  # and project.yaml's problems belong on the terminal
    away = door.elsewhere(os.environ)
    with _listen(port) if port else _listen_anywhere(away) as listening:
        pool.POOL.start()  # while the browser starts: the first picture does not wait for a process
        sys.setswitchinterval(TURN)
        server = PageServer(reader, listening.getsockname()[1], to)
        server.page.get_ready(reader.stamps()["build"])  # while the browser starts, too
        terminal.say(f"Your review page: {server.invitation()}")
        if away or no_browser:
            terminal.say("If your browser is on another computer, first write there, in a terminal that stays open:")
            terminal.say(f"  {door.tunnel(server.port, os.environ)}")
        terminal.say("This address lets one browser in, once; then reload as often as you like.", "dim")
        terminal.say("It answers only this computer. Every decision is written at once; Ctrl-C closes it.", "dim")
        if not (away or no_browser):
            server.open_browser(root)
        try:
            with contextlib.suppress(KeyboardInterrupt):  # the normal way to close it
                server.run(sockets=[listening])
        finally:
            server.tidy()
    terminal.say("Closed. What you decided is in decisions/; loraprep gate1 looks again.")
    return 0


def _listen_anywhere(away: bool) -> socket.socket:
    """Listen on a free port; elsewhere on the usual one if it is free, so that the same tunnel serves the next time."""
    if away:
        with contextlib.suppress(UserError):
            return _listen(USUAL_PORT)
    return _listen(0)


def _listen(port: int) -> socket.socket:
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named: else 40 ms a picture are lost
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # where this does not mean to share the port, but not to wait a minute for the last page
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # the address is printed before the server runs, and must answer whoever is quick
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError(
            f"port {port} cannot be used: {error}",
            exit_code=UNUSABLE,
            hint="Leave --port away, and a free one is taken.",
        ) from None
    return listening


class PageServer(uvicorn.Server):
    """The page behind its guard and its door. `to`: the address of the page that a browser is led to."""

    def __init__(self, reader: Reader, port: int, to: str = "/") -> None:
        self.port, self.to = port, to
        self.page = Page(reader, ending=lambda: self.should_exit)
        self.guard = Guard(self.page.app(), port, arrived=self.tidy, again=self._again)
        self._opener: Opener | None = None
        super().__init__(door.config(self.guard))

    def invitation(self) -> str:
        """Return an address that lets one browser in, once."""
        return f"http://{HOST}:{self.port}/?token={self.guard.invite(self.to)}"

    def open_browser(self, root: Path) -> None:
        """Open the browser with an invitation of its own; the one on the terminal stays."""
        self._opener = Opener(root, self.invitation())
        threading.Thread(target=self._opener.open, daemon=True).start()

    def tidy(self) -> None:
        """Take away what led the browser here."""
        if self._opener is not None:
            self._opener.close()

    def _again(self) -> None:
        terminal.say("Somebody opened an address that was used before. If that was you, here is a new one:")
        terminal.say(self.invitation())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.page.runs.stop()
        await super().shutdown(sockets)
