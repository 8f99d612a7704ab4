"""The graph, for doit: what each task reads, writes and depends on. What they do is in steps.py.

`dodo.py` imports everything from here; `loraprep TASK` runs the same tasks.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from doit.dependency import FileChangedChecker
from doit.exceptions import InvalidDodoFile, TaskFailed
from doit.tools import config_changed
from filelock import FileLock, Timeout

from loraprep import __version__, bundled, console, decisions, files, project, regularization, seeing, steps, training
from loraprep.errors import UserError
from loraprep.project import Project

__all__ = [
    "DOIT_CONFIG", "task_audit", "task_captions", "task_curate", "task_dataset", "task_detail", "task_diff",
    "task_duplicates", "task_elements", "task_export", "task_gate1", "task_intent", "task_looks", "task_recaption",
    "task_report", "task_samples", "task_scan", "task_select", "task_shortlist", "task_trainers", "task_upscale",
    "task_verify",
]  # fmt: skip


@cache
def _digest_of(path: str, _written: tuple[int, ...]) -> str:
    return files.sha256(Path(path))


def _digest(path: str) -> str:
    """Many tasks read the same file: once in a run is enough, as every write makes a new inode."""
    now = Path(path).stat()
    return _digest_of(path, (now.st_ino, now.st_size, now.st_mtime_ns))


class ByContent(FileChangedChecker):  # type: ignore[misc]
    """A dependency is stale when its bytes are others: mtimes lie after a clone or a quick edit."""

    def check_modified(self, file_path: str, _file_stat: object, state: str) -> bool:
        return _digest(file_path) != state

    def get_state(self, dep: str, current_state: str | None) -> str | None:
        digest = _digest(dep)
        return None if digest == current_state else digest


DOIT_CONFIG = {
    "default_tasks": ["gate1"],
    "backend": "sqlite3",
    "dep_file": ".doit.sqlite",
    "check_file_uptodate": ByContent,
    "reporter": console.Reporter,
    "verbosity": 2,
}


@cache
def load(root: Path) -> Project:
    """The project, read once. Raises UserError."""
    return project.load(root)


def _project() -> Project:
    try:
        return load(Path.cwd())
    except UserError as error:
        raise InvalidDodoFile(f"\n{error}") from None


@cache
def _lock(root: Path) -> FileLock:
    """Held until the process ends; the system releases it after a kill."""
    lock = FileLock(root / ".doit.sqlite.lock", timeout=0)
    lock.acquire()
    return lock


def _task(
    action: Callable[..., bool | None],
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    values: object = None,
    resources: Iterable[str] = (),
    uptodate: Iterable[object] = (),
    **more: Any,
) -> dict[str, Any]:
    """A doit task around a step. Inputs: the files read, the settings' values, resource files, our version."""
    inputs = {
        "version": __version__,
        "values": values,
        "resources": {r: files.sha256(bundled.path(r)) for r in resources},
    }
    reads = sorted(reads)
    return {
        "actions": [_guarded(action, reads)],
        "file_dep": reads,
        "targets": sorted(writes),
        "uptodate": [config_changed(hashlib.sha256(files.dumps(inputs).encode()).hexdigest()), *uptodate],
        "doc": re.split(r"\.(?:\s|$)", action.__doc__ or "")[0],
        **more,
    }


def _guarded(action: Callable[..., bool | None], reads: list[str]) -> Callable[..., TaskFailed | None]:
    # No functools.wraps: doit reads the wrapped function's signature.
    def run(full: bool = False, pattern: Iterable[str] = (), revision: list[str] | None = None) -> TaskFailed | None:
        try:
            _lock(Path.cwd())
            before = [files.sha256(Path(r)) for r in reads]
            given = {**({"full": True} if full else {}), **({"pattern": list(pattern)} if pattern else {}),
                     **({"revision": _one(revision)} if revision is not None else {})}  # fmt: skip
            if action(_project(), **given) is False:
                return TaskFailed("", report=False)
            if before != [files.sha256(Path(r)) for r in reads]:
                return TaskFailed("A file was edited while it was being read. Run it again.")
        except Timeout:
            return TaskFailed("Another loraprep is running in this project. Wait for it to end, then run this again.")
        except UserError as error:
            return TaskFailed(str(error))
        except KeyboardInterrupt:
            console.say("\nStopped. What was done is kept; the same command goes on.", "dim")
            raise SystemExit(130) from None
        return None

    return run


def _one(revision: list[str]) -> str:
    if len(revision) != 1:
        raise UserError("loraprep diff wants one revision", hint="For example: loraprep diff HEAD~1")
    return revision[0]


def _config(*keys: str) -> dict[str, Any]:
    """The settings under dotted keys, by value."""
    values: dict[str, Any] = {}
    for key in keys:
        node: Any = _project().config
        for part in key.split("."):
            node = node[part]
        values[key] = node
    return values


def _profiles(*which: str) -> list[str]:
    config = _project().config
    names = {"kinds": config["intent"]["kind"], "models": config["model"]}
    return [f"resources/{folder}/{names[folder]}.yaml" for folder in which]


