"""One request to a server that speaks OpenAI's chat completions, and what can go wrong with it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field

import httpx2

from loraprep.captions import hygiene
from loraprep.captions.vision.encode import Prepared
from loraprep.captions.vision.form import Json
from loraprep.captions.vision.model import VisionError
from loraprep.captions.vision.prompt import leads
from loraprep.captions.vision.silence import Listener
from loraprep.project import trust

_CONNECT = 10.0  # seconds
_BLIND = re.compile(r"\b(?:images?|image_url|vision|multimodal|mmproj|content must be a string)\b", re.IGNORECASE)
_ABOUT_FORM = re.compile(r"format|schema|json|grammar", re.IGNORECASE)
_FORM = {400, 415, 422, 500, 501}  # what servers answer to a form or a combination that they do not know
# what people paste behind a server's address: the page of one of its answers, or another tongue of the same server
_PASTED = re.compile(
    r"(?:/v\d+(?:beta)?|/api)?(?:/(?:chat|completions|models|generate|embeddings|messages|responses|api))*$"
)
_MOST = 4_000_000  # bytes of a reply; more is no description


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, for which model, how long. `key` comes from the environment variable `variable`; both may be ""."""

    address: str
    model: str
    variable: str = ""
    key: str = field(default="", repr=False)
    seconds: float = 300.0  # that one picture may take


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model said, unread. `finish` is the server's finish_reason, "" if it gave none."""

    text: str
    finish: str = ""
    thought: str = ""  # what it wrote down before, where a server keeps that apart
    refusal: str = ""
    usage: dict[str, int] = field(default_factory=dict)


def picture_message(prepared: Prepared) -> list[Json]:
    """Write the user's message: the picture or the pair, then a word, since some servers want one."""
    message = list[Json]()
    for lead, shown in zip(leads(prepared), prepared.shown, strict=True):
        data = base64.b64encode(shown.data).decode()
        if lead:
            message.append({"type": "text", "text": lead})
        message.append({"type": "image_url", "image_url": {"url": f"data:{shown.media_type};base64,{data}"}})
    asked = "Ask for this change." if prepared.before else "Describe this picture."
    return [*message, {"type": "text", "text": f"{asked}{prepared.hint}"}]


def one_line(text: str, most: int = 160) -> str:
    """Make a server's words one safe line of at most `most` characters."""
    line = hygiene.clean(text)
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def connect(endpoint: Endpoint) -> httpx2.AsyncClient:
    """Open a connection to that address; whoever opens it closes it."""
    # a redirect would take the pictures and the key where nobody said they may go
    proxied = not trust.at_home(endpoint.address)
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(endpoint.seconds, connect=_CONNECT), trust_env=proxied, follow_redirects=False
    )


async def complete(
    client: httpx2.AsyncClient, endpoint: Endpoint, body: dict[str, Json], listener: Listener
) -> Completion:
    """Return the reply to POST {address}/chat/completions. Raises VisionError.

    Its code "refused-form" means that the server may answer if less is asked of it. `listener` gives up
    a server that is silent.
    """
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    try:
        answer = await listener.hear(client.post(f"{endpoint.address}/chat/completions", json=body, headers=headers))
    except (httpx2.ReadTimeout, httpx2.WriteTimeout):
        raise listener.given_up() from None
    except httpx2.TimeoutException:
        raise VisionError("server", "it cannot be reached", retry=True) from None
    except httpx2.InvalidURL:
        raise VisionError("server", "this is no address", whole=True) from None
    except httpx2.HTTPError as error:
        if not isinstance(error, httpx2.ConnectError):
            raise VisionError("server", "the connection broke off", retry=True) from None
        here = trust.at_home(endpoint.address)  # a server that is not running here does not start by waiting
        raise VisionError("server", "nothing answers there", retry=not here, whole=here) from None
    if answer.status_code != 200:
        raise _refused(answer, endpoint, has_form="response_format" in body)
    return _completion(answer, endpoint)


def _refused(answer: httpx2.Response, endpoint: Endpoint, *, has_form: bool) -> VisionError:
    status, said = answer.status_code, _server_words(answer, endpoint)
    if status in (401, 403):
        return VisionError("key" if endpoint.key else "server-key", said, whole=True)
    if 300 <= status < 400:
        return VisionError("server", f"{status}: it sends us to another address, which is not followed", whole=True)
    if status in (404, 405) and (advice := _without_v1(answer, endpoint)):
        return VisionError("server", f"{status}: {advice}", whole=True)
    if status == 404:
        return VisionError("model", said, whole=True)
    if status in _FORM and _BLIND.search(said) and not (has_form and _ABOUT_FORM.search(said)):
        return blind(said)
    if status in (408, 429, 502, 503, 504, 529):
        return VisionError("server", said, retry=True, after=_after(answer))
    if has_form and status in _FORM:
        return VisionError("refused-form", said)
    if status >= 500:
        return VisionError("server", said, retry=True, after=_after(answer))
    return VisionError("request", said)


def blind(said: str) -> VisionError:
    """Say that a model sees no pictures, by what it or its server `said`."""
    return VisionError("model", f"{said}; it seems to be one that sees no pictures", whole=True)


def _after(answer: httpx2.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("retry-after", "")))
    except ValueError:
        return None


def _server_words(answer: httpx2.Response, endpoint: Endpoint) -> str:
    """Quote the server's own words about an error: short, and without the key, should it quote that."""
    try:
        error = answer.json()["error"]
        said = error if isinstance(error, str) else str(error["message"])
    except (ValueError, KeyError, TypeError):
        said = "" if "<" in answer.text[:200] else answer.text[:500]
    if endpoint.key:
        said = said.replace(endpoint.key, "[key]")
    return one_line(f"{answer.status_code}: {said}" if said.strip() else f"status {answer.status_code}")


def _without_v1(answer: httpx2.Response, endpoint: Endpoint) -> str:
    """Say that an address lacks its /v1, "" if it has one or if the server knows nothing of that model."""
    if re.search(r"/v\d+(?:beta)?$", endpoint.address) or re.search(rb"model", answer.content[:2000], re.IGNORECASE):
        return ""
    start = _PASTED.sub("", endpoint.address)
    return f"there is nothing at this address; is it meant to be {start}/v1?"


def _completion(answer: httpx2.Response, endpoint: Endpoint) -> Completion:
    """Read a reply. Raises VisionError if it is none: a web page, half a body, another form."""
    if len(answer.content) > _MOST:
        raise VisionError("server", "the reply is far too long", retry=True)
    try:
        data = json.loads(answer.content)
        choice = data["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        if isinstance(text, list):  # some servers split it into parts
            text = "".join(str(part.get("text", "")) for part in text)
        counts = data.get("usage") or {}
        pairs = (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens"))
        usage = {ours: counts[theirs] for ours, theirs in pairs if isinstance(counts.get(theirs), int)}
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        finish, refusal = choice.get("finish_reason") or "", message.get("refusal") or ""
        return Completion(str(text), str(finish), str(thought), str(refusal), usage)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        page = "it answered with a web page: is this the right address?" if b"<" in answer.content[:200] else ""
        if advice := _without_v1(answer, endpoint):
            raise VisionError("server", advice, whole=True) from None
        raise VisionError("server", page or "its reply cannot be read", retry=True) from None
