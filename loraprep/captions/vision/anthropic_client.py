"""The line to Anthropic's API: its client without logs and retries of its own, and what is free to ask beforehand."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from loraprep.captions.vision import anthropic_messages
from loraprep.captions.vision.anthropic_messages import Claude
from loraprep.captions.vision.job import Job, Trouble
from loraprep.core.records import Image
from loraprep.imaging.decode import BadImage


class Line:
    """An open line. `client` is the library's synchronous client, for everything but the pictures themselves."""

    def __init__(self, key: str, address: str | None) -> None:
        import anthropic

        for name in ("anthropic", "httpx2"):  # at DEBUG they would write pictures and headers into the terminal
            logging.getLogger(name).setLevel(logging.WARNING)
        warnings.filterwarnings("ignore", r"The model '.*' is deprecated", DeprecationWarning)  # said as a finding
        self.key = key
        self._options: dict[str, Any] = {
            "api_key": key,
            "base_url": address,
            "max_retries": 0,
            "timeout": anthropic_messages.TIMEOUT,
            "open_telemetry": False,
        }
        self.client = anthropic.Anthropic(**self._options)

    def live(self, seer: Claude) -> Claude:
        """The seer, connected."""
        import anthropic

        seer.client, seer.key = anthropic.AsyncAnthropic(**self._options), self.key
        return seer

    def check(self, seer: Claude) -> str:
        """Can this model do it at all? The day it goes away if it is on its way out, "" otherwise. Raises Trouble."""
        from anthropic.resources.messages.messages import DEPRECATED_MODELS

        known = ", ".join(anthropic_messages.catalogue()["models"])
        try:
            info: Any = anthropic_messages.patiently(lambda: self.client.models.retrieve(seer.model), self.key)
        except Trouble as error:
            if error.code != "model":
                raise
            raise Trouble("model", f"there is no such model; known here: {known}", whole=True) from None
        can = getattr(info, "capabilities", None)
        if getattr(info, "lifecycle", "") == "retired":
            raise Trouble("model", f"it is retired; known here: {known}", whole=True)
        if can is not None and _lacks(can, "image_input"):
            raise Trouble("model", f"it cannot look at pictures; known here: {known}", whole=True)
        if can is not None and _lacks(can, "structured_outputs"):
            raise Trouble("model", f"it cannot fill in a form; known here: {known}", whole=True)
        seer.sends_effort = can is None or not _lacks(can, "effort")
        ends = getattr(info, "retires_at", None)
        if getattr(info, "lifecycle", "") == "deprecated":
            return f"{ends:%Y-%m-%d}" if ends else "soon"
        return str(DEPRECATED_MODELS.get(seer.model, ""))

    def count(self, seer: Claude, job: Job, images: Sequence[Image]) -> None:
        """Has the server count the tokens of one request, once and for free, so that the others can be estimated."""
        for image in images:
            try:
                picture = job.prepare(image)
            except (BadImage, OSError):
                continue
            body = seer.request(picture, job.question)
            asked = {k: v for k, v in body.items() if k not in ("max_tokens",)}
            try:
                told: Any = anthropic_messages.patiently(lambda: self.client.messages.count_tokens(**asked), self.key)  # noqa: B023
            except Trouble as error:
                if error.whole or error.code == "server":
                    raise
                return  # some servers do not count; then the text's length is the bound
            number = getattr(told, "input_tokens", 0)
            if isinstance(number, int):
                seer.counted = max(0, number - picture.tokens)
            return


def _lacks(capabilities: Any, name: str) -> bool:
    return getattr(getattr(capabilities, name, None), "supported", True) is False


@contextmanager
def open_to(key: str, address: str | None) -> Iterator[Line]:
    """A line to the API, or to a server at `address` that speaks like it."""
    line = Line(key, address)
    try:
        yield line
    finally:
        line.client.close()
