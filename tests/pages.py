"""A project whose names and words would like to be code, and a reader of the page that is made of it."""

import re
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image, ImageDraw

from tests.scenes import project, scene

VOID = {"meta", "link", "img", "input", "br", "hr"}
NASTY = ["<img src=x onerror=alert(1)>.jpg", "[a].jpg", "a&b \"c\" 'd'.jpg", "{{ 7*7 }}.jpg", "‮gpj.exe.jpg"]
MARKUP = 'a <script>alert(1)</script> mill, {{ 7*7 }}, " onload=alert(2) x=", loose strokes'


class Parsed(HTMLParser):
    """Every tag closed, every attribute kept; the text of the page apart from style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.styles: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        (self.styles if inside == "style" else self.text).append(data if inside != "script" else "")

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.tags if name in (a.get("class") or "").split()]


def outside(parsed: Parsed) -> list[str]:
    """Every reference that leads out of the file."""
    found = [
        v
        for _, a in parsed.tags
        for k, v in a.items()
        if k in ("src", "href", "xlink:href", "action", "srcset", "poster", "data") and v
    ]
    css = "".join(parsed.styles) + " ".join(a.get("style") or "" for _, a in parsed.tags)
    found += [m.strip("'\" ") for m in re.findall(r"url\(([^)]*)\)", css)]
    assert "@import" not in css
    return [f for f in found if not f.startswith(("#", "data:image/webp;base64,"))]


def paint(root: Path) -> Path:
    """24 scenes, a copy, a variant, a broken file, and names and captions that would like to be code."""
    project(root)
    for number, name in enumerate(NASTY, 50):
        scene(number).save(root / "images" / name, "JPEG", quality=92)
        (root / "images" / name).with_suffix(".txt").write_text(MARKUP + f" number {number}\n", "utf-8")
    small = Image.open(root / "images/scene-00.jpg").resize((320, 280))
    small.save(root / "images/scene-00 <b>web.jpg", quality=60)
    changed = Image.open(root / "images/scene-01.jpg")
    ImageDraw.Draw(changed).ellipse((200, 200, 330, 330), "#ff00ff")
    changed.save(root / "images/scene-01-sun.jpg", quality=92)
    (root / "images/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return root
