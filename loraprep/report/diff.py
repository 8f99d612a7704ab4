"""What changed since a revision in git, from committed machine files: pictures, captions, verdict, pixels."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from loraprep.core import child, files
from loraprep.core.dataset_lock import LOCK, DatasetLock, parse_lock, read_lock
from loraprep.core.errors import UserError
from loraprep.core.text import alike_at_start, listed
from loraprep.report.set_record import SET_RECORD, SetRecord, parse_set_record

_REPORT = "dataset-report.md"


def changes_since(root: Path, revision: str) -> list[str]:
    """Say what changed since a revision, a line each.

    Raises UserError: no git, no such revision, no record of the set at it, or one that cannot be read.
    """
    text = committed_text(root, revision, SET_RECORD)
    if text is None:
        raise _no_record(revision, reported=committed_text(root, revision, _REPORT) is not None)
    try:
        then = parse_set_record(text)
    except ValueError:
        raise UserError(
            f"{SET_RECORD} at {revision} is in a form that is not read here",
            hint=f"Look at the report yourself: git show {revision}:./{_REPORT}",
        ) from None
    lines = differences(then, parse_set_record(files.read_text(root / SET_RECORD)), revision)
    locked = committed_text(root, revision, LOCK)
    try:
        pictures = repainted(parse_lock(locked, LOCK) if locked is not None else None, read_lock(root))
    except UserError:  # a damaged lock says nothing about pixels, and `dataset` and `verify` say so
        return lines
    return [*lines, f"Built from other pixels, or cropped otherwise: {', '.join(pictures)}"] if pictures else lines


def _no_record(revision: str, *, reported: bool) -> UserError:
    """Say that a revision cannot be compared with; `reported`: its report is there, without the record beside it."""
    if reported:
        return UserError(
            f"at {revision} there was no {SET_RECORD} beside {_REPORT}",
            hint=f"An earlier loraprep wrote that report. Look at it yourself: git show {revision}:./{_REPORT}",
        )
    return UserError(
        f"at {revision} there was no {_REPORT}",
        hint="Name a revision at which loraprep gate1 had run and its report was committed.",
    )


def committed_text(root: Path, revision: str, name: str) -> str | None:
    """Return a committed file's text at a revision, None if it was not there.

    Raises UserError: git is not installed or does not answer, or knows no such revision.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UserError(
            f'git knows no revision "{revision}" here',
            hint="Name one that `git log` shows, such as HEAD~1, a tag or a branch.",
        )
    return _git(root, "show", f"{commit.strip()}:./{name}")


_PLAIN = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.alternateRefsCommand=")


def _git(root: Path, *args: str) -> str | None:
    """Return what git answers, None if it says no. No shell, no pager, no hooks.

    An archive may bring a .git/config of its own: nothing that it names is run, and no missing object is fetched.
    """
    try:
        done = subprocess.run(
            [child.program("git") or "", *_PLAIN, "-C", str(root), "--no-pager", *args],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=60,
            cwd=child.HOME,
            env=child.environment(GIT_ALLOW_PROTOCOL="none", GIT_NO_LAZY_FETCH="1", GIT_OPTIONAL_LOCKS="0"),
        )
    except (FileNotFoundError, PermissionError):
        raise UserError("git is not installed", hint="loraprep diff needs it; get it from git-scm.com.") from None
    except subprocess.TimeoutExpired:
        raise UserError("git did not answer within a minute") from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def differences(then: SetRecord, now: SetRecord, since: str) -> list[str]:
    """Say what changed, a line each."""
    came, left = sorted(now.kept - then.kept), sorted(then.kept - now.kept)
    lines = [_number(len(came), "in training that was not", "in training that were not") + ":"] if came else []
    lines += [f"  {path} ({_fate_then(then, path)})" for path in came]
    lines += [_number(len(left), "no longer in training", "no longer in training") + ":"] if left else []
    lines += [f"  {path} ({_fate_now(now, path)})" for path in left]
    both = sorted(then.kept & now.kept)
    changed = [p for p in both if then.caption(p) != now.caption(p)]
    if changed:
        lines.append(f"{len(changed)} caption{'s' if len(changed) != 1 else ''} changed:")
        lines += _captions(then, now, changed)
    if not (came or left):
        lines.insert(0, f"The same {len(both)} pictures are in training.")
    if not changed:
        lines.append("No caption changed.")
    return [f"Since {since}:", *lines, *_verdicts(then, now)]


def _captions(then: SetRecord, now: SetRecord, changed: Sequence[str]) -> list[str]:
    """Say how captions changed: what was exchanged alike in several is said once, as after another trigger."""
    alike: dict[tuple[str, str], list[str]] = {}
    for path in changed:
        alike.setdefault(_exchanged(then.caption(path) or "", now.caption(path) or ""), []).append(path)
    lines = []
    for (gone, came), paths in alike.items():
        if len(paths) > 1 and (gone or came):
            told = f'"{gone}" became "{came}"' if gone and came else f'"{came}" came' if came else f'"{gone}" went'
            lines.append(f"  {told} in {len(paths)}: {listed(paths)}")
            continue
        for path in paths:
            lines.append(f"  {path}")
            lines.append(f"    then: {then.caption(path) or 'none'}")
            lines.append(f"    now:  {now.caption(path) or 'none'}")
    return lines


def _exchanged(then: str, now: str) -> tuple[str, str]:
    """Return what stood in a caption between commas, and what stands there now, without all that is as it was."""
    old, new = then.split(", "), now.split(", ")
    same = alike_at_start(old, new)
    old, new = old[same:], new[same:]
    same = alike_at_start(old[::-1], new[::-1])
    return ", ".join(old[: len(old) - same]), ", ".join(new[: len(new) - same])


def _number(count: int, one: str, many: str) -> str:
    return f"1 picture is {one}" if count == 1 else f"{count} pictures are {many}"


def _fate_then(then: SetRecord, path: str) -> str:
    if path not in then.files:
        return "new here"
    file = then.files[path]
    return f"it was {file.fate}: {file.why}" if file.why else f"it was {file.fate}"


def _fate_now(now: SetRecord, path: str) -> str:
    if path not in now.files:
        return "its file is gone"
    file = now.files[path]
    return f"{file.fate}: {file.why}" if file.why else file.fate


def _verdicts(then: SetRecord, now: SetRecord) -> list[str]:
    if then.verdict == now.verdict:
        lines = [f"The verdict is {now.verdict}, as it was."]
    else:
        lines = [f"The verdict was {then.verdict}, and is {now.verdict} now."]
    lines += [f"  mended: {reason}" for reason in then.to_mend if reason not in now.to_mend]
    return [*lines, *(f"  new: {reason}" for reason in now.to_mend if reason not in then.to_mend)]


def repainted(then: DatasetLock | None, now: DatasetLock | None) -> list[str]:
    """List the pictures whose pixels or crop changed between two locks, sorted; [] if either was never built."""
    if then is None or now is None:
        return []
    old, new = _sources(then), _sources(now)
    return sorted(path for path in old.keys() & new.keys() if old[path] != new[path])


def _sources(lock: DatasetLock) -> dict[str, list[tuple[str, str]]]:
    """Picture -> (digest of its source, what was done to it) for each place it stands at, by place."""
    found: dict[str, list[tuple[str, str]]] = {}
    for _, image in sorted(lock.images.items()):
        found.setdefault(image.path, []).append((image.source, image.operations))
    return found
