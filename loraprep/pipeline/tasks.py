"""The tasks: what each reads, writes and depends on. What they do is in steps/.

`dodo.py` imports everything from here; `loraprep TASK` runs the same tasks.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path

import msgspec
from doit.exceptions import InvalidDodoFile, TaskFailed

from loraprep.carried import reading
from loraprep.core import machine, resources
from loraprep.core.files import Json
from loraprep.core.findings import UNLIKE, Code
from loraprep.heads import finding
from loraprep.pipeline import freshness, results, state
from loraprep.pipeline.action import Told
from loraprep.pipeline.doit_task import DOIT_CONFIG, Since, Task, config, profiles, task
from loraprep.pipeline.steps import vision
from loraprep.pipeline.workspace import Workspace
from loraprep.project import decisions, project
from loraprep.project.decisions import Answer
from loraprep.report.set_record import SET_RECORD
from loraprep.trainers import regularization

__all__ = ["DOIT_CONFIG", "task_loraprep"]

IMAGES, UPSCALED = "build/images.jsonl", "build/upscaled.json"
AUDIT, DUPLICATES, STAYING = "build/audit.json", "build/duplicates.json", "build/staying.json"
PAIRS = "build/pairs.json"
DETAIL, SHORTLIST, LOOKS = "build/detail.json", "build/shortlist.json", "build/looks.json"
CARRIED, CARRIED_D = "build/carried.json", "decisions/carried.yaml"
HEADS = "build/heads.json"
SAMPLES, ELEMENTS, VISION = "build/samples.json", "build/elements.json", "build/vision.json"
CAPTIONS, CURATION = "build/captions.json", "build/curation.json"
SELECTION, PLACEMENTS, GATE = "build/selection.json", "build/placements.json", "build/gate1.json"
PICTURES = [f"report/{name}" for name in ("contact-sheet.webp", "enlargement.svg", "palette.svg", "terms.svg")]
QUALITY_D, DUPLICATES_D = "decisions/quality.yaml", "decisions/duplicates.yaml"
CROPS_D = "decisions/crops.yaml"
CAPTIONS_D, CURATION_D, GATE_D = "decisions/captions.yaml", "decisions/curation.yaml", "decisions/gate.yaml"

_OF_PIXELS = (  # limits of what is wrong with a picture's pixels
    "max_megapixels", "max_seconds", "max_memory", "detail", "sharpness", "enlarged", "fine", "jpeg_quality", "blocks",
    "noise", "colours", "darkness", "chroma",
)  # fmt: skip
_ASKING = tuple(  # settings of who looks
    f"captioning.{key}"
    for key in ("captioner", "model", "effort", "max_tokens", "batch", "base_url", "prices", "server", "tagger")
)
# what a caption is written by, besides the profiles of kind and base model
_WRITING = ("captioning", "trigger", "groups", "intent", "review.captions", "thresholds.captions", "dataset.trainers")
_VOCABULARY = ("resources/tags.yaml", "resources/words.json", "resources/phrases.yaml", "resources/danbooru.tsv.gz")
_PREFIX = ("captioning.prefix", "captioning.quality_tags")
_HYGIENE = ("resources/hygiene.yaml", "resources/words.json")
_MEASURES = ("resources/asked.yaml", "resources/lexicon.yaml", "resources/looks.json")


_JSON = {"name": "json", "long": "json", "type": bool, "default": False, "help": "the result as JSON on stdout"}


def task_loraprep() -> Iterator[Task]:
    """All tasks of the project in the current folder, for doit."""
    try:
        work = Workspace(project.load(Path.cwd()))
        state.mend(work.root)
        tasks = [*graph(work)]
    except machine.TOLD as error:
        raise InvalidDodoFile(f"\n{machine.told(error)}") from None
    yield from tasks


def graph(work: Workspace) -> Iterator[Task]:
    """Every task, in the order of the phases."""
    yield from _about_files(work)
    yield from _about_words(work)
    yield from _about_the_set(work)
    yield from _about_training(work)
    yield from _on_call(work)


def _own(work: Workspace, path: str) -> list[str]:
    """A decision file that is the person's alone, as a dependency: it may be absent."""
    return [path] if (work.root / path).exists() else []


