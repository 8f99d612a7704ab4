"""The command line: `loraprep init`, and every task of the graph as `loraprep TASK`."""

from __future__ import annotations

import difflib
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loraprep import __version__
from loraprep.core import child, interrupt, machine
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.imaging import pool, process

if TYPE_CHECKING:
    from loraprep.pipeline.doit_task import Task

HELP = """\
loraprep makes a folder of pictures ready for LoRA training, before any GPU time is spent.

  loraprep look DIR       a first look at a folder of pictures: one page, no project, nothing else written
  loraprep init NAME      asks what you want to teach and writes a project (init --help lists its flags)
  loraprep gate1          all phases: says what waits for you, then GO or NO-GO
  loraprep review         a local page for looking and deciding (--no-browser, --port N)
  loraprep audit          are the pictures fit to train on?
  loraprep duplicates     which pictures are there twice?
  loraprep elements       what is in each picture; waits for a batch that is still out
  loraprep captions       every picture and its caption
  loraprep recaption      asks a vision model again: about pictures seen under earlier settings, or those you name
  loraprep curate         is the set varied?
  loraprep select         every file, its fate and why
  loraprep dataset        builds the training folder, once the verdict is GO
  loraprep export         the trainers' own files in exports/ (`loraprep dataset export` does both)
  loraprep check DIR      what would go wrong with any dataset folder, ours or not (--trainer NAME, else all)
  loraprep upscale        enlarges what you decided with your own upscaler (set up on this computer, never in a project)
  loraprep trust          what this project asks of you, and what you allowed it: money, servers, keys, folders
  loraprep verify         is dataset/ what dataset.lock.json says, here and now?
  loraprep diff REV       what changed since a git revision: pictures, captions, verdict
  loraprep scan --full    reads every picture again, trusting nothing

  loraprep                where the project stands, and what is next
  -C DIR                  work on the project in DIR
  loraprep list           all tasks;  loraprep info TASK  says why one is stale

Questions are answered in decisions/*.yaml, settings are in project.yaml.
Exit codes: 0 GO or done, 1 NO-GO or something waits for you, 2 a bug, 3 project.yaml or the command line,
130 interrupted.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs one command and returns the exit code that HELP explains."""
    args = list(sys.argv[1:] if argv is None else argv)
    process.claim()
    os.environ[child.SAFE_PATH] = "1"  # whatever a library starts
    # A file name may hold anything; a terminal that cannot show it gets a "?" and not a crash.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with interrupt.heard(pool.POOL.close):
            code = _run(args)
        sys.stdout.flush()  # here, where a reader that is gone is no error
        return code
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:  # `loraprep captions | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except machine.TOLD as error:
        if interrupt.came():
            return _stopped()
        told = machine.told(error)
        print(told, file=sys.stderr)
        return told.exit_code
    except Exception:
        if not interrupt.came():
            raise
        return _stopped()


def _stopped() -> int:
    print("\nStopped.", file=sys.stderr)
    return interrupt.CODE


def program() -> None:
    """Run `main` as a program of its own: once its exit code is known, Ctrl-C changes it no more."""
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _run(args: list[str]) -> int:
    if args[:1] == ["-C"]:
        if len(args) < 2 or not Path(args[1]).is_dir():
            raise UserError("-C needs the folder of a project", exit_code=UNUSABLE)
        os.chdir(args[1])
        args = args[2:]
    if not args:
        from loraprep.cli import standing

        return standing.run()
    if args[:1] in (["--help"], ["-h"], ["help"]):
        print(HELP, end="")
        return 0
    if args[:1] == ["--version"]:
        print(f"loraprep {__version__}")
        return 0
    if args[:1] == ["init"]:
        from loraprep.cli.init import command

        return command.run(args[1:])
    if args[:1] == ["look"]:
        from loraprep.cli import preview

        return preview.run(args[1:])
    if args[:1] == ["review"]:
        from loraprep.review import serve

        return serve.run(_home(), args[1:])
    if args[:1] == ["trust"]:
        from loraprep.cli import trust

        return trust.run(_home(), args[1:])
    if args[:1] == ["check"]:
        from loraprep.cli import check

        return check.run(args[1:])
    return _doit(args)


