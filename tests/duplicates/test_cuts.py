"""A cut, framed, turned or watermarked copy is a copy; what is only alike is not."""

from __future__ import annotations

import io
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont, ImageOps

from loraprep.core.records import Image
from loraprep.duplicates import candidates, compare, cuts, watermark
from loraprep.duplicates.clusters import Clusters
from tests.folders import Folder, duplicate_limits, encoded
from tests.scenes import scene

Picture = Pillow.Image


@pytest.fixture
def folder() -> Folder:
    made = Folder()
    for seed in range(2, 7):
        made.add(f"other{seed}.jpg", scene(seed))
    return made


def cut(picture: Picture, left: float, top: float, share: float) -> Picture:
    w, h = picture.size
    return picture.crop((round(left * w), round(top * h), round((left + share) * w), round((top + share) * h)))


def watermarked(picture: Picture, strength: int, text: str = "(c) my studio") -> Picture:
    sheet = Pillow.new("L", picture.size, 0)
    font = ImageFont.load_default(30)
    ImageDraw.Draw(sheet).text((picture.width * 0.6, picture.height * 0.87), text, fill=strength, font=font)
    return Pillow.composite(Pillow.new("RGB", picture.size, "white"), picture, sheet)


EDITS: dict[str, tuple[Callable[[Picture], Picture], str]] = {
    "a tenth less": (lambda p: cut(p, 0.08, 0.01, 0.9), "cropped copy of pier.jpg"),
    "a fifth less": (lambda p: cut(p, 0.0, 0.2, 0.8), "cropped, smaller copy of pier.jpg"),
    "in the middle": (lambda p: cut(p, 0.09, 0.07, 0.83), "cropped, smaller copy of pier.jpg"),
    "mirrored": (lambda p: ImageOps.mirror(cut(p, 0.02, 0.1, 0.9)), "mirrored, cropped copy of pier.jpg"),
    "white frame": (lambda p: ImageOps.expand(p, 40, "white"), "framed copy of pier.jpg"),
    "dark frame": (lambda p: ImageOps.expand(p, 24, "#202830"), "framed copy of pier.jpg"),
    "watermark": (lambda p: watermarked(p, 110), "watermarked copy of pier.jpg"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_copy_is_found_and_the_whole_picture_stays(folder: Folder, edit: str) -> None:
    make, what = EDITS[edit]
    folder.add("pier.jpg", scene(1))
    folder.add("copy.jpg", make(scene(1)))
    (group,) = folder.find()
    assert (group.pictures, group.relation) == (("copy.jpg", "pier.jpg"), "copy")
    assert group.recommended == ("pier.jpg",)
    assert set(what.replace(",", "").split()) <= set(group.pairs[0].what.replace(",", "").split())
    framed = "it has no frame around it"
    whole = "nothing is cut off it, and no watermark lies over it"
    assert group.why == (framed if "frame" in edit else whole)


def test_bands_over_most_of_a_picture_are_no_frame(folder: Folder) -> None:
    bands = Pillow.new("RGB", (800, 600), (127, 127, 127))
    bands.paste((100, 100, 100), (0, 0, 480, 600))
    bands.paste((113, 113, 113), (480, 0, 640, 600))
    folder.add("bands.png", bands)
    folder.add("half.png", bands.resize((400, 300)))
    (group,) = [g for g in folder.find() if "bands.png" in g.pictures]
    assert group.best == "bands.png"


def test_bits_hang_on_no_last_digit() -> None:
    plain = np.full((1, 24, 24), 200.0, np.float32)
    plain[0, 10:14, 10:14] = 40
    box = (0.1, 0.1, 0.93, 0.93)
    noisy = plain * (1 + np.float32(1e-7) * np.random.default_rng(1).standard_normal(plain.shape).astype(np.float32))
    for a, b in zip(cuts._hashes(plain, box), cuts._hashes(noisy, box), strict=True):
        assert np.bitwise_count(a ^ b).sum() == 0


def test_cuts_can_be_left_alone(folder: Folder) -> None:
    folder.add("pier.jpg", scene(1))
    folder.add("cut.jpg", cut(scene(1), 0.0, 0.2, 0.8))
    assert not folder.find(cuts=False)


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", ["a.jpg", "z.jpg"])
def test_turned_copies_only_if_asked_for(folder: Folder, turn: int, mirrored: bool, name: str) -> None:
    turned = scene(1).rotate(turn, expand=True)
    folder.add("pier.jpg", scene(1))
    folder.add(name, encoded(ImageOps.mirror(turned) if mirrored else turned, quality=70))
    assert not [g for g in folder.find() if turn != 180 or not mirrored]
    (group,) = folder.find(rotations=True)
    (pair,) = group.pairs
    assert (pair.a, pair.b, pair.relation) == (name, "pier.jpg", "copy")
    assert "turned" in pair.what
    for one, other in ((pair.a, pair.b), (pair.b, pair.a)):  # laid over each other they do not differ, either way
        first, second = (np.asarray(Pillow.open(io.BytesIO(folder.data[p])).convert("RGB")) for p in (one, other))
        flipped, turns = pair.over(one)
        assert compare.difference(first, second, mirrored=flipped, turns=turns).mean() < 0.01


def test_a_cut_does_not_make_one_of_two_variants(folder: Folder) -> None:
    """The cut shows nothing of what changed, so it is a copy of either; they stay two pictures."""
    moon = scene(1)
    ImageDraw.Draw(moon).ellipse((20, 20, 70, 70), fill=(250, 240, 40))
    folder.add("pier.jpg", scene(1))
    folder.add("pier_moon.jpg", moon)
    folder.add("a_cut.jpg", cut(scene(1), 0.18, 0.18, 0.82))
    (group,) = folder.find()
    assert {"pier.jpg", "pier_moon.jpg"} <= set(group.recommended)


def test_opaque_things_are_no_watermark(folder: Folder) -> None:
    signed = watermarked(scene(1), 255, "SALE")
    glasses = scene(1)
    for x in (250, 330):
        ImageDraw.Draw(glasses).ellipse((x, 250, x + 60, 290), outline="black", width=4)
    folder.add("pier.jpg", scene(1))
    folder.add("signed.jpg", signed)
    folder.add("glasses.jpg", glasses)
    (group,) = folder.find()
    assert set(group.recommended) == {"pier.jpg", "signed.jpg", "glasses.jpg"}


def test_letters_lie_over_the_picture_that_is_brighter_there() -> None:
    plain = np.full((192, 192), 90, np.float32)
    lined = plain.copy()
    lined[150:156, 100:150:5] += 25
    lined[150:156, 101:150:5] += 25
    beyond = np.abs(lined - plain)
    for pair, over in (((plain, lined), 1), ((lined, plain), 0)):
        found = watermark.find(*pair, beyond)
        assert found
        assert found.over == over
        assert found.area[152, 120]
        assert not found.area[60, 60]
    dark = 2 * plain - lined  # the same strokes darker: glasses, whiskers, closed eyes
    assert watermark.find(plain, dark, beyond) is None
    assert watermark.find(plain, plain, np.zeros_like(plain)) is None


def test_hashes_of_a_part_are_nearly_those_of_the_picture_cut_out() -> None:
    """From 24 pixels a side instead of the file: at most four of 64 bits of imagehash's own differ."""
    picture = scene(1, 960, 960).convert("L")
    thumb = np.asarray(picture.resize((24, 24), Pillow.Resampling.BOX), np.float32)[None]
    for box in cuts.windows()[::7]:
        phash, dhash = cuts._hashes(thumb, box)
        there = picture.crop(tuple(round(960 * n) for n in box))  # type: ignore[arg-type]
        for mine, theirs in ((phash, imagehash.phash(there)), (dhash, imagehash.dhash(there))):
            assert (int(mine[0]) ^ int(str(theirs), 16)).bit_count() <= 4


def test_where_a_part_lies() -> None:
    whole = np.asarray(scene(3, 480, 480).convert("L"), np.float32)
    part = np.asarray(cut(scene(3, 480, 480), 0.1, 0.0, 0.8).resize((480, 480)).convert("L"), np.float32)
    assert cuts.locate(whole, whole) == cuts.WHOLE
    assert np.allclose(cuts.locate(part, whole), (0.1, 0.0, 0.9, 0.8), atol=0.03)
    assert np.allclose(cuts.locate(whole, part), (-0.125, 0.0, 1.125, 1.25), atol=0.05)


def test_each_pair_once_and_in_order() -> None:
    folder = Folder()
    for number in range(4):
        folder.add(f"{number}.jpg", cut(scene(1), 0.02 * number, 0.03 * number, 0.9))
    images: list[Image] = list(folder.images.values())
    pairs = [(n.i, n.j) for n in candidates.find_candidates(images, duplicate_limits(rotations=True))]
    assert pairs == sorted(set(pairs))
    assert all(i < j for i, j in pairs)
    assert {(0, 1), (1, 2), (2, 3)} <= set(pairs)


def test_clusters_stay_apart_whatever_joins_them() -> None:
    clusters = Clusters()
    clusters.join("b", "c")
    clusters.part("c", "e")
    clusters.join("a", "b")
    clusters.join("d", "e")
    assert clusters.known("a", "d")
    assert clusters.known("a", "c")
    assert not clusters.known("a", "f")
