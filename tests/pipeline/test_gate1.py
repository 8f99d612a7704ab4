"""Gate 1 end to end, on real photographs with planted faults, as a person runs it."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from loraprep.core import yamlfile
from loraprep.project.schema import problems
from tests.runs import answer, run

pytestmark = pytest.mark.run

# Photographs and pictures that scikit-image ships; each is used once, whole.
PHOTOS = [
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "color.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "logo.png",
    "moon.png", "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
]  # fmt: skip


@pytest.fixture(scope="module")
def photos() -> dict[str, Image.Image]:
    skimage = pytest.importorskip("skimage")
    folder = Path(skimage.__file__).parent / "data"
    return {Path(name).stem: Image.open(folder / name).convert("RGB") for name in PHOTOS}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, photos: dict[str, Image.Image]) -> Path:
    """30 files: 20 photographs, three cuts of them, and one of each planted fault."""
    root = tmp_path_factory.mktemp("gate")
    folder = root / "pictures"
    folder.mkdir()
    for name, picture in photos.items():
        ImageOps.contain(picture, (640, 640)).resize((640, 512)).save(folder / f"{name}.png")
    wide = photos["hubble_deep_field"]
    for n, box in enumerate([(0, 0, 480, 480), (500, 380, 980, 860)]):
        wide.crop(box).resize((512, 512)).save(folder / f"stars-{n}.png")
    cat = Image.open(folder / "chelsea.png")
    coffee = Image.open(folder / "coffee.png")
    cat.save(folder / "truncated.jpg", quality=90)
    (folder / "truncated.jpg").write_bytes((folder / "truncated.jpg").read_bytes()[:-9000])
    photos["motorcycle_right"] = Image.open(Path(__import__("skimage").__file__).parent / "data/motorcycle_right.png")
    photos["astronaut"].crop((0, 200, 512, 512)).convert("CMYK").save(folder / "print.jpg", quality=92)
    ImageOps.mirror(cat).save(folder / "chelsea-mirrored.png")
    coffee.save(folder / "coffee-web.jpg", quality=55)
    photos["rocket"].crop((200, 0, 500, 300)).save(folder / "small.png")
    photos["retina"].crop((300, 300, 1000, 900)).save(folder / "really-webp.webp", quality=90)
    (folder / "really-webp.webp").rename(folder / "really-webp.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    photos["motorcycle_left"].crop((0, 0, 360, 480)).resize((512, 640)).save(
        folder / "turned.jpg", exif=exif, quality=92
    )
    photos.pop("motorcycle_right")
    code, output = run(root, "init", "real", "--kind", "style", "--model", "sd15", "--trigger", "snapstyle",
                       "--description", "photographs", "--images", str(folder), "--captioner", "none",
                       "--no-input")  # fmt: skip
    assert code == 0, output
    return root


def digests(folder: Path) -> dict[str, tuple[str, int, int]]:
    return {
        p.name: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns, p.stat().st_mode)
        for p in sorted(folder.iterdir())
    }


def test_each_planted_fault_is_named_with_the_right_finding(home: Path) -> None:
    before = digests(home / "pictures"), digests(home / "real/images")
    code, output = run(home / "real", "gate1")
    assert code == 1, output
    gate = json.loads((home / "real/build/gate1.json").read_text("utf-8"))
    named = {(reason["code"], image) for reason in gate["reasons"] for image in reason["images"]}
    assert ("broken", "truncated.jpg") in named
    assert ("cmyk", "print.jpg") in named
    assert ("copies", "chelsea-mirrored.png") in named
    assert ("copies", "coffee-web.jpg") in named
    assert ("too-small", "small.png") in named
    assert ("wrong-extension", "really-webp.jpg") in named
    assert ("rotated", "turned.jpg") in named
    report = (home / "real/dataset-report.md").read_text("utf-8")
    for name in ("truncated.jpg", "print.jpg", "chelsea-mirrored.png", "coffee-web.jpg", "small.png",
                 "really-webp.jpg", "turned.jpg"):  # fmt: skip
        assert name in report
    assert (digests(home / "pictures"), digests(home / "real/images")) == before


def test_gate1_json_follows_its_schema(home: Path) -> None:
    run(home / "real", "gate1")
    path = home / "real/build/gate1.json"
    assert problems(yamlfile.load(path, "gate1.json"), "gate1") == []


def test_no_go_exits_1_every_time_and_the_same_twice_gives_the_same_bytes(home: Path) -> None:
    root = home / "real"
    first = (
        run(root, "gate1", fresh=True),
        (root / "dataset-report.md").read_bytes(),
        (root / "build/gate1.json").read_bytes(),
    )
    second = (
        run(root, "gate1", fresh=True),
        (root / "dataset-report.md").read_bytes(),
        (root / "build/gate1.json").read_bytes(),
    )
    assert first[0][0] == second[0][0] == 1
    assert first[1:] == second[1:]
    shutil.rmtree(root / "build")
    (root / ".doit.sqlite").unlink()
    run(root, "gate1", fresh=True)
    assert (root / "dataset-report.md").read_bytes() == first[1]


def test_dataset_is_refused_under_no_go_and_built_after_the_answers(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "real"
    shutil.copytree(home / "real", root)
    code, output = run(root, "dataset")
    assert code == 1, output
    assert not (root / "dataset").exists()
    for file in ("quality", "duplicates", "captions", "curation"):
        answer(root / f"decisions/{file}.yaml")
    code, output = run(root, "dataset")
    assert code == 0, output
    (folder,) = (root / "dataset").iterdir()
    pictures = sorted(folder.glob("*.png"))
    assert [p.with_suffix(".txt").read_bytes() for p in pictures] == [b"snapstyle\n"] * len(pictures)
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.mode == "RGB"
            assert not picture.getexif()
            assert "icc_profile" not in picture.info
    with Image.open(folder / "turned.png") as picture:
        assert picture.size == (640, 512)
    again = digests(folder)
    code, output = run(root, "dataset")
    assert code == 0
    assert digests(folder) == again
    (folder / pictures[0].with_suffix(".txt").name).write_text("my own words", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert (folder / pictures[0].with_suffix(".txt").name).read_text("utf-8") == "snapstyle, my own words\n"
    assert "my own words" in (root / "decisions/captions.yaml").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_names_that_act_as_markup_are_only_text(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "real"
    shutil.copytree(home / "real", root)
    for name in ("[a].png", "x`y|z.png"):
        shutil.copy(root / "images/moon.png", root / "images" / name)
    _, output = run(root, "select")
    assert "[a].png\t" in output
    assert "x`y|z.png\t" in output
