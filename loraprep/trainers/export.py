"""exports/: what each trainer needs beside dataset/, written from its module's files and its HOW."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from loraprep.captions import hygiene
from loraprep.captions.render import prefix as prefix_tags
from loraprep.core import dataset_lock, files, paths
from loraprep.core.dataset_lock import DatasetLock
from loraprep.core.errors import Problem, UserError
from loraprep.core.escape import code, plain
from loraprep.core.text import number_of
from loraprep.curation.assessment import SamplePrompt
from loraprep.project.profiles import BaseModel, TrainerProfile
from loraprep.project.repeats import repeats_of
from loraprep.project.settings import Settings
from loraprep.trainers import masks, naming, placement, prompts, regularization
from loraprep.trainers.plan import TrainingPlan, usual_repeats
from loraprep.trainers.trainer import TrainingFolder, TrainingSet, trainer_module


def training_set(
    root: Path,
    locked: DatasetLock,
    plan: TrainingPlan,
    profile: TrainerProfile,
    settings: Settings,
    model: BaseModel,
    class_prompt: str,
    tries: Sequence[SamplePrompt] = (),
    carrying: Iterable[str] = (),
    captions: Mapping[str, str] | None = None,
) -> TrainingSet:
    """Describe dataset/ to one trainer. `tries`: the prompts to try first; `carrying`: see `prompts`; `captions`: place
    -> its text, where they are in no files of their own.

    Raises UserError when a caption or the regularization folder is gone.
    """
    bucket = settings.dataset.bucket
    above = "" if bucket else (settings.dataset.path or "").rstrip("/\\")
    prefix = f"{above}/" if above else ""
    top = f"{bucket}/" if bucket else f"{prefix}dataset/"
    names = sorted(locked.images)
    texts = _captions(root, names) if captions is None else {f"{n}.png": captions[n] for n in names if n in captions}
    before = prefix_tags(settings.captioning, model)
    counts = Counter(_folder_of(n) for n in names)
    folders = [_folder(name, top, count, locked) for name, count in sorted(counts.items())]
    return TrainingSet(
        name=settings.name,
        trigger=settings.trigger,
        before=len(before),
        lines=max((len(text.splitlines()) for text in texts.values()), default=1),
        class_prompt=class_prompt,
        tags=model.form == "tags" and _mostly_tags(texts.values(), settings.trigger),
        model=model.title,
        sizes=plan.sizes,
        folders=[folder for folder in folders if not naming.holds_out(folder.name)],
        regularization=_regularization(root, settings.dataset.regularization, prefix, plan.length.regularization),
        captions=texts,
        format=settings.dataset.format,
        batch_size=settings.dataset.batch_size,
        enlarge=settings.dataset.enlarge,
        grid=placement.bucket_grid(plan.trainer, settings.model),
        plan=plan,
        profile=profile,
        by=model.by(plan.trainer),
        above=prefix,
        bucket=bucket,
        prompts=prompts.sample_prompts(tries, locked, texts, carrying, settings.trigger, before, model),
        counted=_on_backgrounds(locked),
        held_out=[folder for folder in folders if naming.holds_out(folder.name)],
    )


def _mostly_tags(texts: Iterable[str], trigger: str) -> bool:
    """Say whether more captions list tags than speak in sentences, which a shuffle would take apart.

    SDXL and Stable Diffusion 1.5 read both, and a person's own words stay as they are.
    """
    forms = Counter(
        hygiene.form_of(body)
        for text in texts
        for line in text.splitlines()[:1]
        if (body := hygiene.bare(line, trigger))
    )
    return forms["prose"] <= forms["tags"]


def _on_backgrounds(locked: DatasetLock) -> str:
    trained = {place: i for place, i in locked.images.items() if not naming.holds_out(_folder_of(place))}
    return dataset_lock.counted(trained) if any(i.background is not msgspec.UNSET for i in trained.values()) else ""


def _folder(name: str, top: str, pictures: int, locked: DatasetLock) -> TrainingFolder:
    known = locked.masks
    masked = name in locked.folders and locked.folders[name].masks
    return TrainingFolder(
        name,
        top + name,
        repeats_of(name) or 1,
        pictures,
        f"{top}{known.folder}/{name}" if masked and known.folder else "",
        f"{top}{known.onetrainer}/{name}" if known.onetrainer else "",
        tuple(top + folder for folder in _controls(name, locked)),
    )


def _controls(name: str, locked: DatasetLock) -> list[str]:
    """List the folders of dataset/ that hold the pictures before the change for one of its folders, in their order."""
    before = (image.controls or {} for place, image in locked.images.items() if _folder_of(place) == name)
    return sorted({_folder_of(file) for files_ in before for file in files_})


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _captions(root: Path, names: list[str]) -> dict[str, str]:
    gone = [n for n in names if not files.plain(root / "dataset" / f"{n}.txt")]
    if gone:
        raise UserError.many(
            Problem("this caption is missing", dataset_lock.at(root, f"{n}.txt"), "Run loraprep dataset.") for n in gone
        )
    return {f"{n}.png": files.read_text(root / "dataset" / f"{n}.txt").strip() for n in names}


def _regularization(root: Path, folder: str | None, prefix: str, repeats: int) -> TrainingFolder | None:
    if folder is None:
        return None
    path = regularization.regularization_folder(root, folder)
    count = len(regularization.regularization_pictures(root, folder))
    if not count:
        raise UserError(
            f'dataset.regularization: there are no pictures in "{folder}"',
            place="project.yaml",
            hint="Put regularization pictures into that folder, or write null.",
        )
    return TrainingFolder(path.name, prefix + path.relative_to(root).as_posix(), max(1, repeats), count)


def write_exports(root: Path, chosen: Mapping[str, TrainingSet]) -> list[str]:
    """Write exports/<trainer>/ for the chosen trainers, remove what we wrote for others; return the sorted paths.

    Only what the manifest in build/ names, as it was written, is replaced or removed. A file that somebody edited
    stays as long as we have nothing new to say in it. Raises UserError, before anything is written, for files in the
    way that are not ours, or no longer.
    """
    wanted = {
        f"{name}/{file}": data
        for name in sorted(chosen)
        for file, data in {**_texts(name, chosen[name]), **masks.cut_masks(root, chosen[name])}.items()
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in wanted.items()}
    before, top = _manifest(root), root / "exports"
    now = {name: files.sha256(top / name) for name in {*wanted, *before} if files.plain(top / name)}
    other = {name for name, digest in now.items() if digest not in (digests.get(name), before.get(name))}
    if problems := [
        Problem(
            "you changed this file, and it would be written anew" if name in before else "loraprep did not write this",
            f"exports/{name}",
            "It stays as it is. Give it another name to keep it, or delete it; then run loraprep export again.",
        )
        for name in sorted(other)
        if name in wanted and digests[name] != before.get(name)
    ]:
        raise UserError.many(problems)
    # first what will be ours, so that a kill in between leaves nothing that nobody knows
    files.write_json(root / "build" / MANIFEST, {**digests, **before})
    for name, data in sorted(wanted.items()):
        if name not in other:
            files.write(top / name, data)
    for name in sorted(set(before) - set(wanted)):
        if name in now and name not in other:
            files.remove(top / name)
        for folder in Path(name).parents[:-1]:
            files.remove_if_empty(top / folder)
    files.write_json(root / "build" / MANIFEST, digests)
    return [f"exports/{name}" for name in sorted(wanted)]


MANIFEST = "exports.manifest.json"  # in build/: file in exports/ -> the digest of what we wrote


def _manifest(root: Path) -> dict[str, str]:
    """Read what was written where; {} without a manifest, and then whatever is there is not ours."""
    try:
        known = files.parse_json(files.read(root / "build" / MANIFEST), dict[str, str])
    except (OSError, msgspec.MsgspecError):
        return {}
    return {name: digest for name, digest in known.items() if not paths.fault(name, windows=os.name == "nt")}


def _texts(name: str, dataset: TrainingSet) -> dict[str, bytes]:
    """File name -> text of all that one trainer gets to read."""
    trainer = trainer_module(name)
    how = getattr(trainer, "SHARDS", {}).get(dataset.format, trainer.HOW)
    pairs, several = any(folder.controls for folder in dataset.folders), dataset.lines > 1
    more = {"BUCKET": bool(dataset.bucket), "PAIRS": pairs, "SEVERAL": several and dataset.format != "webdataset"}
    for words in (getattr(trainer, name, "") for name, wanted in more.items() if wanted):
        how = f"{how.strip()}\n\n{words}" if words else how
    texts = {**trainer.config_files(dataset), "README.md": readme(dataset, how)}
    return {file: (text.rstrip("\n") + "\n").encode() for file, text in texts.items()}


def _seen_more(dataset: TrainingSet) -> str:
    """Say what folders with repeats of their own change: " Those in 6_mystyle-hands about 90 times."."""
    common = usual_repeats(f.repeats for f in dataset.folders for _ in range(f.pictures))
    if not dataset.profile.repeats:
        alike = len({f.repeats for f in dataset.folders}) < 2
        return "" if alike else " This format has no repeats: all pictures alike."
    more = [
        f"{f.name} about {dataset.plan.length.seen * f.repeats // common} times"
        for f in dataset.folders
        if f.repeats != common
    ]
    return f" Those in {', '.join(more)}." if more else ""


def _start(dataset: TrainingSet) -> list[str]:
    """Write what is typed to train, where the trainer's profile knows it for this base model."""
    profile, calls = dataset.profile, dataset.by.calls
    own = {**profile.says, **profile.examples.get(calls, {}), **dataset.by.says}
    example = own.get("example", "")
    values = profile.told if example or "{example}" not in profile.told else profile.without
    if not profile.start or not calls or (profile.told and not values):
        return []
    folder = f"{dataset.above}exports/{dataset.plan.trainer}"
    said = {
        "network": calls,
        "of": dataset.model,
        **own,
        "calls": calls,
        "config": f"{folder}/{profile.config}",
        "samples": f"{folder}/sample_prompts.txt",
        "masked": "--masked_loss" if any(f.masks for f in dataset.folders) else "",
        "tokens": f"--max_token_length {window}" if (window := _window(dataset)) else "",
        "epochs": str(dataset.plan.length.epochs),
        "name": dataset.name,
        "title": profile.title,
    }
    lines = [re.sub(r" +", " ", line.format_map(said)).strip() for line in profile.start]
    if not dataset.prompts:  # there is no such file
        lines = [re.sub(r" --sample_prompts \S+( --sample_every_n_epochs \d+)?", "", line) for line in lines]
    told = ["Words in capitals are yours to fill in: the paths of what you downloaded."] if _to_fill_in(lines) else []
    if values:
        told.append(" ".join(values.format_map(said).split()))
    elif example:
        first = " ".join(example.split()[:2])
        told.append(
            f"From `{first}` on the values are {profile.title}'s own example for {said['of']}; "
            "loraprep recommends none but the epochs."
        )
    return ["## Start", "", *(part for line in lines for part in (f"    {line}", "")), " ".join(told), ""]


