"""A captioner of its own for one picture, in decisions/captions.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loraprep.captions import chain, registry
from loraprep.captions.samples import captioners_by_path
from loraprep.captions.vision.job import Job
from loraprep.captions.vision.prompt import question
from loraprep.captions.vision.reply import parse_reply
from loraprep.captions.vision.store import Answer, Store
from loraprep.core.errors import UserError
from loraprep.imaging.pictures import Pictures
from loraprep.project import decisions
from loraprep.scan import scan
from tests import ROOT, pictures
from tests.homeserver import SEEN, serving
from tests.runs import allow
from tests.typed import smallest


def write(root: Path, text: str) -> None:
    (root / "decisions").mkdir()
    (root / "decisions/captions.yaml").write_text(text, "utf-8")


def test_one_picture_is_described_by_another_captioner(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate(["water mill", "red barn", "old oak"]):
        (folder / f"{name}.png").write_bytes(pictures.png(pictures.scene(seed=number)))
    images = scan.scan(folder, tmp_path, include=["**/*"], exclude=[]).images
    write(tmp_path, "red barn.png: {captioner: draft}\nwater mill.png: {captioner: none}\n")
    chosen = captioners_by_path(images, decisions.read_decisions(tmp_path, "captions"))
    assert chosen == {"red barn.png": "draft", "water mill.png": "none"}
    with serving() as home:
        config = smallest(
            captioning={"captioner": ["openai-compatible", "draft"], "base_url": home.address, "model": "m"}
        )
        allow(tmp_path, config)
        job = Job(tmp_path, Pictures(folder, tmp_path, 100.0), config, question(config), chosen=chosen)
        outcome = chain.ask_all(images, images, job, approved=True)
        assert outcome.missing == {}
        assert len(home.asked) == 1
    stored = Store(tmp_path).read_all(i.digest for i in images)
    seen = chain.describe_all(images, images, config, answers=stored, chosen=chosen)
    assert {path: (e.captioner, e.content.get("subject")) for path, e in seen.items()} == {
        "old oak.png": ("openai-compatible", ["a water mill"]),
        "red barn.png": ("draft", ["red barn"]),
        "water mill.png": ("none", None),
    }


def test_what_others_saw_is_no_answer_of_the_one_that_was_chosen(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "mill.png").write_bytes(pictures.png(pictures.scene()))
    images = scan.scan(folder, tmp_path, include=["**/*"], exclude=[]).images
    other = {**SEEN, "content": {**SEEN["content"], "subject": "a castle"}}
    Store(tmp_path).add(
        images[0].digest, Answer("claude", "m", "p", "", {}, 1, "seen", parse_reply(json.dumps(other), mend=True))
    )
    chosen = {"mill.png": "openai-compatible"}
    with serving() as home:
        config = smallest(captioning={"captioner": "openai-compatible", "base_url": home.address, "model": "m"})
        allow(tmp_path, config)
        for job, asked in ((Job(tmp_path, Pictures(folder, tmp_path, 100.0), config, question(config)), 0),
                           (Job(tmp_path, Pictures(folder, tmp_path, 100.0), config, question(config), chosen=chosen), 1)):  # fmt: skip
            chain.ask_all(images, images, job, approved=True)
            chain.ask_all(images, images, job, approved=True)
            assert len(home.asked) == asked
    stored = Store(tmp_path).read_all([images[0].digest])
    assert len(stored[images[0].digest].listed) == 2
    seen = chain.describe_all(images, images, config, answers=stored, chosen=chosen)["mill.png"]
    assert (seen.captioner, seen.content["subject"]) == ("openai-compatible", ["a water mill"])


def test_an_unknown_captioner_is_refused_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "mill.png: {captioner: drafts}\n")
    with pytest.raises(UserError) as refused:
        decisions.read_decisions(tmp_path, "captions")
    assert str(refused.value).startswith('decisions/captions.yaml:1:23: mill.png.captioner: unknown captioner "drafts"')
    assert "Did you mean draft?" in str(refused.value)


def test_the_schemas_list_every_captioner() -> None:
    root = ROOT / "schemas"
    decision = json.loads((root / "captions.schema.json").read_text("utf-8"))
    project = json.loads((root / "project.schema.json").read_text("utf-8"))
    single, several = project["properties"]["captioning"]["properties"]["captioner"]["anyOf"]
    assert decision["additionalProperties"]["properties"]["captioner"]["enum"] == single["enum"]
    assert single["enum"] == several["items"]["enum"] == registry.captioner_names()
