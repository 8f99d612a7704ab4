"""From report.html to the page: every line that the report names opens its place, and no line runs a name."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.report import ways
from loraprep.review import places
from loraprep.review.app import VIEWS
from loraprep.review.snapshot import Reader
from tests.browsers import serving, window
from tests.gallery import ODD
from tests.reviewed import Reviewed


def lines(root: Path) -> list[str]:
    text = (root / "report.html").read_text("utf-8")
    return [html.unescape(line) for line in re.findall(r'class="way">On the review page: <code>(.*?)</code>', text)]


@pytest.mark.run
def test_every_line_of_the_report_opens_a_place_that_is_there(asked: Path) -> None:
    page, s = Reviewed(asked), Reader(asked).read()
    found = [shlex.split(line) for line in lines(asked)]
    assert {command for command, *_ in found} == {"loraprep"}
    named = {" ".join(words[2:]) for words in found}
    assert {"map", "duplicates", "texts", "scene-04.jpg", s.images[ODD].digest[:12]} <= named
    assert len(named & s.images.keys()) > 10
    for words in found:
        assert len(words) == 3, words  # quoted where it has to be
        assert page.get(places.address(s, words[2])).status_code == 200, words


@pytest.mark.run
def test_every_view_is_a_place_and_what_is_none_is_told_with_the_nearest(asked: Path) -> None:
    s = Reader(asked).read()
    assert {places.address(s, name).strip("/") or "overview" for name in places.names()} == {*VIEWS}
    with pytest.raises(UserError, match=r"did you mean scene-04\.jpg\?"):
        places.address(s, "scene-4.jpg")
    with pytest.raises(UserError, match="did not find that"):
        places.address(s, "plain-frame")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("pier.jpg", "loraprep review pier.jpg"),
        ("a,b.jpg", 'loraprep review "a,b.jpg"'),
        ("über/a pier, 2.jpg", 'loraprep review "über/a pier, 2.jpg"'),
        *((name, "loraprep review 3fa19c0b77d2")
          for name in ("$(rm x).jpg", "a`b`.jpg", "50% off.jpg", "--port.jpg", 'a"b.jpg', "~a.jpg", "a!b.jpg", "_a;b", "a\u202eb.jpg")),
    ],
)  # fmt: skip
def test_a_name_that_a_shell_could_act_on_is_not_in_a_line_to_copy(name: str, line: str) -> None:
    assert ways.picture(Image(path=name, state="image", digest="3fa19c0b77d2" + "0" * 52)) == line


@pytest.mark.run
def test_the_browser_is_led_to_a_picture_a_finding_and_a_question(browser: Any, root: Path) -> None:
    with serving(root, "scene-05.jpg") as address, window(browser, address) as page:
        page.wait_for_selector(".light[open] h2")
        assert page.locator("#light-title").inner_text() == "scene-05.jpg"
        assert page.locator("[data-turn-to]").count() == 2  # among those that stay
        page.keyboard.press("Escape")
        page.wait_for_selector(".light:not([open])", state="attached")
        assert page.evaluate("location.search") == ""  # a reload shows the page, not the picture again
    s = Reader(root).read()
    code = next(
        words[2] for line in lines(root) if (words := line.split()) and words[2] in {r.code for r in s.gate.reasons}
    )
    with serving(root, code) as address, window(browser, address) as page:
        page.wait_for_selector("main[data-view=findings] .finding.here:focus")
        assert page.locator(".finding.here").get_attribute("data-id") in places.address(s, code)
        box = page.locator(".finding.here").bounding_box()
        assert box["y"] < 900
    with serving(root, "quality") as address, window(browser, address) as page:
        page.wait_for_selector("main[data-view=quality] .card:focus")
