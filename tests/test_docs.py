"""What the documentation says is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from jsonschema import Draft202012Validator

from loraprep.captions import registry
from loraprep.cli import commands, tree
from loraprep.core import resources
from loraprep.core.findings import Code
from loraprep.project import crops, groups, profiles, schema
from loraprep.project.project import load
from tests import ROOT, docs, shots

PAGES = [ROOT / "README.md", *sorted((ROOT / "resources").rglob("*.md"))]


_LINKED = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINKED.findall(_CODE.sub("", page.read_text("utf-8"))):
        place, _, heading = target.partition("#")
        if ":" in place:
            continue  # elsewhere: nothing here asks a network
        aim = page.parent / place if place else page
        assert aim.exists(), target
        assert not heading or heading in _headings(aim), target


def _headings(page: Path) -> set[str]:
    """What a heading is called in a link, as GitHub makes it."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in found}


def test_every_page_of_the_reference_is_reached_from_the_readme() -> None:
    linked = set(_LINKED.findall((ROOT / "README.md").read_text("utf-8")))
    assert {p.relative_to(ROOT).as_posix() for p in docs.FOLDER.glob("*.md")} <= linked


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 1500


def test_the_pictures_of_the_readme_are_of_today() -> None:
    assert shots.MADE_OF.read_text("utf-8").strip() == shots.digest(), "python -m tests.shots takes them anew"


@pytest.mark.parametrize("name", docs.PAGES)
def test_the_reference_is_what_the_command_makes(name: str) -> None:
    assert (docs.FOLDER / name).read_text("utf-8") == docs.PAGES[name](), "python -m tests.docs writes it anew"


def test_the_reference_has_every_name_that_there_is() -> None:
    for page, names in {
        "base-models.md": resources.names("resources/models"),
        "captioners.md": registry.captioner_names(),
        "commands.md": [f"### loraprep {c.name}\n" for c in commands.every()],
        "findings.md": [code.value for code in Code],
        "kinds.md": resources.names("resources/kinds"),
        "trainers.md": resources.names("resources/trainers"),
    }.items():
        text = (docs.FOLDER / page).read_text("utf-8")
        assert [n for n in names if (n if n.startswith("#") else f"`{n}`") not in text] == [], page


@pytest.mark.parametrize("name", ["project", "user", *docs.DECISIONS])
def test_the_reference_has_every_key(name: str) -> None:
    """Every key of a schema is the last part, or one on the way, of a key of its page."""
    text = (docs.FOLDER / ("decisions.md" if name in docs.DECISIONS else "settings.md")).read_text("utf-8")
    told = {part for key in re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE) for part in re.split(r"[.\[\]]+", key)}
    assert set(_keys(schema.schema(name))) <= told


def _keys(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for child in node.values():
            yield from _keys(child)
    elif isinstance(node, list):
        for child in node:
            yield from _keys(child)


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(docs.FOLDER.glob("*.md"))], ids=lambda p: p.name)
def test_the_commands_in_the_pages_are_there_with_their_options(page: Path) -> None:
    text = page.read_text("utf-8")
    typed = re.findall(r"^\$ (?:eval \"\$\()?loraprep (.*)$", text, re.MULTILINE)
    for line in [*typed, *re.findall(r"`loraprep ([^`]+)`", text)]:
        words = re.sub(r"^-C \S+ ", "", line.partition(" #")[0].partition(" | ")[0]).split()
        if words[0] in ("COMMAND", "--help"):
            continue
        command = tree.ROOT.get_command(click.Context(tree.ROOT), words[0])
        assert command, line
        known = {"--help", *(option for p in command.params for option in (*p.opts, *p.secondary_opts))}
        if words[0] != "doit":  # whose options are its own
            assert {w.partition("=")[0] for w in words if w.startswith("-")} <= known, line


def test_every_yaml_example_can_be_read() -> None:
    for page in [ROOT / "README.md", *docs.FOLDER.glob("*.md")]:
        for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            assert isinstance(yaml.safe_load(block), dict), block


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


def test_the_upscaler_of_the_pages_is_one_that_a_person_may_set() -> None:
    text = (docs.FOLDER / "dataset.md").read_text("utf-8")
    (block,) = [b for b in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if b.startswith("upscaler:")]
    assert not list(Draft202012Validator(schema.schema("user")).iter_errors(yaml.safe_load(block)))
