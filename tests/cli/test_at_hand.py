"""Which captioners could work here: found without sending a picture, the best of them proposed."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from loraprep.captions import meaning, registry
from loraprep.cli import doctor
from loraprep.cli.init import at_hand
from loraprep.cli.init.folder import Contents

MODELS = {"data": [{"id": "llama3"}, {"id": "qwen2.5vl:7b"}]}


def _contents(pictures: int, captioned: int) -> Contents:
    return Contents(pictures=pictures, captioned=captioned, sides=())


@contextmanager
def _serving(reply: object, status: int = 200) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/v1/models" else 404)
            self.end_headers()
            self.wfile.write(reply if isinstance(reply, bytes) else json.dumps(reply).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer on which there is nothing."""
    monkeypatch.setattr(at_hand, "LOCAL_PORTS", {})
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("captioned", "proposed"), [(0, "none"), (1, "none"), (7, "none"), (8, "draft"), (9, "draft"), (10, "existing")]
)
def test_own_words_come_first_where_they_are_enough(captioned: int, proposed: str, tmp_path: Path) -> None:
    hand = at_hand.look_around(_contents(10, captioned), tmp_path)
    assert hand.proposed == proposed  # at most a fifth may be merely named: design, "Grades of words"
    first, line = at_hand.lines(hand, "style", 10)[0]
    assert first == proposed
    if captioned:
        assert (proposed == "none") or line.endswith(f"Here: {captioned} of your 10 pictures have one.")


def test_nothing_known_is_none(tmp_path: Path) -> None:
    assert at_hand.look_around(None, tmp_path).proposed == "none"


def test_a_server_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _serving(MODELS) as port:
        monkeypatch.setattr(at_hand, "LOCAL_PORTS", {port: "Ollama"})
        hand = at_hand.look_around(_contents(10, 0), tmp_path)
        found = hand.found["openai-compatible"]
        assert hand.proposed == "openai-compatible"
        assert (found.base_url, found.models) == (f"http://localhost:{port}/v1", ("qwen2.5vl:7b", "llama3"))
        assert found.words == f"Ollama answers at port {port} with qwen2.5vl:7b"
        assert (
            at_hand.look_around(_contents(10, 0), tmp_path, wide=False).proposed == "none"
        )  # flags: everywhere the same


@pytest.mark.parametrize("reply", [b"", b"<html>", b"[]", b"{}", b'{"data": 5}', b'{"data": [{}]}', b"\xff\xfe"])
def test_what_is_no_such_server(reply: bytes) -> None:
    with _serving(reply) as port:
        assert at_hand._models(port) is None


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_hand, "_ANSWERS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert at_hand._models(mute.getsockname()[1]) is None


def test_a_tagger_where_the_hub_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "hf/hub/models--SmilingWolf--wd-vit-tagger-v3/snapshots/abc"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"x")
    (folder / "selected_tags.csv").write_text("tag_id,name,category,count\n1,hat_of_straw,0,5\n", "utf-8")
    hand = at_hand.look_around(_contents(10, 0), tmp_path)
    assert hand.proposed == "wd-tagger"
    assert hand.found["wd-tagger"].words == "SmilingWolf/wd-vit-tagger-v3 is there"
    tags = at_hand.tags_of(hand.found["wd-tagger"])
    assert "is a Danbooru tag" in meaning.doubt("hat_of_straw", "", tags)
    assert meaning.doubt("hat_of_straw") == ""


def test_a_key_and_what_it_would_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-not-shown")
    hand = at_hand.look_around(_contents(51, 0), tmp_path)
    name, line = at_hand.lines(hand, "style", 51)[0]
    assert name == hand.proposed == "claude"
    assert "for your 51 pictures. Here: a key is in ANTHROPIC_API_KEY." in line
    assert "sk-" not in line


def test_every_captioner_says_what_it_needs_and_costs(tmp_path: Path) -> None:
    lines = dict(at_hand.lines(at_hand.look_around(None, tmp_path), "style", 0))
    assert set(lines) == set(registry.captioner_names())
    for name, line in lines.items():
        assert "free" in line.lower() or "costs" in line, name
    assert "NO-GO" in lines["draft"]
    assert "trigger alone" in lines["none"]


def test_doctor_says_what_a_captioner_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    told = {name: said for _, name, said in doctor._captioners()}
    assert told["Captioner claude"].startswith(
        "not ready here. Claude looks at every picture. Needs a key in ANTHROPIC"
    )
