"""Between the tasks and the captioners that look: what is asked when, and what the store already holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from msgspec import structs

from loraprep.captions import approval, chain, registry, vision_findings
from loraprep.captions.captioner import Context, VisionCaptioner
from loraprep.captions.samples import (
    captioners_by_key,
    captioners_by_path,
    cleaning_undone,
    skipped_samples,
    spared_rules,
)
from loraprep.captions.vision.describe import describe_from_store
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import question
from loraprep.captions.vision.store import Answer, Answers, Store
from loraprep.core import findings, terminal
from loraprep.core.errors import Problem, UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.patterns import Patterns
from loraprep.core.records import Elements, Image
from loraprep.core.text import number_of, plural
from loraprep.pipeline.artifacts import Sampled
from loraprep.pipeline.workspace import Workspace
from loraprep.project import decisions
from loraprep.project.project import Project
from loraprep.project.trust import Trust


def uses_vision(work: Workspace) -> bool:
    """Say whether any captioner of the project, or one chosen for a single picture, looks at the pixels."""
    return bool(_vision_captioners(work))


def _vision_captioners(work: Workspace) -> dict[str, VisionCaptioner]:
    return registry.vision_captioners(work.project.settings.captioning, _chosen(work))


def _chosen(work: Workspace) -> list[str]:
    try:
        return list(caption_answers(work).chosen.values())
    except UserError:  # said by the task that reads the file
        return []


def asked_trust(work: Workspace) -> Trust:
    """Return what the project's captioners, and those chosen for single pictures, ask of the person."""
    return registry.asks(work.project.settings, _chosen(work))


class CaptionAnswers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """decisions/captions.yaml in short: samples skipped, captioners chosen for single pictures, cleaning undone."""

    skipped: list[str]
    chosen: dict[str, str]
    undone: list[str]


def caption_answers(work: Workspace) -> CaptionAnswers:
    """Return what decisions/captions.yaml says in short. Raises UserError."""

    def short() -> CaptionAnswers:
        answers = work.decisions("captions")
        return CaptionAnswers(skipped_samples(answers), captioners_by_key(answers), cleaning_undone(answers))

    return work.remembered("told.json", decisions.decision_file(work.root, "captions")[0], short, CaptionAnswers)


def chosen_captioners(work: Workspace, images: Sequence[Image]) -> dict[str, str]:
    """Return path -> the captioner that a person chose for that picture. Raises UserError."""
    chosen, able = captioners_by_path(images, work.decisions("captions")), work.project.kind.captioners
    unfit = {path: name for path, name in sorted(chosen.items()) if able and name not in able}
    if unfit:
        place, hint = "decisions/captions.yaml", f"These can be used: {', '.join(able)}."
        raise UserError.many(
            [
                Problem(f"{path}: {name} cannot say what is changed in a picture", place, hint)
                for path, name in unfit.items()
            ]
        )
    return chosen


def rules_spared(work: Workspace, images: Sequence[Image]) -> dict[str, frozenset[str]]:
    """Return path -> the rules of caption hygiene that a person took back for it. Raises UserError."""
    return spared_rules(images, work.decisions("captions"))


def stored_answers(work: Workspace, images: Sequence[Image]) -> dict[str, Answers]:
    """Return the answers so far, by digest. Raises UserError naming every damaged file."""
    return Store(work.root).read_all(i.asked_as for i in images) if uses_vision(work) else {}


def _job(work: Workspace, images: Sequence[Image], *, samples: bool, since: Mapping[str, int] | None = None) -> Job:
    """Make a round of asking; `images` are all there are. Samples are asked before there are examples."""
    project = work.project
    asked = question(project.settings)
    settings = project.settings
    if samples:  # somebody is waiting to answer them
        settings = structs.replace(settings, captioning=structs.replace(settings.captioning, batch="never"))
    else:
        texts, besides = _examples(work, images)
        asked = question(settings, texts, besides)
    return Job(
        project.root,
        work.pictures,
        settings,
        asked,
        since=dict(since or {}),
        chosen=chosen_captioners(work, images),
        found={i.path: i for i in work.images()} if project.kind.pairs else {},
        wait="elements" in work.named,
        say=terminal.note,
    )


def _examples(work: Workspace, images: Sequence[Image]) -> tuple[list[str], set[str]]:
    """Return what a person agreed to, and which of it they wrote for pictures that nobody was asked about."""
    project, seen = work.project, _described(images, stored_answers(work, images))
    agreed = partial(
        approval.examples, images, seen, work.decisions("captions"), project.trigger, auto=project.auto("captions")
    )
    texts = agreed()
    return texts, set(texts).difference(agreed(by_hand=False))


def _described(images: Sequence[Image], answers: Mapping[str, Answers]) -> dict[str, Elements]:
    context = Context("", answers=answers)
    return {i.path: describe_from_store(i, context) for i in images if i.asked_as in answers}


def ask_samples(work: Workspace, chosen: Sequence[Image], staying: Sequence[Image]) -> Outcome:
    """Have the samples looked at, without waiting for anything."""
    if not uses_vision(work) or not chosen:
        return Outcome()
    return _ask(_job(work, staying, samples=True), chosen, staying, "Looking at the samples", approved=True)


