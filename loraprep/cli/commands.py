"""Every command in words: what it does, an example, the files it reads and writes. What it takes is with its code."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

ABOUT = "Makes a folder of pictures ready for LoRA training, before any GPU time is spent."
CLOSING = """\
Questions are answered in decisions/*.yaml, settings are in project.yaml. Exit codes: 0 GO or done, 1 NO-GO or \
something waits for you, 2 a bug, 3 project.yaml or the command line, 130 interrupted."""
_ANSWERS = "decisions/*.yaml"
_PICTURES = "images/, upscaled/"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command. `code`: the module of cli/ that is it, with PARAMS and `run`; "" for a task of the graph."""

    name: str
    line: str  # what the list of commands says
    more: str = ""  # what its own help adds
    example: str
    reads: str = "the project's own files"
    writes: str = "nothing"
    code: str = ""
    json: bool = False
    inner: bool = False  # a step between others: it has a help of its own, and is not in the list


COMMANDS: dict[str, tuple[Command, ...]] = {
    "Start": (
        Command(
            name="look",
            line="A first look at a folder of pictures: one page, no project.",
            more="What is there, what is there twice, what would be enlarged or cut, what would stop Gate 1.",
            example="loraprep look ~/paintings --kind style --model sdxl",
            reads="the folder; with patterns, what fits them alone ('*.jpg', sketches)",
            writes="look-DIR.html, here",
            code="loraprep.cli.preview",
            json=True,
        ),
        Command(
            name="init",
            line="Asks what you want to teach, and makes a project.",
            more="Every question has a flag; with all of them given, nothing is asked.",
            example="loraprep init mystyle --images ~/paintings",
            reads="the folder with your pictures, or a trainer's (--from); studio.md, if you work in a studio",
            writes="NAME/project.yaml, intent.md, dodo.py, decisions/crops.yaml, decisions/gate.yaml, schemas/; "
            "copies of pictures, images/",
            code="loraprep.cli.init.command",
        ),
    ),
    "Each time": (
        Command(
            name="gate1",
            line="All phases: what waits for you, then GO or NO-GO.",
            more="Only what changed since the last time is done again. -q says the verdict alone, -v every finding.",
            example="loraprep gate1 --json | jq -r .verdict",
            reads=f"project.yaml, {_PICTURES}, masks/, {_ANSWERS}, responses/",
            writes=f"dataset-report.md, report.html, report/, intent.md, build/, questions into {_ANSWERS}",
            json=True,
        ),
        Command(
            name="review",
            line="A page in your browser for looking and deciding.",
            more="Only this computer sees it. Ctrl-C closes it. PLACE is where it opens: a view such as map, "
            "a finding such as plain-frame, or a picture by its name.",
            example="loraprep review captions",
            reads=f"build/, {_PICTURES}, {_ANSWERS}",
            writes=f"your answers, into {_ANSWERS}",
            code="loraprep.cli.review",
        ),
        Command(
            name="dataset",
            line="Builds the training folder, once the verdict is GO.",
            more="`loraprep dataset export` goes on to the trainers' own files.",
            example="loraprep dataset export",
            reads="build/, images/, upscaled/, masks/, decisions/captions.yaml, decisions/crops.yaml",
            writes="dataset/, dataset.lock.json",
        ),
        Command(
            name="export",
            line="What your trainers need beside dataset/, and how to start them.",
            more="Names trainers' caches of pictures and captions as they were before; --clear-caches removes those.",
            example="loraprep export",
            reads="dataset.lock.json, dataset/, build/",
            writes="exports/TRAINER/",
        ),
    ),
    "Phases, one by one": (
        Command(
            name="scan",
            line="Looks at every file; takes over captions edited in dataset/.",
            example="loraprep scan --full",
            reads=f"{_PICTURES}, masks/, dataset/ for edited captions",
            writes="build/images.jsonl, build/upscaled.json; edited captions into decisions/captions.yaml",
        ),
        Command(
            name="audit",
            line="Are the pictures fit to train on?",
            example="loraprep audit --json",
            reads="build/, decisions/duplicates.yaml",
            writes="build/audit.json, questions into decisions/quality.yaml",
            json=True,
        ),
        Command(
            name="duplicates",
            line="Which pictures are there twice?",
            example="loraprep duplicates --json | jq '.groups[].pictures'",
            reads="build/images.jsonl",
            writes="build/duplicates.json, questions into decisions/duplicates.yaml",
            json=True,
        ),
        Command(
            name="carried",
            line="What is written on the pictures, which have bars at their sides, and which are strips?",
            example="loraprep carried",
            reads="build/, images/, decisions/gate.yaml",
            writes="build/carried.json, questions into decisions/carried.yaml",
        ),
        Command(
            name="samples",
            line="Up to five captions that you approve before the rest is written.",
            more="On a terminal you are asked about each; a caption is adjusted in your $EDITOR.",
            example="loraprep samples",
            reads="build/, responses/, decisions/crops.yaml",
            writes="build/samples.json, responses/, questions into decisions/captions.yaml",
        ),
        Command(
            name="elements",
            line="What is in each picture; waits for a batch that is still out.",
            example="loraprep elements",
            reads="build/, responses/, decisions/captions.yaml",
            writes="build/elements.json, build/vision.json, responses/",
        ),
        Command(
            name="captions",
            line="Every picture and its caption, or those that fit a pattern.",
            example="loraprep captions 'sketches/*'",
            reads="build/, decisions/captions.yaml, decisions/crops.yaml",
            writes="build/captions.json",
            json=True,
        ),
        Command(
            name="curate",
            line="Is the set varied?",
            example="loraprep curate",
            reads="build/, decisions/captions.yaml",
            writes="build/curation.json, questions into decisions/curation.yaml",
        ),
        Command(
            name="select",
            line="Every file, its fate and why.",
            example="loraprep select --json",
            reads=f"build/, {_ANSWERS}",
            writes="build/selection.json",
            json=True,
        ),
        Command(
            name="report",
            line="Every finding, and the report to read and to look at.",
            example="loraprep report",
            reads="build/, decisions/gate.yaml",
            writes="dataset-report.md, report.html, report/, build/gate1.json",
        ),
    ),
    "Steps between them": (
        Command(
            name="intent",
            line="What you want to teach, as intent.md.",
            example="loraprep intent",
            reads="project.yaml",
            writes="intent.md",
            inner=True,
        ),
        Command(
            name="staying",
            line="Which pictures stay, by your answers so far.",
            example="loraprep staying",
            reads="build/, decisions/quality.yaml, decisions/duplicates.yaml",
            writes="build/staying.json",
            inner=True,
        ),
        Command(
            name="detail",
            line="What is wrong with the pixels of those that stay, at full size.",
            example="loraprep detail",
            reads="images/, upscaled/, build/",
            writes="build/detail.json",
            inner=True,
        ),
        Command(
            name="pairs",
            line="What differs between the pictures before and after a change, and was it meant?",
            example="loraprep pairs",
            reads="images/, upscaled/, build/",
            writes="build/pairs.json",
            inner=True,
        ),
        Command(
            name="shortlist",
            line="Which pictures are worth describing, if there are very many.",
            example="loraprep shortlist",
            reads="build/",
            writes="build/shortlist.json",
            inner=True,
        ),
        Command(
            name="heads",
            line="Heads of a character or in portraits: how large, turned which way, and is it the same person?",
            example="loraprep heads",
            reads="images/, upscaled/, build/",
            writes="build/heads.json",
            inner=True,
        ),
        Command(
            name="looks",
            line="How they are drawn: line and stroke, and the same mark in a corner.",
            example="loraprep looks",
            reads="images/, upscaled/, build/",
            writes="build/looks.json",
            inner=True,
        ),
        Command(
            name="trainers",
            line="What each trainer will do with each picture.",
            example="loraprep trainers",
            reads="build/, project.yaml",
            writes="build/placements.json, report/crops/",
            inner=True,
        ),
    ),
    "When you need it": (
        Command(
            name="recaption",
            line="Asks a vision model again, after saying what it costs.",
            more="About pictures seen under earlier settings, or about those that you name.",
            example="loraprep recaption 'sketches/*'",
            reads="build/, images/, decisions/captions.yaml",
            writes="responses/, where earlier answers stay",
        ),
        Command(
            name="upscale",
            line="Enlarges what you decided with your own upscaler.",
            more="For every picture with do: upscale. The program is named in your own settings, never in a project.",
            example="loraprep upscale",
            reads="build/, images/",
            writes="upscaled/",
        ),
        Command(
            name="check",
            line="What would go wrong with any dataset folder, ours or not.",
            more="Ends with 0 if there is nothing to mend, else with 1.",
            example="loraprep check dataset --trainer kohya",
            reads="the folder, and a kohya TOML in or beside it; with patterns, what fits them alone",
            code="loraprep.cli.check",
            json=True,
        ),
        Command(
            name="verify",
            line="Is dataset/ what dataset.lock.json says, here and now?",
            example="loraprep verify --json",
            reads="dataset.lock.json, dataset/, images/, build/",
            json=True,
        ),
        Command(
            name="diff",
            line="What changed since a git revision: pictures, captions, verdict.",
            example="loraprep diff HEAD~1",
            reads="report/set.json and dataset.lock.json, now and then",
        ),
        Command(
            name="why",
            line="What changed since a task ran, so that it would run again.",
            example="loraprep why gate1",
            reads=".doit.sqlite, and all that the task reads",
            code="loraprep.cli.why",
        ),
        Command(
            name="trust",
            line="What this project asks of you, and what you allowed it.",
            more="Money, servers, keys, folders outside, buckets. Your word is kept in your own settings, for this "
            "folder alone; it does not travel with the project.",
            example="loraprep trust --budget 1.00",
            reads="project.yaml, your own settings",
            writes="your own settings",
            code="loraprep.cli.trust",
        ),
        Command(
            name="doctor",
            line="Versions, decoders, who can describe pictures here, disk and memory.",
            example="loraprep doctor",
            reads="this computer; project.yaml, if there is one. Keys are looked for and never shown",
            code="loraprep.cli.doctor",
        ),
    ),
    "The terminal": (
        Command(
            name="completion",
            line="Completes commands, options and names in your shell.",
            more="Put the line below into ~/.bashrc or ~/.zshrc; for fish: loraprep completion fish > "
            "~/.config/fish/completions/loraprep.fish",
            example='eval "$(loraprep completion bash)"',
            reads="nothing",
            code="loraprep.cli.completion",
        ),
        Command(
            name="doit",
            line="doit's own commands: list, info, clean, forget ...",
            more="Every phase is a doit task, and this is doit with them. loraprep doit help says what it can do.",
            example="loraprep doit list --all",
            reads=".doit.sqlite",
            writes="what the command says",
            code="loraprep.cli.running",
        ),
    ),
}


def every() -> Iterator[Command]:
    """Yield all commands, in the order of the list."""
    for group in COMMANDS.values():
        yield from group


def by_name(name: str) -> Command | None:
    """Find a command."""
    return next((c for c in every() if c.name == name), None)
