"""Turns a finding's code into words and a severity, from resources/gate.yaml and check.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from loraprep.core import resources, yamlfile
from loraprep.core.records import Finding

SHOWN = 6  # file names spelled out in one sentence; the report lists all of them
SEVERITIES = ("block", "warn", "note", "good")


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """code -> {severity, one, many, why, fix (or cause, one, many -> fix), phase, fixed}."""
    data: dict[str, dict[str, Any]] = {}
    for name in ("resources/gate.yaml", "resources/check.yaml"):
        data |= yamlfile.load(resources.path(name), name).data
    return data


def names(paths: tuple[str, ...] | list[str], shown: int = SHOWN) -> str:
    """ "a.jpg, b.jpg and 4 more"."""
    if len(paths) <= shown:
        return " and ".join(filter(None, [", ".join(paths[:-1]), *paths[-1:]]))
    return f"{', '.join(paths[:shown])} and {len(paths) - shown} more"


def _fill(template: str, finding: Finding) -> str:
    return template.format(n=len(finding.images), names=names(finding.images), **finding.values)


def _number(finding: Finding) -> str:
    return "one" if finding.values.get("count", len(finding.images)) == 1 else "many"


def sentence(finding: Finding) -> str:
    """What is wrong (or right), with counts and names."""
    entry = catalogue()[finding.code]
    return _fill(entry.get(_number(finding), entry["one"]), finding)


def fix(finding: Finding) -> str:
    """The next thing to do, "" if there is nothing. A fix may depend on the finding's cause, or on one or many."""
    words = catalogue()[finding.code].get("fix", "")
    return _fill(words if isinstance(words, str) else words[finding.values.get("cause", _number(finding))], finding)


def why(code: str) -> str:
    """Why it matters, "" if that is plain."""
    text: str = catalogue()[code].get("why", "")
    return text


def severity(code: str, overrides: Mapping[str, str]) -> str:
    """One of SEVERITIES; project.yaml may change those whose entry has no `fixed: true`."""
    entry = catalogue()[code]
    chosen: str = entry["severity"] if entry.get("fixed") else overrides.get(code, entry["severity"])
    return chosen


def order(finding: Finding, overrides: Mapping[str, str]) -> tuple[int, str, tuple[str, ...]]:
    """Sort key: what blocks first, good news last."""
    return SEVERITIES.index(severity(finding.code, overrides)), finding.code, finding.images
