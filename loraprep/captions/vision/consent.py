"""Nothing leaves before the person said so: what a captioner asks, held against what the project is trusted with."""

from __future__ import annotations

from collections.abc import Sequence

from loraprep.captions.vision.job import Job, Outcome
from loraprep.core import terminal, text, yamlfile
from loraprep.core.errors import Problem, UserError
from loraprep.core.records import Image
from loraprep.project import project, trust
from loraprep.project.trust import Trust


def missing(asked: Trust, images: Sequence[Image], job: Job, where: str, likely: float = 0.0) -> Outcome | None:
    """Return why these pictures wait, None if all that is asked for is granted: before this run, or on its terminal.

    `where`: the server, and its key, in words; `likely`: US dollars that this run will probably cost. Raises UserError.
    """
    lacks = trust.lacking(asked, trust.granted(job.root))
    if not lacks:
        return None
    sent = sum(1 + len(image.controls) for image in images)  # of a pair those before the change as well
    if terminal.confirm(_question(lacks, sent, where, likely)):
        trust.grant(job.root, lacks)
        job.say("Written into your own settings, for this folder. loraprep trust --revoke takes it back.")
        return None
    return Outcome().add_missing("no-trust", images, asked=trust.told_in_a_line(lacks))


def _question(lacks: Trust, pictures: int, where: str, likely: float) -> str:
    cost = f", for about ${likely:.4f}" if likely else ""
    return "\n".join(
        [
            "This project asks, and nobody on this computer has said yes for this folder yet:",
            *(f"  {line}" for line in trust.told(lacks)),
            f"This run would send {text.number_of(pictures, 'picture')} to {where}{cost}.",
            "If you made the project or know who did, and this is what you expect, say y.",
        ]
    )


def refuse_unsafe(address: str | None, key: Sequence[str], job: Job) -> None:
    """Raise UserError, with the place in project.yaml, for an address that nothing may be sent to."""
    why = trust.fault(address) if address else ""
    if not why:
        return
    message = f"{'.'.join(key)}: {address} {why}"
    hint = (
        "Use https, or bring that server to this computer: ssh -L 1234:localhost:1234 USER@SERVER, "
        "and write http://localhost:1234/v1."
    )
    try:
        doc = yamlfile.load(job.root / project.NAME, project.NAME, flaws=True)
    except UserError:
        raise UserError.many([Problem(message, project.NAME, hint)]) from None
    raise UserError.many([doc.problem(key, message, hint)])
