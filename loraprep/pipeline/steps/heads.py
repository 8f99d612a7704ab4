"""The step about the heads in pictures of a character."""

from __future__ import annotations

from loraprep.core import store, terminal
from loraprep.core.findings import Code, Finding
from loraprep.core.text import number_of
from loraprep.heads import finding, views
from loraprep.heads.finding import Found
from loraprep.heads.people import People
from loraprep.pipeline.artifacts import HeadsSeen
from loraprep.pipeline.steps.inputs import shortlisted_images
from loraprep.pipeline.workspace import Workspace


def look_for_heads(work: Workspace) -> None:
    """Find the heads in the pictures that stay, where the kind has an identity: how large, turned how, and whose."""
    pictures = shortlisted_images(work) if work.project.kind.identity else []
    found: dict[str, Found] = {}
    told: list[Finding] = []
    people = People()
    if not work.on_disk:  # a first look takes no time for it
        pass
    elif pictures and finding.installed():
        from loraprep.heads import look
        from loraprep.heads.people import people as people_in

        with terminal.progress("Looking for heads") as progress:
            found, told = look.heads(work.pictures, pictures, cache=work.cache(store.NAME), progress=progress)
        people = people_in({path: own.faces for path, own in found.items()})
    elif pictures:
        told = [Finding(Code.HEADS_UNSEEN, (), {"pictures": number_of(len(pictures), "picture")})]
    heads = {path: list(own.heads) for path, own in found.items()}
    told = [*told, *views.findings(heads, len(pictures))]
    work.write(HeadsSeen(heads=heads, people=people, findings=told, pictures=len(pictures)))
