"""The intent interview: asks for what no flag answered, and explains on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.prompt import Confirm, Prompt

from loraprep.cli import arguments
from loraprep.cli.init import create
from loraprep.core import resources, terminal
from loraprep.core.errors import Problem
from loraprep.project import project, studio, trigger

OLLAMA = "http://localhost:11434/v1"


def ask(args: dict[str, Any], here: Path) -> dict[str, Any]:
    """Asks for what no flag answered, explaining on the way. Returns the completed answers."""
    answers = dict(args)
    while not answers["name"]:
        answers["name"] = _accepted(
            Prompt.ask("What shall the project be called?"),
            lambda name: arguments.name_problems(name, here, complete=True),
        )
    kinds = list(resources.names("resources/kinds"))
    if not answers["kind"]:
        terminal.say(
            "What are you trying to teach the model: a specific character, an art style, or a particular "
            "object or concept?"
        )
        for kind in kinds:
            terminal.say(f"  {kind}: {project.profile('kinds', kind)['teaches']}")
        answers["kind"] = Prompt.ask("Kind", choices=kinds)
    for paragraph in _explain(answers["kind"]):
        terminal.say(paragraph + "\n")
    if not answers["model"]:
        answers["model"] = _ask_model(here)
    _ask_words(answers, here)
    _ask_images(answers, here)
    _ask_captioner(answers)
    if not answers["style_words"]:
        terminal.say(
            'Style words such as "thick brushwork": include names them in the captions, so prompts can vary '
            "the style; omit leaves them to the trigger, which then carries the whole style. You can change "
            "this later without captioning again."
        )
        answers["style_words"] = Prompt.ask("Style words", choices=list(arguments.STYLE_WORDS), default="include")
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
        lines = resources.text(name).splitlines()
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
    found, known, unknown = studio.studio_models(here)
    if unknown:
        terminal.say(f"studio.md also names {', '.join(unknown)}, which loraprep does not know.", "yellow")
    if len(known) > 1:
        terminal.say(f"studio.md names several base models: {', '.join(known)}. Which one is this for?")
    elif known:
        terminal.say(f"studio.md says {known[0]}.")
    else:
        terminal.say(
            "No base model was found in studio.md." if found else "There is no studio.md to take the base model from."
        )
    models = list(resources.names("resources/models"))
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
        proposal = trigger.propose(arguments.project_name(answers["name"], here), answers["class_word"])
        word = Prompt.ask("Trigger, one made-up word", default=proposal)
        said = trigger.fault(word) or trigger.warning(word, answers["class_word"])
        if said:
            terminal.say(said, "yellow")
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
            told, lambda at: arguments.source_problems({**answers, "images": at, "in_place": True}, here)
        )
    source = arguments.source(answers)
    if (
        source
        and not answers["in_place"]
        and not arguments.same(source, arguments.project_root(answers["name"], here) / "images")
    ):
        terminal.say(f"{create.count(create.listed(source))} in that folder.")
        answers["in_place"] = not Confirm.ask("Copy them into the project (no: use them where they are)?", default=True)


def _accepted(value: str, check: Callable[[str], Iterator[Problem]]) -> str | None:
    """The value, or None after saying what is wrong with it."""
    problems = list(check(value))
    for problem in problems:
        terminal.say(f"{problem.message}. {problem.hint}".rstrip(), "yellow")
    return None if problems else value


def _ask_captioner(answers: dict[str, Any]) -> None:
    if not answers["captioner"]:
        terminal.say(
            "Captions: draft uses your own .txt files, words inside the files and names; existing takes your "
            ".txt files as they are; none writes the trigger alone; claude looks at every picture, which costs a "
            "little (a key in ANTHROPIC_API_KEY, and a budget); openai-compatible asks a vision model on your own "
            "machine (Ollama, LM Studio, llama.cpp, vLLM); wd-tagger writes Danbooru tags."
        )
        answers["captioner"] = Prompt.ask("Captioner", choices=list(arguments.CAPTIONERS), default="draft")
    while answers["captioner"] == "claude" and not answers["budget"]:
        terminal.say("Five samples are described first and wait for your word. Without a budget nothing is sent.")
        told = Prompt.ask("The most it may ever cost here, in US dollars", default="1.00")
        answers["budget"] = told if arguments.budget(told) is not None else None
    if answers["captioner"] == "openai-compatible":
        answers["base_url"] = answers["base_url"] or Prompt.ask("The server's address", default=OLLAMA)
        answers["vision_model"] = answers["vision_model"] or Prompt.ask("The vision model there")
    if answers["captioner"] == "wd-tagger" and not answers["tagger"]:
        answers["tagger"] = Prompt.ask("The folder with model.onnx and selected_tags.csv")
