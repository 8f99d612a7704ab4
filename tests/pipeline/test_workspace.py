"""What a step is given: files parsed once a run, damaged ones said plainly, and nothing shared between projects."""

import json
from pathlib import Path

import pytest

from loraprep.core.errors import UserError
from loraprep.core.records import Caption, Fate, Grade
from loraprep.pipeline import action, artifacts, doit_task, tasks
from loraprep.pipeline.artifacts import Artifact, Audited, Captioned, PairsSeen, Shortlist
from loraprep.pipeline.workspace import MemoryWorkspace, Workspace
from loraprep.project import decisions, project
from loraprep.project.decisions import Question
from tests import scenes
from tests.runs import run

pytestmark = pytest.mark.run


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    return Workspace(project.load(scenes.project(tmp_path / "mystyle", pictures=2)))


def test_two_projects_in_one_process_share_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    works = []
    for name in ("one", "two"):
        root = scenes.project(tmp_path / name, pictures=2)
        monkeypatch.chdir(root)
        made = list(tasks.task_loraprep())
        works.append(next(t["actions"][0].work for t in made if t["basename"] == "audit"))
    one, two = works
    assert (one.root.name, two.root.name) == ("one", "two")
    one.named.add("elements")
    one.lock()
    two.lock()
    one.write(Shortlist(fates={"a.jpg": Fate("a.jpg", "left out", "why")}))
    two.write(Shortlist(fates={}))
    assert not two.named
    assert list(one.read(Shortlist).fates) == ["a.jpg"]
    assert two.read(Shortlist).fates == {}


def test_a_file_is_parsed_once_while_it_stays_the_same(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    real_load, real_read = artifacts.load, decisions.read_decisions

    def load(kind: type[Artifact], root: Path) -> Artifact:
        parsed.append(kind.NAME)
        return real_load(kind, root)

    def read(root: Path, kind: str) -> decisions.Decisions:
        parsed.append(kind)
        return real_read(root, kind)

    monkeypatch.setattr(artifacts, "load", load)
    monkeypatch.setattr(decisions, "read_decisions", read)
    work.write(Shortlist(fates={}))
    assert work.read(Shortlist) is work.read(Shortlist)
    assert work.decisions("quality") is work.decisions("quality")
    assert parsed == ["shortlist.json", "quality"]
    work.write(Shortlist(fates={"a.jpg": Fate("a.jpg", "left out", "why")}))
    work.ask("quality", "# mine\n", [decisions.Question("a.jpg", {"do": None}, {"a.jpg": "0" * 64})])
    assert list(work.read(Shortlist).fates) == ["a.jpg"]
    assert list(work.decisions("quality").entries) == ["a.jpg"]


def test_between_tasks_only_the_list_of_pictures_and_the_answers_are_held(work: Workspace) -> None:
    run(work.root, "scan")
    work.write(Shortlist(fates={}))
    known = work.images(), work.decisions("quality"), work.read(Shortlist)
    work.let_go()
    assert work.images() is known[0]
    assert work.decisions("quality") is known[1]
    assert work.read(Shortlist) is not known[2]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"fates": {}}', '{"fates": {}, "version": 2}',
                                  '{"fates": {}, "version": 1, "more": 1}', '{"fates": [], "version": 1}'])  # fmt: skip
def test_what_cannot_be_read_is_said_plainly(text: str, work: Workspace) -> None:
    (work.root / "build").mkdir(exist_ok=True)
    (work.root / "build/shortlist.json").write_text(text, "utf-8")
    with pytest.raises(UserError, match=r"build/shortlist.json.*another version"):
        work.read(Shortlist)


