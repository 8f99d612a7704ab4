"""The only YAML code: a strict loader with places, and edits that change one value and nothing else."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from loraprep import files
from loraprep.errors import Problem, UserError

MAX_BYTES, MAX_NODES, MAX_DEPTH = 16_000_000, 500_000, 32
_MARKER = "  # as written "  # ends an entry that only the tool wrote: the digest of its own text


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core rules: only true, false, null, plain numbers. `no` stays a word, 16:9 a string."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML declares it so


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"),
    list("-+.0123456789"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its text, its plain data, and where everything stands."""

    path: Path
    name: str
    text: str
    data: Any
    digest: str
    root: Node | None = field(repr=False, default=None)

    def problem(self, keys: Sequence[str | int], message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem at the value (or key) that `keys` lead to, or at the nearest thing that exists."""
        mark = self._mark(keys, at_key)
        return _at(self.name, self.text, mark.line if mark else 0, mark.column if mark else 0, message, hint)

    def _mark(self, keys: Sequence[str | int], at_key: bool) -> Any:
        node, mark = self.root, self.root.start_mark if self.root else None
        for depth, key in enumerate(keys):
            found = _child(node, key)
            if found is None:
                break
            last = depth == len(keys) - 1
            mark = found[0].start_mark if found[0] is not None and at_key and last else found[1].start_mark
            node = found[1]
        return mark


def _at(name: str, text: str, line: int, column: int, message: str, hint: str = "") -> Problem:
    lines = text.splitlines() or [""]
    shown = lines[min(line, len(lines) - 1)]
    if len(shown) > 160:
        shown, column = shown[max(0, column - 80) : column + 80], min(column, 80)
    excerpt = f"{shown.rstrip()}\n{' ' * column}^" if shown.strip() else ""
    return Problem(message, f"{name}:{line + 1}:{column + 1}", hint, excerpt.replace("\t", " "))


def _child(node: Node | None, key: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(key)), None)
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return None, node.value[key]
    return None


def load(path: Path, name: str, *, exit_code: int = 1) -> Document:
    """The file as a Document. Raises UserError with a place for everything that is wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", place=name, exit_code=exit_code) from None
    if len(raw) > MAX_BYTES:
        raise UserError("is far too large for a file that people edit", place=name, exit_code=exit_code)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UserError("is not UTF-8 text", place=f"{name}:{line}:1", exit_code=exit_code,
                        hint="Save it as UTF-8 in your editor.") from None  # fmt: skip
    return parse(text, name, path, exit_code=exit_code, digest=hashlib.sha256(raw).hexdigest())


def parse(text: str, name: str, path: Path = Path(), *, exit_code: int = 1, digest: str = "") -> Document:
    """As `load`, from text."""
    problems = _textual(text, name)
    if problems:
        raise UserError.many(problems, exit_code)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        message = f"this is not valid YAML: {error.problem or error.context}"
        raise UserError.many([_at(name, text, line, column, message)], exit_code) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        message = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        raise UserError(f"this is not valid YAML: {message}", place=f"{name}:1:1", exit_code=exit_code) from None
    if root is None:
        raise UserError("the file is empty", place=f"{name}:1:1", exit_code=exit_code)
    builder = _Builder(text, name, loader)
    data = builder.build(root, 0, frozenset())
    if builder.problems:
        raise UserError.many(sorted(builder.problems, key=_by_place), exit_code)
    return Document(path, name, text, data, digest or hashlib.sha256(text.encode()).hexdigest(), root)


def _by_place(problem: Problem) -> tuple[str, list[int]]:
    parts = problem.place.rsplit(":", 2)
    return parts[0], [int(p) for p in parts[1:] if p.isdigit()]


def _textual(text: str, name: str) -> list[Problem]:
    """What a person should hear in other words than the parser's."""
    problems = []
    for number, line in enumerate(text.splitlines()):
        if re.match(r"^(<{7}|={7}|>{7})( |$)", line):
            hint = "Keep one of the two versions and delete the lines with <<<<<<<, ======= and >>>>>>>."
            return [_at(name, text, number, 0, "this file has an unresolved git merge conflict", hint)]
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and not line.lstrip().startswith("#"):
            problems.append(_at(name, text, number, indent.index("\t"), "a tab; YAML allows only spaces here",
                                "Replace the tab by spaces."))  # fmt: skip
    return problems


class _Builder:
    """Nodes to plain values, collecting every problem; aliases count as often as they are used."""

    def __init__(self, text: str, name: str, loader: _Loader) -> None:
        self.text, self.name, self.loader = text, name, loader
        self.problems: list[Problem] = []
        self.count = 0

    def build(self, node: Node, depth: int, above: frozenset[int]) -> Any:
        self.count += 1
        if self.count == MAX_NODES:
            self._say(node, "this file unfolds into far too many values", "Write it without aliases (& and *).")
        if self.count >= MAX_NODES:
            return None
        if depth > MAX_DEPTH or id(node) in above:
            self._say(node, "nested too deeply")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, depth, above | {id(node)})
        if isinstance(node, SequenceNode):
            return [self.build(child, depth + 1, above | {id(node)}) for child in node.value]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, depth: int, above: frozenset[int]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._say(key, "a key must be plain text")
                continue
            if key.value in result:
                message = f'"{key.value}" is already set in line {lines[key.value] + 1}'
                self._say(key, message, "Keep one of the two.")
                continue
            lines[key.value] = key.start_mark.line
            result[key.value] = self.build(value, depth + 1, above)
        return result

    def _scalar(self, node: Node) -> Any:
        if node.tag not in {f"tag:yaml.org,2002:{t}" for t in ("str", "bool", "null", "int", "float")}:
            self._say(node, f"the tag {node.tag} is not allowed")
            return None
        try:
            value = yaml.constructor.SafeConstructor.construct_object(self.loader, node)
        except (ValueError, yaml.YAMLError):
            self._say(node, "this number cannot be read")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._say(node, "not a finite number")
            return None
        return value

    def _say(self, node: Node, message: str, hint: str = "") -> None:
        mark = node.start_mark
        self.problems.append(_at(self.name, self.text, mark.line, mark.column, message, hint))


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
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


