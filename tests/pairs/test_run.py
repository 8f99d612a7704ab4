"""A folder of pairs, from `loraprep init` to the trainers' files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests import couples
from tests.runs import run
from tests.scenes import scene

pytestmark = pytest.mark.run
NUMBER = 10


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten sound pairs, one without a picture before; built and exported."""
    here = tmp_path_factory.mktemp("edit")
    couples.write(here / "pics", "relight", [scene(200 + n) for n in range(NUMBER + 1)], {NUMBER: "missing"})
    init = ["init", "night", "--kind", "edit", "--model", "flux-kontext", "--images", "pics", "--no-input"]
    assert run(here, *init, "--trainers", "musubi-tuner,simpletuner")[0] == 0
    code, said = run(here / "night", "dataset", "export")
    assert code == 0, said
    assert "10 pairs are ready to train night" in (here / "night/dataset-report.md").read_text("utf-8")
    return here / "night"


def test_targets_and_controls_stand_under_the_same_names(made: Path) -> None:
    [folder] = [p.name for p in (made / "dataset").iterdir() if p.name.endswith("_night")]
    after = {p.name for p in (made / "dataset" / folder).glob("*.png")}
    assert after == {p.name for p in (made / "dataset/control" / folder).glob("*.png")}
    assert len(after) == NUMBER
    for name in after:
        number = re.sub(r"\D", "", name)
        before = Image.open(made / f"images/control/p{number}.jpg").convert("RGB")
        assert Image.open(made / "dataset/control" / folder / name).tobytes() == before.tobytes()
        assert (made / "dataset" / folder / name).with_suffix(".txt").read_text("utf-8").strip() in couples.ASKED[
            "relight"
        ]


def test_the_report_speaks_of_pairs(made: Path) -> None:
    report, page = ((made / name).read_text("utf-8") for name in ("dataset-report.md", "report.html"))
    assert "10 in training. Of 32 files found: 10 in training, 1 not usable, 11 captions" not in report
    assert "target/p10.jpg is of no pair: no picture before the change has its name." in report
    assert "10 pairs for a set of pairs; 20 to 100 work better." in report
    assert "Add different pairs until there are 20." in report
    assert (made / "report/pairs.webp").is_file()
    assert page.count("<figcaption>what differs</figcaption>") == NUMBER
    assert '<a href="#pairs">Pairs</a>' in page
    laid = page[page.index('<section id="map"') :].partition("</section>")[0]
    assert "Near means changed alike." in laid
    assert laid.count('class="enlarge"') == NUMBER


def test_the_lock_proves_them_and_a_changed_one_is_named_and_made_anew(made: Path) -> None:
    assert run(made, "verify")[0] == 0
    locked = json.loads((made / "dataset.lock.json").read_text("utf-8"))["images"]
    assert all(len(image["controls"]) == 1 and len(image["also"]) == 1 for image in locked.values())
    control = made / "dataset" / next(iter(next(iter(locked.values()))["controls"]))
    whole = control.read_bytes()
    control.write_bytes(whole[:-40])
    code, said = run(made, "verify")
    assert code != 0
    assert "this picture before a change was changed" in said
    control.unlink()
    assert run(made, "dataset")[0] == 0
    assert control.read_bytes() == whole


def test_check_knows_the_pictures_before_the_change(made: Path) -> None:
    code, said = run(made, "check", "dataset")
    assert code == 0, said
    assert f"{NUMBER} pictures checked" in said
    assert "kohya" not in said  # it trains no pairs
    [folder] = [p.name for p in (made / "dataset").iterdir() if p.name.endswith("_night")]
    control = sorted((made / f"dataset/control/{folder}").glob("*.png"))[2]
    whole = control.read_bytes()
    control.unlink()
    code, said = run(made, "check", "dataset")
    control.write_bytes(whole)
    assert code == 1
    assert f"{folder}/{control.name} is of no pair" in said
    assert "no picture before the change has its name" in said
    caption = made / f"dataset/{folder}/{control.stem}.txt"
    words = caption.read_text("utf-8")
    caption.write_text("a street at night, lit by one lamp\n", "utf-8")
    said = run(made, "check", "dataset")[1]
    caption.write_text(words, "utf-8")
    assert "no word that asks for a change" in said


def test_a_pair_that_leaves_takes_both_along(made: Path) -> None:
    (made / "decisions/quality.yaml").write_text("target/p03.jpg: {do: remove}\n", "utf-8")
    text = (made / "project.yaml").read_text("utf-8")
    (made / "project.yaml").write_text(text + "severity: {below-floor: note}\n", "utf-8")
    code, said = run(made, "dataset")
    assert code == 0, said
    assert not list((made / "dataset").rglob("*p03*"))
    assert len([*(made / "dataset").rglob("*.png")]) == 2 * (NUMBER - 1)


def test_a_shifted_pair_stops_the_gate_until_it_is_accepted(made: Path) -> None:
    path = made / "images/target/p05.jpg"
    before, after = Image.open(made / "images/control/p05.jpg"), Image.open(path)
    couples.shifted(before, after)[1].save(path, quality=93)
    code, said = run(made, "gate1")
    assert code != 0
    assert (
        "What comes after does not lie where it lay before - target/p05.jpg: moved 10 px right and 6 px down." in said
    )
    (made / "decisions/gate.yaml").write_text("pair-shifted: {accept: known, reason: it is the move}\n", "utf-8")
    assert run(made, "gate1")[0] == 0
