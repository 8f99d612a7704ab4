"""Very many pictures are judged by an even choice of them: nothing is ever made of each with each."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image as Pillow

from loraprep.core.findings import UNLIKE, Code
from loraprep.core.records import Group, Image
from loraprep.core.typed import Hex
from loraprep.curation import curate, features, similarity, strays, styles, subset
from loraprep.curation.assessment import Observations
from loraprep.curation.measures import diversity, facility_location, style_clusters, watermarks
from loraprep.imaging.pictures import Pictures
from loraprep.project import profiles, project
from loraprep.project.decisions import Decisions
from loraprep.scan import scan
from tests import ROOT
from tests.benchmarks.subset import synthetic
from tests.clouds import cloud, described

SETTINGS = project.load(ROOT / "examples/brushwork").settings
KIND = profiles.kind("style")


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures were ever compared with each other at once; a set of more than 40 is one of very many here."""
    monkeypatch.setattr(style_clusters, "MANY", 40)
    compared: list[int] = []

    def watched(module: Any, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda things, *rest, **how: compared.append(len(things)) or real(things, *rest, **how)
        )

    for name in ("picture_likeness", "coverage_likeness", "content_kernel"):
        watched(curate, name)
    for name in ("picture_likeness", "coverage_likeness"):
        watched(subset, name)
    watched(style_clusters, "distances")
    return compared


def test_each_second_or_third_speaks_for_all() -> None:
    for number, step in ((0, 1), (1, 1), (40, 1), (41, 2), (80, 2), (81, 3), (4001, 101)):
        assert style_clusters.spoken_for(number).step == step


def test_two_styles_are_found_and_every_picture_is_of_one(most: list[int]) -> None:
    points = np.concatenate([cloud(1, 90), cloud(2, 60, (2.5, 1.5))])
    images = [replace(i, format="PNG", lightness=60.0, width=900, height=900) for i in synthetic(150)]
    found = styles.group_by_style(images, dict(zip([i.path for i in images], described(points), strict=True)), SETTINGS)
    assert found.groups == [[i.path for i in images[:90]], [i.path for i in images[90:]]]
    assert (found.measured, found.level) == (150, "asked")
    assert {*found.examples[1]} <= {*found.groups[1]}
    assert max(most) <= 40


def test_who_is_strange_is_told_by_the_choice() -> None:
    points = np.concatenate([cloud(1, 149), cloud(2, 1, (6.0, 6.0))])
    strange = style_clusters.strangeness(points)
    assert int(strange.argmax()) == 149
    assert len(strange) == 150


def _worth(images: Sequence[Image]) -> np.ndarray:
    return similarity.picture_quality(images)


def _alike(images: Sequence[Image]) -> np.ndarray:
    return curate._likeness(images, Observations({}, {}, {}))


@pytest.mark.parametrize("target", [12, 60, 130])
def test_the_best_are_chosen_in_two_rounds(target: int, most: list[int]) -> None:
    images = synthetic(150)
    pins = [3, 77, 149]
    rare = facility_location.MemberQuota(frozenset({20, 21, 22}), 2, 150)
    group = Group((images[50].path, images[53].path), "copy", images[50].path, "", (images[50].path,))
    chosen = subset.choose_subset(images, _alike, _worth(images), target, pins, [rare], [group])
    assert len(chosen) == target
    assert chosen == sorted({*chosen})
    assert {*pins} <= {*chosen}
    assert len({20, 21, 22} & {*chosen}) >= (2 if target < 100 else 1)
    if target < 100:
        assert not {50, 53} <= {*chosen}
    assert max(most) <= max(80, target) + 4


def test_two_rounds_cover_nearly_as_much_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    images = synthetic(900)
    alike = facility_location.beyond_usual(_alike(images))
    covered = {}
    for many in (200, 1000):
        monkeypatch.setattr(style_clusters, "MANY", many)
        chosen = subset.choose_subset(images, _alike, _worth(images), 60, [], [], [])
        covered[many] = float(alike[:, chosen].max(axis=1).mean())
    drawn = [alike[:, np.random.default_rng(n).permutation(900)[:60]].max(axis=1).mean() for n in range(20)]
    assert covered[200] - np.mean(drawn) > 0.7 * (covered[1000] - np.mean(drawn))  # of parts this small


@pytest.mark.parametrize("threshold", [0.6, 0.75, 0.95])
def test_only_those_near_by_layout_are_compared_and_the_groups_are_the_same(threshold: float) -> None:
    images = synthetic(90)
    images[6:12] = [replace(images[0], path=f"again-{n}.png", lightness=60.0 + n) for n in range(6)]
    found = subset.similar_findings(images, _alike, _worth(images), threshold)
    whole = [
        tuple(images[start + n].path for n in group)
        for start in range(0, 90, 40)
        for group in facility_location.star_clusters(_alike(images[start : start + 40]), threshold)
    ]
    assert whole
    assert [f.images for f in found] == whole
    assert len(similarity.near_by_layout(images[:40], 0.95)) < 40


def test_what_could_stay_out_names_who_is_nearest_of_those_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    images = synthetic(150)
    kept = [*range(0, 150, 5)]
    (few,) = subset.surplus_question(images, _alike, kept, 30, set())
    monkeypatch.setattr(style_clusters, "MANY", 1000)
    (whole,) = subset.surplus_question(images, _alike, kept, 30, set())
    assert few == whole


