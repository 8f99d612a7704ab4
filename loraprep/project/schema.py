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

from loraprep.core import resources
from loraprep.core.errors import Problem
from loraprep.core.findings import FOREIGN, Code
from loraprep.core.yamlfile import Document

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a block of keys",
    "array": "a list",
    "null": "nothing",
}
# keys whose values have a name of their own
_NAMED = {"model": "base model", "kind": "kind", "captioner": "captioner", "trainers": "trainer"}


@cache
def schema(name: str) -> dict[str, Any]:
    """The parsed schemas/<name>.schema.json, with models, kinds, trainers and finding codes from the data files."""
    loaded: dict[str, Any] = json.loads(resources.text(f"schemas/{name}.schema.json"))
    codes = {"enum": [code.value for code in Code if not code.startswith(FOREIGN)]}
    if name == "project":
        loaded["properties"]["model"]["enum"] = list(resources.names("resources/models"))
        loaded["properties"]["intent"]["properties"]["kind"]["enum"] = list(resources.names("resources/kinds"))
        loaded["properties"]["severity"]["propertyNames"] = codes
        trainers = loaded["properties"]["dataset"]["properties"]["trainers"]
        trainers["items"]["enum"] = list(resources.names("resources/trainers"))
    elif name == "gate":
        loaded["propertyNames"] = codes
    return loaded


def problems(doc: Document, name: str) -> list[Problem]:
    """Everything in `doc` that schema `name` forbids, with the document's own flaws; one a place, sorted."""
    errors = Draft202012Validator(schema(name)).iter_errors(doc.data)
    found = sorted((p for e in errors for p in _explain(doc, e)), key=lambda p: "expected" not in p.message)
    # a value that cannot be read or has a wrong type has nothing else wrong with it; missing keys share one place
    first: dict[tuple[str, str], Problem] = {}
    for p in [*doc.flaws, *found]:
        first.setdefault((p.place, p.message if "is missing" in p.message else ""), p)
    return sorted(first.values(), key=lambda p: p.position)


def _explain(doc: Document, error: ValidationError) -> Iterator[Problem]:
    if error.validator in ("anyOf", "oneOf") and error.context:
        error = best_match([error]) or error
    keys = list(error.absolute_path)
    name = ".".join(k for k in keys if isinstance(k, str))
    rules: Any = error.schema
    wants: Any = error.validator_value
    value: Any = error.instance
    hint = str(rules.get("description", "")) if isinstance(rules, dict) else ""
    if "propertyNames" in error.relative_schema_path and error.validator == "pattern":
        yield doc.problem([*keys, value], f'{name}: "{_short(value)}" does not fit', hint, at_key=True)
        return
    if "propertyNames" in error.relative_schema_path:
        yield doc.problem([*keys, value], f'unknown finding code "{value}"', _near(value, wants), at_key=True)
        return
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
            allowed = ["null" if v is None else str(v) for v in wants]
            what = next((word for key, word in _NAMED.items() if key in keys), "value")
            yield doc.problem(keys, f'{name}: unknown {what} "{value}"', _near(value, allowed))
        case "type":
            wanted = wants if isinstance(wants, list) else [wants]
            expected = f"expected {' or '.join(_TYPES[t] for t in wanted)}, found {_found(value)}"
            if "object" in wanted:
                hint = (
                    "Write its keys below it, indented, or delete this line." if keys else "Write lines of key: value."
                )
            yield doc.problem(keys, f"{name}: {expected}" if keys else expected, hint)
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
