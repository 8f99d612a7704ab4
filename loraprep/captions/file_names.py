"""What the names of files and folders say about the pictures in them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from loraprep.captions import hygiene

_PIECE = re.compile(r"[^\s_\-.,;+()\[\]{}&#@!'=~]+")
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{4,}|[0-9a-f]{8,}", re.IGNORECASE)


def common_words(paths: Sequence[str]) -> frozenset[str]:
    """Return the words that over half of the names share: they tell no picture from another."""
    counts = Counter(word for path in paths for part in name_terms(path) for word in set(part.split()))
    return frozenset(word for word, n in counts.items() if n * 2 > len(paths) > 1)


def name_terms(path: str) -> list[str]:
    """List what a file's name and then its folders say, one lower-case term each, e.g. "mill pond".

    Left out: numbers, sizes, hashes, codes, single letters, and what cameras and programs write by themselves
    (IMG_1234, DSC, final, copy; resources/words.json `machine_names`).
    """
    parts = PurePosixPath(unicodedata.normalize("NFC", path)).parts
    stopwords = hygiene.lists().stopwords
    found = []
    for part in [PurePosixPath(parts[-1]).stem, *reversed(parts[:-1])]:
        words = [word for piece in _PIECE.findall(part) for word in _words(piece)]
        while words and words[-1] in stopwords:
            words.pop()
        if any(word not in stopwords for word in words):
            found.append(" ".join(words))
    return list(dict.fromkeys(found))


def _words(piece: str) -> list[str]:
    """Split a run without separators into words: "MillPond2" -> ["mill", "pond"]; [] for a code."""
    if _HEX.fullmatch(piece):
        return []
    runs = re.findall(r"\d+|[^\d]+", piece)
    letters = [run for run in runs if not run[0].isdigit()]
    if len(letters) > 1 or (len(runs) > 1 and len(letters[0]) < 3):  # 3fa19c, a7Xq2, v2, 10th, 1024x768
        return []
    words = []
    for run in letters:
        if run.lower() in hygiene.lists().machine_names:  # WhatsApp, ComfyUI: before camel case is split
            continue
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run).split()
        if sum(len(word) < 3 for word in split) * 2 > len(split) > 1:  # aXbQz: a code, not words
            return []
        words += [word.lower() for word in split]
    return [word for word in words if _is_word(word)]


def _is_word(word: str) -> bool:
    if word in hygiene.lists().machine_names:
        return False
    if not any(c.isalpha() for c in word):
        return False
    if word.isascii():  # "a" and "of" stay inside a name; single letters and "dscq" are no words
        stop = word in hygiene.lists().stopwords
        return stop or (len(word) > 1 and bool(re.search(r"[aeiouy]", word)))
    return True
