"""What the documentation says is there."""

import re
from pathlib import Path

import pytest

from loraprep.cli import commands
from loraprep.core import resources
from loraprep.project import crops, groups, profiles
from loraprep.project.project import load
from tests import ROOT, modeltable

PAGES = [ROOT / "README.md", *sorted((ROOT / "resources").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_command_of_the_help_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in (c.name for c in commands.every() if not c.inner):
        command = f"loraprep {name}"
        assert f"`{command}" in readme or f"{command} " in readme, command


def test_texts_and_profiles_agree_on_the_numbers() -> None:
    sizes = (ROOT / "resources/dataset/dataset-sizes.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z]+) \| (\d+)-(\d+) \| (\d+) \|", sizes, re.MULTILINE)
    assert {name for name, *_ in rows} <= set(resources.names("resources/kinds"))
    assert {name: tuple(map(int, numbers)) for name, *numbers in rows} == {
        name: (k.recommended.min, k.recommended.max, k.floor) for name, *_ in rows for k in [profiles.kind(name)]
    }
    assert {"character", "style", "object"} <= {name for name, *_ in rows}


def test_every_base_model_has_a_valid_profile() -> None:
    wanted = {"sd15", "sdxl", "pony", "illustrious", "noobai", "flux", "sd35", "qwen-image", "z-image", "chroma"}
    assert wanted <= set(resources.names("resources/models"))
    for model in resources.names("resources/models"):
        encoder = profiles.base_model(model).encoder
        assert encoder.soft <= encoder.hard


def snippet(start: str) -> str:
    """The YAML block of the README that begins so."""
    readme = (ROOT / "README.md").read_text("utf-8")
    return next(b for b in re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL) if b.startswith(start))


def test_the_groups_of_the_readme_do_what_it_says(tmp_path: Path) -> None:
    project = "version: 1\nname: emma\nmodel: sdxl\ntrigger: emma\nintent: {kind: character}\n"
    (tmp_path / "images").mkdir()
    (tmp_path / "project.yaml").write_text(project + snippet("groups:"), "utf-8")
    settings = load(tmp_path).settings
    assert [(g.folder, g.trigger, g.words, g.repeats) for g in groups.every(settings)] == [
        ("red dress", "emma_red", ("red dress",), None), ("sketches", "emma_pencil", (), 2),
    ]  # fmt: skip


def test_the_crops_of_the_readme_do_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions/crops.yaml").write_text(snippet("# yaml-language-server: $schema=../schemas/crops"), "utf-8")
    cuts = crops.read_crops(tmp_path, {"pier.jpg": (1280, 960)}, {"pier.jpg": None})
    assert [(c.path, c.of) for c in cuts] == [("pier#face.jpg", "pier.jpg"), ("pier.jpg", "pier.jpg")]
    assert crops.detail_captions(tmp_path) == {"pier#face.jpg": "[trigger], close-up of a fisherman's face"}


def test_the_table_of_base_models_is_made_of_their_profiles() -> None:
    assert (ROOT / "resources/models.md").read_text("utf-8") == modeltable.page()
