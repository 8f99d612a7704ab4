"""Let nobody talk to the page but the browser window that was opened for it.

The server listens on 127.0.0.1, which every program of this computer and, through a browser, every website can
reach. So: the Host must be ours (a foreign name that resolves to 127.0.0.1 is not), the browser must say that the
request comes from our own page (Sec-Fetch-Site, Origin), and a cookie must come along that the browser got for an
invitation: a token that works once. Cookies are shared between the ports of a computer, so writing needs a second
token that is in the page itself.
"""

from __future__ import annotations

import asyncio
import hmac
import html
import secrets
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
MAX_BODY = 1_000_000  # bytes; a find and replace names every picture it changes
BODY_SECONDS = 10.0  # for all of it
_IN = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="/static/icon.svg"><title>loraprep review</title>'
    '<meta http-equiv="refresh" content="0;url={to}"><p><a href="{to}">Your review page</a>\n'
)
_OUT = (
    "Open the address that the terminal shows; it holds the key to this page, and works once.\n"
    "If you opened it before: the terminal shows a new one now.\n"
)


class Guard:
    """ASGI middleware: refuses what is not ours before any of our code sees it.

    `arrived` is called when an invitation was taken, `again` when one is shown that was taken before.
    """

    def __init__(
        self,
        app: ASGIApp,
        port: int,
        arrived: Callable[[], None] = lambda: None,
        again: Callable[[], None] = lambda: None,
    ) -> None:
        self.app = app
        self.port = port
        self.arrived, self.again = arrived, again
        self.session = secrets.token_urlsafe(32)  # what the cookie holds
        self.writing = secrets.token_urlsafe(32)
        self._open: dict[str, str] = {}  # invitations that nobody took -> where they lead
        self._taken: list[str] = []

    @property
    def cookie(self) -> str:
        return f"loraprep-{self.port}"

    def invite(self, to: str = "/") -> str:
        """Return a new token that lets one browser in, once, and leads it to an address of the page."""
        token = secrets.token_urlsafe(32)
        self._open[token] = to
        return token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        if refused := self._foreign(scope, headers):
            await _plain(send, *refused)
            return
        if to := self._invited(scope, headers):
            # A page and no redirect: a browser sends no SameSite=Strict cookie along a chain of redirects that a file
            # began. Afterwards the token is dead, so it may be in the history.
            cookie = f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"
            page = _IN.format(to=html.escape(to))
            await _plain(send, 200, page, {"content-type": "text/html; charset=utf-8", "set-cookie": cookie})
            self.arrived()
            return
        if reason := self._another_site(scope, headers):
            await _plain(send, 403, reason)
            return
        if not _same(self._given(headers), self.session):
            self._invite_again(scope)
            await _plain(send, 403, _OUT)
            return
        if scope["method"] not in ("GET", "HEAD"):
            if not _same(headers.get("x-loraprep-write", ""), self.writing):
                await _plain(send, 403, "Only the page itself may write. Reload it.\n")
                return
            body = await _read(receive)
            if isinstance(body, int):
                await _plain(send, body, "That is more than an answer.\n" if body == 413 else "That took too long.\n")
                return
            receive = _once(body, receive)
        scope["writing"] = self.writing

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_encoded(HEADERS)]
            await send(message)

        await self.app(scope, receive, dressed)

    def _foreign(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """Say with which status and words this request is refused, whoever sends it; None if it is not."""
        if headers.get("host", "") not in {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}:
            return 403, "This page answers only under the address that the terminal shows.\n"
        path = scope.get("raw_path") or scope["path"].encode()
        if b".." in path or b"\\" in path or b"%" in path or b"//" in path:
            return 403, "There is no such page.\n"
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 403, "Only reading and answering is possible here.\n"
        length = headers.get("content-length", "0")
        most = MAX_BODY if scope["method"] == "POST" else 0
        if not length.isdecimal() or int(length[:20]) > most or (not most and "transfer-encoding" in headers):
            return 413, "That is more than an answer.\n"
        return None

    def _invited(self, scope: Scope, headers: dict[str, str]) -> str:
        """Take an invitation, if this request brings one, and return where it leads; "" without.

        It may come from anywhere, as nobody else can know it.
        """
        if scope["method"] != "GET" or scope["path"] != "/":
            return ""
        given = _token(scope)
        # a browser says that it goes there, not that it wants a picture or a script from there
        if not given or headers.get("sec-fetch-dest", "document") != "document":
            return ""
        for token in self._open:
            if _same(given, token):
                self._taken.append(token)
                return self._open.pop(token)
        return ""

    def _invite_again(self, scope: Scope) -> None:
        """Have a new invitation shown to the person, where only they see it: one for each that was taken."""
        given = _token(scope)
        for token in self._taken:
            if given and _same(given, token):
                self._taken.remove(token)
                self.again()
                return

    def _another_site(self, scope: Scope, headers: dict[str, str]) -> str:
        """Say why this request is not from our page, "" if it is."""
        reading = scope["method"] in ("GET", "HEAD")
        site = headers.get("sec-fetch-site")
        if site is not None and site != "same-origin" and not (reading and site == "none"):
            return "Another website asked for this; it is refused.\n"
        origin = headers.get("origin")
        if (origin is not None or not reading) and origin != f"http://{headers['host']}":
            return "Another website asked for this; it is refused.\n"
        return ""

    def _given(self, headers: dict[str, str]) -> str:
        try:
            jar = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        return jar[self.cookie].value if self.cookie in jar else ""


def _token(scope: Scope) -> str:
    query: bytes = scope.get("query_string", b"")
    return (parse_qs(query[:1000].decode("latin-1")).get("token") or [""])[0]


async def _read(receive: Receive) -> bytes | int:
    """Read a request's body, by what really comes; a status if it is too much or takes too long."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return 408
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    return 413
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        return 408


def _once(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read, then whatever comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _same(given: str, wanted: str) -> bool:
    """In constant time, so that nobody learns the token letter by letter."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(k.encode(), v.encode()) for k, v in headers.items()]


async def _plain(send: Send, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    """Answer in our own words, and close the connection: what still comes of the request is not read."""
    given = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store", "connection": "close", **HEADERS}
    given |= headers or {}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(given)})
    await send({"type": "http.response.body", "body": text.encode()})
