"""The artist's own caption files, as they are."""

from __future__ import annotations

from loraprep.captions import hygiene
from loraprep.captions.captioner import Context
from loraprep.captions.elements import sort_terms
from loraprep.captions.file_names import repeats_number
from loraprep.core.records import Elements, Image

ABOUT = "Takes your own .txt files as they are. Needs one beside every picture; free."
SAMPLES = False
NEEDS_APPROVAL = False


def describe(image: Image, context: Context) -> Elements:
    """Take the most trusted sidecar's words; without one the picture stays uncaptioned, and Gate 1 names it."""
    source, text = next(
        (
            (source, bare)
            for source, words in image.words
            if source.startswith("sidecar:") and (bare := hygiene.bare(words, context.trigger))
        ),
        ("", ""),
    )
    form = hygiene.form_of(text)
    content, style = sort_terms(hygiene.terms(text) if form == "tags" else hygiene.phrases(text))
    return Elements(
        path=image.path,
        digest=image.digest,
        captioner="existing",
        state="seen" if text else "none",
        content=content,
        style=style,
        text=text,
        form=form if text else "",
        trusted=bool(text),
        sources={"text": "name" if repeats_number(text, image.path) else source} if text else {},
    )
