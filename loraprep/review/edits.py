"""Turn what the page sends into what is written into decisions/: idents become paths, words become values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from loraprep.captions import pieces
from loraprep.core import typed
from loraprep.core.errors import UserError
from loraprep.curation.rulings import curation_entry
from loraprep.project.decisions import KINDS
from loraprep.review import light, since, stay, views, words
from loraprep.review.snapshot import Snapshot, ident, path_of
from loraprep.review.stay import Json

Values: TypeAlias = dict[str, Json]  # key of an entry -> its new fields; see `decision_edits.write_answers`


def planned_answer(s: Snapshot, kind: str, wanted: str, given: Mapping[str, Json]) -> Values:
    """Plan the edit for one answer. `wanted` is the ident of an entry, a picture or a finding.

    `given`: {"rest": true}; {"do": word}; {"keep" or "answer": word or [idents of pictures or looks]};
    {"verdict": word}; {"caption": text}; {"reason": text}; {"withdraw": true}; of curation {"picture": ident,
    "leaves": whether that one leaves}; of carried {"picture": ident, "keeps": whether that one is kept}. Of any picture
    {"stays": bool}, {"pin": bool}, and of crops {"crop": box in shares or null} and {"turn": degrees or null}.
    Raises UserError for anything else.
    """
    if kind in KINDS and given == {"rest": True}:
        return {"rest": "recommended"}
    if kind == "gate":
        return _accept(s, wanted, given)
    if kind == "captions" and set(given) == {"caption"}:
        return _caption(s, wanted, given["caption"])
    if kind == "crops" or len({"stays", "pin"} & set(given)) == len(given) == 1:
        return _of_picture(s, kind, wanted, given)
    key = s.entry_key(kind, wanted) if kind in KINDS else None
    if key is None:
        raise _unknown()
    if given == {"withdraw": True} and kind == "captions" and not s.decisions[kind].entries[key].digests:
        return {key: None}
    if kind == "curation" and set(given) == {"picture", "leaves"}:
        return {key: {"answer": _one_more(s, key, given)}}
    if kind == "carried" and set(given) == {"picture", "keeps"}:
        return {key: {"except": _excepted(s, key, given)}}
    fields = {"quality": "do", "duplicates": "keep", "captions": "verdict", "curation": "answer", "carried": "answer"}
    if set(given) != {fields[kind]}:
        raise _unknown()
    value = given[fields[kind]]
    return {key: {fields[kind]: _names(s, value) if isinstance(value, list) else value}}


def asked_change(given: Mapping[str, Json]) -> words.Change:
    """Read a change to many captions. Raises UserError if it is none."""
    fields = {name: given[name] for name in words.Change.__struct_fields__ if name in given}
    try:
        return typed.convert(fields, words.Change)
    except msgspec.ValidationError:
        raise UserError("this is not an answer") from None


def changed_caption(text: str, change: Json) -> str:
    """Return a caption with a change: {"add", "delete" or "front": words} or {"order": [its parts]}; None for none."""
    if isinstance(change, dict) and len(change) == 1:
        ((what, value),) = change.items()
        if what in pieces.CHANGES and isinstance(value, str):
            return pieces.CHANGES[what](text, value)
        if what == "order" and isinstance(value, list):
            return pieces.in_order(text, [str(part) for part in value])
    if change is not None:
        raise UserError("this is not an answer")
    return text


def sample_path(s: Snapshot, wanted: str) -> str | None:
    """Return the picture of a sample, by its entry's ident."""
    key = s.entry_key("captions", wanted)
    return views.subject(s.decisions["captions"].entries[key]) if key is not None else None


def planned_captions(s: Snapshot, texts: Mapping[str, str]) -> Values:
    """Plan one edit for many captions; `texts`: picture ident -> caption. Raises UserError for an empty one."""
    planned: Values = {}
    for wanted, text in texts.items():
        planned.update(_caption(s, wanted, text))
    return planned


