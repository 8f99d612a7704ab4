"""Claude looks at each picture once. Needs a key in ANTHROPIC_API_KEY and a budget that the person allowed;
waits for approved samples.

The library is imported only when something is really asked: it takes over a second.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from loraprep.captions.vision import consent, job
from loraprep.captions.vision.describe import describe_from_store
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.model import VisionError
from loraprep.captions.vision.prompt import VisionQuestion
from loraprep.captions.vision.store import AnswerSettings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.core.text import number_of
from loraprep.project.settings import Settings
from loraprep.project.trust import ModelPrice, Server, Trust

if TYPE_CHECKING:
    from loraprep.captions.vision.anthropic_client import Connection
    from loraprep.captions.vision.anthropic_messages import Claude

ABOUT = "Claude looks at every picture. Needs a key in ANTHROPIC_API_KEY and a budget; costs a little."
SAMPLES = True
NEEDS_APPROVAL = True
NAME = "claude"
ADDRESS = "ANTHROPIC_BASE_URL"  # the person's own
_MOST_TOKENS = 1_000_000  # that one picture is taken to have cost
BATCH_ABOVE = 200  # pictures: below, waiting a day for half of a few cents helps nobody

describe = describe_from_store


def _model(settings: Settings) -> Claude:
    from loraprep.captions.vision.anthropic_messages import PROVIDER, Claude
    from loraprep.captions.vision.prices import price_list

    captioning = settings.captioning
    return Claude(captioning.model or price_list(PROVIDER).default, captioning.effort, captioning.prices)


def asks(settings: Settings) -> Trust:
    """Return what it asks for: an amount, the address that project.yaml names, and a price that only stands there."""
    captioning, model = settings.captioning, _model(settings)
    believed = model.priced and not model.listed
    price = ModelPrice(model.name, model.prices.input, model.prices.output) if believed else None
    return Trust(
        servers=(Server(captioning.base_url, model.variable),) if captioning.base_url else (),
        prices=(price,) if price else (),
        budget_usd=captioning.budget_usd or 0.0,
    )


def answer_settings(settings: Settings, question: VisionQuestion) -> AnswerSettings:
    """Return what an answer asked for now would be stored with."""
    model = _model(settings)
    return job.answer_settings(NAME, model.name, model.parameters(), question)


def estimate_cost(images: Sequence[Image], job: Job) -> tuple[float, float]:
    """Return (likely, at most) US dollars for asking about those pictures once, without a network.

    What a picture took before is the best guess of what it takes again.
    """
    return _estimate(images, job, _model(job.settings))


def _estimate(images: Sequence[Image], job: Job, model: Claude) -> tuple[float, float]:
    if not model.priced:
        return 0.0, 0.0
    likely = most = 0.0
    for image in images:
        tokens = job.tokens(image)
        stored = next((a.usage for a in reversed(job.store.read(image.asked_as).listed) if a.usage), {})
        used = {key: min(max(n, 0), _MOST_TOKENS) for key, n in stored.items()}  # the file may be anybody's
        whole = {
            "input_tokens": sum(n for key, n in used.items() if key != "output_tokens"),
            "output_tokens": used.get("output_tokens", 0),
        }
        likely += model.price(whole if used else model.guess(tokens, job.question))
        most += model.most(tokens, job.question, larger=False)
    return likely, most


def ask_vision_model(images: Sequence[Image], job: Job) -> Outcome:
    """Have Claude look, live or as a batch, within the budget; answers are stored as they come."""
    captioning, outcome = job.settings.captioning, Outcome()
    model = _model(job.settings)
    if not captioning.budget_usd:
        return outcome.add_missing("no-budget", images)
    if not model.priced:
        return outcome.add_missing("no-price", images, model=model.name)
    key = os.environ.get(model.variable, "").strip()
    if not key:
        return outcome.add_missing("no-key", images, variable=model.variable)
    if not (key.isascii() and key.isprintable()) or " " in key:
        why = "it holds characters that no key has"
        return outcome.add_missing("key", images, said=why, variable=model.variable, model=model.name)
    consent.refuse_unsafe(captioning.base_url, ("captioning", "base_url"), job)
    budget = Budget.open(job.root, captioning.budget_usd)
    likely, _ = _estimate(images, job, model)
    where = f"{captioning.base_url or os.environ.get(ADDRESS) or 'Anthropic'}, with the key in {model.variable}"
    if waiting := consent.missing(asks(job.settings), images, job, where, likely):
        return waiting
    from loraprep.captions.vision import anthropic_client

    with anthropic_client.connect(key, captioning.base_url, job.say) as connection:
        job.say(f"Pictures go to {connection.address}, with the key in {model.variable}.")
        try:
            return _ask(images, job, model, budget, connection)
        except VisionError as stop:
            left = [i for i in images if job.next_request(i, NAME)]
            why = stop.detail or "no reason given"
            return outcome.add_missing(stop.code, left, said=why, model=model.name, variable=model.variable)


def _ask(images: Sequence[Image], job: Job, model: Claude, budget: Budget, connection: Connection) -> Outcome:
    from loraprep.captions.vision import batches, runner

    pending = batches.collect(job, model, budget, connection)
    left = [i for i in images if i.asked_as not in pending and job.next_request(i, NAME)]
    out = [i for i in images if i.asked_as in pending]
    outcome = Outcome().add_missing("batch", out, since=batches.since(job))
    if not left:
        return outcome
    if until := connection.check_model(model):
        outcome.findings.append(Finding(Code.VISION_DEPRECATED, (), {"model": model.name, "until": until}))
    connection.count_tokens(model, job, left)
    model.several = len(left) > 1
    captioning = job.settings.captioning
    as_batch = captioning.batch == "always" or (captioning.batch == "auto" and len(left) > BATCH_ABOVE)
    if as_batch:
        model.share = batches.price_share()
    likely, most = _estimate(left, job, model)
    pictures = number_of(len(left), "pair" if job.question.form == "change" else "picture")
    job.say(
        f"{model.name} looks at {pictures}{' as a batch' if as_batch else ''}: about ${likely:.4f}, at most "
        f"${most:.4f}. ${budget.left:.4f} of ${budget.limit or 0:.2f} is left."
    )
    if likely > budget.left:
        job.say("The budget will not reach for all of them; what is seen before it ends stays.")
    if as_batch:
        return outcome.join(batches.submit(left, job, model, budget, connection))
    return outcome.join(runner.ask_about(left, job, connection.attach(model), budget, captioning.concurrency))
