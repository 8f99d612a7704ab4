"""captions/ in the project's folder, beside images/: read after what lies nearer, counted, and never followed out."""

import os
from pathlib import Path

import pytest

from loraprep.core.records import Image
from loraprep.scan import scan
from tests.trees import picture, put

SMALL = (96, 80)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b", "sub/c", "d"):
        picture(tmp_path, f"images/{name}.png", SMALL)
    return tmp_path


def seen(root: Path, folder: str = "images") -> dict[str, Image]:
    return {image.path: image for image in scan.scan(root / folder, root).images}


def words(found: dict[str, Image]) -> dict[str, list[tuple[str, str]]]:
    return {path: list(image.words) for path, image in found.items() if image.state == "image" and image.words}


def test_words_beside_images_are_read_and_those_of_nobody_are_named(root: Path) -> None:
    put(root, "captions/a.txt", "a hill\n")
    put(root, "captions/sub/c.caption", "a mill\n")
    put(root, "captions/nobody.txt", "lost\n")
    put(root, "captions/metadata.jsonl", '{"file_name": "d.png", "text": "a lake"}\n')
    found = seen(root)
    assert words(found) == {
        "a.png": [("sidecar:./captions/a.txt", "a hill")],
        "sub/c.png": [("sidecar:./captions/sub/c.caption", "a mill")],
        "d.png": [("sidecar:./captions/metadata.jsonl", "a lake")],
    }
    assert found["./captions/nobody.txt"].reason == "words without a picture of that name"
    assert found["./captions/a.txt"].code == "sidecar"


def test_what_lies_nearer_comes_first(root: Path) -> None:
    put(root, "captions/a.txt", "third\n")
    put(root, "images/captions/a.txt", "second\n")
    put(root, "images/a.txt", "first\n")
    assert [text for _, text in words(seen(root))["a.png"]] == ["first", "second", "third"]


def test_a_picture_folder_that_is_the_project_has_its_captions_once(tmp_path: Path) -> None:
    picture(tmp_path, "a.png", SMALL)
    put(tmp_path, "captions/a.txt", "a hill\n")
    found = seen(tmp_path, ".")
    assert words(found) == {"a.png": [("sidecar:captions/a.txt", "a hill")]}
    assert "./captions/a.txt" not in found


def test_pictures_that_lie_elsewhere_have_the_words_of_the_project(tmp_path: Path) -> None:
    picture(tmp_path, "paintings/a.png", SMALL)
    put(tmp_path, "project/captions/a.txt", "a hill\n")
    put(tmp_path, "captions/a.txt", "nobody's\n")
    images = scan.scan(tmp_path / "paintings", tmp_path / "project").images
    assert [image.words for image in images if image.state == "image"] == [(("sidecar:./captions/a.txt", "a hill"),)]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_links_that_lead_out_are_not_read(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = put(tmp_path_factory.mktemp("else"), "a.txt", "secret\n")
    (root / "captions").mkdir()
    (root / "captions/a.txt").symlink_to(secret)
    assert words(seen(root)) == {}
    (root / "captions/a.txt").unlink()
    (root / "captions").rmdir()
    (root / "captions").symlink_to(secret.parent, target_is_directory=True)
    assert words(seen(root)) == {}
