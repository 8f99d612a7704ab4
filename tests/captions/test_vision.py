"""What is asked of a vision model, what is sent, and how answers are kept."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image as Pillow

from loraprep.captions import registry
from loraprep.captions.approval import approved, examples
from loraprep.captions.captioner import Context
from loraprep.captions.captioners import claude
from loraprep.captions.render import render
from loraprep.captions.vision import encode, prompt, reply
from loraprep.captions.vision import form as vision_form
from loraprep.captions.vision.anthropic_messages import Claude
from loraprep.captions.vision.describe import elements_of
from loraprep.captions.vision.prices import price_list
from loraprep.captions.vision.store import Answer, Answers, AnswerSettings, Store
from loraprep.captions.vision_findings import seen_under_earlier_settings
from loraprep.core import resources
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import profiles, project
from loraprep.project.decisions import Decisions, Entry
from tests import pictures
from tests.loopback import form
from tests.typed import changed, smallest

DIGEST = "ab" * 32


def answer(state: Any = "seen", captioner: str = "claude", **more: Any) -> Answer:
    seen = reply.parse_reply(json.dumps(form(3))) if state == "seen" else vision_form.SeenElements()
    base = Answer(captioner, "claude-haiku-5-5", "0" * 12, "", {"effort": "low"}, 1, state, seen)
    return msgspec.structs.replace(base, **more)


# --- the question


def test_every_kind_has_its_instructions_and_counts_what_the_form_can_say() -> None:
    closed = vision_form.closed_terms()
    assert {"content.framing", "content.angle", "style.lighting", "content.subject_class", "style.medium"} <= set(
        closed
    )
    for kind in resources.names("resources/kinds"):
        text = prompt.question(smallest(intent={"kind": kind})).instructions
        assert "image captions" in text
        assert "training" not in text.lower()  # speaking of it can be refused
        for name, axis in profiles.kind(kind).axes.items():
            if axis.element in closed:
                assert set(axis.wants) <= set(closed[axis.element]), (kind, name)


def test_the_form_keeps_to_what_servers_take() -> None:
    def walk(rule: dict[str, Any]) -> None:
        assert set(rule) <= {"type", "description", "properties", "required", "additionalProperties", "items", "enum"}
        assert isinstance(rule["type"], str)
        if rule["type"] == "object":
            assert rule["additionalProperties"] is False
            assert rule["required"] == list(rule["properties"])
        for sub in [*rule.get("properties", {}).values(), *([rule["items"]] if "items" in rule else [])]:
            walk(sub)

    for name in ("elements", "change"):
        walk(vision_form.json_schema(name))


def test_a_reply_is_read_and_cleaned() -> None:
    said = form(3)
    said["content"]["subject"] = "A Stone\nMill {x|y}"
    said["content_sentence"] = "A mill. " * 200
    read = reply.parse_reply(json.dumps(said))
    assert read.content
    assert read.content.subject == "a stone mill x|y"
    assert len(read.content_sentence or "") <= 600
    for bad in ("", "[]", "{}", json.dumps({**form(1), "more": 1}), "[" * 100_000):
        with pytest.raises(reply.Unreadable):
            reply.parse_reply(bad)


def test_a_reply_of_a_server_that_cannot_be_held_to_a_form_is_mended() -> None:
    loose = {"content": {"subject": "a mill", "framing": "Wide View", "angle": "sideways", "objects": "pond, bridge"},
             "content_sentence": "A mill.", "tags": ["mill", 3, None], "confidence": {"content": "very"}}  # fmt: skip
    read = reply.parse_reply(json.dumps(loose), mend=True)
    assert read.content
    assert read.content.framing == "wide view"
    assert read.content.angle == ()
    assert read.content.objects == ("pond", "bridge")
    assert read.tags == ("mill", "3")
    assert read.style
    assert read.style.mood == ()
    assert read.confidence == vision_form.Confidence(content="low", style="low")
    with pytest.raises(reply.Unreadable, match="says nothing"):
        reply.parse_reply("{}", mend=True)


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        (vision_form.SeenContent, ["content"]),
        (vision_form.SeenStyle, ["style"]),
        (vision_form.SeenSentences, ["with_traits"]),
        (vision_form.Confidence, ["confidence"]),
    ],
)
def test_the_classes_name_the_fields_of_the_form(record: type[msgspec.Struct], keys: list[str]) -> None:
    node = vision_form.form()
    for key in keys:
        node = node.properties[key]
    assert record.__struct_fields__ == tuple(node.properties)


def test_the_record_of_an_answer_has_the_fields_of_both_forms() -> None:
    both = {key for name in ("elements", "change") for key in vision_form.form(name).properties}
    assert {*vision_form.SeenElements.__struct_fields__} == both


def test_elements_become_captions_of_both_forms() -> None:
    seen = elements_of(Image("a.jpg", "image", digest=DIGEST), answer())
    assert seen.content["setting"] == ["outdoors", "valley"]
    rules = smallest().captioning
    prose = render(seen, "emberveil", rules, profiles.base_model("flux"))
    assert prose.text == (
        "emberveil, a cat number 3 stands in a valley at dawn. An oil painting with loose strokes and lost edges.")  # fmt: skip
    assert prose.captioned
    tags = render(seen, "emberveil", rules, profiles.base_model("pony"))
    assert tags.text == (
        "emberveil, no humans, valley, dawn, outdoors, wide shot, impasto, scenery, oil painting (medium)")  # fmt: skip
    bare = render(seen, "emberveil", changed(rules, style_words="omit"), profiles.base_model("flux"))
    assert bare.text == "emberveil, a cat number 3 stands in a valley at dawn."


# --- what is sent


@pytest.mark.parametrize(
    ("size", "sent"),
    [((4000, 3000), (1182, 887)), ((64, 48), (64, 48)), ((5000, 5000), (1024, 1024)), ((8000, 100), (1568, 20)),
     ((1200, 800), (1200, 800)), ((400, 400), (400, 400))],
)  # fmt: skip
def test_pictures_are_sent_in_a_fitting_size(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert encode.size_to_send(*size) == sent
    assert max(sent) <= 1568


def prepare(root: Path, data: bytes) -> encode.Prepared:
    (root / "a.jpg").write_bytes(data)
    image = Image("a.jpg", "image", digest=DIGEST, pixel_digest=hashlib.sha256(data).hexdigest())
    return encode.prepare(Pictures(root, root, 100.0), image, background="#ffffff")


def test_pictures_are_sent_as_their_owner_sees_them(tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010E] = 6, "who made it"
    sent = prepare(tmp_path, pictures.jpeg(exif=exif))
    assert (sent.width, sent.height) == (240, 320)
    assert sent.tokens == 9 * 12
    with Pillow.open(io.BytesIO(sent.data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (240, 320))
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    with Pillow.open(io.BytesIO(prepare(tmp_path, pictures.see_through()).data)) as picture:
        assert picture.getpixel((10, 10)) == (255, 255, 255)
    assert prepare(tmp_path, pictures.cmyk()).data == prepare(tmp_path, pictures.cmyk()).data
    with pytest.raises(BadImage):
        prepare(tmp_path, b"no picture")


def test_the_request(tmp_path: Path) -> None:
    sent = prepare(tmp_path, pictures.jpeg())
    body = Claude("claude-haiku-5-5", "low").request(sent, prompt.question(smallest(), ["a mill at dawn"]))
    first, second = body["messages"][0]["content"]
    assert (first["type"], second["type"]) == ("image", "text")
    assert body["thinking"] == {"type": "disabled"}
    assert body["output_config"]["effort"] == "low"
    assert body["system"][0]["text"].endswith("- a mill at dawn\n")
    assert "thinking" not in Claude("claude-opus-5-5", "low").request(sent, prompt.question(smallest()))
    assert len(json.dumps(body)) < 10_000_000


def test_prices_are_dated_and_an_image_costs_what_the_list_says() -> None:
    assert price_list("claude").as_of == "October 2026"
    haiku, ask = Claude("claude-haiku-5-5", "low"), prompt.question(smallest())
    assert haiku.price({"input_tokens": 1369 + 900, "output_tokens": 300}) == pytest.approx(0.0003769)
    assert haiku.price({"cache_read_input_tokens": 1000}) == pytest.approx(0.00001)
    assert (
        haiku.most(1369, ask, larger=True) > haiku.most(1369, ask, larger=False) > haiku.price(haiku.guess(1369, ask))
    )


# --- what is kept


def test_answers_are_added_and_never_taken_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.read(DIGEST).current is None
    store.add(DIGEST, answer())
    store.add(DIGEST, answer("refused"))
    found = store.read(DIGEST)
    assert [a.state for a in found.listed] == ["seen", "refused"]
    assert found.current == answer()  # what was seen once is not lost
    assert store.read_all([DIGEST, "cd" * 32]) == {DIGEST: found}
    before = store.fingerprint([DIGEST])
    store.add("cd" * 32, answer())
    assert store.fingerprint([DIGEST]) == before
    assert store.fingerprint() != before


def test_what_is_still_wanted() -> None:
    def wants(*given: Answer, by: str = "claude", since: int = 0) -> str:
        return Answers(given).next_request(by, since)

    assert wants() == "ask"
    assert wants(answer()) == wants(answer(captioner="other")) == ""
    assert wants(answer("refused")) == ""
    assert wants(answer("refused"), by="other") == "ask"
    assert wants(answer("truncated")) == "larger"
    assert wants(answer("unclear")) == "again"
    assert wants(answer("truncated"), answer("truncated")) == ""
    assert wants(answer(), since=1) == "ask"
    assert wants(answer(), answer("truncated"), since=1) == "larger"


def test_answers_of_an_older_form_are_read_and_what_they_lack_was_not_looked_at(tmp_path: Path) -> None:
    old = {"captioner": "claude", "model": "claude-haiku-4-5", "prompt": "1" * 12, "examples": "", "parameters": {},
           "schema": 0, "state": "seen", "elements": {"content": {"subject": "a mill"}, "tags": ["mill"]},
           "forgotten": True}  # fmt: skip
    (tmp_path / "responses").mkdir()
    (tmp_path / f"responses/{DIGEST}.json").write_text(json.dumps({"version": 1, "answers": [old]}), "utf-8")
    image = Image("a.jpg", "image", digest=DIGEST)
    context = Context("emberveil", answers=Store(tmp_path).read_all([DIGEST]))
    seen = claude.describe(image, context)
    assert (seen.state, seen.content, seen.style, seen.tags) == ("seen", {"subject": ["a mill"]}, {}, ["mill"])


def test_what_an_earlier_answer_holds_is_written_back_as_it_was(tmp_path: Path) -> None:
    old = {"captioner": "claude", "model": "m", "prompt": "", "examples": "", "parameters": {}, "schema": 9,
           "state": "seen", "elements": {"tags": ["mill"], "weather": ["rain"]}, "told_by": "a later version"}  # fmt: skip
    (tmp_path / "responses").mkdir()
    file = tmp_path / f"responses/{DIGEST}.json"
    file.write_text(json.dumps({"version": 1, "answers": [old]}), "utf-8")
    Store(tmp_path).add(DIGEST, answer("refused"))
    assert json.loads(file.read_text("utf-8"))["answers"][0] == old


@pytest.mark.parametrize(
    "text", ["", "{", '{"version": 9, "answers": []}', '{"version": 1}', '{"version": 1, "answers": [3]}']
)
def test_a_damaged_answer_is_named_and_never_paid_for_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "responses").mkdir()
    (tmp_path / f"responses/{DIGEST}.json").write_text(text, "utf-8")
    with pytest.raises(UserError) as caught:
        Store(tmp_path).read_all([DIGEST])
    assert str(caught.value).startswith(f"responses/{DIGEST}.json: this stored answer cannot be read: ")
    assert "Bring it back from git." in str(caught.value)


# --- approval, examples, earlier settings


def entry(verdict: str | None, caption: str = "[trigger], a mill", *, plain: bool = True, own: bool = False) -> Entry:
    return Entry("a.jpg", {"verdict": verdict, "caption": caption, "form": "prose"}, {} if own else {"a.jpg": "d" * 12},
                 True, plain)  # fmt: skip


def test_what_starts_the_rest() -> None:
    def may(*verdicts: str | None, rest: str | None = None, auto: bool = False) -> bool:
        listed = {f"{n}.jpg": entry(v) for n, v in enumerate(verdicts)}
        return approved(list(listed), Decisions(rest, listed), auto=auto)

    assert may("approve", "skip", "adjust")
    assert not may("approve", None)
    assert not may("skip", "skip")
    assert may(None, None, rest="recommended")
    assert may(None, auto=True)
    assert not approved(["gone.jpg"], Decisions(), auto=False)


def test_examples_are_what_a_person_agreed_to() -> None:
    image = Image("a.jpg", "image", digest="d" * 64)
    seen = {"a.jpg": elements_of(image, answer())}

    def said(given: Entry, *, auto: bool = False) -> list[str]:
        return examples([image], seen, Decisions(None, {"a.jpg": given}), "emberveil", auto=auto)

    whole = "A cat number 3 stands in a valley at dawn. An oil painting with loose strokes and lost edges. Tags: cat number 3, valley, dawn, thing 3"
    assert said(entry("approve")) == [whole]
    assert said(entry("adjust", "[trigger], a mill, dripping")) == ["a mill, dripping"]
    assert said(entry(None, "emberveil, a mill by hand", own=True)) == ["a mill by hand"]
    mine = Decisions(None, {"a.jpg": entry(None, "emberveil, a mill by hand", own=True)})
    assert examples([image], seen, mine, "emberveil", auto=False, by_hand=False) == []
    assert said(entry("skip")) == said(entry(None)) == []
    assert said(entry(None), auto=True) == [whole]


def test_earlier_settings_are_noticed_and_samples_need_no_examples() -> None:
    then = answer(examples="").settings
    now = {"claude": changed(then, examples="abc")}

    def earlier(answers: dict[str, AnswerSettings], now: dict[str, AnswerSettings], samples: list[str]) -> list[str]:
        return seen_under_earlier_settings(answers, now, samples)

    assert earlier({"a.jpg": then, "b.jpg": then}, now, ["a.jpg"]) == ["b.jpg"]
    assert earlier({"a.jpg": then}, {"claude": changed(then, prompt="1" * 12)}, ["a.jpg"]) == ["a.jpg"]
    assert earlier({"a.jpg": changed(then, captioner="other")}, {"claude": then}, []) == ["a.jpg"]


def test_captioners_by_name_and_in_a_chain() -> None:
    captioning = smallest().captioning
    assert captioning.captioners == ("draft",)
    assert changed(captioning, captioner=("claude", "draft")).captioners == ("claude", "draft")
    assert set(registry.vision_captioners(changed(captioning, captioner=("existing", "claude")))) == {"claude"}
    assert registry.vision_captioners(captioning) == {}


@pytest.mark.parametrize(
    "line",
    [
        "captioning: {captioner: claude, api_key: not-shaped-like-one}",
        "ANTHROPIC_API_KEY: hidden-words-here",
        "captioning: {base_url: 'https://me:hidden-words@example.org'}",
        "notes: hunter2hunter2hunter2",
    ],
)
def test_a_key_in_yaml_is_refused_without_being_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "hunter2hunter2hunter2")
    (tmp_path / "project.yaml").write_text(f"version: 1\n{line}\n", "utf-8")
    with pytest.raises(UserError) as caught:
        project.load(tmp_path)
    text = str(caught.value)
    said = r"project\.yaml:2:\d+: this looks like a secret key; project\.yaml goes into git, so it is refused\n"
    assert re.match(said, text)
    for secret in ("hidden", "hunter2", "shaped"):
        assert secret not in text


def test_wrong_captioning_settings_are_explained(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    start = "version: 1\nname: x\nintent: {kind: style}\nmodel: flux\ntrigger: emberveil\n"
    for wrong in ("captioner: cloud", "captioner: [claude, cloud]", "budget_usd: -1", "batch: sometimes",
                  "concurrency: 0", "base_url: ftp://x"):  # fmt: skip
        (tmp_path / "project.yaml").write_text(f"{start}captioning: {{{wrong}}}\n", "utf-8")
        with pytest.raises(UserError) as caught:
            project.load(tmp_path)
        assert str(caught.value).startswith("project.yaml:6:"), wrong
        assert wrong.split(":")[0] in str(caught.value)


def test_the_price_list_is_readable() -> None:
    for provider in resources.names("resources/vision"):
        listed = price_list(provider)
        assert listed.default in listed.models
        assert all(m.input < m.output for m in listed.models.values())


@pytest.mark.parametrize(
    ("model", "counted", "several", "kept"),
    [("claude-haiku-5-5", 600, True, True), ("claude-haiku-5-5", 400, True, False), ("claude-sonnet-5-5", 600, True, False),
     ("claude-sonnet-5-5", 1100, True, True), ("claude-haiku-5-5", 600, False, False)],
)  # fmt: skip
def test_instructions_are_kept_on_the_server_only_where_that_saves(
    tmp_path: Path, model: str, counted: int, several: bool, kept: bool
) -> None:
    asked = prompt.question(smallest())
    claude = Claude(model, "low")
    claude.counted, claude.several = counted, several
    sent = prepare(tmp_path, pictures.jpeg())
    (system,) = claude.request(sent, asked)["system"]
    assert ("cache_control" in system) is kept
    dear = claude.most(1000, asked, larger=False)
    claude.several = False
    assert (dear > claude.most(1000, asked, larger=False)) is kept
