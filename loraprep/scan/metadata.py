"""Words that already lie beside a picture or in it. They are data: one line, no control characters, bounded.

Conventions read: caption sidecars (.txt, .caption, .tags, .json beside the picture), kohya's metadata JSON,
AUTOMATIC1111's `parameters`, ComfyUI's `prompt` and `workflow`, XMP dc:subject and dc:description, IPTC
2:05, 2:25 and 2:120, EXIF ImageDescription, XPTitle, XPKeywords, XPComment and UserComment.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from PIL import Image, ImageFile, IptcImagePlugin

from loraprep.core import files
from loraprep.core.findings import Code
from loraprep.core.text import replaced

LONGEST = 4000  # characters kept of one text
_READ = 20_000  # characters of one text that are looked at: a prompt with its settings has some thousands
_LARGEST = 1_000_000  # bytes of a sidecar that are read; a list of a whole set may be larger
_LARGEST_LIST = 50_000_000

Words = list[tuple[str, str]]


def clean(text: str) -> str:
    """Make one line of printable characters; lines that look like a list are joined by commas."""
    lines = [" ".join(_printable(line).split()) for line in text[:_READ].splitlines() if line]
    lines = [line for line in lines if line]
    listed = len(lines) > 1 and all(len(line) <= 40 and line[-1] not in ".,;:!?" for line in lines)
    return (", " if listed else " ").join(lines)[:LONGEST].strip()


def _printable(line: str) -> str:
    return replaced(line, lambda c: not c.isprintable())


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
        if path.stat().st_size > _LARGEST:
            return []
        text = decode(files.read(path))
    except OSError:
        return []
    if PurePosixPath(name).suffix.lower() == ".json":
        entry = _json(text)
        return [(f"sidecar:{name}", t) for t in _entry(entry)] if isinstance(entry, dict) else []
    text = clean(text)
    return [(f"sidecar:{name}", text)] if text else []


def sidecar_note(path: Path, name: str) -> tuple[Code, str] | None:
    """Say why the words of a caption file are not used, or not as they stand; None if they are."""
    try:
        if (size := path.stat().st_size) > _LARGEST:
            most = _LARGEST_LIST if _list_name(name) else _LARGEST
            return (Code.CAPTION_FILE_UNUSED, f"{size / 1e6:.0f} MB is no caption") if size > most else None
        data = files.read(path)
    except OSError as error:
        return Code.CAPTION_FILE_UNUSED, f"it cannot be read ({(error.strerror or type(error).__name__).lower()})"
    text = decode(data)
    if PurePosixPath(name).suffix.lower() == ".json":
        return None if _json(text) is not None else (Code.CAPTION_FILE_UNUSED, "it is no JSON")
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
    return PurePosixPath(name).name.lower().startswith(("meta_", "metadata"))


def listing(path: Path, name: str) -> dict[str, Words]:
    """Read kohya's metadata JSON: the picture's path or stem as written there -> words; else {}."""
    try:
        if path.stat().st_size > _LARGEST_LIST:
            return {}
        data = _json(decode(files.read(path)))
    except OSError:
        return {}
    if not isinstance(data, dict) or not all(isinstance(v, dict) for v in data.values()):
        return {}
    found = {str(key): [(f"sidecar:{name}", t) for t in _entry(value)] for key, value in data.items()}
    return {key: words for key, words in found.items() if words}


def _entry(entry: Mapping[str, object]) -> list[str]:
    texts = []
    for key in ("caption", "tags", "prompt", "description"):
        value = entry.get(key)
        if isinstance(value, list):
            value = ", ".join(str(v) for v in value if isinstance(v, str))
        if isinstance(value, str) and clean(value):
            texts.append(clean(value))
    return texts


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
        text = clean(text)
        if text and text not in seen:
            seen.add(text)
            result.append((source, text))
    return result


def _generated(picture: Image.Image) -> Words:
    """Read what a generator wrote into a PNG: the positive prompt only."""
    info = picture.info
    found: Words = []
    if isinstance(info.get("parameters"), str):
        found.append(("png:parameters", positive(info["parameters"])))
    for key in ("prompt", "workflow"):
        if isinstance(info.get(key), str):
            texts = comfy(_json(info[key]))
            if texts:
                found.append((f"png:{key}", ", ".join(texts)))
                break
    for key in ("Title", "Description", "Comment"):
        if isinstance(info.get(key), str) and not info[key].lstrip().startswith("{"):
            found.append((f"png:{key.lower()}", info[key]))
    return found


# Possessive, and with what may repeat told apart from what follows it: linear in what they are given.
_SETTINGS = re.compile(r"(?m)^[^\S\n]*+(?:Negative prompt:|Steps: \d)")
_NETWORK = re.compile(r"<(?:lora|lyco|hypernet):[^<>]*+>")
_WEIGHT = re.compile(r":\d++(?:\.\d++)?(?=\))")
_BRACKET = re.compile(r"(?<!\\)[()\[\]]")


def positive(parameters: str) -> str:
    """Take AUTOMATIC1111's text up to its negative prompt and settings, without weights and <lora:...>."""
    text = _SETTINGS.split(parameters[:_READ], maxsplit=1)[0]
    text = _NETWORK.sub("", text)
    text = _BRACKET.sub("", _WEIGHT.sub("", text))
    return text.strip(" ,\n").replace("\\(", "(").replace("\\)", ")")


