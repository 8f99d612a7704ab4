"""The tree of all commands, made with click: what each takes, its help, and what a shell may complete."""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click
from click import shell_completion

from loraprep import __version__
from loraprep.cli import commands, completing, running
from loraprep.cli.commands import Command
from loraprep.core import terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.nearest import folder_meant
from loraprep.core.terminal import Level

# of the tasks of the graph; a test holds that the graph says the same
_PARAMS: dict[str, Callable[[], list[click.Parameter]]] = {
    "scan": lambda: [click.Option(["--full"], is_flag=True, help="read every file again, trusting nothing")],
    "captions": lambda: [_patterns("what to show")],
    "recaption": lambda: [_patterns("what to ask about again")],
    "diff": lambda: [click.Argument(["words"], metavar="REVISION")],
}
# task -> a flag of its own, beside the tasks that may follow
_FLAGS: dict[str, Callable[[], click.Option]] = {
    "export": lambda: click.Option(
        ["--clear-caches"], is_flag=True, help="remove trainers' caches of earlier pictures and captions"
    ),
}
_SPREAD = ("gate1", "scan", "dataset")  # tasks that open every picture: on a cluster, if the person has one
# task -> an option that has a module answer instead of it: those read only
_INSTEAD: dict[str, tuple[str, Callable[[], click.Option]]] = {
    "duplicates": (
        "loraprep.cli.against",
        lambda: click.Option(
            ["--against", "instead"], metavar="DIR", shell_complete=completing.folders,
            help="which of the pictures are in that folder too",
        ),
    ),
    "captions": (
        "loraprep.cli.rendering",
        lambda: click.Option(
            ["--as", "instead"], metavar="MODEL", shell_complete=completing.models,
            help="every caption beside what another base model would get",
        ),
    ),
}  # fmt: skip
_AFTER = {"samples": "loraprep.cli.samples"}  # task -> a module that talks about what it found, on a terminal
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def run(argv: Sequence[str]) -> int:
    """Run one command; its exit code. Raises UserError (exit code 3) for a command line that means nothing."""
    terminal.set_level(Level.USUAL)
    if asked := os.environ.get(completing.VARIABLE):
        return shell_completion.shell_complete(ROOT, {}, "loraprep", completing.VARIABLE, asked)
    try:
        with ROOT.make_context("loraprep", [*argv]) as context:
            return int(ROOT.invoke(context) or 0)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        raise _mistake(error) from None


def _mistake(error: click.UsageError) -> UserError:
    """Put what click says of a command line in our words."""
    context = error.ctx
    named = context.command if context else ROOT
    place = context.command_path if context else "loraprep"
    message, hint = error.format_message().rstrip("."), f"{place} --help shows how it is meant."
    if isinstance(error, click.NoSuchOption):
        if named is ROOT:
            message, hint = (
                f"there is no option {error.option_name} here",
                "Options follow the command: loraprep scan --full",
            )
        else:
            own = [p.opts[-1] for p in named.params if isinstance(p, click.Option) and p not in _SHARED]
            near = difflib.get_close_matches(error.option_name, own, n=1)
            message = f"{named.name} has no option {error.option_name}"
            hint = f"Did you mean {near[0]}?" if near else f"It has {', '.join(own)}." if own else "It has none."
    else:
        if isinstance(error, click.MissingParameter) and isinstance(named, _Command):
            hint = named.about.example
        elif isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
            given = message.partition(": '")[2].partition("'")[0]
            if near := difflib.get_close_matches(given, [*map(str, error.param.type.choices)], n=1):
                hint = f"Did you mean {near[0]}?"
        message = message[:1].lower() + message[1:].replace("\n", " ")
    return UserError(message, hint=hint, exit_code=UNUSABLE)


_UNBROKEN = "\u2011"  # a hyphen at which no line is broken


class _Formatter(click.HelpFormatter):
    """Breaks lines at blanks alone: a name such as qwen-image-edit-2509 is to be copied."""

    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", _UNBROKEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(term, said.replace("-", _UNBROKEN)) for term, said in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_UNBROKEN, "-")


class _Context(click.Context):
    formatter_class = _Formatter


class _Command(click.Command):
    """A command whose help ends with an example and its files."""

    context_class = _Context

    def __init__(self, about: Command, params: Sequence[click.Parameter], call: Callable[..., int]) -> None:
        more = [_JSON] if about.json else []
        super().__init__(
            about.name,
            context_settings={**_HELP, **({"ignore_unknown_options": True} if about.name == "doit" else {})},
            callback=call,
            params=[*params, *more, *_SHARED],
            help=f"{about.line}\n\n{about.more}".strip(),
            short_help=about.line,
        )
        self.about = about

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Example"):
            formatter.write_text(f"$ {self.about.example}")
        with formatter.section("Files"):
            formatter.write_dl([("reads", self.about.reads), ("writes", self.about.writes)])