@pytest.mark.parametrize("text", ["{", "[]", "", None])
def test_a_damaged_file_of_build_is_made_anew(text: str | None, work: Workspace) -> None:
    _, first = run(work.root, "gate1")
    path = work.root / "build/audit.json"
    whole = path.read_bytes()
    if text is None:
        path.unlink()
    else:
        path.write_text(text, "utf-8")
    _, output = run(work.root, "gate1")
    assert path.read_bytes() == whole
    assert "Traceback" not in output
    assert "bug" not in output
    assert [line for line in output.splitlines() if line.startswith(("GO", "NO-GO", "Not yet"))] == [
        line for line in first.splitlines() if line.startswith(("GO", "NO-GO", "Not yet"))
    ]
    assert artifacts.load(Audited, work.root).layout == "flat"


def test_a_caption_is_read_when_it_is_asked_for_and_checked_before(work: Workspace) -> None:
    one = Caption("a.jpg", "a mill at dawn", "prose", "draft", Grade.NAMED, 4, 75, content=("mill",))
    work.write(Captioned.of({"a.jpg": one}, []))
    assert dict(work.read(Captioned).captions) == {"a.jpg": one}
    path = work.root / "build/captions.json"
    path.write_text(path.read_text("utf-8").replace('"tokens": 4', '"tokens": "many"'), "utf-8")
    with pytest.raises(UserError, match=r"build/captions\.json: this file is missing, damaged"):
        work.read(Captioned)


def test_every_file_of_build_says_its_version(work: Workspace) -> None:
    run(work.root, "gate1")
    kinds = {kind.NAME: kind for kind in _kinds() if kind is not PairsSeen}  # of a set of pairs alone
    written = {p.name for p in (work.root / "build").glob("*.json")}
    assert set(kinds) <= written
    for name, kind in kinds.items():
        data = json.loads((work.root / "build" / name).read_text("utf-8"))
        assert data["version"] == kind.__struct_config__.tag, name


def _kinds() -> list[type[Artifact]]:
    return Artifact.__subclasses__()


def test_a_step_that_a_task_names_is_there(work: Workspace) -> None:
    for task in tasks.graph(work):
        for each in task["actions"]:
            if isinstance(each, action.Action):
                assert callable(each.load())


def test_memory_holds_what_a_file_would(work: Workspace) -> None:
    memory = MemoryWorkspace(work.project, [])
    for each in (work, memory):
        each.write(Shortlist(fates={p: Fate(p, "left out", "why") for p in ("b.jpg", "a.jpg")}))
    assert list(memory.read(Shortlist).fates) == list(work.read(Shortlist).fates) == ["a.jpg", "b.jpg"]
    assert memory.decisions("quality") == decisions.Decisions()
    assert memory.cache("thumbs") is None


def test_files_in_an_older_form_are_made_anew(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """build/ of an older loraprep is no reason to stop: in its form every task is stale."""

    def marks() -> list[object]:
        made = [doit_task.task(work, name, "", "scan.scan_images") for name in ("audit", "report")]
        return [t["uptodate"][0].now() for t in made]

    now = marks()
    assert marks() == now
    monkeypatch.setattr(doit_task, "FORMAT", artifacts.FORMAT + 1)
    assert not set(map(str, marks())) & set(map(str, now))


def test_what_rest_answers_before_anybody_saw_it_is_told_once(
    work: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(**recommended: str) -> str:
        work.ask("quality", "# small", [
            Question(f"{name}.png", {"what": "small", "recommended": said, "do": None}, {f"{name}.png": 64 * name})
            for name, said in recommended.items()
        ])  # fmt: skip
        return " ".join(capsys.readouterr().err.split())

    assert asked(a="keep", b="keep", c="keep") == ""
    path = work.root / "decisions/quality.yaml"
    seen = path.read_text("utf-8").replace("rest: null", "rest: recommended").replace("do: null", "do: remove", 1)
    path.write_text(seen, "utf-8")
    assert asked(a="keep", b="keep", c="keep") == ""
    told = asked(a="remove", b="remove", c="keep", d="keep")  # the base model changed; a has its own answer
    assert "2 new questions are answered by `rest: recommended` in decisions/quality.yaml" in told
    assert "keep: d.png; remove: b.png" in told
    assert asked(a="remove", b="remove", c="keep", d="keep") == ""
