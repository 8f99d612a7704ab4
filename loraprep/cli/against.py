"""`loraprep duplicates --against DIR`: which of the project's pictures are in another folder as well. Reads only."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from loraprep import __version__
from loraprep.cli import running
from loraprep.core import files, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.nearest import folder_meant
from loraprep.core.records import Group, Image
from loraprep.core.text import number_of
from loraprep.duplicates import keypoints, relations
from loraprep.duplicates.clusters import copies
from loraprep.duplicates.flattened import WHITE
from loraprep.duplicates.keypoints import Keypoints, Pixels
from loraprep.imaging.pictures import Pictures
from loraprep.project import project, trust
from loraprep.scan import scan

_MARK = "/against/"  # before the path of a picture of the other folder; no path in a project begins with a stroke


def run(given: str) -> int:
    """Look whether pictures of this project are in the folder `given` too, and say it all; 0. Raises UserError."""
    here = Path.cwd()
    home = running.home()
    folder = here / given
    if not folder.is_dir():
        raise UserError("there is no such folder", place=given, hint=folder_meant(Path(given)), exit_code=UNUSABLE)
    declared = project.load(home)
    if folder.resolve() == declared.images.resolve():
        raise UserError("these are the project's own pictures: `loraprep duplicates`", place=given)
    limits = declared.settings.thresholds
    other = folder / ".no-project"
    files.enclose(other, folder, trust.picture_folders(folder))
    found = []
    with terminal.progress("Looking at the pictures") as progress:
        for pictures, root in ((declared.images, declared.root), (folder, other)):
            seen = scan.scan(
                pictures,
                root,
                max_megapixels=limits.audit.max_megapixels,
                max_megabytes=limits.audit.max_megabytes,
                max_seconds=limits.audit.max_seconds,
                progress=progress,
            )
            found.append([i for i in seen.images if i.state == "image" and not i.of])
    mine, theirs = found[0], [replace(i, path=_MARK + i.path) for i in found[1]]
    there = Pictures(folder, other, limits.audit.max_megapixels, limits.audit.max_seconds)
    with closing(_Both(Pictures.of(declared), there)) as sight:
        groups = relations.find_groups([*mine, *theirs], limits.duplicates, sight)
    told = lines(groups, given)
    for line in told:
        print(line, file=sys.stdout)
    print(f"{number_of(len(mine), 'picture')} compared with {len(theirs)} in {given}: "
          f"{len(told) or 'none'} there as well.")  # fmt: skip
    return 0


def lines(groups: Sequence[Group], folder: str) -> list[str]:
    """Say of each picture that is in both, as a copy or a variant, what it is there."""
    told = []
    for group in groups:
        same = {path: cluster for cluster in copies(group.pictures, group.pairs) for path in cluster}
        theirs = [path for path in group.pictures if path.startswith(_MARK)]
        for path in group.pictures:
            if path in theirs or not theirs:
                continue
            copied = [p for p in theirs if p in same[path]]
            named = ", ".join(f"{folder}/{p.removeprefix(_MARK)}" for p in copied or theirs)
            told.append(f"{path}: {'the same picture' if copied else 'the same scene, changed'}: {named}")
    return told


class _Both:
    """The pictures of two folders."""

    def __init__(self, mine: Pictures, theirs: Pictures) -> None:
        self._mine, self._theirs = (keypoints.Opened(pictures, None, __version__) for pictures in (mine, theirs))

    def _of(self, image: Image) -> tuple[keypoints.Opened, Image]:
        if image.path.startswith(_MARK):
            return self._theirs, replace(image, path=image.path.removeprefix(_MARK))
        return self._mine, image

    def prepare(self, images: Sequence[Image]) -> list[Image]:
        ready: set[str] = set()
        for sight in (self._mine, self._theirs):
            here = {own.path: image.path for image in images for who, own in [self._of(image)] if who is sight}
            own = [own for image in images for who, own in [self._of(image)] if who is sight]
            ready |= {here[image.path] for image in sight.prepare(own)}
        return [image for image in images if image.path in ready]

    def points(self, image: Image, ground: str = WHITE) -> Keypoints:
        sight, own = self._of(image)
        return sight.points(own, ground)

    def pixels(self, image: Image, ground: str = WHITE) -> Pixels:
        sight, own = self._of(image)
        return sight.pixels(own, ground)

    def close(self) -> None:
        self._mine.close()
        self._theirs.close()
