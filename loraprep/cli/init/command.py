"""`loraprep init`: its flags, and the project that they and the interview make."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from loraprep.captions import meaning, registry
from loraprep.cli import completing
from loraprep.cli.completing import Completer
from loraprep.cli.init import asking, at_hand, choices, create, folder, given, interview, taking_over, validate
from loraprep.cli.init.options import (
    UNDECIDED,
    InitOptions,
    NewProject,
    project_name,
    project_root,
    same_folder,
)
from loraprep.cli.init.taking_over import Taken
from loraprep.core import resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.imaging import formats
from loraprep.project import profiles, project, studio, trigger, trust
from loraprep.project.trust import Trust
from loraprep.trainers.takeover import reader

_FOR_NOW = "not decided yet: change it at any time, no picture is described again; "
_WHO = {  # what is worth knowing of who describes the pictures
    "none": "Captions are the trigger alone: no picture is described. For more control set captioning.captioner.",
    "draft": "Captions use the words you have (.txt files, names); names alone end in NO-GO.",
}


def _option(flag: str, words: str, metavar: str = "TEXT", complete: Completer | None = None) -> click.Option:
    return click.Option([flag], metavar=metavar, help=words, shell_complete=complete)


PARAMS: list[click.Parameter] = [
    click.Argument(["name"], required=False, metavar="[NAME]"),
    _option("--kind", "character, style, object or edit", "KIND", completing.kinds),
    _option(
        "--model",
        f"the base model you train: {', '.join(resources.names('resources/models'))}; or {UNDECIDED}",
        "MODEL",
        completing.models,
    ),
    _option(
        "--trainers",
        f"what trains it, comma-separated: {', '.join(resources.names('resources/trainers'))}",
        "NAMES",
        completing.trainers,
    ),
    _option("--trigger", "one made-up word (else proposed; an edit goes without)", "WORD"),
    _option("--description", "one sentence: what should the model learn?"),
    _option("--class-word", "what it is an instance of: woman, oil painting, mug", "WORDS"),
    _option("--notes", "anything about content and style to remember"),
    _option("--fused", "terms meant to belong to the trigger, comma-separated", "TERMS"),
    _option("--images", "the folder with your pictures; it is copied into images/", "DIR", completing.folders),
    click.Option(
        ["--from", "tree"],
        metavar="TREE",
        shell_complete=completing.folders,
        help="a trainer's folder or its configuration, taken over: kohya, OneTrainer, ai-toolkit, Hugging Face",
    ),
    click.Option(["--in-place/--copy"], default=None, help="use that folder where it is, or copy it and do not ask"),
    _option("--captioner", ", ".join(validate.CAPTIONERS), "NAME", completing.names(lambda: validate.CAPTIONERS)),
    _option("--budget", "the most this project may ever spend on looking", "USD"),
    _option("--base-url", "for openai-compatible: the server, such as http://localhost:11434/v1", "URL"),
    _option("--vision-model", "for openai-compatible: the vision model there", "MODEL"),
    _option("--tagger", "for wd-tagger: the folder with model.onnx", "DIR", completing.folders),
    _option("--style-words", "include or omit", "HOW"),
    click.Option(["--no-input"], is_flag=True, help="ask nothing: take flags and defaults"),
    click.Option(["--plain"], is_flag=True, help="ask in plain lines, one answer a line: for pipes and screen readers"),
]


def run(**flags: Any) -> int:
    """Run the whole command; 0 if the project was written. Raises UserError (exit code 3) with every problem at once.

    Interrupted at any point, it takes back whatever it had written.
    """
    options = interview.understood(InitOptions(**flags))
    here = Path.cwd()
    found = None
    if options.tree is not None:
        options, found = taken_over(options, here)
    if not options.no_input and (options.plain or sys.stdin.isatty()):
        problems = validate.problems(options, here)  # a mistyped flag is said before anything is asked
        if problems:
            raise UserError.many(problems, UNUSABLE)
        try:
            with asking.unechoed(asking.asker(plain=options.plain)) as asker:
                options = interview.completed(options, here, asker)
        except (EOFError, KeyboardInterrupt):  # Ctrl-D says the same as Ctrl-C
            raise KeyboardInterrupt("Nothing was written.") from None
    elif not options.model:
        options = replace(options, model=studio_model(here))
    problems = validate.problems(options, here, complete=True)
    if problems:
        raise UserError.many(problems, UNUSABLE)
    assert options.name  # or there was a problem
    root = project_root(options.name, here)
    new, source = new_project(options, root), options.source
    copies = found.copies if found else []
    if source and not options.in_place and not same_folder(source, root / "images"):
        copies = create.copies_of(source)
    if found:
        new = _with_dataset(new, found)
    trust.revoke(root)  # what an earlier project in this folder was trusted with
    create.write_project(root, new, copies)
    _trust_answers(root)
    for line in taking_over.told(found, new.trigger) if found else ():
        terminal.say(line)
    _close(root, new, here)
    return 0


def taken_over(options: InitOptions, here: Path) -> tuple[InitOptions, Taken]:
    """Read the tree, and let it answer what no flag did. Raises UserError with all that is wrong, of flags as well."""
    problems = [*validate.problems(options, here), *validate.tree_problems(options, here)]
    tree = options.taken
    if tree is None or problems:
        raise UserError.many(problems or [validate.no_tree(options)], UNUSABLE)
    try:
        read = reader.read_tree(tree.resolve(), options.named.resolve() if options.named else None)
        found = taking_over.taken(read)
    except OSError as error:
        said = f"cannot be read: {(error.strerror or type(error).__name__).lower()}"
        raise UserError(said, place=Path(error.filename or tree).name, exit_code=UNUSABLE) from None
    return taking_over.with_tree(options, read, found), found


def _with_dataset(new: NewProject, found: Taken) -> NewProject:
    """Write what a tree says of the training into the new project; what is usual anyway is not written."""
    said = dict(found.dataset)
    steps, epochs = said.pop("steps", new.steps), said.pop("epochs", new.epochs)
    if said.get("sizes") == list(profiles.base_model(new.model).sizes):
        del said["sizes"]
    if said.get("batch_size") == 1:
        del said["batch_size"]
    assert isinstance(steps, int)
    assert isinstance(epochs, int)
    return replace(new, steps=steps, epochs=epochs, dataset=said)


def _trust_answers(root: Path) -> None:
    """Whoever answered the questions was asked: the budget, the server and its key are theirs."""
    try:
        trust.grant(root, trust.lacking(registry.asks(project.load(root).settings), Trust()))
    except UserError as error:
        terminal.say(f"! {error}", "yellow")


def studio_model(here: Path) -> str | None:
    """Return the one base model that studio.md names, None if it names none or several."""
    known = studio.studio_models(here)[1]
    return known[0] if len(known) == 1 else None


def new_project(options: InitOptions, root: Path) -> NewProject:
    """Fill project.yaml's template from complete options, with defaults for what nobody said."""
    name = project_name(options.name or "", root)
    class_word = (options.class_word or "").strip()
    model = studio.model_id(options.model_name) or ""
    kind = profiles.kind(options.kind or "")
    return NewProject(
        name=name,
        kind=options.kind or "",
        class_word=class_word,
        model=model,
        decided=_FOR_NOW if options.model == UNDECIDED else "",
        trainers=choices.parts(options.trainers or profiles.usual_trainer(model, pairs=kind.pairs)),
        description=(options.description or "").strip(),
        notes=(options.notes or "").strip(),
        fused=[term.strip() for term in (options.fused or "").split(",") if term.strip()],
        trigger=options.trigger or ("" if kind.pairs else trigger.propose(name, class_word, meaning.doubt_of_proposal)),
        captioner=options.captioner or _captioner(options, root),
        style_words=options.style_words or "include",
        folder=_images_folder(options, root),
        captioning=_captioning(options, Path.cwd()),
    )


