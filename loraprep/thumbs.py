"""Small pictures for looking: upright, sRGB, as WebP, kept by digest so that each is made once."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loraprep import files, images
from loraprep.model import Image

FOLDER = "build/thumbs"
QUALITY = 72  # WebP; 256 px of a painting take about 9 kB
_WORKERS = 2  # Pillow releases the GIL while it decodes


def name(image: Image, longest: int, background: str = "#ffffff") -> str:
    """The file name in FOLDER: what it shows decides it, never where the picture lies or what it is called."""
    ground = f"-{background.lstrip('#').lower()}" if image.alpha else ""
    return f"{image.pixel_digest}-{longest}{ground}.webp"


def source(image: Image, folder: Path, root: Path) -> Path:
    """The file that the pixels come from: a better version in upscaled/, else the image itself."""
    return root / image.upscaled if image.upscaled else folder / image.path


def make(path: Path, longest: int, background: str = "#ffffff", max_megapixels: float = images.MAX_MEGAPIXELS) -> bytes:
    """The picture at `path` as WebP, at most `longest` px on its longer side, never enlarged.

    The same bytes under the same Pillow. Raises images.BadImage, OSError.
    """
    picture = images.upright(images.load(path.read_bytes(), max_megapixels=max_megapixels), background, longest)
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def thumbnail(
    image: Image, folder: Path, root: Path, longest: int, background: str = "#ffffff", cache: Path | None = None
) -> bytes:
    """The picture of a scanned record as WebP; b"" if it can no longer be read.

    With `cache` (a project's build/thumbs) it is looked up there first and left there.
    """
    kept = cache / name(image, longest, background) if cache else None
    try:
        if kept and _whole(data := kept.read_bytes()):
            return data
    except OSError:
        pass
    # project.yaml may allow more than the default limit; the scan let this size through
    limit = max(images.MAX_MEGAPIXELS, image.width * image.height / 1e6)
    try:
        data = make(source(image, folder, root), longest, background, limit)
    except (images.BadImage, OSError):
        return b""  # gone or damaged since the scan, which will say so when it looks again
    if kept:
        files.write(kept, data)
    return data


def all_of(
    found: Sequence[Image],
    folder: Path,
    root: Path,
    longest: int,
    background: str = "#ffffff",
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """path -> WebP for every record that is a picture, in the order of `found`."""
    pictures = [i for i in found if i.state == "image"]
    made: dict[str, bytes] = {}
    with ThreadPoolExecutor(_WORKERS) as pool:
        jobs = pool.map(lambda i: thumbnail(i, folder, root, longest, background, cache), pictures)
        for image, data in zip(pictures, jobs, strict=True):
            made[image.path] = data
            if progress:
                progress(len(made), len(pictures))
    return made


def sweep(found: Sequence[Image], cache: Path) -> None:
    """Removes from the cache what belongs to no picture any more."""
    alive = {i.pixel_digest for i in found}
    if cache.is_dir():
        for path in sorted(cache.glob("*.webp")):
            if path.name.partition("-")[0] not in alive:
                path.unlink()


def _whole(data: bytes) -> bool:
    """Is it a whole WebP? A cache may have been cut short by a full disk."""
    return data[:4] == b"RIFF" and len(data) == int.from_bytes(data[4:8], "little") + 8
