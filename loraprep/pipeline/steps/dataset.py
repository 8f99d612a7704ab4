"""The steps about dataset/: building it, comparing it with its lock, enlarging what was decided for it."""

from __future__ import annotations

from loraprep.core import terminal
from loraprep.core.errors import UserError
from loraprep.dataset import build, lock, upscale
from loraprep.pipeline.artifacts import Audited, Captioned, Selected
from loraprep.pipeline.workspace import Workspace


def build_dataset(work: Workspace) -> None:
    """Build the training folder: pictures, captions, and the lock that proves them."""
    project = work.project
    with terminal.progress("Building the dataset") as progress:
        build.build(work.pictures, _outputs(work), project.config, progress=progress)


def verify_dataset(work: Workspace) -> bool:
    """Compare the dataset with its lock; False if they differ."""
    project = work.project
    locked = lock.read_lock(project.root)
    if locked is None:
        raise UserError("there is no dataset.lock.json yet", hint="Build the dataset first: loraprep dataset")
    with terminal.progress("Comparing") as progress:
        found = build.verify(work.pictures, _outputs(work), locked, progress=progress)
    for line in build.in_words(found):
        terminal.say(line)
    return not found.differs


def _outputs(work: Workspace) -> list[build.Output]:
    project = work.project
    return build.plan(
        work.images(),
        work.read(Selected).fates,
        work.read(Captioned).captions,
        work.decisions("captions"),
        project.config,
        project.model,
        keep_kohya=work.read(Audited).layout == "kohya",
    )


def upscale_images(work: Workspace) -> None:
    """Enlarge the pictures decided for it with the artist's own upscaler."""
    pictures = upscale.wanted(work.images(), work.read(Selected).fates)
    if not pictures:
        terminal.say("Nothing to enlarge: no picture in training has do: upscale without a version in upscaled/.")
        return
    upscaler = upscale.configured()
    terminal.say(f"Running {upscaler.command[0]} for {len(pictures)} picture{'s' * (len(pictures) != 1)}.")
    with terminal.progress("Enlarging") as progress:
        made = upscale.run(work.pictures, pictures, work.images(), upscaler, progress=progress)
    terminal.say(f"Written: {', '.join(made)}. Look at them, then run loraprep gate1: they are used instead.")
