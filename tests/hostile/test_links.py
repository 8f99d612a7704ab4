"""Nothing is opened, written, listed or deleted through a link that leads out, nor through one to a folder at all."""

import os
from pathlib import Path

import pytest

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.findings import Code
from loraprep.project import project, trust
from loraprep.scan import scan, walk
from tests import pictures
from tests.hostile import clones
from tests.hostile.clones import FILE_LINKS, FOLDER_LINKS, as_before, bare, link
from tests.runs import run


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORAPREP_CONFIG", str(tmp_path / "config.yaml"))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return clones.outside(tmp_path / "person")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return bare(tmp_path / "mystyle")


def _refused(root: Path) -> str:
    with as_before(), pytest.raises(UserError) as refused:
        project.load(root)
    return str(refused.value)


@pytest.mark.parametrize("name", FOLDER_LINKS)
@pytest.mark.parametrize("inside", [False, True], ids=["out", "into images"])
def test_a_folder_of_the_tools_that_is_a_link_stops_everything(
    root: Path, outside: Path, name: str, inside: bool
) -> None:
    link(root, name, root / "images" if inside else outside / "photos")
    assert f"{name}: is a link" in _refused(root)


@pytest.mark.parametrize("name", FILE_LINKS)
def test_a_file_of_the_tools_that_is_a_link_outwards_stops_everything(root: Path, outside: Path, name: str) -> None:
    before = clones.state(outside)
    link(root, name, outside / FILE_LINKS[name])
    assert f"{name}: is a link that leads out of the project" in _refused(root)
    assert clones.state(outside) == before


@pytest.mark.parametrize(
    "name", [".doit.sqlite", ".doit.sqlite.lock", "build/scan-cache.sqlite", "build/decisions.lock"]
)
def test_what_libraries_open_by_themselves_is_no_link_at_all(root: Path, name: str) -> None:
    (root / "images/empty.png").write_bytes(b"")
    link(root, name, root / "images/empty.png")
    assert f"{name}: is a link" in _refused(root)


def test_a_dangling_link_is_one_too(root: Path, tmp_path: Path) -> None:
    link(root, "intent.md", tmp_path / "person/new.md")
    link(root, "report", tmp_path / "person/nowhere")
    told = _refused(root)
    assert "intent.md: is a link" in told
    assert "report: is a link" in told


def test_all_are_named_at_once(root: Path, outside: Path) -> None:
    for name in ("report", "exports", "intent.md"):
        link(root, name, outside)
    assert _refused(root).count("is a link") == 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_in_place_of_a_decision_file_is_not_waited_for(root: Path) -> None:
    (root / "decisions").mkdir()
    os.mkfifo(root / "decisions/captions.yaml")
    assert "decisions/captions.yaml: is not an ordinary file" in _refused(root)


@pytest.mark.run
def test_a_run_says_so_and_leaves_everything_as_it_is(root: Path, outside: Path) -> None:
    for name in FOLDER_LINKS:
        if "/" not in name:
            link(root, name, outside / "photos")
    link(root, "ledger.jsonl", outside / "notes/log.jsonl")
    before, here = clones.state(outside), clones.state(root)
    for command in ("gate1", "dataset", "export", "verify"):
        code, output = run(root, command)
        assert code == 1, output
        assert "report: is a link that leads out of the project" in output
    assert clones.state(outside) == before
    assert clones.state(root) == here


# --- the one module: each of its functions, on a project that is known

WRITERS = {
    "write": lambda p: files.write(p, "x"),
    "write_lines": lambda p: files.write_lines(p, ["x"]),
    "append": lambda p: files.append(p, b"x"),
    "remove": files.remove,
    "make_folder": lambda p: files.make_folder(p / "new"),
    "remove_if_empty": files.remove_if_empty,
    "opened_by_others": files.opened_by_others,
}
READERS = {"read": files.read, "read_text": files.read_text, "sha256": files.sha256, "read_json": files.read_json}


@pytest.mark.parametrize("how", [*WRITERS, *READERS])
@pytest.mark.parametrize(
    "name",
    ["report/photos/a.png", "../person/photos/a.png", "report/../../person/photos/a.png"],
    ids=["behind a link", "beside", "beside, from within"],
)  # fmt: skip
def test_no_function_goes_outside(root: Path, outside: Path, how: str, name: str) -> None:
    before = clones.state(outside)
    with as_before():
        files.enclose(root)
        link(root, "report/photos", outside / "photos")
        with pytest.raises(UserError):
            {**WRITERS, **READERS}[how](root / name)
    assert clones.state(outside) == before


