"""Captions as work: what is said of one, what completes a tag, which are shown, and what many take at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from loraprep.captions import booru
from loraprep.core.findings import Code, Finding, catalogue, fix
from loraprep.project import decision_edits
from loraprep.review import views, words
from loraprep.review.snapshot import Reader, ident
from loraprep.review.words import Sought
from tests.reviewed import Reviewed, changed
from tests.runs import run


@pytest.fixture
def page(asked: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked, tmp_path)


@pytest.fixture(scope="module")
def still(asked: Path) -> Reviewed:
    """For tests that only read."""
    return Reviewed(asked)


def of_danbooru(page: Reviewed) -> None:
    """Make the project one for a base model that learned Danbooru's tags, which two trainers train."""
    path = page.root / "project.yaml"
    text = path.read_text("utf-8").replace("model: sd15", "model: illustrious")
    path.write_text(f"{text}dataset: {{trainers: [kohya, onetrainer]}}\n", "utf-8")


def change(page: Reviewed, what: str, said: str, **more: Any) -> Any:
    return page.post("/change", {"what": what, "words": said, **more}).json()


def shown(page: Reviewed, what: str, said: str, **more: Any) -> list[tuple[str, str]]:
    """What a change would make of captions: (before, after)."""
    html = change(page, what, said, **more)["shown"]
    return re.findall(r"<del>(.*?)</del><ins>(.*?)</ins>", html)


@pytest.mark.run
def test_a_caption_is_measured_for_each_trainer_and_its_findings_are_the_reports(page: Reviewed) -> None:
    of_danbooru(page)
    s = page.snapshot()
    path = "scene-00.jpg"
    good = words.measured(s, path, "[trigger], 1girl, oak tree, standing")
    assert [(limit.trainers, limit.limit, limit.over) for limit in good.limits] == [
        ("kohya, onetrainer", 75, False)]  # fmt: skip
    assert good.exact
    long = words.measured(s, path, "[trigger], " + ", ".join(["standing"] * 60))
    assert [limit.over for limit in long.limits] == [True]
    odd = words.measured(s, path, "[trigger], 1girl, oak trees of gold, it appears to be {a|b}")
    assert [chip.unknown for chip in odd.chips] == [False, True, True]
    said = [what for what, _ in odd.said]
    assert any('no Danbooru tags: "it appears to be {a|b}", "oak trees of gold".' in what for what in said)
    assert any("hedges" in what for what in said)
    assert ("A caption would break in training - it holds braces, which some trainers read as wildcards.",
            "Mend it here.") in odd.said  # fmt: skip
    assert not any(path in what for what in said)
    assert words.measured(s, path, "[trigger]").said[0][0] == "It does not say what is in the picture."
    assert (good.most, good.note) == (225, "")
    shown = page.get(f"/desk/{ident('picture', path)}").text
    assert "75 (kohya, onetrainer)</span>; the base model could read 225" in shown  # why there are two limits


@pytest.mark.run
def test_the_trigger_alone_where_that_was_chosen_is_no_fault(asked_together: Path) -> None:
    s = Reader(asked_together).read()  # its captioner is none
    path = words.captioned(s)[0]
    made = words.measured(s, path, "[trigger]")
    assert made.said == []
    assert made.note.startswith("The trigger alone is trained, as you chose.")
    assert words.measured(s, path, "[trigger], a mill at dawn").note == ""


@pytest.mark.parametrize("code", [c for c in catalogue() if c != Code.OPEN_QUESTION])
def test_no_finding_sends_a_person_of_the_page_to_a_file_for_what_is_mended_here(code: Code) -> None:
    entry = catalogue()[code]
    values: dict[str, int | str] = {name: 1 if kind != "text" else "x" for name, kind in entry.values.items()}
    for images in (("a.jpg",), ("a.jpg", "b.jpg")):
        for cause in [name for name in entry.fixes if name] or [""]:
            said = views.here(code, fix(Finding(code, images, {**values, "cause": cause} if cause else values)))
            assert "decisions/gate.yaml" not in said
            assert "for the dots" not in said
            assert "loraprep review" not in said
            if views.about_words(code):
                assert ".txt" not in said
                assert "captions.yaml" not in said.split("write `")[0], said


