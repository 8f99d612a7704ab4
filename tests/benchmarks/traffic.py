"""What goes between driver, workers and store: python -m tests.benchmarks.traffic COUNT [COUNT ...]

Puts stamps (pictures.stamps) into a store on loopback that speaks like S3 (moto, in this process), and runs a first `gate1
--cluster local:2` over the bucket. Prints for each step that asked either of them: tasks that went to workers, what a
picture of the set had sent to them and came back, as bytes, and objects read, by picture; then lists. Whether workers are
in this computer changes none of it. Linux.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from loraprep.carried import reading
from tests import buckets
from tests.benchmarks import pictures
from tests.benchmarks.timing import run

CLUSTER = ["gate1", "--cluster", "local:2"]


def counted(notes: Path) -> int:
    """Run gate1 in this process, and write to `notes` at what step it is, then what it gave to workers in each."""
    from distributed import Client, Future

    from loraprep.__main__ import main
    from loraprep.pipeline.action import Action

    found = Counter[tuple[str, str]]()
    at = "before"
    call, submit, result = Action.__call__, Client.submit, Future.result

    def called(self: Action, **options: Any) -> object:
        nonlocal at
        at = self.step.rpartition(".")[2]
        notes.write_text(at, "utf-8")
        return call(self, **options)

    def submitted(self: Client, function: Any, parcel: bytes, **options: Any) -> Future:
        found[at, "tasks"] += 1
        found[at, "out"] += len(parcel)
        return submit(self, function, parcel, **options)

    def resulted(self: Future, *given: Any) -> Any:
        answer = result(self, *given)
        found[at, "back"] += len(answer)
        return answer

    Action.__call__ = called  # type: ignore[method-assign]
    Client.submit, Future.result = submitted, resulted
    sys.argv = ["loraprep", *CLUSTER]
    try:
        return main()
    finally:
        lines = (f"{step} {what} {count}\n" for (step, what), count in found.items())
        notes.with_suffix(".counts").write_text("".join(lines), "utf-8")


def measured(count: int, kept: Path) -> None:
    images = pictures.stamps(kept, count)
    with tempfile.TemporaryDirectory() as folder, buckets.served() as server:
        root = pictures.project(Path(folder) / "many", images, pictures.STAMPS)
        text = (root / "project.yaml").read_text("utf-8").replace(str(images), f"s3://{buckets.NAME}/many")
        (root / "project.yaml").write_text(text, "utf-8")
        server.fill(images, "many/")
        buckets.allow(root, server)
        notes, found = Path(folder) / "step", Counter[tuple[str, str]]()
        notes.write_text("before", "utf-8")

        def before(asked: dict[str, Any]) -> None:
            name = asked["PATH_INFO"].strip("/")
            kind = "lists" if "/" not in name else "words" if name.endswith(".txt") else "pictures"
            found[notes.read_text("utf-8"), kind] += 1

        server.asked.clear()
        server.before = before
        run([sys.executable, "-m", "tests.benchmarks.traffic", "--perform", notes], root)
        for line in notes.with_suffix(".counts").read_text("utf-8").splitlines():
            step, what, number = line.split()
            found[step, what] = int(number)
        sent = sum(size for *_, size in server.asked)
    size = sum(path.stat().st_size for path in images.iterdir())
    print(
        f"{count:,} pictures of {size / count:.0f} bytes with words; the store sent {sent / size:.2f} times that, and lists"
    )
    print(
        "| step | tasks | bytes a picture to workers, back | pictures, words read a picture | lists |\n|---|---|---|---|---|"
    )
    for step in dict.fromkeys(step for step, _ in found):
        to, back, seen, words = (found[step, what] / count for what in ("out", "back", "pictures", "words"))
        print(
            f"| {step} | {found[step, 'tasks']} | {to:.0f}, {back:.0f} | {seen:.2f}, {words:.2f} | {found[step, 'lists']} |"
        )
    total = {what: sum(n for (_, kind), n in found.items() if kind == what) for _, what in found}
    print(", ".join(f"{what} {n:,}" for what, n in sorted(total.items())), flush=True)


def main() -> None:
    if sys.argv[1] == "--perform":
        sys.exit(counted(Path(sys.argv[2])))
    os.environ[reading.UNREAD] = "1"
    kept = Path(tempfile.gettempdir()) / "loraprep-benchmarks"
    kept.mkdir(exist_ok=True)
    for count in map(int, sys.argv[1:]):
        measured(count, kept)


if __name__ == "__main__":
    main()
