"""Explain the page's words: where a term of resources/glossary.yaml first stands in a text, it can be asked about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import msgspec
from markupsafe import Markup, escape

from loraprep.core import resources, typed, yamlfile

FILE = "resources/glossary.yaml"
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})
_ACTS = frozenset({"a", "button", "label", "select", "option", "summary"})  # a button may not stand inside these
_VERBATIM = frozenset({"code", "pre", "kbd", "svg", "script", "style"})
_QUOTED = frozenset({"name", "caption"})  # classes of what stands there as somebody wrote it
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^<>]*+)>", re.IGNORECASE)
_SPLIT = re.compile(r"(<[^<>]*+>)")
_BUTTON = '<button type="button" class="term" aria-describedby="{}">{}</button>'
_SAID = "&#34;.*?&#34;"  # a quoted word comes from a caption
# what is glued to a term by one of these is a path, a setting or a placeholder, not a word; nor is "verdict: approve"
_BEFORE, _AFTER = r"(?<![\w./\\#{}[$@=*~-])", r"(?![\w/\\#{}@=*~-])(?!\.\w)"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a term means, in one sentence, and how else it is written."""

    means: str
    forms: tuple[str, ...] = ()
    labels: bool = False  # is it never looked for in sentences?


@cache
def glossary() -> Mapping[str, Entry]:
    """Read the glossary: term -> what it means."""
    return typed.convert(yamlfile.load(resources.path(FILE), FILE).data, dict[str, Entry])


def ident(term: str) -> str:
    """Return the id under which the page holds a term's meaning."""
    return "g-" + re.sub(r"\W+", "-", term.lower()).strip("-")


class Explainer:
    """Marks terms in pieces of a page, and remembers which were there.

    `names`: file names, in which no term is ever marked.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {str(escape(n)) for n in names if n}
        self._lengths = sorted({len(n) for n in self._names})
        self._used: set[str] = set()

    @property
    def used(self) -> list[tuple[str, str]]:
        """List (id, meaning) of the terms marked so far."""
        return [(ident(term), entry.means) for term, entry in glossary().items() if term in self._used]

    def word(self, term: str, *, button: bool = False) -> Markup:
        """Return the term as a label that can be asked about: with a pointer alone, or as a `button` by keyboard too.

        In the dialog the page makes a button of either. A word that is no term is returned as it is.
        """
        if term not in glossary():
            return escape(term)
        self._used.add(term)
        if button:
            return Markup(_BUTTON).format(ident(term), term)
        return Markup('<span class="term" data-means="{}">{}</span>').format(ident(term), term)

    def mark(self, block: str) -> Markup:
        """Make the first occurrence of each term in `block`, escaped HTML, a button that its meaning describes.

        Code, captions, quoted words, file names and whatever can be clicked stay as they are.
        """
        seen: set[str] = set()
        quiet = [False]  # for each open element: is it left alone?
        out = []
        for piece in _SPLIT.split(str(block)):  # a Markup would escape what is put together again
            tag = _TAG.match(piece)
            if tag is None:
                out.append(piece if quiet[-1] or piece.startswith("<") else self._marked(piece, seen))
                continue
            out.append(piece)
            closing, name, rest = tag[1], tag[2].lower(), tag[3]
            if closing:
                quiet.pop()
            elif name not in _VOID and not rest.endswith("/"):
                quiet.append(quiet[-1] or name in _ACTS | _VERBATIM or bool(_classes(rest) & _QUOTED))
        return Markup("".join(out))  # escaped when it came, and only buttons of ours were added

    def _marked(self, text: str, seen: set[str]) -> str:
        named = sorted(self._named(text), key=lambda n: (-len(n), n))
        apart = "|".join([_SAID, *map(re.escape, named)])
        pieces = re.split(f"({apart})", text)
        return "".join(piece if n % 2 else self._buttons(piece, seen) for n, piece in enumerate(pieces))

    def _named(self, text: str) -> set[str]:
        """Find the names that stand in a text: by looking for each, or of very many by looking up what stands there."""
        starts = [(length, range(len(text) - length + 1)) for length in self._lengths if length <= len(text)]
        if len(self._names) <= sum(len(there) for _, there in starts):
            return {name for name in self._names if name in text}
        return self._names & {text[k : k + length] for length, there in starts for k in there}

    def _buttons(self, text: str, seen: set[str]) -> str:
        pattern, terms = _forms()

        def button(found: re.Match[str]) -> str:
            term = terms[(found.lastindex or 1) - 1]
            if term in seen:
                return found[0]
            seen.add(term)
            self._used.add(term)
            return _BUTTON.format(ident(term), found[0])

        return pattern.sub(button, text)


def _classes(attributes: str) -> set[str]:
    found = re.search(r'class="([^"]*)"', attributes)
    return set(found[1].split()) if found else set()


@cache
def _forms() -> tuple[re.Pattern[str], list[str]]:
    """Return what finds any form of any term, the longest first, and the term of each of its groups."""
    forms = {form: term for term, entry in glossary().items() if not entry.labels for form in (term, *entry.forms)}
    ranked = sorted(forms, key=lambda f: (-len(f), f))
    return re.compile(f"{_BEFORE}(?:{'|'.join(map(_form, ranked))}){_AFTER}"), [forms[f] for f in ranked]


def _form(form: str) -> str:
    words = [r"\d+" if word == "#" else re.escape(word) for word in str(escape(form)).split()]
    written = r"\s+".join(words)
    return f"((?i:{written})(?!:))" if form == form.lower() else f"({written})"
