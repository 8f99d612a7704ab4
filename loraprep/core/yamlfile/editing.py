"""Changes one value or one entry of a YAML text and nothing else, by cutting at the places the parser gives.

It is our own because a person's file has to stay theirs, byte for byte: ruamel.yaml's round trip changes 13 to 16
lines of a decision file for one edit (measured), yamlpath adds `---` to that, and strictyaml refuses lists in
brackets. What is put in is parsed again before it counts.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.files import Json
from loraprep.core.text import printable
from loraprep.core.yamlfile.reading import Document, child, parse

_MARKER = "  # as written "  # ends an entry that only the tool wrote: the digest of its own text
_BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)*(?:[ \t]+\Z)?")


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Json) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _plain(value) else '"'),
)


def _plain(value: str) -> bool:
    """May it stand unquoted for any YAML reader? Anything that smells of another type is quoted."""
    return bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./+()'@ -]*", value)) and not (
        value.endswith(" ")
        or value.lower() in {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}
    )


def dump(value: Json) -> str:
    """Spell a value on one line, in flow style, quoted where another reader might mistake it."""
    if isinstance(value, str) and not value.isprintable():
        value = printable(value)
    if isinstance(value, list) and value and all(isinstance(item, str) and _plain(item) for item in value):
        return f"[{', '.join(value)}]"  # as below, in a hundredth of the time: an answer may name 20,000 pictures
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").rstrip()


def document(value: Json, comment: str) -> str:
    """Spell a whole file in block style, lists of plain values on one line, below a comment."""
    body = yaml.dump(value, Dumper=_Dumper, default_flow_style=None, width=100, allow_unicode=True, sort_keys=False)
    return "".join(f"# {line}\n" for line in comment.splitlines()) + str(body)


def block(
    key: str, value: Mapping[str, Json], comments: Mapping[str, str] | None = None, in_line: Sequence[str] = ()
) -> str:
    """Spell an entry as a block mapping: one line a key, a nested mapping one level deeper, lists in flow style.

    `in_line`: names of nested mappings that keep to one line, too.
    """
    lines = [f"{dump(key)}:"]
    for name, item in value.items():
        comment = f"  # {comments[name]}" if comments and name in comments else ""
        if isinstance(item, dict) and item and name not in in_line:
            lines.append(f"  {name}:{comment}")
            lines += [f"    {dump(k)}: {dump(v)}" for k, v in item.items()]
        else:
            lines.append(f"  {name}: {dump(item)}{comment}")
    return "\n".join(lines) + "\n"


def signed(text: str, but: str = "") -> str:
    """Return an entry's text with a mark that holds its own digest, so that a person's edit shows.

    `but`: the key of an answer that a person has given; the mark is that of the entry while it was null.
    """
    body = text.rstrip("\n")
    return f"{body}{_MARKER}{_mark_of(_unanswered(body, but) if but else body)}\n"


def untouched(text: str) -> bool:
    """Say whether this entry's text is exactly what the tool wrote."""
    body, mark = parted(text.replace("\r\n", "\n").rstrip("\n"))
    return mark == f"{_MARKER}{_mark_of(body)}"


def only_answered(text: str, key: str) -> bool:
    """Say whether it is what the tool wrote but for the value of `key`, which was null."""
    return untouched(_unanswered(text, key))


def parted(text: str) -> tuple[str, str]:
    """Part an entry's text, without the line's end, into what it says and the mark at its end, "" without one."""
    body, marker, digest = text.rpartition(_MARKER)
    return (body, marker + digest) if marker else (text, "")


def _unanswered(text: str, key: str) -> str:
    return re.sub(rf"(?m)^( +{re.escape(key)}:).*$", r"\1 null", text, count=1)


def _mark_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8]


def set_value(doc: Document, keys: Sequence[str], value: Json) -> str:
    """Return the document's text with only that one value changed, and the comments beside it kept.

    Raises KeyError if it is not there, UserError if it is written in a way that cannot be changed alone.
    """
    key, node = None, doc.root
    for name in keys:
        found = child(node, name)
        if found is None:
            raise KeyError(name)
        key, node = found
    assert node is not None
    text, start, end = doc.text, node.start_mark.index, _end(doc.text, node)
    if key is not None and node.start_mark.line > key.start_mark.line and not _inline(node):
        # a list or block below its key: the value moves up behind the colon, a comment there stays
        colon = text.index(":", key.end_mark.index) + 1
        below = text.rfind("\n", 0, start) + 1
        changed = f"{text[:colon]} {dump(value)}{text[colon:below].rstrip()}{text[end:]}"
    else:
        space = " " if start == end and not text[:start].endswith((" ", "\n")) else ""
        changed = f"{text[:start]}{space}{dump(value)}{text[end:]}"
    if not _says(changed, doc, keys, value):
        problem = doc.problem(keys, "this value is written in a way that cannot be changed alone", "Change it by hand.")
        raise UserError.many([problem])
    return changed


