"""Which captioners could work on this computer, found without sending or spending anything."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from loraprep.captions import registry
from loraprep.captions.danbooru import LIST, read_tags
from loraprep.cli.init.folder import Contents
from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.text import number_of
from loraprep.project.trust import LOCAL_PORTS

_HEARS, _ANSWERS = 0.3, 1.5  # s that a program on this computer may take to take a call, and to list its models
_MOST = 1 << 20  # bytes of such a list
# parts of the names of models that see, as their makers call them
_SEES = (
    *("vl", "vision", "llava", "gemma3", "gemma-3", "minicpm-v", "moondream", "pixtral", "joycaption", "florence"),
    *("internvl", "mistral-small3"),
)
_KEY = "ANTHROPIC_API_KEY"
_NAMED = 0.2  # the share of pictures that may be merely named: thresholds.captions.named


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for a captioner. `words`: what it is; the rest answers its questions."""

    words: str
    base_url: str = ""
    models: tuple[str, ...] = ()  # those that see first
    tagger: str = ""
    complete: bool = True  # all that it needs is there


class AtHand(msgspec.Struct, frozen=True):
    """What was found, by captioner, and which of them to propose."""

    found: dict[str, Found]
    proposed: str


def look_around(contents: Contents | None, near: Path, *, wide: bool = True) -> AtHand:
    """Find what could describe the pictures. `near`: a folder beside which a tagger may lie; not `wide`: only the
    pictures' own captions are looked at, so that the same flags do the same everywhere.
    """
    looks: dict[str, Callable[[], Found | None]] = {}
    if wide:
        looks = {"openai-compatible": _server, "wd-tagger": lambda: _tagger(near), "claude": _key}
    found = {name: there for name, look in looks.items() if (there := look())}
    pictures, captioned = (contents.pictures, contents.captioned) if contents else (0, 0)
    if captioned:
        words = f"{captioned} of your {number_of(pictures, 'picture')} have one"
        found["existing"] = Found(words=words, complete=captioned == pictures)
        found["draft"] = Found(words=words, complete=captioned >= (1 - _NAMED) * pictures)
    return AtHand(found, _proposed(found))


def _proposed(found: dict[str, Found]) -> str:
    """Name the captioner that can reach GO here, the cheapest and surest first; else none."""
    order = ("existing", "draft", "openai-compatible", "wd-tagger", "claude")
    return next((name for name in order if name in found and found[name].complete), "none")


def lines(hand: AtHand, kind: str, pictures: int) -> list[tuple[str, str]]:
    """Return (captioner, what it does, needs and costs) of each, those that can work here first."""
    known = registry.captioner_names()

    def order(name: str) -> tuple[bool, int, int]:
        there = hand.found.get(name)
        usual = _ORDER.index(name) if name in _ORDER else len(_ORDER)
        return name != hand.proposed, 0 if there and there.complete else 1 if there or name == "none" else 2, usual

    said = []
    for name in sorted(known, key=order):
        line = getattr(registry.load_captioner(name), "ABOUT", "")
        if name == "claude" and pictures:
            line = f"{line} About ${price_of_looking(kind, pictures):.2f} for your {number_of(pictures, 'picture')}."
        there = hand.found.get(name)
        said.append((name, f"{line} Here: {there.words}." if there else line))
    return said


def price_of_looking(kind: str, pictures: int) -> float:
    """Return about how many US dollars Claude takes for so many pictures, by the list of prices; at least a cent."""
    from loraprep.captions.vision.anthropic_messages import PROVIDER, Claude
    from loraprep.captions.vision.encode import image_tokens, size_to_send
    from loraprep.captions.vision.prices import price_list
    from loraprep.captions.vision.prompt import VisionQuestion, instructions

    model = Claude(price_list(PROVIDER).default, "low")
    usage = model.guess(image_tokens(*size_to_send(*_LARGE)), VisionQuestion(instructions(kind)))
    return max(model.price(usage) * pictures, 0.01)


_LARGE = (2000, 1500)  # px: a picture of the largest size that is sent
_ORDER = ("existing", "draft", "openai-compatible", "wd-tagger", "claude", "none")


def _key() -> Found | None:
    return Found(words=f"a key is in {_KEY}") if os.environ.get(_KEY, "").strip() else None


def _server() -> Found | None:
    """Find a program that serves vision models at a usual port of this computer."""
    with ThreadPoolExecutor(len(LOCAL_PORTS) or 1) as pool:
        listed = list(pool.map(_models, LOCAL_PORTS))
    for (port, program), models in zip(LOCAL_PORTS.items(), listed, strict=True):
        if models is None:
            continue
        seeing = [m for m in models if any(part in m.lower() for part in _SEES)]
        words = f"{program} answers at port {port}" + (
            f" with {seeing[0]}" if seeing else ", with no vision model that is known here"
        )
        every = (*seeing, *(m for m in models if m not in seeing))
        return Found(
            words=words, base_url=f"http://localhost:{port}/v1", models=tuple(every), complete=bool(seeing)
        )  # fmt: skip
    return None


def _models(port: int) -> list[str] | None:
    """List the models that an OpenAI-like server at a port of this computer has; None if there is none."""
    try:
        socket.create_connection(("127.0.0.1", port), _HEARS).close()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWERS)
        connection.request("GET", "/v1/models", headers={"Accept": "application/json"})
        reply = connection.getresponse()
        data = json.loads(reply.read(_MOST)) if reply.status == 200 else None
        connection.close()
        return [str(model["id"]) for model in data["data"]] if data else None
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None


def _tagger(near: Path) -> Found | None:
    """Find a WD tagger: beside the pictures, here, or where the Hugging Face hub keeps what was fetched."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    for folder in _tagger_places(near):
        try:
            if (folder / "model.onnx").is_file() and (folder / LIST).is_file():
                name = folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name
                return Found(words=f"{name.removeprefix('models--').replace('--', '/')} is there", tagger=str(folder))
        except OSError:
            continue
    return None


def _tagger_places(near: Path) -> list[Path]:
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or "~/.cache/huggingface") / "hub")
    fetched = [
        snapshot
        for model in _listed(hub.expanduser())
        if model.name.lower().startswith("models--smilingwolf--wd")
        for snapshot in _listed(model / "snapshots")
    ]
    return [*_listed(Path.cwd()), *_listed(near), *fetched]


def tags_of(tagger: Found) -> frozenset[str]:
    """List the tags that a tagger knows, as captions have them; none if its list cannot be read."""
    try:
        return frozenset(row.name for row in read_tags(Path(tagger.tagger) / LIST).rows)
    except UserError:
        return frozenset()


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in files.listed(folder) if path.is_dir()] if folder.is_dir() else []
    except OSError:
        return []
