"""`loraprep trust`: what this project asks of the person, what they allowed it, and their word about the rest."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
import msgspec

from loraprep.cli import completing, running
from loraprep.cli.init import validate
from loraprep.core import storage, terminal
from loraprep.core.errors import TO_MEND, UNUSABLE, UserError
from loraprep.pipeline.steps import vision
from loraprep.pipeline.workspace import Workspace
from loraprep.project import project, trust
from loraprep.project.trust import Bucket, ModelPrice, Server, Trust

PARAMS: list[click.Parameter] = [
    click.Argument(["folders"], nargs=-1, metavar="[FOLDER|BUCKET]...", shell_complete=completing.folders),
    click.Option(["--budget"], metavar="USD", help="the most this project may ever spend on looking"),
    click.Option(["--address"], metavar="URL", help="a server that may get its pictures"),
    click.Option(["--key-variable"], metavar="NAME", help="the variable whose value goes to that server as the key"),
    click.Option(["--endpoint"], metavar="URL", help="of a bucket: where it is, if not at the usual store"),
    click.Option(["--profile"], metavar="NAME", help="of a bucket: the profile of yours that reads it"),
    click.Option(["--anonymous"], is_flag=True, help="of a bucket: read it without your credentials"),
    click.Option(["--write"], is_flag=True, help="of a bucket: the training folder may be written there"),
    click.Option(["--price"], nargs=3, metavar="MODEL IN OUT", help="what a model costs, in USD for a million tokens"),
    click.Option(["--revoke"], is_flag=True, help="take back all that this project was allowed"),
]


class _Options(msgspec.Struct, frozen=True):
    """The flags."""

    folders: tuple[str, ...]
    budget: str | None
    address: str | None
    key_variable: str | None
    endpoint: str | None
    profile: str | None
    anonymous: bool
    write: bool
    price: tuple[str, str, str] | None
    revoke: bool


def run(**given: Any) -> int:
    """Show, ask or write; 0 if nothing that the project asks for is open afterwards, else 1. Raises UserError."""
    root, options = running.home(), _Options(**given)
    if options.revoke:
        there = trust.revoke(root)
        terminal.say("This project may spend, send and read nothing any more." if there else "It was allowed nothing.")
        return 0
    if said := _said(options):
        trust.grant(root, said)
        for line in trust.told(said):
            terminal.say(f"Allowed: {line}.")
        return 0
    asked = vision.asked_trust(Workspace(project.load(root, ask=True)))
    allowed = trust.granted(root)
    open_ = trust.lacking(asked, allowed)
    for line in trust.told(allowed):
        terminal.say(f"Allowed: {line}.")
    if not open_:
        terminal.say("This project asks for nothing else." if allowed else "This project asks nothing of you.")
        return 0
    for line in trust.told(open_):
        terminal.say(f"Asked for: {line}.", "yellow")
    if terminal.confirm("Did you make this project, or do you know who did, and is this what you expect?"):
        trust.grant(root, open_)
        terminal.say("Allowed, for this folder on this computer. Next: loraprep gate1")
        return 0
    terminal.say(f"Nothing was allowed. To allow it without being asked: {_command(open_)}")
    return TO_MEND


def _said(options: _Options) -> Trust:
    """Return what the flags allow. Raises UserError."""
    model, *amounts = options.price or ("",)
    budget, *prices = [_dollars(amount) for amount in (options.budget or "0", *amounts)]
    if options.key_variable and not options.address:
        raise _unusable("which server may get that key? Say --address as well", "loraprep trust shows what is asked.")
    if options.address and (why := trust.fault(options.address)):
        raise _unusable(f"{options.address} {why}", "Write it as project.yaml has it, such as https://example.org/v1.")
    addresses = [given.rstrip("/") for given in options.folders if "://" in given]
    buckets = tuple(_bucket(address, options) for address in addresses)
    if not buckets and (options.endpoint or options.profile or options.anonymous or options.write):
        raise _unusable("which bucket is that of? Name it as well", "As in loraprep trust s3://bucket --anonymous.")
    named = [folder for folder in options.folders if "://" not in folder]
    for folder in named:
        if not Path(folder).expanduser().is_dir():
            raise _unusable(f"there is no folder {folder}", "Write it as project.yaml has it.")
    servers = (Server(options.address.rstrip("/"), options.key_variable or ""),) if options.address else ()
    folders = tuple(str(Path(folder).expanduser().resolve()) for folder in named)
    counted = (ModelPrice(model, *prices),) if model else ()
    return Trust(folders=folders, servers=servers, prices=counted, budget_usd=budget, buckets=buckets)


def _bucket(address: str, options: _Options) -> Bucket:
    """Return what the flags say of a bucket. Raises UserError."""
    if storage.fault(address):
        raise _unusable(f"{address} is no address of a bucket", "Write it as project.yaml has it, such as s3://bucket.")
    if options.endpoint and not trust.plain(options.endpoint):
        raise _unusable("that endpoint is no plain address", "Write it without a name or key, as https://example.org.")
    endpoint, profile = (options.endpoint or "").rstrip("/"), options.profile or ""
    return Bucket(storage.top(address), endpoint, profile, options.anonymous, options.write)


def _dollars(text: str) -> float:
    dollars = validate.dollars(text)
    if dollars is None:
        raise _unusable(f'"{text}" is no amount of US dollars', "Write it like 1.00.")
    return dollars


def _command(open_: Trust) -> str:
    """Spell the flags that allow it."""
    ways = [["--address", s.address, *(["--key-variable", s.variable] if s.variable else [])] for s in open_.servers]
    ways += [["--price", price.model, _plain(price.input), _plain(price.output)] for price in open_.prices]
    ways += [["--budget", _plain(open_.budget_usd)]] if open_.budget_usd else []
    return " && ".join(shlex.join(["loraprep", "trust", *way]) for way in ways)


def _plain(dollars: float) -> str:
    return f"{dollars:f}".rstrip("0").removesuffix(".")


def _unusable(message: str, hint: str) -> UserError:
    return UserError(message, hint=hint, exit_code=UNUSABLE)
