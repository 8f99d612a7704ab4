"""Python imports this where it starts, in children too: whatever a run opens, changes, starts or asks for is noted.

Each line of the file that LORAPREP_WATCH names is what was done, a tab, and to what, with all links followed.
"""

import os
import sys

_PLACE = os.environ.get("LORAPREP_WATCH")
_CHANGES = {"os.remove": (0,), "os.rename": (0, 1), "os.mkdir": (0,), "os.rmdir": (0,), "os.link": (0, 1),
            "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "sqlite3.connect": (0,)}  # fmt: skip
_LISTS = ("os.listdir", "os.scandir")
_RUNS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "ctypes.dlopen")
_SENDS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")


def _watch() -> None:
    assert _PLACE
    log = os.open(_PLACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(what: str, whom: object) -> None:
        if isinstance(whom, (str, bytes)) or hasattr(whom, "__fspath__"):
            place = os.fsdecode(whom)  # type: ignore[arg-type]
            if place.startswith("file:"):  # SQLite takes such addresses, too
                place = place.removeprefix("file:").partition("?")[0]
            whom = os.path.realpath(place)
        os.write(log, f"{what}\t{whom}\n".encode("utf-8", "replace"))

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            if isinstance(path, int):
                return
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            note("write" if writes or (isinstance(mode, str) and set(mode) & set("wax+")) else "read", path)
        elif event in _CHANGES:
            for n in _CHANGES[event]:
                if not isinstance(args[n], int):
                    note("write" if event != "sqlite3.connect" else "open", args[n] or "/dev/null")
        elif event in _LISTS:
            if not isinstance(args[0], int):
                note("list", args[0] or ".")
        elif event in _SENDS:
            note("send", repr(args[1:]) if event.startswith("socket.c") else repr(args))
        elif event in _RUNS:
            if event != "ctypes.dlopen":
                note("run", repr(args[:2]))
        elif event == "exec":
            file = getattr(args[0], "co_filename", "")
            if os.path.isabs(file):  # noqa: PTH117 - else it was made in memory, or is Python's own
                note("execute", file)

    sys.addaudithook(hook)


if _PLACE:
    _watch()