def _inline(node: Node) -> bool:
    return not isinstance(node, MappingNode | SequenceNode) or bool(node.flow_style)


def _says(changed: str, doc: Document, keys: Sequence[str], value: Json) -> bool:
    """Does the edited entry hold the new value and otherwise what it held before?"""
    wanted = doc.data
    if not _one_entry_a_line(doc):
        try:
            return bool(parse(changed, doc.name).data == _with(wanted, keys, value))
        except UserError:
            return False
    start, end = _span(doc, keys[0])
    entry = changed[start : end + len(changed) - len(doc.text)]
    try:
        return bool(parse(entry, doc.name).data == _with({keys[0]: wanted[keys[0]]}, keys, value))
    except UserError:
        return False


def _with(data: Any, keys: Sequence[str], value: Json) -> Any:
    if not keys:
        return parse(f"is: {dump(value)}", "").data["is"]
    return {k: _with(v, keys[1:], value) if k == keys[0] else v for k, v in data.items()}


def _one_entry_a_line(doc: Document) -> bool:
    """Is the file what the tool can add to: a mapping in the first column?"""
    root = doc.root
    return root is None or (not _inline(root) and root.start_mark.column == 0)


def texts(doc: Document) -> dict[str, str]:
    """Return the exact source of each top-level entry, from its key to the end of its last line."""
    entries = doc.root.value if isinstance(doc.root, MappingNode) else []
    spans = {key.value: _lines(doc.text, key, value) for key, value in entries}
    return {key: doc.text[start:end] for key, (start, end) in spans.items()}


def entry_text(doc: Document, key: str) -> str:
    """Return the exact source of one top-level entry. Raises KeyError."""
    start, end = _span(doc, key)
    return doc.text[start:end]


def append(text: str, entry: str) -> str:
    """Return the text with an entry at the end, after one blank line, in the text's own line ends."""
    newline = "\r\n" if "\r\n" in text else "\n"
    entry = entry.replace("\n", newline)
    if not text.strip():
        return entry
    text = text if text.endswith("\n") else text + newline
    blank = not text[:-1].rpartition("\n")[2].strip()
    return f"{text}{'' if blank else newline}{entry}"


def _span(doc: Document, key: str) -> tuple[int, int]:
    found = child(doc.root, key)
    if found is None or found[0] is None:
        raise KeyError(key)
    return _lines(doc.text, found[0], found[1])


def _lines(text: str, key: Node, value: Node) -> tuple[int, int]:
    start = key.start_mark.index
    newline = text.find("\n", max(_end(text, value), start))
    return start, len(text) if newline < 0 else newline + 1


def _end(text: str, node: Node) -> int:
    """Where the node's own text ends; the parser's mark is after the blanks and comments that follow a block."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return start + len(text[start:end].rstrip())
    return int(end)


def rewrite(doc: Document, changes: Mapping[str, str | None], added: Sequence[str] = ()) -> str:
    """Return the text with entries replaced, taken out with the blank lines after them (None), and added at the end.

    Everything else stays as it is, byte for byte; what is put in takes the file's line ends. Raises KeyError for
    a key that is not there, UserError if the file's form leaves no place for entries.
    """
    if (changes or added) and (not _one_entry_a_line(doc) or re.search(r"^\.\.\.\s*$", doc.text, re.MULTILINE)):
        message = "loraprep writes its questions into this file, and this form leaves no place for them"
        hint = "Start every entry in the first column, without { } around them all and without a line of ..."
        raise UserError.many([doc.problem([], message, hint)])
    text, newline = doc.text, "\r\n" if "\r\n" in doc.text else "\n"
    spans = sorted(((_span(doc, key), new) for key, new in changes.items()), key=lambda change: -change[0][0])
    for (start, end), new in spans:
        if new is not None:
            text = text[:start] + new.replace("\n", newline) + text[end:]
        elif gap := _BLANK_LINES.match(text, end):
            end = gap.end()
            text = (text[:start] if end < len(text) else _without_last_blanks(text[:start])) + text[end:]
    for entry in added:
        text = append(text, entry)
    return text


def _without_last_blanks(text: str) -> str:
    lines = text.split("\n")
    while len(lines) > 1 and not lines[-1].strip() and not lines[-2].strip():
        lines.pop()
    return "\n".join(lines)


def save(path: Path, text: str, expected: str | None) -> bool:
    """Write whole, and only if different; a byte order mark stays.

    `expected` is the digest of what was read (None: no file); another file there now raises UserError.
    """
    now = files.read(path) if path.exists() else None
    if (hashlib.sha256(now).hexdigest() if now is not None else None) != expected:
        raise UserError(
            "changed while loraprep was working; nothing was written",
            place=f"{path.parent.name}/{path.name}",
            hint="Run it again.",
        )
    mark = b"\xef\xbb\xbf" if now is not None and now.startswith(b"\xef\xbb\xbf") else b""
    return files.write(path, mark + text.encode())
