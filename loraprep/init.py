"""`loraprep init`: its flags, the intent interview, and what is wrong with either."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from rich.prompt import Confirm, Prompt

from loraprep import bundled, captioners, console, formats, newproject, project, studio, trigger
from loraprep.errors import UNUSABLE, Problem, UserError

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")  # Windows opens devices under these names
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CAPTIONERS = tuple(captioners.names())
_STYLE_WORDS = ("include", "omit")
_OLLAMA = "http://localhost:11434/v1"


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(message, hint=f"{self.prog} --help lists the flags.", exit_code=UNUSABLE)


def _parser() -> argparse.ArgumentParser:
    parser = Parser("loraprep init", description="Asks what you want to teach and writes a project. "
                     "Every question has a flag.")  # fmt: skip
    parser.add_argument("name", nargs="?", help="the project's name, or . for a folder already full of pictures")
    parser.add_argument("--kind", help="character, style or object")
    parser.add_argument("--model", help="the base model you train: " + ", ".join(bundled.names("resources/models")))
    parser.add_argument("--trigger", help="one made-up word (proposed from the name)")
    parser.add_argument("--description", help="one sentence: what should the model learn?")
    parser.add_argument("--class-word", help="what it is an instance of: woman, oil painting, mug")
    parser.add_argument("--notes", help="anything about content and style to remember")
    parser.add_argument("--fused", help="terms meant to belong to the trigger, comma-separated")
    parser.add_argument("--images", metavar="DIR", help="the folder with your pictures; it is copied into images/")
    parser.add_argument("--in-place", action="store_true", help="use that folder where it is instead of copying it")
    parser.add_argument("--captioner", help=", ".join(_CAPTIONERS))
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
        problems = _problems(args, here)  # a mistyped flag is said before anything is asked
        if problems:
            raise UserError.many(problems, UNUSABLE)
        try:
            args = _interview(args, here)
        except EOFError:  # Ctrl-D says the same as Ctrl-C
            raise KeyboardInterrupt from None
    elif not args["model"]:
        args["model"] = _studio_model(here)
    problems = _problems(args, here, complete=True)
    if problems:
        raise UserError.many(problems, UNUSABLE)
    root = _root(args["name"], here)
    config = _config(args, root)
    source = _source(args)
    newproject.write(
        root, config, source if source and not args["in_place"] and not _same(source, root / "images") else None
    )
    _close(root, config, here)
    return 0


# What was said, checked


def _problems(args: dict[str, Any], here: Path, *, complete: bool = False) -> list[Problem]:
    """All that is wrong with the answers so far; `complete`: a missing one is wrong too."""
    found = list(_name_problems(args["name"], here, complete))
    kinds, models = bundled.names("resources/kinds"), bundled.names("resources/models")
    known = {"kind": kinds, "model": models, "captioner": _CAPTIONERS, "style_words": _STYLE_WORDS}
    for key, allowed in known.items():
        value, flag, what = (
            args[key],
            "--" + key.replace("_", "-"),
            {"model": "base model"}.get(key, key.replace("_", " ")),
        )
        one_of = f"One of: {', '.join(allowed)}."
        if not value and complete and key in ("kind", "model"):
            found.append(
                Problem(f"the {what} is missing", flag, _why_no_model(here) + one_of if key == "model" else one_of)
            )
        elif value and value not in allowed and not (key == "model" and studio.resolve(value)):
            near = difflib.get_close_matches(value, allowed, 1)
            found.append(Problem(f'unknown {what} "{value}"', flag, f"Did you mean {near[0]}?" if near else one_of))
    if args["trigger"] and (fault := trigger.fault(args["trigger"])):
        found.append(Problem(fault, "--trigger"))
    if args["budget"] and _budget(args["budget"]) is None:
        found.append(Problem(f'"{args["budget"]}" is no amount of US dollars', "--budget", "Write it like 1.00."))
    return found + list(_source_problems(args, here))


def _budget(text: str) -> float | None:
    """Dollars, None if it is no amount."""
    plain = text.strip().removeprefix("$").strip()
    return float(plain) if re.fullmatch(r"\d{1,5}(\.\d+)?", plain) else None


def _name_problems(name: str | None, here: Path, complete: bool) -> Iterator[Problem]:
    if not name:
        if complete:
            yield Problem("the project needs a name", "NAME", "loraprep init NAME --images FOLDER")
    elif name != "." and (not _NAME.fullmatch(name) or _RESERVED.fullmatch(name)):
        hint = "Use letters, digits, - and _; it becomes a folder."
        if _RESERVED.fullmatch(name):
            hint = "Windows keeps this word for itself. Choose another."
        yield Problem(f'"{name}" cannot be a project\'s name', "NAME", hint)
    else:
        path = _root(name, here) / project.NAME
        if path.exists():
            hint = "Edit that file, or choose another name; nothing is overwritten."
            yield Problem("there is a project already", _shown(path, here), hint)


def _source_problems(args: dict[str, Any], here: Path) -> Iterator[Problem]:
    source, name = _source(args), args["name"]
    if source is None:
        if args["in_place"] and name and name != ".":
            yield Problem("which folder? Say --images DIR as well", "--in-place")
    elif not source.is_dir():
        yield Problem(f"there is no folder {args['images']}", "--images")
    elif name and (name == "." or _NAME.fullmatch(name)):
        root, images = _root(name, here), _root(name, here) / "images"
        inside = "Use loraprep init . in that folder instead."
        if args["in_place"]:
            if root.resolve() != source.resolve() and root.resolve().is_relative_to(source.resolve()):
                yield Problem("the project would lie inside the folder with its pictures", "--images", inside)
        elif _same(source, images):
            return
        elif images.resolve().is_relative_to(source.resolve()):
            yield Problem("the project would lie inside the folder that is copied", "--images", inside)
        elif images.exists() and (not images.is_dir() or any(images.iterdir())):
            yield Problem("images/ already holds something, so nothing is copied into it", _shown(images, here),
                          "Leave --images out to use what is there, or choose another name.")  # fmt: skip


def _why_no_model(here: Path) -> str:
    found, known, unknown = studio.read(here)
    if len(known) > 1:
        return f"studio.md names several: {', '.join(known)}. "
    if unknown:
        return f"studio.md names {', '.join(unknown)}, which loraprep does not know. "
    return "studio.md names none. " if found else "There is no studio.md to take it from. "


def _studio_model(here: Path) -> str | None:
    known = studio.read(here)[1]
    return known[0] if len(known) == 1 else None


def _source(args: dict[str, Any]) -> Path | None:
    return Path(args["images"]).expanduser() if args["images"] else None


def _same(a: Path, b: Path) -> bool:
    return a.resolve() == b.resolve()


def _shown(path: Path, here: Path) -> str:
    return Path(os.path.relpath(path, here)).as_posix()


# The interview


def _interview(args: dict[str, Any], here: Path) -> dict[str, Any]:
    """Asks for what no flag answered, explaining on the way. Returns the completed answers."""
    answers = dict(args)
    while not answers["name"]:
        answers["name"] = _accepted(Prompt.ask("What shall the project be called?"),
                                    lambda name: _name_problems(name, here, complete=True))  # fmt: skip
    kinds = list(bundled.names("resources/kinds"))
    if not answers["kind"]:
        console.say("What are you trying to teach the model: a specific character, an art style, or a particular "
                    "object or concept?")  # fmt: skip
        for kind in kinds:
            console.say(f"  {kind}: {project.profile('kinds', kind)['teaches']}")
        answers["kind"] = Prompt.ask("Kind", choices=kinds)
    for paragraph in _explain(answers["kind"]):
        console.say(paragraph + "\n")
    if not answers["model"]:
        answers["model"] = _ask_model(here)
    _ask_words(answers, here)
    _ask_images(answers, here)
    _ask_captioner(answers)
    if not answers["style_words"]:
        console.say("Style words such as \"thick brushwork\": include names them in the captions, so prompts can vary "
                    "the style; omit leaves them to the trigger, which then carries the whole style. You can change "
                    "this later without captioning again.")  # fmt: skip
        answers["style_words"] = Prompt.ask("Style words", choices=list(_STYLE_WORDS), default="include")
    return answers


def _explain(kind: str) -> list[str]:
    """What this kind teaches, how many pictures it wants, and the content-style problem, for an artist."""
    data = project.profile("kinds", kind)
    size = data["recommended"]
    plan = f"Plan for {size['min']} to {size['max']} pictures; under {data['floor']} there is too little to learn from."
    said = [
        _excerpt("resources/training/training-concepts.md", kind) or data["teaches"],
        " ".join(filter(None, [plan, _excerpt("resources/dataset/dataset-sizes.md", kind)])),
        _excerpt("resources/dataset/content-style.md", ""),
        " ".join(data["separation"].split()),
    ]
    return [text for text in said if text]


def _excerpt(name: str, heading: str) -> str:
    """The first paragraph under the first heading that starts with `heading`, as plain text; "" if there is none."""
    try:
        lines = bundled.text(name).splitlines()
    except FileNotFoundError:
        return ""
    inside, paragraph = False, list[str]()
    for line in [*lines, ""]:
        if line.startswith("#"):
            inside = line.lstrip("# ").lower().startswith(heading.lower())
        elif inside and line.strip() and not (not paragraph and line.lstrip().startswith(("|", "- ", "* ", "<", ">"))):
            paragraph.append(line.strip())
        elif paragraph:
            break
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(paragraph)).replace("**", "").replace("`", "")


def _ask_model(here: Path) -> str:
    found, known, unknown = studio.read(here)
    if unknown:
        console.say(f"studio.md also names {', '.join(unknown)}, which loraprep does not know.", "yellow")
    if len(known) > 1:
        console.say(f"studio.md names several base models: {', '.join(known)}. Which one is this for?")
    elif known:
        console.say(f"studio.md says {known[0]}.")
    else:
        console.say(
            "No base model was found in studio.md." if found else "There is no studio.md to take the base model from."
        )
    models = list(bundled.names("resources/models"))
    return (
        Prompt.ask("Base model", choices=models, default=known[0])
        if known
        else Prompt.ask("Base model", choices=models)
    )


def _ask_words(answers: dict[str, Any], here: Path) -> None:
    if answers["description"] is None:
        answers["description"] = Prompt.ask("In one sentence, what should the model learn?", default="")
    if answers["class_word"] is None:
        answers["class_word"] = Prompt.ask("What is it an instance of (woman, oil painting, mug)?", default="")
    while not answers["trigger"]:
        proposal = trigger.propose(_project_name(answers["name"], here), answers["class_word"])
        word = Prompt.ask("Trigger, one made-up word", default=proposal)
        said = trigger.fault(word) or trigger.warning(word, answers["class_word"])
        if said:
            console.say(said, "yellow")
        if not trigger.fault(word) and (not said or Confirm.ask("Keep it all the same?", default=False)):
            answers["trigger"] = word
    if answers["notes"] is None:
        answers["notes"] = Prompt.ask("Anything that is in many pictures and should not be learned?", default="")
    if answers["fused"] is None:
        answers["fused"] = Prompt.ask(
            "Anything in every picture that belongs to the trigger (comma-separated)?", default=""
        )


def _ask_images(answers: dict[str, Any], here: Path) -> None:
    asked = not answers["images"] and answers["name"] != "."
    while asked and not answers["images"]:
        told = Prompt.ask("Where are your pictures (empty: I will put them there myself)?", default="").strip()
        if not told:
            return
        answers["images"] = _accepted(
            told, lambda at: _source_problems({**answers, "images": at, "in_place": True}, here)
        )
    source = _source(answers)
    if source and not answers["in_place"] and not _same(source, _root(answers["name"], here) / "images"):
        console.say(f"{newproject.count(newproject.listed(source))} in that folder.")
        answers["in_place"] = not Confirm.ask("Copy them into the project (no: use them where they are)?", default=True)


def _accepted(value: str, check: Callable[[str], Iterator[Problem]]) -> str | None:
    """The value, or None after saying what is wrong with it."""
    problems = list(check(value))
    for problem in problems:
        console.say(f"{problem.message}. {problem.hint}".rstrip(), "yellow")
    return None if problems else value


# The files


def _root(name: str, here: Path) -> Path:
    if name == ".":
        return here
    home = studio.home(here)
    return home / "grimoire/training" / name if home else here / name


def _project_name(name: str, here: Path) -> str:
    """`init .` takes the folder's name, in the letters that a project's name may have."""
    if name != ".":
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", here.name).strip("-_")[:64]
    return f"my-{plain}"[:64].rstrip("-") if not plain or _RESERVED.fullmatch(plain) else plain


def _ask_captioner(answers: dict[str, Any]) -> None:
    if not answers["captioner"]:
        console.say(
            "Captions: draft uses your own .txt files, words inside the files and names; existing takes your "
            ".txt files as they are; none writes the trigger alone; claude looks at every picture, which costs a "
            "little (a key in ANTHROPIC_API_KEY, and a budget); openai-compatible asks a vision model on your own "
            "machine (Ollama, LM Studio, llama.cpp, vLLM); wd-tagger writes Danbooru tags."
        )
        answers["captioner"] = Prompt.ask("Captioner", choices=list(_CAPTIONERS), default="draft")
    while answers["captioner"] == "claude" and not answers["budget"]:
        console.say("Five samples are described first and wait for your word. Without a budget nothing is sent.")
        told = Prompt.ask("The most it may ever cost here, in US dollars", default="1.00")
        answers["budget"] = told if _budget(told) is not None else None
    if answers["captioner"] == "openai-compatible":
        answers["base_url"] = answers["base_url"] or Prompt.ask("The server's address", default=_OLLAMA)
        answers["vision_model"] = answers["vision_model"] or Prompt.ask("The vision model there")
    if answers["captioner"] == "wd-tagger" and not answers["tagger"]:
        answers["tagger"] = Prompt.ask("The folder with model.onnx and selected_tags.csv")


def _looking(answers: dict[str, Any], here: Path) -> dict[str, Any]:
    """What captioning in project.yaml says besides, for a captioner that looks."""
    if answers["captioner"] == "claude":
        return {"budget_usd": _budget(answers["budget"] or "")}
    if answers["captioner"] == "openai-compatible":
        return {"base_url": answers["base_url"] or _OLLAMA, "model": answers["vision_model"] or None}
    if answers["captioner"] == "wd-tagger" and answers["tagger"]:
        return {"tagger": {"folder": (here / Path(answers["tagger"]).expanduser()).resolve().as_posix()}}
    return {}


def _config(answers: dict[str, Any], root: Path) -> dict[str, Any]:
    """The values of project.yaml's template."""
    name = _project_name(answers["name"], root)
    class_word = (answers["class_word"] or "").strip()
    return {
        "name": name, "kind": answers["kind"], "class_word": class_word,
        "model": studio.resolve(answers["model"]),
        "description": (answers["description"] or "").strip(), "notes": (answers["notes"] or "").strip(),
        "fused": [term.strip() for term in (answers["fused"] or "").split(",") if term.strip()],
        "trigger": answers["trigger"] or trigger.propose(name, class_word),
        "captioner": answers["captioner"] or "draft", "looking": _looking(answers, Path.cwd()),
        "style_words": answers["style_words"] or "include",
        "folder": _folder(answers, root),
    }  # fmt: skip


