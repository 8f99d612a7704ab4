"""A folder of pictures as the scan would record it, without a folder."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from PIL import Image as Pillow

from loraprep.core import typed
from loraprep.core.records import Group, Image
from loraprep.duplicates import keypoints, questions, relations
from loraprep.imaging import decode
from loraprep.project import schema
from loraprep.project.decisions import Decisions, Question
from loraprep.project.settings import DuplicateLimits
from loraprep.scan import detail, inspect

Picture = Pillow.Image


def duplicate_limits(**changed: Any) -> DuplicateLimits:
    """The schema's limits, some of them changed."""
    defaults = schema.with_defaults({"version": 1, "name": "x", "trigger": "x", "model": "flux"}, "project")
    return msgspec.convert({**defaults["thresholds"]["duplicates"], **changed}, DuplicateLimits)


def encoded(picture: Picture, form: str = "JPEG", quality: int = 92) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **({"quality": quality} if form == "JPEG" else {}))
    return stream.getvalue()


@lru_cache(maxsize=256)  # the same few pictures lie in many folders
def _seen(data: bytes) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(inspect.inspect(data)[0]),
        "detail": detail.detail(decode.load(data).pixels),
        "words": [],
    }


class Shown:
    """Pictures that `show` gives, at any size; for those who have them in memory. `known`: points by pixel digest."""

    def __init__(
        self, show: Callable[[Image], keypoints.Pixels], known: dict[str, keypoints.Keypoints] | None = None
    ) -> None:
        self._show, self._points = show, {} if known is None else known

    def prepare(self, images: Sequence[Image]) -> list[Image]:
        for image in images:
            if image.pixel_digest not in self._points:
                self._points[image.pixel_digest] = keypoints.of_picture(self.pixels(image))
        return list(images)

    def points(self, image: Image, ground: str = "#ffffff") -> keypoints.Keypoints:
        if not image.alpha or ground == "#ffffff":
            return self._points[image.pixel_digest]
        return keypoints.of_picture(self.pixels(image, ground))

    def pixels(self, image: Image, ground: str = "#ffffff") -> keypoints.Pixels:
        shown = self._show(image)
        if shown.shape[2] == 4 and not ground:
            shown = shown[..., :3]
        elif shown.shape[2] == 4:
            picture = Pillow.fromarray(shown)
            shown = np.asarray(Pillow.alpha_composite(Pillow.new("RGBA", picture.size, ground), picture).convert("RGB"))
        return keypoints.reduced(shown)


def find_groups(
    images: Sequence[Image],
    look: Callable[[Image], Any],
    *,
    before: Mapping[str, Image] | None = None,
    **thresholds: Any,
) -> list[Group]:
    """What is found among pictures that are in memory; the points of each are found once."""
    return relations.find_groups(images, duplicate_limits(**thresholds), Shown(look, _POINTS), before=before)


_POINTS: dict[str, keypoints.Keypoints] = {}


class Folder:
    """Pictures by name, as the scan would record them."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.data: dict[str, bytes] = {}
        self.opened: list[str] = []

    def add(self, path: str, data: bytes | Picture, **facts: Any) -> None:
        data = data if isinstance(data, bytes) else encoded(data)
        digest = hashlib.sha256(data).hexdigest()
        made = typed.convert({**_seen(data), "path": path, "state": "image", "digest": digest}, Image)
        self.images[path] = replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data), **facts)
        self.data[path] = data

    def look(self, image: Image) -> Any:
        self.opened.append(image.path)
        return np.asarray(Pillow.open(io.BytesIO(self.data[image.path])).convert("RGBA" if image.alpha else "RGB"))

    def find(self, **thresholds: Any) -> list[Group]:
        return find_groups(list(self.images.values()), self.look, **thresholds)

    def questions(self, decisions: Decisions | None = None) -> list[Question]:
        return questions.open_questions(self.find(), list(self.images.values()), decisions or Decisions())

    def left_out(self, decisions: Decisions | None = None, auto: bool = False) -> dict[str, Any]:
        images = list(self.images.values())
        fates = questions.outcome(self.find(), images, decisions or Decisions(), auto=auto)
        return {path: fate for path, fate in fates.items() if fate.fate == "left out"}
