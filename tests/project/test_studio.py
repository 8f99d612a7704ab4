"""studio.md as people write it."""

from pathlib import Path

import pytest

from loraprep.project import studio

TABLE = """\
# Studio
Base model: SD 1.5

## Models
Some words.

| Name | Base | Use |
|:-----|------|-----|
| Main | **Flux.1-dev** | all |
| Old | `Stable Diffusion XL` | sketches |
| Again | [Flux](https://example.org/a) | posters |
| Other | Kandinsky | never |
| Open | - | |
| Short |

## Other
| Base |
|------|
| Pony |
"""


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        (TABLE, ["flux", "sdxl"], ["Kandinsky"]),
        (TABLE.replace("\n", "\r\n"), ["flux", "sdxl"], ["Kandinsky"]),
        ("Base model: SDXL 1.0\n", ["sdxl"], []),
        ("- **Base model**: Flux\n", ["flux"], []),
        ("**Base model:** Flux\n", ["flux"], []),
        ("* base model : SDXL / Flux\n", ["sdxl", "flux"], []),
        ("Base model:\n- something\n", [], []),
        ("Base model: none\n", [], []),
        ("## Models\n\n| Name | Base |\n|---|---|\n\nBase model: Flux\n", ["flux"], []),
        ("## Models\n| Name | Kind |\n|---|---|\n| a | b |\n", [], []),
        ("", [], []),
    ],
)
def test_reads_the_base_models(text: str, known: list[str], unknown: list[str]) -> None:
    assert studio.base_models(text.replace("\r\n", "\n")) == (known, unknown)


def test_every_alias_leads_to_its_own_model() -> None:
    from loraprep.core import resources
    from loraprep.project.profiles import base_model

    for model in resources.names("resources/models"):
        for name in (model, base_model(model).title, *base_model(model).aliases):
            assert studio.model_id(name) == model


def test_finds_the_nearest_studio_and_its_home(tmp_path: Path) -> None:
    deep = tmp_path / "studio/grimoire/training"
    deep.mkdir(parents=True)
    (tmp_path / "studio.md").write_text("Base model: SDXL\n")
    (tmp_path / "studio/grimoire/studio.md").write_bytes(b"\xef\xbb\xbfBase model: Flux\r\n")
    assert studio.studio_file(tmp_path / "studio") == tmp_path / "studio/grimoire/studio.md"
    assert studio.studio_folder(deep) == studio.studio_folder(tmp_path / "studio/grimoire") == tmp_path / "studio"
    assert studio.studio_models(deep) == (tmp_path / "studio/grimoire/studio.md", ["flux"], [])
    (tmp_path / "plain").mkdir()
    assert studio.studio_folder(tmp_path / "plain") == tmp_path
    assert studio.studio_models(tmp_path / "plain") == (tmp_path / "studio.md", ["sdxl"], [])


def test_outside_a_studio(tmp_path: Path) -> None:
    assert studio.studio_folder(tmp_path) is None
    assert studio.studio_models(tmp_path) == (None, [], [])
