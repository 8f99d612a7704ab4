"""A server at home that speaks OpenAI's chat completions on the loopback address, and misbehaves on request."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SEEN: dict[str, Any] = {
    "content": {"subject": "a water mill", "subject_class": "building", "place": "outdoors", "framing": "wide view",
                "setting": ["forest"], "objects": ["pond", "plank bridge"], "angle": ["eye level"]},
    "content_sentence": "A water mill stands beside a pond.",
    "content_long": "A water mill stands beside a pond. A plank bridge leads to it, and a forest is behind.",
    "style": {"medium": "oil painting", "brushwork": ["short strokes"], "lighting": ["dim light"]},
    "style_sentence": "Oil painting in short strokes and dim light.",
    "with_traits": {"content_sentence": "A water mill of grey stone stands beside a pond.",
                    "content_long": "A water mill of grey stone stands beside a pond. A plank bridge leads to it.",
                    "style_sentence": "Oil painting in short strokes and dim light."},
    "tags": ["water mill", "pond", "bridge"],
    "visible_text": [],
    "confidence": {"content": "high", "style": "high"},
}  # fmt: skip


@dataclass
class Answer:
    """What the server does with one request. `fault`: "" or "reset", "half", "silent", "trickles"."""

    text: str = ""
    status: int = 200
    finish: str = "stop"
    refusal: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # instead of a completion
    fault: str = ""

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        if self.status != 200:
            return json.dumps({"error": {"message": self.text}}).encode()
        message = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        usage = {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020}
        return json.dumps({"choices": [{"message": message, "finish_reason": self.finish}], "usage": usage}).encode()


def good(**changes: Any) -> Answer:
    return Answer(json.dumps({**SEEN, **changes}))


@dataclass
class Home:
    """The server's address, what it was asked, and how it answers the nth request (from 0)."""

    answer: Callable[[int, dict[str, Any]], Answer] = lambda number, body: good()
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    address: str = ""

    def forms(self) -> list[str]:
        """The form of reply that each request asked for, as the ladder's rungs are called."""
        return [body.get("response_format", {"type": "prompt"})["type"] for body in self.asked]


@contextlib.contextmanager
def serving(answer: Callable[[int, dict[str, Any]], Answer] | None = None) -> Iterator[Home]:
    home = Home(answer or (lambda number, body: good()))
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                number = len(home.asked)
                home.asked.append(body)
                home.keys.append(self.headers.get("authorization"))
            reply = home.answer(number, body) if self.path == "/v1/chat/completions" else Answer("no such page", 404)
            if reply.fault == "silent":
                time.sleep(1.5)
                return
            if reply.fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            data = reply.body()
            if reply.fault == "trickles":
                self.send_response(200)
                for _ in range(20):
                    with contextlib.suppress(OSError):
                        self.wfile.write(b"x-wait: yes\r\n")
                    time.sleep(0.1)
                return
            self.send_response(reply.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.fault == "half" else data)
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    home.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield home
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
