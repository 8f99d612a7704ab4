"""What trainers do with pairs of two sizes, shapes and numbers."""

from __future__ import annotations

import pytest

from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.pairs import sizes
from loraprep.project import profiles
from loraprep.project.settings import complete_settings

SIZE = (1200, 800)


def found(
    *befores: tuple[tuple[int, int], ...], model: str = "flux-kontext", after: tuple[int, int] = SIZE, quality: int = 0,
    trainers: tuple[str, ...] = ("musubi-tuner", "ai-toolkit"),
) -> list[Finding]:  # fmt: skip
    """Of targets p0, p1 .. with pictures before them of these sizes."""
    declared = {"version": 1, "name": "x", "trigger": "", "model": model, "intent": {"kind": "edit"}}
    settings = complete_settings({**declared, "dataset": {"trainers": list(trainers)}})
    images = {}
    for n, every in enumerate(befores):
        names = tuple(f"c{n}{k}" for k in range(len(every)))
        images[f"p{n}"] = Image(f"p{n}", "image", width=after[0], height=after[1], controls=names, jpeg_quality=quality)
        images |= {name: Image(name, "ignored", width=w, height=h) for name, (w, h) in zip(names, every, strict=True)}
    targets = [image for path, image in images.items() if path.startswith("p")]
    return sizes.findings(targets, images, settings, profiles.base_model(model))


def test_of_one_size_nothing_is_said() -> None:
    assert found((SIZE,), (SIZE,)) == []
    assert found(((2400, 1600),), (SIZE,)) == []  # both are reduced to the trained size
    assert found(((1216, 800),)) == []  # 1.3 %: a few pixels


@pytest.mark.parametrize(
    ("model", "trainers", "said"),
    [
        ("flux-kontext", ("musubi-tuner", "ai-toolkit"),
         "musubi-tuner would cut off up to 20 % of it; ai-toolkit would stretch it by up to 25 %"),
        ("qwen-image-edit-2509", ("ai-toolkit", "diffusion-pipe"),
         "diffusion-pipe would cut off up to 20 % of it; ai-toolkit would show it in its own shape"),
    ],
)  # fmt: skip
def test_each_trainer_does_what_it_does(model: str, trainers: tuple[str, ...], said: str) -> None:
    assert found(((960, 800),), (SIZE,), model=model, trainers=trainers) == [
        Finding(Code.PAIR_SHAPES, ("p0",), {"said": said})
    ]


def test_a_smaller_picture_counts_only_where_it_is_enlarged() -> None:
    assert found(((600, 400),), (SIZE,)) == [
        Finding(Code.PAIR_SMALLER_BEFORE, ("p0",), {"times": {"p0": "1.6"}, "size": 768})
    ]
    assert [f.code for f in found((SIZE,), after=(600, 400))] == [Code.PAIR_SMALLER_AFTER]


def test_every_pair_has_as_many_and_no_more_than_is_read() -> None:
    three = (SIZE, SIZE, SIZE)
    assert found((SIZE,), three, (SIZE,), trainers=("diffusion-pipe",), model="flux2-dev") == [
        Finding(Code.CONTROLS_DIFFER, ("p1",), {"usual": 1}),
        Finding(Code.CONTROLS_TOO_MANY, ("p1",), {"trainer": "diffusion-pipe", "reads": "1 picture"}),
    ]
    assert found(three, three, trainers=("ai-toolkit", "musubi-tuner"), model="flux2-dev") == []


def test_one_side_saved_poorly() -> None:
    [told] = found((SIZE,), quality=40)
    assert told == Finding(Code.PAIR_COMPRESSED, ("p0",), {"said": "p0 is a JPEG of quality 40"})
