"""Files of a few kilobytes or megabytes that keep whoever opens them busy for long; each is made in well under a second."""

from __future__ import annotations

import struct
from collections.abc import Callable

from PIL import Image, PngImagePlugin

from tests import pictures

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MILLION = 1_000_000


def jpeg_of_scans(count: int = 30_000, size: tuple[int, int] = (640, 480)) -> bytes:
    """A progressive JPEG with a scan that holds nothing, again and again: 10 bytes each."""
    data = pictures.jpeg(Image.new("L", size, 120), progressive=True)
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 63, 0)
    return data[:-2] + scan * count + data[-2:]


def large_jpeg_of_scans() -> bytes:
    """One of 98 megapixels with as many as a sound one may have: half a megabyte, and two seconds to a minute of work."""
    return jpeg_of_scans(480, (9900, 9900))


def png_of_chunks(count: int = 3 * MILLION) -> bytes:
    """A PNG with as many empty chunks that nobody knows, before its pixels: 12 bytes each."""
    data = pictures.png(pictures.scene(64, 48))
    return data[:33] + pictures.chunk(b"miLl", b"") * count + data[33:]


def png_of_pixel_chunks(count: int = 100_000) -> bytes:
    """The same with empty parts of its pixels."""
    data = pictures.png(pictures.scene(64, 48))
    at = data.index(b"IDAT") - 4
    return data[:at] + pictures.chunk(b"IDAT", b"") * count + data[at:]


def png_of_newlines(count: int = MILLION, key: str = "parameters") -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text(key, "\n" * (count - 1), zip=True)
    return pictures.png(pictures.scene(64, 48), pnginfo=info)


def png_of_xmp(words: int = MILLION) -> bytes:
    """A PNG with an XMP packet of as many words: 20 bytes each."""
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:subject><rdf:Bag>"
        + b"<rdf:li>mill</rdf:li>" * words
        + b"</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    data = pictures.png(pictures.scene(64, 48))
    return data[:33] + pictures.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet) + data[33:]


def gif_of_frames(count: int = 20_000) -> bytes:
    data = pictures.save(pictures.scene(96, 96), "GIF")
    small = pictures.save(Image.new("P", (1, 1)), "GIF")
    frame = small[small.index(b"\x2c") : -1]
    return data[:-1] + frame * count + b";"


def webp_of_frames(count: int = 2000) -> bytes:
    """As `pictures.animated`, its last frame again and again."""
    frames = [pictures.scene(64, 64, n) for n in range(3)]
    data = pictures.save(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    at = data.rindex(b"ANMF")
    body = data[12:] + data[at:] * count
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def apng_of_frames(count: int = 2000) -> bytes:
    frames = [pictures.scene(64, 64, n) for n in range(2)]
    data = pictures.save(frames[0], "PNG", save_all=True, append_images=frames[1:])
    at = data.rindex(b"fcTL") - 4
    again = data[at:-12]
    place = data.index(b"acTL") - 4
    told = pictures.chunk(b"acTL", struct.pack(">II", count + 2, 0))
    return data[:place] + told + data[place + 20 : -12] + again * count + data[-12:]


def _tiff(after: Callable[[int, bytes], bytes]) -> bytes:
    """A TIFF of one picture; `after(place, directory)` is what its directory points to, which will lie at `place`."""
    data = bytearray(pictures.save(pictures.scene(96, 96), "TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    size = 2 + 12 * struct.unpack_from("<H", data, at)[0]
    directory = bytes(data[at : at + size])
    more = after(len(data), directory)
    struct.pack_into("<I", data, at + size, len(data) if more else at)
    return bytes(data) + more


def tiff_in_a_circle() -> bytes:
    """A TIFF whose directory is followed by itself."""
    return _tiff(lambda place, directory: b"")


def tiff_of_directories(count: int = 30_000) -> bytes:
    """A TIFF of so many pages, all of the same pixels."""

    def pages(place: int, directory: bytes) -> bytes:
        step = len(directory) + 4
        return b"".join(
            directory + struct.pack("<I", place + step * (n + 1) if n + 1 < count else 0) for n in range(count)
        )

    return _tiff(pages)


def strip(size: tuple[int, int] = (690, 9000)) -> bytes:
    """Longer than anything is drawn for."""
    return pictures.jpeg(pictures.scene(size[0] // 10, size[1] // 10).resize(size))
