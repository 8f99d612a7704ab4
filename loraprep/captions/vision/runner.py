"""Asking a vision model about many pictures at once: bounded, retried, paid for within the budget, kept at once.

Which server it is, and how its replies look, is the captioner's business: it brings a `Seer`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loraprep.captions.vision.encode import Prepared, size, tokens
from loraprep.captions.vision.job import Job, Outcome, Reply, Seer, Trouble, keep
from loraprep.captions.vision.ledger import Budget
from loraprep.core.records import Image
from loraprep.imaging.decode import BadImage

_DEAD = 3  # pictures in a row that nothing could be got for: the server is taken for dead


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying: attempts a picture, seconds before the second one, the most seconds of one wait."""

    attempts: int = 5
    first: float = 1.0
    most: float = 60.0

    def wait(self, attempt: int, after: float | None) -> float:
        """Seconds before attempt number `attempt` (1 is the second): what the server asks for, never above `most`."""
        if after is not None:
            return max(0.0, min(self.most, after))
        return min(self.most, self.first * 2.0 ** (attempt - 1)) * random.uniform(0.8, 1.2)


PATIENCE = Patience()


def ask(images: Sequence[Image], job: Job, seer: Seer, budget: Budget | None, concurrency: int) -> Outcome:
    """Asks about every picture that still wants an answer from this seer. `budget` None: it costs nothing.

    One picture's failure never stops the others; several in a row, or one that will repeat, stop the run.
    """
    try:
        return asyncio.run(_Run(job, seer, budget).all(images, concurrency))
    except BaseExceptionGroup as group:  # one cause is enough to say what is wrong
        raise group.exceptions[0] from None


class _Run:
    """One run over one server: its queue, what it waits for, and what went wrong."""

    def __init__(self, job: Job, seer: Seer, budget: Budget | None) -> None:
        self.job, self.seer, self.budget = job, seer, budget
        self.stop: Trouble | None = None
        self.failed: dict[str, list[tuple[Image, str]]] = {}  # code -> pictures, and what was said
        self.in_a_row = self.done = self.flying = self.retries = 0
        self.not_before = 0.0
        self.settled = asyncio.Event()

    async def all(self, images: Sequence[Image], concurrency: int) -> Outcome:
        todo = list(reversed(images))
        self.total = len(todo)
        self._tell()

        async def worker() -> None:
            while todo and self.stop is None:
                image = todo.pop()
                try:
                    if not await self._one(image):
                        todo.append(image)
                        return
                except Trouble as trouble:
                    self._fail(image, trouble)
                except (BadImage, OSError) as error:
                    self._fail(image, Trouble("unsendable", getattr(error, "reason", "the file cannot be read")))
                else:
                    self.in_a_row = 0
                self.done += 1
                self._tell()

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(todo))):
                    group.create_task(worker())
        finally:
            await self.seer.close()
        return self._outcome(todo)

    def _tell(self) -> None:
        spent = f"${self.budget.spent:.4f} spent" if self.budget else ""
        again = f"{self.retries} tried again" if self.retries else ""
        self.job.progress(self.done, self.total, ", ".join(filter(None, [spent, again])))

    def _fail(self, image: Image, trouble: Trouble) -> None:
        if trouble.whole:
            self.stop = self.stop or trouble
        self.failed.setdefault(trouble.code, []).append((image, trouble.said))
        self.in_a_row += trouble.code != "unsendable"
        if self.in_a_row >= _DEAD:
            self.stop = self.stop or trouble

    def _outcome(self, left: Sequence[Image]) -> Outcome:
        outcome = Outcome()
        by_code: dict[str, list[Image]] = {code: [i for i, _ in pairs] for code, pairs in self.failed.items()}
        said = {code: next((s for _, s in pairs if s), "") for code, pairs in self.failed.items()}
        if self.stop is not None:
            by_code.setdefault(self.stop.code, []).extend(left)
            said[self.stop.code] = self.stop.said
        for code, images in sorted(by_code.items()):
            outcome.lack(code, images, **self._values(code, images, said[code]))
        return outcome

    def _values(self, code: str, images: Sequence[Image], said: str) -> dict[str, Any]:
        values: dict[str, Any] = {
            "said": said or "no reason given",
            "model": self.seer.model,
            "variable": self.seer.variable,
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
        return sum(self.seer.most(tokens(*size(i.width, i.height)), self.job.question, larger=False) for i in images)

    async def _one(self, image: Image) -> bool:
        """Asks until the picture's answer stands; False if the budget forbids it. Raises Trouble, BadImage."""
        picture = None
        while want := self.job.wants(image, self.seer.captioner):
            if picture is None:
                picture = await asyncio.to_thread(self.job.prepare, image)
            reply, key = await self._patiently(picture, larger=want == "larger")
            if reply is None:
                return False
            keep(self.job, self.seer, image.digest, reply)
            if self.budget and key:
                self.budget.settle(key, self.seer.price(reply.usage), usage=reply.usage)
                self.settled.set()
            if reply.pause:
                self._hold(reply.pause)
        return True

    async def _patiently(self, picture: Prepared, *, larger: bool) -> tuple[Reply | None, str]:
        for attempt in range(1, PATIENCE.attempts + 1):
            await self._turn()
            key = await self._reserve(picture, larger=larger)
            if key is None:
                self.stop = self.stop or Trouble("budget", whole=True)
                return None, ""
            self.flying += 1
            try:
                return await self.seer.look(picture, self.job.question, larger=larger), key
            except Trouble as trouble:
                if self.budget and key:
                    if trouble.billed:
                        self.budget.lose(key)
                    else:
                        self.budget.settle(key, 0.0)
                if not trouble.retry or attempt == PATIENCE.attempts or self.stop is not None:
                    raise
                self.retries += 1
                self._tell()
                if trouble.after is None:
                    await asyncio.sleep(PATIENCE.wait(attempt, None))
                else:  # the server is busy for everyone
                    self._hold(PATIENCE.wait(attempt, trouble.after))
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
        """A reservation's id, "" where nothing is charged, None if the ceiling forbids it.

        What is in flight is reserved at its worst case and mostly settles lower, so it is waited for first.
        """
        if self.budget is None:
            return ""
        most = self.seer.most(picture.tokens, self.job.question, larger=larger)
        while not (key := self.budget.reserve(most, image=picture.digest[:12], model=self.seer.model)):
            if not self.flying:
                return None
            self.settled.clear()
            await self.settled.wait()
        return key
