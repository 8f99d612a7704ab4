"""One style or several, at any share and number: descriptors are made of where they shall lie among styles."""

import numpy as np
import pytest
from msgspec.structs import replace

from loraprep.core.findings import Code, Finding, sentence
from loraprep.core.records import Image
from loraprep.curation import styles
from loraprep.curation.measures import style_clusters
from loraprep.project import profiles, project
from tests import ROOT
from tests.benchmarks.subset import synthetic
from tests.clouds import DIMENSIONS, cloud, described

SETTINGS = project.load(ROOT / "examples/brushwork").settings
KIND = profiles.kind("style")


def judged(points: np.ndarray, images: list[Image] | None = None) -> tuple[styles.StyleGroups, list[Finding]]:
    images = images or [replace(i, format="PNG", lightness=60.0, width=900, height=900) for i in synthetic(len(points))]
    paths = {i.path: d for i, d in zip(images, described(points), strict=True)}
    found = styles.group_by_style(images, paths, SETTINGS)
    return found, styles.style_findings(images, found, KIND)


@pytest.mark.parametrize("numbers", [(18, 18), (27, 9), (32, 4), (60, 8), (8, 8)])
def test_two_styles_are_asked_about_at_any_share(numbers: tuple[int, int]) -> None:
    points = np.concatenate([cloud(1, numbers[0]), cloud(2, numbers[1], (2.0, 1.5))])
    found, said = judged(points)
    assert [len(g) for g in found.groups] == list(numbers)
    assert found.distinct
    assert [f.code for f in said] == [Code.SEVERAL_HANDS]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("number", [12, 40, 120])
def test_one_style_is_not_asked_about_however_wide_or_large(seed: int, number: int) -> None:
    for width in (0.4, 0.9, 1.4):
        found, said = judged(cloud(seed, number, width=width))
        assert len(found.groups) == 1
        assert not {f.code for f in said} & {Code.SEVERAL_HANDS, Code.PERHAPS_HANDS, Code.JUMBLE}


def test_four_pictures_of_another_style_are_kept_together_beside_two_that_are_nearly_one() -> None:
    near = [cloud(1, 16, width=1.0), cloud(2, 16, (1.2,), width=1.0)]
    points = np.concatenate([*near, cloud(3, 4, (0.6, 1.5))])
    assert style_clusters.partitions(points)[0] == [[*range(32)], [*range(32, 36)]]
    found, _ = judged(points)
    assert found.distinct
    assert found.groups[-1] == [f"{n:05}.jpg" for n in range(32, 36)]


def test_three_styles_are_three() -> None:
    points = np.concatenate([cloud(1, 13), cloud(2, 13, (2.5,)), cloud(3, 13, (0, 0, 2.5))])
    found, _ = judged(points)
    assert [len(g) for g in found.groups] == [13, 13, 13]
    assert found.distinct


def test_of_many_styles_none_holds_the_set_and_that_blocks() -> None:
    random = np.random.default_rng(4)
    points = np.concatenate([cloud(n, 2, random.normal(size=DIMENSIONS)) for n in range(16)])
    found, said = judged(points)
    assert found.jumble
    (jumble,) = [f for f in said if f.code == Code.JUMBLE]
    assert sentence(jumble).startswith("No one way of drawing holds this set: even the commonest is that of ")
    images = synthetic(len(points))
    assert styles.style_question(images, found, KIND, set()) is None  # it is no question which of sixteen belong


def test_another_hour_is_no_other_hand() -> None:
    night = np.array(style_clusters.scale().edits["night"])
    points = cloud(1, 32)
    points[16:] += 2.5 * night
    images = [
        replace(i, format="PNG", lightness=60.0 if n < 16 else 20.0, width=900, height=900)
        for n, i in enumerate(synthetic(32))
    ]
    found, said = judged(points, images)
    assert not found.distinct
    (told,) = [f for f in said if f.code == Code.OTHER_EXPORT]
    assert sentence(told).startswith("16 pictures differ from the rest in light")
    assert told.images == tuple(sorted(i.path for i in images[16:]))
    # the same difference under the same light is another hand
    assert judged(points)[0].distinct


def test_what_differs_is_said_in_words_a_person_can_check() -> None:
    points = np.concatenate([cloud(1, 18), cloud(2, 18, (2.0, 1.5))])
    found, said = judged(points)
    known = {word for more, less, _ in styles.WORDS for word in (more, less)}
    left, _, right = found.how.partition(" against ")
    assert {w for side in (left, right) for w in side.split(" and ")} <= known
    assert found.how in sentence(said[0])
