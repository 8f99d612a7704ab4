"""The openai-compatible captioner against a real server on the loopback address."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image as Pillow

from loraprep.captions.captioners import openai_compatible
from loraprep.captions.captioners.openai_compatible import LADDER
from loraprep.captions.vision import repair, runner, silence
from loraprep.captions.vision.form import Confidence, SeenElements
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import question
from loraprep.captions.vision.store import Store
from loraprep.core import findings
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging.pictures import Pictures
from loraprep.project import project
from loraprep.project.settings import Settings
from loraprep.scan import scan
from tests import pictures
from tests.homeserver import SEEN, Answer, Home, good, serving
from tests.runs import allow
from tests.typed import smallest

MODEL = "qwen3-vl"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "PATIENCE", runner.Patience(attempts=3, first=0.01, most=0.05))


@pytest.fixture
def home() -> Iterator[Home]:
    with serving() as server:
        yield server


def config(home: Home, **captioning: Any) -> Settings:
    own = {"captioner": "openai-compatible", "base_url": home.address, "model": MODEL, "concurrency": 1}
    return smallest(captioning={**own, **captioning})


def photos(root: Path, count: int = 1) -> list[Image]:
    folder = root / "images"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number}.png").write_bytes(pictures.png(pictures.scene(seed=number)))
    return scan.scan(folder, root, include=["**/*"], exclude=[]).images


def ask(root: Path, home: Home, images: list[Image], examples: tuple[str, ...] = (), **captioning: Any) -> Outcome:
    settings = config(home, **captioning)
    allow(root, settings)
    job = Job(root, Pictures(root / "images", root, 100.0), settings, question(settings, examples))
    return openai_compatible.ask_vision_model(images, job)


def said(outcome: Outcome) -> list[str]:
    return [findings.sentence(f) for f in outcome.findings]


def test_a_picture_is_sent_and_its_answer_is_on_disk(tmp_path: Path, home: Home) -> None:
    (image,) = photos(tmp_path)
    assert ask(tmp_path, home, [image], ("a mill at dusk",)) == Outcome()
    (body,) = home.asked
    assert body["model"] == MODEL
    assert body["messages"][0]["role"] == "system"
    assert "a mill at dusk" in body["messages"][0]["content"]
    sent, text = body["messages"][1]["content"]
    assert text["type"] == "text"
    head, _, data = sent["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    picture = Pillow.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == (image.width, image.height)  # a small one as it is
    assert not picture.getexif()
    form = body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert set(form["schema"]["required"]) == set(SEEN)
    assert home.keys == [None]
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert (answer.captioner, answer.model, answer.state) == ("openai-compatible", MODEL, "seen")
    assert answer.elements.content
    assert answer.elements.content.framing == "wide view"
    assert answer.usage == {"input_tokens": 900, "output_tokens": 120}
    stored = next((tmp_path / "responses").glob("*.json")).read_text("utf-8")
    assert home.address not in stored
    assert str(tmp_path) not in stored


def test_an_answer_is_not_asked_for_again(tmp_path: Path, home: Home) -> None:
    images = photos(tmp_path, 3)
    ask(tmp_path, home, images)
    assert ask(tmp_path, home, images) == Outcome()
    assert len(home.asked) == 3


@pytest.mark.parametrize("works", LADDER)
def test_the_ladder_goes_down_until_a_form_works_and_remembers_it(tmp_path: Path, works: str) -> None:
    def answer(number: int, body: dict[str, Any]) -> Answer:
        form = body.get("response_format", {"type": "prompt"})["type"]
        return good() if form == works else Answer("response_format is not supported with images", 400)

    with serving(answer) as home:
        images = photos(tmp_path, 3)
        assert ask(tmp_path, home, images[:2]) == Outcome()
        down = LADDER[: LADDER.index(works) + 1]
        assert home.forms() == [*down, works]
        assert ask(tmp_path, home, images) == Outcome()  # another run: one request, on the rung that works
        assert home.forms() == [*down, works, works]
        assert json.loads((tmp_path / "build/servers.json").read_text("utf-8")) == {f"{home.address} {MODEL}": works}
    assert len(list((tmp_path / "responses").glob("*.json"))) == 3


def test_a_form_that_is_ignored_leads_down_and_is_said_in_words(tmp_path: Path) -> None:
    with serving(lambda number, body: good() if "response_format" not in body else Answer("Here you are!")) as home:
        assert ask(tmp_path, home, photos(tmp_path)) == Outcome()
        assert home.forms() == list(LADDER)
        system = home.asked[-1]["messages"][0]["content"]
        assert "close-up | portrait | upper body | full body | wide view | detail" in system


def test_one_reply_that_cannot_be_read_changes_nothing_for_the_next_pictures(tmp_path: Path) -> None:
    with serving(lambda number, body: Answer("Here you are!") if number == 1 else good()) as home:
        images = photos(tmp_path, 3)
        for image in images:
            assert ask(tmp_path, home, [image]) == Outcome()
        assert home.forms() == ["json_schema", "json_schema", "json_object", "json_schema"]


MILL = {"content": {"subject": "a mill", "objects": ["pond"]}, "style": {"medium": "oil painting"}, "tags": ["mill"]}


@pytest.mark.parametrize(
    "text",
    [
        f"Sure! Here it is:\n```json\n{json.dumps(MILL)}\n```\nAnything else?",
        f"<think>It is {{a mill}}.</think>{json.dumps(MILL)}",
        json.dumps(MILL)[:-1] + ",}",
        json.dumps({"elements": MILL}),
        json.dumps({"subject": "a mill", "objects": ["pond"], "medium": "oil painting", "tags": "mill"}),
        "{content: {subject: 'a mill', objects: ['pond'],}, style: {medium: 'Oil Painting'}, tags: ['mill']}",
    ],
    ids=["fenced", "thinking", "comma", "wrapped", "flat", "unquoted"],
)
def test_replies_that_no_schema_held_are_repaired(tmp_path: Path, text: str) -> None:
    with serving(lambda number, body: Answer(text)) as home:
        (image,) = photos(tmp_path)
        assert ask(tmp_path, home, [image]) == Outcome()
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert answer.state == "seen"
    seen = answer.elements
    assert seen.content
    assert (seen.content.subject, seen.content.objects) == ("a mill", ("pond",))
    assert seen.style
    assert seen.style.medium == "oil painting"
    assert seen.tags == ("mill",)


def test_a_model_that_only_writes_sentences_is_read_as_such(tmp_path: Path) -> None:
    text = "A water mill stands beside a pond, in a wide view. Oil painting, short brush strokes, warm light."
    with serving(lambda number, body: Answer(text)) as home:
        (image,) = photos(tmp_path)
        ask(tmp_path, home, [image])
        assert home.forms() == list(LADDER)
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert answer.elements.content_sentence == "A water mill stands beside a pond, in a wide view."
    assert answer.elements.style_sentence == "Oil painting, short brush strokes, warm light."
    assert answer.elements.content
    assert answer.elements.content.framing == "wide view"
    assert answer.elements.style
    assert answer.elements.style.medium == "oil painting"
    assert answer.elements.confidence == Confidence(content="low", style="low")


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Answer(json.dumps(SEEN)[:200], finish="length"), "truncated"),
        (Answer("", finish="content_filter"), "refused"),
        (Answer("", refusal="I can't describe this."), "refused"),
        (Answer("I'm sorry, but I can't help with that."), "refused"),
        (Answer(""), "unclear"),
        (Answer("{}"), "unclear"),
        (Answer("yes"), "unclear"),
    ],
    ids=["length", "content filter", "refusal", "apology", "empty", "empty object", "one word"],
)
def test_what_is_no_description_is_a_state_of_the_picture(tmp_path: Path, reply: Answer, state: str) -> None:
    with serving(lambda number, body: reply) as home:
        (image,) = photos(tmp_path)
        assert ask(tmp_path, home, [image]) == Outcome()
        before = len(home.asked)
        assert ask(tmp_path, home, [image]) == Outcome()  # it stands: nobody is asked a third time
        assert len(home.asked) == before
        if state == "truncated":
            assert [body["max_tokens"] for body in home.asked] == [3000, 6000]
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert answer.state == state
    assert answer.elements == SeenElements()


@pytest.mark.parametrize(
    "bad",
    [
        Answer("slow down", 429, headers={"retry-after": "0.01"}),
        Answer("loading", 503),
        Answer(fault="reset"),
        Answer(json.dumps(SEEN), fault="half"),
        Answer(raw=b"<html><body>Sign in</body></html>"),
        Answer(raw=b'{"choices": []}'),
    ],
    ids=["429", "503", "reset", "half a body", "a web page", "no choices"],
)
def test_a_bad_moment_is_tried_again(tmp_path: Path, bad: Answer) -> None:
    with serving(lambda number, body: good() if number else bad) as home:
        (image,) = photos(tmp_path)
        assert ask(tmp_path, home, [image]) == Outcome()
        assert len(home.asked) == 2
    current = Store(tmp_path).read(image.digest).current
    assert current is not None
    assert current.state == "seen"


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (Answer("slow down", 429), "The server could not be asked about 2 pictures (429: slow down)."),
        (
            Answer(raw=b"<html>Sign in</html>"),
            "The server could not be asked about 2 pictures (it answered with a web page: is this the right address?).",
        ),
        (
            Answer("model not found", 404),
            "The vision model qwen3-vl cannot be used: 404: model not found (2 pictures wait).",
        ),
        (Answer("bad key", 401), "The server wants a key, so nobody looked at 2 pictures (401: bad key)."),
    ],
    ids=["busy", "web page", "no model", "key"],
)
def test_a_server_that_stays_bad_ends_in_one_line(tmp_path: Path, bad: Answer, sentence: str) -> None:
    with serving(lambda number, body: bad) as home:
        images = photos(tmp_path, 2)
        outcome = ask(tmp_path, home, images)
    assert set(outcome.missing) == {"0.png", "1.png"}
    assert said(outcome) == [sentence]
    assert not (tmp_path / "responses").exists()


def test_nobody_answers_there(tmp_path: Path, home: Home) -> None:
    outcome = ask(tmp_path, home, photos(tmp_path), base_url="http://127.0.0.1:9/v1")
    assert set(outcome.missing.values()) == {"server"}
    (line,) = said(outcome)
    assert "nothing answers there" in line


def test_one_bad_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    with serving(lambda number, body: Answer("broken", 422) if number < 3 else good()) as home:
        images = photos(tmp_path, 3)
        outcome = ask(tmp_path, home, images)
    assert list(outcome.missing) == ["0.png"]
    assert len(list((tmp_path / "responses").glob("*.json"))) == 2


def test_what_project_yaml_lacks_is_said(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    images = photos(tmp_path)
    outcome = ask(tmp_path, home, images, base_url=None, model=None)
    assert said(outcome) == [
        "Nobody looked at 0.png: project.yaml has no captioning.base_url and captioning.model."
    ]  # fmt: skip
    monkeypatch.delenv("MILL_KEY", raising=False)
    server = {"base_url": None, "model": None, "key_variable": "MILL_KEY"}
    outcome = ask(tmp_path, home, images, server=server)
    assert said(outcome) == ["0.png waits for a key: MILL_KEY is not set."]
    assert home.asked == []


def test_a_key_is_sent_and_written_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "canary-4711-abcdef"
    monkeypatch.setenv("MILL_KEY", key)
    server = {"base_url": None, "model": None, "key_variable": "MILL_KEY"}
    replies = [Answer(f"wrong key {key}", 401), good()]
    with serving(lambda number, body: replies[min(number, 1)]) as home:
        images = photos(tmp_path, 2)
        outcome = ask(tmp_path, home, images, server=server)
        assert ask(tmp_path, home, images, server=server) == Outcome()
        assert set(home.keys) == {f"Bearer {key}"}
    (line,) = said(outcome)
    assert "wrong key [key]" in line
    assert key not in line
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or key.encode() not in file.read_bytes()


def test_a_server_of_its_own_beside_claude(home: Home) -> None:
    server = {"base_url": "http://localhost:1234/v1/", "model": "joycaption", "key_variable": None}
    endpoint = openai_compatible._endpoint(config(home, server=server).captioning)
    assert (endpoint.address, endpoint.model) == ("http://localhost:1234/v1", "joycaption")


def test_no_proxy_stands_between_this_machine_and_itself(
    tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert ask(tmp_path, home, photos(tmp_path)) == Outcome()


def test_words_of_a_server_are_one_safe_line(tmp_path: Path) -> None:
    nasty = "no\n<script>\x1b[31m {model} " + "x" * 500
    with serving(lambda number, body: Answer(nasty, 401)) as home:
        (line,) = said(ask(tmp_path, home, photos(tmp_path)))
    assert not set("\n\x1b") & set(line)
    assert len(line) < 400


def test_refusals_are_told_from_pictures_of_sorry_people() -> None:
    assert repair.refuses("I’m sorry, I can’t describe real people.")
    assert repair.refuses("I cannot assist with this request.")
    assert not repair.refuses("A woman looks sorry beside a mill.")
    assert not repair.refuses('{"content_sentence": "Sorry"}')


def refused_with(folder: Path, line: str) -> str:
    """What is said of a project.yaml that holds this line besides what it must."""
    text = "version: 1\nname: mill\nintent: {kind: style}\nmodel: flux\ntrigger: millstyle\n"
    (folder / "images").mkdir()
    (folder / "project.yaml").write_text(text + line + "\n", "utf-8")
    with pytest.raises(UserError) as refused:
        project.load(folder)
    return str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "captioning: {server: {key_variable: canary-4711-abcdef}}",
        "captioning: {server: {key_variable: 'canary_4711'}}",
        "captioning: {server: {api_key: canary4711}}",
        "captioning:\n  server:\n    key: canary4711",
        "captioning:\n  server:\n    key: canary",
        "captioning: {server: {model: x, 'token': canary}}",
        "key: canary",
    ],
)
def test_a_key_in_project_yaml_is_refused_without_an_echo(tmp_path: Path, line: str) -> None:
    said = refused_with(tmp_path, line)
    assert "canary" not in said
    assert "this looks like a secret key" in said


@pytest.mark.parametrize(
    "line",
    [
        "captioning:\n\tserver:\n\t\tkey: canary",  # a tab
        "captioning:\n  server:\n   base_url: x\n    key: canary",
        "captioning:\n  server:\n    key: 'canary",
        "captioning:\n  server: {model: x, key: canary",
        "captioning:\n  server:\n    my-token : *canary",
    ],
)
def test_what_is_behind_key_is_not_told_when_something_else_is_wrong(tmp_path: Path, line: str) -> None:
    said = refused_with(tmp_path, line)
    assert "canary" not in said
    assert "secret" not in said


def test_the_name_of_a_variable_is_no_key(tmp_path: Path) -> None:
    text = (
        "version: 1\nname: mill\nintent: {kind: style, notes: 'a gold token: round'}\nmodel: flux\ntrigger: millstyle\n"
    )
    (tmp_path / "images").mkdir()
    for name in ("MY_KEY", "'MY_KEY' ", "null", "MY_KEY # of the server"):
        (tmp_path / "project.yaml").write_text(f"{text}captioning:\n  server:\n    key_variable: {name}\n", "utf-8")
        assert project.load(tmp_path).settings.captioning.server.key_variable in ("MY_KEY", None)


OTHER = {
    "subject": "a mill",
    "description": "A mill stands beside a pond. Willows hang over the water.",
    "tags": ["mill", "pond"],
    "style": "oil painting with short strokes",
    "background": "a wood",
    "colors": ["teal", "ochre"],
}


@pytest.mark.parametrize("wrapped", [False, True])
def test_json_of_another_form_is_used_in_full_and_asked_for_once(tmp_path: Path, wrapped: bool) -> None:
    text = json.dumps({"result": OTHER} if wrapped else OTHER)
    with serving(lambda number, body: Answer(text)) as home:
        (image,) = photos(tmp_path)
        assert ask(tmp_path, home, [image]) == Outcome()
        assert len(home.asked) == 1
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    seen = answer.elements
    assert seen.content_sentence == "A mill stands beside a pond."
    assert seen.content_long == "A mill stands beside a pond. Willows hang over the water."
    assert seen.style_sentence == "Oil painting with short strokes."
    assert seen.tags == ("mill", "pond")
    assert seen.content
    assert (seen.content.subject, seen.content.setting) == ("a mill", ("a wood",))
    assert seen.style
    assert seen.style.palette == ("teal", "ochre")


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (
            {"subject": {"type": "old woman", "clothing": "green shawl"}, "scene": {"location": "harbour", "time": "dusk"},
             "style": {"medium": "watercolour", "mood": "calm"}},
            {"subject": "old woman", "outfit": ("green shawl",), "setting": ("harbour",), "time": ("dusk",),
             "medium": "watercolour", "mood": ("calm",)},
        ),
        (
            {"description": {"short": "A fox.", "long": "A fox stands in snow. Birches are behind it."}, "Tags": "fox, snow"},
            {"content_sentence": "A fox.", "content_long": "A fox stands in snow. Birches are behind it.",
             "tags": ("fox", "snow")},
        ),
        (
            {"objects": [{"name": "cat", "color": "black"}], "lighting": "neon", "shot": "medium shot", "textInImage": "OPEN"},
            {"subject": "black cat", "lighting": ("neon light",), "framing": "upper body", "visible_text": ("OPEN",)},
        ),
        ({"alt_text": "A tram in the rain."}, {"content_sentence": "A tram in the rain."}),
        ([{"caption": "A tram in the rain.", "score": "0.9"}], {"content_sentence": "A tram in the rain."}),
        (
            {"analysis": {"content": "A tram in the rain.", "style": "Ink with hard shadows."}},
            {"content_sentence": "A tram in the rain.", "style_sentence": "Ink with hard shadows."},
        ),
        (
            {"art_style": ["ink", "wash"], "scene_description": "A tram in the rain.", "reasoning": "I see a tram. It rains."},
            {"technique": ("ink", "wash"), "content_sentence": "A tram in the rain.", "content_long": ""},
        ),
        ({"prompt": "a fox, birch trees, snow", "model": "x"}, {"tags": ("a fox", "birch trees", "snow")}),
    ],
)  # fmt: skip
def test_fields_of_any_name_and_depth_are_read(tmp_path: Path, reply: object, kept: dict[str, object]) -> None:
    with serving(lambda number, body: Answer(json.dumps(reply))) as home:
        (image,) = photos(tmp_path)
        assert ask(tmp_path, home, [image]) == Outcome()
        assert len(home.asked) == 1
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    seen = msgspec.to_builtins(answer.elements)
    flat = {**seen, **seen["content"], **seen["style"]}
    assert {key: flat.get(key) for key in kept} == kept


def test_a_model_that_only_thinks_is_told_of_more_room(tmp_path: Path) -> None:
    with serving(lambda number, body: Answer("<think>It is a mill, and", finish="length")) as home:
        (image,) = photos(tmp_path)
        ask(tmp_path, home, [image], max_tokens=500)
        assert [body["max_tokens"] for body in home.asked] == [500, 1000]
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert answer.detail == "it spent all its tokens on thinking; captioning.max_tokens gives it more"


def test_an_address_without_v1_is_named(tmp_path: Path, home: Home) -> None:
    address = home.address.removesuffix("/v1")
    (sentence,) = said(ask(tmp_path, home, photos(tmp_path, 2), base_url=address))
    assert f"is it meant to be {address}/v1?" in sentence
    assert len(home.asked) == 1


def test_a_model_that_sees_no_pictures_is_named(tmp_path: Path) -> None:
    blind = Answer("image input is not supported - hint: you may need to provide the mmproj", 500)
    with serving(lambda number, body: blind) as home:
        (sentence,) = said(ask(tmp_path, home, photos(tmp_path, 2)))
        assert "sees no pictures" in sentence
        assert len(home.asked) == 1


def test_a_silent_server_is_named_and_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "SILENT", 0.1)
    told: list[str] = []
    with serving(lambda number, body: Answer(fault="silent")) as home:
        images = photos(tmp_path, 3)
        settings = config(home, server={"seconds": 1})
        allow(tmp_path, settings)
        job = Job(
            tmp_path, Pictures(tmp_path / "images", tmp_path, 100.0), settings, question(settings), say=told.append
        )
        (sentence,) = said(openai_compatible.ask_vision_model(images, job))
        assert len(home.asked) == 1
    assert "it takes what it is sent and never answers, for 1 s" in sentence
    assert sum("says nothing yet" in line for line in told) == 1


def test_an_answer_that_trickles_is_over_after_the_limit(tmp_path: Path) -> None:
    with serving(lambda number, body: Answer(fault="trickles")) as home:
        (sentence,) = said(ask(tmp_path, home, photos(tmp_path, 2), server={"seconds": 1}))
        assert len(home.asked) == 1
    assert "never answers, for 1 s" in sentence


def test_a_server_that_falls_silent_costs_two_waits_a_picture(tmp_path: Path) -> None:
    with serving(lambda number, body: Answer(fault="silent") if number else good()) as home:
        (sentence,) = said(ask(tmp_path, home, photos(tmp_path, 2), server={"seconds": 1}))
        assert len(home.asked) == 3
    assert "did not answer in time" in sentence


@pytest.mark.parametrize("pasted", ["/v1/chat/completions", "/v1/models", "/api/generate", "/api", "/chat/completions"])
def test_an_address_with_too_much_behind_it_is_named(tmp_path: Path, home: Home, pasted: str) -> None:
    (sentence,) = said(ask(tmp_path, home, photos(tmp_path), base_url=home.address.removesuffix("/v1") + pasted))
    assert f"is it meant to be {home.address}?" in sentence


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (Answer("Invalid content type. image_url is only supported by certain models.", 400), 1),
        (Answer("messages[1].content must be a string", 400), 1),
        (Answer("cannot read the JSON body: unknown variant `image_url`, expected `text`", 422), 3),
        (Answer("I'm sorry, but I can't see any image here. Please upload it."), 1),
        (Answer("There is no image attached. Could you send it?"), 1),
    ],
)
def test_a_model_without_eyes_is_named_once(tmp_path: Path, answer: Answer, requests: int) -> None:
    with serving(lambda number, body: answer) as home:
        (sentence,) = said(ask(tmp_path, home, photos(tmp_path, 4)))
        assert len(home.asked) == requests
    assert "sees no pictures (4 pictures wait)" in sentence
    assert not (tmp_path / "responses").exists()


def test_one_that_has_seen_pictures_may_miss_one(tmp_path: Path) -> None:
    none = Answer("I'm sorry, but I can't see any image here.")
    with serving(lambda number, body: none if number == 1 else good()) as home:
        images = photos(tmp_path, 3)
        assert ask(tmp_path, home, images) == Outcome()
    assert [a.state for i in images if (a := Store(tmp_path).read(i.digest).current)] == ["seen", "refused", "seen"]


@pytest.mark.parametrize(("thought", "state"), [(json.dumps(SEEN), "seen"), ("I look at a mill.", "truncated")])
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_a_thought_beside_the_answer_is_read(tmp_path: Path, field: str, thought: str, state: str) -> None:
    raw = json.dumps({"choices": [{"message": {"content": "", field: thought}, "finish_reason": "stop"}]}).encode()
    with serving(lambda number, body: Answer(raw=raw)) as home:
        (image,) = photos(tmp_path)
        ask(tmp_path, home, [image])
    answer = Store(tmp_path).read(image.digest).current
    assert answer is not None
    assert answer.state == state
    assert ("thinking" in answer.detail) == (state == "truncated")
