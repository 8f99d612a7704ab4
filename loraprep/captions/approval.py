"""What became of looking at the pictures: who has no description, whose words stand in, what was approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loraprep.captions import hygiene
from loraprep.captions.samples import own_caption, waiting
from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Elements, Image
from loraprep.project.decisions import Decisions
from loraprep.project.resolution import entry_for, settle

_FINAL = {"refused": Code.VISION_REFUSED, "truncated": Code.VISION_TRUNCATED, "unclear": Code.VISION_UNCLEAR}
_MOST = 12  # examples: enough to show a tone, and they are sent with every picture


def lacking(
    stored: Sequence[Finding], captions: Mapping[str, Caption], elements: Mapping[str, Elements]
) -> list[Finding]:
    """The findings about looking, for the pictures in `captions`.

    What blocks does so only for pictures without any other caption; those with a stand-in are named as such.
    """
    found: dict[str, Finding] = {}
    for finding in stored:
        blocks = findings.severity(finding.code, {}) == "block"
        about = {p for p in finding.images if p in captions and not (blocks and captions[p].captioned)}
        if finding.images and not about:
            continue
        before = found[finding.code].images if finding.code in found else ()
        found[finding.code] = Finding(finding.code, tuple(sorted({*about, *before})), finding.values)
    lost: dict[Code, list[str]] = {}
    details: dict[Code, set[str]] = {}
    for path in sorted(captions):
        missing = elements[path].missing if path in elements else ""
        if not missing or captions[path].origin in ("written", "approved"):
            continue
        code = _FINAL.get(missing, Code.VISION_STAND_IN if captions[path].captioned else None)
        if code:
            lost.setdefault(code, []).append(path)
            details.setdefault(code, set()).add(elements[path].sources.get("missing", ""))
    said = {code: ", ".join(sorted(filter(None, texts))) or "no reason given" for code, texts in details.items()}
    return [*found.values(), *(Finding(code, tuple(p), {"said": said[code]}) for code, p in sorted(lost.items()))]


def approved(samples: Sequence[str], decisions: Decisions, *, auto: bool) -> bool:
    """May the rest be asked about? Every sample is answered, and at least one of them is not skipped."""
    if decisions.accepts(auto=auto) or not samples:
        return True
    skips = [s for s in samples if s in decisions.entries and decisions.entries[s].answer == "skip"]
    return not waiting(samples, decisions, auto=False) and len(skips) < len(samples)


def examples(
    images: Sequence[Image], elements: Mapping[str, Elements], decisions: Decisions, trigger: str, *, auto: bool
) -> list[str]:
    """What a person agreed to, as texts without the trigger: their own captions, and what they approved as seen.

    Of an approved sample the sentences and tags count and not its caption, so that another base model changes
    nothing. Skipped ones are no examples.
    """
    found = set()
    for image in images:
        entry, _ = entry_for(decisions, image.path, image.digest)
        if entry is None:
            continue
        verdict, seen = settle(entry.answer, decisions, auto=auto, recommended="approve"), elements.get(image.path)
        if own := own_caption(entry):
            found.add(hygiene.without_trigger(hygiene.clean(own), trigger))
        elif seen is not None and seen.state == "seen" and verdict.answer == "approve" and not verdict.open:
            tags = f" Tags: {', '.join(seen.tags)}" if seen.tags else ""
            found.add(f"{seen.content_sentence} {seen.style_sentence}{tags}".strip())
    return sorted(filter(None, found))[:_MOST]


def earlier(
    answers: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]], samples: Sequence[str]
) -> list[str]:
    """Paths whose answer was asked for with other settings than it would be now, sorted.

    `answers`: path -> the settings it was stored with; `now`: captioner -> the settings it would ask with, the first
    being the one that would be asked. A sample was asked before there were any examples.
    """
    first = next(iter(now.values()), {})
    found = []
    for path, then in answers.items():
        wanted = dict(now.get(then["captioner"], first))
        if path in samples and not then["examples"]:
            wanted["examples"] = ""
        if then != wanted:
            found.append(path)
    return sorted(found)
