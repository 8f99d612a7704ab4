"""Any vision model behind a server that speaks OpenAI's chat completions: Ollama, LM Studio, llama.cpp, vLLM.

What a server can be held to differs, so the form of the reply is asked for by a ladder: a JSON schema, else any JSON
object, else in words only. The rung that worked is remembered for each address and model in build/servers.json.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from loraprep.captions.vision import consent, foreign, job, openai_chat, repair, runner
from loraprep.captions.vision.describe import describe_from_store
from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.form import Json, Name, json_schema
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.model import Reply, VisionError
from loraprep.captions.vision.openai_chat import Completion, Endpoint
from loraprep.captions.vision.prompt import VisionQuestion
from loraprep.captions.vision.silence import Listener
from loraprep.captions.vision.store import AnswerSettings, Parameters
from loraprep.core import files
from loraprep.core.records import Image
from loraprep.project.settings import Captioning, Settings
from loraprep.project.trust import Server, Trust

ABOUT = "A vision model on your own computer looks at every picture. Needs Ollama, LM Studio or the like running; free."
SAMPLES = True
NEEDS_APPROVAL = True  # it costs time, and the samples' words are its examples
NAME = "openai-compatible"
LADDER = ("json_schema", "json_object", "prompt")
_ROOM, _LARGER = 3000, 2  # tokens for the reply; after one that was cut off so many times as many
_MEMORY = "build/servers.json"
_THINKING = "it spent all its tokens on thinking; captioning.max_tokens gives it more"
_WRITING = "its tokens ran out before the end; captioning.max_tokens gives it more"
_AFTER_THOUGHT = re.compile(r"\A(?!\s*<think)(?=.*\S)|</think(?:ing)?>\s*\S", re.DOTALL | re.IGNORECASE)

describe = describe_from_store


def _endpoint(captioning: Captioning) -> Endpoint:
    """Take the address and model from captioning.server, else captioning's own."""
    server = captioning.server
    variable = server.key_variable or ""
    return Endpoint(
        address=(server.base_url or captioning.base_url or "").rstrip("/"),
        model=server.model or captioning.model or "",
        variable=variable,
        key=os.environ.get(variable, "").strip() if variable else "",
        seconds=float(server.seconds),
    )


def asks(settings: Settings) -> Trust:
    """Return what it asks for: the server, and the key that it gets."""
    endpoint = _endpoint(settings.captioning)
    return Trust(servers=(Server(endpoint.address, endpoint.variable),) if endpoint.address else ())


def answer_settings(settings: Settings, question: VisionQuestion) -> AnswerSettings:
    """Return what an answer asked for now would be stored with. The address is no part of it."""
    return job.answer_settings(NAME, _endpoint(settings.captioning).model, _parameters(settings.captioning), question)


def _parameters(captioning: Captioning) -> Parameters:
    return {"max_tokens": captioning.max_tokens or _ROOM, "temperature": 0}


def estimate_cost(_images: Sequence[Image], _job: Job) -> tuple[float, float]:
    """Return no cost: the server is the person's own."""
    return 0.0, 0.0


def ask_vision_model(images: Sequence[Image], job: Job) -> Outcome:
    """Ask the server about every picture, a few at a time. What is missing in project.yaml is said, not raised."""
    captioning = job.settings.captioning
    endpoint = _endpoint(captioning)
    if not (endpoint.address and endpoint.model):
        lacking = [key for key, value in (("base_url", endpoint.address), ("model", endpoint.model)) if not value]
        return Outcome().add_missing("no-server", images, keys=" and ".join(f"captioning.{key}" for key in lacking))
    if endpoint.variable and not endpoint.key:
        return Outcome().add_missing("no-key", images, variable=endpoint.variable)
    named = ("captioning", "server", "base_url") if captioning.server.base_url else ("captioning", "base_url")
    consent.refuse_unsafe(endpoint.address, named, job)
    where = f"{endpoint.address}, with the key in {endpoint.variable}" if endpoint.variable else endpoint.address
    if waiting := consent.missing(asks(job.settings), images, job, where):
        return waiting
    job.say(f"Pictures go to {where}.")
    return runner.ask_about(
        images, job, HomeServer(endpoint, job.root, captioning, job.say), None, captioning.concurrency
    )


