"""What several steps say about names: those that match nothing, in decisions/, project.yaml and masks/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loraprep.core import nearest
from loraprep.core.findings import Code, Finding
from loraprep.core.nearest import did_you_mean
from loraprep.core.records import Group, Reason
from loraprep.core.text import listed
from loraprep.pipeline.artifacts import BesideImages
from loraprep.pipeline.steps.drawn import left_by_gone
from loraprep.pipeline.workspace import Workspace
from loraprep.project import crops, mentions
from loraprep.project.decisions import Decisions
from loraprep.report import gate


def silent_words(work: Workspace, answers: Mapping[str, Decisions], groups: Sequence[Group]) -> list[Finding]:
    """Find names that match nothing, but for those in decisions/gate.yaml. `answers`: decisions by kind.

    Raises UserError if decisions/crops.yaml cannot be read.
    """
    if not work.on_disk:  # a first look: nobody has written anything yet
        return []
    root, digests = work.root, _pictures(work)
    drawn = set(crops.detail_captions(root))  # a detail's caption stands beside its box
    found = []
    for kind, given in sorted(answers.items()):
        silent = mentions.silent_in_decisions(kind, given, digests, groups if kind == "duplicates" else ())
        found += [m for m in silent if kind != "captions" or m.name not in drawn]
    names, waiting = mentions.silent_patterns(work.project.settings, work.digests(), digests)
    ours = left_by_gone(work, digests)  # by an answer that is still there: the next run takes it back
    found += [m for m in mentions.silent_crops(root, digests) if m.name not in ours]
    found, gone = mentions.parted(found)
    strays = {path for path, why in work.read(BesideImages).masks.items() if why == mentions.NO_PICTURE} - ours
    meant = {path: path.removeprefix("masks/") for path in strays}
    slips = {path: did_you_mean(name, digests) for path, name in meant.items() if nearest.slips(name, digests)}
    return [
        *mentions.silent_findings(root, [*found, *names], slips),
        *mentions.left_findings(root, gone, strays - slips.keys()),
        *mentions.waiting_findings(waiting),
    ]


def _pictures(work: Workspace) -> dict[str, str]:
    """Path -> digest of what a name may mean: neither what is no picture at all nor words beside one."""
    return {i.path: i.digest for i in work.images() if i.state != "ignored" or i.code == "excluded"}


def silent_acceptances(work: Workspace, reasons: Sequence[Reason]) -> list[Finding]:
    """Find what decisions/gate.yaml accepts in vain: for names that nothing has, and for what is not found.

    `reasons`: the whole verdict. Raises UserError if the file cannot be read.
    """
    accepted = work.accepted()
    named: dict[str, set[str]] = {}
    for reason in reasons:
        named.setdefault(reason.code, set()).update(reason.images)
    known = {*_pictures(work), *(path for paths in named.values() for path in paths)} if accepted else set()
    vain = []
    for code, given in sorted(accepted.items()):
        if code in gate.never_accepted():
            vain.append(f"{code}, which cannot be accepted")
        elif code not in named:
            vain.append(f"{code}, which is nowhere")
        elif lost := [path for path in given.images or () if path in known and path not in named[code]]:
            vain.append(f"{code} for {listed(lost)}")
    found = mentions.silent_findings(work.root, mentions.silent_acceptances(accepted, known))
    if vain:
        found.append(Finding(Code.ACCEPTS_NOTHING, (), {"said": "; ".join(vain), "count": len(vain)}))
    return found
