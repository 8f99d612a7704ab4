"""No copy takes a person's words with it when it leaves: the one that stays takes them over, if it has none. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from loraprep.core.records import Fate, Group, Image
from loraprep.duplicates import ranking
from loraprep.duplicates.clusters import copies


def heirs(groups: Sequence[Group], images: Sequence[Image], fates: Mapping[str, Fate]) -> dict[str, list[str]]:
    """Map each picture that stays to its copies that leave, the best first.

    Where several copies of one picture stay, the best of them inherits. `fates`: what becomes of every picture.
    """
    known = {image.path: image for image in images}
    found = {}
    for group in groups:
        lesser = {pair.lesser for pair in group.pairs}
        for cluster in copies(group.pictures, group.pairs):
            here = [known[path] for path in cluster]
            ranked = [i.path for i in sorted(here, key=lambda i: ranking.best_first(i, here, lesser))]
            stay = [path for path in ranked if fates[path].fate == "kept"]
            leave = [path for path in ranked if fates[path].fate == "left out"]
            if stay and leave:
                found[stay[0]] = leave
    return found


def inherited(images: Sequence[Image], of: Mapping[str, Sequence[str]]) -> list[Image]:
    """Give pictures without words beside them those of their first copy that has some. `of`: as `heirs` says."""
    known = {image.path: image for image in images}
    given = []
    for image in images:
        giver = _giver(image, of, known)
        if giver:
            beside = tuple(pair for pair in giver.words if pair[0].startswith("sidecar:"))
            image = replace(image, words=(*beside, *image.words), sidecars=(*image.sidecars, *giver.sidecars))
        given.append(image)
    return given


def told(fates: Mapping[str, Fate], images: Sequence[Image], of: Mapping[str, Sequence[str]]) -> dict[str, Fate]:
    """Say of each copy that leaves what becomes of the words, the mask or the better pixels that it has."""
    known = {image.path: image for image in images}
    result = dict(fates)
    for stays, leaving in of.items():
        giver = _giver(known[stays], of, known)
        for path in leaving:
            if path in fates and (more := _left_behind(known[path], known[stays], giver)):
                result[path] = replace(fates[path], why=f"{fates[path].why}; {more}")
    return result


def _giver(image: Image, of: Mapping[str, Sequence[str]], known: Mapping[str, Image]) -> Image | None:
    if image.path not in of or ranking.own_words(image):
        return None
    return next((known[path] for path in of[image.path] if ranking.own_words(known[path])), None)


def _left_behind(copy: Image, stays: Image, giver: Image | None) -> str:
    own, others = ranking.own_words(copy), ranking.own_words(giver or stays)
    parts = []
    if giver and giver.path == copy.path:
        parts.append(f"its words go to {stays.path}")
    elif own and own.split() != others.split():
        parts.append(f"its words are not used, those of {(giver or stays).path} are")
    if copy.mask and not stays.mask:
        parts.append(f"its mask is not used: rename it if {stays.path} is to have it")
    if copy.upscaled and not stays.upscaled:
        parts.append(f"{copy.upscaled} is not used")
    return "; ".join(parts)
