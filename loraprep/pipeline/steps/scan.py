"""The step that looks at every file. It runs each time, so what it seldom needs is loaded where it is needed."""

from __future__ import annotations

import msgspec

from loraprep.core import files, machine, terminal
from loraprep.core.errors import UserError
from loraprep.dataset import manifest
from loraprep.imaging import pool
from loraprep.pipeline.artifacts import BesideImages
from loraprep.pipeline.steps.drawn import draw_answers
from loraprep.pipeline.workspace import IMAGES, SCAN_CACHE, Workspace
from loraprep.project import crops, slips
from loraprep.scan import fingerprint, walk


def scan_images(work: Workspace, full: bool = False) -> None:
    """Look at every file in the images folder, and take over captions edited in dataset/."""
    slips.refuse(work.root)
    _scan(work, full)
    manifest.look(work.root)
    if manifest.caption_edited(work.root):
        from loraprep.captions import samples
        from loraprep.dataset import adopt

        digests = {i.path: i.digest for i in work.images() if i.state == "image"}
        for path in adopt.adopt_captions(work.root, samples.HEADER, digests):
            terminal.note(f"Your caption of {path} in dataset/ is in decisions/captions.yaml now.")


def _scan(work: Workspace, full: bool) -> None:
    draw_answers(work)
    project = work.project
    limits = project.settings.thresholds.audit
    memory = project.root / "build/scan-unchanged.json"
    outputs = [project.root / "build" / name for name in (IMAGES, BesideImages.NAME)]
    drawn = project.root / crops.NAME
    regularization = _regularization(work)
    pairs = project.kind.pairs
    if project.store:
        project.store.refresh(walk.of_words)
    mark = fingerprint.mark(
        project.images,
        project.root,
        [
            msgspec.to_builtins(project.settings.images),
            regularization,
            limits.max_megapixels,
            limits.max_megabytes,
            limits.max_seconds,
            limits.max_memory,
            files.sha256(drawn) if drawn.is_file() else "",
            *(["pairs"] if pairs else []),
        ],
    )
    if not full and fingerprint.holds(memory, mark, outputs):
        return
    cache = project.root / "build" / SCAN_CACHE
    if full or not cache.is_file():  # there are pictures to open for sure; else perhaps a caption was edited
        pool.POOL.start()  # while this process loads what it needs itself
    from loraprep.scan import scan

    _refuse_unmounted(work)
    with terminal.progress("Looking at the pictures") as progress:
        found = scan.scan_to_file(
            outputs[0],
            project.images,
            project.root,
            include=project.settings.images.include,
            exclude=project.settings.images.exclude,
            roles=project.settings.images.roles,
            regularization=regularization,
            pairs=pairs,
            max_megapixels=limits.max_megapixels,
            max_megabytes=limits.max_megabytes,
            max_seconds=limits.max_seconds,
            max_memory=limits.memory,
            cache=cache,
            full=full,
            progress=progress,
        )
    work.write(BesideImages(orphans=found.orphans, masks=found.masks))
    if found.settled:
        fingerprint.remember(memory, mark, outputs)


def _regularization(work: Workspace) -> str:
    """Return the folder of dataset.regularization as seen from the pictures' folder, "" if it lies elsewhere."""
    named = work.project.settings.dataset.regularization
    if not named:
        return ""
    folder, images = (work.root / named).absolute(), work.project.images.absolute()
    return folder.relative_to(images).as_posix() if folder.is_relative_to(images) and folder != images else ""


def _refuse_unmounted(work: Workspace) -> None:
    """Raise UserError for a folder that is empty where pictures were: the place where a disk is not mounted.

    All of them would count as gone, and what is known of them would be forgotten.
    """
    folder = work.project.images
    try:
        with files.scan(folder) as entries:
            if any(entries):
                return
    except OSError as error:
        raise machine.told(error, work.project.settings.images.folder) from None
    try:
        before = sum(image.state == "image" for image in work.images())
    except UserError:
        return
    if before:
        raise UserError(
            f"this folder is empty, and {before} picture{'s were' if before != 1 else ' was'} in it",
            place=work.project.settings.images.folder,
            hint="If it is on a disk or a share, mount it and run this again. If you emptied it, delete build/.",
        )
