"""Shards: some dozens of pictures with their captions in one file, as WebDataset's tar or as Parquet.

Which shard a picture is in follows from its own name, so that one more picture, or another caption, makes one shard
anew; only where there are twice as many each is split in two. A shard's bytes follow from what it holds and from the
library that writes it. Names: webdataset's `key.png key.txt key.json` (webdataset/webdataset, README.md), and the
columns of Hugging Face's ImageFolder with a picture as {bytes, path} (huggingface/datasets, features/image.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from loraprep.core import files
from loraprep.core.errors import UNUSABLE, UserError
from loraprep.core.files import Json
from loraprep.dataset.outputs import Output
from loraprep.trainers import naming

SIZE = 64  # pictures at most, by and large: 50 to 150 MB at a megapixel, and what a worker holds at a time
# dataset.format -> (how its files end, the library that writes it, and how the extra is called)
FORMATS = {"webdataset": (".tar", "webdataset"), "parquet": (".parquet", "pyarrow")}
MASK = "mask"
BROKEN = (
    tarfile.TarError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    OSError,
)  # what a file may raise that is no shard


class Columns(NamedTuple):
    """What every shard of a dataset holds, whether a picture has it or not: readers want all alike."""

    mask: bool
    controls: int  # pictures before the change
    several: bool  # captions


class Row(NamedTuple):
    """A picture in a shard. `files`: "png", "mask.png", "control.png" ... -> PNG; `about`: see `about`."""

    key: str
    files: Mapping[str, bytes]
    captions: Sequence[str]
    about: Mapping[str, str | int]


def needed(form: str) -> None:
    """Raise UserError (exit code 3) if the library that writes this format is not installed."""
    library = FORMATS[form][1]
    if importlib.util.find_spec(library) is None:
        raise UserError(
            f"dataset.format: {form} needs {library}, which is not installed",
            place="project.yaml", hint=f"pip install 'loraprep[{form}]'", exit_code=UNUSABLE,
        )  # fmt: skip


def among(names: Iterable[str]) -> list[str]:
    """List the names that end as shards do."""
    endings = tuple(ending for ending, _ in FORMATS.values())
    return [name for name in names if name.endswith(endings)]


def key(place: str) -> str:
    """Return a picture's name in a shard, where a dot begins its ending: no name in dataset/ has a "_" of its own."""
    folder, _, stem = place.partition("/")
    return f"{folder}/{stem.replace('.', '_')}"


def names(places: Iterable[str], form: str) -> dict[str, str]:
    """Map place -> the shard that it is in: "10_mystyle/00003.tar"."""
    folders: dict[str, list[str]] = {}
    for place in places:
        folder, _, stem = place.partition("/")
        folders.setdefault(folder, []).append(stem)
    return {
        f"{folder}/{stem}": f"{folder}/{_lot(stem) % _count(len(stems)):05d}{FORMATS[form][0]}"
        for folder, stems in folders.items()
        for stem in stems
    }


def _count(pictures: int) -> int:
    """Return how many shards a folder has: a power of two, so that growing splits each and moves nothing else."""
    count = 1
    while count * SIZE < pictures:
        count *= 2
    return count


def _lot(stem: str) -> int:
    return int.from_bytes(hashlib.sha256(stem.encode()).digest()[:8], "big")


def columns(outputs: Sequence[Output]) -> Columns:
    """Say what the shards of these pictures hold."""
    return Columns(
        any(output.masks for output in outputs),
        max((len(output.controls) for output in outputs), default=0),
        any("\n" in output.caption for output in outputs),
    )


def recipe(form: str, held: Columns, outputs: Sequence[Output]) -> str:
    """Return the digest of all that a shard is made of: another one, and it is made anew."""
    made_of: list[Json] = [
        [o.place, o.image.path, o.image.pixel_digest, o.operations, o.caption, o.mask_source, o.controls_from]
        for o in outputs
    ]
    return hashlib.sha256(files.dumps([form, list(held), made_of]).encode()).hexdigest()


