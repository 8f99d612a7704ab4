"""Reads YAML that people edit: strictly, and with a place and plain words for everything that is wrong."""

from __future__ import annotations

import gc
import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from loraprep.core import files
from loraprep.core.errors import Problem, UserError
from loraprep.core.files import Json
from loraprep.core.yamlfile.complaints import discreet, plainly, secret_problem, secrets, without_space

if yaml.__with_libyaml__:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

# bytes: 100,000 questions with their answers; and what a person writes by hand
MAX_BYTES, MAX_BY_HAND, MAX_DEPTH = 40_000_000, 2_000_000, 32
MOST_PROBLEMS = 100  # that are told of one file: whoever mends those sees the next
_SHORT = 500_000  # characters that PyYAML reads in a second or two
# 100,000 answers as the tool writes them out, thirteen values each; one takes libyaml and us some 4 microseconds
MOST_VALUES = 1_400_000
_TOO_MUCH = "Take the file that belongs here from git, or delete what does not belong into it."
_TAG = "tag:yaml.org,2002:"
_STRING, _MAP, _SEQUENCE = _TAG + "str", _TAG + "map", _TAG + "seq"
_STARTS = {MappingStartEvent: (MappingNode, _MAP), SequenceStartEvent: (SequenceNode, _SEQUENCE)}
_TAGS = frozenset(_TAG + name for name in ("str", "bool", "null", "int", "float", "map", "seq"))


# YAML 1.2's core rules: only true, false, null, plain numbers; `no` stays a word, 16:9 a string. By first character.
_PLAIN: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
for _name, _rule, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "float",
        r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$",
        "-+.0123456789",
    ),
):
    for _letter in _first:
        _PLAIN.setdefault(_letter, []).append((_TAG + _name, re.compile(_rule)))


class _Refused(Exception):
    """What the whole text is refused for, at a place of it."""

    def __init__(self, mark: yaml.Mark, message: str, hint: str) -> None:
        super().__init__(message)
        self.mark, self.message, self.hint = mark, message, hint


class _Slow(Reader, Scanner, Parser):
    """PyYAML's own parser. It says best what is wrong, and is there where libyaml is missing; eight times slower."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _composed(text: str) -> Node | None:
    """Compose the text's one document. What libyaml refuses PyYAML words better, if the text is not too long for it.

    libyaml lets tabs pass behind a value, and counts a mark (U+FEFF) as a letter or not as it stands.
    """
    short = len(text) <= _SHORT
    if yaml.__with_libyaml__ and not (short and "\t" in text) and not (short and "\ufeff" in text):
        try:
            return _compose(CParser(text))
        except yaml.YAMLError:
            if not short:
                raise
    return _compose(_Slow(text))


def _compose(parser: Any) -> Node | None:
    """Make nodes of a parser's events, as yaml.composer does with them, in half of its time and without recursion.

    Anchors and aliases are refused: nobody needs them here, some explode, and a `*.png` without quotes is one.
    """
    root: Node | None = None
    open_nodes: list[Node] = []
    number = documents = 0
    next_event = parser.get_event
    while True:
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            if event.anchor:
                raise _anchored(event)
            node: Node = ScalarNode(_tag_of(event), event.value, event.start_mark, event.end_mark, event.style)
        elif kind in _STARTS:
            if event.anchor:
                raise _anchored(event)
            form, default = _STARTS[kind]
            node = form(
                default if event.tag in (None, "!") else event.tag, [], event.start_mark, None, event.flow_style
            )
            open_nodes.append(node)
            if len(open_nodes) > MAX_DEPTH:
                raise _Refused(event.start_mark, "nested too deeply", "Write it flatter.")
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            node = open_nodes.pop()
            if kind is MappingEndEvent:
                node.value = list(zip(node.value[::2], node.value[1::2], strict=True))
            node.end_mark = event.end_mark
            if open_nodes:
                open_nodes[-1].value.append(node)
            continue
        elif kind is AliasEvent:
            raise _anchored(event, "*")
        elif kind is StreamEndEvent:
            return root
        else:
            documents += kind is DocumentStartEvent
            if documents > 1:
                raise yaml.MarkedYAMLError(problem="but found another document", problem_mark=event.start_mark)
            continue
        number += 1
        if number > MOST_VALUES:
            message = f"more than {MOST_VALUES:,} values are far too many for a file that people edit"
            raise _Refused(event.start_mark, message, _TOO_MUCH)
        root = root or node
        if kind is ScalarEvent and open_nodes:
            open_nodes[-1].value.append(node)


def _anchored(event: Any, sign: str = "&") -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=f"alias {sign}{event.anchor}", problem_mark=event.start_mark)


def _tag_of(event: Any) -> str:
    """The tag of a scalar: its own, or for one without quotes what it looks like."""
    if event.tag is not None and event.tag != "!":
        return str(event.tag)
    if event.implicit[0]:
        for tag, rule in _PLAIN.get(event.value[:1], ()):
            if rule.match(event.value):
                return tag
    return _STRING


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its text, its plain data, and where everything stands.

    A file of comments alone may be allowed (`load`): its data is then {} and its root None. `flaws` is what is wrong
    with single values, each replaced by None or its first spelling; empty unless they were asked for.
    """

    path: Path
    name: str
    text: str
    data: Any  # what a schema has not looked at yet can be anything
    digest: str
    root: Node | None = field(repr=False, default=None)
    flaws: tuple[Problem, ...] = ()

    def problem(self, keys: Sequence[str | int], message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """Return a problem at the value (or key) that `keys` lead to, or at the nearest thing that exists."""
        mark = self._mark(keys, at_key)
        return at(self.name, self.text, mark.line if mark else 0, mark.column if mark else 0, message, hint)

    def _mark(self, keys: Sequence[str | int], at_key: bool) -> yaml.Mark | None:
        node, mark = self.root, self.root.start_mark if self.root else None
        for depth, key in enumerate(keys):
            found = child(node, key)
            if found is None:
                break
            last = depth == len(keys) - 1
            # a value that is not there is shown at its key: the place behind the colon has nothing to see
            absent = found[0] is not None and found[1].start_mark.index == found[1].end_mark.index
            use_key = found[0] is not None and last and (at_key or absent)
            mark = found[0].start_mark if use_key and found[0] else found[1].start_mark
            node = found[1]
        return mark


def at(name: str, text: str, line: int, column: int, message: str, hint: str = "") -> Problem:
    """Return a problem at a line and column (from 0) of a text, with the line and a caret below it."""
    lines = _lines(text)
    shown = lines[min(line, len(lines) - 1)]
    place = f"{name}:{line + 1}:{column + 1}"
    for before in (1000, 80):  # what stands far in front may be the name that makes it a secret
        if len(shown) > 2 * before:
            start = max(0, column - before)
            shown, column = shown[start : column + before], column - start
        shown = discreet(shown)
    excerpt = f"{shown.rstrip()}\n{' ' * column}^" if shown.strip() else ""
    return Problem(message, place, hint, excerpt.replace("\t", " "))


@lru_cache(maxsize=1)  # a text with one thing wrong has more
def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text)  # what YAML counts as line ends, and no others


