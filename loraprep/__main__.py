"""The program: one command, its exit code, and what went wrong in a sentence."""

from __future__ import annotations

import os
import signal
import sys

from loraprep.cli import tree
from loraprep.core import child, interrupt, machine, terminal
from loraprep.imaging import pool, process


def main(argv: list[str] | None = None) -> int:
    """Runs one command and returns its exit code; what they mean is at the end of `loraprep --help`."""
    args = list(sys.argv[1:] if argv is None else argv)
    process.claim()
    os.environ[child.SAFE_PATH] = "1"  # whatever a library starts
    # A file name may hold anything; a terminal that cannot show it gets a "?" and not a crash.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        with interrupt.heard(lambda: pool.POOL.close()):  # whichever it is by then
            code = tree.run(args)
        sys.stdout.flush()  # here, where a reader that is gone is no error
        return code
    except KeyboardInterrupt as left:
        return _stopped(str(left))
    except BrokenPipeError:  # `loraprep captions | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if interrupt.came():
            return _stopped()
        if not isinstance(error, machine.TOLD):
            raise
        told = machine.told(error)
        terminal.complain(str(told), "")
        return told.exit_code


def _stopped(left: str = "") -> int:
    """Say that it ended before its time, and what it leaves behind where that is known."""
    terminal.complain(f"\nStopped. {left}".rstrip(" "), "")
    return interrupt.CODE


def program() -> None:
    """Run `main` as a program of its own: once its exit code is known, Ctrl-C changes it no more."""
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    program()
