"""What an image encoder (DINOv2, CLIP, SigLIP, any ONNX file) makes of a picture. Optional: loraprep[embed]."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from loraprep.core import files
from loraprep.core.errors import UNUSABLE, UserError

# Mean and standard deviation of each channel, 0..1.
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # which DINOv2 and most vision models use
_CLIP = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # openai/CLIP, clip/clip.py
_SIGLIP = (0.5,) * 3, (0.5,) * 3  # google-research/big_vision: pixels from -1 to 1
_SIZE = 224  # where the model leaves its input size open


class ImageEncoder:
    """An ONNX model with one picture input (batch, 3, height, width) or (batch, height, width, 3).

    The picture is squeezed to the model's own size, since what is cut off cannot be compared. Of the outputs the
    first of two dimensions is taken, else the mean over the tokens of the first of three.
    Raises UserError if the file or the extra is missing or the model is of another kind.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise _unusable("an image encoder needs onnxruntime", "pip install 'loraprep[embed]'") from None
        if not path.expanduser().is_file():
            raise _unusable(f"there is no encoder at {path}", "curation.encoder names an .onnx file on this machine")
        path = files.checked(path.expanduser())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # pictures run side by side, and one thread adds up in one order
        options.log_severity_level = 3
        try:
            self._model = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises its own kinds for a damaged or a foreign file
            reason = str(error).strip().splitlines()[0][:200]
            raise _unusable(f"{path.name} cannot be used as an encoder ({reason})", "export it to ONNX again") from None
        self.digest = files.sha256(path)
        self._name = path.name
        inputs = [i for i in self._model.get_inputs() if len(i.shape) == 4]
        if len(self._model.get_inputs()) != 1 or not inputs:
            raise _unusable(f"{path.name} does not take one picture", "export the image half of the model alone")
        self._input = inputs[0]
        self._last = self._input.shape[3] == 3
        sides = self._input.shape[1:3] if self._last else self._input.shape[2:4]
        self._size = tuple(s if isinstance(s, int) else _SIZE for s in sides)
        name = path.name.lower()
        self._norm = _SIGLIP if "siglip" in name else _CLIP if "clip" in name else _IMAGENET

    def embed(self, picture: Image.Image) -> NDArray[np.float32]:
        """Embed an RGB picture: a vector of length 1, rounded to what every machine agrees on."""
        height, width = self._size
        small = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
        mean, spread = (np.array(n, np.float32) for n in self._norm)
        values = (np.asarray(small, np.float32) / 255 - mean) / spread
        batch = (values if self._last else values.transpose(2, 0, 1))[None].astype(np.float32)
        outputs = self._model.run(None, {self._input.name: batch})
        flat = next((o[0] for o in outputs if np.ndim(o) == 2), None)
        if flat is None:
            flat = next((o[0].mean(axis=0) for o in outputs if np.ndim(o) == 3), None)
        if flat is None:
            raise _unusable(f"{self._name} gives no embedding", "export the model with its pooled output")
        vector = np.asarray(flat, np.float32)
        return np.round(vector / max(float(np.linalg.norm(vector)), 1e-9), 4).astype(np.float32)


def _unusable(message: str, hint: str) -> UserError:
    return UserError(message, place="project.yaml", hint=hint, exit_code=UNUSABLE)