def _vision(work: Workspace) -> list[str]:
    """What a vision model is asked with, and what it costs; nothing if nobody looks."""
    if not vision.uses_vision(work):
        return []
    pairs = work.project.kind.pairs
    prompts = [f"resources/prompts/{'change' if pairs else 'common'}.md", *profiles(work, "kinds")]
    prices = [f"resources/vision/{name}.yaml" for name in resources.names("resources/vision")]
    return [*prompts, f"schemas/{'change' if pairs else 'elements'}.schema.json", *prices]


def _asked(work: Workspace, kind: str) -> Since[list[str]]:
    """Every entry there was: one that was taken out of the decision file is asked anew."""
    return Since("asked", lambda: decisions.decision_keys(work.root, kind), lambda then, now: set(then) <= set(now))


def _given(work: Workspace, kind: str) -> Since[dict[str, Answer]]:
    """The answers of another file: what leaves by one of them is not asked about."""
    return Since(f"given {kind}", lambda: decisions.given_answers(work.root, kind), operator.eq)


def _accepted(work: Workspace, codes: Collection[Code]) -> Since[Json]:
    """What gate.yaml accepts of some findings: of all others it is the report's alone."""
    return Since("accepted", lambda: msgspec.to_builtins(decisions.accepted_of(work.root, codes)), operator.eq)


def _answers(work: Workspace, *, samples: bool) -> Since[dict[str, Json]]:
    """Whether responses/ changed since, or an answer is still missing that may come now."""
    return Since(
        "looked",
        lambda: freshness.answers_known(work, samples=samples),
        lambda then, now: then == now and not now.get("waiting"),
    )


def _of_pairs(work: Workspace) -> list[str]:
    """What differs within pairs, where pairs are taught."""
    return [PAIRS] if work.project.kind.pairs else []


def _trainers(work: Workspace) -> list[str]:
    return [f"resources/trainers/{name}.yaml" for name in work.project.settings.dataset.trainers]


def _about_files(work: Workspace) -> Iterator[Task]:
    named, both = partial(config, work), profiles(work, "kinds", "models")
    yield task(
        work,
        "intent",
        "What you want to teach, as intent.md",
        "report.write_intent",
        [],
        ["intent.md"],
        named("name", "intent", "model", "trigger", "groups"),
        both,
    )
    full = {"name": "full", "long": "full", "type": bool, "default": False, "help": "read every file again"}
    scan = task(
        work,
        "scan",
        "Looks at every file in the images folder, and takes over captions edited in dataset/",
        "scan.scan_images",
        [],
        [IMAGES, UPSCALED],
        params=[full],
    )
    yield {**scan, "uptodate": [False]}
    yield task(
        work,
        "duplicates",
        "Which pictures are there twice?",
        "duplicates.find_duplicates",
        [IMAGES],
        [DUPLICATES, DUPLICATES_D],
        named("thresholds.duplicates", "curation.exclude"),
        uptodate=[_asked(work, "duplicates"), _given(work, "quality"), _given(work, "curation")],
        params=[_JSON],
    )
    yield task(
        work,
        "audit",
        "Are the pictures technically fit to train on?",
        "audit.audit_images",
        [IMAGES, UPSCALED, DUPLICATES, DUPLICATES_D],  # what is asked as a copy is not asked as small
        [AUDIT, QUALITY_D],
        named("thresholds.audit", "dataset", "curation.exclude", "review.duplicates"),
        both,
        [_asked(work, "quality"), _given(work, "curation")],
        params=[_JSON],
    )
    yield task(
        work,
        "staying",
        "Which pictures stay, by your answers so far?",
        "duplicates.decide_staying",
        [IMAGES, AUDIT, DUPLICATES, QUALITY_D, DUPLICATES_D],
        [STAYING],
        named("curation.exclude", "review.quality", "review.duplicates"),
        uptodate=[_given(work, "curation")],
    )
    yield task(
        work,
        "detail",
        "What is wrong with the pixels of the pictures that stay, at full size?",
        "audit.measure_detail",
        [IMAGES, STAYING],
        [DETAIL],
        named(*(f"thresholds.audit.{name}" for name in _OF_PIXELS)),
    )
    yield task(  # Gate 1 runs it where pairs are taught
        work,
        "pairs",
        "What differs between the pictures before and after, and was it meant?",
        "pairs.compare_pairs",
        [IMAGES, STAYING],
        [PAIRS],
        named("dataset.trainers", "dataset.sizes", "model", "intent.kind", "thresholds.audit"),
        both,
    )
    yield task(
        work,
        "shortlist",
        "Which pictures are worth describing, if there are more than curation.preselect?",
        "curation.choose_shortlist",
        [IMAGES, STAYING, DETAIL],
        [SHORTLIST],
        named("curation.preselect", "curation.include"),
    )


