"""What each view shows, as plain data for its template. Pure: a Snapshot in, dictionaries out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from loraprep.captions.compose import compose_captions
from loraprep.captions.samples import own_caption
from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Elements, Image
from loraprep.curation.rulings import curation_entry
from loraprep.project import decisions, groups
from loraprep.project.decisions import ANSWERS, Decisions, Entry
from loraprep.project.sizes import enlargement, trained_sizes
from loraprep.report import markdown
from loraprep.report.gate import NEVER_ACCEPTED
from loraprep.review.snapshot import Snapshot, ident, pair
from loraprep.trainers import placement

State = Literal["open", "answered", "accepted", "gone"]
TITLES = {
    "duplicates": "Duplicates",
    "quality": "Quality",
    "captions": "Captions",
    "curation": "Curation",
    "findings": "Findings",
    "texts": "All captions",
}
_OTHERS = 8  # pictures of the character, to compare a stranger with
NEAREST = "closest to "  # how a curation question names the picture that stays instead


def queues(s: Snapshot) -> list[dict[str, Any]]:
    """The views in the order to work through them, with what is still open in each."""
    waiting = {kind: sum(c["state"] == "open" for c in _states(s, kind)) for kind in decisions.KINDS}
    waiting["findings"] = sum(c["blocks"] for c in finding_cards(s))
    return [{"name": name, "title": title, "open": waiting.get(name, 0)} for name, title in TITLES.items()]


def _states(s: Snapshot, kind: str) -> list[dict[str, Any]]:
    entries = [e for e in s.decisions[kind].entries.values() if _asks(s, kind, e)]
    return [{"entry": e, "id": ident(kind, e.key), "state": state(s, kind, e)} for e in entries]


def _asks(s: Snapshot, kind: str, entry: Entry) -> bool:
    """Not a caption a person wrote, which has no verdict to give, nor about what is out: for good, if of quality."""
    if kind not in ("captions", "quality"):
        return True
    answer, fate = ANSWERS[kind], s.fates.get(subject(entry))
    out = fate is not None and fate.fate != "kept" and (kind == "captions" or not fate.open)
    return entry.data.get(answer) is not None or (not out and (kind == "quality" or answer in entry.data))


def state(s: Snapshot, kind: str, entry: Entry) -> State:
    """Has somebody answered it?"""
    named = [entry.key, *entry.digests, *entry.data.get("pictures", {})]
    if s.images and not any(located(s, entry, path) for path in named):
        return "gone"
    if entry.data.get(ANSWERS[kind]) is not None or (kind == "captions" and own_caption(entry)):
        return "answered"
    return "accepted" if s.auto(kind) or s.decisions[kind].rest == "recommended" else "open"


def subject(entry: Entry) -> str:
    """The picture of an entry about one: its key, unless that is about a picture "(again)"."""
    return entry.key if entry.key in entry.digests else next(iter(entry.digests), entry.key)


def located(s: Snapshot, entry: Entry, path: str) -> Image | None:
    """The picture an entry calls `path`, found by its digest if it has another name by now."""
    short = entry.digests.get(path)
    here = s.images.get(path)
    if here or not short:
        return here
    return next((i for i in s.images.values() if i.digest.startswith(short)), None)


def picture(s: Snapshot, path: str, image: Image | None = None) -> dict[str, Any]:
    """What a template needs to show one picture; `shown` is "" if there is none to show."""
    image = image or s.images.get(path)
    return {
        "id": ident("picture", path),
        "name": path,
        "shown": image.pixel_digest if image else "",
        "width": image.width if image else 0,
        "height": image.height if image else 0,
    }


def duplicate_cards(s: Snapshot) -> list[dict[str, Any]]:
    """Groups of copies and variants, in the file's order."""
    best = {group.best: group.why for group in s.groups}
    cards = []
    for known in _states(s, "duplicates"):
        entry: Entry = known["entry"]
        facts = entry.data.get("pictures") or dict.fromkeys(entry.digests or [entry.key], "")
        recommended = _named(entry.data.get("recommended", "all"), facts, ())
        answer = entry.data.get("keep")
        staying = _named(recommended if answer in (None, "recommended") else answer, facts, recommended)
        pictures = [
            {
                **picture(s, path, located(s, entry, path)),
                "facts": said or "",
                "recommended": path in recommended,
                "stays": path in staying,
                "askable": not entry.digests or path in entry.digests,
                "why": best.get(path, ""),
                "what": "" if path in recommended else _what(s, path, recommended),
            }
            for path, said in sorted(facts.items(), key=lambda f: f[0] not in recommended)  # what to compare with
        ]
        cards.append(
            {
                **known,
                "what": entry.data.get("what") or "",
                "pictures": pictures,
                "answer": _say(answer),
                "all": len(recommended) == len(facts),
            }
        )
    return cards


