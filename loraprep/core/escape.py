"""Text from files and people inside Markdown: shown as it is, never acting."""

from __future__ import annotations

import re

from loraprep.core.text import printable


def one_line(text: str) -> str:
    """Put text from files and people on one line; what is not printable becomes a space."""
    return " ".join(printable(text).split())


def plain(text: str) -> str:
    """Text from files and people, so that Markdown shows it as it is: one line, nothing active."""
    return _escaped(one_line(text))


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)


def code(text: str) -> str:
    """A file name or caption as Markdown code, whatever backticks it holds."""
    one = printable(text, "?")
    fence = "`" * (max((len(run) for run in re.findall("`+", one)), default=0) + 1)
    pad = " " if one.startswith("`") or one.endswith("`") else ""
    return f"{fence}{pad}{one}{pad}{fence}"


def cell(text: str) -> str:
    """`code` inside a table, where a bar would end the cell."""
    return code(text).replace("|", "\\|")


# what stands in backticks in our own words; nothing in here is active in Markdown, whatever lies around it
_COMMAND = re.compile(r"""(?<!`)(`[\w :.,_/\[\]{}"'=$%-]++`)(?!`)""", re.ASCII)


def with_commands(text: str) -> str:
    """`plain`, but commands in backticks stay code."""
    parts = _COMMAND.split(one_line(text))
    return "".join(part if n % 2 else _escaped(part) for n, part in enumerate(parts))
