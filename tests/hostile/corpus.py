"""Damaged files, made by script: every format that is accepted, and everything else that comes from somebody else's hand.

A sound file is taken apart as its format does it (chunks, segments, boxes, entries, lines), and what is done to it is
drawn by lot: bytes flipped, cut, written over, repeated; parts removed, repeated, swapped, taken from another file;
lengths changed. The same seed and number give the same file on every machine with the same Pillow.

A reader that comes later is an entry of READERS, and sound files for it: nothing else has to know.
"""

import io
import itertools
import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageCms, features

from loraprep.captions import danbooru
from loraprep.captions.vision import reply
from loraprep.cli import check
from loraprep.core import dataset_lock
from loraprep.core.errors import UserError
from loraprep.imaging import formats
from loraprep.project import crops, decisions, project
from loraprep.scan import metadata
from loraprep.trainers import folder

MOST = 2_000_000  # bytes of one damaged file
Parts = Callable[[bytes], list[bytes]]


class Sound(NamedTuple):
    """A whole file. `parts`: how its format takes it apart; `wrapped` makes the file of what is damaged."""

    name: str
    suffix: str
    data: bytes
    parts: Parts
    wrapped: Callable[[bytes], bytes] = bytes


class Reader(NamedTuple):
    """What reads such files. `read` takes the file's path in a folder of its own and returns what became of it.

    Without `read` it is a picture, and goes through scan, detail and looks. `weight`: how many of a corpus are its own.
    """

    sound: Callable[[], Sequence[Sound]]
    read: Callable[[Path], str] | None = None
    weight: int = 1


# ---------------------------------------------------------------- how formats are taken apart


def _png(data: bytes) -> list[bytes]:
    parts, place = [data[:8]], 8
    while place + 12 <= len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        parts.append(data[place:end])
        place = end
    return parts


def _jpeg(data: bytes) -> list[bytes]:
    """Segments; the coded data by its restart and other marks, or else in pieces."""
    return [part for part in re.split(rb"(?=\xff[\xc0-\xfe])", data) if part]


def _riff(data: bytes) -> list[bytes]:
    parts, place = [data[:12]], 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + size + size % 2
        parts.append(data[place:end])
        place = end
    return parts


def _boxes(data: bytes) -> list[bytes]:
    """ISO 14496-12's boxes by their names, those inside of others too."""
    names = rb"ftyp|meta|hdlr|pitm|iloc|iinf|infe|iprp|ipco|ispe|pixi|av1C|colr|ipma|mdat|moov|trak|stbl|stsz|stco"
    cuts = [0, *(m.start() - 4 for m in re.finditer(names, data) if m.start() > 4), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(cuts)]


def _tiff(data: bytes) -> list[bytes]:
    """The entries of the first directory, and what is before and behind them."""
    order = "<" if data[:1] == b"I" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    count = struct.unpack_from(order + ("Q" if big else "H"), data, start)[0]
    first, size = start + (8 if big else 2), 20 if big else 12
    cuts = [0, 8, start, *range(first, min(len(data), first + size * count + 1), size), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(cuts)]


def _gif(data: bytes) -> list[bytes]:
    return [part for part in re.split(rb"(?=\x21[\xf9\xfe\xff\x01]|\x2c)", data) if part]


def _fields(data: bytes) -> list[bytes]:
    """Four bytes each, as far as a header goes."""
    return [*(data[n : n + 4] for n in range(0, 64, 4)), data[64:]]


def _words(data: bytes) -> list[bytes]:
    return [part for part in re.split(rb"(\s+|[,:{}\[\]\"'=<>/#|-])", data) if part]


# ---------------------------------------------------------------- sound files

