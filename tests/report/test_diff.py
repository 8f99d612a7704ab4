"""`loraprep diff REV`: what changed since, in words."""

import shutil
import subprocess
from pathlib import Path

import pytest

from loraprep.core.errors import UNUSABLE
from loraprep.report import diff
from loraprep.report.set_record import SET_RECORD, FileRecord, SetRecord, parse_set_record
from tests import ROOT, scenes
from tests.runs import AUTO, append, run, told

EXAMPLES = ROOT / "examples"


def git(root: Path, *args: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *args], cwd=root, check=True, capture_output=True)


def captions(root: Path) -> dict[str, str]:
    record: SetRecord = parse_set_record((root / SET_RECORD).read_text("utf-8"))
    return {path: file.caption for path, file in record.files.items() if file.caption}


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a subfolder of a repository, committed at NO-GO and, tagged, at GO."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    root = scenes.project(tmp_path_factory.mktemp("diff") / "studio/mystyle", 11)
    git(root.parent, "init", "-q")
    (root / ".gitignore").write_text("build/\ndataset/\n.doit*\n", "utf-8")
    run(root, "gate1")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    append("project.yaml", AUTO)(root)
    code, output = run(root, "dataset")
    assert code == 0, output
    git(root, "add", ".")
    git(root, "commit", "-qm", "GO")
    git(root, "tag", "go")
    return root


@pytest.fixture
def root(committed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(committed.parent, tmp_path / "studio")) / "mystyle"


@pytest.mark.run
def test_pictures_captions_and_verdict(root: Path) -> None:
    for suffix in (".jpg", ".txt"):
        (root / f"images/scene-03{suffix}").rename(root.parent / f"scene-03{suffix}")
    scenes.scene(99).save(root / "images/heron.jpg", quality=92)
    (root / "images/heron.txt").write_text("a heron at dawn, loose strokes", "utf-8")
    append("decisions/captions.yaml", '\nscene-04.jpg: {caption: "[trigger], a `lit` window | door"}\n')(root)
    append("decisions/crops.yaml", "")(root) if (root / "decisions/crops.yaml").exists() else None
    (root / "decisions/crops.yaml").write_text("scene-05.jpg: {crop: [0, 0, 1, 0.9]}\n", "utf-8")
    append("decisions/quality.yaml", "\nscene-06.jpg: {do: remove}\n")(root)
    then = captions(root)
    code, output = run(root, "dataset")
    assert code == 0, output
    code, output = run(root, "diff", "go")
    assert code == 0, output
    now = captions(root)
    said = told(output[output.index("Since go:") :])
    changed = [p for p in now if p in then and now[p] != then[p]]
    assert "scene-04.jpg" in changed
    rows = "".join(f"  {p}\n    then: {then[p]}\n    now:  {now[p]}\n" for p in changed)
    assert said == (
        "Since go:\n1 picture is in training that was not:\n  heron.jpg (new here)\n"
        "2 pictures are no longer in training:\n  scene-03.jpg (its file is gone)\n"
        "  scene-06.jpg (left out: you left it out; your decision)\n"
        f"{len(changed)} caption{'s' * (len(changed) > 1)} changed:\n{rows}"
        "The verdict is GO, as it was.\nBuilt from other pixels, or cropped otherwise: scene-05.jpg\n"
    )
    assert "    now:  brushy, a `lit` window | door\n" in said


@pytest.mark.run
def test_from_no_go_to_go(root: Path) -> None:
    code, output = run(root, "diff", "HEAD~1")
    assert code == 0, output
    assert "The same 11 pictures are in training.\n" in output
    assert "The verdict was NO-GO, and is GO now.\n" in output
    assert "  mended: 5 answers are missing in decisions/captions.yaml" in output


@pytest.mark.run
@pytest.mark.parametrize("revision_", ["nothing", "--output=x", "HEAD:project.yaml"])
def test_a_revision_that_is_none(root: Path, revision_: str) -> None:
    code, output = run(root, "diff", "--", revision_) if revision_.startswith("-") else run(root, "diff", revision_)
    assert code in (1, 3), output
    assert "Traceback" not in output
    assert not (root / "x").exists()


@pytest.mark.run
def test_without_a_report_then_or_without_a_revision(root: Path) -> None:
    git(root, "rm", "-q", "--cached", SET_RECORD)
    git(root, "commit", "-qm", "a report of an earlier version")
    code, output = run(root, "diff", "HEAD")
    assert code == 1
    assert f"at HEAD there was no {SET_RECORD} beside dataset-report.md" in output
    git(root, "rm", "-q", "--cached", "dataset-report.md")
    git(root, "commit", "-qm", "no report")
    code, output = run(root, "diff", "HEAD")
    assert code == 1
    assert "at HEAD there was no dataset-report.md" in output
    code, output = run(root, "diff")
    assert code == UNUSABLE
    assert "missing argument 'REVISION'\n    loraprep diff HEAD~1" in output


@pytest.mark.run
@pytest.mark.parametrize("damage", ["{", "{}", '{"version": 2}'])
def test_a_record_that_cannot_be_read(root: Path, damage: str) -> None:
    good = (root / SET_RECORD).read_text("utf-8")
    (root / SET_RECORD).write_text(damage, "utf-8")
    git(root, "commit", "-qam", "damaged")
    (root / SET_RECORD).write_text(good, "utf-8")
    code, output = run(root, "diff", "HEAD")
    assert code == 1
    assert f"{SET_RECORD} at HEAD is in a form that is not read here" in output


@pytest.mark.parametrize("name", ["brushwork", "nogo"])
def test_what_the_report_tells_is_on_record(name: str) -> None:
    text = (EXAMPLES / name / "dataset-report.md").read_text("utf-8")
    record = parse_set_record((EXAMPLES / name / SET_RECORD).read_text("utf-8"))
    assert record.verdict == {"brushwork": "GO", "nogo": "NO-GO"}[name]
    assert len(record.files) == sum(
        text.count(f"| {fate} |") for fate in ("kept", "left out", "not usable", "caption", "ignored")
    )
    assert {path for path, file in record.files.items() if file.caption} == record.kept
    assert all(file.caption in text for file in record.files.values() if file.caption)
    assert bool(record.to_mend) == (name == "nogo")
    assert not any("\\" in reason for reason in record.to_mend)


def _record(**captions: str) -> SetRecord:
    files = {f"{name}.jpg": FileRecord("kept", "", caption) for name, caption in captions.items()}
    return SetRecord(1, "GO", {}, (), files)


def test_what_was_exchanged_alike_in_several_captions_is_said_once() -> None:
    """Another trigger is one change, not as many as there are pictures."""
    then = _record(a="brushy, a mill", b="brushy, a pond", c="brushy, a barn, oil", d="brushy, night")
    now = _record(a="inky, a mill", b="inky, a pond", c="inky, a barn", d="inky, night, rain")
    assert diff.differences(then, now, "HEAD")[2:-1] == [
        "4 captions changed:",
        '  "brushy" became "inky" in 2: a.jpg and b.jpg',
        "  c.jpg",
        "    then: brushy, a barn, oil",
        "    now:  inky, a barn",
        "  d.jpg",
        "    then: brushy, night",
        "    now:  inky, night, rain",
    ]
    later = _record(a="inky, a mill, dusk", b="inky, a pond, dusk", c="inky, a barn", d="inky, night, rain")
    assert '  "dusk" came in 2: a.jpg and b.jpg' in diff.differences(now, later, "HEAD")
    assert '  "dusk" went in 2: a.jpg and b.jpg' in diff.differences(later, now, "HEAD")
