"""The rules of caption hygiene: what they mend, what they ask and warn about, and what they leave alone."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loraprep.__main__ import main
from loraprep.captions import hygiene, samples
from loraprep.captions.chain import describe_all
from loraprep.captions.compose import compose_captions
from loraprep.captions.hygiene import About, sets
from loraprep.captions.hygiene.rule import rules_words
from loraprep.core import resources
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.project import profiles
from loraprep.project.decisions import Decisions, Entry
from loraprep.scan import metadata
from tests import pictures
from tests.typed import changed, smallest

TRIGGER = "emberveil"
TAGS = About(trigger=TRIGGER, form="tags", quality=("masterpiece", "best quality"))
PROSE = About(trigger=TRIGGER)
PONY = About(trigger=TRIGGER, form="tags", quality=("score_9", "score_8_up"))


@pytest.mark.parametrize(("before", "after", "rule"), [
    ("(oak:1.3), ((red leaves)), [[pond]], {{river}}, [mist], dusk:1.2", "oak, red leaves, pond, river, mist, dusk", "weights"),
    ("1.2::mist::, lake++, watercolor \\(medium\\)", "mist, lake, watercolor (medium)", "weights"),
    ("a mill BREAK a pond AND trees ||| sky | grass", "a mill, a pond, trees, sky, grass", "operators"),
    ("__season__ tree, mill", "tree, mill", "placeholders"),
    ("[filewords], mill, in the style of TOK", "mill", "placeholders"),
    ("a photo of <s0><s1> mill", "a photo of mill", "placeholders"),
    ('{"caption": "A mill by a pond."}', "A mill by a pond.", "json"),
    ('{"subject": "a mill", "setting": ["a pond"], "style": "oil"', "a mill, a pond, oil", "json"),
    ('"caption": "A mill by a pond.", "tags": ["mill", "pond"]', "mill, pond", "json"),
    ('"subject": "a mill", "setting": ["a pond"]', "a mill, a pond", "json"),
    ('"caption": "A mill by a pond", "style": "oil', "A mill by a pond", "json"),
    ("a photo of TOK in a park", "a photo in a park", "placeholders"),
    ("a photo of TOK dog in a park", "a photo of dog in a park", "placeholders"),
    ("a photo of TOK standing in a park", "a photo standing in a park", "placeholders"),
    ("%caption%, mill", "mill", "placeholders"),
    ("None", "", "nothing"),
    ("Untitled.", "", "nothing"),
    ("\u00a9 2019 J. Smith. All rights reserved.", "", "rights"),
    ("a mill by a pond (c) 2020 harbour museum", "a mill by a pond", "rights"),
    ("Photo courtesy of the harbour museum, a mill by a pond", "a mill by a pond", "rights"),
    ("/imagine prompt: a mill by a pond", "a mill by a pond", "opening"),
    ("[INST] Describe the picture. [/INST] A mill by a pond.", "A mill by a pond.", "marks"),
    ("<|im_start|>user\nDescribe.<|im_end|>\n<|im_start|>assistant\nA mill.<|im_end|>", "A mill.", "marks"),
    ("mill (0.98), pond (score: 0.87), tree (45%)", "mill, pond, tree", "weights"),
    ("mill 0.98, pond 0.87", "mill, pond", "weights"),
    ("__A mill by a pond__ at dusk", "A mill by a pond at dusk", "markdown"),
    ("<p>A mill by a <b>pond</b>.</p>", "A mill by a pond.", "html"),
    ("Here is a detailed caption: A mill by a pond.", "A mill by a pond.", "talk"),
    ("Sure! Here's a description of your image: A mill. Let me know if you need more!", "A mill.", "talk"),
    ("I'm sorry, but I can't help with that image.", "", "talk"),
    ("The image shows a mill by a pond.", "a mill by a pond.", "opening"),
    ("In this image, we can see a mill.", "a mill.", "opening"),
    ("<think>A mill? Yes.</think> A mill by a pond.", "A mill by a pond.", "thoughts"),
    ("A mill by a pond.<|im_end|>", "A mill by a pond.", "marks"),
    ("ember veil, mill, pond", "mill, pond", "trigger-spelt"),
    ("emberveil, Ember Veil, mill", "emberveil, mill", "trigger-spelt"),
    ("Ember_Veil mill by a pond", "mill by a pond", "trigger-spelt"),
    ("emberviel, mill", "mill", "trigger-spelt"),
    ("<b>mill</b> &amp; pond<br/>", "mill & pond", "html"),
    ("C:\\Users\\Ann\\My Pictures\\oak 1.png, mill", "mill", "places"),
    ("/home/ann/set/oak.png mill, https://example.org/a?b=1", "mill", "places"),
    ("**A mill** by a *quiet pond*, `oak`", "A mill by a quiet pond, oak", "markdown"),
    ("1girl, commentary request, bad_id, tagme, solo", "1girl, solo", "meta"),
    ("artist: Ember, mill, creator:bob, rating:safe, character:anna", "mill, anna", "labels"),
    ("Subject: a mill. Setting: a pond.", "a mill. a pond.", "labels"),
    ("score_9, score_8_up, 1girl, solo", "1girl, solo", "quality"),
    ("long_hair, 1girl, Long Hair, long hair", "long_hair, 1girl", "repeats"),
    ("a mill and a tree and a tree and a tree and a tree and", "a mill and a tree", "repeats"),
    ("A mill stands here. A mill stands here. A mill stands here.", "A mill stands here.", "repeats"),
    ("the the mill of of a pond", "the mill of a pond", "repeats"),
    ("emberveil，red bridge，river", "emberveil, red bridge, river", "wide"),
    ("赤い橋，川，夕焼け", "赤い橋, 川, 夕焼け", "wide"),
    ("a cafÃ© by the pond", "a café by the pond", "garbled"),
    ("a mill, pond Negative prompt: ugly Steps: 20, Sampler: Euler", "a mill, pond", "negative"),
    ("a mill by a pond --ar 16:9 --v 6", "a mill by a pond", "negative"),
    ('"A mill by the old pond"', "A mill by the old pond", "quotes"),
    ("emberveil, a detailed caption of the image: A mill.", "emberveil, A mill.", "opening"),
    ("User: Describe it. Assistant: A mill by a pond.", "A mill by a pond.", "marks"),
    ("A photo of [name] in a red dress by [filewords]", "A photo in a red dress", "placeholders"),
    ("Subject: a woman in red Setting: a mill", "a woman in red, a mill", "labels"),
    ("a mill:1.2, pond", "a mill, pond", "weights"),
    ("mill, , , pond,, oak", "mill, pond, oak", "signs"),
    ("I cannot identify people. However, the image shows a woman in red.", "a woman in red.", "opening"),
    ("#sunset #mill", "sunset mill", "hashes"),
    (r"a mill\nby a pond, a caf\u00e9 sign", "a mill by a pond, a café sign", "escapes"),
    ("score 9, score 8 up, source anime, 1girl", "1girl", "quality"),
])  # fmt: skip
def test_what_is_certain_is_mended(before: str, after: str, rule: str) -> None:
    mended = hygiene.mend(before, TAGS)
    assert mended.text == after
    assert rule in mended.rules
    assert hygiene.mend(after, TAGS).text == after


@pytest.mark.parametrize("text", [
    "A water mill stands beside a green pond, under old willows.",
    "1girl, solo, ^_^, (o_o), :d, ganyu (genshin impact), looking at viewer, 2024, f/2.8, 16:9",
    "masterpiece, best quality, 1girl, long hair, short dress",
    "Here is where the river bends; the mill is to the left of it.",
    "A sign that says \"OPEN | CLOSED\" on a door, and 50% off & more.",
    'A poster that reads "ROCK AND ROLL, ROCK AND ROLL, www.rock.org #1" above "BREAK (IT)".',
    "一个女孩站在河边，天空很蓝。",
    "赤い橋と川。水面に空が映っている。",
    "Une femme à la fenêtre, l’été, près d’un café.",
    "a very, very old tree, black and white, half-timbered house, #1A2B3C sky",
    "an artist at work: paint on her hands, a rating of stars behind her",
    "A man who is sorry; he cannot see the boat that left.",
    "red oak, leaves, day",
    "Copyright office in Washington, marble steps, a photo by the river, nothing but sand",
    "a ruler of 0.30 m and 0.50 m, (a) a mill (b) a pond (c) a tree, none of them new, 80% of the sky",
    "a mill at a ratio of 1:1.5, at 5:30, in the style of an assistant: plain",
    "A café that is open day and night, seen from above and / or the side.",
])  # fmt: skip
def test_clean_captions_are_left_alone(text: str) -> None:
    for about in (TAGS, PROSE):
        if about is PROSE and text.startswith("masterpiece"):
            continue
        assert hygiene.mend(text, about) == hygiene.Mended(text)
        assert hygiene.asked(text, about) == {}


@given(st.text(max_size=80), st.sampled_from([TAGS, PROSE, PONY]))
def test_mending_twice_is_mending_once_and_what_is_left_is_safe(text: str, about: About) -> None:
    for words in (text, f"(({text}:1.2)), <b>{text}</b>, {TRIGGER} {text}, {text}"):
        once = hygiene.mend(words, about).text
        assert hygiene.faults(f"{TRIGGER}, {hygiene.bare(once, TRIGGER)}", TRIGGER) == []


@pytest.mark.parametrize(("text", "rule"), [
    ("{a mill|a pond}, oak", "alternatives"),
    ("[mill|pond], oak", "alternatives"),
    ("[mill:pond:0.5], oak", "alternatives"),
    ("a mill by a pond || a water mill by a pond", "alternatives"),
    ("a red mill by a pond / an old mill on a hill", "alternatives"),
    ("Option 1: a mill. Option 2: an old mill.", "alternatives"),
    ("1. a mill by a pond 2. an old mill", "alternatives"),
    ("the mill of ze " + "ze " * 12, "stuck"),
    ("mill house by the pond, " * 7 + "mill", "stuck"),
])  # fmt: skip
def test_what_only_a_person_can_decide_is_asked(text: str, rule: str) -> None:
    assert list(hygiene.asked(text, TAGS)) == [rule]


@pytest.mark.parametrize(("text", "about", "rule", "said"), [
    ("1girl, solo, she is standing in front of an old mill, hat", TAGS, "sentence-in-tags", "she is standing"),
    ("A mill stands by the pond, and beside it a", PROSE, "cut-off", "beside it a"),
    ("A mill. There is no text or watermark.", PROSE, "picture-talk", "There is no text"),
    ("1girl, day, night, tree", TAGS, "contradiction", "day and night"),
    ("A street in bright daylight, the windows lit. A night scene.", PROSE, "contradiction", "bright daylight and night scene"),
    ("a mill in ember veil by the pond", PROSE, "trigger-near", "ember veil"),
    ("An old red mill stands by the quiet pond. An old red mill stands near the quiet pond.", PROSE, "said-twice", "old red"),
    ("red oak leaf " * 20, PROSE, "few-words", "3 different words of 60"),
    ("a caf\ufffd by the pond", PROSE, "garbled-left", "\ufffd"),
    ("what appears to be a mill", PROSE, "hedging", "appears to be"),
    ("a stunning mill", PROSE, "flattery", "stunning"),
    ("a mill, foxfire_b", About(trigger="foxfire_a", others=("foxfire_b",), form="tags"), "other-trigger", "foxfire_b"),
    ("1girl, Hatsune Miku, smile", About(form="tags", characters=frozenset({"hatsune miku"})), "other-character", "Hatsune Miku"),
])  # fmt: skip
def test_what_a_program_cannot_mend_is_warned_about(text: str, about: About, rule: str, said: str) -> None:
    assert said in hygiene.seen(text, about)[rule]


def test_the_base_model_decides() -> None:
    assert hygiene.mend("score_9, masterpiece, 1girl", PONY).text == "score_9, 1girl"
    assert hygiene.mend("score_9, masterpiece, 1girl", TAGS).text == "masterpiece, 1girl"
    assert hygiene.mend("score_9, masterpiece, 1girl", PROSE).text == "1girl"
    both = '{"caption": "A mill.", "tags": ["mill", "pond"]}'
    assert hygiene.mend(both, TAGS).text == "mill, pond"
    assert hygiene.mend(both, PROSE).text == "A mill."
    said = hygiene.mend(both, About(form="json"))
    assert said.rules == ()
    assert json.loads(said.text) == json.loads(both)


def test_a_trigger_of_another_group_or_of_this_project_is_no_slip() -> None:
    groups = About(trigger="foxfire_a", others=("foxfire_b",), form="tags")
    assert hygiene.mend("foxfire_b, mill", groups).text == "foxfire_b, mill"
    assert hygiene.mend("TOK, mill", About(trigger="TOK")).text == "TOK, mill"


def test_words_of_other_scripts_have_their_own_form() -> None:
    assert hygiene.form_of("一个女孩站在河边，天空很蓝。") == "prose"
    assert hygiene.form_of("赤い橋、川、夕焼け") == "tags"


SIGNS = ["(", "[", "{", "<", "((a", "[[a", "{a|", "<s0>", "a:", "a, ", "**", "*a ", "`a ", "#a ", "a b c d e ", "__a", "C:\\",
         "https://", "a. ", "Sure! ", "Here is ", "the image ", "Subject: ", "the the ", "\\(", "，", "。", "Ã©", "<think>",
         "</think>", "emberveil ", "ember veil ", "\n- ", '"', "::", "||", "in the style of ", "<!-- ", ": "]  # fmt: skip


@pytest.mark.parametrize("rule", hygiene.RULES, ids=lambda rule: rule.name)
def test_every_rule_takes_time_in_proportion_to_the_text(rule: hygiene.Rule) -> None:
    """Four times as long a text takes about four times as long; a quadratic rule takes sixteen times."""

    def seconds(sign: str, length: int) -> float:
        text = (sign * length)[:length]
        return min(_timed(rule, text) for _ in range(2))

    for sign in SIGNS:
        long = seconds(sign, 16_000)
        assert long < 0.05 or long < 9 * seconds(sign, 4000), sign


def _timed(rule: hygiene.Rule, text: str) -> float:
    start = time.process_time()
    rule.see(text, TAGS)
    return time.process_time() - start


# --- the set


def named(texts: list[str]) -> dict[str, str]:
    return {f"{number:02}.jpg": text for number, text in enumerate(texts)}


THINGS = ["mill", "harbour", "orchard", "cat", "portrait", "bridge", "horse", "lighthouse", "jug", "street"]


def test_captions_that_nearly_repeat_another() -> None:
    first = "a red mill by a quiet green pond under tall old willows in soft evening light"
    texts = named(
        [*(f"{thing} in a wide field of grass, number {n}" for n, thing in enumerate(THINGS)), first, f"{first} today"]
    )
    assert sets.nearly_twice(texts) == {"11.jpg": "like 10.jpg"}
    assert sets.nearly_twice(named([first, first])) == {}  # the very same are told elsewhere


def test_a_template_and_a_length_far_off() -> None:
    template = named([f"a painting of a {thing} at dusk" for thing in THINGS])
    assert set(sets.template(template)) == set(template)
    assert sets.template(named([f"{thing} at dusk, a painting of it" for thing in THINGS])) == {}
    lengths = named(
        [*(f"{thing} at dusk by the water, seen from afar" for thing in THINGS), " ".join(THINGS * 12), "cat"]
    )
    assert set(sets.length(lengths)) == {"10.jpg", "11.jpg"}


def test_another_trainings_trigger_in_front() -> None:
    other = named([f"zqxstyle, {thing}, dusk" for thing in THINGS])
    assert set(sets.foreign_trigger(other)) == set(other)
    assert sets.foreign_trigger(named([f"1girl, {thing}" for thing in THINGS])) == {}
    assert sets.foreign_trigger(named([f"painting, {thing}" for thing in THINGS])) == {}
    assert sets.trigger_missing({**other, "11.jpg": "a mill at dusk"}) == {"11.jpg": "zqxstyle"}


# --- where the rules are used


STYLE = changed(profiles.kind("style"), omit=(), axes={})
CONFIG = changed(smallest(trigger=TRIGGER, model="illustrious"), captioning={"captioner": "existing"})


def picture(words: str, path: str = "mill.jpg") -> Image:
    return Image(path, "image", digest="d" * 64, words=((f"sidecar:{path[:-4]}.txt", words),))


def described(words: str, given_: Decisions | None = None) -> Elements:
    image = picture(words)
    spared = samples.spared_rules([image], given_ or Decisions())
    return describe_all([image], [image], CONFIG, spared=spared)["mill.jpg"]


def checked(elements: Elements, given_: Decisions | None = None) -> tuple[str, dict[str, Finding]]:
    made = compose_captions(
        {elements.path: elements}, given_ or Decisions(), CONFIG, profiles.base_model("illustrious"), STYLE
    )
    return made.captions[elements.path].text, {f.code: f for f in made.findings}


def written(**data: Any) -> Decisions:
    return Decisions(None, {"mill.jpg": Entry("mill.jpg", data, {}, True)})


def test_existing_words_are_mended_and_it_is_said() -> None:
    found = described("(oak:1.3), mill, tagme")
    assert (found.text, found.before, found.mended) == ("oak, mill", "(oak:1.3), mill, tagme", ["weights", "meta"])
    text, said = checked(found)
    assert text == "emberveil, oak, mill"
    assert '"(oak:1.3), mill, tagme" trains as "oak, mill"' in said[Code.CAPTION_MENDED].text("said")


def test_a_long_caption_is_quoted_where_it_was_mended() -> None:
    before = "mill, water wheel, long grass, wooden bridge, cloudy sky, two ducks, red roof, (masterpiece:1.2), oak"
    _, said = checked(described(before))
    assert said[Code.CAPTION_MENDED].values["said"] == {
        "mill.jpg": '"... ducks, red roof, (masterpiece:1.2), oak" trains as "... ducks, red roof, masterpiece, oak"'
    }


def test_one_answer_takes_a_mend_back() -> None:
    words = "(oak:1.3), mill, tagme"
    assert described(words, written(cleaning="undo")).text == words
    assert described(words, Decisions(cleaning="undo")).text == words
    assert described(words, Decisions(cleaning=["meta"])).text == "oak, mill, tagme"
    assert samples.cleaning_undone(Decisions(cleaning=["meta"])) == ["meta"]


def test_an_edited_caption_is_never_overwritten() -> None:
    own = written(caption="[trigger], (oak:1.3), mill, tagme")
    text, said = checked(described("(oak:1.3)"), own)
    assert text == "emberveil, (oak:1.3), mill, tagme"
    assert Code.CAPTION_MENDED not in said
    assert "as they are until you change them" in said[Code.CAPTION_ODD].text("fix")


def test_a_refusal_is_no_caption_and_alternatives_block() -> None:
    refused = described("I'm sorry, but I can't describe people.")
    assert (refused.text, refused.state) == ("", "none")
    assert refused.before
    _, said = checked(refused)
    assert Code.CAPTION_MENDED in said
    _, said = checked(described("{mill|pond}, oak"))
    assert "{mill|pond}" in said[Code.CAPTION_UNCLEAR].text("said")
    assert Code.CAPTION_UNCLEAR not in checked(described("{mill|pond}, oak"), written(caption="[trigger], mill"))[1]


def test_lines_that_say_the_same_are_asked_about() -> None:
    lines = "a mill by a quiet pond\na mill beside a quiet pond\n"
    joined = metadata.clean(lines)
    assert "alternatives" in hygiene.asked(joined, TAGS)
    wrapped = "A mill stands by the pond, and\nunder the willows a boat is tied\nto a post."
    assert metadata.clean(wrapped) == "A mill stands by the pond, and under the willows a boat is tied to a post."
    assert metadata.clean("long hair\nblue eyes") == "long hair, blue eyes"


def test_a_folder_that_is_not_ours_is_judged_by_the_same_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.png").write_bytes(pictures.png())
    (tmp_path / "a.txt").write_text("mystyle, (oak:1.3), masterpiece, a {mill|pond}")
    assert main(["check", str(tmp_path), "--trainer", "ai-toolkit"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "(oak:1.3)" in said
    assert "several captions in one - a.txt: {mill|pond}" in said
    assert "quality" not in said  # which base model it is for is not known


def test_every_rule_is_said_and_can_be_taken_back() -> None:
    names = {rule.name for rule in (*hygiene.RULES, *hygiene.SET_RULES, *hygiene.OF_PAIRS, *hygiene.OF_A_FOLDER)}
    assert names == set(rules_words().rules)
    for name in names:
        said = hygiene.said(name)
        mends = name in {rule.name for rule in hygiene.RULES if rule.does == "mend"}
        shown = mends or hygiene.code_of(name) in (
            Code.CAPTION_HEDGING,
            Code.CAPTION_FLATTERY,
        )  # the catalogue says why
        assert said.sees
        assert shown or (said.why and said.fix), name
    schema = json.loads(resources.text("schemas/captions.schema.json"))
    listed = schema["properties"]["cleaning"]["anyOf"][1]["items"]["enum"]
    assert listed == sorted(rule.name for rule in hygiene.RULES if rule.does == "mend" and rule.name != "signs")


def test_a_folder_may_teach_several_triggers() -> None:
    whole = {f"10_mill/{n}.txt": f"emberveil, a mill {n}" for n in range(20)}
    people = {f"6_people/{n}.txt": f"emberveil_people, a man {n}" for n in range(6)}
    (missing,) = [rule for rule in hygiene.OF_A_FOLDER if rule.name == "trigger-missing"]
    assert missing.see({**whole, **people}) == {}
    assert missing.see({**whole, **people, "6_people/7.txt": "a woman"}) == {"6_people/7.txt": "emberveil"}
    plain = {f"6_sky/{n}.txt": f"blue_sky, cloud {n}" for n in range(6)}
    assert len(missing.see({**whole, **plain})) == 6


def test_a_long_phrase_is_no_sentence() -> None:
    phrase = (
        "hooded woman ranger in a brown cowl and dark green sleeves, holding a longbow, head turned right, quiver, tree"
    )
    assert hygiene.seen(f"{TRIGGER}, {phrase}", TAGS) == {}


@pytest.mark.parametrize(("text", "bare"), [
    ("hhw, :d, blonde hair", ":d, blonde hair"),
    ("solo, hhw, :d, smile", "solo, :d, smile"),
    (":3, solo, hhw", ":3, solo"),
    ("solo, ;), hhw", "solo, ;)"),
    ("hhw: a mill", "a mill"),
    ("hhw:a, mill", "a, mill"),
])  # fmt: skip
def test_a_tag_that_is_a_face_keeps_its_eyes_where_the_trigger_goes(text: str, bare: str) -> None:
    """ ":d" is on 591,041 pictures of Danbooru: "d" teaches nothing."""
    assert hygiene.bare(text, "hhw") == bare


@pytest.mark.parametrize("face", [":d", ";d", ";)", ";_;", "._.", ":>", ":3"])
def test_a_tag_that_is_a_face_is_one_term_and_stays_as_it_is(face: str) -> None:
    for text in (face, f"1girl, {face}, smile", f"1girl, {face}", f"{face}, 1girl"):
        assert hygiene.mend(text, TAGS) == hygiene.Mended(text)
        assert hygiene.terms(text) == text.split(", ")
        assert hygiene.clean(text) == text


@pytest.mark.parametrize("sign", [". ", "; ", ": ", " - ", " | ", ", ", "\n"])
@pytest.mark.parametrize("name", ["[trigger]", TRIGGER])
def test_what_parts_a_trigger_from_the_rest_goes_with_it(name: str, sign: str) -> None:
    """Trainers' own placeholder often stands as a sentence of its own."""
    text = f"{name}{sign}A mill by the pond."
    assert hygiene.bare(hygiene.mend(text, About(trigger=TRIGGER)).text, TRIGGER) == "A mill by the pond."


