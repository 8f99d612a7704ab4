"""Damaged files through the real readers: pictures through scan, detail and looks in the processes that decode them.

    python -m tests.hostile.fuzz --count 10000 --seed 1 [--only READER] [--keep FOLDER]

counts what became of them and keeps those that broke something: a crash of the process, a hang, an exception that
nobody foresaw, a number that is none. The exit code says whether there were any. tests/hostile/test_corpus.py runs 300.
"""

import argparse
import faulthandler
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from loraprep.core.findings import Code
from loraprep.curation import features
from loraprep.curation.assessment import Numbers
from loraprep.imaging import pool
from loraprep.imaging.pictures import Pictures
from loraprep.scan import detail, scan
from tests.finite import finite
from tests.hostile import corpus

SECONDS = 10.0  # for one file of some kilobytes; the tool gives it a minute
TEXT_SECONDS = 2.0
_BATCH = 400


class Outcome(NamedTuple):
    """`what` became of the file; `broken`: how it broke us, "" if it did not."""

    number: int
    reader: str
    what: str
    broken: str = ""


def outcomes(numbered: Sequence[tuple[int, corpus.Damaged]], root: Path) -> Iterator[Outcome]:
    """What becomes of each; `root` is a folder of their own."""
    named = {}
    for number, file in numbered:
        read = corpus.READERS[file.reader].read
        if read is None:
            path = root / "images" / f"{number}{file.sound.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
            named[path.name] = number, file
        else:
            yield _text(number, file, root)
    if named:
        for name, (what, broken) in _pictures(root).items():
            number, file = named.pop(name)
            yield Outcome(number, file.reader, what, broken)
        for number, file in named.values():
            yield Outcome(number, file.reader, "lost", "not accounted for")


class _Hang(BaseException):
    pass


def _text(number: int, file: corpus.Damaged, root: Path) -> Outcome:
    def ring(*_: object) -> None:
        raise _Hang

    stem = file.sound.name.rpartition(" ")[0]
    path = root / f"{number}" / stem
    path.parent.mkdir(parents=True)
    path.write_bytes(file.data)
    signal.signal(signal.SIGALRM, ring)
    faulthandler.dump_traceback_later(60 * TEXT_SECONDS, exit=True)  # no alarm is heard inside of C
    signal.setitimer(signal.ITIMER_REAL, TEXT_SECONDS)
    read = corpus.READERS[file.reader].read
    assert read is not None
    try:
        return Outcome(number, file.reader, read(path))
    except _Hang:
        return Outcome(number, file.reader, "hang", "hang")
    except Exception as error:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        place = f"{Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno}" if where else ""
        return Outcome(number, file.reader, "traceback", f"traceback: {type(error).__name__} at {place}: {error}"[:300])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(path.parent)


def _pictures(root: Path) -> dict[str, tuple[str, str]]:
    """File name -> (what became of it, how it broke us), of all in images/, through the processes that decode."""
    before = os.environ.pop(pool.IN_PROCESS, None)
    try:
        (root / "build").mkdir(exist_ok=True)
        where = Pictures(root / "images", root, 100.0, SECONDS)
        found = scan.scan(root / "images", root, max_seconds=SECONDS)
        told = {image.path: _rejected(image.code, image.reason) for image in found.images}
        whole = [image for image in found.images if image.state == "image"]
        for image in whole:
            told[image.path] = (
                "ok",
                "" if finite(msgspec.to_builtins(image, enc_hook=str)) else "a number that is none, in scan",
            )
        seen = detail.look(where, whole)
        looked = features.measure_features(where, whole, [])
        for image in whole:
            if image.path not in seen:
                told[image.path] = "ok and then lost", "detail could not open it again"
            elif aborted := seen[image.path].given_up:
                told[image.path] = "hang", f"detail: {aborted.reason}"
            elif not finite(msgspec.to_builtins(seen[image.path])):
                told[image.path] = "ok", "a number that is none, in detail"
            elif not finite(Numbers(looked.styles)[image.path]):
                told[image.path] = "ok", "a number that is none, in looks"
        return told
    finally:
        if before is not None:
            os.environ[pool.IN_PROCESS] = before


def _rejected(code: str, reason: str) -> tuple[str, str]:
    if code == Code.TOO_SLOW:
        return "hang", f"hang: {reason}"
    if code == Code.UNEXPECTED:
        return "crash" if "broke off" in reason else "traceback", reason
    return f"{code}: {reason.partition(' (')[0] if code != Code.TOO_LARGE else 'from its header'}", ""


def run(
    count: int, seed: int, only: str = "", keep: Path | None = None
) -> tuple[Counter[tuple[str, str]], list[Outcome]]:
    """Counts of (reader, what became of it), and what broke us, kept in `keep`."""
    counts: Counter[tuple[str, str]] = Counter()
    broken = []
    for first in range(0, count, _BATCH):
        numbers = range(first, min(count, first + _BATCH))
        made = {number: corpus.damaged(seed, number, only) for number in numbers}
        with tempfile.TemporaryDirectory(prefix="loraprep-fuzz-") as name:
            for outcome in outcomes(list(made.items()), Path(name)):
                counts[outcome.reader, outcome.what] += 1
                if not outcome.broken:
                    continue
                broken.append(outcome)
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    file = made[outcome.number]
                    kept = f"{seed}-{outcome.number} {file.sound.name}".replace("/", "_") + file.sound.suffix
                    (keep / kept).write_bytes(file.data)
    return counts, broken


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", choices=["", *corpus.READERS])
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "loraprep-fuzz")
    given = parser.parse_args()
    began = time.monotonic()
    counts, broken = run(given.count, given.seed, given.only, given.keep)
    for (reader, what), number in sorted(counts.items()):
        print(f"{number:6}  {reader}: {what}")
    print(
        f"\n{sum(counts.values())} files, seed {given.seed}, {time.monotonic() - began:.0f} s; {len(broken)} broke us"
    )
    for outcome in broken[:100]:
        print(f"  {outcome.number} {outcome.reader}: {outcome.broken}")
    if broken:
        print(f"kept in {given.keep}")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
