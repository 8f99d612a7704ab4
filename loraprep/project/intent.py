"""Phase 1: intent.md, what is to be taught. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loraprep.project import groups


def text(config: Mapping[str, Any], kind: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """intent.md in the workflow's form, from project.yaml's values and the profiles."""
    intent, recommended = config["intent"], kind["recommended"]
    notes, fused = intent["notes"].strip() or kind["separation"].strip(), ""
    if intent["fused"]:
        fused = f"{'' if notes.endswith(('.', '!', '?')) else '.'} Meant to belong to the trigger: "
        fused += f"{', '.join(intent['fused'])}."
    lines = {
        "Type": intent["kind"],
        "Base model": model["title"],
        "Description": intent["description"].strip() or "not described yet",
        "Dataset target": f"{recommended['min']}-{recommended['max']} images",
        "Trigger word": config["trigger"],
        **({"Groups": _groups(config)} if config.get("groups") else {}),
        "Content-style notes": notes + fused,
    }
    body = "\n".join(f"- **{label}**: {' '.join(value.split())}" for label, value in lines.items())
    return f"# Training Intent: {config['name']}\n{body}\n"


def _groups(config: Mapping[str, Any]) -> str:
    """ "red (emma_red, red dress); blue (emma_blue)"."""
    said = [f"{g.folder} ({', '.join([g.trigger, *g.words])})" for g in groups.every(config)]
    return "; ".join(said)
