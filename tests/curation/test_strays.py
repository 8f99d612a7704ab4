"""What strayed in: asked about in one question, never for nothing, and in words that a person can check."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image, ImageDraw

from loraprep.core.findings import UNLIKE, Code, sentence
from loraprep.core.records import Elements
from loraprep.core.records import Image as Record
from loraprep.core.typed import Hex
from loraprep.curation import curate, rulings
from loraprep.curation.assessment import Observations
from loraprep.curation.measures import style_clusters
from loraprep.project import profiles, project
from loraprep.project.decisions import Decisions, Entry
from tests import ROOT
from tests.benchmarks.subset import synthetic
from tests.clouds import cloud, described
from tests.runs import answer, run

SETTINGS = project.load(ROOT / "examples/brushwork").settings
KIND = profiles.kind("style")
ODD = ["00026.jpg", "00027.jpg"]
# a thumbnail on plain ground, and one that is filled to its edges
PLAIN, FILLED = Hex(b"\x80" * 576), Hex(np.random.default_rng(1).integers(256, size=576, dtype=np.uint8).tobytes())


def portraits(number: int, **odd: object) -> list[Record]:
    """So many pictures on plain ground, of which those called ODD are otherwise."""
    usual = {"thumb": PLAIN, "lightness": 60.0, "chroma": 20.0, "contrast": 0.2, "flat": 0.4, "spread": 20.0}
    images = [replace(i, format="PNG", width=900, height=900, **usual) for i in synthetic(number)]
    return [replace(i, **odd) if i.path in ODD else i for i in images]


def looked(images: list[Record], points: np.ndarray, elements: Mapping[str, Elements] = {}) -> Observations:
    return Observations(elements, {}, dict(zip([i.path for i in images], described(points), strict=True)))


def with_two(**odd: object) -> tuple[list[Record], Observations]:
    """26 of one style, and two of another."""
    images = portraits(28, **(odd or {"thumb": FILLED, "lightness": 30.0}))
    return images, looked(images, np.concatenate([cloud(7, 26), cloud(8, 2, (2.2, 1.5))]))


def judged(
    images: list[Record], seen: Observations, decisions: Decisions | None = None, kind: str = "style", **more: object
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
    return {f.code: list(f.images) for f in result.assessment.findings if f.code in UNLIKE}


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
    for said, leave in (("keep", []), ("leave out", ODD), ("recommended", ODD), (ODD[1:], ODD[1:])):
        entry = Entry(
            ODD[0], {**question.entry, "answer": said}, {p: d[:12] for p, d in question.digests.items()}, True
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


def test_a_stray_that_hides_two_styles_is_asked_about_and_so_are_they() -> None:
    """Beside it four of another style were none that is told; they are, and asked about, once it is out."""
    images, far = portraits(36), cloud(91, 1, (-0.3, 4))
    seen = looked(images, np.concatenate([cloud(1, 31, width=0.8), cloud(51, 4, (1.2, 0.6), 0.8), far]))
    looks, unlike = judged(images, seen).questions
    assert [len(look) for look in looks.entry["looks"].values()] == [31, 4]
    assert list(unlike.entry["unlike"]) == ["00035.jpg"]
    said = codes(judged(images, seen))
    assert said[Code.STRAYS] == ["00035.jpg"]
    entry = Entry(unlike.key, {**unlike.entry, "answer": "leave out"}, dict(unlike.digests), True)
    given = Decisions(None, {unlike.key: entry})
    (again,) = judged(images, seen, given).questions
    assert (again.key, again.entry, again.digests) == (looks.key, looks.entry, looks.digests)


@pytest.mark.parametrize("fact", [{"alpha": True}, {"border": (0.1, 0.0, 0.1, 0.0)}])
def test_a_cut_out_is_judged_by_how_it_is_drawn_alone(fact: dict[str, object]) -> None:
    other = {"thumb": FILLED, "lightness": 5.0, "chroma": 60.0}
    images = portraits(28, **other, **fact)
    alike = looked(images, cloud(7, 28))
    assert codes(judged(images, alike)) == {}
    assert codes(judged(portraits(28, **other), alike)) == {Code.STRAYS: ODD}
    drawn = looked(images, np.concatenate([cloud(7, 26), cloud(8, 2, (3.2, 2.5))]))
    (question,) = judged(images, drawn).questions
    assert list(question.entry["unlike"]) == ODD
    for said in question.entry["unlike"].values():
        assert not {"darker", "stronger colours", "filled to its edges"} & {*said.split("; ")[0].split(", ")}


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


@pytest.mark.run
def test_the_report_says_so_while_it_is_asked_and_an_answer_settles_it(tmp_path: Path) -> None:
    """Twenty flat shapes on white, and a soft photograph that strayed in."""
    root, random = tmp_path / "shapes", np.random.default_rng(3)
    (root / "images").mkdir(parents=True)
    for n in range(20):
        shapes = Image.new("RGB", (640, 640), "white")
        draw = ImageDraw.Draw(shapes)
        for _ in range(6):
            left, top, size = (int(v) for v in random.integers(80, 360, 3))
            colour = tuple(int(v) for v in random.integers(40, 220, 3))
            kind = (draw.ellipse, draw.rectangle)[int(random.integers(2))]
            kind((left, top, left + size // 2, top + size // 2), fill=colour, outline="black", width=4)
        shapes.save(root / f"images/shape{n:02}.png")
    noise = random.integers(0, 255, (20, 20, 3), dtype=np.uint8)
    photo = np.array(Image.fromarray(noise).resize((640, 640), Image.Resampling.BICUBIC), float)
    grain = random.normal(scale=9, size=photo.shape)
    Image.fromarray(np.uint8(np.clip(photo * 0.5 + grain, 0, 255))).save(root / "images/wallpaper.jpg", quality=92)
    (root / "project.yaml").write_text(
        "version: 1\nname: shapes\nintent: {kind: style, description: flat shapes}\nmodel: sd15\ntrigger: shapevale\n"
        "captioning: {captioner: none}\ndataset: {trainers: [kohya], sizes: [512]}\n",
        "utf-8",
    )
    code, output = run(root, "gate1")
    assert code == 1, output
    for name in ("quality", "duplicates"):
        answer(root / f"decisions/{name}.yaml")
    code, output = run(root, "gate1")
    assert code == 1, output
    path = root / "decisions/curation.yaml"
    text = path.read_text("utf-8")
    assert text.count("answer: null") == 1
    assert 'wallpaper.jpg:\n  what: "1 of ' in text
    said = "wallpaper.jpg is drawn or shown unlike all others ("
    (why,) = (x for x in (root / "dataset-report.md").read_text("utf-8").splitlines() if x.startswith("Why: "))
    assert said in why
    assert said in output
    path.write_text(text.replace("answer: null", "answer: keep"), "utf-8")
    code, output = run(root, "gate1")
    assert code == 0, output
    (line,) = (x for x in (root / "dataset-report.md").read_text("utf-8").splitlines() if x.startswith(f"- {said}"))
    assert line.endswith(" Settled: you answered: keep")
    # accepted as a note in an earlier version, it is not asked about
    path.unlink()
    (root / "decisions/gate.yaml").write_text("unlike-look: {accept: known, reason: my own}\n", "utf-8")
    code, output = run(root, "gate1")
    assert code == 0, output
