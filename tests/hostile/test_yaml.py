"""Every YAML that people edit, with every value replaced by every other type: read, or a sentence with its place."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.captions import approval
from loraprep.captions.samples import own_caption
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.curation import rulings
from loraprep.project import crops, decisions, mentions, project, resolution, trust
from tests.hostile.others import TEXTS, replaced

DIGEST = hashlib.sha256(b"1").hexdigest()
ABOUT: dict[str, Any] = {
    "quality": {"rest": None, "a.jpg": {"what": "small", "recommended": "keep", "do": None, "digests": {"a.jpg": DIGEST[:12]}}},
    "duplicates": {"a.jpg": {"what": "a copy", "pictures": {"a.jpg": "x"}, "recommended": ["a.jpg"], "keep": ["a.jpg"],
                             "digests": {"a.jpg": DIGEST[:12]}}},
    "captions": {"a.jpg": {"caption": "[trigger], a mill", "content": ["a mill"], "style": ["bright"], "tokens": "5 of 75",
                           "form": "prose", "under": {"trigger": "x", "model": "flux", "settings": "1"}, "captioner": "draft",
                           "recommended": "approve", "verdict": "adjust", "digests": {"a.jpg": DIGEST[:12]}}},
    "curation": {"looks": {"what": "two hands", "looks": {"look 1": ["a.jpg"], "look 2": ["b.jpg"]}, "recommended": "together",
                           "answer": ["look 2"], "digests": {"a.jpg": DIGEST[:12]}},
                 "strangers": {"strangers": {"a.jpg": "another"}, "answer": "leave out"},
                 "unlike": {"unlike": {"a.jpg": "darker; the others: lighter"}, "answer": "keep"}},
    "gate": {Code.GREY.value: {"accept": "known", "images": ["a.jpg"], "reason": "so"}},
    "crops": {"a.jpg": {"crop": [0, 0, 0.5, 0.5], "extra": [{"name": "eye", "box": [1, 1, 60, 60], "caption": "an eye"}]}},
}  # fmt: skip


def spelled(value: Any) -> Iterator[bytes]:
    for other in replaced(value):
        yield written(other)
    yield from TEXTS


def written(value: Any) -> bytes:
    """JSON is YAML, but for what no YAML may hold; the outermost keys stand in lines of their own, as we write them."""
    if isinstance(value, dict) and value:
        return "\n".join(f"{json.dumps(key)}: {json.dumps(of)}" for key, of in value.items()).encode()
    return json.dumps(value).encode()


def consume(root: Path, kind: str) -> None:
    """All that reads such a file."""
    there = {"a.jpg": DIGEST, "b.jpg": "0" * 64}
    if kind == "gate":
        accepted = decisions.accepted_findings(root)
        mentions.silent_acceptances(accepted, there)
        return
    if kind == "crops":
        crops.cropped_paths(root)
        crops.detail_captions(root)
        crops.read_crops(root, {"a.jpg": (100, 100)}, there)
        return
    given = decisions.read_decisions(root, kind)
    decisions.decision_keys(root, kind)
    decisions.given_answers(root, kind)
    resolution.stale(given, there)
    mentions.silent_in_decisions(kind, given, there, ())
    for path, digest in there.items():
        resolution.entry_for(given, path, digest)
    for entry in given.entries.values():
        if kind == "captions":
            own_caption(entry)
            approval.approved_words(entry)
        if kind == "curation":
            rulings.curation_entry(entry)
    if kind == "curation":
        rulings.curation_rulings(given, [])
        rulings.settled_findings(given, [], auto=False)
    decisions.update_questions(
        root, kind, "# asked\n", [decisions.Question("b.jpg", {"what": "x"}, {"b.jpg": "0" * 64})]
    )


@pytest.mark.parametrize("kind", ABOUT)
def test_decisions_are_read_or_refused_with_their_place(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "decisions" / f"{kind}.yaml"
    place.parent.mkdir()
    (tmp_path / "build").mkdir()
    place.write_bytes(written(ABOUT[kind]))
    consume(tmp_path, kind)
    refused = 0
    for data in spelled(ABOUT[kind]):
        place.write_bytes(data)
        try:
            consume(tmp_path, kind)
        except UserError as error:
            refused += 1
            assert f"decisions/{kind}.yaml" in str(error), data  # noqa: PT017
            assert place.read_bytes() == data  # never mended behind a person's back
    assert refused > 20


PROJECT = {
    "version": 1, "name": "mine", "model": "sd15", "trigger": "x1", "images": {"folder": "images", "include": ["**/*"]},
    "intent": {"kind": "style", "description": "d", "fused": ["x"]}, "groups": {"a": {"trigger": "y", "repeats": 2}},
    "captioning": {"captioner": ["existing", "draft"], "budget_usd": 1, "prices": {"m": {"input": 1, "output": 2}}},
    "dataset": {"trainers": ["kohya"], "repeats": 2}, "severity": {"grey": "note"}, "review": {"quality": "auto"},
    "thresholds": {"audit": {"max_megapixels": 50}},
}  # fmt: skip


def test_project_yaml_is_read_or_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    refused = 0
    for data in spelled(PROJECT):
        (tmp_path / "project.yaml").write_bytes(data)
        try:
            project.load(tmp_path)
        except UserError as error:
            refused += 1
            assert "project.yaml" in str(error) or "images" in str(error), data  # noqa: PT017
    assert refused > 100


def test_a_persons_settings_are_read_or_refused_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "config.yaml"
    monkeypatch.setenv("LORAPREP_CONFIG", str(place))
    granted = {
        "projects": {str(tmp_path): {"folders": [str(tmp_path)], "budget_usd": 1.0, "servers": []}},
        "upscaler": {"command": ["x"]},
    }
    for data in spelled(granted):
        place.write_bytes(data)
        try:
            trust.granted(tmp_path)
            trust.picture_folders(tmp_path)
        except UserError as error:
            assert "config.yaml" in str(error), data  # noqa: PT017