_ASKING = ("captioner", "model", "effort", "batch", "base_url", "prices", "server", "tagger")  # settings of who looks


def _vision() -> list[str]:
    """What a vision model is asked with, and what it costs; nothing if nobody looks."""
    if not seeing.looks(_project()):
        return []
    kind = _project().config["intent"]["kind"]
    prompts = [f"resources/prompts/{name}.md" for name in ("common", kind)]
    return [
        *prompts,
        "schemas/elements.schema.json",
        *(f"resources/vision/{n}.yaml" for n in bundled.names("resources/vision")),
    ]


class _Since:
    """Up to date while what `now` tells still fits what it told when the task ran.

    For what a task reads of a decision file that it writes itself, so that the file cannot be its dependency.
    """

    def __init__(self, name: str, now: Callable[[], Any], fits: Callable[[Any, Any], bool]) -> None:
        self.name, self.now, self.fits = name, now, fits

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        task.value_savers.append(lambda: {self.name: self.now()})
        try:
            return self.name in values and self.fits(values[self.name], self.now())
        except UserError:  # the task itself says what is wrong with the file
            return False


def _skips() -> _Since:
    """The samples a person skipped: others are asked instead."""
    return _Since("skips", lambda: steps.skipped(_project()), operator.eq)


def _asked(kind: str) -> _Since:
    """Every entry there was: one that was taken out of the decision file is asked anew."""
    return _Since("asked", lambda: decisions.keys(Path.cwd(), kind), lambda then, now: set(then) <= set(now))


class _Looked:
    """Up to date unless responses/ changed since, or an answer is still missing that may come now."""

    def __init__(self, *, samples: bool) -> None:
        self.samples = samples

    def __call__(self, task: Any, values: Mapping[str, Any]) -> bool:
        task.value_savers.append(lambda: {"looked": steps.looked(_project(), samples=self.samples)})
        now = steps.looked(_project(), samples=self.samples)
        return values.get("looked") == now and not now.get("waiting")


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


def task_intent() -> dict[str, Any]:
    return _task(steps.intent, [], ["intent.md"], _config("name", "intent", "model", "trigger", "groups"),
                 _profiles("kinds", "models"))  # fmt: skip


def task_scan() -> dict[str, Any]:
    full = {"name": "full", "long": "full", "type": bool, "default": False, "help": "read every file again"}
    task = _task(steps.scan, [], [IMAGES, UPSCALED])
    return {**task, "uptodate": [False], "params": [full]}


def task_audit() -> dict[str, Any]:
    return _task(steps.audit, [IMAGES, UPSCALED], [AUDIT, QUALITY_D], _config("thresholds.audit", "dataset"),
                 _profiles("kinds", "models"), [_asked("quality")])  # fmt: skip


def task_duplicates() -> dict[str, Any]:
    return _task(steps.duplicates, [IMAGES], [DUPLICATES, DUPLICATES_D], _config("thresholds.duplicates"),
                 uptodate=[_asked("duplicates")])  # fmt: skip


def task_detail() -> dict[str, Any]:
    return _task(steps.detail, [IMAGES, AUDIT, DUPLICATES, QUALITY_D, DUPLICATES_D], [DETAIL],
                 _config("thresholds.audit.detail", "thresholds.audit.max_megapixels", "curation.exclude",
                         "review"))  # fmt: skip


def task_shortlist() -> dict[str, Any]:
    return _task(steps.shortlist, [IMAGES, AUDIT, DUPLICATES, DETAIL, QUALITY_D, DUPLICATES_D], [SHORTLIST],
                 _config("curation.preselect", "curation.include", "curation.exclude", "review"))  # fmt: skip


def task_looks() -> dict[str, Any]:
    return _task(steps.looks, [IMAGES, AUDIT, DUPLICATES, SHORTLIST, QUALITY_D, DUPLICATES_D], [LOOKS],
                 _config("curation.encoder", "curation.exclude", "review"))  # fmt: skip


def task_samples() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, SHORTLIST, QUALITY_D, DUPLICATES_D, *_own(CROPS_D)]
    values = _config("captioning", "trigger", "groups", "intent", "curation.exclude", "review", "thresholds.captions")
    return _task(steps.samples, reads, [SAMPLES, CAPTIONS_D], {**values, "crops": _own(CROPS_D)},
                 [*_profiles("kinds", "models"), *_vision()],
                 uptodate=[_skips(), _asked("captions"), _Looked(samples=True)])  # fmt: skip


def task_elements() -> dict[str, Any]:
    return _task(steps.elements, [IMAGES, AUDIT, DUPLICATES, SHORTLIST, SAMPLES, QUALITY_D, DUPLICATES_D, CAPTIONS_D],
                 [ELEMENTS, VISION],
                 _config("trigger", "intent.kind", "review.captions", *(f"captioning.{key}" for key in _ASKING)),
                 _vision(), uptodate=[_Looked(samples=False)])  # fmt: skip


def task_recaption() -> dict[str, Any]:
    task = _task(steps.recaption, [IMAGES, AUDIT, DUPLICATES, SHORTLIST, SAMPLES, QUALITY_D, DUPLICATES_D, CAPTIONS_D])
    return {**task, "uptodate": [False], "pos_arg": "pattern"}


