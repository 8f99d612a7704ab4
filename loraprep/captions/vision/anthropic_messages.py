"""Claude as a `Seer`: one request a picture through `messages.create`, and every way it can end."""

from __future__ import annotations

import base64
import datetime
import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from loraprep.captions import hygiene
from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.job import Reply, Trouble
from loraprep.captions.vision.prompt import Question, schema
from loraprep.captions.vision.runner import PATIENCE
from loraprep.core import resources, yamlfile

TIMEOUT = 120.0  # seconds for one picture; a batch of pictures takes longer to send
_ROOM, _THINKING_ROOM, _LARGER = 2000, 8000, 2  # tokens of a reply; after one that was cut off, so many times as many
_CHARS_A_TOKEN = 2  # English has about four: an upper bound where nobody counted
_CHARS_USUALLY = 4
_FORM = 600  # tokens of a filled-in form
_SPARE = 1.1  # the count is an estimate too
_HOPEFUL = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED_WHOLE = {401: "key", 403: "key", 402: "credit"}
T = TypeVar("T")


@cache
def catalogue() -> dict[str, Any]:
    """resources/vision/claude.yaml."""
    name = "resources/vision/claude.yaml"
    data: dict[str, Any] = yamlfile.load(resources.path(name), name).data
    return data


class Claude:
    """A vision model of Anthropic's API. Costs follow the price list in resources/vision/claude.yaml.

    `prices` in US dollars per million tokens stand in for a model that the list lacks.
    """

    captioner = "claude"
    mend = False
    variable = "ANTHROPIC_API_KEY"

    def __init__(self, model: str, effort: str, prices: Mapping[str, float] | None = None, *, share: float = 1.0):
        listed = catalogue()["models"].get(model, {})
        self.model, self.effort, self.share = model, effort, share
        self.facts: dict[str, Any] = {**listed, **(prices or {})}
        self.counted = 0  # tokens of everything but the picture, once the server has counted them
        self.sends_effort = True
        self.client: Any = None  # an AsyncAnthropic, while live requests run
        self.key = ""

    @property
    def priced(self) -> bool:
        return "input" in self.facts

    def parameters(self) -> dict[str, Any]:
        return {"effort": self.effort, "thinking": self.facts.get("thinking", {}).get("type", "default")}

    def room(self, *, larger: bool) -> int:
        """max_tokens: what the model thinks is counted in."""
        return (_THINKING_ROOM if self.facts.get("thinks") else _ROOM) * (_LARGER if larger else 1)

    def most(self, tokens: int, question: Question, *, larger: bool) -> float:
        given = self.counted or (len(question.system) + len(json.dumps(schema()))) / _CHARS_A_TOKEN
        written = given * _SPARE * catalogue()["cache_write"]
        dollars = (tokens + written) * self.facts["input"] + self.room(larger=larger) * self.facts["output"]
        return float(dollars * self.share / 1e6)

    def guess(self, tokens: int, question: Question) -> dict[str, int]:
        """What a request about an image of so many tokens will probably use."""
        given = self.counted or (len(question.system) + len(json.dumps(schema()))) // _CHARS_USUALLY
        return {"input_tokens": tokens + given, "output_tokens": _FORM}

    def price(self, usage: dict[str, int]) -> float:
        weights = {
            "input_tokens": 1,
            "cache_creation_input_tokens": catalogue()["cache_write"],
            "cache_read_input_tokens": catalogue()["cache_read"],
        }
        given = sum(usage.get(key, 0) * weight for key, weight in weights.items())
        dollars = given * self.facts["input"] + usage.get("output_tokens", 0) * self.facts["output"]
        return float(dollars * self.share / 1e6)

    def request(self, picture: Prepared, question: Question, *, larger: bool = False) -> dict[str, Any]:
        """The body of `messages.create`: instructions that can be cached, the image before the text, the form."""
        source = {
            "type": "base64",
            "media_type": picture.media_type,
            "data": base64.b64encode(picture.data).decode("ascii"),
        }
        output: dict[str, Any] = {"format": {"type": "json_schema", "schema": schema()}}
        if self.sends_effort:
            output["effort"] = self.effort
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.room(larger=larger),
            "system": [{"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": source},
                        {"type": "text", "text": "Fill in the form about this picture."},
                    ],
                }
            ],
            "output_config": output,
        }
        if "thinking" in self.facts:
            body["thinking"] = self.facts["thinking"]
        return body

    async def look(self, picture: Prepared, question: Question, *, larger: bool) -> Reply:
        try:
            raw = await self.client.messages.with_raw_response.create(**self.request(picture, question, larger=larger))
            message = await raw.parse()
        except Exception as error:
            raise trouble(error, self.key) from None
        return reply(message, pause(raw.headers))

    async def close(self) -> None:
        await self.client.close()


