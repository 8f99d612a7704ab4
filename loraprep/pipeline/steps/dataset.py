"""The steps about dataset/: building it, comparing it with its lock, enlarging what was decided for it."""

from __future__ import annotations

from loraprep.core import files, terminal
from loraprep.core.dataset_lock import read_lock
from loraprep.core.errors import UserError
from loraprep.dataset import build, outputs, upscale, verify
from loraprep.pipeline.artifacts import Audited, Captioned, Selected
from loraprep.pipeline.steps.inputs import caption_decisions
from loraprep.pipeline.workspace import Workspace


def build_dataset(work: Workspace) -> None:
    """Build the training folder: pictures, captions, and the lock that proves them."""
    project = work.project
    with terminal.progress("Building the dataset") as progress:
        build.build_dataset(work.pictures, planned_outputs(work), project.settings, progress=progress)


def verify_dataset(work: Workspace) -> bool:
    """Compare the dataset with its lock; False if they differ."""
    project = work.project
    locked = read_lock(project.root)
    if locked is None:
        raise UserError("there is no dataset.lock.json yet", hint="Build the dataset first: loraprep dataset")
    with terminal.progress("Comparing") as progress:
        form = project.settings.dataset.format
        found = verify.verify_dataset(work.pictures, planned_outputs(work), locked, form, progress=progress)
    if "verify" in work.as_json:
        terminal.raw(files.dumps(verify.verification_json(found)))
    else:
        for line in verify.verification_lines(found, every=terminal.level() is terminal.Level.VERBOSE):
            terminal.say(line)
    return not found.differs


def planned_outputs(work: Workspace) -> list[outputs.Output]:
    """List what dataset/ is to hold."""
    project = work.project
    return outputs.plan_outputs(
        work.images(),
        work.read(Selected).fates,
        work.read(Captioned).captions,
        caption_decisions(work),
        project.settings,
        project.base_model,
        keep_kohya=work.read(Audited).layout == "kohya",
    )


def upscale_images(work: Workspace) -> None:
    """Enlarge the pictures decided for it with the artist's own upscaler."""
    pictures = upscale.images_to_upscale(work.images(), work.read(Selected).fates)
    if not pictures:
        terminal.say("Nothing to enlarge: no picture in training has do: upscale without a version in upscaled/.")
        return
    upscaler = upscale.configured_upscaler()
    terminal.note(f"Running {upscaler.command[0]} for {len(pictures)} picture{'s' if len(pictures) != 1 else ''}.")
    with terminal.progress("Enlarging") as progress:
        made = upscale.upscale_images(work.pictures, pictures, work.images(), upscaler, progress=progress)
    terminal.say(f"Written: {', '.join(made)}. Look at them, then run loraprep gate1: they are used instead.")
