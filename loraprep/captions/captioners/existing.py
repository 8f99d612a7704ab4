"""The artist's own caption files, as they are."""

from __future__ import annotations

from loraprep.captions import hygiene, objects
from loraprep.captions.captioner import Context, Tidied
from loraprep.captions.elements import sort_terms
from loraprep.captions.file_names import repeats_number
from loraprep.core.records import Elements, Image

ABOUT = "Takes your own .txt files as they are. Needs one beside every picture; free."
SAMPLES = False
NEEDS_APPROVAL = False


def describe(image: Image, context: Context) -> Elements:
    """Take the most trusted sidecar's words; without one the picture stays uncaptioned, and Gate 1 names it."""
    found = [(s, context.tidy(image.path, words)) for s, words in image.words if s.startswith("sidecar:")]
    # where nothing is left of any, the first says what was taken out
    source, words = next((f for f in found if f[1].text), found[0] if found else ("", Tidied("")))
    text = words.text
    form = hygiene.written_form(text, context.knows(image.path))
    said = ", ".join(objects.texts(text)) or text
    content, style = sort_terms(hygiene.terms(said) if form == "tags" else hygiene.phrases(said))
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
        before=words.before,
        mended=words.mended,
        unclear=words.unclear,
    )