def child(node: Node | None, key: str | int) -> tuple[Node | None, Node] | None:
    """Return the key's node (None in a list) and the value's node, or None."""
    if isinstance(node, MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(key)), None)
    if isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return None, node.value[key]
    return None


def load(
    path: Path,
    name: str,
    *,
    exit_code: int = 1,
    if_empty: str = "",
    comments_alone: bool = False,
    flaws: bool = False,
    most: int = MAX_BY_HAND,
) -> Document:
    """Read a file as a Document. Raises UserError with a place for everything that is wrong with it.

    `if_empty` is the hint for a file without data; with `comments_alone` one that holds comments is no error.
    With `flaws`, single bad values are left to the caller, who has more to say (schema.problems). `most`: bytes.
    """
    try:
        raw = files.read(path)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", place=name, exit_code=exit_code) from None
    if len(raw) > most:
        message = f"{len(raw) / 1e6:.0f} MB are far too much for a file that people edit; at most {most / 1e6:.0f} MB"
        raise UserError(message, place=name, hint=_TOO_MUCH, exit_code=exit_code)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise UserError(
            "is not UTF-8 text",
            place=f"{name}:{line}:{column}",
            exit_code=exit_code,
            hint="Save it as UTF-8 in your editor.",
        ) from None
    return parse(
        text,
        name,
        path,
        exit_code=exit_code,
        digest=hashlib.sha256(raw).hexdigest(),
        if_empty=if_empty,
        comments_alone=comments_alone,
        flaws=flaws,
    )


def parse(
    text: str,
    name: str,
    path: Path = Path(),
    *,
    exit_code: int = 1,
    digest: str = "",
    if_empty: str = "",
    comments_alone: bool = False,
    flaws: bool = False,
) -> Document:
    """Read a text as a Document, as `load` does; `digest` is that of the file's bytes, if it came from one."""
    if found := [*_secrets(text, name)] or [*_conflict(text, name)]:
        raise UserError.many(found, exit_code)
    digest = digest or hashlib.sha256(text.encode()).hexdigest()
    try:
        with _uncollected():  # millions of small objects, none of them garbage: a third of the time
            root = _composed(text)
    except yaml.reader.ReaderError:
        match = yaml.reader.Reader.NON_PRINTABLE.search(text)
        position = match.start() if match else 0
        before = text[:position]
        message = f"a character that no text may hold (U+{ord(text[position]):04X})"
        place = before.count("\n"), len(before) - before.rfind("\n") - 1
        raise UserError.many([at(name, text, *place, message, "Delete it.")], exit_code) from None
    except yaml.MarkedYAMLError as error:
        raise UserError.many(_tabs(text, name) or [_complaint(error, text, name)], exit_code) from None
    except _Refused as refused:
        place = refused.mark.line, refused.mark.column
        raise UserError.many([at(name, text, *place, refused.message, refused.hint)], exit_code) from None
    if root is None:
        if comments_alone and text.strip():
            return Document(path, name, text, {}, digest)
        raise UserError("the file is empty", place=f"{name}:1:1", hint=if_empty, exit_code=exit_code)
    builder = _Builder(text, name)
    with _uncollected():
        data = builder.build(root)
    if builder.problems and not flaws:
        raise UserError.many(sorted(builder.problems, key=lambda p: p.position), exit_code)
    return Document(path, name, text, data, digest, root, tuple(builder.problems))


