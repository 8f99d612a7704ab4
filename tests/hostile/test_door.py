"""The review page's door, on a real socket: who gets in, once, and what those get who keep it waiting or flood it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from loraprep.review import door, guard, serve
from loraprep.review.door import Opener
from loraprep.review.guard import Guard
from loraprep.review.serve import PageServer
from loraprep.review.snapshot import Reader
from tests.browsers import ARGS
from tests.pictures import jpeg, scene

PROJECT = "version: 1\nname: mill\nintent: {kind: style}\nmodel: flux\ntrigger: millstyle\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "mill/images").mkdir(parents=True)
    (tmp_path / "mill/images/a.jpg").write_bytes(jpeg(scene(64, 64)))
    (tmp_path / "mill/project.yaml").write_text(PROJECT, "utf-8")
    return tmp_path / "mill"


@pytest.fixture
def server(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """The page as `loraprep review` serves it, in a hurry."""
    monkeypatch.setattr(door, "HEAD_SECONDS", 0.6)
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.6)
    with serve._listen(0) as listening:
        page = PageServer(Reader(root), listening.getsockname()[1])
        thread = threading.Thread(target=page.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield page
        page.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


def ask(server: PageServer, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, Any]:
    """Status, text and headers of one request, by default from our own page."""
    own = {"Host": f"127.0.0.1:{server.port}", "Cookie": f"{server.guard.cookie}={server.guard.session}"}
    if method == "POST":
        own |= {"Origin": f"http://127.0.0.1:{server.port}", "x-loraprep-write": server.guard.writing}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    given = {**own, **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, body, {name: value for name, value in given.items() if value})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.headers


def test_an_invitation_works_once_and_the_cookie_ever_after(server: PageServer) -> None:
    path = server.invitation().removeprefix(f"http://127.0.0.1:{server.port}")
    status, text, headers = ask(server, "GET", path, Cookie="")
    assert status == 200
    cookie, *flags = headers["set-cookie"].split("; ")
    assert set(flags) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert server.guard.session not in text
    for _ in range(2):  # and reload
        assert ask(server, "GET", "/", Cookie=cookie)[0] == 200
    status, text, headers = ask(server, "GET", path, Cookie="")
    assert (status, headers["set-cookie"]) == (403, None)
    assert "works once" in text


def test_who_shows_a_used_invitation_gets_a_new_one_on_the_terminal_alone(
    server: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    path = server.invitation().removeprefix(f"http://127.0.0.1:{server.port}")
    ask(server, "GET", path, Cookie="")
    answers = [ask(server, "GET", path, Cookie="") for _ in range(5)]
    said = re.findall(r"http://127\.0\.0\.1:\d+(/\?token=[\w-]+)", capsys.readouterr().out)
    assert len(said) == 1  # however often it is shown
    assert all(status == 403 and said[0] not in text for status, text, _ in answers)
    assert ask(server, "GET", said[0], Cookie="")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},  # a name that was made to point here
        {"Host": "127.0.0.1.nip.io:{port}"},
        {"Host": "localhost.evil.example:{port}"},
        {"Host": "127.0.0.1:1"},
        {"Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Dest": "script"},
        {"Sec_Fetch_Dest": "iframe"},
    ],
)
def test_an_invitation_is_not_taken_by_a_foreign_name_or_as_a_picture(
    server: PageServer, headers: dict[str, str]
) -> None:
    path = server.invitation().removeprefix(f"http://127.0.0.1:{server.port}")
    sent = {name: value.format(port=server.port) for name, value in headers.items()}
    assert ask(server, "GET", path, Cookie="", **sent)[0] == 403
    assert ask(server, "GET", path, Cookie="", Host=f"localhost:{server.port}")[0] == 200  # a tunnel's other end


def test_a_foreign_host_or_origin_gets_nothing_even_with_the_cookie(server: PageServer) -> None:
    for headers in ({"Host": f"evil.example:{server.port}"}, {"Origin": "https://evil.example"},
                    {"Sec_Fetch_Site": "cross-site"}):  # fmt: skip
        for method, path in (("GET", "/"), ("GET", "/events"), ("POST", "/answer"), ("POST", "/run")):
            assert ask(server, method, path, b"{}" if method == "POST" else None, **headers)[0] == 403


def trickle(server: PageServer, first: bytes, then: bytes, patience: float = 10.0) -> tuple[bytes, float]:
    """What comes back, and after how many seconds it ends, for somebody who sends `then` again and again."""
    began = time.monotonic()
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=0.1) as line:
        line.sendall(first)
        while time.monotonic() - began < patience:
            try:
                line.sendall(then)
                data = line.recv(65536)
                if not data:
                    break
                got += data
            except TimeoutError:
                continue
            except OSError:
                break
    return got, time.monotonic() - began


def head(server: PageServer, method: str, *more: str) -> bytes:
    lines = [
        f"{method} {'/answer' if method == 'POST' else '/'} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Origin: http://127.0.0.1:{server.port}",
        f"Cookie: {server.guard.cookie}={server.guard.session}",
        f"x-loraprep-write: {server.guard.writing}",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


def test_who_never_ends_the_head_is_shown_out(server: PageServer) -> None:
    got, seconds = trickle(server, head(server, "GET"), b"x-more: 1\r\n")
    assert (got, seconds < 5) == (b"", True)
    got, seconds = trickle(server, b"", b"")
    assert (got, seconds < 5) == (b"", True)
    # after one good request on the same connection, too
    got, seconds = trickle(server, head(server, "GET") + b"\r\n" + b"GET / HTTP/1.1\r\n", b"x: 1\r\n")
    assert got.startswith(b"HTTP/1.1 200")
    assert seconds < 8


def test_a_head_of_many_kilobytes_is_refused(server: PageServer) -> None:
    got, _ = trickle(server, head(server, "GET", "x-long: " + "y" * 200_000), b"y" * 1000)
    assert got == b"" or got.startswith(b"HTTP/1.1 400")


def test_who_never_ends_the_body_is_told_and_shown_out(server: PageServer) -> None:
    got, seconds = trickle(server, head(server, "POST", "Content-Length: 1000") + b"\r\n", b" ")
    assert got.startswith(b"HTTP/1.1 408")
    assert seconds < 5


def test_a_body_in_pieces_is_counted_as_it_is_read(server: PageServer) -> None:
    first = head(server, "POST", "Transfer-Encoding: chunked") + b"\r\n"
    sent, seen = 0, b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(first)
        try:
            for _ in range(5_000_000 // 10_000):
                line.sendall(b"2710\r\n" + b" " * 10_000 + b"\r\n")
                sent += 10_000
            line.sendall(b"0\r\n\r\n")
        except OSError:
            pass
        try:
            while data := line.recv(65536):
                seen += data
        except OSError:
            pass
    assert seen.startswith(b"HTTP/1.1 413") or (not seen and sent < 5_000_000)


def test_the_body_is_read_no_further_than_a_megabyte() -> None:
    """Whatever the server in between holds back, no more than that is taken from it."""
    given = 0

    async def receive() -> Any:
        nonlocal given
        given += 65536
        return {"type": "http.request", "body": b" " * 65536, "more_body": True}

    assert asyncio.run(guard._read(receive)) == 413
    assert given <= guard.MAX_BODY + 65536


@pytest.mark.parametrize("length", ["5000000", "99999999999999999999999999", "-1", "1e3"])
def test_a_length_that_is_too_much_or_none_is_refused_unread(server: PageServer, length: str) -> None:
    got, seconds = trickle(server, head(server, "POST", f"Content-Length: {length}") + b"\r\n", b"")
    assert got.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400"))
    assert seconds < 5


def test_reading_takes_no_body(server: PageServer) -> None:
    for more in ("Content-Length: 10", "Transfer-Encoding: chunked"):
        got, seconds = trickle(server, head(server, "GET", more) + b"\r\n", b"")
        assert got.startswith(b"HTTP/1.1 413")
        assert seconds < 5


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"kind": "quality", "id": "x", "values": {"do": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"kind": "\\ud800", "id": "x", "text": "\\ud800", "find": "\\ud800", "values": {"do": "\\ud800"}}',
        b'{"kind": "quality", "id": "x", "values": {"do": ' + b"9" * 100_000 + b"}}",
        b"\xff\xfe\x00",
        b"",
        b"null",
        b'"text"',
    ],
    ids=["deep list", "deep object", "deep value", "half a character", "a long number", "no text", "nothing", "null", "text"],
)  # fmt: skip
def test_what_is_no_answer_is_a_fault_of_the_sender(
    server: PageServer, body: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in ("/answer", "/change", "/measure"):
        status, text, _ = ask(server, "POST", path, body)
        # the others look for other keys, and find them empty
        assert status == 400 or (path != "/answer" and status == 200 and b"values" in body), text
    assert "Traceback" not in capfd.readouterr().err


def test_there_are_only_so_many_connections(server: PageServer) -> None:
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(door.CONNECTIONS + 40)]
    time.sleep(0.3)
    assert len(server.server_state.connections) <= door.CONNECTIONS
    try:
        for line in lines:  # who only waits is gone after a while
            line.settimeout(8)
            with contextlib.suppress(ConnectionError):
                assert line.recv(10) == b""
    finally:
        for line in lines:
            line.close()
    assert ask(server, "GET", "/")[0] == 200


def test_uvicorn_is_given_every_limit_it_has(root: Path) -> None:
    made = PageServer(Reader(root), 4173).config
    assert made.limit_concurrency == door.CONNECTIONS
    assert made.h11_max_incomplete_event_size == door.HEAD_BYTES
    assert made.timeout_keep_alive <= 5
    assert made.timeout_graceful_shutdown == 2
    assert not made.proxy_headers
    assert made.http is door.Door


# --- the browser


@pytest.mark.skipif(os.name == "nt", reason="on Windows nobody else reads a command line")
def test_the_key_is_in_no_command_line_but_in_a_private_file(
    server: PageServer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    opener = Opener(root, server.invitation())
    opener.open()
    (address,) = opened
    assert address.startswith("file:///")
    assert "token" not in address
    file = Path(address.removeprefix("file://"))
    assert file.parent == (root / "build").absolute()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert opener.address in file.read_text("utf-8")
    server._opener = opener
    path = opener.address.removeprefix(f"http://127.0.0.1:{server.port}")
    assert ask(server, "GET", path, Cookie="", Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="document")[0] == 200
    deadline = time.monotonic() + 5
    while file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not file.exists()  # used, so it is gone


@pytest.mark.skipif(os.name == "nt", reason="the file is not used there")
def test_a_browser_gets_from_the_private_file_to_the_page_and_reloads(server: PageServer, root: Path) -> None:
    """In a process of its own: pytest's event loop and the browser driver's do not share a thread."""
    import shutil

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no chromium here")
    opener = Opener(root, server.invitation())
    assert opener.file is not None
    script = (
        "import sys\nfrom playwright.sync_api import sync_playwright\n"
        f"with sync_playwright() as driver:\n"
        f"    page = driver.chromium.launch(executable_path={path!r}, args={ARGS!r}).new_page()\n"
        f"    page.goto({opener.file.absolute().as_uri()!r})\n"
        "    page.wait_for_selector('main', timeout=60_000)\n"
        "    page.reload()\n"
        "    page.wait_for_selector('main', timeout=60_000)\n"
        "    print(page.url, 'token' in page.content())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"http://127.0.0.1:{server.port}/", "False"]


# --- from another computer


@pytest.mark.parametrize(
    ("environ", "away", "said"),
    [
        ({}, False, "@THIS-MACHINE"),
        ({"SSH_CONNECTION": "10.0.0.2 50000 192.0.2.7 22"}, True, "@192.0.2.7"),
        ({"SSH_CONNECTION": "10.0.0.2 50000 192.0.2.7 2222"}, True, "-p 2222 "),
        ({"SSH_CONNECTION": "fe80::1 50000 2001:db8::7 22"}, True, "@2001:db8::7"),
        ({"SSH_TTY": "/dev/pts/1"}, True, "@THIS-MACHINE"),
    ],
)
def test_the_tunnel_has_the_same_port_at_both_ends(environ: dict[str, str], away: bool, said: str) -> None:
    assert door.elsewhere(environ) is away
    line = door.tunnel(8642, environ)
    assert line.startswith("ssh -L 8642:127.0.0.1:8642 ")
    assert said in line


@pytest.mark.run
@pytest.mark.skipif(os.name == "nt", reason="the tunnel here is a Unix one")
def test_over_ssh_everything_goes_through_the_tunnel_that_is_named(root: Path) -> None:
    """The tunnel is a plain forwarder, as ssh -L is: the browser's end has the same port on another address."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "SSH_CONNECTION": "10.0.0.2 50000 192.0.2.7 22", "BROWSER": "false"}
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = str(free.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "loraprep", "review", "--port", port], cwd=root, text=True, encoding="utf-8",
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)  # fmt: skip
    try:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(5))
        found = re.search(r"http://127\.0\.0\.1:(\d+)(/\?token=[\w-]+)", said)
        assert found
        assert f"ssh -L {found[1]}:127.0.0.1:{found[1]} " in said
        assert "@192.0.2.7" in said
        assert not list((root / "build").glob("review-*.html"))  # no browser is opened here
        with forwarding("127.0.0.2", int(found[1])):
            cookies = ""
            for path in (found[2], "/", "/", "/texts", "/static/main.js"):
                connection = http.client.HTTPConnection("127.0.0.2", int(found[1]), timeout=20)
                connection.request("GET", path, headers={"Host": f"localhost:{found[1]}", "Cookie": cookies})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, path
                cookies = (answer.headers["set-cookie"] or cookies).split(";")[0]
                connection.close()
    finally:
        process.kill()
        process.wait()


class forwarding:
    """A port on another loopback address whose connections end at 127.0.0.1, as those of `ssh -L` do."""

    def __init__(self, host: str, port: int) -> None:
        self.listening = socket.create_server((host, port))
        self.port = port

    def __enter__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()


def _pump(one: socket.socket, other: socket.socket) -> None:
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_tunnel_serves_the_next_time_if_the_port_is_free() -> None:
    with serve._listen_anywhere(True) as first, serve._listen_anywhere(True) as second:
        ports = [listening.getsockname()[1] for listening in (first, second)]
    assert ports[0] != ports[1]
    assert ports[1] != serve.USUAL_PORT


def test_a_script_that_knows_the_port_alone_learns_nothing(root: Path) -> None:
    async def page(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nothing gets here")

    stranger = TestClient(Guard(page, 4173), base_url="http://127.0.0.1:4173")
    for path in ("/", "/?token=", "/?token=a", "/?token=a&token=b", "/?" + "token=a&" * 100, "/?token=" + "a" * 5000):
        answer = stranger.get(path)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    assert json.dumps(answer.text)
