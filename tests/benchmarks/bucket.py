"""The same gate1 from a folder and from a bucket: python -m tests.benchmarks.bucket --root DIR [--count 100]

Takes pictures out of packages unpacked below --root (pictures.real), or makes JPEGs of 520 px with --small. Runs gate1
over their folder, then over a store on loopback that speaks like S3 (moto, in this process, whose processor time is not
counted), then once more with nothing changed, then with one picture changed. Prints processor time and its ratio to the
folder's, what was asked of the store and how many bytes it sent, and every file of the project that differs. Linux.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from loraprep.carried import reading
from tests import buckets
from tests.benchmarks import pictures
from tests.benchmarks.cluster import held
from tests.benchmarks.timing import run

PICTURES = ("build/store/", "project.yaml")  # and where they are
GATE = [sys.executable, "-m", "loraprep", "gate1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--count", type=int, default=100)
    given = parser.parse_args()
    os.environ[reading.UNREAD] = "1"
    kept = Path(tempfile.gettempdir()) / "loraprep-benchmarks"
    kept.mkdir(exist_ok=True)
    images = pictures.small(kept, given.count) if given.small else pictures.real(kept, given.root, given.count)
    with tempfile.TemporaryDirectory() as folder, buckets.served() as server:
        here = pictures.project(Path(folder) / "folder" / "many", images)
        whole = run(GATE, here).cpu
        print(f"folder        {whole:7.1f} s of processors", flush=True)
        server.fill(images, "many/")
        there = pictures.project(Path(folder) / "bucket" / "many", images)
        text = (there / "project.yaml").read_text("utf-8").replace(str(images), f"s3://{buckets.NAME}/many")
        (there / "project.yaml").write_text(text, "utf-8")
        buckets.allow(there, server)
        for name in ("bucket", "again", "one changed"):
            if name == "one changed":
                server.put(server.names()[0], (images / server.names()[1].removeprefix("many/")).read_bytes() + b"\0")
            server.asked.clear()
            cost = run(GATE, there)
            count, sent = len(server.asked), sum(size for *_, size in server.asked)
            objects, a, b = len(server.read()), held(here), held(there)
            unlike = sorted(n for n in {*a, *b} if a.get(n) != b.get(n) and not n.startswith(PICTURES))
            print(
                f"{name:12}  {cost.cpu:7.1f} s of processors ({cost.cpu / whole:.2f} of the folder's); {count} requests, "
                f"{objects} of them for objects, {sent / 1e6:.1f} MB ({count / given.count:.2f} requests and "
                f"{sent / given.count / 1e3:.0f} kB a picture); differs: {unlike if name == 'bucket' else '-'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
