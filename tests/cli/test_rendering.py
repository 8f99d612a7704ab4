"""`loraprep captions --as MODEL`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import clone
from tests.runs import run

pytestmark = pytest.mark.run


def held(root: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_any_models_captions_stand_beside_the_present_ones(tmp_path: Path) -> None:
    root = clone("brushwork", tmp_path / "brushwork")
    assert run(root, "captions")[0] == 0
    before = held(root)
    code, output = run(root, "captions", "--as", "PonyXL")
    assert code == 0, output
    assert output.count("  Pony Diffusion V6 XL") == output.count("  Flux (at most ") > 5
    assert held(root) == before
    code, output = run(root, "captions", "--as", "no-such-model")
    assert code == 3
    assert 'there is no base model "no-such-model"' in output
