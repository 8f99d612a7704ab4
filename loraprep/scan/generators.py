"""What a generator of pictures wrote into one: which it was, and the prompt. All of it is foreign text, and bounded.

Conventions read: AUTOMATIC1111's `parameters` (Forge, and Fooocus where it is told to), Fooocus' and SwarmUI's JSON,
ComfyUI's `prompt` and `workflow`, NovelAI's `Comment`, InvokeAI's metadata, Midjourney's description. PNG keeps them as
texts, JPEG and WebP in EXIF.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

READ = 20_000  # characters of one text that are looked at: a prompt with its settings has some thousands
_LARGEST = 2_000_000  # characters of a graph: large workflows have some hundred thousand


class Made(NamedTuple):
    """`by`: the generator; `source`: which text says so; `prompt`: what was asked for, "" if that is not told."""

    by: str
    source: str
    prompt: str


def read(texts: Mapping[str, str]) -> Made | None:
    """Find out which generator made a picture; None if none says so. `texts`: what lies inside it, by its key.

    Keys of PNG as they are; of EXIF "exif:user-comment", "exif:description", "exif:make" and "exif:model".
    """
    for reader in (_novelai, _settings, _comfyui, _invokeai, _midjourney):
        if made := reader(texts):
            return made
    return None


def parsed(text: str) -> object:
    """Parse JSON that may be anything; None if it is none."""
    try:
        found: object = json.loads(text) if len(text) <= _LARGEST else None
        return found
    except (ValueError, RecursionError):
        return None


# Possessive, and with what may repeat told apart from what follows it: linear in what they are given.
_SETTINGS = re.compile(r"(?m)^[^\S\n]*+(?:Negative prompt:|Steps: \d)")
_NETWORK = re.compile(r"<[a-z]{1,20}(?:\[[^\[\]<>]{0,40}\])?:[^<>]*+>")
_WEIGHT = re.compile(r":\d++(?:\.\d++)?(?=\))")
_BRACKET = re.compile(r"(?<!\\)[()\[\]]")
_EMPHASIS = re.compile(r"(?<![\d.])-?\d{1,3}(?:\.\d{1,3})?::|::|[{}]")  # NovelAI: {{strong}}, 1.3::strong::
_FLAGS = re.compile(  # Midjourney's
    r"\s--(?:ar|aspect|v|version|niji|s|stylize|c|chaos|q|quality|w|weird|iw|sref|cref|sw|cw|seed|style|no|tile|raw|p|"
    r"profile|fast|relax|turbo|stop|repeat|upbeta|hd|test|oref|ow|exp|draft)\b"
)
_JOB = re.compile(r"\s?Job ID: [0-9a-f-]{36}")
_ADDRESS = re.compile(r"https?://\S++")


def has_settings(text: str) -> bool:
    """Say whether a text goes on with a generator's settings."""
    return bool(_SETTINGS.search(text[:READ]))


def positive(parameters: str) -> str:
    """Take AUTOMATIC1111's text up to its negative prompt and settings, without weights and <lora:...>."""
    text = _SETTINGS.split(parameters[:READ], maxsplit=1)[0]
    text = _NETWORK.sub("", text)
    text = _BRACKET.sub("", _WEIGHT.sub("", text))
    return text.strip(" ,\n").replace("\\(", "(").replace("\\)", ")")


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _settings(texts: Mapping[str, str]) -> Made | None:
    """Read `parameters`, which four generators write in three forms."""
    for key in ("parameters", "exif:user-comment", "exif:description", "Comment"):
        text = texts.get(key, "")
        if not text:
            continue
        if text.lstrip()[:1] == "{":
            data = _dict(parsed(text))
            if swarm := _dict(data.get("sui_image_params")):
                return Made("SwarmUI", key, positive(_text(swarm.get("prompt"))))
            schemes = (data.get("version"), data.get("metadata_scheme"), texts.get("fooocus_scheme"))
            fooocus = any("fooocus" in str(scheme).lower() for scheme in schemes)
            if "prompt" in data and (fooocus or {"base_model", "performance"} & data.keys()):
                return Made("Fooocus", key, positive(_text(data.get("full_prompt")) or _text(data.get("prompt"))))
        elif has_settings(text):
            by = "Fooocus" if "Version: Fooocus" in text[:READ] else "Stable Diffusion web UI"
            return Made(by, key, positive(text))
        elif key == "parameters":
            return Made("Stable Diffusion web UI", key, positive(text))
    return None


def _novelai(texts: Mapping[str, str]) -> Made | None:
    if not (texts.get("Software", "").startswith("NovelAI") or texts.get("Source", "").startswith("NovelAI")):
        return None
    data = _dict(parsed(texts.get("Comment", "")))
    caption = _dict(_dict(data.get("v4_prompt")).get("caption"))
    people = caption.get("char_captions")
    parts = [_text(caption.get("base_caption")) or _text(data.get("prompt")) or texts.get("Description", "")]
    parts += [_text(_dict(each).get("char_caption")) for each in (people if isinstance(people, list) else [])[:20]]
    prompt = _EMPHASIS.sub("", ", ".join(filter(None, parts))[:READ])
    prompt = re.sub(r" ++,", ",", _BRACKET.sub("", prompt))
    return Made("NovelAI", "Comment" if data else "Description", prompt.strip(" ,\n"))


