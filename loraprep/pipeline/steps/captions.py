"""The steps from the pixels to the words: samples, elements, captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loraprep.captions import captioners, captions, danbooru
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
    asks = captioners.asks_samples(project.config["captioning"])
    samples = captions.choose_samples(staying, work.decisions("captions")) if asks else []
    shown = [i for i in staying if i.path in set(samples)]
    outcome = vision.ask_samples(work, shown, staying)
    stored, chosen = vision.stored(project, shown), vision.chosen(work, shown)
    elements = captioners.describe(shown, staying, project.config, None, stored, outcome.missing, chosen)
    rendered = captions.render_all(elements, project.config, project.model, project.kind)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    questions = captions.questions(
        [s for s in samples if s not in unseen], rendered, elements, artifacts.digests(images), project.config
    )
    work.ask("captions", captions.HEADER, questions)
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
        described = captioners.describe(staying, staying, project.config, progress, stored, outcome.missing, chosen)
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
    if project.model.get("vocabulary"):
        try:
            known = danbooru.vocabulary(project.root, project.config)
        except UserError as error:
            findings = [Finding(Code.NO_VOCABULARY, (), {"said": error.problems[0].message})]
    result = captions.captions_for(
        artifacts.elements(work),
        work.decisions("captions"),
        project.config,
        project.model,
        project.kind,
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
    return danbooru.digest(project.root, project.config) if project.model.get("vocabulary") else ""
