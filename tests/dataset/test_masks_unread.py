"""What a trainer without loss masks learns in spite of one, and who is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from loraprep.core import files
from loraprep.core.findings import Code
from loraprep.dataset import outputs
from tests.runs import run
from tests.scenes import project


def test_only_trainers_without_masks_are_named() -> None:
    (found,) = outputs.unread_masks(["a.jpg"], {"kohya": True, "musubi-tuner": False, "Hugging Face": False})
    assert (found.code, found.images) == (Code.MASKS_UNREAD, ("a.jpg",))
    assert found.values == {"trainers": "musubi-tuner and Hugging Face", "read": "read"}


@pytest.mark.parametrize(("masked", "reads"), [([], False), (["a.jpg"], True)])
def test_nothing_is_said_without_masks_or_where_all_read_them(masked: list[str], reads: bool) -> None:
    assert outputs.unread_masks(masked, {"kohya": reads}) == []


@pytest.mark.run
def test_a_mask_for_a_trainer_that_reads_none_is_told_in_the_verdict(tmp_path: Path) -> None:
    root = project(tmp_path / "p", 10)
    picture = min((root / "images").glob("*.jpg"))
    (root / "masks").mkdir()
    with Image.open(picture) as opened:
        hidden = Image.new("L", opened.size, 255)
    hidden.paste(0, (0, 0, 40, 40))
    hidden.save(root / f"masks/{picture.stem}.png")
    settings = root / "project.yaml"
    settings.write_text(settings.read_text("utf-8") + "dataset: {trainers: [huggingface, kohya]}\n", "utf-8")
    _, output = run(root, "gate1")
    (told,) = [r for r in files.read_json(root / "build/gate1.json")["reasons"] if r["code"] == "masks-unread"]
    assert told["images"] == [picture.name], output
    assert "Hugging Face" in told["sentence"]
    assert "kohya" not in told["sentence"]