@pytest.mark.parametrize("how", [h for h in WRITERS if h not in ("make_folder", "remove_if_empty", "opened_by_others")])
def test_a_link_that_stands_in_place_of_a_file_is_replaced_and_never_written_through(
    root: Path, outside: Path, how: str
) -> None:
    before = clones.state(outside)
    with as_before():
        files.enclose(root)
        link(root, "report/page.md", outside / "notes/README.md")
        if how == "append":
            with pytest.raises(UserError):  # what was there before is not known
                WRITERS[how](root / "report/page.md")
        else:
            WRITERS[how](root / "report/page.md")
            assert not (root / "report/page.md").is_symlink()
    assert clones.state(outside) == before


def test_a_file_is_not_read_behind_a_link(root: Path, outside: Path) -> None:
    with as_before():
        files.enclose(root)
        link(root, "responses/a.json", outside / "ssh/id_ed25519")
        for read in READERS.values():
            with pytest.raises(UserError, match="leads out"):
                read(root / "responses/a.json")


def test_originals_are_never_written(root: Path) -> None:
    with as_before():
        files.enclose(root)
        for name, act in WRITERS.items():
            if name not in ("make_folder", "remove_if_empty"):
                with pytest.raises(UserError, match="never writes"):
                    act(root / "images/pier.jpg")


def test_a_project_that_is_reached_through_a_link_is_a_project(root: Path, tmp_path: Path) -> None:
    link(tmp_path, "shortcut", root)
    with as_before():
        project.load(tmp_path / "shortcut")
        files.write(tmp_path / "shortcut/report/page.md", "x")
    assert (root / "report/page.md").read_text("utf-8") == "x"


# --- pictures: links are also how DVC, git-annex and the Hugging Face cache work


def _found(root: Path) -> dict[str, walk.FoundFile]:
    with as_before():
        made = project.load(root)
        return {f.path: f for f in walk.find_files(made.images, made.root, ("**/*",), ())}


@pytest.mark.parametrize(
    ("store", "name"),
    [(".git/annex/objects/K1/aB/SHA256E-s9--9f.jpg/SHA256E-s9--9f.jpg", "git-annex"), (".dvc/cache/files/md5/9f/2e", "DVC"),
     ("shared/art/pier.jpg", "a folder of the repository")],
)  # fmt: skip
@pytest.mark.parametrize("depth", ["", "grimoire/training/"], ids=["the project is the repository", "it lies in one"])
def test_a_link_that_ends_in_the_same_repository_is_a_picture(
    tmp_path: Path, store: str, name: str, depth: str
) -> None:
    repository = tmp_path / "studio"
    root = bare(repository / depth if depth else repository)
    (repository / ".git").mkdir(exist_ok=True)
    (repository / store).parent.mkdir(parents=True)
    (repository / store).write_bytes(pictures.jpeg(pictures.scene(seed=5)))
    link(root, "images/linked.jpg", repository / store)
    assert _found(root)["linked.jpg"].state == "image", name
    with as_before():
        made = project.load(root)
        found = scan.scan(made.images, made.root).images
        assert {i.path: i.state for i in found}["linked.jpg"] == "image"
        record = next(i for i in found if i.path == "linked.jpg")
        assert record.width == 320


@pytest.mark.parametrize("aim", [".git/config", ".env", ".ssh/key.txt"])
def test_what_is_hidden_in_the_repository_is_nobodys_caption(root: Path, aim: str) -> None:
    (root / ".git").mkdir()
    (root / aim).parent.mkdir(exist_ok=True)
    (root / aim).write_text(clones.SECRET, "utf-8")
    link(root, "images/pier.txt", root / aim)
    assert _found(root)["pier.txt"].code == Code.LINK


def test_a_home_folder_that_is_a_repository_is_none_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, home = bare(tmp_path / "me/downloads/mystyle"), tmp_path / "me"
    (home / ".git").mkdir()
    (home / "letter.txt").write_text("mine", "utf-8")
    monkeypatch.setenv("HOME", str(home))
    link(root, "images/pier.txt", home / "letter.txt")
    assert _found(root)["pier.txt"].code == Code.LINK


@pytest.mark.parametrize(
    ("name", "aim"),
    [("pier.txt", "ssh/id_ed25519"), ("mill.caption", "photos/b.txt"), ("stolen.png", "photos/a.png"), ("all", "photos"),
     ("metadata.json", "notes/log.jsonl")],
)  # fmt: skip
def test_any_other_link_is_named_with_the_line_to_write_and_not_followed(
    root: Path, outside: Path, name: str, aim: str
) -> None:
    link(root, f"images/{name}", outside / aim)
    found = _found(root)
    folder = (outside / aim) if (outside / aim).is_dir() else (outside / aim).parent
    assert (found[name].state, found[name].code) == ("rejected", Code.LINK)
    assert f"loraprep trust {folder}" in found[name].reason
    assert not any(path.startswith("all/") for path in found)


