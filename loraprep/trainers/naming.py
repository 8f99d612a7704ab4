"""What a picture is called in dataset/: names that all trainers read the same way."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from loraprep.project.repeats import name_of, repeats_of

CAPTIONS = frozenset({".txt", ".caption"})  # suffixes of captions that trainers read beside a picture
# of dataset/, for the pictures before a change, under the names of those after: control/10_mystyle/pier.png
CONTROLS = ("control", "control_2", "control_3")
_HELD_OUT = "-held-out"
_LONGEST = 100  # characters of a stem: with folders and suffixes far below what any file system takes
# Windows opens a device for these, whatever the extension.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))})

_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def as_many(captions: Sequence[str], number: int) -> list[str]:
    """Return `number` captions of a picture that may have fewer, so that it comes up as often as the others."""
    return [captions[n % len(captions)] for n in range(number)] if captions else [""]


def held_out_folder(folder: str) -> str:
    """Name the folder of the held-out pictures of another: "mystyle-held-out", and for 10_cat "cat-10-held-out".

    Without repeats in front, so that kohya, told of dataset/ as a whole, passes it over.
    """
    repeats = repeats_of(folder)
    return f"{name_of(folder)}-{repeats}{_HELD_OUT}" if repeats else folder + _HELD_OUT


def holds_out(folder: str) -> bool:
    """Say whether a folder of dataset/ holds the held-out pictures of another."""
    return folder.endswith(_HELD_OUT) and not repeats_of(folder)


def stem(path: str) -> str:
    """Make the name in dataset/, without extension: lower-case ASCII letters, digits, "-" and ".".

    A subfolder becomes part of the name. Underscores go too: kohya gives a name of five or more
    underscore parts another file's caption. Letters of other scripts become their code points.
    """
    inside = PurePosixPath(path).with_suffix("")
    letters = unicodedata.normalize("NFKD", "-".join(inside.parts).casefold()).translate(_LATIN)
    plain = "".join(c if c.isascii() else _foreign(c) for c in letters)
    safe = re.sub(r"-+", "-", re.sub(r"[^a-z0-9.]+", "-", plain)).strip("-.")
    if not safe:  # nothing but signs
        safe = "u" + "-".join(f"{ord(c):x}" for c in inside.name)
    if len(safe) > _LONGEST:
        digest = hashlib.sha256(str(inside).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        safe = f"{safe[: _LONGEST - 9].rstrip('-.')}-{digest}"
    return f"{safe}-" if safe.split(".")[0] in _DEVICES else safe


def _foreign(char: str) -> str:
    if unicodedata.category(char).startswith("M"):  # the accent of a letter that stays
        return ""
    return f"-u{ord(char):x}-" if char.isalnum() else "-"


def places(paths: Iterable[str], name: str, *, keep_kohya: bool, groups: Collection[str] = ()) -> dict[str, str]:
    """path -> "folder/stem" in dataset/, where the folder lacks its repeats: "mystyle/pier".

    A picture in a folder of `groups` goes to "mystyle-folder/...". With `keep_kohya` a picture in
    images/10_cat/ goes to a folder "10_cat" of its own.
    """
    placed = {}
    deepest = sorted(groups, key=len, reverse=True)
    for path in sorted(paths):
        group = next((g for g in deepest if path.startswith(g + "/")), "")
        folder, _, inside = path.partition("/")
        if keep_kohya and inside and repeats_of(folder):
            placed[path] = f"{folder}/{stem(inside)}"
        elif group:
            placed[path] = f"{name}-{stem(group + '.x')}/{stem(path.removeprefix(group + '/'))}"
        else:
            placed[path] = f"{name}/{stem(path)}"
    return placed


def on_colours(
    placed: Mapping[str, str], cutouts: Collection[str], colours: Sequence[str]
) -> dict[tuple[str, str], str]:
    """(path, colour) -> place: each picture of `cutouts` once on each colour, the first under the plain name.

    All others, and everything if there is only one colour, have the colour "".
    """
    result = {}
    for path, place in placed.items():
        several = path in cutouts and len(colours) > 1
        for number, colour in enumerate(colours if several else [""]):
            result[path, colour] = f"{place}-{colour.removeprefix('#')}" if number else place
    return result


def collisions(placed: Mapping[tuple[str, str], str]) -> list[tuple[str, ...]]:
    """Find groups of pictures that would get one name, sorted; `placed` as `on_colours` gives it."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for (path, _), place in placed.items():
        by_place[place.casefold()].append(path)
    return sorted(tuple(sorted(paths)) for paths in by_place.values() if len(paths) > 1)
