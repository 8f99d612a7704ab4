"""What a person trusts a project with. It is in their own settings, never in a project: a clone brings none of it.

A project names servers, keys, amounts and folders, and anybody may have written it. What of that holds is said in
config.yaml for this project's folder alone: `trust: {/home/me/mystyle: {budget_usd: 1.0}}`. A folder that moved, or
another clone of the same project, is asked about anew.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import platformdirs

from loraprep.core import files, terminal, text, typed, yamlfile
from loraprep.core.errors import TO_MEND, UNUSABLE, UserError
from loraprep.core.yamlfile import Document
from loraprep.project import schema

# Where these listen unless told otherwise, by their own documentation; they take pictures and no money.
LOCAL_PORTS = {
    11434: "Ollama",
    1234: "LM Studio",
    8080: "llama.cpp, LocalAI",
    8000: "vLLM",
    30000: "SGLang",
    5000: "text-generation-webui, TabbyAPI",
    5001: "KoboldCpp",
    1337: "Jan",
}
_ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?")


class Server(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where pictures may go. `variable`: the environment variable whose value goes along as the key, "" for none."""

    address: str
    variable: str = ""


class Bucket(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bucket of an object store that may be read, whole, such as s3://photos.

    `endpoint`, `profile`: the person's own, "" for what their settings of that store say; `anonymous`: without their
    credentials; `write`: the training folder may be put there as well.
    """

    address: str
    endpoint: str = ""
    profile: str = ""
    anonymous: bool = False
    write: bool = False


class ModelPrice(msgspec.Struct, frozen=True):
    """What a vision model that loraprep has no price of is counted at: US dollars per million tokens."""

    model: str
    input: float
    output: float


class Trust(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a project asks for, or what a person trusts it with. `folders`: outside it, whole; `budget_usd`: ever."""

    folders: tuple[str, ...] = ()
    servers: tuple[Server, ...] = ()
    prices: tuple[ModelPrice, ...] = ()
    budget_usd: float = 0.0
    buckets: tuple[Bucket, ...] = ()

    def __bool__(self) -> bool:
        return self != Trust()


def config_path() -> Path:
    """Return where the artist's settings are: LORAPREP_CONFIG, else config.yaml in the platform's folder for them."""
    named = os.environ.get("LORAPREP_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("loraprep", appauthor=False)) / "config.yaml"


def granted(root: Path) -> Trust:
    """Return what the project in `root` is trusted with. Raises UserError if the person's settings cannot be used.

    Settings that lie inside the project might have come with it, so they grant it nothing.
    """
    return Trust() if _inside(root) else _all(_load()).get(_key(root), Trust())


def grant(root: Path, more: Trust) -> None:
    """Add to what the project in `root` is trusted with; an amount or a bucket takes the place of the one before.

    Raises UserError.
    """
    if not more:
        return
    before = granted(root)
    models, named = {price.model for price in more.prices}, {bucket.address for bucket in more.buckets}
    _write(
        root,
        Trust(
            folders=tuple(sorted({*before.folders, *more.folders})),
            servers=tuple(dict.fromkeys((*before.servers, *more.servers))),
            prices=(*(p for p in before.prices if p.model not in models), *more.prices),
            budget_usd=more.budget_usd or before.budget_usd,
            buckets=(*(b for b in before.buckets if b.address not in named), *more.buckets),
        ),
    )


def revoke(root: Path) -> bool:
    """Take back all that the project in `root` is trusted with; whether there was anything. Raises UserError."""
    there = bool(granted(root))
    if there:
        _write(root, Trust())
    return there


def trusted_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders outside that the project in `root` may read, resolved. Raises UserError."""
    return tuple(Path(folder).expanduser().resolve() for folder in granted(root).folders)


def picture_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders outside in which the project's pictures may lie: its git root, and what is trusted."""
    around = files.repository(root)
    return (*([around] if around else []), *trusted_folders(root))


def trust_folder(root: Path, folder: Path) -> None:
    """Write down that the project in `root` may read pictures in `folder`. Raises UserError."""
    grant(root, Trust(folders=(str(folder.resolve()),)))


def ask_for_folder(root: Path, folder: Path, shown: str, *, ask: bool) -> None:
    """Let pass a folder of pictures outside the project, once the person said so.

    `ask`: somebody may be asked, if there is a terminal. Raises UserError naming the line to write.
    """
    question = (
        f"images.folder in project.yaml names {shown}, which is outside this project.\n"
        "If you made this project, say yes. If somebody else did: are those pictures meant for it?"
    )
    if ask and terminal.confirm(question):
        trust_folder(root, folder)
        return
    raise UserError(
        f'images.folder: "{shown}" is outside this project, and nobody has said yet that it may be read',
        place="project.yaml",
        exit_code=TO_MEND,
        hint=f'If those are the pictures you mean, write: loraprep trust "{shown}"',
    )


def bucket(root: Path, address: str, *, anonymous: bool, ask: bool) -> Bucket:
    """Return what the person said of the bucket that a project names; `anonymous` is what the project says.

    `ask`: somebody may be asked, if there is a terminal. Raises UserError naming the line to write.
    """
    found = next((b for b in granted(root).buckets if b.address == address), None)
    if found:
        return found
    how = "without your credentials" if anonymous else "with your credentials"
    question = (
        f"The pictures of this project are to be read from {address}, {how}.\n"
        "If you made this project, say yes. If somebody else did: do you know that bucket?"
    )
    found = Bucket(address, anonymous=anonymous)
    if ask and terminal.confirm(question):
        grant(root, Trust(buckets=(found,)))
        return found
    raise UserError(
        f"images.folder: the pictures are in {address}, and nobody has said yet that it may be read",
        place="project.yaml",
        exit_code=TO_MEND,
        hint=f"If those are the pictures you mean, write: loraprep trust {address}{' --anonymous' * anonymous}",
    )


def bucket_to_write(root: Path, address: str, *, ask: bool) -> Bucket:
    """Return what the person said of the bucket that the training folder is to be put into.

    `ask`: somebody may be asked, if there is a terminal. Raises UserError naming the line to write.
    """
    found = next((b for b in granted(root).buckets if b.address == address), Bucket(address))
    if found.write:
        return found
    question = (
        f"The training folder of this project is to be written into {address}, with your credentials.\n"
        "If you made this project, say yes. If somebody else did: is that bucket yours?"
    )
    if ask and terminal.confirm(question):
        found = msgspec.structs.replace(found, write=True)
        grant(root, Trust(buckets=(found,)))
        return found
    line = f"loraprep trust {address}"
    line += "".join(f" --{name} {getattr(found, name)}" for name in ("endpoint", "profile") if getattr(found, name))
    line += " --anonymous" * found.anonymous + " --write"
    raise UserError(
        f"dataset.path: the training folder is to be written into {address}, and nobody has said yet that it may be",
        place="project.yaml",
        exit_code=TO_MEND,
        hint=f"If that bucket is yours, write: {line}",
    )


def together(asked: Iterable[Trust]) -> Trust:
    """Join what several parts of a project ask for."""
    every = list(asked)
    return Trust(
        folders=tuple(dict.fromkeys(f for a in every for f in a.folders)),
        servers=tuple(dict.fromkeys(s for a in every for s in a.servers)),
        prices=tuple(dict.fromkeys(p for a in every for p in a.prices)),
        budget_usd=max((a.budget_usd for a in every), default=0.0),
    )


def lacking(asked: Trust, given: Trust) -> Trust:
    """Return what of `asked` is not in `given`; an amount above the one given, and a price below it, is lacking."""
    prices = {price.model: price for price in given.prices}
    return Trust(
        folders=tuple(f for f in asked.folders if f not in given.folders),
        servers=tuple(s for s in asked.servers if s not in given.servers and not usual(s)),
        prices=tuple(p for p in asked.prices if p.model not in prices or not _counts(p, prices[p.model])),
        budget_usd=0.0 if asked.budget_usd <= given.budget_usd else asked.budget_usd,
    )


def _counts(asked: ModelPrice, given: ModelPrice) -> bool:
    return asked.input >= given.input and asked.output >= given.output


def told(asked: Trust) -> list[str]:
    """Say what is asked for, each as "to spend up to $1.00 ...", safe to show."""
    return [
        *(f"to read pictures in {folder}" for folder in asked.folders),
        *(
            f"to read pictures in {b.address}"
            + (f" at {b.endpoint}" if b.endpoint else "")
            + (", without your credentials" if b.anonymous else ", with your credentials")
            + (f" of the profile {b.profile}" if b.profile and not b.anonymous else "")
            + (", and to write the training folder there" if b.write else "")
            for b in asked.buckets
        ),
        *(
            f"to send pictures to {s.address}" + (f", with the key in {s.variable}" if s.variable else "")
            for s in asked.servers
        ),
        *(
            f"to count {p.model} at ${p.input:g} for a million tokens sent and ${p.output:g} for a million said"
            for p in asked.prices
        ),
        *([f"to spend up to ${asked.budget_usd:.2f} on looking at its pictures"] if asked.budget_usd else []),
    ]


def told_in_a_line(asked: Trust) -> str:
    """Join what `told` says."""
    return text.listed(told(asked), shown=None)


def usual(server: Server) -> bool:
    """Say whether it is a vision model at home, where such servers listen on this machine, and no key goes there."""
    if server.variable or fault(server.address) or not at_home(server.address):
        return False
    split = urlsplit(server.address)
    return split.scheme == "http" and split.port in LOCAL_PORTS and split.path == "/v1"


def at_home(address: str) -> bool:
    """Say whether an address is on this machine. Names under .localhost count as foreign: some systems ask around."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def plain(address: str) -> bool:
    """Say whether an address is http or https, a computer and a path: no name, password or query in it."""
    return _ADDRESS.fullmatch(address) is not None


def fault(address: str) -> str:
    """Say why nothing is sent to an address that a project names, "" if it may be."""
    if not plain(address):
        return "is no plain address"
    try:
        port = urlsplit(address).port
    except ValueError:
        return "is no plain address"
    if port == 0:
        return "is no plain address"
    if address.startswith("http:") and not at_home(address):
        return "is not encrypted: on the way, anybody could read your pictures and your key"
    return ""


def _key(root: Path) -> str:
    return root.resolve().as_posix()


def _inside(root: Path) -> bool:
    return config_path().resolve().is_relative_to(root.resolve())


def _load() -> Document | None:
    path = config_path()
    if not path.is_file() or not path.stat().st_size:
        return None
    doc = yamlfile.load(path, str(path), exit_code=UNUSABLE, comments_alone=True)
    if found := schema.problems(doc, "user"):
        raise UserError.many(found, UNUSABLE)
    return doc


def _all(doc: Document | None) -> dict[str, Trust]:
    """Read project's folder -> what it is trusted with. The schema has accepted the document."""
    return typed.convert((doc.data if doc else {}).get("trust", {}), dict[str, Trust])


def _write(root: Path, now: Trust) -> None:
    """Write what the project is trusted with; all else in the person's settings stays as it is. Raises UserError."""
    if not math.isfinite(now.budget_usd):
        raise UserError("this is no amount of US dollars")
    if _inside(root):
        raise UserError(
            "your settings lie inside this project, so they might have come with it",
            place=str(config_path()),
            exit_code=UNUSABLE,
            hint="Move that file out of the project, or let LORAPREP_CONFIG name another one.",
        )
    doc = _load()
    every = {**_all(doc), _key(root): now}
    kept = {key: msgspec.to_builtins(value) for key, value in sorted(every.items()) if value}
    entry = yamlfile.document({"trust": kept}, "") if kept else None
    if doc is None or "trust" not in doc.data:
        changed = yamlfile.append(doc.text, entry) if doc and entry else entry or ""
    else:
        changed = yamlfile.rewrite(doc, {"trust": entry})
    path = config_path().resolve()
    try:
        files.write(path, changed)
    except OSError as error:
        message = f"your settings cannot be written: {error.strerror}"
        raise UserError(message, place=str(path), exit_code=UNUSABLE) from None
