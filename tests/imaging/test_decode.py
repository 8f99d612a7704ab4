"""Opening pictures: what is refused and why, and what a picture looks like to its owner."""

from __future__ import annotations

import io
import random
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from loraprep.imaging import border, decode, display, facts, hashes
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.scan import detail, generators, inspect, scan
from tests import pictures
from tests.benchmarks import bars


def _upright(data: bytes, background: str = "#ffffff") -> Image.Image:
    return display.upright(decode.load(data), background)


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (pictures.truncated_jpeg(), "broken", "too early"),
        (pictures.jpeg()[:-2], "broken", "too early"),
        (pictures.bad_crc(), "broken", "damaged"),
        (pictures.png()[:-12], "broken", ""),
        (pictures.png()[:-2], "broken", ""),
        (pictures.save(pictures.scene(), "WEBP")[:-200], "broken", ""),
        (b"", "broken", "empty"),
        (b"\0" * 9000, "broken", "zeros"),
        (b"<!DOCTYPE html><html>", "broken", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer", "git lfs pull"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "unsupported", "export"),
        (pictures.header_only(30000, 30000), "too-large", "900 megapixels"),
    ],
)
def test_bad_files_are_refused_with_a_reason(data: bytes, code: str, said: str) -> None:
    with pytest.raises(BadImage) as caught:
        decode.load(data)
    assert caught.value.code == code
    assert said in caught.value.reason


def test_every_truncation_is_noticed() -> None:
    for data in (pictures.jpeg(), pictures.png(), pictures.save(pictures.scene(), "BMP")):
        for keep in range(0, len(data) - 1, max(1, len(data) // 37)):
            with pytest.raises(BadImage):
                decode.load(data[:keep])


def test_a_huge_jpeg_is_read_smaller_unless_it_is_progressive() -> None:
    big = pictures.scene(800, 600)
    opened = decode.load(pictures.jpeg(big), max_megapixels=0.3)
    assert (opened.reduced, opened.width, opened.height, opened.pixels.width) == (2, 800, 600, 400)
    with pytest.raises(BadImage):
        decode.load(pictures.jpeg(big, progressive=True), max_megapixels=0.3)


@pytest.mark.parametrize("turn", range(1, 9))
def test_orientation(turn: int) -> None:
    opened = decode.load(pictures.rotated(turn))
    shown = display.upright(opened)
    assert shown.size == (opened.width, opened.height) == ((320, 240) if turn < 5 else (240, 320))
    assert opened.orientation == turn
    from PIL import ImageOps

    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(pictures.rotated(turn))))
    assert np.array_equal(np.asarray(shown), np.asarray(expected))


def test_a_tiff_is_turned_once() -> None:
    opened = decode.load(pictures.save(pictures.scene(), "TIFF", tiffinfo={0x0112: 6}))
    assert display.upright(opened).size == (opened.width, opened.height) == (240, 320)
    assert opened.orientation == 6


def test_sixteen_bits_keep_their_tones() -> None:
    opened = decode.load(pictures.deep_grey())
    values = np.asarray(display.upright(opened))
    assert opened.bits == 16
    assert (values.min(), values.max()) == (0, 255)
    assert 120 < values.mean() < 135


def test_transparency_lies_on_the_background() -> None:
    shown = _upright(pictures.see_through(), "#102030")
    assert shown.getpixel((10, 10)) == (0x10, 0x20, 0x30)
    assert shown.getpixel((100, 10)) == (0, 0, 255)


def test_colours_go_through_the_profile() -> None:
    data = pictures.png(Image.new("RGB", (64, 64), (255, 0, 0)), icc_profile=pictures.swapped_profile())
    red, _, blue = _upright(data).getpixel((5, 5))  # type: ignore[misc]
    assert blue > 240
    assert red < 15


def test_broken_profiles_are_named_and_ignored() -> None:
    opened = decode.load(pictures.png(icc_profile=b"not a profile" * 20))
    assert opened.icc == "unreadable"
    assert display.upright(opened).mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    source = pictures.scene(64, 64).convert("RGB" if mode != "LAB" else "LAB")
    data = pictures.save(source.convert(mode) if mode != "LAB" else source, "TIFF")
    facts, _ = inspect.inspect(data)
    shown = _upright(data)
    assert shown.mode == "RGB"
    assert facts.mode == decode.load(data).mode
    if mode not in ("1", "LAB"):
        assert abs(np.asarray(shown).mean() - np.asarray(pictures.scene(64, 64)).mean()) < 12


def test_formats_are_found_by_content() -> None:
    assert inspect.inspect(pictures.save(pictures.scene(), "WEBP"))[0].format == "WEBP"
    assert inspect.inspect(pictures.mpo())[0].format == "MPO"
    gif, _ = inspect.inspect(pictures.animated())
    assert (gif.format, gif.frames) == ("GIF", 3)
    if features.check("avif"):
        assert inspect.inspect(pictures.save(pictures.scene(), "AVIF"))[0].format == "AVIF"
    assert display.upright(decode.load(pictures.cmyk())).mode == "RGB"


