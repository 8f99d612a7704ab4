"""What a captioner that looks gets to know, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from loraprep.captions.vision.prompt import SCHEMA, Question, Unreadable, read
from loraprep.captions.vision.store import Answer, State, Store
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Image
from loraprep.project import groups

if TYPE_CHECKING:
    from loraprep.captions.vision.encode import Prepared
    from loraprep.imaging.pictures import Pictures


class Trouble(Exception):
    """A request that brought no reply. `code` names it: a finding vision-<code>.

    `retry`: trying again may help, not before `after` seconds; `whole`: no other picture will fare better;
    `billed`: it may have been charged all the same. `said`: the server's words, short and without secrets.
    """

    def __init__(
        self,
        code: str,
        said: str = "",
        *,
        retry: bool = False,
        after: float | None = None,
        whole: bool = False,
        billed: bool = False,
    ) -> None:
        super().__init__(said or code)
        self.code, self.said, self.retry, self.after, self.whole, self.billed = code, said, retry, after, whole, billed


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said about one picture. `pause`: seconds it asks us to wait before the next request."""

    text: str
    stop: Literal["seen", "refused", "truncated"]
    detail: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    pause: float = 0.0


class Seer(Protocol):
    """A server that looks at pictures.

    `larger` asks for more room for the reply, after one that was cut off. Costs are US dollars; 0 for a server at
    home. `mend`: its replies may miss fields. `variable`: the environment variable that holds its key, "" without one.
    """

    captioner: str
    model: str
    mend: bool
    variable: str

    def parameters(self) -> dict[str, Any]: ...

    async def look(self, picture: Prepared, question: Question, *, larger: bool) -> Reply: ...

    def most(self, tokens: int, question: Question, *, larger: bool) -> float:
        """The most that one request about an image of so many tokens can cost."""
        ...

    def price(self, usage: dict[str, int]) -> float: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Job:
    """What every captioner that looks gets to know. `config` is project.yaml's; `root` the project.

    `chosen`: path -> the captioner that a person chose for that picture.
    `wait`: stay until everything is there, also if that takes hours. `since`: digest -> number of answers that do not
    count any more, since the person asks again. `progress(done, total, note)`.
    """

    root: Path
    pictures: Pictures
    config: dict[str, Any]
    question: Question
    wait: bool = False
    since: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    progress: Callable[[int, int, str], None] = lambda done, total, note: None
    say: Callable[[str], None] = lambda text: None

    @property
    def store(self) -> Store:
        return Store(self.root)

    def wants(self, image: Image, captioner: str) -> str:
        """`Answers.wants` for that picture."""
        alone = image.path in self.chosen  # what others saw is no answer of the one that was chosen
        return self.store.read(image.digest).wants(captioner, self.since.get(image.digest, 0), alone=alone)

    def showing(self, progress: Callable[[int, int, str], None]) -> Job:
        """The same job with a progress bar."""
        return dataclasses.replace(self, progress=progress)

    def prepare(self, image: Image) -> Prepared:
        """The picture as it is sent. Raises BadImage."""
        from loraprep.captions.vision.encode import prepare  # brings Pillow, which a run that asks nobody does not need

        return prepare(self.pictures, image, background=groups.backgrounds(self.config)[0])


LACKS = {  # why there is no answer, as Outcome.missing and Trouble name it: the finding that says so
    "approval": Code.VISION_APPROVAL,
    "batch": Code.VISION_BATCH,
    "batch-partly": Code.VISION_BATCH_PARTLY,
    "budget": Code.VISION_BUDGET,
    "credit": Code.VISION_CREDIT,
    "key": Code.VISION_KEY,
    "model": Code.VISION_MODEL,
    "no-budget": Code.VISION_NO_BUDGET,
    "no-key": Code.VISION_NO_KEY,
    "no-price": Code.VISION_NO_PRICE,
    "no-server": Code.VISION_NO_SERVER,
    "no-tagger": Code.VISION_NO_TAGGER,
    "request": Code.VISION_REQUEST,
    "server": Code.VISION_SERVER,
    "server-key": Code.VISION_SERVER_KEY,
    "unsendable": Code.VISION_UNSENDABLE,
}


@dataclass(slots=True)
class Outcome:
    """What came of asking. `missing`: path -> code, for pictures that have no answer yet; the findings say why."""

    missing: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def lack(self, code: str, images: Sequence[Image], **values: Value) -> Outcome:
        """Adds pictures that got no answer for that reason."""
        paths = tuple(sorted(i.path for i in images))
        if paths:
            self.missing |= dict.fromkeys(paths, code)
            self.findings.append(Finding(LACKS[code], paths, values))
        return self

    def join(self, other: Outcome) -> Outcome:
        """Adds what came of asking elsewhere."""
        self.missing |= other.missing
        self.findings += other.findings
        return self


def keep(
    job: Job, seer: Seer, digest: str, reply: Reply, *, prompt: str | None = None, examples: str | None = None
) -> Answer:
    """The reply as a stored answer: on disk before anything is done with it.

    `prompt` and `examples` are the digests of what was asked, if that was another question than the job's.
    """
    state: State = reply.stop
    elements, detail = {}, reply.detail
    if reply.stop == "seen":
        try:
            elements = read(reply.text, mend=seer.mend)
        except Unreadable as error:
            state, detail = "unclear", str(error)
    answer = Answer(
        captioner=seer.captioner,
        model=seer.model,
        prompt=job.question.prompt if prompt is None else prompt,
        examples=job.question.examples_digest if examples is None else examples,
        parameters=seer.parameters(),
        schema=SCHEMA,
        state=state,
        elements=elements,
        detail=detail,
        usage=reply.usage,
    )
    job.store.add(digest, answer)
    return answer


def settings(captioner: str, model: str, parameters: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """What an answer asked for now would be stored with; compare with `Answer.settings`."""
    answer = Answer(captioner, model, question.prompt, question.examples_digest, dict(parameters), SCHEMA, "seen")
    return answer.settings