@pytest.mark.parametrize(("text", "bare"), [
    ("a photo of emberveil standing by a mill", "a photo standing by a mill"),
    ("a mill in the style of emberveil, evening", "a mill, evening"),
    ("a mill in emberveil style", "a mill"),
    ("a portrait of an emberveil.", "a portrait."),
    ("a photo of emberveil woman by a mill", "a photo of woman by a mill"),
    ("an emberveil mill and emberveil in the snow", "an mill in the snow"),
    ("emberveil, mill", "mill"),
    ("[trigger], a mill by [trigger]", "a mill"),
    ("a mill of emberveils", "a mill of emberveils"),
])  # fmt: skip
def test_no_preposition_hangs_where_the_trigger_stood(text: str, bare: str) -> None:
    assert hygiene.bare(text, TRIGGER) == bare


@pytest.mark.parametrize(("text", "named"), [
    ("a barn in snow|||a barn under clouds|||a farm in winter", "a barn in snow ||| a barn under clouds"),
    ("a red barn in snow ||| a barn by a river", "a red barn in snow ||| a barn by a river"),
    ("1girl, solo ||| long hair, red dress, a mill by a pond", ""),
])  # fmt: skip
def test_captions_parted_by_bars_are_asked_about_and_parted_tags_are_not(text: str, named: str) -> None:
    assert hygiene.asked(text, TAGS).get("alternatives", "") == named


@pytest.mark.parametrize(
    ("term", "text", "left"),
    [
        ("round", "A round wooden table stands in a kitchen.", "A wooden table stands in a kitchen."),
        ("old", "An old man waits at the old, grey gate.", "A man waits at the grey gate."),
        ("window", "A cat sits on the sill of a window.", "A cat sits on the sill."),
        ("pond", "A mill stands beside a pond.", "A mill stands."),
        ("ball", "A dog with a ball and a hat.", "A dog with a hat."),
        ("cat", "A lamp burns. A cat sits on a chair.", "A lamp burns. It sits on a chair."),
        ("oil painting", "An oil painting of a mill.", "A mill."),
        ("cup", "He holds a cup of tea.", "He holds tea."),
        ("hat", "a man in a hat, a dog", "a man, a dog"),
        ("large", "a large owl on a branch", "an owl on a branch"),
        ("mill", "mill", ""),
    ],
)
def test_a_sentence_without_a_term_is_whole(term: str, text: str, left: str) -> None:
    assert hygiene.without_term(text, term) == left