def _window(dataset: TrainingSet) -> int:
    """Return how many tokens kohya has to be told to read for every caption to be read whole; 0: as many as it does."""
    cut = dataset.plan.cut_captions.values()
    longest = max((c.tokens for c in cut), default=0)
    enough = [n for n in dataset.profile.windows if n >= longest]
    return enough[0] if cut and enough and all(c.exact for c in cut) else 0


def _to_fill_in(lines: Sequence[str]) -> bool:
    return any(re.search(r"(?<![\w=/\"])[A-Z][A-Z0-9_]{1,}(?![\w=])", line) for line in lines)


def _samples(dataset: TrainingSet) -> list[str]:
    """List the prompts to draw while it trains, with what each shows, and what makes the trainer draw them."""
    if not dataset.prompts:
        return []
    how = dataset.profile.samples or "{title} draws no samples while it trains: try these with what it made."
    folder = f"{dataset.above}exports/{dataset.plan.trainer}"
    return [
        "## Sample prompts",
        "",
        how.format(title=dataset.profile.title, config=folder),
        "",
        *(f"- {code(each.prompt)}: {plain(each.shows)}" for each in dataset.prompts),
        "",
    ]


def _held_out(dataset: TrainingSet) -> str:
    """Say which pictures are held out, and what makes the trainer measure on them."""
    number = sum(folder.pictures for folder in dataset.held_out)
    where = ", ".join(folder.path for folder in dataset.held_out)
    how = dataset.profile.validation or "{title} has no use for them: they are left out of training, and nothing more."
    config = f"{dataset.above}exports/{dataset.plan.trainer}"
    told = how.format(title=dataset.profile.title, config=config, size=dataset.sizes[-1])
    return f"- Held out, never trained: {number_of(number, 'picture')}, in {where}. {told}"