def test_a_folder_trusted_for_this_project_may_be_linked_to_and_not_for_another(root: Path, outside: Path) -> None:
    other = bare(root.parent / "other")
    for each in (root, other):
        link(each, "images/a.png", outside / "photos/a.png")
        link(each, "images/all", outside / "photos")
    trust.trust_folder(root, outside / "photos")
    assert {f.state for p, f in _found(root).items() if p in ("a.png", "all/a.png", "all/b.jpg")} == {"image"}
    assert _found(other)["a.png"].code == Code.LINK
    assert trust.trusted_folders(other) == ()


def test_the_hugging_face_cache_is_one_line_of_trust(tmp_path: Path) -> None:
    hub, root = tmp_path / "hub/datasets--me--art", bare(tmp_path / "mystyle")
    for n in range(3):
        (hub / f"blobs/{n}f").parent.mkdir(parents=True, exist_ok=True)
        (hub / f"blobs/{n}f").write_bytes(pictures.jpeg())
        (root / f"images/{n}.jpg").symlink_to(hub / f"blobs/{n}f")
    reasons = {_found(root)[f"{n}.jpg"].reason for n in range(3)}
    assert len(reasons) == 1
    assert reasons.pop().endswith(f"loraprep trust {hub}/blobs")
    trust.trust_folder(root, hub / "blobs")
    assert {_found(root)[f"{n}.jpg"].state for n in range(3)} == {"image"}


def test_links_in_circles_end(root: Path, outside: Path) -> None:
    trust.trust_folder(root, outside)
    link(root, "images/out", outside)
    link(outside, "back", outside)
    link(outside, "home", root / "images")
    link(outside, "around", root.parent)
    assert _found(root)["out/photos/a.png"].state == "image"


# --- images.folder outside


@pytest.mark.parametrize("how", ["named", "a link"])
def test_a_folder_of_pictures_outside_is_read_only_once_the_person_said_so(root: Path, outside: Path, how: str) -> None:
    if how == "named":
        text = (root / "project.yaml").read_text("utf-8") + f"images: {{folder: {outside / 'photos'}}}\n"
        (root / "project.yaml").write_text(text, "utf-8")
    else:
        link(root, "images", outside / "photos")
    told = _refused(root)
    assert "outside this project" in told
    assert "loraprep trust" in told
    trust.trust_folder(root, outside / "photos")
    assert {p for p, f in _found(root).items() if f.state == "image"} == {"a.png", "b.jpg"}


def test_trust_keeps_what_else_the_settings_say(root: Path, outside: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("# mine\nupscaler: {command: [up, '{input}', '{output}']}\n", "utf-8")
    trust.trust_folder(root, outside / "photos")
    trust.trust_folder(root, outside / "notes")
    text = (tmp_path / "config.yaml").read_text("utf-8")
    assert text.startswith("# mine\nupscaler: {command: [up, '{input}', '{output}']}\n")
    assert trust.trusted_folders(root) == (outside / "notes", outside / "photos")


# --- init


@pytest.mark.run
def test_init_copies_no_file_behind_a_link_that_leads_out(tmp_path: Path, outside: Path) -> None:
    given = tmp_path / "downloaded"
    given.mkdir()
    (given / "pier.jpg").write_bytes(pictures.jpeg())
    link(given, "pier.txt", outside / "ssh/id_ed25519")
    link(given, "more", outside / "photos")
    link(given, "same.jpg", given / "pier.jpg")
    code, output = run(
        tmp_path, "init", "mystyle", "--images", str(given), "--kind", "style", "--model", "flux", "--no-input"
    )
    assert code == 0, output
    assert sorted(p.name for p in (tmp_path / "mystyle/images").iterdir()) == ["pier.jpg", "same.jpg"]
    assert "Not copied, since they are links that lead out of that folder: more and pier.txt." in output
    assert not clones.holding(tmp_path / "mystyle", clones.SECRET)


@pytest.mark.run
def test_init_in_a_folder_that_came_from_elsewhere_writes_through_no_link(tmp_path: Path, outside: Path) -> None:
    given = tmp_path / "downloaded"
    given.mkdir()
    (given / "pier.jpg").write_bytes(pictures.jpeg())
    link(given, "schemas", outside / "notes")
    link(given, "intent.md", outside / "new.md")
    before = clones.state(outside)
    code, output = run(given, "init", ".", "--kind", "style", "--model", "flux", "--no-input")
    assert code == 1, output
    assert "is a link" in output
    assert clones.state(outside) == before
    assert not (given / "project.yaml").exists()
