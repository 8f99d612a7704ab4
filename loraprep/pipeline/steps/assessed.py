"""What is said of the set that really trains: the report tells it, and an export asks for its sample prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from msgspec import structs

from loraprep.curation import curate
from loraprep.curation.assessment import Assessment
from loraprep.curation.rulings import PARTS
from loraprep.pipeline.artifacts import Curated, Selected
from loraprep.pipeline.steps.inputs import observations, with_detail
from loraprep.pipeline.workspace import Workspace


def digest_of(paths: Iterable[str]) -> str:
    """Tell one choice of pictures from another, by their paths in their order: a sha256."""
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()


def assessment_of(work: Workspace) -> Assessment:
    """Assess what trains after every answer: build/curation.json holds what would, by the recommendations.

    What is said of pictures that would leave is said as long as their question is open: without them there is nothing
    to be seen.
    """
    project, curated = work.project, work.read(Curated)
    fates = work.read(Selected).fates
    kept = {fate.path for fate in fates if fate.fate == "kept"}
    open_ = {fate.path for fate in fates if fate.open and fate.fate == "left out"}
    images = [image for image in with_detail(work, work.images()) if image.path in kept]
    if curated.assessed == digest_of(image.path for image in images):
        return curated.assessment  # of the same pictures nothing else would be said
    found = curate.assess(images, observations(work), project.kind, project.settings, memory=work.known)
    asked = {f.code: f for f in curated.assessment.findings if f.code in PARTS and not open_.isdisjoint(f.images)}
    return structs.replace(found, findings=[*(f for f in found.findings if f.code not in asked), *asked.values()])
