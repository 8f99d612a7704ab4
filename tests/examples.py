"""The committed examples, rebuilt once a session from what is in git."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests import ROOT, store
from tests.runs import run
from tests.scenes import remember

EXAMPLES = ROOT / "examples"


def rebuilt(name: str) -> tuple[Path, int, str]:
    """A clone with other mtimes in which `loraprep gate1` has written everything anew; its exit code, what it said."""
    made = store.kept(f"example-{name}", _rebuild(name))
    return (made / name, *json.loads((made / "said.json").read_text("utf-8")))


def _rebuild(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        root = folder / name
        away = shutil.ignore_patterns("build", ".doit*", "dataset", "report.html")
        shutil.copytree(EXAMPLES / name, root, ignore=away, copy_function=shutil.copyfile)
        (root / "dataset-report.md").unlink()
        (root / "intent.md").unlink()
        shutil.rmtree(root / "report")
        (folder / "said.json").write_text(json.dumps(run(root, "gate1", fresh=True)), "utf-8")

    return make


def clone(name: str, root: Path, *without: str) -> Path:
    """A clone of an example in `root` without `without`; of its pictures it is known what looking closely gives."""
    away = shutil.ignore_patterns("build", ".doit*", "dataset", *without)
    shutil.copytree(EXAMPLES / name, root, ignore=away, copy_function=shutil.copyfile)
    remember(rebuilt(name)[0], root)
    return root
