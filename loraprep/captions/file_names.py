"""What the names of files and folders say about the pictures in them: each name whole, in its order, or nothing."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from loraprep.captions import hygiene

_PIECE = re.compile(r"[^\s_\-.,;+()\[\]{}&#@!'=~]+")
_HEX = re.compile(r"(?=[a-f]*+\d)[0-9a-f]{4,}+|[0-9a-f]{8,}+", re.IGNORECASE)
_CODE = "0"
_LONGEST_NAME, _LONGEST_PATH = 255, 4096  # what systems allow at most (NAME_MAX, PATH_MAX of Linux); more is not read
_CAMEL = re.compile(r"[A-Z]{2,}(?![^\W\d_A-Z])|[^\W\d_](?:(?![A-Z])[^\W\d_])*")  # MillPond2 is mill and pond
_PLAIN_NUMBER = re.compile(r"[1-9]\d{0,2}")  # "apollo 11 launch"; 007, 0412 and 20240512 only tell files apart


def picture_names(paths: Sequence[str]) -> dict[str, list[str]]:
    """Return what each path's names say of its picture: path -> terms, as `name_terms`.

    A name that says nothing of this one picture is left out whole: one that others bear too but for a number
    (intro_04, intro_05), one made only of words that over half of the names hold, and a folder in which over half of
    the pictures lie. No word is ever taken out of a name.
    """
    own = {path: _stem_term(path) for path in paths}
    bare = {path: _without_numbers(path) for path in paths}
    bearers = Counter(bare[path] for path in paths)
    common = _held_by_most([set(term.split()) for term in own.values()])
    folders = {path: _folder_terms(path) for path in paths}
    everywhere = _held_by_most([set(terms) for terms in folders.values()])
    result = {}
    for path in paths:
        alone = bearers[bare[path]] == 1 and not set(own[path].split()) <= common
        stem = [own[path]] if own[path] and alone else []
        result[path] = list(dict.fromkeys([*stem, *(term for term in folders[path] if term not in everywhere)]))
    return result


def name_terms(path: str) -> list[str]:
    """List what a file's name and then its folders say by themselves, one lower-case term each, e.g. "mill pond".

    A name is read whole: numbers, sizes, hashes and codes are taken off its ends, with what cameras and programs write
    outside them (IMG_1234, 02_final; resources/words.json `machine_names`). One with a code in its middle says nothing.
    """
    return list(dict.fromkeys(filter(None, [_stem_term(path), *_folder_terms(path)])))


def words_of_name(path: str) -> list[str]:
    """List every word in a file's name and its folders', in lower case, whether or not they say anything."""
    whole = unicodedata.normalize("NFC", without_ending(path[-_LONGEST_PATH:]))
    return [run.casefold() for run in _CAMEL.findall(whole)]


def repeats_number(text: str, path: str) -> bool:
    """Say whether words beside a picture only repeat its name, number and all ("IMG_2231"), as a program writes it."""
    stem = _letters(_stem(path))
    return _letters(text) == stem and (any(c.isdigit() for c in stem) or not _stem_term(path))


def without_ending(path: str) -> str:
    """Return a path without the ending of its file: "a.b/c.jpg" -> "a.b/c"; ".c" and "c." have none."""
    start = path.rfind("/") + 1
    end = path.rfind(".", start)
    return path[:end] if start < end < len(path) - 1 else path


def _stem(path: str) -> str:
    return without_ending(unicodedata.normalize("NFC", path[-_LONGEST_PATH:])).rpartition("/")[2]


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFC", text).casefold() if c.isalnum())


def _without_numbers(path: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", _stem(path).casefold()))


def _held_by_most(groups: Sequence[set[str]]) -> frozenset[str]:
    counts = Counter(item for group in groups for item in group)
    return frozenset(item for item, n in counts.items() if n * 2 > len(groups) > 1)


def _stem_term(path: str) -> str:
    return _term(_stem(path))


def _folder_terms(path: str) -> list[str]:
    folder = unicodedata.normalize("NFC", path[-_LONGEST_PATH:]).rpartition("/")[0]
    return [*_terms_of_folder(folder)] if folder else []


@lru_cache(1 << 8)  # many pictures lie in one
def _terms_of_folder(folder: str) -> tuple[str, ...]:
    return tuple(term for part in reversed(folder.split("/")) if (term := _term(part)))


def _term(name: str) -> str:
    """Read one name whole; "" if it says nothing, or holds a code where it cannot be taken off an end."""
    words = [word for piece in _PIECE.findall(name[:_LONGEST_NAME]) for word in _words(piece)]
    words = _without_ends(words)
    stopwords, machine = hygiene.lists().stopwords, hygiene.lists().machine_names
    if not all(_is_word(word) or _PLAIN_NUMBER.fullmatch(word) for word in words):
        return ""
    said = any(_is_word(word) and word not in stopwords and word not in machine for word in words)
    return " ".join(words) if said else ""


def _without_ends(words: list[str]) -> list[str]:
    """Take codes off both ends, with the machine words outside them, and stopwords off the end."""
    start = _code_run(words)
    words = words[start:]
    words = words[: len(words) - _code_run(words[::-1])]
    while words and words[-1] in hygiene.lists().stopwords:
        words = words[:-1]
        words = words[: len(words) - _code_run(words[::-1])]
    return words


def _code_run(words: Sequence[str]) -> int:
    """Count the words up to the last code of a run of codes and machine words."""
    last = 0
    for number, word in enumerate(words, 1):
        if not _is_word(word):
            last = number
        elif word not in hygiene.lists().machine_names:
            break
    return last


def _words(piece: str) -> list[str]:
    """Split a run without separators: "MillPond2" -> ["mill", "pond", "2"]; a code -> one that is no word either."""
    if _HEX.fullmatch(piece):
        return [_CODE]
    runs = re.findall(r"\d+|[^\d]+", piece)
    letters = [run for run in runs if not run[0].isdigit()]
    if len(letters) > 1 or (len(runs) > 1 and len(letters[0]) < 3):  # 3fa19c, a7Xq2, v2, 10th, 1024x768
        return [_CODE]
    words = []
    for run in runs:
        if run[0].isdigit() or run.lower() in hygiene.lists().machine_names:  # WhatsApp, ComfyUI: camel case of one
            words.append(run.lower())
            continue
        split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", run).split()
        if sum(len(word) < 3 for word in split) * 2 > len(split) > 1:  # aXbQz: a code, not words
            return [_CODE]
        words += [word.lower() for word in split]
    return words


def _is_word(word: str) -> bool:
    if word in hygiene.lists().machine_names:
        return True
    if word[0].isdigit() or not any(c.isalpha() for c in word):
        return False
    if word.isascii():  # "a" and "of" belong to a name; single letters and "dscq" are no words
        stop = word in hygiene.lists().stopwords
        return stop or (len(word) > 1 and bool(re.search(r"[aeiouy]", word)))
    return True
