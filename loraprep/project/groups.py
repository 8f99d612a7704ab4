"""Groups of project.yaml: a subfolder of images/ with a trigger, words and repeats of its own."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from loraprep.project.settings import Settings


class ProjectGroup(msgspec.Struct, frozen=True):
    """A group as its pictures see it."""

    folder: str  # relative to the images folder
    trigger: str  # the project's with the group's suffix; "" if the project has none
    words: tuple[str, ...]  # stand right after the trigger in every caption
    repeats: int | None  # None: the project's


def every(settings: Settings) -> list[ProjectGroup]:
    """List all groups by folder."""
    return [_group(folder, settings) for folder in sorted(settings.groups)]


def _group(folder: str, settings: Settings) -> ProjectGroup:
    group = settings.groups[folder]
    return ProjectGroup(folder, settings.trigger and settings.trigger + group.suffix, group.words, group.repeats)


def of(path: str, settings: Settings) -> ProjectGroup | None:
    """Find the group a picture belongs to: the deepest folder named that it lies in."""
    inside = [folder for folder in settings.groups if path.startswith(folder + "/")]
    return _group(max(inside, key=len), settings) if inside else None


def trigger(path: str, settings: Settings) -> str:
    """Return the word that stands first in this picture's caption."""
    group = of(path, settings)
    return group.trigger if group else settings.trigger


def triggers(settings: Settings) -> dict[str, list[str]]:
    """Return trigger -> the folders of the groups that have it, without the project's own."""
    found: dict[str, list[str]] = {}
    for group in every(settings):
        if group.trigger != settings.trigger:
            found.setdefault(group.trigger, []).append(f"{group.folder}/")
    return found


def words(path: str, settings: Settings) -> tuple[str, ...]:
    """Return the group's own words, () outside any group."""
    group = of(path, settings)
    return group.words if group else ()


def empty(paths: Collection[str], settings: Settings, found: Collection[str]) -> list[str]:
    """List the folders of groups in which none of `paths` lies, though some of `found` do: there is such a folder."""
    used = {group.folder for path in paths if (group := of(path, settings))}
    there = {group.folder for group in every(settings) if any(path.startswith(group.folder + "/") for path in found)}
    return sorted(there - used)
