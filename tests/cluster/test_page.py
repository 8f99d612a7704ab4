"""The commands of resources/docs/clusters.md, typed as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from loraprep.imaging import pool
from tests import ROOT, clusters, runs, scenes

pytestmark = [pytest.mark.run, pytest.mark.skipif(os.name == "nt", reason="bash")]
PAGE = ROOT / "resources/docs/clusters.md"


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    typed = re.findall(r"^\$ (.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [line.split()[0] for line in typed] == ["loraprep", "dask", "dask", "loraprep", "loraprep"]
    clusters.needed()
    root = scenes.project(tmp_path / "mystyle", 12)
    shutil.rmtree(root / "build")
    runs.append("project.yaml", runs.AUTO)(root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # the only change: a port of its own, and two runs that both have something to do
    lines = [line.replace("8786", port) for line in typed]
    script = "\n".join(["set -e", "trap 'echo ended: $?' EXIT", lines[0], "rm -r build", *lines[1:]])
    env = {k: v for k, v in os.environ.items() if k not in (pool.IN_PROCESS, "PYTHONSAFEPATH")}
    env |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}", "PYTHONPATH": str(ROOT), "NO_COLOR": "1",
            "DASK_TEMPORARY_DIRECTORY": str(tmp_path), "DASK_CONFIG": str(tmp_path / "dask")}  # fmt: skip
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=root, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    said = ""
    try:
        assert process.stdout is not None
        for line in process.stdout:  # not to its end, which waits for the two in the background
            said += line
            if line.startswith("ended: "):
                break
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert said.endswith("ended: 0\n"), said
    assert said.count("GO. ") == 2, said
    assert (root / "dataset.lock.json").is_file(), said
