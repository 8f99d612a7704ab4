"""Phase 2 asks about size once, and says of hopeless pictures that they are."""

import hashlib
from typing import Any

import pytest

from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Image
from loraprep.project import profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.settings import Settings, complete_settings
from loraprep.scan import audit


def settings(**audited: Any) -> Settings:
    return complete_settings(
        {
            "version": 1,
            "name": "x",
            "model": "sd15",
            "trigger": "abc",
            "intent": {"kind": "style"},
            "thresholds": {"audit": audited},
        }
    )


def picture(path: str, width: int, height: int | None = None) -> Image:
    digest = hashlib.sha256(path.encode()).hexdigest()
    return Image(path, "image", digest=digest, width=width, height=height or width)


def recommended(*found: Image, **audited: Any) -> dict[str, str]:
    asked = audit.size_questions(found, settings(**audited), profiles.base_model("sd15"), profiles.kind("style"))
    return {question.key: question.entry["recommended"] for question in asked}


@pytest.mark.parametrize("side", [1, 8, 64, 127])
def test_what_no_upscaler_makes_up_for_is_left_out_however_few_there_are(side: int) -> None:
    assert recommended(picture("speck.png", side)) == {"speck.png": "remove"}


def test_what_an_upscaler_can_make_up_for_stays_while_there_are_few() -> None:
    assert recommended(picture("small.png", 128), picture("soft.png", 300)) == {"small.png": "keep", "soft.png": "keep"}
    many = [picture(f"{n}.png", 512) for n in range(20)]
    assert recommended(picture("small.png", 128), *many) == {"small.png": "remove"}


def test_the_limit_is_a_setting() -> None:
    assert recommended(picture("sprite.png", 64), enlargement_most=8) == {"sprite.png": "keep"}


def test_the_question_says_it() -> None:
    (asked,) = audit.size_questions(
        [picture("speck.png", 8)], settings(), profiles.base_model("sd15"), profiles.kind("style")
    )
    assert asked.entry["what"] == (
        "8x8, would be enlarged 64x at 512, more than an upscaler can make up for (about 4x): better left out"
    )


def test_what_is_asked_elsewhere_is_not_asked_as_small_unless_it_has_its_answer() -> None:
    a, b, text = picture("a.png", 100), picture("b.png", 100), Image("a.txt", "ignored", "sidecar")
    assert audit.still_asked([a, b, text], Decisions(), {"a.png"}) == [b]
    given = Decisions(entries={"a.png": Entry("a.png", {"do": "upscale"}, {"a.png": a.digest[:12]}, touched=True)})
    assert audit.still_asked([a, b], given, {"a.png"}) == [a, b]


@pytest.mark.parametrize(
    ("answer", "leaves"), [("remove", True), ("recommended", True), ("keep", False), (None, False)]
)
def test_who_leaves_by_an_answer_about_size(answer: str | None, leaves: bool) -> None:
    now, digest = picture("new.png", 100), picture("new.png", 100).digest[:12]
    entry = Entry("old.png", {"do": answer, "recommended": "remove"}, {"old.png": digest}, touched=True)
    assert audit.removed([now], Decisions(entries={"old.png": entry})) == ({"new.png"} if leaves else set())


def test_an_answer_holds_where_its_question_is_no_longer_asked() -> None:
    small = picture("small.png", 600)
    entries = {
        path: Entry(path, {"do": do}, {path: small.digest[:12]}, touched=True)
        for path, do in (("small.png", "remove"), ("kept.png", "keep"))
    }
    (held,) = audit.outcome(
        [], Decisions(entries={"small.png": entries["small.png"]}), auto=False, images=[small]
    ).values()
    assert (held.path, held.fate, held.by, held.open) == ("small.png", "left out", "you", False)
    assert not audit.outcome([], Decisions(entries={"small.png": entries["kept.png"]}), auto=False, images=[small])
    other = Entry(
        "small.png", {"do": "remove"}, {"small.png": "0" * 12}, touched=True
    )  # an answer holds for its picture
    assert not audit.outcome([], Decisions(entries={"small.png": other}), auto=False, images=[small])


def test_a_better_version_of_nothing_says_what_it_may_be_meant_for() -> None:
    found, style = [picture("p00004.jpg", 600)], settings()
    result = audit.audit(found, ["upscaled/p0004.png"], {}, style, profiles.base_model("sd15"), profiles.kind("style"))
    (orphan,) = [f for f in result.findings if f.code == Code.UPSCALED_ORPHAN]
    assert findings.sentence(orphan).endswith("has that name. upscaled/p0004.png: did you mean p00004.jpg?")


def test_nothing_is_to_do_about_a_raw_file_or_a_clip_beside_its_picture() -> None:
    shot = picture("day/IMG_0102.JPG", 800)
    raw = Image("day/IMG_0102.DNG", "rejected", code=Code.UNSUPPORTED, reason="a camera's raw file")
    moment = Image("day/img_0102.mov", "ignored", role="clip")
    alone = Image("IMG_0102.DNG", "rejected", code=Code.UNSUPPORTED, reason="a camera's raw file")
    film = Image("IMG_0103.mov", "ignored", role="clip")
    found = audit.audit(
        [shot, raw, moment, alone, film], [], {}, settings(), profiles.base_model("sd15"), profiles.kind("style")
    )
    said = {f.code: f.images for f in found.findings if f.code in (Code.UNSUPPORTED, Code.CLIPS)}
    assert said == {Code.UNSUPPORTED: ("IMG_0102.DNG",), Code.CLIPS: ("IMG_0103.mov",)}


@pytest.mark.parametrize(("dataset", "said"), [
    ({}, "Name the plain background"),
    ({"background": ["#ffffff", "#808080"]}, "Nothing needs to be done: each trains once on every one"),
    ({"cutouts": "mask"}, "Nothing needs to be done: a loss mask"),
])  # fmt: skip
def test_a_fix_that_was_followed_is_not_asked_for_again(dataset: dict[str, Any], said: str) -> None:
    config = {"version": 1, "name": "x", "model": "sd15", "trigger": "abc", "intent": {"kind": "style"}}
    chosen = complete_settings({**config, "dataset": dataset})
    cut_out = Image("elf.png", "image", width=600, height=600, mode="RGBA", alpha=True)
    found = audit.audit([cut_out], [], {}, chosen, profiles.base_model("sd15"), profiles.kind("style")).findings
    (told,) = [f for f in found if f.code in (Code.TRANSPARENT, Code.TRANSPARENT_SETTLED)]
    assert findings.fix(told).startswith(said)
    assert (findings.severity(told.code, {}) == "warn") is not bool(dataset)