def _caption(s: Snapshot, wanted: str, text: Json) -> Values:
    """Plan one caption. `wanted` names a sample's entry or any picture; the samples' verdict becomes adjust."""
    one_line = " ".join(text.split()) if isinstance(text, str) else ""
    if not one_line:
        raise UserError("a caption cannot be empty", hint="Write what is in the picture.")
    key = s.entry_key("captions", wanted)
    if key is None:
        path = path_of(s, wanted)
        if path is None:
            raise _unknown()
        key = path
    entry = s.decisions["captions"].entries.get(key)
    if entry is not None and "verdict" in entry.data:
        return {key: {"caption": one_line, "verdict": "adjust"}}
    return {key: {"caption": one_line}}


def _accept(s: Snapshot, wanted: str, given: Mapping[str, Json]) -> Values:
    """Plan to accept a finding, or to withdraw that."""
    card = next((c for c in views.finding_cards(s) if c.id == wanted), None)
    code = card.code if card else s.entry_key("gate", wanted)
    if code is None:
        raise _unknown()
    if given == {"withdraw": True}:
        return {code: None}
    reason = " ".join(str(given.get("reason", "")).split())
    if set(given) != {"reason"} or not reason:
        raise UserError("an accepted finding needs a reason", hint="Write why it is fine; the report quotes it.")
    if card is None or not card.acceptable:
        raise UserError("this finding cannot be accepted: the dataset would be wrong")
    named: list[Json] = [*sorted({*since.about(s, code)})]
    known = s.accepted.get(code)
    if known is None:
        return {code: {"accept": "known", **({"images": named} if named else {}), "reason": reason}}
    return {code: {**({"images": named} if known.images is not None else {}), "reason": reason}}


def _of_picture(s: Snapshot, kind: str, wanted: str, given: Mapping[str, Json]) -> Values:
    """Plan whether a picture stays, or how it lies. `kind`: what the page thought that it is written to."""
    path = path_of(s, wanted)
    if path is None or (kind == "crops" and s.images[path].of):
        raise _unknown()
    if kind == "crops":
        ((name, value),) = given.items()
        box = isinstance(value, list) and len(value) == 4 and all(isinstance(n, int | float) for n in value)
        if value is not None and not (box if name == "crop" else name == "turn"):
            raise _unknown()
        field: Json = value or None
        if name == "turn" and path in s.drawn and s.drawn[path].crop:  # the box is of the picture as it lay
            return {path: {"turn": field, "crop": light.turned_box(s, path, int(str(value or 0)))}}
        return {path: {name: field}}
    ((name, value),) = given.items()
    known = stay.pin(s, path, pinned=value is True) if name == "pin" else stay.plan(s, path, stays=value is True)
    if known.kind != kind:  # another answer decides by now
        raise _unknown()
    return known.values


def _one_more(s: Snapshot, key: str, given: Mapping[str, Json]) -> Json:
    """Return the answer of a curation entry once one of its pictures leaves, or stays, too."""
    entry = s.decisions["curation"].entries[key]
    pictures = views.spares(s, entry)
    path = next((p for p in pictures if ident("picture", p) == given["picture"]), None)
    if path is None or not isinstance(given["leaves"], bool):
        raise _unknown()
    out = (views.curation_out(entry) - {path}) | ({path} if given["leaves"] else set())
    names: list[Json] = [p for p in pictures if p in out]
    return names or ("keep" if curation_entry(entry).apart else "all")


def _excepted(s: Snapshot, key: str, given: Mapping[str, Json]) -> Json:
    """Return the exceptions of an entry about lettering once one of its pictures is kept, or is none any more."""
    entry = s.decisions["carried"].entries[key]
    path = next((p for p in views.carriers(s, entry) if ident("picture", p) == given["picture"]), None)
    if path is None or not isinstance(given["keeps"], bool):
        raise _unknown()
    rest: dict[str, Json] = {p: act for p, act in (entry.data.get("except") or {}).items() if p != path}
    return {**rest, path: "keep"} if given["keeps"] else rest


def _names(s: Snapshot, idents: Sequence[Json]) -> list[Json]:
    """Return what idents stand for. Raises UserError for one that nothing has."""
    known = s.names()
    names: list[Json] = [known[i] for i in idents if isinstance(i, str) and i in known]
    if len(names) != len(idents):
        raise _unknown()
    return names


def _unknown() -> UserError:
    return UserError("this is not there any more", hint="Reload the page.")