def task_captions() -> dict[str, Any]:
    values = _config("captioning", "trigger", "groups", "intent", "review.captions", "thresholds.captions")
    return _task(steps.captions, [ELEMENTS, CAPTIONS_D, *_own(CROPS_D)], [CAPTIONS],
                 {**values, "vocabulary": steps.vocabulary_digest(_project()), "crops": _own(CROPS_D)},
                 [*_profiles("kinds", "models"), "resources/tags.yaml", "resources/words.json"])  # fmt: skip


_MEASURES = ("resources/asked.yaml", "resources/lexicon.yaml", "resources/looks.json")


def task_curate() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, DETAIL, SHORTLIST, LOOKS, ELEMENTS, CAPTIONS]
    return _task(steps.curate, [*reads, QUALITY_D, DUPLICATES_D, CAPTIONS_D], [CURATION, CURATION_D],
                 _config("curation", "thresholds.curation", "intent", "trigger", "review", "dataset.regularization"),
                 [*_MEASURES, *_profiles("kinds")], [_asked("curation")])  # fmt: skip


def task_select() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, SHORTLIST, SAMPLES, ELEMENTS, CAPTIONS, CURATION]
    reads += [QUALITY_D, DUPLICATES_D, CAPTIONS_D, CURATION_D, *_own(CROPS_D)]
    return _task(steps.select, reads, [SELECTION],
                 {**_config("curation.exclude", "review", "captioning.captioner", "groups"),
                  "crops": _own(CROPS_D)})  # fmt: skip


def _trainers() -> list[str]:
    return [f"resources/trainers/{name}.yaml" for name in _project().config["dataset"]["trainers"]]


def task_trainers() -> dict[str, Any]:
    values = _config("dataset", "groups", "thresholds.placement", "name", "model", "trigger")
    beside = regularization.mark(_project().root, _project().config["dataset"]["regularization"])
    return _task(training.trainers, [IMAGES, AUDIT, CAPTIONS, SELECTION], [PLACEMENTS],
                 {**values, "regularization": beside},
                 [*_profiles("models"), *_trainers()],
                 uptodate=[lambda: training.crops_drawn(_project())])  # fmt: skip


def task_report() -> dict[str, Any]:
    reads = [IMAGES, AUDIT, DUPLICATES, DETAIL, SAMPLES, LOOKS, ELEMENTS, VISION, CAPTIONS, CURATION, SELECTION,
             PLACEMENTS]  # fmt: skip
    present = Path(GATE_D).exists()  # a person's own file, which may be absent
    page = [f"resources/report/{p.name}" for p in sorted(bundled.path("resources/report").iterdir())]
    return _task(steps.report, [*reads, *([GATE_D] if present else [])],
                 ["dataset-report.md", "report.html", *PICTURES, GATE],
                 {"config": _project().config, "gate.yaml": present},
                 ["resources/gate.yaml", *page, *_profiles("kinds", "models"), *_trainers()])  # fmt: skip


def task_gate1() -> dict[str, Any]:
    """The verdict. Always runs, since a NO-GO that was seen once is still a NO-GO."""

    def gate1() -> TaskFailed | None:
        return None if console.verdict(Path.cwd()) else TaskFailed("", report=False)

    task = {
        "actions": [gate1],
        "file_dep": [GATE, "dataset-report.md"],
        "uptodate": [False],
        "task_dep": ["intent"],
    }
    return {**task, "doc": "All six phases and the verdict: GO or NO-GO"}


def task_dataset() -> dict[str, Any]:
    return _task(steps.dataset, [SELECTION, CAPTIONS, IMAGES, AUDIT, CAPTIONS_D, *_own(CROPS_D)], ["dataset.lock.json"],
                 {**_config("dataset", "name", "model", "groups", "trigger"), "crops": _own(CROPS_D)},
                 _profiles("models"),
                 uptodate=[lambda: steps.dataset_intact(_project())], task_dep=["gate1"])  # fmt: skip


def task_export() -> dict[str, Any]:
    return _task(training.export, ["dataset.lock.json", PLACEMENTS], [],
                 _config("dataset", "name", "trigger", "intent"), [*_profiles("kinds", "models"), *_trainers()],
                 uptodate=[lambda: training.exports_intact(_project())], task_dep=["dataset"])  # fmt: skip


def task_verify() -> dict[str, Any]:
    """Always runs, and writes nothing but what the phases before it do."""
    task = _task(steps.verify, [SELECTION, CAPTIONS, IMAGES, AUDIT])
    return {**task, "uptodate": [False], "task_dep": ["scan"]}


def task_diff() -> dict[str, Any]:
    """`loraprep diff REV`; the report of now is brought up to date first."""
    task = _task(steps.diff, ["dataset-report.md"])
    return {**task, "uptodate": [False], "pos_arg": "revision"}


def task_upscale() -> dict[str, Any]:
    """Only ever by name: it runs a program of the artist's own."""
    return {**_task(steps.upscale, [SELECTION, IMAGES]), "uptodate": [False]}