def packed(form: str, rows: Sequence[Row], held: Columns) -> bytes:
    """Return the shard that holds these. Raises UserError without the library."""
    needed(form)
    return _tar(rows, held) if form == "webdataset" else _parquet(rows, held)


def unpacked(name: str, data: bytes) -> dict[str, dict[str, bytes]]:
    """Map key -> what the shard holds of a picture: "png", "mask.png", ..., and "txt", its captions a line each.

    Raises BROKEN where it is no shard, UserError without the library.
    """
    if name.endswith(FORMATS["webdataset"][0]):
        return _of_tar(data)
    needed("parquet")
    return _of_parquet(data)


def _tar(rows: Sequence[Row], held: Columns) -> bytes:
    from webdataset import TarWriter

    out = io.BytesIO()
    with TarWriter(out, user="", group="", mode=0o644, mtime=0, compress=False, encoder=False) as writer:
        for row in rows:
            about = {**row.about, **({"captions": list(row.captions)} if held.several else {})}
            text = {"txt": "\n".join(row.captions).encode(), "json": files.dumps(about, indent=None).encode()}
            writer.write({"__key__": row.key, **row.files, **text})
    return out.getvalue()


def _of_tar(data: bytes) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.TarFile(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            folder, _, last = member.name.rpartition("/")
            stem, _, ending = last.partition(".")
            if stream := archive.extractfile(member):
                found.setdefault(f"{folder}/{stem}", {})[ending] = stream.read()
    return found


def _parquet(rows: Sequence[Row], held: Columns) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    text = pa.list_(pa.string()) if held.several else pa.string()
    drawn = [*([MASK] if held.mask else []), *naming.CONTROLS[: held.controls]]
    values: dict[str, tuple[Any, list[Any]]] = {
        "image": (picture, [_picture(row, "") for row in rows]),
        "text": (text, [list(row.captions) if held.several else row.captions[0] for row in rows]),
        **{name: (picture, [_picture(row, name) for row in rows]) for name in drawn},
        "file": (pa.string(), [row.about["file"] for row in rows]),
        **{side: (pa.int32(), [row.about[side] for row in rows]) for side in ("width", "height")},
    }
    string = {"dtype": "string", "_type": "Value"}
    features: dict[str, Any] = {
        "image": {"_type": "Image"},
        "text": {"feature": string, "_type": "List"} if held.several else string,
        **{name: {"_type": "Image"} for name in drawn},
        "file": string,
        **{side: {"dtype": "int32", "_type": "Value"} for side in ("width", "height")},
    }
    said = {"huggingface": files.dumps({"info": {"features": features}}, indent=None).strip()}
    schema = pa.schema([(name, kind) for name, (kind, _) in values.items()], metadata=said)
    table = pa.table({name: pa.array(column, kind) for name, (kind, column) in values.items()}, schema=schema)
    out = io.BytesIO()
    # PNGs take no more packing, and nobody looks a picture up by its least byte
    pq.write_table(table, out, compression="none", use_dictionary=False, write_statistics=False)
    return out.getvalue()


def _picture(row: Row, name: str) -> dict[str, Any] | None:
    ending = f"{name}.png" if name else "png"
    return {"bytes": row.files[ending], "path": f"{row.key}.{ending}"} if ending in row.files else None


def _of_parquet(data: bytes) -> dict[str, dict[str, bytes]]:
    import pyarrow.parquet as pq

    found: dict[str, dict[str, bytes]] = {}
    for row in pq.read_table(io.BytesIO(data)).to_pylist():
        held = {name: value for name, value in row.items() if isinstance(value, dict) and value["bytes"] is not None}
        name = str(row["image"]["path"]).removesuffix(".png")
        text = [row["text"]] if isinstance(row["text"], str) else row["text"]
        found[name] = {
            **{("png" if column == "image" else f"{column}.png"): value["bytes"] for column, value in held.items()},
            "txt": "\n".join(text).encode(),
        }
    return found
