"""What a rule of caption hygiene is, and what it may know besides the words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Literal

import msgspec

from loraprep.core import resources, typed, yamlfile
from loraprep.core.findings import Code
from loraprep.project import groups
from loraprep.project.profiles import BaseModel, kind
from loraprep.project.settings import Settings

Form = Literal["tags", "prose", "json"]
WORDED: tuple[Form, ...] = ("tags", "prose")
ANY: tuple[Form, ...] = ("tags", "prose", "json")
MOST = 20_000  # characters that a rule looks at: far more than any encoder reads


class About(msgspec.Struct, frozen=True):
    """What a rule may know besides the words; what nobody knows stays empty.

    `others`: triggers of the project's other groups. `allowed`: words that the artist declared. `quality`: tags for
    quality that the base model was taught. `characters`: names of characters that taggers know, where one is taught.
    """

    trigger: str = ""
    others: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    form: Form = "prose"  # that the base model reads
    quality: tuple[str, ...] = ()
    characters: frozenset[str] = frozenset()
    instruction: bool = False  # it asks for a change: a sentence, however short
    shown: int = 1  # pictures that the model sees before the change it is asked for

    @property
    def triggers(self) -> frozenset[str]:
        """Every trigger of the project, casefolded."""
        return frozenset(word.casefold() for word in (self.trigger, *self.others) if word)


NOTHING = About()


def about(
    path: str, settings: Settings, model: BaseModel, characters: frozenset[str] = frozenset(), shown: int = 1
) -> About:
    """Say what is known of the caption of `path` before it is read. `shown`: of a pair, pictures before the change."""
    own = groups.trigger(path, settings)
    everyone = {settings.trigger, *groups.triggers(settings)} - {own}
    declared = [word for group in groups.every(settings) for word in group.words]
    allowed = (settings.intent.class_word, *settings.intent.fused, *declared)
    pairs = kind(settings.intent.kind).pairs
    return About(own, tuple(sorted(everyone)), allowed, model.written, model.quality_tags, characters, pairs, shown)


def about_each(
    paths: Iterable[str], settings: Settings, model: BaseModel, shown: Mapping[str, int] = {}
) -> dict[str, About]:
    """Say what is known of each caption, as `about`: the same of all that have one trigger."""
    found: dict[str, About] = {}
    alike: dict[tuple[str, int], About] = {}
    for path in paths:
        key = groups.trigger(path, settings), shown.get(path, 1)
        if key not in alike:
            alike[key] = about(path, settings, model, shown=key[1])
        found[path] = alike[key]
    return found


class Rule(msgspec.Struct, frozen=True):
    """One rule about one caption; its words for the artist are in resources/hygiene.yaml under `name`.

    "mend" is for what is certain: `see` returns the text mended. "ask": only a person can say what is meant, and
    "warn": it trains, and costs something: `see` returns the words that it objects to, "" if there are none.
    `forms`: of the text. `code`: the finding it becomes. `of`: whether it is about captions of pictures or of pairs.
    """

    name: str
    does: Literal["mend", "ask", "warn"]
    see: Callable[[str, About], str]
    forms: tuple[Form, ...] = WORDED
    code: Code = Code.CAPTION_ODD
    of: Literal["both", "pictures", "pairs"] = "both"

    def reads(self, form: Form, about: About) -> bool:
        """Say whether a text of that form is one it is about."""
        return form in self.forms and self.of in ("both", "pairs" if about.instruction else "pictures")


class Said(msgspec.Struct, frozen=True):
    """How a rule is said: what it sees ("weights such as (oak:1.3)"), why that matters, what to do."""

    sees: str
    why: str = ""
    fix: str = ""


class WordLists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of resources/hygiene.yaml; all words are in lower case unless their case tells them apart."""

    rules: dict[str, Said]
    labels_dropped: frozenset[str]
    labels_kept: frozenset[str]
    meta: frozenset[str]
    placeholders: tuple[str, ...]
    placeholder_words: frozenset[str]
    nothing: frozenset[str]
    operators: tuple[str, ...]
    marks: tuple[str, ...]
    html: tuple[str, ...]
    talk: tuple[str, ...]
    refusals: tuple[str, ...]
    picture_talk: tuple[str, ...]
    exclusive: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    exclusive_said: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    cut_off: frozenset[str]
    doubled: frozenset[str]
    verbs: frozenset[str]
    asking: frozenset[str]
    finite: frozenset[str]
    joining: frozenset[str]
    parts: frozenset[str]
    pointing: frozenset[str]
    unseen: tuple[str, ...]


@cache
def rules_words() -> WordLists:
    """Load resources/hygiene.yaml."""
    name = "resources/hygiene.yaml"
    return typed.convert(yamlfile.load(resources.path(name), name).data, WordLists)


def said(name: str) -> Said:
    """Return how a rule is said. Raises KeyError."""
    return rules_words().rules[name]
