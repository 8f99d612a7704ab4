"""A folder of pictures as the scan would record it, without a folder."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from PIL import Image as Pillow

from loraprep.core.records import Group, Image
from loraprep.duplicates import duplicates
from loraprep.imaging import decode
from loraprep.project.decisions import Decisions, Question
from loraprep.scan import detail, inspect

Picture = Pillow.Image


def encoded(picture: Picture, form: str = "JPEG", quality: int = 92) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **({"quality": quality} if form == "JPEG" else {}))
    return stream.getvalue()


class Folder:
    """Pictures by name, as the scan would record them."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.data: dict[str, bytes] = {}
        self.opened: list[str] = []

    def add(self, path: str, data: bytes | Picture, **facts: Any) -> None:
        data = data if isinstance(data, bytes) else encoded(data)
        digest = hashlib.sha256(data).hexdigest()
        seen = {**inspect.inspect(data), "detail": detail.detail(decode.load(data).pixels), "words": []}
        made = msgspec.convert({**seen, "path": path, "state": "image", "digest": digest}, Image)
        self.images[path] = replace(made, bytes=len(data), pixel_digest=digest, pixel_bytes=len(data), **facts)
        self.data[path] = data

    def look(self, image: Image) -> Any:
        self.opened.append(image.path)
        small = Pillow.open(io.BytesIO(self.data[image.path])).convert("RGB")
        small.thumbnail((256, 256))
        return np.asarray(small)

    def find(self, **thresholds: float) -> list[Group]:
        return duplicates.find(list(self.images.values()), thresholds, self.look)

    def questions(self, decisions: Decisions | None = None) -> list[Question]:
        return duplicates.questions(self.find(), list(self.images.values()), decisions or Decisions())

    def left_out(self, decisions: Decisions | None = None, auto: bool = False) -> dict[str, Any]:
        images = list(self.images.values())
        fates = duplicates.outcome(self.find(), images, decisions or Decisions(), auto=auto)
        return {path: fate for path, fate in fates.items() if fate.fate == "left out"}