class _Root(click.Group):
    """All commands: the code of one is loaded when it is asked for."""

    context_class = _Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [c.name for c in commands.every() if not c.inner]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "help":
            return _help
        about = commands.by_name(cmd_name)
        if about is None:
            return None
        if not about.code:
            params = _PARAMS.get(cmd_name, lambda: [] if cmd_name in _ALONE else [_others(cmd_name)])
            more = [_INSTEAD[cmd_name][1]()] if cmd_name in _INSTEAD else []
            more += [_FLAGS[cmd_name]()] if cmd_name in _FLAGS else []
            more += [_CLUSTER] if cmd_name in _SPREAD else []
            return _Command(about, [*params(), *more], _task(cmd_name))
        module = importlib.import_module(about.code)
        return _Command(about, module.PARAMS, module.run)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(name, [c.name for c in commands.every()], n=1)
            hint = f"Did you mean {near[0]}?" if near else "loraprep --help lists them."
            if name in _DOIT:
                hint = f"It is doit's: loraprep doit {name}"
            raise UserError(f'there is no command "{name}"', hint=hint, exit_code=UNUSABLE)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(len(c.name) for c in commands.every())
        for title, group in commands.COMMANDS.items():
            if shown := [(f"{c.name:<{widest}}", c.line) for c in group if not c.inner]:
                with formatter.section(title):
                    formatter.write_dl(shown)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text("loraprep alone says where the project stands; loraprep COMMAND --help shows an example.")
        formatter.write_paragraph()
        formatter.write_text(commands.CLOSING)


_DOIT = ("list", "info", "run", "forget", "ignore", "clean", "reset-dep", "dumpdb", "strace", "tabcompletion")
_ALONE = ("gate1",)  # the last there is to run


def _task(name: str) -> Callable[..., int]:
    """Make what click calls for a task of the graph."""

    def call(
        words: str | Sequence[str] = (), instead: str | None = None, spread: str | None = None, **options: bool
    ) -> int:
        if instead is not None:
            return int(importlib.import_module(_INSTEAD[name][0]).run(instead))
        flags = [f"--{option.replace('_', '-')}" for option, given in options.items() if given]
        with _spread(spread):
            code = running.doit([name, *flags, *([words] if isinstance(words, str) else words)])
        return int(importlib.import_module(_AFTER[name]).run()) if name in _AFTER and not code and not words else code

    return call


def _others(name: str) -> click.Argument:
    """Further tasks, as in `loraprep dataset export`."""
    known = [c.name for c in commands.every() if not c.code and c.name not in (name, *_PARAMS)]
    return click.Argument(["words"], nargs=-1, metavar="[TASK]...", type=click.Choice(known))


def _patterns(_: str) -> click.Argument:
    return click.Argument(
        ["words"], nargs=-1, metavar="[PATTERN]...", type=click.UNPROCESSED, shell_complete=completing.pictures
    )


def _level(level: Level) -> Callable[[click.Context, click.Parameter, bool], None]:
    def said(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            terminal.set_level(level)

    return said


def _version(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
    if given and not ctx.resilient_parsing:
        click.echo(f"loraprep {__version__}")
        ctx.exit()


def _flag(
    names: Sequence[str], said: Callable[[click.Context, click.Parameter, bool], None], words: str
) -> click.Option:
    return click.Option([*names], is_flag=True, is_eager=True, expose_value=False, callback=said, help=words)


_SHARED: list[click.Parameter] = [
    _flag(["-q", "--quiet"], _level(Level.QUIET), "the result alone"),
    _flag(["-v", "--verbose"], _level(Level.VERBOSE), "also what runs, and why it matters"),
]
_JSON = click.Option(["--json"], is_flag=True, help="the result as JSON on stdout, in the form of schemas/output/")


def _address(ctx: click.Context, _param: click.Parameter, address: str | None) -> str | None:
    if not address or ctx.resilient_parsing:
        return None
    from loraprep.imaging import cluster

    return cluster.checked(address)


def _spread(address: str | None) -> AbstractContextManager[None]:
    if address is None:
        return nullcontext()
    from loraprep.imaging import cluster

    return cluster.used(address)


# said by a person, never by a project: a clone must not make anybody connect anywhere
_CLUSTER = click.Option(
    ["--cluster", "spread"], metavar="ADDRESS", envvar="LORAPREP_CLUSTER", callback=_address,
    help="open pictures on a Dask cluster: tcp://host:8786, or local:4 for four at a time here",
)  # fmt: skip


def _into(ctx: click.Context, _param: click.Parameter, folder: str | None) -> None:
    """Work in the folder of -C."""
    if folder is None or ctx.resilient_parsing:
        return
    path = Path(folder).expanduser()
    if not path.is_dir():
        what = "that is a file" if path.exists() else "there is no such folder"
        raise UserError(
            what, place=folder or "-C", exit_code=UNUSABLE,
            hint=folder_meant(path)
            or "-C takes the folder of a project, the one that holds project.yaml: loraprep -C mystyle gate1",
        )  # fmt: skip
    os.chdir(path)


def _standing(ctx: click.Context) -> int:
    from loraprep.cli import standing

    return standing.run()


def _root() -> _Root:
    @click.pass_context
    def call(ctx: click.Context) -> int:
        return _standing(ctx) if ctx.invoked_subcommand is None else 0

    return _Root(
        "loraprep",
        invoke_without_command=True,
        callback=call,
        context_settings=_HELP,
        subcommand_metavar="COMMAND [WORD]...",
        help=commands.ABOUT,
        params=[
            click.Option(
                ["-C", "folder"], metavar="DIR", expose_value=False, callback=_into,
                shell_complete=completing.folders, help="work on the project in DIR",
            ),
            *_SHARED,
            _flag(["-V", "--version"], _version, "which loraprep this is"),
        ],
    )  # fmt: skip


@click.command("help", hidden=True)
@click.argument("command", required=False)
@click.pass_context
def _help(ctx: click.Context, command: str | None) -> int:
    assert ctx.parent is not None
    if command is None:
        click.echo(ctx.parent.get_help())
        return 0
    return run([command, "--help"])


ROOT = _root()
