"""A server on this machine that speaks like Anthropic's API, well or badly, for the real client to talk to."""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image, ImageDraw

KEY = "sk-ant-canary-0123456789abcdefghijklmnop"
WORDS = ["mill", "harbour", "orchard", "cat", "woman", "bridge", "horse", "lighthouse"]
BITS = 10
MASK = 0b0101010101  # no picture gets a plain edge


def numbered(picture: Image.Image, number: int) -> Image.Image:
    """The picture with its number as a row of black and white fields along the top, which survives any resizing."""
    draw, width = ImageDraw.Draw(picture), picture.width / BITS
    for bit in range(BITS):
        colour = "white" if (number ^ MASK) >> bit & 1 else "black"
        draw.rectangle([bit * width, 0, (bit + 1) * width, picture.height / 10], fill=colour)
    return picture


@lru_cache(maxsize=512)  # a picture is asked about again and again
def number_of(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as picture:
        grey, width = picture.convert("L"), picture.width / BITS
        fields = [grey.getpixel((int((bit + 0.5) * width), picture.height // 20)) for bit in range(BITS)]
        return sum((field > 127) << bit for bit, field in enumerate(fields)) ^ MASK


def form(number: int) -> dict[str, Any]:
    """What the model sees in picture `number`; every one differs."""
    subject = f"{WORDS[number % 8]} number {number}"
    return {
        "content": {
            "subject": subject, "subject_class": "landscape", "action": [], "place": "outdoors", "setting": ["valley"],
            "objects": [f"thing {number}"], "pose": [], "framing": ["wide view", "close-up", "detail"][number % 3],
            "angle": ["eye level"], "expression": [], "outfit": [], "hair": [], "eyes": [], "face": [], "material": [],
            "shape": [], "time": ["dawn"],
        },
        "content_sentence": f"A {subject} stands in a valley at dawn.",
        "content_long": f"A {subject} stands in a valley at dawn. Thing {number} lies beside it.",
        "style": {
            "medium": "oil painting", "technique": ["impasto"], "brushwork": ["loose strokes"], "palette": ["teal"],
            "temperature": "warm palette", "lighting": ["daylight"], "composition": ["centred"], "edges": ["lost edges"],
            "texture": ["canvas"], "harmony": ["analogous"], "mood": ["calm"],
        },
        "style_sentence": "An oil painting with loose strokes and lost edges.",
        "with_traits": {"content_sentence": f"A {subject} stands in a valley at dawn.", "content_long": "",
                        "style_sentence": "An oil painting with loose strokes and lost edges."},
        "tags": [subject, "valley", "dawn", f"thing {number}"],
        "visible_text": [], "confidence": {"content": "high", "style": "medium"},
    }  # fmt: skip


def message(text: str | None, stop: str = "end_turn", **more: Any) -> dict[str, Any]:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-5-5",
        "content": [] if text is None else [{"type": "text", "text": text}],
        "stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 2300, "output_tokens": 400}, **more,
    }  # fmt: skip


def pictures_in(body: dict[str, Any]) -> list[bytes]:
    blocks = [b for m in body["messages"] for b in m["content"] if b["type"] == "image"]
    return [base64.b64decode(block["source"]["data"]) for block in blocks]


def picture_in(body: dict[str, Any]) -> bytes:
    """The only picture of a request, of a pair the one after the change."""
    *before, data = pictures_in(body)
    assert bool(before) == asks_for_change(body)
    return data


def asks_for_change(body: dict[str, Any]) -> bool:
    return "instruction" in body["output_config"]["format"]["schema"]["properties"]


def change(number: int) -> dict[str, Any]:
    """What the model sees in pair `number`; every one differs."""
    return {
        "changed": ["light", f"lamp {number}"], "kept": ["framing"],
        "instruction": f"Make it night and light lamp {number}.",
        "instruction_long": f"Turn the day into a blue night and light lamp {number} warmly. Keep the framing as it is.",
        "visible_text": [],
    }  # fmt: skip


class Reply:
    """How one request is answered: by default with a status and a body; or `cut`, `reset`, or after `wait` seconds."""

    def __init__(self, body: Any = b"", status: int = 200, headers: dict[str, str] | None = None, *, cut: bool = False,
                 reset: bool = False, wait: float = 0.0, kind: str = "application/json") -> None:  # fmt: skip
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status, self.headers, self.cut, self.reset, self.wait, self.kind = (
            status,
            headers or {},
            cut,
            reset,
            wait,
            kind,
        )


def error(status: int, kind: str = "api_error", text: str = "no", **headers: str) -> Reply:
    return Reply({"type": "error", "error": {"type": kind, "message": text}}, status,
                 {k.replace("_", "-"): v for k, v in headers.items()})  # fmt: skip


def sees(body: dict[str, Any]) -> Reply:
    """A good answer about whatever picture is in the request."""
    told = change if asks_for_change(body) else form
    return Reply(message(json.dumps(told(number_of(picture_in(body))))))


class Loopback:
    """`seen`: (method, path, headers, body) of every request. `bad`: number of a picture, or "*" for all -> replies to
    give one after another before the good one. `delay`: seconds for each message."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.times: list[tuple[str, float]] = []
        self.bad: dict[Any, list[Reply]] = {}
        self.delay = 0.0
        self.model: dict[str, Any] | Reply = model_info()
        self.batches: dict[str, dict[str, Any]] = {}
        self.ended = False
        self.result: Callable[[dict[str, Any]], dict[str, Any]] = succeeded
        self.on_create: Reply | None = None
        self.lock = threading.Lock()
        self.url = ""

    def asked(self, path: str = "/v1/messages") -> list[Any]:
        return [body for method, where, _, body in self.seen if method == "POST" and where == path]

    def numbers(self) -> list[int]:
        """Which pictures were asked about live, in order."""
        return [number_of(picture_in(b)) for b in self.asked()]

    def handle(self, method: str, path: str, body: Any) -> Reply:
        if path.startswith("/v1/models/"):
            return self.model if isinstance(self.model, Reply) else Reply(self.model)
        if path == "/v1/messages/count_tokens":
            return Reply({"input_tokens": 2300})
        if path == "/v1/messages":
            time.sleep(self.delay)
            number = number_of(picture_in(body))
            with self.lock:
                for key in (number, "*"):
                    if self.bad.get(key):
                        return self.bad[key].pop(0)
            return sees(body)
        if path.startswith("/v1/messages/batches"):
            return self.batch(method, path, body)
        return error(404, "not_found_error", "no such address")

    def batch(self, method: str, path: str, body: Any) -> Reply:
        parts = path.partition("?")[0].removeprefix("/v1/messages/batches").strip("/").split("/")
        if method == "POST":
            with self.lock:
                number = f"msgbatch_{len(self.batches) + 1}"
                self.batches[number] = {r["custom_id"]: r["params"] for r in body["requests"]}
                if self.on_create:
                    return self.on_create
            return Reply(self.state(number))
        if parts == [""]:
            listed = [self.state(n) for n in reversed(self.batches)]
            return Reply({"data": listed, "has_more": False, "first_id": None, "last_id": None})
        if parts[0] not in self.batches:
            return error(404, "not_found_error", "no such batch")
        if parts[1:] == ["results"]:
            lines = [json.dumps({"custom_id": k, "result": self.result(p)}) for k, p in self.batches[parts[0]].items()]
            return Reply("\n".join(reversed(lines)).encode() + b"\n", kind="application/x-jsonl")
        return Reply(self.state(parts[0]))

    def state(self, number: str) -> dict[str, Any]:
        total, at = len(self.batches[number]), "2026-11-01T00:00:00Z"
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        counts["succeeded" if self.ended else "processing"] = total
        return {"id": number, "type": "message_batch", "processing_status": "ended" if self.ended else "in_progress",
                "request_counts": counts, "created_at": at, "expires_at": at, "archived_at": None, "ended_at": None,
                "cancel_initiated_at": None,
                "results_url": f"{self.url}/v1/messages/batches/{number}/results" if self.ended else None}  # fmt: skip


def succeeded(params: dict[str, Any]) -> dict[str, Any]:
    return {"type": "succeeded", "message": json.loads(sees(params).body)}


def model_info(name: str = "claude-haiku-5-5", lifecycle: str = "active", **lacking: bool) -> dict[str, Any]:
    can = {
        name: {"supported": lacking.get(name, True)}
        for name in ("batch", "image_input", "structured_outputs", "effort")
    }
    return {"id": name, "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z", "lifecycle": lifecycle,
            "capabilities": can, "retires_at": "2027-03-01T00:00:00Z" if lifecycle == "deprecated" else None}  # fmt: skip


@contextmanager
def serving() -> Iterator[Loopback]:
    loopback = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            data = self.rfile.read(length)
            if len(data) < length:  # the client was killed in the middle of a sentence
                self.close_connection = True
                return
            body = json.loads(data) if data else None
            loopback.times.append((self.path, time.monotonic()))
            loopback.seen.append((self.command, self.path.partition("?")[0], dict(self.headers), body))
            answer = loopback.handle(self.command, self.path, body)
            time.sleep(answer.wait)
            if answer.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            try:
                self.send_response(answer.status)
                for key, value in {"content-type": answer.kind, **answer.headers}.items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
                self.wfile.flush()
            except OSError:  # the client gave up, or was killed
                self.close_connection = True
            if answer.cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:  # a client that was killed is no news
            pass

    server = Server(("127.0.0.1", 0), Handler)
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
