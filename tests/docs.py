"""resources/docs/*.md, made of schemas, profiles, the catalogue, the command tree and captioners: python -m tests.docs"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import click

from loraprep.captions import registry
from loraprep.captions.captioner import looks_at_pixels
from loraprep.cli import commands, tree
from loraprep.cli.commands import Command
from loraprep.core import resources
from loraprep.project import profiles, schema
from loraprep.project.profiles import Kind, TrainerProfile
from loraprep.trainers.trainer import trainer_module
from tests import ROOT, catalogue, modeltable

FOLDER = ROOT / "resources/docs"
MADE = "by `python -m tests.docs`, and not by hand."

# decision file -> what its entries are called by; in the order in which they are met
DECISIONS = {
    "quality": "PICTURE",
    "duplicates": "PICTURE",
    "carried": "KIND",
    "captions": "PICTURE",
    "curation": "PICTURE",
    "crops": "PICTURE",
    "gate": "CODE",
}
_KEYS = {"groups": "FOLDER", "severity": "CODE", "trust": "PROJECT", "digests": "PICTURE", "pictures": "PICTURE"}
_WRITTEN = {  # the tool's own lines: whoever edits a file leaves them alone
    "noted", "what", "before", "recommended", "pictures", "marks", "crops", "looks", "examples", "strangers", "unlike",
}  # fmt: skip
_MOST = 8  # names that a cell spells out; longer lists have a page of their own
_LISTS = {
    "model": "a [base model](base-models.md)",
    "intent.kind": "a [kind](kinds.md)",
    "dataset.trainers": "a list of [trainers](trainers.md)",
    "captioning.captioner": "a [captioner](captioners.md), or a list",
}
_READS = {
    "hidden": "what lies under see-through parts is trained",
    "white": "see-through parts are put on white",
    "first": "the first line of a caption is read",
    "all": "all lines of a caption are read as one",
    "each": "each line of a caption is a caption of its own",
}
_PAIRS = """\
Put the pictures after the change into `target/`, those before it under the same names into `control/` (a second one for
each into `control_2/`, a third into `control_3/`), and beside each target a .txt that asks for the change. Or let them lie
together: `pier.jpg` with `pier_control.jpg`, `pier-condlabel.jpg` or `pier_0.jpg`. Or name them in a metadata.jsonl, where
one picture before may serve several after: `{"target": "night.jpg", "control": "day.jpg", "instruction": "make it night"}`.
A control is no picture to train on and no copy; it comes and goes with its target, and a crop or a turn holds for both.
`trigger: ""` is enough: the sentence asks for the change."""
_REGULARIZATION = {
    "fills": "repeated until there are as many as yours",
    "alternates": "taken in turn with yours",
    "folder": "in a folder of their own",
    "none": "not taken",
}


class Key(NamedTuple):
    """A key of a YAML file, parted by dots, and its schema."""

    path: str
    schema: dict[str, Any]


def settings() -> str:
    """Every key of project.yaml, a table for each block, and of a person's own settings."""
    whole = schema.schema("project")
    lines = ["# Settings", "", f"Made of schemas/project.schema.json and schemas/user.schema.json {MADE}", "",
             "Everything here may be left away but `version`, `name`, `intent.kind`, `model` and `trigger`. "
             "A wrong key or value is named with its line.", "", "## project.yaml", ""]  # fmt: skip
    blocks = {name: node for name, node in whole["properties"].items() if "object" in _types(node)}
    lines += _table(Key(name, node) for name, node in whole["properties"].items() if name not in blocks)
    for name, node in blocks.items():
        lines += ["", f"## {name}", "", node["description"], "", *_table(_below(Key(name, node), whole))]
    own = schema.schema("user")
    lines += ["", "## Your own settings", "",
              "In `config.yaml` of your own settings folder (`loraprep doctor` says where), never in a project.", "",
              *_table(_below(Key("", own), own))]  # fmt: skip
    return "\n".join(lines) + "\n"


def decisions() -> str:
    """Every key of the files in decisions/: what you write, then what the tool writes."""
    lines = ["# Decision files", "", f"Made of schemas/ {MADE}", "",
             "One file for each kind of question, in `decisions/`. You write the answer; the lines called *the tool's* "
             "are there for you to read. They say what the question is about and notice when a picture changes under "
             "its answer, so leave them alone."]  # fmt: skip
    for name, entry in DECISIONS.items():
        whole = schema.schema(name)
        top = [Key(key, node) for key, node in whole.get("properties", {}).items()]
        each = [*_below(Key(entry, whole["additionalProperties"]), whole)]
        lines += ["", f"## decisions/{name}.yaml", "", whole["description"], ""]
        lines += ["| Key | Whose | What it means | Values |", "|---|---|---|---|"]
        for key in sorted([*top, *each], key=lambda k: _tools(k, entry)):  # stable: yours first
            whose = "the tool's" if _tools(key, entry) else "yours"
            said = key.schema.get("description", "")
            lines.append(_row(f"`{key.path}`", whose, said, _values(key)))
    return "\n".join(lines) + "\n"


