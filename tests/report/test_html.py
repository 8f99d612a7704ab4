"""The page people look at: whole, one file, and whatever a name or a caption holds is text."""

import io
import itertools
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw

from loraprep.core.records import Caption, Fate, Gate, Grade, Lying, Reason
from loraprep.core.records import Image as Record
from loraprep.imaging import thumbnails
from loraprep.project import schema
from loraprep.project.settings import complete_settings
from loraprep.report import contact_sheet, layout, plots
from loraprep.report import html as page
from loraprep.report.report_data import ALREADY_OUT
from loraprep.report.set_record import SET_RECORD
from tests.pages import NASTY, Parsed, outside
from tests.runs import answer, run
from tests.scenes import project, scene


@pytest.mark.run
def test_it_is_whole_and_needs_nothing_from_outside(html: str) -> None:
    parsed = Parsed(html)
    assert outside(parsed) == []
    assert "http" not in re.sub(r'xmlns="http://www.w3.org/2000/svg"|http-equiv', "", html)
    policy = next(a["content"] for t, a in parsed.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    anchors = {(a.get("href") or "")[1:] for t, a in parsed.tags if t == "a"}
    assert anchors <= set(ids)
    borrowed = {a["data-of"] for _, a in parsed.tags if "data-of" in a}
    assert borrowed <= set(ids)
    assert all("alt" in a for t, a in parsed.tags if t == "img")


@pytest.mark.run
def test_every_picture_found_has_a_card_with_its_fate_and_why(html: str) -> None:
    cards = {a["data-name"]: a for a in Parsed(html).of_class("card")}
    # a right-to-left override would turn the line around: such a file is refused, and named by its escape
    names = {n for n in NASTY if n.isprintable()} | {"\\u202egpj.exe.jpg", "\\u202egpj.exe.txt"}
    expected = names | {f"scene-{n:02}.jpg" for n in range(24)}
    expected |= {"scene-00 <b>web.jpg", "scene-01-sun.jpg", "broken.jpg"}
    assert set(cards) == expected
    assert {n for n, a in cards.items() if a["data-fate"] == "left out"} == {"scene-00 <b>web.jpg"}
    assert cards["broken.jpg"]["data-fate"] == "rejected"
    assert "broken" in (cards["broken.jpg"]["data-codes"] or "").split()
    assert "copies" in (cards["scene-00 <b>web.jpg"]["data-codes"] or "").split()
    assert "data-open" in cards["scene-00 <b>web.jpg"]


@pytest.mark.run
def test_names_and_captions_are_text_whatever_they_contain(html: str) -> None:
    parsed = Parsed(html)
    assert [t for t, _ in parsed.tags if t == "script"] == ["script"]
    assert not [a for _, a in parsed.tags if any(k.startswith("on") and k != "onsubmit" for k in a)]
    text = "".join(parsed.text)
    assert "<img src=x onerror=alert(1)>.jpg" in text
    assert "<script>alert(1)</script> mill" in text
    assert "{{ 7*7 }}" in text
    assert "49" not in {t.strip(", ") for t in parsed.text}
    assert "‮" not in html


@pytest.mark.run
def test_the_report_in_git_has_its_pictures(hostile: Path) -> None:
    text = (hostile / "dataset-report.md").read_text("utf-8")
    shown = re.findall(r"!\[[^\]]+\]\((report/[^/)]+)\)", text)
    made = ["contact-sheet.webp", "enlargement.svg", "palette.svg", "terms.svg"]
    assert sorted(shown) == [f"report/{name}" for name in made]
    beside = sorted(p.name for p in (hostile / "report").iterdir() if p.is_file())
    assert beside == sorted([*made, Path(SET_RECORD).name])
    for name in shown:
        data = (hostile / name).read_bytes()
        assert len(data) < 400_000
        if name.endswith(".svg"):
            tree = ElementTree.fromstring(data)
            assert tree.tag == "{http://www.w3.org/2000/svg}svg"
            assert b"date" not in data.lower()
            assert b"matplotlib" not in data.lower()
        else:
            assert Image.open(io.BytesIO(data)).width == contact_sheet.WIDTH


@pytest.mark.run
def test_a_second_drawing_gives_the_same_bytes_and_the_thumbnails_are_kept(hostile: Path, tmp_path: Path) -> None:
    hostile = Path(shutil.copytree(hostile, tmp_path / "mystyle"))
    made = ["report.html", *(f"report/{p.name}" for p in (hostile / "report").iterdir() if p.is_file())]
    before = {name: (hostile / name).read_bytes() for name in made}
    kept = {p: p.stat().st_mtime_ns for p in (hostile / "build/thumbs").iterdir()}
    assert kept
    for name in made:
        (hostile / name).unlink()
    (hostile / "build/thumbs" / f"{'0' * 64}-256.webp").write_bytes(b"of a picture that is gone")
    run(hostile, "report", fresh=True)
    assert {name: (hostile / name).read_bytes() for name in made} == before
    assert {p: p.stat().st_mtime_ns for p in (hostile / "build/thumbs").iterdir()} == kept


@pytest.mark.run
def test_a_project_without_pictures_has_a_page_too(tmp_path: Path) -> None:
    root = project(tmp_path / "empty", pictures=0)
    code, output = run(root, "gate1")
    assert code == 1, output
    parsed = Parsed((root / "report.html").read_text("utf-8"))
    assert "There are no pictures here yet." in "".join(parsed.text)
    assert "![" not in (root / "dataset-report.md").read_text("utf-8").split("## Summary")[0]
    answer(root / "decisions/quality.yaml")


def test_a_caption_in_pieces_is_the_caption() -> None:
    text = "emberveil, a red mill beside a mill pond, loose strokes (mill)"
    caption = Caption(
        "a.jpg", text, "prose", "draft", Grade.DESCRIBED, 9, 99, ("red mill", "mill pond", "mill"), ("loose strokes",)
    )
    pieces = page.spans(caption, "emberveil")
    assert "".join(t for _, t in pieces) == text
    assert [p for p in pieces if p[0]] == [
        ("trigger", "emberveil"), ("content", "red mill"), ("content", "mill pond"), ("style", "loose strokes"),
        ("content", "mill"),
    ]  # fmt: skip
    bare = Caption("a.jpg", "(x", "prose", "none", Grade.MISSING, 1, 9)
    assert page.spans(bare, "") == [("", "(x")]


def test_the_crop_drawn_is_what_the_bucket_cuts() -> None:
    config = complete_settings(
        schema.with_defaults(
            {
                "version": 1,
                "name": "a",
                "model": "sdxl",
                "trigger": "emberveil",
                "intent": {"kind": "style"},
                "dataset": {"trainers": ["huggingface", "kohya"]},
            },
            "project",
        )
    )
    wide = Record("a.jpg", "image", width=1600, height=1000)
    # kohya's bucket for 16:10 at 1024 is 1280x768 (5:3): the whole width, and 96 % of the height
    assert page.crop(wide, 1024, config) == page.CropBox(
        left=0, top=2, width=100, height=96, cut=4, bucket="1280x768", size=1024
    )


def test_what_differs_glows_and_nothing_else() -> None:
    first = scene(3, 256, 224)
    second = first.copy()
    ImageDraw.Draw(second).rectangle((150, 60, 200, 110), "#ffffff")
    packed = [contact_sheet.saved(p.convert("RGB"), 90) for p in (first, second)]
    heat = np.asarray(contact_sheet.opened(contact_sheet.differing(*packed, Lying()))).astype(int)
    glow = (heat.max(axis=2) - heat.min(axis=2)) > 60
    assert glow[70:100, 160:190].mean() > 0.8
    glow[50:122, 140:212] = False
    assert glow.mean() < 0.01
    again = np.asarray(contact_sheet.opened(contact_sheet.differing(packed[0], packed[0], Lying()))).astype(int)
    assert (again.max(axis=2) - again.min(axis=2)).max() < 40
    turned = contact_sheet.saved(first.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90)
    back = np.asarray(contact_sheet.opened(contact_sheet.differing(packed[0], turned, Lying(mirrored=True)))).astype(
        int
    )
    assert ((back.max(axis=2) - back.min(axis=2)) > 60).mean() < 0.01


def two_kinds(count: int) -> np.ndarray:
    """A likeness of `count` pictures: even ones are alike, odd ones are alike, across they are not."""
    side = np.arange(count) % 2
    alike = np.where(side[:, None] == side[None, :], 0.9, 0.1)
    np.fill_diagonal(alike, 1)
    return alike


@pytest.mark.parametrize("count", [12, 900])  # above LANDMARKS the rest is laid between landmarks
def test_like_lies_beside_like(count: int) -> None:
    alike = two_kinds(count)
    chain = layout.order(alike, layout.plane(alike))
    assert sorted(chain) == list(range(count))
    assert sum((a + b) % 2 for a, b in itertools.pairwise(chain)) == 1
    spots = layout.plane(alike)
    assert spots.min() >= 0
    assert spots.max() <= 1
    assert abs(spots[::2, 0].mean() - spots[1::2, 0].mean()) > 0.9
    cells = layout.cells(spots, 40, 30)
    assert len(set(cells)) == count
    assert all(0 <= c < 40 and 0 <= r < 30 for c, r in cells)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_pictures_have_a_place_too(count: int) -> None:
    alike = np.full((count, count), 1.0)
    assert sorted(layout.order(alike, layout.plane(alike))) == list(range(count))
    assert len(set(layout.cells(layout.plane(alike), 6, 4))) == count


def test_a_contact_sheet_of_very_many_stays_small() -> None:
    rng = np.random.default_rng(0)
    noisy = [contact_sheet.saved(Image.fromarray(rng.integers(0, 255, (64, 96, 3), np.uint8)), 90) for _ in range(8)]
    data = contact_sheet.contact([(noisy[n % 8], n % 3 > 0) for n in range(1000)])
    assert len(data) <= contact_sheet.LIMIT
    assert Image.open(io.BytesIO(data)).width == contact_sheet.WIDTH


def test_plots_take_any_words_and_bring_their_colours() -> None:
    rows = [('<b>$x^2$ & "q"', 3, "content", "critical"), ("木の橋", 2, "style", ""), ("x" * 90, 1, "content", "watch")]
    drawn = plots.terms(rows, 3, {"watch": 0.5})
    tree = ElementTree.fromstring(plots.as_file(drawn))
    said = [t.text for t in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert '<b>$x^2$ & "q"' in said
    assert "木の橋" in said
    assert "x" * 33 + "…" in said
    assert "3 of 3 - sticks to the trigger" in said
    used = set(re.findall(r"var\(--([a-z]+)\)", drawn))
    assert used <= set(plots.INKS)
    assert not re.search(r"#0[0-9a-f]fe", drawn)
    assert drawn == plots.terms(rows, 3, {"watch": 0.5})


def test_plots_of_nothing_are_drawn() -> None:
    for drawn in (
        plots.enlargement({512: []}),
        plots.aspects([]),
        plots.terms([], 0, {}),
        plots.variety([], 0),
        plots.palette([]),
    ):
        assert ElementTree.fromstring(drawn).tag.endswith("svg")


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ink", [n for n in plots.INKS if n not in ("paper", "line")])
def test_every_ink_can_be_seen_on_both_papers(ink: str) -> None:
    for n in (0, 1):
        assert _contrast(plots.INKS[ink][n], plots.INKS["paper"][n]) >= 3


@pytest.mark.parametrize("pictures", [100, 300, 2000])
def test_pages_of_many_pictures_stay_under_the_limit(pictures: int) -> None:
    """The page's size is nearly all thumbnails: so many of an unusually rough picture, in base64, and their cards."""
    rough = scene(1, 1200, 1000)
    longest = page.thumbnail_size(pictures)
    out = io.BytesIO()
    rough.resize((longest, longest * 5 // 6)).save(out, "WEBP", quality=thumbnails.QUALITY, method=4)
    assert pictures * (len(out.getvalue()) * 4 / 3 + 3000) < 40e6


@pytest.mark.run
def test_verdict_why_and_next_come_before_everything_else(html: str) -> None:
    places = [html.index(f'id="{name}"') for name in ("verdict", "why", "next", "todo", "pictures")]
    assert places == sorted(places)
    assert html.index('id="next"') < html.index('class="ribbon"') < html.index('class="tiles')
    assert len(re.findall("<h1", html)) == 1


@pytest.mark.run
def test_each_finding_named_on_a_card_is_an_entry_and_every_word_has_its_meaning(html: str) -> None:
    parsed = Parsed(html)
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    linked = {a["href"] for _, a in parsed.tags if (a.get("href") or "").startswith("#f-")}
    assert len(linked) > 5
    assert linked <= {f"#{i}" for i in ids}
    asked = {a.get("aria-describedby") or a.get("data-means") for a in parsed.of_class("term")}
    assert len(asked) > 15
    assert asked == {a["id"] for a in parsed.of_class("tip")}
    assert all(a["role"] == "tooltip" for a in parsed.of_class("tip"))
    shown = {a["data-show"] for _, a in parsed.tags if a.get("data-show")}
    assert shown <= set(ids)


def reason(code: str, images: tuple[str, ...], accepted: str = "", severity: str = "warn") -> Reason:
    return Reason(code, severity, "It is so.", "It matters.", "Mend it.", images, accepted)


def test_what_was_found_about_pictures_that_are_left_out_is_counted_and_not_listed() -> None:
    fates = {
        "in.jpg": Fate("in.jpg", "kept", ""),
        "out.jpg": Fate("out.jpg", "left out", "you said so", "you"),
        "asked.jpg": Fate("asked.jpg", "left out", "recommended", "recommendation", open=True),
        "bad.jpg": Fate("bad.jpg", "rejected", "damaged"),
    }
    reasons = [
        reason("soft", ("in.jpg", "out.jpg")),
        reason("soft", ("out.jpg",), ALREADY_OUT),
        reason("nearly-flat", ("out.jpg",)),
        reason("open-question", ("asked.jpg",), severity="block"),
        reason("broken", ("bad.jpg",)),
        reason("soft", ("in.jpg",), "it is fog"),
        reason("below-floor", (), severity="block"),
    ]
    entries, unlisted = page.finding_entries(Gate("a", "NO-GO", {}, False, reasons, {}), fates)
    assert [(e.ident, list(e.paths), e.to_do) for e in entries] == [
        ("f-soft", ["in.jpg"], True), ("f-open-question", ["asked.jpg"], True), ("f-broken", ["bad.jpg"], True),
        ("f-soft-2", ["in.jpg"], False), ("f-below-floor", [], True),
    ]  # fmt: skip
    assert unlisted == 1


def test_the_verdict_is_a_word_and_a_sentence() -> None:
    assert page.stamp("GO. 31 pictures are ready.") == ("GO", "31 pictures are ready.")
    assert page.stamp("NO-GO: 2 things to mend.") == ("NO-GO", "2 things to mend.")
    assert page.stamp("Not yet: 3 answers from you.") == ("Not yet", "3 answers from you.")
    assert page.stamp("2 things would stop Gate 1.") == ("", "2 things would stop Gate 1.")


def test_commands_are_code_and_everything_else_is_text() -> None:
    assert page.told("`loraprep dataset` builds <it>.") == "<code>loraprep dataset</code> builds &lt;it&gt;."
    assert page.told("a`b.jpg & `x`") == "a`b.jpg &amp; `x`"  # one has no partner: a name, and nothing is guessed
    assert page.told("`<b>`") == "<code>&lt;b&gt;</code>"


def test_long_names_are_shortened_where_the_screen_is_small() -> None:
    long = "masterpiece best quality a lighthouse at dusk with a very long name 0001.png"
    said = page.shortened(f"{long} and pond.jpg are small.", ["pond.jpg", long])
    assert said == "masterpiece best quality…ng name 0001.png and pond.jpg are small."


def test_on_the_sheet_a_grey_picture_in_training_is_told_from_one_that_is_left_out() -> None:
    even = contact_sheet.saved(Image.new("RGB", (200, 200), (250, 250, 250)), 90)
    kept, out = (
        np.asarray(contact_sheet.opened(contact_sheet.contact([(even, stays)])).convert("RGBA")).astype(int)
        for stays in (True, False)
    )
    middle = kept.shape[0] // 2, kept.shape[0] // 2  # one picture, at the left: a square
    beside = middle[0], middle[1] // 3
    assert np.abs(kept[middle] - kept[beside]).max() <= 4  # one even grey
    assert np.abs(out[middle] - out[beside]).max() > 40  # the line across it