def _comfyui(texts: Mapping[str, str]) -> Made | None:
    """Read ComfyUI's graphs; its WebP keeps them as "prompt:{...}" in EXIF Model and "workflow:{...}" in Make."""
    found = [(key, texts[key]) for key in ("prompt", "workflow") if key in texts]
    found += [
        (key, text.partition(":")[2])
        for key in ("exif:model", "exif:make", "exif:description")
        if (text := texts.get(key, "")).startswith(("prompt:{", "workflow:{", "Prompt:{", "Workflow:{"))
    ]
    known: Made | None = None
    for key, text in found:
        graph = parsed(text)
        if _is_graph(graph):
            known = known or Made("ComfyUI", key, "")
            if told := comfy(graph):
                return Made("ComfyUI", key, ", ".join(told))
    return known


def _is_graph(graph: object) -> bool:
    if not isinstance(graph, dict):
        return False
    return isinstance(graph.get("nodes"), list) or any("class_type" in _dict(node) for node in graph.values())


def comfy(graph: object) -> list[str]:
    """List the texts that reach a sampler's `positive` input in a ComfyUI prompt or workflow; [] if unclear.

    Graphs for Flux and its kin have no such input: there they reach the `conditioning` of a guider.
    """
    if not isinstance(graph, dict):
        return []
    if isinstance(graph.get("nodes"), list):
        graph = _as_prompt(graph)
    for starts in (_positives(graph), _guided(graph)):
        if texts := _reached(graph, starts):
            return texts
    return []


def _positives(graph: Mapping[str, object]) -> list[object]:
    return [_inputs(graph, key).get("positive") for key in sorted(graph, key=str)]


def _guided(graph: Mapping[str, object]) -> list[object]:
    return [
        _inputs(graph, key).get("conditioning")
        for key in sorted(graph, key=str)
        if "Guider" in str(_dict(graph.get(key)).get("class_type"))
    ]


def _inputs(graph: Mapping[str, object], key: str) -> Mapping[str, object]:
    return _dict(_dict(graph.get(key)).get("inputs"))


_TEXTS = frozenset({"text", "text_g", "text_l", "t5xxl", "clip_l", "string", "value", "prompt", "populated_text"})
_PART = re.compile(r"(?:text|string|prompt)_?(?:[a-h]|\d)")  # of a node that joins texts
_ASIDE = frozenset(
    {"clip", "model", "vae", "negative", "image", "pixels", "latent_image", "samples", "control_net", "mask"}
)


def _reached(graph: Mapping[str, object], starts: list[object]) -> list[str]:
    """Collect the texts of all nodes that lead to these inputs, each once: every node is looked at once at most."""
    texts: list[str] = []
    seen: set[str] = set()
    stack = [start for start in reversed(starts) if start]
    while stack:
        link = stack.pop()
        if isinstance(link, str):
            texts.append(link.strip())
            continue
        if not isinstance(link, list) or not link or str(link[0]) in seen:
            continue
        seen.add(str(link[0]))
        inputs = _inputs(graph, str(link[0]))
        stack += [
            value
            for name, value in reversed(list(inputs.items()))
            if (isinstance(value, str) and (name in _TEXTS or _PART.fullmatch(name)))
            or (isinstance(value, list) and len(value) == 2 and name not in _ASIDE)
        ]
    return list(dict.fromkeys(text for text in texts if text))


def _as_prompt(workflow: Mapping[str, object]) -> dict[str, object]:
    """Bring a workflow's nodes and links into the shape of a prompt; an encoder's first text widgets are its text."""
    links, nodes = workflow.get("links"), workflow.get("nodes")
    listed = links if isinstance(links, list) else []
    origin = {k[0]: str(k[1]) for k in listed if isinstance(k, list) and len(k) >= 5 and isinstance(k[0], int)}
    graph: dict[str, object] = {}
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict):
            continue
        slots = node.get("inputs")
        inputs: dict[str, object] = {
            str(slot["name"]): [origin[slot["link"]], 0]
            for slot in (slots if isinstance(slots, list) else [])
            if isinstance(slot, dict)
            and isinstance(slot.get("link"), int)
            and slot["link"] in origin
            and "name" in slot
        }
        widgets, kind = node.get("widgets_values"), str(node.get("type"))
        if ("TextEncode" in kind or "String" in kind) and isinstance(widgets, list):
            said = [w for w in widgets[: 2 if "Flux" in kind else 1] if isinstance(w, str)]
            for name, text in zip(("text", "t5xxl"), said, strict=False):
                inputs.setdefault(name, text)
        graph[str(node.get("id"))] = {"inputs": inputs, "class_type": kind}
    return graph


def _invokeai(texts: Mapping[str, str]) -> Made | None:
    for key in ("invokeai_metadata", "sd-metadata"):
        data = _dict(parsed(texts.get(key, "")))
        if data:
            image = _dict(data.get("image"))
            prompts = image.get("prompt")
            first = prompts[0] if isinstance(prompts, list) and prompts else None
            old = _text(prompts) or _text(_dict(first).get("prompt"))
            return Made("InvokeAI", key, positive(_text(data.get("positive_prompt")) or old))
    return None


def _midjourney(texts: Mapping[str, str]) -> Made | None:
    for key in ("Description", "exif:description", "exif:user-comment"):
        text = texts.get(key, "")[:READ]
        if _JOB.search(text):
            prompt = _JOB.split(text, maxsplit=1)[0]
            return Made("Midjourney", key, _ADDRESS.sub("", _FLAGS.split(prompt, maxsplit=1)[0]).strip(" ,\n"))
    return None
