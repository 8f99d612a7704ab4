"""What tasks notice besides the bytes of their files: answers that came, samples skipped, results that are gone."""

from __future__ import annotations

from loraprep.captions import danbooru
from loraprep.captions.vision.store import Store
from loraprep.core.errors import UserError
from loraprep.core.files import Json
from loraprep.dataset import manifest
from loraprep.pipeline.artifacts import Forecast, Sampled, VisionAsked
from loraprep.pipeline.steps import vision
from loraprep.pipeline.workspace import Workspace
from loraprep.report import trainer_section
from loraprep.trainers import caches, naming


def samples_skipped(work: Workspace) -> list[str]:
    """Return the samples a person skipped, the captioners they chose and the cleaning they took back.

    Others are asked then, or the same ones with other words.
    """
    told = vision.caption_answers(work)
    chosen = [f"{key}: {name}" for key, name in sorted(told.chosen.items())]
    return [*told.skipped, *chosen, *(f"undo {what}" for what in told.undone)]


def answers_known(work: Workspace, *, samples: bool) -> dict[str, Json]:
    """Return what the task last knew of responses/: the answers there are, and whether some may come."""
    if not vision.uses_vision(work):
        return {}
    try:
        if samples:
            before = work.read(Sampled)
            digests = {i.asked_as for i in work.images() if i.path in set(before.samples)}
            return {"answers": Store(work.root).fingerprint(digests), "waiting": bool(before.missing)}
        coming = {code for code in work.read(VisionAsked).waiting.values() if code != "approval"}
        return {"answers": Store(work.root).fingerprint(), "waiting": bool(coming)}
    except (OSError, UserError):
        return {"waiting": True}


def vocabulary_digest(work: Workspace) -> str:
    """Return the digest of the list that checks this project's tags, "" if there is none."""
    project = work.project
    tagger = project.settings.captioning.tagger
    return danbooru.vocabulary_digest(project.root, tagger) if project.base_model.vocabulary else ""


def crops_drawn(work: Workspace) -> bool:
    """Say whether every crop that the report shows is still there."""
    folder = work.root / trainer_section.CROPS
    try:
        return all((folder / f"{naming.stem(path)}.png").is_file() for path in work.read(Forecast).drawn)
    except UserError:
        return False


def dataset_intact(work: Workspace) -> bool:
    """Say whether every file of dataset/ is still what was written."""
    return manifest.dataset_intact(work.root)


def exports_intact(work: Workspace) -> bool:
    """Say whether there is a folder for every trainer of the project, and no cache that has to be told of."""
    trainers = work.project.settings.dataset.trainers
    made = all((work.root / "exports" / name / "README.md").is_file() for name in trainers)
    return made and not caches.of_project(work.root)