def _home() -> Path:
    """The project around the current folder, and into it."""
    home = next((p for p in (Path.cwd(), *Path.cwd().parents) if (p / "project.yaml").is_file()), None)
    if home is None:
        hint = "Go into your project's folder, or start one: loraprep init NAME --images FOLDER"
        raise _unknown("there is no project.yaml here or above", hint)
    os.chdir(home)
    return home


def _doit(args: list[str]) -> int:
    home = _home()
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    from loraprep.pipeline import state, tasks
    from loraprep.pipeline.workspace import Workspace
    from loraprep.project import project

    # before doit makes its state file: an unusable project.yaml leaves nothing behind
    graph = list(tasks.graph(Workspace(project.load(home, ask=True))))
    _understood(args, {task["basename"]: task for task in graph})
    state.mend(home)

    class Loraprep(DoitMain):  # type: ignore[misc]
        BIN_NAME = "loraprep"
        DOIT_CMDS = tuple(type(command.__name__, (_Outward, command), {}) for command in DoitMain.DOIT_CMDS)

    namespace = {"DOIT_CONFIG": tasks.DOIT_CONFIG, "task_loraprep": lambda: (task for task in graph)}
    try:
        code: int = Loraprep(ModuleTaskLoader(namespace), config_filenames=()).run(args)
    except _Refused as refused:
        raise refused.error from None
    return code


class _Refused(BaseException):
    """Carries what the computer refused through doit, which prints a traceback of every Exception."""

    def __init__(self, error: UserError) -> None:
        self.error = error


class _Outward:
    """Before a command of doit's: what the computer refuses is for `main` to tell."""

    def parse_execute(self, args: list[str]) -> object:
        from loraprep.pipeline import state

        try:
            return super().parse_execute(args)  # type: ignore[misc]
        except machine.TOLD as error:  # SQLite names no file; doit has one alone
            raise _Refused(machine.told(error, state.NAME)) from None


# doit's own commands, which work here too
_DOIT = ("list", "info", "run", "forget", "ignore", "clean", "reset-dep", "dumpdb", "strace", "tabcompletion")


def _understood(args: Sequence[str], tasks: Mapping[str, Task]) -> None:
    """Raises UserError for a word or an option that means nothing, before doit says so in its own words."""
    words = list(args)
    command = words.pop(0) if words and words[0] in _DOIT else ""
    task: Task = {}
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            if task.get("pos_arg"):
                continue
            if word not in tasks and "/" not in word:  # a / as in a target: build/audit.json
                known = [*tasks] if command else [*tasks, *re.findall(r"^  loraprep (\w+)", HELP, re.MULTILINE)]
                near = difflib.get_close_matches(word, known, n=1)
                raise _unknown(
                    f'there is no {"task" if command else "command"} "{word}"',
                    f"Did you mean {near[0]}?" if near else "loraprep --help lists them.",
                )
            task = {**tasks.get(word, {}), "name": word}
        elif not command:
            if not task:
                raise _unknown(f"there is no option {word} here", "Options follow the command: loraprep scan --full")
            options = {f"--{o['long']}": o for o in task.get("params", ())}
            name, _, value = word.partition("=")
            if name not in options:
                hint = f"It has {', '.join(options)}." if options else "It has none."
                raise _unknown(f"{task['name']} has no option {name}", hint)
            if not value and options[name].get("type") is not bool and words:
                words.pop(0)
    if command == "info" and not task:
        raise _unknown("info needs the name of a task", "loraprep info gate1")


def _unknown(message: str, hint: str) -> UserError:
    return UserError(message, hint=hint, exit_code=UNUSABLE)


if __name__ == "__main__":
    program()
