"""Questions of one kind in one entry of a decision file: many pictures, few answers. Pure.

Such an entry has a line for each question under `each`, the answer that counts for all of them, and under `except`
those that are answered otherwise. Everywhere else each question is one by itself: an entry is taken apart as it is
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from loraprep.core.files import Json
from loraprep.project import noted

FEW = 5  # as many as there are samples: more of one kind are asked together
EACH, EXCEPT = "each", "except"


class Part(NamedTuple):
    """One question of such an entry, with its fields as if it stood alone. `answer`: its own, else the one for all."""

    key: str
    data: dict[str, Any]
    digests: dict[str, str]


def joined(what: str, questions: Mapping[str, Mapping[str, Any]], answer: str) -> dict[str, Any]:
    """Make the fields of one entry out of those of several questions of one kind.

    `questions`: key -> fields; `answer`: the name of the field that holds the answer. What all recommend stands once.
    """
    recommended = [fields.get("recommended") for fields in questions.values()]
    same = all(isinstance(one, str) and one == recommended[0] for one in recommended)
    left = {answer, *(["recommended"] if same else [])}
    each = {key: {k: v for k, v in fields.items() if k not in left} for key, fields in sorted(questions.items())}
    return {
        "what": what,
        EACH: {key: fields["what"] if set(fields) == {"what"} else fields for key, fields in each.items()},
        **({"recommended": recommended[0]} if same else {}),
        answer: None,
        EXCEPT: {},
    }


def parts(entry: Mapping[str, Any], answer: str) -> Iterator[Part]:
    """Take an entry apart into its questions; nothing for one that asks a single question.

    An exception may be named by any picture that its question is about.
    """
    exceptions, known = entry.get(EXCEPT) or {}, noted.spread(entry).get("digests") or {}
    for key, names in _names(entry).items():
        fields = entry[EACH][key]
        data = {"what": fields} if isinstance(fields, str) else dict(fields)
        if "recommended" in entry:
            data.setdefault("recommended", entry["recommended"])
        data[answer] = next((exceptions[name] for name in names if name in exceptions), entry.get(answer))
        yield Part(key, data, {path: known[path] for path in names if path in known})


def _names(entry: Mapping[str, Any]) -> dict[str, list[str]]:
    """Map each question of an entry to its key and the pictures it is about."""
    each = (entry.get(EACH) or {}).items()
    return {k: list(dict.fromkeys([k, *(fields.get("pictures") or () if isinstance(fields, Mapping) else ())]))
            for k, fields in each}  # fmt: skip


def holder(data: Mapping[str, Any], key: str) -> str | None:
    """Return the key of the entry in which the question `key` stands with others; None if it stands alone."""
    if key in data:
        return None
    return next((k for k, entry in data.items() if isinstance(entry, Mapping) and key in (entry.get(EACH) or {})), None)


def place(data: Mapping[str, Any], keys: Sequence[str | int]) -> Sequence[str | int]:
    """Return the keys that lead to what `keys` lead to, (question, field, ...), as the file has it."""
    within = holder(data, str(keys[0])) if keys else None
    if within is None:
        return keys
    key, entry = str(keys[0]), data[within]
    if len(keys) == 1:
        return (within, EACH, key)
    exception = next((name for name in _names(entry)[key] if name in (entry.get(EXCEPT) or {})), None)
    return (within, *keys[1:]) if exception is None else (within, EXCEPT, exception, *keys[2:])


def as_written(data: Mapping[str, Any], values: Mapping[str, Json], answer: str) -> dict[str, Json]:
    """Turn answers to single questions into what an edit has to write: those of one entry are its exceptions.

    `values`: key -> new value, or {field: value}. None takes an exception back, unless it has to stand against the
    answer for all; what says the same as that is no exception.
    """
    written: dict[str, Json] = {}
    exceptions: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        within = holder(data, key) if isinstance(value, Mapping) and set(value) == {answer} else None
        if within is None or not isinstance(value, Mapping):
            written[key] = value
            continue
        entry = data[within]
        otherwise = exceptions.setdefault(within, dict(entry.get(EXCEPT) or {}))
        for name in _names(entry)[key]:
            otherwise.pop(name, None)
        if value[answer] != entry.get(answer):
            otherwise[key] = value[answer]
        written[within] = {EXCEPT: otherwise}
    return written


def unknown(data: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (entry, name, names it may have) for each exception that no question of its entry is about."""
    for key, entry in data.items():
        if isinstance(entry, Mapping) and isinstance(entry.get(EXCEPT), Mapping):
            known = {name for names in _names(entry).values() for name in names} | (entry.get("pictures") or {}).keys()
            yield from ((key, str(name), sorted(known)) for name in entry[EXCEPT] if name not in known)
