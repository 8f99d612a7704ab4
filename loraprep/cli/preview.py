"""`loraprep look DIR`: a first look at a folder, all of Gate 1 in memory. Writes one HTML file and nothing else."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from loraprep.captions import captioners, captions
from loraprep.cli.init.options import project_name, project_root
from loraprep.cli.parser import Parser
from loraprep.core import files, resources, terminal
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.findings import Finding
from loraprep.core.records import Fate, Gate, Image
from loraprep.curation import curate
from loraprep.curation.assessment import Observations
from loraprep.curation.rulings import curation_fates
from loraprep.dataset import selection
from loraprep.duplicates import duplicates
from loraprep.imaging.pictures import Pictures
from loraprep.pipeline import results
from loraprep.project import profiles, project, schema, studio, trigger
from loraprep.project.decisions import Decisions
from loraprep.project.settings import settings
from loraprep.report import gate
from loraprep.report import html as page
from loraprep.report.report_data import ReportData
from loraprep.scan import audit, detail, scan

_OURS = b'<meta name="generator" content="loraprep look">'


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "loraprep look",
        description="Looks at a folder of pictures without any project: what is there, what is there twice, what would "
        "be enlarged or cut, what would stop Gate 1.",
    )
    parser.add_argument("folder", metavar="DIR", help="the folder with your pictures; it is only read")
    parser.add_argument("--kind", default="style", help="character, style (the default) or object")
    parser.add_argument(
        "--model",
        help="the base model you train: "
        + ", ".join(resources.names("resources/models"))
        + " (default: studio.md's, else flux)",
    )
    parser.add_argument("--out", metavar="FILE", help="the page to write (default: look-DIR.html here)")
    return parser


def run(argv: list[str]) -> int:
    """The whole command; 0 when the page is written. Raises UserError (exit code 3) with every problem at once."""
    args = _parser().parse_args(argv)
    here = Path.cwd()
    folder = Path(args.folder)
    model = studio.model_id(args.model) if args.model else _studio_model(here)
    name = _name(folder.resolve())
    out = Path(args.out) if args.out else here / f"look-{name}.html"
    problems = _problems(args, folder, model, out, here)
    if problems:
        raise UserError.many(problems, UNUSABLE)
    config = schema.with_defaults(
        {
            "version": 1,
            "name": name,
            "model": model,
            "trigger": trigger.propose(name, ""),
            "intent": {"kind": args.kind},
        },
        "project",
    )
    # `init .` would make a project of the folder itself, in which some names are the tool's own
    own = folder.resolve() == here.resolve() or (folder / project.NAME).is_file()
    root = folder if own else folder / ".no-project"
    material = gather(folder, root, config, following=[command(folder, name, args.kind, model, here)])
    with terminal.progress("Drawing the page") as progress:
        html, _ = page.render_page(material, progress)
    try:
        files.write(out, html)
    except OSError as error:
        raise UserError(
            f"cannot be written: {error.strerror}",
            place=str(args.out or out.name),
            hint="Name another place with --out FILE.",
            exit_code=UNUSABLE,
        ) from None
    _close(material, out, here)
    return 0


def gather(folder: Path, root: Path, config: Mapping[str, Any], following: Sequence[str]) -> page.PageData:
    """All phases over `folder` with every recommendation taken; nothing is written anywhere.

    Captions are drafts: the words beside the pictures and inside them, and measured colour and light.
    """
    profile = project.profile("kinds", config["intent"]["kind"])
    model = project.profile("models", config["model"])
    limits, nobody = config["thresholds"], Decisions()
    chosen, kind = settings(config), profiles.kind(config["intent"]["kind"])
    with terminal.progress("Looking at the pictures") as progress:
        seen = scan.scan(
            folder,
            root,
            max_megapixels=limits["audit"]["max_megapixels"],
            max_megabytes=limits["audit"]["max_megabytes"],
            progress=progress,
        )
    found = seen.images
    usable = [i for i in found if i.state == "image" and not i.of]
    looked = audit.audit(found, {"orphans": seen.orphans, "masks": seen.masks}, config, model, profile)
    pictures = Pictures(folder, root, limits["audit"]["max_megapixels"])
    full_size = partial(detail.measured, pictures)
    groups = duplicates.find(usable, limits["duplicates"], pictures.preview, full_size)
    rulings = [
        audit.outcome(looked.questions, nobody, auto=True),
        duplicates.outcome(groups, found, nobody, auto=True),
    ]
    with terminal.progress("Looking at full size") as progress:
        staying = full_size(_kept(found, selection.select(found, [], rulings)), progress=progress)
    elements = captioners.describe(staying, staying, config)
    written = captions.captions_for(elements, nobody, config, model, profile)
    known = Observations(elements, written.captions, styles={})  # line and stroke take longer than a first look may
    curated = curate.curate(staying, known, groups, kind, chosen, nobody)
    rulings.append(curation_fates(curated.questions, nobody, found, auto=True))
    fates = selection.select(found, [], rulings)
    assessed = curate.assess(_kept(staying, fates), known, kind, chosen)
    kept = {i.path for i in _kept(found, fates)}
    texts = {p: c for p, c in written.captions.items() if p in kept}
    fused = captions.fused(texts, elements, config, profile)
    findings: list[Finding] = [
        *looked.findings,
        *detail.findings(staying, limits["audit"]["detail"]),
        *duplicates.findings(groups),
        *written.findings,
        *assessed.findings,
        *fused,
    ]
    data = ReportData(
        settings=chosen,
        model=profiles.base_model(chosen.model),
        kind=kind,
        images=found,
        fates=fates,
        groups=groups,
        captions=written.captions,
        assessment=assessed,
        findings=findings,
        kohya_layout=looked.layout == "kohya",
    )
    verdict = gate.judge(data)
    asked = len(looked.questions) + len(duplicates.questions(groups, usable, nobody)) + len(curated.questions)
    verdict.counts["open_questions"] = asked
    return page.PageData(
        data=data,
        gate=verdict,
        pictures=pictures,
        cache=None,
        title=folder.resolve().name,
        headline=headline(verdict),
        following=following,
        look=True,
    )


def headline(verdict: Gate) -> str:
    """What Gate 1 would say, in one sentence."""
    blocking = sum(r.severity == "block" for r in verdict.reasons)
    if blocking:
        return f"{blocking} thing{'s' * (blocking != 1)} would stop Gate 1. Better to know now."
    asked = verdict.counts["open_questions"]
    questions = f" after {asked} question{'s' * (asked != 1)}" if asked else ""
    return f"Nothing here would stop Gate 1: {verdict.counts['kept']} pictures could train{questions}."


def command(folder: Path, name: str, kind: str, model: str, here: Path) -> str:
    """The `loraprep init` line that starts from `folder`, quoted for the shell in use."""
    if folder.resolve() == here.resolve():
        words = ["loraprep", "init", ".", "--kind", kind, "--model", model]
    else:
        inside = folder.resolve().is_relative_to(here.resolve())
        shown = os.path.relpath(folder, here) if inside else str(folder.resolve())
        shown = f".{os.sep}{shown}" if shown.startswith("-") else shown
        words = ["loraprep", "init", _free(name, here), "--kind", kind, "--model", model, "--images", shown]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _kept(found: Sequence[Image], fates: Sequence[Fate]) -> list[Image]:
    kept = {f.path for f in fates if f.fate == "kept"}
    return [i for i in found if i.path in kept]


def _name(folder: Path) -> str:
    """A project's name made of the folder's: letters, digits, - and _."""
    return project_name(".", folder)


def _free(name: str, here: Path) -> str:
    """A project beside a folder of its own name needs another one."""
    names = [name, f"{name}-lora", *(f"{name}-lora-{n}" for n in range(2, 1000))]
    return next(n for n in names if not project_root(n, here).exists())


def _studio_model(here: Path) -> str:
    _, known, _ = studio.studio_models(here)
    return known[0] if known else "flux"


def _problems(args: argparse.Namespace, folder: Path, model: str, out: Path, here: Path) -> list[Problem]:
    found = []
    if not folder.is_dir():
        what = "that is a file; name the folder it lies in" if folder.exists() else "there is no such folder"
        found.append(Problem(what, args.folder, "loraprep look DIR"))
    for flag, value, known in (("--kind", args.kind, "kinds"), ("--model", model, "models")):
        names = resources.names(f"resources/{known}")
        if value not in names:
            given = args.model if flag == "--model" else value
            found.append(Problem(f'unknown {known[:-1]} "{given}"', flag, f"One of: {', '.join(names)}."))
    where = out.resolve()
    if folder.is_dir() and where.parent != here.resolve() and where.is_relative_to(folder.resolve()):
        found.append(Problem("the page would lie among your pictures", "--out", "Name a place outside that folder."))
    elif out.is_dir() or not where.parent.is_dir():
        found.append(
            Problem("that is no place for a file", args.out or out.name, "Name a file in a folder that exists.")
        )
    elif out.exists() and _OURS not in out.read_bytes()[:2000]:
        hint = "It stays as it is; name another with --out FILE."
        found.append(Problem("there is another file under this name", args.out or out.name, hint))
    return found


def _close(material: page.PageData, out: Path, here: Path) -> None:
    verdict = material.gate
    counts = verdict.counts
    terminal.say(
        f"{counts['found']} files: {counts['kept']} pictures could train, {counts['left_out']} would be left "
        f"out, {counts['rejected']} cannot be used. As {material.kind.title.lower()} for "
        f"{material.model.title}."
    )
    for reason in [r for r in verdict.reasons if r.severity == "block"]:
        results.print_reason(reason)
    terminal.say(material.headline, "bold")
    shown = out.relative_to(here) if out.is_relative_to(here) else out
    terminal.say(f"Look at it: {shown}")
    terminal.say("Start from there:")
    terminal.say(f"  {material.following[0]}")
