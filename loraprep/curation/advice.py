"""What to do next, in an artist's words: pictures to add, prompts to try, regularization, strong and weak sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from loraprep.captions import hygiene, lexicon
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Axis, Caption
from loraprep.core.text import listed, with_article
from loraprep.curation.assessment import RegularizationCase, SamplePrompt
from loraprep.curation.axes import MEASURED
from loraprep.curation.measures import diversity
from loraprep.project.profiles import Kind
from loraprep.project.settings import Settings

_MORE = 20  # "do more than 20 more landscapes": the most that is compared with
_EVEN = 0.6  # from this evenness an axis counts as well spread
_OF_PEOPLE = frozenset({"portrait", "full body"})  # framings that only people have
_SAME = 0.6  # share of one subject from which a style may swallow it


def lacking_terms(axes: Sequence[Axis], kind: Kind) -> list[tuple[int, str, Axis]]:
    """List (how many, term, axis) of what is lacking, most useful first: what would widen its axis most."""
    lacking = []
    for axis in axes:
        for term, number in axis.missing.items():
            more = {**axis.counts, term: axis.counts.get(term, 0) + number}
            lacking.append((-(diversity.hill(more) - axis.effective), -number, term, axis))
    order = {name: n for n, name in enumerate(kind.axes)}
    lacking.sort(key=lambda x: (x[0], order[x[3].name], x[1], x[2]))
    return [(-number, term, axis) for _, number, term, axis in lacking]


def pictures_to_add(axes: Sequence[Axis], kind: Kind, description: str = "") -> str:
    """Name the pictures to add next in a sentence, compared with more of what there is; "" if nothing is thin.

    `description`: what shall be learned, in the artist's words. The subjects that it names are those that are meant,
    and no other is advised.
    """
    meant = lexicon.subjects(description) if any(_of_subject(axis, kind) for axis in axes) else set()
    named = [lack for lack in lacking_terms(axes, kind) if not meant or _shows(lack[1], lack[2], kind) <= meant][:3]
    if not named:
        return ""
    wanted = listed([lexicon.pictures(number, term) for number, term, _ in named])
    if len(meant) == 1:
        wanted += f", all of {lexicon.asked(2, *meant)}, as you describe them"
    common = [(n, t, a) for _, _, a in named if kind.axes[a.name].element not in MEASURED for t, n in a.counts.items()]
    if common:
        _, term, axis = max(common, key=lambda x: (x[0], x[1]))
        # more of what is common never widens an axis: checked, not assumed
        crowded = diversity.hill({**axis.counts, term: axis.counts[term] + _MORE})
        new = {**axis.counts, **{t: axis.counts.get(t, 0) + k for k, t, a in named if a.name == axis.name}}
        if crowded < diversity.hill(new):
            return f"{wanted}. These few help more than {lexicon.pictures(_MORE, term, 'more')}."
    return f"{wanted}."


def _of_subject(axis: Axis, kind: Kind) -> bool:
    return kind.axes[axis.name].element == "content.subject_class"


def _shows(term: str, axis: Axis, kind: Kind) -> set[str]:
    """Return the subjects without which no picture of a term can be: itself, or whoever a portrait is of."""
    return {term} if _of_subject(axis, kind) else {"person"} if term in _OF_PEOPLE else set()


def strong_sides(axes: Sequence[Axis], kept: int) -> str:
    """Say what the set covers well: the largest terms of its best spread axes, of those most pictures were seen for."""
    good = [a for a in axes if a.judged(kept) and len(a.counts) >= 3 and a.even >= _EVEN]
    good.sort(key=lambda a: -a.effective)
    parts = []
    for axis in good[:3]:
        most = [t for t, n in sorted(axis.counts.items(), key=lambda x: (-x[1], x[0])) if n >= 2][:4]
        if most:
            parts.append(f"{axis.label.lower()} ({', '.join(most)})")
    return listed(parts)


def weak_sides(axes: Sequence[Axis], kind: Kind) -> str:
    """Say what will come out weak, with what there is of it: "details (none), against the light (1)"."""
    lacking = lacking_terms(axes, kind)[:6]
    return ", ".join(f"{lexicon.asked(2, term)} ({axis.counts.get(term, 0) or 'none'})" for _, term, axis in lacking)


def prompts_to_try(
    axes: Sequence[Axis],
    captions: Iterable[Caption],
    ties: Sequence[Finding],
    settings: Settings,
    kind: Kind,
) -> list[SamplePrompt]:
    """Choose the prompts to try first, each with the reason why it was chosen for this set.

    New: something no caption speaks of. Leak: what the set shows most, without the trigger. Apart: the pair that
    always came together, taken apart. Thin: what the set has least of.
    """
    spoken = " ".join(c.text for c in captions)
    words = {"trigger": settings.trigger, "class_word": class_word(settings, kind)}
    chosen = []
    for probe in kind.try_first:
        new = next((t for t in probe.things if not any(hygiene.says(spoken, w) for w in _content(t))), None)
        thing = new or (probe.things or ("",))[-1]
        chosen.append(SamplePrompt(probe.prompt.format(thing=thing, **words), probe.shows.format(thing=thing, **words)))
    for tie in ties[:1]:
        v = tie.values
        chosen.append(
            SamplePrompt(
                f"{settings.trigger}, {_article(tie.text('a'))}, {v['c_said']}",
                f"{v['how_many']} {v['a_said']} are {v['b_said']}: can the model take the two apart?",
            )
        )
    # no prompt asks for what is measured
    thin = [x for x in lacking_terms(axes, kind) if kind.axes[x[2].name].element not in MEASURED]
    if thin:
        _, term, axis = thin[0]
        have = axis.counts.get(term, 0)
        asked = [_article(term)] if axis.name == "subject" else [_usual(axes), term]  # one subject, not two
        chosen.append(
            SamplePrompt(
                ", ".join(filter(None, [settings.trigger, *asked])),
                f"You have {f'only {have}' if have else 'no picture'} of this ({axis.label.lower()}). "
                "If anything fails, this will.",
            )
        )
    return chosen


def _content(thing: str) -> list[str]:
    stop = hygiene.lists().stopwords
    return [w for w in thing.split() if w not in stop]


def _usual(axes: Sequence[Axis]) -> str:
    """Name the commonest subject, for a style; the others are their subject themselves."""
    subject = next((a for a in axes if a.name == "subject" and a.counts), None)
    return _article(max(sorted(subject.counts), key=lambda t: subject.counts[t])) if subject else ""


def class_word(settings: Settings, kind: Kind) -> str:
    """Name what the subject or the style is an instance of: intent.class_word, else the kind's."""
    return settings.intent.class_word or kind.regularization.class_word


