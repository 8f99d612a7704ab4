"""resources/docs/stores.md: its settings and commands as they stand there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests import ROOT, buckets, runs, scenes

pytestmark = [pytest.mark.run]
PAGE = ROOT / "resources/docs/stores.md"
ENDPOINT = "https://minio.example.org"  # which is this computer, in the test


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    typed = [shlex.split(line)[1:] for line in re.findall(r"^\$ (loraprep .*)$", page, re.MULTILINE)]
    assert [words[0] for words in typed] == ["trust", "gate1", "dataset"]
    (settings,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    root = scenes.project(tmp_path / "mystyle", 12)
    runs.append("project.yaml", runs.AUTO + settings)(root)
    buckets.needed()
    with buckets.served() as server:
        client = server.client()
        client.create_bucket(Bucket="photos")
        for path in sorted((root / "images").iterdir()):
            client.put_object(Bucket="photos", Key=f"mystyle/{path.name}", Body=path.read_bytes())
        shutil.rmtree(root / "images")
        for words in typed:
            code, said = runs.run(root, *(server.endpoint if word == ENDPOINT else word for word in words))
            assert code == 0, said
    assert (root / "dataset.lock.json").is_file()
