"""Which language a caption is in, as far as its letters and CLIP's English words tell."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from loraprep.captions import tokens
from loraprep.core.findings import Code, Finding
from loraprep.core.text import listed
from loraprep.project.profiles import BaseModel

# the scripts of Unicode's names that belong to a language; another script's letters are a language of their own
_SCRIPTS = {"CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "LATIN": "en"}
_NAMES = {"en": "English", "zh": "Chinese", "ja": "Japanese", "ko": "Korean"}
_QUOTED = re.compile(r"[\"“«「『][^\"“”«»「」『』]{1,300}+[\"”»」』]")  # what a model may draw
_KANA = 0.1  # of the letters: a Japanese text has a half, a Chinese one at most a name
_ENGLISH = 0.5  # of the words: English sentences have 0.7 and more, others 0.2 (tokens.plain_english); as far from both
_FEWEST = 6  # words: of fewer, names decide


@lru_cache(maxsize=1 << 12)
def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0].partition("-")[0]


def of(text: str, *, tags: bool = False) -> str:
    """Return "en", "zh", "ja", "ko", another script's name, "?" for Latin letters that are not English, "" if unsure.

    What stands in quotation marks does not count, nor do a few words. `tags`: Latin letters are never "?": names of
    characters and places are many among them.
    """
    text = _QUOTED.sub(" ", text)
    scripts = Counter[str]()
    for char, times in Counter(text).items():  # few characters many times: each is asked about once
        if char.isalpha():
            scripts[_script(char)] += times
    if not scripts:
        return ""
    total = scripts.total()
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > _KANA * total:
        return "ja"
    common, times = scripts.most_common(1)[0]
    if 2 * times <= total:
        return ""
    found = _SCRIPTS.get(common, common.casefold())
    if found == "en" and not tags and len(text.split()) >= _FEWEST and tokens.plain_english(text) < _ENGLISH:
        return "?"
    return found


def check(captions: Mapping[str, tuple[str, str]], model: BaseModel) -> list[Finding]:
    """Find captions in a language that the base model did not learn from; (words without the trigger, `of` them)."""
    other = {path: body for path, (body, found) in sorted(captions.items()) if found and found not in model.language}
    if not other:
        return []
    said = {path: f'"{_short(body)}"' for path, body in other.items()}
    reads = listed([_NAMES.get(code, code) for code in model.language], None)
    return [Finding(Code.CAPTION_LANGUAGE, tuple(other), {"title": model.title, "reads": reads, "said": said})]


_SHOWN = 60  # characters of a caption in a sentence


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4].rstrip()} ..."
