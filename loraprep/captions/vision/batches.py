"""Many pictures at half the price, answered within a day. batches.json holds what is out, before anything is sent.

Killed at any point, the next run goes on: a batch whose id is known is fetched and never sent again; one that was
being sent when the line broke is looked for among the recent batches first.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import structs

from loraprep.captions.vision.anthropic_messages import Claude, catalogue, patiently, reply, trouble
from loraprep.captions.vision.job import Job, Outcome, Trouble, keep
from loraprep.captions.vision.ledger import Budget
from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Image, Record
from loraprep.imaging.decode import BadImage

NAME = "batches.json"
EVERY = 30.0  # seconds between two looks at a pending batch
_LARGEST = 64_000_000  # bytes of pictures in one batch: the API takes 256 MB, our memory should not need as much
_RECENT = 50  # batches looked through for one whose sending was interrupted
_TIMEOUT = 600.0  # seconds to send one
VERSION = 1


class Batch(Record, frozen=True):
    """One batch that is out. `ids`: where its results may be; [] while nobody knows whether it arrived.

    `requests`: digest of a picture -> how many answers it had before; `newest`: the newest batch before it;
    `reserved`: its line in the ledger. The rest is what the answers will be stored with.
    """

    requests: dict[str, int]
    reserved: str
    newest: str
    model: str
    effort: str
    prompt: str
    examples: str
    ids: list[str] = msgspec.field(default_factory=list)


def share() -> float:
    """Of the price."""
    return float(catalogue()["batch"])


def _load(job: Job) -> list[Batch]:
    try:
        data = files.read_json(job.root / NAME)
        return msgspec.convert(data["batches"], list[Batch])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError):
        hint = "Bring it back from git. Deleted, its pictures would be paid for a second time."
        raise UserError("the list of pending batches cannot be read", place=NAME, hint=hint) from None


def _save(job: Job, pending: Sequence[Batch]) -> None:
    if pending:
        files.write_json(job.root / NAME, {"version": VERSION, "batches": msgspec.to_builtins(pending)})
    else:
        (job.root / NAME).unlink(missing_ok=True)


def pending(job: Job) -> set[str]:
    """Digests of the pictures that are out."""
    return {digest for batch in _load(job) for digest in batch.requests}


def submit(images: Sequence[Image], job: Job, seer: Claude, budget: Budget, line: Any) -> Outcome:
    """Sends the pictures in as many batches as it takes, as far as the budget reaches; waits for them if asked to."""
    outcome, sent = Outcome(), list[Image]()
    for group, bodies in _groups(images, job, seer, outcome):
        costs = list(itertools.accumulate(seer.most(t, job.question, larger=larger) for t, larger, _ in bodies))
        fitting = sum(most <= budget.left for most in costs)
        if fitting:
            reserved = budget.reserve(costs[fitting - 1], pictures=fitting, model=seer.model, batch=True)
            _send(group[:fitting], [body for _, _, body in bodies[:fitting]], reserved, job, seer, budget, line)
            sent += group[:fitting]
            job.progress(len(sent), len(images), f"${budget.spent:.4f} set aside")
        if fitting < len(group):
            break
    done = {i.path for i in sent} | set(outcome.missing)
    short = [i for i in images if i.path not in done]
    if job.wait and sent:
        collect(job, seer, budget, line)
    out = pending(job)
    outcome.lack("batch", [i for i in sent if i.digest in out])
    left = [i for i in sent if i.digest not in out and job.wants(i, seer.captioner)]
    outcome.lack("batch-partly", left)
    need = sum(seer.most(1600, job.question, larger=False) for _ in short)
    return outcome.lack(
        "budget",
        short,
        done=len(sent),
        total=len(images),
        left=f"{budget.left:.4f}",
        limit=f"{budget.limit or 0:.2f}",
        need=f"{need:.4f}",
        model=seer.model,
        said="",
    )


_Bodies = list[tuple[int, bool, dict[str, Any]]]  # (image tokens, larger, body of messages.create)


def _groups(images: Sequence[Image], job: Job, seer: Claude, outcome: Outcome) -> Iterator[tuple[list[Image], _Bodies]]:
    group: list[Image] = []
    bodies: _Bodies = []
    weight = 0
    for image in images:
        try:
            picture = job.prepare(image)
        except (BadImage, OSError) as error:
            outcome.lack("unsendable", [image], said=getattr(error, "reason", "the file cannot be read"))
            continue
        larger = job.wants(image, seer.captioner) == "larger"
        if group and weight + len(picture.data) > _LARGEST:
            yield group, bodies
            group, bodies, weight = [], [], 0
        group.append(image)
        bodies.append((picture.tokens, larger, seer.request(picture, job.question, larger=larger)))
        weight += len(picture.data)
    if group:
        yield group, bodies


def _send(
    group: Sequence[Image],
    bodies: Sequence[dict[str, Any]],
    reserved: str,
    job: Job,
    seer: Claude,
    budget: Budget,
    line: Any,
) -> None:
    before = _load(job)
    newest = next(iter(_recent(line, 1)), None)
    had = {i.digest: len(job.store.read(i.digest).listed) for i in group}
    batch = Batch(
        had,
        reserved,
        newest.id if newest else "",
        seer.model,
        seer.effort,
        job.question.prompt,
        job.question.examples_digest,
    )
    _save(job, [*before, batch])
    requests = [{"custom_id": i.digest, "params": body} for i, body in zip(group, bodies, strict=True)]
    try:
        made = line.client.messages.batches.create(requests=requests, timeout=_TIMEOUT)
        number = made.id if isinstance(getattr(made, "id", None), str) else ""
    except Exception as error:
        found = trouble(error, line.key)
        if not found.billed:
            budget.settle(reserved, 0.0)
            _save(job, before)
            raise found from None
        number = ""  # nobody knows whether it arrived: the next look finds out
    if number:
        _save(job, [*before, _with(batch, [number])])


def _with(batch: Batch, ids: list[str]) -> Batch:
    return structs.replace(batch, ids=ids)


def _recent(line: Any, number: int) -> list[Any]:
    page: Any = patiently(lambda: line.client.messages.batches.list(limit=number), line.key)
    listed = getattr(page, "data", None)
    return list(listed) if isinstance(listed, list) else []


def collect(job: Job, seer: Claude, budget: Budget, line: Any) -> set[str]:
    """Fetches what has ended, stores every answer, and returns the digests of the pictures that are still out.

    Looks once, or until nothing is out if the job says wait. Raises Trouble.
    """
    while batches := _load(job):
        for listed in batches:
            batch = _found(listed, job, budget, line)
            if batch is not None and all(_ended(line, number) for number in batch.ids):
                _store(batch, job, seer, budget, line)
                _save(job, [b for b in _load(job) if b.reserved != batch.reserved])
        if not job.wait or not _load(job):
            break
        out = pending(job)
        job.progress(0, len(out), "waiting for the batch; Ctrl-C is safe, it goes on without us")
        time.sleep(EVERY)
    return pending(job)


def _found(batch: Batch, job: Job, budget: Budget, line: Any) -> Batch | None:
    """The batch with its ids; None if it turns out that it never arrived, and then it is forgotten."""
    if batch.ids:
        return batch
    others = {n for b in _load(job) for n in b.ids}
    ids = []
    for listed in _recent(line, _RECENT):
        if listed.id == batch.newest:
            break
        counts = listed.request_counts
        total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
        if listed.id not in others and total == len(batch.requests):
            ids.append(listed.id)
    rest = [b for b in _load(job) if b.reserved != batch.reserved]
    if not ids:
        budget.settle(batch.reserved, 0.0)
        _save(job, rest)
        return None
    _save(job, [*rest, _with(batch, ids)])
    return _with(batch, ids)


def _ended(line: Any, number: str) -> bool:
    try:
        state: Any = patiently(lambda: line.client.messages.batches.retrieve(number), line.key)
    except Trouble as error:
        if error.code == "model":  # 404: results are kept 29 days; what is gone is asked again
            return True
        raise
    return getattr(state, "processing_status", "") == "ended"


def _store(batch: Batch, job: Job, seer: Claude, budget: Budget, line: Any) -> None:
    """Every result that came; expired, cancelled and failed ones are not billed and will be asked again."""
    then = Claude(batch.model, batch.effort, job.config["captioning"]["prices"], share=share())
    cost, known = 0.0, False
    for number in batch.ids:
        for result in _results(line, number):
            if result.custom_id not in batch.requests:
                continue
            known = True
            if getattr(result.result, "type", "") != "succeeded":
                continue
            try:
                said = reply(result.result.message)
            except Trouble:
                continue
            cost += then.price(said.usage) if then.priced else 0.0
            if len(job.store.read(result.custom_id).listed) == batch.requests[result.custom_id]:
                keep(job, then, result.custom_id, said, prompt=batch.prompt, examples=batch.examples)
    if known:
        budget.settle(batch.reserved, cost, batch=True)
    else:
        budget.lose(batch.reserved)


def _results(line: Any, number: str) -> list[Any]:
    """All results of an ended batch. Raises Trouble; a list that breaks off is fetched again, which is free."""

    def fetch() -> list[Any]:
        return list(line.client.messages.batches.results(number))

    try:
        return patiently(fetch, line.key)
    except Trouble as error:
        if error.code == "model":
            return []
        raise
