"""How things are told: which words stand where, for one and for many."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Axis, Image
from loraprep.curation.assessment import Assessment, RegularizationCase
from loraprep.curation.axes import AxisLabels, count_axes
from loraprep.dataset import selection
from loraprep.project import decisions, groups, project
from loraprep.project.settings import complete_settings
from loraprep.report import plots, summary
from loraprep.scan import audit


@pytest.fixture
def style() -> project.Project:
    settings = complete_settings(
        {"version": 1, "name": "mystyle", "model": "flux", "trigger": "emberveil", "intent": {"kind": "style"},
         "groups": {"people": {"suffix": "_people"}, "red": {}, "street/people": {"suffix": "_people"}}}
    )  # fmt: skip
    return project.Project.of(Path(), Path("images"), settings)


def picture(path: str, *sidecars: str, **facts: Any) -> Image:
    told = tuple((f"sidecar:{name}", "a mill") for name in sidecars)
    return Image(path, "image", words=told, **{"width": 1200, "height": 900, **facts})


def test_a_caption_file_is_said_to_be_read_with_its_pictures() -> None:
    spare = [Image(name, "ignored", "sidecar", "words beside a picture") for name in ("a.txt", "b.txt", "empty.txt")]
    found = [picture("a.jpg", "a.txt", "list.json"), picture("a.png", "a.txt", "list.json"),
             picture("c.jpg", "list.json"), picture("d.jpg", "list.json"), *spare,
             replace(picture("b.jpg", "b.txt"), state="rejected", reason="the file ends too early"),
             Image("list.json", "ignored", "sidecar", "words beside a picture")]  # fmt: skip
    fates = {f.path: (f.shown, f.why) for f in selection.select(found, [], [])}
    assert fates["a.txt"] == ("caption", "read with a.jpg and a.png")
    assert fates["list.json"] == ("caption", "read with a.jpg, a.png, c.jpg and 1 more")
    assert fates["b.txt"] == fates["empty.txt"] == ("ignored", "words beside a picture")
    assert fates["b.jpg"] == ("not usable", "the file ends too early")


@pytest.mark.parametrize(("counts", "kept", "said"), [
    ({"upright": 13, "wide": 13, "square": 3}, 29, "upright 13, wide 13, square 3 | nothing |"),
    ({"upright": 13}, 29, "upright 13 (known of 13 of 29) | too few known to say |"),
    (dict.fromkeys("abcdefg", 2), 14, "a 2, b 2, c 2, d 2, e 2, 2 others 4 | nothing |"),
    (dict.fromkeys("abcdef", 2), 12, "a 2, b 2, c 2, d 2, e 2, f 2 | nothing |"),
    ({}, 14, "nobody has looked | |"),
])  # fmt: skip
def test_a_row_says_what_there_is_and_of_how_many(
    style: project.Project, counts: dict[str, int], kept: int, said: str
) -> None:
    axis = Axis("shape", "Shape", counts, sum(counts.values()))
    case = RegularizationCase(worth=False, why="", number=0, prompts=[], folder="")
    assessment = Assessment(
        [axis], [], variety="", add="", strong="", weak="", prompts=[], regularization=case, carried=[]
    )
    assert summary.diversity(assessment, kept, style.kind)[4] == f"| Shape | {said}"


def test_what_is_equally_rare_is_equally_called_thin(style: project.Project) -> None:
    light = ["daylight"] * 11 + ["at night"] * 3 + ["dim light"] * 2 + ["lamplight"] * 2 + ["low sun", "backlight"]
    images = [picture(f"{n:02}.jpg") for n in range(len(light))]
    labels: AxisLabels = {name: {} for name in style.kind.axes}
    labels["light"] = {i.path: [term] for i, term in zip(images, light, strict=True)}
    seen = next(a for a in count_axes(style.kind, images, labels) if a.name == "light")
    assert (seen.missing, seen.thin) == ({"backlight": 1}, ("backlight", "low sun"))


def test_to_mend_what_is_there_comes_before_new_pictures() -> None:
    values = {"count": 9, "floor": 10, "min": 20, "max": 100, "kind": "style"}
    said = {cause: findings.fix(Finding(Code.BELOW_FLOOR, (), {**values, "lost": lost, "cause": cause}))
            for cause, lost in (("none", ""), ("mend", "a.jpg, b.jpg and 2 more"))}  # fmt: skip
    assert said["none"] == "Add different pictures, or keep some that are left out."
    assert said["mend"].startswith("First mend what could not be used: a.jpg, b.jpg and 2 more;")


@pytest.mark.parametrize("kind", decisions.KINDS)
def test_where_an_answer_is_missing_a_line_to_write_is_shown(kind: str) -> None:
    file = f"decisions/{kind}.yaml"
    fix = findings.fix(Finding(Code.OPEN_QUESTION, ("a.jpg",), {"file": file, "cause": kind}))
    assert "? `loraprep review` shows them. Or" in fix
    assert f"write `{decisions.ANSWERS[kind]}: " in fix


def test_a_fix_speaks_of_one_or_of_many() -> None:
    one, many = (Finding(Code.NEARLY_FLAT, names) for names in (("fog.jpg",), ("fog.jpg", "sky.jpg")))
    assert findings.fix(one) == "Leave it out, unless that is what you want to teach."
    assert findings.fix(many) == "Leave them out, unless that is what you want to teach."


def test_a_detail_is_not_told_to_find_a_larger_original(style: project.Project) -> None:
    found = [picture("pier.jpg", width=760, height=760), picture("mill.jpg", width=2000, height=1500),
             picture("mill#wheel.jpg", width=700, height=700, of="mill.jpg")]  # fmt: skip
    result = audit.audit(found, [], {}, style.settings, style.base_model, style.kind)
    told = {f.images: (findings.sentence(f), findings.fix(f)) for f in result.findings if f.code == "stretched"}
    assert "enlarged 1.3x at" in told[("pier.jpg",)][0]
    assert told[("pier.jpg",)][1].startswith("A larger original is best;")
    assert "enlarged 1.5x at" in told[("mill#wheel.jpg",)][0]
    assert told[("mill#wheel.jpg",)][1].startswith("It is a part of a picture: put a larger version of the whole")


def test_every_trigger_is_named_with_its_folders(style: project.Project) -> None:
    assert groups.triggers(style.settings) == {"emberveil_people": ["people/", "street/people/"]}


def test_a_plot_alone_has_its_colours_without_css_too() -> None:
    rows = [("a mill", 9, "content", "critical"), ("oil paint", 5, "style", "")]
    svg = plots.as_file(plots.terms(rows, 10, {"watch": 0.35, "warning": 0.6, "critical": 0.85}))
    assert 'fill="var(' not in svg
    assert f'fill="{plots.INKS["style"][0]}" style="fill: var(--style)"' in svg
    for said in ("worth watching", "partly sticks", ">sticks<", "sticks to the trigger"):
        assert said in svg
