"""Captions in a language that the base model did not learn from."""

from __future__ import annotations

import pytest

from loraprep.captions import language
from loraprep.captions.checks import check_captions
from loraprep.core.findings import Code
from loraprep.core.records import Caption, Elements, Grade
from loraprep.project import profiles
from tests.typed import smallest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a water mill stands beside a pond in the evening light", "en"),
        ("eine Wassermühle steht am Ufer eines stillen Teichs im Abendlicht", "?"),
        ("un moulin à eau se dresse au bord d'un étang tranquille le soir", "?"),
        ("молодая женщина держит красный зонт", "cyrillic"),
        ("水车立在池塘边，傍晚的光", "zh"),
        ("池のほとりに水車小屋が立っている", "ja"),
        ("연못 옆에 물레방아가 서 있다", "ko"),
        ("hatsune miku", "en"),  # a few words say nothing
        ('a shop sign that reads "いらっしゃいませ" over the door of a bakery', "en"),
        ("", ""),
        ("1234, 56", ""),
    ],
)
def test_which_language_a_caption_is_in(text: str, found: str) -> None:
    assert language.of(text) == found


def test_names_among_tags_are_no_language() -> None:
    tags = "hakurei reimu, kirisame marisa, izayoi sakuya, konpaku youmu, remilia scarlet, flandre scarlet"
    assert language.of(tags) == "?"
    assert language.of(tags, tags=True) == "en"


@pytest.mark.parametrize(("model", "named"), [("flux", True), ("qwen-image", False), ("illustrious", True)])
def test_a_model_that_reads_chinese_may_have_it(model: str, named: bool) -> None:
    text = "水车立在池塘边，傍晚的光"
    captions = {"a.jpg": Caption("a.jpg", f"ember, {text}", "prose", "existing", Grade.DESCRIBED, 9, 75)}
    settings, base = smallest(trigger="ember", model=model), profiles.base_model(model)
    elements = {"a.jpg": Elements("a.jpg", "d" * 64, "existing", "seen", text=text, form="prose")}
    found = check_captions(captions, elements, settings, base, profiles.kind("style"))
    assert (Code.CAPTION_LANGUAGE in {f.code for f in found}) is named