def _captioner(options: InitOptions, root: Path) -> str:
    """Choose who describes the pictures when nobody said: by the pictures alone, so that it is the same everywhere."""
    there = root if options.name == "." else options.source or root / "images"
    found = folder.look(there) if there.is_dir() else None
    proposed = at_hand.look_around(found, there, wide=False).proposed if found and found.pictures else "draft"
    able = profiles.kind(options.kind or "").captioners
    return proposed if not able or proposed in able else able[0]


def _captioning(options: InitOptions, here: Path) -> dict[str, str | float | dict[str, str] | None]:
    """Return what captioning in project.yaml says besides, for a captioner that opens the pictures."""
    if options.captioner == "claude":
        return {"budget_usd": validate.dollars(options.budget or "")}
    if options.captioner == "openai-compatible":
        return {"base_url": options.base_url or interview.OLLAMA, "model": options.vision_model or None}
    if options.captioner == "wd-tagger" and options.tagger:
        tagger = given.folder(options.tagger) or Path(options.tagger)
        return {"tagger": {"folder": (here / tagger).resolve().as_posix()}}
    return {}


def _images_folder(options: InitOptions, root: Path) -> str:
    """Return images.folder: relative inside the project or its git root, so that a clone finds it; else absolute."""
    source = options.source
    if source is None:
        return "." if options.name == "." else "images"
    if not options.in_place:
        return "images"
    source, root = source.resolve(), root.resolve()
    git = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    return Path(os.path.relpath(source, root)).as_posix() if source.is_relative_to(git) else source.as_posix()


def _close(root: Path, new: NewProject, here: Path) -> None:
    """Say what was made, what is missing yet, and what to type next."""
    where = validate.relative(root, here)
    there = "" if where == new.name else f" in {'this folder' if where == '.' else where}"
    terminal.say(f"The project {new.name} is ready{there}.", "bold green")
    if new.trigger and (warning := meaning.doubt(new.trigger, new.class_word)):
        terminal.say(f"! {warning}", "yellow")
    if new.captioner == "claude" and new.captioning["budget_usd"] is None:
        terminal.say("! Nothing is sent to Claude before captioning.budget_usd holds an amount.", "yellow")
    folder = root / new.folder
    if not any(path.suffix.lower() in formats.EXTENSIONS for path in create.files_below(folder)):
        inside = {"images": "its images/ folder", ".": "this folder"}.get(new.folder, new.folder)
        terminal.say(f"There is no picture in {inside} yet: put yours there first.", "yellow")
    quoted = f'"{where}"' if " " in where else where
    if new.captioner in _WHO:
        asking.say(_WHO[new.captioner])
    terminal.say("Next:\n" + ("" if where == "." else f"  cd {quoted}\n") + "  loraprep gate1")
    asking.say(f"To change any answer: edit {project.NAME}, then loraprep gate1 again; only what it touches is redone.")
