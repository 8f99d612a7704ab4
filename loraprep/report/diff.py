"""What changed since a revision in git, read from the committed reports: pictures, captions, verdict."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loraprep.core import files
from loraprep.core.errors import UserError

REPORT, LOCK = "dataset-report.md", "dataset.lock.json"
_CODE = r"(?P<fence{n}>`+) ?(?P<{name}>.+?) ?(?P=fence{n})"
_CAPTION = re.compile(rf"- {_CODE.format(n=1, name='path')}: {_CODE.format(n=2, name='caption')} \([^()]*\)")
_FATE = re.compile(rf"\| {_CODE.format(n=1, name='path')} \| (?P<fate>[a-z ]+) \| (?P<why>.*) \|")
_VERDICT = re.compile(r"## Gate 1 Decision: (GO|NO-GO)")


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says. `fates`: path -> (fate, why); `captions` of the kept; `to_mend`: what stands before GO."""

    verdict: str = ""
    headline: str = ""
    fates: dict[str, tuple[str, str]] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    to_mend: list[str] = field(default_factory=list)

    @property
    def kept(self) -> set[str]:
        return {path for path, (fate, _) in self.fates.items() if fate == "kept"}


def told(report: str) -> Told:
    """dataset-report.md read back."""
    section, verdict = "", ""
    fates: dict[str, tuple[str, str]] = {}
    captions: dict[str, str] = {}
    headline = ""
    mend: list[str] = []
    for line in report.splitlines():
        if line.startswith("## "):
            section = line[3:]
        if found := _VERDICT.fullmatch(line):
            verdict = found[1]
        elif section == "Captions" and (found := _CAPTION.match(line)):
            captions[found["path"]] = found["caption"]
        elif section == "Every file and its fate" and (found := _FATE.fullmatch(line)):
            fates[found["path"].replace("\\|", "|")] = (found["fate"], _unescaped(found["why"]))
        elif section.startswith("Gate 1 Decision"):
            if not headline and line and not line.startswith("#"):
                headline = _unescaped(line)
            elif re.match(r"\d+\. ", line):
                mend.append(_unescaped(line.partition(" ")[2]))
    return Told(verdict, headline, fates, captions, mend)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\`*_{}\[\]<>#|~])", r"\1", text)


def at(root: Path, revision: str, name: str) -> str | None:
    """A committed file's text at a revision, None if it was not there. Raises UserError: no git, no such revision."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UserError(
            f'git knows no revision "{revision}" here',
            hint="Name one that `git log` shows, such as HEAD~1, a tag or a branch.",
        )
    return _git(root, "show", f"{commit.strip()}:./{name}")


def _git(root: Path, *args: str) -> str | None:
    """What git answers, None if it says no. No shell, no pager, no hooks."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "--no-pager", *args],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    except FileNotFoundError:
        raise UserError("git is not installed", hint="loraprep diff needs it; get it from git-scm.com.") from None
    except subprocess.TimeoutExpired:
        raise UserError("git did not answer within a minute") from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def compare(then: Told, now: Told, since: str) -> list[str]:
    """The change in words, a line each."""
    came, left = sorted(now.kept - then.kept), sorted(then.kept - now.kept)
    lines = [_number(len(came), "in training that was not", "in training that were not") + ":"] if came else []
    lines += [f"  {path} ({_came(then, path)})" for path in came]
    lines += [_number(len(left), "no longer in training", "no longer in training") + ":"] if left else []
    lines += [f"  {path} ({_left(now, path)})" for path in left]
    both = sorted(then.kept & now.kept)
    changed = [p for p in both if then.captions.get(p) != now.captions.get(p)]
    if changed:
        lines.append(f"{len(changed)} caption{'s' * (len(changed) != 1)} changed:")
        for path in changed:
            lines += [
                f"  {path}",
                f"    then: {then.captions.get(path, 'none')}",
                f"    now:  {now.captions.get(path, 'none')}",
            ]
    if not (came or left):
        lines.insert(0, f"The same {len(both)} pictures are in training.")
    if not changed:
        lines.append("No caption changed.")
    lines += _verdicts(then, now)
    return [f"Since {since}:", *lines]


def _number(count: int, one: str, many: str) -> str:
    return f"1 picture is {one}" if count == 1 else f"{count} pictures are {many}"


def _came(then: Told, path: str) -> str:
    fate, why = then.fates.get(path, ("new here", ""))
    return f"it was {fate}{': ' + why if why else ''}" if fate != "new here" else fate


def _left(now: Told, path: str) -> str:
    fate, why = now.fates.get(path, ("its file is gone", ""))
    return f"{fate}{': ' + why if why else ''}"


def _verdicts(then: Told, now: Told) -> list[str]:
    if then.verdict == now.verdict:
        lines = [f"The verdict is {now.verdict}, as it was."]
    else:
        lines = [f"The verdict was {then.verdict}, and is {now.verdict} now."]
    gone = [reason for reason in then.to_mend if reason not in now.to_mend]
    new = [reason for reason in now.to_mend if reason not in then.to_mend]
    lines += [f"  mended: {reason}" for reason in gone]
    return [*lines, *(f"  new: {reason}" for reason in new)]


def pixels_changed(then: str | None, now: Path) -> list[str]:
    """Pictures whose pixels or crop changed between two locks, sorted; [] if either was never built."""
    if then is None or not now.is_file():
        return []
    try:
        old, new = _by_path(json.loads(then)), _by_path(files.read_json(now))
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return sorted(path for path in old.keys() & new.keys() if old[path] != new[path])


def _by_path(lock: Mapping[str, Any]) -> dict[str, list[Sequence[str]]]:
    found: dict[str, list[Sequence[str]]] = {}
    for _, entry in sorted(lock["images"].items()):
        found.setdefault(entry["path"], []).append((entry["source"], entry["operations"]))
    return found
