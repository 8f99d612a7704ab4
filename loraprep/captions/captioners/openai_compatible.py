"""Any vision model behind a server that speaks OpenAI's chat completions: Ollama, LM Studio, llama.cpp, vLLM.

What a server can be held to differs, so the form of the reply is asked for by a ladder: a JSON schema, else any JSON
object, else in words only. The rung that worked is remembered for each address and model in build/servers.json.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from loraprep.captions.vision import openai_chat, repair, runner
from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.job import Job, Outcome, Reply, Trouble
from loraprep.captions.vision.job import settings as stored_with
from loraprep.captions.vision.openai_chat import Endpoint
from loraprep.captions.vision.prompt import Question, described, schema
from loraprep.core import files
from loraprep.core.records import Image

SAMPLES = True
NEEDS_APPROVAL = True  # it costs time, and the samples' words are its examples
NAME = "openai-compatible"
LADDER = ("json_schema", "json_object", "prompt")
_ROOM, _MORE_ROOM = 2000, 4000  # tokens for the reply; the second after one that was cut off
_MEMORY = "build/servers.json"

describe = described


def _endpoint(config: Mapping[str, Any]) -> Endpoint:
    """The address and model from captioning.server, else captioning's own."""
    captioning = config["captioning"]
    server = captioning["server"]
    variable = server["key_variable"] or ""
    return Endpoint(
        address=(server["base_url"] or captioning["base_url"] or "").rstrip("/"),
        model=server["model"] or captioning["model"] or "",
        variable=variable,
        key=os.environ.get(variable, "").strip() if variable else "",
    )


def settings(config: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """What an answer asked for now would be stored with. The address is no part of it."""
    return stored_with(NAME, _endpoint(config).model, _parameters(), question)


def _parameters() -> dict[str, Any]:
    return {"max_tokens": _ROOM, "temperature": 0}


def ask(images: Sequence[Image], job: Job) -> Outcome:
    """Asks the server about every picture, a few at a time. What is missing in project.yaml is said, not raised."""
    endpoint = _endpoint(job.config)
    if not (endpoint.address and endpoint.model):
        lacking = [key for key, value in (("base_url", endpoint.address), ("model", endpoint.model)) if not value]
        return Outcome().lack("no-server", images, keys=" and ".join(f"captioning.{key}" for key in lacking))
    if endpoint.variable and not endpoint.key:
        return Outcome().lack("no-key", images, variable=endpoint.variable)
    return runner.ask(images, job, Server(endpoint, job.root), None, job.config["captioning"]["concurrency"])


class Server:
    """A Seer over one address and model."""

    captioner = NAME
    mend = True

    def __init__(self, endpoint: Endpoint, root: Path) -> None:
        self.endpoint = endpoint
        self.model, self.variable = endpoint.model, endpoint.variable
        self._memory = root / _MEMORY
        self._lock = threading.Lock()
        self._works = self._remembered()  # the rung on which a picture was answered, -1 before that
        self._rung = max(self._works, 0)
        self._line = openai_chat.client(endpoint)

    async def close(self) -> None:
        await self._line.aclose()

    def parameters(self) -> dict[str, Any]:
        return _parameters()

    def most(self, tokens: int, question: Question, *, larger: bool) -> float:
        return 0.0

    def price(self, usage: dict[str, int]) -> float:
        return 0.0

    async def look(self, picture: Prepared, question: Question, *, larger: bool) -> Reply:
        """One reply about the picture, on the first rung of the ladder, from the remembered one on, that works.

        A form that the server refuses, or that no picture has filled yet, is not tried again for the next picture; one
        that has worked is, whatever came back about this one.
        """
        rung = self._rung
        while True:
            last = rung == len(LADDER) - 1
            try:
                said = await self._complete(LADDER[rung], picture, question, larger=larger)
            except Trouble as trouble:
                if trouble.code != "refused-form" or last:
                    raise
                self._rung = max(self._rung, rung + 1)
            else:
                reply = _reply(said, words_do=last)
                if reply is not None:
                    if rung == self._rung:
                        self._remember(rung)
                    return reply
                if rung != self._works:
                    self._rung = max(self._rung, rung + 1)
            rung += 1

    async def _complete(self, rung: str, picture: Prepared, question: Question, *, larger: bool) -> openai_chat.Said:
        return await openai_chat.complete(self._line, self.endpoint, self._body(rung, picture, question, larger=larger))

    def _body(self, rung: str, picture: Prepared, question: Question, *, larger: bool) -> dict[str, Any]:
        system = question.system if rung == "json_schema" else f"{question.system}\n{repair.form(schema())}"
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": openai_chat.picture(picture)},
            ],
            **_parameters(),
        }
        if larger:
            body["max_tokens"] = _MORE_ROOM
        if rung == "json_schema":
            form = {"name": "elements", "strict": True, "schema": schema()}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif rung == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def _key(self) -> str:
        return f"{self.endpoint.address} {self.model}"

    def _stored(self) -> dict[str, str]:
        try:
            data = files.read_json(self._memory)
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def _remembered(self) -> int:
        known = self._stored().get(self._key())
        return LADDER.index(known) if known in LADDER else -1

    def _remember(self, rung: int) -> None:
        self._works = rung
        with self._lock:
            known = self._stored()
            if known.get(self._key()) != LADDER[rung]:
                files.write_json(self._memory, dict(sorted({**known, self._key(): LADDER[rung]}.items())))


def _reply(said: openai_chat.Said, *, words_do: bool) -> Reply | None:
    """What was said as a Reply; None if the form failed and a lower rung may do better.

    With `words_do` plain sentences count too: captioning models such as JoyCaption and Florence write nothing else.
    """
    stop: Literal["seen", "refused", "truncated"] = "seen"
    if said.refusal or said.finish == "content_filter" or repair.refuses(said.text):
        stop = "refused"
    elif said.finish == "length":
        stop = "truncated"
    if stop != "seen":
        detail = said.refusal or (said.text if stop == "refused" else "") or said.finish
        return Reply("", stop, detail=openai_chat.short(detail), usage=said.usage)
    found = repair.elements(said.text, sentences=words_do)
    if found is None and not words_do:
        return None
    return Reply(json.dumps(found) if found else said.text, "seen", usage=said.usage)
