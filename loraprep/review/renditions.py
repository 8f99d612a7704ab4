"""Render the pictures that the page shows: whole, as they will train, and where two of them differ."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable

import numpy as np
import PIL.Image
from PIL import ImageFilter
from PIL.Image import Resampling

from loraprep.core import files
from loraprep.core.findings import Code
from loraprep.core.records import Image, Lying
from loraprep.dataset import pixels
from loraprep.dataset.outputs import mask_of
from loraprep.duplicates import geometry
from loraprep.imaging import thumbnails
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import crops
from loraprep.project.project import Project
from loraprep.project.settings import Settings
from loraprep.review import light
from loraprep.trainers import placement

LONGEST = 1600  # px; what a large screen shows of one picture
THUMB = 256
_OURS = re.compile(r"[0-9a-f]{64}-")
_MARKED = 0.04  # of the range; below it is what saving a JPEG again does


class Renditions:
    """Pictures as bytes, kept under build/review/ by digest. Every method raises BadImage, OSError."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.source = Pictures.of(project)
        self.folder = project.root / "build" / "review"

    def sweep(self, images: Iterable[Image]) -> None:
        """Forget what belongs to no picture any more."""
        alive = {i.pixel_digest for i in images}
        for path in files.listed(self.folder, ".jpg"):
            if _OURS.match(path.name) and path.name[:64] not in alive:
                files.remove(path)

    def thumb(self, image: Image) -> bytes:
        """Return a WebP, at most THUMB px on the long side, from the cache that the report fills too."""
        background = self.project.settings.dataset.backgrounds[0]
        data = thumbnails.thumbnail(self.source, image, THUMB, background, self.project.root / thumbnails.FOLDER)
        if not data:
            raise BadImage(Code.BROKEN, "it is gone or damaged; run Gate 1 again")
        return data

    def large(self, image: Image) -> bytes:
        """Return a JPEG, at most LONGEST px on the long side, never enlarged."""
        return self._kept(f"{crops.shown(image)}-large", lambda: self.source.apart(_large, image, self._ground))

    def whole(self, image: Image, turn: int) -> bytes:
        """As `large`, of all that the picture's crop is cut from, turned by so many degrees."""
        return self.large(light.whole(image, turn))

    def full(self, image: Image, turn: int) -> bytes:
        """Return the same, every pixel of it; kept by the browser alone."""
        return self.source.apart(_full, light.whole(image, turn), self._ground)

    def masked(self, image: Image, turn: int) -> bytes:
        """Show the same with everything in magenta that the picture's loss mask does not let a model learn.

        Raises BadImage if it has no mask.
        """
        mask = mask_of(image, self.project.settings)
        if not mask:
            raise BadImage(Code.BROKEN, "it has no mask")
        name = f"{crops.shown(light.whole(image, turn))}-mask-{image.mask_digest[:12]}"
        return self._kept(name, lambda: self.source.apart(_masked, light.whole(image, turn), self._ground, mask))

    def trained(self, image: Image, size: int) -> bytes:
        """Return exactly the pixels the trainer sees at a trained size: scaled to its bucket (Lanczos) and cut."""
        settings = self.project.settings
        enlarged = "" if settings.dataset.enlarge else "-small"
        shape = f"{placement.reference_trainer(settings)}-{settings.model}-{size}{enlarged}"
        return self._kept(f"{crops.shown(image)}-{shape}", lambda: self.source.apart(_trained, image, settings, size))

    def difference(self, first: Image, second: Image, lying: Lying) -> bytes:
        """Show the first picture, pale, with the places where the second one differs in full and outlined."""
        return self._pair(_difference, "differs", first, second, lying)

    def laid(self, first: Image, second: Image, lying: Lying) -> bytes:
        """Show the second picture where it lies over the first, at the size of the first."""
        return self._pair(_laid, "laid", first, second, lying)

    def _pair(self, make: Callable[..., bytes], what: str, first: Image, second: Image, lying: Lying) -> bytes:
        name = f"{crops.shown(first)}-{crops.shown(second)}-{what}{'-mirrored' if lying.mirrored else ''}"
        return self._kept(name, lambda: self.source.apart(make, first, second, self._ground, lying))

    @property
    def _ground(self) -> str:
        return self.project.settings.dataset.backgrounds[0]

    def _kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        path = self.folder / f"{name}-{self._ground.lstrip('#')}.jpg"
        try:
            return files.read(path)
        except FileNotFoundError:
            data = make()
            files.write(path, data, sync=False)
            return data


def _large(pictures: Pictures, image: Image, background: str) -> bytes:
    return _jpeg(pictures.upright(image, background, LONGEST), 88)


def _full(pictures: Pictures, image: Image, background: str) -> bytes:
    return _jpeg(pictures.upright(image, background), 92)


def _masked(pictures: Pictures, image: Image, background: str, mask: str) -> bytes:
    picture = pictures.upright(image, background, LONGEST)
    learned = pixels.mask_pixels(pictures, image, mask, picture.size)
    magenta = PIL.Image.blend(picture, PIL.Image.new("RGB", picture.size, "#d6249f"), 0.6)
    return _jpeg(PIL.Image.composite(picture, magenta, learned), 88)


def _trained(pictures: Pictures, image: Image, settings: Settings, size: int) -> bytes:
    picture = pictures.upright(image, settings.dataset.backgrounds[0])
    placed = placement.place_picture(picture.width, picture.height, size, settings)
    if placed is None:
        raise BadImage(Code.BROKEN, f"its shape fits no bucket at {size}")
    return _jpeg(picture.resize(placed.bucket, Resampling.LANCZOS, box=placed.box), 95)


def _difference(pictures: Pictures, first: Image, second: Image, background: str, lying: Lying) -> bytes:
    one = pictures.upright(first, background, 1000)
    two = pictures.upright(second, background, 1000)
    apart = geometry.difference(np.asarray(one), np.asarray(two), lying)
    mask = PIL.Image.fromarray((apart > _MARKED).astype(np.uint8) * 255).resize(one.size, Resampling.BILINEAR)
    mask = mask.point(lambda v: 255 if v > 96 else 0)
    edge = PIL.Image.fromarray(
        np.asarray(mask.filter(ImageFilter.MaxFilter(7))) - np.asarray(mask.filter(ImageFilter.MinFilter(3)))
    )
    pale = PIL.Image.blend(one.convert("L").convert("RGB"), PIL.Image.new("RGB", one.size, "#f4f2ee"), 0.7)
    pale.paste(one, mask=mask)
    pale.paste(PIL.Image.new("RGB", one.size, "#d6249f"), mask=edge)
    return _jpeg(pale, 88)


def _laid(pictures: Pictures, first: Image, second: Image, background: str, lying: Lying) -> bytes:
    one, two = (np.asarray(pictures.upright(image, background, LONGEST)) for image in (first, second))
    return _jpeg(PIL.Image.fromarray(geometry.over(one, two, lying)), 88)


def _jpeg(picture: PIL.Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.info.clear()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
