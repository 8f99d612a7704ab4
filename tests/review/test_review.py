"""The review page's server: who may talk to it, what it writes, and what it never lets through."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from loraprep import __main__
from loraprep.core import terminal
from loraprep.project import decision_edits
from loraprep.review import decks, views, words
from loraprep.review.app import VIEWS
from loraprep.review.cards import QualityCard
from loraprep.review.serve import serve
from loraprep.review.snapshot import Reader, Snapshot, ident
from tests.gallery import ODD, paint
from tests.reviewed import OURS, PORT, Reviewed, changed
from tests.runs import run


@pytest.fixture
def page(asked: Path, tmp_path: Path) -> Reviewed:
    return Reviewed.of_copy(asked, tmp_path)


@pytest.fixture(scope="module")
def still(asked: Path) -> Reviewed:
    """For tests that only read."""
    return Reviewed(asked)


def quality_cards(s: Snapshot) -> list[QualityCard]:
    return [views.quality_card(s, entry) for entry in views.asked(s, "quality")]


# --- who may talk to it


@pytest.mark.run
def test_an_invitation_lets_one_browser_in_and_leaves_a_strict_cookie(still: Reviewed) -> None:
    address = f"/?token={still.guard.invite()}"
    fresh = TestClient(still.guard, base_url=OURS, follow_redirects=False)
    first = fresh.get(address)
    assert (first.status_code, first.headers["connection"]) == (200, "close")
    assert 'content="0;url=/"' in first.text
    cookie = first.headers["set-cookie"]
    assert cookie == f"loraprep-{PORT}={still.guard.session}; Path=/; HttpOnly; SameSite=Strict"
    assert fresh.get("/").status_code == 200
    assert fresh.get("/").status_code == 200  # reload
    assert TestClient(still.guard, base_url=OURS).get(address).status_code == 403


@pytest.mark.run
@pytest.mark.parametrize("path", ["/", "/texts", "/static/main.js", "/events", "/?token=guess", "/nowhere"])
def test_without_the_token_nothing_is_shown(still: Reviewed, path: str) -> None:
    stranger = TestClient(still.guard, base_url=OURS)
    for headers in ({}, {"cookie": f"loraprep-{PORT}=guess"}, {"cookie": b"loraprep-\xe9=\xe9"}):
        refused = stranger.get(path, headers=headers)
        assert refused.status_code == 403
        assert refused.text.startswith("Open the address that the terminal shows; it holds the key to this page")


@pytest.mark.run
@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"0.0.0.0:{PORT}", ""]
)
def test_a_host_that_is_not_ours_is_refused(still: Reviewed, host: str) -> None:
    refused = still.get("/", host=host)
    assert refused.status_code == 403
    assert refused.text == "This page answers only under the address that the terminal shows.\n"


def accepting_the_rest(page: Reviewed) -> dict[str, Any]:
    """What the page posts to accept every duplicate still open."""
    return {
        "kind": "duplicates",
        "id": "",
        "values": {"rest": True},
        "expected": decision_edits.document_digest(page.root, "duplicates"),
    }


@pytest.mark.run
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_another_website_cannot_write(page: Reviewed, headers: dict[str, str]) -> None:
    before = page.file("duplicates")
    body = accepting_the_rest(page)
    refused = page.post("/answer", body, **headers)
    assert (refused.status_code, refused.text) == (403, "Another website asked for this; it is refused.\n")
    assert page.file("duplicates") == before


@pytest.mark.run
def test_another_website_cannot_read_either(still: Reviewed) -> None:
    assert still.get("/", **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert still.get("/", origin="https://evil.example").status_code == 403
    assert still.get("/", **{"sec-fetch-site": "none"}).status_code == 200  # typed, or opened by loraprep


@pytest.mark.run
def test_the_cookie_alone_cannot_write(page: Reviewed) -> None:
    before = page.file("duplicates")
    body = accepting_the_rest(page)
    for token in ("", "guess", page.guard.session):
        refused = page.post("/answer", body, **{"x-loraprep-write": token})
        assert (refused.status_code, refused.text) == (403, "Only the page itself may write. Reload it.\n")
    assert page.client.post("/answer", json=body).status_code == 403  # no Origin at all
    assert page.client.put("/answer", json=body, headers={"origin": OURS}).status_code == 403
    assert page.file("duplicates") == before


@pytest.mark.run
@pytest.mark.parametrize(
    "path",
    ["/../project.yaml", "/static/../../project.yaml", "/static/..%2f..%2fproject.yaml", "/static/%2e%2e/project.yaml",
     "/picture/..%5c..%5cproject.yaml/large", "//etc/passwd", "/static//etc/passwd"],
)  # fmt: skip
def test_no_path_leads_out(still: Reviewed, path: str) -> None:
    # as raw bytes: a client would tidy the path up before it is sent
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": [(b"host", OURS.removeprefix("http://").encode()), (b"cookie", f"{still.guard.cookie}={still.guard.session}".encode())]}  # fmt: skip
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    asyncio.run(still.guard(scope, receive, send))
    assert sent[0]["status"] == 403
    assert sent[1]["body"] == b"There is no such page.\n"


@pytest.mark.run
@pytest.mark.parametrize("path", ["/static/base.html", "/static/x", "/picture/project.yaml/large", "/picture/0/thumb",
                                  "/picture/{}/99999", "/picture/{}/1", "/picture/{}/../x", "/difference/{}/0", "/nowhere"])  # fmt: skip
def test_only_what_is_listed_can_be_had(still: Reviewed, path: str) -> None:
    shown = next(iter(still.snapshot().images.values())).pixel_digest
    assert still.get(path.format(shown)).status_code in (403, 404)


@pytest.mark.run
def test_what_every_view_is_made_of_is_asked_for_once(still: Reviewed) -> None:
    views_ = (still.get("/"), still.get("/findings"))
    first, second = (set(re.findall(r'"(/static/[^"]+)"', shown.text)) for shown in views_)
    assert first == second
    assert len(first) > 15
    for address in first:
        assert still.get(address).headers["cache-control"] == "private, max-age=31536000, immutable", address
    other = re.sub(r"/[0-9a-f]{16}/", f"/{'0' * 16}/", min(first))  # of another version
    assert still.get(other).status_code == 404


@pytest.mark.run
def test_an_answer_of_many_megabytes_is_refused(page: Reviewed) -> None:
    refused = page.post("/measure", {"text": "x" * 2_000_000})
    assert (refused.status_code, refused.text) == (413, "That is more than an answer.\n")


@pytest.mark.run
@pytest.mark.parametrize("view", [*VIEWS])
def test_every_view_has_a_strict_policy_and_no_inline_code(still: Reviewed, view: str) -> None:
    shown = still.get("/" if view == "overview" else f"/{view}")
    assert shown.status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in shown.headers["content-security-policy"].split(";"))
    assert policy == {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'",
                      "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"}  # fmt: skip
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert shown.headers["cache-control"] == "no-store"
    found = Tags(shown.text)
    assert {a for _, attributes in found.all for a in attributes if a.startswith("on") or a == "style"} == set()
    (script,) = (a.get("src", "") for tag, a in found.all if tag == "script")
    assert re.fullmatch(r"/static/[0-9a-f]{16}/main\.js", script)
    addresses = {a[k] for _, a in found.all for k in ("src", "href") if a.get(k)}
    assert {a for a in addresses if not a.startswith(("/", "#"))} == set()
    assert still.guard.session not in shown.text


class Tags(HTMLParser):
    """Every start tag with its attributes, as a browser would read the page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, {k: v or "" for k, v in attrs}))


