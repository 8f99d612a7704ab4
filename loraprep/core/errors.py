"""The one exception a person is meant to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TO_MEND = 1  # an input needs mending, or answers are missing
UNUSABLE = 3  # project.yaml, images.folder or the command line cannot be used


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, and what to do next.

    `place` is `file:line:column` or an image's path, `excerpt` the offending line with a caret below.
    """

    message: str
    place: str = ""
    hint: str = ""
    excerpt: str = ""

    @property
    def position(self) -> tuple[str, int, int]:
        """File, line and column to sort by; 0 where `place` has none."""
        name, *numbers = self.place.rsplit(":", 2)
        line, column = [int(n) if n.isdigit() else 0 for n in numbers] if len(numbers) == 2 else (0, 0)
        return name, line, column

    def __str__(self) -> str:
        head = f"{self.place}: {self.message}" if self.place else self.message
        body = [line for block in (self.excerpt, self.hint) if block for line in block.splitlines()]
        return "\n".join([head, *("    " + line for line in body)])


class UserError(Exception):
    """Something in the person's folder, config or command line needs their hand.

    Carries every problem found, not only the first; `exit_code` is what the process ends with.
    """

    def __init__(
        self, message: str, *, place: str = "", hint: str = "", excerpt: str = "", exit_code: int = TO_MEND
    ) -> None:
        self.problems: tuple[Problem, ...] = (Problem(message, place, hint, excerpt),)
        self.exit_code = exit_code
        super().__init__(message)

    @classmethod
    def many(cls, problems: Iterable[Problem], exit_code: int = TO_MEND) -> UserError:
        """One error for all `problems`, which must not be empty."""
        found = tuple(problems)
        error = cls(found[0].message, exit_code=exit_code)
        error.problems = found
        return error

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class Unreachable(UserError):
    """What many pictures need is not there, such as the store they lie in: no fault of the one that was asked for."""
