"""`loraprep init`: its flags, and the project that they and the interview make."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from loraprep.cli import arguments
from loraprep.cli.init import create, interview
from loraprep.core import resources, terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.imaging import formats
from loraprep.project import studio, trigger


def _parser() -> argparse.ArgumentParser:
    parser = arguments.Parser(
        "loraprep init", description="Asks what you want to teach and writes a project. Every question has a flag."
    )
    parser.add_argument("name", nargs="?", help="the project's name, or . for a folder already full of pictures")
    parser.add_argument("--kind", help="character, style or object")
    parser.add_argument("--model", help="the base model you train: " + ", ".join(resources.names("resources/models")))
    parser.add_argument("--trigger", help="one made-up word (proposed from the name)")
    parser.add_argument("--description", help="one sentence: what should the model learn?")
    parser.add_argument("--class-word", help="what it is an instance of: woman, oil painting, mug")
    parser.add_argument("--notes", help="anything about content and style to remember")
    parser.add_argument("--fused", help="terms meant to belong to the trigger, comma-separated")
    parser.add_argument("--images", metavar="DIR", help="the folder with your pictures; it is copied into images/")
    parser.add_argument("--in-place", action="store_true", help="use that folder where it is instead of copying it")
    parser.add_argument("--captioner", help=", ".join(arguments.CAPTIONERS))
    parser.add_argument("--budget", metavar="USD", help="the most this project may ever spend on looking")
    parser.add_argument("--base-url", help="for openai-compatible: the server, such as http://localhost:11434/v1")
    parser.add_argument("--vision-model", help="for openai-compatible: the vision model there")
    parser.add_argument("--tagger", metavar="DIR", help="for wd-tagger: the folder with model.onnx")
    parser.add_argument("--style-words", help="include or omit")
    parser.add_argument("--no-input", action="store_true", help="ask nothing: take flags and defaults")
    return parser


def run(argv: list[str]) -> int:
    """The whole command; 0 if the project was written. Raises UserError (exit code 3) with every problem at once.

    Interrupted at any point, it takes back whatever it had written.
    """
    args = vars(_parser().parse_args(argv))
    here = Path.cwd()
    if not args["no_input"] and sys.stdin.isatty():
        problems = arguments.problems(args, here)  # a mistyped flag is said before anything is asked
        if problems:
            raise UserError.many(problems, UNUSABLE)
        try:
            args = interview.ask(args, here)
        except EOFError:  # Ctrl-D says the same as Ctrl-C
            raise KeyboardInterrupt from None
    elif not args["model"]:
        args["model"] = arguments.studio_model(here)
    problems = arguments.problems(args, here, complete=True)
    if problems:
        raise UserError.many(problems, UNUSABLE)
    root = arguments.project_root(args["name"], here)
    config = _config(args, root)
    source = arguments.source(args)
    create.write(
        root,
        config,
        source if source and not args["in_place"] and not arguments.same(source, root / "images") else None,
    )
    _close(root, config, here)
    return 0


def _looking(answers: dict[str, Any], here: Path) -> dict[str, Any]:
    """What captioning in project.yaml says besides, for a captioner that looks."""
    if answers["captioner"] == "claude":
        return {"budget_usd": arguments.budget(answers["budget"] or "")}
    if answers["captioner"] == "openai-compatible":
        return {"base_url": answers["base_url"] or interview.OLLAMA, "model": answers["vision_model"] or None}
    if answers["captioner"] == "wd-tagger" and answers["tagger"]:
        return {"tagger": {"folder": (here / Path(answers["tagger"]).expanduser()).resolve().as_posix()}}
    return {}


def _config(answers: dict[str, Any], root: Path) -> dict[str, Any]:
    """The values of project.yaml's template."""
    name = arguments.project_name(answers["name"], root)
    class_word = (answers["class_word"] or "").strip()
    return {
        "name": name,
        "kind": answers["kind"],
        "class_word": class_word,
        "model": studio.model_id(answers["model"]),
        "description": (answers["description"] or "").strip(),
        "notes": (answers["notes"] or "").strip(),
        "fused": [term.strip() for term in (answers["fused"] or "").split(",") if term.strip()],
        "trigger": answers["trigger"] or trigger.propose(name, class_word),
        "captioner": answers["captioner"] or "draft",
        "looking": _looking(answers, Path.cwd()),
        "style_words": answers["style_words"] or "include",
        "folder": _folder(answers, root),
    }


def _folder(answers: dict[str, Any], root: Path) -> str:
    """images.folder: relative inside the project or the same git root, so that a clone finds it; else absolute."""
    source = arguments.source(answers)
    if source is None:
        return "." if answers["name"] == "." else "images"
    if not answers["in_place"]:
        return "images"
    source, root = source.resolve(), root.resolve()
    git = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    return Path(os.path.relpath(source, root)).as_posix() if source.is_relative_to(git) else source.as_posix()


def _close(root: Path, config: dict[str, Any], here: Path) -> None:
    where = arguments.shown(root, here)
    terminal.say(f"{config['name']} is ready in {'this folder' if where == '.' else where}.", "bold green")
    if warning := trigger.warning(config["trigger"], config["class_word"]):
        terminal.say(f"! {warning}", "yellow")
    if config["captioner"] == "claude" and config["looking"]["budget_usd"] is None:
        terminal.say("! Nothing is sent to Claude before captioning.budget_usd holds an amount.", "yellow")
    folder = root / config["folder"]
    if not any(path.suffix.lower() in formats.EXTENSIONS for path in create.listed(folder)):
        inside = {"images": "its images/ folder", ".": "this folder"}.get(config["folder"], config["folder"])
        terminal.say(f"There is no picture in {inside} yet: put yours there first.", "yellow")
    quoted = f'"{where}"' if " " in where else where
    terminal.say("Next:\n" + ("" if where == "." else f"  cd {quoted}\n") + "  loraprep gate1")
