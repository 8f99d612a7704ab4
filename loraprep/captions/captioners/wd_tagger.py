"""A WD tagger on this machine (SmilingWolf's, in ONNX): Danbooru tags, sorted into content and style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from loraprep.captions import danbooru
from loraprep.captions.danbooru import CHARACTER, GENERAL, Row
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.prompt import SCHEMA, Question, Unreadable, described, read
from loraprep.captions.vision.store import Answer
from loraprep.core import files
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging import decode

SAMPLES = True
NEEDS_APPROVAL = False  # it costs nothing and learns nothing from the samples
NAME = "wd-tagger"
_SIDE = 448  # px, where the model does not say
_PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider")

describe = described


class _Unusable(Exception):
    """The tagger cannot be used; the text says why, as one clause."""


@dataclass(frozen=True, slots=True)
class _Tagger:
    """A model that is ready to look. `side`: px of the square it takes."""

    session: Any
    name: str
    side: int
    rows: tuple[Row, ...]

    def scores(self, picture: Pillow.Image) -> NDArray[np.float32]:
        """One probability a row."""
        result = self.session.run(None, {self.session.get_inputs()[0].name: tensor(picture, self.side)})[0][0]
        if len(result) != len(self.rows):
            raise _Unusable(f"model.onnx knows {len(result)} tags and {danbooru.LIST} lists {len(self.rows)}")
        return np.asarray(result, np.float32)


def tensor(picture: Pillow.Image, side: int) -> NDArray[np.float32]:
    """The model's input, (1, side, side, 3): padded to a square with white, bicubic, BGR, 0..255."""
    longest = max(picture.size)
    square = Pillow.new("RGB", (longest, longest), (255, 255, 255))
    square.paste(picture, ((longest - picture.width) // 2, (longest - picture.height) // 2))
    pixels = np.asarray(square.resize((side, side), Pillow.Resampling.BICUBIC), np.float32)
    return np.ascontiguousarray(pixels[None, :, :, ::-1])


def settings(config: Mapping[str, Any], question: Question) -> dict[str, Any]:
    """What an answer asked for now would be stored with; a tagger is asked no question."""
    return _answer(config, "seen", {}).settings


def _answer(config: Mapping[str, Any], state: Any, elements: dict[str, Any], detail: str = "") -> Answer:
    tagger = config["captioning"]["tagger"]
    model = Path(tagger["folder"] or "").name
    parameters = {"general": tagger["general"], "character": tagger["character"]}
    return Answer(NAME, model, "", "", parameters, SCHEMA, state, elements, detail)


def ask(pictures: Sequence[Image], job: Job) -> Outcome:
    """Tags every picture and stores what was found, one after the other. What is missing is said, not raised."""
    outcome = Outcome()
    try:
        tagger = _load(danbooru.folder(job.root, job.config))
        for number, image in enumerate(pictures):
            job.progress(number, len(pictures), "")
            try:
                scores = tagger.scores(_pixels(image, job, tagger.side))
            except (decode.BadImage, OSError) as error:
                outcome.lack("unsendable", [image], said=getattr(error, "reason", "the file cannot be read"))
                continue
            job.store.add(image.digest, _kept(tagger.rows, scores, job.config))
    except _Unusable as error:
        left = [i for i in pictures if i.path not in outcome.missing and job.wants(i, NAME)]
        return outcome.lack("no-tagger", left, said=str(error))
    return outcome


def _load(folder: Path | None) -> _Tagger:
    if folder is None:
        raise _Unusable("captioning.tagger.folder names none")
    try:
        import onnxruntime
    except ImportError:
        raise _Unusable("onnxruntime is missing; install it with: pip install 'loraprep[wd]'") from None
    model = folder / "model.onnx"
    if not model.is_file():
        raise _Unusable(f"there is no model.onnx in the folder {folder.name}")
    try:
        rows = danbooru.read(folder / danbooru.LIST).rows
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
    return _Tagger(session, folder.name, shape[1] if isinstance(shape[1], int) else _SIDE, rows)


def _pixels(image: Image, job: Job, side: int) -> Pillow.Image:
    """The picture that was scanned, as its owner sees it, on white, not much larger than needed."""
    return decode.upright(job.pictures.load_unchanged(image), longest=2 * side)


def _kept(rows: Sequence[Row], scores: NDArray[np.float32], config: Mapping[str, Any]) -> Answer:
    """Tags above their category's threshold, the surest first; ratings are left out."""
    least = {GENERAL: config["captioning"]["tagger"]["general"], CHARACTER: config["captioning"]["tagger"]["character"]}
    pairs = zip(rows, scores.tolist(), strict=True)
    sure = [(row.name, score) for row, score in pairs if row.category in least and score >= least[row.category]]
    tags = [name for name, _ in sorted(sure, key=lambda pair: (-round(pair[1], 3), pair[0]))]
    try:
        return _answer(config, "seen", read(files.dumps(danbooru.elements(tags)), mend=True))
    except Unreadable:
        return _answer(config, "unclear", {}, "no tag reached the thresholds")
