"""A picture that lost its transparency is a copy of its original, on whatever ground it lies, and no other's."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from loraprep.duplicates import flattened
from tests.folders import Folder, encoded
from tests.pictures import scene


def figure(seed: int) -> Image.Image:
    """Something drawn inside a soft outline; what lies hidden around it is dark."""
    picture = scene(420, 400, seed).convert("RGBA")
    outline = Image.new("L", picture.size, 0)
    ImageDraw.Draw(outline).ellipse((60, 40, 360, 380), fill=255)
    ImageDraw.Draw(outline).rectangle((150, 10, 210, 200), fill=255)
    hidden = Image.new("RGBA", picture.size, (12, 10, 14, 0))
    hidden.paste(picture, (0, 0), outline)
    hidden.putalpha(outline.resize((105, 100)).resize(picture.size))
    return hidden


def laid(picture: Image.Image, ground: str) -> Image.Image:
    if not ground:
        return picture.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", picture.size, ground), picture).convert("RGB")


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#808080", "#3060a0", ""])
def test_saved_on_any_plain_ground_or_without_its_transparency_it_is_a_copy(ground: str) -> None:
    folder = Folder()
    for seed in range(3):
        folder.add(f"{seed}.png", encoded(figure(seed), "PNG"))
    saved = laid(figure(0), ground)
    folder.add("saved.jpg", encoded(saved, quality=85))
    folder.add("small.jpg", encoded(laid(figure(1), ground).resize((280, 267)), quality=80))
    folder.add("cut.png", encoded(laid(figure(2), ground).crop((24, 16, 400, 390)), "PNG"))
    pairs = {frozenset((p.a, p.b)): p for group in folder.find() for p in group.pairs if ".png" in p.a + p.b}
    assert {*pairs} == {
        frozenset(pair) for pair in (("0.png", "saved.jpg"), ("1.png", "small.jpg"), ("2.png", "cut.png"))
    }
    assert {p.relation for p in pairs.values()} == {"copy"}
    assert not [p.what for p in pairs.values() if "lettering" in p.what or "mark" in p.what]


def test_of_the_same_outline_only_what_is_drawn_alike_is_looked_at() -> None:
    folder = Folder()
    folder.add("0.png", encoded(figure(0), "PNG"))
    folder.add("other.jpg", encoded(laid(figure(7), "#000000"), quality=90))
    folder.add("same.jpg", encoded(laid(figure(0), "#000000"), quality=90))
    images = [*folder.images.values()]
    assert [*flattened.same_outline(images)] == [(0, 2)]
    assert [group.pictures for group in folder.find()] == [("0.png", "same.jpg")]
