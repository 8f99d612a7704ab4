"""The tasks: what each reads, writes and depends on. What they do is in steps/.

`dodo.py` imports everything from here; `loraprep TASK` runs the same tasks.
"""

from __future__ import annotations

import operator
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from loraprep.core import resources
from loraprep.pipeline import doit_task, results
from loraprep.pipeline.doit_task import DOIT_CONFIG
from loraprep.pipeline.steps import captions, curation, dataset, duplicates, report, scan, trainers, vision
from loraprep.project import decisions
from loraprep.report.set_record import SET_RECORD
from loraprep.trainers import regularization

__all__ = [
    "DOIT_CONFIG",
    "task_audit",
    "task_captions",
    "task_curate",
    "task_dataset",
    "task_detail",
    "task_diff",
    "task_duplicates",
    "task_elements",
    "task_export",
    "task_gate1",
    "task_intent",
    "task_looks",
    "task_recaption",
    "task_report",
    "task_samples",
    "task_scan",
    "task_select",
    "task_shortlist",
    "task_trainers",
    "task_upscale",
    "task_verify",
]


IMAGES, UPSCALED = "build/images.jsonl", "build/upscaled.json"
AUDIT, DUPLICATES, SAMPLES = "build/audit.json", "build/duplicates.json", "build/samples.json"
VISION = "build/vision.json"
ELEMENTS, CAPTIONS, CURATION = "build/elements.json", "build/captions.json", "build/curation.json"
DETAIL, SHORTLIST, LOOKS = "build/detail.json", "build/shortlist.json", "build/looks.json"
SELECTION, PLACEMENTS, GATE = "build/selection.json", "build/placements.json", "build/gate1.json"
PICTURES = [f"report/{name}" for name in ("contact-sheet.webp", "enlargement.svg", "palette.svg", "terms.svg")]
QUALITY_D, DUPLICATES_D = "decisions/quality.yaml", "decisions/duplicates.yaml"
CROPS_D = "decisions/crops.yaml"
CAPTIONS_D, CURATION_D, GATE_D = "decisions/captions.yaml", "decisions/curation.yaml", "decisions/gate.yaml"


def _own(path: str) -> list[str]:
    """A decision file that is the person's alone, as a dependency: it may be absent."""
    return [path] if Path(path).exists() else []


_ASKING = tuple(  # settings of who looks
    f"captioning.{key}" for key in ("captioner", "model", "effort", "batch", "base_url", "prices", "server", "tagger")
)


def _vision() -> list[str]:
    """What a vision model is asked with, and what it costs; nothing if nobody looks."""
    if not vision.looks(doit_task.current()):
        return []
    prompts = ["resources/prompts/common.md", *doit_task.profiles("kinds")]
    prices = [f"resources/vision/{name}.yaml" for name in resources.names("resources/vision")]
    return [*prompts, "schemas/elements.schema.json", *prices]


def _skips() -> doit_task.Since:
    """The samples a person skipped: others are asked instead."""
    return doit_task.Since("skips", lambda: captions.samples_skipped(doit_task.workspace()), operator.eq)


def _asked(kind: str) -> doit_task.Since:
    """Every entry there was: one that was taken out of the decision file is asked anew."""
    return doit_task.Since("asked", lambda: decisions.keys(Path.cwd(), kind), lambda then, now: set(then) <= set(now))


def _looked(*, samples: bool) -> doit_task.Since:
    """Whether responses/ changed since, or an answer is still missing that may come now."""
    return doit_task.Since(
        "looked",
        lambda: captions.answers_known(doit_task.workspace(), samples=samples),
        lambda then, now: then == now and not now.get("waiting"),
    )


def task_intent() -> dict[str, Any]:
    return doit_task.task(
        report.write_intent,
        [],
        ["intent.md"],
        doit_task.config("name", "intent", "model", "trigger", "groups"),
        doit_task.profiles("kinds", "models"),
    )


def task_scan() -> dict[str, Any]:
    full = {"name": "full", "long": "full", "type": bool, "default": False, "help": "read every file again"}
    made = doit_task.task(scan.scan_images, [], [IMAGES, UPSCALED])
    return {**made, "uptodate": [False], "params": [full]}


