"""A cut, framed, turned, toned or overlaid copy is a copy; what is changed is a variant; what only resembles is neither."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFilter, ImageFont, ImageOps

from loraprep.core import files, store
from loraprep.core.records import Image, Lying
from loraprep.duplicates import candidates, geometry, index, keypoints, reading
from loraprep.duplicates.clusters import Clusters
from loraprep.imaging.pictures import Pictures
from tests.folders import Folder, Shown, duplicate_limits, encoded
from tests.scenes import scene

Picture = Pillow.Image


@pytest.fixture
def folder() -> Folder:
    made = Folder()
    for seed in range(2, 6):
        made.add(f"other{seed}.jpg", scene(seed))
    return made


def cut(picture: Picture, left: float, top: float, share: float) -> Picture:
    w, h = picture.size
    return picture.crop((round(left * w), round(top * h), round((left + share) * w), round((top + share) * h)))


def lettered(picture: Picture, fill: str, text: str = "northern light", size: int = 40, stroke: int = 0) -> Picture:
    result = picture.copy()
    font = ImageFont.load_default(size)
    place = (picture.width * 0.3, picture.height * 0.85)
    ImageDraw.Draw(result).text(place, text, fill=fill, font=font, stroke_width=stroke, stroke_fill="black")
    return result


def tiled(picture: Picture) -> Picture:
    sheet = Pillow.new("L", picture.size, 0)
    for y in range(0, picture.height, 70):
        for x in range(-(y % 140), picture.width, 150):
            ImageDraw.Draw(sheet).text((x, y), "sample", fill=90, font=ImageFont.load_default(30))
    return Pillow.composite(Pillow.new("RGB", picture.size, "white"), picture, sheet)


def shadowed(picture: Picture) -> Picture:
    """Letters in a light colour over a soft dark shadow of their own."""
    sheet = Pillow.new("L", picture.size, 0)
    ImageDraw.Draw(sheet).text((43, 363), "BETA", fill=190, font=ImageFont.load_default(80))
    dark = Pillow.composite(
        Pillow.new("RGB", picture.size, "black"), picture, sheet.filter(ImageFilter.GaussianBlur(2))
    )
    ImageDraw.Draw(dark).text((40, 360), "BETA", fill="#ffe36e", font=ImageFont.load_default(80))
    return dark


def pale_initials(picture: Picture) -> Picture:
    """Two letters in the middle of a picture that goes on below them."""
    sheet = Pillow.new("L", picture.size, 0)
    place = (picture.width * 0.4, picture.height * 0.45)
    ImageDraw.Draw(sheet).text(place, "Fx", fill=90, font=ImageFont.load_default(60))
    return Pillow.composite(Pillow.new("RGB", picture.size, "white"), picture, sheet)


def signed(picture: Picture) -> Picture:
    """A few letters along the lower edge."""
    result = picture.copy()
    place = (picture.width * 0.05, picture.height * 0.93)
    ImageDraw.Draw(result).text(place, "Ilse K.", fill="#f4f0e0", font=ImageFont.load_default(20))
    return result


EDITS: dict[str, tuple[Callable[[Picture], Picture], str]] = {
    "a tenth less": (lambda p: cut(p, 0.08, 0.01, 0.9), "cropped"),
    "two fifths less": (lambda p: cut(p, 0.3, 0.2, 0.6), "cropped"),
    "mirrored cut": (lambda p: ImageOps.mirror(cut(p, 0.02, 0.1, 0.9)), "mirrored, cropped"),
    "white frame": (lambda p: ImageOps.expand(p, 40, "white"), "framed"),
    "grey": (lambda p: p.convert("L").convert("RGB"), "re-saved copy"),
    "two degrees": (lambda p: cut(p.rotate(2, Pillow.Resampling.BICUBIC), 0.05, 0.05, 0.9), "cropped"),
    "pale letters": (lambda p: lettered(p, "#e8e8e0"), "with lettering in the lower half"),
    "dark letters": (lambda p: lettered(p, "#101018"), "with lettering"),
    "outlined letters": (lambda p: lettered(p, "white", stroke=2), "with lettering"),
    "tiled": (tiled, "with lettering all over it"),
    "shadowed letters": (shadowed, "with lettering in the lower left"),
    "pale initials": (pale_initials, "with lettering in the middle"),
    "a signature": (signed, "with lettering in the lower left"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_copy_is_found_and_the_whole_clean_one_stays(folder: Folder, edit: str) -> None:
    make, what = EDITS[edit]
    folder.add("pier.jpg", scene(1))
    folder.add("copy.jpg", make(scene(1)))
    (group,) = folder.find()
    assert (group.pictures, group.relation) == (("copy.jpg", "pier.jpg"), "copy")
    if edit != "grey":
        assert group.recommended == ("pier.jpg",)
    assert what in group.pairs[0].what


@pytest.mark.parametrize("seed", [0, 1])
def test_a_cut_of_a_picture_without_a_single_edge_is_held(seed: int) -> None:
    levels = np.random.default_rng(seed).integers(122, 134, (10, 13, 3), np.uint8)
    soft = Pillow.fromarray(levels).resize((640, 480), Pillow.Resampling.BICUBIC)
    whole, part = (
        np.asarray(Pillow.open(io.BytesIO(encoded(picture, quality=quality))).convert("RGB"))
        for picture, quality in ((soft, 92), (soft.crop((90, 70, 560, 420)), 70))
    )
    points = [keypoints.of_picture(keypoints.reduced(pixels)) for pixels in (whole, part)]
    assert geometry.similarity(*points, mirrored=False) is not None
    assert geometry.similarity(*points, mirrored=True) is None


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("name", ["a.jpg", "z.jpg"])
def test_turned_copies(folder: Folder, turn: int, mirrored: bool, name: str) -> None:
    turned = scene(1).rotate(turn, expand=True)
    folder.add("pier.jpg", scene(1))
    folder.add(name, encoded(ImageOps.mirror(turned) if mirrored else turned, quality=70))
    (group,) = folder.find()
    (pair,) = group.pairs
    assert (pair.relation, "turned" in pair.what) == ("copy", True)
    assert not folder.find(rotations=False)
    first, second = (np.asarray(Pillow.open(io.BytesIO(folder.data[p])).convert("RGB")) for p in (pair.a, pair.b))
    as_told = np.rot90(second[:, ::-1] if pair.mirrored else second, pair.turns)
    assert np.abs(as_told.astype(int) - first).mean() < 8
    for path, one, other in ((pair.a, first, second), (pair.b, second, first)):
        # laid over each other they do not differ, either way, where it is known how they lie and where it is not
        for lying in (pair.lying(path), Lying(pair.mirrored)):
            assert geometry.difference(one, other, lying).mean() < 0.01
            seen = geometry.over(one, other, lying)
            assert seen.shape == one.shape
            assert np.abs(seen.astype(int) - one).mean() < 8


@pytest.mark.parametrize("shape", [(480, 240), (480, 160), (160, 480)])
@pytest.mark.parametrize("off", [-0.3, 0.3])
def test_what_lies_a_hair_off_is_not_cut(shape: tuple[int, int], off: float) -> None:
    whole = np.asarray(scene(1).resize(shape).convert("RGB"))
    held = geometry.Similarity(np.array([[0.9993, 0, off], [0, 0.9993, off]]), 40)
    laid = geometry.lay(whole, whole, held, mirrored=False, whole=False)
    assert laid is not None
    assert min(laid.covers) > 0.99


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("off", [(1.5, -2.0), (-2.0, 1.0)])
def test_what_points_placed_roughly_is_moved_to_where_it_fits(mirrored: bool, off: tuple[float, float]) -> None:
    whole = np.asarray(scene(1).resize((480, 360)).convert("RGB"))
    other = np.ascontiguousarray(whole[:, ::-1]) if mirrored else whole
    held = geometry.Similarity(np.array([[1.002, 0.003, off[0]], [-0.003, 1.002, off[1]]]), 40)
    laid = geometry.lay(whole, other, held, mirrored=mirrored, whole=False)
    assert laid is not None
    lain = geometry.nearer(laid, whole, other)
    assert lain is not None
    assert np.abs(lain.matrix - np.eye(2, 3)).max() < 0.2
    assert geometry.nearer(lain, whole, other) is None or lain.residual.mean() < laid.residual.mean() / 4


def sun(colour: str = "black") -> Picture:
    """A disc and the same square eight times around it: hardly a point that is like no other."""
    drawn = Pillow.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(drawn)
    draw.ellipse((140, 140, 372, 372), fill=colour)
    for angle in np.arange(8) * np.pi / 4:
        x, y = 256 + 190 * np.cos(angle), 256 + 190 * np.sin(angle)
        draw.rounded_rectangle((x - 28, y - 28, x + 28, y + 28), 9, fill=colour)
    return drawn.resize((256, 256), Pillow.Resampling.LANCZOS)


def test_a_cut_of_a_picture_of_one_shape_again_and_again(folder: Folder) -> None:
    folder.add("sun.jpg", sun())
    folder.add("sun_cut.jpg", encoded(sun().crop((4, 10, 250, 256)), quality=80))
    (group,) = folder.find()
    assert (group.relation, group.recommended) == ("copy", ("sun.jpg",))


def test_letters_on_paper_and_another_sign_on_the_same_paper_are_two(folder: Folder) -> None:
    paper = Pillow.new("RGB", (256, 256), "white")
    draw = ImageDraw.Draw(paper)
    for n in range(24):  # a soft shadow around it
        draw.rectangle((20 + n // 3, 10 + n // 3, 236 - n // 3, 246 - n // 3), outline=(230 + n, 230 + n, 230 + n))
    sign, page = paper.copy(), paper.copy()
    ImageDraw.Draw(sign).text((50, 20), "?", fill=(246, 246, 246), font=ImageFont.load_default(180), stroke_width=4)
    for n in range(7):
        words = "lines that say nothing" if n % 2 else "and nothing, said again"
        ImageDraw.Draw(page).text((40, 40 + 26 * n), words, fill="#303030", font=ImageFont.load_default(16))
    folder.add("sign.png", encoded(sign, "PNG"))
    folder.add("page.png", encoded(page, "PNG"))
    assert all(group.relation != "copy" for group in folder.find())


@pytest.mark.parametrize("mirrored", [False, True])
def test_where_a_cut_lies_is_known_to_the_pixel_and_not_looked_for_again(
    folder: Folder, mirrored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.add("pier.jpg", scene(1))
    part = cut(scene(1), 0.1, 0.25, 0.6)
    folder.add("cut.jpg", encoded(ImageOps.mirror(part) if mirrored else part, quality=80))
    (group,) = folder.find()
    (pair,) = group.pairs
    monkeypatch.setattr(geometry, "of_picture", lambda _: pytest.fail("its points are looked for again"))
    for path, other in ((pair.a, pair.b), (pair.b, pair.a)):
        one, two = (np.asarray(Pillow.open(io.BytesIO(folder.data[p])).convert("RGB")) for p in (path, other))
        lying = pair.lying(path)
        assert np.allclose(lying.the_other_way().the_other_way().place, lying.place)
        assert geometry.difference(one, two, lying).mean() < 0.01
        assert np.abs(geometry.over(one, two, lying).astype(int) - one).mean() < 8


def test_cuts_can_be_left_alone(folder: Folder) -> None:
    folder.add("pier.jpg", scene(1))
    folder.add("cut.jpg", cut(scene(1), 0.0, 0.2, 0.8))
    assert not folder.find(cuts=False)


def test_two_cuts_of_one_picture_are_shown_together(folder: Folder) -> None:
    folder.add("left.jpg", cut(scene(1), 0.0, 0.0, 0.7))
    folder.add("right.jpg", cut(scene(1), 0.2, 0.2, 0.7))
    (group,) = folder.find()
    assert group.pictures == ("left.jpg", "right.jpg")


def test_a_cut_does_not_make_one_of_two_variants(folder: Folder) -> None:
    """The cut shows nothing of what changed, so it is a copy of either; they stay two pictures."""
    moon = scene(1)
    ImageDraw.Draw(moon).ellipse((20, 20, 70, 70), fill=(60, 60, 160))
    folder.add("pier.jpg", scene(1))
    folder.add("pier_moon.jpg", moon)
    folder.add("a_cut.jpg", cut(scene(1), 0.18, 0.18, 0.82))
    (group,) = folder.find()
    assert {"pier.jpg", "pier_moon.jpg"} <= set(group.recommended)


def stacked(*pictures: Picture) -> Picture:
    """A sheet of pictures, one above the other."""
    width, height = pictures[0].size
    sheet = Pillow.new("RGB", (width, height * len(pictures)))
    for n, picture in enumerate(pictures):
        sheet.paste(picture, (0, height * n))
    return sheet


@pytest.mark.parametrize("size", [(320, 280), (640, 560)])
def test_a_collage_makes_no_copies_of_what_it_is_put_together_from(size: tuple[int, int], folder: Folder) -> None:
    """One left for all of them would lose the others; and it holds no more than they do, however large it is."""
    for seed in (1, 8):
        folder.add(f"scene{seed}.jpg", scene(seed))
    folder.add("scene8small.jpg", scene(8).resize((480, 420)))
    folder.add("sheet.jpg", stacked(scene(1).resize(size), scene(8).resize(size)))
    groups = folder.find()
    left = {path for group in groups for path in group.pictures if path not in group.recommended}
    assert left == {"scene8small.jpg", "sheet.jpg"}
    said = {pair.what for group in groups for pair in group.pairs}
    assert said == {"collage of scene1.jpg and scene8.jpg", "smaller copy of scene8.jpg"}


def test_a_sheet_stays_where_its_pictures_would_have_to_be_enlarged(folder: Folder) -> None:
    folder.add("sheet.jpg", stacked(scene(1), scene(8)))
    folder.add("scene1.jpg", scene(1).resize((320, 280)))
    folder.add("scene8.jpg", scene(8).resize((320, 280)))
    (group,) = folder.find()
    assert group.recommended == ("sheet.jpg",)


def test_a_whole_picture_stands_for_two_cuts_of_it(folder: Folder) -> None:
    folder.add("whole.jpg", scene(1))
    folder.add("left.jpg", cut(scene(1), 0.0, 0.0, 0.5))
    folder.add("right.jpg", cut(scene(1), 0.5, 0.5, 0.5))
    (group,) = folder.find()
    assert group.recommended == ("whole.jpg",)


def test_a_sharp_picture_with_letters_is_asked_about_beside_a_small_one_without(folder: Folder) -> None:
    """The clean one would have to be enlarged twice."""
    folder.add("pier.jpg", lettered(scene(1, 1280, 960), "white", size=80))
    folder.add("small.jpg", scene(1, 1280, 960).resize((640, 480)))
    (group,) = folder.find()
    assert set(group.recommended) == {"pier.jpg", "small.jpg"}
    assert "with lettering" in group.pairs[0].what
    assert "much smaller" in group.pairs[0].what


def test_seen_closer_neither_picture_is_the_finer_one() -> None:
    """What only the finer one shows would be strokes that the other has not: a mark."""
    fine = np.asarray(scene(1, 512, 448))
    coarse = np.asarray(scene(1, 512, 448).resize((256, 224), Pillow.Resampling.BOX))
    for a, b, scale in ((fine, coarse, 2.0), (coarse, fine, 0.5)):
        held = geometry.Similarity(np.array([[scale, 0, 0], [0, scale, 0]]), geometry.ENOUGH)
        laid = geometry.lay(a, b, held, mirrored=False, whole=False)
        assert laid is not None
        near = geometry.closer(laid, a, b, np.ones(laid.residual.shape, bool))
        assert near.side == 256
        assert not reading._spots(near.residual).any()


@pytest.mark.parametrize(("other", "new"), [("#a04030", False), (None, True)])
def test_letters_that_both_have_are_laid_over_neither(other: str | None, new: bool) -> None:
    """A film that was graded anew has its own letters in another colour."""
    first, second = scene(1), lettered(scene(1), other) if other else scene(1)
    one, two = (np.asarray(p, np.float32)[400:560] for p in (lettered(first, "#e02010"), second))
    apart = np.abs(one - two).mean(axis=2)
    mark = reading._laid_over(geometry.Close(one, two, apart, apart > geometry.DIFFERS, 640), 16)
    assert (mark.over, mark.new) == (0, new)


def test_what_changed_is_said_with_its_place(folder: Folder) -> None:
    moon = scene(1)
    ImageDraw.Draw(moon).ellipse((20, 20, 80, 80), fill=(250, 240, 40))
    folder.add("pier.jpg", scene(1))
    folder.add("moon.jpg", moon)
    (group,) = folder.find()
    assert group.pairs[0].what == "the same scene, changed in the upper left"


def test_letters_over_a_picture_without_points_make_no_other_of_it(folder: Folder) -> None:
    y, x = np.mgrid[-1:1:640j, -1:1:640j]
    planet = np.where((x**2 + y**2 < 0.9)[..., None], (40 + 60 * y + 20 * x)[..., None] * (1, 0.8, 0.6), 255)
    soft = Pillow.fromarray(planet.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(2))
    marked = soft.copy()
    ImageDraw.Draw(marked).text((200, 300), "mocha", fill="#ffe36e", font=ImageFont.load_default(80))
    folder.add("planet.jpg", soft)
    folder.add("planet_mocha.jpg", marked)
    (group,) = folder.find()
    assert (group.relation, group.recommended) == ("copy", ("planet.jpg",))


@pytest.mark.parametrize("drawn", ["tears", "a mouth", "a hat", "lashes", "a line"])
def test_what_is_drawn_into_a_picture_stays_beside_it(folder: Folder, drawn: str) -> None:
    changed = scene(1)
    pen = ImageDraw.Draw(changed)
    if drawn == "tears":
        for n in range(3):
            pen.line((300 + 14 * n, 200, 296 + 14 * n, 220), fill="#d8f0ff", width=3)
    elif drawn == "a mouth":
        pen.arc((300, 200, 340, 225), 10, 170, fill="black", width=3)
    elif drawn == "lashes":  # in a row, as letters are, and all alike
        for n in range(6):
            pen.line((280 + 12 * n, 210, 280 + 12 * n, 228), fill="#d8f0ff", width=4)
    elif drawn == "a line":  # that breaks off
        for start, end in ((220, 250), (258, 267), (275, 297), (305, 319), (327, 353), (361, 378), (386, 395)):
            pen.line((start, 210, end, 210), fill="#d8f0ff", width=3)
    else:
        pen.polygon([(300, 200), (350, 200), (325, 130)], fill="#2a6f4f", outline="black", width=3)
    folder.add("pier.jpg", scene(1))
    folder.add("changed.jpg", changed)
    (group,) = folder.find()
    assert (group.relation, group.recommended) == ("variant", ("changed.jpg", "pier.jpg"))


def test_a_word_in_the_middle_is_a_mark(folder: Folder) -> None:
    """Of fewer strokes than are asked of what else lies there: pieces of unequal size in a row."""
    signed = scene(1)
    ImageDraw.Draw(signed).text((250, 200), "mocha", fill="#ffe9a0", font=ImageFont.load_default(18))
    folder.add("pier.jpg", scene(1))
    folder.add("pier_mocha.jpg", signed)
    (group,) = folder.find()
    assert (group.relation, group.recommended) == ("copy", ("pier.jpg",))


@pytest.mark.parametrize("shared", ["frame", "mark", "ground", "stage", "caption"])
def test_what_is_around_joins_nobody(shared: str) -> None:
    folder = Folder()
    for seed in range(2, 6):
        picture = scene(seed)
        if shared == "frame":
            framed = scene(9).resize(picture.size)
            framed.paste(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), (picture.width // 8, picture.height // 8))  # fmt: skip
            picture = framed
        elif shared == "mark":
            picture = lettered(picture, "white", "gallery of the north", 56)
        elif shared == "caption":  # above one, below the next
            high = 90
            page = Pillow.new("RGB", (picture.width, picture.height + high), "white")
            page.paste(picture, (0, high * (seed % 2)))
            place = 30, picture.height * (1 - seed % 2) + 8
            ImageDraw.Draw(page).text(place, "when the code runs", fill="black", font=ImageFont.load_default(60))
            picture = page
        elif shared == "stage":  # most of each is the same
            ground = scene(9).resize(picture.size)
            ground.paste(picture.resize((picture.width * 2 // 5, picture.height * 2 // 5)), (picture.width * 3 // 10, picture.height * 9 // 16))  # fmt: skip
            picture = ground
        else:
            ground = scene(9).resize(picture.size)
            ground.paste(picture.resize((picture.width // 2, picture.height * 2 // 3)), (picture.width // 4, picture.height // 6))  # fmt: skip
            picture = ground
        folder.add(f"{seed}.jpg", picture)
    assert not folder.find()


def test_points_of_the_mirror_are_the_mirrored_points() -> None:
    pixels = keypoints.reduced(np.asarray(scene(1)))
    mine = keypoints.of_picture(pixels).mirrored()
    theirs = keypoints.of_picture(np.ascontiguousarray(pixels[:, ::-1]))
    held = geometry.similarity(mine, theirs, mirrored=False)
    assert held is not None
    assert held.points > 0.5 * len(mine.places)
    assert np.allclose(held.matrix, ((1, 0, 0), (0, 1, 0)), atol=0.6)


def test_faint_points_on_white_are_those_on_black() -> None:
    # on a plain white ground they are looked for with light and dark exchanged
    soft = scene(3).filter(ImageFilter.GaussianBlur(8)).resize((256, 192))
    on_white, on_black = (ImageOps.expand(soft, 100, ground) for ground in ("white", "black"))
    points, others = (keypoints.of_picture(keypoints.reduced(np.asarray(p))) for p in (on_white, on_black))
    held = geometry.similarity(points, others, mirrored=False)
    assert held is not None
    assert held.points > 0.4 * len(others.places)
    assert held.matrix == pytest.approx(np.eye(2, 3), abs=0.5)


def test_points_survive_being_packed() -> None:
    points = keypoints.of_picture(keypoints.reduced(np.asarray(scene(1))))
    again = keypoints.Keypoints.unpacked(points.packed())
    assert (again.height, again.width) == (points.height, points.width)
    assert np.array_equal(again.places, points.places)
    assert np.array_equal(again.descriptors, points.descriptors)


def test_the_same_answer_every_time() -> None:
    first, second = (keypoints.reduced(np.asarray(p)) for p in (scene(1), cut(scene(1), 0.1, 0.05, 0.8)))
    one, other = (geometry.lay_over(first, second, Lying()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.matrix, other.matrix)
    assert np.array_equal(one.residual, other.residual)


def test_what_a_thousand_pictures_share_costs_no_more() -> None:
    """A logo's points meet their next few neighbours only: the pairs grow with the pictures, not with their square."""
    points = keypoints.of_picture(keypoints.reduced(np.asarray(scene(1))))
    few = keypoints.Keypoints(points.height, points.width, points.places[:12], points.descriptors[:12])
    assert len(index.shared([few] * 300, 300)) < 300 * 30