def test_a_shortlist_takes_stars_and_pins_of_very_many(most: list[int]) -> None:
    images = [replace(i, rating=5 if n in (7, 91) else 0) for n, i in enumerate(synthetic(150))]
    fates = subset.shortlist_fates(images, 20, [images[140].path])
    stays = [n for n, i in enumerate(images) if i.path not in fates]
    assert len(stays) == 20
    assert 140 in stays
    assert max(most) <= 84


def test_all_is_said_of_very_many(most: list[int]) -> None:
    points = cloud(1, 150)
    images = [replace(i, format="PNG", lightness=60.0, width=900, height=900) for i in synthetic(150)]
    images[31:34] = [replace(images[30], path=i.path) for i in images[31:34]]  # taken in one go
    drawn = dict(zip([i.path for i in images], described(points), strict=True))
    said = curate.assess(images, Observations({}, {}, drawn), KIND, SETTINGS)
    assert said.variety.startswith("Your 150 pictures are as varied as ")
    assert said.variety.endswith(", of 38 of them.")
    assert any({i.path for i in images[30:34]} <= {*f.images} for f in said.findings if f.code == Code.TOO_SIMILAR)
    assert len(said.carried) == 38
    assert max(most) <= 40
    result = curate.curate(images, Observations({}, {}, drawn), [], KIND, SETTINGS, Decisions())
    assert [len(q.entry["recommended"]) for q in result.questions] == [50]
    assert max(most) <= 104


def test_what_is_unlike_the_rest_is_told_by_the_choice(most: list[int]) -> None:
    images = [
        replace(i, phash="0" * 16, phash_mirror="0" * 16, colour=[50.0] * 27, thumb=Hex()) for i in synthetic(150)
    ]
    images[77] = replace(images[77], phash="f0" * 8, phash_mirror="0f" * 8, colour=[90.0] * 27)
    (found,) = subset.outlier_findings(images, _alike)
    assert found.images == (images[77].path,)
    assert max(most) <= 80


@pytest.mark.parametrize("bound", [0.0, 0.05, 0.1])
def test_tables_that_are_drawn_tell_as_shuffled_sets_do(bound: float, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    a = random.integers(0, 4, 600)
    b = np.where(random.random(600) < bound, a, random.integers(0, 5, 600))
    labels = [[str(n) for n in some] for some in (a, b)]
    strength, chance = diversity.association(*labels)
    monkeypatch.setattr(diversity, "_MANY", 100)
    assert diversity.association(*labels)[0] == strength
    assert diversity.association(*labels)[1] == pytest.approx(chance, abs=0.03)
    assert diversity.association(labels[0], ["x"] * 600) == (0.0, 1.0)


@pytest.mark.parametrize("both", [0, 20, 30, 45, 60])
def test_the_chance_of_coming_together_is_the_same_of_few_and_of_many(
    both: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = diversity.fisher(both, 100, 60, 240)
    monkeypatch.setattr(diversity, "_MANY", 100)
    assert diversity.fisher(both, 100, 60, 240) == pytest.approx(exact, rel=1e-9)
    assert diversity.fisher(150, 180, 150, 240) == pytest.approx(
        math.comb(90, 0) / math.comb(240, 150) * math.comb(180, 150)
    )


def test_corners_that_were_compared_are_not_compared_again_in_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "build").mkdir()
    for n in range(4):
        grain = np.random.default_rng(n).integers(0, 255, (300, 400, 3), np.uint8)
        Pillow.fromarray(grain).save(tmp_path / f"images/{n}.png")
    found = scan.scan(tmp_path / "images", tmp_path).images
    where, cache = Pictures(tmp_path / "images", tmp_path, 100.0), tmp_path / "build/pixels.sqlite"
    first = features.measure_features(where, found, (), cache=cache)
    rows = list[int]()
    clear = watermarks._clear
    monkeypatch.setattr(watermarks, "_clear", lambda s, p, one, others: rows.append(one) or clear(s, p, one, others))
    assert features.measure_features(where, found, (), cache=cache) == first
    assert not rows
    (tmp_path / "build" / features.COMPARED).write_bytes(b"no database" * 100)
    made = cache.stat().st_ino
    assert features.measure_features(where, found, (), cache=cache) == first
    assert rows
    assert cache.stat().st_ino == made  # what is dear is kept


def test_how_a_set_is_drawn_is_told_once_where_all_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [replace(i, format="PNG", lightness=60.0, width=900, height=900) for i in synthetic(80)]
    points = np.concatenate([cloud(1, 78), cloud(2, 2, (6.0, 6.0))])
    drawn = dict(zip([i.path for i in images], described(points), strict=True))
    asked: list[str] = []
    for module, name in ((styles, "group_by_style"), (strays, "find_strays")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given, real=real, name=name: asked.append(name) or real(*given))
    settings = replace(SETTINGS, curation=replace(SETTINGS.curation, target=len(images)))
    known = {i.path for i in images}  # whoever knows of them is not asked, and all stay
    result = curate.curate(images, Observations({}, {}, drawn), [], KIND, settings, Decisions(), known=known)
    assert asked == ["group_by_style", "find_strays"]
    assert not result.questions
    assert any(f.code in UNLIKE for f in result.assessment.findings)
    assert result.assessment == curate.assess(images, Observations({}, {}, drawn), KIND, settings)