class HomeServer:
    """A VisionModel behind one address."""

    captioner = NAME
    mend = True

    def __init__(self, endpoint: Endpoint, root: Path, captioning: Captioning, say: Callable[[str], None]) -> None:
        self.endpoint = endpoint
        self._parameters = _parameters(captioning)
        self._say = say
        self._sees = False  # did it ever describe a picture?
        self._listener = Listener(endpoint.seconds, self._silent)
        self.name, self.variable = endpoint.model, endpoint.variable
        self._memory = root / _MEMORY
        self._lock = threading.Lock()
        self._works = self._remembered()  # the rung on which a picture was answered, -1 before that
        self._rung = max(self._works, 0)
        self._client = openai_chat.connect(endpoint)

    async def close(self) -> None:
        """Close the client."""
        await self._client.aclose()

    def parameters(self) -> Parameters:
        """Return what is set besides the question."""
        return self._parameters

    def most(self, tokens: int, question: VisionQuestion, *, larger: bool) -> float:
        """Return no cost."""
        return 0.0

    def price(self, usage: dict[str, int]) -> float:
        """Return no cost."""
        return 0.0

    async def describe(self, picture: Prepared, question: VisionQuestion, *, larger: bool) -> Reply:
        """Ask about a picture on the first rung of the ladder that works, from the remembered one on.

        A form that the server refuses, or that no picture has filled yet, is not tried again for the next picture; one
        that has worked is, whatever came back about this one. Raises VisionError.
        """
        rung = self._rung
        while True:
            last = rung == len(LADDER) - 1
            try:
                completion = await self._complete(LADDER[rung], picture, question, larger=larger)
            except VisionError as error:
                if error.code != "refused-form" or last:
                    raise
                self._rung = max(self._rung, rung + 1)
            else:
                if not self._sees and repair.sees_nothing(completion.text):
                    raise openai_chat.blind(openai_chat.one_line(completion.text))
                reply = _reply(completion, question.form, sentences=last)
                if reply is not None:
                    self._sees |= reply.stop == "seen"
                    if rung == self._rung:
                        self._remember(rung)
                    return reply
                if rung != self._works:
                    self._rung = max(self._rung, rung + 1)
            rung += 1

    async def _complete(self, rung: str, picture: Prepared, question: VisionQuestion, *, larger: bool) -> Completion:
        body = self._body(rung, picture, question, larger=larger)
        return await openai_chat.complete(self._client, self.endpoint, body, self._listener)

    def _silent(self) -> None:
        self._say(
            f"{self.endpoint.address} has taken a picture and says nothing yet. The first one takes longest, as "
            f"the model is loaded for it; after {self.endpoint.seconds:g} s without a word it is given up."
        )

    def _body(self, rung: str, picture: Prepared, question: VisionQuestion, *, larger: bool) -> dict[str, Json]:
        system = question.system
        if rung != "json_schema":
            system = f"{system}\n{repair.form_in_words(question.form)}"
        body: dict[str, Json] = {
            "model": self.name,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": openai_chat.picture_message(picture)},
            ],
            **self._parameters,
        }
        if larger:
            body["max_tokens"] = int(self._parameters["max_tokens"] or _ROOM) * _LARGER
        if rung == "json_schema":
            form: Json = {"name": question.form, "strict": True, "schema": json_schema(question.form)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif rung == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def _key(self) -> str:
        return f"{self.endpoint.address} {self.name}"

    def _stored(self) -> dict[str, str]:
        """Read address and model -> rung; {} if the file is no such memory, which is then made anew."""
        try:
            return files.parse_json(files.read(self._memory), dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return {}

    def _remembered(self) -> int:
        known = self._stored().get(self._key())
        return LADDER.index(known) if known in LADDER else -1

    def _remember(self, rung: int) -> None:
        self._works = rung
        with self._lock:
            known = self._stored()
            if known.get(self._key()) != LADDER[rung]:
                files.write_json(self._memory, dict(sorted({**known, self._key(): LADDER[rung]}.items())))


def _reply(completion: Completion, name: Name, *, sentences: bool) -> Reply | None:
    """Turn a completion into a Reply; None if the form failed and a lower rung may do better.

    With `sentences` plain sentences count too: captioning models such as JoyCaption and Florence write nothing else.
    """
    stop: Literal["seen", "refused", "truncated"] = "seen"
    said = completion.text
    if not said.strip() and "{" in completion.thought:  # some servers take the whole reply for a thought
        said = completion.thought
    if completion.refusal or completion.finish == "content_filter" or repair.refuses(said):
        stop = "refused"
    elif completion.finish == "length" or (completion.thought and not said.strip()):
        stop = "truncated"
    if stop != "seen":
        detail = completion.refusal or (said if stop == "refused" else "") or completion.finish
        if stop == "truncated":
            detail = _WRITING if _AFTER_THOUGHT.search(said) else _THINKING
        return Reply("", stop, detail=openai_chat.one_line(detail), usage=completion.usage)
    text = foreign.translated(said) if name == "elements" else said
    found = repair.repair_reply(text, sentences=sentences, name=name)
    if found is None and not sentences:
        return None
    return Reply(json.dumps(found) if found else said, "seen", usage=completion.usage)