def _tools(key: Key, entry: str) -> bool:
    words = key.path.removeprefix(f"{entry}.").split(".")
    return key.path.startswith(f"{entry}.") and words[0] in _WRITTEN


def kinds() -> str:
    """What can be taught, and how many pictures it wants."""
    lines = ["# Kinds", "", f"Made of resources/kinds {MADE} `intent.kind` in project.yaml names one.", "",
             "| Kind | Teaches | Fewest | Good | Curated down to |", "|---|---|---|---|---|"]  # fmt: skip
    found = {name: profiles.kind(name) for name in resources.names("resources/kinds")}
    for name, kind in found.items():
        good = f"{kind.recommended.min} to {kind.recommended.max}"
        lines.append(_row(f"`{name}`", kind.teaches, str(kind.floor), good, str(kind.target)))
    for kind in found.values():
        lines += _kind(kind)
    return "\n".join(lines) + "\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield from ("", f"## {kind.title}", "", " ".join(kind.separation.split()), "")
    if kind.pairs:
        yield from (_PAIRS, "")
    yield from ("| What should vary | Such as | Shares |", "|---|---|---|")
    for axis in kind.axes.values():
        shares = "; ".join(
            f"{', '.join(q.terms)}: {q.share[0]:.0%} to {q.share[1]:.0%} of the pictures" for q in axis.quotas
        )
        yield _row(axis.label, ", ".join(axis.wants), shares)
    yield from ("", f"*Regularization pictures.* {' '.join(kind.regularization.advice.split())}", "")
    yield from ("*Try first, after training:*", "")
    for prompt in kind.try_first:
        yield (
            f"- `{prompt.prompt}`, such as {prompt.things[0]}. {prompt.shows}"
            if prompt.things
            else (f"- `{prompt.prompt}`. {prompt.shows}")
        )


