"""The step about the heads in pictures of a character, and in portraits."""

from __future__ import annotations

import re

from loraprep.core import store, terminal
from loraprep.core.findings import Code, Finding
from loraprep.core.text import number_of
from loraprep.heads import finding, views
from loraprep.heads.finding import Found
from loraprep.heads.people import People
from loraprep.pipeline.artifacts import HeadsSeen
from loraprep.pipeline.steps.inputs import shortlisted_images
from loraprep.pipeline.workspace import Workspace
from loraprep.project.profiles import Kind
from loraprep.project.settings import Intent

_PORTRAIT = re.compile(r"\b(?:portraits?|headshots?|selfies?|faces?)\b", re.IGNORECASE)


def look_for_heads(work: Workspace) -> None:
    """Find the heads in the pictures that stay: how large, turned how, and, where the kind has an identity, whose.

    Where it has none they count if it is a set of portraits; who does not call it one is not told to look.
    """
    kind = work.project.kind
    person = bool(kind.identity)
    pictures = shortlisted_images(work) if person or _of_people(kind) else []
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
        if person:
            people = people_in({path: own.faces for path, own in found.items()})
        else:
            found = views.portraits(found, len(pictures))
    elif pictures and (person or _portraits_meant(work.project.settings.intent)):
        said = f"how large they are{',' if person else ' and'} which way they are turned"
        said += " and whether it is always the same person" if person else ""
        told = [Finding(Code.HEADS_UNSEEN, (), {"pictures": number_of(len(pictures), "picture"), "said": said})]
    heads = {path: list(own.heads) for path, own in found.items()}
    work.write(HeadsSeen(heads=heads, people=people, findings=told, pictures=[i.path for i in pictures]))


def _of_people(kind: Kind) -> bool:
    """Say whether the pictures of a kind may show people."""
    return any(axis.element == "content.subject_class" and "person" in axis.wants for axis in kind.axes.values())


def _portraits_meant(intent: Intent) -> bool:
    return bool(_PORTRAIT.search(f"{intent.description} {intent.notes}"))
