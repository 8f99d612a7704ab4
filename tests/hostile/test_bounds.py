"""No text from outside keeps a run busy: every pattern takes time in step with its text, every door bounds it.

The suite tries every pattern and door with some tokens; EVERY_TOKEN=1 pytest tests/hostile/test_bounds.py with all.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import loraprep
from loraprep.captions import file_names, hygiene, language, lexicon, objects
from loraprep.captions.vision import openai_chat, repair
from loraprep.core import escape, patterns
from loraprep.core.yamlfile import complaints
from loraprep.dataset import outputs
from loraprep.project import studio
from loraprep.scan import entries, generators, metadata

SIGNS = (
    *"a \n\t\"'[](){},\\01<>`-_.:;/#*!|Aé😀\0",
    "a ",
    "a,",
    ", ",
    "ab ",
    "1.",
    "a_",
    "\r\n",
    " \n",
    "\\(",
    ":1",
    "](",
)
WORDS = (
    "<lora:", "<lora:a>", "<think>", "no ", "without a ", "[trigger]", "plain ", "plain background", "secret", "key: ",
    "https://a:", "https://", ":a", "`a", "singing", "Base model: ", "## Models\n", "sorry", "i ", "**/", "[!a", "Steps: ", "<a",
)  # fmt: skip
EVERY = "EVERY_TOKEN" in os.environ
# For the suite: what most patterns have in common, blanks above all. A pattern's own words are tried in any case.
FEW = ("a", " ", "\n", "a ", ", ", "<", "<lora:", "(", "\\", ":1", "https://a:")
# what reads text of any length; whatever works on words behind them gets what these let through
ABOUT = hygiene.About(trigger="emberveil", others=("otherveil",), form="tags")
DOORS: dict[str, Callable[[str], object]] = {
    "metadata.clean": metadata.clean,
    "generators.positive": generators.positive,
    "generators.read": lambda text: generators.read({"Description": text, "Comment": text, "Software": "NovelAI"}),
    "generators.read parameters": lambda text: generators.read({"parameters": text, "exif:model": "prompt:{" + text}),
    "metadata.says_nothing": metadata.says_nothing,
    "metadata.rows": lambda text: metadata.rows(f"file_name,text\n{text}", "a.csv"),
    "entries.spaced": entries.spaced,
    "entries.hydrus": lambda text: entries.hydrus(text.splitlines()),
    "hygiene.clean": hygiene.clean,
    "hygiene.bare": lambda text: hygiene.bare(text, "brushy"),
    "hygiene.mend": lambda text: hygiene.mend(text, ABOUT),
    "hygiene.asked": lambda text: hygiene.asked(text, ABOUT),
    "hygiene.seen": lambda text: hygiene.seen(text, ABOUT),
    "language.of": lambda text: language.of(text[: metadata.LONGEST]),
    "objects.texts": objects.texts,
    "openai_chat.one_line": openai_chat.one_line,
    "repair.refuses": repair.refuses,
    "repair.repair_reply": lambda text: repair.repair_reply(text, sentences=True),
    "file_names.name_terms": file_names.name_terms,
    "escape.with_commands": escape.with_commands,
    "escape.code": escape.code,
    "patterns.usable": patterns.usable,
    "complaints.secrets": complaints.secrets,
    "studio.base_models": studio.base_models,
}
# these get bounded text; on more of it they are in step with it all the same
BEHIND: dict[str, Callable[[str], object]] = {
    "hygiene.without_trigger": lambda text: hygiene.without_trigger(text, "brushy"),
    "hygiene.phrases": hygiene.phrases,
    "hygiene.terms": hygiene.terms,
    "hygiene.form_of": hygiene.form_of,
    "hygiene.faults": lambda text: hygiene.faults(text, "brushy"),
    "hygiene.without_term": lambda text: hygiene.without_term(text, "water mill"),
    "lexicon.meant": lambda text: lexicon.meant("subject_class", text),
    "outputs.with_background": lambda text: outputs.with_background(text, "#ffffff", "tags"),
}


def _compiled() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every pattern that some module holds by a name, and every one in a list or mapping of its."""
    for module in pkgutil.walk_packages(loraprep.__path__, "loraprep."):
        if module.name.rpartition(".")[2] in ("__main__", "tasks"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            inside = (
                value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
            )
            yield from ((f"{module.name}.{name}", v) for v in inside if isinstance(v, re.Pattern))


PATTERNS = {pattern: name for name, pattern in _compiled()}


LINEAR = 3e-5  # seconds a character: no linear one takes more than 9 microseconds; squares take hundreds at 16,000


def _in_step(work: Callable[[str], object], tokens: tuple[str, ...], length: int) -> dict[str, float]:
    """Token -> seconds, of those whose repetition takes more time than any way in step with it: the square of it."""
    slow: dict[str, float] = {}
    work("a")  # word lists are read once
    for token in tokens:
        for size in (length // 8, length):  # one that takes the square of it shows early, and ends soon
            text = (token * size)[:size]
            took = _seconds(work, text)
            for _ in range(3):  # once more: others on the machine lengthen CPU time too, if not so much
                took = min(took, _seconds(work, text)) if took > LINEAR * size else took
            if took > LINEAR * size:
                slow[token] = took
                break
    return slow


def _seconds(work: Callable[[str], object], text: str) -> float:
    start = time.process_time()  # of our own: others on the machine do not count
    work(text)
    return time.process_time() - start


def _fit(pattern: re.Pattern[Any], text: str) -> str | bytes:
    return text if isinstance(pattern.pattern, str) else text.encode()


@pytest.mark.parametrize("pattern", PATTERNS, ids=PATTERNS.values())
def test_every_pattern_is_in_step_with_its_text(pattern: re.Pattern[Any]) -> None:
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    own = re.findall(r"[A-Za-z<>:_-]{2,}", re.sub(r"\\[a-zA-Z]", "", source))[:12]
    every = (*SIGNS, *WORDS, *own, *(f"{word} " for word in own))
    tokens = every if EVERY else tuple(dict.fromkeys([*FEW, *own[:2], *(f"{word} " for word in own[:2])]))
    assert not _in_step(lambda text: [None for _ in pattern.finditer(_fit(pattern, text))], tokens, 16_000)


@pytest.mark.parametrize("name", BEHIND)
def test_what_works_on_words_is_in_step_with_them(name: str) -> None:
    assert not _in_step(BEHIND[name], (*SIGNS, *WORDS) if EVERY else FEW, 16_000)


@pytest.mark.parametrize("name", DOORS)
def test_very_many_times_the_same_at_a_door(name: str) -> None:
    assert not _in_step(DOORS[name], (*SIGNS, *WORDS) if EVERY else FEW, 250_000 if EVERY else 60_000)


MIXED = [
    ("<", " "),
    ("no", " "),
    ("sk-", " "),
    ("https://", ":a"),
    ("secret", "-"),
    ("Base model: a", " "),
    ("`", "a"),
    (".", " "),
]


@pytest.mark.parametrize("one", MIXED, ids="".join)
def test_one_sign_and_very_many_of_another(one: tuple[str, str]) -> None:
    text = one[0] + one[1] * 100_000 + "x"
    for name, door in DOORS.items():
        assert _seconds(door, text) < 4, name
    for pattern, name in PATTERNS.items():
        if "_BLANK_LINES" not in name:  # it is asked at one place only
            assert _seconds(pattern.match, _fit(pattern, text)) < 4, name


def test_what_the_patterns_find_is_what_they_found() -> None:
    found = complaints.secrets("api_key: abc\nmy-secret-word : x\nhttps://me:pass@host\nsecret:\npassword: null\n")
    assert found == [(1, 0), (2, 0), (3, 0)]
    assert lexicon.meant("subject_class", "a man riding a horse") == lexicon.meant("subject_class", "man")
    assert hygiene.faults("brushy, a[trigger]b", "brushy") == [
        "a[trigger]b glues [trigger] to a word: put a space or a comma between"
    ]
    assert (
        outputs.with_background("a cat, plain plain white background", "#000000", "tags") == "a cat, black background"
    )
    assert hygiene.is_count("12 girls")
