"""Claude as a VisionModel: one request a picture through `messages.create`, and every way it can end."""

from __future__ import annotations

import base64
import datetime
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from loraprep.captions import hygiene
from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.form import Json, json_schema
from loraprep.captions.vision.model import Reply, VisionError
from loraprep.captions.vision.prices import ListedModel, price_list
from loraprep.captions.vision.prompt import VisionQuestion, leads
from loraprep.captions.vision.runner import PATIENCE
from loraprep.captions.vision.silence import Listener
from loraprep.captions.vision.store import Parameters
from loraprep.project.settings import Prices

if TYPE_CHECKING:
    import anthropic

PROVIDER = "claude"  # its file in resources/vision/
TIMEOUT = 120.0  # seconds for one picture; a batch of pictures takes longer to send
_ROOM, _THINKING_ROOM, _LARGER = 3000, 8000, 2  # tokens of a reply; after one that was cut off, so many times as many
_CHARS_A_TOKEN = 2  # English has about four: an upper bound where nobody counted
_CHARS_USUALLY = 4
_FORM = 900  # tokens of a filled-in form
_HINT = 200  # tokens that a picture's own words can take
_CACHE_MINIMUM = 1024  # tokens, for a model that is not listed
_NO_COUNT = 10**9  # tokens: no request has so many
_SPARE = 1.1  # the count is an estimate too
_HOPEFUL = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED_WHOLE = {401: "key", 403: "key", 402: "credit"}
T = TypeVar("T")


class Claude:
    """A vision model of Anthropic's API. Costs follow the price list in resources/vision/claude.yaml.

    `prices` stand in for a model that the list lacks; they never make one that it has cheaper. `share`: of the price,
    less than 1 for a batch. `counted`: tokens of a request without its picture, 0 until the server has counted them.
    """

    captioner = "claude"
    mend = False
    variable = "ANTHROPIC_API_KEY"

    def __init__(self, name: str, effort: str, prices: Prices | None = None, *, share: float = 1.0):
        self.name, self.effort, self.share = name, effort, share
        self._facts = price_list(PROVIDER).models.get(name)
        self._prices = _no_cheaper(prices, self._facts)
        self.counted = 0
        self.sends_effort = True
        self.several = True  # pictures are asked about, so that what is the same for all can be read again
        self.client: anthropic.AsyncAnthropic | None = None  # while live requests run
        self.listener = Listener(TIMEOUT, lambda: None)
        self.key = ""

    @property
    def listed(self) -> bool:
        """Whether our own list has its prices, so that nobody has to be believed."""
        return self._facts is not None

    @property
    def priced(self) -> bool:
        """Whether its prices are known, so that it may be asked at all."""
        return self._prices is not None

    @property
    def prices(self) -> Prices:
        """US dollars per million tokens. Raises LookupError if nobody knows them."""
        if self._prices is None:
            raise LookupError(f"no price for {self.name}")
        return self._prices

    def parameters(self) -> Parameters:
        """Return the effort, and the way of thinking that is asked for."""
        thinking = self._facts.thinking if self._facts else None
        return {"effort": self.effort, "thinking": thinking.type if thinking else "default"}

    def room(self, *, larger: bool) -> int:
        """Return max_tokens; what the model thinks counts, too."""
        thinks = self._facts is not None and self._facts.thinks
        return (_THINKING_ROOM if thinks else _ROOM) * (_LARGER if larger else 1)

    def most(self, tokens: int, question: VisionQuestion, *, larger: bool) -> float:
        """Return the most US dollars that one request about an image of so many tokens can cost."""
        given = self.counted or (len(question.system) + len(json.dumps(json_schema(question.form)))) / _CHARS_A_TOKEN
        written = given * _SPARE * (price_list(PROVIDER).cache_write if self.caches(question) else 1.0)
        dollars = (tokens + _HINT + written) * self.prices.input + self.room(larger=larger) * self.prices.output
        return float(dollars * self.share / 1e6)

    def caches(self, question: VisionQuestion) -> bool:
        """Say whether the instructions are worth keeping on the server: long enough for this model, and used again."""
        given = self.counted or (len(question.system) + len(json.dumps(json_schema(question.form)))) // _CHARS_USUALLY
        least = self._facts.cache_minimum if self._facts else _CACHE_MINIMUM
        return self.several and given >= least

    def guess(self, tokens: int, question: VisionQuestion) -> dict[str, int]:
        """Return the usage that a request about an image of so many tokens will probably have."""
        given = self.counted or (len(question.system) + len(json.dumps(json_schema(question.form)))) // _CHARS_USUALLY
        return {"input_tokens": tokens + given, "output_tokens": _FORM}

    def price(self, usage: dict[str, int]) -> float:
        """Return what a request costs in US dollars that used so many tokens."""
        listed = price_list(PROVIDER)
        weights = {
            "input_tokens": 1.0,
            "cache_creation_input_tokens": listed.cache_write,
            "cache_read_input_tokens": listed.cache_read,
        }
        given = sum(usage.get(key, 0) * weight for key, weight in weights.items())
        dollars = given * self.prices.input + usage.get("output_tokens", 0) * self.prices.output
        return float(dollars * self.share / 1e6)

    def request(self, picture: Prepared, question: VisionQuestion, *, larger: bool = False) -> dict[str, Any]:
        """Write the body of `messages.create`: instructions that can be cached, images before the text, the form."""
        content = list[dict[str, Json]]()
        for lead, shown in zip(leads(picture), picture.shown, strict=True):
            data = base64.b64encode(shown.data).decode("ascii")
            if lead:
                content.append({"type": "text", "text": lead})
            source: dict[str, Json] = {"type": "base64", "media_type": shown.media_type, "data": data}
            content.append({"type": "image", "source": source})
        about = "change" if picture.before else "picture"
        content.append({"type": "text", "text": f"Fill in the form about this {about}.{picture.hint}"})
        output: dict[str, Json] = {"format": {"type": "json_schema", "schema": json_schema(question.form)}}
        if self.sends_effort:
            output["effort"] = self.effort
        system: dict[str, Json] = {"type": "text", "text": question.system}
        if self.caches(question):
            system["cache_control"] = {"type": "ephemeral"}
        body: dict[str, Any] = {
            "model": self.name,
            "max_tokens": self.room(larger=larger),
            "system": [system],
            "messages": [{"role": "user", "content": content}],
            "output_config": output,
        }
        if self._facts and self._facts.thinking:
            body["thinking"] = {"type": self._facts.thinking.type}
        return body

    async def describe(self, picture: Prepared, question: VisionQuestion, *, larger: bool) -> Reply:
        """Ask about one picture over the open client. Raises VisionError."""
        if self.client is None:
            raise VisionError("server", "it cannot be reached", whole=True)
        try:
            body = self.request(picture, question, larger=larger)
            raw = await self.listener.hear(self.client.messages.with_raw_response.create(**body))
            message = await raw.parse()
        except Exception as error:
            raise (self.listener.given_up() if _unanswered(error) else vision_error(error, self.key)) from None
        return read_message(message, wait_for_limit(raw.headers))

    async def close(self) -> None:
        """Close the client."""
        if self.client is not None:
            await self.client.close()


