"""What a server with a vision model must offer, and how an exchange with it can end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from loraprep.captions.vision.prompt import VisionQuestion
from loraprep.captions.vision.store import Parameters

if TYPE_CHECKING:
    from loraprep.captions.vision.encode import Prepared


class VisionError(Exception):
    """A request that brought no reply. `code` names it: a key of job.LACKS.

    `detail`: the server's words, short and without secrets. `retry`: trying again may help, not before `after`
    seconds; `whole`: no other picture will fare better; `billed`: it may have been charged all the same.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        retry: bool = False,
        after: float | None = None,
        whole: bool = False,
        billed: bool = False,
    ) -> None:
        super().__init__(detail or code)
        self.code, self.detail, self.retry = code, detail, retry
        self.after, self.whole, self.billed = after, whole, billed


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server replied about one picture.

    `text`: the filled-in form, as JSON, if `stop` is "seen"; `detail`: else why not. `usage`: kind of tokens ->
    number. `pause`: seconds that the server asks to wait before the next request.
    """

    text: str
    stop: Literal["seen", "refused", "truncated"]
    detail: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    pause: float = 0.0


class VisionModel(Protocol):
    """A vision model on a server.

    `captioner`: the captioner it works for; `name`: what the server calls it; `variable`: the environment variable
    that holds its key, "" without one; `mend`: its replies may miss fields. Costs are US dollars, 0 for a server at
    home. `larger` asks for more room for the reply, after one that was cut off.
    """

    captioner: str
    name: str
    mend: bool
    variable: str

    def parameters(self) -> Parameters:
        """Return what is set besides the question, to be stored with every answer."""
        ...

    async def describe(self, picture: Prepared, question: VisionQuestion, *, larger: bool) -> Reply:
        """Ask about one picture. Raises VisionError."""
        ...

    def most(self, tokens: int, question: VisionQuestion, *, larger: bool) -> float:
        """Return the most that one request about an image of so many tokens can cost."""
        ...

    def price(self, usage: dict[str, int]) -> float:
        """Return what a request costs that used so many tokens."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...
