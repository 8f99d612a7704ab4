"""Ctrl-C ends a run within two seconds, whatever it is at; the second one at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from loraprep.core import child
from loraprep.imaging import pool
from tests import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

BEGIN = """
import sys, time
from loraprep import __main__ as main
from loraprep.imaging import pool
from tests import stuck
def work(args):
    {body}
main._run = work
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
}


def _begun(body: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if k not in (child.SAFE_PATH, pool.IN_PROCESS)}
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN.format(body=body)], cwd=ROOT, env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "at it\n"
    time.sleep(1)
    return process


@pytest.mark.parametrize("where", BODIES)
def test_the_first_ends_it_within_two_seconds(where: str) -> None:
    process = _begun(BODIES[where])
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 2
    assert process.returncode == 130


def test_the_second_ends_it_at_once() -> None:
    process = _begun(BODIES["in one that lets nothing through"])
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - start < 0.5
    assert process.returncode in (130, -signal.SIGINT)
