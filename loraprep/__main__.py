"""The command line: `loraprep init`, and every task of the graph as `loraprep TASK`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from loraprep import __version__
from loraprep.errors import UNUSABLE, UserError

HELP = """\
loraprep makes a folder of pictures ready for LoRA training, before any GPU time is spent.

  loraprep init NAME      asks what you want to teach and writes a project (init --help lists its flags)
  loraprep gate1          all phases: says what waits for you, then GO or NO-GO (also plain `loraprep`)
  loraprep audit          are the pictures fit to train on?
  loraprep duplicates     which pictures are there twice?
  loraprep captions       every picture and its caption
  loraprep curate         is the set varied?
  loraprep select         every file, its fate and why
  loraprep dataset        builds the training folder, once the verdict is GO
  loraprep upscale        enlarges what you decided with your own upscaler (set up on this computer, never in a project)
  loraprep verify         is dataset/ what dataset.lock.json says, here and now?
  loraprep diff REV       what changed since a git revision: pictures, captions, verdict
  loraprep scan --full    reads every picture again, trusting nothing

  -C DIR                  work on the project in DIR
  loraprep list           all tasks;  loraprep info TASK  says why one is stale

Questions are answered in decisions/*.yaml, settings are in project.yaml.
Exit codes: 0 GO or done, 1 NO-GO or something waits for you, 2 a bug, 3 project.yaml or the command line,
130 interrupted.
"""


def main(argv: list[str] | None = None) -> int:
    """Runs one command and returns the exit code that HELP explains."""
    args = list(sys.argv[1:] if argv is None else argv)
    # A file name may hold anything; a terminal that cannot show it gets a "?" and not a crash.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        return _run(args)
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `loraprep captions | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(args: list[str]) -> int:
    if args[:1] == ["-C"]:
        if len(args) < 2 or not Path(args[1]).is_dir():
            raise UserError("-C needs the folder of a project", exit_code=UNUSABLE)
        os.chdir(args[1])
        args = args[2:]
    if args[:1] in (["--help"], ["-h"], ["help"]):
        print(HELP, end="")
        return 0
    if args[:1] == ["--version"]:
        print(f"loraprep {__version__}")
        return 0
    if args[:1] == ["init"]:
        from loraprep import init

        return init.run(args[1:])
    return _doit(args)


def _doit(args: list[str]) -> int:
    home = next((p for p in (Path.cwd(), *Path.cwd().parents) if (p / "project.yaml").is_file()), None)
    if home is None:
        raise UserError("there is no project.yaml here or above", exit_code=UNUSABLE,
                        hint="Start one with: loraprep init NAME --images FOLDER")  # fmt: skip
    os.chdir(home)
    from doit.cmd_base import ModuleTaskLoader
    from doit.doit_cmd import DoitMain

    from loraprep import tasks

    class Loraprep(DoitMain):  # type: ignore[misc]
        BIN_NAME = "loraprep"

    namespace = {name: getattr(tasks, name) for name in tasks.__all__}
    code: int = Loraprep(ModuleTaskLoader(namespace), config_filenames=()).run(args)
    return code


if __name__ == "__main__":
    sys.exit(main())
