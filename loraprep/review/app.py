"""Answer at the page's addresses. Every picture is named by its digest, every entry by an ident: no path comes in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from loraprep.core import resources
from loraprep.core.errors import UserError
from loraprep.core.records import Lying
from loraprep.core.text import number_of
from loraprep.imaging.errors import BadImage
from loraprep.project import decision_edits, decisions
from loraprep.project.decision_edits import Changed
from loraprep.review import bar, decks, edits, light, likeness, lists, said, views, warm, words
from loraprep.review.edits import Values
from loraprep.review.history import Done, History
from loraprep.review.renditions import Renditions
from loraprep.review.runs import COMMANDS, Runs
from loraprep.review.snapshot import Reader, Snapshot, pair, path_of
from loraprep.review.stay import Json
from loraprep.scan import pairing

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_NAMES = (
    "answers change complete crop deck desk dom keys light lists looks main page pictures press refresh run talk toast"
    " words"
)
MODULES = [f"{name}.js" for name in _NAMES.split()]  # all are asked for at once, before any picture
STATIC = {*MODULES, "review.css", "icon.svg"}
HOLD = "private, max-age=600"  # named by a digest, but project.yaml may change its background or trainer
_TOLD, _LINE = 3, 300  # lines that are shown of what was written, and characters of each
LYING = ("whole", "full", "masked")
TURNS = ("0", "90", "180", "270")
CHANGES_SHOWN = 200  # captions of a change to many that are shown one by one
PICTURES = ("/picture/", *(f"/{what}/" for what in LYING))
QUIET = 0.5  # seconds without a question, but for pictures, after which a page is only looked at
TICK = 0.4  # seconds between two looks at the files


class Page:
    """One project's page. `ending` is asked by what would otherwise stream for ever."""

    def __init__(self, reader: Reader, ending: Callable[[], bool] = lambda: False) -> None:
        self.reader, self.ending = reader, ending
        self.runs = Runs(reader.root)
        now = reader.read()
        self.pictures = Renditions(now.project)
        self.pictures.sweep((*now.images.values(), *now.before.values()))
        self.history = History(reader.root)
        self.files = {name: resources.path(f"resources/review/{name}").read_bytes() for name in sorted(STATIC)}
        self.dressed = hashlib.sha256(b"".join(self.files.values())).hexdigest()[:16]  # names the state of these
        self.asked = 0.0  # when somebody last asked for something, as time.monotonic() has it
        self._warm = ""  # the state of build/ that things are ready for
        self.templates = Environment(
            loader=FileSystemLoader(resources.path("resources/review")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters["coded"] = _coded

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                *(Route("/" if name == "overview" else f"/{name}", self._view(name)) for name in VIEWS),
                Route("/static/{state:str}/{name:str}", self.static),
                Route("/static/{name:str}", self.static),
                Route("/part/{name:path}", self.part),
                Route("/picture/{digest:str}/{what:str}", self.picture),
                *(Route(f"/{what}/{{digest:str}}/{{turn:str}}", self._lying(what)) for what in LYING),
                Route("/light/{wanted:str}", self.light),
                Route("/desk/{wanted:str}", self.desk),
                Route("/complete", self.complete),
                Route("/{what:str}/{first:str}/{second:str}", self.two),
                Route("/events", self.events),
                Route("/answer", self.answer, methods=["POST"]),
                Route("/change", self.change, methods=["POST"]),
                Route("/undo", self.undo, methods=["POST"]),
                Route("/redo", self.redo, methods=["POST"]),
                Route("/measure", self.measure, methods=["POST"]),
                Route("/run", self.run, methods=["POST"]),
            ],
            exception_handlers=ERRORS,
            middleware=[Middleware(_Asked, self)],
        )

    def _view(self, name: str) -> Callable[[Request], Response]:
        def show(request: Request) -> Response:
            s = self.reader.read()
            text = self.templates.get_template(f"{name}.html").render(
                view=name,
                modules=MODULES,
                static=f"/static/{self.dressed}",
                s=s,
                bar=bar.bar(s),
                queues=views.queues(s),
                headline=views.headline(s),
                step=decks.step(s, name, request.query_params.get("each", "") if name in decisions.KINDS else ""),
                held=views.held_out(s),
                held_means=views.held_out_means(),
                writing=request.scope["writing"],
                digests=json.dumps({**s.digests, "build": s.build}),
                **VIEWS[name](s, request.query_params),
            )
            return HTMLResponse(text, headers={"cache-control": "no-store"})

        return show

    def part(self, request: Request) -> Response:
        query = request.query_params
        start = query.get("from", "0")
        given = start.isdecimal() and len(start) < 9
        found = (
            lists.part(self.reader.read(), request.path_params["name"], int(start), words.sought(query))
            if given
            else None
        )
        if found is None:
            return _nothing()
        macro, total, items = found
        text = self.templates.get_template("part.html").render(macro=macro, items=items, start=int(start))
        return HTMLResponse(text, headers={"cache-control": "no-store", "x-total": str(total)})

    def light(self, request: Request) -> Response:
        s, query = self.reader.read(), request.query_params
        path = path_of(s, request.path_params["wanted"])
        if path is None:
            return _nothing()
        keys = lists.paths(s, query.get("in", ""), words.sought(query))
        text = self.templates.get_template("light.html").render(p=light.light(s, path, keys))
        return HTMLResponse(text, headers={"cache-control": "no-store"})

    def desk(self, request: Request) -> Response:
        s = self.reader.read()
        path = path_of(s, request.path_params["wanted"])
        desk = words.desk(s, path, words.found(s, words.sought(request.query_params))) if path is not None else None
        if desk is None:
            return _nothing()
        text = self.templates.get_template("desk.html").render(desk=desk)
        return HTMLResponse(text, headers={"cache-control": "no-store"})

    def complete(self, request: Request) -> Response:
        found = words.completions(self.reader.read(), request.query_params.get("word", "")[:100])
        return JSONResponse(found, headers={"cache-control": "no-store"})

    async def static(self, request: Request) -> Response:
        """Answer with what every view is made of; under an address that names its state it is never asked for again."""
        name, state = request.path_params["name"], request.path_params.get("state", "")
        if name not in self.files or state not in ("", self.dressed):
            return _nothing()
        hold = "private, max-age=31536000, immutable" if state else "no-cache"
        return Response(self.files[name], media_type=TYPES[Path(name).suffix], headers={"cache-control": hold})

    def picture(self, request: Request) -> Response:
        what, image = request.path_params["what"], self.reader.read().by_shown.get(request.path_params["digest"])
        if image is None:
            return _nothing()
        if what.isdecimal() and 64 <= int(what[:5]) <= 4096:
            return _rendition(self.pictures.trained(image, int(what)))
        if what == "thumb":
            return _rendition(self.pictures.thumb(image), "image/webp")
        return _rendition(self.pictures.large(image)) if what == "large" else _nothing()

    def _lying(self, what: str) -> Callable[[Request], Response]:
        """Answer with a picture as crops.yaml lets it lie: named by its digest and the turn."""

        def show(request: Request) -> Response:
            image, turn = self.reader.read().by_shown.get(request.path_params["digest"]), request.path_params["turn"]
            if image is None or turn not in TURNS:
                return _nothing()
            return _rendition(getattr(self.pictures, what)(image, int(turn)))

        return show

    def two(self, request: Request) -> Response:
        s, what = self.reader.read(), request.path_params["what"]
        first, second = (s.by_shown.get(request.path_params[n]) for n in ("first", "second"))
        if first is None or second is None or what not in ("difference", "laid"):
            return _nothing()
        if second.path in first.controls:  # it lies as the picture after it does
            second = next(b for b in pairing.before(first, s.before) if b.path == second.path)
        known = pair(s, first.path, second.path)
        make = self.pictures.difference if what == "difference" else self.pictures.laid
        return _rendition(make(first, second, known.lying(first.path) if known else Lying()))

    async def answer(self, request: Request) -> Response:
        given = await _body(request)
        return await run_in_threadpool(self._answer, given)

    def _answer(self, given: dict[str, Json]) -> Response:
        kind, values = str(given.get("kind")), given.get("values")
        if not isinstance(values, dict):
            raise UserError("this is not an answer")
        s, wanted = self.reader.read(), str(given.get("id"))
        planned = edits.planned_answer(s, kind, wanted, values)
        return self._written(kind, planned, given, lambda now: said.answered(s, now, kind, wanted, values))

    def _written(self, kind: str, planned: Values, given: dict[str, Json], told: Callable[[Snapshot], str]) -> Response:
        """Write an answer; `told`: what it comes to, by the project as it is afterwards."""
        written = decision_edits.write_answers(self.reader.root, kind, planned, str(given.get("expected", "")))
        done = Done(written, view=str(given.get("view", "")), at=str(given.get("at", "")))
        self.history.add(str(given.get("tab", "")), done)
        return JSONResponse({**_written_lines(done), "said": told(self.reader.read())})

    async def change(self, request: Request) -> Response:
        given = await _body(request)
        return await run_in_threadpool(self._change, given)

    def _change(self, given: dict[str, Json]) -> Response:
        """Without "write" a preview; with it, the captions whose idents it lists are written, in one edit."""
        s = self.reader.read()
        rows = words.changed(s, words.sought(_texts_of(given)), edits.asked_change(given))
        if "write" not in given:
            shown = self.templates.get_template("changes.html").render(rows=rows[:CHANGES_SHOWN], total=len(rows))
            return JSONResponse({"shown": shown, "all": [row.id for row in rows]})
        wanted = given["write"]
        chosen = {row.id: row.after for row in rows if isinstance(wanted, list) and row.id in wanted}
        if not chosen:
            raise UserError("no caption is chosen")
        many = f"{number_of(len(chosen), 'caption')} changed"
        return self._written("captions", edits.planned_captions(s, chosen), given, lambda _now: many)

    async def undo(self, request: Request) -> Response:
        given = await _body(request)
        return await run_in_threadpool(self._step_back, given, self.history.undo, "Taken back")

    async def redo(self, request: Request) -> Response:
        given = await _body(request)
        return await run_in_threadpool(self._step_back, given, self.history.redo, "Done again")

    def _step_back(self, given: dict[str, Json], move: Callable[[str], Done], what: str) -> Response:
        before = self.reader.read()
        done = move(str(given.get("tab", "")))
        text = what + said.stepped(before, self.reader.read(), done.written)
        return JSONResponse({**_written_lines(done), "said": text, "undone": True})

    async def measure(self, request: Request) -> Response:
        given = await _body(request)
        return await run_in_threadpool(self._measure, given)

    def _measure(self, given: dict[str, Json]) -> Response:
        """Return a caption with a change made to it, if one is given, and what is said of it then."""
        s = self.reader.read()
        path = path_of(s, str(given.get("id"))) or edits.sample_path(s, str(given.get("id")))
        if path is None:
            raise UserError("this is not there any more", hint="Reload the page.")
        text = edits.changed_caption(" ".join(str(given.get("text", ""))[:20_000].split()), given.get("change"))
        shown = self.templates.get_template("measured.html").render(m=words.measured(s, path, text))
        return JSONResponse({"text": text, "shown": shown})

    async def run(self, request: Request) -> Response:
        what = str((await _body(request)).get("what", "gate1"))
        if what not in COMMANDS:
            raise UserError("this cannot be run from the page")
        return JSONResponse({"started": await self.runs.start(what)})

    async def events(self, _request: Request) -> Response:
        return StreamingResponse(self._events(), media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def _events(self) -> AsyncIterator[str]:
        """ "files" whenever one of them is another one, "line" and "end" of a run of the gate."""
        stamps: dict[str, str] = {}
        number = self.runs.number - self.runs.running  # a run that is over is not news to a page that opens
        sent, ended = 0, True  # lines of the run
        while not self.ending():
            now = await run_in_threadpool(self.reader.stamps)
            if now != stamps:
                stamps = now
                yield _event("files", stamps)
                self.get_ready(stamps["build"])
            if self.runs.number != number:
                number, sent, ended = self.runs.number, 0, False
                yield _event("start", {"what": self.runs.what})
            new = self.runs.lines[max(0, sent - self.runs.dropped) :]
            sent = self.runs.dropped + len(self.runs.lines)
            if new:
                yield _event("lines", new)
            if not ended and not self.runs.running:
                ended = True
                yield _event("end", {"code": self.runs.code, "what": self.runs.what})
            await asyncio.sleep(TICK)

    def get_ready(self, build: str) -> None:
        """Make ready what the next key may ask for, once for each state of build/, beside what is asked meanwhile."""
        if self._warm != build:
            self._warm = build
            threading.Thread(target=self._make_ready, daemon=True).start()

    def _make_ready(self) -> None:
        names = self.templates.list_templates(["html"])
        compiling: list[Callable[[], object]] = [partial(self.templates.get_template, name) for name in names]
        with contextlib.suppress(UserError):  # told wherever it is asked for
            for step in [*compiling, *warm.steps(self.reader.read())]:
                self._looked_at()
                step()

    def _looked_at(self) -> None:
        """Wait until nobody asks for anything: of two threads that calculate each waits for the other."""
        while not self.ending() and (left := self.asked + QUIET - time.monotonic()) > 0:
            time.sleep(left)


class _Asked:
    """Notes when somebody asks the page, and when that is answered."""

    def __init__(self, app: ASGIApp, page: Page) -> None:
        self.app, self.page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path", "").startswith(PICTURES):  # drawn by others, while something can be calculated here
            await self.app(scope, receive, send)
            return
        self.page.asked = time.monotonic()
        await self.app(scope, receive, send)
        self.page.asked = time.monotonic()


Query = Mapping[str, str]  # what an address of the page asks for
Context = Mapping[str, Any]  # what a template gets besides the frame of the page: records


def _overview(s: Snapshot, _query: Query) -> Context:
    reasons = [c for c in views.finding_cards(s) if c.severity == "block" and not c.accepted]
    return {"blocking": reasons, "kept": views.kept(s), "out": views.left_out(s)}


def _texts(s: Snapshot, query: Query) -> Context:
    wanted = words.sought(query)
    shown = words.found(s, wanted)
    path = path_of(s, query.get("at", "")) or next(iter(shown), None)
    return {
        "rows": words.rows(s, wanted),
        "sought": wanted,
        "finding": words.finding(s, wanted.of)[0],
        "query": urlencode({k: v for k, v in _asking(wanted).items() if v}),
        "total": len(words.captioned(s)),
        "waiting": words.waiting(s),
        "only": [(name, words.ONLY[name], n) for name, n in words.counted(s, wanted.only).items()],
        "desk": words.desk(s, path, shown) if path is not None else None,
        "counts": words.terms_used(s),
    }


def _asking(wanted: words.Sought) -> dict[str, str]:
    """Write what is sought as an address of the page does; see `words.sought`."""
    return {"find": wanted.find, "not": wanted.without, "only": wanted.only, "of": wanted.of, "name": wanted.name}


def _deck(kind: str) -> Callable[[Snapshot, Query], Context]:
    return lambda s, query: {"deck": decks.deck(s, kind, query.get("at", ""), query.get("each", ""))}


VIEWS: dict[str, Callable[[Snapshot, Query], Context]] = {
    "overview": _overview,
    "duplicates": _deck("duplicates"),
    "captions": _deck("captions"),
    "quality": _deck("quality"),
    "carried": lambda s, query: {**_deck("carried")(s, query), "unread": views.unread(s)},
    "curation": lambda s, query: {**_deck("curation")(s, query), "kept": views.kept(s)},
    "map": lambda s, _query: {"map": likeness.laid_out(s), "total": len(s.images)},
    "findings": lambda s, _query: {"cards": views.finding_cards(s)},
    "texts": _texts,
}


def _coded(text: str) -> Markup:
    """Set what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def _texts_of(given: Mapping[str, Json]) -> dict[str, str]:
    return {name: value for name, value in given.items() if isinstance(value, str)}


def _event(name: str, data: Sequence[str] | Mapping[str, str | int | None]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def _written_lines(done: Done) -> dict[str, Json]:
    """Tell the page which lines of which file are new, and which question they belong to."""
    new = done.written
    shown = [(number, text) for number, text in new.lines if not text.startswith("# yaml-language-server")]
    lines: list[Json] = [{"number": number, "text": text.strip()[:_LINE]} for number, text in shown[:_TOLD]]
    where: dict[str, Json] = {"view": done.view, "at": done.at}
    told: dict[str, Json] = {"lines": lines, "more": len(shown) - len(lines)}
    return {"kind": new.kind, "file": f"decisions/{new.kind}.yaml", "digest": new.digest, **told, **where}


async def _body(request: Request) -> dict[str, Json]:
    """Read the JSON of a request. Raises UserError if it is no object."""
    try:
        given = json.loads(await request.body())
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise UserError("this is not an answer")
    return given


def _rendition(data: bytes, form: str = "image/jpeg") -> Response:
    return Response(data, media_type=form, headers={"cache-control": HOLD})


def _nothing() -> Response:
    return Response("There is no such page.\n", 404, media_type="text/plain")


def _missing(_request: Request, _error: Exception) -> Response:
    return _nothing()


def _mend(request: Request, error: Exception) -> Response:
    if request.method == "GET":  # project.yaml cannot be used: nothing can be shown until it is mended
        return Response(f"{error}\n\nMend it in an editor and reload this page.\n", 500, media_type="text/plain")
    return JSONResponse({"message": str(error)}, 400)


def _senseless(_request: Request, _error: Exception) -> Response:
    """Answer what no page of ours sends: nested without end, or half a character."""
    return JSONResponse({"message": "this is not an answer"}, 400)


def _changed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Changed)
    return JSONResponse(
        {
            "message": f"{error.name} was changed meanwhile, so nothing was written.",
            "theirs": error.text,
            "yours": error.line,
            "digest": error.now,
        },
        409,
    )


def _unshown(_request: Request, error: Exception) -> Response:
    reason = error.strerror if isinstance(error, OSError) else error  # an OSError's text has the path in it
    return Response(f"This picture cannot be shown: {reason}\n", 404, media_type="text/plain")


ERRORS: dict[Any, Callable[[Request, Exception], Response]] = {
    UserError: _mend,
    Changed: _changed,
    RecursionError: _senseless,
    UnicodeError: _senseless,
    BadImage: _unshown,
    OSError: _unshown,
    404: _missing,
}
