"""Claude looks at each picture once. Needs a key in ANTHROPIC_API_KEY and a budget; waits for approved samples.

The library is imported only when something is really asked: it takes over a second.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from loraprep.captions.vision import job as looking
from loraprep.captions.vision.encode import size, tokens
from loraprep.captions.vision.job import Job, Outcome, Trouble
from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.prompt import Question
from loraprep.captions.vision.prompt import described as describe
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image

__all__ = ["NEEDS_APPROVAL", "SAMPLES", "ask", "cost", "describe", "settings"]

SAMPLES = True
NEEDS_APPROVAL = True
ADDRESS = "ANTHROPIC_BASE_URL"
BATCH_ABOVE = 200  # pictures: below, waiting a day for half of a few cents helps nobody


def _seer(config: Mapping[str, Any]) -> Any:
    from loraprep.captions.vision.anthropic_messages import Claude, catalogue

    captioning = config["captioning"]
    return Claude(captioning["model"] or catalogue()["default"], captioning["effort"], captioning["prices"])


def settings(config: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """What an answer asked for now would be stored with."""
    seer = _seer(config)
    return looking.settings("claude", seer.model, seer.parameters(), question)


def cost(images: Sequence[Image], job: Job, seer: Any = None) -> tuple[float, float]:
    """(likely, at most) US dollars for asking about those pictures once, without a network.

    What a picture took before is the best guess of what it takes again.
    """
    seer = seer or _seer(job.config)
    if not seer.priced:
        return 0.0, 0.0
    likely = most = 0.0
    for image in images:
        shown = tokens(*size(image.width, image.height))
        used = next((a.usage for a in reversed(job.store.read(image.digest).listed) if a.usage), {})
        whole = {
            "input_tokens": sum(n for key, n in used.items() if key != "output_tokens"),
            "output_tokens": used.get("output_tokens", 0),
        }
        likely += seer.price(whole if used else seer.guess(shown, job.question))
        most += seer.most(shown, job.question, larger=False)
    return likely, most


def ask(images: Sequence[Image], job: Job) -> Outcome:
    """Has Claude look, live or as a batch, within the budget; answers are stored as they come."""
    captioning, outcome = job.config["captioning"], Outcome()
    seer = _seer(job.config)
    if captioning["budget_usd"] is None:
        return outcome.lack("no-budget", images)
    if not seer.priced:
        return outcome.lack("no-price", images, model=seer.model)
    key = os.environ.get(seer.variable, "").strip()
    if not key:
        return outcome.lack("no-key", images, variable=seer.variable)
    if not (key.isascii() and key.isprintable()) or " " in key:
        return outcome.lack(
            "key", images, said="it holds characters that no key has", variable=seer.variable, model=seer.model
        )
    from loraprep.captions.vision import anthropic_client

    budget = Budget.open(job.root, captioning["budget_usd"])
    address = captioning["base_url"] or os.environ.get(ADDRESS) or None
    with anthropic_client.open_to(key, address) as line:
        try:
            return _ask(images, job, seer, budget, line)
        except Trouble as stop:
            left = [i for i in images if job.wants(i, seer.captioner)]
            return outcome.lack(
                stop.code, left, said=stop.said or "no reason given", model=seer.model, variable=seer.variable
            )


def _ask(images: Sequence[Image], job: Job, seer: Any, budget: Budget, line: Any) -> Outcome:
    from loraprep.captions.vision import batches, runner

    pending = batches.collect(job, seer, budget, line)
    left = [i for i in images if i.digest not in pending and job.wants(i, seer.captioner)]
    outcome = Outcome().lack("batch", [i for i in images if i.digest in pending])
    if not left:
        return outcome
    outcome.findings += [
        Finding(Code.VISION_DEPRECATED, (), {"model": seer.model, "until": until})
        for until in [line.check(seer)]
        if until
    ]
    line.count(seer, job, left)
    captioning = job.config["captioning"]
    whole = captioning["batch"] == "always" or (captioning["batch"] == "auto" and len(left) > BATCH_ABOVE)
    if whole:
        seer.share = batches.share()
    likely, most = cost(left, job, seer)
    pictures = "1 picture" if len(left) == 1 else f"{len(left)} pictures"
    job.say(
        f"{seer.model} looks at {pictures}{' as a batch' if whole else ''}: about ${likely:.4f}, at most "
        f"${most:.4f}. ${budget.left:.4f} of ${budget.limit or 0:.2f} is left."
    )
    if likely > budget.left:
        job.say("The budget will not reach for all of them; what is seen before it ends stays.")
    found = batches.submit(left, job, seer, budget, line) if whole else _live(left, job, seer, budget, line, runner)
    return outcome.join(found)


def _live(images: Sequence[Image], job: Job, seer: Any, budget: Budget, line: Any, asking: Any) -> Outcome:
    outcome: Outcome = asking.ask(images, job, line.live(seer), budget, job.config["captioning"]["concurrency"])
    return outcome
