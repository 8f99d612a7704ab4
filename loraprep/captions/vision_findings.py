"""What is to be said about looking: who has no description, whose words stand in, what was seen differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from loraprep.captions.vision.store import AnswerSettings
from loraprep.core import findings
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Elements, Grade

_FINAL = {"refused": Code.VISION_REFUSED, "truncated": Code.VISION_TRUNCATED, "unclear": Code.VISION_UNCLEAR}


def vision_findings(
    stored: Sequence[Finding], captions: Mapping[str, Caption], elements: Mapping[str, Elements], *, pairs: bool = False
) -> list[Finding]:
    """Collect the findings about looking, for the pictures in `captions`, or `pairs`; `stored` came of asking.

    What blocks does so only for pictures without any other caption; those with a stand-in are named as such.
    """
    found: dict[str, Finding] = {}
    for finding in stored:
        blocks = findings.severity(finding.code, {}) == "block"
        about = {p for p in finding.images if p in captions and not (blocks and captions[p].grade is not Grade.MISSING)}
        if finding.images and not about:
            continue
        before = found[finding.code].images if finding.code in found else ()
        found[finding.code] = finding.about(sorted({*about, *before}))
    lost: dict[Code, list[str]] = {}
    details: dict[Code, set[str]] = {}
    for path in sorted(captions):
        missing = elements[path].missing if path in elements else ""
        if not missing or captions[path].origin in ("written", "approved"):
            continue
        if (
            captions[path].grade is Grade.DESCRIBED and missing in _FINAL
        ):  # words from a file beside it say what it shows
            continue
        code = _FINAL.get(missing, None if captions[path].grade is Grade.MISSING else Code.VISION_STAND_IN)
        if code:
            lost.setdefault(code, []).append(path)
            details.setdefault(code, set()).add(elements[path].sources.get("missing", ""))
    reasons = {code: ", ".join(sorted(filter(None, texts))) or "no reason given" for code, texts in details.items()}
    made = [*found.values(), *(Finding(code, tuple(p), {"said": reasons[code]}) for code, p in sorted(lost.items()))]
    return called_pairs(made) if pairs else made


def called_pairs(found: Sequence[Finding]) -> list[Finding]:
    """Let findings speak of pairs where they would of pictures."""
    return [msgspec.structs.replace(each, values={**each.values, "units": "pairs"}) for each in found]


def seen_under_earlier_settings(
    answers: Mapping[str, AnswerSettings], now: Mapping[str, AnswerSettings], samples: Sequence[str]
) -> list[str]:
    """Return the paths whose answer was asked for with other settings than it would be now, sorted.

    `answers`: path -> what its answer was asked with; `now`: captioner -> what it would ask with, the first being the
    one that would be asked. A sample was asked before there were any examples.
    """
    first = next(iter(now.values()), None)
    found = []
    for path, then in answers.items():
        wanted = now.get(then.captioner, first)
        if wanted is not None and path in samples and not then.examples:
            wanted = msgspec.structs.replace(wanted, examples="")
        if then != wanted:
            found.append(path)
    return sorted(found)
