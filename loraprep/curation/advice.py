"""What to do next, in an artist's words: pictures to add, prompts to try, regularization, strong and weak sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from loraprep.captions import hygiene, lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Axis, Caption
from loraprep.curation.axes import MEASURED
from loraprep.curation.measures import diversity

_MORE = 20  # "do more than 20 more landscapes": the most that is compared with
_EVEN = 0.6  # from this evenness an axis counts as well spread
_SAME = 0.6  # share of one subject from which a style may swallow it


def missing(axes: Sequence[Axis], kind: Mapping[str, Any]) -> list[tuple[int, str, Axis]]:
    """(how many, term, axis) of what is lacking, most useful first: what would widen its axis most."""
    lacking = []
    for axis in axes:
        for term, number in axis.missing.items():
            more = {**axis.counts, term: axis.counts.get(term, 0) + number}
            lacking.append((-(diversity.hill(more) - axis.effective), -number, term, axis))
    order = {name: n for n, name in enumerate(kind["axes"])}
    lacking.sort(key=lambda x: (x[0], order[x[3].name], x[1], x[2]))
    return [(-number, term, axis) for _, number, term, axis in lacking]


def collect(axes: Sequence[Axis], kind: Mapping[str, Any]) -> str:
    """The pictures to add next in a sentence, compared with more of what there is; "" if nothing is thin."""
    named = missing(axes, kind)[:3]
    if not named:
        return ""
    wanted = _listed([lexicon.pictures(number, term) for number, term, _ in named])
    common = [(n, t, a) for _, _, a in named if a.name not in MEASURED for t, n in a.counts.items()]
    if common:
        _, term, axis = max(common, key=lambda x: (x[0], x[1]))
        # more of what is common never widens an axis: checked, not assumed
        crowded = diversity.hill({**axis.counts, term: axis.counts[term] + _MORE})
        new = {**axis.counts, **{t: axis.counts.get(t, 0) + k for k, t, a in named if a.name == axis.name}}
        if crowded < diversity.hill(new):
            return f"{wanted}. These few help more than {lexicon.pictures(_MORE, term, 'more')}."
    return f"{wanted}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def strong(axes: Sequence[Axis], kept: int) -> str:
    """What the set covers well: the largest terms of its best spread axes, of those most pictures were seen for."""
    good = [a for a in axes if a.seen * 2 > kept and len(a.counts) >= 3 and a.even >= _EVEN]
    good.sort(key=lambda a: -a.effective)
    parts = []
    for axis in good[:3]:
        most = [t for t, n in sorted(axis.counts.items(), key=lambda x: (-x[1], x[0])) if n >= 2][:4]
        if most:
            parts.append(f"{axis.label.lower()} ({', '.join(most)})")
    return _listed(parts)


def weak(axes: Sequence[Axis], kind: Mapping[str, Any]) -> str:
    """What will come out weak, with what there is of it: "details (none), against the light (1)"."""
    lacking = missing(axes, kind)[:6]
    return ", ".join(f"{lexicon.asked(2, term)} ({axis.counts.get(term, 0) or 'none'})" for _, term, axis in lacking)


def prompts(
    axes: Sequence[Axis],
    captions: Sequence[Caption],
    ties: Sequence[Finding],
    config: Mapping[str, Any],
    kind: Mapping[str, Any],
) -> list[dict[str, str]]:
    """The prompts to try first: {prompt, shows}, each with the reason why it was chosen for this set.

    New: something no caption speaks of. Leak: what the set shows most, without the trigger. Apart: the pair that
    always came together, taken apart. Thin: what the set has least of.
    """
    said = " ".join(c.text for c in captions)
    words = {"trigger": config["trigger"], "class_word": class_word(config, kind)}
    chosen = []
    for probe in kind["try_first"]:
        new = next((t for t in probe["things"] if not any(hygiene.says(said, w) for w in _content(t))), None)
        thing = new or (probe["things"] or [""])[-1]
        chosen.append(
            {
                "prompt": probe["prompt"].format(thing=thing, **words),
                "shows": probe["shows"].format(thing=thing, **words),
            }
        )
    for tie in ties[:1]:
        v = tie.values
        chosen.append(
            {
                "prompt": f"{config['trigger']}, {_article(v['a'])}, {v['c_said']}",
                "shows": f"{v['how_many']} {v['a_said']} are {v['b_said']}: can the model take the two apart?",
            }
        )
    thin = missing(axes, kind)
    if thin:
        _, term, axis = thin[0]
        have = axis.counts.get(term, 0)
        chosen.append(
            {
                "prompt": ", ".join(filter(None, [config["trigger"], _usual(axes), term])),
                "shows": f"You have {f'only {have}' if have else 'no picture'} of this ({axis.label.lower()}). "
                "If anything fails, this will.",
            }
        )
    return chosen


def _content(thing: str) -> list[str]:
    stop = hygiene.lists().stopwords
    return [w for w in thing.split() if w not in stop]


def _usual(axes: Sequence[Axis]) -> str:
    """The commonest subject, for a style; the others are their subject themselves."""
    subject = next((a for a in axes if a.name == "subject" and a.counts), None)
    return _article(max(sorted(subject.counts), key=lambda t: subject.counts[t])) if subject else ""


def class_word(config: Mapping[str, Any], kind: Mapping[str, Any]) -> str:
    return str(config["intent"]["class_word"] or kind["regularization"]["class_word"])


def regularization(
    axes: Sequence[Axis],
    findings: Sequence[Finding],
    kept: int,
    config: Mapping[str, Any],
    kind: Mapping[str, Any],
) -> dict[str, Any]:
    """{worth: bool, why, number, prompts, folder}: is it worth it for this set, how many, captioned how?

    About one for every picture times its repeats, captioned with the class and no trigger; it doubles the steps,
    and many see no gain. So it is advised only where the set itself invites a leak.
    """
    reasons = []
    subject = next((a for a in axes if a.name == "subject"), None)
    if subject and subject.seen * 2 > kept and subject.counts:
        term, most = max(sorted(subject.counts.items()), key=lambda x: x[1])
        if most >= _SAME * subject.seen:
            reasons.append(f"{most} of {subject.seen} pictures show the same subject ({term})")
    reasons += [
        f'nearly all pictures are "{f.values["term"]}" ({f.values["label"].lower()})'
        for f in findings
        if f.code == Code.ONE_SIDED and f.values["label"] in kind["regularization"].get("watch", ())
    ]
    if 0 < kept < kind["recommended"]["min"]:
        reasons.append(f"{kept} pictures are few")
    word = class_word(config, kind)
    plain = kind["regularization"]["class_prompt"].format(class_word=word)
    shown = Counter(subject.counts if subject else {})
    per = [f"{plain} of {_article(t)}" for t, n in sorted(shown.items(), key=lambda x: (-x[1], x[0]))[:3]]
    return {
        "worth": bool(reasons),
        "why": _listed(reasons),
        "number": kept,
        "prompts": per or [plain],
        "folder": config["dataset"].get("regularization") or "",
    }


def _article(term: str) -> str:
    return term if term in ("still life",) else f"{'an' if term[0] in 'aeiou' else 'a'} {term}"
