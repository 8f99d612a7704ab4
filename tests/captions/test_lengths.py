"""Several lengths of one caption, where every trainer takes a line of the file at random; else the first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loraprep.captions.compose import compose_captions
from loraprep.captions.render import lengths_of, limit_of, render_all
from loraprep.core import yamlfile
from loraprep.core.findings import Code
from loraprep.core.records import Elements
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from loraprep.trainers import kohya, onetrainer
from loraprep.trainers.plan import TrainingLength, TrainingPlan
from loraprep.trainers.trainer import TrainingFolder, TrainingSet
from tests.homeserver import good, serving
from tests.runs import allow, answer, run
from tests.scenes import pictures
from tests.typed import smallest

PROJECT = """\
version: 1
name: mill
intent: {kind: style, description: loose painting}
model: flux
trigger: millstyle
captioning: {captioner: openai-compatible, base_url: 'ADDRESS', model: qwen3-vl, length: [short, long]}
review: {quality: auto, duplicates: auto, curation: auto}
"""
SHORT, LONG = "A mill stands beside a pond.", "A mill stands beside a pond. A bridge leads to it."
STYLE = "Oil painting in short strokes."


def seen(path: str = "a.jpg") -> Elements:
    sentences = {"content_sentence": SHORT, "content_long": LONG, "style_sentence": STYLE}
    return Elements(path, "d" * 64, "claude", "seen", {"subject": ["a mill"], "objects": ["pond"]}, **sentences)


def config(length: Any, trainers: tuple[str, ...] = ("kohya",), model: str = "flux") -> Any:
    return smallest(trigger="ember", model=model, captioning={"length": length}, dataset={"trainers": trainers})


def made(length: Any, trainers: tuple[str, ...] = ("kohya",)) -> Any:
    settings, model, kind = config(length, trainers), profiles.base_model("flux"), profiles.kind("style")
    return compose_captions({"a.jpg": seen()}, Decisions(), settings, model, kind)


def test_one_value_and_a_list() -> None:
    one, several = made("short"), made(("short", "long"))
    assert one.captions["a.jpg"].text == several.captions["a.jpg"].text == "ember, a mill stands beside a pond."
    assert one.captions["a.jpg"].others == ()
    assert several.captions["a.jpg"].others == (f"ember, a{LONG[1:]} {STYLE}",)
    assert Code.CAPTION_ONE_LENGTH not in {f.code for f in several.findings}


@pytest.mark.parametrize(
    ("trainers", "several"),
    [(("kohya",), True), (("onetrainer", "simpletuner"), True), (("ai-toolkit",), False), (("kohya", "diffusion-pipe"), False)],
)  # fmt: skip
def test_a_trainer_that_reads_one_gets_the_first(trainers: tuple[str, ...], several: bool) -> None:
    result = made(("short", "long"), trainers)
    assert bool(result.captions["a.jpg"].others) is several
    told = [f for f in result.findings if f.code is Code.CAPTION_ONE_LENGTH]
    assert len(told) == (not several)
    if told:
        assert told[0].values["first"] == "short"
        assert profiles.trainer(trainers[-1]).title in str(told[0].values["trainers"])


def test_what_says_the_same_is_written_once_and_every_length_fits() -> None:
    assert made(("normal", "short", "long")).captions["a.jpg"].others != ()
    tags = config(("short", "normal"), model="illustrious")
    bare = Elements("a.jpg", "d" * 64, "wd-tagger", "seen", tags=["1girl", "solo"])
    model = profiles.base_model("illustrious")
    assert render_all({"a.jpg": bare}, tags, model, profiles.kind("style"))["a.jpg"].others == ()
    assert lengths_of(config(None), model) == ()
    assert limit_of(config(("short", "long"), model="illustrious"), model) == 225


def dataset(trainer: str, lines: int) -> TrainingSet:
    folder = TrainingFolder("10_mill", "dataset/10_mill", 10, 2)
    plan = TrainingPlan(trainer, [1024], [], TrainingLength(5, 72, 360, 150, True, 1), {}, 75)
    return TrainingSet(
        name="mill",
        trigger="ember",
        before=0,
        lines=lines,
        class_prompt="painting",
        tags=False,
        model="Flux",
        sizes=[1024],
        folders=[folder],
        regularization=None,
        captions={},
        batch_size=2,
        enlarge=False,
        plan=plan,
        profile=profiles.trainer(trainer),
    )


def test_trainers_are_told_of_lines() -> None:
    assert "enable_wildcard = true" in kohya.config_files(dataset("kohya", 2))["dataset_config.toml"]
    assert "enable_wildcard" not in kohya.config_files(dataset("kohya", 1))["dataset_config.toml"]
    concepts = json.loads(onetrainer.config_files(dataset("onetrainer", 2))["concepts.json"])
    assert {concept["text_variations"] for concept in concepts} == {2}


@pytest.mark.run
def test_from_the_question_to_an_edit_in_dataset(tmp_path: Path) -> None:
    with serving(lambda number, body: good(content_sentence=f"A water mill number {number} stands there.")) as home:
        root = tmp_path / "mill"
        pictures(root, 10)
        (root / "project.yaml").write_text(PROJECT.replace("ADDRESS", home.address), "utf-8")
        allow(root)
        run(root, "gate1")
        asked = (root / "decisions/captions.yaml").read_text("utf-8")
        assert "also:" in asked
        answer(root / "decisions/captions.yaml")
        code, output = run(root, "dataset", "export")
        assert code == 0, output
        files = sorted((root / "dataset").glob("*/*.txt"))
        for file in files:
            short, long = file.read_text("utf-8").splitlines()
            assert short.startswith("millstyle, a water mill number ")
            assert long.startswith("millstyle, a water mill stands beside a pond. A plank bridge")
        assert "enable_wildcard = true" in (root / "exports/kohya/dataset_config.toml").read_text("utf-8")
        assert run(root, "verify")[0] == 0
        requests = len(home.asked)

        other, edited = files[0], files[1]
        lines = other.read_text("utf-8")
        other.write_bytes(lines.replace("\n", "\r\n").encode())  # an editor's own line ends are no edit
        first, _ = edited.read_text("utf-8").splitlines()
        edited.write_text(f"{first}\nmillstyle, a mill by a lake in autumn\n", "utf-8")
        code, output = run(root, "dataset")
        assert code == 0, output
        assert edited.read_text("utf-8") == "millstyle, a mill by a lake in autumn\n"
        assert other.read_text("utf-8").splitlines() == lines.splitlines()
        given = yamlfile.load(root / "decisions/captions.yaml", "captions.yaml").data
        entries = [e for e in given.values() if isinstance(e, dict)]
        assert [e["caption"] for e in entries if "autumn" in str(e.get("caption"))] == [
            "[trigger], a mill by a lake in autumn"
        ]

        edited.write_text("millstyle, one\n", "utf-8")
        other.write_text("millstyle, one of two\nmillstyle, two of two\n", "utf-8")
        code, output = run(root, "dataset")
        assert code == 1
        assert "keep one of these lines" in output
        other.write_text(lines, "utf-8")
        assert run(root, "dataset")[0] == 0
        assert len(home.asked) == requests
