"""A store on this machine that speaks like S3: moto's, which counts what it is asked and can be told to misbehave."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loraprep.project import trust
from loraprep.project.trust import Bucket, Trust

NAME = "pictures"
KEY = {"AWS_ACCESS_KEY_ID": "AKIACANARY0123456789", "AWS_SECRET_ACCESS_KEY": "canary/secret/0123456789abcdefghijklmnop"}
_REFUSAL = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'


def needed() -> None:
    """Skips a test where the packages are not installed."""
    for name in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(name, reason="pip install -e '.[test]'")


def forget() -> None:
    """Lets the library find keys anew, as another process would."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


class Server:
    """`asked`: (method, path, bytes sent) of all that was asked for; `answer`: instead of moto's, if it gives any."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.asked: list[tuple[str, str, int]] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, str] | None] = lambda _: None
        self.before: Callable[[dict[str, Any]], None] = lambda _: None
        self.keys: list[str] = []  # what was sent as Authorization

    def read(self) -> list[str]:
        """The objects that were read, in their order; the list is begun anew."""
        found = [path for method, path, _ in self.asked if method == "GET" and path.strip("/").count("/")]
        self.asked.clear()
        return found

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id="somebody", aws_secret_access_key="else",
        )  # fmt: skip

    def names(self, ending: str = "") -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=NAME)
        return [o["Key"] for page in pages for o in page.get("Contents", ()) if o["Key"].endswith(ending)]

    def empty(self) -> None:
        client = self.client()
        for name in self.names():
            client.delete_object(Bucket=NAME, Key=name)

    def put(self, name: str, data: bytes) -> None:
        self.client().put_object(Bucket=NAME, Key=name, Body=data)

    def fill(self, folder: Path, prefix: str = "") -> None:
        """Puts every file below a folder there."""
        client = self.client()
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            client.put_object(Bucket=NAME, Key=prefix + path.relative_to(folder).as_posix(), Body=path.read_bytes())


@contextmanager
def served() -> Iterator[Server]:
    """Such a store with one empty bucket, for as long as this lasts."""
    os.environ |= KEY  # moto wants some too
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    inner = DomainDispatcherApplication(create_backend_app)
    state: list[Server] = []

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    def counting(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        server = state[0]
        server.before(environ)
        sent = environ.get("HTTP_AUTHORIZATION", "")
        server.keys.append(sent)
        if refused := server.answer(environ):
            code, text = refused
            start(f"{code} {text}", [("Content-Type", "application/xml")])
            server.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], 0))
            return [_REFUSAL.format(code=text, text=f"{text} {sent}").encode()]
        body = b"".join(inner(environ, start))
        server.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], len(body)))
        return [body]

    listening = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=Quiet)
    server = Server(listening.port)
    state.append(server)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        server.client().create_bucket(Bucket=NAME)
        server.asked.clear()
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def allow(root: Path, server: Server, *, anonymous: bool = False) -> None:
    """What a person says with loraprep trust s3://pictures --endpoint ..."""
    trust.grant(root, Trust(buckets=(Bucket(f"s3://{NAME}", server.endpoint, anonymous=anonymous),)))
