"""What the templates are given: frozen records, a card for each question and a row for each list."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["open", "answered", "accepted", "gone"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a template shows."""


class Queue(View, frozen=True):
    """A view, and how much in it waits."""

    name: str
    title: str
    open: int


class PictureView(View, frozen=True):
    """A picture. `shown`: the digest of its pixels, "" if there is none to show; `width`, `height`: px.

    `held`: is it held out, by the last run?
    """

    id: str
    name: str
    shown: str
    width: int
    height: int
    held: bool
    befores: list[tuple[str, str]]  # (name, `shown`) of the pictures before its change


class Rows(View, frozen=True):
    """The first of a list of `total`, and the address of the rest: /part/`part`."""

    part: str
    total: int
    items: list[View]


class EntryCard(View, frozen=True):
    """An entry of a decision file."""

    id: str
    state: State


class DuplicatePicture(PictureView, frozen=True):
    """A picture of a group."""

    facts: str
    recommended: bool  # to stay
    stays: bool
    askable: bool  # may an answer name it?
    why: str  # why it is the best
    what: str  # what it is to one that is recommended


class DuplicateCard(EntryCard, frozen=True):
    """A group of copies or variants. `all`: is it recommended to keep all? `then`: what follows from the answer."""

    heading: str
    then: list[str]
    pictures: list[DuplicatePicture]
    answer: str
    all: bool


class TrainedView(View, frozen=True):
    """A picture at a trained size (px): how many times it is enlarged, and its bucket (width, height)."""

    size: int
    times: str
    bucket: tuple[int, int]


class QualityCard(EntryCard, frozen=True):
    """A picture that would be enlarged, or those of a folder that are named like something else than pictures to train.

    `picture`: the one, or the first; `pictures`: all that are asked about; `trainer`: whose buckets are shown.
    """

    picture: PictureView
    pictures: Rows
    sizes: list[TrainedView]
    trainer: str
    what: str
    then: list[str]
    recommended: str
    answer: str


class CurationPicture(PictureView, frozen=True):
    """A picture of a curation question, and the one that stays instead."""

    facts: str
    out: bool
    nearest: PictureView | None


class StyleView(View, frozen=True):
    """A manner of drawing, its most typical pictures first."""

    id: str
    name: str
    out: bool
    pictures: Rows


class CurationCard(EntryCard, frozen=True):
    """A question of curation: spare pictures, styles (`looks`), or strangers and strays beside some of the `others`."""

    what: str
    pictures: Rows
    answer: str
    apart: bool  # pictures that may not belong,
    somebody: bool  # since they show somebody else
    others: list[PictureView]
    looks: list[StyleView]
    recommended: str


class CarriedPicture(PictureView, frozen=True):
    """A picture with marks, or its pieces, as shares of what is shown of it.

    `act`: what becomes of them; `kept`: an exception.
    """

    facts: str
    boxes: list[list[float]]
    crop: list[float]
    pieces: list[list[float]]
    act: str
    kept: bool


class CarriedCard(EntryCard, frozen=True):
    """A question about one kind of lettering, about bars, strips or panoramas."""

    what: str
    pictures: Rows
    answer: str
    recommended: str
    parted: bool  # about pictures that can be cut into pieces
    cropped: bool  # a crop could leave some of it out
    since: str  # that some of them leave by now, "" if none does


class FindingCard(View, frozen=True):
    """A reason of the verdict. `accepted`: why it is settled, "" if it is not; `mine`: does gate.yaml name it?"""

    id: str
    code: str
    severity: str
    sentence: str
    why: str
    fix: str
    accepted: str
    mine: bool
    acceptable: bool
    blocks: bool
    state: State
    pictures: list[PictureView]
    more: int  # pictures that are not shown
    words: int  # captions that can be mended on the page, 0 if it is not about words
    since: str  # that some of its pictures leave by now, "" if none does
