"""What the YAML parser says, in words for somebody who has never heard of it; and what looks like a secret."""

from __future__ import annotations

import os
import re

from loraprep.core.errors import Problem

# parser's words -> message, hint, whether the place is where the construct starts and not where parsing stopped
_PLAINLY: tuple[tuple[str, str, str, bool], ...] = (
    (
        r"alias|expected alphabetic or numeric character",
        "YAML's shorthand with & and * is not read here",
        'Put text that starts with one of them in quotes: "*.png"',
        True,
    ),
    (r"found character '\\t'", "a tab; YAML allows only spaces here", "Replace the tab by spaces.", False),
    (r"found character '(.)' that cannot start", "text cannot start with {} in YAML", "Put it in quotes.", False),
    (
        r"mapping values are not allowed.* behind a bare key",
        "this line does not fit the lines above it",
        "Keys of one block start in the same column.",
        False,
    ),
    (
        r"mapping values are not allowed",
        "a second : in one value",
        'Put the whole value in quotes: key: "text: more text"',
        False,
    ),
    (r"could not find expected ':'", "there is no : after this key", "Write it as key: value", True),
    (
        r"found unknown escape character",
        "inside double quotes \\ has a meaning of its own in YAML",
        "Write / instead of \\, or use single quotes.",
        False,
    ),
    (
        r"found unexpected end of stream|found unexpected document separator",
        "this quote is opened here and never closed",
        "Close it with the same quote.",
        True,
    ),
    (r"expected ',' or '([\]}])'", "this bracket is not closed with {}, or a comma is missing in it", "", True),
    (
        r"expected <block end>|expected the node content",
        "this line does not fit the lines above it",
        "Keys of one block start in the same column; a name with odd characters needs quotes.",
        False,
    ),
    (r"sequence entries are not allowed", "a list cannot start here", "Write each - on a line of its own.", False),
    (
        r"but found another document|expected '<document start>'",
        "--- and ... end the file for YAML",
        "Delete that line.",
        False,
    ),
)

# Shapes of keys that services hand out, and keys whose very name says secret
_SECRET = re.compile(
    r"\b(?:sk-[\w-]{16,}|hf_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|r8_\w{20,})"
    r"|(?i:(?<![^\s{])[\"']?(?=[\w-]*(?:api[_-]?key|(?:access|auth)[_-]?token|secret|passw(?:or)?d))[\w-]++[\"']?\s*+:\s++)"
    r"(?![\s#]|null\b|[\"']{2})"
    # a plain "key" or "token" may be anybody's word: only what looks drawn by lot behind it
    r"|(?:^|[{,])\s*[\"']?(?:key|token)[\"']?\s*:\s+(?=[\"']?[A-Za-z_-]*\d)[\"']?[\w-]{12,}"
    # key_variable wants a variable's name; what does not look like one may be the key itself
    r"|\bkey_variable[\"']?\s*:\s*(?!(?:null|~|[\"']?[A-Z_][A-Z0-9_]*[\"']?)\s*(?:#|,|}|$))[^\s#]"
    r"|https?://[^\s/@][^\s/@:]*+:[^\s/@]++@"  # a password in an address
)
# what stands behind these names is not repeated in any message, whatever it is
_UNTOLD = re.compile(r"(?P<name>(?:^|[{,\[])\s*(?:- +)*[\"']?(?:[\w-]*[_-])?(?:key|token)[\"']?[ \t]*:)[ \t]*[^\s#].*")
_LONG = 16  # letters of a key from the environment; shorter ones are stand-ins for servers that want none


def plainly(problem: str, before: str) -> tuple[str, str, bool]:
    """(message, hint, at the start of the construct) for what the parser found behind `before` in its line."""
    said = problem if re.search(r":\s", before) else f"{problem} behind a bare key"
    for pattern, message, hint, at_start in _PLAINLY:
        if match := re.search(pattern, said):
            return message.format(*match.groups()), hint, at_start
    return f"this is not valid YAML: {problem}", "", False


def without_space(line: str) -> str:
    """Return how a line such as do:remove was meant, that has no space behind its colon; "" for any other."""
    key, _, value = line.strip().partition(":")
    if value[:1] not in ('"', "'"):
        value = re.split(r"\s#", value, maxsplit=1)[0].rstrip()  # a comment stays where it is
    close = key.replace("-", "_").isidentifier() and value and not value[0].isspace() and not value.startswith("//")
    return f"{key}: {value}" if close else ""


# what every match of _SECRET holds: of a long text only lines with one of these are looked at closely
_HINTS = (
    *(f"gh{c}_" for c in "pousr"),
    *["sk-", "hf_", "akia", "aiza", "r8_", "key", "token", "secret", "passw", "://"],
)
_HINT = re.compile(f"(?i){'|'.join(_HINTS)}")


def secret_problem(name: str, place: str) -> Problem:
    """Say that something in file `name` looks like a secret key. Its line is not quoted."""
    message = f"this looks like a secret key; {name} goes into git, so it is refused"
    hint = "Delete it here, set it as an environment variable, and revoke the key if the file was ever shared."
    return Problem(message, place, hint)


def discreet(line: str) -> str:
    """Return the line without what stands behind a name such as key or token."""
    return _UNTOLD.sub(r"\g<name> ...", line)


def secrets(text: str) -> list[tuple[int, int]]:
    """List (line from 1, column from 0) where something that looks like a secret key starts, the first of a line."""
    held = [value for name, value in os.environ.items() if name.endswith("_API_KEY") and len(value) >= _LONG]
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS) and not any(value in text for value in held):
        return []
    found, number, counted, place = [], 1, 0, 0
    while match := _next(text, place, held):
        start = text.rfind("\n", 0, match) + 1
        end = text.find("\n", match)
        end = len(text) if end < 0 else end
        number, counted = number + text.count("\n", counted, start), start
        if (column := _secret(text[start:end], held)) is not None:
            found.append((number, column))
        place = end
    return found


def _next(text: str, place: int, held: list[str]) -> int | None:
    """Find the next place that is worth a look, inside its line; None for none."""
    hint = _HINT.search(text, place)
    places = [hint.end() - 1] if hint else []
    places += [at + 1 for value in held if (at := text.find(value, place)) >= 0]
    return min(places, default=None)


def _secret(line: str, held: list[str]) -> int | None:
    match = _SECRET.search(line)
    if match:
        return match.start()
    return next((line.index(value) for value in held if value in line), None)
