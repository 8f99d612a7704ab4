"""What a captioner that looks at pixels gets to know, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from loraprep.captions.vision.form import SCHEMA, Name, SeenElements
from loraprep.captions.vision.model import Reply, VisionModel
from loraprep.captions.vision.prompt import VisionQuestion, hint
from loraprep.captions.vision.reply import Unreadable, parse_reply
from loraprep.captions.vision.store import Answer, AnswerSettings, Parameters, Request, State, Store
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Image
from loraprep.imaging.pictures import Pictures
from loraprep.project.settings import Settings
from loraprep.scan import pairing

if TYPE_CHECKING:
    from loraprep.captions.vision.encode import Prepared


@dataclass(frozen=True, slots=True)
class Job:
    """One round of asking about the pictures of a project. `root`: the project's folder.

    `chosen`: path -> the captioner that a person chose for that picture. `found`: every record by path, where pictures
    are looked at together with those before their change.
    `wait`: stay until everything is there, also if that takes hours. `since`: digest -> number of answers that do not
    count any more, since the person asks again. `progress(done, total, note)`.
    """

    root: Path
    pictures: Pictures
    settings: Settings
    question: VisionQuestion
    wait: bool = False
    since: dict[str, int] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    found: Mapping[str, Image] = field(default_factory=dict)
    progress: Callable[[int, int, str], None] = lambda done, total, note: None
    say: Callable[[str], None] = lambda text: None

    @property
    def store(self) -> Store:
        """The answers there are."""
        return Store(self.root)

    def next_request(self, image: Image, captioner: str) -> Request:
        """Say what this captioner still has to ask about that picture; see `Answers.next_request`."""
        alone = image.path in self.chosen  # what others saw is no answer of the one that was chosen
        key = image.asked_as
        return self.store.read(key).next_request(captioner, self.since.get(key, 0), alone=alone)

    def showing(self, progress: Callable[[int, int, str], None]) -> Job:
        """Return the same job with a progress bar."""
        return dataclasses.replace(self, progress=progress)

    def prepare(self, image: Image) -> Prepared:
        """Encode a picture as it is sent, with those before its change. Raises BadImage or OSError."""
        from loraprep.captions.vision.encode import prepare  # brings Pillow, which a run that asks nobody does not need

        background = self.settings.dataset.backgrounds[0]
        last = prepare(self.pictures, image, background=background)
        first = tuple(prepare(self.pictures, one, background=background) for one in pairing.before(image, self.found))
        return dataclasses.replace(last, digest=image.asked_as, hint=hint(image, self.settings), before=first)

    def tokens(self, image: Image) -> int:
        """Return the input tokens of all that is sent about a picture, by the sizes alone."""
        from loraprep.captions.vision.encode import image_tokens, size_to_send

        shown = (*pairing.before(image, self.found), image)
        return sum(image_tokens(*size_to_send(one.width, one.height)) for one in shown)


LACKS = {  # why there is no answer, as Outcome.missing and VisionError name it: the finding that says so
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
    "no-trust": Code.VISION_NO_TRUST,
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

    def add_missing(self, code: str, images: Sequence[Image], **values: Value) -> Outcome:
        """Add pictures that got no answer, with a finding vision-<code> whose sentence takes `values`."""
        paths = tuple(sorted(i.path for i in images))
        if paths:
            self.missing |= dict.fromkeys(paths, code)
            self.findings.append(Finding(LACKS[code], paths, values))
        return self

    def join(self, other: Outcome) -> Outcome:
        """Add what came of asking elsewhere."""
        self.missing |= other.missing
        self.findings += other.findings
        return self


def keep_reply(
    job: Job,
    model: VisionModel,
    digest: str,
    reply: Reply,
    *,
    prompt: str | None = None,
    examples: str | None = None,
    form: Name | None = None,
) -> Answer:
    """Store a reply as an answer; it is on disk before anything is done with it.

    `prompt` and `examples` are the digests of what was asked, and `form` is what was to be filled in, if that was
    another question than the job's.
    """
    state: State = reply.stop
    elements, detail = SeenElements(), reply.detail
    if reply.stop == "seen":
        try:
            elements = parse_reply(reply.text, mend=model.mend, name=form or job.question.form)
        except Unreadable as error:
            state, detail = "unclear", str(error)
    answer = Answer(
        captioner=model.captioner,
        model=model.name,
        prompt=job.question.prompt_digest if prompt is None else prompt,
        examples=job.question.examples_digest if examples is None else examples,
        parameters=model.parameters(),
        schema=SCHEMA,
        state=state,
        elements=elements,
        detail=detail,
        usage=reply.usage,
    )
    job.store.add(digest, answer)
    return answer


def answer_settings(captioner: str, model: str, parameters: Parameters, question: VisionQuestion) -> AnswerSettings:
    """Return what an answer asked for now would be stored with; compare with `Answer.settings`."""
    return AnswerSettings(captioner, model, question.prompt_digest, question.examples_digest, parameters, SCHEMA)