@pytest.mark.run
def test_names_and_captions_are_text_whatever_they_hold(page: Reviewed) -> None:
    evil = '</textarea><script>alert(1)</script>" onload="x'
    page.answer("captions", "none", {"caption": evil})
    assert page.post("/answer", {"kind": "captions", "id": ident("picture", ODD), "values": {"caption": evil},
                                 "expected": decision_edits.document_digest(page.root, "captions")}).status_code == 200  # fmt: skip
    for view in ("", "texts", "captions", "duplicates", "findings"):
        text = page.get(f"/{view}").text
        found = Tags(text)
        (script,) = (a.get("src", "") for tag, a in found.all if tag == "script")
        assert re.fullmatch(r"/static/[0-9a-f]{16}/main\.js", script)
        assert all(
            a["src"].startswith(("/picture/", "/difference/")) for tag, a in found.all if tag == "img" and "src" in a
        )
    texts = page.get("/texts").text
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in texts
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#34; onload=&#34;x" in texts


# --- what it writes


@pytest.mark.run
def test_an_answer_writes_one_line_and_says_which(page: Reviewed) -> None:
    before = page.file("duplicates")
    told = page.answer("duplicates", "scene-05-web.jpg", {"keep": "recommended"})
    assert told.status_code == 200, told.text
    after = page.file("duplicates")
    assert changed(before, after) == ["-   keep: null", "+   keep: recommended"]
    number = next(n for n, (a, b) in enumerate(zip(before.splitlines(), after.splitlines(), strict=True), 1) if a != b)
    assert told.json() == {"kind": "duplicates", "file": "decisions/duplicates.yaml",
                           "digest": decision_edits.document_digest(page.root, "duplicates"),
                           "lines": [{"number": number, "text": "keep: recommended"}], "more": 0,
                           "said": "As recommended; scene-05-web.jpg leaves",
                           "view": "", "at": ""}  # fmt: skip


