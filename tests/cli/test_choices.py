"""An answer as people write it: numbers, names in any case and spelling, beginnings; and what is said of the others."""

import pytest

from loraprep.cli.init import choices, interview
from loraprep.cli.init.asking import Question, understood
from loraprep.core import resources
from loraprep.project import profiles

MODELS = interview.model_choices()


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("flux", "flux"), ("FLUX", "flux"), (" Flux.1-dev ", "flux"), ("flux.1", "flux"), ("SDXL", "sdxl"),
        ("sdxl 1.0", "sdxl"), ("Stable Diffusion XL", "sdxl"), ("SD 1.5", "sd15"), ("sd1.5", "sd15"), ("Qwen", "qwen-image"),
        ("Pony V6", "pony"), ("NoobAI-XL", "noobai"), ("ill", "illustrious"), ("2", MODELS[1].name),
        ("I don't know yet", "undecided"), ("i dont know", "undecided"),
    ],
)  # fmt: skip
def test_a_base_model_as_people_write_it(typed: str, model: str) -> None:
    assert [MODELS[n].name for n in choices.meant(typed, MODELS)] == [model]
    assert choices.fault(typed, MODELS) == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("s", '"s" could be sd15, sd35 or sdxl'),
        ("sdxll", '"sdxll" is none of these; did you mean sdxl?'),
        ("99", f"there are {len(MODELS)} answers, and no 99"),
        ("0", f"there are {len(MODELS)} answers, and no 0"),
        ("%%", '"%%" is none of these'),
    ],
)
def test_what_is_not_clear_is_said(typed: str, said: str) -> None:
    assert choices.fault(typed, MODELS) == said


def test_every_spelling_leads_to_its_own() -> None:
    for name in resources.names("resources/models"):
        model = profiles.base_model(name)
        for spelling in (name, model.title, *model.aliases):
            assert [MODELS[n].name for n in choices.meant(spelling.upper(), MODELS, numbers=False)] == [name]


@pytest.mark.parametrize("typed", ["kohya, ai", "1,2", "AI-Toolkit kohya", "2 1", "koh,ai-t,1"])
def test_several_at_once(typed: str) -> None:
    question = Question(text="", label="", choices=interview.trainer_choices("flux"), several=True)
    assert understood(question, typed) == ("kohya, ai-toolkit", "")
    assert understood(question, "kohya, x")[1] == '"x" is none of these'


def test_every_model_fits_a_line_at_80_columns_but_one_that_names_a_trainer_without() -> None:
    """Beside number and name, as the list has them."""
    for choice in MODELS:
        assert choice.line
        assert len(choice.line) <= 66, choice.line


def test_only_trainers_that_train_it_are_listed() -> None:
    listed = [choice.name for choice in interview.trainer_choices("qwen-image")]
    assert listed[0] == "musubi-tuner"
    assert "kohya" not in listed
    assert interview.trainer_choices("sdxl")[0].name == "kohya"


def test_the_profiles_name_trainers_that_there_are() -> None:
    every = set(resources.names("resources/trainers"))
    for name in resources.names("resources/models"):
        model = profiles.base_model(name)
        assert model.choosing is not None
        assert model.trainers.keys() <= every
        assert all(by.calls for by in model.trainers.values())
