"""Let nobody talk to the page but the browser window that was opened for it.

The server listens on 127.0.0.1, which every program of this computer and, through a browser, every website can
reach. So: the Host must be ours (a foreign name that resolves to 127.0.0.1 is not), the browser must say that the
request comes from our own page (Sec-Fetch-Site, Origin), and a token that only the opened window knows must come
along. Cookies are shared between the ports of a computer, so writing needs a second token that is in the page itself.
"""

from __future__ import annotations

import hmac
import secrets
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


class Guard:
    """ASGI middleware: refuses what is not ours before any of our code sees it."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.port = port
        self.token = secrets.token_urlsafe(32)
        self.writing = secrets.token_urlsafe(32)

    @property
    def cookie(self) -> str:
        return f"loraprep-{self.port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        reason = self._foreign(scope, headers)
        if reason:
            await _plain(send, 403, reason)
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        given = (query.get("token") or [""])[0]
        if given and scope["path"] == "/" and _same(given, self.token):
            # out of the address bar, the history and every later request's address
            await _plain(
                send,
                303,
                "",
                {"location": "/", "set-cookie": f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"},
            )
            return
        if not _same(self._given(headers), self.token):
            await _plain(send, 403, "Open the address that the terminal shows; it holds the key to this page.\n")
            return
        if scope["method"] not in ("GET", "HEAD") and not _same(headers.get("x-loraprep-write", ""), self.writing):
            await _plain(send, 403, "Only the page itself may write. Reload it.\n")
            return
        scope["writing"] = self.writing

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_encoded(HEADERS)]
            await send(message)

        await self.app(scope, receive, dressed)

    def _foreign(self, scope: Scope, headers: dict[str, str]) -> str:
        """Why this request is not from our page, "" if it is."""
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        host = headers.get("host", "")
        if host not in hosts:
            return "This page answers only under the address that the terminal shows.\n"
        path = scope.get("raw_path") or scope["path"].encode()
        if b".." in path or b"\\" in path or b"%" in path or b"//" in path:
            return "There is no such page.\n"
        reading = scope["method"] in ("GET", "HEAD")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return "Only reading and answering is possible here.\n"
        site = headers.get("sec-fetch-site")
        if site is not None and site != "same-origin" and not (reading and site == "none"):
            return "Another website asked for this; it is refused.\n"
        origin = headers.get("origin")
        if (origin is not None or not reading) and origin != f"http://{host}":
            return "Another website asked for this; it is refused.\n"
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return "That is more than an answer.\n"
        return ""

    def _given(self, headers: dict[str, str]) -> str:
        if "x-loraprep-token" in headers:
            return headers["x-loraprep-token"]
        try:
            jar = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return ""
        return jar[self.cookie].value if self.cookie in jar else ""


def _same(given: str, wanted: str) -> bool:
    """In constant time, so that nobody learns the token letter by letter."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(k.encode(), v.encode()) for k, v in headers.items()]


async def _plain(send: Send, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    given = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store", **HEADERS, **(headers or {})}
    await send({"type": "http.response.start", "status": status, "headers": _encoded(given)})
    await send({"type": "http.response.body", "body": text.encode()})
