"""Every picture's caption: a person's own words where they gave some, else rendered from what was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import structs

from loraprep.captions import hygiene, tokens
from loraprep.captions.checks import check_captions
from loraprep.captions.danbooru import Vocabulary
from loraprep.captions.render import Form, form_of, render_all, traits_of
from loraprep.captions.samples import own_caption
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Caption, Elements
from loraprep.project import groups
from loraprep.project.decisions import Decisions
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.resolution import entry_for, settle
from loraprep.project.settings import Settings


class Captions(msgspec.Struct, frozen=True):
    """Every caption by path, and what is wrong with them."""

    captions: dict[str, Caption]
    findings: list[Finding]


def compose_captions(
    elements: Mapping[str, Elements],
    decisions: Decisions,
    settings: Settings,
    model: BaseModel,
    kind: Kind,
    vocabulary: Vocabulary | None = None,
) -> Captions:
    """Compose every caption: a person's words verbatim where they gave some, else rendered; and check them all.

    Words in another form than the base model's give way to the elements, if these say anything. `vocabulary`: the
    tags that the base model can know, if a list is at hand.
    """
    captions, other_form, otherwise = {}, [], []
    auto = settings.review.captions == "auto"
    for path, rendered in render_all(elements, settings, model, kind).items():
        entry, _ = entry_for(decisions, path, elements[path].digest)
        caption, trigger = rendered, groups.trigger(path, settings)
        if entry is not None and (own := own_caption(entry)):
            body = hygiene.without_trigger(own, trigger)
            form = form_of(entry.data.get("form") or hygiene.form_of(body))
            caption = _verbatim(rendered, own, form, trigger, model.encoder.name)
            stored = "form" in entry.data  # without it nobody can say which base model it was written for
            if stored and form != model.form and rendered.captioned and rendered.origin not in ("none", "existing"):
                other_form.append(path)
                caption = rendered
        elif entry is not None and entry.digests and rendered.text != trigger:
            verdict = settle(entry.answer, decisions, auto=auto, recommended="approve")
            if verdict.answer == "approve" and not verdict.open:
                caption = structs.replace(rendered, origin="approved", captioned=True)
                shown = entry.data.get("caption"), entry.data.get("form")
                now = "[trigger]" + rendered.text.removeprefix(trigger), model.form
                if verdict.by == "you" and shown[1] == now[1] and shown[0] != now[0]:
                    otherwise.append(path)
        captions[path] = caption
    found = check_captions(captions, elements, settings, model, vocabulary)
    if other_form:
        found.append(Finding(Code.CAPTION_OTHER_FORM, tuple(other_form), {"form": model.form, "title": model.title}))
    if otherwise:
        found.append(Finding(Code.CAPTION_APPROVED_OTHERWISE, tuple(otherwise), {}))
    if traits := sorted(traits_of(elements, settings, model.form, kind).left_out):
        found.append(Finding(Code.CONSTANT_TRAITS, (), {"terms": ", ".join(traits)}))
    return Captions(captions, found)


def _verbatim(rendered: Caption, own: str, form: Form, trigger: str, encoder: str) -> Caption:
    """Fill the trigger into the person's words, or put it first if it is absent; nothing else is touched."""
    text = own.replace("[trigger]", trigger)
    if "[trigger]" not in own and not re.match(rf"{re.escape(trigger)}(?!\w)", text):
        text = f"{trigger}, {text}"
    body = hygiene.bare(text, trigger)
    terms = hygiene.terms(body) if form == "tags" else hygiene.phrases(body)
    style = tuple(t for t in terms if hygiene.is_style(t))
    return Caption(
        rendered.path,
        text,
        form,
        "written",
        bool(body),
        tokens.count(text, encoder),
        rendered.limit,
        tuple(t for t in terms if t not in style),
        style,
        tokens.exact(encoder),
    )
