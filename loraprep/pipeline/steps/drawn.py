"""What answers about lettering and bars draw, before the next look. Each scan asks, so nothing here loads numpy."""

from __future__ import annotations

from collections.abc import Container, Sequence

import msgspec

from loraprep.carried import drawing, questions
from loraprep.carried.drawing import Plan, Wish
from loraprep.core import files, terminal
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.core.text import number_of
from loraprep.pipeline.workspace import Workspace
from loraprep.project.decisions import decision_file

_DRAWN = "build/scan-drawn.json"  # of this machine, like all that a scan remembers


class Drawn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was drawn, by path, of which wishes, and for which answers: a digest of decisions/carried.yaml and who
    decides.
    """

    answers: str = ""
    drawn: dict[str, Plan] = {}
    wishes: dict[str, list[Wish]] = {}


def drawn_later(work: Workspace) -> list[str]:
    """List the pictures whose crop or mask is decided and not drawn yet: the next run does it, before it looks."""
    if not work.on_disk:
        return []
    before = _remembered(work)
    wanted = _wanted(work, work.images(), before).drawn
    later = [path for path, plan in wanted.items() if before.drawn.get(path, Plan()) != plan]
    if not wanted and not before.drawn:  # nothing to draw or to take back: the next run need not read the file again
        files.write_json(work.root / _DRAWN, msgspec.to_builtins(Drawn(_answers(work))))
    elif wanted != before.drawn and before.answers:  # a picture came back, went or got another name: no new answer
        files.write_json(work.root / _DRAWN, msgspec.to_builtins(msgspec.structs.replace(before, answers="")))
    return later


def left_by_gone(work: Workspace, there: Container[str]) -> set[str]:
    """Find what was drawn for pictures that are not there: names in decisions/crops.yaml, and masks. `there`: names.

    The next run takes it back. Raises UserError if decisions/crops.yaml cannot be read.
    """
    return drawing.left_drawn(work.root, _of_gone(work, there))


def masks_of_answers(work: Workspace) -> set[str]:
    """Find the masks that an answer drew and that still are as they were drawn: "masks/pier.png"."""
    return drawing.left_drawn(work.root, _remembered(work).drawn) if work.on_disk else set()


def _of_gone(work: Workspace, there: Container[str]) -> dict[str, Plan]:
    wishes = questions.wishes_of_gone(work.decisions("carried"), there, auto=work.project.auto("carried"))
    return {path: drawing.planned(own) for path, own in wishes.items()}


def draw_answers(work: Workspace) -> None:
    """Draw what decisions/carried.yaml wants into decisions/crops.yaml and masks/, once for each answer."""
    before, now = _remembered(work), _answers(work)
    if now == before.answers or (not now and not before.drawn):
        return
    try:
        images = work.images()
    except UserError:  # nothing was looked at here yet; what was drawn elsewhere came with the project
        return
    wanted = _wanted(work, images, before)
    pictures = {i.path: i for i in images if i.state == "image" and not i.of}
    gone = _of_gone(work, {i.path for i in images})
    changed = drawing.draw(work.root, wanted.drawn, pictures, gone | before.drawn)
    files.write_json(work.root / _DRAWN, msgspec.to_builtins(wanted))
    if changed:
        terminal.note(f"Drawn as you answered in decisions/carried.yaml: {number_of(len(changed), 'file')}.")


def _wanted(work: Workspace, images: Sequence[Image], before: Drawn) -> Drawn:
    """Find what the answers want drawn.

    An open question that was drawn as recommended is asked no more, since nobody sees a mark that is hidden: what it
    drew stays until an answer about that picture and kind says otherwise.
    """
    given = work.decisions("carried")
    spoken, there = questions.spoken_of(given, images), {i.path for i in images}
    wishes = questions.wishes(given, images, auto=work.project.auto("carried"))
    for path, own in before.wishes.items():
        still = [wish for wish in own if (wish.about, wish.kind) not in spoken]
        if still and path in there:
            wishes[path] = [*still, *wishes.get(path, ())]
    drawn = {path: drawing.planned(own) for path, own in sorted(wishes.items())}
    whole = {i.path: i.of for i in images if i.of}
    named = {whole.get(path, path) for path, _ in spoken}
    earlier = {
        path: plan
        for path, plan in before.drawn.items()
        if path in there and path not in named and path not in before.wishes
    }
    return Drawn(_answers(work), earlier | drawn, dict(sorted(wishes.items())))


def _answers(work: Workspace) -> str:
    """Tell one state of the answers from another; "" without any."""
    path = decision_file(work.root, "carried")[0]
    return f"{files.sha256(path)} {work.project.auto('carried')}" if path.is_file() else ""


def _remembered(work: Workspace) -> Drawn:
    try:
        return files.parse_json(files.read(work.root / _DRAWN), Drawn)
    except (OSError, ValueError):  # a memory: without it nothing is taken back
        return Drawn()
