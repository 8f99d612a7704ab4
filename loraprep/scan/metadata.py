"""Words that already lie beside a picture or in it. They are data: one line, no control characters, bounded.

In this order, which `ORDER` tells people: caption files of the picture's own name (.txt, .caption, .tags, .json, .xmp),
those of a folder captions/ beside images/ (`walk.WORDS`: the project's own last), lists of many pictures
(metadata.jsonl, .csv, kohya's JSON); then what is inside the picture: a generator's prompt (`generators`), XMP
dc:description, title and subject, IPTC 2:120, 2:05 and 2:25, EXIF ImageDescription, XPTitle, XPSubject, XPKeywords,
XPComment and UserComment.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from PIL import Image, ImageFile, IptcImagePlugin

from loraprep.core import files
from loraprep.core.escape import one_line
from loraprep.core.findings import Code
from loraprep.imaging import formats
from loraprep.scan import entries, generators

LONGEST = 4000  # characters kept of one text
_READ = generators.READ
_LARGEST = 1_000_000  # bytes of a sidecar or of XMP that are read; a list of a whole set may be larger
_LARGEST_LIST = 50_000_000

Words = list[tuple[str, str]]


def clean(text: str) -> str:
    """Make one line of printable characters; lines that look like a list are joined by commas.

    Lines that are captions of the same, each of them, are joined by ||: caption hygiene asks which one is meant.
    """
    lines = [one_line(line) for line in text[:_READ].splitlines() if line]
    lines = [line for line in lines if line]
    if _alternatives(lines):
        return " || ".join(lines)[:LONGEST].strip()
    listed = len(lines) > 1 and all(len(line) <= 40 and line[-1] not in ".,;:!?" for line in lines)
    return (", " if listed else " ").join(lines)[:LONGEST].strip()


_LEAST = 4  # words of a line that could be a caption: tags have fewer
_ALIKE = 0.5  # of the words of two lines; lines of one wrapped sentence share a word or two


def _alternatives(lines: list[str]) -> bool:
    """Say whether each line says what the one before it says: kohya's `enable_wildcard` picks one of such at random."""
    words = [line.casefold().split() for line in lines]
    if len(lines) < 2 or any(len(w) < _LEAST for w in words):
        return False
    return all(a[:2] == b[:2] or len(set(a) & set(b)) >= _ALIKE * len(set(a) | set(b)) for a, b in pairwise(words))


def decode(data: bytes) -> str:
    """Decode the text of a sidecar: UTF-8 or UTF-16 with or without a mark, else Windows-1252."""
    if data[:2] in _UTF16:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def sidecar(path: Path, name: str) -> Words:
    """Read the words of one caption file; [] if it is empty, too large or unreadable."""
    try:
        if files.stat(path).st_size > _LARGEST:
            return []
        data = files.read(path)
    except OSError:
        return []
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".xmp":
        return [(f"sidecar:{name}", text) for text in _xmp_file(data)]
    text = decode(data)
    if suffix == ".json":
        entry = generators.parsed(text)
        return [(f"sidecar:{name}", t) for t in _entry(entry)] if isinstance(entry, dict) else []
    tags = entries.hydrus(text[:_READ].splitlines())
    text = clean("\n".join(tags)) if tags is not None else clean(entries.spaced(text[:_READ]))
    return [(f"sidecar:{name}", text)] if text else []


def origin(path: Path, name: str) -> str:
    """Say where the picture beside a JSON file was taken from; "" if the file does not say."""
    try:
        if PurePosixPath(name).suffix.lower() != ".json" or files.stat(path).st_size > _LARGEST:
            return ""
        entry = generators.parsed(decode(files.read(path)))
    except OSError:
        return ""
    return one_line(entries.origin(entry)) if isinstance(entry, dict) else ""


_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"


def _xmp_file(data: bytes) -> list[str]:
    """Read description, title and subject of an XMP file, as darktable, digiKam and Lightroom write it beside."""
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        tree = ElementTree.fromstring(data)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return []
    found = []
    for key in ("description", "title", "subject"):
        texts = [item.text or "" for node in tree.iter(f"{_DC}{key}") for item in node.iter(f"{_RDF}li")]
        if text := clean(", ".join(t.strip() for t in texts if t.strip())):
            found.append(text)
    return found