@pytest.mark.run
def test_parts_are_added_taken_out_moved_and_only_words_of_the_page_are_told(page: Reviewed) -> None:
    def measured(change: Any, text: str = "[trigger], a mill, loose strokes") -> Any:
        return page.post("/measure", {"id": ident("picture", "scene-00.jpg"), "text": text, "change": change})

    assert measured({"add": "oak"}).json()["text"] == "[trigger], a mill, loose strokes, oak"
    assert measured({"delete": "a mill"}).json()["text"] == "[trigger], loose strokes"
    assert measured({"front": "loose strokes"}).json()["text"] == "[trigger], loose strokes, a mill"
    told = measured({"order": ["loose strokes", "a mill"]}).json()
    assert told["text"] == "[trigger], loose strokes, a mill"
    assert re.findall(r'data-piece="([^"]+)"', told["shown"]) == ["loose strokes", "a mill"]
    for nonsense in ({"add": 1}, {"burn": "x"}, {"add": "x", "delete": "y"}, ["x"], "x"):
        assert measured(nonsense).status_code == 400
    evil = measured(None, '[trigger], </textarea><script>alert(1)</script>, "x" onload=y').json()["shown"]
    assert "<script>" not in evil
    assert page.post("/measure", {"id": "nobody", "text": "x"}).status_code == 400


@pytest.mark.run
def test_tags_are_completed_from_the_set_and_from_danbooru_where_the_model_uses_it(page: Reviewed) -> None:
    assert page.get("/complete?word=loose").json() == [["loose strokes", 12]]
    assert page.get("/complete?word=girl").json() == []
    assert page.get("/complete?word=").json() == []
    of_danbooru(page)
    found = page.get("/complete?word=loose_s").json()
    assert found[0] == ["loose strokes", 12]
    assert ["loose socks", booru.tag("loose socks").count] in found  # type: ignore[union-attr]
    names = [name for name, _ in page.get("/complete?word=oak").json()]
    assert all(booru.is_tag(name) for name in names)


@pytest.mark.run
def test_captions_are_sought_by_words_by_words_they_lack_and_by_sort(page: Reviewed) -> None:
    s = page.snapshot()
    every = words.captioned(s)
    assert words.found(s, Sought()) == every == words.found(s, Sought(only="draft"))
    dawn = words.found(s, Sought(find="dawn"))
    assert 0 < len(dawn) < len(every)
    assert words.found(s, Sought(without="dawn")) == [p for p in every if p not in dawn]
    assert words.found(s, Sought(find="dawn", without="dawn")) == []
    assert words.counted(s) == {"none": 0, "draft": len(every), "edited": 0, "long": 0}
    page.answer("captions", every[0], {"caption": "[trigger], " + "oak tree, " * 200})
    s = page.snapshot()
    assert words.found(s, Sought(only="edited")) == words.found(s, Sought(only="long")) == every[:1]
    assert words.counted(s) == {"none": 0, "draft": len(every) - 1, "edited": 1, "long": 1}
    assert page.get("/texts?only=edited").text.count("data-row=") == 1
    assert page.get("/texts?only=nonsense").text.count("data-row=") == len(every)
    assert page.get("/part/texts?from=0&only=draft&not=dawn").headers["x-total"] == str(
        len([p for p in every[1:] if p not in dawn])
    )


@pytest.mark.run
def test_what_a_caption_says_is_not_what_its_file_is_called(page: Reviewed) -> None:
    first = next(path for path in words.captioned(page.snapshot()) if path.startswith("scene-1"))
    page.answer("captions", first, {"caption": "[trigger], a long grey cruiser"})
    s = page.snapshot()
    stem = first.split(".")[0]
    assert first not in words.found(s, Sought(find=stem.replace("-", " ")))
    assert first not in words.found(s, Sought(find=stem)) + words.found(s, Sought(find="yours"))
    assert words.found(s, Sought(name=stem.upper())) == [p for p in words.captioned(s) if stem in p]
    assert words.found(s, Sought(name=stem, find="cruiser")) == [first]
    assert f'value="{stem}"' in page.get(f"/texts?name={stem}").text


@pytest.mark.run
def test_the_sets_own_words_are_those_of_now(page: Reviewed) -> None:
    def used() -> dict[str, int]:
        return {term: n for terms in words.terms_used(page.snapshot()).values() for term, n in terms}

    first, before = words.captioned(page.snapshot())[0], used()
    gone = page.snapshot().captions[first].content[0].casefold()
    page.answer("captions", first, {"caption": "[trigger], a long grey cruiser, loose strokes"})
    assert used()["long grey cruiser"] == 1
    assert used().get(gone, 0) == before[gone] - 1
    assert ["long grey cruiser", 1] in page.get("/complete?word=long+grey").json()


@pytest.mark.run
def test_a_filter_that_finds_nothing_any_more_is_seen(page: Reviewed) -> None:
    assert "bare" not in words.counted(page.snapshot())
    shown = page.get("/texts?only=bare").text
    assert 'data-only="bare" data-key="5" aria-pressed="true"' in shown
    assert "0</b> of" in shown