_SIZE = (61, 43)
EXIF = Image.Exif()
EXIF.update({0x010E: "a mill", 0x0112: 6, 0x9C9E: "mill;pond".encode("utf-16-le") + b"\0\0"})
EXIF.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a mill".encode("utf-16-be")
EXIF.get_ifd(0x8825)[1] = "N"
XMP = (
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
    b"xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'>"
    b"<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>a mill</rdf:li></rdf:Alt></dc:description>"
    b"<dc:subject><rdf:Bag><rdf:li>mill</rdf:li><rdf:li>pond</rdf:li></rdf:Bag></dc:subject>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
IPTC = b"".join(b"\x1c\x02" + bytes([n]) + struct.pack(">H", 6) + b"a mill" for n in (5, 25, 25, 120))
COMFY = (
    b'{"3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},'
    b' "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a mill, pond"}}, "7": {"inputs": {"text": "blur"}}}'
)
SWARM = b'{"sui_image_params": {"prompt": "a mill <segment:face>", "model": "x"}, "sui_extra_data": {}}'
FLUX = (
    b'{"nodes": [{"id": 6, "type": "CLIPTextEncodeFlux", "widgets_values": ["a mill", "a mill", 3.5], "inputs": []},'
    b' {"id": 22, "type": "BasicGuider", "inputs": [{"name": "conditioning", "link": 4}]}], "links": [[4, 6, 0, 22, 1, "C"]]}'
)
MIDJOURNEY = b"a mill --ar 16:9 --v 6.1 Job ID: 12345678-1234-1234-1234-123456789abc"
A1111 = b"a (mill:1.2), pond <lora:x:0.8>\nNegative prompt: blur\nSteps: 20, Sampler: Euler, Size: 512x512"


@cache
def _picture(mode: str, seed: int = 1) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 4), np.uint8)
    return Image.fromarray(noise).resize(_SIZE, Image.Resampling.BICUBIC).convert(mode)


