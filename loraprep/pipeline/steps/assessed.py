"""What is said of the set that really trains: the report tells it, and an export asks for its sample prompts."""

from __future__ import annotations

from loraprep.curation import curate
from loraprep.curation.assessment import Assessment
from loraprep.pipeline.artifacts import Selected
from loraprep.pipeline.steps.inputs import observations, with_detail
from loraprep.pipeline.workspace import Workspace


def assessment_of(work: Workspace) -> Assessment:
    """Assess what trains after every answer: build/curation.json holds what would, by the recommendations."""
    project = work.project
    kept = {fate.path for fate in work.read(Selected).fates if fate.fate == "kept"}
    images = [image for image in with_detail(work, work.images()) if image.path in kept]
    return curate.assess(images, observations(work), project.kind, project.settings)