@pytest.mark.run
def test_pictures_come_as_idents_and_are_written_as_names(page: Reviewed) -> None:
    before = page.file("duplicates")
    web = [ident("picture", "scene-05-web.jpg")]
    assert page.answer("duplicates", "scene-05-web.jpg", {"keep": web}).status_code == 200
    assert changed(before, page.file("duplicates")) == ["-   keep: null", "+   keep: [scene-05-web.jpg]"]
    refused = page.answer("duplicates", "scene-06-web.jpg", {"keep": ["../../etc/passwd"]})
    assert (refused.status_code, refused.json()["message"]) == (400, "this is not there any more\n    Reload the page.")


@pytest.mark.run
@pytest.mark.parametrize(
    ("kind", "key", "values"),
    [
        ("duplicates", "scene-05-web.jpg", {"keep": "perhaps"}),
        ("duplicates", "scene-05-web.jpg", {"keep": "all", "what": "x"}),
        ("duplicates", "scene-05-web.jpg", {"digests": {}}),
        ("duplicates", "nowhere.jpg", {"keep": "all"}),
        ("quality", "small-0.jpg", {"do": ["x"]}),
        ("captions", "nowhere.jpg", {"caption": "x"}),
        ("captions", "small-0.jpg", {"caption": "  \n "}),
        ("../project", "name", {"rest": True}),
        ("gate", "unaccounted", {"reason": "x"}),
        ("gate", "copies", {"reason": "  "}),
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_is_written(page: Reviewed, kind: str, key: str, values: Any) -> None:
    there = {p.name: p.read_bytes() for p in (page.root / "decisions").iterdir()}
    expected = decision_edits.document_digest(page.root, kind) if kind.isalpha() else ""
    assert page.answer(kind, key, values, expected).status_code == 400
    assert {p.name: p.read_bytes() for p in (page.root / "decisions").iterdir()} == there


@pytest.mark.run
def test_a_changed_file_is_refused_and_both_are_shown(page: Reviewed) -> None:
    seen = decision_edits.document_digest(page.root, "quality")
    path = page.root / "decisions/quality.yaml"
    path.write_text(page.file("quality").replace("  do: null", "  do: keep  # Ada says", 1), "utf-8")
    there = path.read_bytes()
    refused = page.answer("quality", "small-0.jpg", {"do": "remove"}, seen)
    assert refused.status_code == 409
    told = refused.json()
    assert told["message"] == "decisions/quality.yaml was changed meanwhile, so nothing was written."
    assert "do: keep  # Ada says" in told["theirs"]
    assert told["yours"] == "small-0.jpg: {do: remove}"
    assert path.read_bytes() == there
    assert page.answer("quality", "small-0.jpg", {"do": "remove"}, told["digest"]).status_code == 200
    assert "  do: remove  # Ada says" in page.file("quality")


@pytest.mark.run
def test_an_adjusted_caption_changes_its_two_lines(page: Reviewed) -> None:
    key = next(iter(page.snapshot().decisions["captions"].entries))
    before = page.file("captions")
    assert page.answer("captions", key, {"caption": "[trigger], a quiet  mill\n"}).status_code == 200
    lines = changed(before, page.file("captions"))
    assert lines[1::2] == ['+   caption: "[trigger], a quiet mill"', "+   verdict: adjust"]
    assert len(lines) == 4


@pytest.mark.run
def test_a_finding_is_accepted_with_a_reason_and_withdrawn(page: Reviewed) -> None:
    reason = "They are studies."
    told = page.answer("gate", "caption-draft", {"reason": reason})
    assert told.status_code == 200, told.text
    (line,) = (x for x in page.file("gate").splitlines() if x and not x.startswith("#"))
    assert line.startswith("caption-draft: {accept: known, images: [")
    assert line.endswith("reason: They are studies.}")
    card = next(c for c in views.finding_cards(page.snapshot()) if c.code == "caption-draft")
    assert card.accepted == reason
    run(page.root, "gate1")
    gate = json.loads((page.root / "build/gate1.json").read_text("utf-8"))
    assert [r["accepted"] for r in gate["reasons"] if r["code"] == "caption-draft"] == [reason]
    assert page.answer("gate", "caption-draft", {"withdraw": True}).status_code == 200
    assert not (page.root / "decisions/gate.yaml").exists()


@pytest.mark.run
def test_undo_gives_the_bytes_back(page: Reviewed) -> None:
    before = {p.name: p.read_bytes() for p in (page.root / "decisions").iterdir()}
    page.answer("quality", "small-0.jpg", {"do": "keep"})
    page.answer("gate", "caption-draft", {"reason": "fine"})
    assert page.post("/undo", {}).json()["undone"]
    assert page.post("/undo", {}).json()["undone"]
    assert {p.name: p.read_bytes() for p in (page.root / "decisions").iterdir()} == before
    nothing = page.post("/undo", {})
    assert (nothing.status_code, nothing.json()) == (400, {"message": "there is nothing to take back"})


@pytest.mark.run
def test_redo_gives_the_answer_again_and_a_window_takes_back_its_own(page: Reviewed) -> None:
    page.answer("quality", "small-0.jpg", {"do": "keep"})
    kept = page.file("quality")
    seen = decision_edits.document_digest(page.root, "quality")
    other = {"kind": "quality", "id": ident("quality", "small-1.jpg"), "values": {"do": "remove"}, "expected": seen}
    assert page.post("/answer", {**other, "tab": "other", "view": "quality", "at": "x"}).status_code == 200
    assert page.post("/undo", {}).status_code == 200  # its own, though the file has another answer by now
    assert changed(kept, page.file("quality"))[0::2] == ["-   do: keep", "-   do: null"]
    back = page.post("/undo", {"tab": "other"}).json()
    assert (back["view"], back["at"]) == ("quality", "x")
    assert page.post("/redo", {}).status_code == 200
    assert page.file("quality") == kept
    assert page.post("/redo", {}).json() == {"message": "there is nothing to do again"}


MORE = """
scene-04.jpg:
  what: 2 pictures more than the set needs
  pictures:
    scene-04.jpg: closest to scene-00.jpg
    scene-05.jpg: closest to scene-00.jpg
  recommended: [scene-04.jpg, scene-05.jpg]
  answer: null
"""


@pytest.mark.run
def test_one_picture_of_many_is_pinned_and_left_out_again(page: Reviewed) -> None:
    with (page.root / "decisions/curation.yaml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    (entry,) = page.snapshot().decisions["curation"].entries.values()
    pictures = [*entry.data["pictures"]]
    pinned = {"picture": ident("picture", pictures[0]), "leaves": False}
    assert page.answer("curation", entry.key, pinned).status_code == 200
    assert page.snapshot().decisions["curation"].entries[entry.key].data["answer"] == (pictures[1:] or "all")
    assert page.answer("curation", entry.key, {**pinned, "leaves": True}).status_code == 200
    assert page.snapshot().decisions["curation"].entries[entry.key].data["answer"] == pictures
    assert page.answer("curation", entry.key, {"picture": "nowhere", "leaves": True}).status_code == 400


SIGNED = """
signature:
  what: "2 pictures have a signature: “M. Rossi <b>”"
  pictures:
    scene-04.jpg: "“M. Rossi <b>” at the bottom right, 0.5 % of the picture"
    scene-05.jpg: "“M. Rossi” at the bottom right, 0.4 % of the picture"
  marks:
    scene-04.jpg: [[0.8, 0.9, 0.98, 0.96]]
    scene-05.jpg: [[0.8, 0.9, 0.98, 0.96]]
  crops:
    scene-04.jpg: [0.0, 0.0, 0.89, 0.89]
  recommended: mask
  answer: null
  except:
"""


@pytest.mark.run
def test_lettering_is_shown_where_it_stands_and_one_picture_is_kept(page: Reviewed) -> None:
    with (page.root / "decisions/carried.yaml").open("a", encoding="utf-8") as file:
        file.write(SIGNED)
    shown = page.get("/carried").text
    assert shown.count("<rect") == 3  # two places, one crop
    assert "M. Rossi &lt;b&gt;" in shown
    assert "<b>”" not in shown  # what was read is shown and never marked up
    assert page.answer("carried", "signature", {"answer": "mask"}).json()["said"] == "Masked: 2 pictures"
    one = {"picture": ident("picture", "scene-05.jpg"), "keeps": True}
    assert page.answer("carried", "signature", one).json()["said"] == "Kept as it is: scene-05.jpg"
    data = page.snapshot().decisions["carried"].entries["signature"].data
    assert (data["answer"], data["except"]) == ("mask", {"scene-05.jpg": "keep"})
    assert page.answer("carried", "signature", {**one, "keeps": False}).status_code == 200
    assert not page.snapshot().decisions["carried"].entries["signature"].data["except"]
    assert page.answer("carried", "signature", {"answer": "burn"}).status_code == 400


@pytest.mark.run
def test_only_a_part_of_a_long_list_comes_and_only_lists_that_are_there(still: Reviewed) -> None:
    first = still.get("/part/texts?from=0")
    assert first.text.count("data-row=") == int(first.headers["x-total"]) == len(words.captioned(still.snapshot()))
    assert "data-row=" not in still.get("/part/texts?from=48").text
    some = still.get("/part/texts?from=0&find=dawn")
    assert 0 < some.text.count("data-row=") == int(some.headers["x-total"]) < int(first.headers["x-total"])
    for name in ("nowhere", "look/x/0", "spares/x", "texts?from=x", "look"):
        assert still.get(f"/part/{name}").status_code == 404


@pytest.mark.run
def test_what_comes_next_is_said(page: Reviewed) -> None:
    s = page.snapshot()
    assert decks.step(s, "duplicates").href == "/quality"
    assert decks.step(s, "duplicates").text.startswith("Duplicates done. Next: Quality (")
    for kind in ("quality", "duplicates", "captions", "curation"):
        page.post("/answer", {"kind": kind, "id": "", "values": {"rest": True},
                              "expected": decision_edits.document_digest(page.root, kind)})  # fmt: skip
    step = decks.step(page.snapshot(), "curation")
    assert (step.text, step.run) == ("Everything is answered.", "gate1")  # there was nothing to do in it
    assert page.post("/run", {"what": "clean"}).status_code == 400


@pytest.mark.run
def test_an_answer_leaves_what_other_files_say_as_it_was_made(page: Reviewed) -> None:
    reader = Reader(page.root)
    first = reader.read()
    made = {kind: views.states(first, kind) for kind in ("quality", "duplicates", "captions")}
    page.answer("quality", "small-0.jpg", {"do": "keep"})
    kept = reader.read()
    assert views.states(kept, "quality") == ["answered", *made["quality"][1:]]
    for kind in ("duplicates", "captions"):
        assert views.states(kept, kind) is made[kind]
    assert words.captioned(kept) is words.captioned(first)
    path = page.root / "decisions/duplicates.yaml"
    path.write_text(path.read_text("utf-8").replace("keep: null", "keep: none", 1), "utf-8")
    by_hand = reader.read()
    assert views.states(by_hand, "duplicates")[0] == "answered"
    assert views.states(by_hand, "quality") == views.states(kept, "quality")
    assert words.written(by_hand, words.captioned(by_hand)[0]) == words.written(first, words.captioned(first)[0])
    page.answer("captions", words.captioned(first)[0], {"caption": "[trigger], other words"})
    assert words.found(reader.read(), words.Sought("other words")) == words.captioned(first)[:1]
    assert words.found(first, words.Sought("other words")) == []  # what is older says what was then


@pytest.mark.run
def test_a_broken_decision_file_is_shown_and_the_rest_still_works(page: Reviewed) -> None:
    path = page.root / "decisions/quality.yaml"
    path.write_text(page.file("quality") + "small-0.jpg: {do: [}\n", "utf-8")
    there = path.read_bytes()
    shown = page.get("/duplicates")
    assert shown.status_code == 200
    assert "decisions/quality.yaml cannot be read." in shown.text
    asked = page.get("/quality").text  # nobody knows what is open in there
    assert "Nothing to decide here" not in asked
    assert "1 file to mend" in asked
    assert re.search(r'href="/quality"[^>]*>Quality</a>', asked)  # neither a count nor a tick
    assert "1 file of your answers cannot be read." in page.get("/").text
    assert page.answer("quality", "small-0.jpg", {"do": "keep"}).status_code == 400
    assert path.read_bytes() == there
    assert page.answer("duplicates", "scene-05-web.jpg", {"keep": "all"}).status_code == 200


@pytest.mark.run
def test_a_retouched_picture_is_asked_about_again(page: Reviewed) -> None:
    page.answer("quality", "small-0.jpg", {"do": "keep"})
    with Image.open(page.root / "images/small-0.jpg") as picture:
        picture.rotate(180).save(page.root / "images/small-0.jpg", quality=91)
    run(page.root, "gate1")
    first, again = [c for c in quality_cards(page.snapshot()) if c.picture.name == "small-0.jpg"]
    assert (first.state, again.state) == ("answered", "open")
    assert again.picture.shown == page.snapshot().images["small-0.jpg"].pixel_digest
    assert page.answer("quality", "small-0.jpg (again)", {"do": "keep"}).status_code == 200
    run(page.root, "gate1")
    gate = json.loads((page.root / "build/gate1.json").read_text("utf-8"))
    assert "small-0.jpg" not in str(gate["waiting"].get("quality", []))


# --- what it shows


@pytest.mark.run
def test_pictures_are_shown_by_digest_and_at_the_size_they_train(still: Reviewed) -> None:
    s = still.snapshot()
    image = s.images["small-0.jpg"]
    sizes = {what: Image.open(io.BytesIO(still.get(f"/picture/{image.pixel_digest}/{what}").content)).size
             for what in ("thumb", "large", "512")}  # fmt: skip
    assert sizes == {"thumb": (250, 220), "large": (250, 220), "512": (512, 512)}
    a, b = s.images["scene-10.jpg"].pixel_digest, s.images["scene-10-sun.jpg"].pixel_digest
    marked = Image.open(io.BytesIO(still.get(f"/difference/{a}/{b}").content)).convert("RGB")
    near = sum(abs(x - y) for x, y in zip(marked.getpixel((20, 20)), (200, 198, 195), strict=True)) < 120
    assert near, "what is the same is pale"
    pinks = sum(p[0] > 180 and p[1] < 90 and 120 < p[2] < 200 for p in marked.get_flattened_data())
    assert pinks > 300, "the sun is outlined"


@pytest.mark.run
def test_a_picture_that_went_away_is_said_and_breaks_nothing(page: Reviewed) -> None:
    gone = page.snapshot().images["scene-00.jpg"].pixel_digest
    (page.root / "images/scene-00.jpg").unlink()
    answer = page.get(f"/picture/{gone}/large")
    assert answer.status_code == 404
    assert answer.text.startswith("This picture cannot be shown: ")
    assert str(page.root) not in answer.text
    assert page.get("/texts").status_code == 200


@pytest.mark.run
def test_a_project_that_never_ran_shows_how_to_begin(tmp_path: Path) -> None:
    page = Reviewed(paint(tmp_path / "new", 11))
    for view in VIEWS:
        assert page.get("/" if view == "overview" else f"/{view}").status_code == 200
    assert "Gate 1 has not run yet. Run it to see what it asks." in page.get("/").text


@pytest.mark.run
def test_a_project_yaml_that_breaks_meanwhile_is_told_in_words(page: Reviewed) -> None:
    path = page.root / "project.yaml"
    good = path.read_text("utf-8")
    path.write_text(good.replace("model: sd15", "model: sd16"), "utf-8")
    shown = page.get("/texts")
    assert shown.status_code == 500
    assert shown.text.startswith('project.yaml:4:8: model: unknown base model "sd16"')
    assert shown.text.endswith("Mend it in an editor and reload this page.\n")
    assert page.answer("quality", "small-0.jpg", {"do": "keep"}).status_code == 400
    path.write_text(good, "utf-8")
    assert page.get("/texts").status_code == 200


@pytest.mark.run
def test_build_from_another_version_counts_as_not_there(page: Reviewed) -> None:
    for name in ("images.jsonl", "captions.json", "selection.json", "gate1.json", "duplicates.json"):
        (page.root / "build" / name).write_text('{"other": 1}', "utf-8")
    for view in VIEWS:
        assert page.get("/" if view == "overview" else f"/{view}").status_code == 200


def test_a_long_step_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    seconds = iter([0.0, 0.4, 1.1, 1.1, 1.5, 2.2, 2.2])
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    monkeypatch.setenv(terminal.PROGRESS, "lines")
    with terminal.progress("Describing") as progress:
        for done in range(1, 5):
            progress(done, 60)
    assert capsys.readouterr().err == "Describing: 2 of 60\nDescribing: 4 of 60\n"


# --- the command


def test_the_command_says_what_is_wrong_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert __main__.main(["review"]) == 3
    assert capsys.readouterr().err == (
        "there is no project.yaml here or above\n"
        "    Go into your project's folder, or start one: loraprep init NAME --images FOLDER\n"
    )
    root = paint(tmp_path / "p", 11)
    with pytest.raises(Exception, match="port 70000 cannot be used"):
        serve(root, no_browser=True, port=70000)


@pytest.fixture
def served(page: Reviewed) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "loraprep", "review", "--no-browser"], cwd=page.root, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.run
@pytest.mark.skipif(os.name == "nt", reason="there is no Ctrl-C to send to one process on Windows")
def test_it_listens_on_this_computer_only_and_ends_with_ctrl_c(served: Callable[[], subprocess.Popen[str]]) -> None:
    process = served()
    assert process.stdout is not None
    address = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=([\w-]{40,})", process.stdout.readline())
    assert address
    jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for where in (address[0], address[0].split("?")[0]):
        with jar.open(where) as page:
            assert page.status == 200
            assert page.headers["server"] is None
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait(10) == 0, rest
    assert "Closed. What you decided is in decisions/; loraprep gate1 looks again." in rest
    assert "Traceback" not in rest
