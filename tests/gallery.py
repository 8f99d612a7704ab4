"""A project as an artist has it: 60 pictures with copies, a variant, small ones, and names and words that act up."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance

from tests.scenes import LIGHT, SUBJECTS, scene

ODD = "<img src=x onerror=alert(1)>.png"
MARKUP = 'a mill <script>alert(1)</script> & "quotes" </textarea><b>bold</b>, at dawn, loose strokes'


def paint(root: Path, scenes: int = 48) -> Path:
    """Writes project.yaml and images/: `scenes` different ones, and twelve that are copies, variants or small."""
    folder = root / "images"
    folder.mkdir(parents=True)
    names = {1: ODD, 2: "[a].jpg", 3: "50% off & more's.jpg"}
    for number in range(scenes):
        name = names.get(number, f"scene-{number:02}.jpg")
        picture = scene(number, *[(640, 560), (560, 640), (600, 600)][number % 3])
        _save(picture, folder / name)
        words = f"a {SUBJECTS[number % 12]} {LIGHT[number % 3]}, number {number}, loose strokes, bright palette"
        _words(folder / name, MARKUP if number == 1 else words)
    for number in (4, 5, 6, 7, 8):
        original = Image.open(folder / f"scene-{number:02}.jpg")
        _save(
            original.resize((original.width * 3 // 4, original.height * 3 // 4)),
            folder / f"scene-{number:02}-web.jpg",
            60,
        )
        _words(folder / f"scene-{number:02}-web.jpg", f"a {SUBJECTS[number]}, number {number} as sent by mail")
    for number in (4,):
        _save(ImageEnhance.Brightness(Image.open(folder / f"scene-{number:02}.jpg")).enhance(1.12),
              folder / f"scene-{number:02}-light.jpg")  # fmt: skip
    changed = Image.open(folder / "scene-10.jpg").convert("RGB")
    ImageDraw.Draw(changed).ellipse((220, 180, 380, 330), fill=(240, 220, 40))
    _save(changed, folder / "scene-10-sun.jpg")
    for number in range(5):
        _save(scene(900 + number, 250, 220), folder / f"small-{number}.jpg")
        _words(folder / f"small-{number}.jpg", f"a tiny {SUBJECTS[number]} in the rain, study {number}")
    (root / "project.yaml").write_text(
        "version: 1\nname: mystyle\n"
        "intent: {kind: style, description: loose bright painting}\n"
        "model: sd15\ntrigger: brushy\ncuration: {target: 44}\n", "utf-8")  # fmt: skip
    return root


def _save(picture: Image.Image, path: Path, quality: int = 92) -> None:
    picture.convert("RGB").save(path, **({"quality": quality} if path.suffix == ".jpg" else {}))


def _words(path: Path, text: str) -> None:
    path.with_suffix(".txt").write_text(text + "\n", "utf-8")
