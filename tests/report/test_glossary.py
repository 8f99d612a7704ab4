"""The page's words are explained where they first stand, and nothing else is touched."""

import re

import pytest
from markupsafe import escape

from loraprep.core import findings
from loraprep.report import glossary
from loraprep.report.glossary import Explainer
from tests import ROOT

ASKED = re.compile(r'<button type="button" class="term" aria-describedby="([^"]+)">([^<]*)</button>')


def asked(text: str, *names: str) -> list[tuple[str, str]]:
    return ASKED.findall(str(Explainer(names).mark(text)))


def test_every_meaning_is_one_short_plain_sentence() -> None:
    for term, entry in glossary.glossary().items():
        assert re.fullmatch(r"[A-Z][^.]*\.", re.sub(r"\.txt", "txt", entry.means)), term
        assert len(entry.means.split()) <= 25, term
        assert not re.search(r"[<>`_{}]", entry.means), term


def test_no_form_belongs_to_two_terms_and_every_term_has_a_place_of_its_own() -> None:
    entries = glossary.glossary()
    forms = [form for term, entry in entries.items() for form in (term, *entry.forms)]
    assert len(forms) == len(set(forms))
    assert len({glossary.ident(term) for term in entries}) == len(entries)


@pytest.mark.parametrize(
    "term",
    ["base model", "trigger", "caption", "bucket", "tokens", "epoch", "step", "variant", "crop", "enlarged", "mask",
     "regularization", "content", "style", "fused", "Gate 1", "GO", "NO-GO", "Not yet", "described", "trigger only",
     "verdict", "vision model", "tagger", "captioner", "transparent", "alpha", "CMYK", "sRGB", "several hands", "copies",
     "their repeats", "3 details", "only named"],
)  # fmt: skip
def test_what_an_artist_may_ask_about_is_there(term: str) -> None:
    assert [said for _, said in asked(f"It says {term} here.")] == [term]


def test_the_first_in_a_block_is_marked_in_any_case_but_that_of_a_name() -> None:
    assert asked("<p>Captions name it. A caption <b>is a text</b>.</p><p>The caption</p>") == [
        ("g-caption", "Captions")
    ]
    assert asked("go and look, a note by hand, cut it off") == [("g-note", "note")]
    assert asked("NO-GO: 2 things would stop Gate 1: no.") == [("g-no-go", "NO-GO"), ("g-gate-1", "Gate 1")]
    assert asked("A base\nmodel") == [("g-base-model", "base\nmodel")]


def test_names_code_captions_and_quoted_words_are_left_alone() -> None:
    for text in (
        "style.jpg", "images/style/x.png", "decisions/captions.yaml", "dataset.background", "verdict: approve",
        "my-style", "style_words", "[trigger], a mill", "<code>a caption</code>", '<p class="caption x">a caption</p>',
        '<span class="name" dir="auto">a mask</span>', "<button>a mask</button>", '<a href="#a">a mask</a>',
        "&#34;style&#34; is in 9 captions"[:18], "<pre>trigger</pre>", '<img alt="a mask">', "<svg><text>mask</text></svg>",
    ):  # fmt: skip
        assert asked(text) == [], text
    assert asked("a mask of style (2).jpg and a style", "a mask of style (2).jpg") == [("g-style", "style")]
    nasty = "<b>style & mask</b>.jpg"
    marked = Explainer([nasty]).mark(str(escape(f"{nasty} has no caption.")))
    assert "<b>" not in marked
    assert ASKED.findall(marked) == [("g-caption", "caption")]


def test_what_is_marked_is_otherwise_unchanged() -> None:
    explainer = Explainer()
    for entry in findings.catalogue().values():
        for text in (entry.one, entry.many, entry.why, *entry.fixes.values()):
            html = str(escape(text))
            assert ASKED.sub(r"\2", str(explainer.mark(html))) == html
    assert len(explainer.used) > 40
    assert all(means == glossary.glossary()[term].means for term in glossary.glossary() for i, means in explainer.used
               if i == glossary.ident(term))  # fmt: skip


def test_words_of_labels_are_terms() -> None:
    """The template asks for them by name: one that is gone would be shown without a meaning."""
    text = (ROOT / "resources/report/page.html.j2").read_text("utf-8")
    wanted = {*re.findall(r"explainer\.word\('([^']+)'", text), "kept", "left out", "not usable"}
    assert wanted <= set(glossary.glossary())
    assert Explainer().word("no term <b>") == "no term &lt;b&gt;"