def sidecar_note(path: Path, name: str) -> tuple[Code, str] | None:
    """Say why the words of a caption file are not used, or not as they stand; None if they are."""
    try:
        if (size := files.stat(path).st_size) > _LARGEST:
            most = _LARGEST_LIST if _list_name(name) else _LARGEST
            return (Code.CAPTION_FILE_UNUSED, f"{size / 1e6:.0f} MB is no caption") if size > most else None
        data = files.read(path)
    except OSError as error:
        return Code.CAPTION_FILE_UNUSED, f"it cannot be read ({(error.strerror or type(error).__name__).lower()})"
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".xmp" or suffix in _TABLES:  # a photo program's notes or any table: need not hold any words
        return None
    text = decode(data)
    if suffix == ".json":
        return None if generators.parsed(text) is not None else (Code.CAPTION_FILE_UNUSED, "it is no JSON")
    if not clean(text):
        return Code.CAPTION_FILE_UNUSED, "it is empty" if not data else "no words are in it"
    signs = "".join(c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\r\t")
    odd = {
        "it is UTF-16": data[:2] in _UTF16,
        "it is not UTF-8": data[:2] not in _UTF16 and not _is_utf8(data),
        "control characters were taken out": bool(signs),
        f"only its first {LONGEST} characters are used": len(" ".join(text.split())) > LONGEST,
    }
    return (Code.CAPTION_FILE_CLEANED, ", ".join(what for what, so in odd.items() if so)) if any(odd.values()) else None


_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def _list_name(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in _TABLES or path.name.lower().startswith(("meta_", "metadata", "captions."))


_TABLES = (".jsonl", ".csv", ".tsv")


def listing(path: Path, name: str) -> dict[str, Words]:
    """Read a list of many pictures: the picture's path or stem as written there -> words; else {}.

    kohya's metadata JSON, diffusion-pipe's captions.json, Hugging Face's metadata.jsonl and .csv, tables like it, and
    text with a picture's name and its words in each line, as Flickr8k has it.
    """
    try:
        if files.stat(path).st_size > _LARGEST_LIST:
            return {}
        text = decode(files.read(path))
    except OSError:
        return {}
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".txt" or suffix in _TABLES:
        said = (rows(text, name) if suffix in _TABLES else {}) or _lines(text)
    else:
        data = _json(text)
        if not isinstance(data, dict) or not all(isinstance(v, dict | list | str) for v in data.values()):
            return {}
        said = {str(key): _entry(v) if isinstance(v, dict) else _entry({"caption": v}) for key, v in data.items()}
    return {key: [(f"sidecar:{name}", t) for t in texts] for key, texts in said.items() if texts}


class PairRow(NamedTuple):
    """What a row of a list says of a pair: the pictures before the change as they are named there, and the words."""

    controls: tuple[str, ...]
    words: Words


def pair_rows(path: Path, name: str) -> dict[str, PairRow]:
    """Read the pairs that a list names: the target as written there -> the rest; {} if it is no such list."""
    try:
        if PurePosixPath(name).suffix.lower() not in _TABLES or files.stat(path).st_size > _LARGEST_LIST:
            return {}
        found: dict[str, PairRow] = {}
        for row in _rows(decode(files.read(path)), PurePosixPath(name).suffix.lower()):
            target, controls = entries.target(row), entries.controls(row)
            if target and controls:
                said = entries.instructions(row)
                found.setdefault(target, PairRow(controls, [(f"sidecar:{name}", t) for s in said if (t := clean(s))]))
    except (OSError, csv.Error):
        return {}
    return found


def rows(text: str, name: str) -> dict[str, list[str]]:
    """Read the rows of JSONL or of a table with a head: file as written there -> its texts; {} if it is no list."""
    found: dict[str, list[str]] = {}
    try:
        for row in _rows(text, PurePosixPath(name).suffix.lower()):
            named = next((v for key in entries.FILES if isinstance(v := row.get(key), str) and v), "")
            if named and (texts := _entry({k: v for k, v in row.items() if v != named})):
                found.setdefault(named.replace("\\", "/").removeprefix("./"), texts)
    except csv.Error:
        return {}
    return found


def _rows(text: str, suffix: str) -> Iterator[dict[str, object]]:
    if suffix == ".jsonl":
        for line in text.splitlines():
            row = generators.parsed(line) if line.lstrip()[:1] == "{" else None
            if isinstance(row, dict):
                yield {str(key).lower(): value for key, value in row.items()}
        return
    head = text[: text.find("\n")] if "\n" in text else text
    mark = "\t" if suffix == ".tsv" or "\t" in head else ";" if head.count(";") > head.count(",") else ","
    for row in csv.DictReader(io.StringIO(text.replace("\0", "")), delimiter=mark):
        yield {key.strip().lower(): value for key, value in row.items() if isinstance(key, str)}


_PICTURE = re.compile(rf"\.(?:{'|'.join(sorted(e[1:] for e in formats.EXTENSIONS))})(?![^\W_])", re.IGNORECASE)
# what parts a picture's name from its words: a sign, no mere blank, as in "a.jpg is too dark". Flickr8k counts its
# captions of one picture: "a.jpg#0"
_BETWEEN = re.compile(r"""["']?(?:#\d{1,3}+)?(?: ?[|,;:\t]| ?=>?| ?->|  ) *+""")
_MOST = 0.5  # share of the lines that name a picture: a list of one may have a head; in other texts hardly one does


def _lines(text: str) -> dict[str, list[str]]:
    """Read lines that begin with a picture's name: the name -> its words; {} if most lines do not."""
    found: dict[str, list[str]] = {}
    lines = [line for line in text.splitlines() if line.strip()]
    named = 0
    for line in lines:
        if not (end := _PICTURE.search(line)) or not (sign := _BETWEEN.match(line, end.end())):
            continue
        named += 1
        name, said = line[: end.end()].strip(" \t\"'"), line[sign.end() :].strip()
        if len(said) > 1 and said[0] == said[-1] == '"':  # as tables quote what has a comma in it
            said = said[1:-1].replace('""', '"')
        if said := clean(said):
            found.setdefault(name.replace("\\", "/").removeprefix("./"), []).append(said)
    return found if named >= _MOST * len(lines) else {}


def _entry(entry: Mapping[str, object]) -> list[str]:
    return [text for said in entries.texts(entry) if (text := clean(said))]


def _json(text: str) -> object:
    try:
        parsed: object = json.loads(text)
        return parsed
    except (ValueError, RecursionError):
        return None


def embedded(picture: Image.Image) -> Words:
    """List (source, text) of everything inside `picture`, in order of trust, each text once."""
    found: Words = []
    for read in (_generated, _xmp, _iptc, _exif):
        try:
            found += read(picture)
        except Exception:  # metadata is optional: whatever is wrong with it, the picture stays usable
            continue
    seen: set[str] = set()
    result = []
    for source, text in found:
        if made := generators.read({"Description": text}):  # as sites copy it into XMP and IPTC
            text = made.prompt
        text = clean(text)
        if text and text not in seen:
            seen.add(text)
            result.append((source, text))
    return result


def _generated(picture: Image.Image) -> Words:
    """Read what a generator wrote into a picture, and a PNG's own texts."""
    texts = _texts(picture)
    made = generators.read(texts)
    found: Words = [(_source(made.source), made.prompt)] if made and made.prompt else []
    for key in ("Title", "Description", "Comment"):
        text = texts.get(key, "")
        if text and not (made and key in ("Description", "Comment")) and not text.lstrip().startswith("{"):
            found.append((f"png:{key.lower()}", text))
    return [(source, text) for source, text in found if not says_nothing(text)]


def _source(key: str) -> str:
    return key if ":" in key else f"png:{key.lower()}"


def _texts(picture: Image.Image) -> dict[str, str]:
    """Collect the texts inside a picture in which a generator may have written, by the keys of generators.read."""
    texts = {key: value for key, value in picture.info.items() if isinstance(key, str) and isinstance(value, str)}
    exif = picture.getexif()
    for tag, name in ((0x010F, "make"), (0x0110, "model"), (0x010E, "description")):
        if isinstance(value := exif.get(tag), str):
            texts[f"exif:{name}"] = value
    if comment := _user_comment(exif.get_ifd(0x8769).get(0x9286)):
        texts["exif:user-comment"] = comment
    return texts


def generator(picture: Image.Image) -> str:
    """Name the generator that made a picture, by what it wrote into it; "" if nothing says so.

    IPTC's digital source type tells it of those that write no prompt (Firefly, DALL-E):
    cv.iptc.org/newscodes/digitalsourcetype.
    """
    try:
        if made := generators.read(_texts(picture)):
            return made.by
        packets = [picture.info[key] for key in ("xmp", "XML:com.adobe.xmp") if key in picture.info]
        for packet in packets:
            data = packet.encode("utf-8", "replace") if isinstance(packet, str) else packet
            if len(data) <= _LARGEST and b"rainedAlgorithmicMedia" in data:
                return "another generator"
    except Exception:  # metadata is optional: whatever is wrong with it, the picture stays usable
        return ""
    return ""


def _blocks(picture: Image.Image) -> list[dict[str, object]]:
    """Return the rdf:Description blocks of the picture's XMP."""
    packets = [picture.info[key] for key in ("xmp", "XML:com.adobe.xmp") if key in picture.info]
    if not packets or max(map(len, packets)) > _LARGEST:
        return []
    rdf: object = picture.getxmp().get("xmpmeta", {}).get("RDF", {})
    blocks = rdf.get("Description", []) if isinstance(rdf, dict) else []
    return [b for b in (blocks if isinstance(blocks, list) else [blocks]) if isinstance(b, dict)]


def _xmp(picture: Image.Image) -> Words:
    found: Words = []
    for block in _blocks(picture):
        for key in ("description", "title", "subject"):
            texts = [text for text in _leaves(block.get(key)) or [] if not says_nothing(text)]
            if texts:
                found.append((f"xmp:{key}", ", ".join(texts)))
    return found


def rating(picture: Image.Image) -> int:
    """Read the stars of xmp:Rating: 1..5, -1 rejected, 0 without any or when the XMP cannot be read."""
    try:
        values = [v for block in _blocks(picture) for v in (_leaves(block.get("Rating")) or [])]
        return max(-1, min(5, round(float(values[0])))) if values else 0
    except Exception:  # metadata is a optional: whatever is wrong with it, the picture stays usable
        return 0


def _leaves(value: object) -> list[str]:
    """List the texts of an rdf:Bag, Seq or Alt as Pillow's getxmp() has them."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [t for v in value for t in _leaves(v)]
    if isinstance(value, dict):
        return [t for k in ("Alt", "Bag", "Seq", "li", "text") if k in value for t in _leaves(value[k])]
    return []


def _iptc(picture: Image.Image) -> Words:
    if not isinstance(picture, ImageFile.ImageFile):
        return []
    data = IptcImagePlugin.getiptcinfo(picture)
    found: Words = []
    for number, name in ((120, "caption"), (5, "title"), (25, "keywords")):
        value = (data or {}).get((2, number), [])
        texts = [decode(v) for v in (value if isinstance(value, list) else [value]) if isinstance(v, bytes)]
        texts = [text for text in texts if not says_nothing(text)]
        if texts:
            found.append((f"iptc:{name}", ", ".join(texts)))
    return found


# what cameras and programs write there by themselves
# Lines of cameras (Huawei's phones write the code of a mode or model), of programs, and what stands for nothing
_MACHINE = re.compile(
    r"(?i)^(olympus digital camera|sony dsc|samsung camera pictures|dav|screenshot|untitled|exif_?\w*|dcim.*|ascii|"
    r"charset=\w+|file source.*|cof|r?hdr|sdr|rptr?|btf|edf|burst|[a-z]?oznor(?:wide)?|norhdr|fbt|mde|cuhdr|nor|vhdr|"
    r"minolta digital camera|kodak.*|digital (?:still )?camera|lead technologies.*|applemark|intel\(r\) jpeg.*|"
    r"lav[cf]\d.*|"
    r"(?:photoshop|paint\.net|gimp|paint shop pro|acdsee|irfanview|picasa|windows (?:live )?photo\w*)\b.{0,40}|"
    r"creator: gd-jpeg.*|file written by .*|software: .*|default|maker:0x.*|<[^<>]*>|"
    r"created (?:with|by) .*|optimi[sz]ed by .*|(?:made|generated|edited|processed|enhanced|uploaded|saved|exported) "
    r"(?:with|by|using) [^,]{1,60}|scanned (?:with|by|on|from|at) [^,]{1,60}|edited in [^,]{1,60}|"
    r"novelai generated image|ai[- ]generated(?: image)?|"
    r"null|none|nil|n/?a|undefined|image description|(?:description|title|comment)s?|no (?:description|title)|"
    r"(?:img|dsc|dscn|dscf|pxl|dji|p)_?\d{3,}\w*(?:\.jpe?g)?)$"
)
_MAKERS = frozenset({
    "canon", "nikon", "sony", "olympus", "panasonic", "fujifilm", "fuji", "leica", "pentax", "samsung", "kodak",
    "casio", "minolta", "konica", "ricoh", "sigma", "hasselblad", "apple", "huawei", "xiaomi", "oneplus", "google",
    "motorola", "lg", "htc", "nokia", "dji", "gopro", "epson", "hp", "vivo", "oppo", "realme", "medion", "benq",
    "jenoptik", "rollei", "praktica", "polaroid", "vivitar", "agfa", "aiptek", "traveler", "kyocera", "yashica",
})  # fmt: skip
_OF_MAKERS = frozenset({
    "corporation", "corp", "co", "ltd", "inc", "company", "digital", "camera", "cameras", "imaging", "electronics",
    "optical", "eos", "powershot", "coolpix", "lumix", "finepix", "cybershot", "cyber-shot", "iphone", "galaxy",
    "pixel", "pro", "plus", "max", "mini", "mark", "ii", "iii", "iv", "model", "picture", "pictures", "dsc",
})  # fmt: skip
# "Copyright 2019 Jane Doe" is about rights, "Copyright office in Washington" says what is shown: it names a place
_COPYRIGHT = (
    r"copyright\b(?:\W*(?:\(c\)|©|(?:19|20)\d\d\b|by\b|held\b|owned\b)|\s*:|"
    r"(?!.*\b(?:in|at|on|with|near|under|over|behind|beside|below|above|along|through)\b))"
)
_RIGHTS = re.compile(
    rf"(?i)^\W*(?:\(c\)|©|{_COPYRIGHT}|all rights reserved|licensed under\b|creative commons\b|courtesy of\b|"
    r"(?:photo(?:graph)?|picture|image)(?: credit)?s?(?: by\b|:))|all rights reserved\W*$"
)


def says_nothing(text: str, *made_by: object) -> bool:
    """Say whether a text is no caption: a camera's or a program's own line, or one about rights.

    `made_by`: make and model of the camera, if they are known. "Canon EOS 5D" is a camera, "Canon fires" is not.
    """
    bare = text[:_READ].strip("\0 \n\t")
    if not bare or any(isinstance(m, str) and bare.casefold() == m.strip("\0 ").casefold() for m in made_by):
        return True
    if _MACHINE.match(bare) or _RIGHTS.search(bare):
        return True
    words = re.split(r"[\s,./]+", bare.casefold())
    return words[0] in _MAKERS and all(
        w in _OF_MAKERS or w in _MAKERS or any(c.isdigit() for c in w) for w in words if w
    )


def _exif(picture: Image.Image) -> Words:
    exif = picture.getexif()
    values: dict[str, object] = {"description": exif.get(0x010E)}
    for tag, name in ((0x9C9B, "title"), (0x9C9F, "subject"), (0x9C9E, "keywords"), (0x9C9C, "comment")):
        raw = exif.get(tag)
        if isinstance(raw, tuple):
            raw = bytes(raw)
        text = raw.decode("utf-16-le", "replace").rstrip("\0") if isinstance(raw, bytes) else raw
        values[name] = text.replace(";", ", ") if isinstance(text, str) and name == "keywords" else text
    values["user-comment"] = _user_comment(exif.get_ifd(0x8769).get(0x9286))
    found: Words = []
    for name, value in values.items():
        text = decode(value) if isinstance(value, bytes) else value
        if not isinstance(text, str) or says_nothing(text, exif.get(0x010F), exif.get(0x0110)):
            continue
        if generators.read({f"exif:{name}": text}) is not None or text.lstrip().startswith(("prompt:{", "workflow:{")):
            continue  # read as a generator's
        found.append((f"exif:{name}", text))
    return found


def _user_comment(value: object) -> str:
    """Decode EXIF UserComment, whose eight-byte prefix names its character code."""
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    code, body = value[:8], value[8:]
    if code == b"UNICODE\0":
        # the byte order is the file's by the standard and big-endian in practice: believe the zeros
        little = body[1::2].count(0) > body[::2].count(0)
        return body.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
    if code in (b"ASCII\0\0\0", b"\0" * 8):
        return decode(body).rstrip("\0")
    return ""