@pytest.mark.run
def test_a_finding_leads_to_its_captions_and_to_no_others(page: Reviewed) -> None:
    card = next(c for c in views.finding_cards(page.snapshot()) if c.code == Code.CAPTION_DRAFT)
    assert f'href="/texts?of={card.id}"' in page.get("/findings").text
    assert ".txt" not in card.fix
    s = page.snapshot()
    of_it = words.found(s, Sought(of=card.id))
    assert len(of_it) == card.words
    assert card.sentence.split(" (")[0] in page.get(f"/texts?of={card.id}").text
    assert words.found(s, Sought(of="nobody")) == words.captioned(s)


@pytest.mark.run
def test_a_change_to_many_shows_first_and_is_one_edit_that_one_undo_takes_back(page: Reviewed) -> None:
    before = page.file("captions")
    samples = {ident("picture", key) for key in page.snapshot().decisions["captions"].entries}
    told = change(page, "replace", "Loose strokes", put="broken strokes")
    seen = shown(page, "replace", "Loose strokes", put="broken strokes")
    assert page.file("captions") == before
    assert len(told["all"]) == len(seen)
    assert all("loose strokes" in was and "broken strokes" in now for was, now in seen)
    chosen = [one for one in told["all"] if one not in samples]
    left = chosen.pop()
    body = {"what": "replace", "words": "loose strokes", "put": "broken strokes", "write": chosen,
            "expected": decision_edits.document_digest(page.root, "captions")}  # fmt: skip
    assert page.post("/change", body).status_code == 200
    lines = [x for x in changed(before, page.file("captions")) if x != "+ "]
    assert len(lines) == len(chosen) == len(told["all"]) - len(samples & {*told["all"]}) - 1
    assert all(re.fullmatch(r'\+ .+: \{caption: "\[trigger\], .*broken strokes.*"\}', line) for line in lines)
    name = next(path for path in page.snapshot().images if ident("picture", path) == left)
    assert name not in "\n".join(lines)
    code, output = run(page.root, "captions")
    assert code == 0, output
    assert output.count("broken strokes") == len(chosen)
    assert page.post("/undo", {}).status_code == 200
    assert page.file("captions") == before


@pytest.mark.run
def test_only_those_that_are_shown_are_changed(still: Reviewed) -> None:
    dawn = len(words.found(still.snapshot(), Sought(find="dawn")))
    assert len(change(still, "add", "oak", find="dawn")["all"]) == dawn
    assert all(now == f"{was}, oak" for was, now in shown(still, "add", "oak", find="dawn"))
    assert all("loose strokes" not in now for _, now in shown(still, "delete", "loose strokes"))
    assert all(now.startswith("[trigger], loose strokes, ") for _, now in shown(still, "front", "loose strokes"))
    assert change(still, "add", " ") == {"all": [], "shown": change(still, "add", "")["shown"]}
    assert change(still, "replace", "trigger", put="x")["all"] == []
    gone = shown(still, "replace", "loose strokes", put="")
    assert gone
    assert not any(",," in now or ", ," in now or now.endswith(",") for _, now in gone)
    for nonsense in ({"what": "burn", "words": "x"}, {"words": "x"}, {"what": "add", "words": 1}):
        assert still.post("/change", nonsense).status_code == 400
    assert still.post("/change", {"what": "add", "words": "oak", "write": ["nobody"]}).status_code == 400


@pytest.mark.run
def test_a_persons_words_are_taken_back_and_those_of_a_sample_are_not(page: Reviewed) -> None:
    sample = next(iter(page.snapshot().decisions["captions"].entries))
    before = page.file("captions")
    path = next(p for p in words.captioned(page.snapshot()) if p != sample)
    page.post("/answer", {"kind": "captions", "id": ident("picture", path), "values": {"caption": "[trigger], oak"},
                          "expected": decision_edits.document_digest(page.root, "captions")})  # fmt: skip
    mine = words.of_picture(page.snapshot(), path)
    assert mine is not None
    assert (mine.text, mine.origin, mine.own) == ("[trigger], oak", "yours", ident("captions", path))
    assert page.answer("captions", path, {"withdraw": True}).status_code == 200
    assert page.file("captions").strip() == before.strip()
    assert page.answer("captions", sample, {"withdraw": True}).status_code == 400
    assert page.get(f"/desk/{ident('picture', sample)}").status_code == 200
    assert page.get("/desk/nobody").status_code == 404