def _about_words(work: Workspace) -> Iterator[Task]:
    named, both, crops = partial(config, work), profiles(work, "kinds", "models"), _own(work, CROPS_D)
    before = [IMAGES, STAYING, SHORTLIST]
    yield task(
        work,
        "carried",
        "What do they carry that must not be learned: lettering and bars?",
        "carried.look_for_marks",
        before,
        [CARRIED, CARRIED_D],
        {
            **named("model", "dataset.trainers", "thresholds.audit.border", "review.carried"),
            "reads": reading.installed(),
        },
        [*profiles(work, "models"), *_trainers(work)],
        [_asked(work, "carried"), _accepted(work, {Code.PLAIN_FRAME})],
    )
    yield task(
        work,
        "samples",
        "Up to five captions that you approve before the rest is written",
        "captions.sample_captions",
        [*before, CARRIED, CARRIED_D, *crops],
        [SAMPLES, CAPTIONS_D],
        {
            **named(*_WRITING),
            "crops": crops,
        },
        [*both, *_trainers(work), *_VOCABULARY, *_vision(work), *_HYGIENE],
        uptodate=[
            # the samples a person skipped: others are asked instead
            Since("skips", lambda: freshness.samples_skipped(work), operator.eq),
            _asked(work, "captions"),
            _answers(work, samples=True),
        ],
    )
    yield task(
        work,
        "elements",
        "What is in each picture: content and style",
        "captions.describe_images",
        [*before, SAMPLES, CAPTIONS_D],
        [ELEMENTS, VISION],
        named("trigger", "groups", "intent", "model", "review.captions", *_ASKING),
        [*both, *_vision(work), *_HYGIENE],
        uptodate=[_answers(work, samples=False)],
    )
    yield task(
        work,
        "captions",
        "Every caption, for your base model and trigger",
        "captions.write_captions",
        [STAYING, ELEMENTS, CARRIED, CARRIED_D, CAPTIONS_D, *crops],
        [CAPTIONS],
        {
            **named(*_WRITING),
            "vocabulary": freshness.vocabulary_digest(work),
            "crops": crops,
        },
        [*both, *_trainers(work), *_VOCABULARY, *_HYGIENE],
        params=[_JSON],
        pos_arg="shown",
    )


def _about_the_set(work: Workspace) -> Iterator[Task]:
    named, crops = partial(config, work), _own(work, CROPS_D)
    yield task(
        work,
        "looks",
        "How are they drawn: line and stroke, and the same mark in a corner?",
        "curation.measure_styles",
        [IMAGES, DUPLICATES, STAYING, SHORTLIST],
        [LOOKS],
        named("curation.encoder"),
    )
    yield task(
        work,
        "heads",
        "Heads of a character or in portraits: how large, turned which way, and is it the same person?",
        "heads.look_for_heads",
        [IMAGES, STAYING, SHORTLIST],
        [HEADS],
        {**named("intent"), "looks": finding.installed()},
        profiles(work, "kinds"),
    )
    yield task(
        work,
        "curate",
        "Is it one hand, is the set varied, and which pictures carry it?",
        "curation.curate_images",
        [
            *(IMAGES, DUPLICATES, STAYING, DETAIL, SHORTLIST, LOOKS, HEADS, ELEMENTS, CAPTIONS, CAPTIONS_D),
            *_of_pairs(work),
        ],
        [CURATION, CURATION_D],
        named(
            *("curation", "thresholds.curation", "intent", "trigger", "groups"),
            *("review.curation", "dataset.regularization"),
        ),
        [*_MEASURES, *profiles(work, "kinds")],
        [_asked(work, "curation"), _accepted(work, UNLIKE)],
    )
    yield task(
        work,
        "select",
        "Every file, its fate and why",
        "curation.select_images",
        [
            *(IMAGES, UPSCALED, DUPLICATES, STAYING, SHORTLIST, CARRIED, SAMPLES, ELEMENTS, CAPTIONS, CURATION),
            *(QUALITY_D, DUPLICATES_D, CARRIED_D, CAPTIONS_D, CURATION_D, *crops),
        ],
        [SELECTION],
        params=[_JSON],
        values={
            **named("images", "curation.include", "curation.exclude", "review", "captioning.captioner", "groups"),
            **named("dataset.validation"),
            "crops": crops,
        },
    )


