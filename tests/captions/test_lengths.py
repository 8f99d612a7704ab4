"""Several lengths of one caption, as each trainer takes them; the first for one that can be given no more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from loraprep.captions.compose import compose_captions
from loraprep.captions.render import lengths_of, limit_of, render_all
from loraprep.core import yamlfile
from loraprep.core.findings import Code
from loraprep.core.records import Elements
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from loraprep.trainers import ai_toolkit, huggingface, kohya, musubi_tuner, onetrainer
from loraprep.trainers.forecast import TrainingPicture, training_plan
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
dataset: {trainers: [kohya, ai-toolkit, diffusion-pipe, huggingface]}
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
    ("trainers", "several", "first_alone"),
    [
        (("kohya",), True, ""),
        (("onetrainer", "simpletuner"), True, ""),
        (("ai-toolkit",), True, ""),
        (("kohya", "diffusion-pipe"), True, ""),
        (("huggingface",), True, ""),
        (("kohya", "musubi-tuner"), True, "musubi-tuner"),
        (("musubi-tuner",), False, "musubi-tuner"),
    ],
)
def test_a_trainer_that_reads_one_gets_the_first(trainers: tuple[str, ...], several: bool, first_alone: str) -> None:
    result = made(("short", "long"), trainers)
    assert bool(result.captions["a.jpg"].others) is several
    told = [f for f in result.findings if f.code is Code.CAPTION_ONE_LENGTH]
    assert [str(f.values["trainers"]) for f in told] == ([profiles.trainer(first_alone).title] if first_alone else [])
    assert all(f.values["first"] == "short" for f in told)


def test_where_nobody_knows_how_a_trainer_reads_several_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    known = profiles.trainer
    unknown = structs.replace(known("onetrainer"), several="")
    monkeypatch.setattr(profiles, "trainer", lambda name: unknown if name == "onetrainer" else known(name))
    result = made(("short", "long"), ("kohya", "onetrainer"))
    assert result.captions["a.jpg"].others == ()
    assert [f.values["trainers"] for f in result.findings if f.code is Code.CAPTION_ONE_LENGTH] == ["OneTrainer"]


def test_what_says_the_same_is_written_once_and_every_length_fits() -> None:
    assert made(("normal", "short", "long")).captions["a.jpg"].others != ()
    tags = config(("short", "normal"), model="illustrious")
    bare = Elements("a.jpg", "d" * 64, "wd-tagger", "seen", tags=["1girl", "solo"])
    model = profiles.base_model("illustrious")
    assert render_all({"a.jpg": bare}, tags, model, profiles.kind("style"))["a.jpg"].others == ()
    assert lengths_of(config(None), model) == ()
    assert limit_of(config(("short", "long"), model="illustrious"), model) == 225


CAPTIONS = {"10_mill/a.png": f"ember, {SHORT}\nember, {LONG}", "10_mill/b.png": "ember, my own, café"}


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
        captions=CAPTIONS if lines > 1 else {name: text.splitlines()[0] for name, text in CAPTIONS.items()},
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


def test_ai_toolkit_is_given_a_short_caption_and_a_long_one() -> None:
    written = ai_toolkit.config_files(dataset("ai-toolkit", 2))
    entries = yamlfile.parse(written["datasets.yaml"], "datasets.yaml").data["config"]["process"][0]["datasets"]
    assert [entry.get("use_short_captions") for entry in entries] == [None, True]
    assert {entry["dataset_path"] for entry in entries} == {"exports/ai-toolkit/10_mill.json"}
    assert not any("folder_path" in entry for entry in entries)
    own = {"caption": "ember, my own, café", "caption_short": "ember, my own, café"}
    assert json.loads(written["10_mill.json"]) == {
        "dataset/10_mill/a.png": {"caption": f"ember, {LONG}", "caption_short": f"ember, {SHORT}"},
        "dataset/10_mill/b.png": own,
    }
    assert written["10_mill.json"].isascii()  # it is opened in the machine's own encoding
    assert list(ai_toolkit.config_files(dataset("ai-toolkit", 1))) == ["datasets.yaml"]
    three = ai_toolkit.config_files(dataset("ai-toolkit", 3))
    assert {name for name in three if name.endswith(".json")} == {"10_mill.json", "10_mill-2.json"}


def test_musubi_names_the_first_and_hugging_face_all() -> None:
    written = musubi_tuner.config_files(dataset("musubi-tuner", 2))
    assert set(written) == {"dataset_config.toml", "10_mill.jsonl"}  # a folder's text files would be read as one
    assert "image_jsonl_file" in written["dataset_config.toml"]
    assert [json.loads(line)["caption"] for line in written["10_mill.jsonl"].splitlines()] == [
        f"ember, {SHORT}",
        "ember, my own, café",
    ]
    rows = huggingface.config_files(dataset("huggingface", 2))["metadata.jsonl"].splitlines()
    assert [json.loads(row)["text"] for row in rows] == [[f"ember, {SHORT}", f"ember, {LONG}"], ["ember, my own, café"]]


@pytest.mark.parametrize(("trainer", "several"), [("diffusion-pipe", 2), ("ai-toolkit", 2), ("kohya", 1)])
def test_who_shows_each_caption_needs_fewer_epochs(trainer: str, several: int) -> None:
    settings, model, profile = (
        config(("short", "long"), (trainer,)),
        profiles.base_model("flux"),
        profiles.trainer(trainer),
    )
    one = made("short", (trainer,)).captions["a.jpg"]
    two = made(("short", "long"), (trainer,)).captions["a.jpg"]
    plans = [
        training_plan(trainer, profile, [TrainingPicture("a.jpg", (1024, 1024), 4, caption)], settings, model)
        for caption in (one, two)
    ]
    before, after = (plan.length for plan in plans)
    assert (before.captions, after.captions) == (1, several)
    assert after.steps_per_epoch == several * before.steps_per_epoch
    assert abs(after.epochs - before.epochs / several) <= 0.5
    assert after.seen == 4 * after.epochs * len(plans[1].sizes) * several


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
        listing = files[0].with_name("captions.json")
        listed = json.loads(listing.read_text("utf-8"))
        assert listed == {f.with_suffix(".png").name: f.read_text("utf-8").splitlines() for f in files}
        ours = {
            "check-listing",
            "check-listed-otherwise",
            "check-uncaptioned-skipped",
            "check-tried",
            "check-lines-first",
        }
        for trainer in ("diffusion-pipe", "kohya"):
            code, output = run(root, "check", "dataset", "--trainer", trainer, "--json")
            checked = json.loads(output)
            assert checked["pictures"] == len(files)
            assert not ours & {reason["code"] for reason in checked["reasons"]}

        listing.write_text("{}\n", "utf-8")
        code, output = run(root, "verify")
        assert code == 1
        assert f"dataset/{listing.parent.name}/captions.json: this list of captions was changed" in output
        code, output = run(root, "dataset")
        assert code == 1
        assert "made of the .txt files" in output
        listing.unlink()
        assert run(root, "dataset")[0] == 0
        assert json.loads(listing.read_text("utf-8")) == listed

        other, edited = files[0], files[1]
        lines = other.read_text("utf-8")
        other.write_bytes(lines.replace("\n", "\r\n").encode())  # an editor's own line ends are no edit
        first, _ = edited.read_text("utf-8").splitlines()
        edited.write_text(f"{first}\nmillstyle, a mill by a lake in autumn\n", "utf-8")
        code, output = run(root, "dataset")
        assert code == 0, output
        assert edited.read_text("utf-8") == "millstyle, a mill by a lake in autumn\n"
        assert other.read_text("utf-8").splitlines() == lines.splitlines()
        assert json.loads(listing.read_text("utf-8"))[edited.with_suffix(".png").name] == [
            "millstyle, a mill by a lake in autumn",
            "millstyle, a mill by a lake in autumn",
        ]
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
        settings = (root / "project.yaml").read_text("utf-8")
        (root / "project.yaml").write_text(settings.replace("ai-toolkit, diffusion-pipe, ", ""), "utf-8")
        code, output = run(root, "verify")
        assert "captions.json: it would not be built any more" in output
        code, output = run(root, "dataset")
        assert code == 0, output
        assert not listing.exists()
        assert len(home.asked) == requests
