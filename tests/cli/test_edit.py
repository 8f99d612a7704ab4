"""A set of pairs: what `loraprep init` makes of it, and what does not go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.captions import compose, hygiene
from loraprep.captions.captioner import Context
from loraprep.captions.captioners import existing
from loraprep.captions.render import render_all
from loraprep.cli import tree
from loraprep.cli.init import interview
from loraprep.core.errors import UserError
from loraprep.core.records import Grade, Image
from loraprep.project import groups, profiles, project
from loraprep.project.decisions import Decisions, Entry
from tests import couples
from tests.scenes import scene

ASKED = ("make it night", "turn the day into night", "remove the red car on the left", "change the sky to pink",
         "Replace the sign's text with \"OPEN\".", "add a cat, keep everything else", "colorize", "a watercolour of this",
         "delete the watermark", "make the image look like a high quality photo", "turn it 90 degrees",
         "draw this as a pencil sketch; keep the pose", "restore the scratched, faded photo", "zoom out", "blur background",
         "Keep the face. Change the hair to short, red curls.", "把天空变成粉色", "make the person smile (teeth visible)")  # fmt: skip


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    couples.write(tmp_path / "pics", "relight", [scene(n, 160, 120) for n in range(3)])
    assert tree.run(["init", "mine", "--kind", "edit", "--model", "kontext", "--images", "pics", "--no-input"]) == 0
    return tmp_path / "mine"


def test_init_needs_no_trigger_and_takes_what_trains_pairs(made: Path) -> None:
    settings = project.load(made).settings
    assert settings.trigger == ""
    assert settings.model == "flux-kontext"
    assert settings.dataset.trainers == ("musubi-tuner",)
    assert settings.captioning.captioners == ("existing",)
    said = (made / "intent.md").read_text("utf-8")
    assert "- **Trigger word**: none\n" in said
    assert "- **Dataset target**: 20-100 pairs\n" in said


def test_a_trigger_is_taken_where_one_is_set(made: Path) -> None:
    assert (
        tree.run(["init", "other", "--kind", "edit", "--model", "flux2-dev", "--trigger", "nocturna", "--no-input"])
        == 0
    )
    assert project.load(made.parent / "other").settings.trigger == "nocturna"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--kind", "edit", "--model", "sdxl"], "--model: no trainer here trains SDXL on pairs"),
        (["--kind", "style", "--model", "flux-kontext"], "--model: Flux Kontext is trained on pairs alone"),
        (["--kind", "edit", "--model", "flux2-dev", "--trainers", "onetrainer"],
         "--trainers: OneTrainer does not train Flux.2 dev on pairs\n    These do: ai-toolkit, diffusion-pipe, "
         "musubi-tuner, simpletuner."),
        (["--kind", "edit", "--model", "flux2-dev", "--captioner", "wd-tagger"],
         "--captioner: wd-tagger cannot say what is changed in a picture"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said_at_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as refused:
        tree.run(["init", "x", *more, "--no-input"])
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: edit", "kind: style", "trigger: it is empty"),
        ("model: flux-kontext", "model: flux", "model: no trainer here trains Flux on pairs"),
        ("[musubi-tuner]", "[kohya]", "dataset.trainers: kohya sd-scripts does not train Flux Kontext on pairs"),
        ("captioner: existing", "captioner: wd-tagger", "captioning.captioner: wd-tagger cannot say what is changed"),
        ("  steps: 1500", "  regularization: reg\n  steps: 1500", "dataset.regularization: pictures without a change"),
        ("  steps: 1500", "  cutouts: mask\n  steps: 1500", "dataset.cutouts: a pair is learned whole"),
        ('background: "#ffffff"', "background: [white, black]", "dataset.background: a pair stands on one colour"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said_of_the_project(made: Path, old: str, new: str, message: str) -> None:
    text = (made / "project.yaml").read_text("utf-8")
    assert old in text
    (made / "project.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(UserError) as refused:
        project.load(made)
    assert message in str(refused.value)


def test_every_base_model_of_pairs_has_a_trainer_and_every_other_kind_still_has_all_others() -> None:
    assert profiles.models_for("edit") == (
        "flux-kontext", "flux2-dev", "flux2-klein", "qwen-image-edit", "qwen-image-edit-2509", "qwen-image-edit-2511",
    )  # fmt: skip
    assert not {"flux-kontext", "qwen-image-edit"} & {*profiles.models_for("style")}
    assert {"flux2-dev", "sdxl"} <= {*profiles.models_for("style")}
    assert [choice.name for choice in interview.model_choices("edit")][-1] == "undecided"
    assert {c.name for c in interview.trainer_choices("flux-kontext", "edit")} == {
        "ai-toolkit", "diffusion-pipe", "musubi-tuner", "simpletuner"
    }  # fmt: skip


def described(made: Path, texts: tuple[str, ...], trigger: str = "") -> dict[str, tuple[str, Grade]]:
    """Path -> the caption made of these words, and how it is graded."""
    text = (made / "project.yaml").read_text("utf-8")
    (made / "project.yaml").write_text(text.replace('trigger: ""', f'trigger: "{trigger}"'), "utf-8")
    own = project.load(made)
    images = [Image(f"p{n:02}.jpg", "image", words=((f"sidecar:p{n:02}.txt", said),)) for n, said in enumerate(texts)]
    about = {i.path: hygiene.about(i.path, own.settings, own.base_model) for i in images}
    context = Context(trigger, {}, {}, {}, {}, about, {})
    elements = {i.path: existing.describe(i, context) for i in images}
    captions = render_all(elements, own.settings, own.base_model, own.kind)
    result = compose.compose_captions(elements, Decisions(), own.settings, own.base_model, own.kind)
    assert [f.code for f in result.findings if f.code.startswith("caption-u")] == []
    return {path: (caption.text, caption.grade) for path, caption in captions.items()}


def test_instructions_stay_word_for_word(made: Path) -> None:
    assert [text for text, _ in described(made, ASKED).values()] == list(ASKED)


def test_a_trigger_stands_before_each_instruction(made: Path) -> None:
    assert [*described(made, ("make it night",), "nocturna").values()] == [("nocturna, make it night", Grade.DESCRIBED)]


def test_a_persons_own_words_need_no_trigger(made: Path) -> None:
    own = project.load(made)
    rendered = {"p00.jpg": existing.describe(Image("p00.jpg", "image"), Context("", {}, {}, {}, {}, {}, {}))}
    given = Decisions(entries={"p00.jpg": Entry("p00.jpg", {"caption": "make it night"}, {}, True)})
    made_of = compose.compose_captions(rendered, given, own.settings, own.base_model, own.kind).captions["p00.jpg"]
    assert (made_of.text, made_of.origin, made_of.grade) == ("make it night", "written", Grade.DESCRIBED)


def test_groups_have_no_trigger_where_the_project_has_none(made: Path) -> None:
    text = (made / "project.yaml").read_text("utf-8")
    (made / "project.yaml").write_text(text + "groups: {target/red: {suffix: _red}}\n", "utf-8")
    assert groups.trigger("target/red/a.jpg", project.load(made).settings) == ""
