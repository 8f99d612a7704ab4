"""What vision models cost and want: resources/vision/*.yaml."""

from __future__ import annotations

from functools import cache

from loraprep.core import resources, typed, yamlfile
from loraprep.project.table import Table


class Thinking(Table, frozen=True):
    """How a model is told to think, as its API takes it."""

    type: str


class ListedModel(Table, frozen=True):
    """One vision model; prices in US dollars per million tokens."""

    input: float
    output: float
    thinking: Thinking | None = None  # None: nothing is said about it
    cache_minimum: int = 1024  # tokens: shorter instructions are not kept, whatever is asked
    thinks: bool = False  # always; what it thinks is billed as output


class PriceList(Table, frozen=True):
    """A provider's vision models."""

    as_of: str
    default: str  # the model that is asked where project.yaml names none
    batch: float  # share of the price, for answers within a day
    cache_write: float  # share of the input price, for instructions kept five minutes
    cache_read: float  # share of the input price, for instructions still kept
    models: dict[str, ListedModel]


@cache
def price_list(name: str) -> PriceList:
    """Load resources/vision/NAME.yaml."""
    file = f"resources/vision/{name}.yaml"
    return typed.convert(yamlfile.load(resources.path(file), file).data, PriceList)
