"""Every file is accounted for, none is touched, and nothing is read twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from loraprep.core import files, findings
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging import pool
from loraprep.project import profiles
from loraprep.project.settings import complete_settings
from loraprep.scan import audit, image_list, inspect, scan
from tests import pictures


def _put(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    _put(folder / "a.jpg", pictures.jpeg())
    _put(folder / "a.txt", "mill, pond\n")
    _put(folder / "sub/b.png", pictures.png())
    _put(folder / "sub/b.png.txt", "a boat")
    _put(folder / "cut.jpg", pictures.truncated_jpeg())
    _put(folder / "raw.nef", b"II*\0")
    _put(folder / "notes.md", "words")
    _put(folder / "lonely.txt", "words")
    _put(folder / ".hidden.jpg", pictures.jpeg())
    _put(folder / "draft/c.png", pictures.png())
    _put(folder / "lfs.png", "version https://git-lfs.github.com/spec/v1\n")
    return tmp_path


def _scan(root: Path, **options: object) -> scan.Scan:
    return scan.scan(root / "images", root, **{"exclude": ["draft"], **options})  # type: ignore[arg-type]


def test_every_file_is_accounted_for(root: Path) -> None:
    found = {i.path: (i.state, i.code) for i in _scan(root).images}
    assert found == {
        ".hidden.jpg": ("ignored", "hidden"),
        "a.jpg": ("image", ""),
        "a.txt": ("ignored", "sidecar"),
        "cut.jpg": ("rejected", "broken"),
        "draft/c.png": ("ignored", "excluded"),
        "lfs.png": ("rejected", "pointer"),
        "lonely.txt": ("ignored", "not-an-image"),
        "notes.md": ("ignored", "not-an-image"),
        "raw.nef": ("rejected", "unsupported"),
        "sub/b.png": ("image", ""),
        "sub/b.png.txt": ("ignored", "sidecar"),
    }
    assert all(i.reason for i in _scan(root).images if i.state != "image")


def test_sidecars_come_first_in_the_words(root: Path) -> None:
    records = {i.path: i for i in _scan(root).images}
    assert records["a.jpg"].words[0] == ("sidecar:a.txt", "mill, pond")
    assert records["sub/b.png"].sidecars == ("sub/b.png.txt",)


def test_records_survive_the_file_and_an_old_one_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = _scan(root).images
    monkeypatch.setattr(files, "_PART", 1)  # a line at a time
    path = root / "build/images.jsonl"
    scan.scan_to_file(path, root / "images", root, exclude=["draft"])
    assert image_list.read_images(path) == records
    before = path.stat()
    scan.scan_to_file(path, root / "images", root, exclude=["draft"])
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    path.write_text('{"version": 0}\n')
    with pytest.raises(UserError, match="another version"):
        image_list.read_images(path)


def test_records_that_share_what_is_equal_are_written_as_they_were(tmp_path: Path) -> None:
    image = Image(
        "a.jpg", "image", digest="ab", pixel_digest="ab", colour=(0.0, 1.5, -0.0), palette=(("tan", "#a49362", 1.0),)
    )
    path = tmp_path / "images.jsonl"
    path.write_text("".join(image_list.encode_images([image, replace(image, path="b.jpg", colour=(-0.0, 1.5, 0.0))])))
    first, second = image_list.read_images(path)
    assert "".join(image_list.encode_images([first, second])) == path.read_text()
    assert first.colour[1] is second.colour[1]


def test_unchanged_renamed_and_touched_files_are_not_decoded_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = root / "build/scan-cache.sqlite"
    first = _scan(root, cache=cache).images

    def never(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(inspect, "inspect", never)
    assert _scan(root, cache=cache).images == first
    assert _scan(root, cache=cache, full=True).images == first
    os.utime(root / "images/a.jpg", (1, 1))
    (root / "images/sub/b.png").rename(root / "images/moved.png")
    again = {i.path: i.digest for i in _scan(root, cache=cache).images if i.state == "image"}
    before = {i.path: i.digest for i in first}
    assert again == {"a.jpg": before["a.jpg"], "moved.png": before["sub/b.png"]}


def test_a_file_that_changed_just_now_is_digested_again(root: Path) -> None:
    cache, path = root / "build/scan-cache.sqlite", root / "images/sub/b.png"
    _scan(root, cache=cache)
    info, data = path.stat(), bytearray(path.read_bytes())
    data[data.index(b"IDAT") + 40] ^= 0xFF  # the same size, the same mtime
    path.write_bytes(data)
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert {i.path: i.state for i in _scan(root, cache=cache).images}["sub/b.png"] == "rejected"


def test_a_broken_cache_is_only_slower(root: Path) -> None:
    cache = root / "build/scan-cache.sqlite"
    _put(cache, "[1, 2")
    first = _scan(root, cache=cache).images
    assert first == _scan(root).images


def test_upscaled_pictures_supply_the_pixels(root: Path) -> None:
    _put(root / "upscaled/a.png", pictures.png(pictures.scene(640, 480)))
    _put(root / "upscaled/nobody.png", pictures.png())
    found = _scan(root)
    record = next(i for i in found.images if i.path == "a.jpg")
    assert (record.upscaled, record.width, record.format) == ("upscaled/a.png", 640, "PNG")
    assert record.digest != record.pixel_digest
    assert found.orphans == ["upscaled/nobody.png"]


def test_nothing_in_images_is_touched(root: Path) -> None:
    def state() -> dict[str, tuple[int, int, bytes]]:
        files = [p for p in (root / "images").rglob("*") if p.is_file()]
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_mode, p.read_bytes()) for p in files}

    before = state()
    _scan(root)
    assert state() == before


def test_the_project_itself_is_never_scanned(tmp_path: Path) -> None:
    for name in ("dataset/1_x/a.png", "build/b.png", "upscaled/p.png", "report/r.png", ".venv/v.png", "p.png"):
        _put(tmp_path / name, pictures.png())
    _put(tmp_path / "project.yaml", "version: 1")
    assert [i.path for i in scan.scan(tmp_path, tmp_path).images] == ["p.png"]


def test_an_unforeseen_error_is_that_files_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = inspect.look

    def fails(data: bytes, **options: float) -> inspect.Facts:
        if data.startswith(b"\x89PNG"):
            raise ZeroDivisionError
        return real(data, **options)

    monkeypatch.setattr(inspect, "look", fails)
    found = {i.path: i.code for i in _scan(root).images}
    assert found["sub/b.png"] == "unexpected"
    assert found["a.jpg"] == ""


@pytest.mark.skipif(os.name == "nt", reason="needs links, pipes and free names")
def test_links_pipes_and_names(root: Path) -> None:
    folder = root / "images"
    _put(root.parent / "outside.jpg", pictures.jpeg())
    (folder / "out.jpg").symlink_to(root.parent / "outside.jpg")
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    (folder / "gone.jpg").symlink_to(folder / "nothing.jpg")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.jpg")
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg")).write_bytes(pictures.jpeg())
    _put(folder / "two\nlines.jpg", pictures.jpeg())
    found = {i.path: (i.state, i.code) for i in _scan(root).images}
    assert found["out.jpg"] == found["gone.jpg"] == ("rejected", "link")
    assert found["in.jpg"] == ("image", "")
    assert found["loop"] == ("ignored", "not-an-image")
    assert found["pipe.jpg"] == ("rejected", "special")
    assert found["caf\\xe9.jpg"] == found["two\\nlines.jpg"] == ("rejected", "name")


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def test_placeholders_of_git_lfs_and_dvc_are_named_as_what_they_are(root: Path) -> None:
    _put(root / "images/words.jpg", pictures.jpeg(pictures.scene(seed=4)))
    _put(root / "images/words.txt", LFS)
    for name in ("far.jpg", "far", "here.jpg"):
        _put(root / f"images/{name}.dvc", "outs:\n- md5: 4d7a\n  path: far.jpg\n")
    _put(root / "images/here.jpg", pictures.jpeg(pictures.scene(seed=5)))
    _put(root / "upscaled/a.jpg", LFS)
    found = {i.path: (i.state, i.code, i.reason) for i in _scan(root).images}
    lfs = "only Git LFS's placeholder is here; run git lfs pull"
    assert found["lfs.png"] == ("rejected", "pointer", lfs)
    assert found["words.txt"] == ("rejected", "pointer", lfs)  # else another caption would be written without a word
    assert found["a.jpg"] == ("rejected", "pointer", f"upscaled/a.jpg, which stands in for it: {lfs}")
    dvc = ("rejected", "pointer", "only DVC's placeholder is here; run dvc pull")
    assert found["far.jpg.dvc"] == found["far.dvc"] == dvc
    assert found["here.jpg.dvc"] == ("ignored", "not-an-image", "DVC's note on where its file is kept")
    assert found["here.jpg"][0] == "image"


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_into_dvcs_cache_say_what_to_do(root: Path) -> None:
    cache = root.parent / "other/.dvc/cache"
    _put(cache / "files/md5/4d/7a", pictures.jpeg())
    (root / "images/linked.jpg").symlink_to(cache / "files/md5/4d/7a")
    record = next(i for i in _scan(root).images if i.path == "linked.jpg")
    assert record.reason == f"it leads out of this project. Only if your pictures are there: loraprep trust {cache}"


def test_a_folder_that_dvc_keeps_elsewhere(tmp_path: Path) -> None:
    from loraprep.project import project
    from tests import scenes

    root = tmp_path / "mystyle"
    _put(root / "project.yaml", scenes.SETTINGS)
    _put(root / "images.dvc", "outs:\n- path: images\n")
    with pytest.raises(UserError) as error:
        project.load(root)
    assert error.value.exit_code == 3
    assert "DVC keeps it: run dvc pull images.dvc" in str(error.value)


def test_placeholders_of_each_kind_say_their_own_way_to_fetch_them() -> None:
    lfs, dvc = "only Git LFS's placeholder is here; run git lfs pull", "only DVC's placeholder is here; run dvc pull"
    found = [Image("a.jpg", "rejected", "pointer", lfs), Image("b.jpg.dvc", "rejected", "pointer", dvc),
             Image("c.jpg", "rejected", "pointer", lfs)]  # fmt: skip
    settings = complete_settings(
        {"version": 1, "name": "x", "model": "flux", "trigger": "abc", "intent": {"kind": "style"}}
    )
    result = audit.audit(found, [], {}, settings, profiles.base_model("flux"), profiles.kind("style"))
    assert [findings.sentence(f) for f in result.findings if f.code == "pointer"] == [
        f"b.jpg.dvc has not been fetched: {dvc}.",
        f"2 pictures have not been fetched ({lfs}): a.jpg and c.jpg.",
    ]


def _many(root: Path, count: int) -> Path:
    """A project of so many small pictures, enough for processes."""
    for number in range(count):
        _put(root / f"images/{number:04}.jpg", pictures.jpeg(pictures.scene(64, 48)) + number.to_bytes(4))
    return root


def test_processes_and_threads_see_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _many(tmp_path, 30)
    _put(root / "images/cut.jpg", pictures.truncated_jpeg())
    threads = scan.scan(root / "images", root).images
    monkeypatch.delenv(pool.IN_PROCESS)
    assert scan.scan(root / "images", root).images == threads
    pool.POOL.close()
    assert len(threads) == 31


def test_a_picture_that_ends_its_process_or_takes_too_long_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _many(tmp_path, 60)
    real = pool.Processes.each

    def each(self: pool.Processes, work: pool.Work, things: list[str], **how: Any) -> Iterator[tuple[str, Any]]:
        for thing, answer in real(self, work, things, **how):
            bad = {"images/0010.jpg": pool._died(-11), "images/0020.jpg": pool.TooSlow(60)}
            yield thing, bad.get(thing, answer)

    monkeypatch.setattr(pool.Processes, "each", each)
    found = scan.scan(root / "images", root)
    bad = [(i.path, i.code) for i in found.images if i.state != "image"]
    assert bad == [("0010.jpg", "unexpected"), ("0020.jpg", "too-slow")]
    assert not found.settled  # the next scan looks at the first one again


def test_what_took_too_long_is_not_waited_for_again_under_the_same_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = _many(tmp_path, 5)
    for path in (root / "images").iterdir():
        os.utime(path, (1, 1))
    real, waited = pool.Processes.each, []

    def each(self: pool.Processes, work: pool.Work, things: list[str], **how: Any) -> Iterator[tuple[str, Any]]:
        waited.extend(things)
        for thing, answer in real(self, work, things, **how):
            yield thing, pool.TooSlow(how["seconds"]) if thing == "images/0003.jpg" else answer

    monkeypatch.setattr(pool.Processes, "each", each)
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 5)  # what is there has settled
    cache = root / "build/scan-cache.sqlite"

    def slow(seconds: float) -> tuple[list[tuple[str, str, str]], list[str]]:
        waited.clear()
        found = scan.scan(root / "images", root, cache=cache, max_seconds=seconds)
        assert found.settled
        return [(i.path, i.code, i.digest) for i in found.images if i.state != "image"], list(waited)

    given_up = [("0003.jpg", "too-slow", "")]
    assert slow(2)[0] == given_up
    assert slow(2) == (given_up, [])
    assert slow(3) == (given_up, ["images/0003.jpg"])
    os.utime(root / "images/0003.jpg", (2, 2))
    assert slow(3) == (given_up, ["images/0003.jpg"])
    assert scan.scan(root / "images", root, cache=cache, max_seconds=3, full=True).settled
    assert waited.count("images/0003.jpg") == 2


def test_an_interrupted_scan_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _many(tmp_path, 60)
    real, looked = inspect.look, []
    monkeypatch.setattr(inspect, "look", lambda data, **how: looked.append(1) or real(data, **how))
    cache = root / "build/scan-cache.sqlite"

    def stop(done: int, total: int) -> None:
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan.scan(root / "images", root, cache=cache, progress=stop)
    looked.clear()
    assert len(scan.scan(root / "images", root, cache=cache).images) == 60
    assert len(looked) == 20
    with closing(sqlite3.connect(cache)) as database:
        assert database.execute("SELECT count(*) FROM files").fetchone() == (60,)


def test_a_damaged_or_foreign_cache_is_made_anew(root: Path) -> None:
    cache = root / "build/scan-cache.sqlite"
    first = _scan(root, cache=cache).images
    whole = cache.read_bytes()
    for bad in (whole[:4096], whole[:5000] + b"\xff" * (len(whole) - 5000), b"SQLite format 3\0" + b"x" * 4080):
        cache.write_bytes(bad)
        assert _scan(root, cache=cache).images == first
    with closing(sqlite3.connect(cache)) as other:
        other.executescript(
            "PRAGMA user_version = 1; DROP TABLE facts; CREATE TABLE facts (x); INSERT INTO facts VALUES (1);"
        )
    assert _scan(root, cache=cache).images == first


def test_rows_of_files_that_are_gone_are_forgotten(root: Path) -> None:
    cache = root / "build/scan-cache.sqlite"
    _scan(root, cache=cache)
    (root / "images/sub/b.png").unlink()
    _scan(root, cache=cache)
    with closing(sqlite3.connect(cache)) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM files ORDER BY key")]
        facts = database.execute("SELECT count(*) FROM facts").fetchone()
    assert keys == ["images/a.jpg", "images/cut.jpg", "images/lfs.png"]
    assert facts == (3,)


@pytest.mark.run
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_a_killed_scan_leaves_no_process_and_little_to_do_again(tmp_path: Path) -> None:
    root = _many(tmp_path, 600)
    code = (
        "import sys; from pathlib import Path; from loraprep.scan import scan; root = Path(sys.argv[1]); "
        "scan.scan(root / 'images', root, cache=root / 'build/c.sqlite', progress=lambda d, t: print(d, flush=True))"
    )
    command = [sys.executable, "-c", code, str(root)]
    env = {name: value for name, value in os.environ.items() if name != pool.IN_PROCESS}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 30:
                break
        children = _children(process.pid)
        process.kill()
    assert len(children) == pool.WORKERS
    until = time.monotonic() + 600
    while any(Path(f"/proc/{pid}").exists() and _children_state(pid) != "Z" for pid in children):
        assert time.monotonic() < until, "a process outlived the scan"
        time.sleep(0.05)
    assert len(scan.scan(root / "images", root, cache=root / "build/c.sqlite").images) == 600


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (entry / "stat").exists():
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            found += [int(entry.name)] if int(fields[1]) == pid else []
    return found


def _children_state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
