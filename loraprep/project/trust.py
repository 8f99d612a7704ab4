"""What a person trusts a project with. It is in their own settings, never in a project: a clone brings none of it.

config.yaml says it for one project's folder: `trust: {/home/me/mystyle: {folders: [/home/me/paintings]}}`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from loraprep.core import files, terminal, yamlfile
from loraprep.core.errors import TO_MEND, UNUSABLE, UserError
from loraprep.project import schema


def config_path() -> Path:
    """Return where the artist's settings are: LORAPREP_CONFIG, else config.yaml in the platform's folder for them."""
    named = os.environ.get("LORAPREP_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir("loraprep", appauthor=False)) / "config.yaml"


def trusted_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders outside that the person trusts the project in `root` with, resolved.

    Raises UserError if their settings cannot be used.
    """
    doc = _load()
    listed = ((doc.data if doc else {}).get("trust") or {}).get(_key(root), {}).get("folders", [])
    return tuple(Path(folder).expanduser().resolve() for folder in listed)


def picture_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders outside in which the project's pictures may lie: its git root, and what is trusted."""
    around = files.repository(root)
    return (*([around] if around else []), *trusted_folders(root))


def trust_folder(root: Path, folder: Path) -> None:
    """Write down that the project in `root` may read pictures in `folder`. Raises UserError."""
    path, doc, real = config_path(), _load(), str(folder.resolve())
    trust = dict((doc.data if doc else {}).get("trust") or {})
    known = trust.get(_key(root), {})
    trust[_key(root)] = {**known, "folders": sorted({*known.get("folders", []), real})}
    if doc and "trust" in doc.data:
        text = yamlfile.set_value(doc, ["trust"], trust)
    else:
        text = yamlfile.append(doc.text if doc else "", f"trust: {yamlfile.dump(trust)}\n")
    files.write(path.resolve(), text)


def ask_for_folder(root: Path, folder: Path, shown: str, *, ask: bool) -> None:
    """Let pass a folder of pictures outside the project, once the person said so.

    `ask`: somebody may be asked, if there is a terminal. Raises UserError naming the line to write.
    """
    if ask and sys.stdin.isatty() and sys.stdout.isatty():
        terminal.say(f"images.folder in project.yaml names {shown}, which is outside this project.")
        terminal.say("If you made this project, say yes. If somebody else did: are those pictures meant for it?")
        if input("May loraprep read the pictures there, for this project? [y/N] ").strip().lower() in ("y", "yes"):
            trust_folder(root, folder)
            return
    raise UserError(
        f'images.folder: "{shown}" is outside this project, and nobody has said yet that it may be read',
        place="project.yaml",
        exit_code=TO_MEND,
        hint=f'If those are the pictures you mean, write: loraprep trust "{shown}"',
    )


def _key(root: Path) -> str:
    return root.resolve().as_posix()


def _load() -> yamlfile.Document | None:
    path = config_path()
    if not path.is_file():
        return None
    doc = yamlfile.load(path, str(path), exit_code=UNUSABLE)
    if found := schema.problems(doc, "user"):
        raise UserError.many(found, UNUSABLE)
    return doc
