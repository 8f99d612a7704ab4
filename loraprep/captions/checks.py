"""What is wrong with captions, one by one and as a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from loraprep import tokens, wording
from loraprep.model import Caption, Elements, Finding


def check(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
) -> list[Finding]:
    """Hard checks as one "caption-unusable", all others as warnings and notes, each with its images sorted."""
    trigger, encoder = config["trigger"], model["encoder"]
    spoken = {p: c for p, c in captions.items() if c.origin != "none" and c.text != trigger}
    times = Counter(c.text.casefold() for c in spoken.values())
    styled = config["captioning"]["style_words"] == "include"
    # whoever approved or answered a draft has looked at it; the person's own sidecar is nobody's guess
    drafts = [p for p, c in spoken.items() if c.origin == "draft"
              and not elements[p].sources.get("text", "").startswith("sidecar:")]  # fmt: skip
    thin = [p for p, c in spoken.items() if styled and elements[p].state != "draft" and len(_sides(c)) < 2]
    hits = {
        "caption-draft": drafts,
        "caption-flattery": [p for p, c in spoken.items() if wording.flatters(c.text)],
        "caption-hedging": [p for p, c in spoken.items() if wording.hedges(c.text)],
        "caption-long": [p for p, c in spoken.items() if encoder["soft"] < c.tokens <= c.limit],
        "caption-thin-style": thin,
        "caption-too-long": [p for p, c in spoken.items() if c.tokens > c.limit],
        "caption-twice": [p for p, c in spoken.items() if times[c.text.casefold()] > 1],
    }
    sure = tokens.exact(encoder["name"])
    values = {"soft": encoder["soft"], "limit": encoder["hard"], "encoder": encoder["name"], "title": model["title"],
              "is": "is" if sure else "may be", "are": "are" if sure else "may be",
              "bound": "" if sure else " (an upper bound)"}  # fmt: skip
    found = [Finding(code, tuple(sorted(paths)), values) for code, paths in hits.items() if paths]
    faults = {p: f for p, c in sorted(captions.items()) if (f := wording.faults(c.text, trigger))}
    if faults:
        reasons = "; ".join(f"{path}: {' and '.join(found)}" for path, found in faults.items())
        found.append(Finding("caption-unusable", tuple(faults), {"reasons": reasons}))
    return found


def _sides(caption: Caption) -> set[str]:
    return wording.style_categories(" , ".join([caption.text, *caption.style]))
