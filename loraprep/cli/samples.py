"""`loraprep samples` on a terminal: each sample is put to the person, the answer goes into decisions/captions.yaml."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from loraprep.captions.samples import recommended
from loraprep.cli import running
from loraprep.cli.init import asking
from loraprep.cli.init.asking import Asker, Back, Question
from loraprep.cli.init.choices import Choice
from loraprep.core import files, terminal
from loraprep.core.text import number_of
from loraprep.project import decision_edits, decisions, groups, project
from loraprep.project.decisions import Entry
from loraprep.project.project import Project

_ANSWERS = (
    Choice("approve", "Yes: it trains like this, word for word."),
    Choice("adjust", "Nearly: change its words."),
    Choice("skip", "Not an example for the others; the picture stays in."),
)


def run() -> int:
    """Ask about every sample that is open, if a person sits there; 0. Each answer is written before the next question.

    Raises UserError if an answer cannot be written.
    """
    if not terminal.interactive() or terminal.level() is terminal.Level.QUIET:
        return 0
    root = running.home()
    whole = project.load(root)
    settings = whole.settings
    asked = [e for e in decisions.read_decisions(root, "captions").entries.values() if e.digests]
    listed = [e for e in asked if e.answer is None]
    if not listed:
        by = ", ".join(settings.captioning.captioners)
        none = f"No sample is asked about: captions by {by} train as they are."
        terminal.say(f"{'Every sample is answered.' if asked else none} Next: loraprep gate1")
        return 0
    asker = asking.asker(plain=False)
    at = 0
    try:
        while at < len(listed):
            try:
                _ask(whole, asker, listed[at], f"{at + 1} of {len(listed)}")
                at += 1
            except Back:
                at = max(at - 1, 0)
    except EOFError:
        terminal.say(f"{number_of(len(listed) - at, 'sample')} not answered; loraprep samples goes on there.")
        return 0
    terminal.say("All are in decisions/captions.yaml. Next: loraprep gate1")
    return 0


def _ask(whole: Project, asker: Asker, entry: Entry, which: str) -> None:
    root, trigger = whole.root, groups.trigger(entry.key, whole.settings)
    caption = str(entry.data.get("caption", ""))
    while True:
        asker.say(f"\nImage {which}: {entry.key}", "bold")
        if lies := _lying(whole, entry.key):
            asker.say(f"Open: {lies}", f"link={lies.as_uri()}")
        asker.say(f"Caption: {caption.replace('[trigger]', trigger)}")
        for kind in ("content", "style"):
            if terms := entry.data.get(kind):
                asker.say(f"{kind.capitalize()} elements: {', '.join(terms)}")
        if why := entry.data.get("what"):
            asker.say(f"{why[0].upper()}{why[1:]}.", "yellow")
        answer = asker.ask(
            Question(
                text=_whether(whole, entry),
                label="Your answer",
                choices=_ANSWERS,
                default=str(recommended(entry) or "adjust"),
            )
        )
        if answer != "adjust":
            _write(root, entry.key, {"verdict": answer})
            return
        try:
            edited = " ".join(_edited(asker, caption).split())
        except Back:
            continue
        if edited and edited != caption:
            _write(root, entry.key, {"caption": edited, "verdict": "adjust"})
            return
        asker.say("The caption is as it was, so the question stays.", "yellow")


def _lying(whole: Project, key: str) -> Path | None:
    """Return the file to look at, of a part its whole; None where the pictures lie in a bucket, or it is gone."""
    named = (whole.images / name for name in (key, key.partition("#")[0]))
    return None if whole.store else next((path.resolve() for path in named if files.is_file(path)), None)


def _whether(whole: Project, entry: Entry) -> str:
    """Ask about what the caption is to say: a pair's change, content alone, or how it is made too."""
    if whole.kind.pairs:
        return "Does this say what is to be changed?"
    if whole.settings.captioning.style_words == "omit":
        return "Does this capture what's in the image?"
    said = f"{whole.settings.intent.description} {' '.join(entry.data.get('style', ()))}".casefold()
    made = "photographed" if re.search(r"\bphoto", said) else "painted"
    return f"Does this capture both what's in the image AND how it's {made}?"


def _edited(asker: Asker, caption: str) -> str:
    """Return the caption as the person changed it: in the editor they named, else right here. Raises Back.

    Without VISUAL and EDITOR, click would start whatever lies on the machine: few find the way out of vi.
    """
    if os.environ.get("VISUAL") or os.environ.get("EDITOR"):
        try:
            return click.edit(caption, extension=".txt") or ""
        except click.ClickException as error:  # there is no such editor
            asker.say(error.message, "yellow")
    return asker.ask(Question(text="Change what is not right.", label="Caption", default=caption, typed=caption))


def _write(root: Path, key: str, values: dict[str, str]) -> None:
    decision_edits.write_answers(root, "captions", {key: {**values}}, decision_edits.document_digest(root, "captions"))
