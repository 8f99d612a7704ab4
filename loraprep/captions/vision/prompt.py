"""What a vision model is asked about a picture, and how its reply is read. The same for every captioner that looks."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from loraprep.captions import hygiene
from loraprep.captions.vision.store import Answer, digest_of
from loraprep.core import resources
from loraprep.core.records import Elements, Image
from loraprep.project import profiles

SCHEMA = 1  # of schemas/elements.schema.json; raised when a field changes its meaning
LONGEST_TERM, LONGEST_TEXT, MOST_TERMS = 80, 600, 40  # a reply is data from outside: bounded like any other


class Unreadable(Exception):
    """A reply that is not in the form asked for; the text says what is wrong, in a few words."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about every picture of a set; only the picture itself is added."""

    instructions: str
    examples: tuple[str, ...] = ()

    @property
    def system(self) -> str:
        """The whole text that goes before the picture."""
        if not self.examples:
            return self.instructions
        listed = "\n".join(f"- {e}" for e in self.examples)
        return (
            f"{self.instructions}\nOther pictures of this set were described like this, and the artist agreed. Use the "
            f"same words for the same things, as closely and in the same tone:\n{listed}\n"
        )

    @property
    def prompt(self) -> str:
        """The digest that an answer is stored with."""
        return digest_of([self.instructions])

    @property
    def examples_digest(self) -> str:
        return digest_of(self.examples)


def question(kind: str, examples: Sequence[str] = ()) -> Question:
    """Compose the question for a kind: resources/prompts/common.md and the kind's own `prompt`.

    `examples`: texts without the trigger.
    """
    parts = [resources.text("resources/prompts/common.md").strip(), profiles.kind(kind).prompt.strip()]
    return Question("\n\n".join(filter(None, parts)) + "\n", tuple(sorted(set(examples))))


@cache
def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.text("schemas/elements.schema.json"))
    return loaded


def schema() -> dict[str, Any]:
    """The form of a reply as a JSON Schema that servers take: every field required, no bounds, no references."""
    return {key: copy.deepcopy(value) for key, value in _schema().items() if key not in ("$schema", "title")}


@cache
def closed() -> dict[str, tuple[str, ...]]:
    """The closed lists: "content.framing" -> its terms. Curation counts along these."""
    found = {}
    for group in ("content", "style"):
        for key, rule in _schema()["properties"][group]["properties"].items():
            values = rule.get("enum") or rule.get("items", {}).get("enum")
            if values:
                found[f"{group}.{key}"] = tuple(v for v in values if v)
    return found


def read(text: str, *, mend: bool = False) -> dict[str, Any]:
    """The elements in a reply's text, cleaned: one line each, bounded, no control characters.

    With `mend` missing fields count as empty and terms outside a closed list are dropped, for servers that cannot be
    held to a schema. Raises Unreadable.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("the reply is no JSON") from None
    if mend and isinstance(data, dict):
        data = _mended(data, _schema())
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(_schema()).iter_errors(data)), None)
    if error is not None:
        where = ".".join(str(k) for k in error.absolute_path) or "the reply"
        raise Unreadable(f"{where} is not in the form asked for")
    found: dict[str, Any] = _cleaned(data)
    if not (found["content"]["subject"] or found["content_sentence"] or found["tags"]):
        raise Unreadable("the reply says nothing about the picture")
    return found


def _mended(data: Any, rule: Mapping[str, Any]) -> Any:
    """`data` forced into the form of `rule`: what does not fit becomes empty."""
    if rule["type"] == "object":
        fields = data if isinstance(data, dict) else {}
        return {key: _mended(fields.get(key), sub) for key, sub in rule["properties"].items()}
    if rule["type"] == "array":
        if isinstance(data, str):
            data = hygiene.terms(data)
        known = {v.casefold() for v in rule["items"].get("enum", ())}
        given = [v for v in data if not known or str(v).casefold() in known] if isinstance(data, list) else []
        return [v for v in (_mended(v, rule["items"]) for v in given) if v]
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    text = str(data).strip() if isinstance(data, str | int | float) and not isinstance(data, bool) else ""
    if "enum" in rule:
        return next((v for v in rule["enum"] if v.casefold() == text.casefold()), rule["enum"][-1])  # "" or "low"
    return text


def _cleaned(data: Any, key: str = "") -> Any:
    if isinstance(data, dict):
        return {k: _cleaned(v, k) for k, v in data.items()}
    if isinstance(data, list):
        terms = [hygiene.clean(v)[:LONGEST_TERM].strip() for v in data][:MOST_TERMS]
        return [t if key == "visible_text" else t.casefold() for t in terms if t]
    text = hygiene.clean(data)[:LONGEST_TEXT].strip()
    return text if key.endswith("_sentence") else text.casefold() if key == "subject" else text


def elements(image: Image, answer: Answer) -> Elements:
    """What was seen, as a phase reads it. Fields that the answer's schema did not have yet stay empty."""
    said = answer.elements
    groups: dict[str, dict[str, list[str]]] = {}
    for group in ("content", "style"):
        found = {}
        for key, value in said.get(group, {}).items():
            terms = [value] if isinstance(value, str) and value else list(value or ())
            if terms:
                found[key] = terms
        groups[group] = found
    content = groups["content"]
    if place := content.pop("place", []):
        content["setting"] = [*place, *content.get("setting", [])]
    who = f"{answer.captioner}: {answer.model}" if answer.model else answer.captioner
    return Elements(
        path=image.path,
        digest=image.digest,
        captioner=answer.captioner,
        state="seen",
        content=content,
        style=groups["style"],
        content_sentence=said.get("content_sentence", ""),
        style_sentence=said.get("style_sentence", ""),
        tags=list(said.get("tags", ())),
        visible_text=list(said.get("visible_text", ())),
        confidence=dict(said.get("confidence", {})),
        sources={"content": who, "style": who},
    )


def described(image: Image, context: Any) -> Elements:
    """`describe` of every captioner that looks: the stored answer as elements, or why there is none.

    `context` is a captioners.Context.
    """
    given = context.answers.get(image.digest)
    if given and image.path in context.chosen:
        given = given.by(context.chosen[image.path])
    answer = given.current if given else None
    if answer is not None and answer.state == "seen":
        return elements(image, answer)
    if answer is not None:
        return Elements(
            image.path,
            image.digest,
            answer.captioner,
            "refused",
            missing=answer.state,
            sources={"missing": answer.detail},
        )
    return Elements(image.path, image.digest, "", "waiting", missing=context.missing.get(image.path, "unasked"))
