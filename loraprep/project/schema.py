"""Check a document against a JSON Schema and say what is wrong the way an artist can use it."""

from __future__ import annotations

import copy
import difflib
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from loraprep.core import resources
from loraprep.core.errors import Problem
from loraprep.core.files import Json
from loraprep.core.findings import PROJECT_CODES
from loraprep.core.yamlfile import Document
from loraprep.core.yamlfile.complaints import secret_problem, without_space
from loraprep.core.yamlfile.reading import MOST_PROBLEMS
from loraprep.project import noted

if TYPE_CHECKING:  # loaded where something is checked: it takes a third of what a process that opens pictures loads
    from jsonschema.exceptions import ValidationError

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
# no settings of ours: whoever writes them means the key itself. In a decision file they are words like any other.
_SECRETIVE = frozenset({"key", "token"})

# a folder as resources/models is one: it is listed, not imported from
_CAPTIONERS = partial(resources.module_names, "loraprep.captions.captioners")

Tree: TypeAlias = dict[str, Any]  # JSON Schema, and what one may hold: of any shape

# Names that data files or code know, by where a schema lists them; the lists in the files themselves are for editors.
_LISTED: dict[str, tuple[tuple[tuple[str | int, ...], Callable[[], Iterable[str]]], ...]] = {
    "project": (
        (("properties", "model"), partial(resources.names, "resources/models")),
        (("properties", "intent", "properties", "kind"), partial(resources.names, "resources/kinds")),
        (("properties", "severity", "propertyNames"), lambda: PROJECT_CODES),
        (("properties", "dataset", "properties", "trainers", "items"), partial(resources.names, "resources/trainers")),
        (("properties", "captioning", "properties", "captioner", "anyOf", 0), _CAPTIONERS),
        (("properties", "captioning", "properties", "captioner", "anyOf", 1, "items"), _CAPTIONERS),
    ),
    "captions": ((("additionalProperties", "properties", "captioner"), _CAPTIONERS),),
    "gate": ((("propertyNames",), lambda: PROJECT_CODES),),
}


@cache
def schema(name: str) -> Tree:
    """Load schemas/<name>.schema.json; models, kinds, trainers, captioners and finding codes are
    those there are."""
    loaded: Tree = json.loads(resources.text(f"schemas/{name}.schema.json"))
    for path, names in _LISTED.get(name, ()):
        node: Any = loaded
        for key in path:
            node = node[key] if isinstance(key, int) else node.setdefault(key, {})
        node.pop("pattern", None)  # the list says more than the form of a name
        node["enum"] = list(names())
    return loaded


def problems(doc: Document, name: str) -> list[Problem]:
    """List everything in `doc` that schema `name` forbids, with the document's own flaws; one a place, sorted."""
    from jsonschema import Draft202012Validator

    errors = itertools.islice(Draft202012Validator(schema(name)).iter_errors(doc.data), MOST_PROBLEMS)
    found = sorted((p for e in errors for p in _explain(doc, e)), key=lambda p: "expected" not in p.message)
    # a value that cannot be read or has a wrong type has nothing else wrong with it; missing keys share one place
    first: dict[tuple[str, str], Problem] = {}
    for p in [*doc.flaws, *found]:
        first.setdefault((p.place, p.message if "is missing" in p.message else ""), p)
    return sorted(first.values(), key=lambda p: p.position)


class _Error(NamedTuple):
    """What of a validator's error is told."""

    keyword: str  # of JSON Schema
    keys: list[str | int]  # where
    value: Any  # what the document holds there
    wants: Any  # what the schema says under the keyword
    rules: Tree  # the schema that holds there

    @property
    def name(self) -> str:
        """The value's name as an artist would say it: "images.folder"."""
        return ".".join(key for key in self.keys if isinstance(key, str))

    @property
    def description(self) -> str:
        return str(self.rules.get("description", ""))


