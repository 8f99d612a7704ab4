"""Everything that is wrong in the YAML files of a project, told at once: who mends one file mends the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from loraprep.core.errors import Problem, UserError
from loraprep.project import crops, decisions, project


def with_others(root: Path, error: UserError) -> UserError:
    """Return the error with the slips of all other YAML files, if it is about one of them; else as it is."""
    if not any(problem.position[0].endswith(".yaml") for problem in error.problems):
        return error
    found: dict[tuple[str, str], Problem] = {(p.place, p.message): p for p in error.problems}
    for read in _readers(root):
        try:
            read()
        except (UserError, OSError) as other:
            for p in other.problems if isinstance(other, UserError) else ():
                found.setdefault((p.place, p.message), p)
    order = {name: n for n, name in enumerate(dict.fromkeys(p.position[0] for p in error.problems))}
    known = sorted(found.values(), key=lambda p: (order.get(p.position[0], len(order)), p.position))
    return UserError.many(known, error.exit_code)


def refuse(root: Path) -> None:
    """Read what a person writes before anything takes long. Raises UserError with every slip in every YAML file.

    What a run has read already is not read again.
    """
    try:
        for kind in decisions.KINDS:
            decisions.decision_keys(root, kind)
        decisions.accepted_findings(root)
        crops.cropped_paths(root)
    except UserError as error:
        raise with_others(root, error) from None


def _readers(root: Path) -> list[Callable[[], object]]:
    documents = [partial(decisions.load_document, root, kind) for kind in (*decisions.KINDS, "gate")]
    return [partial(project.load, root), partial(crops.cropped_paths, root), *documents]