def regularization_case(
    axes: Sequence[Axis],
    findings: Sequence[Finding],
    kept: int,
    settings: Settings,
    kind: Kind,
) -> RegularizationCase:
    """Judge whether it is worth it for this set, with how many pictures, captioned how.

    About one for every picture times its repeats, captioned with the class and no trigger; it doubles the steps,
    and many see no gain. So it is advised only where the set itself invites a leak.
    """
    reasons = []
    subject = next((a for a in axes if a.name == "subject" and a.judged(kept)), None)
    if subject and subject.counts:
        term, most = max(sorted(subject.counts.items()), key=lambda x: x[1])
        if most >= _SAME * subject.seen:
            reasons.append(f"{most} of {subject.seen} pictures show the same subject ({term})")
    reasons += [
        f'nearly all pictures are "{f.values["term"]}" ({f.text("label").lower()})'
        for f in findings
        if f.code == Code.ONE_SIDED and f.values["label"] in kind.regularization.watch
    ]
    if 0 < kept < kind.recommended.min:
        reasons.append(f"{kept} pictures are few")
    class_prompt = kind.regularization.class_prompt.format(class_word=class_word(settings, kind))
    shown = Counter(subject.counts if subject else {})
    common = sorted(shown.items(), key=lambda x: (-x[1], x[0]))[:3]
    said = {t for t, _ in common if hygiene.says(class_prompt, t)}  # a landscape photo is one of a landscape
    per = [class_prompt] * bool(said) + [f"{class_prompt} of {_article(t)}" for t, _ in common if t not in said]
    return RegularizationCase(
        worth=bool(reasons),
        why=listed(reasons, None),
        number=kept,
        prompts=per or [class_prompt],
        folder=settings.dataset.regularization or "",
    )


def _article(term: str) -> str:
    return term if term in ("still life",) else with_article(term)