def _explain(doc: Document, error: ValidationError) -> Iterator[Problem]:
    """Say what one error of the validator means; of alternatives the one that comes nearest is meant."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        from jsonschema.exceptions import best_match

        words = [e for e in error.context if e.validator == "enum"] if isinstance(error.instance, str) else []
        error = next(iter(words), None) or best_match([error]) or error
    rules = error.schema if isinstance(error.schema, dict) else {}
    told = _Error(str(error.validator), list(error.absolute_path), error.instance, error.validator_value, rules)
    of_key = "propertyNames" in error.relative_schema_path
    return _EXPLAIN.get("propertyNames" if of_key else told.keyword, _refused)(doc, told)


def _unknown_keys(doc: Document, error: _Error) -> Iterator[Problem]:
    known = [str(key) for key in error.rules["properties"]]
    yours = [key for key in known if key not in (noted.KEY, *noted.FIELDS)]  # those are nobody's to write
    for key in error.value:
        if key in known:
            continue
        if key in _SECRETIVE and doc.name == "project.yaml":
            yield secret_problem(doc.name, doc.problem([*error.keys, key], "", at_key=True).place)
        elif str(key).partition(":")[0] in known:  # in braces YAML takes do:remove for a name
            meant = without_space(str(key)) or f"{key} with a space after the :"
            yield doc.problem([*error.keys, key], "a space is missing after the :", f"Write {meant}", at_key=True)
        else:
            yield doc.problem([*error.keys, key], f'unknown key "{key}"', _near(key, yours), at_key=True)


def _bad_key(doc: Document, error: _Error) -> Iterator[Problem]:
    if error.keyword == "pattern":
        message, hint = f'{error.name}: "{_short(error.value)}" does not fit', error.description
    else:
        message, hint = f'unknown finding code "{error.value}"', _near(error.value, error.wants)
    yield doc.problem([*error.keys, error.value], message, hint, at_key=True)


def _missing(doc: Document, error: _Error) -> Iterator[Problem]:
    inside = f" in {error.name}" if error.keys else ""
    known = [str(key) for key in error.rules["properties"]]
    mistyped = {_nearest(str(key), known) for key in error.value if key not in known}  # those are told as unknown keys
    for key in error.wants:
        if key not in error.value and key not in mistyped:
            described = error.rules["properties"].get(key, {}).get("description", "")
            yield doc.problem(error.keys, f'"{key}" is missing{inside}', described)


def _unknown_value(doc: Document, error: _Error) -> Iterator[Problem]:
    if not isinstance(error.value, str):
        yield from _refused(doc, error)
        return
    allowed = ["null" if value is None else str(value) for value in error.wants]
    what = next((word for key, word in _NAMED.items() if key in error.keys), "value")
    called = ""
    if what == "base model":  # "flux.1-dev" looks most like flux2-dev, and is flux
        from loraprep.project.studio import model_id  # which reads the models by way of this module

        called = model_id(error.value)
    hint = f"Did you mean {called}?" if called else _near(error.value, allowed)
    yield doc.problem(error.keys, f'{error.name}: unknown {what} "{error.value}"', hint)


def _wrong_type(doc: Document, error: _Error) -> Iterator[Problem]:
    wanted = error.wants if isinstance(error.wants, list) else [error.wants]
    expected = f"expected {' or '.join(_TYPES[t] for t in wanted)}, found {_found(error.value)}"
    meant = _meant(error.value, wanted)
    hint = " ".join(filter(None, [meant and f"Write {meant}.", error.description]))
    if "object" in wanted:
        nested = "Write its keys below it, indented, or delete this line."
        hint = nested if error.keys else "Write lines of key: value."
    yield doc.problem(error.keys, f"{error.name}: {expected}" if error.keys else expected, hint)


def _meant(value: Json, wanted: Sequence[str]) -> str:
    """Return how a text is written that is meant for one of those types, "" if nobody can tell."""
    text = value.strip() if isinstance(value, str) else ""
    if {"number", "integer"} & {*wanted} and re.fullmatch(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", text):
        return text.replace(",", ".") if "," in text else f"{text} without quotes"
    single = text and not set(text) & set('"\\\n')
    return f'["{text}"]' if single and "array" in wanted else ""


def _refused(doc: Document, error: _Error) -> Iterator[Problem]:
    said = "must not be empty"
    if error.keyword == "pattern" and error.wants == _WORDS and error.value:
        said = f'"{_short(error.value)}" says nothing yet'
    elif error.value or error.keyword not in ("minItems", "minLength", "minProperties", "pattern"):
        count = len(error.value) if isinstance(error.value, list) else 0
        said = _REFUSED.get(error.keyword, "does not fit").format(
            short=_short(error.value), found=_found(error.value), value=error.value, wants=error.wants, count=count
        )
    yield doc.problem(error.keys, f"{error.name}: {said}", error.description)


_EXPLAIN: dict[str, Callable[[Document, _Error], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "enum": _unknown_value,
    "propertyNames": _bad_key,
    "required": _missing,
    "type": _wrong_type,
}
_WORDS = r"\w"  # the pattern of a text that has to say something
_REFUSED = {
    "const": "{found} is not allowed here",
    "enum": "{found} is not allowed here",
    "exclusiveMaximum": "{value} is too large; at most {wants}",
    "exclusiveMinimum": "{value} is too small; at least {wants}",
    "maximum": "{value} is too large; at most {wants}",
    "minimum": "{value} is too small; at least {wants}",
    "minItems": "has {count} of {wants} values",
    "maxItems": "has {count} values, and takes {wants}",
    "pattern": '"{short}" does not fit',
}


def _found(value: Json) -> str:
    if isinstance(value, str):
        return f'the text "{_short(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a block of keys" if isinstance(value, dict) else "a list" if isinstance(value, list) else "nothing"


def _short(value: Json) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _nearest(word: str, known: list[str]) -> str:
    return next(iter(difflib.get_close_matches(word.lower(), known, n=1)), "")


def _near(word: str, known: list[str]) -> str:
    close = _nearest(word, known)
    return f"Did you mean {close}?" if close else f"One of: {', '.join(known)}."


def with_defaults(data: Tree, name: str) -> Tree:
    """Return a deep copy of `data` with every default of the schema filled in. Defaults live in the schema only."""
    return _fill(copy.deepcopy(dict(data)), schema(name))


def _fill(data: Tree, node: Tree) -> Tree:
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
