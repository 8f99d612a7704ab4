"""Rendering, a person's own captions, samples, checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs, to_builtins

from loraprep.captions import approval, hygiene, registry, samples, tokens
from loraprep.captions.bleed import fused_terms, together
from loraprep.captions.captioner import Context
from loraprep.captions.compose import compose_captions
from loraprep.captions.elements import sort_terms
from loraprep.captions.render import Traits, prefix, render, render_all
from loraprep.captions.samples import Renewal, choose_samples, open_samples, sample_questions
from loraprep.core import findings
from loraprep.core.records import Caption, Elements, Grade, Image
from loraprep.project import decisions, profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Settings
from tests.typed import changed, smallest

TRIGGER = "brushy"
TAGS = changed(profiles.base_model("sdxl"), encoder={"name": "CLIP", "soft": 75, "hard": 225})
PROSE = changed(profiles.base_model("flux"), title="Flux", encoder={"name": "T5", "soft": 256, "hard": 512})
STYLE = changed(profiles.kind("style"), omit=(), axes={})
CONFIG = changed(
    smallest(trigger=TRIGGER),
    thresholds={"captions": {"fused_critical": 0.85, "fused_warning": 0.6, "fused_watch": 0.35}},
)
RULES = CONFIG.captioning
AUTO = changed(CONFIG, review={"captions": "auto"})


def draft(
    path: str = "mill.jpg", text: str = "water_mill, pond, wide view", form: str = "tags", **more: Any
) -> Elements:
    said = hygiene.terms(text) if form == "tags" else hygiene.phrases(text)
    values: dict[str, Any] = {
        "content": {"subject": said[:1], "objects": said[1:]},
        "style": {"palette": ["teal and green"], "temperature": ["warm palette"]},
        "sources": {"text": "sidecar:a.txt"},
        "trusted": True,
    }
    values = {"state": "draft", **values, **more}
    return Elements(path, "d" * 64, "draft", text=text, form=form, **values)


def seen(**more: Any) -> Elements:
    values: dict[str, Any] = {
        "content": {"hair": ["red hair"], "subject": ["woman"], "framing": ["close-up"], "subject_class": ["person"]},
        "style": {"medium": ["oil painting"], "palette": ["earth tones"]},
        "content_sentence": "A woman in a garden.",
        "style_sentence": "Oil painting in earth tones.",
    }
    return Elements(more.pop("path", "a.jpg"), "d" * 64, "claude", "seen", **{**values, **more})


def written(
    elements: Elements, model: BaseModel, rules: dict[str, Any] | None = None, traits: tuple[str, ...] = ()
) -> str:
    return render(elements, TRIGGER, changed(RULES, **(rules or {})), model, Traits(frozenset(traits))).text


def test_tags_and_prose() -> None:
    tags = "brushy, water mill, pond, wide view, teal and green, warm palette"
    assert written(draft(), TAGS) == tags
    assert written(draft(), PROSE) == "brushy, water mill, pond, wide view, teal and green, warm palette"
    prose = draft(text="A water mill beside a green pond.", form="prose")
    assert written(prose, PROSE) == "brushy, a water mill beside a green pond, teal and green, warm palette"
    # SDXL reads short sentences too: a person's own is not taken apart
    assert written(prose, TAGS) == "brushy, a water mill beside a green pond, teal and green, warm palette"
    assert written(seen(), TAGS) == "brushy, woman, red hair, close-up, oil painting, earth tones"
    assert written(seen(), PROSE) == "brushy, a woman in a garden. Oil painting in earth tones."


def test_rules_leave_words_out() -> None:
    assert written(draft(), TAGS, {"style_words": "omit"}) == "brushy, water mill, pond, wide view"
    assert written(seen(), PROSE, {"style_words": "omit"}) == "brushy, a woman in a garden."
    assert written(draft(), TAGS, {"omit": ("Pond", "warm_palette")}) == "brushy, water mill, wide view, teal and green"
    assert "garden" not in written(seen(), PROSE, {"omit": ("garden",)})
    assert written(seen(), TAGS, traits=("red hair",)) == "brushy, woman, close-up, oil painting, earth tones"
    spoken = seen(content_sentence="A woman with red hair.")
    assert written(spoken, PROSE, {"style_words": "omit"}, ("red hair",)) == "brushy, a woman with red hair."  # whole


def test_quality_tags_only_on_request() -> None:
    pony = changed(TAGS, quality_tags=("score_9", "score_8_up"))
    own = draft(text="masterpiece, score_7_up, mill", style={})
    assert written(own, pony) == "brushy, mill"
    assert written(own, pony, {"quality_tags": True}) == "brushy, mill"  # before the trigger, in the files
    assert prefix(changed(RULES, quality_tags=True), pony) == ("score_9", "score_8_up")
    assert prefix(changed(RULES, prefix=("rating_safe",)), pony) == ("rating_safe",)
    last = changed(pony, order=("count", "general", "quality"))
    assert written(own, last, {"quality_tags": True}) == "brushy, mill, score_9, score_8_up"
    assert prefix(changed(RULES, quality_tags=True), last) == ()


def test_terms_once_and_kaomoji_kept() -> None:
    assert written(draft(text="Mill, mill, ^_^, blue_sky", style={}), TAGS) == "brushy, Mill, ^_^, blue sky"


def test_existing_is_verbatim_and_none_is_the_trigger() -> None:
    caption = render(sidecar("My mill, in oil."), TRIGGER, RULES, TAGS)
    assert (caption.text, caption.origin, caption.grade) == ("brushy, My mill, in oil.", "existing", Grade.DESCRIBED)
    empty = render(Elements("a.jpg", "d", "existing", "none"), TRIGGER, RULES, TAGS)
    assert (empty.text, empty.grade) == ("brushy", Grade.MISSING)
    nothing = render(Elements("a.jpg", "d", "none", "none"), TRIGGER, RULES, TAGS)
    assert (nothing.text, nothing.grade, nothing.captioned) == ("brushy", Grade.TRIGGER_ONLY, True)


def sidecar(text: str, **more: Any) -> Elements:
    """What the captioner "existing" makes of it."""
    content, style = sort_terms(hygiene.phrases(text))
    return Elements("a.jpg", "d", "existing", "seen", content, style, text=text, form="prose", trusted=True,
                    sources={"text": "sidecar:a.txt"}, **more)  # fmt: skip


def nothing(**more: Any) -> Elements:
    """A draft of a picture of which nobody has said anything."""
    return draft(text="", form="", content={}, trusted=False, sources={}, **more)


def graded(elements: Elements, model: BaseModel = TAGS) -> Grade:
    return render(elements, TRIGGER, RULES, model, words=("figure painting",)).grade


def test_what_somebody_saw_is_described_and_all_else_is_named() -> None:
    assert graded(draft()) == Grade.DESCRIBED  # a .txt beside the picture
    assert graded(seen()) == Grade.DESCRIBED
    assert graded(draft(sources={"text": "name"})) == Grade.NAMED
    assert graded(draft(sources={"text": "xmp:subject"})) == Grade.NAMED
    assert graded(nothing()) == Grade.NAMED  # measured colour, and the group's words
    assert graded(draft(sources={"text": "name"}, state="refused", missing="refused")) == Grade.NAMED
    assert graded(draft(state="refused", missing="refused")) == Grade.DESCRIBED  # refused, but a person wrote it down
    assert graded(draft(sources={"text": "name"}, state="waiting", missing="no-key")) == Grade.MISSING
    assert graded(Elements("a.jpg", "d", "draft", "draft")) == Grade.MISSING


def test_technique_is_no_part_of_the_grade() -> None:
    assert graded(sidecar("赤い橋と川")) == Grade.DESCRIBED
    assert graded(sidecar("a mill")) == Grade.DESCRIBED
    assert graded(sidecar("oil painting")) == Grade.NAMED
    assert graded(sidecar("red and blue")) == Grade.NAMED
    assert graded(seen(content={})) == Grade.MISSING


def test_colours_alone_are_not_captioned() -> None:
    caption = render(nothing(), TRIGGER, RULES, TAGS)
    assert caption.text == "brushy, teal and green, warm palette"
    assert not caption.captioned


@given(st.text(max_size=60), st.sampled_from(["tags", "prose"]), st.sampled_from([TAGS, PROSE]))
def test_whatever_the_data_says_a_rendered_caption_is_safe(text: str, form: str, model: BaseModel) -> None:
    for words in (text, f"<lora:{text}:1>, {{{text}}}, {TRIGGER}", f"<lo<lora:x>ra:y>{text}\n{TRIGGER.upper()}"):
        caption = written(draft(text=words, form=form), model)
        assert hygiene.faults(caption, TRIGGER) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mill", "start"),
        ("brushyness, mill", "start"),
        ("brushy, a brushy mill", "twice"),
        ("brushy, a\nmill", "line break"),
        ("brushy, a\u202emill", "line break"),
        ("brushy <lora:x:1>", "LoRA"),
        ("brushy, {a|b}", "braces"),
    ],
)
def test_hard_checks(text: str, fault: str) -> None:
    assert any(fault in f for f in hygiene.faults(text, TRIGGER))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1girl, blue_eyes, solo", "tags"),
        ("water mill, pond, wide view", "tags"),
        ("mill", "tags"),
        ("a mill", "prose"),
        ("A water mill stands beside a green pond, under willows.", "prose"),
        ("a mill, a pond, a bridge", "prose"),
        ("A mill. It is old.", "prose"),
    ],
)
def test_form(text: str, form: str) -> None:
    assert hygiene.form_of(text) == form


# counts of CLIP's own byte-pair encoder (openai/CLIP), without start and end
CLIP = {
    "brushy, a water mill beside a green pond": 10,
    "impasto, chiaroscuro, sfumato": 13,
    "serafuku, zettai ryouiki": 11,
    "12 o'story": 5,
    "café": 1,
    "it's 3 o'clock, they'll see": 10,
    "^_^, 水車小屋, 1girl": 16,
    "Ünïcödé ½ Ⅳ 🦊": 13,
    "cafe\u0301": 1,
    "score_9, score_8_up": 9,
    "": 0,
}


@pytest.mark.parametrize("text", CLIP)
def test_tokens_are_those_of_clip(text: str) -> None:
    assert tokens.count(text) == CLIP[text]


def test_lengths_say_whether_they_are_exact() -> None:
    assert render(draft(), TRIGGER, RULES, TAGS).length == "17 of 225"
    assert render(draft(), TRIGGER, RULES, PROSE).length == "at most 32 of 512"
    assert tokens.count("a mill", "T5") >= 3


# --- decisions


def entry(path: str, data: dict[str, Any], *, tool: bool = True, touched: bool = True) -> Decisions:
    return Decisions(None, {path: Entry(path, data, {path: "d" * 12} if tool else {}, touched)})


def asked(elements: Elements, model: BaseModel = TAGS, **more: Any) -> dict[str, Any]:
    caption = render(elements, TRIGGER, RULES, model)
    path = elements.path
    under = {path: to_builtins(approval.approved_under(Image(path, "image"), changed(CONFIG, model=model.title)))}
    (question,) = sample_questions([path], {path: caption}, {path: "d" * 64}, CONFIG, under, {})
    return {**question.entry, **more}


def resolved(elements: Elements, given_: Decisions, model: BaseModel = TAGS, config: Settings = CONFIG) -> Caption:
    return compose_captions({elements.path: elements}, given_, config, model, STYLE).captions[elements.path]


def test_a_question_shows_caption_content_style_and_length() -> None:
    data = asked(draft())
    assert data["caption"] == "[trigger], water mill, pond, wide view, teal and green, warm palette"
    assert data["content"] == ["water mill", "pond", "wide view"]
    assert data["style"] == ["teal and green", "warm palette"]
    assert data["tokens"].endswith(" of 225")
    assert data["verdict"] is None
    assert data["recommended"] == "approve"


def test_a_sample_that_says_nothing_recommends_nothing() -> None:
    data = asked(nothing())
    assert data["recommended"] is None
    assert data["what"] == "nobody has said what is in it: write that into the caption"
    for given_ in (Decisions("recommended", entry("mill.jpg", data, touched=False).entries),
                   entry("mill.jpg", data, touched=False)):  # fmt: skip
        assert open_samples(["mill.jpg"], given_, auto=True) == ["mill.jpg"]
        assert resolved(nothing(), given_, config=AUTO).grade == Grade.NAMED
    assert open_samples(["mill.jpg"], entry("mill.jpg", {**data, "verdict": "skip"}), auto=False) == []


def test_a_sample_that_would_break_recommends_nothing() -> None:
    caption = structs.replace(render(draft(), TRIGGER, RULES, TAGS), text="brushy, a mill, charcoal[trigger]")
    assert "charcoal[trigger]" in samples.why_not_recommended(caption, CONFIG)


def test_accepting_the_rest_needs_one_good_sample_to_go_on() -> None:
    good, bad = asked(draft()), asked(nothing())
    both = {
        "a.jpg": Entry("a.jpg", good, {"a.jpg": "d" * 12}, False),
        "b.jpg": Entry("b.jpg", bad, {"b.jpg": "d"}, False),
    }
    assert approval.approved(["a.jpg", "b.jpg"], Decisions("recommended", both), auto=False)
    assert not approval.approved(["b.jpg"], Decisions("recommended", both), auto=True)
    assert not approval.approved(["a.jpg", "b.jpg"], Decisions(None, both), auto=False)


def test_what_was_approved_is_what_trains() -> None:
    answer = entry("mill.jpg", asked(draft(), verdict="approve"))
    for later in (draft(), draft(text="windmill, dunes"), seen(path="mill.jpg")):  # other files, another captioner
        caption = resolved(later, answer)
        assert caption.text == "brushy, water mill, pond, wide view, teal and green, warm palette"
        assert (caption.origin, caption.grade) == ("approved", Grade.DESCRIBED)
        assert caption.content == ("water mill", "pond", "wide view")
    named = draft(sources={"text": "name"})
    assert (
        resolved(named, entry("mill.jpg", asked(named, verdict="approve"))).grade == Grade.DESCRIBED
    )  # read by a person
    silent = resolved(Elements("mill.jpg", "d" * 64, "none", "none"), answer)
    assert (silent.text, silent.grade) == ("brushy", Grade.TRIGGER_ONLY)  # chosen since


def test_an_approval_of_before_counts_on() -> None:
    def before(own: Elements) -> dict[str, Any]:
        return {k: v for k, v in asked(own, verdict="approve").items() if k not in ("under", "recommended")}

    old = before(draft())
    assert resolved(draft(text="windmill"), entry("mill.jpg", old)).text.startswith("brushy, water mill, pond")
    assert renewed(old, CONFIG) == ""
    told = draft(text="A water mill beside a green pond.", form="prose")
    assert renewed(old, CONFIG, PROSE, told) == "the base model changed since you approved it"


def renewed(data: dict[str, Any], config: Settings, model: BaseModel = TAGS, later: Elements | None = None) -> str:
    """Why an approved caption is asked about again, "" if it is not."""
    image = Image("mill.jpg", "image", digest="d" * 64)
    caption = render(later or draft(), config.trigger, config.captioning, model)
    found = approval.approvals_to_renew([image], {"mill.jpg": caption}, entry("mill.jpg", data), config)
    return found["mill.jpg"][0] if found else ""


def test_an_approval_holds_until_trigger_model_or_a_caption_setting_changes() -> None:
    config = changed(CONFIG, model=TAGS.title)
    data = asked(draft(), verdict="approve")
    assert renewed(data, config) == ""
    assert renewed(data, config, later=draft(text="windmill, dunes")) == ""
    assert renewed(data, changed(config, captioning={"captioner": "claude"}), later=draft(text="windmill")) == ""
    assert renewed(data, changed(config, trigger="newstyle")) == "its trigger changed since you approved it"
    omit = changed(config, captioning={"style_words": "omit"})
    assert renewed(data, omit) == "a caption setting changed since you approved it"
    assert renewed(data, changed(omit, model="flux"), PROSE).startswith("the base model and a caption setting changed")
    assert renewed(data, changed(config, model="noobai")) == ""  # its caption would be the same: nothing to show


def test_it_is_shown_before_and_after_and_asked_once() -> None:
    config = changed(CONFIG, trigger="newstyle", model=TAGS.title)
    given_ = entry("mill.jpg", asked(draft(), verdict="approve"))
    caption = render(draft(text="windmill, dunes"), "newstyle", RULES, TAGS)
    renewal = Renewal("mill.jpg (again)", "its trigger changed since you approved it", "brushy, water mill")
    under = {"mill.jpg": to_builtins(approval.approved_under(Image("mill.jpg", "image"), config))}
    (question,) = sample_questions(
        ["mill.jpg"], {"mill.jpg": caption}, {"mill.jpg": "d" * 64}, config, under, {"mill.jpg": renewal}
    )
    assert (question.key, question.entry["before"]) == ("mill.jpg (again)", "brushy, water mill")
    assert question.entry["caption"].startswith("[trigger], windmill, dunes")

    def again(verdict: str | None, **more: Any) -> Decisions:
        said = Entry(
            question.key, {**question.entry, "verdict": verdict, **more}, {"mill.jpg": "d" * 12}, bool(verdict)
        )
        return Decisions(None, {**given_.entries, said.key: said})

    later = draft(text="dunes, windmill")
    assert open_samples(["mill.jpg"], again(None), auto=False) == ["mill.jpg (again)"]
    assert resolved(later, again(None), config=config).text.startswith("newstyle, dunes, windmill")
    assert open_samples(["mill.jpg"], again("approve"), auto=False) == []
    assert resolved(later, again("approve"), config=config).text.startswith("newstyle, windmill, dunes")
    own = again("adjust", caption="[trigger], my dunes")
    assert resolved(later, own, config=config).text == "newstyle, my dunes"
    rest = Decisions("recommended", again(None).entries)
    result = compose_captions({"mill.jpg": later}, rest, config, TAGS, STYLE)
    assert [f.images for f in result.findings if f.code == "caption-approved-otherwise"] == [("mill.jpg",)]
    as_shown = compose_captions({"mill.jpg": draft(text="windmill, dunes")}, rest, config, TAGS, STYLE)
    assert as_shown.captions["mill.jpg"].text.startswith("newstyle, windmill, dunes")
    assert "caption-approved-otherwise" not in {f.code for f in as_shown.findings}  # it was shown, and accepted


def test_approving_colours_does_not_say_what_is_in_a_picture() -> None:
    caption = resolved(nothing(), entry("mill.jpg", asked(nothing(), verdict="approve")))
    assert (caption.origin, caption.grade) == ("approved", Grade.NAMED)


@pytest.mark.parametrize("verdict", ["adjust", "approve", "skip", None])
def test_an_edited_caption_is_verbatim(verdict: str | None) -> None:
    data = asked(draft(), caption="[trigger], MY mill, pond", verdict=verdict)
    caption = resolved(draft(), entry("mill.jpg", data))
    assert (caption.text, caption.origin, caption.captioned) == ("brushy, MY mill, pond", "written", True)
    assert open_samples(["mill.jpg"], entry("mill.jpg", data), auto=False) == []


def test_a_handwritten_caption_gets_its_trigger() -> None:
    for text in ("a quiet mill", "[trigger], a quiet mill", "brushy, a quiet mill"):
        caption = resolved(draft(), entry("mill.jpg", {"caption": text}, tool=False))
        assert caption.text == "brushy, a quiet mill"
        assert caption.captioned
    assert resolved(draft(), entry("mill.jpg", {"caption": "[trigger]"}, tool=False)).grade == Grade.MISSING
    colours = entry("mill.jpg", {"caption": "[trigger], warm palette"}, tool=False)
    assert resolved(draft(), colours).grade == Grade.NAMED


def test_a_caption_for_another_base_model_stays_and_is_listed() -> None:
    data = asked(draft(), caption="[trigger], my mill, my pond", verdict="adjust")
    earlier = {k: v for k, v in data.items() if k != "under"}
    config = changed(CONFIG, model="flux")
    for given_ in (data, earlier):
        result = compose_captions({"mill.jpg": draft()}, entry("mill.jpg", given_), config, PROSE, STYLE)
        assert result.captions["mill.jpg"].text == "brushy, my mill, my pond"
        assert [f.images for f in result.findings if f.code == "caption-other-form"] == [("mill.jpg",)]
    same = compose_captions(
        {"mill.jpg": draft()}, entry("mill.jpg", data), changed(config, model=TAGS.title), TAGS, STYLE
    )
    assert "caption-other-form" not in {f.code for f in same.findings}
    told = asked(draft(), caption="[trigger], a mill by a green pond.", form="prose", verdict="adjust")
    prose = compose_captions({"mill.jpg": draft()}, entry("mill.jpg", told), config, PROSE, STYLE)
    assert "caption-other-form" not in {f.code for f in prose.findings}  # another model, which reads them as well


@pytest.mark.parametrize(
    "text",
    ["a fox, charcoal[trigger]", "charcoal[trigger], a fox", "[trigger]charcoal, a fox", "a fox, [trigger]s, ink"],
)
def test_a_trigger_glued_to_a_word_is_named(text: str) -> None:
    by_hand = entry("mill.jpg", {"caption": text}, tool=False)
    beside = registry.load_captioner("draft").describe(
        Image("mill.jpg", "image", digest="d" * 64, words=(("sidecar:mill.txt", text),)), Context(TRIGGER)
    )
    for elements, given_ in ((draft(), by_hand), (beside, Decisions())):
        result = compose_captions({"mill.jpg": elements}, given_, CONFIG, TAGS, STYLE)
        (fault,) = [f for f in result.findings if f.code == "caption-unusable"]
        assert "glues [trigger] to a word" in findings.sentence(fault)


def test_open_skip_and_rest() -> None:
    open_ = entry("mill.jpg", asked(draft()), touched=False)
    assert resolved(draft(), open_).origin == "draft"
    assert open_samples(["mill.jpg"], open_, auto=False) == ["mill.jpg"]
    assert open_samples(["mill.jpg"], open_, auto=True) == []
    rest = Decisions("recommended", open_.entries)
    assert open_samples(["mill.jpg"], rest, auto=False) == []
    assert resolved(draft(), rest).origin == "draft"  # accepted, but nobody has approved it
    assert resolved(draft(), entry("mill.jpg", asked(draft(), verdict="skip"))).origin == "draft"


def test_a_question_survives_its_file(tmp_path: Path) -> None:
    caption = render(draft(), TRIGGER, RULES, TAGS)
    under = {"mill.jpg": to_builtins(approval.approved_under(Image("mill.jpg", "image"), CONFIG))}
    asks = sample_questions(["mill.jpg"], {"mill.jpg": caption}, {"mill.jpg": "d" * 64}, CONFIG, under, {})
    decisions.update_questions(tmp_path, "captions", samples.HEADER, asks)
    file = tmp_path / "decisions/captions.yaml"
    file.write_text(file.read_text("utf-8").replace("verdict: null", "verdict: approve"), "utf-8")
    answered = decisions.read_decisions(tmp_path, "captions")
    assert resolved(draft(), answered).origin == "approved"
    file.write_text(file.read_text("utf-8").replace("water mill, pond", "water mill, millpond", 1), "utf-8")
    assert resolved(draft(), decisions.read_decisions(tmp_path, "captions")).origin == "written"


# --- samples


def picture(path: str, look: int = 0) -> Image:
    return Image(path, "image", digest=f"{path:x<12}", phash=f"{look * 0x1111:016x}", colour=(float(look),) * 27)


def test_samples_take_every_folder_and_then_differ() -> None:
    many = [picture(f"big/{n}.png", 0 if n else 90) for n in range(9)] + [picture("small/z.png"), picture("top.png", 3)]
    chosen = choose_samples(many, Decisions())
    assert len(chosen) == 5
    assert {"small/z.png", "top.png", "big/0.png"} <= set(chosen)
    assert choose_samples(list(reversed(many)), Decisions()) == chosen
    assert choose_samples(many[:3], Decisions()) == sorted(i.path for i in many[:3])
    assert choose_samples([], Decisions()) == []


def test_samples_stay_are_replaced_and_join() -> None:
    many = [picture(f"{n:02}.png", n * 7 % 20) for n in range(20)]
    first = choose_samples(many, Decisions())

    def answers(verdict: str | None) -> Decisions:
        return Decisions(None, {p: Entry(p, {"verdict": verdict}, {p: f"{p:x<12}"}, True) for p in first})

    assert choose_samples([*many, picture("new.png", 500)], answers("approve")) == first
    fewer = choose_samples([i for i in many if i.path != first[0]], answers(None))
    assert len(fewer) == 5
    assert set(first[1:]) < set(fewer)
    staying, left = [i for i in many if i.path != first[0]], [i for i in many if i.path == first[0]]
    assert choose_samples(staying, answers("approve"), left) == first[1:]  # its answer was given, nobody is asked anew
    assert len(choose_samples(staying, answers(None), left)) == 5
    outside = [i for i in many if i.path not in first]
    assert len(choose_samples(outside, answers("approve"), [i for i in many if i.path in first])) == 1
    more = choose_samples(many, answers("skip"))
    assert set(first) < set(more)
    assert len(more) == 10


def test_a_renamed_answer_is_not_asked_again() -> None:
    old = Entry("old.png", {"verdict": "approve", "caption": "[trigger], mill"}, {"old.png": f"{'new.png':x<12}"}, True)
    assert choose_samples([picture("new.png")], Decisions(None, {"old.png": old})) == []


# --- checks


def found(*elements: Elements, model: BaseModel = TAGS, **config: Any) -> dict[str, tuple[str, ...]]:
    result = compose_captions({e.path: e for e in elements}, Decisions(), changed(CONFIG, **config), model, STYLE)
    for finding in result.findings:
        assert findings.sentence(finding)
        findings.fix(finding)
    return {f.code: f.images for f in result.findings}


OTHERS = ["赤い橋と川、夜の街", "старая мельница у пруда", "ein altes Haus mit rotem Dach am Fluss",
          "une vieille maison au toit rouge près de la rivière", "stary młyn nad stawem"]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_style_words_are_not_missed_in_a_language_that_the_lists_cannot_read(text: str) -> None:
    assert "caption-thin-style" not in found(sidecar(text))


@pytest.mark.parametrize("kind", ["character", "object"])
def test_style_words_are_missed_only_where_a_style_is_taught(kind: str) -> None:
    told = sidecar("a woman beside a mill")
    assert "caption-thin-style" in found(told)
    other = compose_captions({"a.jpg": told}, Decisions(), CONFIG, TAGS, profiles.kind(kind))
    assert "caption-thin-style" not in {f.code for f in other.findings}


def test_soft_checks() -> None:
    assert found(draft("a.jpg"), draft("b.jpg"))["caption-twice"] == ("a.jpg", "b.jpg")
    assert "caption-hedging" in found(draft(text="possibly a mill", form="prose"), model=PROSE)
    assert "caption-flattery" in found(draft(text="a stunning mill", form="prose"), model=PROSE)
    assert "caption-flattery" not in found(draft(text="a beautifulness", form="prose"), model=PROSE)
    assert "caption-long" in found(draft(text=", ".join(f"tree {n}" for n in range(40))))
    assert "caption-too-long" in found(draft(text=", ".join(f"tree {n}" for n in range(110))))
    assert "caption-thin-style" in found(sidecar("a mill beside a pond"))
    assert "caption-thin-style" not in found(draft(style={}))
    assert found(Elements("a.jpg", "d", "none", "none"), Elements("b.jpg", "d", "none", "none")) == {}


def test_unusable_captions_block() -> None:
    given_ = entry("mill.jpg", {"caption": "[trigger], {red|blue} mill"}, tool=False)
    result = compose_captions({"mill.jpg": draft()}, given_, CONFIG, TAGS, STYLE)
    (finding,) = [f for f in result.findings if f.code == "caption-unusable"]
    assert finding.images == ("mill.jpg",)
    assert "braces" in findings.sentence(finding)


def _set(*bodies: str, form: str = "tags") -> dict[str, Caption]:
    return {
        f"{n}.png": render(draft(f"{n}.png", body, form), TRIGGER, RULES, TAGS if form == "tags" else PROSE)
        for n, body in enumerate(bodies)
    }


def test_fused_terms_by_document_frequency() -> None:
    bodies = ["cat, sofa, lamp"] * 9 + ["dog, sofa, lamp"] * 2 + ["dog, rug, lamp"] * 7 + ["bird, lamp"] * 2
    levels = {f.values["term"]: f.code for f in fused_terms(_set(*bodies), {}, CONFIG, STYLE)}
    # style words are what a style is meant to hold: "warm palette" is in all of them
    assert levels == {"lamp": "fused-critical", "cat": "fused-watch", "sofa": "fused-watch", "dog": "fused-watch",
                      "rug": "fused-watch"}  # fmt: skip
    known = changed(CONFIG, intent={"kind": "character", "class_word": "cat", "fused": ("Lamp",)})
    levels = {
        f.values["term"]: f.code for f in fused_terms(_set(*bodies), {}, known, changed(STYLE, teaches_style=False))
    }
    assert "lamp" not in levels
    assert "cat" not in levels
    assert levels["warm palette"] == "fused-critical"
    assert fused_terms(_set("cat", "cat", "cat", "cat"), {}, CONFIG, STYLE) == []


def test_the_trigger_of_another_training_is_told_as_that_alone() -> None:
    bodies = ["zqxold, cat, lamp"] * 9 + ["dog, zqxold, lamp"]
    said = {f.values["term"] for f in fused_terms(_set(*bodies), {}, CONFIG, STYLE)}
    assert "lamp" in said
    assert "zqxold" not in said
    inside = [body.replace("zqxold, cat", "cat, zqxold") for body in bodies]  # there nothing else tells it
    assert "zqxold" in {f.values["term"] for f in fused_terms(_set(*inside), {}, CONFIG, STYLE)}


def test_a_text_that_stands_in_all_captions_is_one_finding() -> None:
    words = ("lamp", "sofa", "rug", "vase", "shelf", "stove")
    alone = fused_terms(_set(*[", ".join((*words[:5], f"cat{n}")) for n in range(9)]), {}, CONFIG, STYLE)
    assert together(alone) == alone
    assert '"lamp" is in 9 of 9 captions' in findings.sentence(alone[0])
    many = together(fused_terms(_set(*[", ".join(words)] * 9), {}, CONFIG, STYLE))
    assert [f.values["count"] for f in many] == [6]
    assert findings.sentence(many[0]).startswith(
        '"lamp", "rug", "shelf", "sofa", "stove" and "vase" are each in 9 of 9 captions'
    )
    assert "a text that repeats" in findings.fix(many[0])


def test_a_tag_with_a_qualifier_and_a_face_are_each_one_term() -> None:
    bodies = [f"ryuu (style), :d, tag{n}" for n in range(9)]
    found_terms = fused_terms(_set(*bodies), {}, CONFIG, changed(STYLE, teaches_style=False))
    said = {f.values["term"] for f in found_terms}
    assert {"ryuu (style)", ":d"} <= said
    assert not said & {"ryuu", "style", "d"}


def test_fused_words_in_sentences() -> None:
    bodies = [f"A {colour} pond under a tree." for colour in ("green", "blue", "dark", "still", "small")]
    levels = {f.values["term"]: f.code for f in fused_terms(_set(*bodies, form="prose"), {}, CONFIG, STYLE)}
    assert levels == {"pond": "fused-critical", "tree": "fused-critical"}


def character(hair: str, **more: Any) -> Elements:
    content = {"subject": ["woman"], "hair": [hair, *more.pop("also", [])], "face": more.pop("face", []),
               "pose": ["standing"]}  # fmt: skip
    return seen(content=content, content_sentence="", **more)


def test_traits_are_left_out_only_where_they_are_constant_in_this_set() -> None:
    kind = changed(STYLE, title="Character", omit=("content.hair",))
    one = changed(CONFIG, intent={"kind": "character", "class_word": "woman", "fused": ()})
    same = {f"{n}.png": character("red hair", also=["braid"] if n < 3 else []) for n in range(9)}
    result = compose_captions(same, Decisions(), one, TAGS, kind)
    assert all("red hair" not in c.text for c in result.captions.values())
    assert "braid" in result.captions["0.png"].text
    (note,) = [f for f in result.findings if f.code == "constant-traits"]
    assert findings.sentence(note) == (
        "Left to the trigger, since it is the same in nearly every picture: red hair."
    )  # fmt: skip
    varied = {**same, **{f"{n}.png": character("black hair") for n in range(5)}}
    texts = {p: c.text for p, c in compose_captions(varied, Decisions(), one, TAGS, kind).captions.items()}
    assert "black hair" in texts["0.png"]
    assert "red hair" in texts["8.png"]
    # vision models keep traits out of their sentences and tags
    spoken = {p: structs.replace(e, content_sentence="A woman in a garden.", tags=["1girl", "garden"])
              for p, e in varied.items()}  # fmt: skip
    prose = compose_captions(spoken, Decisions(), one, PROSE, kind).captions
    assert prose["0.png"].text == "brushy, a woman in a garden, black hair. Oil painting in earth tones."
    tags = compose_captions(spoken, Decisions(), one, TAGS, kind).captions
    assert tags["0.png"].text == "brushy, woman, standing, black hair, oil painting, earth tones"
    booru = compose_captions(spoken, Decisions(), one, profiles.base_model("illustrious"), kind).captions
    assert booru["0.png"].text == "brushy, 1girl, solo, garden, standing, black hair, oil painting (medium)"
    named = changed(one, captioning={"constant_traits": "include"})
    result = compose_captions(same, Decisions(), named, TAGS, kind)
    assert all("red hair" in c.text for c in result.captions.values())
    assert "constant-traits" not in {f.code for f in result.findings}


def test_what_few_captions_say_is_no_constant_trait_though_nothing_else_is_said_there() -> None:
    """Tags say what is there and not what is missing; who takes the colour of the hair out leaves the ponytail."""
    kind = changed(STYLE, title="Character", omit=("content.hair", "content.face"))
    one = changed(CONFIG, intent={"kind": "character", "class_word": "man", "fused": ()})
    own = [seen(content={"subject": ["man"], "pose": ["standing"]}, content_sentence="") for _ in range(9)]
    few = [character("ponytail", face=["beard"]) for _ in range(2)]
    told = {f"{n}.png": e for n, e in enumerate([*few, *own])}
    result = compose_captions(told, Decisions(), one, TAGS, kind)
    assert {"ponytail", "beard"} <= set(result.captions["0.png"].text.split(", "))
    assert "constant-traits" not in {f.code for f in result.findings}


def test_what_everybody_has_and_where_it_is_sticks_to_no_trigger() -> None:
    bodies = [
        f"1girl, {colour} hair, eye level, left side, face, bench"
        for colour in ("green", "blue", "black", "red", "white")
    ]
    one = changed(CONFIG, intent={"kind": "character", "class_word": "woman", "fused": ()})
    assert [f.values["term"] for f in fused_terms(_set(*bodies), {}, one, STYLE)] == ["bench"]


CHARACTER = changed(CONFIG, intent={"kind": "character", "class_word": "young woman", "fused": ()})


def causes(elements: dict[str, Elements], model: BaseModel, config: Settings = CHARACTER) -> dict[str, str]:
    kind = changed(STYLE, title="Character", teaches_style=config.intent.kind == "style")
    rendered = render_all(elements, config, model, kind)
    for finding in (found := fused_terms(rendered, elements, config, kind)):
        assert "{" not in findings.sentence(finding) + findings.fix(finding)
    return {f.values["term"]: f"{f.code} {f.values.get('cause', '')}".strip() for f in found}


def test_fused_terms_know_whether_pixels_or_wording_are_to_blame() -> None:
    places = ["wood", "field", "street", "kitchen", "harbour", "garden"]
    shown = {
        f"{n}.png": Elements(
            f"{n}.png", "d", "claude", "seen", {"objects": ["red umbrella"], "framing": ["close-up"]},
            content_sentence=f"A woman holds a red umbrella in a {place}, a moment of stillness.",
        )
        for n, place in enumerate(places)
    }  # fmt: skip
    assert causes(shown, PROSE) == {
        "red umbrella": "fused-critical pictures",
        "moment": "fused-critical wording",
        "stillness": "fused-critical wording",
    }
    (umbrella,) = [f for f in fused_terms(render_all(shown, CHARACTER, PROSE, STYLE), shown, CHARACTER, STYLE)
                   if f.values["term"] == "red umbrella"]  # fmt: skip
    assert findings.sentence(umbrella) == (
        '"red umbrella" is in 6 of 6 captions: the model cannot tell it from the trigger.'
    )
    assert findings.fix(umbrella) == (
        "6 of 6 pictures show it: add pictures without it, or declare it in `intent.fused` if it is meant."
    )


def test_what_every_picture_shows_and_no_caption_names() -> None:
    shown = {
        f"{n}.png": Elements(f"{n}.png", "d", "claude", "seen", {"objects": ["red umbrella"]},
                             content_sentence=f"A woman in a {place}.")
        for n, place in enumerate(["wood", "field", "street", "kitchen", "harbour"])
    }  # fmt: skip
    assert causes(shown, PROSE)["red umbrella"] == "fused-unnamed"
    declared = changed(CHARACTER, intent={"fused": ("red umbrella",)})
    assert "red umbrella" not in causes(shown, PROSE, declared)


def test_counts_framings_and_the_class_word_are_exempt() -> None:
    tags = {
        f"{n}.png": Elements(f"{n}.png", "d", "wd-tagger", "seen", tags=["1girl", "solo", "close-up", "woman", "hat"])
        for n in range(6)
    }
    assert causes(tags, TAGS) == {"hat": "fused-critical pictures"}


def test_a_style_is_allowed_to_be_everywhere() -> None:
    style = {"technique": ["impasto"], "brushwork": ["short broken marks"]}
    sentence = "Impasto in short broken marks."
    same = {
        f"{n}.png": Elements(f"{n}.png", "d", "claude", "seen", {"subject": [place]}, style,
                             f"A {place}.", sentence)
        for n, place in enumerate(["wood", "field", "street", "kitchen", "harbour"])
    }  # fmt: skip
    assert causes(same, PROSE, CONFIG) == {}
    assert causes(same, TAGS, CONFIG) == {}
    assert causes(same, TAGS)["impasto"] == "fused-critical pictures"


def test_every_kind_names_two_sides_of_the_style_when_style_words_are_wanted() -> None:
    plain = Elements("a.jpg", "d", "existing", "seen", text="a mill", form="prose", trusted=True)
    assert "caption-thin-style" in found(plain, intent={"kind": "character"})
    silent = {"intent": {"kind": "character"}, "captioning": {"style_words": "omit"}}
    assert "caption-thin-style" not in found(plain, **silent)


def test_the_words_of_a_length_depend_on_what_is_known() -> None:
    long = draft(text=", ".join(f"tree {n}" for n in range(40)))
    (clip,) = [f for f in compose_captions({"mill.jpg": long}, Decisions(), CONFIG, TAGS, STYLE).findings
               if f.code == "caption-long"]  # fmt: skip
    assert findings.sentence(clip) == "The caption of mill.jpg is longer than 75 CLIP tokens."
    longer = draft(text=", ".join(f"tree {n}" for n in range(90)))
    (t5,) = [f for f in compose_captions({"mill.jpg": longer}, Decisions(), CONFIG, PROSE, STYLE).findings
             if f.code == "caption-long"]  # fmt: skip
    assert findings.sentence(t5) == "The caption of mill.jpg may be longer than 256 T5 tokens (an upper bound)."


@pytest.mark.parametrize(("written", "said"), [
    ("a robin on a branch, <lora:x:1>, masterpiece", "a robin on a branch, masterpiece"),
    ("a robin, <lora:x:1>", "a robin"),
    ("<lora:x:1>, a robin", "a robin"),
    ("a robin; <lora:x:1> ; a branch", "a robin; a branch"),
    ("a robin <lora:x:1> on a branch", "a robin on a branch"),
])  # fmt: skip
def test_a_call_that_is_taken_out_takes_its_comma_along(written: str, said: str) -> None:
    assert hygiene.clean(written) == said


def test_the_trigger_itself_is_no_term_in_the_singular_either() -> None:
    """A folder called pics made "pics" the trigger, and "pic" was said to be in every caption."""
    named = changed(CONFIG, trigger="pics")
    made = {
        path: structs.replace(c, text=c.text.replace(TRIGGER, "pics"))
        for path, c in _set(
            *(f"A {what} under a tree." for what in ("pond", "cat", "house", "road", "lamp", "boat")), form="prose"
        ).items()
    }
    assert [f.values["term"] for f in fused_terms(made, {}, named, STYLE)] == ["tree"]
