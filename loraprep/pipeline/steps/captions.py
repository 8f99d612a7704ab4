"""The steps from the pixels to the words: samples, elements, captions."""

from __future__ import annotations

from collections.abc import Sequence

from loraprep.captions import captioners, captions, danbooru
from loraprep.core import terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.pipeline.artifacts import Captioned, Described, Sampled, VisionAsked
from loraprep.pipeline.steps import vision
from loraprep.pipeline.steps.inputs import shortlisted_images
from loraprep.pipeline.workspace import Workspace


def sample_captions(work: Workspace) -> None:
    """Choose up to five captions to be approved before the rest is written."""
    project = work.project
    staying = shortlisted_images(work)
    asks = captioners.asks_samples(project.config["captioning"])
    samples = captions.choose_samples(staying, work.decisions("captions")) if asks else []
    shown = [i for i in staying if i.path in set(samples)]
    outcome = vision.ask_samples(work, shown, staying)
    stored, chosen = vision.stored(work, shown), vision.chosen(work, shown)
    elements = captioners.describe(shown, staying, project.config, None, stored, outcome.missing, chosen)
    rendered = captions.render_all(elements, project.config, project.model, project.kind)
    unseen = sorted(e.path for e in elements.values() if e.state == "waiting")
    questions = captions.questions(
        [s for s in samples if s not in unseen], rendered, elements, work.digests(), project.config
    )
    work.ask("captions", captions.HEADER, questions)
    work.write(Sampled(samples=samples, unseen=unseen, missing=outcome.missing, findings=outcome.findings))


def describe_images(work: Workspace) -> None:
    """Describe what is in each picture: content and style."""
    project = work.project
    staying = shortlisted_images(work)
    outcome = vision.ask_rest(work, staying, work.read(Sampled))
    with terminal.progress("Describing") as progress:
        stored, chosen = vision.stored(work, staying), vision.chosen(work, staying)
        described = captioners.describe(staying, staying, project.config, progress, stored, outcome.missing, chosen)
    work.write(Described(elements=described))
    work.write(VisionAsked(findings=outcome.findings, waiting=outcome.missing))


def describe_again(work: Workspace, pattern: Sequence[str] = ()) -> None:
    """Have a vision model look again at the pictures that `pattern` names, else at those seen otherwise."""
    vision.recaption(work, shortlisted_images(work), work.read(Sampled).samples, pattern)


def write_captions(work: Workspace) -> None:
    """Write every caption, for the base model and the trigger."""
    project = work.project
    findings, known = [], None
    if project.model.get("vocabulary") and work.on_disk:
        try:
            known = danbooru.vocabulary(project.root, project.config)
        except UserError as error:
            findings = [Finding(Code.NO_VOCABULARY, (), {"said": error.problems[0].message})]
    result = captions.captions_for(
        work.read(Described).elements,
        work.decisions("captions"),
        project.config,
        project.model,
        project.kind,
        known,
    )
    work.write(Captioned(captions=result.captions, findings=[*findings, *result.findings]))
