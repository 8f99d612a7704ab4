"""Asking a vision model about many pictures at once: bounded, retried, paid for within the budget, kept at once.

Which server it is, and how its replies look, is the captioner's business: it brings a VisionModel.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.job import Job, Outcome, keep_reply
from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.model import Reply, VisionError, VisionModel
from loraprep.core.findings import Value
from loraprep.core.records import Image
from loraprep.imaging.errors import BadImage

_DEAD = 3  # pictures in a row that nothing could be got for: the server is taken for dead


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying: attempts a picture, seconds before the second one, the most seconds of one wait."""

    attempts: int = 5
    first: float = 1.0
    most: float = 60.0

    def wait(self, attempt: int, after: float | None) -> float:
        """Return the seconds before retry number `attempt`: what the server asks for, never above `most`."""
        if after is not None:
            return max(0.0, min(self.most, after))
        return min(self.most, self.first * 2.0 ** (attempt - 1)) * random.uniform(0.8, 1.2)


PATIENCE = Patience()


def ask_about(
    images: Sequence[Image], job: Job, model: VisionModel, budget: Budget | None, concurrency: int
) -> Outcome:
    """Ask about every picture that still wants an answer from this model. `budget` None: it costs nothing.

    One picture's failure never stops the others; several in a row, or one that will repeat, stop the run.
    """
    try:
        return asyncio.run(_Run(job, model, budget).all(images, concurrency))
    except BaseExceptionGroup as group:  # one cause is enough to say what is wrong
        raise group.exceptions[0] from None


class _Run:
    """One run over one server: its queue, what it waits for, and what went wrong."""

    def __init__(self, job: Job, model: VisionModel, budget: Budget | None) -> None:
        self.job, self.model, self.budget = job, model, budget
        self.stop: VisionError | None = None
        self.failed: dict[str, list[tuple[Image, str]]] = {}  # code -> pictures, and what was said
        self.in_a_row = self.done = self.flying = self.retries = 0
        self.not_before = 0.0
        self.settled = asyncio.Event()

    async def all(self, images: Sequence[Image], concurrency: int) -> Outcome:
        todo = list(reversed(images))
        self.total = len(todo)
        self._show_progress()

        async def worker() -> None:
            while todo and self.stop is None:
                image = todo.pop()
                try:
                    if not await self._one(image):
                        todo.append(image)
                        return
                except VisionError as error:
                    self._fail(image, error)
                except (BadImage, OSError) as error:
                    self._fail(image, VisionError("unsendable", getattr(error, "reason", "the file cannot be read")))
                else:
                    self.in_a_row = 0
                self.done += 1
                self._show_progress()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(todo))):
                    group.create_task(worker())
        finally:
            await self.model.close()
        return self._outcome(todo)

    def _show_progress(self) -> None:
        spent = f"${self.budget.spent:.4f} spent" if self.budget else ""
        again = f"{self.retries} tried again" if self.retries else ""
        self.job.progress(self.done, self.total, ", ".join(filter(None, [spent, again])))

    def _fail(self, image: Image, error: VisionError) -> None:
        if error.whole:
            self.stop = self.stop or error
        self.failed.setdefault(error.code, []).append((image, error.detail))
        self.in_a_row += error.code != "unsendable"
        if self.in_a_row >= _DEAD:
            self.stop = self.stop or error

    def _outcome(self, left: Sequence[Image]) -> Outcome:
        outcome = Outcome()
        by_code: dict[str, list[Image]] = {code: [i for i, _ in pairs] for code, pairs in self.failed.items()}
        details = {code: next((d for _, d in pairs if d), "") for code, pairs in self.failed.items()}
        if self.stop is not None:
            by_code.setdefault(self.stop.code, []).extend(left)
            details[self.stop.code] = self.stop.detail
        for code, images in sorted(by_code.items()):
            outcome.add_missing(code, images, **self._values(code, images, details[code]))
        return outcome

    def _values(self, code: str, images: Sequence[Image], detail: str) -> dict[str, Value]:
        values: dict[str, Value] = {
            "said": detail or "no reason given",
            "model": self.model.name,
            "variable": self.model.variable,
        }
        if code == "budget" and self.budget:
            values |= {
                "done": self.total - len(images),
                "total": self.total,
                "left": f"{self.budget.left:.4f}",
                "limit": f"{self.budget.limit or 0:.2f}",
                "need": f"{self._need(images):.4f}",
            }
        return values

    def _need(self, images: Sequence[Image]) -> float:
        return sum(self.model.most(self.job.tokens(i), self.job.question, larger=False) for i in images)

    async def _one(self, image: Image) -> bool:
        """Ask until the picture's answer stands; False if the budget forbids it. Raises VisionError, BadImage."""
        picture = None
        while want := self.job.next_request(image, self.model.captioner):
            if picture is None:
                picture = await asyncio.to_thread(self.job.prepare, image)
            reply, key = await self._patiently(picture, larger=want == "larger")
            if reply is None:
                return False
            keep_reply(self.job, self.model, image.asked_as, reply)
            if self.budget and key:
                self.budget.settle(key, self.model.price(reply.usage), usage=reply.usage)
                self.settled.set()
            if reply.pause:
                self._hold(reply.pause)
        return True

    async def _patiently(self, picture: Prepared, *, larger: bool) -> tuple[Reply | None, str]:
        for attempt in range(1, PATIENCE.attempts + 1):
            await self._turn()
            key = await self._reserve(picture, larger=larger)
            if key is None:
                self.stop = self.stop or VisionError("budget", whole=True)
                return None, ""
            self.flying += 1
            try:
                return await self.model.describe(picture, self.job.question, larger=larger), key
            except VisionError as error:
                if self.budget and key:
                    if error.billed:
                        self.budget.lose(key)
                    else:
                        self.budget.settle(key, 0.0)
                if not error.retry or attempt == PATIENCE.attempts or self.stop is not None:
                    raise
                self.retries += 1
                self._show_progress()
                if error.after is None:
                    await asyncio.sleep(PATIENCE.wait(attempt, None))
                else:  # the server is busy for everyone
                    self._hold(PATIENCE.wait(attempt, error.after))
            finally:
                self.flying -= 1
                self.settled.set()
        raise AssertionError("unreachable")

    def _hold(self, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + min(PATIENCE.most, seconds)
        self.not_before = max(self.not_before, until)

    async def _turn(self) -> None:
        while (wait := self.not_before - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(wait)

    async def _reserve(self, picture: Prepared, *, larger: bool) -> str | None:
        """Reserve the cost of a request: its id, "" where nothing is charged, None if the ceiling forbids it.

        What is in flight is reserved at its worst case and mostly settles lower, so it is waited for first.
        """
        if self.budget is None:
            return ""
        most = self.model.most(picture.tokens, self.job.question, larger=larger)
        while not (key := self.budget.reserve(most, image=picture.digest[:12], model=self.model.name)):
            if not self.flying:
                return None
            self.settled.clear()
            await self.settled.wait()
        return key
