"""Finding heads with dlib: what is found in photographs, what bad input does, and that a lost model is one sentence."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from loraprep.carried import reading
from loraprep.core.errors import UserError
from loraprep.heads import finding, views
from tests.heads.photographs import astronaut, hopper
from tests.scenes import scene

pytest.importorskip("dlib")
pytest.importorskip("skimage")


@pytest.fixture(autouse=True)
def _looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.delenv(reading.UNREAD, raising=False)
    monkeypatch.setattr(socket.socket, "connect", refused)
    models = finding.models
    yield
    models.cache_clear()


def test_one_head_is_found_in_a_photograph_of_one_person() -> None:
    for picture, framing in ((astronaut(), "upper body"), (hopper(), "portrait")):
        found = finding.found_in(picture)
        assert found.total == len(found.heads) == len(found.faces) == 1
        assert len(found.faces[0]) == finding.NUMBERS * 4
        assert not found.heads[0].cut
        measured = views.measured({"a": found.heads})
        assert measured == {"content.framing": {"a": framing}, "content.angle": {"a": "front"}}


def test_faces_of_one_person_are_nearer_than_those_of_two() -> None:
    def face(picture: Image.Image) -> Any:
        return np.frombuffer(finding.found_in(picture).faces[0], np.float32)

    one, other = face(astronaut()), face(hopper())
    again = face(ImageOps.mirror(astronaut()).resize((400, 400)))
    assert np.linalg.norm(one - again) < 0.4
    assert np.linalg.norm(one - other) > 0.6


def test_in_a_mirror_a_head_is_turned_the_other_way() -> None:
    there, back = finding.found_in(astronaut()).heads[0], finding.found_in(ImageOps.mirror(astronaut())).heads[0]
    assert 0 < there.turn < 0.04
    assert there.turn == pytest.approx(-back.turn, abs=0.01)
    assert there.slant == pytest.approx(-back.slant, abs=1)


def test_several_threads_find_what_one_does() -> None:
    """A pool that cannot start processes works in threads."""
    pictures = [astronaut().resize((size, size)) for size in range(400, 480, 10)]
    alone = [finding.found_in(picture).heads for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert [found.heads for found in pool.map(finding.found_in, pictures)] == alone


def test_two_people_are_two_heads_the_larger_first() -> None:
    both = Image.new("RGB", (1100, 600), "white")
    both.paste(astronaut(), (0, 0))
    both.paste(hopper(), (560, 0))
    found = finding.found_in(both)
    assert len(found.heads) == 2
    assert found.heads[0].box[0] > 0.5
    assert views.findings({"a": found.heads}, 1, alone=True)[-1].images == ("a",)


@pytest.mark.parametrize("box", [(215, 0, 512, 600), (0, 0, 330, 600), (0, 150, 512, 600), (0, 0, 512, 300)])
def test_a_face_that_the_edge_cuts_is_called_cut(box: tuple[int, int, int, int]) -> None:
    (head,) = finding.found_in(hopper().crop(box)).heads
    assert head.cut
    assert min(head.box) >= 0
    assert max(head.box) <= 1


@pytest.mark.parametrize("size", [(1, 1), (39, 4000), (40, 40), (3, 900)])
def test_tiny_and_thin_pictures_show_nothing(size: tuple[int, int]) -> None:
    assert finding.found_in(Image.new("RGB", size, "grey")) == finding.Found()


def test_no_head_is_found_in_a_drawn_scene_and_lying_on_its_side_none_is_harmful() -> None:
    assert finding.found_in(scene(3)) == finding.Found()
    assert finding.found_in(astronaut().rotate(90)).total <= 1
    assert finding.found_in(ImageOps.flip(astronaut())).total <= 1


def test_thousands_of_heads_are_counted_and_few_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    import dlib

    ready = finding.models()
    many = [dlib.rectangle(n % 90, n % 70, n % 90 + 60, n % 70 + 60) for n in range(5000)]
    crowd = SimpleNamespace(run=lambda *_: (many, [1.0] * len(many), [0] * len(many)))
    monkeypatch.setattr(finding, "models", lambda: ready._replace(detector=crowd))
    found = finding.found_in(hopper())
    assert (found.total, len(found.heads), len(found.faces)) == (5000, finding.MOST, finding.DESCRIBED)


@pytest.mark.parametrize("part", ["points", "describe"])
@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_a_model_that_is_lost_or_cut_is_one_sentence(
    part: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec(finding.PACKAGES[1])
    assert spec is not None
    assert spec.submodule_search_locations
    models = tmp_path / "face_recognition_models" / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").write_text("raise AssertionError('it was imported')")
    for name in finding._MODELS.values():
        shutil.copyfile(Path(spec.submodule_search_locations[0]) / "models" / name, models / name)
    broken = models / finding._MODELS[part]
    if damage == "lost":
        broken.unlink()
    else:
        broken.write_bytes(broken.read_bytes()[:50_000])
    here = SimpleNamespace(submodule_search_locations=[str(models.parent)])
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda name: here)
    finding.models.cache_clear()
    with pytest.raises(UserError) as told:
        finding.models()
    (problem,) = told.value.problems
    assert (
        problem.message == f"dlib cannot find heads: {broken.name} is {'damaged' if damage == 'cut' else 'not there'}"
    )
    assert "pip install" in problem.hint


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding.importlib.util, "find_spec", lambda name: None)
    assert not finding.installed()
    finding.models.cache_clear()
    with pytest.raises(UserError) as told:
        finding.models()
    assert "loraprep[faces]" in str(told.value.problems[0].hint)
