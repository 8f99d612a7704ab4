"""Every JSON that is read back, with every value replaced by every other type: a sentence or made anew, no traceback."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.store import FOLDER, Store
from loraprep.core import files
from loraprep.core.dataset_lock import parse_lock
from loraprep.core.errors import UserError
from loraprep.dataset import manifest
from loraprep.pipeline import artifacts
from loraprep.project import decisions
from loraprep.report import set_record
from loraprep.scan import fingerprint, image_list
from tests.hostile import clones
from tests.hostile.others import TEXTS, replaced


def spelled(value: Any) -> Iterator[bytes]:
    yield from (json.dumps(other).encode() for other in replaced(value))
    yield from TEXTS


def brief(value: Any) -> Any:
    """The same with two of what it holds many of: pictures by their names, rows."""
    if isinstance(value, list):
        return [brief(v) for v in (value[:2] if len(value) > 8 else value)]
    if isinstance(value, dict):
        alike = len(value) > 8 and len({type(v) for v in value.values()}) == 1
        return {k: brief(v) for k, v in [*value.items()][: 2 if alike else None]}
    return value


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with everything built, to read."""
    return Path(shutil.copytree(clones.go_project(), tmp_path_factory.mktemp("json") / "mystyle"))


def leaves(kind: type[artifacts.Artifact]) -> Iterator[type[artifacts.Artifact]]:
    below = kind.__subclasses__()
    yield from [kind] if hasattr(kind, "NAME") else []
    for each in below:
        yield from leaves(each)


@pytest.mark.run
@pytest.mark.parametrize("kind", sorted(set(leaves(artifacts.Artifact)), key=lambda k: k.NAME), ids=lambda k: k.NAME)
def test_artefacts_are_read_whole_or_not_at_all(kind: type[artifacts.Artifact], judged: Path) -> None:
    place = judged / "build" / kind.NAME
    if not place.exists():
        pytest.skip(f"{kind.NAME} is not made in this project")
    for data in spelled(brief(json.loads(place.read_text("utf-8")))):
        with contextlib.suppress(ValueError):
            assert isinstance(artifacts.decode(kind, data), kind)


@pytest.mark.run
def test_what_lies_in_git_is_a_sentence_with_its_name(judged: Path, tmp_path: Path) -> None:
    lock = json.loads((judged / "dataset.lock.json").read_text("utf-8"))
    told = 0
    for data in spelled(lock):
        try:
            parse_lock(data.decode("utf-8", "replace"), "dataset.lock.json")
        except UserError as error:
            told += 1
            assert "dataset.lock.json" in str(error)  # noqa: PT017
    assert told > 50
    for data in spelled(json.loads((judged / set_record.SET_RECORD).read_text("utf-8"))):
        with contextlib.suppress(ValueError):
            set_record.parse_set_record(data.decode("utf-8", "replace"))


ANSWER = {
    "captioner": "claude", "model": "m", "prompt": "0" * 12, "examples": "", "parameters": {"effort": "low"}, "schema": 1,
    "state": "seen", "detail": "", "usage": {"input": 5},
    "elements": {"content": {"subject": ["a mill"]}, "style": {}, "content_sentence": "a mill"},
}  # fmt: skip


def test_stored_answers_are_a_sentence_with_their_name_and_never_lost(tmp_path: Path) -> None:
    digest, store = "a" * 64, Store(tmp_path)
    place = tmp_path / FOLDER / f"{digest}.json"
    place.parent.mkdir()
    told = 0
    for data in spelled({"version": 1, "answers": [ANSWER]}):
        place.write_bytes(data)
        try:
            answers = store.read_all([digest])
            if answers:  # what can be read can be written back
                store.add(digest, answers[digest].listed[0])
        except UserError as error:
            told += 1
            assert digest in str(error)  # noqa: PT017
            assert place.read_bytes() == data
    assert told > 50


def test_the_ledger_is_a_sentence_with_its_line(tmp_path: Path) -> None:
    told = 0
    for data in spelled({"id": "abc", "usd": 0.5, "what": "spent"}):
        (tmp_path / "ledger.jsonl").write_bytes(data.replace(b"\n", b" ") + b"\n")
        try:
            assert Budget.open(tmp_path, 1.0).left <= 1.0
        except UserError as error:
            told += 1
            assert "ledger.jsonl" in str(error)  # noqa: PT017
    assert told > 10


@pytest.mark.run
def test_caches_and_memories_are_made_anew(judged: Path, tmp_path: Path) -> None:
    listed = judged / "build/images.jsonl"
    first, second = listed.read_bytes().splitlines()[:2]
    place = tmp_path / "images.jsonl"
    for data in spelled(json.loads(second)):
        place.write_bytes(first + b"\n" + data + b"\n")
        try:
            image_list.read_images(place)
        except UserError as error:
            assert "images.jsonl" in str(error)  # noqa: PT017
    for name in ("scan-unchanged.json", "given-quality.json", "asked-quality.json"):
        kept = json.loads((judged / "build" / name).read_text("utf-8"))
        for data in spelled(brief(kept)):
            (tmp_path / name).write_bytes(data)
            if name == "scan-unchanged.json":
                fingerprint.holds(tmp_path / name, "x", [listed])
            else:
                form = decisions._Given if name.startswith("given") else decisions._Keys
                made = files.remembered(
                    tmp_path / name, judged / "decisions/quality.yaml", lambda form=form: form({}), form
                )
                assert isinstance(made, form)
    (tmp_path / "build").mkdir()
    for data in spelled(brief(json.loads((judged / "build" / manifest.MANIFEST).read_text("utf-8")))):
        (tmp_path / "build" / manifest.MANIFEST).write_bytes(data)
        assert isinstance(manifest.read_manifest(tmp_path), dict)
