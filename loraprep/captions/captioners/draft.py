"""The draft captioner: words that are already there, and measured colour and light. Invents nothing.

No key, no network. Medium, brushwork, mood and subject are never guessed from pixels: measured guesses
were wrong on real photographs.
"""

from __future__ import annotations

from loraprep.captions import hygiene
from loraprep.captions.captioner import Context, Tidied
from loraprep.captions.elements import sort_terms
from loraprep.captions.file_names import repeats_number
from loraprep.core.records import Elements, Image

ABOUT = "Uses words you have: .txt files, words inside the files, names. Free; names alone end in NO-GO."
SAMPLES = True
NEEDS_APPROVAL = False

# CIELAB means over the picture (2.3 is one just noticeable difference) and the standard deviation of luma: set
# so that only what anybody would agree on is said.
_WARM, _COOL, _GREY, _MUTED, _VIVID, _DARK, _BRIGHT = 12.0, -5.0, 3.0, 12.0, 40.0, 28.0, 75.0
_LOW_CONTRAST, _HIGH_CONTRAST = 0.10, 0.30
_SHARE = 0.15  # of the area, from which a colour is named


def describe(image: Image, context: Context) -> Elements:
    """Take a person's own words first (beside the picture, inside it, its name), then measured colour and light."""
    source, tidied = _most_trusted(image, context)
    text = tidied.text
    form = hygiene.form_of(text) if text else ""
    words = hygiene.terms(text) if form == "tags" else hygiene.phrases(text)
    if not text:
        words = [w for w in (hygiene.bare(t, context.trigger) for t in context.names.get(image.path, ())) if w]
        source = "name" if words else ""
    content, style = sort_terms(words)
    sources = {"text": source} if source else {}
    # what colours there are after a change is no part of asking for it
    measured = {} if context.knows(image.path).instruction else measured_style(image)
    for key, terms in measured.items():
        style.setdefault(key, []).extend(t for t in terms if t not in style.get(key, []))
        sources[key] = sources.get(key, "measured")
    return Elements(
        path=image.path,
        digest=image.digest,
        captioner="draft",
        state="draft",
        content=content,
        style=style,
        text=text,
        form=form,
        trusted=bool(words) and not hygiene.only_colours(" ".join(words)),
        sources=sources,
        before=tidied.before,
        mended=tidied.mended,
        unclear=tidied.unclear,
    )


def _most_trusted(image: Image, context: Context) -> tuple[str, Tidied]:
    """Return (source, words) of the most trusted words that are more than names of colours, or of any."""
    tidied = [(source, context.tidy(image.path, words)) for source, words in image.words]
    found = [f for f in tidied if _useful(f[1].text) and not repeats_number(f[1].text, image.path)]
    return next((f for f in found if not hygiene.only_colours(f[1].text)), found[0] if found else ("", Tidied("")))


def _useful(text: str) -> bool:
    """Say whether there is more than numbers and requests for quality."""
    return any(c.isalpha() for c in text) and not all(hygiene.is_quality(t) for t in hygiene.terms(text))


def measured_style(image: Image) -> dict[str, list[str]]:
    """Name the style elements that pixels prove: the main colours, temperature, strength, key and contrast.

    {} if the picture was not measured.
    """
    if not image.palette:
        return {}
    main = " and ".join(name for name, _, share in image.palette[:2] if share >= _SHARE)
    grey = image.chroma < _GREY
    named = {
        "palette": {
            "monochrome": grey,
            main: not grey,
            "muted colours": not grey and image.chroma < _MUTED,
            "vivid colours": not grey and image.chroma > _VIVID,
        },
        "temperature": {
            "warm palette": not grey and image.warmth > _WARM,
            "cool palette": not grey and image.warmth < _COOL,
        },
        "lighting": {
            "low key": image.lightness < _DARK,
            "high key": image.lightness > _BRIGHT,
            "low contrast": image.contrast < _LOW_CONTRAST,
            "high contrast": image.contrast > _HIGH_CONTRAST,
        },
    }
    terms = {key: [term for term, holds in group.items() if term and holds] for key, group in named.items()}
    return {key: listed for key, listed in terms.items() if listed}
