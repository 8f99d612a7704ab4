"""Builds dataset/: what Gate 1 approved, as any trainer reads it right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from loraprep.core import files
from loraprep.core.errors import Problem, UserError
from loraprep.dataset import pixels
from loraprep.dataset.adopt import adopt, edited
from loraprep.dataset.lock import LOCK, MANIFEST, entries, intact, ours, read_lock
from loraprep.dataset.outputs import Output, places, plan, repeats, shape
from loraprep.dataset.verify import in_words, verify
from loraprep.imaging import decode
from loraprep.imaging.pictures import Pictures

__all__ = [
    "LOCK",
    "MANIFEST",
    "Output",
    "adopt",
    "build",
    "edited",
    "in_words",
    "intact",
    "places",
    "plan",
    "read_lock",
    "repeats",
    "verify",
]


def build(
    pictures: Pictures,
    outputs: Sequence[Output],
    config: Mapping[str, Any],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Writes dataset/, its manifest and dataset.lock.json; returns the lock.

    Only what differs is written, what we no longer want is removed, what isn't ours is not touched.
    Raises UserError, before anything is written, for foreign files in the way, sources that changed since the
    scan, and captions that were edited and not adopted.
    """
    root = pictures.root
    before = entries(root)
    _refuse(pictures, before, outputs)
    # A kill in the middle leaves files that no manifest knows: first it is written down what will be ours.
    journal = {o.place: {**before.get(o.place, {}), "files": _files(o), "next": _text_digest(o)} for o in outputs}
    files.write_json(root / "build" / MANIFEST, {**before, **journal})
    lock: dict[str, Any] = {}
    problems: list[Problem] = []
    for number, output in enumerate(outputs):
        if progress:
            progress(number, len(outputs))
        try:
            lock[output.place] = _one(pictures, output, before.get(output.place, {}))
        except (decode.BadImage, OSError) as error:
            reason = error.reason if isinstance(error, decode.BadImage) else str(error.strerror or error).lower()
            problems.append(Problem(f"could not be built: {reason}", output.image.path, "Run loraprep gate1 again."))
    if progress:
        progress(len(outputs), len(outputs))
    if problems:
        raise UserError.many(problems)
    _sweep(root, before, lock)
    files.write_json(root / "build" / MANIFEST, lock)
    result = {"images": lock, **shape(outputs, config), "made_with": pixels.made_with()}
    files.write_json(root / LOCK, result)
    return result


def _one(pictures: Pictures, output: Output, old: Mapping[str, Any]) -> dict[str, Any]:
    """Brings one picture, its caption, masks and twins up to date and returns the lock's entry."""
    top, text = pictures.root / "dataset", output.caption + "\n"
    same = old.get("source") == output.image.pixel_digest and old.get("operations") == output.operations
    target = top / f"{output.place}.png"
    data = target.read_bytes() if same and target.is_file() else b""
    if not data or hashlib.sha256(data).hexdigest() != old.get("image"):
        data = pixels.render(pictures, output)
        files.write(target, data)
        same = False
    files.write(target.with_suffix(".txt"), text)
    also: dict[str, str] = {}
    kept = same and old.get("mask_from") == output.mask_source
    known = old.get("also", {})
    for name in output.masks:
        path = top / name
        if not (kept and path.is_file() and files.sha256(path) == known.get(name)):
            files.write(path, pixels.render_mask(pictures, output, pixels.size_of(data)))
        also[name] = files.sha256(path)
    for twin in output.twins:
        files.write(top / f"{twin}.png", data)
        files.write(top / f"{twin}.txt", text)
        also |= {f"{twin}{suffix}": files.sha256(top / f"{twin}{suffix}") for suffix in (".png", ".txt")}
    image = output.image
    entry = {
        "path": image.path,
        "digest": image.digest,
        "trigger": output.trigger,
        "from": image.upscaled or image.of or image.path,
        "source": image.pixel_digest,
        "operations": output.operations,
        "image": hashlib.sha256(data).hexdigest(),
        "pixels": old["pixels"] if same and "pixels" in old else pixels.digest(data),
        "caption": hashlib.sha256(text.encode()).hexdigest(),
        "caption_from": output.origin,
        "decided": output.decided,
    }
    if output.several:
        entry["background"] = output.background
    if also:
        entry |= {"also": also, "mask_from": output.mask_source}
    return entry


def _text_digest(output: Output) -> str:
    return hashlib.sha256((output.caption + "\n").encode()).hexdigest()


def _files(output: Output) -> list[str]:
    """Every file of an output, relative to dataset/."""
    places = (output.place, *output.twins)
    return [*(f"{p}{suffix}" for p in places for suffix in (".png", ".txt")), *output.masks]


def _refuse(pictures: Pictures, before: Mapping[str, Any], outputs: Sequence[Output]) -> None:
    root = pictures.root
    problems = [
        Problem("you edited this caption since the last look", f"dataset/{name}", "Run loraprep dataset again.")
        for name in edited(root, before)
    ]
    known = {name for place, entry in before.items() for name in ours(place, entry)}
    problems += [
        Problem(
            "you changed this picture, so it is not overwritten",
            f"dataset/{place}.png",
            f"To keep it, move it to upscaled/ under the name of {entry.get('path', 'its picture')}; "
            "else delete it. Then run loraprep dataset again.",
        )
        for place, entry in sorted(before.items())
        if "image" in entry
        and "next" not in entry
        and (path := root / "dataset" / f"{place}.png").is_file()
        and files.sha256(path) != entry["image"]
    ]
    home = root.resolve()
    folders = sorted({(root / "dataset" / name).parent for output in outputs for name in _files(output)})
    problems += [
        Problem(
            "this folder is a link that leads out of the project, and is not written through",
            path.relative_to(root).as_posix(),
            "Put a real folder in its place.",
        )
        for path in folders
        if not path.resolve().is_relative_to(home)
    ]
    checked: dict[Path, str] = {}
    for output in outputs:
        problems += [
            Problem(
                "this file was not made by loraprep and is in the way",
                f"dataset/{name}",
                "Move it out of dataset/ and run loraprep dataset again.",
            )
            for name in _files(output)
            if name not in known and (root / "dataset" / name).exists()
        ]
        source = pictures.source(output.image)
        if source not in checked:
            checked[source] = files.sha256(source) if source.is_file() else ""
        if checked[source] != output.image.pixel_digest:
            problems.append(Problem("changed since it was scanned", output.image.path, "Run loraprep gate1 again."))
    if problems:
        raise UserError.many(problems)


def _sweep(root: Path, before: Mapping[str, Any], lock: Mapping[str, Any]) -> None:
    """Removes what we wrote earlier and no longer want; never a file that is not ours, unchanged."""
    wanted = {name for place, entry in lock.items() for name in ours(place, entry)}
    for place, entry in before.items():
        for name, digest in ours(place, entry).items():
            path = root / "dataset" / name
            if name not in wanted and path.is_file() and files.sha256(path) == digest:
                path.unlink()
                for parent in path.relative_to(root / "dataset").parents:
                    top = root / "dataset" / parent
                    if parent.parts and top.is_dir() and not any(top.iterdir()):
                        top.rmdir()
