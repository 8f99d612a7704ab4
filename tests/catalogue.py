"""resources/docs/findings.md, the list of what blocks GO and what warns, made of the catalogue: see tests/docs.py"""

from __future__ import annotations

import re

from loraprep.core import findings
from loraprep.core.findings import CatalogueEntry, Code
from loraprep.report.gate import never_accepted

HEADS = {
    "block": (
        "What blocks GO",
        "Nothing is trained before these are mended. Those marked with * cannot be accepted in decisions/gate.yaml.",
    ),
    "warn": (
        "What warns",
        "GO is possible; the report says what it costs. `severity:` in project.yaml makes any of them block, or a note.",
    ),
    "note": ("What is only noted", "Good to know; nothing has to be done."),
    "good": ("What is well", "Said so that you know it was looked at."),
}
CHECKED = (
    "What `loraprep check` says",
    "Of any dataset folder, by the trainer's own rules. None of these is part of Gate 1.",
)


def page() -> str:
    """Write the page: a table for each severity, in the order in which the report says them."""
    lines = ["# What Gate 1 finds", "", "Made of resources/gate.yaml by `python -m tests.docs`."]
    for severity, (head, lead) in HEADS.items():
        lines += ["", f"## {head}", "", lead, "", "| Code | What is said | Why it matters |", "|---|---|---|"]
        for code, entry in findings.catalogue().items():
            if entry.severity == severity and not code.startswith(findings.FOREIGN):
                lines.append(_row(code, entry))
    lines += ["", f"## {CHECKED[0]}", "", CHECKED[1], "", "| Code | What is said | Why it matters |", "|---|---|---|"]
    lines += [_row(c, entry) for c, entry in findings.catalogue().items() if c.startswith(findings.FOREIGN)]
    return "\n".join(lines) + "\n"


def _row(code: Code, entry: CatalogueEntry) -> str:
    mark = "*" if entry.severity == "block" and code in never_accepted() else ""
    said = re.sub(r"\{(\w+)\}", lambda m: {"names": "PICTURE", "units": "pictures"}.get(m[1], "..."), entry.one)
    cells = (f"`{code}`{mark}", said.replace("{{", "{").replace("}}", "}"), entry.why)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
