"""What is wrong with a file is said by its name: cut short, a profile that is a bomb, a placeholder."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from loraprep.core.findings import Code
from loraprep.imaging import decode, formats
from loraprep.imaging.errors import BadImage

NOISE = np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8).astype(np.uint8)
FORMS = [("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("GIF", {}),
         ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("AVIF", {})]  # fmt: skip


def encoded(form: str, **how: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(NOISE).resize((240, 160)).save(stream, form, **how)
    return stream.getvalue()


def refused(data: bytes) -> tuple[Code, str]:
    with pytest.raises(BadImage) as told:
        decode.load(data)
    return told.value.code, told.value.reason


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize(("form", "how"), FORMS, ids=lambda f: str(f))
def test_what_is_cut_anywhere_ends_too_early(form: str, how: dict[str, object]) -> None:
    data = encoded(form, **how)
    for most in (20, 40, 100, len(data) // 2, len(data) * 9 // 10):
        assert refused(data[:most]) == (Code.BROKEN, "the file ends too early"), most


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP"])
def test_a_byte_short_is_too_short(form: str) -> None:
    assert refused(encoded(form)[:-1]) == (Code.BROKEN, "the file ends too early")


def test_a_png_of_only_a_header_ends_too_early() -> None:
    head = encoded("PNG")[:33]
    for data in (head, head + chunk(b"IEND", b"")):
        assert refused(data) == (Code.BROKEN, "the file ends too early")


def test_bombs_are_told_apart() -> None:
    png, bomb = encoded("PNG"), b"x\0\0" + zlib.compress(b"\0" * 80_000_000, 9)
    assert "colour profile" in refused(png[:33] + chunk(b"iCCP", bomb) + png[33:])[1]
    assert "texts" in refused(png[:33] + chunk(b"zTXt", bomb) + png[33:])[1]


@pytest.mark.parametrize(("count", "size"), [(1, 70_000_000), (70, 1_000_000), (2000, 35_000)])
def test_many_harmless_texts_are_no_damage(count: int, size: int) -> None:
    png = encoded("PNG")
    texts = chunk(b"tEXt", b"Comment\0" + b"a" * size) * count
    assert decode.load(png[:33] + texts + png[33:]).width == 240


@pytest.mark.parametrize("link", [b"/annex/objects/SHA256E-s5--abc.jpg\n", b"\\annex\\objects\\SHA256E-s5--abc.jpg\n"])
def test_git_annex_is_named_as_lfs_is(link: bytes) -> None:
    assert refused(link) == (Code.POINTER, formats.ANNEX)
    assert refused(b"version https://git-lfs.github.com/spec/v1\n") == (Code.POINTER, formats.LFS)


@pytest.mark.skipif(not features.check("avif"), reason="Pillow was built without AVIF")
def test_what_only_libavif_finds_is_damage() -> None:
    data = encoded("AVIF")
    place = data.index(b"av1C") + 4
    assert refused(data[:place] + b"\0" * 4 + data[place + 4 :]) == (Code.BROKEN, "the data inside is damaged")
    place = data.index(b"mdat") + 4
    assert refused(data[:place] + b"\xff" * 200 + data[place + 200 :]) == (Code.BROKEN, "the data inside is damaged")


@pytest.mark.parametrize(
    "exif", [b"MM\0*\0\0", b"MM\0*", b"II*\0\x08\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"]
)
def test_a_damaged_exif_block_is_not_the_pictures(exif: bytes) -> None:
    png = encoded("PNG")
    opened = decode.load(png[:33] + chunk(b"eXIf", exif) + png[33:])
    assert (opened.width, opened.orientation) == (240, 1)
