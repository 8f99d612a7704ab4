"""Render the pixels of dataset/: the picture as its owner sees it, and its loss mask."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from PIL import Image, features

from loraprep.core import files
from loraprep.core.object_folder import Put
from loraprep.core.records import Image as Record
from loraprep.dataset.outputs import Control, Output
from loraprep.dataset.shards import FORMATS
from loraprep.imaging import display, memory, pool
from loraprep.imaging.pictures import Pictures

# Whatever decides about bytes: Pillow, and what it reads, converts and packs with.
_CODECS = {
    "jpg": "jpeg",
    "libjpeg_turbo": "libjpeg_turbo",
    "littlecms2": "littlecms2",
    "zlib": "zlib",
    "zlib_ng": "zlib_ng",
    "webp": "webp",
    "libtiff": "libtiff",
    "avif": "avif",
}


# Of zlib, for pictures: a quarter of the time of level 6 and 9 hundredths more bytes, on eight paintings of 1.2 MP.
_LEVEL = 2


def made_with(form: str) -> dict[str, str]:
    """Map library -> version, of all that the bytes of a dataset in this format depend on.

    Of a format whose library is not installed here (of a clone that is only verified) that one is left out.
    """
    found = {package: version(package) for package in ("loraprep", "numpy", "pillow")}
    with suppress(PackageNotFoundError, KeyError):
        found |= {library: version(library) for library in [FORMATS[form][1]]}
    for name, listed in _CODECS.items():
        number = features.version(name) if name in features.modules or name in features.codecs else None
        number = number or (features.version_feature(name) if name in features.features else None)
        if number:
            found[listed] = str(number)
    return dict(sorted(found.items()))


def png(picture: Image.Image, level: int = 6) -> bytes:
    """Encode the picture as a PNG without any metadata: the same bytes under the same libraries."""
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=level)
    return out.getvalue()


def digest(data: bytes) -> str:
    """Return the digest of a PNG's decoded pixels, its mode and size: equal wherever the picture is."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        picture.load()
        return _shown(picture)


def _shown(picture: Image.Image) -> str:
    head = f"{picture.mode} {picture.width}x{picture.height} ".encode()
    return hashlib.sha256(head + picture.tobytes()).hexdigest()


def digest_of(path: Path) -> str:
    """As `digest`, of a file that anybody may have put there. Raises BadImage, OSError, and what Pillow raises."""
    answer: str = pool.one(pool.Work(_digester), path.absolute(), weight=path.stat().st_size)
    return answer


def _digester() -> Callable[[Path], str]:
    return lambda path: digest(memory.read(path))


def render(pictures: Pictures, output: Output) -> bytes:
    """Render an output as PNG: upright, sRGB, 8 bit RGB, its box cut out, enlarged (Lanczos) to `area`.

    Raises BadImage, OSError.
    """
    return pictures.apart(rendered, output.image, output.background, output.area)[0]


def render_control(pictures: Pictures, control: Control) -> bytes:
    """Render a picture before a change as `render` does. Raises BadImage, OSError."""
    return pictures.apart(rendered, control.image, control.background, control.area)[0]


def render_each(
    pictures: Pictures, images: Sequence[Record], background: str, area: int
) -> Generator[tuple[Record, tuple[bytes, str] | Exception], None, None]:
    """Render many as `render` does, side by side; yield (image, (PNG, `digest` of it) or what was raised)."""
    return pictures.each(rendered, images, background, area)


SENDING = 900.0  # seconds; 50 MB at half a megabit a second


def put_each(
    pictures: Pictures, wanted: Sequence[tuple[Record, str, Put | None]], background: str, area: int
) -> Generator[tuple[tuple[Record, str, Put | None], tuple[Put, str] | Exception], None, None]:
    """Render many as `render` does and put each into the bucket that dataset/ is, from where it is rendered.

    `wanted`: (image, its name there, what it takes the place of). Yields (that, (what was put, `digest` of its pixels)
    or what was raised); Raises Unreachable.
    """
    return pictures.each_of(_put, wanted, background, area, patience=SENDING)


def _put(
    pictures: Pictures, image: Record, name: str, before: Put | None, background: str, area: int
) -> tuple[Put, str]:
    there = files.training_folder(pictures.root)
    assert there
    data, shown = rendered(pictures, image, background, area)
    return there.put(name, data, before), shown


def rendered(pictures: Pictures, image: Record, background: str, area: int) -> tuple[bytes, str]:
    """Render as `render` does, in this process; return the PNG and `digest` of it. Raises BadImage, OSError."""
    picture = _enlarged(pictures.upright(image, background or "#ffffff"), area)
    return png(picture, _LEVEL), _shown(picture)


def render_mask(pictures: Pictures, output: Output, size: tuple[int, int]) -> bytes:
    """Render the loss mask at the picture's size, 8 bit grey: white is learned. Raises BadImage, OSError."""
    return pictures.apart(mask_png, output.image, output.mask, size)


def mask_png(pictures: Pictures, image: Record, name: str, size: tuple[int, int]) -> bytes:
    """Do as `render_mask` does, in this process; `name` as in `mask_pixels`. Raises BadImage, OSError."""
    return png(mask_pixels(pictures, image, name, size))


def mask_pixels(pictures: Pictures, image: Record, name: str, size: tuple[int, int]) -> Image.Image:
    """Make a picture's loss mask at `size` px, mode L; `name`: a file, "alpha" or "white". Raises BadImage, OSError."""
    if name == "white":
        return Image.new("L", size, 255)
    if name == "alpha":
        mask = display.alpha(pictures.load(image)) or Image.new("L", size, 255)
    else:
        mask = pictures.mask(image, name)
    return mask if mask.size == size else mask.resize(size, Image.Resampling.BILINEAR)


HEAD = 4096  # bytes of a PNG of ours that hold all before its pixels


def size_of(data: bytes) -> tuple[int, int]:
    """Read width and height of a PNG, of which the first HEAD bytes are enough."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
        return picture.size


def _enlarged(picture: Image.Image, least_area: int) -> Image.Image:
    area = picture.width * picture.height
    if area >= least_area:
        return picture
    factor = (least_area / area) ** 0.5
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)
