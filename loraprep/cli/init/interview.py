"""The intent interview: ask for what no flag said, and explain on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from rich.prompt import Confirm, Prompt

from loraprep.cli.init import create, validate
from loraprep.cli.init.options import InitOptions, project_name, project_root, same_folder
from loraprep.core import resources, terminal
from loraprep.core.errors import Problem
from loraprep.project import profiles, studio, trigger

OLLAMA = "http://localhost:11434/v1"


def completed(options: InitOptions, here: Path) -> InitOptions:
    """Ask for what no flag said, explaining on the way. Raises EOFError (Ctrl-D) and KeyboardInterrupt."""
    while not options.name:
        name = Prompt.ask("What shall the project be called?")
        options = replace(options, name=_accepted(name, validate.name_problems(name, here, complete=True)))
    kinds = list(resources.names("resources/kinds"))
    if not options.kind:
        terminal.say(
            "What are you trying to teach the model: a specific character, an art style, or a particular "
            "object or concept?"
        )
        for kind in kinds:
            terminal.say(f"  {kind}: {profiles.kind(kind).teaches}")
        options = replace(options, kind=Prompt.ask("Kind", choices=kinds))
    for paragraph in _explanation(options.kind or ""):
        terminal.say(paragraph + "\n")
    if not options.model:
        options = replace(options, model=_ask_model(here))
    options = _with_words(options, here)
    options = _with_images(options, here)
    options = _with_captioner(options)
    if not options.style_words:
        terminal.say(
            'Style words such as "thick brushwork": include names them in the captions, so prompts can vary '
            "the style; omit leaves them to the trigger, which then carries the whole style. You can change "
            "this later without captioning again."
        )
        chosen = Prompt.ask("Style words", choices=list(validate.STYLE_WORDS), default="include")
        options = replace(options, style_words=chosen)
    return options


def _explanation(name: str) -> list[str]:
    """Tell an artist what this kind teaches, how many pictures it wants, and the content-style problem."""
    kind = profiles.kind(name)
    size = kind.recommended
    plan = f"Plan for {size.min} to {size.max} pictures; under {kind.floor} there is too little to learn from."
    paragraphs = [
        _excerpt("resources/training/training-concepts.md", name) or kind.teaches,
        " ".join(filter(None, [plan, _excerpt("resources/dataset/dataset-sizes.md", name)])),
        _excerpt("resources/dataset/content-style.md", ""),
        " ".join(kind.separation.split()),
    ]
    return [text for text in paragraphs if text]


def _excerpt(name: str, heading: str) -> str:
    """Return the first paragraph under a heading that starts with `heading`, as plain text; "" if there is none."""
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


def _with_words(options: InitOptions, here: Path) -> InitOptions:
    """Ask for the description, the trigger and what belongs to it."""
    if options.description is None:
        text = Prompt.ask("In one sentence, what should the model learn?", default="")
        options = replace(options, description=text)
    if options.class_word is None:
        text = Prompt.ask("What is it an instance of (woman, oil painting, mug)?", default="")
        options = replace(options, class_word=text)
    while not options.trigger:
        proposal = trigger.propose(project_name(options.name or "", here), options.class_word or "")
        word = Prompt.ask("Trigger, one made-up word", default=proposal)
        doubt = trigger.fault(word) or trigger.warning(word, options.class_word or "")
        if doubt:
            terminal.say(doubt, "yellow")
        if not trigger.fault(word) and (not doubt or Confirm.ask("Keep it all the same?", default=False)):
            options = replace(options, trigger=word)
    if options.notes is None:
        text = Prompt.ask("Anything that is in many pictures and should not be learned?", default="")
        options = replace(options, notes=text)
    if options.fused is None:
        text = Prompt.ask("Anything in every picture that belongs to the trigger (comma-separated)?", default="")
        options = replace(options, fused=text)
    return options


def _with_images(options: InitOptions, here: Path) -> InitOptions:
    """Ask where the pictures are, and whether they are copied."""
    missing = not options.images and options.name != "."
    while missing and not options.images:
        folder = Prompt.ask("Where are your pictures (empty: I will put them there myself)?", default="").strip()
        if not folder:
            return options
        tried = replace(options, images=folder, in_place=True)
        options = replace(options, images=_accepted(folder, validate.source_problems(tried, here)))
    source = options.source
    root = project_root(options.name or "", here)
    if source and not options.in_place and not same_folder(source, root / "images"):
        terminal.say(f"{create.counted_files(create.files_below(source))} in that folder.")
        copied = Confirm.ask("Copy them into the project (no: use them where they are)?", default=True)
        options = replace(options, in_place=not copied)
    return options


def _accepted(value: str, problems: Iterable[Problem]) -> str | None:
    """Return the value, or None after saying what is wrong with it."""
    problems = list(problems)
    for problem in problems:
        terminal.say(f"{problem.message}. {problem.hint}".rstrip(), "yellow")
    return None if problems else value


def _with_captioner(options: InitOptions) -> InitOptions:
    """Ask who describes the pictures, and what that captioner needs."""
    if not options.captioner:
        terminal.say(
            "Captions: draft uses your own .txt files, words inside the files and names; existing takes your "
            ".txt files as they are; none writes the trigger alone; claude looks at every picture, which costs a "
            "little (a key in ANTHROPIC_API_KEY, and a budget); openai-compatible asks a vision model on your own "
            "machine (Ollama, LM Studio, llama.cpp, vLLM); wd-tagger writes Danbooru tags."
        )
        chosen = Prompt.ask("Captioner", choices=list(validate.CAPTIONERS), default="draft")
        options = replace(options, captioner=chosen)
    while options.captioner == "claude" and not options.budget:
        terminal.say("Five samples are described first and wait for your word. Without a budget nothing is sent.")
        amount = Prompt.ask("The most it may ever cost here, in US dollars", default="1.00")
        options = replace(options, budget=amount if validate.dollars(amount) is not None else None)
    if options.captioner == "openai-compatible":
        address = options.base_url
        while not address:
            address = Prompt.ask("The server's address", default=OLLAMA)
            address = _accepted(address, validate.address_problems(address))
        model = options.vision_model or Prompt.ask("The vision model there")
        options = replace(options, base_url=address, vision_model=model)
    if options.captioner == "wd-tagger" and not options.tagger:
        folder = Prompt.ask("The folder with model.onnx and selected_tags.csv")
        options = replace(options, tagger=folder)
    return options
