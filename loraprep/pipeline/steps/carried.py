"""The step about what pictures carry that must not be learned, and what its answers draw before the next look."""

from __future__ import annotations

import msgspec

from loraprep.carried import drawing, questions, reading
from loraprep.carried.drawing import Plan
from loraprep.carried.kinds import Mark, What
from loraprep.carried.questions import Act
from loraprep.core import files, store, terminal
from loraprep.core.errors import UserError
from loraprep.core.findings import Code, Finding
from loraprep.core.records import Elements, Image
from loraprep.core.text import number_of
from loraprep.pipeline.artifacts import CarriedSeen
from loraprep.pipeline.steps.inputs import shortlisted_images
from loraprep.pipeline.workspace import Workspace
from loraprep.project import profiles
from loraprep.project.decisions import decision_file

_DRAWN = "build/carried-drawn.json"


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was drawn, by path, and for which answers: a digest of decisions/carried.yaml and who decides."""

    answers: str = ""
    drawn: dict[str, Plan] = {}


def look_for_marks(work: Workspace) -> None:
    """Find lettering and bars in the pictures that stay, and ask what to do about each kind."""
    from loraprep.carried import look

    project, pictures = work.project, [i for i in shortlisted_images(work) if not i.of]
    found: dict[str, list[Mark]] = {}
    told: list[Finding] = []
    if not work.on_disk:  # a first look takes no time for it
        pass
    elif reading.installed():
        with terminal.progress("Reading what is written") as progress:
            found, told = look.lettering(work.pictures, pictures, cache=work.cache(store.NAME), progress=progress)
    elif pictures:
        told = [Finding(Code.NOT_READ, (), {"pictures": number_of(len(pictures), "picture")})]
    known = work.accepted().get(Code.PLAIN_FRAME)
    accepted = (
        {i.path for i in pictures} if known and known.images is None else set(known.images or () if known else ())
    )
    for path, bars in questions.bars(pictures, project.settings.thresholds.audit.border).items():
        if path not in accepted:
            found.setdefault(path, []).extend(bars)
    left = look.unmasked(work.pictures, pictures, found)
    masks = any(profiles.trainer(name).loss_masks for name in project.settings.dataset.trainers)
    asked = questions.questions(left, pictures, work.decisions("carried"), project.base_model, masks=masks)
    work.ask("carried", questions.HEADER, asked)
    work.write(
        CarriedSeen(
            marks=left,
            findings=[*told, *questions.findings(left, len(pictures))],
            questions=asked,
            pictures=len(pictures),
        )
    )


def named(work: Workspace, elements: dict[str, Elements]) -> dict[str, Elements]:
    """Complete what is in the pictures by the marks that a person wants named in captions."""
    seen = work.read(CarriedSeen)
    if not seen.marks:
        return elements
    from loraprep.carried import naming

    return naming.with_marks(elements, seen.marks, acts(work))


def acts(work: Workspace) -> dict[tuple[str, What], Act]:
    """Return (path, kind) -> what is to be done with the marks of that kind."""
    return questions.ruled(work.decisions("carried"), work.images(), auto=work.project.auto("carried"))


def drawn_later(work: Workspace) -> list[str]:
    """List the pictures whose crop or mask is decided and not drawn yet: the next run does it, before it looks."""
    if not work.on_disk:
        return []
    wanted = questions.plans(work.decisions("carried"), work.images(), auto=work.project.auto("carried"))
    before = _remembered(work).drawn
    return [path for path, plan in wanted.items() if before.get(path, Plan()) != plan]


def draw_answers(work: Workspace) -> None:
    """Draw what decisions/carried.yaml wants into decisions/crops.yaml and masks/, once for each answer."""
    path = decision_file(work.root, "carried")[0]
    before = _remembered(work)
    auto = work.project.auto("carried")
    now = f"{files.sha256(path)} {auto}" if path.is_file() else ""
    if now == before.answers or (not now and not before.drawn):
        return
    try:
        images = work.images()
    except UserError:  # nothing was looked at here yet; what was drawn elsewhere came with the project
        return
    given = work.decisions("carried")
    spoken = questions.spoken_of(given, images)
    # an open question that was drawn as recommended is asked no more: what it drew stays until an answer says otherwise
    still = {path: plan for path, plan in before.drawn.items() if path not in spoken}
    plans = still | questions.plans(given, images, auto=auto)
    sizes = {i.path: _whole(i) for i in images if i.state == "image" and not i.of}
    changed = drawing.draw(work.root, plans, sizes, before.drawn)
    files.write_json(work.root / _DRAWN, msgspec.to_builtins(Drawn(now, plans)))
    if changed:
        terminal.note(f"Drawn as you answered in decisions/carried.yaml: {number_of(len(changed), 'file')}.")


def _whole(image: Image) -> tuple[int, int]:
    left, top, right, bottom = image.box or drawing.WHOLE
    return max(1, round(image.width / (right - left))), max(1, round(image.height / (bottom - top)))


def _remembered(work: Workspace) -> Drawn:
    try:
        return files.parse_json(files.read(work.root / _DRAWN), Drawn)
    except (OSError, ValueError):  # a memory: without it nothing is taken back
        return Drawn()
