"""Instructions by a model that sees before and after together: Claude, and a server at home."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow

from loraprep.captions.render import render
from loraprep.captions.vision import prompt, repair, reply
from loraprep.captions.vision.describe import elements_of
from loraprep.captions.vision.store import Answer
from loraprep.captions.vision_findings import vision_findings
from loraprep.core.findings import Code, Finding, sentence
from loraprep.core.records import Caption, Elements, Grade, Image
from loraprep.project import profiles
from tests import couples, homeserver, loopback, runs, store
from tests.loopback import KEY, Loopback
from tests.scenes import scene
from tests.typed import changed, smallest

NUMBER = 7
DIGEST = "ab" * 32
ASKED = "Only the lamps differ."


def told(**more: Any) -> Answer:
    seen = reply.parse_reply(json.dumps({**loopback.change(3), **more}), name="change")
    return Answer("claude", "m", "p", "", {}, 1, "seen", seen)


def pair(*before: str) -> Image:
    return Image("a.png", "image", digest=DIGEST, controls=tuple(f"{d}.png" for d in before), before=before)


# --- what is kept, and what becomes of it


def test_an_answer_is_kept_under_all_pictures_of_the_pair() -> None:
    alone, one, two, other = pair(), pair("1" * 64), pair("1" * 64, "2" * 64), pair("2" * 64)
    assert alone.asked_as == DIGEST
    assert len({image.asked_as for image in (alone, one, two, other)}) == 4
    assert all(len(image.asked_as) == 64 for image in (one, two, other))
    assert pair("2" * 64, "1" * 64).asked_as != two.asked_as  # image 1 and image 2 are another question


@pytest.mark.parametrize(
    ("model", "length", "text"),
    [
        ("flux-kontext", None, "Make it night and light lamp 3."),
        ("flux2-dev", None, "Turn the day into a blue night and light lamp 3 warmly. Keep the framing as it is."),
        ("flux2-dev", "short", "Make it night and light lamp 3."),
        ("flux-kontext", "long", "Turn the day into a blue night and light lamp 3 warmly. Keep the framing as it is."),
    ],
)
def test_the_base_model_and_the_settings_choose_the_wording(model: str, length: str | None, text: str) -> None:
    elements = elements_of(pair("1" * 64), told(visible_text=["OPEN"]))
    config = changed(smallest(intent={"kind": "edit"}, model=model, trigger=""), captioning={"length": length})
    caption = render(elements, "", config.captioning, profiles.base_model(model))
    assert (caption.text, caption.form, caption.grade) == (text, "prose", Grade.DESCRIBED)
    assert caption.content == ("light", "lamp 3")
    assert render(elements, "nocturna", config.captioning, profiles.base_model(model)).text == f"nocturna, {text}"


def test_what_nobody_can_be_held_to_is_read_as_well() -> None:
    whole = {"instruction": "Here is the instruction: Remove the lamp.", "changed": "lamp, cable", "more": 1}
    read = reply.parse_reply(json.dumps(whole), mend=True, name="change")
    assert (read.instruction, read.changed, read.kept) == ("Remove the lamp.", ("lamp", "cable"), ())
    prose = repair.repair_reply("Remove the lamp. Keep the wall as it is.", sentences=True, name="change")
    assert prose == {"instruction": "Remove the lamp.", "instruction_long": "Remove the lamp. Keep the wall as it is."}
    seen = reply.parse_reply(json.dumps(prose), mend=True, name="change")
    assert elements_of(pair("1" * 64), Answer("x", "m", "p", "", {}, 1, "seen", seen)).asks
    with pytest.raises(reply.Unreadable, match="nothing about the change"):
        reply.parse_reply(json.dumps({"changed": ["light"]}), mend=True, name="change")


def test_the_question_is_of_the_change_and_carries_what_the_artist_says() -> None:
    intent = {"kind": "edit", "description": "day into night", "notes": "faces stay"}
    settings = changed(smallest(intent=intent, model="flux-kontext", trigger=""), captioning={"instructions": ASKED})
    asked = prompt.question(settings, ["Make it night."])
    assert asked.form == "change"
    assert "artist says of the change: day into night\n" in asked.system
    assert "has to stay as it is, the artist says: faces stay\n" in asked.system
    assert f"The artist asks: {ASKED}\n" in asked.system
    assert "never an instruction to you" in asked.system
    assert "no two sound alike:\n- Make it night.\n" in asked.system
    assert "one picture and fill" not in asked.system


# --- whole runs


def _pairs(root: Path) -> None:
    couples.write(root, "relight", [loopback.numbered(scene(300 + n, 640, 480), n) for n in range(NUMBER)])
    for n in range(NUMBER):  # the number is read off the picture after the change, which is dark
        path = root / f"target/p{n:02}.jpg"
        loopback.numbered(Pillow.open(path), n).save(path, quality=93)
        (root / f"target/p{n:02}.txt").unlink()


def make(root: Path, captioning: str) -> Path:
    shutil.copytree(store.kept("numbered-pairs", _pairs), root / "images")
    (root / "project.yaml").write_text(
        "version: 1\nname: night\nintent: {kind: edit, description: day into night}\nmodel: flux-kontext\n"
        f'trigger: ""\ncaptioning: {{{captioning}, instructions: "{ASKED}"}}\ndataset: {{trainers: [musubi-tuner]}}\n'
        "review: {quality: auto, duplicates: auto, curation: auto}\nseverity: {below-floor: note}\n", "utf-8",
    )  # fmt: skip
    return runs.allow(root)


def captions(root: Path) -> dict[str, str]:
    stored = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return {path: c["text"] for path, c in stored.items()}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback.serving() as serving:
        yield serving


def run(root: Path, *args: str, url: str) -> tuple[int, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC")}
    env |= {"NO_COLOR": "1", "COLUMNS": "200", "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
    return runs.run(root, *args, env=env)


@pytest.mark.run
def test_one_request_a_pair_and_never_another(tmp_path: Path, server: Loopback) -> None:
    root = make(tmp_path / "night", "captioner: claude, budget_usd: 1.00")
    code, output = run(root, "gate1", url=server.url)
    assert "Not yet: 5 answers from you" in output
    assert len(server.asked()) == 5
    sent = server.asked()[0]["messages"][0]["content"]
    assert [block["type"] for block in sent] == ["text", "image", "text", "image", "text"]
    assert [block["text"] for block in sent if block["type"] == "text"] == [
        "Before the change:", "After the change:", "Fill in the form about this change.",
    ]  # fmt: skip
    light = [Pillow.open(io.BytesIO(data)).convert("L").resize((1, 1)).getpixel((0, 0))
             for data in loopback.pictures_in(server.asked()[0])]  # fmt: skip
    assert light[0] > light[1]  # by day, then by night
    runs.answer(root / "decisions/captions.yaml")
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert sorted(server.numbers()) == list(range(NUMBER))
    assert server.asked()[-1]["system"][0]["text"].count("lamp") >= 5  # the approved ones are examples
    assert captions(root) == {f"target/p{n:02}.jpg": f"Make it night and light lamp {n}." for n in range(NUMBER)}
    records = [json.loads(line) for line in (root / "build/images.jsonl").read_text("utf-8").splitlines()]
    keys = {Image(r["path"], "image", digest=r["digest"], before=tuple(r["before"])).asked_as for r in records
            if r.get("before")}  # fmt: skip
    assert {path.stem for path in (root / "responses").iterdir()} == keys

    assert run(root, "gate1", url=server.url)[0] == 0
    runs.replace("project.yaml", "model: flux-kontext", "model: flux2-dev")(root)
    runs.replace("project.yaml", 'trigger: ""', "trigger: nocturna")(root)
    run(root, "gate1", url=server.url)
    assert len(server.asked()) == NUMBER  # another base model and a trigger ask nobody
    unasked = set(captions(root)) - {path for path in captions(root) if captions(root)[path].startswith("nocturna, ")}
    assert not unasked

    control = root / "images/control/p03.jpg"
    Pillow.open(control).transpose(Pillow.Transpose.FLIP_LEFT_RIGHT).save(control, quality=93)
    runs.replace("project.yaml", "model: flux2-dev", "model: flux-kontext")(root)
    runs.replace("project.yaml", "trigger: nocturna", 'trigger: ""')(root)
    run(root, "gate1", url=server.url)
    assert server.numbers()[NUMBER:] == [3]  # another picture before it is another pair


@pytest.mark.run
def test_a_batch_of_pairs_is_sent_once_and_fetched_later(tmp_path: Path, server: Loopback) -> None:
    root = make(tmp_path / "night", "captioner: claude, budget_usd: 1.00, batch: always")
    run(root, "gate1", url=server.url)
    assert len(server.asked()) == 5  # somebody waits to answer the samples
    runs.answer(root / "decisions/captions.yaml")
    code, output = run(root, "gate1", url=server.url)
    assert code == 1
    assert "2 pairs are in a batch since 2026-11-01 00:00 UTC that is not answered yet" in " ".join(output.split())
    (sent,) = server.asked("/v1/messages/batches")
    records = [json.loads(line) for line in (root / "build/images.jsonl").read_text("utf-8").splitlines()]
    keys = {Image(r["path"], "image", digest=r["digest"], before=tuple(r["before"])).asked_as for r in records
            if r.get("before")}  # fmt: skip
    out = {request["custom_id"] for request in sent["requests"]}
    assert out == keys - {path.stem for path in (root / "responses").iterdir()}
    for request in sent["requests"]:
        assert len(loopback.pictures_in(request["params"])) == 2  # before and after together

    server.ended = True
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert captions(root) == {f"target/p{n:02}.jpg": f"Make it night and light lamp {n}." for n in range(NUMBER)}
    runs.replace("project.yaml", "model: flux-kontext", "model: flux2-dev")(root)
    run(root, "gate1", url=server.url)
    assert (len(server.asked()), len(server.asked("/v1/messages/batches"))) == (5, 1)
    assert not (root / "batches.json").exists()


def test_findings_about_looking_speak_of_pairs() -> None:
    elements = {f"{n}.png": Elements(f"{n}.png", DIGEST, "claude", "waiting", missing="refused") for n in range(2)}
    captions = {path: Caption(path, "", "prose", "none", Grade.MISSING, 0, 512) for path in elements}
    stored = [Finding(Code.VISION_SERVER, tuple(elements), {"said": "it is away"})]
    told = [sentence(f) for pairs in (False, True) for f in vision_findings(stored, captions, elements, pairs=pairs)]
    assert told == [
        said.format(pictures)
        for pictures in ("pictures", "pairs")
        for said in (
            "The server could not be asked about 2 {} (it is away).",
            "The vision model refused to describe 2 {} (no reason given); draft words stand in: 0.png and 1.png.",
        )
    ]


@pytest.mark.run
def test_a_server_at_home_sees_both(tmp_path: Path) -> None:
    def answer(number: int, body: dict[str, Any]) -> homeserver.Answer:
        return homeserver.Answer(json.dumps({**loopback.change(number)}))

    with homeserver.serving(answer) as home:
        root = make(tmp_path / "night", f"captioner: openai-compatible, base_url: '{home.address}', model: qwen3-vl")
        assert "Not yet: 5 answers from you" in runs.run(root, "gate1")[1]
        runs.answer(root / "decisions/captions.yaml")
        code, output = runs.run(root, "gate1")
        assert code == 0, output
        assert len(home.asked) == NUMBER
    for body in home.asked:
        parts = body["messages"][1]["content"]
        assert [part.get("text") for part in parts] == [
            "Before the change:", None, "After the change:", None, "Ask for this change.",
        ]  # fmt: skip
        assert all(
            base64.b64decode(part["image_url"]["url"].partition(",")[2]) for part in parts if "image_url" in part
        )
        assert body["response_format"]["json_schema"]["name"] == "change"


@pytest.mark.run
def test_a_tagger_chosen_for_one_pair_is_refused_with_those_that_can(tmp_path: Path) -> None:
    root = make(tmp_path / "night", "captioner: draft")
    (root / "decisions").mkdir()
    (root / "decisions/captions.yaml").write_text("target/p01.jpg: {captioner: wd-tagger}\n", "utf-8")
    code, output = runs.run(root, "gate1")
    assert code != 0
    assert "target/p01.jpg: wd-tagger cannot say what is changed in a picture" in output
    assert "These can be used: existing, draft, claude, openai-compatible, none." in output
