"""Words wherever they lie: read in one order, none of them a camera's, and whoever made a picture is named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Image as Record
from loraprep.scan import audit, entries, generators, metadata, scan
from tests import pictures
from tests.runs import AUTO, append, run
from tests.scenes import project
from tests.trees import picture, put


def seen(root: Path) -> dict[str, Record]:
    return {i.path: i for i in scan.scan(root, root.parent).images}


def words(root: Path, name: str = "a.png") -> list[str]:
    return [text for _, text in seen(root)[name].words]


def told(**texts: str) -> bytes:
    """A PNG with these texts inside."""
    info, stream = PngInfo(), io.BytesIO()
    for key, text in texts.items():
        info.add_text(key, text)
    pictures.scene(64, 64, seed=3).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def test_words_are_read_in_one_order_and_the_unused_are_named(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in "ab":
        picture(root, f"images/{name}.png", (64, 64))
    put(root, "images/a.txt", "the first")
    put(root, "images/a.caption", "the second")
    put(root, "images/a.xmp", '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag><rdf:li>the third</rdf:li>'
        "</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>")  # fmt: skip
    put(root, "captions/a.txt", "the fourth")
    put(root, "captions/b.txt", "only here")
    put(root, "metadata.jsonl", '{"file_name": "images/a.png", "text": "the fifth"}\n')
    found = seen(root)
    assert words(root, "images/a.png") == ["the first", "the second", "the third", "the fourth", "the fifth"]
    assert words(root, "images/b.png") == ["only here"]
    (finding,) = [f for f in audit._words(list(found.values())) if f.code == Code.WORDS_ELSEWHERE]
    assert finding.images == ("images/a.png",)
    assert finding.text("said") == (
        ".txt (1 used); captions/*.txt (1 used, 1 not); .caption (1 not); .xmp (1 not); metadata.jsonl (1 not)"
    )
    assert "in several places" in findings.sentence(finding)


@pytest.mark.parametrize(("name", "text"), [
    ("metadata.jsonl", '{"file_name": "a.png", "text": "a mill, a pond"}\n{"file_name": "b.png", "text": "hills"}\n'),
    ("metadata.jsonl", 'no JSON\n{"image": "a.png", "prompt": "a mill, a pond"}\n'),
    ("metadata.csv", "file_name,text\na.png,\"a mill, a pond\"\nb.png,hills\n"),
    ("captions.csv", "\ufeffFilename;Caption\na.png;a mill, a pond\n"),
    ("list.tsv", "image_path\ttags\n./a.png\ta mill, a pond\n"),
    ("captions.json", '{"a.png": ["a mill, a pond"]}'),
    ("meta_lat.json", '{"a": {"caption": "a mill, a pond"}}'),
    ("meta_cap.json", '{"/home/ada/train/10_mill/a.png": {"caption": "a mill, a pond"}}'),  # of another machine
    ("metadata.jsonl", '{"path": "D:\\\\set\\\\a.PNG", "long_caption": "a mill, a pond"}\n'),
    ("list.csv", "image_name,positive_prompt\na.png,\"a mill, a pond\"\n"),
    ("list.csv", "a.png,\"a mill, a pond\"\nb.png,hills\n"),
    ("captions.txt", "a.png|a mill, a pond\nb.png|hills\n"),
    ("captions.txt", "image,caption\na.png,\"a mill, a pond\"\n"),
    ("token.txt", "a.png#0\ta mill, a pond\n"),
    ("old.txt", "./a.png: a mill, a pond\n\nb.png: hills\nno picture\n"),
])  # fmt: skip
def test_lists_of_many_pictures_are_read_by_their_usual_columns(tmp_path: Path, name: str, text: str) -> None:
    picture(tmp_path / "images", "a.png", (64, 64))
    put(tmp_path / "images", name, text)
    assert words(tmp_path / "images") == ["a mill, a pond"]


def test_a_list_is_about_the_pictures_beside_it_whatever_others_are_called(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for name in ("birds/a.png", "dogs/a.png", "dogs/b.png", "dogs/deep/c.png", "cats/d.png"):
        picture(root, name, (64, 64))
    put(root, "birds/metadata.jsonl", '{"file_name": "a.png", "text": "a bird"}\n')
    put(root, "dogs/metadata.csv", "file_name,text\nb.png,a dog\nc.png,a pup\n")
    put(
        root,
        "lists/metadata.jsonl",
        '{"file_name": "d.png", "text": "a cat"}\n{"file_name": "a.png", "text": "which?"}\n',
    )
    said = {"birds/a.png": ["a bird"], "dogs/b.png": ["a dog"], "dogs/deep/c.png": ["a pup"], "cats/d.png": ["a cat"]}
    assert {path: words(root, path) for path in said} == said
    assert words(root, "dogs/a.png") == []  # nothing says that it is meant


def test_a_table_of_something_else_is_no_caption_file(tmp_path: Path) -> None:
    picture(tmp_path / "images", "a.png", (64, 64))
    put(tmp_path / "images", "prices.csv", "paper,price\nA4,3\n")
    put(tmp_path / "images", "notes.txt", "a.png is too dark\nb.png is fine\nmend a.png: it is too dark\n")
    for name in ("prices.csv", "notes.txt"):
        found = seen(tmp_path / "images")[name]
        assert (found.state, found.code) == ("ignored", "not-an-image")
    assert words(tmp_path / "images") == []


ANIMA = {
    "quality": "newest, safe", "count": "1girl", "character": "mira", "series": "", "artist": "@wel",
    "appearance": ["long hair"], "tags": ["standing"], "environment": ["pond"], "nl": "A girl stands by a pond.",
}  # fmt: skip
NESTED = {
    "fixed": {"quality": "newest, safe", "series": "", "artist": "@wel"},
    "character": {"name": "mira", "variant": ""},
    "from_path": {"appearance": []},
    "ai_output": {"count": "1girl", "appearance": ["long hair"], "tags": ["standing"], "environment": ["pond"],
                  "nl": "A girl stands by a pond."},
}  # fmt: skip
SAID = "newest, safe, 1girl, mira, @wel, long hair, standing, pond. A girl stands by a pond."
DANBOORU = {
    "category": "danbooru", "id": 123, "tags": "1girl long_hair wel mill", "tag_string_character": "mira_(pond)",
    "tag_string_copyright": "original", "tag_string_artist": "wel", "tag_string_general": "1girl long_hair mill",
}  # fmt: skip


@pytest.mark.parametrize(("entry", "first"), [
    (ANIMA, SAID), (NESTED, SAID),
    (DANBOORU, "mira_(pond), original, 1girl, long_hair, mill"),
    ({"category": "gelbooru", "id": 5, "tags": "1girl solo long_hair"}, "1girl, solo, long_hair"),
    ({"category": "e621", "id": 5, "tags": {"artist": ["wel"], "species": ["fox"], "general": ["mill", "pond"], "meta": ["hi_res"]}},
     "fox, mill, pond"),
    ({"category": "pixiv", "id": 5, "tags": ["mill", "pond"]}, "mill, pond"),
    ({"caption": "A mill by a pond.", "tags": "mill, pond"}, "A mill by a pond."),
])  # fmt: skip
def test_records_of_downloaders_and_trainers_say_what_is_shown(
    tmp_path: Path, entry: dict[str, Any], first: str
) -> None:
    picture(tmp_path / "images", "a.png", (64, 64))
    put(tmp_path / "images", "a.png.json", json.dumps(entry))
    assert words(tmp_path / "images")[0] == first


def test_where_a_picture_was_taken_from_is_kept_without_keys(tmp_path: Path) -> None:
    assert entries.origin(DANBOORU) == "danbooru 123"
    assert entries.origin({"source": "https://me:secret@art.example/p/1?token=abc"}) == "https://art.example/p/1"
    assert entries.origin({"source": "http://[broken", "category": "x"}) == ""


@pytest.mark.parametrize(("text", "expected"), [
    ("1girl solo long_hair", "1girl, solo, long_hair"),
    ("A mill by a pond", "A mill by a pond"),
    ("mill | long hair|pond", "mill, long hair, pond"),
    ("smile, :|, mill", "smile, :|, mill"),
    ("a {red|blue} mill", "a {red|blue} mill"),
    ("Note: the mill_2 of the set by night", "Note: the mill_2 of the set by night"),
    ("A mill by a pond<|im_end|>", "A mill by a pond<|im_end|>"),
    ("character:mira\ncreator:wel\nlong hair\nrating:safe\npond", "mira, long hair, pond"),
    ("pond\nmill\nhills", "pond, mill, hills"),
])  # fmt: skip
def test_booru_strings_and_hydrus_tags_become_tags(tmp_path: Path, text: str, expected: str) -> None:
    picture(tmp_path / "images", "a.png", (64, 64))
    put(tmp_path / "images", "a.png.txt", text)
    assert words(tmp_path / "images") == [expected]


FLUX = {
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a mill by a pond", "clip": ["11", 0]}},
    "11": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5xxl"}},
    "13": {"class_type": "SamplerCustomAdvanced", "inputs": {"guider": ["22", 0], "latent_image": ["27", 0]}},
    "22": {"class_type": "BasicGuider", "inputs": {"model": ["12", 0], "conditioning": ["26", 0]}},
    "26": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["6", 0]}},
}
FLUX_NODES = {
    "nodes": [
        {"id": 6, "type": "CLIPTextEncodeFlux", "widgets_values": ["a mill", "a mill by a pond", 3.5], "inputs": []},
        {"id": 22, "type": "BasicGuider", "inputs": [{"name": "conditioning", "link": 4}]},
    ],
    "links": [[4, 6, 0, 22, 1, "CONDITIONING"]],
}
SDXL = {
    "3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0], "negative": ["7", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a mill by a pond"}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry"}},
}
NAI = {
    "prompt": "{{a mill}}, 1.3::by a pond::",
    "uc": "bad",
    "v4_prompt": {"caption": {"base_caption": "", "char_captions": []}},
}
JOB = "Job ID: 12345678-1234-1234-1234-123456789abc"

JOINED = {
    **FLUX,
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["40", 0], "clip": ["11", 0]}},
    "40": {
        "class_type": "StringConcatenate",
        "inputs": {"string_a": ["41", 0], "string_b": "by a pond", "delimiter": ", "},
    },
    "41": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a mill"}},
}
NAI4 = {
    "v4_prompt": {"caption": {"base_caption": "mill, 1.3::pond ::", "char_captions": [{"char_caption": "girl, hat"}]}}
}

MADE: list[tuple[dict[str, str], str, str]] = [
    ({"parameters": "a (mill:1.2) by a pond <lora:x:1>\nNegative prompt: bad\nSteps: 20"}, "Stable Diffusion web UI", "a mill by a pond"),
    ({"prompt": json.dumps(SDXL)}, "ComfyUI", "a mill by a pond"),
    ({"prompt": json.dumps(FLUX)}, "ComfyUI", "a mill by a pond"),
    ({"prompt": json.dumps(JOINED)}, "ComfyUI", "a mill, by a pond"),
    ({"Software": "NovelAI", "Title": "NovelAI generated image", "Comment": json.dumps(NAI4)}, "NovelAI", "mill, pond, girl, hat"),
    ({"workflow": json.dumps(FLUX_NODES)}, "ComfyUI", "a mill, a mill by a pond"),
    ({"Software": "NovelAI", "Description": "x", "Comment": json.dumps(NAI)}, "NovelAI", "a mill, by a pond"),
    ({"parameters": json.dumps({"sui_image_params": {"prompt": "a mill by a pond<segment:face>", "model": "x"}})}, "SwarmUI", "a mill by a pond"),
    ({"parameters": json.dumps({"prompt": "a mill by a pond", "version": "Fooocus v2.5"}), "fooocus_scheme": "fooocus"}, "Fooocus", "a mill by a pond"),
    ({"parameters": "a mill by a pond\nSteps: 30, Version: Fooocus v2.5"}, "Fooocus", "a mill by a pond"),
    ({"invokeai_metadata": json.dumps({"positive_prompt": "a mill by a pond"})}, "InvokeAI", "a mill by a pond"),
    ({"Description": f"https://s.mj.run/x a mill by a pond --ar 16:9 --v 6.1 {JOB}", "Author": "me"}, "Midjourney", "a mill by a pond"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "by", "prompt"), MADE)
def test_each_generator_is_known_with_its_prompt(tmp_path: Path, texts: dict[str, str], by: str, prompt: str) -> None:
    put(tmp_path / "images", "a.png", told(**texts))
    found = seen(tmp_path / "images")["a.png"]
    assert (found.generator, [text for _, text in found.words]) == (by, [prompt])


def test_a_generators_words_in_exif_are_read_too(tmp_path: Path) -> None:
    for name, tag, text in (
        ("jpg", 0x9286, b"UNICODE\0" + "a mill\nSteps: 20, Sampler: Euler".encode("utf-16-be")),
        ("webp", 0x0110, "prompt:" + json.dumps(FLUX)),
    ):
        exif = Image.Exif()
        (exif.get_ifd(0x8769) if tag == 0x9286 else exif)[tag] = text
        stream = io.BytesIO()
        pictures.scene(64, 64, seed=3).save(stream, "JPEG" if name == "jpg" else "WEBP", exif=exif)
        put(tmp_path / "images", f"a.{name}", stream.getvalue())
    found = seen(tmp_path / "images")
    assert (found["a.jpg"].generator, found["a.jpg"].words) == (
        "Stable Diffusion web UI",
        (("exif:user-comment", "a mill"),),
    )
    assert (found["a.webp"].generator, [t for _, t in found["a.webp"].words]) == ("ComfyUI", ["a mill by a pond"])


@pytest.mark.parametrize("text", [
    "NIKON CORPORATION", "Canon EOS 5D Mark III", "OLYMPUS DIGITAL CAMERA", "SONY DSC", "Apple iPhone 12 Pro", "samsung SM-G991B",
    "(c) 2020 Ada", "Copyright 2019 by Ada", "Copyright Ada Wel", "Copyright: Ada in Rome", "copyright (c) Ada at mill.example", "© Ada", "Photo by Ada", "Ada. All rights reserved.", "Image credit: Ada",
    "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90", "Created with GIMP", "Lavc58.54.100", "", "HTC-Z710e",
    "sdr", "oznor", "rhdr", "Digital still camera", "<KENOX S730  / Samsung S730>", "MEDION", "null", "image description", "IMG_2034",
    "Maker:0x4c,Date:2017-11-9,Ver:4,Lens:Kan03,Act:Lar02,E-Y", "Processed with VSCO with a6 preset", "Made with Canva", "Photoshop 3.0",
    "Generated by Adobe Firefly", "Windows Live Photo Gallery", "Paint.NET", "NovelAI generated image",
])  # fmt: skip
def test_lines_of_cameras_and_rights_are_no_captions(text: str) -> None:
    assert metadata.says_nothing(text, "HTC", "HTC-Z710e")


@pytest.mark.parametrize("text", [
    "Canon fires at dawn", "an apple on a table", "Apple", "Sony headphones on a desk", "a copyright sign on a wall",
    "Copyright office in Washington, people on the steps", "Copyright lawyers at a table",
    "Kodachrome of a pier", "a photo by the sea", "pictures at an exhibition", "a picture of a mill",
    "Made of clay, a jug on a shelf", "none of the boats are out", "a digital camera on a table", "made with love, a cake", "P2 a pier",
])  # fmt: skip
def test_captions_that_begin_alike_are_kept(text: str) -> None:
    assert not metadata.says_nothing(text) or text == "Apple"


def test_how_many_a_generator_made_is_a_finding(tmp_path: Path) -> None:
    root = tmp_path / "images"
    picture(root, "a.png", (64, 64))
    put(root, "b.png", told(**MADE[1][0]))
    put(root, "c.png", told(**MADE[-1][0]))
    (finding,) = audit._generated([i for i in seen(root).values() if i.state == "image"])
    assert findings.sentence(finding) == "2 of 3 pictures were made by a generator: ComfyUI 1, Midjourney 1."


def test_foreign_graphs_are_followed_once_however_they_are_tied() -> None:
    deep: dict[str, object] = {
        str(n): {"inputs": {"conditioning": [str(n + 1), 0], "b": [str(n + 1), 0]}} for n in range(50_000)
    }
    deep["50000"] = {"inputs": {"text": "a mill"}}
    deep["s"] = {"class_type": "KSampler", "inputs": {"positive": ["0", 0]}}
    assert generators.comfy(deep) == ["a mill"]
    ring = {"1": {"inputs": {"positive": ["2", 0]}}, "2": {"inputs": {"a": ["1", 0], "b": ["2", 0]}}}
    assert generators.comfy(ring) == []
    for odd in ([], {"nodes": [1, {"id": [], "inputs": 3}], "links": 7}, {"nodes": [], "links": [[[], 1, 2, 3, 4]]}):
        assert generators.comfy(odd) == []


@pytest.mark.run
def test_the_lock_says_where_pictures_came_from(tmp_path: Path) -> None:
    root = project(tmp_path / "mystyle", 12)
    append("project.yaml", AUTO + "dataset: {repeats: 10}\n")(root)
    put(root, "images/scene-01.jpg.json", json.dumps({"category": "danbooru", "id": 123}))
    code, output = run(root, "dataset")
    assert code == 0, output
    lock = json.loads((root / "dataset.lock.json").read_text("utf-8"))["images"]
    assert {i["path"]: i.get("came_from") for i in lock.values() if i.get("came_from")} == {
        "scene-01.jpg": "danbooru 123"
    }
    code, output = run(root, "verify")
    assert code == 0, output