def _saved(form: str, mode: str = "RGB", frames: int = 1, **how: Any) -> bytes:
    stream = io.BytesIO()
    more = [_picture(mode, n).copy() for n in range(2, frames + 1)]
    _picture(mode).copy().save(stream, form, **({"save_all": True, "append_images": more} if more else {}), **how)
    return stream.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _in_png(made: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    whole = _saved("PNG")
    return lambda body: whole[:33] + made(body) + whole[33:]


def _segment(mark: int, head: bytes) -> Callable[[bytes], bytes]:
    whole = _saved("JPEG")

    def wrapped(body: bytes) -> bytes:
        body = head + body[: 65_533 - len(head)]
        return whole[:2] + bytes([0xFF, mark]) + struct.pack(">H", len(body) + 2) + body + whole[2:]

    return wrapped


def _photoshop(body: bytes) -> bytes:
    """IPTC in the place where Photoshop keeps it."""
    return _segment(0xED, b"Photoshop 3.0\0")(
        b"8BIM\x04\x04\0\0" + struct.pack(">I", len(body)) + body + b"\0" * (len(body) % 2)
    )


@cache
def pictures() -> list[Sound]:
    """A file or more of every suffix in formats.EXTENSIONS that can be written here, with all that it can hold."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    inside = {"exif": EXIF, "xmp": XMP, "icc_profile": profile}
    everything = _saved("PNG", exif=EXIF, icc_profile=profile)
    texts = chunk(b"tEXt", b"parameters\0" + A1111) + chunk(b"zTXt", b"prompt\0\0" + zlib.compress(COMFY))
    texts += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)
    found = [
        Sound("png", ".png", everything[:33] + texts + everything[33:], _png),
        Sound("grey png", ".png", _saved("PNG", "L"), _png),
        Sound("palette png", ".png", _saved("PNG", "P", transparency=3), _png),
        Sound("deep png", ".png", _saved("PNG", "I;16"), _png),
        Sound("clear png", ".png", _saved("PNG", "RGBA"), _png),
        Sound("animated png", ".apng", _saved("PNG", frames=3, duration=50), _png),
        Sound("jpeg", ".jpg", _saved("JPEG", comment="a mill", dpi=(72, 72), **inside), _jpeg),
        Sound("progressive jpeg", ".jpeg", _saved("JPEG", progressive=True), _jpeg),
        Sound("restarting jpeg", ".jfif", _saved("JPEG", restart_marker_rows=1), _jpeg),
        Sound("cmyk jpeg", ".jpe", _saved("JPEG", "CMYK"), _jpeg),
        Sound("two jpegs", ".mpo", _saved("MPO", frames=2), _jpeg),
        Sound("webp", ".webp", _saved("WEBP", "RGBA", **inside), _riff),
        Sound("lossless webp", ".webp", _saved("WEBP", lossless=True), _riff),
        Sound("animated webp", ".webp", _saved("WEBP", frames=3), _riff),
        Sound("bmp", ".bmp", _saved("BMP"), _fields),
        Sound("palette bmp", ".dib", _saved("BMP", "P"), _fields),
        Sound("tiff", ".tif", _saved("TIFF", exif=EXIF, icc_profile=profile), _tiff),
        Sound("packed tiff", ".tiff", _saved("TIFF", compression="tiff_lzw"), _tiff),
        Sound("jpeg in tiff", ".tif", _saved("TIFF", compression="jpeg"), _tiff),
        Sound("deep tiff", ".tif", _saved("TIFF", "I;16"), _tiff),
        Sound("float tiff", ".tif", _saved("TIFF", "F"), _tiff),
        Sound("big tiff", ".tif", _saved("TIFF", big_tiff=True), _tiff),
        Sound("paged tiff", ".tif", _saved("TIFF", frames=2), _tiff),
        Sound("gif", ".gif", _saved("GIF", "P"), _gif),
        Sound("animated gif", ".gif", _saved("GIF", frames=3, comment=b"a mill"), _gif),
    ]
    if features.check("avif"):
        found += [
            Sound("avif", ".avif", _saved("AVIF", **inside), _boxes),
            Sound("animated avif", ".avif", _saved("AVIF", frames=2), _boxes),
        ]
    try:
        import pillow_heif
    except ImportError:
        return found
    pillow_heif.register_heif_opener()
    heif = _saved("HEIF")
    return [*found, *(Sound("heic", suffix, heif, _boxes) for suffix in sorted(formats.HEIF_EXTENSIONS))]


@cache
def inside() -> list[Sound]:
    """What lies inside a sound picture, damaged before it is packed into it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = EXIF.tobytes()

    def packed(name: bytes, head: bytes) -> Callable[[bytes], bytes]:
        return _in_png(lambda body: chunk(name, head + zlib.compress(body)))

    def plain(name: bytes, head: bytes) -> Callable[[bytes], bytes]:
        return _in_png(lambda body: chunk(name, head + body))

    return [
        Sound("icc in png", ".png", profile, _fields, packed(b"iCCP", b"x\0\0")),
        Sound("icc in jpeg", ".jpg", profile, _fields, _segment(0xE2, b"ICC_PROFILE\0\x01\x01")),
        Sound("exif in png", ".png", exif[6:], _tiff, plain(b"eXIf", b"")),
        Sound("exif in jpeg", ".jpg", exif[6:], _tiff, _segment(0xE1, b"Exif\0\0")),
        Sound("xmp in png", ".png", XMP, _words, plain(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0")),
        Sound("xmp in jpeg", ".jpg", XMP, _words, _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0")),
        Sound("iptc in jpeg", ".jpg", IPTC, _fields, _photoshop),
        Sound("prompt in png", ".png", COMFY, _words, packed(b"zTXt", b"prompt\0\0")),
        Sound("parameters in png", ".png", A1111, _words, plain(b"tEXt", b"parameters\0")),
        Sound("SwarmUI in png", ".png", SWARM, _words, plain(b"tEXt", b"parameters\0")),
        Sound("Flux graph in png", ".png", FLUX, _words, plain(b"tEXt", b"workflow\0")),
        Sound("Midjourney in png", ".png", MIDJOURNEY, _words, plain(b"tEXt", b"Description\0")),
    ]


def _text(name: str, *texts: str) -> Callable[[], list[Sound]]:
    return lambda: [Sound(f"{name} {n}", Path(name).suffix, text.encode(), _words) for n, text in enumerate(texts)]


# ---------------------------------------------------------------- readers

_OK = "ok"


def _sidecar(path: Path) -> str:
    note = metadata.sidecar_note(path, path.name)
    words = metadata.sidecar(path, path.name)
    assert len(metadata.origin(path, path.name)) <= 200
    assert all(text.isprintable() and len(text) <= metadata.LONGEST for _, text in words), words
    return note[0].value if note else _OK


def _list(path: Path) -> str:
    return _OK if metadata.listing(path, path.name) else "nothing in it"


def _caption_of_a_folder(path: Path) -> str:
    (found,) = folder.read_folder(path.parent)
    return _OK if found.utf8 else "not UTF-8"


def _toml(path: Path) -> str:
    return _OK if check.kohya_configs(path.parent, ["10_mill"]).folders else "nothing in it"


def _refused(read: Callable[[Path], object]) -> Callable[[Path], str]:
    """What a person mends is refused with a sentence that names its file."""

    def reads(path: Path) -> str:
        try:
            read(path)
        except UserError as error:
            assert path.name in str(error), error  # noqa: PT017
            return "refused with its place"
        return _OK

    return reads


def _reply(path: Path) -> str:
    outcomes = []
    for mend in (False, True):
        try:
            reply.parse_reply(path.read_text("utf-8", "replace"), mend=mend)
            outcomes.append(_OK)
        except reply.Unreadable:
            outcomes.append("unreadable")
    return outcomes[-1]


def _project(path: Path) -> None:
    (path.parent / "images").mkdir(exist_ok=True)
    project.load(path.parent)


def _decisions(kind: str) -> Callable[[Path], object]:
    def read(path: Path) -> None:
        (path.parent / "decisions").mkdir(exist_ok=True)
        path.replace(path.parent / "decisions" / path.name)
        root = path.parent
        if kind == "gate":
            decisions.accepted_findings(root)
        elif kind == "crops":
            crops.read_crops(root, {"a.jpg": (100, 100)}, {"a.jpg": "0" * 64})
        else:
            decisions.read_decisions(root, kind)

    return read


_ANSWERS = """\
# Look first.
rest: null

pier.jpg:
  what: "smaller, recompressed copy"
  recommended: {recommended}
  {answer}
  digests: {{pier.jpg: 3fa19c0b77d2}}
"""
_CROPS = "a.jpg:\n  crop: [0.1, 0.1, 0.9, 0.9]\n  extra:\n  - {name: eye, box: [10, 10, 50, 50], caption: an eye}\n"
_PROJECT = """\
version: 1
name: mine   # a name
intent: {kind: style, description: 'loose: bright', fused: [x]}
model: sd15
trigger: brushy
images: {folder: images, include: ["**/*"]}
groups:
  a: {suffix: y, repeats: 2}
"""
_KOHYA = '[general]\ncaption_extension = ".txt"\n[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = "x/10_mill"\n'
_TAGS = 'tag_id,name,category,count\n1,1girl,0,500\n2,"rating:x",9,5\n3,long_hair,0,100\n'
_SEEN = '{"content": {"subject": ["a mill"], "setting": ["pond"]}, "content_sentence": "a mill", "tags": ["mill"]}'
_LOCK = (
    '{"images": {"10_x/a": {"path": "a.jpg", "image": "00", "caption": "01", "also": {"m/a.png": "02"}}}, "repeats": 2}'
)

_XMP_FILE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>mill</rdf:li></rdf:Bag></dc:subject>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
_GALLERY = '{"category": "danbooru", "id": 123, "tags": "1girl mill", "tag_string_general": "mill pond", "source": "https://a/b"}'
_ANIMA = '{"ai_output": {"count": "1girl", "tags": ["mill"], "nl": "A mill."}, "fixed": {"quality": "newest"}, "character": {"name": "x"}}'

READERS: dict[str, Reader] = {
    "picture": Reader(pictures, weight=30),
    "inside a picture": Reader(inside, weight=10),
    "words": Reader(_text("a.txt", "a mill, pond, dim light\n", "mill\npond\nhills\n"), _sidecar),
    "words, JSON": Reader(_text("a.json", '{"caption": "a mill", "tags": ["mill", "pond"], "rating": 3}'), _sidecar),
    "words, XMP": Reader(_text("a.xmp", _XMP_FILE), _sidecar),
    "words, a downloader's": Reader(_text("a.jpg.json", _GALLERY, _ANIMA), _sidecar),
    "words, hydrus": Reader(_text("a.jpg.txt", "character:mira\ncreator:wel\npond\n", "1girl solo long_hair"), _sidecar),
    "words of a set, JSONL": Reader(_text("metadata.jsonl", '{"file_name": "a.png", "text": "x"}\n{"image": "b", "prompt": "y"}\n'), _list),
    "words of a set, table": Reader(_text("metadata.csv", 'file_name,text\na.png,"a mill, pond"\nb.png,x\n'), _list),
    "words of a set": Reader(_text("meta_lat.json", '{"a/b": {"caption": "x"}, "c.png": {"tags": "mill, pond"}}'), _list),
    "captions of a folder": Reader(_text("a.caption", "a mill, pond\n\nhills\n"), _caption_of_a_folder),
    "kohya's settings": Reader(_text("dataset.toml", _KOHYA), _toml),
    "a tagger's list": Reader(_text("selected_tags.csv", _TAGS), _refused(danbooru.read_tags)),
    "a model's reply": Reader(_text("reply.json", _SEEN), _reply),
    "a lock": Reader(_text("a.lock.json", _LOCK), _refused(lambda p: dataset_lock.parse_lock(p.read_text("utf-8", "replace"), p.name))),
    "project.yaml": Reader(_text("project.yaml", _PROJECT), _refused(_project)),
    **{
        f"{kind}.yaml": Reader(_text(f"{kind}.yaml", text), _refused(_decisions(kind)))
        for kind, text in {
            "quality": _ANSWERS.format(recommended="keep", answer="do: remove"),
            "duplicates": _ANSWERS.format(recommended="[pier.jpg]", answer="keep: all"),
            "captions": _ANSWERS.format(recommended="approve", answer='caption: "[trigger], a mill"'),
            "crops": _CROPS,
            "gate": "grey: {accept: known, images: [a.jpg], reason: so}\n",
        }.items()
    },
}  # fmt: skip


# ---------------------------------------------------------------- damage

_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TIMES = (1, 2, 7, 40, 300)


def _place(lot: random.Random, data: bytes) -> int:
    """Anywhere, and as often as not in the first hundred bytes, where headers are."""
    return lot.randrange(min(len(data), 100) if lot.random() < 0.5 else len(data)) if data else 0


def _span(lot: random.Random, data: bytes) -> tuple[int, int]:
    start = _place(lot, data)
    return start, start + lot.choice((1, 2, 4, 16, 100, 1000, len(data)))


def _flipped(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(lot.choice((1, 1, 3, 20))):
        if changed:
            changed[_place(lot, data)] ^= 1 << lot.randrange(8)
    return bytes(changed)


def _cut(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    return data[: lot.randrange(len(data) + 1)]


def _without(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    start, end = _span(lot, data)
    return data[:start] + data[end:]


def _twice(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    start, end = _span(lot, data)
    return data[:start] + data[start:end] * lot.choice(_TIMES) + data[start:]


def _overwritten(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    start, end = _span(lot, data)
    size = min(end, len(data)) - start
    return data[:start] + lot.choice((b"\0" * size, b"\xff" * size, lot.randbytes(size))) + data[start + size :]


def _number(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    """Another length, count, size or offset: they stand in 2, 4 or 8 bytes."""
    start, size = _place(lot, data), lot.choice((1, 2, 2, 4, 4, 4, 8))
    value = (lot.choice(_NUMBERS) + lot.choice((0, 0, 0, -1, 1))) % 256**size
    return data[:start] + value.to_bytes(size, lot.choice(("big", "little"))) + data[start + size :]


def _digits(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    """What a text may hold instead of one of its words."""
    parts = sound.parts(data)
    if parts:
        parts[lot.randrange(len(parts))] = lot.choice(
            (b"null", b"true", b"1e999", b"-1", b"9" * 5000, b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\t", b"&a", b"*a", b"!!python/name:os",
             b"[" * 3000, b"{", b'"', b"'", b"\\ud800", "\u2028".encode(), b"\r", b"---\n", b"a: " * 500, b"<<: ", b"<!ENTITY x 'y'>")
        )  # fmt: skip
    return b"".join(parts)


def _part(change: Callable[[random.Random, list[bytes], int], list[bytes]]) -> Callable[..., bytes]:
    def damage(lot: random.Random, sound: Sound, data: bytes) -> bytes:
        try:
            parts = sound.parts(data)
        except (struct.error, IndexError):  # damaged already
            return data
        return b"".join(change(lot, parts, lot.randrange(len(parts)))) if parts else data

    return damage


def _other(lot: random.Random, sound: Sound, data: bytes) -> bytes:
    """The beginning of this file and the end of another one."""
    other = lot.choice(_kin(sound)).data
    return data[: _place(lot, data)] + other[_place(lot, other) :]


@cache
def _kin(sound: Sound) -> list[Sound]:
    return [s for reader in READERS.values() for s in reader.sound() if s.parts is sound.parts]


_DAMAGE: tuple[Callable[[random.Random, Sound, bytes], bytes], ...] = (
    _flipped,
    _cut,
    _without,
    _twice,
    _overwritten,
    _number,
    _number,
    _other,
    _part(lambda lot, parts, n: parts[:n] + parts[n + 1 :]),
    _part(lambda lot, parts, n: parts[:n] + [parts[n]] * lot.choice(_TIMES) + parts[n:]),
    _part(lambda lot, parts, n: [*parts[:n], lot.choice(parts), *parts[n + 1 :]]),
    _part(lambda lot, parts, n: lot.sample(parts, len(parts))),
    # a number at the beginning of a part is often its length
    _part(
        lambda lot, parts, n: [*parts[:n], _number(lot, pictures()[0], parts[n][:8]) + parts[n][8:], *parts[n + 1 :]]
    ),
)


def _checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the sums that belong to them: what is damaged is read."""
    parts = _png(data)
    return b"".join(
        [parts[0], *(p[:-4] + struct.pack(">I", zlib.crc32(p[4:-4])) if len(p) >= 12 else p for p in parts[1:])]
    )


class Damaged(NamedTuple):
    reader: str
    sound: Sound
    data: bytes


def damaged(seed: int, number: int, only: str = "") -> Damaged:
    """The file of that number."""
    lot = random.Random(f"{seed} {number}")
    names = [only] if only else list(READERS)
    reader = lot.choices(names, [READERS[name].weight for name in names])[0]
    sound = lot.choice(READERS[reader].sound())
    data = sound.data
    kinds = (*_DAMAGE, *[_digits] * 8) if sound.parts is _words else _DAMAGE
    for _ in range(lot.choice((1, 1, 2, 3))):
        data = lot.choice(kinds)(lot, sound, data)[:MOST]
    if sound.parts is _png and lot.random() < 0.7:
        data = _checksums(data)
    return Damaged(reader, sound, sound.wrapped(data))


def files(count: int, seed: int, only: str = "") -> Iterator[tuple[int, Damaged]]:
    """Number and file of `count` of them."""
    for number in range(count):
        yield number, damaged(seed, number, only)
