"""Build dataset/: what Gate 1 approved, as any trainer reads it right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple, TypeAlias

from msgspec.structs import replace

from loraprep.core import files, machine
from loraprep.core.dataset_lock import DatasetLock, LockedImage, at, write_lock
from loraprep.core.errors import Problem, UserError
from loraprep.core.text import listed
from loraprep.dataset import packed, pixels, shards
from loraprep.dataset.adopt import edited_captions
from loraprep.dataset.manifest import has_manifest, read_manifest, strangers, write_manifest, written_files
from loraprep.dataset.outputs import Control, Output, folder_layout, locked
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import profiles
from loraprep.project.settings import Settings


def build_dataset(
    pictures: Pictures,
    outputs: Sequence[Output],
    settings: Settings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> DatasetLock:
    """Write dataset/, its manifest and dataset.lock.json; return the lock.

    Only what differs is written, what we no longer want is removed, what isn't ours is not touched.
    Raises UserError, before anything is written, for foreign files in the way, sources that changed since the
    scan, and captions that were edited and not adopted.
    """
    root, form = pictures.root, settings.dataset.format
    if form != "folder":
        shards.needed(form)
    before = read_manifest(root)
    if there := files.training_folder(root):
        there.refresh()
        there.learn(written_files(before))
    _refuse_several(outputs, settings)
    ours = _shards(outputs, form) if form != "folder" else {output.place: _files(output) for output in outputs}
    _refuse(pictures, before, outputs, ours)
    # A kill in the middle leaves files that no manifest knows: first it is written down what will be ours.
    journal = {o.place: replace(before.get(o.place, _NEW), files=ours[o.place], next=_text_digest(o)) for o in outputs}
    write_manifest(root, {**before, **journal})
    if form == "folder":
        built, problems = _loose(pictures, outputs, before, progress)
    else:
        built, problems = packed.build(pictures, outputs, form, before, progress)
    if problems:
        raise UserError.many(problems)
    _sweep(root, before, built)
    write_manifest(root, built)
    layout = folder_layout(outputs, settings)
    lock = DatasetLock(
        images=built,
        folders=layout.folders,
        repeats=layout.repeats,
        seen=layout.seen,
        masks=layout.masks,
        made_with=pixels.made_with(form),
    )
    write_lock(root, lock)
    return lock


def _loose(
    pictures: Pictures,
    outputs: Sequence[Output],
    before: Mapping[str, LockedImage],
    progress: Callable[[int, int], None] | None,
) -> packed.Built:
    """Write each picture and caption as a file of its own; return place -> what the lock says, and what failed."""
    root = pictures.root
    there = files.training_folder(root)
    fresh, failed = _rendered(pictures, outputs, before, progress)
    befores = _rendered_controls(pictures, outputs, before, failed)
    if there:
        captions = ((f"{o.place}.txt", f"{o.caption}\n".encode()) for o in outputs if o.place not in failed)
        there.write_all(captions)
    built: dict[str, LockedImage] = {}
    problems: list[Problem] = []
    for output in outputs:
        try:
            if output.place in failed:
                raise failed[output.place]
            old = before.get(output.place, _NEW)
            built[output.place] = _built(pictures, output, old, fresh.get(output.place), befores)
        except (BadImage, FileNotFoundError) as error:
            reason = error.reason if isinstance(error, BadImage) else str(error.strerror or error).lower()
            problems.append(Problem(f"could not be built: {reason}", output.image.path, "Run loraprep gate1 again."))
        except FileExistsError as error:
            hint = "Run loraprep dataset again: what you wrote is kept."
            problems.append(
                Problem("changed while this was built, so it is not overwritten", at(root, str(error.filename)), hint)
            )
        except OSError as error:  # the disk's, and no better with the next picture
            raise machine.told(error, output.image.path) from None
    return built, problems


_NEW = LockedImage()


class Rendered(NamedTuple):
    """Digests of a picture that was written: of the PNG, and of its decoded pixels."""

    image: str
    pixels: str


def _stands(root: Path, output: Output, old: LockedImage) -> bool:
    """Say whether the picture in dataset/ is what it would become."""
    target = root / "dataset" / f"{output.place}.png"
    made_so = old.source == output.image.pixel_digest and old.operations == output.operations
    return made_so and files.plain(target) and files.sha256(target) == old.image


def _rendered(
    pictures: Pictures,
    outputs: Sequence[Output],
    before: Mapping[str, LockedImage],
    progress: Callable[[int, int], None] | None,
) -> tuple[dict[str, Rendered], dict[str, Exception]]:
    """Write every picture that does not stand there yet; return place -> what was written, and why some were not."""
    root, done = pictures.root, 0
    todo = [o for o in outputs if not _stands(root, o, before.get(o.place, _NEW))]
    fresh: dict[str, Rendered] = {}
    failed: dict[str, Exception] = {}
    for background, area in sorted({(o.background, o.area) for o in todo}):
        places = {o.image.path: o for o in todo if (o.background, o.area) == (background, area)}
        write = _put if files.training_folder(root) else _write
        with closing(write(pictures, places, background, area)) as answers:
            for place, answer in answers:
                if isinstance(answer, Exception):
                    failed[place] = answer
                else:
                    fresh[place] = answer
                done += 1
                if progress:
                    progress(done, len(todo))
    return fresh, failed


_Written: TypeAlias = Generator[tuple[str, Rendered | Exception], None, None]


def _write(pictures: Pictures, places: Mapping[str, Output], background: str, area: int) -> _Written:
    """Render pictures and write them; yield (place, what was written, or what was raised instead).

    `places`: path of a picture -> what becomes of it.
    """
    with closing(pixels.render_each(pictures, [o.image for o in places.values()], background, area)) as answers:
        for image, answer in answers:
            place = places[image.path].place
            if isinstance(answer, Exception):
                yield place, answer
                continue
            data, shown = answer
            try:
                files.write(pictures.root / "dataset" / f"{place}.png", data)
            except OSError as error:
                raise machine.told(error, image.path) from None
            yield place, Rendered(hashlib.sha256(data).hexdigest(), shown)


def _put(pictures: Pictures, places: Mapping[str, Output], background: str, area: int) -> _Written:
    """Do the same where dataset/ is a bucket: whoever renders a picture puts it there, a worker on its own way."""
    there = files.training_folder(pictures.root)
    assert there
    wanted = [(o.image, name, there.listed(name)) for o in places.values() for name in [f"{o.place}.png"]]
    with closing(pixels.put_each(pictures, wanted, background, area)) as answers:
        for (image, name, _), answer in answers:
            place = places[image.path].place
            if isinstance(answer, Exception):
                yield place, answer
                continue
            put, shown = answer
            there.note(name, put)
            yield place, Rendered(put.digest, shown)


def _rendered_controls(
    pictures: Pictures,
    outputs: Sequence[Output],
    before: Mapping[str, LockedImage],
    failed: dict[str, Exception],
) -> dict[str, str]:
    """Write the pictures before a change that do not stand there yet; return file -> digest of those that do.

    Each is opened once, whatever number of targets it serves. `failed`: place -> why, which grows.
    """
    top, known = pictures.root / "dataset", {}
    todo: dict[tuple[str, int], dict[tuple[str, object, int], list[tuple[Output, Control]]]] = {}
    for output in outputs:
        old = before.get(output.place, _NEW)
        for control in output.controls:
            stands = (old.controls or {}).get(control.file) == control.source and files.plain(top / control.file)
            digest = files.sha256(top / control.file) if stands else ""
            if digest and digest == (old.also or {}).get(control.file):
                known[control.file] = digest
                continue
            image = control.image
            made = todo.setdefault((control.background, control.area), {})
            made.setdefault((image.path, image.box, image.turn), []).append((output, control))
    for (background, area), images in todo.items():
        records = [places[0][1].image for places in images.values()]
        with closing(pixels.render_each(pictures, records, background, area)) as answers:
            for image, answer in answers:
                for output, control in images[image.path, image.box, image.turn]:
                    if isinstance(answer, Exception):
                        failed[output.place] = answer
                        continue
                    try:
                        files.write(top / control.file, answer[0])
                    except OSError as error:
                        raise machine.told(error, image.path) from None
                    known[control.file] = hashlib.sha256(answer[0]).hexdigest()
    return known


def _built(
    pictures: Pictures, output: Output, old: LockedImage, fresh: Rendered | None, befores: Mapping[str, str]
) -> LockedImage:
    """Bring a picture's caption, masks and twins up to date; it stands there itself. Raises BadImage, OSError.

    `befores`: file of a picture before a change -> its digest; these stand there too.
    """
    top, text = pictures.root / "dataset", output.caption + "\n"
    target = top / f"{output.place}.png"
    made = fresh or Rendered(old.image, old.pixels or pixels.digest(files.read(target)))
    files.write(target.with_suffix(".txt"), text)
    also: dict[str, str] = {control.file: befores[control.file] for control in output.controls}
    masks_stand = fresh is None and old.mask_from == output.mask_source
    known = old.also or {}
    for name in output.masks:
        path = top / name
        if not (masks_stand and files.plain(path) and files.sha256(path) == known.get(name)):
            files.write(path, pixels.render_mask(pictures, output, pixels.size_of(files.read(target, pixels.HEAD))))
        also[name] = files.sha256(path)
    for twin in output.twins:
        files.write(top / f"{twin}.png", files.read(target))
        files.write(top / f"{twin}.txt", text)
        also |= {f"{twin}{suffix}": files.sha256(top / f"{twin}{suffix}") for suffix in (".png", ".txt")}
    for name, captions in output.listings:
        files.write(top / name, captions)
        also[name] = hashlib.sha256(captions.encode()).hexdigest()
    return locked(output, made.image, made.pixels, also)


def _text_digest(output: Output) -> str:
    return hashlib.sha256((output.caption + "\n").encode()).hexdigest()


def _files(output: Output) -> tuple[str, ...]:
    """List every file of an output, relative to dataset/."""
    places = (output.place, *output.twins)
    controls = (control.file for control in output.controls)
    listings = (name for name, _ in output.listings)
    return (*(f"{p}{suffix}" for p in places for suffix in (".png", ".txt")), *output.masks, *controls, *listings)


def _shards(outputs: Sequence[Output], form: str) -> dict[str, tuple[str, ...]]:
    """Map place -> the files that come with it: of a shard's pictures the first brings it."""
    brought = {inside[0].place: (name,) for name, inside in packed.members(outputs, form).items()}
    return {output.place: brought.get(output.place, ()) for output in outputs}


