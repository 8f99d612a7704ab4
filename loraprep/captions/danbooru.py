"""Danbooru tags: which element each names (resources/tags.yaml), and which ones a tagger's list knows."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TypedDict

from loraprep.captions import hygiene
from loraprep.core import files, resources, yamlfile
from loraprep.core.errors import UserError
from loraprep.project.settings import Tagger

GENERAL, CHARACTER = 0, 4  # categories of selected_tags.csv; 9 is the rating
LIST = "selected_tags.csv"
COPY = f"responses/{LIST}"
_NEAR = 0.75  # difflib's ratio from which another tag is proposed


def caption_term(tag: str) -> str:
    """Write a tag as captions have it: spaces for underscores except in kaomoji, no escaped brackets, lower case."""
    found = hygiene.terms(tag.replace("\\", "").replace(",", " "))
    return (found[0] if found else "").casefold()


@cache
def _rules() -> tuple[tuple[str, str, str, str], ...]:
    """Load (group, key, term, pattern) in the file's order; the term is "" where the tag keeps its own words."""
    data = yamlfile.load(resources.path("resources/tags.yaml"), "resources/tags.yaml").data
    found = []
    for group, keys in data.items():
        for key, listed in keys.items():
            for term, patterns in listed.items() if isinstance(listed, dict) else [("", listed)]:
                found += [(group, key, term, str(pattern)) for pattern in patterns]
    return tuple(found)


def counted_terms() -> list[tuple[str, str, str]]:
    """List (key, term, tag): the terms of closed lists, and the tags that mean them, the best first."""
    return [(key, term, pattern) for _, key, term, pattern in _rules() if term]


def listed_tags() -> tuple[str, ...]:
    """List the tags that resources/tags.yaml names, without patterns."""
    return tuple(dict.fromkeys(pattern for _, _, _, pattern in _rules() if "*" not in pattern))


@lru_cache(maxsize=1 << 13)  # the tags of a large set
def _hits(tag: str) -> tuple[tuple[str, str, str], ...]:
    """Return every (group, key, term) that the tag names, in the file's order; patterns count if it is not listed."""
    exact = [(g, k, term or tag) for g, k, term, pattern in _rules() if pattern == tag]
    found = exact or [
        (g, k, term or tag) for g, k, term, pattern in _rules() if "*" in pattern and fnmatchcase(tag, pattern)
    ]
    return tuple(dict.fromkeys(found))


def key_of(tag: str) -> str:
    """Return the element that a tag names: by the list, else by its last words; "" if neither knows."""
    key = next((key for _, key, _ in _hits(caption_term(tag)) if key not in ("subject_class", "place")), "")
    return key or hygiene.key_of(tag)


class SortedTags(TypedDict):
    """Tags in the form of schemas/elements.schema.json, as far as they say something."""

    content: dict[str, list[str]]
    style: dict[str, list[str]]
    tags: list[str]
    confidence: dict[str, str]


def sort_tags(tags: Sequence[str]) -> SortedTags:
    """Sort tags, the surest first, into content and style."""
    groups: dict[str, dict[str, list[str]]] = {"content": {}, "style": {}}
    for tag in tags:
        for group, key, term in _hits(tag) or _fallback(tag):
            terms = groups[group].setdefault(key, [])
            if term not in terms:
                terms.append(term)
    # a picture of a girl with a cat is one of a person: the list's order decides, not which tag is the surest
    order = [term for _, key, term, _ in _rules() if key == "subject_class"]
    groups["content"].get("subject_class", []).sort(key=order.index)
    cut = {g: {key: terms[:1] if key in _ONE else terms for key, terms in keys.items()} for g, keys in groups.items()}
    return {
        "content": cut["content"],
        "style": cut["style"],
        "tags": list(tags),
        "confidence": {"content": "medium", "style": "low"},
    }


_ONE = frozenset({"subject", "subject_class", "place", "framing", "medium", "temperature"})  # fields for one term


