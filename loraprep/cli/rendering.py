"""`loraprep captions --as MODEL`: what the captions would be for another base model, beside the present ones. Free."""

from __future__ import annotations

from msgspec.structs import replace

from loraprep.captions.render import prefix, render_all
from loraprep.cli import running
from loraprep.core import resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.records import Caption
from loraprep.pipeline.artifacts import Captioned, Described
from loraprep.pipeline.workspace import Workspace
from loraprep.project import profiles, project, studio
from loraprep.project.profiles import BaseModel
from loraprep.project.settings import Captioning


def run(wanted: str) -> int:
    """Show each picture's caption as it is and as another base model would get it. Nobody is asked, nothing written.

    Raises UserError if there is no such base model, or if there are no captions yet.
    """
    name = studio.model_id(wanted)
    if not name:
        known = ", ".join(resources.names("resources/models"))
        raise UserError(f'there is no base model "{wanted}"', hint=f"There are {known}.", exit_code=UNUSABLE)
    work = Workspace(project.load(running.home()))
    now, elements = work.read(Captioned).captions, work.read(Described).elements
    settings, present = replace(work.project.settings, model=name), work.project.base_model
    model = profiles.base_model(name)
    made = render_all(elements, settings, model, work.project.kind)
    for path, caption in sorted(now.items()):
        terminal.say(path)
        _say(present, caption, settings.captioning)
        if path not in made:
            continue
        if caption.origin == "written":
            terminal.say(f"  {model.title}: your own words stay as they are.")
        else:
            _say(model, made[path], settings.captioning)
    return 0


def _say(model: BaseModel, caption: Caption, captioning: Captioning) -> None:
    before = "".join(f"{tag}, " for tag in prefix(captioning, model))
    terminal.say(f"  {model.title} ({caption.length} tokens): {before}{caption.text}")
    if caption.left_out:
        terminal.say(f"    There was no room for: {', '.join(caption.left_out)}")
