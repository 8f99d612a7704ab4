"""Prompts that a trainer draws while it trains: from the set's own words, in the base model's form. Pure.

What the report says to try first, what captions of held-out pictures say, and what those say that carry the set.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from loraprep.captions import booru, objects
from loraprep.core.dataset_lock import DatasetLock
from loraprep.curation.assessment import SamplePrompt
from loraprep.project.profiles import BaseModel
from loraprep.trainers import naming

SEED = 1  # the same for every prompt and time, so that what changes is the training
_CAPTIONS = 2  # of the set itself: the others ask for what is new
_ARTICLE = re.compile(r"(?i)\b(?:an?|the) ")


def sample_prompts(
    tries: Sequence[SamplePrompt],
    locked: DatasetLock,
    captions: Mapping[str, str],
    carrying: Iterable[str],
    trigger: str,
    before: Sequence[str],
    model: BaseModel,
) -> list[SamplePrompt]:
    """List prompts with what each shows: those to try first, then captions of the set.

    `captions`: "4_mystyle/pier.png" -> its text, in the model's form already; `carrying`: pictures, what the set could
    least do without first; `before`: tags that stand before the trigger in every caption.
    """
    found = [SamplePrompt(in_form(each.prompt, trigger, before, model), each.shows) for each in tries]
    held = sorted(place for place in locked.images if naming.holds_out(place.split("/")[0]))
    of = {image.path: place for place, image in sorted(locked.images.items(), reverse=True) if place not in held}
    chosen = [*held, *(of[path] for path in carrying if path in of)]
    for place in chosen[:_CAPTIONS]:
        text = next(iter(captions.get(f"{place}.png", "").splitlines()), "")
        path = locked.images[place].path
        shows = (
            f"The caption of {path}, which is held out: the nearer it comes to that picture, the more was learned."
            if place in held
            else f"The caption of {path}: it should come near that picture, and not be its copy."
        )
        found += [SamplePrompt(text, shows)] if text else []
    return list({each.prompt: each for each in reversed(found)}.values())[::-1]


def in_form(prompt: str, trigger: str, before: Sequence[str], model: BaseModel) -> str:
    """Write a prompt of plain words as the base model was taught: prose, tags that it knows, or an object."""
    called = prompt == trigger or prompt.startswith(f"{trigger}, ")
    rest = prompt[len(trigger) + 2 :] if called else prompt
    if model.form == "json":
        text = objects.written(model.json, {"content_sentence": [rest]})
        return objects.with_trigger(text, trigger) if called and objects.parsed(text) else text
    if model.form == "tags":
        known = booru.tags_in(rest) if model.vocabulary else []
        rest = ", ".join(known) or _ARTICLE.sub("", rest)
    return ", ".join(filter(None, [*before, trigger if called else "", rest]))


def line(prompt: str) -> str:
    """Write a prompt as a line of a file in which " --" begins an option and "#" a comment."""
    text = re.sub(r"\s-{2,}", " -", " ".join(prompt.split()))
    return f" {text}" if text.startswith("#") else text


def lines(prompts: Sequence[SamplePrompt], size: int, *, more: str = "") -> str:
    """Write kohya's file of prompts, which musubi-tuner reads as well: `size` px, `more` for options of the trainer."""
    return "".join(f"{line(p.prompt)} --w {size} --h {size} --d {SEED}{more}\n" for p in prompts)
