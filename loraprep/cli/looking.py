"""The first look itself: all of Gate 1 in memory. Loading every step of it takes seconds, so `preview` speaks first."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import structs

from loraprep.cli.init import folder as contents
from loraprep.cli.init.given import folder as asked_folder
from loraprep.cli.init.options import for_now, project_name, project_root, suited
from loraprep.core import files, resources, terminal
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.findings import Code
from loraprep.core.nearest import folder_meant, folders_in
from loraprep.core.records import Gate
from loraprep.core.text import listed, number_of
from loraprep.curation.assessment import PictureFeatures
from loraprep.pipeline import artifacts, results
from loraprep.pipeline.artifacts import (
    Audited,
    BesideImages,
    CarriedSeen,
    Curated,
    Duplicates,
    FeaturesMeasured,
    Forecast,
    Judged,
    Sampled,
)
from loraprep.pipeline.steps import audit, captions, carried, curation, duplicates, heads, pairs, report
from loraprep.pipeline.workspace import SCAN_CACHE, MemoryWorkspace
from loraprep.project import decisions, profiles, project, studio, trigger, trust
from loraprep.project.settings import Settings, complete_settings
from loraprep.report import gate, html, summary
from loraprep.report.opening import Opening
from loraprep.report.opening import opening as of_gate
from loraprep.report.report_data import ReportData
from loraprep.scan import scan

_OURS = b'<meta name="generator" content="loraprep look">'


class Options(msgspec.Struct, frozen=True):
    """What the command line says."""

    folder: str
    patterns: tuple[str, ...]
    kind: str
    model: str | None
    out: str | None
    json: bool


def look(args: Options) -> int:
    """Look, and write the page; 0 when it is written. Raises UserError (exit code 3) with every problem at once."""
    here = Path.cwd()
    folder = asked_folder(args.folder) or Path(args.folder)
    model = studio.model_id(args.model) if args.model else _likely_model(folder, here, args.kind)
    name = _name(folder.resolve())
    out = Path(args.out) if args.out else here / f"look-{name}.html"
    problems = _problems(args, folder, model, out, here)
    if problems:
        raise UserError.many(problems, UNUSABLE)
    declared = complete_settings(
        {
            "version": 1,
            "name": name,
            "model": model,
            "trigger": "" if profiles.kind(args.kind).pairs else trigger.propose(name, ""),
            "intent": {"kind": args.kind},
            "review": dict.fromkeys(decisions.KINDS, "auto"),
        }
    )
    # `init .` would make a project of the folder itself, in which some names are the tool's own
    own = folder.resolve() == here.resolve() or (folder / project.NAME).is_file()
    root = folder if own else folder / ".no-project"
    start = command(folder, name, args.kind, model, here)
    with _scratch(folder) as scratch:
        material = gather(folder, root, declared, following=[start], patterns=args.patterns, scratch=scratch)
        if all(image.state == "ignored" for image in material.data.images):
            raise _nothing_there(folder, args)
        with terminal.progress("Drawing the page") as progress:
            page, _ = html.render_page(material, progress)
    try:
        files.write(out, page)
    except OSError as error:
        raise UserError(
            f"cannot be written: {error.strerror}",
            place=str(args.out or out.name),
            hint="Name another place with --out FILE.",
            exit_code=UNUSABLE,
        ) from None
    if args.json:
        opened = material.opening
        terminal.raw(artifacts.encode(Judged(**structs.asdict(material.gate), why=opened.why, next=start)))
    else:
        _close(material, out, here)
    return 0


def _nothing_there(folder: Path, args: Options) -> UserError:
    """Say why there is nothing to look at, and what to do."""
    if args.patterns:
        hint = "A pattern is a name ('pier.jpg'), a folder (sketches) or has stars ('*.jpg'), in quotes."
        return UserError(f"nothing in it fits {' or '.join(args.patterns)}", place=args.folder, hint=hint)
    below = [p.name for p in folders_in(folder.resolve().parent) if p != folder.resolve()]
    near = f" Beside it there are {listed(below)}." if below else ""
    return UserError(
        "there is no file in this folder", place=args.folder, hint=f"Put your pictures there, or name another.{near}"
    )


@contextmanager
def _scratch(folder: Path) -> Iterator[Path | None]:
    """A folder for what is made of the pictures while they are looked at; none if it would lie among them."""
    with tempfile.TemporaryDirectory(prefix="loraprep-look-", ignore_cleanup_errors=True) as made:
        scratch = Path(made).resolve()
        yield None if scratch.is_relative_to(folder.resolve()) else scratch


def gather(
    folder: Path,
    root: Path,
    settings: Settings,
    following: Sequence[str],
    patterns: Sequence[str] = (),
    scratch: Path | None = None,
) -> html.PageData:
    """Run the steps of Gate 1 over `folder` with every recommendation taken; nothing is written but into `scratch`.

    Captions are drafts: the words beside the pictures and inside them, and measured colour and light.
    """
    files.enclose(root, folder, trust.picture_folders(folder))
    declared = project.Project.of(root, folder, settings)
    limits = declared.settings.thresholds.audit
    with terminal.progress("Looking at the pictures") as progress:
        found = scan.scan(
            folder,
            root,
            include=patterns or ("**/*",),
            pairs=declared.kind.pairs,
            max_megapixels=limits.max_megapixels,
            max_megabytes=limits.max_megabytes,
            max_seconds=limits.max_seconds,
            max_memory=limits.memory,
            progress=progress,
            cache=scratch / SCAN_CACHE if scratch else None,
        )
    work = MemoryWorkspace(declared, found.images, scratch)
    work.write(BesideImages(orphans=found.orphans, masks=found.masks))
    for artifact in _LEFT_OUT:
        work.write(artifact)
    for step in (*_STEPS, *([pairs.compare_pairs] if declared.kind.pairs else [])):
        step(work)
    data = report.report_data(work)
    verdict = gate.judge(data)
    asked = [
        *work.read(Audited).questions,
        *work.read(Duplicates).questions,
        *work.read(CarriedSeen).questions,
        *work.read(Curated).questions,
    ]
    verdict.counts["open_questions"] = len(asked)
    title = folder.resolve().name
    return report.page_data(work, data, verdict, title=title, opened=opening(data, verdict), following=following)


_STEPS = (
    duplicates.find_duplicates,
    audit.audit_images,
    duplicates.decide_staying,
    audit.measure_detail,
    curation.choose_shortlist,
    carried.look_for_marks,
    heads.look_for_heads,
    captions.describe_images,
    captions.write_captions,
    curation.curate_images,
    curation.select_images,
)
# what takes longer than a first look may, or makes no sense without a project
_LEFT_OUT = (
    Sampled(samples=[], unseen=[], missing={}, findings=[]),
    FeaturesMeasured(features=PictureFeatures({}, {}, [])),
    Forecast(plans=[], repeats={}, drawn=[], findings=[]),
)


# what is done about a finding while there is no project to write into
_BEFOREHAND: dict[str, str] = {
    Code.UNCAPTIONED: "Write what each shows into a .txt file with its name, beside it.",
    Code.ONLY_NAMED: "Write what each shows into a .txt file beside it. Or choose in `loraprep init` who looks at "
    "them, or that the trigger alone is trained.",
}


def opening(data: ReportData, verdict: Gate) -> Opening:
    """What Gate 1 would say."""
    return structs.replace(of_gate(data, verdict), verdict=_headline(verdict))


def _headline(verdict: Gate) -> str:
    blocking = sum(r.severity == "block" for r in verdict.reasons)
    if blocking:
        return f"{number_of(blocking, 'thing')} would stop Gate 1. Better to know now."
    asked = verdict.counts["open_questions"]
    questions = f" after {number_of(asked, 'question')}" if asked else ""
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


def _name(folder: Path) -> str:
    """A project's name made of the folder's: letters, digits, - and _."""
    return project_name(".", folder)


def _free(name: str, here: Path) -> str:
    """A project beside a folder of its own name needs another one."""
    names = [name, f"{name}-lora", *(f"{name}-lora-{n}" for n in range(2, 1000))]
    return next(n for n in names if not project_root(n, here).exists())


def _likely_model(folder: Path, here: Path, kind: str) -> str:
    """Name the base model of studio.md, else that which the pictures suit by their sizes."""
    _, known, _ = studio.studio_models(here)
    fit = [name for name in known if kind not in resources.names("resources/kinds") or profiles.fits_kind(name, kind)]
    if fit or not folder.is_dir():
        return fit[0] if fit else for_now(kind)
    return suited(contents.look(folder).sides, kind) or for_now(kind)


def _problems(args: Options, folder: Path, model: str, out: Path, here: Path) -> list[Problem]:
    found = []
    if not folder.is_dir():
        what = "that is a file; name the folder it lies in" if folder.exists() else "there is no such folder"
        around = [p.name for p in folders_in(folder.parent)]
        there = f"There you have {listed(around)}." if around else "Name the folder with your pictures."
        hint = folder_meant(folder) or there
        if folder.exists():
            hint = "loraprep look DIR, and if only some of it: loraprep look DIR '*.jpg' (in quotes)"
        found.append(Problem(what, args.folder, hint))
    for flag, value, known in (("--kind", args.kind, "kinds"), ("--model", model, "models")):
        names = resources.names(f"resources/{known}")
        if value not in names:
            given = args.model if flag == "--model" else value
            found.append(Problem(f'unknown {known[:-1]} "{given}"', flag, f"One of: {', '.join(names)}."))
    if not found and (unfit := project.unfit_model(model, args.kind)):
        found.append(Problem(unfit[0], "--model", unfit[1]))
    where = out.resolve()
    if folder.is_dir() and where.parent != here.resolve() and where.is_relative_to(folder.resolve()):
        found.append(Problem("the page would lie among your pictures", "--out", "Name a place outside that folder."))
    elif out.is_dir() or not where.parent.is_dir():
        found.append(
            Problem("that is no place for a file", args.out or out.name, "Name a file in a folder that exists.")
        )
    elif out.exists() and _OURS not in files.read(out, 2000):
        hint = "It stays as it is; name another with --out FILE."
        found.append(Problem("there is another file under this name", args.out or out.name, hint))
    return found


def _close(material: html.PageData, out: Path, here: Path) -> None:
    verdict = material.gate
    counts = verdict.counts
    texts = sum(fate.fate == "caption" and fate.path.endswith(".txt") for fate in material.data.fates)
    there = number_of(counts["kept"] + counts["left_out"] + counts["rejected"], "picture")
    there += f", {number_of(texts, '.txt caption')}" if texts else ""  # as `loraprep init` counts them
    terminal.say(
        f"{there}. {counts['kept']} could train, {counts['left_out']} would be left out, {counts['rejected']} cannot "
        f"be used. As {material.kind.title.lower()} for {material.model.title}."
    )
    if others := summary.by_role(material.data):
        terminal.say(f"For something else than training: {others}.")
    blocking = [r for r in verdict.reasons if r.severity == "block"]
    results.print_reasons([structs.replace(r, fix=_BEFOREHAND.get(r.code, r.fix)) for r in blocking])
    terminal.say(material.opening.verdict, "bold")
    shown = out.relative_to(here) if out.is_relative_to(here) else out
    terminal.say(f"Look at it: {shown}")
    terminal.say("Start from there:")
    terminal.say(f"  {material.following[0]}", "bold")