def pause(headers: Mapping[str, str]) -> float:
    """Seconds until the next request is welcome, by the rate limit headers; 0 while any are left."""
    longest = 0.0
    for what in ("requests", "input-tokens", "output-tokens"):
        left, reset = (headers.get(f"anthropic-ratelimit-{what}-{part}", "") for part in ("remaining", "reset"))
        if left == "0" and reset:
            try:
                until = datetime.datetime.fromisoformat(reset)
                now = datetime.datetime.now(until.tzinfo)
                longest = max(longest, (until - now).total_seconds())
            except (ValueError, TypeError):
                continue
    return longest


def reply(message: Any, wait: float = 0.0) -> Reply:
    """A message as a Reply. Raises Trouble if it is none, such as a web page with status 200."""
    used = getattr(message, "usage", None)
    if used is None or not isinstance(getattr(used, "input_tokens", None), int):
        raise Trouble("server", "it sent something that is no reply", retry=True, billed=True)
    keys = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    usage = {key: n for key in keys if isinstance(n := getattr(used, key, None), int) and n}
    blocks = message.content if isinstance(message.content, list) else []
    text = "".join(b.text for b in blocks if getattr(b, "type", "") == "text" and isinstance(b.text, str))
    match message.stop_reason:
        case "refusal":
            details = getattr(message, "stop_details", None)
            category = getattr(details, "category", None) or "no reason given"
            return Reply("", "refused", hygiene.clean(str(category))[:80], usage, wait)
        case "max_tokens" | "model_context_window_exceeded":
            return Reply("", "truncated", "the reply was cut off", usage, wait)
        case "end_turn" | "stop_sequence":
            return Reply(text, "seen", "", usage, wait)
    return Reply("", "seen", "", usage, wait)  # no reply to this question ends like that: kept as unclear


def trouble(error: Exception, key: str = "") -> Trouble:
    """What an exception of the client means. Anything that is no fault of the exchange is raised again."""
    import anthropic
    import httpx2

    if isinstance(error, Trouble):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _status(error, key)
    if isinstance(error, anthropic.APITimeoutError):
        unsent = isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout)
        return Trouble("server", "it did not answer in time", retry=True, billed=not unsent)
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        cause = error.__cause__ or error
        if isinstance(cause, httpx2.ConnectError):
            return Trouble("server", "it cannot be reached", retry=True)
        return Trouble("server", "the connection broke off", retry=True, billed=True)
    if isinstance(error, ValueError | TypeError | anthropic.AnthropicError):  # a body that is no JSON, or no message
        return Trouble("server", "it sent something that is no reply", retry=True, billed=True)
    raise error


def _status(error: Any, key: str) -> Trouble:
    code, said = int(error.status_code), plain(str(error.api_message or error.type or ""), key)
    words = f"{code}{': ' if said else ''}{said}"
    if code in _HOPEFUL:
        return Trouble("server", words, retry=True, after=_after(error.response.headers))
    if code in _REFUSED_WHOLE:
        return Trouble(_REFUSED_WHOLE[code], words, whole=True)
    if code == 404:
        return Trouble("model", said or "there is no such model", whole=True)
    return Trouble("request", words)


def _after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date, which no API of ours sends
        return None


def plain(text: str, key: str) -> str:
    """A server's words, fit to be shown: one line, short, and never the key, whatever the server echoes."""
    if key:
        text = text.replace(key, "(the key)")
    return hygiene.clean(text)[:200].rstrip(". ")


def patiently(call: Callable[[], T], key: str) -> T:
    """The result of a call that costs nothing, tried as often as any other. Raises Trouble."""
    for attempt in range(1, PATIENCE.attempts + 1):
        try:
            return call()
        except Exception as error:
            found = trouble(error, key)
            if not found.retry or attempt == PATIENCE.attempts:
                raise found from None
            time.sleep(PATIENCE.wait(attempt, found.after))
    raise AssertionError("unreachable")
