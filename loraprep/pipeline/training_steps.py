"""The steps that make what trains: what each trainer will do with the pictures, dataset/, and the files it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from loraprep.core import files, terminal
from loraprep.core.dataset_lock import read_lock
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.dataset import manifest
from loraprep.imaging.pictures import Pictures
from loraprep.pipeline import artifacts
from loraprep.project import decisions
from loraprep.project.profiles import TrainerProfile, trainer
from loraprep.project.project import Project
from loraprep.report import trainer_section
from loraprep.trainers import export as exports
from loraprep.trainers import forecast, naming, regularization
from loraprep.trainers.plan import TrainingPlan

if TYPE_CHECKING:
    from loraprep.dataset.outputs import Output


def _repeats(p: Project, kept: Sequence[str], found: Sequence[Image]) -> dict[str, int]:
    """Picture -> how often it comes up in an epoch: its folder's repeats, on every colour it stands on."""
    from loraprep.dataset.outputs import places

    keep_kohya = artifacts.read(p, "audit")["layout"] == "kohya"
    cutouts = {i.path for i in found if i.alpha and i.path in set(kept)}
    times: dict[str, int] = {}
    for (path, _), place in places(kept, cutouts, p.config, keep_kohya=keep_kohya).items():
        times[path] = times.get(path, 0) + (naming.repeats_of(place.split("/")[0]) or 1)
    return times


def _trainers(p: Project) -> dict[str, TrainerProfile]:
    return {name: trainer(name) for name in p.settings.dataset.trainers}


def trainers(p: Project) -> None:
    """What each trainer will do with each picture."""
    found, captions = artifacts.records(p), artifacts.captions(p)
    fates = artifacts.fates(p)
    repeats = _repeats(p, [f.path for f in fates if f.fate == "kept"], found)
    profiles = _trainers(p)
    folder = p.settings.dataset.regularization
    extra = regularization.regularization_sizes(p.root, folder)
    largest = forecast.trained_sizes(p.settings, p.base_model)[-1]
    pictures = forecast.training_pictures(found, fates, captions, repeats, largest)
    plans = [
        forecast.training_plan(name, profile, pictures, p.settings, p.base_model, extra)
        for name, profile in profiles.items()
    ]
    cut = forecast.crops_to_draw(plans, p.settings.thresholds.placement.cut)
    drawn = _draw(p, {i.path: i for i in found}, cut)
    noted = forecast.training_findings(plans, profiles, repeats, p.settings, p.base_model)
    if folder and not extra:
        noted.append(Finding(Code.REGULARIZATION_EMPTY, (), {"folder": folder}))
    artifacts.write(
        p,
        "placements",
        {"plans": artifacts.plain(plans), "repeats": repeats, "drawn": drawn, "findings": artifacts.plain(noted)},
    )


def _draw(p: Project, image: Mapping[str, Image], cut: Mapping[str, tuple[float, ...]]) -> list[str]:
    """Draws the crops and sweeps earlier ones; the paths drawn. A file that is gone since the scan is passed over."""
    from loraprep.imaging import decode  # Pillow and numpy, for which most runs have no use
    from loraprep.report import crop_preview

    folder, drawn = p.root / trainer_section.CROPS, []
    wanted = {f"{naming.stem(path)}.png" for path in cut}
    for old in sorted(folder.glob("*.png")) if folder.is_dir() else []:
        if old.name not in wanted:
            old.unlink()
    for path, box in sorted(cut.items()):
        try:
            shown = Pictures.of(p).preview(image[path])
        except (decode.BadImage, OSError):
            continue
        files.write(folder / f"{naming.stem(path)}.png", crop_preview.draw(shown, box))
        drawn.append(path)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    return drawn


def crops_drawn(p: Project) -> bool:
    """Is every crop that the report shows still there?"""
    stored = p.root / "build/placements.json"
    return stored.is_file() and all(
        (p.root / trainer_section.CROPS / f"{naming.stem(path)}.png").is_file()
        for path in files.read_json(stored)["drawn"]
    )


def export(p: Project) -> None:
    """What your trainers need beside dataset/: their own configuration files."""
    locked, advice = read_lock(p.root), p.kind_typed.regularization
    assert locked is not None  # a dependency of this task
    words = advice.class_prompt.format(class_word=p.settings.intent.class_word or advice.class_word)
    plans = msgspec.convert(artifacts.read(p, "placements")["plans"], list[TrainingPlan])
    profiles = _trainers(p)
    exports.write_exports(
        p.root,
        {
            plan.trainer: exports.training_set(
                p.root, locked, plan, profiles[plan.trainer], p.settings, p.base_model, words
            )
            for plan in plans
        },
    )


def exports_intact(p: Project) -> bool:
    """Is there a folder for every trainer of the project?"""
    return all((p.root / "exports" / name / "README.md").is_file() for name in p.settings.dataset.trainers)


def _outputs(p: Project) -> list[Output]:
    from loraprep.dataset.outputs import plan_outputs

    return plan_outputs(
        artifacts.records(p),
        artifacts.fates(p),
        artifacts.captions(p),
        decisions.read(p.root, "captions"),
        p.config,
        p.model,
        keep_kohya=artifacts.read(p, "audit")["layout"] == "kohya",
    )


def dataset(p: Project) -> None:
    """Builds the training folder: pictures, captions, and the lock that proves them."""
    from loraprep.dataset.build import build_dataset

    with terminal.progress("Building the dataset") as progress:
        build_dataset(Pictures.of(p), _outputs(p), p.config, progress=progress)


def verify(p: Project) -> bool:
    """Compares the dataset with its lock."""
    from loraprep.dataset.verify import verification_lines, verify_dataset

    locked = read_lock(p.root)
    if locked is None:
        raise UserError("there is no dataset.lock.json yet", hint="Build the dataset first: loraprep dataset")
    with terminal.progress("Comparing") as progress:
        found = verify_dataset(Pictures.of(p), _outputs(p), locked, progress=progress)
    for line in verification_lines(found):
        terminal.say(line)
    return not found.differs


def upscale(p: Project) -> None:
    """Enlarges the pictures decided for it with your own upscaler."""
    from loraprep.dataset.upscale import configured_upscaler, images_to_upscale, upscale_images

    pictures = images_to_upscale(artifacts.records(p), artifacts.fates(p))
    if not pictures:
        terminal.say("Nothing to enlarge: no picture in training has do: upscale without a version in upscaled/.")
        return
    upscaler = configured_upscaler()
    terminal.say(f"Running {upscaler.command[0]} for {len(pictures)} picture{'s' * (len(pictures) != 1)}.")
    with terminal.progress("Enlarging") as progress:
        made = upscale_images(Pictures.of(p), pictures, artifacts.records(p), upscaler, progress=progress)
    terminal.say(f"Written: {', '.join(made)}. Look at them, then run loraprep gate1: they are used instead.")


def dataset_intact(p: Project) -> bool:
    """Is every file of dataset/ still what we wrote?"""
    return manifest.dataset_intact(p.root)
