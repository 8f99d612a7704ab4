"""The connection to Anthropic's API: its client without logs and retries of its own, and what is free to ask."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from loraprep.captions.vision import anthropic_messages
from loraprep.captions.vision.anthropic_messages import Claude
from loraprep.captions.vision.job import Job
from loraprep.captions.vision.model import VisionError
from loraprep.captions.vision.prices import price_list
from loraprep.captions.vision.silence import Listener
from loraprep.core.records import Image
from loraprep.imaging.errors import BadImage

_TRIES = 2  # pictures that may be lost on a server that counts and then never answers
T = TypeVar("T")


class Connection:
    """An open connection. `client`: the library's synchronous client, for everything but the pictures themselves."""

    def __init__(self, key: str, address: str | None, say: Callable[[str], None]) -> None:
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
            "default_headers": _withheld(address),
        }
        # what the client sends, it sends to its own address alone
        own = anthropic.DefaultHttpxClient(follow_redirects=False, timeout=anthropic_messages.TIMEOUT)
        self.client = anthropic.Anthropic(**self._options, http_client=own)
        self._say = say
        self._listener = Listener(anthropic_messages.TIMEOUT, self._silent)

    @property
    def address(self) -> str:
        """Where it sends to, without what a person may have put before the host's name."""
        url = self.client.base_url
        return str(url.copy_with(username=None, password=None)).rstrip("/")

    def _silent(self) -> None:
        self._say(
            f"{self.address} has taken what it was sent and says nothing yet; after {anthropic_messages.TIMEOUT:g} s "
            "without a word it is given up."
        )

    def patiently(self, call: Callable[[], T]) -> T:
        """Return the result of a call that costs nothing. Raises VisionError."""
        return anthropic_messages.patiently(call, self.key, self._listener)

    def attach(self, model: Claude) -> Claude:
        """Give the model a client of its own for live requests, and return it."""
        import anthropic

        own = anthropic.DefaultAsyncHttpxClient(follow_redirects=False, timeout=anthropic_messages.TIMEOUT)
        model.client, model.key = anthropic.AsyncAnthropic(**self._options, http_client=own), self.key
        model.listener = Listener(anthropic_messages.TIMEOUT, self._silent, tries=_TRIES, billed=True)
        return model

    def check_model(self, model: Claude) -> str:
        """Ask what the model can do; return the day it goes away, "" if none is set.

        Raises VisionError if it cannot look at pictures or fill in a form.
        """
        from anthropic.resources.messages.messages import DEPRECATED_MODELS

        known = ", ".join(price_list(anthropic_messages.PROVIDER).models)
        try:
            info: Any = self.patiently(lambda: self.client.models.retrieve(model.name))
        except VisionError as error:
            if error.code != "model":
                raise
            raise VisionError("model", f"there is no such model; known here: {known}", whole=True) from None
        can = getattr(info, "capabilities", None)
        if getattr(info, "lifecycle", "") == "retired":
            raise VisionError("model", f"it is retired; known here: {known}", whole=True)
        if can is not None and _lacks(can, "image_input"):
            raise VisionError("model", f"it cannot look at pictures; known here: {known}", whole=True)
        if can is not None and _lacks(can, "structured_outputs"):
            raise VisionError("model", f"it cannot fill in a form; known here: {known}", whole=True)
        model.sends_effort = can is None or not _lacks(can, "effort")
        ends = getattr(info, "retires_at", None)
        if getattr(info, "lifecycle", "") == "deprecated":
            return f"{ends:%Y-%m-%d}" if ends else "soon"
        return str(DEPRECATED_MODELS.get(model.name, ""))

    def count_tokens(self, model: Claude, job: Job, images: Sequence[Image]) -> None:
        """Have the server count the tokens of one request, once and for free, so that others can be estimated.

        Raises VisionError if the server cannot be used at all.
        """
        for image in images:
            try:
                picture = job.prepare(image)
            except (BadImage, OSError):
                continue
            body = model.request(picture, job.question)
            asked = {k: v for k, v in body.items() if k not in ("max_tokens",)}
            try:
                counts: Any = self.patiently(lambda: self.client.messages.count_tokens(**asked))  # noqa: B023
            except VisionError as error:
                if error.whole or error.code == "server":
                    raise
                return  # some servers do not count; then the text's length is the bound
            number = getattr(counts, "input_tokens", 0)
            if isinstance(number, int):
                model.counted = max(0, number - picture.tokens)
            return


def _withheld(address: str | None) -> dict[str, Any]:
    """Return headers to leave out: what a person adds by ANTHROPIC_CUSTOM_HEADERS is for their own address."""
    from anthropic import Omit

    lines = os.environ.get("ANTHROPIC_CUSTOM_HEADERS", "").split("\n") if address else []
    return {line.partition(":")[0].strip(): Omit() for line in lines if ":" in line}


def _lacks(capabilities: Any, name: str) -> bool:
    return getattr(getattr(capabilities, name, None), "supported", True) is False


@contextmanager
def connect(key: str, address: str | None, say: Callable[[str], None]) -> Iterator[Connection]:
    """Open a connection to the API, or to a server at `address` that speaks like it; `say` tells if it is silent.

    Without an address the person's own ANTHROPIC_BASE_URL holds.
    """
    connection = Connection(key, address, say)
    try:
        yield connection
    finally:
        connection.client.close()