def _folder(answers: dict[str, Any], root: Path) -> str:
    """images.folder: relative inside the project or the same git root, so that a clone finds it; else absolute."""
    source = _source(answers)
    if source is None:
        return "." if answers["name"] == "." else "images"
    if not answers["in_place"]:
        return "images"
    source, root = source.resolve(), root.resolve()
    git = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    return Path(os.path.relpath(source, root)).as_posix() if source.is_relative_to(git) else source.as_posix()


def _close(root: Path, config: dict[str, Any], here: Path) -> None:
    where = _shown(root, here)
    console.say(f"{config['name']} is ready in {'this folder' if where == '.' else where}.", "bold green")
    if warning := trigger.warning(config["trigger"], config["class_word"]):
        console.say(f"! {warning}", "yellow")
    if config["captioner"] == "claude" and config["looking"]["budget_usd"] is None:
        console.say("! Nothing is sent to Claude before captioning.budget_usd holds an amount.", "yellow")
    folder = root / config["folder"]
    if not any(path.suffix.lower() in formats.EXTENSIONS for path in newproject.listed(folder)):
        inside = {"images": "its images/ folder", ".": "this folder"}.get(config["folder"], config["folder"])
        console.say(f"There is no picture in {inside} yet: put yours there first.", "yellow")
    quoted = f'"{where}"' if " " in where else where
    console.say("Next:\n" + ("" if where == "." else f"  cd {quoted}\n") + "  loraprep gate1")