def _named(value: Any, facts: Iterable[str], recommended: Iterable[str]) -> list[str]:
    if value == "all":
        return list(facts)
    if value == "recommended":
        return list(recommended)
    return list(value) if isinstance(value, list) else []


def _what(s: Snapshot, path: str, recommended: Iterable[str]) -> str:
    return next((what for other in recommended if (known := pair(s, path, other)) and (what := known.what)), "")


def _say(answer: Any) -> str:
    return ", ".join(answer) if isinstance(answer, list) else str(answer or "")


def quality_cards(s: Snapshot) -> list[dict[str, Any]]:
    """Pictures that would be enlarged, each with what the trainer makes of it at every size."""
    config = s.project.config
    trainer = placement.reference_trainer(s.project.settings)
    cards = []
    for known in _states(s, "quality"):
        entry: Entry = known["entry"]
        path = subject(entry)
        image = located(s, entry, path)
        sizes = []
        for size in trained_sizes(config, s.project.model) if image else []:
            placed = placement.place_picture(image.width, image.height, size, s.project.settings) if image else None
            if image and placed:
                times = enlargement(image, size)  # as the question itself counts it
                sizes.append({"size": size, "times": f"{times:.1f}", "bucket": placed.bucket})
        cards.append(
            {
                **known,
                "picture": picture(s, path, image),
                "sizes": sizes,
                "trainer": trainer,
                "what": entry.data.get("what") or "",
                "recommended": entry.data.get("recommended", ""),
                "answer": _say(entry.data.get("do")),
            }
        )
    return cards


def caption_cards(s: Snapshot) -> list[dict[str, Any]]:
    """The samples, each with its caption, its words and their length."""
    cards = []
    for known in _states(s, "captions"):
        entry: Entry = known["entry"]
        text = str(entry.data.get("caption", ""))
        cards.append(
            {
                **known,
                "picture": picture(s, subject(entry), located(s, entry, subject(entry))),
                "text": text,
                "what": entry.data.get("what") or "",
                "answer": _say(entry.data.get("verdict")),
                **measured(s, text),
                "content": entry.data.get("content", []),
                "style": entry.data.get("style", []),
            }
        )
    return cards


def measured(s: Snapshot, text: str) -> dict[str, Any]:
    """What a caption as written in decisions/ amounts to: tokens, what it names, what must not be in it.

    Asked of phase 4 itself, as if this were some picture's only caption, so that the page never says something else.
    """
    project, encoder = s.project, s.project.model["encoder"]
    nobody = Elements("", "", "draft", "draft")
    given = Decisions(None, {"": Entry("", {"caption": text}, {}, True)})
    made = compose_captions({"": nobody}, given, project.settings, project.base_model, project.kind_typed)
    caption = made.captions[""]
    broken = [f.text("reasons").removeprefix(": ") for f in made.findings if f.code == Code.CAPTION_UNUSABLE]
    return {
        "tokens": caption.tokens,
        "soft": encoder["soft"],
        "hard": encoder["hard"],
        "encoder": encoder["name"],
        "faults": broken if caption.captioned else ["it says nothing"],
        "content": list(caption.content),
        "style": list(caption.style),
    }


def curation_cards(s: Snapshot) -> list[dict[str, Any]]:
    """What the set does not need, each picture beside the one that stays and is nearly the same; looks; strangers."""
    cards = []
    for known in _states(s, "curation"):
        entry: Entry = known["entry"]
        looks: Mapping[str, Sequence[str]] = entry.data.get("looks") or {}
        facts: Mapping[str, Any] = {} if looks else entry.data.get("pictures") or entry.data.get("strangers") or {}
        answer = entry.data.get("answer")
        out = set(curation_entry(entry).left_out(answer or "recommended"))
        pictures = []
        for path, said in facts.items():
            nearest = str(said or "").removeprefix(NEAREST)
            pictures.append(
                {
                    **picture(s, path, located(s, entry, path)),
                    "facts": said or "",
                    "out": path in out,
                    "nearest": picture(s, nearest) if nearest in s.images else None,
                }
            )
        strangers = "strangers" in entry.data
        cards.append(
            {
                **known,
                "what": entry.data.get("what") or "",
                "pictures": pictures,
                "answer": _say(answer),
                "strangers": strangers,
                "others": [p for p in staying(s) if p["name"] not in facts][:_OTHERS] if strangers else [],
                "looks": _looks(s, entry, looks, out),
                "recommended": _say(entry.data.get("recommended")),
            }
        )
    return cards