def task_audit() -> dict[str, Any]:
    return doit_task.task(
        scan.audit_images,
        [IMAGES, UPSCALED],
        [AUDIT, QUALITY_D],
        doit_task.config("thresholds.audit", "dataset"),
        doit_task.profiles("kinds", "models"),
        [_asked("quality")],
    )


def task_duplicates() -> dict[str, Any]:
    return doit_task.task(
        duplicates.find_duplicates,
        [IMAGES],
        [DUPLICATES, DUPLICATES_D],
        doit_task.config("thresholds.duplicates"),
        uptodate=[_asked("duplicates")],
    )


def task_detail() -> dict[str, Any]:
    return doit_task.task(
        scan.measure_detail,
        [IMAGES, AUDIT, DUPLICATES, QUALITY_D, DUPLICATES_D],
        [DETAIL],
        doit_task.config("thresholds.audit.detail", "thresholds.audit.max_megapixels", "curation.exclude", "review"),
    )


def task_shortlist() -> dict[str, Any]:
    return doit_task.task(
        curation.choose_shortlist,
        [IMAGES, AUDIT, DUPLICATES, DETAIL, QUALITY_D, DUPLICATES_D],
        [SHORTLIST],
        doit_task.config("curation.preselect", "curation.include", "curation.exclude", "review"),
    )


def task_looks() -> dict[str, Any]:
    return doit_task.task(
        curation.measure_styles,
        [IMAGES, AUDIT, DUPLICATES, SHORTLIST, QUALITY_D, DUPLICATES_D],
        [LOOKS],
        doit_task.config("curation.encoder", "curation.exclude", "review"),
    )


def task_samples() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, SHORTLIST, QUALITY_D, DUPLICATES_D, *_own(CROPS_D)]
    values = doit_task.config(
        "captioning", "trigger", "groups", "intent", "curation.exclude", "review", "thresholds.captions"
    )
    return doit_task.task(
        captions.sample_captions,
        reads,
        [SAMPLES, CAPTIONS_D],
        {**values, "crops": _own(CROPS_D)},
        [*doit_task.profiles("kinds", "models"), *_vision()],
        uptodate=[_skips(), _asked("captions"), _looked(samples=True)],
    )


_BEFORE_LOOKING = [IMAGES, AUDIT, DUPLICATES, SHORTLIST, SAMPLES, QUALITY_D, DUPLICATES_D, CAPTIONS_D]


def task_elements() -> dict[str, Any]:
    return doit_task.task(
        captions.describe_images,
        _BEFORE_LOOKING,
        [ELEMENTS, VISION],
        doit_task.config("trigger", "intent.kind", "review.captions", *_ASKING),
        _vision(),
        uptodate=[_looked(samples=False)],
    )


def task_recaption() -> dict[str, Any]:
    made = doit_task.task(captions.describe_again, _BEFORE_LOOKING)
    return {**made, "uptodate": [False], "pos_arg": "pattern"}


def task_captions() -> dict[str, Any]:
    values = doit_task.config("captioning", "trigger", "groups", "intent", "review.captions", "thresholds.captions")
    return doit_task.task(
        captions.write_captions,
        [ELEMENTS, CAPTIONS_D, *_own(CROPS_D)],
        [CAPTIONS],
        {**values, "vocabulary": captions.vocabulary_digest(doit_task.workspace()), "crops": _own(CROPS_D)},
        [*doit_task.profiles("kinds", "models"), "resources/tags.yaml", "resources/words.json"],
    )


_MEASURES = ("resources/asked.yaml", "resources/lexicon.yaml", "resources/looks.json")


def task_curate() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, DETAIL, SHORTLIST, LOOKS, ELEMENTS, CAPTIONS]
    return doit_task.task(
        curation.curate_images,
        [*reads, QUALITY_D, DUPLICATES_D, CAPTIONS_D],
        [CURATION, CURATION_D],
        doit_task.config("curation", "thresholds.curation", "intent", "trigger", "review", "dataset.regularization"),
        [*_MEASURES, *doit_task.profiles("kinds")],
        [_asked("curation")],
    )