def comfy(graph: object) -> list[str]:
    """List the texts that reach a sampler's `positive` input in a ComfyUI prompt or workflow; [] if unclear."""
    if not isinstance(graph, dict):
        return []
    if isinstance(graph.get("nodes"), list):
        graph = _as_prompt(graph)
    texts: list[str] = []
    for key in sorted(graph, key=str):
        link = _inputs(graph, key).get("positive")
        if isinstance(link, list) and link:
            _follow(graph, str(link[0]), texts, set())
    return list(dict.fromkeys(texts))


def _inputs(graph: Mapping[str, object], key: str) -> dict[str, object]:
    node = graph.get(key)
    inputs = node.get("inputs") if isinstance(node, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _follow(graph: Mapping[str, object], key: str, texts: list[str], seen: set[str]) -> None:
    if key in seen:
        return
    seen.add(key)
    for name, value in _inputs(graph, key).items():
        if name in ("text", "text_g", "text_l", "t5xxl", "clip_l", "string", "value") and isinstance(value, str):
            if value.strip():
                texts.append(value.strip())
        elif isinstance(value, list) and len(value) == 2 and name not in ("clip", "model", "vae", "negative"):
            _follow(graph, str(value[0]), texts, seen)


def _as_prompt(workflow: Mapping[str, object]) -> dict[str, object]:
    """Bring a workflow's nodes and links into the shape of a prompt; an encoder's first text widget is its text."""
    links, nodes = workflow.get("links"), workflow.get("nodes")
    listed = links if isinstance(links, list) else []
    origin = {k[0]: str(k[1]) for k in listed if isinstance(k, list) and len(k) >= 5}
    graph: dict[str, object] = {}
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict):
            continue
        inputs: dict[str, object] = {
            slot["name"]: [origin[slot["link"]], 0]
            for slot in node.get("inputs") or []
            if isinstance(slot, dict) and slot.get("link") in origin and "name" in slot
        }
        widgets = node.get("widgets_values")
        encoder = "TextEncode" in str(node.get("type"))
        if encoder and isinstance(widgets, list) and widgets and isinstance(widgets[0], str):
            inputs.setdefault("text", widgets[0])
        graph[str(node.get("id"))] = {"inputs": inputs}
    return graph


def _blocks(picture: Image.Image) -> list[dict[str, object]]:
    """Return the rdf:Description blocks of the picture's XMP."""
    if "xmp" not in picture.info and "XML:com.adobe.xmp" not in picture.info:
        return []
    rdf: object = picture.getxmp().get("xmpmeta", {}).get("RDF", {})
    blocks = rdf.get("Description", []) if isinstance(rdf, dict) else []
    return [b for b in (blocks if isinstance(blocks, list) else [blocks]) if isinstance(b, dict)]


def _xmp(picture: Image.Image) -> Words:
    found: Words = []
    for block in _blocks(picture):
        for key in ("description", "title", "subject"):
            texts = _leaves(block.get(key))
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
        if texts:
            found.append((f"iptc:{name}", ", ".join(texts)))
    return found


# what cameras and programs write there by themselves
_MACHINE = re.compile(
    r"(?i)^(olympus digital camera|sony dsc|samsung camera pictures|dav|screenshot|untitled|exif_?\w*|"
    r"created with .*|dcim.*|ascii|charset=\w+|file source.*|cof|hdr|minolta digital camera|kodak.*)$"
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
        if not isinstance(text, str) or _MACHINE.match(text.strip("\0 ")):
            continue
        if "Negative prompt:" in text or _SETTINGS.search(text[:_READ]):
            text = positive(text)
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
