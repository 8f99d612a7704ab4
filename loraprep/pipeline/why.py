"""What changed since a task ran, in words: doit's own `info` names digests and objects."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from doit.cmd_base import DoitCmdBase

from loraprep.core import terminal
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.text import clauses, listed
from loraprep.pipeline.doit_task import Since

_Task: TypeAlias = Any  # doit has no types
_ALWAYS = {"scan": "it looks at the folder, and reads what is new or changed there"}


def no_task(name: str, tasks: Sequence[str]) -> UserError:
    """Say that there is no such task."""
    near = difflib.get_close_matches(name, tasks, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(tasks)}."
    return UserError(f'there is no task "{name}"', hint=hint, exit_code=UNUSABLE)


class Why(DoitCmdBase):  # type: ignore[misc]
    """doit's `info` in our words, of a task and of all that it depends on."""

    name = "why"
    doc_purpose = "what changed since a task ran"
    doc_usage = "TASK"
    doc_description = None
    cmd_options = ()

    def _execute(self, pos_args: Sequence[str]) -> int:
        tasks = {task.name: task for task in self.task_list}
        (name,) = pos_args
        if name not in tasks:
            raise no_task(name, [*tasks])
        makers = {target: task.name for task in tasks.values() for target in task.targets}
        told: dict[str, list[str]] = {}
        for each in _order(name, tasks, makers):
            if each in _ALWAYS or each == "gate1":
                continue
            status = self.dep_manager.get_status(tasks[each], tasks, get_log=True)
            if status.status != "up-to-date":
                ran = self.dep_manager._get(each, "_values_:") is not None
                told[each] = [*_reasons(status.reasons, self.dep_manager.get_values(each), makers)] if ran else []
        alike: dict[str, list[str]] = {}  # one changed setting concerns many
        for each, reasons in told.items():
            alike.setdefault(clauses(reasons) or "it never ran here", []).append(each)
        for said, names in alike.items():
            terminal.say(listed(names, shown=None), "bold")
            terminal.say(f"  {said}")
        order = _order(name, tasks, makers)
        behind = [e for e in order if e not in (*told, *_ALWAYS, "gate1") and {*told} & {*_order(e, tasks, makers)}]
        if not told:
            terminal.say(f"{name}: nothing changed since it ran.")
        if behind:
            terminal.say(f"What that makes anew may concern {listed(behind, shown=None)}.", "dim")
        terminal.say(f"scan runs each time: {_ALWAYS['scan']}.", "dim")
        return 0


def _order(name: str, tasks: Mapping[str, _Task], makers: Mapping[str, str]) -> list[str]:
    """List a task and all that it depends on, in the order in which they run."""
    found: list[str] = []

    def visit(each: str) -> None:
        task = tasks[each]
        for before in sorted({*task.task_dep, *(makers[f] for f in task.file_dep if f in makers)}, key=[*tasks].index):
            if before not in found:
                visit(before)
        if each not in found:
            found.append(each)

    visit(name)
    return found


def _reasons(reasons: Mapping[str, Any], then: Mapping[str, Any], makers: Mapping[str, str]) -> Iterator[str]:
    for path in sorted(reasons.get("changed_file_dep") or ()):
        yield f"{path} changed" + (f" (made by {makers[path]})" if path in makers else "")
    for key, words in (
        ("missing_target", "is not there"),
        ("missing_file_dep", "is not there yet"),
        ("added_file_dep", "is new"),
        ("removed_file_dep", "is gone"),
    ):
        for path in sorted(reasons.get(key) or ()):
            yield f"{path} {words}"
    for check, _args, _kwargs in reasons.get("uptodate_false") or ():
        if isinstance(check, Since):
            yield from check.told(then)
        elif check is False:
            yield "it runs each time it is named"
        else:
            yield "what it made is not there any more, or was changed"
