"""Whose words the captions are decides the verdict; what was approved is what trains. Whole runs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from loraprep.project import profiles
from loraprep.trainers import prompts
from tests import scenes
from tests.runs import answer, append, replace, run

pytestmark = pytest.mark.run
SKIP_CURATION = "review: {quality: auto, duplicates: auto, curation: auto}\n"


def project(root: Path, names: list[str], described: int = 0, settings: str = "") -> Path:
    """A project of pictures under these names; the last `described` have a .txt beside them."""
    scenes.pictures(root, len(names))
    for picture, name in zip(sorted((root / "images").iterdir()), names, strict=True):
        target = root / "images" / f"{name}.jpg"
        target.parent.mkdir(exist_ok=True)
        picture.rename(target)
    for number, name in enumerate(names[len(names) - described :]):
        (root / "images" / f"{name}.txt").write_text(f"a {scenes.SUBJECTS[number]} beside a red fence", "utf-8")
    (root / "project.yaml").write_text(scenes.SETTINGS + SKIP_CURATION + settings, "utf-8")
    return root


def judged(root: Path) -> dict[str, Any]:
    code, output = run(root, "gate1")
    gate: dict[str, Any] = json.loads((root / "build/gate1.json").read_text("utf-8"))
    assert code == (gate["verdict"] != "GO"), output
    return gate


def codes(gate: dict[str, Any], severity: str = "block") -> set[str]:
    return {r["code"] for r in gate["reasons"] if r["severity"] == severity and not r["accepted"]}


def captions(root: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return found


GROUPS = [
    [f"intro_{n:02}" for n in range(9)] + ["coast", "inland", "downhill"],
    [f"IMG_{2231 + n}" for n in range(12)],
    [f"A_New_Land/story{n}" for n in range(12)],
]


@pytest.mark.parametrize("names", GROUPS, ids=["intro", "camera", "story"])
def test_names_alone_are_no_go_until_the_artist_says_why(names: list[str], tmp_path: Path) -> None:
    root = project(tmp_path / "p", names)
    gate = judged(root)
    assert "only-named" in codes(gate)
    assert (gate["counts"]["captioned"], gate["counts"]["named"], gate["counts"]["kept"]) == (0, 12, 12)
    texts = " ".join(c["text"] for c in captions(root).values())
    assert not any(word in texts for word in ("intro", "img", "story", "a land", "new land"))
    record = json.loads((root / "report/set.json").read_text("utf-8"))
    assert {f["grade"] for f in record["files"].values()} == {"named"}
    assert "Captioned: 0/12 (0%)" in (root / "dataset-report.md").read_text("utf-8")

    answer(root / "decisions/captions.yaml")  # accepting what is recommended describes nothing
    gate = judged(root)
    assert "only-named" in codes(gate)

    said = run(root, "gate1")[1]
    assert said.count("in decisions/gate.yaml") == 1, said
    for nothing, why in (("...", '"..." says nothing yet'), ("", "must not be empty")):
        (root / "decisions/gate.yaml").write_text(f'only-named: {{accept: known, reason: "{nothing}"}}\n', "utf-8")
        code, said = run(root, "gate1")
        assert code == 1, said
        assert f"decisions/gate.yaml:1:37: only-named.reason: {why}" in said
        assert "in your own words" in said

    reason = "these teach a palette, and I prompt by colour"
    (root / "decisions/gate.yaml").write_text(f'only-named: {{accept: known, reason: "{reason}"}}\n', "utf-8")
    gate = judged(root)
    assert (gate["verdict"], codes(gate)) == ("GO", set())
    assert [r["accepted"] for r in gate["reasons"] if r["code"] == "only-named"] == [reason]
    report = (root / "dataset-report.md").read_text("utf-8")
    assert reason in report
    assert "Captioned: 0/12" in report


def test_one_word_for_another_over_all_captions_describes_none(tmp_path: Path) -> None:
    root = project(tmp_path / "p", [f"{word} hull" for word in ("bold", "grey", "long", "odd", "slim", "vast")]
                   + [f"{word} keel" for word in ("broad", "curved", "deep", "false", "straight", "worn")])  # fmt: skip
    answer_by_hand(root)
    assert "only-named" in codes(judged(root))
    lying = captions(root)
    entries = [
        f"{path}: {{caption: {json.dumps(caption['text'].replace('hull', 'spaceship').replace('keel', 'spaceship'))}}}"
        for path, caption in lying.items()
        if caption["origin"] == "draft"
    ]
    path = root / "decisions/captions.yaml"
    before = path.read_text("utf-8")
    path.write_text("\n".join([before, *entries, ""]), "utf-8")
    gate = judged(root)
    assert "only-named" in codes(gate)
    assert gate["counts"]["named"] == len(entries)
    assert "what many captions were given alike" in next(
        r["sentence"] for r in gate["reasons"] if r["code"] == "only-named"
    )
    of_each = [entry.replace("spaceship", f"spaceship with {thing}") for entry, thing in zip(
        entries, ("two fins", "a ramp", "red wings", "a dome", "six lamps", "a mast", "open doors"), strict=True)]  # fmt: skip
    path.write_text("\n".join([before, *of_each, ""]), "utf-8")
    gate = judged(root)
    assert (gate["counts"]["named"], gate["verdict"]) == (0, "GO")


def test_a_fifth_is_listed_and_more_blocks(tmp_path: Path) -> None:
    names = [f"DSC0{n:04}" for n in range(4)] + [f"scene{chr(97 + n)}" for n in range(11)]
    root = project(tmp_path / "p", names, described=12)
    answer_by_hand(root)
    gate = judged(root)
    assert gate["counts"]["described"] == 12
    assert {i for r in gate["reasons"] if r["code"] == "caption-draft" for i in r["images"]} == {
        f"DSC0{n:04}.jpg" for n in range(3)
    }
    assert "only-named" not in codes(gate)
    (root / "images/DSC00003.txt").unlink()
    gate = judged(root)
    assert "only-named" in codes(gate)
    assert "caption-draft" not in codes(gate, "warn")  # one finding for one fact
    append("project.yaml", "captioning: {captioner: none}\n")(root)
    gate = judged(root)
    assert (gate["verdict"], gate["counts"]["captioned"], gate["counts"]["trigger_only"]) == ("GO", 15, 15)


def answer_by_hand(root: Path, verdict: str = "approve") -> None:
    """Has Gate 1 ask, and gives every sample this verdict."""
    run(root, "samples")
    path = root / "decisions/captions.yaml"
    path.write_text(path.read_text("utf-8").replace("verdict: null", f"verdict: {verdict}"), "utf-8")


@pytest.mark.parametrize("how", ["rest", "auto"])
def test_accepting_the_rest_never_settles_a_sample_without_content(how: str, tmp_path: Path) -> None:
    root = project(tmp_path / "p", ["IMG_0001"] + [f"scene{chr(97 + n)}" for n in range(11)], described=11)
    if how == "auto":
        replace("project.yaml", "curation: auto", "curation: auto, captions: auto")(root)
    run(root, "samples")
    assert "IMG_0001.jpg:" in (root / "decisions/captions.yaml").read_text("utf-8")  # it is one of the samples
    if how == "rest":
        answer(root / "decisions/captions.yaml")
    gate = judged(root)
    assert gate["waiting"] == {"captions": ["IMG_0001.jpg"]}
    assert captions(root)["IMG_0001.jpg"]["grade"] == "named"
    (root / "images/IMG_0001.txt").write_text("a mill beside a pond", "utf-8")
    assert judged(root)["verdict"] == "GO"


def test_an_approved_caption_is_what_trains(tmp_path: Path) -> None:
    root = project(tmp_path / "p", [f"scene{chr(97 + n)}" for n in range(12)], described=12)
    answer_by_hand(root)
    assert judged(root)["verdict"] == "GO"
    first = re.search(r"Try first: `([^`]*)`", (root / "dataset-report.md").read_text("utf-8"))
    assert first is not None
    assert re.fullmatch(r"brushy, (?!an? ).*", first[1])  # in tags, as an export's file for the trainer has it
    assert first[1] == prompts.in_form(first[1], "brushy", (), profiles.base_model("sd15"))
    approved = {p: c["text"] for p, c in captions(root).items() if c["origin"] == "approved"}
    assert len(approved) == 5
    for path in approved:  # other words beside them, a captioner that reads only those
        (root / "images" / path).with_suffix(".txt").write_text("something else altogether", "utf-8")
    append("project.yaml", "captioning: {captioner: [existing, draft]}\n")(root)
    assert judged(root)["verdict"] == "GO"
    assert {p: captions(root)[p]["text"] for p in approved} == approved

    replace("project.yaml", "trigger: brushy", "trigger: emberveil")(root)
    gate = judged(root)
    assert gate["waiting"] == {"captions": sorted(f"{p} (again)" for p in approved)}
    text = (root / "decisions/captions.yaml").read_text("utf-8")
    assert all(f"before: {json.dumps(said)}" in text or f"before: {said}" in text for said in approved.values())
    assert text.count("its trigger changed since you approved it") == 5
    answer_by_hand(root)
    assert judged(root)["verdict"] == "GO"  # asked once
    assert {captions(root)[p]["text"] for p in approved} == {
        c["text"] for c in captions(root).values() if c["origin"] == "approved"
    }
    assert all(captions(root)[p]["text"].startswith("emberveil, something else altogether") for p in approved)


def test_the_terminal_says_how_many_are_set_aside_until_they_are_answered_for(tmp_path: Path) -> None:
    root = project(tmp_path / "p", [f"scene{chr(97 + n)}" for n in range(8)], described=8)
    Image.open(root / "images/scenea.jpg").resize((320, 280)).save(root / "images/scenea_small.jpg", quality=80)
    (root / "project.yaml").write_text(scenes.SETTINGS, "utf-8")
    told = "Until you answer, 1 picture (1 copy) is set aside: all other counts are of the 8 that train."
    assert told in run(root, "gate1")[1].replace("\n", " ")
    answer(root / "decisions/duplicates.yaml")
    assert "set aside" not in run(root, "gate1")[1]


def test_small_pictures_that_somebody_keeps_are_not_to_be_mended(tmp_path: Path) -> None:
    root = project(tmp_path / "p", [f"scene{chr(97 + n)}" for n in range(8)], described=8)
    scenes.scene(977, 320, 280).save(root / "images/tiny.jpg")
    (root / "images/tiny.txt").write_text("a kite over a field", "utf-8")
    (root / "project.yaml").write_text(scenes.SETTINGS, "utf-8")

    def accepted() -> list[tuple[list[str], str]]:
        return [(r["images"], r["accepted"]) for r in judged(root)["reasons"] if r["code"] == "too-small"]

    assert accepted() == [(["tiny.jpg"], "")]
    path = root / "decisions/quality.yaml"
    path.write_text(path.read_text("utf-8").replace("do: null", "do: keep"), "utf-8")
    assert accepted() == [(["tiny.jpg"], "you keep them, in decisions/quality.yaml")]