def _no_cheaper(said: Prices | None, listed: ListedModel | None) -> Prices | None:
    """Return what counts of project.yaml's price and our own: no project makes its budget reach further."""
    if listed is None:
        return said
    if said is None:
        return Prices(input=listed.input, output=listed.output)
    return Prices(input=max(said.input, listed.input), output=max(said.output, listed.output))


def wait_for_limit(headers: Mapping[str, str]) -> float:
    """Return the seconds until the next request is welcome, by the rate limit headers; 0 while any are left."""
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


def read_message(message: Any, wait: float = 0.0) -> Reply:
    """Turn a message into a Reply. Raises VisionError if it is none, such as a web page with status 200."""
    used = getattr(message, "usage", None)
    if used is None or not isinstance(getattr(used, "input_tokens", None), int):
        raise VisionError("server", "it sent something that is no reply", retry=True, billed=True)
    keys = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    usage = {key: n for key in keys if isinstance(n := getattr(used, key, None), int) and n}
    if not all(0 < n < _NO_COUNT for n in usage.values()):
        raise VisionError("server", "it counts its tokens in a way that cannot be", retry=True, billed=True)
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


def vision_error(error: Exception, key: str = "") -> VisionError:
    """Say what an exception of the client means. Anything that is no fault of the exchange is raised again."""
    import anthropic
    import httpx2

    if isinstance(error, VisionError):
        return error
    if isinstance(error, anthropic.APIStatusError):
        return _status(error, key)
    if isinstance(error, anthropic.APITimeoutError):
        unsent = isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout)
        return VisionError("server", "it did not answer in time", retry=True, billed=not unsent)
    if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError):
        cause = error.__cause__ or error
        if isinstance(cause, httpx2.ConnectError):
            return VisionError("server", "it cannot be reached", retry=True)
        return VisionError("server", "the connection broke off", retry=True, billed=True)
    if isinstance(error, ValueError | TypeError | anthropic.AnthropicError):  # a body that is no JSON, or no message
        return VisionError("server", "it sent something that is no reply", retry=True, billed=True)
    raise error


def _status(error: anthropic.APIStatusError, key: str) -> VisionError:
    code, detail = int(error.status_code), without_key(str(error.api_message or error.type or ""), key)
    words = f"{code}{': ' if detail else ''}{detail}"
    if code in _HOPEFUL:
        return VisionError("server", words, retry=True, after=_after(error.response.headers))
    if code in _REFUSED_WHOLE:
        return VisionError(_REFUSED_WHOLE[code], words, whole=True)
    if 300 <= code < 400:  # followed, the pictures and the key would go where nobody said they may
        return VisionError("server", f"{code}: it sends us to another address, which is not followed", whole=True)
    if code == 404:
        return VisionError("model", detail or "there is no such model", whole=True)
    return VisionError("request", words)


def _after(headers: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):  # absent, or a date, which no API of ours sends
        return None


def without_key(text: str, key: str) -> str:
    """Make a server's words fit to be shown: one line, short, and never the key, whatever the server echoes."""
    if key:
        text = text.replace(key, "(the key)")
    return hygiene.clean(text)[:200].rstrip(". ")


def _unanswered(error: Exception) -> bool:
    """Say whether a request was taken and no answer came."""
    import anthropic
    import httpx2

    unsent = isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout)
    return isinstance(error, anthropic.APITimeoutError) and not unsent


def patiently(call: Callable[[], T], key: str, listener: Listener) -> T:
    """Return the result of a call that costs nothing, tried as often as any other. Raises VisionError."""
    for attempt in range(1, PATIENCE.attempts + 1):
        try:
            return listener.hear_now(call)
        except Exception as error:
            found = listener.given_up() if _unanswered(error) else vision_error(error, key)
            if not found.retry or attempt == PATIENCE.attempts:
                raise found from None
            time.sleep(PATIENCE.wait(attempt, found.after))
    raise AssertionError("unreachable")
