"""What a person trusts a project with: in their settings, for one folder, and nothing else in there is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from loraprep.core.errors import UserError
from loraprep.project import trust
from loraprep.project.trust import ModelPrice, Server, Trust

EVERYTHING = Trust(
    folders=("/data/paintings",),
    servers=(Server("https://box.example/v1", "BOX_KEY"), Server("http://127.0.0.1:9999/v1")),
    prices=(ModelPrice("claude-next-9", 2.0, 10.0),),
    budget_usd=1.25,
)
MINE = """\
# my own settings

upscaler:  # on this machine
  command: [upscale, "{input}", "{output}"]   # fast
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mine/config.yaml"
    monkeypatch.setenv("LORAPREP_CONFIG", str(path))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "mill").mkdir()
    return tmp_path / "mill"


def test_what_is_granted_is_there_again_and_for_that_folder_alone(root: Path, config: Path) -> None:
    assert not trust.granted(root)
    trust.grant(root, EVERYTHING)
    assert trust.granted(root) == EVERYTHING
    assert not trust.granted(root.with_name("mil"))
    assert not trust.granted(root / "below")
    assert trust.trusted_folders(root) == (Path("/data/paintings").resolve(),)
    (root.parent / "link").symlink_to(root)
    assert trust.granted(root.parent / "link") == EVERYTHING  # the same folder
    assert trust.revoke(root)
    assert not trust.granted(root)
    assert not trust.revoke(root)


def test_an_amount_takes_the_place_of_the_one_before_and_the_rest_is_added(root: Path, config: Path) -> None:
    trust.grant(root, EVERYTHING)
    trust.grant(root, Trust(budget_usd=0.5, servers=(Server("https://other.example"),)))
    now = trust.granted(root)
    assert now.budget_usd == 0.5
    assert now.servers == (*EVERYTHING.servers, Server("https://other.example"))
    trust.trust_folder(root, root.parent)
    assert set(trust.granted(root).folders) == {"/data/paintings", str(root.parent.resolve())}
    assert trust.granted(root).budget_usd == 0.5


@pytest.mark.parametrize("before", ["", "# nothing yet\n", MINE, MINE.replace("\n", "\r\n")])
def test_the_rest_of_the_settings_stays_byte_for_byte(root: Path, config: Path, before: str) -> None:
    config.parent.mkdir()
    config.write_bytes(before.encode())
    trust.grant(root, EVERYTHING)
    other = root.parent / "other"
    trust.grant(other, Trust(budget_usd=2.0))
    assert config.read_bytes().startswith(before.encode().rstrip())
    assert trust.granted(root) == EVERYTHING
    assert trust.granted(other).budget_usd == 2.0
    trust.revoke(root)
    assert trust.granted(other).budget_usd == 2.0
    trust.revoke(other)
    assert config.read_bytes().rstrip() == before.encode().rstrip()


@pytest.mark.parametrize(
    "text",
    [
        "trust: {/x: {budget_usd: -1}}\n",
        "trust: {/x: {budget_usd: .nan}}\n",
        "trust: {/x: {budget_usd: .inf}}\n",
        "trust: {/x: {budget: 1}}\n",
        "trust: {/x: {servers: [{variable: X}]}}\n",
        "trust: [1]\n",
    ],
)
def test_settings_that_do_not_fit_are_said_and_nothing_is_granted(root: Path, config: Path, text: str) -> None:
    config.parent.mkdir()
    config.write_text(text, "utf-8")
    with pytest.raises(UserError) as error:
        trust.granted(root)
    assert str(error.value).startswith(f"{config}:1:")
    assert error.value.exit_code == 3


def test_settings_that_lie_in_the_project_are_not_the_persons(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORAPREP_CONFIG", str(root / "config.yaml"))
    (root / "config.yaml").write_text(f"trust: {{{root.resolve().as_posix()}: {{budget_usd: 500}}}}\n", "utf-8")
    assert not trust.granted(root)
    with pytest.raises(UserError, match="your settings lie inside this project"):
        trust.grant(root, Trust(budget_usd=1.0))


@pytest.mark.parametrize(
    ("address", "variable", "free"),
    [
        ("http://localhost:11434/v1", "", True),
        ("http://127.0.0.1:1234/v1", "", True),
        ("http://[::1]:8080/v1", "", True),
        ("http://localhost:11434/v1", "AWS_SECRET_ACCESS_KEY", False),
        ("http://localhost:11434", "", False),
        ("http://localhost:11434/v1/", "", False),
        ("http://localhost:11434/v1/../x", "", False),
        ("https://localhost:11434/v1", "", False),
        ("http://localhost:22/v1", "", False),
        ("http://localhost/v1", "", False),
        ("http://192.168.1.5:11434/v1", "", False),
        ("http://localhost.evil.example:11434/v1", "", False),
        ("http://evil.localhost:11434/v1", "", False),
    ],
)
def test_only_a_usual_place_on_this_machine_needs_no_word(address: str, variable: str, free: bool) -> None:
    asked = Trust(servers=(Server(address, variable),))
    assert bool(trust.lacking(asked, Trust())) is not free


@pytest.mark.parametrize("budget", [0.5, 1.25])
def test_a_lower_amount_or_a_higher_price_is_covered(budget: float) -> None:
    asked = Trust(prices=(ModelPrice("claude-next-9", 3.0, 10.0),), budget_usd=budget)
    assert not trust.lacking(asked, EVERYTHING)
    for more in (1.26, float("inf"), float("nan")):
        assert trust.lacking(Trust(budget_usd=more), EVERYTHING)
    assert trust.lacking(Trust(prices=(ModelPrice("claude-next-9", 2.0, 9.99),)), EVERYTHING)
    assert trust.lacking(Trust(servers=(Server("https://box.example/v1", "OTHER_KEY"),)), EVERYTHING)
    assert trust.lacking(Trust(folders=("/data",)), EVERYTHING)
