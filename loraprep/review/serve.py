"""`loraprep review`: serve a local page for looking and deciding. It writes into decisions/, a line an answer."""

from __future__ import annotations

import argparse
import contextlib
import socket
import threading
import webbrowser
from pathlib import Path

import uvicorn

from loraprep.core import terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.project import project
from loraprep.review.app import Page
from loraprep.review.guard import Guard
from loraprep.review.snapshot import Reader

HOST = "127.0.0.1"


def run(root: Path, args: list[str]) -> int:
    """Serve the page of the project in `root` until Ctrl-C; 0. Raises UserError."""
    parser = argparse.ArgumentParser(
        prog="loraprep review",
        description="Look at the pictures and decide, in your browser; only this computer sees it.",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, default=0, help="a fixed port; without it a free one is taken")
    options = parser.parse_args(args)
    project.load(root, ask=True)
    reader = Reader(root)
    reader.read()  # project.yaml's problems belong on the terminal
    with _listen(options.port) as listening:
        server = PageServer(reader, listening.getsockname()[1])
        terminal.say(f"Your review page: {server.address}")
        terminal.say("It answers only this computer. Every decision is written at once; Ctrl-C closes it.", "dim")
        if not options.no_browser:
            threading.Thread(target=webbrowser.open, args=[server.address], daemon=True).start()
        with contextlib.suppress(KeyboardInterrupt):  # the normal way to close it
            server.run(sockets=[listening])
    terminal.say("Closed. What you decided is in decisions/; loraprep gate1 looks again.")
    return 0


def _listen(port: int) -> socket.socket:
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named: else 40 ms a picture are lost
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    """The page behind its guard. `address` is what to open, with the token that lets its browser in."""

    def __init__(self, reader: Reader, port: int) -> None:
        page = Page(reader, ending=lambda: self.should_exit)
        guard = Guard(page.app(), port)
        super().__init__(
            uvicorn.Config(
                guard,
                lifespan="off",
                ws="none",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self.page = page
        self.address = f"http://{HOST}:{port}/?token={guard.token}"

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.page.runs.stop()
        await super().shutdown(sockets)