def task_select() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, SHORTLIST, SAMPLES, ELEMENTS, CAPTIONS, CURATION]
    reads += [QUALITY_D, DUPLICATES_D, CAPTIONS_D, CURATION_D, *_own(CROPS_D)]
    return doit_task.task(
        curation.select_images,
        reads,
        [SELECTION],
        {**doit_task.config("curation.exclude", "review", "captioning.captioner", "groups"), "crops": _own(CROPS_D)},
    )


def _trainers() -> list[str]:
    return [f"resources/trainers/{name}.yaml" for name in doit_task.current().config["dataset"]["trainers"]]


def task_trainers() -> dict[str, Any]:
    values = doit_task.config("dataset", "groups", "thresholds.placement", "name", "model", "trigger")
    beside = regularization.regularization_mark(
        doit_task.current().root, doit_task.current().settings.dataset.regularization
    )
    return doit_task.task(
        trainers.forecast_trainers,
        [IMAGES, AUDIT, CAPTIONS, SELECTION],
        [PLACEMENTS],
        {**values, "regularization": beside},
        [*doit_task.profiles("models"), *_trainers()],
        uptodate=[lambda: trainers.crops_drawn(doit_task.workspace())],
    )


def task_report() -> dict[str, Any]:
    reads = [
        IMAGES,
        AUDIT,
        DUPLICATES,
        DETAIL,
        SAMPLES,
        LOOKS,
        ELEMENTS,
        VISION,
        CAPTIONS,
        CURATION,
        SELECTION,
        PLACEMENTS,
    ]
    present = Path(GATE_D).exists()  # a person's own file, which may be absent
    page = [f"resources/report/{p.name}" for p in sorted(resources.path("resources/report").iterdir())]
    return doit_task.task(
        report.write_report,
        [*reads, *([GATE_D] if present else [])],
        ["dataset-report.md", "report.html", SET_RECORD, *PICTURES, GATE],
        {"config": doit_task.current().config, "gate.yaml": present},
        ["resources/gate.yaml", *page, *doit_task.profiles("kinds", "models"), *_trainers()],
    )


def task_gate1() -> dict[str, Any]:
    """The verdict. Always runs, since a NO-GO that was seen once is still a NO-GO."""

    def gate1() -> TaskFailed | None:
        return None if results.print_verdict(Path.cwd()) else TaskFailed("", report=False)

    made = {
        "actions": [gate1],
        "file_dep": [GATE, "dataset-report.md"],
        "uptodate": [False],
        "task_dep": ["intent"],
    }
    return {**made, "doc": "All six phases and the verdict: GO or NO-GO"}


def task_dataset() -> dict[str, Any]:
    return doit_task.task(
        dataset.build_dataset,
        [SELECTION, CAPTIONS, IMAGES, AUDIT, CAPTIONS_D, *_own(CROPS_D)],
        ["dataset.lock.json"],
        {**doit_task.config("dataset", "name", "model", "groups", "trigger"), "crops": _own(CROPS_D)},
        doit_task.profiles("models"),
        uptodate=[lambda: dataset.dataset_intact(doit_task.workspace())],
        task_dep=["gate1"],
    )


def task_export() -> dict[str, Any]:
    return doit_task.task(
        trainers.export_configs,
        ["dataset.lock.json", PLACEMENTS],
        [],
        doit_task.config("dataset", "name", "trigger", "intent"),
        [*doit_task.profiles("kinds", "models"), *_trainers()],
        uptodate=[lambda: trainers.exports_intact(doit_task.workspace())],
        task_dep=["dataset"],
    )


def task_verify() -> dict[str, Any]:
    """Always runs, and writes nothing but what the phases before it do."""
    made = doit_task.task(dataset.verify_dataset, [SELECTION, CAPTIONS, IMAGES, AUDIT])
    return {**made, "uptodate": [False], "task_dep": ["scan"]}


def task_diff() -> dict[str, Any]:
    """`loraprep diff REV`; the report of now is brought up to date first."""
    made = doit_task.task(report.show_diff, [SET_RECORD])
    return {**made, "uptodate": [False], "pos_arg": "revision"}


def task_upscale() -> dict[str, Any]:
    """Only ever by name: it runs a program of the artist's own."""
    return {**doit_task.task(dataset.upscale_images, [SELECTION, IMAGES]), "uptodate": [False]}
