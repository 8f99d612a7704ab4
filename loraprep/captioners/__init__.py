"""Who describes the pictures: one file a captioner, found by its name.

A captioner is a module with `describe(image, context) -> Elements`, `SAMPLES` (its captions are shown as samples
first) and `NEEDS_APPROVAL` (it costs something, and waits until the samples are answered). A new one is one new
file here.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

from loraprep import wording
from loraprep.errors import UNUSABLE, UserError
from loraprep.model import Elements, Image


@dataclass(frozen=True, slots=True)
class Context:
    """What a captioner may know besides the picture. `common`: name words that over half the pictures share."""

    trigger: str
    common: frozenset[str] = field(default_factory=frozenset)
    config: Mapping[str, Any] = field(default_factory=dict)


class Captioner(Protocol):
    """The shape of a captioner's module."""

    SAMPLES: bool
    NEEDS_APPROVAL: bool

    def describe(self, image: Image, context: Context, /) -> Elements: ...


def names() -> list[str]:
    """Every captioner there is, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def get(name: str) -> Captioner:
    """The captioner of that name. Raises UserError (exit code 3) if there is none."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        guess = f'Did you mean "{near[0]}"? ' if near else ""
        raise UserError(
            f'there is no captioner "{name}"',
            place="project.yaml",
            hint=f"{guess}captioning.captioner can be {', '.join(known)}",
            exit_code=UNUSABLE,
        )
    return cast(Captioner, importlib.import_module(f"{__name__}.{name}"))


def asks_samples(captioning: Mapping[str, Any]) -> bool:
    """Does the project's captioner show samples before the batch?"""
    return get(captioning["captioner"]).SAMPLES


def describe(
    images: Sequence[Image],
    everyone: Sequence[Image],
    config: Mapping[str, Any],
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Elements]:
    """path -> elements of each of `images`; `everyone` is the whole set, for what its names have in common."""
    captioner = get(config["captioning"]["captioner"])
    context = Context(config["trigger"], common_words([i.path for i in everyone]), config)
    result = {}
    for number, image in enumerate(images):
        if progress:
            progress(number, len(images))
        result[image.path] = captioner.describe(image, context)
    return result


def common_words(paths: Sequence[str]) -> frozenset[str]:
    """The name words that over half the names share: they tell no picture from another."""
    counts = Counter(word for path in paths for part in name_terms(path) for word in set(part.split()))
    return frozenset(word for word, n in counts.items() if n * 2 > len(paths) > 1)


_PIECE = re.compile(r"[^\s_\-.,;+()\[\]{}&#@!'=~]+")
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{4,}|[0-9a-f]{8,}", re.IGNORECASE)


def name_terms(path: str) -> list[str]:
    """What a file's name and then its folders say, one lower-case term each, e.g. "mill pond".

    Left out: numbers, sizes, hashes, codes, single letters, and what cameras and programs write by themselves
    (IMG_1234, DSC, final, copy; resources/words.json `machine_names`).
    """
    parts = PurePosixPath(unicodedata.normalize("NFC", path)).parts
    found = []
    for part in [PurePosixPath(parts[-1]).stem, *reversed(parts[:-1])]:
        words = [word for piece in _PIECE.findall(part) for word in _piece(piece)]
        while words and words[-1] in wording.lists()["stopwords"]:
            words.pop()
        if any(word not in wording.lists()["stopwords"] for word in words):
            found.append(" ".join(words))
    return list(dict.fromkeys(found))


def _piece(piece: str) -> list[str]:
    """The words of one run without separators: "MillPond2" -> ["mill", "pond"]; [] for a code."""
    if _HEX.fullmatch(piece):
        return []
    runs = re.findall(r"\d+|[^\d]+", piece)
    letters = [run for run in runs if not run[0].isdigit()]
    if len(letters) > 1 or (len(runs) > 1 and len(letters[0]) < 3):  # 3fa19c, a7Xq2, v2, 10th, 1024x768
        return []
    words = []
    for run in letters:
        if run.lower() in wording.lists()["machine_names"]:  # WhatsApp, ComfyUI: before camel case is split
            continue
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run).split()
        if sum(len(word) < 3 for word in split) * 2 > len(split) > 1:  # aXbQz: a code, not words
            return []
        words += [word.lower() for word in split]
    return [w for w in words if _says_something(w)]


def _says_something(word: str) -> bool:
    if word in wording.lists()["machine_names"]:
        return False
    if not any(c.isalpha() for c in word):
        return False
    if word.isascii():  # "a" and "of" stay inside a name; single letters and "dscq" are no words
        stop = word in wording.lists()["stopwords"]
        return stop or (len(word) > 1 and bool(re.search(r"[aeiouy]", word)))
    return True
