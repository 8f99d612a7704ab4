"""How much of a picture its loss mask hides, and whose the mask is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

import msgspec

from loraprep.core.records import Image

if TYPE_CHECKING:
    from loraprep.imaging.pictures import Pictures


class Masked(msgspec.Struct, frozen=True):
    """What a mask does to a picture. `share`: of the picture that is not learned, 0..1, grey as far as it is dark;
    `mask`: the file in masks/; `answered`: it was drawn by an answer in decisions/carried.yaml.
    """

    share: float
    mask: str
    answered: bool = False

    @property
    def said(self) -> str:
        """In words: "26 % of it is not learned: masks/pier.png, drawn by your answer in decisions/carried.yaml"."""
        whose = "drawn by your answer in decisions/carried.yaml" if self.answered else "a mask of your own"
        percent = round(100 * self.share)
        much = f"{percent} %" if percent or not self.share else "less than 1 %"
        return f"{much} of it is not learned: {self.mask}, {whose}"


def masked(pictures: Pictures, records: Iterable[Image], drawn: Set[str]) -> Mapping[str, Masked]:
    """Measure the masks of those that have one, by path. `drawn`: the masks that an answer drew.

    One that cannot be read is left out: building says so.
    """
    found = {
        record.path: Masked(share, record.mask, record.mask in drawn)
        for record, share in pictures.each(hidden_share, [r for r in records if r.mask])
        if isinstance(share, float)
    }
    return dict(sorted(found.items()))


def hidden_share(pictures: Pictures, record: Image) -> float:
    """Return the share of a picture, of a part of it the share of that part, whose loss its mask takes out, 0..1.

    For `Pictures.each`. Raises BadImage, OSError.
    """
    import numpy as np

    return 1 - float(np.asarray(pictures.mask(record)).mean()) / 255
