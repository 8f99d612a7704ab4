"""Copies and variants in words: what was done to one to get the other, why one is best, what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING

from loraprep.core.records import Group, Image, Pair
from loraprep.duplicates import ranking

if TYPE_CHECKING:  # it brings numpy, which a report in words does not need
    from loraprep.duplicates.reading import Reading

CUT = 1.03  # how much larger the area of the whole picture is than that of a cut one
LARGE = 1.1  # from which on a person would say that it was cut


def resaved(a: Image, b: Image) -> str:
    """Name a copy that nothing else was done to: its format, if that is another."""
    return a.format if a.format != b.format else "re-saved"


def changes(a: Image, b: Image, covers: tuple[float, float], lighter: float, tint: float, mirrored: bool) -> list[str]:
    """Name what was done to `b` to get `a`: "smaller", "recompressed"; `covers`: the shares of each that both show."""
    ratio = max(a.width, a.height) / max(b.width, b.height)
    inflated = a.detail < b.detail or ranking.held_side(a, (a, b)) < ranking.real_side(a)
    lossy = a.jpeg_quality and (not b.jpeg_quality or a.jpeg_quality < b.jpeg_quality - 3)
    done = {
        "mirrored": mirrored,
        "framed": ranking.frame_share(a) > ranking.frame_share(b) + ranking.FRAMED,
        "cropped": covers[1] < 1 / CUT and ranking.frame_share(b) <= ranking.frame_share(a) + ranking.FRAMED,
        "smaller": ratio < 0.93,
        "enlarged": ratio > 1.07 and inflated,
        "larger": ratio > 1.07 and not inflated,
        "darker": lighter > 0.03,
        "brighter": lighter < -0.03,
        "recoloured": tint > 6,
        "recompressed": bool(lossy),
    }
    return [word for word, holds in done.items() if holds]


def laid_over(seen: Reading) -> str:
    """Say what lies over a picture, and where: "lettering across the lower third"."""
    return f"{'lettering' if seen.lettering else 'a mark'} {seen.place}".strip()


def varied(seen: Reading) -> str:
    """Say what tells two variants apart, and where."""
    if seen.relit and not seen.place:
        return "the same scene in other light or colours"
    light = " and in other light or colours" if seen.relit else ""
    return f"the same scene, changed {seen.place}{light}" if seen.place else f"the same scene, changed{light}"


def why_best(best: Image, images: Sequence[Image], relation: str, lesser: Set[str]) -> str:
    """Say in one clause why `best` is the one to keep if only one is."""
    others = [i for i in images if i.path != best.path]
    if relation == "byte" or not others:
        if best.upscaled:
            return "it has an upscaled version"
        worked_on = "your words" if ranking.own_words(best) else "a mask" if best.mask else "a star"
        stays = f"the one with {worked_on}" if ranking.care(best) else "the shortest name"
        return f"the files are the same; {stays} stays"
    if best.box and not all(i.box for i in others):
        return "you cropped it"
    if best.path not in lesser and all(i.path in lesser for i in others):
        return "nothing is cut off it, and nothing lies over it"
    if all(ranking.frame_share(i) > ranking.frame_share(best) + ranking.FRAMED for i in others):
        return "it has no frame around it"
    if any(
        i.width > 1.07 * best.width
        and (i.detail < best.detail or ranking.real_side(i) > 1.07 * ranking.held_side(i, images))
        for i in others
    ):
        return "a larger one is only an enlargement and holds no more detail"
    if all(ranking.real_side(best) > ranking.real_side(i) * (1 + ranking.EQUAL) for i in others):
        return "it is the largest"
    if all(ranking.crispness(best) > 1.15 * ranking.crispness(i) for i in others):
        return "it is the sharpest at the same size"
    if all(ranking.quality(best, images) > ranking.quality(i, images) for i in others):
        return "it is the least compressed"
    return "size, sharpness and compression together speak for it"


def facts(image: Image, among: Sequence[Image], *, plain: bool) -> str:
    """Give a picture's size and what tells it from the others: "1280x960, 217 kB, sharper"."""
    size = ranking.file_size(image)
    weight = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
    words = [f"{image.width}x{image.height}", weight]
    if not plain:
        crispest, softest = max(map(ranking.crispness, among)), min(map(ranking.crispness, among))
        largest = max(max(i.width, i.height) for i in among)  # a smaller one is measured at another scale
        if ranking.crispness(image) == crispest > 1.15 * softest and max(image.width, image.height) > 0.93 * largest:
            words.append("sharper")
        if 0 < image.jpeg_quality < 70:
            words.append("JPEG blocks")
        if image.detail < 0.7:
            words.append("looks enlarged")
    return ", ".join([*words, f"from {image.upscaled}"] if image.upscaled else words)


def told(pair: Pair) -> str:
    """Say of both pictures what they are to each other: "pier_web.jpg is a smaller copy of pier.jpg"."""
    if pair.relation == "variant":
        return pair.what
    article = "" if pair.relation == "byte" else "an " if pair.what[:1].lower() in "aeiou" else "a "
    return f"{pair.a} is {article}{pair.what}"


def standing(pair: Pair, path: str) -> str:
    """Say what one picture of a pair is to the other, where its own name stands already."""
    return pair.what if path == pair.a else told(pair)


def what_is_asked(group: Group, members: Sequence[str], open_: Sequence[str]) -> str:
    """Say what a group is; with an earlier answer, only what came to it."""
    pairs = [pair for pair in group.pairs if pair.relation != "byte"]
    if len(open_) < len(members):
        news = [p for p in pairs if p.a in open_ or p.b in open_]
        joined = ", ".join(open_)
        how = standing(news[0], open_[0]) if news and len(open_) == 1 else told(news[0]) if news else "like the others"
        return f"new here: {joined} ({how}); your earlier answer stands"
    if group.relation == "variant":
        copies = any(pair.relation == "copy" for pair in pairs)
        if len(members) == 2:
            return f"variants: {pairs[0].what}"
        return "variants: the same scene, changed" + (", some of them twice" if copies else "")
    if len(members) == 2:
        return told(pairs[0])
    return f"{len(members)} times the same picture"
