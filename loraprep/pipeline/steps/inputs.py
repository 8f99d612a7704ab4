"""What several steps start from: the pictures that stay, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from loraprep.core.records import Image
from loraprep.curation.assessment import Observations
from loraprep.pipeline.artifacts import Captioned, Described, DetailMeasured, FeaturesMeasured, Shortlist, Staying
from loraprep.pipeline.workspace import Workspace


def staying_images(work: Workspace) -> list[Image]:
    """Return the pictures that the audit, the duplicates and curation.exclude let through."""
    paths = set(work.read(Staying).paths)
    return [i for i in work.images() if i.path in paths]


def shortlisted_images(work: Workspace) -> list[Image]:
    """Return those that stay and are on the shortlist: the pictures to describe."""
    away = {path for path, fate in work.read(Shortlist).fates.items() if fate.fate == "left out"}
    return [i for i in staying_images(work) if i.path not in away]


def with_detail(work: Workspace, images: Sequence[Image]) -> list[Image]:
    """Complete records by their native detail, where it was measured."""
    measured = work.read(DetailMeasured).detail
    return [replace(i, detail=measured.get(i.path, i.detail)) for i in images]


def observations(work: Workspace) -> Observations:
    """Return all that is known of the pictures before curation but their answers."""
    features = work.read(FeaturesMeasured).features
    return Observations(
        elements=work.read(Described).elements,
        captions=work.read(Captioned).captions,
        styles=features.styles,
        embeddings=features.embeddings,
        marks=features.marks,
    )
