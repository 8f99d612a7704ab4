"""A set of 40 pictures described by Claude, from the first run to a clone without a key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import KEY, Loopback, form, numbered, serving
from tests.scenes import scene

PICTURES = 40


def start(root: Path, *args: str, url: str = "", key: str = KEY) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC")}
    env |= {"NO_COLOR": "1", "COLUMNS": "200", "ANTHROPIC_LOG": "debug"}
    env |= {"ANTHROPIC_BASE_URL": url} if url else {}
    env |= {"ANTHROPIC_API_KEY": key} if key else {}
    return subprocess.Popen([sys.executable, "-m", "loraprep", *args], cwd=root, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=env)  # fmt: skip


def run(root: Path, *args: str, url: str = "", key: str = KEY) -> tuple[int, str]:
    process = start(root, *args, url=url, key=key)
    output, _ = process.communicate(timeout=180)
    assert KEY not in output
    return process.returncode, output


def make(root: Path, pictures: int, settings: str = "budget_usd: 1.00") -> Path:
    (root / "images").mkdir(parents=True)
    for number in range(pictures):
        size = [(640, 560), (560, 640), (600, 600)][number % 3]
        numbered(scene(number, *size), number).save(root / f"images/p{number:02}.jpg", quality=92)
    (root / "project.yaml").write_text(
        "version: 1\nname: emberveil\nintent: {kind: style, description: loose painting}\nmodel: flux\n"
        f"trigger: emberveil\ncaptioning: {{captioner: claude, {settings}}}\n"
        "review: {quality: auto, duplicates: auto, curation: auto}\n", "utf-8")  # fmt: skip
    return root


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 40 pictures that was scanned, with nothing asked yet."""
    root = make(tmp_path_factory.mktemp("forty") / "emberveil", PICTURES)
    run(root, "scan")
    return root


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


def answer(root: Path, text: str = "rest: recommended") -> None:
    file = root / "decisions/captions.yaml"
    file.write_text(file.read_text("utf-8").replace("rest: null", text), "utf-8")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def captions(root: Path) -> dict[str, str]:
    stored = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return {path: c["text"] for path, c in stored.items()}


def test_forty_pictures(pictures: Path, server: Loopback, tmp_path: Path) -> None:
    root = tmp_path / "emberveil"
    shutil.copytree(pictures, root)

    code, output = run(root, "gate1", url=server.url)
    assert code == 1
    assert len(server.asked()) == 5
    assert "Not yet: 5 answers from you" in output
    assert "35 more pictures are looked at once you have answered the samples." in output
    code, output = run(root, "gate1", url=server.url)
    assert len(server.asked()) == 5

    edit(root / "decisions/captions.yaml", "verdict: null", "verdict: approve")
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert len(server.asked()) == 40
    assert sorted(server.numbers()) == list(range(PICTURES))
    assert "claude-haiku-5-5 looks at 35 pictures: about $0." in output
    rest = server.asked()[-1]["system"][0]["text"]
    assert rest.count("stands in a valley at dawn.") == 5  # the approved samples are examples, as text
    for number in range(PICTURES):
        assert f"{form(number)['content']['subject']} stands" in captions(root)[f"p{number:02}.jpg"]

    code, output = run(root, "gate1", url=server.url)
    assert code == 0
    assert len(server.asked()) == 40
    assert "elements:" not in output

    edit(root / "project.yaml", "model: flux", "model: pony")
    edit(root / "project.yaml", "trigger: emberveil", "trigger: cindermoor")
    code, output = run(root, "gate1", url="http://127.0.0.1:1")
    assert code == 0, output
    assert len(server.asked()) == 40
    assert captions(root)["p07.jpg"].startswith("cindermoor, lighthouse number 7, valley, dawn, thing 7, ")
    assert "earlier settings" not in output

    clone = tmp_path / "elsewhere"
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns("build", ".doit*"), copy_function=shutil.copyfile)
    kept = {p.relative_to(clone): p.read_bytes() for p in sorted(clone.rglob("*")) if p.is_file()}
    code, output = run(clone, "gate1", key="")
    assert code == 0, output
    assert {p: (clone / p).read_bytes() for p in kept} == kept
    for name in ("elements", "captions", "gate1", "vision"):
        assert (clone / f"build/{name}.json").read_bytes() == (root / f"build/{name}.json").read_bytes()

    for path in [p for base in (root, clone) for p in base.rglob("*") if p.is_file()]:
        assert KEY.encode() not in path.read_bytes(), path
        if path.parent.name == "responses":
            assert b"images/" not in path.read_bytes()
            assert b"p07" not in path.read_bytes()
