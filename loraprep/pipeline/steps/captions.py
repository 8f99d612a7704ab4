"""The steps from the pixels to the words: samples, elements, captions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loraprep.captions import approval, booru, chain, checks, compose, danbooru, registry, render
from loraprep.captions.samples import HEADER, Renewal, choose_samples, sample_questions, undone_in_vain
from loraprep.core import terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.text import listed
from loraprep.pipeline.artifacts import Captioned, Described, Sampled, VisionAsked
from loraprep.pipeline.steps import carried, vision
from loraprep.pipeline.steps.inputs import caption_decisions, shortlisted_images
from loraprep.pipeline.workspace import Workspace
from loraprep.project.mentions import Places
from loraprep.project.resolution import again_key, entry_for


def sample_captions(work: Workspace) -> None:
    """Choose up to five captions to be approved before the rest is written, and those to be approved again."""
    project, given = work.project, caption_decisions(work)
    staying = shortlisted_images(work)
    asks = registry.shows_samples(project.settings.captioning)
    stays = {i.path for i in staying}
    left = [i for i in work.images() if i.path not in stays]
    chosen_now = choose_samples(staying, given, left) if asks else []
    before = [i.path for i in staying if approval.approved_words(entry_for(given, i.path, i.digest)[0])]
    samples = sorted({*chosen_now, *before})
    shown = [i for i in staying if i.path in set(samples)]
    outcome = vision.ask_samples(work, shown, staying)
    stored, chosen = vision.stored_answers(work, shown), vision.chosen_captioners(work, shown)
    described = chain.describe_all(
        shown,
        staying,
        project.settings,
        answers=stored,
        missing=outcome.missing,
        chosen=chosen,
        spared=vision.rules_spared(work, shown),
    )
    elements = carried.named(work, described)
    rendered = render.render_all(elements, project.settings, project.base_model, project.kind)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    renewals = approval.approvals_to_renew(
        [i for i in shown if rendered[i.path].origin != "none"], rendered, given, project.settings
    )
    samples = [s for s in samples if s in chosen_now or s in renewals]
    asked = [s for s in samples if s not in unseen]
    by_path = {i.path: i for i in shown}
    under = {s: msgspec.to_builtins(approval.approved_under(by_path[s], project.settings)) for s in asked}
    again = {path: Renewal(again_key(given, path), *said) for path, said in renewals.items()}
    work.ask("captions", HEADER, sample_questions(asked, rendered, work.digests(), project.settings, under, again))
    work.write(Sampled(samples=samples, unseen=unseen, missing=outcome.missing, findings=outcome.findings))


def describe_images(work: Workspace) -> None:
    """Describe what is in each picture: content and style."""
    project = work.project
    staying = shortlisted_images(work)
    outcome = vision.ask_rest(work, staying, work.read(Sampled))
    with terminal.progress("Describing") as progress:
        stored, chosen = vision.stored_answers(work, staying), vision.chosen_captioners(work, staying)
        described = chain.describe_all(
            staying,
            staying,
            project.settings,
            progress,
            answers=stored,
            missing=outcome.missing,
            chosen=chosen,
            spared=vision.rules_spared(work, staying),
            known=work.known,
        )
    work.write(Described.of(described))
    work.write(VisionAsked(findings=outcome.findings, waiting=outcome.missing))


def describe_again(work: Workspace, pattern: Sequence[str] = ()) -> None:
    """Have a vision model look again at the pictures that `pattern` names, else at those seen otherwise."""
    vision.ask_again(work, shortlisted_images(work), work.read(Sampled).samples, pattern)


def write_captions(work: Workspace) -> None:
    """Write every caption, for the base model and the trigger."""
    project = work.project
    findings, known = [], None
    if project.base_model.vocabulary and work.on_disk:
        try:
            known = danbooru.vocabulary(project.root, project.settings.captioning.tagger)
        except UserError as error:
            findings = [Finding(Code.NO_VOCABULARY, (), {"said": error.problems[0].message})]
    elements = carried.named(work, work.read(Described).elements)
    if known is not None:  # what is written is of the one, what is checked may be of the other
        known = danbooru.Vocabulary((*known.rows, *booru.vocabulary().rows))
    else:
        known = booru.vocabulary() if project.base_model.vocabulary and not findings else None
    result = compose.compose_captions(
        elements,
        caption_decisions(work),
        project.settings,
        project.base_model,
        project.kind,
        known,
        {i.path: len(i.controls) for i in work.images() if i.controls},
        work.known,
    )
    captions = checks.with_words_before(result.captions, elements)
    if vain := undone_in_vain(shortlisted_images(work), caption_decisions(work), captions, project.settings):
        places = Places(project.root)
        said = [f"{places.of('captions', keys)}{f' ({keys[0]})' if len(keys) > 1 else ''}" for keys in vain]
        findings.append(Finding(Code.CLEANING_UNDONE_IN_VAIN, (), {"said": listed(said), "count": len(said)}))
    work.write(Captioned.of(captions, [*findings, *checks.check_trigger(project.settings), *result.findings]))
