"""The steps from the pixels to the words: samples, elements, captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loraprep.captions import chain, compose, danbooru, registry, render
from loraprep.captions.samples import HEADER, choose_samples, sample_questions
from loraprep.captions.vision.store import Store
from loraprep.core import terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.pipeline import artifacts
from loraprep.pipeline.steps import vision
from loraprep.pipeline.workspace import Workspace


def sample_captions(work: Workspace) -> None:
    """Up to five captions that you approve before the rest is written."""
    project = work.project
    images = work.images()
    staying = artifacts.staying(work, images)
    asks = registry.shows_samples(project.settings.captioning)
    samples = choose_samples(staying, work.decisions("captions")) if asks else []
    shown = [i for i in staying if i.path in set(samples)]
    outcome = vision.ask_samples(work, shown, staying)
    stored, chosen = vision.stored(project, shown), vision.chosen(work, shown)
    elements = chain.describe_all(
        shown, staying, project.settings, answers=stored, missing=outcome.missing, chosen=chosen
    )
    rendered = render.render_all(elements, project.settings, project.base_model, project.kind_typed)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    questions = sample_questions(
        [s for s in samples if s not in unseen], rendered, artifacts.digests(images), project.settings
    )
    work.ask("captions", HEADER, questions)
    work.write(
        "samples",
        {
            "samples": samples,
            "unseen": unseen,
            "missing": outcome.missing,
            "findings": artifacts.plain(outcome.findings),
        },
    )


def describe_images(work: Workspace) -> None:
    """What is in each picture: content and style."""
    project = work.project
    images = work.images()
    staying = artifacts.staying(work, images)
    outcome = vision.ask_rest(work, images, staying, work.read("samples"))
    with terminal.progress("Describing") as progress:
        stored, chosen = vision.stored(project, staying), vision.chosen(work, staying)
        described = chain.describe_all(
            staying, staying, project.settings, progress, answers=stored, missing=outcome.missing, chosen=chosen
        )
    work.write("elements", {path: e.to_json() for path, e in described.items()})
    work.write("vision", {"findings": artifacts.plain(outcome.findings), "waiting": outcome.missing})


def describe_again(work: Workspace, pattern: Sequence[str] = ()) -> None:
    """Has a vision model look again: loraprep recaption [PATTERN]."""
    images = work.images()
    vision.recaption(work, artifacts.staying(work, images), images, work.read("samples")["samples"], pattern)


def write_captions(work: Workspace) -> None:
    """Every caption, for your base model and trigger."""
    project = work.project
    findings, known = [], None
    if project.base_model.vocabulary:
        try:
            known = danbooru.vocabulary(project.root, project.settings.captioning.tagger)
        except UserError as error:
            findings = [Finding(Code.NO_VOCABULARY, (), {"said": error.problems[0].message})]
    result = compose.compose_captions(
        artifacts.elements(work),
        work.decisions("captions"),
        project.settings,
        project.base_model,
        project.kind_typed,
        known,
    )
    work.write(
        "captions",
        {
            "captions": {path: c.to_json() for path, c in result.captions.items()},
            "findings": artifacts.plain([*findings, *result.findings]),
        },
    )


def samples_skipped(work: Workspace) -> list[str]:
    """The samples a person skipped and the captioners they chose for single pictures: others are asked instead."""
    told = vision.told(work.project)
    return [*told["skipped"], *(f"{key}: {name}" for key, name in sorted(told["chosen"].items()))]


def answers_known(work: Workspace, *, samples: bool) -> dict[str, Any]:
    """What the task last knew of responses/ and would have to notice: the answers there are, and if some may come."""
    if not vision.looks(work.project):
        return {}
    try:
        if samples:
            before = work.read("samples")
            digests = {i.digest for i in work.images() if i.path in set(before["samples"])}
            return {"answers": Store(work.root).fingerprint(digests), "waiting": bool(before["missing"])}
        coming = {code for code in work.read("vision")["waiting"].values() if code != "approval"}
        return {"answers": Store(work.root).fingerprint(), "waiting": bool(coming)}
    except (OSError, ValueError, KeyError, TypeError, UserError):
        return {"waiting": True}


def vocabulary_digest(work: Workspace) -> str:
    """Of the list that checks this project's tags, "" if there is none."""
    project = work.project
    tagger = project.settings.captioning.tagger
    return danbooru.vocabulary_digest(project.root, tagger) if project.base_model.vocabulary else ""
