"""What the documentation says is there."""

import re
from pathlib import Path

import pytest

from loraprep import bundled
from loraprep.__main__ import HELP
from loraprep.project import profile

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "resources").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_command_of_the_help_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in re.findall(r"^  (loraprep \w+)", HELP, re.MULTILINE):
        assert f"`{command}" in readme or f"{command} " in readme, command


def test_texts_and_profiles_agree_on_the_numbers() -> None:
    sizes = (ROOT / "resources/dataset/dataset-sizes.md").read_text("utf-8")
    floors = {"character": 5, "style": 10, "object": 5}
    for kind in bundled.names("resources/kinds"):
        data = profile("kinds", kind)
        low, high = data["recommended"]["min"], data["recommended"]["max"]
        assert f"| {kind} | {low}-{high} | {floors[kind]} |" in sizes
        assert data["floor"] == floors[kind]


def test_every_base_model_has_a_valid_profile() -> None:
    wanted = {"sd15", "sdxl", "pony", "illustrious", "noobai", "flux", "sd35", "qwen-image", "z-image", "chroma"}
    assert wanted <= set(bundled.names("resources/models"))
    for model in bundled.names("resources/models"):
        data = profile("models", model)
        assert data["encoder"]["soft"] <= data["encoder"]["hard"]
