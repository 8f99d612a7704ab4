"""No text from outside keeps a run busy: every pattern takes time in step with its text, every door bounds it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator

import pytest

import loraprep
from loraprep.captions import file_names, hygiene, lexicon
from loraprep.captions.vision import openai_chat, repair
from loraprep.core import escape, patterns
from loraprep.core.yamlfile import complaints
from loraprep.dataset import outputs
from loraprep.project import studio
from loraprep.scan import metadata

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
# what reads text of any length; whatever works on words behind them gets what these let through
DOORS: dict[str, Callable[[str], object]] = {
    "metadata.clean": metadata.clean,
    "metadata.positive": metadata.positive,
    "hygiene.clean": hygiene.clean,
    "hygiene.bare": lambda text: hygiene.bare(text, "brushy"),
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


def _compiled() -> Iterator[tuple[str, re.Pattern[str]]]:
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


def _in_step(work: Callable[[str], object], tokens: tuple[str, ...], length: int) -> dict[str, float]:
    """Token -> seconds, of those whose repetition takes more time than any way in step with it: the square of it."""
    slow: dict[str, float] = {}
    work("a")  # word lists are read once
    for token in tokens:
        for size in (length // 8, length):  # one that takes the square of it shows early, and ends soon
            text = (token * size)[:size]
            took = min(_seconds(work, text) for _ in range(2))
            if took > 1.5e-5 * size:  # no linear one takes more than 9 microseconds a character
                slow[token] = took
                break
    return slow


def _seconds(work: Callable[[str], object], text: str) -> float:
    start = time.process_time()  # of our own: others on the machine do not count
    work(text)
    return time.process_time() - start


@pytest.mark.parametrize("pattern", PATTERNS, ids=PATTERNS.values())
def test_every_pattern_is_in_step_with_its_text(pattern: re.Pattern[str]) -> None:
    own = re.findall(r"[A-Za-z<>:_-]{2,}", re.sub(r"\\[a-zA-Z]", "", pattern.pattern))[:12]
    tokens = (*SIGNS, *WORDS, *own, *(f"{word} " for word in own))
    assert not _in_step(lambda text: [None for _ in pattern.finditer(text)], tokens, 16_000)


@pytest.mark.parametrize("name", BEHIND)
def test_what_works_on_words_is_in_step_with_them(name: str) -> None:
    assert not _in_step(BEHIND[name], (*SIGNS, *WORDS), 16_000)


@pytest.mark.parametrize("name", DOORS)
def test_very_many_times_the_same_at_a_door(name: str) -> None:
    assert not _in_step(DOORS[name], (*SIGNS, *WORDS), 250_000)


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
            assert _seconds(pattern.match, text) < 4, name


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
