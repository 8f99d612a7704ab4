"""A program of the artist's own makes better pixels; it never sees an original, and a clone can't name one."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from loraprep.core.errors import UserError
from loraprep.dataset import upscale
from loraprep.project import trust
from tests import pictures, scenes
from tests.runs import AUTO, append, run

PROGRAM = """\
import sys, time
from PIL import Image
mode, given, result = sys.argv[1:]
picture = Image.open(given)
if mode == "fail":
    print("no GPU here")
    sys.exit(7)
if mode == "slow":
    time.sleep(60)
if mode == "nothing":
    sys.exit(0)
if mode == "text":
    open(result, "w").write("not a picture")
    sys.exit(0)
factor = {"same": (1, 1), "wide": (4, 2), "good": (2, 2), "flat": (2, 2), "vandal": (2, 2)}[mode]
if mode == "flat":
    picture = picture.convert("RGB")
picture.resize((picture.width * factor[0], picture.height * factor[1])).save(result)
if mode == "vandal":
    open(given, "w").write("gone")
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten scenes and two small pictures that are to be enlarged; Gate 1 has run, nothing is enlarged yet."""
    root = scenes.project(tmp_path_factory.mktemp("upscale") / "mystyle", 10)
    append("project.yaml", AUTO)(root)
    (root / "images/small.jpg").write_bytes(pictures.rotated(6))  # stored 320x240 on its side
    cut = pictures.scene(200, 220, 5).convert("RGBA")
    cut.putpixel((3, 3), (255, 0, 0, 0))
    (root / "images/sub").mkdir()
    cut.save(root / "images/sub/cut.png")
    for name in ("small.txt", "sub/cut.txt"):
        (root / "images" / name).write_text(f"a small thing called {name[:3]}", "utf-8")
    (root / "decisions").mkdir()
    (root / "decisions/quality.yaml").write_text("small.jpg: {do: upscale}\nsub/cut.png: {do: upscale}\n", "utf-8")
    code, output = run(root, "gate1")
    assert code == 0, output
    return root


@pytest.fixture
def root(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM, "utf-8")
    monkeypatch.setenv("LORAPREP_CONFIG", str(tmp_path / "config.yaml"))
    return Path(shutil.copytree(judged, tmp_path / "mystyle"))


def setup(root: Path, mode: str, timeout: float = 60) -> None:
    command = [sys.executable, str(root.parent / "program.py"), mode, "{input}", "{output}"]
    settings = {"upscaler": {"command": command, "timeout": timeout}}
    (root.parent / "config.yaml").write_text(json.dumps(settings), "utf-8")


def digests(folder: Path) -> dict[str, tuple[str, int]]:
    return {str(p): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


@pytest.mark.run
@pytest.mark.parametrize("mode", ["good", "flat", "vandal"])
def test_better_pixels_are_kept_and_used(root: Path, mode: str) -> None:
    setup(root, mode)
    before = digests(root / "images")
    code, output = run(root, "upscale")
    assert code == 0, output
    assert "Written: upscaled/small.png, upscaled/sub/cut.png." in output
    assert digests(root / "images") == before
    with Image.open(root / "upscaled/small.png") as upright, Image.open(root / "upscaled/sub/cut.png") as cut:
        assert upright.size == (480, 640)
        assert cut.size == (400, 440)
        assert cut.mode == "RGBA"
        assert cut.getchannel("A").getextrema()[0] < 255  # also after a program that drops it
    code, output = run(root, "dataset")
    assert code == 0, output
    lock = json.loads((root / "dataset.lock.json").read_text("utf-8"))
    report = (root / "dataset-report.md").read_text("utf-8")
    assert "the file is another" not in report  # small.jpg, now a PNG in upscaled/, is named as what it is
    entry = next(e for e in lock["images"].values() if e["path"] == "small.jpg")
    assert entry["from"] == "upscaled/small.png"
    code, output = run(root, "upscale")
    assert code == 0, output
    assert "Nothing to enlarge" in output


@pytest.mark.run
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("fail", "ended with 7; it said: no GPU here"),
        ("slow", "took longer than 2 s and was stopped"),
        ("nothing", "the upscaler ended, and wrote no picture"),
        ("text", "its content is no picture format that is known here"),
        ("same", "the result is 240x320, not larger than 240x320"),
        ("wide", "the result is 960x640, another shape than 240x320"),
    ],
)
def test_each_failure_is_named_and_leaves_nothing_behind(root: Path, mode: str, said: str) -> None:
    setup(root, mode, timeout=2 if mode == "slow" else 60)
    code, output = run(root, "upscale")
    assert code == 1, output
    assert "small.jpg: was not enlarged: " in output
    assert "sub/cut.png: was not enlarged: " in output
    assert said in output
    assert "Traceback" not in output
    assert not list((root / "upscaled").rglob("*.png")) if (root / "upscaled").exists() else True


@pytest.mark.run
def test_nothing_runs_without_being_asked(root: Path) -> None:
    setup(root, "good")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert not (root / "upscaled").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (None, "no upscaler is set up on this computer"),
        ("upscaler: {command: [prog, '{input}']}\n", "upscaler.command does not say {output}"),
        ("upscaler: {comand: [prog]}\n", 'unknown key "comand"'),
        ("upscaler: {command: prog {input} {output}}\n", "this bracket is not closed"),
        ("upscaler: {command: 'prog -i x'}\n", "upscaler.command: expected a list"),
    ],
)
def test_settings_are_checked_and_shown_how_to_write(
    settings: str | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.yaml"
    monkeypatch.setenv("LORAPREP_CONFIG", str(path))
    if settings:
        path.write_text(settings, "utf-8")
    with pytest.raises(UserError) as error:
        upscale.configured_upscaler()
    assert said in str(error.value)
    assert error.value.exit_code == 3


@pytest.mark.run
def test_a_name_that_two_pictures_share_is_nobodys(root: Path) -> None:
    setup(root, "good")
    pictures.scene(210, 200, 8).save(root / "images/small.png")
    (root / "images/small.txt").unlink()
    code, output = run(root, "upscale")
    assert code == 1
    assert "small.jpg: was not enlarged: another picture has the same name but for the extension" in output
    assert (root / "upscaled/sub/cut.png").is_file()
    assert not (root / "upscaled/small.png").exists()


@pytest.mark.run
def test_a_program_that_is_not_there(root: Path) -> None:
    (root.parent / "config.yaml").write_text(
        "upscaler: {command: [no-such-upscaler, '{input}', '{output}']}\n", "utf-8"
    )
    code, output = run(root, "upscale")
    assert code == 1
    assert "there is no program no-such-upscaler (upscaler.command in your settings)" in output


@pytest.mark.run
def test_a_project_cannot_name_a_program(root: Path) -> None:
    append("project.yaml", "upscaler: {command: [evil, '{input}', '{output}']}\n")(root)
    code, output = run(root, "upscale")
    assert code == 3
    assert 'unknown key "upscaler"' in output
    shutil.rmtree(root)


def test_the_settings_are_where_the_platform_keeps_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LORAPREP_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert trust.config_path().name == "config.yaml"
    assert trust.config_path().parent.name == "loraprep"
