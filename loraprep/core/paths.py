"""Names of files as data brings them: rules without a disk, so that those of Windows hold (and are tested) anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath

# What the tool and git keep in a project: never pictures of the artist, also when images.folder is ".".
OWN_FOLDERS = ("build", "dataset", "decisions", "exports", "masks", "report", "responses", "schemas", "upscaled")
OWN_FILES = (
    *("project.yaml", "intent.md", "dodo.py", ".gitignore", "dataset-report.md", "report.html"),
    *("ledger.jsonl", "batches.json", "dataset.lock.json"),
)
OWN = frozenset(OWN_FOLDERS + OWN_FILES)
OWN_START = (".doit.sqlite", ".loraprep")

# Windows opens a device for these, whatever the extension.
# Source: Microsoft, "Naming Files, Paths, and Namespaces".
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "0123456789¹²³")})
# What systems, sharing programs and NAS boxes put beside pictures: their own thumbnails, bins and resource forks. In
# small letters. Sources: Synology (@eaDir, #recycle, #snapshot), QNAP (@Recycle, .@__thumb), netatalk (.AppleDouble),
# Finder's ZIP files (__MACOSX), e2fsck (lost+found), Windows.
_SYSTEMS_FOLDERS = frozenset({
    "__macosx", "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", ".@__thumb", ".appledouble",
    ".appledb", ".trashes", ".spotlight-v100", ".fseventsd", ".temporaryitems", "lost+found", "$recycle.bin",
    "system volume information", ".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules",
})  # fmt: skip
_SYSTEMS_FILES = frozenset({"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini"})
_LONG = 248  # characters; from here on Windows wants the \\?\ spelling (MAX_PATH, less a short file name)
# What lies in these hidden folders are pictures all the same: where git-annex and DVC keep what their links lead to.
_KEEPERS = ((".git", "annex", "objects"), (".dvc", "cache"))


def own(name: str) -> bool:
    """Say whether an entry of this name in a project's folder is the tool's or git's."""
    return name in OWN or name.startswith(OWN_START)


def systems(name: str) -> bool:
    """Say whether a folder of this name is a system's own, in which nobody keeps pictures."""
    return name.lower() in _SYSTEMS_FOLDERS


def hidden(name: str) -> bool:
    """Say whether a file or folder of this name is hidden, or a system's own."""
    return name.startswith(".") or name.lower() in _SYSTEMS_FILES


def fault(name: str, *, windows: bool = False) -> str:
    """Say why `name` is no file below a folder, as a clause; "" if it is one. `windows`: by its rules as well."""
    path: PurePath = PureWindowsPath(name) if windows else PurePosixPath(name)
    if not path.parts:
        return "it names nothing"
    if "\0" in name:
        return "it holds a character that no name may hold"
    if path.drive or path.root:
        return "it starts at the top of a disk"
    if ".." in path.parts:
        return "it leads out of its folder"
    if windows:
        for part in path.parts:
            if part.split(".")[0].rstrip(" ").casefold() in DEVICES:
                return f"Windows keeps the name {part} for a device"
            if part != part.rstrip(". ") or any(c in '<>:"|?*' or ord(c) < 32 for c in part):
                return f"Windows takes no file called {part}"
    return ""


def inside(path: PurePath, folders: Iterable[PurePath]) -> bool:
    """Say whether a resolved `path` is one of `folders` or lies below one; on Windows in any case of letters."""
    return any(path.is_relative_to(folder) for folder in folders)


def shown(path: PurePath, top: PurePath) -> bool:
    """Say whether a path below `top` may be looked into: nothing hidden, but for what git-annex and DVC keep."""
    parts = path.relative_to(top).parts
    hidden = [n for n, part in enumerate(parts) if part.startswith(".")]
    if not hidden:
        return True
    first = hidden[0]
    return len(hidden) == 1 and any(parts[first : first + len(k)] == k for k in _KEEPERS)


def spelled(path: PureWindowsPath) -> PureWindowsPath:
    """Spell a whole path so that Windows takes it however long it is."""
    text = str(path)
    if len(text) < _LONG or text.startswith("\\\\?\\") or not path.is_absolute():
        return path
    return PureWindowsPath(f"\\\\?\\UNC\\{text[2:]}" if text.startswith("\\\\") else f"\\\\?\\{text}")
