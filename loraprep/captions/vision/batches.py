"""Many pictures at half the price, answered within a day. batches.json holds what is out, before anything is sent.

Killed at any point, the next run goes on: a batch whose id is known is fetched and never sent again; one that was
being sent when the line broke is looked for among the recent batches first.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec

from loraprep.captions.vision.anthropic_client import Connection
from loraprep.captions.vision.anthropic_messages import PROVIDER, Claude, read_message, vision_error
from loraprep.captions.vision.form import Name
from loraprep.captions.vision.job import Job, Outcome, keep_reply
from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.model import VisionError
from loraprep.captions.vision.prices import price_list
from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging.errors import BadImage

NAME = "batches.json"
EVERY = 30.0  # seconds between two looks at a pending batch
_LARGEST = 64_000_000  # bytes of pictures in one batch: the API takes 256 MB, our memory should not need as much
_RECENT = 50  # batches looked through for one whose sending was interrupted
_TIMEOUT = 600.0  # seconds to send one
VERSION = 1
_ID = re.compile(r"\A[A-Za-z0-9_-]{1,100}\Z")  # it becomes part of an address
_Id = Annotated[str, msgspec.Meta(pattern=_ID.pattern)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]  # it becomes the name of a file in responses/


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One batch that is out. `ids`: where its results may be; none while nobody knows whether it arrived.

    `requests`: digest of a picture, or of a pair -> how many answers it had before; `newest`: the newest batch before
    it; `reserved`: its line in the ledger; `sent`: when it arrived, "" if that is not known; `form`: what is to be
    filled in. The rest is what the answers will be stored with.
    """

    requests: dict[_Digest, Annotated[int, msgspec.Meta(ge=0)]]
    reserved: str
    newest: str
    model: str
    effort: str
    prompt: str
    examples: str
    ids: tuple[_Id, ...] = ()
    sent: str = ""
    form: Name = "elements"


class BatchFile(msgspec.Struct, frozen=True):
    """batches.json."""

    version: int
    batches: tuple[Batch, ...]


def price_share() -> float:
    """Return which share of the price a request in a batch costs."""
    return price_list(PROVIDER).batch


def _load(job: Job) -> list[Batch]:
    try:
        return list(files.parse_json(files.read(job.root / NAME), BatchFile).batches)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError):
        hint = "Bring it back from git. Deleted, its pictures would be paid for a second time."
        raise UserError("the list of pending batches cannot be read", place=NAME, hint=hint) from None


def _save(job: Job, pending: Sequence[Batch]) -> None:
    if pending:
        files.write_json(job.root / NAME, msgspec.to_builtins(BatchFile(VERSION, tuple(pending))))
    else:
        files.remove(job.root / NAME)


def pending_pictures(job: Job) -> set[str]:
    """Return the digests of the pictures that are out. Raises UserError."""
    return {digest for batch in _load(job) for digest in batch.requests}


def since(job: Job) -> str:
    """Say since when the oldest batch is out, as " since 2026-11-01 14:05 UTC"; "" if that is not known."""
    times = sorted(batch.sent for batch in _load(job) if batch.sent)
    return f" since {times[0]}" if times else ""


def _time(batch: Any) -> str:
    made = getattr(batch, "created_at", None)
    return f"{made.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if isinstance(made, datetime) else ""


def submit(images: Sequence[Image], job: Job, model: Claude, budget: Budget, connection: Connection) -> Outcome:
    """Send the pictures in as many batches as it takes, as far as the budget reaches; wait for them if asked to.

    Raises VisionError, UserError.
    """
    outcome, sent = Outcome(), list[Image]()
    for group in _groups(images, job, model, outcome):
        costs = list(itertools.accumulate(model.most(r.tokens, job.question, larger=r.larger) for r in group))
        fitting = sum(most <= budget.left for most in costs)
        if fitting:
            reserved = budget.reserve(costs[fitting - 1], pictures=fitting, model=model.name, batch=True)
            _send(group[:fitting], reserved, job, model, budget, connection)
            sent += [r.image for r in group[:fitting]]
            job.progress(len(sent), len(images), f"${budget.spent:.4f} set aside")
        if fitting < len(group):
            break
    done = {i.path for i in sent} | set(outcome.missing)
    short = [i for i in images if i.path not in done]
    if job.wait and sent:
        collect(job, model, budget, connection)
    out = pending_pictures(job)
    outcome.add_missing("batch", [i for i in sent if i.asked_as in out], since=since(job))
    left = [i for i in sent if i.asked_as not in out and job.next_request(i, model.captioner)]
    outcome.add_missing("batch-partly", left)
    need = sum(model.most(job.tokens(i), job.question, larger=False) for i in short)
    return outcome.add_missing(
        "budget",
        short,
        done=len(sent),
        total=len(images),
        left=f"{budget.left:.4f}",
        limit=f"{budget.limit or 0:.2f}",
        need=f"{need:.4f}",
        model=model.name,
        said="",
    )


class _Request(NamedTuple):
    """A picture's request. `tokens`: of the image; `larger`: with more room for the reply."""

    image: Image
    tokens: int
    larger: bool
    body: dict[str, Any]  # of messages.create


def _groups(images: Sequence[Image], job: Job, model: Claude, outcome: Outcome) -> Iterator[list[_Request]]:
    """Yield the requests in groups that one batch can take; add pictures that cannot be sent to `outcome`."""
    group: list[_Request] = []
    weight = 0
    for image in images:
        try:
            picture = job.prepare(image)
        except (BadImage, OSError) as error:
            outcome.add_missing("unsendable", [image], said=getattr(error, "reason", "the file cannot be read"))
            continue
        larger = job.next_request(image, model.captioner) == "larger"
        if group and weight + picture.weight > _LARGEST:
            yield group
            group, weight = [], 0
        body = model.request(picture, job.question, larger=larger)
        group.append(_Request(image, picture.tokens, larger, body))
        weight += picture.weight
    if group:
        yield group


