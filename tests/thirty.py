"""Thirty real pictures, described by hand in tests/captions/thirty.yaml, and the captions that base models get of them."""

from __future__ import annotations

from functools import cache
from typing import Any

from loraprep.captions import booru, hygiene
from loraprep.captions.render import render_all
from loraprep.core import resources, yamlfile
from loraprep.core.records import Caption, Elements
from loraprep.project import profiles
from loraprep.project.settings import Settings
from tests import ROOT
from tests.typed import changed, smallest

MODELS = resources.names("resources/models")
BOORU = ("illustrious", "noobai", "pony")
LISTS = ("action", "setting", "objects", "pose", "angle", "expression", "outfit", "hair", "eyes", "face", "time")
STYLES = ("palette", "lighting", "technique", "composition", "edges", "texture")
TRIGGER = "emberveil"


@cache
def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yamlfile.load(ROOT / "tests/captions/thirty.yaml", "thirty.yaml").data
    return found


def described(entry: dict[str, Any]) -> Elements:
    one = {"subject": entry["subject"], "subject_class": entry["class"], "framing": entry["framing"]}
    content = {key: [word] for key, word in one.items() if word} | {k: entry[k] for k in LISTS if k in entry}
    if entry["place"]:
        content["setting"] = [entry["place"], *content.get("setting", [])]
    style = {"medium": [entry["medium"]]} | {key: entry[key] for key in STYLES if key in entry}
    return Elements(
        entry["file"],
        "d" * 64,
        "claude",
        "seen",
        content,
        style,
        content_sentence=entry["short"],
        content_long=entry["long"],
        style_sentence=entry["style"],
        tags=entry["tags"],
    )


def config(model: str, **more: Any) -> Settings:
    return changed(smallest(trigger=TRIGGER, model=model), **more)


def captions(model: str, **more: Any) -> dict[str, Caption]:
    elements = {e["file"]: described(e) for e in listed()}
    return render_all(elements, config(model, **more), profiles.base_model(model), profiles.kind("style"))


def shares(model: str, *, held: bool) -> tuple[float, float]:
    """Return (share of a caption's terms that are real tags, share of the hand-given tags that it says or implies)."""
    made, real, given, met = captions(model), [], 0, 0
    for entry in listed():
        if bool(entry.get("held")) != held:
            continue
        terms = hygiene.terms(made[entry["file"]].text)[1:]
        real += [booru.is_tag(term) for term in terms]
        said = set(terms).union(*(booru.all_implied(term) for term in terms))
        hand = {found.name for tag in entry["hand"] if (found := booru.tag(tag))}
        given, met = given + len(hand), met + len(hand & said)
    return sum(real) / len(real), met / given
