"""A caption edited in dataset/ is a person's words: taken over before anything is rebuilt, never overwritten."""

import json
import shutil
from pathlib import Path

import pytest

from tests import scenes
from tests.runs import AUTO, FOLDER, answer, append, held, run

pytestmark = pytest.mark.run

ASKED = AUTO.replace("captions: auto", "captions: ask")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures, five of their captions approved one by one; four lie in a group."""
    root = scenes.project(tmp_path_factory.mktemp("adoption") / "mystyle", 12)
    (root / "images/red").mkdir()
    for number in range(4):
        for suffix in (".jpg", ".txt"):
            name = f"scene-{number:02}{suffix}"
            (root / "images" / name).rename(root / "images/red" / name)
    append("project.yaml", ASKED + "dataset: {repeats: 10}\ngroups: {red: {suffix: _red, words: [red dress]}}\n")(root)
    run(root, "gate1")
    captions = root / "decisions/captions.yaml"
    text = captions.read_text("utf-8").replace("verdict: null", "verdict: approve  # mine")
    captions.write_text(text, "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "mystyle"))


def entries(root: Path) -> str:
    return (root / "decisions/captions.yaml").read_text("utf-8")


def caption(root: Path, name: str) -> Path:
    return root / f"dataset/{FOLDER}/{name}.txt"


def unasked(root: Path) -> list[str]:
    """Names of pictures outside the group that no sample asks about."""
    return [f"scene-{n:02}" for n in range(4, 12) if f"scene-{n:02}.jpg:" not in entries(root)]


def test_an_edited_caption_survives_a_rebuild(root: Path) -> None:
    name = unasked(root)[0]
    before, decided = held(root), entries(root)
    caption(root, name).write_text("brushy, a heron on a pole, grey water", "utf-8")  # no line end, as some editors
    code, output = run(root, "dataset")
    assert code == 0, output
    assert f"Your caption of {name}.jpg in dataset/ is in decisions/captions.yaml now." in output
    line = f'\n{name}.jpg: {{caption: "[trigger], a heron on a pole, grey water"}}\n'
    assert entries(root) == f"{decided.rstrip()}\n{line}"
    expected = {**before, f"{FOLDER}/{name}.txt": b"brushy, a heron on a pole, grey water\n"}
    assert held(root) == expected
    assert "in dataset/ is in decisions" not in run(root, "dataset")[1]
    assert held(root) == expected


def test_a_samples_entry_keeps_its_comments_and_says_adjust(root: Path) -> None:
    name = next(f"scene-{n:02}" for n in range(4, 12) if f"scene-{n:02}.jpg:" in entries(root))
    old = entries(root)
    caption(root, name).write_text("brushy, my own words\n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    changed = [line for line in entries(root).splitlines() if line not in old.splitlines()]
    assert changed == ['  caption: "[trigger], my own words"', "  verdict: adjust  # mine"]
    assert caption(root, name).read_text("utf-8") == "brushy, my own words\n"


def test_the_groups_trigger_is_put_back(root: Path) -> None:
    path = root / "dataset/10_mystyle-red/scene-02.txt"
    assert path.read_text("utf-8").startswith("brushy_red, red dress, ")
    path.write_text("brushy_red, red dress, seen from behind\n", "utf-8")
    assert run(root, "dataset")[0] == 0
    assert '"[trigger], red dress, seen from behind"' in entries(root)
    assert path.read_text("utf-8") == "brushy_red, red dress, seen from behind\n"


def test_edited_in_both_places_shows_both_and_writes_nothing(root: Path) -> None:
    name, other = unasked(root)[:2]
    caption(root, name).write_text("brushy, a heron\n", "utf-8")
    caption(root, other).write_text("brushy, a gull\n", "utf-8")
    append("decisions/captions.yaml", f'\n{name}.jpg: {{caption: "[trigger], an egret"}}\n')(root)
    before, decided = held(root), entries(root)
    code, output = run(root, "dataset")
    assert code == 1
    assert f"""\
{name}.jpg: its caption was edited in both places since the dataset was built; nothing is written
    dataset/{FOLDER}/{name}.txt: [trigger], a heron
    decisions/captions.yaml: [trigger], an egret
    Write the one you want into both, or delete dataset/{FOLDER}/{name}.txt to keep the one in decisions/captions.yaml.
