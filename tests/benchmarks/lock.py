"""What the lock and the list of what was written cost as a set grows: python -m tests.benchmarks.lock COUNT [shards]

Makes up so many pictures' records, writes both files and reads the lock. Prints processor time and the most memory that the
process held until then. `shards`: as with dataset.format: webdataset. Linux.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loraprep.core import files
from loraprep.core.dataset_lock import LOCK, DatasetLock, LockedImage, read_lock, write_lock
from loraprep.dataset import manifest, shards


def _digest(*parts: str) -> str:
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def records(count: int, *, packed: bool) -> dict[str, LockedImage]:
    """Place -> what the lock says of a picture."""
    places = [f"10_many/p{number:06}" for number in range(count)]
    names = shards.names(places, "webdataset") if packed else {}
    found: dict[str, LockedImage] = {}
    met = set()
    for place in places:
        path = f"{place.partition('/')[2]}.jpg"
        more = {}
        if packed:
            more = {"shard": names[place]}
            if names[place] not in met:
                met.add(names[place])
                more |= {"shards": {names[place]: _digest(names[place])}, "recipe": _digest("r", names[place])}
        found[place] = LockedImage(
            path=path, digest=_digest(place), trigger="brushy", taken_from=path, source=_digest("s", place),
            operations="upright srgb rgb8", image=_digest("i", place), pixels=_digest("p", place),
            caption=_digest("c", place), caption_from="draft", decided=_digest("d", place)[:12], **more,
        )  # fmt: skip
    return found


def main() -> None:
    count, packed = int(sys.argv[1]), "shards" in sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "build").mkdir()
        files.enclose(root)
        images = records(count, packed=packed)

        def told(name: str, do: Callable[[], object]) -> None:
            before = time.process_time()
            do()
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            print(f"{name:22} {time.process_time() - before:6.2f} s  {most:.0f} MB", flush=True)

        told("records alone", lambda: None)
        told("what was written", lambda: manifest.write_manifest(root, images))
        told("lock written", lambda: write_lock(root, DatasetLock(images=images)))
        told("lock read", lambda: read_lock(root))
        print(f"{(root / LOCK).stat().st_size / 1e6:.0f} MB of lock")


if __name__ == "__main__":
    main()
