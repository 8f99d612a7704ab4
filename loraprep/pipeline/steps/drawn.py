"""What answers about lettering and bars draw, before the next look. Each scan asks, so nothing here loads numpy."""

from __future__ import annotations

import msgspec

from loraprep.carried import drawing, questions
from loraprep.carried.drawing import Plan
from loraprep.core import files, terminal
from loraprep.core.errors import UserError
from loraprep.core.text import number_of
from loraprep.pipeline.workspace import Workspace
from loraprep.project.decisions import decision_file

_DRAWN = "build/scan-drawn.json"  # of this machine, like all that a scan remembers


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was drawn, by path, and for which answers: a digest of decisions/carried.yaml and who decides."""

    answers: str = ""
    drawn: dict[str, Plan] = {}


def drawn_later(work: Workspace) -> list[str]:
    """List the pictures whose crop or mask is decided and not drawn yet: the next run does it, before it looks."""
    if not work.on_disk:
        return []
    wanted = questions.plans(work.decisions("carried"), work.images(), auto=work.project.auto("carried"))
    before = _remembered(work).drawn
    later = [path for path, plan in wanted.items() if before.get(path, Plan()) != plan]
    if not wanted and not before:  # nothing to draw or to take back: the next run need not read the file again
        files.write_json(work.root / _DRAWN, msgspec.to_builtins(Drawn(_answers(work), {})))
    return later


def draw_answers(work: Workspace) -> None:
    """Draw what decisions/carried.yaml wants into decisions/crops.yaml and masks/, once for each answer."""
    before, now, auto = _remembered(work), _answers(work), work.project.auto("carried")
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
    pictures = {i.path: i for i in images if i.state == "image" and not i.of}
    changed = drawing.draw(work.root, plans, pictures, before.drawn)
    files.write_json(work.root / _DRAWN, msgspec.to_builtins(Drawn(now, plans)))
    if changed:
        terminal.note(f"Drawn as you answered in decisions/carried.yaml: {number_of(len(changed), 'file')}.")


def _answers(work: Workspace) -> str:
    """Tell one state of the answers from another; "" without any."""
    path = decision_file(work.root, "carried")[0]
    return f"{files.sha256(path)} {work.project.auto('carried')}" if path.is_file() else ""


def _remembered(work: Workspace) -> Drawn:
    try:
        return files.parse_json(files.read(work.root / _DRAWN), Drawn)
    except (OSError, ValueError):  # a memory: without it nothing is taken back
        return Drawn()
