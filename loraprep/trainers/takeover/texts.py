"""Read a trainer's TOML, JSON and YAML: plain values alone, and where one cannot be read its line and the cause."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from loraprep.core import files, yamlfile
from loraprep.core.errors import UserError
from loraprep.core.files import Json

_LARGEST = 10_000_000  # bytes of a configuration
_AT = re.compile(r" \(at line (\d+), column (\d+)\)| \(at end of document\)")
_DEEP = "it is nested too deeply to be a configuration"


def _text(path: Path, name: str) -> str:
    try:
        raw = files.read(path, _LARGEST + 1)
    except OSError as error:
        raise UserError(f"cannot be read: {(error.strerror or type(error).__name__).lower()}", place=name) from None
    if len(raw) > _LARGEST:
        raise UserError("is far too large for a configuration", place=name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError("is not UTF-8 text", place=f"{name}:{line}", hint="Save it as UTF-8 in your editor.") from None


def read_toml(path: Path, name: str) -> Json:
    """Read a TOML file. Raises UserError with line, column and cause."""
    text = _text(path, name)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT.search(str(error))
        at = (int(found[1]), int(found[2])) if found and found[1] else (text.count("\n") + 1, 1)
        raise _broken(name, text, *at, _AT.sub("", str(error)), "TOML") from None
    except RecursionError:
        raise UserError(_DEEP, place=name) from None


def read_json(path: Path, name: str) -> Json:
    """Read a JSON file. Raises UserError with line, column and cause."""
    text = _text(path, name)
    try:
        made: Json = json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(name, text, error.lineno, error.colno, error.msg, "JSON") from None
    except (ValueError, RecursionError):
        raise UserError(_DEEP, place=name) from None
    return made


def read_yaml(path: Path, name: str) -> Json:
    """Read a YAML file. Raises UserError with line, column and cause."""
    made: Json = yamlfile.parse(_text(path, name), name).data
    return made


def _broken(name: str, text: str, line: int, column: int, cause: str, form: str) -> UserError:
    lines = text.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1][:200].replace("\t", " ")
    caret = f"{shown}\n{' ' * (column - 1)}^" if shown.strip() and column <= 200 else ""
    said = f"this {form} cannot be read: {cause[:1].lower()}{cause[1:]}"
    return UserError(said, place=f"{name}:{line}:{column}", excerpt=caret, hint="Mend that line; nothing was made.")
