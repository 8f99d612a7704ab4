"""What is written of records is what is written of plain values."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from loraprep.core import files
from loraprep.core.dataset_lock import DatasetLock, LockedImage, read_lock
from tests import ROOT

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.dictionaries(TEXT, st.tuples(TEXT, st.dictionaries(TEXT, TEXT, max_size=3)), max_size=4))
def test_records_are_written_as_their_plain_values(said: dict[str, tuple[str, dict[str, str]]]) -> None:
    images = {name: LockedImage(path=text, also=also, lines=(text,)) for name, (text, also) in said.items()}
    lock = DatasetLock(images=images, made_with={"é": "1"})
    assert files.spelled(lock).decode() == files.dumps(to_builtins(lock))


def test_a_lock_of_an_example_is_written_as_it_stands(tmp_path: Path) -> None:
    lock = read_lock(ROOT / "examples/brushwork")
    assert files.write_records(tmp_path / "lock", lock)
    assert (tmp_path / "lock").read_bytes() == (ROOT / "examples/brushwork/dataset.lock.json").read_bytes()
    assert not files.write_records(tmp_path / "lock", lock)


@given(st.lists(st.binary(max_size=9), max_size=9), st.integers(1, 12))
def test_lines_are_read_whole_and_none_is_lost(lines: list[bytes], part: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_PART", part)
        path = Path(folder) / "lines"
        path.write_bytes(b"\n".join(lines))
        found = [*files.read_lines(path)]
    assert b"".join(found) == b"\n".join(lines)
    assert all(one.endswith(b"\n") for one in found[:-1])
