"""Words sorted into elements: what is in a picture, and how it is made."""

from __future__ import annotations

from collections.abc import Iterable

from loraprep.captions import hygiene


def sort_terms(terms: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Sort terms into (content, style), each key -> terms; tags that ask for quality are left out.

    What the word lists know goes under its key; of the rest the first is the subject, the others are objects.
    """
    content: dict[str, list[str]] = {}
    style: dict[str, list[str]] = {}
    for term in terms:
        if hygiene.is_quality(term):
            continue
        key = hygiene.key_of(term) or ("objects" if "subject" in content else "subject")
        (style if key in hygiene.STYLE else content).setdefault(key, []).append(term)
    return content, style
