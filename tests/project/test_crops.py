"""Groups, boxes and details: what a person draws and names is in selection, captions, counts and lock."""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from loraprep.core.errors import UserError
from loraprep.dataset import pixels
from loraprep.dataset.outputs import Output
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops, groups
from loraprep.project.settings import complete_settings
from loraprep.scan import scan
from loraprep.trainers import naming
from tests import pictures, scenes
from tests.runs import AUTO, append, run


def put(root: Path, text: str) -> None:
    (root / "decisions").mkdir(exist_ok=True)
    (root / "decisions/crops.yaml").write_text(text, "utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "images/sub").mkdir(parents=True)
    (tmp_path / "images/pier.jpg").write_bytes(pictures.jpeg(pictures.scene(400, 300)))
    (tmp_path / "images/turned.jpg").write_bytes(pictures.rotated(6))  # stored 320x240, shown 240x320
    (tmp_path / "images/sub/mill.png").write_bytes(pictures.png(pictures.scene(200, 200, 3)))
    return tmp_path


def found(root: Path) -> dict[str, scan.Image]:
    return {i.path: i for i in scan.scan(root / "images", root, cache=root / "build/cache.json").images}


def test_a_crop_is_measured_as_what_is_left_of_the_picture(root: Path) -> None:
    before = found(root)
    put(root, "pier.jpg: {crop: [100, 0, 400, 150]}\nturned.jpg: {crop: [0, 0.5, 1, 1]}\n")
    after = found(root)
    assert (after["pier.jpg"].width, after["pier.jpg"].height) == (300, 150)
    assert (after["turned.jpg"].width, after["turned.jpg"].height) == (240, 160)
    assert after["pier.jpg"].phash != before["pier.jpg"].phash
    assert after["pier.jpg"].digest != before["pier.jpg"].digest  # answers about the whole are asked about again
    assert after["pier.jpg"].pixel_digest == before["pier.jpg"].pixel_digest
    assert after["sub/mill.png"] == before["sub/mill.png"]
    shown = Pictures(root / "images", root, 100.0).preview(after["turned.jpg"])
    assert shown.shape == (160, 240, 3)
    assert found(root) == after


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_picture_is_turned_clockwise_beyond_what_its_file_says(tmp_path: Path, orientation: int, turn: int) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.jpg").write_bytes(pictures.rotated(orientation))
    before = found(tmp_path)["a.jpg"]
    seen = Pictures(tmp_path / "images", tmp_path, 100.0).preview(before)
    put(tmp_path, f"a.jpg: {{turn: {turn}}}\n")
    after = found(tmp_path)["a.jpg"]
    assert (after.width, after.height) == crops.turned((before.width, before.height), turn)
    assert after.digest != before.digest
    assert crops.shown(after) != crops.shown(before)
    assert after.pixel_digest == before.pixel_digest
    shown = Pictures(tmp_path / "images", tmp_path, 100.0).preview(after)
    # reduced and packed after it was turned: a level or two may round the other way
    assert np.abs(shown.astype(int) - np.rot90(seen, -turn // 90)).max() <= 2


def test_boxes_details_and_masks_are_of_the_picture_as_it_lies_once_turned(root: Path) -> None:
    (root / "masks").mkdir()
    mask = Image.new("L", (400, 300))
    mask.paste(255, (0, 0, 200, 300))  # the left half is learned
    mask.save(root / "masks/pier.png")
    put(root, "pier.jpg: {turn: 90, crop: [0, 0, 300, 200], extra: [{name: end, box: [100, 300, 300, 400]}]}\n")
    after = found(root)
    assert (after["pier.jpg"].width, after["pier.jpg"].height) == (300, 200)
    assert after["pier.jpg"].box == (0.0, 0.0, 1.0, 0.5)
    assert (after["pier#end.jpg"].width, after["pier#end.jpg"].height) == (200, 100)
    there = Pictures(root / "images", root, 100.0)
    whole = Image.fromarray(there.preview(replace(after["pier.jpg"], box=(), turn=0)))
    part = Image.fromarray(there.preview(after["pier.jpg"])).resize((24, 16))
    expected = whole.rotate(-90, expand=True).crop((0, 0, 192, 128)).resize((24, 16))
    assert np.abs(np.asarray(part, int) - np.asarray(expected, int)).mean() < 4  # resampled twice
    for name, mean in (("pier.jpg", 255.0), ("pier#end.jpg", 0.0)):
        image = after[name]
        output = Output("10_x/a", image, "", 0, "", "", "", "", mask="masks/pier.png")
        data = pixels.render_mask(there, output, (image.width, image.height))
        assert np.asarray(Image.open(io.BytesIO(data))).mean() == mean
        assert "turn=90" in output.operations


def test_a_crop_in_pixels_is_of_the_original_also_when_better_pixels_stand_in(root: Path) -> None:
    (root / "upscaled").mkdir()
    pictures.scene(800, 600).save(root / "upscaled/pier.png")
    put(root, "pier.jpg: {crop: [100, 0, 400, 150]}\n")
    record = found(root)["pier.jpg"]
    assert (record.width, record.height) == (600, 300)
    assert record.box == (0.25, 0.0, 1.0, 0.5)


def test_details_are_pictures_of_their_own(root: Path) -> None:
    put(root, 'sub/mill.png: {extra: [{name: wheel, box: [10, 20, 110, 140], caption: "[trigger], a wheel"}]}\n')
    record = found(root)["sub/mill#wheel.png"]
    assert (record.of, record.width, record.height) == ("sub/mill.png", 100, 120)
    assert record.words == ()
    assert naming.stem(record.path) == "sub-mill-wheel"
    assert crops.detail_captions(root) == {"sub/mill#wheel.png": "[trigger], a wheel"}


def test_every_problem_is_named_with_its_place(root: Path) -> None:
    put(root, """\
pier.jpg:
  crop: [0, 0, 500, 200]
  extra:
    - {name: a, box: [0.5, 0, 0.4, 1]}
    - {name: b, box: [0, 0, 10, 10]}
    - {name: ok, box: [0, 0, 100, 100]}
    - {name: ok, box: [0, 0, 90, 90]}
""")  # fmt: skip
    with pytest.raises(UserError) as error:
        found(root)
    assert (
        str(error.value)
        == """\
decisions/crops.yaml:2:9: this box reaches outside the picture, which is 400x300
      crop: [0, 0, 500, 200]
            ^
    Write [left, top, right, bottom].
decisions/crops.yaml:4:22: this box is empty: its right and bottom must be larger than its left and top
        - {name: a, box: [0.5, 0, 0.4, 1]}
                         ^
    Write [left, top, right, bottom].
decisions/crops.yaml:5:22: this box is only 10x10 pixels; at least 32x32
        - {name: b, box: [0, 0, 10, 10]}
                         ^
    Write [left, top, right, bottom].
decisions/crops.yaml:7:7: two pictures would be called pier#ok.jpg
        - {name: ok, box: [0, 0, 90, 90]}
          ^
    Give this detail another name."""
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pier.jpg: {crop: [0, 0, 1]}\n", "decisions/crops.yaml:1:18: pier.jpg.crop: has 3 of 4"),
        ("pier.jpg: {crop: [0, 0, -1, 1]}\n", "pier.jpg.crop: -1 is too small; at least 0"),
        ("pier.jpg: {extra: [{name: A b, box: [0, 0, 1, 1]}]}\n", 'pier.jpg.extra.name: "A b" does not fit'),
        ("pier.jpg: {box: [0, 0, 1, 1]}\n", 'unknown key "box"'),
        ("pier.jpg: {turn: 45}\n", "pier.jpg.turn: the number 45 is not allowed here"),
    ],
)
def test_the_file_is_checked_against_its_schema(root: Path, text: str, said: str) -> None:
    put(root, text)
    with pytest.raises(UserError) as error:
        found(root)
    assert said in str(error.value)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures in two groups and none, a detail captioned with its trigger and one without: GO."""
    root = scenes.project(tmp_path_factory.mktemp("groups") / "mystyle", 12)
    for number, folder in enumerate(["red", "red", "red", "Skizzen/blau", "Skizzen/blau", "Skizzen"]):
        (root / "images" / folder).mkdir(parents=True, exist_ok=True)
        for suffix in (".jpg", ".txt"):
            name = f"scene-{number:02}{suffix}"
            (root / "images" / name).rename(root / "images" / folder / name)
    append("project.yaml", AUTO + """\
groups:
  red: {suffix: _red, words: [red dress, red hat]}
  Skizzen: {repeats: 2}
  Skizzen/blau: {suffix: _blue}
  nobody: {suffix: _x}
""")(root)  # fmt: skip
    put(root, 'red/scene-01.jpg: {extra: [{name: hat, box: [0, 0, 300, 300], caption: "[trigger], the hat"}]}\n'
              "scene-07.jpg: {extra: [{name: edge, box: [0, 0, 400, 400], caption: \"a dark corner\"}]}\n")  # fmt: skip
    (root / "images/nobody").mkdir()
    (root / "images/nobody/notes.md").write_text("pictures to come\n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    return root


@pytest.mark.run
def test_groups_have_their_own_trigger_words_folder_and_repeats(project: Path) -> None:
    folders = {p.name: sorted(f.stem for f in p.glob("*.txt")) for p in (project / "dataset").iterdir()}
    assert folders == {
        "8_mystyle": ["scene-06", "scene-07", "scene-07-edge", "scene-08", "scene-09", "scene-10", "scene-11"],
        "8_mystyle-red": ["scene-00", "scene-01", "scene-01-hat", "scene-02"],
        "8_mystyle-skizzen-blau": ["scene-03", "scene-04"],
        "2_mystyle-skizzen": ["scene-05"],
    }
    texts = {p.stem: p.read_text("utf-8") for p in (project / "dataset").rglob("*.txt")}
    assert texts["scene-00"].startswith("brushy_red, red dress, red hat, a mill at dawn")
    assert texts["scene-01-hat"] == "brushy_red, the hat\n"  # a person's own words, nothing added
    assert texts["scene-03"].startswith("brushy_blue, a cat at dawn")
    assert texts["scene-05"].startswith("brushy, a bridge at night")
    lock = json.loads((project / "dataset.lock.json").read_text("utf-8"))
    assert lock["folders"]["2_mystyle-skizzen"] == {
        "group": "Skizzen", "images": 1, "masks": False, "repeats": 2, "seen": 30}  # fmt: skip


@pytest.mark.run
def test_the_report_counts_and_names_them(project: Path) -> None:
    report = (project / "dataset-report.md").read_text("utf-8")
    assert (
        "- Images: 14 in training. Of 25 files found: 12 in training, 12 captions, 1 ignored; "
        "2 details cut out of them train too." in report
    )
    assert "| `red/` | `brushy_red`, red dress, red hat | 4 | as the rest |" in report
    assert "| `Skizzen/` | `brushy` | 1 | 2 |" in report
    assert "groups names images/nobody/, and no picture in training lies there." in report
    assert "| `red/scene-01#hat.jpg` | kept |" in report
    gate = json.loads((project / "build/gate1.json").read_text("utf-8"))
    assert (gate["counts"]["found"], gate["counts"]["kept"], gate["counts"]["details"]) == (25, 14, 2)
    assert gate["counts"]["duplicates_found"] == 0
    intent = (project / "intent.md").read_text("utf-8")
    assert (
        "- **Groups**: Skizzen (brushy); Skizzen/blau (brushy_blue); nobody (brushy_x); red (brushy_red, red dress, red hat)"
        in intent
    )


@pytest.mark.run
def test_a_detail_stays_when_its_picture_is_left_out(project: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(project, tmp_path / "mystyle"))
    append("decisions/quality.yaml", "\nscene-07.jpg: {do: remove}\n")(root)
    code, output = run(root, "select")
    assert code == 0, output
    assert "scene-07.jpg\tleft out\tyou left it out" in output
    assert "scene-07#edge.jpg\tkept" in output


@pytest.mark.run
def test_a_box_for_no_picture_is_told_and_a_group_without_a_folder_blocks(project: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(project, tmp_path / "mystyle"))
    append("decisions/crops.yaml", "scene-99.jpg: {crop: [0, 0, 1, 0.5]}\n")(root)
    shutil.rmtree(root / "images/nobody")
    code, output = run(root, "gate1")
    assert code == 1
    assert 'A name matches no picture - project.yaml, groups: "nobody".' in output
    told = [line for line in (root / "dataset-report.md").read_text("utf-8").splitlines() if "scene-99.jpg" in line]
    assert told
    assert "[!]" not in told[0]


@pytest.mark.run
def test_a_caption_in_captions_yaml_wins_over_the_details_own(project: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(project, tmp_path / "mystyle"))
    append("decisions/captions.yaml", '\nred/scene-01#hat.jpg: {caption: "[trigger], a feather"}\n')(root)
    _, output = run(root, "captions")
    assert "red/scene-01#hat.jpg\tbrushy_red, a feather\n" in output


@pytest.mark.run
@pytest.mark.parametrize("folder", ["../out", "/abs", "C:\\x", ".hidden", "a//b"])
def test_a_groups_folder_stays_inside_the_images(tmp_path: Path, folder: str) -> None:
    root = scenes.project(tmp_path / "mystyle", 1)
    append("project.yaml", f"groups: {{{json.dumps(folder)}: {{}}}}\n")(root)
    code, output = run(root, "gate1")
    assert code == 3
    assert "A folder inside the images folder, written with /." in output


def test_the_deepest_group_wins_and_names_alike_are_no_folders() -> None:
    settings = complete_settings(
        {"version": 1, "name": "emma", "model": "sdxl", "trigger": "emma", "intent": {"kind": "character"},
         "groups": {"a": {"suffix": "_a"}, "a/b": {"suffix": "_ab", "words": ["x"], "repeats": 3}}}
    )  # fmt: skip
    assert [groups.trigger(p, settings) for p in ("a/1.png", "a/b/1.png", "ab/1.png", "1.png")] == [
        "emma_a", "emma_ab", "emma", "emma"]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("Sub Folder/Pier 1.JPG", "sub-folder-pier-1"),
        ("café.jpg", "cafe"),
        ("Straße Øst.png", "strasse-ost"),
        ("мост1.jpg", "u43c-u43e-u441-u442-1"),  # and река1.jpg is another one
        ("con.png", "con-"),
        ("a_b_c_d_e.png", "a-b-c-d-e"),
        ("!!!.png", "u21-21-21"),
    ],
)
def test_names_are_safe_everywhere(path: str, stem: str) -> None:
    assert naming.stem(path) == stem


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    one, two = naming.stem("x" * 240 + "1.png"), naming.stem("x" * 240 + "2.png")
    assert len(one) <= 100
    assert one != two


def test_the_same_box_in_another_picture_is_not_read_from_memory(root: Path) -> None:
    put(root, "pier.jpg: {crop: [0, 0, 0.5, 0.5]}\nsub/mill.png: {crop: [0, 0, 0.5, 0.5]}\n")
    one = found(root)
    Image.open(root / "images/pier.jpg").rotate(180).save(root / "images/pier.jpg")
    two = found(root)
    assert one["pier.jpg"].phash != two["pier.jpg"].phash
    assert one["sub/mill.png"] == two["sub/mill.png"]
