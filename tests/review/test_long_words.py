"""Long words and other scripts at the width of a phone: no view is wider than its window, and no word is cut."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import open_, serving, window
from tests.pictures import jpeg, scene
from tests.runs import run

pytestmark = pytest.mark.run
LONG = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen" * 2
NAME = f"{LONG[:86]}.jpg"  # 90 characters without a space
WORDS = {
    NAME: f"a captain's badge, {LONG}, Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz",
    "山水畫卷軸清代乾隆年間江南春色圖.jpg": "一幅山水畫，遠山如黛，近水含煙，舟行其間，兩岸桃花盛開，筆觸疏朗而有力"
    * 2,
    "مكتبة الإسكندرية القديمة عند الغروب.jpg": "لوحة زيتية لميناء قديم عند الغروب، قوارب راسية وضوء ذهبي على الماء",
}
VIEWS = ["", "duplicates", "quality", "captions", "carried", "curation", "map", "findings", "texts"]
# Whatever is seen and reaches out of the window, or holds words that nobody can see whole: cut at the side without
# an ellipsis, or below. What scrolls is there; what has an ellipsis stands whole where its picture or caption opens.
CUT = """() => {
  const seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== 'hidden';
  const hidden = (e) => e.closest('.quiet-text, .skip, [aria-hidden=true], svg');
  const scrolls = (e) => { for (let p = e; p; p = p.parentElement) if (/auto|scroll/.test(getComputedStyle(p).overflowX) && p !== document.documentElement) return true; return false; };
  const found = [];
  const among = document.querySelector('dialog[open]') || document.body;
  for (const e of among.querySelectorAll('*')) {
    if (!seen(e) || hidden(e) || e.matches('option')) continue;
    const told = (why) => found.push(`${why}: <${e.tagName.toLowerCase()} class="${e.className}"> ${e.textContent.trim().slice(0, 50)}`);
    const r = e.getBoundingClientRect();
    if ((r.right > innerWidth + 1 || r.left < -1) && !scrolls(e)) told('out of the window');
    const s = getComputedStyle(e);
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (s.overflowX === 'hidden' && own && e.scrollWidth > e.clientWidth + 1 && s.textOverflow !== 'ellipsis') told('cut at the side');
    if (s.overflowY === 'hidden' && s.webkitLineClamp === 'none' && own && e.scrollHeight > e.clientHeight + 3 && !e.matches('textarea')) told('cut below');
  }
  if (among.scrollWidth > innerWidth) found.push(`the page is ${among.scrollWidth} px wide`);
  return [...new Set(found)].slice(0, 12);
}"""


@pytest.fixture(scope="module")
def wordy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with such names and words: some twice, some small, Gate 1 run once."""
    root = tmp_path_factory.mktemp("wordy") / "mystyle"
    (root / "images").mkdir(parents=True)
    (root / "project.yaml").write_text(
        "version: 1\nname: mystyle\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncuration: {target: 9}\n",
        "utf-8",
    )
    plain = {f"p{n:02}.jpg": f"a mill number {n}, loose strokes" for n in range(8)}
    for n, (name, words) in enumerate({**WORDS, **plain}.items()):
        path = root / "images" / name
        picture = scene(700, 600, n)
        path.write_bytes(jpeg(picture))
        path.with_suffix(".txt").write_text(f"{words}\n", "utf-8")
        if name in WORDS:
            path.with_name(f"{path.stem}_web.jpg").write_bytes(jpeg(picture.resize((350, 300))))
            path.with_name(f"{path.stem}_mini.jpg").write_bytes(jpeg(scene(250, 220, 900 + n)))
    code, output = run(root, "gate1")
    assert code == 1, output
    return root


@pytest.mark.parametrize("font", ["100%", "150%"])
def test_no_view_is_wider_than_a_phone_and_no_word_is_cut(browser: Any, wordy: Path, tmp_path: Path, font: str) -> None:
    root = shutil.copytree(wordy, tmp_path / "mystyle")
    found: dict[str, list[str]] = {}
    with (
        serving(root) as address,
        window(browser, address, viewport={"width": 390, "height": 844}, bypass_csp=True) as page,
    ):
        for view in VIEWS:
            open_(page, view)
            page.add_style_tag(content=f"html {{ font-size: {font} !important; }}")
            for card in range(max(1, min(4, page.locator(".deck .card").count()))):
                page.wait_for_timeout(150)
                found[f"{view or 'overview'} {card}"] = page.evaluate(CUT)
                page.keyboard.press("ArrowRight")
        open_(page, "")
        page.add_style_tag(content=f"html {{ font-size: {font} !important; }}")
        page.locator(f"[aria-label='Look at {NAME}']").first.click()
        page.wait_for_selector(".light[open] h2")
        found["light"] = page.evaluate(CUT)
        assert page.locator("#light-title").inner_text() == NAME  # whole, though its tile has an ellipsis
    told = "\n".join(f"{view}: {wrong}" for view, of in found.items() for wrong in of)
    assert not told, told