@contextmanager
def _uncollected() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _secrets(text: str, name: str) -> list[Problem]:
    """Places only: the line is never quoted, and no other message that might quote it is made."""
    return [secret_problem(name, f"{name}:{line}:{column + 1}") for line, column in secrets(text)]


def _conflict(text: str, name: str) -> list[Problem]:
    hint = "Keep what is right of both versions and delete the lines with <<<<<<<, ======= and >>>>>>>."
    match = re.search(r"(?m)^(<{7}|={7}|>{7})(\s|$)", text)
    line = text.count("\n", 0, match.start()) if match else 0
    return [at(name, text, line, 0, "this file has an unresolved git merge conflict", hint)] if match else []


def _tabs(text: str, name: str) -> list[Problem]:
    """Every line indented with a tab; inside quoted or literal text they would be fine, so only asked on an error."""
    found = []
    for number, line in enumerate(text.split("\n")):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and not line.lstrip().startswith("#"):
            place = number, indent.index("\t")
            found.append(at(name, text, *place, "a tab; YAML allows only spaces here", "Replace the tab by spaces."))
    return found


def _complaint(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    stopped = error.problem_mark or error.context_mark
    before = text[: stopped.index].rpartition("\n")[2] if stopped else ""
    lines = text.split("\n")
    starts = error.context_mark.line if error.context_mark else -1
    ahead = stopped.line - 1 if stopped else -1  # the last line of words before the one that errs
    while ahead >= 0 and lines[ahead].strip()[:1] in ("", "#"):
        ahead -= 1
    if ahead >= 0 and lines[ahead].strip() == "---" != lines[ahead].rstrip():
        return at(name, text, ahead, 0, "blanks stand before the ---, which makes a word of it", "Take the line out.")
    for number in (starts, ahead):
        if 0 <= number < len(lines) and (meant := without_space(lines[number])):
            column = len(lines[number]) - len(lines[number].lstrip())
            return at(name, text, number, column, "a space is missing after the :", f"Write {meant}")
    message, hint, at_start = plainly(error.problem or "", before)
    mark = (error.context_mark if at_start else None) or stopped
    line, column = (mark.line, mark.column) if mark else (0, 0)
    return at(name, text, line, column, message, hint)


_HALF = ("half a character, which no file can hold", "Write the character itself.")


def _torn(text: str) -> bool:
    """Say whether "\\ud800" left a surrogate in it."""
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)


_MAKE = SafeConstructor()
_VALUES: dict[str, Callable[[Any], Json]] = {
    _TAG + "null": lambda node: None,
    _TAG + "bool": _MAKE.construct_yaml_bool,
    _TAG + "int": lambda node: int(node.value) if node.value.isdecimal() else _MAKE.construct_yaml_int(node),
    _TAG + "float": _MAKE.construct_yaml_float,
}


class _Builder:
    """Nodes to plain values, collecting every problem."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.problems: list[Problem] = []

    def build(self, node: Node) -> Json:
        if node.tag not in _TAGS:
            self._say(node, f"the tag {node.tag} is not allowed", "Put text that starts with ! in quotes.")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node)
        if isinstance(node, SequenceNode):
            return [self.build(child) for child in node.value]
        return self._scalar(node)

    def _mapping(self, node: MappingNode) -> dict[str, Json]:
        result: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._say(key, "a key must be plain text", 'A name with [ or { in it needs quotes: "[a].jpg"')
                continue
            if key.value in result:
                message = f'"{key.value}" is already set in line {lines[key.value] + 1}'
                self._say(key, message, "Keep one of the two.")
                continue
            if _torn(key.value):
                self._say(key, *_HALF)
                continue
            lines[key.value] = key.start_mark.line
            result[key.value] = self.build(value)
        return result

    def _scalar(self, node: Node) -> Json:
        value: Json = node.value
        if node.tag != _STRING:
            try:
                value = _VALUES[node.tag](node)
            except (ValueError, KeyError, yaml.YAMLError):
                self._say(node, "this number cannot be read")
                return None
        if isinstance(value, str) and _torn(value):
            self._say(node, *_HALF)
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self._say(node, "not a finite number", "Write a plain number.")
            return None
        return value

    def _say(self, node: Node, message: str, hint: str = "") -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            return
        mark = node.start_mark
        self.problems.append(at(self.name, self.text, mark.line, mark.column, message, hint))
