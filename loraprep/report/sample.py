"""Which pictures a page of very many shows: those that findings and groups name, then an even share of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loraprep.core.records import Fate, Group, Image

MOST = 300  # pictures on a page, which has to open at once: 256 px of each make it under 5 MB
_OF_GROUP = 4  # pictures of a group of copies or variants
_GROUPS = 24  # of those


def shown(
    pictures: Sequence[Image], named: Iterable[Sequence[str]], groups: Sequence[Group], fate: Mapping[str, Fate]
) -> list[Image]:
    """Choose at most MOST of `pictures`, in their order. `named`: for each finding, the paths shown beside it.

    First come those that findings name, then groups, what waits for an answer, and the rest evenly by path.
    """
    if len(pictures) <= MOST:
        return list(pictures)
    first = [path for paths in named for path in paths]
    first += [path for group in groups[:_GROUPS] for path in (group.best, *group.pictures)[:_OF_GROUP]]
    first += [image.path for image in pictures if fate[image.path].open][:MOST]
    known = {image.path for image in pictures}
    chosen = dict.fromkeys([path for path in dict.fromkeys(first) if path in known][: MOST * 2 // 3])
    rest = [image.path for image in pictures if image.path not in chosen]
    room = MOST - len(chosen)
    chosen |= dict.fromkeys(rest[n * len(rest) // room] for n in range(room))
    return [image for image in pictures if image.path in chosen]
