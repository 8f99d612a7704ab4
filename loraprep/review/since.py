"""What the last run found, as far as it holds by the answers given since. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import structs

from loraprep.captions import compose, own_words
from loraprep.captions.samples import own_caption
from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Elements, Reason
from loraprep.project import groups
from loraprep.report.gate import many_named
from loraprep.review import stay
from loraprep.review.snapshot import Snapshot, ident, remembered

_NOBODY = frozenset({Code.UNCAPTIONED, Code.ONLY_NAMED, Code.CAPTION_DRAFT})  # mended by words, whatever they are


class Told(msgspec.Struct, frozen=True):
    """A reason of the verdict, of the pictures that it still is about. `since`: what became of others, "" if it counts.

    `over`: the pictures it was about are all gone or described. `id`: of its card, by the code that the run gave it,
    for who writes captions stays with them though too few are left to stop the gate, and by which of that code it is.
    """

    reason: Reason
    since: str
    over: bool
    id: str


@remembered(lambda s: (s.digests["captions"], stay.leaving_by_now(s)))
def told(s: Snapshot) -> list[Told]:
    """List the verdict's reasons, in its order."""
    earlier, found = Counter[str](), []
    for reason in s.gate.reasons if s.gate else ():
        which = [str(earlier[reason.code])] if earlier[reason.code] else []
        found.append(_by_now(s, reason, ident("gate", reason.code, *which)))
        earlier[reason.code] += 1
    return found


def about(s: Snapshot, code: str) -> list[str]:
    """List the pictures that a finding still is about."""
    return [path for one in told(s) if one.reason.code == code for path in one.reason.images]


class _Kept(msgspec.Struct):
    """What was read of captions since the last run: one edit reads one more."""

    written: dict[str, tuple[str, Caption]] = {}  # by path: a person's words, and the caption that they make
    read: dict[str, own_words.Read] = {}


@remembered()
def _kept(_s: Snapshot) -> _Kept:
    return _Kept()


@remembered(lambda s: s.digests["captions"])
def described(s: Snapshot) -> frozenset[str]:
    """Return the pictures that a person's caption of now describes, as the gate will see it."""
    entries = s.decisions["captions"].entries
    mine = {path: own for path in s.captions if path in entries and (own := own_caption(entries[path]))}
    if not mine:
        return frozenset()
    settings, encoder, kept = s.project.settings, s.project.base_model.encoder.name, _kept(s)
    for path, own in mine.items():
        if path not in kept.written or kept.written[path][0] != own:
            trigger = groups.trigger(path, settings)
            made = compose.verbatim(s.captions[path], entries[path], trigger, encoder, settings)
            kept.written[path] = own, made
    now = {**s.captions, **{path: kept.written[path][1] for path in mine}}
    if not s.project.kind.pairs:
        made_of = {path: s.elements.get(path) or Elements(path, "", "", "none") for path in now}
        now = own_words.graded(now, made_of, settings, kept.read)
    return frozenset(path for path in mine if now[path].captioned)


def _by_now(s: Snapshot, reason: Reason, card: str) -> Told:
    left = stay.left_since(s)
    stays = [path for path in reason.images if path not in left]
    mine = described(s).intersection(stays) if reason.code in _NOBODY else frozenset()
    still = tuple(path for path in stays if path not in mine)
    as_many = reason.code not in _NOBODY or len(stay.staying(s)) == sum(fate.stays for fate in s.fates.values())
    if len(still) == len(reason.images) and as_many:
        return Told(reason, "", over=False, id=card)
    if reason.code in _NOBODY and still:
        return Told(_said_anew(s, reason, still), "", over=False, id=card)
    parts = (stay.since(reason.images, left), _described(len(mine), len(reason.images)))
    since = " ".join(part for part in parts if part)
    return Told(structs.replace(reason, images=still), since, over=not still, id=card)


def _described(written: int, of: int) -> str:
    if not written:
        return ""
    them = "it" if of == 1 else "all of them" if written == of else f"{written} of them"
    return f"You described {them} since."


def _said_anew(s: Snapshot, reason: Reason, still: Sequence[str]) -> Reason:
    """Say that nobody has described these, as the gate says it of so many among those that stay."""
    settings, stays = s.project.settings, len(stay.staying(s))
    code = Code(reason.code)
    if code is Code.ONLY_NAMED and not many_named(len(still), stays, settings):
        code = Code.CAPTION_DRAFT
    finding = Finding(code, tuple(still), {"kept": stays} if code is not Code.CAPTION_DRAFT else {})
    return structs.replace(
        reason,
        code=code,
        severity=reason.severity if code == reason.code else findings.severity(code, settings.severity),
        sentence=findings.sentence(finding),
        fix=reason.fix if code == reason.code else findings.fix(finding),
        images=tuple(still),
    )
