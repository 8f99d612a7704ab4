"""What strayed in: asked about in one question, never for nothing, and in words that a person can check."""

from collections.abc import Mapping

import numpy as np
import pytest
from msgspec.structs import replace

from loraprep.core.findings import Code, sentence
from loraprep.core.records import Elements, Image
from loraprep.curation import curate, rulings, strays
from loraprep.curation.assessment import Observations
from loraprep.curation.measures import style_clusters
from loraprep.project import profiles
from loraprep.project.decisions import Decisions, Entry
from tests.benchmarks.subset import synthetic
from tests.curation.test_styles import KIND, SETTINGS, cloud, described

ODD = ["00026.jpg", "00027.jpg"]
# a thumbnail on plain ground, and one that is filled to its edges
PLAIN, FILLED = "80" * 576, bytes(np.random.default_rng(1).integers(256, size=576, dtype=np.uint8)).hex()


def portraits(number: int, **odd: object) -> list[Image]:
    """So many pictures on plain ground, of which those called ODD are otherwise."""
    usual = {"thumb": PLAIN, "lightness": 60.0, "chroma": 20.0, "contrast": 0.2, "flat": 0.4, "spread": 20.0}
    images = [replace(i, format="PNG", width=900, height=900, **usual) for i in synthetic(number)]
    return [replace(i, **odd) if i.path in ODD else i for i in images]


def looked(images: list[Image], points: np.ndarray, elements: Mapping[str, Elements] = {}) -> Observations:
    return Observations(elements, {}, dict(zip([i.path for i in images], described(points), strict=True)))


def with_two(**odd: object) -> tuple[list[Image], Observations]:
    """26 of one style, and two of another."""
    images = portraits(28, **(odd or {"thumb": FILLED, "lightness": 30.0}))
    return images, looked(images, np.concatenate([cloud(7, 26), cloud(8, 2, (2.2, 1.5))]))


def judged(
    images: list[Image], seen: Observations, decisions: Decisions | None = None, kind: str = "style", **more: object
) -> curate.Curation:
    return curate.curate(
        images,
        seen,
        [],
        profiles.kind(kind),
        SETTINGS,
        decisions or Decisions(),
        **more,  # type: ignore[arg-type]
    )


def codes(result: curate.Curation) -> dict[Code, list[str]]:
    return {f.code: list(f.images) for f in result.assessment.findings if f.code in strays.CODES}


def test_two_that_strayed_in_are_one_question() -> None:
    images, seen = with_two()
    result = judged(images, seen)
    (question,) = result.questions
    assert question.key == ODD[0]
    assert question.entry["what"] == (
        "2 of 28 pictures are drawn or shown unlike all others. The model would try to learn that too. Do they belong?"
    )
    assert list(question.entry["unlike"]) == ODD
    assert question.entry["recommended"] == "leave out"
    assert not set(question.entry["examples"]["the others"]) & set(ODD)
    for said in question.entry["unlike"].values():
        mine, theirs = said.split("; the others: ")
        assert {"filled to its edges", "darker"} <= {*mine.split(", ")}
        assert {"on plain ground", "lighter"} <= {*theirs.split(", ")}
    # told while it is asked, although it would be left out, and told once
    assert codes(result) == {Code.STRAYS: ODD}
    (told,) = (sentence(f) for f in result.assessment.findings if f.code == Code.STRAYS)
    assert told.startswith("2 pictures are drawn or shown unlike all others (")
    assert "filled to its edges" in told
    fates = rulings.curation_fates([question], Decisions(), images, auto=False)
    assert [(f.path, f.why, f.open) for f in fates.values()] == [
        (p, "drawn or shown unlike the others", True) for p in ODD
    ]


def test_an_answer_counts_and_is_not_asked_for_again() -> None:
    images, seen = with_two()
    (question,) = judged(images, seen).questions
    for answer, leave in (("keep", []), ("leave out", ODD), ("recommended", ODD), (ODD[1:], ODD[1:])):
        entry = Entry(
            ODD[0], {**question.entry, "answer": answer}, {p: d[:12] for p, d in question.digests.items()}, True
        )
        given = Decisions(None, {ODD[0]: entry})
        after = judged(images, seen, given)
        assert after.questions == []
        assert list(rulings.curation_fates([], given, images, auto=False)) == leave
    settled = rulings.settled_findings(
        Decisions(None, {ODD[0]: replace(entry, data={**entry.data, "answer": "keep"})}), images, auto=False
    )
    assert settled[Code.STRAYS].images == ODD


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("number", [12, 40, 120])
def test_nothing_is_asked_of_one_style(seed: int, number: int) -> None:
    for width in (0.3, 0.7, 1.4):
        images = portraits(number)
        assert codes(judged(images, looked(images, cloud(seed, number, width=width)))) == {}


def test_of_a_character_it_is_a_note() -> None:
    result = judged(*with_two(), kind="character")
    assert (result.questions, codes(result)) == ([], {Code.UNLIKE_LOOK: ODD})


def test_what_is_known_or_wanted_is_not_asked_about() -> None:
    images, seen = with_two()
    (question,) = judged(images, seen, known={ODD[0]}).questions
    assert list(question.entry["unlike"]) == ODD[1:]
    wanted = replace(SETTINGS, curation=replace(SETTINGS.curation, include=tuple(ODD)))
    assert curate.curate(images, seen, [], KIND, wanted, Decisions()).questions == []


def test_where_styles_are_asked_about_nothing_else_is() -> None:
    images = portraits(40, thumb=FILLED, lightness=30.0)
    far = cloud(9, 2, (-2.2, -2.2, 2.2))
    seen = looked(images, np.concatenate([cloud(7, 26), far, cloud(8, 12, (2.2, 1.5))]))
    (question,) = judged(images, seen).questions
    assert "looks" in question.entry


def test_what_a_picture_is_made_with_is_said_where_it_was_seen() -> None:
    images, seen = with_two()
    made = {
        i.path: Elements(
            i.path, i.digest, "claude", "seen", {}, {"medium": ["a photo" if i.path in ODD else "ink drawing"]}
        )
        for i in images
    }
    (question,) = judged(images, replace(seen, elements=made)).questions
    for said in question.entry["unlike"].values():
        mine, theirs = said.split("; the others: ")
        assert (mine.split(", ")[0], theirs.split(", ")[0]) == ("photograph", "ink")


def test_the_rate_of_error_is_held_over_the_set() -> None:
    """The same excess says less in a large set, in which some picture lies that far sooner."""
    far = np.zeros((1, 3))
    far[0, 0] = 3.0
    small, large = (
        style_clusters.by_chance(np.concatenate([np.random.default_rng(1).normal(size=(n, 3)) * 0.4, far]))[-1]
        for n in (20, 2000)
    )
    assert small < 0.05
    assert large > 10 * small