@pytest.mark.parametrize("quality", [10, 50, 70, 85, 95, 100])
def test_jpeg_quality_is_read_from_the_tables(quality: int) -> None:
    assert inspect.inspect(pictures.jpeg(quality=quality))[0].jpeg_quality == quality


def test_hashes_are_those_of_imagehash() -> None:
    picture = pictures.scene(200, 150)
    found = hashes.hashes(picture.convert("L"))
    assert found["phash"] == str(imagehash.phash(picture))
    assert found["dhash"] == str(imagehash.dhash(picture))
    mirrored = hashes.hashes(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("L"))
    assert imagehash.hex_to_hash(found["phash_mirror"]) - imagehash.hex_to_hash(mirrored["phash"]) <= 2
    assert imagehash.hex_to_hash(found["dhash_mirror"]) - imagehash.hex_to_hash(mirrored["dhash"]) <= 2


def test_a_hash_of_the_halved_picture_is_near_that_of_the_picture() -> None:
    """These photographs, at three sizes, as JPEG and PNG: two bits of 64 at most, none in most of them.

    On 167 other photographs, paintings, drawings and sprite sheets pHash moved by 0.8 and dHash by 1.3 bits on average, and by more
    than two in 4 and 18 of 100; the thresholds are calibrated for the hashes as they are (tests/benchmarks/quality.py).
    """
    data = pytest.importorskip("skimage.data")
    apart = []
    for name in ("astronaut", "coffee", "chelsea", "camera", "rocket"):
        for scale in (1.3, 2.0, 3.1):
            photo = Image.fromarray(getattr(data, name)()).convert("RGB")
            photo = photo.resize((int(photo.width * scale), int(photo.height * scale)))
            for stored in (pictures.jpeg(photo, quality=95), pictures.png(photo, compress_level=1)):
                (found, _), decoded = inspect.inspect(stored), Image.open(io.BytesIO(stored))
                apart.append(imagehash.hex_to_hash(found.phash) - imagehash.phash(decoded))
                apart.append(imagehash.hex_to_hash(found.dhash) - imagehash.dhash(decoded))
    assert max(apart) <= 2
    assert np.mean(apart) < 0.3


@pytest.mark.parametrize("progressive", [False, True])
def test_a_reduced_decode_notices_every_truncation(progressive: bool) -> None:
    data = pictures.jpeg(pictures.scene(1200, 900), progressive=progressive)
    assert decode.load(data, at_least=256).pixels.width == 300
    for keep in [*range(0, len(data) - 1, max(1, len(data) // 37)), len(data) - 3, len(data) - 2]:
        with pytest.raises(BadImage):
            decode.load(data[:keep], at_least=256)


def test_blur_shows_in_the_sharpness_at_any_size() -> None:
    from PIL import ImageFilter

    data = pytest.importorskip("skimage.data")
    photo = Image.fromarray(data.astronaut())
    for scale in (0.6, 1.0, 1.7, 2.6):
        size = (int(photo.width * scale), int(photo.height * scale))
        sharp = photo.resize(size, Image.Resampling.LANCZOS)
        soft = sharp.filter(ImageFilter.GaussianBlur(2 * scale))
        one, other = (inspect.inspect(pictures.png(p))[0].sharpness for p in (sharp, soft))
        assert other < one / 4, scale


def test_full_size_is_looked_at_once_for_each_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "images").mkdir()
    for name in ("a.png", "copy of a.png"):
        (tmp_path / "images" / name).write_bytes(pictures.png(pictures.enlarged(pictures.scene(300, 300))))
    records = scan.scan(tmp_path / "images", tmp_path).images
    looked = []
    real = detail.detail
    monkeypatch.setattr(detail, "detail", lambda *given: looked.append(1) or real(*given))
    cache, both = tmp_path / "build/pixels.sqlite", {"a.png", "copy of a.png"}
    cache.parent.mkdir()
    first = detail.measured(Pictures(tmp_path / "images", tmp_path, 100.0), records, both, cache=cache)
    again = detail.measured(Pictures(tmp_path / "images", tmp_path, 100.0), records, {"a.png"}, cache=cache)
    assert looked == [1]
    assert first == again
    assert first[0].detail == first[1].detail
    cache.write_text("{", "utf-8")
    assert detail.measured(Pictures(tmp_path / "images", tmp_path, 100.0), records, both, cache=cache) == first
    (tmp_path / "images/a.png").unlink()
    for stays in (both, set[str]()):
        gone = detail.measured(Pictures(tmp_path / "images", tmp_path, 100.0), records[:1], stays)
        assert gone == records[:1]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "1"])