def dump(value: Any) -> str:
    """A value on one line, in flow style, quoted where another reader might mistake it."""
    if isinstance(value, str) and not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value)
    text: str = yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=math.inf, allow_unicode=True,
                          sort_keys=False)  # fmt: skip
    return text.removesuffix("\n").removesuffix("\n...").rstrip()


def document(value: Any, comment: str) -> str:
    """A whole file in block style, lists of plain values on one line, below a comment."""
    body = yaml.dump(value, Dumper=_Dumper, default_flow_style=None, width=100, allow_unicode=True, sort_keys=False)
    return "".join(f"# {line}\n" for line in comment.splitlines()) + str(body)


def block(key: str, value: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """An entry as a block mapping: one line a key, a nested mapping one level deeper, lists in flow style."""
    lines = [f"{dump(key)}:"]
    for name, item in value.items():
        comment = f"  # {comments[name]}" if comments and name in comments else ""
        if isinstance(item, dict) and name != "digests":
            lines.append(f"  {name}:{comment}")
            lines += [f"    {dump(k)}: {dump(v)}" for k, v in item.items()]
        else:
            lines.append(f"  {name}: {dump(item)}{comment}")
    return "\n".join(lines) + "\n"


def signed(text: str) -> str:
    """An entry's text with a mark that holds its own digest, so that a person's edit shows."""
    body = text.rstrip("\n")
    return f"{body}{_MARKER}{_mark_of(body)}\n"


def untouched(text: str) -> bool:
    """Is this entry's text exactly what the tool wrote?"""
    body, marker, digest = text.replace("\r\n", "\n").rstrip("\n").rpartition(_MARKER)
    return bool(marker) and digest == _mark_of(body)


def _mark_of(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8]


def set_value(doc: Document, keys: Sequence[str], value: Any) -> str:
    """The document's text with only that one value changed. Raises KeyError if it is not there."""
    node = doc.root
    for key in keys:
        found = _child(node, key)
        if found is None:
            raise KeyError(key)
        node = found[1]
    assert node is not None
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style:
        end = start + len(doc.text[start:end].rstrip())
    space = " " if start == end and not doc.text[:start].endswith(" ") else ""
    return doc.text[:start] + space + dump(value) + doc.text[end:]


def entry_text(doc: Document, key: str) -> str:
    """The exact source of a top-level entry, from its key to the end of its last line."""
    start, end = _span(doc, key)
    return doc.text[start:end]


def _span(doc: Document, key: str) -> tuple[int, int]:
    found = _child(doc.root, key)
    if found is None or found[0] is None:
        raise KeyError(key)
    start = found[0].start_mark.index
    last = _last(found[1]).end_mark.index
    newline = doc.text.find("\n", max(last, start))
    return start, len(doc.text) if newline < 0 else newline + 1


def _last(node: Node) -> Node:
    """The node whose end is the end of the text: block collections end after trailing blanks."""
    if isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(last[1] if isinstance(last, tuple) else last)
    return node


def remove_entry(doc: Document, key: str) -> str:
    """The text without that entry and the blank lines after it."""
    start, end = _span(doc, key)
    return (
        doc.text[:start] + doc.text[end:].lstrip("\r\n") if doc.text[end:].strip() else doc.text[:start].rstrip() + "\n"
    )


def replace_entry(doc: Document, key: str, text: str) -> str:
    """The text with that entry replaced by another."""
    start, end = _span(doc, key)
    return doc.text[:start] + text + doc.text[end:]


def append(text: str, entry: str) -> str:
    """The text with an entry added at the end, after one blank line."""
    return f"{text.rstrip()}\n\n{entry}" if text.strip() else entry


def save(path: Path, text: str, expected: str | None) -> bool:
    """Writes whole, only if different, with the file's own line endings.

    `expected` is the digest of what was read (None: no file); another file there now raises UserError.
    """
    now = path.read_bytes() if path.exists() else None
    if (hashlib.sha256(now).hexdigest() if now is not None else None) != expected:
        raise UserError("changed while loraprep was working; nothing was written", place=path.name,
                        hint="Run it again.")  # fmt: skip
    plain = text.replace("\r\n", "\n")
    if now is not None and b"\r\n" in now:
        plain = plain.replace("\n", "\r\n")
    data = plain.encode()
    if now is not None and now.startswith(b"\xef\xbb\xbf"):
        data = b"\xef\xbb\xbf" + data
    return files.write(path, data)
