"""The same training folder on a disk and in a bucket: python -m tests.benchmarks.training_bucket [webdataset | parquet]

Twenty-four drawn pictures (tests/scenes.py), after a gate1 that is not counted. Builds dataset/ on a disk, then in a store on
loopback that speaks like S3 (moto, in this process, whose processor time is not counted), then once more with nothing
changed, then with one caption changed; in files of each picture, or in that format. Prints processor time and its ratio to the disk's, and what was asked of the store.
Linux.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from loraprep.carried import reading
from loraprep.project import trust
from loraprep.project.trust import Bucket, Trust
from tests import buckets, runs, scenes
from tests.benchmarks.timing import run

COUNT = 24
TRAINED = "dataset: {trainers: [TRAINER], repeats: 3, format: FORMAT}\n"


def main() -> None:
    os.environ[reading.UNREAD] = "1"
    form = sys.argv[1] if len(sys.argv) > 1 else "folder"
    trainer = "simpletuner" if form == "folder" else "huggingface"
    trained = TRAINED.replace("TRAINER", trainer).replace("FORMAT", form)
    with tempfile.TemporaryDirectory() as folder, buckets.served() as server:
        os.environ["LORAPREP_CONFIG"] = str(Path(folder) / "config.yaml")
        costs: dict[str, float] = {}
        for name in ("disk", "bucket", "again", "one caption"):
            root = Path(folder) / ("disk" if name == "disk" else "bucket") / "mystyle"
            if not root.exists():
                scenes.project(root, COUNT)
                path = "" if name == "disk" else f", path: s3://{buckets.NAME}"
                runs.append("project.yaml", runs.AUTO + trained.replace("}", path + "}"))(root)
                trust.grant(root, Trust(buckets=(Bucket(f"s3://{buckets.NAME}", server.endpoint, write=True),)))
            if name == "one caption":
                next((root / "images").glob("*.txt")).write_text("a red barn on a hill\n", "utf-8")
            if name != "again":
                run([sys.executable, "-m", "loraprep", "gate1"], root)
            server.asked.clear()
            costs[name] = run([sys.executable, "-m", "loraprep", "dataset"], root).cpu
            asked = Counter(method for method, *_ in server.asked)
            print(
                f"{name:12} {costs[name]:6.1f} s of processors ({costs[name] / costs['disk']:.2f} of the disk's); "
                f"asked: {', '.join(f'{method} {n}' for method, n in sorted(asked.items())) or '-'}",
                flush=True,
            )


if __name__ == "__main__":
    main()
