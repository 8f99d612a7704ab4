"""One clone that attacks with everything at once: no command changes, reads, runs or sends anything outside.

Every process is watched by an audit hook (hook/sitecustomize.py), children too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loraprep.core import child, files
from loraprep.dataset import manifest
from loraprep.trainers import export
from tests import pictures
from tests.hostile import clones
from tests.hostile.clones import SCRIPT, damaged, link
from tests.runs import FOLDER

pytestmark = pytest.mark.run
COMMANDS = (("gate1",), ("dataset",), ("export",), ("verify",), ("look", "."), ("check", "dataset"), ("diff", "HEAD"),
            ("init", "."), ("trust",), ("scan", "--full"))  # fmt: skip
ARGUMENTS = {"init": ("--kind", "style", "--model", "flux", "--no-input")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """world/clone is hostile, world/person is what it is after, world/it ran appears if any of its code ran."""
    world = tmp_path_factory.mktemp("world")
    (world / "tmp").mkdir()
    root = Path(shutil.copytree(clones.go_project(), world / "clone"))
    outside = clones.outside(world / "person")
    clones.plant_code(root, world / "it ran")
    for name, aim in {"scene-00.txt": "ssh/id_ed25519", "stolen.png": "photos/a.png", "all": "photos",
                      "pipe.jpg": "notes/log.jsonl"}.items():  # fmt: skip
        link(root, f"images/{name}", outside / aim)
    link(root, f"dataset/{FOLDER}/scene-01.txt", outside / "ssh/id_ed25519")
    link(root, f"dataset/{FOLDER}/scene-02.png", outside / "photos/a.png")
    link(root, f"dataset/{FOLDER}/metadata.jsonl", outside / "notes/log.jsonl")
    link(root, "studio.md", outside / "ssh/id_ed25519")
    aims = {os.path.relpath(outside / aim, root / top): files.sha256(outside / aim)
            for aim in ("photos/a.png", "notes/README.md") for top in ("dataset", "exports")}  # fmt: skip
    damaged(root / "build" / manifest.MANIFEST, lambda data: data[min(data)].update(also=aims))
    damaged(root / "build" / export.MANIFEST, lambda data: data.update(aims))
    (root / "images/new.png").write_bytes(pictures.png(pictures.scene(600, 600, 77)))
    return world


def watched(world: Path, *args: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Runs a command in the clone: its exit code, what it said, and (what, to what) of all it did."""
    log = world / "log.txt"
    log.unlink(missing_ok=True)
    env = {
        **os.environ, **clones.WATCHED, "LORAPREP_WATCH": str(log), "HOME": str(world / "home"),
        "MPLCONFIGDIR": str(world / "fonts"), "TMPDIR": str(world / "tmp"), "LORAPREP_CONFIG": str(world / "settings/config.yaml"), "NO_COLOR": "1",
        "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1", "PATH": f".{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-P", "-c", SCRIPT, *args, *ARGUMENTS.get(args[0], ())], cwd=world / "clone",
                          capture_output=True, text=True, timeout=600, check=False, env=env)  # fmt: skip
    lines = [line.split("\t", 1) for line in log.read_text("utf-8").splitlines() if "\t" in line]
    return done.returncode, done.stdout + done.stderr, [(what, whom) for what, whom in lines]


def judge(world: Path, done: list[tuple[str, str]]) -> list[str]:
    """All that no command may do."""
    clone, person = str(world / "clone"), str(world / "person")
    may_write = (clone, str(world / "fonts"), str(world / "tmp"), "/dev/")  # of the third nothing stays
    wrong = [f"{what} {whom}" for what, whom in done if whom.startswith(person)]
    wrong += [f"{what} {whom}" for what, whom in done if what in ("write", "open") and not whom.startswith(may_write)]
    wrong += [
        f"{what} {whom}" for what, whom in done if what in ("write", "open") and whom.startswith(f"{clone}/images/")
    ]
    wrong += [f"{what} {whom}" for what, whom in done if what == "send"]
    wrong += [f"{what} {whom}" for what, whom in done if what == "execute" and clone in whom]
    for what, whom in done:
        ours = any(f"'{name}'" in whom for name in (sys.executable, child.program("git"), "fc-list"))  # fc-list: fonts
        wrong += [f"{what} {whom}"] if what == "run" and not ours else []
    return wrong


@pytest.mark.parametrize("args", COMMANDS, ids=" ".join)
def test_nothing_outside_is_changed_read_run_or_sent(world: Path, args: tuple[str, ...]) -> None:
    before, originals = clones.state(world / "person"), clones.state(world / "clone/images")
    code, output, done = watched(world, *args)
    assert code in (0, 1, 3), output
    assert "Traceback" not in output, output
    assert len(done) > 100  # it was watched
    assert not judge(world, done)
    assert clones.state(world / "person") == before
    assert clones.state(world / "clone/images") == originals
    assert not (world / "it ran").exists()
    assert not list((world / "tmp").iterdir())
    assert not clones.holding(world / "clone", clones.SECRET[:60])
    if args[0] == "gate1":
        assert "loraprep trust" in (world / "clone/dataset-report.md").read_text("utf-8")


@pytest.mark.parametrize("args", [("gate1",), ("export",), ("review", "--no-browser")], ids=lambda a: a[0])
def test_with_the_tools_own_places_as_links_it_does_nothing_at_all(world: Path, args: tuple[str, ...]) -> None:
    clone = world / "clone"
    shutil.copytree(clone, world / "kept", symlinks=True)
    try:
        for name in clones.FOLDER_LINKS:
            if "/" not in name:
                link(clone, name, world / "person/photos")
        for name, aim in clones.FILE_LINKS.items():
            if "/" not in name and name != "project.yaml":
                link(clone, name, world / "person" / aim)
        before, here = clones.state(world / "person"), clones.state(clone)
        code, output, done = watched(world, *args)
        assert code == 1, output
        assert output.count("is a link that leads out of the project") >= 15
        assert not judge(world, done)
        assert not [whom for what, whom in done if what == "write" and whom.startswith(str(clone))]
        assert clones.state(world / "person") == before
        assert clones.state(clone) == here
    finally:
        shutil.rmtree(clone)
        (world / "kept").rename(clone)


def test_the_watch_sees_what_is_wrong(world: Path) -> None:
    """Else the tests above say nothing."""
    code = (f"open({str(world / 'person/photos/a.png')!r}); open({str(world / 'new')!r}, 'w'); import yaml, subprocess, socket; "
            "subprocess.run(['true'])\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass")  # fmt: skip
    log = world / "log.txt"
    log.unlink(missing_ok=True)
    env = {**os.environ, **clones.WATCHED, "LORAPREP_WATCH": str(log)}
    shutil.copyfile(world / "clone/signal.py", world / "harmless.py")
    subprocess.run([sys.executable, "-c", code], cwd=world, env=env, check=True)
    done = [tuple(line.split("\t", 1)) for line in log.read_text("utf-8").splitlines() if "\t" in line]
    told = "\n".join(judge(world, done))  # type: ignore[arg-type]
    for what in ("read", "write", "run", "send"):
        assert f"{what} " in told, what
