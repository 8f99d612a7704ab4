"""The steps about trainers: what each will do with the pictures, and the files it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loraprep.core import files, terminal
from loraprep.core.dataset_lock import read_lock
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Image
from loraprep.core.text import number_of
from loraprep.dataset import held_out, outputs
from loraprep.imaging.errors import BadImage
from loraprep.pipeline.artifacts import Audited, Captioned, Forecast, Selected
from loraprep.pipeline.steps.assessed import assessment_of
from loraprep.pipeline.steps.dataset import planned_outputs
from loraprep.pipeline.workspace import Workspace
from loraprep.project import profiles
from loraprep.project.profiles import TrainerProfile
from loraprep.project.project import Project
from loraprep.project.repeats import repeats_of
from loraprep.project.sizes import trained_sizes
from loraprep.report import trainer_section
from loraprep.trainers import caches, export, forecast, naming, regularization
from loraprep.trainers.plan import TrainingPlan


def _places(
    work: Workspace, kept: Sequence[str], found: Sequence[Image]
) -> tuple[dict[str, int], dict[str, str], dict[str, int]]:
    """Picture -> how often it comes up in an epoch, on every colour it stands on; -> its folder in dataset/; -> on how
    many colours it stands.

    `kept`: those that train.
    """
    keep_kohya = work.read(Audited).layout == "kohya"
    cutouts = {i.path for i in found if i.alpha and i.path in set(kept)}
    times: dict[str, int] = {}
    folders: dict[str, str] = {}
    copies: Counter[str] = Counter()
    for (path, _), place in outputs.output_places(kept, cutouts, work.project.settings, keep_kohya=keep_kohya).items():
        copies[path] += 1
        folders[path] = place.split("/")[0]
        times[path] = times.get(path, 0) + (repeats_of(folders[path]) or 1)
    return times, folders, copies


def _profiles(project: Project) -> dict[str, TrainerProfile]:
    return {name: profiles.trainer(name) for name in project.settings.dataset.trainers}


def _class_prompt(project: Project) -> str:
    """Return what regularization pictures are called: the class of what is taught."""
    advice = project.kind.regularization
    return advice.class_prompt.format(class_word=project.settings.intent.class_word or advice.class_word)


def forecast_trainers(work: Workspace) -> None:
    """Forecast what each trainer will do with each picture."""
    project = work.project
    found, selected = work.images(), work.read(Selected)
    kept = [f.path for f in selected.fates if f.fate == "kept"]
    repeats, folders, copies = _places(work, kept, found)
    with_mask = [i.path for i in found if i.path in folders and outputs.mask_of(i, project.settings)]
    chosen, folder = _profiles(project), project.settings.dataset.regularization
    extra = regularization.regularization_sizes(project.root, folder)

    def planned() -> list[TrainingPlan]:  # apart, since captions of very many pictures are let go of with it
        largest = trained_sizes(project.settings, project.base_model)[-1]
        captions, masked = work.read(Captioned).captions, {folders[path] for path in with_mask}
        pictures = forecast.training_pictures(
            found, selected.fates, captions, repeats, largest, folders, masked, copies
        )
        return [
            forecast.training_plan(name, profile, pictures, project.settings, project.base_model, extra)
            for name, profile in chosen.items()
        ]

    plans = planned()
    cut = forecast.crops_to_draw(plans, project.settings.thresholds.placement.cut)
    drawn = _draw(work, {i.path: i for i in found}, cut)
    noted = forecast.training_findings(plans, chosen, project.settings, project.base_model)
    noted += held_out.unread(selected.fates, {profile.title: profile.validation for profile in chosen.values()})
    noted += outputs.unread_masks(with_mask, {p.title: bool(p.loss_masks) for p in chosen.values()})
    if folder and not extra:
        noted.append(Finding(Code.REGULARIZATION_EMPTY, (), {"folder": folder}))
    elif folder:
        staying = set(kept)
        noted += regularization.without_words(project.root, folder, chosen.values(), _class_prompt(project))
        noted += regularization.trained_too(project.root, folder, [i for i in found if i.path in staying])
    work.write(Forecast(plans=plans, repeats=repeats, drawn=drawn, findings=noted))


def _draw(work: Workspace, image: Mapping[str, Image], cut: Mapping[str, tuple[float, ...]]) -> list[str]:
    """Draws the crops and sweeps earlier ones; the paths drawn. A file that is gone since the scan is passed over."""
    from loraprep.report import crop_preview

    folder, drawn = work.root / trainer_section.CROPS, []
    wanted = {naming.stem(path) for path in cut}
    for old in {naming.stem(path) for path in _drawn_before(work)} - wanted:
        files.remove(folder / f"{old}.png")
    for path, box in sorted(cut.items()):
        try:
            shown = work.pictures.preview(image[path])
        except (BadImage, OSError):
            continue
        files.write(folder / f"{naming.stem(path)}.png", crop_preview.draw_crop(shown, box))
        drawn.append(path)
    files.remove_if_empty(folder)
    return drawn


def _drawn_before(work: Workspace) -> list[str]:
    try:
        return work.read(Forecast).drawn
    except UserError:  # then nobody knows what is ours
        return []


def export_configs(work: Workspace, clear_caches: bool = False) -> None:
    """Write what the trainers need beside dataset/: their own configuration files."""
    project = work.project
    locked = read_lock(project.root)
    if locked is None:
        raise UserError("there is no dataset.lock.json yet", hint="Build the dataset first: loraprep dataset")
    words = _class_prompt(project)
    chosen = _profiles(project)
    assessed = assessment_of(work)
    carrying = [path for path, _ in assessed.carried]
    loose = project.settings.dataset.format == "folder"
    captions = None if loose else {output.place: output.caption for output in planned_outputs(work)}
    export.write_exports(
        project.root,
        {
            plan.trainer: export.training_set(
                project.root,
                locked,
                plan,
                chosen[plan.trainer],
                project.settings,
                project.base_model,
                words,
                () if project.kind.pairs else assessed.prompts,  # a sample of an edit needs a picture to change
                () if project.kind.pairs else carrying,
                captions,
            )
            for plan in work.read(Forecast).plans
        },
    )
    if clear_caches and (gone := caches.clear(project.root)):
        terminal.say(f"Removed: {number_of(gone, 'cache')} that trainers made of earlier pictures or captions.")
    if stale := caches.of_project(project.root):
        for line in (*caches.told(stale), caches.CLEARS):
            terminal.say(line, "yellow")
