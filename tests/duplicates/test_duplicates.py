"""Copies, variants and what becomes of them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance

from loraprep.core import findings
from loraprep.core.records import Group, Image
from loraprep.duplicates import questions, reading, relations
from loraprep.project import resolution
from loraprep.project.decisions import Decisions, Entry, Question
from tests.folders import Folder, Picture, encoded, find_groups
from tests.scenes import scene


def answered(question: Question, keep: Any) -> Decisions:
    short = {path: digest[:12] for path, digest in question.digests.items()}
    return Decisions(None, {question.key: Entry(question.key, {**question.entry, "keep": keep}, short, True)})


@pytest.fixture
def folder() -> Folder:
    return Folder()


def face(mouth: int) -> Picture:
    picture = Pillow.new("RGB", (640, 800), "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((180, 120, 460, 520), fill=(90, 50, 40))
    draw.polygon([(120, 800), (270, 520), (370, 520), (520, 800)], fill=(40, 90, 130))
    draw.ellipse((210, 180, 430, 500), fill=(235, 200, 170), outline="black", width=3)
    for x in (270, 370):
        draw.ellipse((x - 14, 290, x + 14, 310), fill="black")
    if mouth == 0:
        draw.line((290, 410, 350, 410), fill="black", width=5)
    elif mouth == 1:
        draw.arc((285, 380, 355, 430), 20, 160, fill="black", width=5)
    else:
        draw.arc((285, 405, 355, 455), 200, 340, fill="black", width=5)
    return picture


def lossy(picture: Picture, form: str, quality: int) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, quality=quality)
    return stream.getvalue()


EDITS: dict[str, Callable[[Picture], bytes]] = {
    "recompressed": lambda p: encoded(p, quality=35),
    "smaller": lambda p: encoded(p.resize((p.width // 2, p.height // 2))),
    "cropped": lambda p: encoded(p.crop((8, 6, p.width - 12, p.height - 10))),
    "brighter": lambda p: encoded(ImageEnhance.Brightness(p).enhance(1.15)),
    "darker": lambda p: encoded(ImageEnhance.Brightness(p).enhance(0.8)),
    "mirrored": lambda p: encoded(p.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)),
    "PNG": lambda p: encoded(Pillow.open(io.BytesIO(encoded(p))), "PNG"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_copy_is_found_and_named(folder: Folder, edit: str) -> None:
    folder.add("pier.jpg", scene(1))
    folder.add("pier_b.jpg", EDITS[edit](scene(1)))
    folder.add("other.jpg", scene(2))
    (group,) = folder.find()
    assert (group.pictures, group.relation) == (("pier.jpg", "pier_b.jpg"), "copy")
    assert len(group.recommended) == 1
    (pair,) = group.pairs
    assert pair.mirrored == (edit == "mirrored")
    assert edit in pair.what or edit in ("PNG", "brighter", "darker", "mirrored")


def test_the_larger_sharper_one_is_best(folder: Folder) -> None:
    folder.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=50))
    folder.add("pier.jpg", scene(1, 1280, 960))
    (group,) = folder.find()
    assert group.best == "pier.jpg"
    assert group.recommended == ("pier.jpg",)
    assert group.why == "it is the largest"
    assert group.pairs[0].what == "smaller, recompressed copy of pier.jpg"
    assert "JPEG blocks" in group.facts["pier_web.jpg"]
    assert group.facts["pier.jpg"].startswith("1280x960, ")


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
@pytest.mark.parametrize("quality", [40, 75])
def test_what_was_saved_from_a_jpeg_in_a_format_that_tells_no_quality_does_not_win(
    folder: Folder, form: str, quality: int
) -> None:
    jpeg = encoded(scene(1), quality=88)
    folder.add("pier_from_the_web.jpg", jpeg)
    folder.add("pier." + form.lower(), lossy(Pillow.open(io.BytesIO(jpeg)), form, quality))
    (group,) = folder.find()
    assert group.best == "pier_from_the_web.jpg"
    assert group.why in ("it is the least compressed", "it is the sharpest at the same size")


@pytest.mark.parametrize("form", ["WEBP", "AVIF"])
def test_what_holds_more_than_the_jpeg_saved_from_it_wins(folder: Folder, form: str) -> None:
    folder.add("a.jpg", encoded(scene(1), quality=40))
    folder.add("pier." + form.lower(), lossy(scene(1), form, 95))
    (group,) = folder.find()
    assert (group.best, group.why) == (f"pier.{form.lower()}", "it is the least compressed")


@pytest.mark.parametrize("scale", [1.5, 2.0])
def test_an_enlarged_file_does_not_win(folder: Folder, scale: float) -> None:
    original = scene(1, 1024, 768)
    size = (int(1024 * scale), int(768 * scale))
    folder.add("pier.jpg", original)
    folder.add("a.jpg", original.resize(size, Pillow.Resampling.LANCZOS))
    (group,) = folder.find()
    assert group.best == "pier.jpg"
    assert "enlarge" in group.why
    assert "enlarged" in group.pairs[0].what


def test_what_is_measured_as_enlarged_does_not_win_either(folder: Folder) -> None:
    folder.add("pier.jpg", scene(1))
    folder.add("a.png", encoded(scene(1).resize((1280, 1120)), "PNG"), detail=0.5)
    (group,) = folder.find()
    assert group.best == "pier.jpg"


def test_a_changed_part_makes_a_variant_and_all_stay(folder: Folder) -> None:
    changed = scene(1)
    ImageDraw.Draw(changed).ellipse((300, 200, 350, 250), fill=(250, 240, 40))
    folder.add("pier.jpg", scene(1))
    folder.add("pier_moon.jpg", changed)
    (group,) = folder.find()
    assert group.relation == "variant"
    assert group.recommended == ("pier.jpg", "pier_moon.jpg")
    (question,) = folder.questions()
    assert question.entry["recommended"] == "all"
    assert not folder.left_out()


def test_expressions_are_never_proposed_for_removal(folder: Folder) -> None:
    for mouth in range(3):
        folder.add(f"face{mouth}.png", encoded(face(mouth), "PNG"))
        folder.add(f"face{mouth}_web.jpg", encoded(face(mouth).resize((320, 400)), quality=80))
    gone = set(folder.left_out())
    assert gone == {f"face{mouth}_web.jpg" for mouth in range(3)}


def test_night_is_a_variant_of_day(folder: Folder) -> None:
    night = Pillow.merge(
        "RGB",
        [c.point(lambda v, f=f: int(v * f)) for c, f in zip(scene(1).split(), (0.3, 0.35, 0.6), strict=True)],
    )
    folder.add("day.jpg", scene(1))
    folder.add("night.jpg", night)
    (group,) = folder.find()
    assert group.relation == "variant"
    assert "light" in group.pairs[0].what


def test_inside_variants_copies_still_collapse(folder: Folder) -> None:
    changed = scene(1)
    ImageDraw.Draw(changed).ellipse((300, 200, 350, 250), fill=(250, 240, 40))
    folder.add("a.jpg", scene(1))
    folder.add("a_web.jpg", encoded(scene(1).resize((320, 280)), quality=60))
    folder.add("b.jpg", changed)
    (group,) = folder.find()
    assert group.relation == "variant"
    assert group.recommended == ("a.jpg", "b.jpg")
    assert folder.left_out()["a_web.jpg"].why == "a copy of a.jpg"


def test_flat_and_tiny_pictures_match_only_byte_for_byte(folder: Folder) -> None:
    for number, colour in enumerate(("white", "white", (254, 254, 254), "red")):
        folder.add(f"flat{number}.png", encoded(Pillow.new("RGB", (400, 300), colour), "PNG"))
    folder.add("dot1.png", encoded(scene(1).resize((16, 16)), "PNG"))
    folder.add("dot2.jpg", encoded(scene(1).resize((16, 16))))
    (group,) = folder.find()
    assert (group.pictures, group.relation) == (("flat0.png", "flat1.png"), "byte")


def test_drawings_on_white_do_not_match_by_accident(folder: Folder) -> None:
    for number in range(6):
        picture = Pillow.new("RGB", (600, 600), "white")
        x = 220 + 5 * number
        ImageDraw.Draw(picture).regular_polygon((x, 300, 60), 3 + number, fill=(20 * number, 90, 60))
        folder.add(f"shape{number}.png", encoded(picture, "PNG"))
    assert not [g for g in folder.find() if g.relation != "variant"]


def test_byte_copies_need_no_question(folder: Folder) -> None:
    folder.add("pier (1).jpg", scene(1))
    folder.add("pier.jpg", scene(1))
    (group,) = folder.find()
    assert (group.relation, group.best) == ("byte", "pier.jpg")
    assert not folder.opened
    assert not folder.questions()
    fate = folder.left_out()["pier (1).jpg"]
    assert (fate.why, fate.by, fate.open) == ("a byte copy of pier.jpg", "rule", False)


def test_the_byte_copy_with_better_pixels_stays(folder: Folder) -> None:
    folder.add("a.jpg", scene(1))
    folder.add("longer.jpg", scene(1), upscaled="upscaled/longer.png")
    assert folder.find()[0].best == "longer.jpg"


@pytest.fixture
def two(folder: Folder) -> Folder:
    folder.add("pier.jpg", scene(1, 1280, 960))
    folder.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=50))
    return folder


def test_a_question_in_words(two: Folder) -> None:
    (question,) = two.questions()
    assert question.key == "pier.jpg"
    assert question.entry["what"] == "pier_web.jpg is a smaller, recompressed copy of pier.jpg"
    assert list(question.entry["pictures"]) == ["pier.jpg", "pier_web.jpg"]
    assert question.entry["recommended"] == ["pier.jpg"]
    assert question.entry["keep"] is None
    assert question.digests == {path: two.images[path].digest for path in ("pier.jpg", "pier_web.jpg")}


@pytest.mark.parametrize(
    ("keep", "gone"),
    [
        ("recommended", {"pier_web.jpg"}),
        ("all", set()),
        ("none", {"pier.jpg", "pier_web.jpg"}),
        (["pier_web.jpg"], {"pier.jpg"}),
    ],
)
def test_answers(two: Folder, keep: Any, gone: set[str]) -> None:
    (question,) = two.questions()
    decisions = answered(question, keep)
    left = two.left_out(decisions)
    assert set(left) == gone
    assert all(f.by == "you" and not f.open for f in left.values())
    assert not two.questions(decisions)
    assert not resolution.waiting([question], decisions, auto=False)


def test_no_answer_counts_as_the_recommendation_and_waits(two: Folder) -> None:
    (question,) = two.questions()
    fates = questions.outcome(two.find(), list(two.images.values()), Decisions(), auto=False)
    assert {path: (f.fate, f.by, f.open) for path, f in fates.items()} == {
        "pier.jpg": ("kept", "recommendation", True),
        "pier_web.jpg": ("left out", "recommendation", True),
    }
    assert resolution.waiting([question], Decisions(), auto=False) == ["pier.jpg"]
    for decisions, auto in ((Decisions("recommended"), False), (Decisions(), True)):
        assert not resolution.waiting([question], decisions, auto=auto)
        assert not two.left_out(decisions, auto)["pier_web.jpg"].open


def test_a_handwritten_answer_needs_no_digests(two: Folder) -> None:
    decisions = Decisions(None, {"pier.jpg": Entry("pier.jpg", {"keep": ["pier_web.jpg"]}, {}, True)})
    assert set(two.left_out(decisions)) == {"pier.jpg"}
    assert not two.questions(decisions)


def test_a_grown_group_asks_only_for_the_newcomer(two: Folder) -> None:
    (question,) = two.questions()
    decisions = answered(question, ["pier_web.jpg"])
    two.add("newer.jpg", encoded(scene(1, 1280, 960), quality=80))
    (again,) = two.questions(decisions)
    assert (again.key, list(again.digests), again.entry["recommended"]) == ("newer.jpg", ["newer.jpg"], [])
    fates = two.left_out(decisions)
    assert {path: (f.by, f.open) for path, f in fates.items()} == {
        "pier.jpg": ("you", False),
        "newer.jpg": ("recommendation", True),
    }
    both = Decisions(None, {**decisions.entries, **answered(again, "all").entries})
    assert set(two.left_out(both)) == {"pier.jpg"}
    assert not two.questions(both)


def test_a_rename_is_followed(two: Folder) -> None:
    decisions = answered(two.questions()[0], ["pier_web.jpg"])
    two.images["old/harbour.jpg"] = replace(two.images.pop("pier.jpg"), path="old/harbour.jpg")
    two.data["old/harbour.jpg"] = two.data["pier.jpg"]
    assert set(two.left_out(decisions)) == {"old/harbour.jpg"}
    assert not two.questions(decisions)


def test_a_retouched_picture_keeps_its_answer_and_is_asked_again(two: Folder) -> None:
    decisions = answered(two.questions()[0], "recommended")
    two.add("pier_web.jpg", encoded(scene(1, 1280, 960).resize((800, 600)), quality=55))
    assert two.left_out(decisions)["pier_web.jpg"].open
    (again,) = two.questions(decisions)
    assert list(again.digests) == ["pier_web.jpg"]
    confirmed = Decisions(None, {**decisions.entries, **answered(again, "recommended").entries})
    assert not two.left_out(confirmed)["pier_web.jpg"].open
    assert not two.questions(confirmed)


def test_the_order_of_the_input_does_not_matter(two: Folder) -> None:
    two.add("b.jpg", encoded(scene(1, 1280, 960), quality=60))
    images = list(two.images.values())
    assert find_groups(images, two.look) == find_groups(images[::-1], two.look)


def test_groups_survive_json(two: Folder) -> None:
    (group,) = two.find()
    assert msgspec.convert(msgspec.to_builtins(group), Group) == group


def test_findings_have_words(two: Folder) -> None:
    two.add("pier (1).jpg", two.data["pier.jpg"])
    changed = scene(1, 1280, 960)
    ImageDraw.Draw(changed).ellipse((300, 200, 500, 400), fill=(250, 240, 40))
    two.add("moon.jpg", changed)
    found = relations.findings(two.find())
    assert [(f.code, f.images) for f in found] == [
        ("byte-copies", ("pier (1).jpg",)),
        ("copies", ("pier_web.jpg",)),
        ("variants", ("moon.jpg", "pier.jpg")),
    ]
    assert all(findings.sentence(f) and findings.why(f.code) for f in found)


def test_nothing_in_nothing_out() -> None:
    assert find_groups([], Folder().look) == []
    assert find_groups([Image("notes.txt", "ignored")], Folder().look) == []


def test_a_single_pixel_of_ink_is_told() -> None:
    below, above = (np.array([[*colour]], np.float32) for colour in ((10, 20, 30), (200, 100, 50)))
    told = reading._composed(below, above)
    assert told.alone == 0
    assert told.colour.tolist() == [200, 100, 50]