def _refuse_several(outputs: Sequence[Output], settings: Settings) -> None:
    """Raise UserError where a trainer takes all pictures of a bucket for one folder, and there would be several."""
    folders = sorted({name.rpartition("/")[0] for output in outputs for name in _files(output)})
    titles = [p.title for name in settings.dataset.trainers if (p := profiles.trainer(name)).buckets == "whole"]
    if settings.dataset.bucket and titles and len(folders) > 1:
        raise UserError(
            f"{titles[0]} takes all pictures of a bucket for one folder, and here are {listed(folders)}",
            place="project.yaml",
            hint="Without groups, masks, held-out pictures and pairs there is one. Or write dataset.path: null, and "
            "copy dataset/ to the machine that trains.",
        )


def _refuse(
    pictures: Pictures,
    before: Mapping[str, LockedImage],
    outputs: Sequence[Output],
    ours: Mapping[str, tuple[str, ...]],
) -> None:
    """Raise UserError, naming every file that a build would overwrite, write through or build from other pixels.

    `ours`: place -> the files that are to be written for it.
    """
    root = pictures.root
    problems = [
        Problem("you edited this caption since the last look", at(root, name), "Run loraprep dataset again.")
        for name in edited_captions(root, before)
    ]
    known = written_files(before)
    if not has_manifest(root) and (foreign := strangers(root, known)):
        problems.append(
            Problem(
                f"this folder came from elsewhere: loraprep did not write {listed(foreign)}",
                at(root).rstrip("/"),
                "A trainer would read those files as well. Move the folder away or delete it, and run loraprep dataset "
                "again: it is built anew.",
            )
        )
    problems += [
        Problem(
            "you changed this picture, so it is not overwritten",
            at(root, f"{place}.png"),
            f"To keep it, move it to upscaled/ under the name of {image.path or 'its picture'}; "
            "else delete it. Then run loraprep dataset again.",
        )
        for place, image in sorted(before.items())
        if image.image
        and not image.next
        and files.plain(path := root / "dataset" / f"{place}.png")
        and files.sha256(path) != image.image
    ]
    problems += [
        Problem(
            "you changed this file, so it is not overwritten",
            at(root, name),
            "It is made of the .txt files: write your words there, delete it, and run loraprep dataset again.",
        )
        for _, image in sorted(before.items())
        if not image.next
        for name, digest in image.listings.items()
        if files.plain(path := root / "dataset" / name) and files.sha256(path) != digest
    ]
    problems += [
        Problem(
            "you changed this file, so it is not overwritten",
            at(root, name),
            "What is in it is made of your pictures and of decisions/captions.yaml: write your words there, delete "
            "this file, and run loraprep dataset again.",
        )
        for _, image in sorted(before.items())
        if not image.next
        for name, digest in (image.shards or {}).items()
        if files.plain(path := root / "dataset" / name) and files.sha256(path) != digest
    ]
    checked: dict[Path, str] = {}
    for output in outputs:
        problems += [
            Problem(
                "this file was not made by loraprep and is in the way",
                at(root, name),
                f"Move it out of {at(root)} and run loraprep dataset again.",
            )
            for name in ours[output.place]
            if name not in known and files.exists(root / "dataset" / name)
        ]
        for image in (output.image, *(control.image for control in output.controls)):
            source = pictures.source(image)
            if source not in checked:
                checked[source] = files.sha256(source) if files.is_file(source) else ""
            if checked[source] != image.pixel_digest:
                problems.append(Problem("changed since it was scanned", image.path, "Run loraprep gate1 again."))
    if problems:
        raise UserError.many(problems)


def _sweep(root: Path, before: Mapping[str, LockedImage], built: Mapping[str, LockedImage]) -> None:
    """Remove what we wrote earlier and no longer want; never a file that is not ours, unchanged."""
    wanted = written_files(built)
    for name, digest in written_files(before).items():
        path = root / "dataset" / name
        if name not in wanted and files.plain(path) and files.sha256(path) == digest:
            files.remove(path)
            for parent in path.relative_to(root / "dataset").parents:
                if parent.parts:
                    files.remove_if_empty(root / "dataset" / parent)
