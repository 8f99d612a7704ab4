"""What is known of file formats without opening any: names, first bytes, and what to do with what is not read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HEIF_EXTENSIONS = frozenset({".heic", ".heif", ".hif"})
EXTENSIONS = HEIF_EXTENSIONS | frozenset(
    _names(".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .bmp .dib .tif .tiff .gif .avif")
)
CLIPS = frozenset(_names(".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .wmv .flv"))
_AS_PNG = "save it as PNG or JPEG from the program that made it"
_DEVELOP = "develop it in your photo program and export a JPEG or TIFF"
UNSUPPORTED: dict[str, str] = {
    **dict.fromkeys(
        _names(
            ".3fr .arw .cr2 .cr3 .crw .dng .erf .iiq .kdc .mef .mos .nef .nrw .orf .pef .raf .raw .rw2 "
            ".rwl .sr2 .srf .srw .x3f"
        ),
        f"a camera's raw file; {_DEVELOP}",
    ),
    **dict.fromkeys(
        _names(".psd .psb .xcf .kra .clip .ora .procreate .afphoto .sai .sai2 .mdp .csp .pdn"),
        "a painting program's own file; export a flat PNG",
    ),
    **dict.fromkeys(
        _names(".svg .svgz .ai .eps .pdf .afdesign .cdr"),
        "a drawing without pixels of its own; export a PNG at the size you want",
    ),
    **dict.fromkeys(
        _names(".jp2 .j2k .jxl .jxr .tga .exr .hdr .pcx .dds .qoi .ppm .pgm .pbm .ico"),
        f"not a format that is read here; {_AS_PNG}",
    ),
    **dict.fromkeys(CLIPS, "called a film, and it does not begin as one; save the frames you like as pictures"),
}
ANNEX = "only git-annex's placeholder is here; run git annex get ."
DVC = "only DVC's placeholder is here; run dvc pull"
LFS = "only Git LFS's placeholder is here; run git lfs pull"
HEIF_HINT = "a HEIC picture; run pip install 'loraprep[heic]', or export it as JPEG"
SIDECARS = (".txt", ".caption", ".tags", ".json", ".xmp")  # words beside a picture, in order of trust
TABLES = (".jsonl", ".csv", ".tsv")  # lists of many pictures and their words


def pointer(head: bytes) -> str:
    """Say whose placeholder this is for a file that is elsewhere, and how to get it; "" for none.

    Sources: git-lfs/docs/spec.md; git-annex.branchable.com/internals/pointer_file.
    """
    if head.startswith(b"version https://git-lfs"):
        return LFS
    return ANNEX if head.replace(b"\\", b"/").startswith(b"/annex/objects/") else ""


_CHUNK = struct.Struct(">I4s")  # how a chunk begins: its length and its name


def png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start, end) of each whole-looking chunk of a PNG; the last may end behind the file.

    Source: PNG specification, 5.3. Nothing is checked: a file of millions of them is walked in seconds.
    """
    place, last = 8, len(data) - 12
    while place <= last:
        length, name = _CHUNK.unpack_from(data, place)
        end = place + 12 + length
        yield name, place, end
        place = end


def annexed(link: tuple[str, ...]) -> bool:
    """Say whether a link that leads nowhere, given as the parts of its target, is one of git-annex's."""
    return ".git" in link and "annex" in link


def sniff(head: bytes) -> str:
    """The format that the first 32 bytes announce, "" if none that is known here."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:2] == b"BM":
        return "BMP"
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"avif", b"avis"):
            return "AVIF"
        if head[8:12] in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"):
            return "AVIF" if b"avif" in head[12:] else "HEIF"
    return ""


def jpeg_quality(tables: dict[int, list[int]]) -> int:
    """The IJG quality, 1..100, whose luma table is nearest (tables: T.81 Annex K; scaling: jcparam.c)."""
    if not tables:
        return 0
    return _nearest_quality(sum(tables[min(tables)]))


@cache
def _nearest_quality(total: int) -> int:
    return min(range(1, 101), key=lambda q: (abs(_ijg_sums()[q] - total), -q))


@cache
def _ijg_sums() -> dict[int, int]:
    sums = {}
    for quality in range(1, 101):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        sums[quality] = sum(min(255, max(1, (v * scale + 50) // 100)) for v in _ANNEX_K)
    return sums


_ANNEX_K = (
    *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
)
