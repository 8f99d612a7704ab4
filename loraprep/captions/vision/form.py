"""What a vision model is asked to fill in about a picture or a pair, and the record that comes of it.

The forms themselves are data: schemas/elements.schema.json and schemas/change.schema.json, which servers are sent; a
test holds that they and the classes here name the same fields.
"""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from loraprep.core import resources, typed

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

Name = Literal["elements", "change"]  # of a picture, of a pair
SCHEMA = 1  # of both; raised when a field changes its meaning
_Text: TypeAlias = str | UnsetType
_Terms: TypeAlias = tuple[str, ...] | UnsetType


class SeenContent(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a picture. A field that is UNSET was not asked about; an empty one has nothing to say."""

    subject: _Text = UNSET
    subject_class: _Text = UNSET
    action: _Terms = UNSET
    place: _Text = UNSET
    setting: _Terms = UNSET
    objects: _Terms = UNSET
    pose: _Terms = UNSET
    framing: _Text = UNSET
    angle: _Terms = UNSET
    expression: _Terms = UNSET
    outfit: _Terms = UNSET
    hair: _Terms = UNSET
    eyes: _Terms = UNSET
    face: _Terms = UNSET
    material: _Terms = UNSET
    shape: _Terms = UNSET
    time: _Terms = UNSET


class SeenStyle(msgspec.Struct, frozen=True, kw_only=True):
    """How a picture is made; UNSET as in SeenContent."""

    medium: _Text = UNSET
    technique: _Terms = UNSET
    brushwork: _Terms = UNSET
    palette: _Terms = UNSET
    temperature: _Text = UNSET
    lighting: _Terms = UNSET
    composition: _Terms = UNSET
    edges: _Terms = UNSET
    texture: _Terms = UNSET
    harmony: _Terms = UNSET
    mood: _Terms = UNSET


class Confidence(msgspec.Struct, frozen=True, kw_only=True):
    """How sure the vision model is: "high", "medium" or "low"."""

    content: _Text = UNSET
    style: _Text = UNSET


class SeenSentences(msgspec.Struct, frozen=True, kw_only=True):
    """The sentences about a picture, in which what belongs to the one thing that is taught is named too."""

    content_sentence: _Text = UNSET
    content_long: _Text = UNSET
    style_sentence: _Text = UNSET


class SeenElements(msgspec.Struct, frozen=True, kw_only=True):
    """All that a vision model said about one picture, or one pair; UNSET as in SeenContent."""

    content: SeenContent | UnsetType = UNSET
    content_sentence: _Text = UNSET
    content_long: _Text = UNSET
    style: SeenStyle | UnsetType = UNSET
    style_sentence: _Text = UNSET
    with_traits: SeenSentences | UnsetType = UNSET
    tags: _Terms = UNSET
    visible_text: _Terms = UNSET
    confidence: Confidence | UnsetType = UNSET
    instruction: _Text = UNSET
    instruction_long: _Text = UNSET
    changed: _Terms = UNSET
    kept: _Terms = UNSET


class FormField(msgspec.Struct, frozen=True):
    """One node of the form: an object with `properties`, a list of `items`, or a text, of a closed list if `enum`."""

    type: str
    description: str = ""
    properties: dict[str, FormField] = msgspec.field(default_factory=dict)
    items: FormField | None = None
    enum: tuple[str, ...] = ()


@cache
def form(name: Name = "elements") -> FormField:
    """Load a form, to walk through it."""
    return typed.from_json(resources.text(f"schemas/{name}.schema.json"), FormField)


@cache
def _loaded(name: Name) -> dict[str, Json]:
    loaded: dict[str, Json] = json.loads(resources.text(f"schemas/{name}.schema.json"))
    return loaded


def json_schema(name: Name = "elements") -> dict[str, Json]:
    """Return a form as a JSON Schema that servers take: every field required, no bounds, no references."""
    return {key: copy.deepcopy(value) for key, value in _loaded(name).items() if key not in ("$schema", "title")}


@cache
def closed_terms() -> dict[str, tuple[str, ...]]:
    """Return the closed lists: "content.framing" -> its terms. Curation counts along these."""
    found = {}
    for group in ("content", "style"):
        for key, field in form().properties[group].properties.items():
            values = field.enum or (field.items.enum if field.items else ())
            if values:
                found[f"{group}.{key}"] = tuple(v for v in values if v)
    return found
