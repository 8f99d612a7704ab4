"""What is wrong with captions, one by one and as a set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from loraprep import groups, wording
from loraprep.model import Caption, Elements, Finding

FUSED_LEAST = 5  # captions below which "in nearly all of them" says nothing


def check(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
) -> list[Finding]:
    """Hard checks as one "caption-unusable", all others as warnings and notes, each with its images sorted."""
    encoder = model["encoder"]
    trigger = {p: groups.trigger(p, config) for p in captions}
    spoken = {p: c for p, c in captions.items() if c.origin != "none" and c.text != trigger[p]}
    times = Counter(c.text.casefold() for c in spoken.values())
    styled = config["intent"]["kind"] == "style" and config["captioning"]["style_words"] == "include"
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
    values = {"soft": encoder["soft"], "limit": encoder["hard"], "encoder": encoder["name"], "title": model["title"]}
    found = [Finding(code, tuple(sorted(paths)), values) for code, paths in hits.items() if paths]
    faults = {p: f for p, c in sorted(captions.items()) if (f := wording.faults(c.text, trigger[p]))}
    if faults:
        reasons = "; ".join(f"{path}: {' and '.join(found)}" for path, found in faults.items())
        found.append(Finding("caption-unusable", tuple(faults), {"reasons": reasons}))
    return found


def _sides(caption: Caption) -> set[str]:
    return wording.style_categories(" , ".join([caption.text, *caption.style]))


def fused(
    captions: Mapping[str, Caption],
    elements: Mapping[str, Elements],
    config: Mapping[str, Any],
    kind: Mapping[str, Any],
) -> list[Finding]:
    """Terms in so many captions that the model cannot tell them from the trigger.

    By document frequency over the kept captions, thresholds.captions in project.yaml; of a sentence the last word of
    each phrase counts too ("green pond" -> "pond"). The trigger, the class word, declared terms and, for a style,
    its style terms are exempt.
    """
    spoken = [c for c in captions.values() if c.origin != "none"]
    if len(spoken) < FUSED_LEAST:
        return []
    intent, limits = config["intent"], config["thresholds"]["captions"]
    style_too = intent["kind"] != "style"
    declared = [word for group in groups.every(config) for word in group.words]  # meant to belong to their trigger
    exempt = {
        wording.clean(t).casefold() for t in (config["trigger"], intent["class_word"], *intent["fused"], *declared)
    }
    counts: Counter[str] = Counter()
    for caption in spoken:
        said = {t.casefold() for t in (*caption.content, *(caption.style if style_too else ()))}
        if caption.form == "prose":
            said |= {words[-1] for t in said if (words := t.split())}
        counts.update(t for t in said - exempt if style_too or not wording.is_style(t))
    found = []
    for term, number in sorted(counts.items(), key=lambda x: (-x[1], x[0])):
        longer = any(n == number and t.endswith(" " + term) for t, n in counts.items())  # said by "green pond" already
        level = next((n for n in ("critical", "warning", "watch") if number >= limits[f"fused_{n}"] * len(spoken)), "")
        if level and not longer:
            found.append(Finding(f"fused-{level}", (), {"term": term, "share": f"{number} of {len(spoken)}"}))
    return found
