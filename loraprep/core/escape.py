"""Text from files and people inside Markdown: shown as it is, never acting."""

from __future__ import annotations

import re


def one_line(text: str) -> str:
    """Put text from files and people on one line; what is not printable becomes a space."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def plain(text: str) -> str:
    """Text from files and people, so that Markdown shows it as it is: one line, nothing active."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", one_line(text))


def code(text: str) -> str:
    """A file name or caption as Markdown code, whatever backticks it holds."""
    one = " ".join("".join(c if c.isprintable() else "?" for c in text).split(" "))
    fence = "`" * (max((len(run) for run in re.findall("`+", one)), default=0) + 1)
    pad = " " if one.startswith("`") or one.endswith("`") else ""
    return f"{fence}{pad}{one}{pad}{fence}"


def cell(text: str) -> str:
    """`code` inside a table, where a bar would end the cell."""
    return code(text).replace("|", "\\|")
