"""Ctrl-C ends a run within two seconds, whatever it is at; the second one at once.

EVERY_PHASE=1 in the environment tries every phase there is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loraprep.core import child
from loraprep.imaging import pool
from tests import ROOT
from tests.runs import run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

BEGIN = """
import sys, time
from loraprep import __main__ as main
from loraprep.imaging import pool
from tests import stuck
def work(args):
    {body}
main.tree.run = work
sys.exit(main.main([]))
"""
BODIES = {
    "in a picture": "print('at it', flush=True); pool.one(pool.Work(stuck.acting), 'regex', weight=0)",
    "among pictures": "print('at it', flush=True); list(pool.each(pool.Work(stuck.acting), ['sleep', 'regex', 'a'], weigh=lambda _: 0))",
    "in a computation": "print('at it', flush=True)\n    while True: sum(range(100000))",
    "in one that lets nothing through": """print('at it', flush=True)
    while True:
        try: time.sleep(1)
        except KeyboardInterrupt: print('no', flush=True)""",
    "in a dataclass, which exec makes": "print('at it', flush=True); exec('while True: sum(range(1000))')",
    "in a descriptor, around whose errors Python puts its own": """print('at it', flush=True)
    class Slow:
        def __set_name__(self, owner, name):
            while True: sum(range(1000))
    class Owner: slow = Slow()""",
}


def _begun(body: str, folder: Path) -> subprocess.Popen[str]:
    """Begin it as a module, as `python -m loraprep` is: Python ends those otherwise than a `-c`."""
    env = {k: v for k, v in os.environ.items() if k not in (child.SAFE_PATH, pool.IN_PROCESS)}
    (folder / "begin.py").write_text(BEGIN.format(body=body), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "begin"], cwd=folder, env=env | {"PYTHONPATH": str(ROOT)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "at it\n"
    time.sleep(1)
    return process


@pytest.mark.parametrize("where", BODIES)
def test_the_first_ends_it_within_two_seconds(where: str, tmp_path: Path) -> None:
    process = _begun(BODIES[where], tmp_path)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 2
    assert process.returncode == 130


def test_the_second_ends_it_at_once(tmp_path: Path) -> None:
    process = _begun(BODIES["in one that lets nothing through"], tmp_path)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 0.5
    assert process.returncode in (130, -signal.SIGINT)


PHASES = ("scan", "duplicates", "detail", "looks", "report")  # where the time goes
EVERY = (
    "intent", "scan", "duplicates", "audit", "staying", "detail", "shortlist", "samples", "looks", "elements", "captions",
    "curate", "select", "trainers", "report", "dataset", "export",
)  # fmt: skip
COMMAND = "from loraprep import __main__; __main__.program()"


@pytest.mark.run
def test_in_every_phase_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """One project, stopped in one phase after the other; what comes out is what an undisturbed run leaves."""
    root, whole = tmp_path / "brushwork", tmp_path / "whole/brushwork"
    unbuilt = shutil.ignore_patterns("build", ".doit*", "report.html", "dataset-report.md", "dataset")
    for folder in (root, whole):
        shutil.copytree(ROOT / "examples/brushwork", folder, ignore=unbuilt)
    env = {k: v for k, v in os.environ.items() if k not in (child.SAFE_PATH, pool.IN_PROCESS)} | {
        "PYTHONPATH": str(ROOT)
    }
    phases, ended = EVERY if os.environ.get("EVERY_PHASE") else PHASES, []
    for phase in phases:
        args = ["gate1", "-v"] if phase not in ("dataset", "export") else ["dataset", "export", "-v"]
        process = subprocess.Popen(
            [sys.executable, "-u", "-c", COMMAND, *args], cwd=root, env=env, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        assert process.stdout is not None
        begun = next((line for line in process.stdout if line.startswith(f"{phase}: ")), "")
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        if not begun:  # a run before went further than its output
            continue
        assert time.monotonic() - start < 4  # seconds, on a machine that has other things to do
        assert "Traceback" not in output
        ended.append(process.returncode)
    assert ended.count(130) >= len(phases) // 2, ended  # the shortest may be over before they hear
    assert set(ended) <= {0, 1, 130}
    for folder in (root, whole):
        code, output = run(folder, "gate1")
        assert code == 0, output
    for name in ("dataset-report.md", "build/images.jsonl", "build/duplicates.json", "build/select.json"):
        if (whole / name).exists():
            assert (root / name).read_bytes() == (whole / name).read_bytes(), name
