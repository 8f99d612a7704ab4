"""dataset-report.md: the workflow's template in its order, short enough to be read to the end, figures that add up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace as with_

import markdown_it
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loraprep.core import findings
from loraprep.core.escape import with_commands
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Fate, Gate, Image
from loraprep.curation import curate
from loraprep.curation.assessment import Observations
from loraprep.project import profiles, project
from loraprep.project.decisions import Acceptance
from loraprep.report import gate, markdown, opening
from loraprep.report.masked import Masked
from loraprep.report.report_data import ReportData
from tests import ROOT
from tests.benchmarks.subset import synthetic
from tests.typed import changed

EXAMPLES = ROOT / "examples"
TEMPLATE = ["Summary", "Diversity Assessment", "Content-Style Balance", "Quality Issues", "Gate 1 Decision"]
SUBJECTS = ["a woman", "a mountain lake", "a stone house", "a cat", "a jug of flowers"]
LIGHTS = ["in daylight", "at night", "under an overcast sky", "in dim light"]
VALUES = {"int": 7, "number": 3.0, "text": "something of some length that is said here"}


def gathered(number: int, found: Sequence[Finding] = (), name: str = "{:03}.jpg", **more: object) -> ReportData:
    """Material for a report: a set of `number` pictures, each of one of five subjects in one of four lights."""
    style = project.load(EXAMPLES / "brushwork")
    images = [replace(i, path=name.format(n)) for n, i in enumerate(synthetic(number))]
    captions = {}
    for n, image in enumerate(images):
        said = f"{SUBJECTS[n % 5]} {LIGHTS[n // 5 % 4]}, view {n}"
        captions[image.path] = Caption(image.path, f"emberveil, {said}", "prose", "rendered", True, 20, 512, (said,))
    seen = Observations({}, captions, {})
    assessment = curate.assess(images, seen, style.kind, style.settings)
    return ReportData(
        settings=replace(style.settings, groups={}),
        model=style.base_model,
        kind=style.kind,
        images=images,
        fates=[Fate(i.path, "kept", "") for i in images],
        groups=[],
        captions=captions,
        assessment=assessment,
        findings=[*assessment.findings, *found],
        kohya_layout=False,
        **more,  # type: ignore[arg-type]
    )


def told(data: ReportData) -> tuple[str, str, Gate]:
    """(what is read, the appendix, the verdict)"""
    verdict = gate.judge(data)
    text = markdown.report_text(data, verdict, opening.opening(data, verdict), [], [])
    read, _, later = text.partition("\n## Appendix\n")
    return read, later, verdict


def everything(names: tuple[str, ...]) -> list[Finding]:
    """Every finding that a project can have, of the same pictures."""
    found = []
    for code, entry in findings.catalogue().items():
        if not code.startswith(findings.FOREIGN):
            values = {key: VALUES[kind] for key, kind in entry.values.items()}
            causes = [c for c in entry.fixes if c not in ("", "one", "many")]
            found.append(Finding(code, names, values | ({"cause": causes[0]} if causes else {})))
    return found


@pytest.mark.parametrize("number", [0, 9, 40, 400])
def test_the_workflows_sections_in_its_order_and_nothing_between(number: int) -> None:
    read, _, verdict = told(gathered(number))
    heads = re.findall(r"(?m)^## (.*)$", read)
    assert heads == [*TEMPLATE[:-1], f"Gate 1 Decision: {verdict.verdict}"]
    labels = [line.partition(":")[0] for line in read.partition("## Diversity")[0].splitlines() if line[:2] == "- "]
    assert labels == ["- Images", "- Captioned", "- Average resolution", "- Duplicates found", "- Quality issues"]
    assert re.findall(r"(?m)^### If (GO|NO-GO)", read) == [verdict.verdict]


def test_forty_ordinary_pictures_take_under_900_words() -> None:
    read, later, verdict = told(gathered(40))
    assert verdict.verdict == "GO"
    assert len(read.split()) < 900
    assert "### Every file and its fate" in later


@pytest.mark.parametrize("name", ["{:03}.jpg", "Screenshot 2026-01-01 at 10.11.12 ({:03}) copy of a copy.png"])
@pytest.mark.parametrize("number", [12, 2000])
def test_with_everything_wrong_it_is_never_over_1200_words(number: int, name: str) -> None:
    names = tuple(name.format(n) for n in range(number))
    found = everything(names)
    waiting = dict.fromkeys(("quality", "duplicates", "captions", "curation"), names)
    read, later, verdict = told(gathered(number, found, name, waiting=waiting))
    assert verdict.verdict == "NO-GO"
    assert len(read.split()) <= markdown.MOST == 1200
    for reason in verdict.reasons:  # what found no room is not lost
        if reason.severity in ("block", "warn"):
            assert with_commands(reason.sentence) in read + later, reason.code


def test_with_everything_accepted_too() -> None:
    names = tuple(f"Screenshot 2026-01-01 at 10.11.12 ({n:03}) copy of a copy.png" for n in range(12))
    data = gathered(12, everything(names), "Screenshot 2026-01-01 at 10.11.12 ({:03}) copy of a copy.png")
    known = [replace(r, accepted="as the client wants it") for r in gate.judge(data).reasons]
    verdict = replace(gate.judge(data), verdict="GO", reasons=known)
    text = markdown.report_text(data, verdict, opening.opening(data, verdict), [], [])
    read, _, later = text.partition("\n## Appendix\n")
    assert len(read.split()) <= markdown.MOST
    for reason in known:
        if reason.severity in ("block", "warn"):
            assert with_commands(reason.sentence) in read + later, reason.code


def test_what_waits_is_not_yet_and_what_is_wrong_is_not() -> None:
    _, _, verdict = told(gathered(40, waiting={"captions": ["001.jpg", "002.jpg"]}))
    assert opening.headline(verdict) == "Not yet: 2 answers from you (2 in decisions/captions.yaml)."
    assert (verdict.verdict, verdict.waiting) == ("NO-GO", {"captions": ["001.jpg", "002.jpg"]})
    out = Finding(Code.VISION_BATCH, ("003.jpg",), {"since": " since 2026-11-01 00:00 UTC"})
    read, _, verdict = told(gathered(40, [out]))
    assert opening.headline(verdict) == "Not yet: 1 picture in a batch that is still being looked at."
    assert verdict.waiting == {"batch": ["003.jpg"]}
    assert "003.jpg is in a batch since 2026-11-01 00:00 UTC that is not answered yet" in read
    collision = Finding(Code.NAME_COLLISION, ("004.jpg", "005.jpg"), {"place": "x/004"})
    _, _, verdict = told(gathered(40, [out, collision]))
    assert opening.headline(verdict) == "NO-GO: 1 thing to mend before any GPU time is spent."
    _, _, verdict = told(gathered(40, [collision], waiting={"captions": ["001.jpg", "002.jpg"]}))
    assert opening.headline(verdict) == "NO-GO: 1 thing to mend and 2 answers to give before any GPU time is spent."


def test_why_is_what_helps_most_and_next_changes_it() -> None:
    rejected = [replace(i, path=f"bad{n}.jpg", state="rejected") for n, i in enumerate(synthetic(2))]
    data = gathered(6)
    data = with_(
        data,
        images=[*data.images, *rejected],
        fates=[*data.fates, *(Fate(i.path, "rejected", "the file ends too early") for i in rejected)],
        findings=[*data.findings, Finding(Code.NAME_COLLISION, ("001.jpg", "002.jpg"), {"place": "x/a"})],
    )
    opened = opening.opening(data, gate.judge(data))
    assert opened.why.startswith("Only 6 pictures would train; a style needs at least 10")
    assert opened.next.startswith("First mend what could not be used: bad0.jpg and bad1.jpg;")


def test_the_figures_add_up() -> None:
    data = gathered(40)
    copies = [Image(f"copy{n}.jpg", "image", width=900, height=900) for n in range(3)]
    spare = [Image("notes.md", "ignored"), Image("a.txt", "ignored", "sidecar")]
    broken = Image("broken.jpg", "rejected", "broken", "the file is empty")
    detail = replace(data.images[0], path="000#face.jpg", of="000.jpg")
    fates = [
        *data.fates,
        Fate("copy0.jpg", "left out", "a byte copy of 000.jpg", "rule"),
        Fate("copy1.jpg", "left out", "a copy of 000.jpg", "you"),
        Fate("copy2.jpg", "left out", "you left it out", "you"),
        Fate("notes.md", "ignored", "not a picture"),
        Fate("a.txt", "caption", "read with 000.jpg"),
        Fate("broken.jpg", "rejected", "the file is empty"),
        Fate("000#face.jpg", "kept", ""),
    ]
    images = [*data.images, *copies, *spare, broken, detail]
    read, _, verdict = told(with_(data, images=images, fates=fates))
    assert (
        "- Images: 41 in training. Of 46 files found: 40 in training, 3 left out (2 copies, 1 by you), 1 not usable, "
        "1 caption, 1 ignored; 1 detail cut out of one trains too." in read
    )
    assert verdict.counts["found"] == 40 + 3 + 1 + 1 + 1


def test_what_is_accepted_is_quoted_with_the_artists_reason() -> None:
    frame = Finding(Code.PLAIN_FRAME, ("001.jpg",))
    known = {Code.PLAIN_FRAME: Acceptance("the passepartout is mine")}
    read, later, _ = told(gathered(40, [frame], accepted=known))
    assert "- You accept: 001.jpg has a plain frame or bars at its sides. (the passepartout is mine)" in read
    assert "001.jpg has a plain frame or bars at its sides. Settled: the passepartout is mine" in later


def test_what_says_the_same_of_the_same_picture_is_said_once() -> None:
    native = Finding(Code.BELOW_NATIVE, ("001.jpg", "002.jpg"), {"native": 1024, "title": "Flux"})
    small = Finding(Code.TOO_SMALL, ("001.jpg",), {"times": "2.5", "size": 512})
    left = findings.uncovered([native, small])
    assert [(f.code, f.images) for f in left] == [("below-native", ("002.jpg",)), ("too-small", ("001.jpg",))]
    assert [f.code for f in findings.uncovered([replace(native, images=("001.jpg",)), small])] == ["too-small"]


def test_what_another_finding_leaves_to_tell_is_so_many_more() -> None:
    native = Finding(Code.BELOW_NATIVE, ("001.jpg", "002.jpg", "003.jpg"), {"native": 512, "title": "SD"})
    small = Finding(Code.STRETCHED, ("001.jpg",), {"times": {"001.jpg": "1.5"}, "size": 512})
    left, _ = sorted(findings.uncovered([native, small]), key=lambda f: f.code)
    assert findings.sentence(left).startswith("2 more pictures are below 512 px")
    assert findings.sentence(native).startswith("3 pictures are below 512 px")
    assert findings.order(small, {}) < findings.order(native, {}), "more than what stands above"
    each = Finding(Code.TOO_SMALL, ("001.jpg", "002.jpg"), {"times": {"001.jpg": "9.5", "002.jpg": "12"}, "size": 512})
    assert "enlarged up to 12x" in findings.sentence(each)
    assert "enlarged 9.5x" in findings.sentence(each.about(["001.jpg"]))


@pytest.mark.parametrize(
    ("model", "sizes", "way"),
    [
        ("sdxl", None, "`model: sd15` (Stable Diffusion 1.5, from 512 px) or `model: flux` (Flux, from 512 px)"),
        ("flux", (1024,), "`dataset: {sizes: [512, 768, 1024]}` in project.yaml"),
        ("sdxl", (1024,), ""),
    ],
)
def test_a_set_of_small_pictures_is_told_what_takes_them(model: str, sizes: tuple[int, ...] | None, way: str) -> None:
    data = gathered(40)
    small = [replace(i, width=420, height=400) for i in data.images]
    settings = changed(data.settings, model=model, dataset={"sizes": sizes})
    judged = told(with_(data, images=small, settings=settings, model=profiles.base_model(model)))[2]
    (reason,) = [r for r in judged.reasons if r.code == Code.MOSTLY_ENLARGED]
    assert ("Train" in reason.fix) is bool(way)
    assert way in reason.fix
    assert "upscaled/" in reason.fix


@given(st.text(alphabet="`<>[]()!*_\\#|~&;ab \n", max_size=40))
def test_no_name_acts_in_markdown_even_with_backticks(name: str) -> None:
    said = with_commands(f"{name} wants a look. Write `keep: all`.")
    assert "`" in name or "`keep: all`" in said
    kinds = {token.type for token in markdown_it.MarkdownIt("commonmark").parseInline(said)[0].children or ()}
    assert kinds <= {"text", "code_inline", "softbreak", "text_special"}


def test_the_examples_are_short_too() -> None:
    for name, most in (("brushwork", 900), ("nogo", 1200)):
        text = (EXAMPLES / name / "dataset-report.md").read_text("utf-8")
        assert len(text.partition("\n## Appendix\n")[0].split()) < most


@pytest.mark.parametrize(("mask", "said"), [
    (Masked(0.257, "masks/a.png", True),
     "26 % of it is not learned: masks/a.png, drawn by your answer in decisions/carried.yaml"),
    (Masked(0.001, "masks/a.png"), "less than 1 % of it is not learned: masks/a.png, a mask of your own"),
    (Masked(0.0, "masks/a.png"), "0 % of it is not learned: masks/a.png, a mask of your own"),
])  # fmt: skip
def test_the_appendix_says_it(mask: Masked, said: str) -> None:
    _, later, _ = told(gathered(12, masked={"000.jpg": mask}))
    assert f"### Masked\n\n- `000.jpg`: {said}\n" in later
    assert "### Masked" not in told(gathered(12))[1]