def trainers() -> str:
    """What each trainer is known to do with a folder."""
    lines = ["# Trainers", "", f"Made of resources/trainers {MADE}", "",
             "`dataset.trainers` in project.yaml lists those you use; `loraprep export` writes what each needs to "
             "`exports/NAME/`, with a README. [Which trainer trains which base model](base-models.md); "
             "[what each does with a folder that loraprep did not make](../training/trainers.md).", "",
             "| Name | Program | As of | Several sizes | Rest of a batch | Regularization pictures |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    found = {name: profiles.trainer(name) for name in resources.names("resources/trainers")}
    for name, trainer in found.items():
        sizes = "every picture at each" if trainer.sizes == "each" else "one size"
        rest = _REGULARIZATION[trainer.regularization]
        lines.append(_row(f"`{name}`", trainer.title, trainer.version, sizes, trainer.last_batch, rest))
    lines += ["", "## What they read", "",
              "Of a folder that loraprep did not make, by themselves; `loraprep check DIR --trainer NAME` goes by it.", "",
              "| Name | Pictures | Captions | Besides |", "|---|---|---|---|"]  # fmt: skip
    lines += [_reading(name, trainer) for name, trainer in found.items() if trainer.reads]
    for name, trainer in found.items():
        module = trainer_module(name)
        lines += ["", f"## {trainer.title}", "", module.HOW.strip()]
        for form, words in getattr(module, "SHARDS", {}).items():
            lines += [
                "",
                f"*Where [`dataset.format` is {form}](dataset.md#many-pictures-in-few-files).* {words.strip()}",
            ]
        if bucket := getattr(module, "BUCKET", ""):
            lines += ["", f"*Where [`dataset.path` is a bucket](training-bucket.md).* {bucket}"]
        if several := getattr(module, "SEVERAL", ""):
            lines += ["", f"*Where `captioning.length` is a list.* {several}"]
    return "\n".join(lines) + "\n"


def _reading(name: str, trainer: TrainerProfile) -> str:
    reads = trainer.reads
    assert reads
    pictures = ", ".join(reads.pictures) or "every file that is nothing else"
    besides = [_READS[reads.transparent], _READS[reads.lines]]
    besides += [f"a {reads.listing} in the folder is read in place of them"] if reads.listing else []
    besides += [] if reads.upright else ["pictures marked as lying on their side are trained so"]
    return _row(f"`{name}`", pictures, reads.captions, "; ".join(besides))


def captioners() -> str:
    """Who can describe pictures."""
    lines = ["# Captioners", "", f"Made of loraprep/captions/captioners {MADE}", "",
             "`captioning.captioner` in project.yaml names one, or a list that is tried in order, such as "
             "`[existing, claude]`. How they are asked: [where captions come from](captions.md).", "",
             "| Name | What it does, needs and costs | Looks at pictures | Samples first |", "|---|---|---|---|"]  # fmt: skip
    for name in registry.captioner_names():
        captioner = registry.load_captioner(name)
        samples = "waits for your answers" if captioner.NEEDS_APPROVAL else "shown" if captioner.SAMPLES else "no"
        looks = "yes" if looks_at_pixels(captioner) else "no"
        lines.append(_row(f"`{name}`", getattr(captioner, "ABOUT", ""), looks, samples))
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command as its own help has it."""
    lines = ["# Commands", "", f"Made of loraprep/cli/commands.py {MADE}", "", commands.CLOSING, "",
             "Every command takes `-q` (the result alone), `-v` (also what runs, and why it matters) and `--help`; "
             "`loraprep -C DIR COMMAND` works on the project in DIR. `NO_COLOR` is heeded. Results go to stdout and "
             "progress to stderr; what `--json` prints has its form in `schemas/output/`."]  # fmt: skip
    for title, group in commands.COMMANDS.items():
        lines += ["", f"## {title}"]
        for about in group:
            lines += _command(about)
    return "\n".join(lines) + "\n"


def _command(about: Command) -> Iterator[str]:
    made = tree.ROOT.get_command(click.Context(tree.ROOT), about.name)
    assert made
    yield from ("", f"### loraprep {about.name}", "", f"{about.line} {about.more}".strip(), "")
    yield from ("```", f"$ {about.example}", "```", "")
    every = tree.ROOT.get_command(click.Context(tree.ROOT), "gate1")
    assert every
    shared = {option for p in every.params for option in p.opts} - {"--json"}
    context = click.Context(made, info_name=about.name)
    for option in made.params:
        if (
            isinstance(option, click.Option)
            and not set(option.opts) <= shared
            and (told := option.get_help_record(context))
        ):
            yield f"- `{told[0]}`: {told[1]}"
    yield f"- Reads {about.reads}"
    yield f"- Writes {about.writes}"


def _below(key: Key, whole: dict[str, Any]) -> Iterator[Key]:
    """Yield what lies below a key: itself where nothing does, and each place that is written on one line."""
    node = _resolved(key.schema, whole)
    for name, child in node.get("properties", {}).items():
        if child.get("deprecated"):
            continue
        yield from _below(Key(f"{key.path}.{name}" if key.path else name, child), whole)
    rest, items = node.get("additionalProperties"), node.get("items")
    if isinstance(rest, dict) and rest.get("type") == "object":
        name = _KEYS.get(key.path.rpartition(".")[2], "NAME")
        yield from _below(Key(f"{key.path}.{name}", rest), whole)
    elif isinstance(items, dict) and items.get("type") == "object":
        yield from _below(Key(f"{key.path}[]", items), whole)
    elif "properties" not in node:
        yield Key(key.path, node)


def _resolved(node: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: dict[str, Any] = whole["$defs"][node["$ref"].rpartition("/")[2]]
    return found


def _table(keys: Iterable[Key]) -> Iterator[str]:
    yield from ("| Key | What it means | Values | Without it |", "|---|---|---|---|")
    for key in keys:
        usual = f"`{json.dumps(key.schema['default'], ensure_ascii=False)}`" if "default" in key.schema else ""
        yield _row(f"`{key.path}`", key.schema.get("description", ""), _values(key), usual)


def _values(key: Key) -> str:
    return _LISTS.get(key.path) or _said(key.schema)


def _said(node: dict[str, Any]) -> str:
    """Say what may stand there."""
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        words = [f"`{word}`" for word in node["enum"] if word is not None]
        return ", ".join(words[:_MOST]) + (f" and {len(words) - _MOST} more" if len(words) > _MOST else "")
    if "anyOf" in node:
        return "; or ".join(filter(None, map(_said, node["anyOf"])))
    types = [_NAMES[t] for t in _types(node) if t != "null"]
    said = " or ".join(types)
    if "array" in _types(node) and (inner := _said(node.get("items", {}))):
        said += f" of {inner}" if "enum" in node["items"] else ""
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f"{said}, {low} to {high}"
    return (
        said
        if low is None and high is None
        else f"{said}, {low} or more"
        if high is None
        else f"{said}, at most {high}"
    )


_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "object": "a block",
    "array": "a list",
}


def _types(node: dict[str, Any]) -> list[str]:
    said = node.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def _row(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


PAGES: dict[str, Callable[[], str]] = {
    "base-models.md": modeltable.page,
    "captioners.md": captioners,
    "commands.md": commands_page,
    "decisions.md": decisions,
    "findings.md": catalogue.page,
    "kinds.md": kinds,
    "settings.md": settings,
    "trainers.md": trainers,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
