"""Find out whose tree it is, and read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from loraprep.core import files
from loraprep.core.errors import UNUSABLE, Problem, UserError
from loraprep.core.files import Json
from loraprep.core.text import listed
from loraprep.imaging import formats
from loraprep.trainers.takeover import ai_toolkit, huggingface, kohya, onetrainer, texts
from loraprep.trainers.takeover.tree import Reading, Tree

_Read = Callable[[Path, str], Json]
_Make = Callable[[Reading, Path, Json], Tree]
_FORMS: dict[str, tuple[_Read, Callable[[Json], bool], _Make]] = {
    ".toml": (texts.read_toml, kohya.concerns, kohya.of_toml),
    ".json": (texts.read_json, onetrainer.concerns, onetrainer.of_json),
    ".yaml": (texts.read_yaml, ai_toolkit.concerns, ai_toolkit.of_yaml),
    ".yml": (texts.read_yaml, ai_toolkit.concerns, ai_toolkit.of_yaml),
}
_LOOKED_FOR = (
    "kohya's {repeats}_{name} folders or its dataset_config.toml, metadata.jsonl or metadata.csv, OneTrainer's "
    "concepts.json, ai-toolkit's YAML"
)
_CONCEPTS = "training_concepts"  # OneTrainer's own folder for them: the pictures never lie in it
_MOST = 200  # files of a folder that may be configurations


def read_tree(path: Path, also: Path | None = None) -> Tree:
    """Read the tree in a folder, or the one that a configuration tells of, which lies beside it.

    `also`: a folder outside of it that the person allows. Raises UserError (exit code 3) with every problem at once.
    """
    if path.is_file():
        reading = Reading(path.parent.parent if path.parent.name == _CONCEPTS else path.parent, also)
        made = _of_file(reading, path)
        if made is None and not reading.problems:
            reading.problems.append(Problem(f"is none of {_LOOKED_FOR}", path.name))
    else:
        reading = Reading(path, also)
        made = _of_folder(reading, path)
        if made is None and not reading.problems:
            hint = "For a folder of pictures without a trainer's files: --images."
            reading.problems.append(Problem(f"nothing to take over: there is none of {_LOOKED_FOR}", path.name, hint))
    if made and not reading.problems and not any(part.role == "train" for part in made.parts):
        reading.problems += reading.absent or [Problem(f"{made.title} would train no folder of it", path.name)]
    if reading.problems or made is None:
        raise UserError.many(reading.problems, UNUSABLE)
    return Tree(
        title=made.title,
        top=made.top,
        parts=made.parts,
        trainer=made.trainer,
        trigger=made.trigger,
        calls=made.calls,
        dataset=made.dataset,
        left=tuple(reading.left),
        noted=tuple(reading.noted),
    )


def _of_file(reading: Reading, file: Path) -> Tree | None:
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        return None
    read, concerns, make = form
    try:
        settings = read(file, reading.named(file))
        return make(reading, file, settings) if concerns(settings) else None
    except UserError as error:
        reading.problems += error.problems
        return None


def _of_folder(reading: Reading, top: Path) -> Tree | None:
    """Prefer what a configuration says to what the names of folders do."""
    beside = [top, top / _CONCEPTS]
    configs = [file for folder in beside if folder.is_dir() for file in _configurations(folder)]
    found = [(file, made) for file in configs if (made := _of_file(reading, file))]
    if len(found) > 1:
        names = [reading.named(file) for file, _ in found]
        hint = f"Name the one that is meant: --from {top.name}/{names[0]}"
        reading.problems = [Problem(f"several configurations tell of pictures: {listed(names)}", top.name, hint)]
        return None
    if found:
        return found[0][1]
    if lists := huggingface.lists_in(top):
        return huggingface.of_folder(reading, top, lists)
    return kohya.of_folders(reading, top)


def _configurations(folder: Path) -> list[Path]:
    """List the files that may tell of pictures: not those that stand beside a picture, which tell of that one."""
    inside = files.listed(folder)
    pictures = [file for file in inside if file.suffix.lower() in formats.EXTENSIONS]
    told = {stem for picture in pictures for stem in (picture.stem, picture.name)}  # pier.json, pier.jpg.json
    named = [file for file in inside if file.suffix.lower() in _FORMS and file.stem not in told]
    return [file for file in named if file.is_file() and not file.is_symlink()][:_MOST]