def _looks(s: Snapshot, entry: Entry, looks: Mapping[str, Sequence[str]], out: set[str]) -> list[dict[str, Any]]:
    """Each look with its pictures, the most typical first."""
    typical: Mapping[str, Sequence[str]] = entry.data.get("examples") or {}
    return [
        {
            "id": ident("look", name),
            "name": name,
            "out": bool(paths) and out.issuperset(paths),
            "pictures": [picture(s, p, located(s, entry, p)) for p in dict.fromkeys([*typical.get(name, ()), *paths])],
        }
        for name, paths in looks.items()
    ]


def staying(s: Snapshot) -> list[dict[str, Any]]:
    """The pictures that would train, by the last run."""
    return [picture(s, path) for path, fate in sorted(s.fates.items()) if fate.fate == "kept" and path in s.images]


def finding_cards(s: Snapshot) -> list[dict[str, Any]]:
    """The verdict's reasons that want a person, then those that are settled; good news is in the report."""
    cards = []
    for n, reason in enumerate(s.gate.reasons if s.gate else []):
        if reason.severity == "good" or reason.code == Code.OPEN_QUESTION:
            continue
        entry = s.accepted.get(reason.code)
        news = [p for p in reason.images if p not in entry["images"]] if entry and "images" in entry else []
        settled = reason.accepted or (entry["reason"] if entry and not news else "")
        cards.append(
            {
                "id": ident("gate", reason.code),
                "n": n,
                "code": reason.code,
                "severity": reason.severity,
                "sentence": reason.sentence,
                "why": reason.why,
                "fix": reason.fix,
                "accepted": settled,
                "mine": reason.code in s.accepted,
                "acceptable": reason.code not in NEVER_ACCEPTED,
                "blocks": reason.severity == "block" and not settled,
                "state": "answered" if settled else "open",
                "pictures": [picture(s, p) for p in reason.images if p in s.images],
                "count": len(reason.images),
            }
        )
    order = {name: n for n, name in enumerate(findings.SEVERITIES)}
    return sorted(cards, key=lambda c: (bool(c["accepted"]), order[c["severity"]], c["n"]))


def text_rows(s: Snapshot) -> tuple[list[dict[str, Any]], dict[str, list[tuple[str, int]]]]:
    """Every caption that would train, and how often each term is in them: {"content": [(term, n)], "style": ...}."""
    counts: dict[str, Counter[str]] = {"content": Counter(), "style": Counter()}
    rows = []
    for path, caption in sorted(s.captions.items()):
        fate = s.fates.get(path)
        if path not in s.images or (fate and fate.fate != "kept"):
            continue
        text, mine = written(s, path)
        for name, said in (("content", caption.content), ("style", caption.style)):
            counts[name].update({t.casefold() for t in said})
        rows.append(
            {
                **picture(s, path),
                "text": text,
                "mine": mine,
                "origin": caption.origin,
                "tokens": caption.tokens,
                "limit": caption.limit,
            }
        )
    return rows, {name: sorted(c.items(), key=lambda x: (-x[1], x[0])) for name, c in counts.items()}


def written(s: Snapshot, path: str) -> tuple[str, bool]:
    """A picture's caption as decisions/captions.yaml would say it, and whether a person wrote it there."""
    answers: Decisions = s.decisions["captions"]
    entry = answers.entries.get(path)
    own = own_caption(entry) if entry else ""
    caption = s.captions.get(path)
    rendered = (
        "[trigger]" + caption.text.removeprefix(groups.trigger(path, s.project.config)) if caption else "[trigger]"
    )
    return (own, True) if own else (rendered, False)


def headline(s: Snapshot) -> str:
    """The verdict in one line, or what to do to get one; answers given since the last run count."""
    if s.gate is None:
        return "Gate 1 has not run yet. Run it to see what it asks."
    left = sum(q["open"] for q in queues(s) if q["name"] in decisions.KINDS)
    if left:
        return f"Not yet: {left} answer{'s' * (left != 1)} from you."
    if s.gate.only_waiting:
        return "Everything is answered. Run Gate 1 to see the verdict."
    return markdown.headline(s.gate)
