"""The review page of a project, as its own browser window talks to it."""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from loraprep.project import decision_edits
from loraprep.review.app import Page
from loraprep.review.guard import Guard
from loraprep.review.snapshot import Reader, Snapshot, ident

PORT = 4173
OURS = f"http://127.0.0.1:{PORT}"


class Reviewed:
    """The page of a project as its own browser window talks to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.guard = Guard(Page(Reader(root)).app(), PORT)
        self.client = TestClient(self.guard, base_url=OURS, cookies={self.guard.cookie: self.guard.session})

    @classmethod
    def of_copy(cls, asked: Path, folder: Path) -> Reviewed:
        """Make the page of a copy of a project, in `folder`."""
        return cls(shutil.copytree(asked, folder / "mystyle"))

    def snapshot(self) -> Snapshot:
        return Reader(self.root).read()

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        own = {"x-loraprep-write": self.guard.writing, "origin": OURS, "sec-fetch-site": "same-origin"}
        return self.client.post(path, json=body, headers={**own, **headers})

    def answer(self, kind: str, key: str, values: dict[str, Any], expected: str | None = None) -> Any:
        seen = decision_edits.document_digest(self.root, kind) if expected is None else expected
        return self.post("/answer", {"kind": kind, "id": ident(kind, key), "values": values, "expected": seen})

    def file(self, kind: str) -> str:
        return (self.root / f"decisions/{kind}.yaml").read_text("utf-8")


def changed(before: str, after: str) -> list[str]:
    return [x for x in difflib.ndiff(before.splitlines(), after.splitlines()) if x[:2] in ("- ", "+ ")]