def test_each_pair_once() -> None:
    folder = Folder()
    for number in range(4):
        folder.add(f"{number}.jpg", cut(scene(1), 0.02 * number, 0.03 * number, 0.9))
    images: list[Image] = list(folder.images.values())
    sight = Shown(folder.look)
    near = candidates.near(images, duplicate_limits())
    pairs = [(n.i, n.j) for n in candidates.find_candidates(sight.prepare(images), sight, near)]
    assert len(pairs) == len(set(pairs)) == 6
    assert all(i < j for i, j in pairs)


def test_points_are_kept_from_run_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = tmp_path / "images"
    images.mkdir()
    files.enclose(tmp_path)
    made = Folder()
    for seed in (1, 2):
        made.add(f"{seed}.jpg", scene(seed))
        (images / f"{seed}.jpg").write_bytes(made.data[f"{seed}.jpg"])
    records = list(made.images.values())
    (tmp_path / "build").mkdir()
    path = tmp_path / "build/keypoints.sqlite"
    pictures = Pictures(images, tmp_path, 100.0)

    def digests(stamp: str) -> list[str]:
        sight = keypoints.Opened(pictures, path, stamp)
        assert sight.prepare(records) == records
        found = [hashlib.sha256(sight.points(r).descriptors.tobytes()).hexdigest() for r in records]
        sight.close()
        return found

    first = digests("a")
    with monkeypatch.context() as patch:
        patch.setattr(Pictures, "each", lambda _self, _work, todo, **_: (pytest.fail("read again") for _ in todo))
        assert digests("a") == first
    path.write_bytes(b"no database at all, but long enough to be one" * 30)
    assert store.mended(path, lambda: digests("a")) == first


def test_clusters_stay_apart_whatever_joins_them() -> None:
    clusters = Clusters()
    clusters.join("b", "c")
    clusters.part("c", "e")
    clusters.join("a", "b")
    clusters.join("d", "e")
    assert clusters.known("a", "d")
    assert clusters.known("a", "c")
    assert not clusters.known("a", "f")
