"""What a bucket holds, asked as a folder is asked: each object once, and what goes wrong in a sentence."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.core import files, storage
from loraprep.core.errors import UNUSABLE, Unreachable
from loraprep.core.object_store import ObjectStore
from loraprep.imaging import pool
from loraprep.scan import walk
from tests import buckets
from tests.buckets import Server

BIG = bytes(100_000)


@pytest.fixture(scope="module")
def _served() -> Iterator[Server]:
    buckets.needed()
    with buckets.served() as server:
        yield server


@pytest.fixture
def server(_served: Server) -> Iterator[Server]:
    os.environ |= buckets.KEY
    buckets.forget()
    yield _served
    _served.answer, _served.before = lambda _: None, lambda _: None
    _served.empty()
    _served.asked.clear()
    _served.keys.clear()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_TRIES", (0.01, 0.01, 0))


def _store(root: Path, server: Server, prefix: str = "/set", **how: Any) -> ObjectStore:
    where = root.absolute() / "build/store/pictures"
    found = ObjectStore(f"s3://{buckets.NAME}{prefix}", where, endpoint=server.endpoint, **how)
    files.enclose(root, where, (), found)
    return found


def _read(server: Server, store: ObjectStore) -> list[str]:
    store.refresh(walk.of_words)
    return server.read()


def test_a_folder_of_a_bucket_is_asked_as_a_folder_is(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"picture")
    server.put("set/a.txt", b"words")
    server.put("set/more/b.png", BIG)
    server.put("set/more/", b"")  # how some programs note a folder
    server.put("other/c.jpg", b"")
    store = _store(tmp_path, server)
    assert _read(server, store) == ["/pictures/set/a.txt"]  # words at once; pictures where they are decoded
    top = store.folder
    with files.scan(top) as found:
        assert sorted(e.name for e in found) == ["a.jpg", "a.txt", "more"]
    with files.scan(top / "more") as found:
        assert [(e.name, e.stat().st_size) for e in found] == [("b.png", 100_000)]
    assert files.is_file(top / "more/b.png")
    assert not files.is_file(top / "more")
    assert not files.is_file(top / "c.jpg")
    assert [f.path for f in walk.find_files(top, tmp_path, ["**/*"], [])] == ["a.jpg", "a.txt", "more/b.png"]
    assert files.read(top / "a.jpg") == b"picture"
    assert files.checked(top / "more/b.png").read_bytes() == BIG
    assert server.read() == ["/pictures/set/a.jpg", "/pictures/set/more/b.png"]
    assert files.read(top / "a.jpg", 3) == b"pic"
    assert files.read(top / "more/b.png") == BIG
    assert files.read_text(top / "a.txt") == "words"
    assert server.read() == []


def test_one_changed_object_is_another_and_is_read_again(server: Server, tmp_path: Path) -> None:
    for name in "abc":
        server.put(f"set/{name}.jpg", name.encode() * 9)
    store = _store(tmp_path, server)
    _read(server, store)
    seen = {name: files.stat(store.folder / name) for name in ("a.jpg", "b.jpg", "c.jpg")}
    assert {files.read(store.folder / name) for name in seen} == {b"aaaaaaaaa", b"bbbbbbbbb", b"ccccccccc"}
    server.put("set/b.jpg", b"B" * 9)
    server.client().delete_object(Bucket=buckets.NAME, Key="set/c.jpg")
    _read(server, store)
    assert files.stat(store.folder / "a.jpg") == seen["a.jpg"]
    assert files.stat(store.folder / "b.jpg") != seen["b.jpg"]
    assert not files.is_file(store.folder / "c.jpg")
    assert [files.read(store.folder / name) for name in ("a.jpg", "b.jpg")] == [b"a" * 9, b"B" * 9]
    assert server.read() == ["/pictures/set/b.jpg"]
    kept = [p for p in (tmp_path / "build/store/kept").rglob("*") if p.is_file()]
    assert sorted(p.read_bytes() for p in kept) == [b"B" * 9, b"a" * 9]  # nothing of what went


def test_no_more_is_kept_than_is_allowed_and_words_stay(server: Server, tmp_path: Path) -> None:
    for number in range(8):
        server.put(f"set/{number}.png", bytes([number]) * 100_000)
        server.put(f"set/{number}.txt", b"words")
    store = _store(tmp_path, server, most=350_000)
    _read(server, store)
    for number in range(8):
        assert files.read(store.folder / f"{number}.png") == bytes([number]) * 100_000
        kept = [p.stat().st_size for p in (tmp_path / "build/store/kept").rglob("*") if p.is_file()]
        assert sum(size for size in kept if size > 5) <= 350_000
        assert kept.count(5) == 8
    server.read()
    assert files.read(store.folder / "0.png") == bytes(100_000)  # it went, and comes again
    assert files.read(store.folder / "7.txt") == b"words"
    assert server.read() == ["/pictures/set/0.png"]


def test_the_begin_of_an_unknown_file_is_read_alone_and_once(server: Server, tmp_path: Path) -> None:
    server.put("set/film.mp4", b"\0\0\0 ftyp" + BIG)
    store = _store(tmp_path, server)
    for asked in (1, 0):
        _read(server, store)
        assert walk.find_files(store.folder, tmp_path, ["**/*"], [])[0].code == "clip"
        sent = [size for method, path, size in server.asked if path.endswith("mp4")]
        assert len(sent) == asked
        assert sum(sent) < 100


@pytest.mark.parametrize("name", ["set/a//b.jpg", "set/../b.jpg", "set//b.jpg"])
def test_a_name_that_is_none_on_a_disk_is_named(name: str, server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    server.put(name, b"y")
    store = _store(tmp_path, server)
    _read(server, store)
    found = walk.find_files(store.folder, tmp_path, ["**/*"], [])
    assert [f.state for f in found if f.path != "a.jpg"] == ["rejected"]


def test_nothing_is_written_there(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    store = _store(tmp_path, server)
    _read(server, store)
    files.read(store.folder / "a.jpg")
    with pytest.raises(Exception, match="never writes"):
        files.write(store.folder / "a.jpg", b"y")
    assert {method for method, _, _ in server.asked} <= {"GET", "HEAD"}


def test_a_computer_that_is_to_write_nothing_reads_all_the_same(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x" * 9)
    _read(server, _store(tmp_path, server))
    before = sorted(p for p in tmp_path.rglob("*"))
    files.keep_to(files.homes(far=True))
    assert files.read(tmp_path / "build/store/pictures/a.jpg") == b"x" * 9
    assert sorted(p for p in tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("quick")
def test_what_changes_or_goes_after_it_was_listed_is_named(server: Server, tmp_path: Path) -> None:
    for name in "abc":
        server.put(f"set/{name}.jpg", b"before")
    store = _store(tmp_path, server)
    _read(server, store)
    server.put("set/a.jpg", b"behind")
    server.client().delete_object(Bucket=buckets.NAME, Key="set/b.jpg")
    for name, why in (("a", "changed after it was listed"), ("b", "deleted after it was listed")):
        with pytest.raises(OSError, match=why):
            files.read(store.folder / f"{name}.jpg")
    assert files.read(store.folder / "c.jpg") == b"before"


def test_an_object_that_came_in_parts_is_known_by_what_the_store_says(server: Server, tmp_path: Path) -> None:
    client = server.client()
    part = {"Bucket": buckets.NAME, "Key": "set/a.jpg"}

    def upload(data: bytes) -> None:
        made = client.create_multipart_upload(**part)["UploadId"]
        etag = client.upload_part(**part, UploadId=made, PartNumber=1, Body=data)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        client.complete_multipart_upload(**part, UploadId=made, MultipartUpload=parts)

    upload(b"before")
    store = _store(tmp_path, server)
    _read(server, store)
    assert files.read(store.folder / "a.jpg") == b"before"
    upload(b"behind")
    assert files.read(store.folder / "a.jpg") == b"before"  # kept
    _read(server, store)
    upload(b"beyond")
    with pytest.raises(OSError, match="changed after it was listed"):
        files.read(store.folder / "a.jpg")


def _refresh(store: ObjectStore) -> str:
    with pytest.raises(Unreachable) as caught:
        store.refresh(walk.of_words)
    assert caught.value.exit_code == UNUSABLE
    said = str(caught.value)
    assert "CANARY" not in said
    assert "canary" not in said
    assert said.startswith("s3://")
    return said.splitlines()[0]


@pytest.mark.usefixtures("quick")
def test_a_store_that_does_not_answer(server: Server, tmp_path: Path) -> None:
    nowhere = Server(1)
    said = _refresh(_store(tmp_path, nowhere))
    assert said == "s3://pictures/set: the store at http://127.0.0.1:1 does not answer"


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AccessDenied"])
@pytest.mark.usefixtures("quick")
def test_credentials_that_are_wrong(code: str, server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    server.answer = lambda _: (403, code)
    store = _store(tmp_path, server)
    assert _refresh(store) == "s3://pictures/set: the store refuses your credentials"
    assert any("CANARY" in key for key in server.keys)  # they were sent, and never said
    assert [method for method, _, _ in server.asked] == ["PUT", "GET"]  # and not again and again


@pytest.mark.usefixtures("quick")
def test_credentials_that_are_not_there(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in buckets.KEY:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert _refresh(_store(tmp_path, server)) == "s3://pictures/set: no credentials were found on this computer"
    said = _refresh(_store(tmp_path, server, profile="work"))
    assert said == "s3://pictures/set: no credentials of the profile work were found on this computer"
    assert server.asked == []


@pytest.mark.usefixtures("quick")
def test_a_stranger_sends_no_credentials(server: Server, tmp_path: Path) -> None:
    server.client().put_object(Bucket=buckets.NAME, Key="set/a.jpg", Body=b"x", ACL="public-read")
    server.keys.clear()
    _read(server, store := _store(tmp_path, server, anonymous=True))
    assert files.read(store.folder / "a.jpg") == b"x"
    assert set(server.keys) == {""}
    server.answer = lambda _: (403, "AccessDenied")
    said = _refresh(store)
    assert said == "s3://pictures/set: the store gives nothing to strangers, and this project reads as one"


@pytest.mark.parametrize(
    ("address", "said"),
    [("s3://nobody-has-this", "there is no bucket of that name, or nothing in it"),
     ("s3://nobody-has-this/set", "there is no bucket of that name, or nothing in it under set/"),
     ("s3://pictures/nothing", "there is no bucket of that name, or nothing in it under nothing/")],
)  # fmt: skip
@pytest.mark.usefixtures("quick")
def test_no_such_bucket(address: str, said: str, server: Server, tmp_path: Path) -> None:
    store = ObjectStore(address, tmp_path / "build/store/pictures", endpoint=server.endpoint)
    files.enclose(tmp_path, store.folder, (), store)
    assert _refresh(store) == f"{address}: {said}"


def _gone() -> Any:
    def away(thing: int) -> int:
        if thing == 2:
            raise Unreachable("it went away")
        return thing

    return away


def test_a_store_that_goes_away_ends_what_is_measured() -> None:
    with pytest.raises(Unreachable, match="it went away"):
        list(pool.each(pool.Work(_gone), [1, 2, 3], weigh=float))
    assert str(pickle.loads(pickle.dumps(Unreachable("it went", hint="again")))) == "it went\n    again"


@pytest.mark.usefixtures("quick")
def test_a_listing_that_breaks_off_forgets_nothing(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    server.put("set/more/b.jpg", b"x")
    store = _store(tmp_path, server)
    _read(server, store)
    server.answer = lambda asked: (500, "InternalError") if "more" in asked["QUERY_STRING"] else None
    said = _refresh(store)
    assert said == f"s3://pictures/set: the store at {server.endpoint} answers with an error (InternalError)"
    assert files.is_file(store.folder / "more/b.jpg")


def test_a_damaged_list_is_made_anew(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    store = _store(tmp_path, server)
    _read(server, store)
    (index,) = (tmp_path / "build/store").glob("*.sqlite")
    index.write_bytes(b"no database" * 999)
    _read(server, store)
    assert files.is_file(store.folder / "a.jpg")


@pytest.mark.usefixtures("quick")
def test_what_fails_for_a_moment_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.put("set/a.jpg", b"x")
    store = _store(tmp_path, server)
    failing = iter([(503, "SlowDown"), (500, "InternalError")])
    server.answer = lambda asked: next(failing, None) if asked["PATH_INFO"] == "/pictures" else None
    _read(server, store)
    failing = iter([(503, "SlowDown"), (500, "InternalError")])
    server.answer = lambda asked: next(failing, None)
    assert files.read(store.folder / "a.jpg") == b"x"


@pytest.mark.parametrize(
    ("scheme", "library"), [("s3", "s3fs"), ("gs", "gcsfs"), ("az", "adlfs"), ("hf", "huggingface_hub")]
)
def test_a_library_that_is_missing_is_named(
    scheme: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    def missing(*_: Any, **__: Any) -> None:
        raise ImportError("Install it")

    monkeypatch.setattr(fsspec, "filesystem", missing)
    store = ObjectStore(f"{scheme}://pictures/set", tmp_path / "build/store/pictures")
    with pytest.raises(Unreachable) as caught:
        store.refresh(walk.of_words)
    assert f"this needs {library}, which is not installed" in str(caught.value)
    assert "pip install" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "options"),
    [("gs://a/b", {"token": "anon", "endpoint_url": "https://x.example"}),
     ("az://a/b", {"anon": True, "account_name": "x", "account_host": "x.example"}),
     ("hf://datasets/a/b", {"token": False, "endpoint": "https://x.example"})],
)  # fmt: skip
def test_every_library_is_told_in_its_own_words(
    address: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    told: dict[str, Any] = {}

    def open_(scheme: str, **how: Any) -> Any:
        told.update(how, scheme=scheme)
        raise ImportError

    monkeypatch.setattr(fsspec, "filesystem", open_)
    store = ObjectStore(address, tmp_path / "pictures", anonymous=True, endpoint="https://x.example")
    with pytest.raises(Unreachable):
        store.refresh(walk.of_words)
    assert told == {"scheme": address[:2], "use_listings_cache": False, **options}


@pytest.mark.parametrize(
    "address",
    ["file:///etc", "http://a/b", "https://a/b", "s3://", "s3:///a", "s3://a::b", "simplecache::s3://a", "s3://a/b::file://c",
     "s3://me:key@a/b", "s3://a/../b", "s3://a/b?x=1", "s3://a/*", "s3://A b", "ftp://a", "memory://a", "s3://a/b#c", "hf://a/b",
     "hf://datasets/a", "hf://spaces/a/b", "S3://a/b", "s3://a//b", "s3://a/b\n", "github://a:b@c", "s3://arn:aws:s3:x"],
)  # fmt: skip
def test_only_plain_addresses_of_known_stores_are_any(address: str) -> None:
    assert storage.fault(address)


@pytest.mark.parametrize(
    ("address", "top"),
    [("s3://a-b.c/d e/f", "s3://a-b.c"), ("s3://a", "s3://a"), ("gs://a/b/", "gs://a"), ("az://a/b", "az://a"),
     ("hf://datasets/me/set/images", "hf://datasets/me/set")],
)  # fmt: skip
def test_a_bucket_is_allowed_whole(address: str, top: str) -> None:
    assert not storage.fault(address)
    assert storage.top(address) == top
