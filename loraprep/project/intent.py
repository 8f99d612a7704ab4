"""Phase 1: intent.md, what is to be taught. Pure."""

from __future__ import annotations

from loraprep.project import groups
from loraprep.project.profiles import BaseModel, Kind
from loraprep.project.settings import Settings


def intent_text(settings: Settings, kind: Kind, model: BaseModel) -> str:
    """Write intent.md in the workflow's form, from project.yaml's values and the profiles."""
    intent = settings.intent
    lines = {
        "Type": intent.kind,
        "Base model": model.title,
        "Description": intent.description.strip() or "not described yet",
        "Dataset target": f"{kind.recommended.min}-{kind.recommended.max} {'pairs' if kind.pairs else 'images'}",
        "Trigger word": settings.trigger or "none",
        **({"Groups": _groups(settings)} if settings.groups else {}),
        "Content-style notes": _notes(settings, kind),
    }
    body = "\n".join(f"- **{label}**: {' '.join(value.split())}" for label, value in lines.items())
    return f"# Training Intent: {settings.name}\n{body}\n"


def _notes(settings: Settings, kind: Kind) -> str:
    """The artist's notes, or the kind's, and what is meant to belong to the trigger."""
    notes, fused = settings.intent.notes.strip() or kind.separation.strip(), settings.intent.fused
    if not fused:
        return notes
    stop = "" if notes.endswith((".", "!", "?")) else "."
    return f"{notes}{stop} Meant to belong to the trigger: {', '.join(fused)}."


def _groups(settings: Settings) -> str:
    """ "red (emma_red, red dress); blue (emma_blue)"."""
    return "; ".join(f"{g.folder} ({', '.join([g.trigger, *g.words])})" for g in groups.every(settings))