def readme(dataset: TrainingSet, how: str) -> str:
    """Write what a person needs to know to train with these files, as Markdown."""
    length, reg = dataset.plan.length, dataset.regularization
    about = "" if length.exact else "about "
    together = "sizes and captions" if length.captions > 1 else "sizes"
    lines = [
        f"# {dataset.name} for {dataset.profile.title}",
        "",
        dataset.made_for,
        "",
        how.strip(),
        "",
        *_start(dataset),
        *_samples(dataset),
        "## How long to train",
        "",
        f"- Epochs: {length.epochs}. Pictures a step (batch size): {dataset.batch_size}.",
        f"- That is {about}{length.steps_per_epoch} steps an epoch, {about}{length.steps} steps in all.",
        *([f"- {dataset.counted}. The backgrounds of a picture count together:"] if dataset.counted else []),
        f"- Each picture is seen about {length.seen} times, {together} together, as with any other trainer of this "
        f"project.{_seen_more(dataset)}",
        f"- Sizes: {', '.join(map(str, dataset.sizes))} ({dataset.model}).",
    ]
    if befores := sorted({path for folder in dataset.folders for path in folder.controls}):
        lines.append(f"- The pictures before the change, under the names of those after: {', '.join(befores)}.")
    if dataset.held_out:
        lines.append(_held_out(dataset))
    if reg:
        told = (
            "They come up about as often as yours, and their steps are counted above."
            if dataset.profile.regularization != "none"
            else "They are left out here."
        )
        lines.append(f"- Regularization pictures: {reg.pictures}, in {reg.path}. {told}")
    if cut := dataset.plan.cut_captions:
        sure = all(c.exact for c in cut.values())
        lines.append(
            f"- Captions that {'are' if sure else 'may be'} longer than the {dataset.plan.reads} tokens that "
            f"are read: {len(cut)}. dataset-report.md names them."
        )
        if window := _window(dataset):
            lines.append(f"- `--max_token_length {window}`, as in the command above, reads them whole.")
    return "\n".join(lines) + "\n"
