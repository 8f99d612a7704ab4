"""Which pictures are a pair, by folders, by names and by lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.scan import pairing, scan
from loraprep.scan.metadata import pair_rows
from tests import pictures


def paired(*paths: str, **given: str) -> pairing.Pairing:
    return pairing.pair(paths, {}, {path.replace("__", "/"): role for path, role in given.items()})


@pytest.mark.parametrize(
    "before",
    ["control/a.jpg", "controls/a.png", "before/A.jpg", "conditioning/a.webp", "set/control/a.png", "a_control.png",
     "target/a-condlabel.png", "a.cond.png", "target/a_0.png", "control/a_0.png", "control/a_0000.png", "a_before.jpg"],
)  # fmt: skip
def test_one_before(before: str) -> None:
    target = "set/target/a.png" if before.startswith("set/") else "target/a.png"
    found = paired(target, before)
    assert found.controls == ({target: (before,)} if before != "target/a_0.png" else {})
    assert found.targets() == ({before: [target]} if found.controls else {})


def test_numbers_count_beside_their_target_alone() -> None:
    assert paired("a.png", "a_0.png", "a_1.png").controls == {"a.png": ("a_0.png", "a_1.png")}
    assert paired("img_0.png", "img_1.png").controls == {}
    found = paired("target/a.png", "target/a_1.png", "control/a.png", "control/a_1.png")
    assert found.controls == {"target/a.png": ("control/a.png",), "target/a_1.png": ("control/a_1.png",)}


def test_several_before_keep_their_order() -> None:
    found = paired("target/a.png", "control_2/a.png", "control/a.png", "control_3/a.jpg")
    assert found.controls == {"target/a.png": ("control/a.png", "control_2/a.png", "control_3/a.jpg")}
    assert paired("a.png", "a_control_2.png", "a_control_1.png").controls == {
        "a.png": ("a_control_1.png", "a_control_2.png")
    }


def test_what_is_alone_is_named_with_its_reason() -> None:
    found = paired("target/a.png", "target/b.png", "control/b.png", "control/c.png")
    assert found.controls == {"target/b.png": ("control/b.png",)}
    assert found.alone == {
        "target/a.png": "no picture before the change has its name",
        "control/c.png": "no picture after the change has its name",
    }
    twins = paired("target/a.png", "control/a.png", "control/a.jpg")
    assert twins.alone["target/a.png"] == "control/a.jpg and control/a.png have the same name"


def test_a_person_decides() -> None:
    assert paired("a.png", "b/a.png", b__a="x", **{"b__a.png": "control"}).controls == {}
    given = {"old/a.png": "control"}
    assert pairing.pair(["a.png", "old/a.png"], {}, given).alone == {
        "a.png": "no picture before the change has its name",
        "old/a.png": "no picture after the change has its name",
    }
    assert pairing.pair(["old/a.png", "after/old/a.png"], {}, given).controls == {"after/old/a.png": ("old/a.png",)}


def test_a_list_counts_before_names_and_one_before_may_serve_several() -> None:
    rows = {"metadata.jsonl": {"x.png": ["day.png"], "./y.png": ["day.png"], "gone.png": ["day.png"]}}
    found = pairing.pair(["x.png", "y.png", "day.png", "day_control.png"], rows)
    assert found.controls == {"x.png": ("day.png",), "y.png": ("day.png",)}
    assert found.targets() == {"day.png": ["x.png", "y.png"]}
    assert found.missing == {"metadata.jsonl": ["gone.png"]}
    assert found.alone == {"day_control.png": "no picture after the change has its name"}


def test_paths_of_another_machine_are_found_by_their_end() -> None:
    rows = {"a/metadata.jsonl": {"/home/me/set/after/x.png": ["C:\\set\\before\\x.png"]}}
    found = pairing.pair(["a/after/x.png", "a/before/x.png"], rows)
    assert found.controls == {"a/after/x.png": ("a/before/x.png",)}


def test_more_than_any_trainer_reads() -> None:
    rows = {"m.jsonl": {"x.png": ["a.png", "b.png", "c.png", "d.png"]}}
    assert (
        "4 pictures before the change"
        in pairing.pair([*["x.png", "a.png", "b.png", "c.png", "d.png"]], rows).alone["x.png"]
    )


@pytest.mark.parametrize(
    ("line", "controls", "words"),
    [
        ('{"image_path": "x.png", "control_path": "y.png", "caption": "make it night"}', ("y.png",), "make it night"),
        ('{"image_path": "x.png", "control_path_1": "z.png", "control_path_0": "y.png"}', ("y.png", "z.png"), ""),
        ('{"file_name": "x.png", "conditioning_image": "y.png", "text": "a b"}', ("y.png",), "a b"),
        ('{"original_image": "y.png", "edited_image": "x.png", "edit_prompt": "do"}', ("y.png",), "do"),
        ('{"target": "x.png", "control": ["y.png", "z.png"], "instruction": "do"}', ("y.png", "z.png"), "do"),
    ],
)
def test_rows_of_lists(tmp_path: Path, line: str, controls: tuple[str, ...], words: str) -> None:
    (tmp_path / "metadata.jsonl").write_text(line + '\nno json\n{"file_name": "alone.png"}\n', "utf-8")
    found = pair_rows(tmp_path / "metadata.jsonl", "metadata.jsonl")
    assert set(found) == {"x.png"}
    assert found["x.png"].controls == controls
    assert [text for _, text in found["x.png"].words] == ([words] if words else [])


def test_the_scan_knows_targets_controls_and_what_is_of_no_pair(tmp_path: Path) -> None:
    for folder in ("target", "control", "masks"):
        (tmp_path / folder).mkdir()
    for name in ("target/a.jpg", "control/a.jpg", "target/b.jpg", "target/c.jpg", "control/d.jpg"):
        (tmp_path / name).write_bytes(pictures.jpeg(pictures.scene(96, 64, seed=len(name))))
    (tmp_path / "control/c.jpg").write_bytes(pictures.truncated_jpeg()[:400])
    (tmp_path / "target/a.txt").write_text("make it night", "utf-8")
    (tmp_path / "metadata.jsonl").write_text('{"target": "e.png", "control": "control/a.jpg"}\n', "utf-8")
    found = {i.path: i for i in scan.scan(tmp_path, tmp_path / "p", pairs=True).images}
    assert found["target/a.jpg"].controls == ("control/a.jpg",)
    assert found["target/a.jpg"].words == (("sidecar:target/a.txt", "make it night"),)
    before = found["control/a.jpg"]
    assert (before.state, before.role, before.width, before.reason) == ("ignored", "control", 96, "before target/a.jpg")
    assert [found[p].code for p in ("target/b.jpg", "target/c.jpg", "control/d.jpg")] == ["unpaired"] * 3
    assert found["target/c.jpg"].reason.startswith("control/c.jpg, the picture before it: ")
    assert (found["metadata.jsonl"].code, found["metadata.jsonl"].reason) == ("pair-list", "e.png")
    whole = {i.path: i for i in scan.scan(tmp_path, tmp_path / "p").images}  # any other kind
    assert not any(i.controls for i in whole.values())
    assert whole["target/b.jpg"].state == "image"


def test_a_control_is_cut_as_its_target_is() -> None:
    from tests.folders import Folder

    folder = Folder()
    folder.add("control/a.jpg", pictures.scene(200, 100))
    folder.add("a.jpg", pictures.scene(200, 100), controls=("control/a.jpg",))
    target = folder.images["a.jpg"]
    assert pairing.before(target, folder.images) == [folder.images["control/a.jpg"]]
    from msgspec.structs import replace

    part = replace(target, box=(0.0, 0.0, 0.5, 1.0), width=100)
    assert [(c.path, c.box, c.width) for c in pairing.before(part, folder.images)] == [
        ("control/a.jpg", (0.0, 0.0, 0.5, 1.0), 100)
    ]
