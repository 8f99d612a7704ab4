"""Groups of project.yaml: a subfolder of images/ with a trigger, words and repeats of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from loraprep.project.settings import GroupSettings, Settings


@dataclass(frozen=True, slots=True)
class Group:
    """`folder` is relative to the images folder; `trigger` the project's with the group's suffix;
    `words` stand right after it in every caption; `repeats` None: the project's."""

    folder: str
    trigger: str
    words: tuple[str, ...]
    repeats: int | None


def every(config: Settings | Mapping[str, Any]) -> list[Group]:
    """All groups, by folder."""
    trigger = _trigger(config)
    return [
        Group(folder, trigger + own.suffix, own.words, own.repeats) for folder, own in sorted(_declared(config).items())
    ]


def _trigger(config: Settings | Mapping[str, Any]) -> str:
    return config.trigger if isinstance(config, Settings) else str(config["trigger"])


def _declared(config: Settings | Mapping[str, Any]) -> Mapping[str, GroupSettings]:
    """Groups by folder. A dictionary is taken while some rooms still hand one on."""
    if isinstance(config, Settings):
        return config.groups
    return {
        folder: GroupSettings(suffix=own["suffix"], words=tuple(own["words"]), repeats=own["repeats"])
        for folder, own in config.get("groups", {}).items()
    }


def backgrounds(config: Settings | Mapping[str, Any]) -> list[str]:
    """The colours of dataset.background, each for a copy of its own of what is cut out."""
    if isinstance(config, Settings):
        return list(config.dataset.backgrounds)
    given = config["dataset"]["background"]
    return [given] if isinstance(given, str) else list(given)


def of(path: str, config: Settings | Mapping[str, Any]) -> Group | None:
    """The group a picture belongs to: the deepest folder named that it lies in."""
    inside = [group for group in every(config) if path.startswith(group.folder + "/")]
    return max(inside, key=lambda group: len(group.folder), default=None)


def trigger(path: str, config: Settings | Mapping[str, Any]) -> str:
    """The word that stands first in this picture's caption."""
    group = of(path, config)
    return group.trigger if group else _trigger(config)


def triggers(config: Settings | Mapping[str, Any]) -> dict[str, list[str]]:
    """Trigger -> the folders of the groups that have it, without the project's own."""
    found: dict[str, list[str]] = {}
    for group in every(config):
        if group.trigger != _trigger(config):
            found.setdefault(group.trigger, []).append(f"{group.folder}/")
    return found


def words(path: str, config: Settings | Mapping[str, Any]) -> tuple[str, ...]:
    """The group's own words, () outside any group."""
    group = of(path, config)
    return group.words if group else ()


def empty(paths: Collection[str], config: Settings | Mapping[str, Any]) -> list[str]:
    """Folders of groups in which none of `paths` lies."""
    used = {group.folder for path in paths if (group := of(path, config))}
    return [group.folder for group in every(config) if group.folder not in used]
