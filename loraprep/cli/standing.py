"""`loraprep` alone: what this is, outside of a project; inside, where it stands. Runs nothing."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import structs

from loraprep.core import terminal
from loraprep.core.errors import UserError
from loraprep.core.text import listed
from loraprep.pipeline import artifacts, state
from loraprep.pipeline.artifacts import Judged
from loraprep.project import decisions, profiles, project
from loraprep.report.opening import headline

ABOUT = """\
loraprep makes a folder of pictures ready for LoRA training, before any GPU time is spent, and ends with GO or NO-GO.

  loraprep look DIR     a first look at a folder of pictures; nothing is changed
  loraprep init NAME    asks what you want to teach, and makes a project
  loraprep --help       all commands
"""


def run() -> int:
    """Say what this is, or where the project around the current folder stands; 0. Raises UserError."""
    home = next((p for p in (Path.cwd(), *Path.cwd().parents) if (p / project.NAME).is_file()), None)
    if home is None:
        terminal.say(ABOUT.removesuffix("\n"))
        return 0
    os.chdir(home)
    _told(home)
    return 0


def _told(home: Path) -> None:
    here = project.load(home, ask=True)
    settings = here.settings
    model = profiles.base_model(settings.model).title
    captioners = listed(list(settings.captioning.captioners), shown=None)
    trigger = f"trigger {settings.trigger}" if settings.trigger else "no trigger"
    terminal.say(f"{settings.name}: {settings.intent.kind} for {model}, {trigger}.", "bold")
    terminal.say(f"Captions: {captioners}. Trainers: {listed(list(settings.dataset.trainers), shown=None)}.")
    try:
        gate = artifacts.load(Judged, home)
    except UserError:  # nobody has judged here yet, or another version did
        terminal.say("No verdict yet.")
        terminal.say("Next: loraprep gate1")
        return
    left = {file: keys for file, asked in gate.waiting.items() if (keys := _left(home, file, asked))}
    if gate.waiting and not left:
        terminal.say("All that was asked is answered since the last verdict.", "bold")
        terminal.say("Next: loraprep gate1")
        return
    gate = structs.replace(gate, waiting=left)
    terminal.say(headline(gate), "bold green" if gate.verdict == "GO" else "bold red")
    if changed := state.changed_since(home):
        terminal.say(f"Changed since then: {listed([p.relative_to(home).as_posix() for p in changed])}.", "yellow")
        terminal.say("Next: loraprep gate1")
    else:
        from loraprep.pipeline import results, running  # which load more than this command else needs
        from loraprep.pipeline.workspace import Workspace

        for line in results.following(Workspace(here), gate, lambda: running.made(here).issuperset(state.MAKE)):
            line.show()


def _left(home: Path, file: str, asked: list[str]) -> list[str]:
    """List which of the questions that waited are open still, by the answers as they stand in the file now.

    A run that was interrupted read them and judged nothing. Raises UserError.
    """
    path = home / f"decisions/{file}.yaml"
    if not path.is_file() or path.stat().st_mtime_ns <= (home / "build" / Judged.NAME).stat().st_mtime_ns:
        return asked
    given = decisions.read_decisions(home, file)
    if given.accepts(auto=False):
        return []
    answered = {entry.within or entry.key: True for entry in given.entries.values()}
    for entry in given.entries.values():
        answered[entry.within or entry.key] &= entry.answer is not None
    return [key for key in asked if not answered.get(key)]
