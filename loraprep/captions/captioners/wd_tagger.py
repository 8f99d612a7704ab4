"""A WD tagger on this machine (SmilingWolf's, in ONNX): Danbooru tags, sorted into content and style."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from loraprep.captions import danbooru
from loraprep.captions.danbooru import CHARACTER, GENERAL, Row
from loraprep.captions.vision.describe import describe_from_store
from loraprep.captions.vision.form import SCHEMA, SeenElements
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import VisionQuestion
from loraprep.captions.vision.reply import Unreadable, parse_reply
from loraprep.captions.vision.store import Answer, AnswerSettings, State
from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging import display
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures, made_of
from loraprep.project.settings import Settings, Tagger
from loraprep.project.trust import Trust

ABOUT = "Writes Danbooru tags. Needs a tagger's folder on this computer and pip install 'loraprep[wd]'; free."
SAMPLES = True
NEEDS_APPROVAL = False  # it costs nothing and learns nothing from the samples
NAME = "wd-tagger"
_SIDE = 448  # px, where the model does not say
_PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")

describe = describe_from_store


class _Unusable(Exception):
    """The tagger cannot be used; the text says why, as one clause."""


@dataclass(frozen=True, slots=True)
class _Session:
    """A model that is ready to look. `side`: px of the square that it takes."""

    session: Any  # an onnxruntime.InferenceSession, which has no types
    name: str
    side: int
    rows: tuple[Row, ...]

    def scores(self, picture: Pillow.Image) -> NDArray[np.float32]:
        """Return one probability a row."""
        result = self.session.run(None, {self.session.get_inputs()[0].name: model_input(picture, self.side)})[0][0]
        if len(result) != len(self.rows):
            raise _Unusable(f"model.onnx knows {len(result)} tags and {danbooru.LIST} lists {len(self.rows)}")
        return np.asarray(result, np.float32)


def model_input(picture: Pillow.Image, side: int) -> NDArray[np.float32]:
    """Make the model's input, (1, side, side, 3): padded to a square with white, bicubic, BGR, 0..255."""
    longest = max(picture.size)
    square = Pillow.new("RGB", (longest, longest), (255, 255, 255))
    square.paste(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
    pixels = np.asarray(square.resize((side, side), Pillow.Resampling.BICUBIC), np.float32)
    return np.ascontiguousarray(pixels[None, :, :, ::-1])


def asks(_settings: Settings) -> Trust:
    """Return nothing: it sends nothing and costs nothing."""
    return Trust()


def answer_settings(settings: Settings, _question: VisionQuestion) -> AnswerSettings:
    """Return what an answer asked for now would be stored with; a tagger is asked no question."""
    return _answer(settings.captioning.tagger, "seen", SeenElements()).settings


def estimate_cost(_images: Sequence[Image], _job: Job) -> tuple[float, float]:
    """Return no cost: the tagger is on this machine."""
    return 0.0, 0.0


def _answer(tagger: Tagger, state: State, elements: SeenElements, detail: str = "") -> Answer:
    return Answer(
        captioner=NAME,
        model=Path(tagger.folder or "").name,
        prompt="",
        examples="",
        parameters={"general": _as_written(tagger.general), "character": _as_written(tagger.character)},
        schema=SCHEMA,
        state=state,
        elements=elements,
        detail=detail,
    )


def _as_written(probability: float) -> int | float:
    """Write 1 as 1 and not as 1.0: so it stands in project.yaml, and in the answers there are."""
    return int(probability) if probability.is_integer() else probability


def ask_vision_model(images: Sequence[Image], job: Job) -> Outcome:
    """Tag every picture and store what was found, one after the other. What is missing is said, not raised."""
    outcome, limits = Outcome(), job.settings.captioning.tagger
    try:
        tagger = _load(danbooru.tagger_folder(job.root, limits))
        for number, image in enumerate(images):
            job.progress(number, len(images), "")
            try:
                scores = tagger.scores(_pixels(image, job, tagger.side))
            except (BadImage, OSError) as error:
                outcome.add_missing("unsendable", [image], said=getattr(error, "reason", "the file cannot be read"))
                continue
            job.store.add(image.digest, _to_keep(tagger.rows, scores, limits))
    except _Unusable as error:
        left = [i for i in images if i.path not in outcome.missing and job.next_request(i, NAME)]
        return outcome.add_missing("no-tagger", left, said=str(error))
    return outcome


def _load(folder: Path | None) -> _Session:
    if folder is None:
        raise _Unusable("captioning.tagger.folder names none")
    try:
        import onnxruntime
    except ImportError:
        raise _Unusable("onnxruntime is missing; install it with: pip install 'loraprep[wd]'") from None
    model = files.checked(folder / "model.onnx")
    if not model.is_file():
        raise _Unusable(f"there is no model.onnx in the folder {folder.name}")
    try:
        rows = danbooru.read_tags(folder / danbooru.LIST).rows
    except UserError as error:
        raise _Unusable(error.problems[0].message) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its errors come as exceptions
    providers = [p for p in _PROVIDERS if p in onnxruntime.get_available_providers()]
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=providers)
        shape = session.get_inputs()[0].shape
    except Exception:  # onnxruntime's errors share no class of their own
        raise _Unusable("model.onnx cannot be read: it is incomplete, or only a Git LFS pointer") from None
    if len(shape) != 4:
        raise _Unusable("model.onnx takes no pictures")
    return _Session(session, folder.name, shape[1] if isinstance(shape[1], int) else _SIDE, rows)


def _pixels(image: Image, job: Job, side: int) -> Pillow.Image:
    """Open the picture that was scanned, as its owner sees it, on white, not much larger than needed."""
    return job.pictures.apart(_shown, image, 2 * side)


def _shown(pictures: Pictures, image: Image, longest: int) -> Pillow.Image:
    return display.upright(pictures.load_unchanged(image, made=made_of(longest)), longest=longest)


def _to_keep(rows: Sequence[Row], scores: NDArray[np.float32], limits: Tagger) -> Answer:
    """Keep the tags above their category's threshold, the surest first; ratings are left out."""
    least = {GENERAL: limits.general, CHARACTER: limits.character}
    pairs = zip(rows, scores.tolist(), strict=True)
    sure = [(row.name, score) for row, score in pairs if row.category in least and score >= least[row.category]]
    tags = [name for name, _ in sorted(sure, key=lambda pair: (-round(pair[1], 3), pair[0]))]
    try:
        return _answer(limits, "seen", parse_reply(json.dumps(danbooru.sort_tags(tags)), mend=True))
    except Unreadable:
        return _answer(limits, "unclear", SeenElements(), "no tag reached the thresholds")
