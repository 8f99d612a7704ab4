"""Builds dataset/: what Gate 1 approved, as any trainer reads it right."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import PIL.Image

from loraprep import files, images, names
from loraprep.enlarge import trained_sizes
from loraprep.errors import Problem, UserError
from loraprep.model import Caption, Fate, Image

MANIFEST = "dataset.manifest.json"  # inside build/, so that a trainer never reads it as a picture


def repeats(kept: int, config: Mapping[str, Any]) -> int:
    """How often a folder is repeated so that images x repeats x epochs / batch size comes closest to the target steps.

    Rounded, not ceiled: ceil gives up to 38 % more steps than asked. At least 1.
    """
    dataset = config["dataset"]
    looks = dataset["steps"] * dataset["batch_size"]  # pictures looked at in the whole training
    return int(dataset["repeats"] or max(1, round(looks / (max(1, kept) * dataset["epochs"]))))


def folders(placed: Mapping[str, str], times: int) -> dict[str, str]:
    """path -> "10_mystyle/pier": the final place without extension; kohya folders keep their own repeats."""
    return {
        path: place if names.repeats_of(place.split("/")[0]) else f"{times}_{place}" for path, place in placed.items()
    }


def render(source: Path, *, background: str, least_area: int) -> bytes:
    """The picture as its owner sees it, as PNG: upright, sRGB, 8 bit RGB, no metadata.

    `least_area` in px: enlarge (Lanczos) to it, 0 for as it is. The same bytes under the same Pillow.
    Raises images.BadImage.
    """
    picture = images.open_upright(source, background)
    area = picture.width * picture.height
    if area < least_area:
        factor = (least_area / area) ** 0.5
        picture = picture.resize(
            (round(picture.width * factor), round(picture.height * factor)), PIL.Image.Resampling.LANCZOS
        )
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def edited(root: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Captions in dataset/ that no longer say what we wrote: a person's words, never overwritten."""
    changed = []
    for place, entry in sorted(manifest.items()):
        path = root / "dataset" / f"{place}.txt"
        if path.is_file() and files.sha256(path) != entry["caption"]:
            changed.append(f"dataset/{place}.txt")
    return changed


def build(
    root: Path,
    folder: Path,
    found: Sequence[Image],
    fates: Sequence[Fate],
    captions: Mapping[str, Caption],
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    *,
    keep_kohya: bool,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Writes dataset/, its manifest and dataset.lock.json; returns the lock.

    Raises UserError, before anything is written, for edited captions, foreign files and sources that
    changed since the scan.
    """
    manifest = _manifest(root)
    kept = [f for f in fates if f.fate == "kept"]
    image = {i.path: i for i in found}
    times = repeats(len(kept), config)
    placed = folders(names.places([f.path for f in kept], config["name"], keep_kohya=keep_kohya), times)
    _refuse(root, folder, manifest, placed, image)
    size = trained_sizes(config, model)[-1]
    lock: dict[str, Any] = {}
    for number, fate in enumerate(kept):
        if progress:
            progress(number, len(kept))
        source = image[fate.path]
        background = config["dataset"]["background"]
        area = size * size if fate.upscale else 0
        operations = f"upright srgb rgb8 background={background} least_area={area}"
        place, caption = placed[fate.path], captions[fate.path].text + "\n"
        target = root / "dataset" / f"{place}.png"
        old = manifest.get(place, {})
        unchanged = (
            old.get("source") == source.pixel_digest and old.get("operations") == operations and target.is_file()
            and files.sha256(target) == old.get("image")
        )  # fmt: skip
        if not unchanged:
            files.write(target, render(_pixels(root, folder, source), background=background, least_area=area))
        files.write(target.with_suffix(".txt"), caption)
        lock[place] = {
            "from": source.upscaled or fate.path, "source": source.pixel_digest, "operations": operations,
            "image": files.sha256(target), "caption": files.sha256(target.with_suffix(".txt")),
            "caption_from": captions[fate.path].origin,
        }  # fmt: skip
    _sweep(root, manifest, lock)
    files.write_json(root / "build" / MANIFEST, lock)
    result = {
        "images": lock,
        "repeats": times,
        "seen": times * config["dataset"]["epochs"],
        "made_with": {package: version(package) for package in ("loraprep", "pillow")},
    }
    files.write_json(root / "dataset.lock.json", result)
    return result


def _manifest(root: Path) -> dict[str, Any]:
    """What we wrote last time: the manifest, else (build/ was deleted) the lock."""
    for path, key in ((root / "build" / MANIFEST, None), (root / "dataset.lock.json", "images")):
        if path.is_file():
            data: dict[str, Any] = files.read_json(path)
            return data[key] if key else data
    return {}


def _pixels(root: Path, folder: Path, image: Image) -> Path:
    return root / image.upscaled if image.upscaled else folder / image.path


def _refuse(
    root: Path,
    folder: Path,
    manifest: Mapping[str, Any],
    placed: Mapping[str, str],
    image: Mapping[str, Image],
) -> None:
    problems = [
        Problem("you edited this caption, so it is not overwritten", path,
                f"Move your text to decisions/captions.yaml (`{_source(manifest, path)}: {{caption: \"...\"}}`), "
                "delete this file, then run loraprep dataset again.")
        for path in edited(root, manifest)
    ]  # fmt: skip
    for path, place in sorted(placed.items()):
        foreign = [root / "dataset" / f"{place}{ext}" for ext in (".png", ".txt")]
        problems += [
            Problem("this file was not made by loraprep and is in the way", f"dataset/{place}{p.suffix}",
                    "Move it out of dataset/ and run loraprep dataset again.")
            for p in foreign if p.exists() and place not in manifest
        ]  # fmt: skip
        source = _pixels(root, folder, image[path])
        if not source.is_file() or files.sha256(source) != image[path].pixel_digest:
            problems.append(Problem("changed since it was scanned", path, "Run loraprep gate1 again."))
    if problems:
        raise UserError.many(problems)


def _source(manifest: Mapping[str, Any], caption: str) -> str:
    return str(manifest[caption.removeprefix("dataset/").removesuffix(".txt")]["from"])


def _sweep(root: Path, manifest: Mapping[str, Any], lock: Mapping[str, Any]) -> None:
    """Removes what we wrote earlier and no longer want; never a file that is not ours, unchanged."""
    for place, entry in manifest.items():
        if place in lock:
            continue
        for suffix, digest in ((".png", entry["image"]), (".txt", entry["caption"])):
            path = root / "dataset" / f"{place}{suffix}"
            if path.is_file() and files.sha256(path) == digest:
                path.unlink()
        parent = (root / "dataset" / place).parent
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()


def intact(root: Path) -> bool:
    """Does dataset/ hold every file of the manifest, byte for byte?"""
    manifest = _manifest(root)
    return bool(manifest) and all(
        (path := root / "dataset" / f"{place}{suffix}").is_file() and files.sha256(path) == digest
        for place, entry in manifest.items()
        for suffix, digest in ((".png", entry["image"]), (".txt", entry["caption"]))
    )
