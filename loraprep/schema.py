"""Checks a document against a JSON Schema and says what is wrong the way an artist can use it."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from loraprep import bundled
from loraprep.errors import Problem
from loraprep.yamlfile import Document

_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "object": "a block of keys", "array": "a list", "null": "nothing",
}  # fmt: skip


@cache
def schema(name: str) -> dict[str, Any]:
    """The parsed schemas/<name>.schema.json; the project's names its base models and kinds from the profiles."""
    loaded: dict[str, Any] = json.loads(bundled.text(f"schemas/{name}.schema.json"))
    if name == "project":
        loaded["properties"]["model"]["enum"] = list(bundled.names("resources/models"))
        loaded["properties"]["intent"]["properties"]["kind"]["enum"] = list(bundled.names("resources/kinds"))
    return loaded


def problems(doc: Document, name: str) -> list[Problem]:
    """Everything in `doc` that schema `name` forbids, sorted by place."""
    found = [p for error in Draft202012Validator(schema(name)).iter_errors(doc.data) for p in _explain(doc, error)]
    unique = {(p.place, p.message): p for p in found}
    return sorted(unique.values(), key=_by_place)


def _by_place(problem: Problem) -> tuple[int, int]:
    line, _, column = problem.place.rpartition(":")[0].rpartition(":")[2], "", problem.place.rpartition(":")[2]
    return int(line), int(column)


def _explain(doc: Document, error: ValidationError) -> Iterator[Problem]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        error = best_match([error]) or error
    keys = list(error.absolute_path)
    name = ".".join(str(k) for k in keys) or "this file"
    rules: Any = error.schema
    wants: Any = error.validator_value
    value: Any = error.instance
    hint = str(rules.get("description", "")) if isinstance(rules, dict) else ""
    match error.validator:
        case "additionalProperties" if isinstance(value, dict):
            known = [str(k) for k in rules["properties"]]
            for key in value:
                if key not in known:
                    yield doc.problem([*keys, key], f'unknown key "{key}"', _near(key, known), at_key=True)
        case "required":
            missing = [k for k in wants if k not in value]
            for key in missing:
                described = rules["properties"].get(key, {}).get("description", "")
                yield doc.problem(keys, f'"{key}" is missing{f" in {name}" if keys else ""}', described)
        case "enum" if isinstance(value, str):
            allowed = [str(v) for v in wants]
            what = "base model" if keys == ["model"] else keys[-1] if keys else "value"
            yield doc.problem(keys, f'{name}: unknown {what} "{value}"', _near(value, allowed))
        case "type":
            wanted = wants if isinstance(wants, list) else [wants]
            expected = " or ".join(_TYPES[t] for t in wanted)
            yield doc.problem(keys, f"{name}: expected {expected}, found {_found(value)}", hint)
        case "pattern":
            yield doc.problem(keys, f'{name}: "{_short(value)}" does not fit', hint)
        case "minimum" | "exclusiveMinimum":
            yield doc.problem(keys, f"{name}: {value} is too small; at least {wants}", hint)
        case "maximum" | "exclusiveMaximum":
            yield doc.problem(keys, f"{name}: {value} is too large; at most {wants}", hint)
        case "const" | "enum":
            yield doc.problem(keys, f"{name}: {_found(value)} is not allowed here", hint)
        case "minLength" | "minItems" | "minProperties":
            yield doc.problem(keys, f"{name}: must not be empty", hint)
        case _:
            yield doc.problem(keys, f"{name}: does not fit", hint)


def _found(value: Any) -> str:
    if isinstance(value, str):
        return f'the text "{_short(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a block of keys" if isinstance(value, dict) else "a list" if isinstance(value, list) else "nothing"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {close[0]}?" if close else f"One of: {', '.join(known)}."


def with_defaults(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A deep copy of `data` with every default of the schema filled in. Defaults live in the schema only."""
    return _fill(copy.deepcopy(dict(data)), schema(name))


def _fill(data: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    for key, sub in node.get("properties", {}).items():
        if key not in data and "default" in sub:
            data[key] = copy.deepcopy(sub["default"])
        if sub.get("type") == "object" and isinstance(data.get(key), dict):
            data[key] = _fill(data[key], sub)
    free = node.get("additionalProperties")
    if isinstance(free, dict) and free.get("type") == "object":  # keys of a person's own choice, alike inside
        named = node.get("properties", {})
        data = {k: _fill(v, free) if k not in named and isinstance(v, dict) else v for k, v in data.items()}
    return data