def _send(
    group: Sequence[_Request], reserved: str, job: Job, model: Claude, budget: Budget, connection: Connection
) -> None:
    before = _load(job)
    newest = next(iter(_recent(connection, 1)), None)
    batch = Batch(
        {r.image.asked_as: len(job.store.read(r.image.asked_as).listed) for r in group},
        reserved,
        newest.id if newest else "",
        model.name,
        model.effort,
        job.question.prompt_digest,
        job.question.examples_digest,
        form=job.question.form,
    )
    _save(job, [*before, batch])
    requests: Any = [{"custom_id": r.image.asked_as, "params": r.body} for r in group]
    try:
        made = connection.client.messages.batches.create(requests=requests, timeout=_TIMEOUT)
        said = getattr(made, "id", None)
        number = said if isinstance(said, str) and _ID.match(said) else ""
    except Exception as error:
        found = vision_error(error, connection.key)
        if not found.billed:
            budget.settle(reserved, 0.0)
            _save(job, before)
            raise found from None
        number = ""  # nobody knows whether it arrived: the next look finds out
    if number:
        _save(job, [*before, msgspec.structs.replace(batch, ids=(number,), sent=_time(made))])


def _recent(connection: Connection, number: int) -> list[Any]:
    page: Any = connection.patiently(lambda: connection.client.messages.batches.list(limit=number))
    listed = getattr(page, "data", None)
    return list(listed) if isinstance(listed, list) else []


def collect(job: Job, model: Claude, budget: Budget, connection: Connection) -> set[str]:
    """Fetch what has ended, store every answer, and return the digests of the pictures that are still out.

    Looks once, or until nothing is out if the job says wait. Raises VisionError, UserError.
    """
    while batches := _load(job):
        for listed in batches:
            batch = _found(listed, job, budget, connection)
            if batch is not None and all(_ended(connection, number) for number in batch.ids):
                _store(batch, job, budget, connection)
                _save(job, [b for b in _load(job) if b.reserved != batch.reserved])
        if not job.wait or not _load(job):
            break
        out = pending_pictures(job)
        job.progress(0, len(out), "waiting for the batch; Ctrl-C is safe, it goes on without us")
        time.sleep(EVERY)
    return pending_pictures(job)


def _found(batch: Batch, job: Job, budget: Budget, connection: Connection) -> Batch | None:
    """Return the batch with its ids; None if it turns out that it never arrived, and then it is forgotten."""
    if batch.ids:
        return batch
    others = {n for b in _load(job) for n in b.ids}
    ids, sent = [], ""
    for listed in _recent(connection, _RECENT):
        if listed.id == batch.newest:
            break
        counts = listed.request_counts
        total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
        if listed.id not in others and total == len(batch.requests):
            ids.append(listed.id)
            sent = _time(listed)  # they are listed newest first
    rest = [b for b in _load(job) if b.reserved != batch.reserved]
    if not ids:
        budget.settle(batch.reserved, 0.0)
        _save(job, rest)
        return None
    found = msgspec.structs.replace(batch, ids=tuple(ids), sent=sent)
    _save(job, [*rest, found])
    return found


def _ended(connection: Connection, number: str) -> bool:
    try:
        state: Any = connection.patiently(lambda: connection.client.messages.batches.retrieve(number))
    except VisionError as error:
        if error.code == "model":  # 404: results are kept 29 days; what is gone is asked again
            return True
        raise
    return getattr(state, "processing_status", "") == "ended"


def _store(batch: Batch, job: Job, budget: Budget, connection: Connection) -> None:
    """Store every result that came; expired, cancelled and failed ones are not billed and will be asked again."""
    asked = Claude(batch.model, batch.effort, job.settings.captioning.prices, share=price_share())
    cost, known, certain = 0.0, False, True
    for number in batch.ids:
        for result in _results(connection, number):
            if result.custom_id not in batch.requests:
                continue
            known = True
            if getattr(result.result, "type", "") != "succeeded":
                continue
            try:
                reply = read_message(result.result.message)
            except VisionError:
                certain = False  # it was billed, and nobody knows for how much
                continue
            cost += asked.price(reply.usage) if asked.priced else 0.0
            if len(job.store.read(result.custom_id).listed) == batch.requests[result.custom_id]:
                keep_reply(
                    job,
                    asked,
                    result.custom_id,
                    reply,
                    prompt=batch.prompt,
                    examples=batch.examples,
                    form=batch.form,
                )
    if known and certain:
        budget.settle(batch.reserved, cost, batch=True)
    else:
        budget.lose(batch.reserved)


def _results(connection: Connection, number: str) -> list[Any]:
    """Fetch all results of an ended batch. A list that breaks off is fetched again, for free. Raises VisionError.

    From the address that the batch went to: the client's own `results` would take the key wherever the server says.
    """
    import httpx2
    from anthropic.types.messages import MessageBatchIndividualResponse

    def fetch() -> list[Any]:
        answer = connection.client.get(f"/v1/messages/batches/{number}/results", cast_to=httpx2.Response)
        lines = [line for line in answer.text.split("\n") if line.strip()]
        return [MessageBatchIndividualResponse.construct(**json.loads(line)) for line in lines]

    try:
        return connection.patiently(fetch)
    except VisionError as error:
        if error.code == "model":
            return []
        raise
