"""A folder in which nearly everything is wrong that can be wrong with pictures, each fault as it really happens."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from paint import indoors, living, outdoors
from paint.sketch import Sketch
from paint.strokes import paint

_GPS = 0x8825
_ORIENTATION = 0x0112


def _picture(draw: Callable[[Sketch], None], size: tuple[int, int], seed: int) -> Image.Image:
    sketch = Sketch(*size, seed)
    draw(sketch)
    return paint(sketch, seed)


def _bytes(picture: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **options)
    return stream.getvalue()


def spoil(folder: Path) -> list[str]:
    """Writes all files into `folder`, in order of name; returns the names."""
    written: dict[str, bytes] = {}
    for some in (_copies, _colour_modes, _shapes_and_sizes, _damaged, _no_pictures):
        written |= some()
    for name in sorted(written):
        (folder / name).write_bytes(written[name])
    return sorted(written)


def _copies() -> dict[str, bytes]:
    """One picture four times: as it is, byte for byte, mirrored, and compressed again."""
    pond = _picture(outdoors.mill, (400, 400), 1)
    original = _bytes(pond, "JPEG", quality=88)
    return {
        "pond.jpg": original,
        "pond.txt": b"a water mill beside a pond, thick brush strokes\n",
        "pond_backup.jpg": original,
        "pond_mirrored.jpg": _bytes(pond.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", quality=88),
        "pond_chat.jpg": _bytes(pond, "JPEG", quality=20),
    }


def _colour_modes() -> dict[str, bytes]:
    """CMYK from a print shop, 16-bit grey from a scanner, a palette that moves, a cut-out, a phone's profile."""
    bridge = _picture(outdoors.bridge, (400, 320), 2)
    page = Image.new("RGB", (520, 420), "white")
    page.paste(bridge, (60, 50))
    peaks = _picture(outdoors.mountains, (512, 320), 3).convert("L").crop((0, 60, 512, 188))
    values = np.asarray(peaks.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.uint16) // 4 * 4
    lamp = [_picture(outdoors.lighthouse, (200, 240), 4).quantize(64, dither=Image.Dither.NONE)]
    lamp.append(lamp[0].convert("RGB").point(lambda v: min(255, v + 24)).quantize(64, dither=Image.Dither.NONE))
    tree = _picture(outdoors.dusk_oak, (360, 300), 5).crop((190, 0, 360, 250))
    cut = Image.new("L", tree.size)
    ImageDraw.Draw(cut).ellipse((6, 4, 168, 178), fill=255)
    ImageDraw.Draw(cut).rectangle((70, 150, 110, 248), fill=255)
    tree = tree.quantize(32, dither=Image.Dither.NONE).convert("RGB")
    tree.putalpha(cut)
    exif = Image.Exif()
    exif[_ORIENTATION] = 6
    exif[_GPS] = {1: "N", 2: (54.0, 10.0, 30.0), 3: "E", 4: (12.0, 5.0, 0.0)}
    sail = _picture(outdoors.sail_dusk, (400, 480), 6).transpose(Image.Transpose.ROTATE_90)
    return {
        "scan_for_print.jpg": _bytes(page.convert("CMYK"), "JPEG", quality=85),
        "panorama.png": _bytes(Image.fromarray(values * 257), "PNG"),
        "panorama.txt": b"a mountain lake, broad brush strokes, grey\n",
        "blinking.gif": _bytes(lamp[0], "GIF", save_all=True, append_images=lamp[1:], duration=400, loop=0),
        "tree.png": _bytes(tree, "PNG"),
        "phone.jpg": _bytes(sail, "JPEG", quality=84, exif=exif, icc_profile=_display_p3()),
    }


def _shapes_and_sizes() -> dict[str, bytes]:
    """300 pixels under a wrong extension; an enlargement; hardly anything to see; far too many pixels."""
    robin = _picture(living.robin, (300, 300), 7)
    vase = _picture(indoors.sunflowers, (400, 450), 8).filter(ImageFilter.GaussianBlur(0.8))
    rows, columns = np.mgrid[0:360, 0:400]
    fog = 200 + 3 * np.sin(rows / 60) + 2 * np.sin(columns / 90)
    return {
        "robin.jpg": _bytes(robin, "WEBP", quality=80, method=6),
        "robin.txt": b"a robin on a branch, <lora:x:1>, masterpiece, thick brush strokes\n",
        "tree.jpg": _bytes(vase.resize((800, 900), Image.Resampling.BICUBIC), "JPEG", quality=80),
        "fog.jpg": _bytes(Image.fromarray(np.stack([fog, fog + 2, fog + 6], -1).astype(np.uint8)), "JPEG",
                          quality=85, icc_profile=b"this is no colour profile"),
        "poster.png": _huge_png(12000, 9000),
    }  # fmt: skip


def _damaged() -> dict[str, bytes]:
    """What interrupted copies and downloads leave behind."""
    horse = _picture(living.horse, (400, 320), 9)
    jpeg = _bytes(horse, "JPEG", quality=84)
    png = _bytes(horse.crop((40, 20, 240, 180)).quantize(32, dither=Image.Dither.NONE).convert("RGB"), "PNG")
    return {
        "horse_truncated.jpg": jpeg[: len(jpeg) * 2 // 3],
        "horse_no_end.png": png[:-12],
        "empty.jpg": b"",
        "download.jpg": b"<!DOCTYPE html>\n<html><body><p>Please sign in to see this picture.</p></body></html>\n",
        "castle.png": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1048576\n",
    }


def _no_pictures() -> dict[str, bytes]:
    """Files that only lie there: notes, a painting program's own file, words whose picture is gone."""
    return {
        "notes.md": b"# To do\n\n- paint more boats\n- scan the old sketchbook\n",
        "layers.psd": b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 32, 32, 8, 3) + bytes(14) + bytes(32 * 32 * 3),
        "garden.txt": b"a garden in June, roses, thick brush strokes\n",
    }


def _huge_png(width: int, height: int) -> bytes:
    """A white one-bit PNG: a few kilobytes of file, more than a hundred megapixels of picture."""
    packer = zlib.compressobj(9)
    row = b"\0" + b"\xff" * (width // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _display_p3() -> bytes:
    """A minimal ICC profile (ICC.1:2010, matrix and gamma) with the primaries of phones, adapted to D50."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    text = b"Display P3\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text" + bytes(4) + b"public domain\0",
        b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1.0, 0.8249),
        b"rXYZ": b"XYZ " + bytes(4) + fixed(0.51512, 0.24120, -0.00105),
        b"gXYZ": b"XYZ " + bytes(4) + fixed(0.29198, 0.69225, 0.04189),
        b"bXYZ": b"XYZ " + bytes(4) + fixed(0.15710, 0.06657, 0.78407),
    }
    for curve in (b"rTRC", b"gTRC", b"bTRC"):
        tags[curve] = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256))
    at, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = at + len(body)
    date = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    head = struct.pack(">I4x4s4s4s4s", size, b"\x02\x10\0\0", b"mntr", b"RGB ", b"XYZ ") + date + b"acsp"
    head = head.ljust(68, b"\0") + fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