def test_of_what_leaves_nothing_but_its_detail_is_measured(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    large = pictures.enlarged(pictures.scene(700, 500))
    for name, picture in (("a.png", large), ("small.png", pictures.enlarged(pictures.scene(300, 300)))):
        (tmp_path / "images" / name).write_bytes(pictures.png(picture.convert(mode)))
    records = scan.scan(tmp_path / "images", tmp_path).images
    there = Pictures(tmp_path / "images", tmp_path, 100.0)
    known = detail.measured(there, records, {r.path for r in records})
    assert known[0].detail < 0.7 or mode in ("P", "1")  # dots of a few colours are detail
    cache = tmp_path / "pixels.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(detail, "flaws", lambda *_: pytest.fail("looked at"))
        assert detail.measured(there, records, (), cache=cache) == known
        patch.setattr(detail, "detail", lambda *_: pytest.fail("measured again"))
        assert detail.measured(there, records, (), cache=cache) == known
    assert detail.look(there, records, cache=cache).keys() == {r.path for r in records}


def test_photographs_hold_what_they_promise_and_enlargements_do_not() -> None:
    data = pytest.importorskip("skimage.data")
    for name in ("astronaut", "coffee", "chelsea", "camera", "rocket", "coins", "grass"):
        photo = Image.fromarray(getattr(data, name)())
        assert detail.detail(photo) > 0.8, name
        assert detail.detail(Image.open(io.BytesIO(pictures.jpeg(photo.convert("RGB"), quality=75)))) > 0.8, name
        assert detail.detail(pictures.enlarged(photo)) < 0.6, name
        assert detail.detail(pictures.enlarged(photo, 3)) < 0.5, name


def test_smooth_drawings_are_not_called_enlarged() -> None:
    assert detail.detail(Image.new("RGB", (600, 400), "#335577")) == 1.0
    assert detail.detail(Image.linear_gradient("L").resize((700, 700))) == 1.0


def test_borders_are_frames_not_margins() -> None:
    framed = Image.new("RGB", (400, 300), "black")
    framed.paste(pictures.scene(400, 220), (0, 40))
    left, top, right, bottom = border.border(np.asarray(framed))
    assert (left, right) == (0, 0)
    assert abs(top - 40 / 300) < 0.01
    assert abs(bottom - 40 / 300) < 0.01
    figure = Image.new("RGB", (300, 300), "white")
    figure.paste("red", (140, 50, 150, 60))
    figure.paste("red", (60, 140, 240, 150))
    assert max(border.border(np.asarray(figure))[1:2]) == 0


def _framed(colour: str, box: tuple[int, int, int, int], seed: int = 0) -> float:
    """The widest frame found in a picture of 400 x 300 of that colour, with a scene in the box."""
    made = Image.new("RGB", (400, 300), colour)
    made.paste(pictures.scene(box[2] - box[0], box[3] - box[1], seed), box[:2])
    return max(facts.pixel_facts(made).border)


@pytest.mark.parametrize("colour", ["black", "white", "#7a4a2b"])
@pytest.mark.parametrize(
    "box",
    [(16, 16, 384, 284), (0, 40, 400, 260), (50, 0, 350, 300), (20, 0, 400, 280)],
    ids=["all sides", "letterbox", "pillarbox", "two that meet"],
)
def test_plain_bands_are_frames(colour: str, box: tuple[int, int, int, int]) -> None:
    assert _framed(colour, box) > 0.03


def test_skies_floors_figures_and_cut_outs_have_no_frame() -> None:
    assert max(facts.pixel_facts(pictures.sky()).border) == 0
    assert _framed("#334422", (0, 0, 400, 240)) == 0  # one side alone is a floor
    figure = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(figure).ellipse((100, 60, 300, 240), fill="#a03040")
    assert max(facts.pixel_facts(figure).border) == 0
    gate = Image.new("RGB", (400, 300), "#c01010")  # what stands on a ground ends it along most of a side, not all
    gate.paste(pictures.scene(300, 180), (50, 60))
    gate.paste("#303030", (0, 140, 400, 160))
    assert max(facts.pixel_facts(gate).border) == 0
    stripes = Image.new("RGB", (400, 300), "#c03030")
    stripes.paste(pictures.scene(400, 150), (0, 75))
    stripes.paste("#2040a0", (0, 225, 400, 300))
    assert max(facts.pixel_facts(stripes).border) == 0  # a band above and another below are no letterbox
    assert max(inspect.inspect(pictures.png(pictures.cut_out()))[0].border) == 0


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("kind", ["screenshot", "viewer", "browser"])
def test_bars_of_a_screen_are_told_with_their_box(kind: str, number: int) -> None:
    scene = pictures.scene(*[(900, 600), (600, 900), (1200, 900), (800, 800)][number], number)
    made, wanted = bars.PLANTED[kind](scene, random.Random(number))
    assert bars.border(made) == pytest.approx(wanted, abs=0.01)
    assert max(bars.border(scene)) == 0


def test_a_head_of_text_a_flag_and_a_drawing_on_one_ground_are_no_bars() -> None:
    page = Image.new("RGB", (600, 800), "white")
    pen = ImageDraw.Draw(page)
    for row in range(30, 800, 40):  # a page of print goes on below its first lines
        pen.text((40, row), "It was already too late", "black", font_size=18)
    assert max(bars.border(page)) == 0
    flag = Image.new("RGB", (600, 400), "#c03030")
    flag.paste("white", (0, 50, 600, 100))
    flag.paste("#2040a0", (0, 100, 600, 400))
    assert max(bars.border(flag)) == 0  # two colours and a line, and no signs
    stars = Image.new("RGB", (600, 400), "#101040")
    pen = ImageDraw.Draw(stars)
    for n in range(200):
        pen.point((n * 97 % 600, n * 61 % 400), "white")
    assert max(bars.border(stars)) == 0


def test_tiny_pictures_have_no_bars() -> None:
    for size in ((1, 1), (15, 300), (300, 15), (16, 16)):
        assert max(border.screen_bars(np.zeros((*size, 3), np.uint8))) == 0


def test_flat_is_what_has_neither_texture_nor_colours() -> None:
    def is_flat(picture: Image.Image) -> bool:
        found = inspect.inspect(pictures.png(picture))[0]
        return found.flat > 0.97 and found.spread < 5

    faint = np.linspace((100, 120, 140), (108, 128, 148), 300)[:, None].repeat(400, 1).astype(np.uint8)
    assert is_flat(Image.fromarray(faint))
    assert is_flat(Image.new("RGB", (400, 300), "#123456"))
    assert not is_flat(pictures.sky())
    assert not is_flat(Image.linear_gradient("L").resize((400, 300)).convert("RGB"))
    assert not any(is_flat(pictures.pixel_art(512, art)) for art in (8, 16, 32))
    weave = np.random.default_rng(1).normal(120, 4, (300, 400, 1)).repeat(3, 2)  # of little contrast, but all texture
    assert not is_flat(Image.fromarray(weave.astype(np.uint8)))
    assert not is_flat(pictures.cut_out())


def test_only_what_is_visible_has_colours() -> None:
    red, _ = inspect.inspect(pictures.png(pictures.cut_out("#c02020")))
    whole, _ = inspect.inspect(pictures.png(Image.new("RGB", (400, 300), "#c02020")))
    assert red.alpha
    assert abs(red.chroma - whole.chroma) < 5
    assert abs(red.lightness - whole.lightness) < 3
    assert red.palette[0][0] == "red"
    on_black = Image.new("RGB", (400, 300), "black")
    on_black.paste("#c02020", (150, 100, 250, 200))
    assert facts.pixel_facts(on_black).chroma > 35  # plain ground of no colour makes nothing muted
    blue = Image.new("RGB", (400, 300), "#2050c0")
    blue.paste("white", (150, 100, 250, 200))
    assert facts.pixel_facts(blue).chroma > 35  # a coloured ground is a colour of the picture


def test_what_nobody_could_see_is_not_transparent() -> None:
    nearly = pictures.scene().convert("RGBA")
    for x in range(4):
        nearly.putpixel((x, 9), (0, 0, 0, 254))
    assert not inspect.inspect(pictures.png(nearly))[0].alpha
    line = pictures.scene(960, 640).convert("RGBA")
    line.paste(Image.new("RGBA", (960, 3), (10, 10, 10, 210)), (0, 637))
    assert not inspect.inspect(pictures.png(line))[0].alpha
    faded = pictures.scene().convert("RGBA")
    faded.putalpha(150)
    assert inspect.inspect(pictures.png(faded))[0].alpha
    assert inspect.inspect(pictures.see_through())[0].alpha


def test_words_inside_pictures() -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a (red:1.2) boat, <lora:x:1>sea\nNegative prompt: blurry\nSteps: 20")
    found = dict(inspect.inspect(pictures.png(pnginfo=info))[1])
    assert found["png:parameters"] == "a red boat, sea"
    exif = Image.Exif()
    exif[0x010E] = "A mill\nby a pond"
    exif[0x9C9E] = "mill;pond".encode("utf-16-le")
    found = dict(inspect.inspect(pictures.jpeg(exif=exif))[1])
    assert found["exif:keywords"] == "mill, pond"
    assert "A mill" in found["exif:description"]


def test_comfyui_gives_its_positive_prompt_only() -> None:
    graph = {
        "3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a mill", "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "ugly", "clip": ["4", 1]}},
    }
    assert generators.comfy(graph) == ["a mill"]
