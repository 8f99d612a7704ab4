"""Make better pixels with a program of the artist's own (Real-ESRGAN and the like), kept in upscaled/.

The command is a setting of this computer, never of a project: a clone must not run commands.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image as Pillow

from loraprep.core import child, files, yamlfile
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.records import Fate, Image
from loraprep.imaging import decode, display, memory
from loraprep.imaging.colour import eight_bit
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures
from loraprep.project import schema
from loraprep.project.trust import config_path

_EXAMPLE = 'upscaler: {command: [realesrgan-ncnn-vulkan, -i, "{input}", -o, "{output}", -s, "4"]}'
_SHAPE = 0.01  # a result whose sides are in another ratio than this is a crop, or another picture


@dataclass(frozen=True, slots=True)
class Upscaler:
    """`command`: the program and its arguments, with {input} and {output}; `timeout` in seconds a picture."""

    command: tuple[str, ...]
    timeout: float


class UpscaleError(Exception):
    """A picture that was not enlarged; the message is a clause without a full stop."""


def configured_upscaler() -> Upscaler:
    """Read the upscaler of this computer. Raises UserError if none is set up or its settings cannot be used."""
    path = config_path()
    if not path.is_file():
        raise UserError(
            "no upscaler is set up on this computer",
            place=str(path),
            exit_code=UNUSABLE,
            hint=f"Write into that file, with the program you use:\n{_EXAMPLE}",
        )
    doc = yamlfile.load(path, str(path), exit_code=UNUSABLE)
    if found := schema.problems(doc, "user"):
        raise UserError.many(found, UNUSABLE)
    settings = schema.with_defaults(doc.data, "user").get("upscaler")
    if settings is None:
        raise UserError(
            "no upscaler is set up on this computer",
            place=str(path),
            exit_code=UNUSABLE,
            hint=f"Write into that file, with the program you use:\n{_EXAMPLE}",
        )
    for mark in ("{input}", "{output}"):
        if not any(mark in argument for argument in settings["command"][1:]):
            message = f"upscaler.command does not say {mark}"
            raise UserError.many([doc.problem(["upscaler", "command"], message, f"For example:\n{_EXAMPLE}")], UNUSABLE)
    return Upscaler(tuple(settings["command"]), float(settings["timeout"]))


def images_to_upscale(found: Sequence[Image], fates: Sequence[Fate]) -> list[Image]:
    """List the whole pictures to enlarge: decided `do: upscale`, kept, and without a better version; each once."""
    whole = {i.path: i for i in found if i.state == "image"}
    records = {f.path: whole[f.path] for f in fates if f.stays and f.upscale and f.path in whole}
    chosen = {r.of or r.path: r for r in records.values() if not r.upscaled}
    return [chosen[path] for path in sorted(chosen)]


def upscale_images(
    pictures: Pictures,
    images: Sequence[Image],
    everyone: Sequence[Image],
    upscaler: Upscaler,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[str]:
    """Run the upscaler for each picture; return the new files in upscaled/.

    `everyone` is the whole set: a name without extension that two share is nobody's in upscaled/.
    The program gets an upright sRGB copy, never the original. Raises UserError naming each picture that failed,
    after all were tried; what succeeded is kept.
    """
    stems = Counter(_bare(i.path) for i in everyone if i.state == "image" and not i.of)
    shared = {stem for stem, number in stems.items() if number > 1}
    made: list[str] = []
    problems: list[Problem] = []
    for number, image in enumerate(images):
        if progress:
            progress(number, len(images))
        path = image.of or image.path
        name = f"upscaled/{PurePosixPath(path).with_suffix('.png')}"
        try:
            if _bare(path) in shared:
                raise UpscaleError("another picture has the same name but for the extension; rename one of them")
            data = _upscaled(pictures, image, upscaler)
            files.write(files.under(pictures.root, name), data)
            made.append(name)
        except (BadImage, UpscaleError, OSError) as error:
            reason = str(error.strerror or error).lower() if isinstance(error, OSError) else str(error)
            problems.append(Problem(f"was not enlarged: {reason}", path, "The others are not affected."))
    if progress:
        progress(len(images), len(images))
    if problems:
        raise UserError.many(problems)
    return made


def _bare(path: str) -> str:
    return str(PurePosixPath(path).with_suffix("")).casefold()


def _upscaled(pictures: Pictures, image: Image, upscaler: Upscaler) -> bytes:
    """Return the enlarged picture as PNG. Raises BadImage, UpscaleError."""
    with tempfile.TemporaryDirectory(prefix="loraprep-", ignore_cleanup_errors=True) as temporary:
        home = Path(temporary)
        given, result, log = home / "input.png", home / "output.png", home / "log.txt"
        sent = pictures.apart(_given, image)  # kept: whatever the program does to its file
        given.write_bytes(sent)
        _call(upscaler, given, result, log)
        if not result.is_file():
            raise UpscaleError(f"the upscaler ended, and wrote no picture{_last(log)}")
        return pictures.apart(_better, image, sent, result.read_bytes())


def _given(pictures: Pictures, image: Image) -> bytes:
    """Make the copy that the program gets: the whole file, upright, sRGB, with its transparency."""
    opened = decode.load(memory.read(pictures.source(image)), max_megapixels=pictures.max_megapixels)
    picture, alpha = display.upright(opened), display.alpha(opened)
    if alpha is not None:
        picture.putalpha(alpha)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _better(pictures: Pictures, _: Image, given: bytes, result: bytes) -> bytes:
    """Make the PNG for upscaled/ of what the program wrote. Raises BadImage, UpscaleError."""
    enlarged = decode.load(result, max_megapixels=pictures.max_megapixels)
    with Pillow.open(io.BytesIO(given), formats=["PNG"]) as picture:
        alpha = picture.getchannel("A") if picture.mode in ("RGBA", "LA") else None
        _check(picture, enlarged.width, enlarged.height)
    better = display.upright(enlarged, "#000000") if alpha is None else eight_bit(enlarged.pixels)
    if alpha is not None:
        better = better.convert("RGBA")
        if display.alpha(enlarged) is None:  # a program that drops transparency: its shape is enlarged plainly
            better.putalpha(alpha.resize(better.size, Pillow.Resampling.LANCZOS))
    better.info.clear()
    out = io.BytesIO()
    better.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _call(upscaler: Upscaler, given: Path, result: Path, log: Path) -> None:
    words = [a.replace("{input}", str(given)).replace("{output}", str(result)) for a in upscaler.command]
    program = upscaler.command[0]
    words[0] = child.program(words[0]) or words[0]
    with log.open("wb") as stream:
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=upscaler.timeout,
                cwd=given.parent,
                env=child.environment(),
            )
        except subprocess.TimeoutExpired:
            raise UpscaleError(f"{program} took longer than {upscaler.timeout:g} s and was stopped") from None
        except FileNotFoundError:
            raise UpscaleError(f"there is no program {program} (upscaler.command in your settings)") from None
        except OSError as error:
            raise UpscaleError(f"{program} cannot be started ({(error.strerror or '').lower()})") from None
    if done.returncode:
        raise UpscaleError(f"{program} ended with {done.returncode}{_last(log)}")


def _last(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return f"; it said: {lines[-1][:200]}" if lines else ""


def _check(picture: Pillow.Image, width: int, height: int) -> None:
    before = f"{picture.width}x{picture.height}"
    if width <= picture.width or height <= picture.height:
        raise UpscaleError(f"the result is {width}x{height}, not larger than {before}")
    if abs(width * picture.height / (height * picture.width) - 1) > _SHAPE:
        raise UpscaleError(f"the result is {width}x{height}, another shape than {before}")
