"""What a record beside pictures says, be it JSON, a line of JSONL or a row of a table: words, and where it came from.

Conventions read: kohya's metadata, Hugging Face's metadata.jsonl and .csv, gallery-dl and the booru sites' own JSON,
AnimaLoraToolkit's captions, hydrus' tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

# names of columns and keys under which the file stands, and its words, the first that is there
FILES = (
    "file_name", "filename", "file", "image_path", "image_file", "image", "img", "path", "file_path", "image_name",
    "filepath", "name",
)  # fmt: skip
_WORDS = (
    "caption", "text", "captions", "long_caption", "image_caption", "tags", "tag_string", "prompt", "positive_prompt",
    "description", "caption_short", "short_caption",
)  # fmt: skip
# the same of pairs. Sources: musubi-tuner (image_path, control_path, control_path_0 ..), Hugging Face's sets of edits
# (InstructPix2Pix: original_image, edit_prompt, edited_image), diffusers' training scripts (conditioning_image)
_TARGETS = ("target", "target_image", "edited_image", "after", *FILES)
_CONTROLS = (
    "control_path", "control", "control_image", "control_images", "conditioning_image", "original_image",
    "input_image", "source_image", "source", "before",
)  # fmt: skip
_ASKING = ("instruction", "edit_prompt", "edit", *_WORDS)
_SORTED = ("character", "copyright", "species", "general")  # booru tags that say what is shown; not artist, not meta
_ANIMA = ("quality", "count", "character", "series", "artist", "appearance", "tags", "environment")  # in its own order
# hydrus and e621: what such a tag begins with, if it does not say what is shown
_NAMESPACES = frozenset({
    "creator", "artist", "meta", "title", "page", "rating", "filename", "volume", "chapter", "source", "site",
    "pixiv id", "url", "booru", "uploader", "date", "hash", "lore",
})  # fmt: skip
_NAMED = frozenset({"character", "series", "copyright", "species", "person", "studio", "gender", "clothing", "medium"})
_MARKUP = frozenset("<>|{}")  # of chat templates and dynamic prompts
_APART = frozenset(",{}<>")  # beside commas a bar is part of a tag, in braces a choice, in < > of a template
_LONGEST = 200  # characters of an origin


def texts(entry: Mapping[str, object]) -> list[str]:
    """List the texts of a record, the most trusted first."""
    if anima := _anima(entry):
        return [anima]
    kinds = entry.get("tags")
    if isinstance(kinds, dict):  # e621
        entry = {**entry, **{f"tags_{kind}": said for kind, said in kinds.items()}}
    found = [_of_kinds(entry)] if entry.get("category") or "tag_string" in entry or "tags_general" in entry else []
    for key in _WORDS:
        found.append(_said(entry.get(key), tags=key.startswith("tag")))
    return [text for text in dict.fromkeys(found) if text]


def target(entry: Mapping[str, object]) -> str:
    """Return the picture after the change that a record names, "" if none."""
    return next((value for key in _TARGETS if isinstance(value := entry.get(key), str) and value), "")


def controls(entry: Mapping[str, object]) -> tuple[str, ...]:
    """List the pictures before the change that a record names, in their order."""
    numbered = sorted((int(key[13:]), key) for key in entry if key.startswith("control_path_") and key[13:].isdecimal())
    named = [entry[key] for _, key in numbered] or [next((v for key in _CONTROLS if (v := entry.get(key))), None)]
    every = named[0] if len(named) == 1 and isinstance(named[0], list) else named
    return tuple(value for value in every if isinstance(value, str) and value)


def instructions(entry: Mapping[str, object]) -> list[str]:
    """List what a record says is to be done, the most trusted first."""
    return [text for text in dict.fromkeys(_said(entry.get(key)) for key in _ASKING) if text]


def _said(value: object, *, tags: bool = False) -> str:
    if isinstance(value, list):
        return ", ".join(v for v in value if isinstance(v, str))
    if isinstance(value, str):
        return spaced(value) if tags else value
    return ""


def _of_kinds(entry: Mapping[str, object]) -> str:
    """Join the tags of the kinds that say what is shown, where a booru tells them apart; "" where it does not."""
    parts = [_said(entry.get(f"tag_string_{kind}") or entry.get(f"tags_{kind}"), tags=True) for kind in _SORTED]
    return ", ".join(filter(None, parts)) if parts[-1] else ""


def spaced(text: str) -> str:
    """Put commas between tags that a bar parts ("cat | red hat"), or only blanks, as Gelbooru: "1girl solo long_hair".

    The latter are told from a sentence by a tag of several words in them, and by no word at which a clause ends.
    """
    barred = [part.strip() for part in text.split("|")]
    if len(barred) > 1 and all(any(c.isalnum() for c in part) for part in barred) and not _APART & set(text):
        return ", ".join(barred)
    tags = text.split()
    booru = any("_" in tag.strip("_") and tag[0].isalnum() and not _MARKUP & set(tag) for tag in tags)
    clause = text.rstrip()[-1:] in ".!?" or any(tag[-1] in ".:;!?" and tag[:-1].isalpha() for tag in tags)
    if "," in text or len(tags) < 2 or not booru or clause:
        return text
    return ", ".join(tags)


def _anima(entry: Mapping[str, object]) -> str:
    """Join AnimaLoraToolkit's parts in its order, its sentence last; "" if it is another record."""
    made = entry.get("ai_output")
    inner = made if isinstance(made, dict) else {}
    if not isinstance(inner.get("nl", entry.get("nl")), str):
        return ""
    fixed, path = entry.get("fixed"), entry.get("from_path")
    levels = [each for each in (entry, fixed, path, inner) if isinstance(each, dict)]
    parts: list[str] = []
    for key in _ANIMA:
        for level in levels:
            value = level.get(key)
            if key == "character" and isinstance(value, dict):
                value = [value.get("name"), value.get("variant")]
            parts.append(_said([v for v in value if v] if isinstance(value, list) else value))
    tags = ", ".join(dict.fromkeys(part for part in parts if part))
    sentence = str(inner.get("nl", entry.get("nl"))).strip()
    return ". ".join(filter(None, (tags, sentence))) if sentence else tags


def hydrus(lines: list[str]) -> list[str] | None:
    """Take hydrus' tags, one a line, without those that do not say what is shown; None if these are no such tags.

    Source: hydrus' help, "exporting and sidecars": the namespace stands before a colon.
    """
    known = [line.partition(":")[0].strip().lower() for line in lines if ":" in line]
    if len(lines) < 2 or not any(name in _NAMESPACES | _NAMED for name in known):
        return None
    kept = []
    for line in lines:
        name, colon, rest = line.partition(":")
        if colon and name.strip().lower() in _NAMESPACES:
            continue
        kept.append(rest.strip() if colon and name.strip().lower() in _NAMED else line.strip())
    return [line for line in kept if line]


def origin(entry: Mapping[str, object]) -> str:
    """Say where a picture was taken from, as gallery-dl and the like note it: "danbooru 123", or an address.

    Of an address scheme, host and path alone: what follows may be a key to somebody's account.
    """
    site, number = entry.get("category"), entry.get("id")
    if isinstance(site, str) and isinstance(number, int | str) and number:
        return f"{site} {number}"[:_LONGEST]
    for key in ("post_url", "page_url", "source", "url", "file_url", "image_url"):
        if isinstance(value := entry.get(key), str) and value.startswith(("http://", "https://")):
            try:
                parts = urlsplit(value)
                return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:_LONGEST]
            except ValueError:
                continue
    return ""