def _fallback(tag: str) -> list[tuple[str, str, str]]:
    if hygiene.is_count(tag):
        return []
    key = hygiene.key_of(tag) or "objects"
    return [("style" if key in hygiene.STYLE else "content", key, tag)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of selected_tags.csv; the lines come in the order of the model's outputs."""

    name: str  # as in captions
    category: int
    count: int


@dataclass(frozen=True)  # without slots, for what is counted once
class Vocabulary:
    """Every tag that a base model trained on Danbooru can know."""

    rows: tuple[Row, ...]

    def unknown(self, terms: Sequence[str], allowed: Sequence[str] = ()) -> list[str]:
        """List the terms that are no tags, in order; tags that ask for quality and those in `allowed` pass."""
        known = {row.name for row in self.rows} | {caption_term(a) for a in allowed}
        return [t for t in terms if caption_term(t) not in known and not hygiene.is_quality(t)]

    def nearest(self, term: str) -> str:
        """Return the tag that the term is meant for, as far as spelling tells, "" if none; of equals the commoner.

        Its other number first: "leaf" for "leaves". Else the one that is spelled most like it and keeps the words that
        tags have: "walking away" is not meant by "looking away", since "looking" is spelled as in other tags.
        """
        wanted = caption_term(term)
        if same := self._by_number.get(_singular(wanted)):
            return same
        known = self._words.intersection(wanted.split())
        close = [n for n in self._common if abs(len(n) - len(wanted)) <= 3 and known <= set(n.split())]
        return next(iter(difflib.get_close_matches(wanted, close, 1, _NEAR)), "")

    @cached_property
    def _common(self) -> list[str]:
        return [row.name for row in sorted(self.rows, key=lambda row: -row.count)]

    @cached_property
    def _words(self) -> set[str]:
        return {word for name in self._common for word in name.split()}

    @cached_property
    def _by_number(self) -> dict[str, str]:
        return {_singular(name): name for name in reversed(self._common)}


def _singular(tag: str) -> str:
    return " ".join(hygiene.singular(word) for word in tag.split())


def read_tags(path: Path) -> Vocabulary:
    """Read a tagger's selected_tags.csv. Raises UserError if it is none."""
    try:
        rows = tuple(_rows(path))
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else "it is not such a list"
        if isinstance(error, _Blank):
            why = f"line {error} is blank, and every line stands for one output of the model"
        hint = "It lies beside model.onnx and begins with: tag_id,name,category,count"
        raise UserError(f"the tagger's list of tags cannot be read: {why}", place=path.name, hint=hint) from None
    if not rows:
        raise UserError("the tagger's list of tags is empty", place=path.name)
    return Vocabulary(rows)


class _Blank(ValueError):
    """A line of a tagger's list that says nothing; the text is its number."""


def _rows(path: Path) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(files.read_text(path), newline=""), restval="")
    for line in reader:
        if not any((value or "").strip() for value in line.values() if not isinstance(value, list)):
            raise _Blank(reader.line_num)
        yield Row(caption_term(line["name"]), int(line["category"]), int(line.get("count") or 0))


def tagger_folder(root: Path, tagger: Tagger) -> Path | None:
    """Return the tagger's folder, None if project.yaml names none."""
    return root / Path(tagger.folder).expanduser() if tagger.folder else None


def vocabulary(root: Path, tagger: Tagger) -> Vocabulary | None:
    """Load the list that checks this project's tags; None if there is none.

    It is copied into responses/, so that a clone without the tagger says the same. Raises UserError if it is broken.
    """
    folder = tagger_folder(root, tagger)
    if folder is not None and (folder / LIST).is_file():
        read_tags(folder / LIST)
        files.write(root / COPY, files.read(folder / LIST))
    return read_tags(root / COPY) if folder is not None and (root / COPY).is_file() else None


def vocabulary_digest(root: Path, tagger: Tagger) -> str:
    """Return the digest of the file that `vocabulary` would read, "" if there is none."""
    folder = tagger_folder(root, tagger)
    lists = [folder / LIST, root / COPY] if folder is not None else []
    return next((files.sha256(path) for path in lists if path.is_file()), "")