""" in output  # fmt: skip
    assert held(root) == before
    assert entries(root) == decided
    caption(root, name).write_text("brushy, an egret\n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert caption(root, name).read_text("utf-8") == "brushy, an egret\n"
    assert caption(root, other).read_text("utf-8") == "brushy, a gull\n"


def test_a_changed_decision_alone_is_simply_built(root: Path) -> None:
    name = unasked(root)[0]
    append("decisions/captions.yaml", f'\n{name}.jpg: {{caption: "[trigger], an egret"}}\n')(root)
    assert run(root, "dataset")[0] == 0
    assert caption(root, name).read_text("utf-8") == "brushy, an egret\n"


def test_edited_again_and_taken_back_before_a_rebuild(root: Path) -> None:
    name = unasked(root)[0]
    first = caption(root, name).read_text("utf-8")
    for words in ("a heron", "a heron, flying"):
        caption(root, name).write_text(f"brushy, {words}\n", "utf-8")
        code, output = run(root, "scan")
        assert code == 0, output
        assert f'caption: "[trigger], {words}"' in entries(root)
    caption(root, name).write_text(first, "utf-8")
    assert run(root, "dataset")[0] == 0
    assert caption(root, name).read_text("utf-8") == first
    assert "heron" not in entries(root)


@pytest.mark.parametrize("encoded", [b"%s\r\n", b"\xef\xbb\xbf%s\n", b"%s", b"  %s  \n\n"])
def test_an_editors_line_ends_and_marks_are_no_edit(root: Path, encoded: bytes) -> None:
    name = unasked(root)[0]
    before, decided = held(root), entries(root)
    caption(root, name).write_bytes(encoded % before[f"{FOLDER}/{name}.txt"].strip())
    code, output = run(root, "dataset")
    assert code == 0, output
    assert entries(root) == decided
    assert held(root) == before


def test_an_emptied_caption_is_asked_about(root: Path) -> None:
    name = unasked(root)[0]
    caption(root, name).write_text("brushy, \n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 1
    assert f"dataset/{FOLDER}/{name}.txt: you left nothing of this caption" in output
    before = caption(root, name)
    before.unlink()
    assert run(root, "dataset")[0] == 0
    assert before.read_text("utf-8").startswith("brushy, a")


def test_several_lines_and_another_trigger_become_one_clean_caption(root: Path) -> None:
    name = unasked(root)[0]
    caption(root, name).write_text("brushy, a heron,\n  grey water\n", "utf-8")
    project = (root / "project.yaml").read_text("utf-8").replace("trigger: brushy", "trigger: feathery")
    (root / "project.yaml").write_text(project, "utf-8")
    assert run(root, "dataset")[0] == 1  # what was approved was so under the other trigger: it is asked about once
    answer(root / "decisions/captions.yaml")
    assert run(root, "dataset")[0] == 0
    assert f'{name}.jpg: {{caption: "[trigger], a heron, grey water"}}' in entries(root)
    assert caption(root, name).read_text("utf-8") == "feathery, a heron, grey water\n"


def test_the_words_follow_a_renamed_picture(root: Path) -> None:
    name = unasked(root)[0]
    caption(root, name).write_text("brushy, a heron\n", "utf-8")
    for suffix in (".jpg", ".txt"):
        (root / f"images/{name}{suffix}").rename(root / f"images/heron{suffix}")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert 'heron.jpg: {caption: "[trigger], a heron"}' in entries(root)
    assert caption(root, "heron").read_text("utf-8") == "brushy, a heron\n"


def test_without_build_the_committed_lock_still_knows_what_we_wrote(root: Path) -> None:
    name = unasked(root)[0]
    caption(root, name).write_text("brushy, a heron\n", "utf-8")
    shutil.rmtree(root / "build")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert caption(root, name).read_text("utf-8") == "brushy, a heron\n"
    lock = json.loads((root / "dataset.lock.json").read_text("utf-8"))
    assert lock["images"][f"{FOLDER}/{name}"]["caption_from"] == "written"


def test_copies_on_two_colours_edited_differently(root: Path) -> None:
    name = unasked(root)[0]
    from PIL import Image

    picture = Image.open(root / f"images/{name}.jpg").convert("RGBA")
    picture.putpixel((3, 3), (0, 0, 0, 0))
    picture.save(root / f"images/{name}.png")
    (root / f"images/{name}.jpg").unlink()
    project = (
        (root / "project.yaml").read_text("utf-8").replace("{repeats: 10}", "{repeats: 10, background: [white, grey]}")
    )
    (root / "project.yaml").write_text(project, "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    grey, white = caption(root, f"{name}-grey"), caption(root, name)
    grey.write_text("brushy, a heron, on a grey background\n", "utf-8")
    white.write_text("brushy, a gull, on a white background\n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 1
    assert f"{name}.png: you edited two captions of this picture, differently" in output
    white.write_text("brushy, a heron, on a white background\n", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert f'{name}.png: {{caption: "[trigger], a heron"}}' in entries(root)
    assert [p.read_text("utf-8") for p in (white, grey)] == [
        "brushy, a heron, on a white background\n", "brushy, a heron, on a grey background\n"]  # fmt: skip


def test_tags_before_the_trigger_are_written_and_never_adopted(root: Path) -> None:
    append("project.yaml", "captioning: {prefix: [score_9, score_8_up]}\n")(root)
    name = unasked(root)[0]
    old, decided = caption(root, name).read_text("utf-8"), entries(root)
    assert run(root, "dataset")[0] == 0
    assert caption(root, name).read_text("utf-8") == f"score_9, score_8_up, {old}"
    assert run(root, "dataset")[0] == 0
    assert entries(root) == decided
    caption(root, name).write_text("score_9, score_8_up, brushy, a heron", "utf-8")
    code, output = run(root, "dataset")
    assert code == 0, output
    assert f'{name}.jpg: {{caption: "[trigger], a heron"}}' in entries(root)
    assert caption(root, name).read_text("utf-8") == "score_9, score_8_up, brushy, a heron\n"
