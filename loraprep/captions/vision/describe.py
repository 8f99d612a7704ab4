"""Elements out of what the store holds: `describe` of every captioner that looks."""

from __future__ import annotations

import msgspec

from loraprep.captions.captioner import Context
from loraprep.captions.vision.form import Confidence, SeenContent, SeenSentences, SeenStyle
from loraprep.captions.vision.store import Answer
from loraprep.core.records import Elements, Image


def describe_from_store(image: Image, context: Context) -> Elements:
    """Turn the stored answer about a picture into elements, or say why there is none."""
    given = context.answers.get(image.asked_as)
    if given and image.path in context.chosen:
        given = given.by(context.chosen[image.path])
    answer = given.current if given else None
    if answer is None:
        return Elements(image.path, image.digest, "", "waiting", missing=context.missing.get(image.path, "unasked"))
    if answer.state == "seen":
        return elements_of(image, answer)
    return Elements(
        image.path,
        image.digest,
        answer.captioner,
        "refused",
        missing=answer.state,
        sources={"missing": answer.detail},
    )


def elements_of(image: Image, answer: Answer) -> Elements:
    """Turn an answer into elements. Fields that its form did not have yet stay empty."""
    seen = answer.elements
    content, style = _lists(seen.content or SeenContent()), _lists(seen.style or SeenStyle())
    if place := content.pop("place", []):
        content["setting"] = [*place, *content.get("setting", [])]
    who = f"{answer.captioner}: {answer.model}" if answer.model else answer.captioner
    if seen.instruction:
        return Elements(
            path=image.path,
            digest=image.digest,
            captioner=answer.captioner,
            state="seen",
            content={"changed": list(seen.changed or (seen.instruction,)), "kept": list(seen.kept or ())},
            content_sentence=seen.instruction,
            content_long=seen.instruction_long or "",
            visible_text=list(seen.visible_text or ()),
            sources={"content": who},
        )
    return Elements(
        path=image.path,
        digest=image.digest,
        captioner=answer.captioner,
        state="seen",
        content=content,
        style=style,
        content_sentence=seen.content_sentence or "",
        content_long=seen.content_long or "",
        style_sentence=seen.style_sentence or "",
        with_traits={k: v for k, v in msgspec.to_builtins(seen.with_traits or SeenSentences()).items() if v},
        tags=list(seen.tags or ()),
        visible_text=list(seen.visible_text or ()),
        confidence=msgspec.to_builtins(seen.confidence or Confidence()),
        sources={"content": who, "style": who},
    )


def _lists(group: SeenContent | SeenStyle) -> dict[str, list[str]]:
    """Collect the fields that say something, in alphabetical order as they lie on disk, each as a list."""
    fields: dict[str, str | list[str]] = msgspec.to_builtins(group)
    return {key: [value] if isinstance(value, str) else list(value) for key, value in sorted(fields.items()) if value}