def _about_training(work: Workspace) -> Iterator[Task]:
    settings, named, crops = work.project.settings, partial(config, work), _own(work, CROPS_D)
    model, both = profiles(work, "models"), profiles(work, "kinds", "models")
    yield task(
        work,
        "trainers",
        "What each trainer will do with each picture",
        "trainers.forecast_trainers",
        [IMAGES, AUDIT, CAPTIONS, SELECTION],
        [PLACEMENTS],
        {
            **named("dataset", "groups", "thresholds.placement", "name", "model", "trigger", *_PREFIX),
            "regularization": regularization.regularization_mark(work.root, settings.dataset.regularization),
        },
        [*model, *_trainers(work)],
        uptodate=[lambda: freshness.crops_drawn(work)],
    )
    accepted = _own(work, GATE_D)
    page = [f"resources/report/{p.name}" for p in sorted(resources.path("resources/report").iterdir())]
    yield task(
        work,
        "report",
        "The verdict, and the report to read and to look at",
        "report.write_report",
        [
            *(IMAGES, AUDIT, DUPLICATES, DETAIL, CARRIED, HEADS, SAMPLES, LOOKS, ELEMENTS, VISION, CAPTIONS),
            *(CURATION, SELECTION, PLACEMENTS, *accepted),
            *_of_pairs(work),
        ],
        ["dataset-report.md", "report.html", SET_RECORD, *PICTURES, GATE],
        {"config": msgspec.to_builtins(work.project.settings), "gate.yaml": bool(accepted)},
        ["resources/gate.yaml", *page, *both, *_trainers(work)],
    )
    yield {
        "basename": "gate1",
        "doc": "All six phases and the verdict: GO or NO-GO",
        "actions": [Told(lambda: None if results.is_go(work) else TaskFailed("", report=False))],
        "file_dep": [GATE, "dataset-report.md"],
        "uptodate": [False],  # a NO-GO that was seen once is still a NO-GO
        "task_dep": ["intent"],
        "params": [_JSON],
    }
    yield task(
        work,
        "dataset",
        "Builds the training folder: pictures, captions, and the lock that proves them",
        "dataset.build_dataset",
        [SELECTION, STAYING, CAPTIONS, IMAGES, AUDIT, CAPTIONS_D, *crops],
        ["dataset.lock.json"],
        {**named("dataset", "name", "model", "groups", "trigger", *_PREFIX), "crops": crops},
        model,
        uptodate=[lambda: freshness.dataset_intact(work)],
        task_dep=["gate1"],
    )
    said = "remove trainers' caches of earlier pictures and captions"
    clear = {"name": "clear_caches", "long": "clear-caches", "type": bool, "default": False, "help": said}
    yield task(
        work,
        "export",
        "What your trainers need beside dataset/: their own configuration files",
        "trainers.export_configs",
        ["dataset.lock.json", PLACEMENTS, SELECTION, ELEMENTS, CAPTIONS],
        [],
        named("dataset", "name", "trigger", "intent", "thresholds.curation", *_PREFIX),
        [*both, *_trainers(work)],
        uptodate=[lambda: freshness.exports_intact(work)],
        params=[clear],
        task_dep=["dataset"],
    )


def _on_call(work: Workspace) -> Iterator[Task]:
    """What runs by name only, and each time."""
    recaption = task(
        work,
        "recaption",
        "Has a vision model look again: loraprep recaption [PATTERN]",
        "captions.describe_again",
        [IMAGES, STAYING, SHORTLIST, SAMPLES, CAPTIONS_D],
        pos_arg="pattern",
    )
    verify = task(
        work,
        "verify",
        "Compares the dataset with its lock",
        "dataset.verify_dataset",
        [SELECTION, STAYING, CAPTIONS, IMAGES, AUDIT],
        task_dep=["scan"],
        params=[_JSON],
    )
    diff = task(
        work,
        "diff",
        "What changed since a revision: pictures, captions, verdict",
        "report.show_diff",
        [SET_RECORD],  # the report of now is brought up to date first
        pos_arg="revision",
    )
    upscale = task(
        work,
        "upscale",
        "Enlarges the pictures decided for it with your own upscaler",
        "dataset.upscale_images",
        [SELECTION, IMAGES],
    )
    for each in (recaption, verify, diff, upscale):
        yield {**each, "uptodate": [False]}