def ask_rest(work: Workspace, staying: Sequence[Image], before: Sampled) -> Outcome:
    """Have all others looked at once the samples are approved.

    What kept the samples from being looked at keeps the others too, so it is not tried again in the same run.
    """
    if not uses_vision(work):
        return Outcome()
    rest = [i for i in staying if i.path not in before.samples]
    answers = work.decisions("captions")
    may = approval.approved(before.samples, answers, auto=work.project.auto("captions"))
    job = _job(work, work.images(), samples=False)
    stopped = next((code for _, code in sorted(before.missing.items()) if code not in chain.PER_PICTURE), "")
    if may and stopped:
        values = next(f.values for f in before.findings if f.code == f"vision-{stopped}")
        given = chain.undescribed(rest, staying, job)
        outcome = Outcome().add_missing(stopped, given, **values)
    else:
        outcome = _ask(job, rest, staying, "Looking at the pictures", approved=may)
    outcome.missing |= before.missing
    outcome.findings += _earlier_note(work, job, staying, before.samples)
    return outcome


def _ask(job: Job, images: Sequence[Image], staying: Sequence[Image], what: str, *, approved: bool) -> Outcome:
    with terminal.progress(what) as progress:
        return chain.ask_all(images, staying, job.showing(progress), approved=approved)


def _earlier_note(work: Workspace, job: Job, staying: Sequence[Image], samples: Sequence[str]) -> list[Finding]:
    """Note which pictures were seen under earlier settings, and what asking again would cost."""
    old = _seen_earlier(work, job, staying, samples)
    if not old:
        return []
    likely, _ = _cost(work.project, job, old)
    return [
        Finding(
            Code.VISION_EARLIER, tuple(i.path for i in old), {"cost": f"about ${likely:.4f}" if likely else "nothing"}
        )
    ]


def _seen_earlier(work: Workspace, job: Job, staying: Sequence[Image], samples: Sequence[str]) -> list[Image]:
    """List what was asked about otherwise than today: a caption that somebody wrote since is no reason to ask again."""
    settings = work.project.settings
    then = {i.path: last.settings for i in staying if (last := _last(job, i)) is not None}
    old = set(then)
    for asked in (job.question, structs.replace(job.question, besides=frozenset())):  # as earlier versions stored it
        now = {name: c.answer_settings(settings, asked) for name, c in _vision_captioners(work).items()}
        old &= set(vision_findings.seen_under_earlier_settings(then, now, samples))
    return [i for i in staying if i.path in old]


def _last(job: Job, image: Image) -> Answer | None:
    answers = job.store.read(image.asked_as)
    own = job.chosen.get(image.path)
    listed = answers.by(own).listed if own else answers.listed
    return listed[-1] if listed else None


def _cost(project: Project, job: Job, images: Sequence[Image]) -> tuple[float, float]:
    """Estimate (likely, at most) US dollars by the captioner that would be asked: the first that looks."""
    first = next(iter(registry.vision_captioners(project.settings.captioning).values()), None)
    return first.estimate_cost(images, job) if first else (0.0, 0.0)


def ask_again(work: Workspace, staying: Sequence[Image], samples: Sequence[str], patterns: Sequence[str]) -> None:
    """Ask again: about the pictures that `patterns` name, else about those seen under earlier settings.

    Earlier answers stay in responses/. Raises UserError if nothing fits.
    """
    if not uses_vision(work):
        captioner = ", ".join(work.project.settings.captioning.captioners)
        raise UserError(
            f"nobody looks at the pictures of this project (captioning.captioner: {captioner}), so there is nothing to "
            "ask again",
            place="project.yaml",
            hint="To have them looked at, set captioning.captioner to claude, openai-compatible or wd-tagger; loraprep "
            "doctor says which of them can work here. To change a caption yourself: loraprep review.",
        )
    job = _job(work, work.images(), samples=False)
    if patterns:
        named = Patterns(patterns)
        again = [i for i in staying if named.match(i.path)]
        if not again:
            raise UserError(
                f"no picture in the set is called {' or '.join(patterns)}",
                hint="Write a name or a pattern as in: loraprep recaption 'sketches/*'",
            )
    else:
        again = _seen_earlier(work, job, staying, samples)
        if not again:
            terminal.say("Every picture was seen under today's settings. Name pictures to ask about them again.")
            return
    job = _job(
        work, work.images(), samples=False, since={i.asked_as: len(job.store.read(i.asked_as).listed) for i in again}
    )
    outcome = _ask(job, again, staying, "Looking again", approved=True)
    pairs = work.project.kind.pairs
    for finding in vision_findings.called_pairs(outcome.findings) if pairs else outcome.findings:
        terminal.say(f"{findings.sentence(finding)} {findings.fix(finding)}".rstrip(), "yellow")
    done = sum(len(job.store.read(i.asked_as).listed) > job.since[i.asked_as] for i in again)
    terminal.say(
        f"{done} of {number_of(len(again), 'pair' if pairs else 'picture')} {plural(done, 'was', 'were')} seen anew. "
        "Earlier answers stay in responses/. Next: loraprep gate1."
    )
