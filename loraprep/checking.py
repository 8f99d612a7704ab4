"""`loraprep check DIR`: what would go wrong with a dataset folder, ours or not. Reads only."""

from __future__ import annotations

from pathlib import Path

from loraprep import bundled, check, console, findings, folder
from loraprep.errors import UNUSABLE, UserError
from loraprep.init import Parser
from loraprep.project import profile


def run(args: list[str]) -> int:
    """0 if nothing but notes was found, 1 if something would go wrong. Raises UserError for a wrong command line."""
    profiles = {n: d for n in bundled.names("resources/trainers") if "reads" in (d := profile("trainers", n))}
    parser = Parser(prog="loraprep check", description="What would go wrong with a dataset folder. Writes nothing.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="any folder with pictures and captions")
    parser.add_argument("--trainer", action="append", choices=["all", *profiles], help="default: all; may be repeated")
    asked = parser.parse_args(args)
    if not asked.folder.is_dir():
        raise UserError(f'there is no folder "{asked.folder}"', exit_code=UNUSABLE,
                        hint="Name the folder that you would give to the trainer.")  # fmt: skip
    chosen = profiles if "all" in (asked.trainer or ["all"]) else {n: profiles[n] for n in asked.trainer}
    with console.progress("Looking at the folder") as progress:
        seen = folder.read(asked.folder, progress)
    found = check.check(seen, chosen)
    console.show(found)
    bad = sum(findings.severity(f.code, {}) in ("block", "warn") for f in found)
    titles = ", ".join(data["title"] for data in chosen.values())
    pictures = sum(s.kind == "picture" for s in check.trained(seen))
    verdict = f"{bad} thing{'s' * (bad != 1)} to mend" if bad else "nothing to mend"
    console.say(f"{pictures} picture{'s' * (pictures != 1)} checked for {titles}: {verdict}.",
                "bold red" if bad else "bold green")  # fmt: skip
    return 1 if bad else 0
