"""Build dataset/ in shards: whoever renders the pictures of a shard writes it, a worker on its own way.

What is in a shard already, and would be the same, is taken over from there: another caption makes one shard anew and
renders nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import NamedTuple

from msgspec.structs import replace

from loraprep.core import files, machine
from loraprep.core.dataset_lock import LockedImage, at
from loraprep.core.errors import Problem
from loraprep.core.object_folder import ObjectFolder, Put
from loraprep.core.records import Image
from loraprep.dataset import pixels, shards
from loraprep.dataset.outputs import Output, locked
from loraprep.dataset.shards import Columns, Row
from loraprep.imaging import pool
from loraprep.imaging.errors import BadImage
from loraprep.imaging.pictures import Pictures

Found = tuple[list[tuple[str, str]], list[str]]  # see `differences`
Built = tuple[dict[str, LockedImage], list[Problem]]


class _Member(NamedTuple):
    """A picture of a shard, and what is known of it where it was in one before."""

    output: Output
    old: LockedImage | None


class _Shard(NamedTuple):
    """A shard to be made. `before`: what it takes the place of in a bucket; `old`: shards to take over from."""

    name: str
    form: str
    held: Columns
    members: tuple[_Member, ...]
    before: Put | None
    old: Mapping[str, Put | None]

    @property
    def records(self) -> list[Image]:
        """The pictures that are opened for it, if nothing can be taken over."""
        return [record for m in self.members for record in (m.output.image, *(c.image for c in m.output.controls))]


class _Made(NamedTuple):
    """Digests of a picture's own files: of its PNG, of that one's pixels, and of its masks and the like by name."""

    image: str
    pixels: str
    also: dict[str, str]


class _Packed(NamedTuple):
    """A shard that was written, if none of its pictures failed. `put`: in a bucket."""

    digest: str
    put: Put | None
    made: dict[str, _Made]  # by place
    failed: dict[str, Exception]


def members(outputs: Sequence[Output], form: str) -> dict[str, list[Output]]:
    """Map shard -> the outputs that are in it, both sorted."""
    named = shards.names((output.place for output in outputs), form)
    found: dict[str, list[Output]] = {}
    for output in outputs:
        found.setdefault(named[output.place], []).append(output)
    return dict(sorted(found.items()))


def build(
    pictures: Pictures,
    outputs: Sequence[Output],
    form: str,
    before: Mapping[str, LockedImage],
    progress: Callable[[int, int], None] | None,
) -> Built:
    """Write every shard that does not stand there as it would be; return place -> what the lock says, and what failed.

    Raises UserError where the disk refuses, Unreachable.
    """
    root, held, wanted = pictures.root, shards.columns(outputs), members(outputs, form)
    there = files.training_folder(root)
    carried = {name: image for image in before.values() for name in image.shards or ()}
    built: dict[str, LockedImage] = {}
    problems: list[Problem] = []
    todo: list[_Shard] = []
    recipes: dict[str, str] = {}
    for name, inside in wanted.items():
        recipes[name] = shards.recipe(form, held, inside)
        old = carried.get(name)
        digest = (old.shards or {})[name] if old else ""
        path = root / "dataset" / name
        # the digest of each picture is asked for as well: a manifest that somebody mended may lack some
        known = {o.place: b for o in inside if (b := before.get(o.place)) and b.shard == name and b.image}
        same = old and old.recipe == recipes[name] and len(known) == len(inside)
        if same and files.plain(path) and files.sha256(path) == digest:
            made = {place: _Made(b.image, b.pixels, dict(b.also or {})) for place, b in known.items()}
            built |= _locked(name, inside, digest, recipes[name], made)
            continue
        todo.append(_shard(there, name, form, held, inside, before))
    done, total = 0, sum(len(shard.members) for shard in todo)
    with closing(pictures.each_lot(_pack, todo, weigh=lambda shard: shard.records, patience=pixels.SENDING)) as answers:
        for shard, answer in answers:
            done += len(shard.members)
            if progress:
                progress(done, total)
            if isinstance(answer, Exception):
                problems.append(_broken(pictures, shard, answer))
                continue
            problems += [_problem(shard, place, error) for place, error in answer.failed.items()]
            if answer.failed:
                continue
            if there and answer.put:
                there.note(shard.name, answer.put)
            built |= _locked(shard.name, wanted[shard.name], answer.digest, recipes[shard.name], answer.made)
    return dict(sorted(built.items())), problems


def _locked(
    name: str, inside: Sequence[Output], digest: str, recipe: str, made: Mapping[str, _Made]
) -> dict[str, LockedImage]:
    """Say what the lock says of the pictures in a shard."""
    found = {o.place: replace(locked(o, *made[o.place]), shard=name) for o in inside}
    first = inside[0].place
    found[first] = replace(found[first], shards={name: digest}, recipe=recipe)
    return found


def _shard(
    there: ObjectFolder | None,
    name: str,
    form: str,
    held: Columns,
    inside: Sequence[Output],
    before: Mapping[str, LockedImage],
) -> _Shard:
    known = [(o, before.get(o.place)) for o in inside]
    put = there.listed if there else lambda _: None
    old = {b.shard: put(b.shard) for _, b in known if b and b.shard}
    told = tuple(_Member(o, b if b and b.shard else None) for o, b in known)
    return _Shard(name, form, held, told, put(name), old)


def _problem(shard: _Shard, place: str, error: Exception) -> Problem:
    path = next(m.output.image.path for m in shard.members if m.output.place == place)
    reason = error.reason if isinstance(error, BadImage) else str(getattr(error, "strerror", "") or error).lower()
    return Problem(f"could not be built: {reason}", path, "Run loraprep gate1 again.")


def _broken(pictures: Pictures, shard: _Shard, error: Exception) -> Problem:
    """Say what became of a whole shard. Raises what is no matter of this shard alone."""
    place = at(pictures.root, shard.name)
    if isinstance(error, BadImage):
        return Problem(f"could not be built: {error.reason}", place, "Run loraprep dataset again.")
    if isinstance(error, FileExistsError):
        hint = "Run loraprep dataset again: what you wrote is kept."
        return Problem("changed while this was built, so it is not overwritten", place, hint)
    if isinstance(error, OSError):
        raise machine.told(error, place) from None
    raise error


# From here on: in a process of its own, here or on a worker.


def _pack(pictures: Pictures, shard: _Shard) -> _Packed:
    """Render what a shard lacks, and write it. Raises OSError, Unreachable."""
    there = files.training_folder(pictures.root)
    old = _taken_over(pictures, there, shard)
    rows: list[Row] = []
    made: dict[str, _Made] = {}
    failed: dict[str, Exception] = {}
    for member in shard.members:
        place = member.output.place
        try:
            row, made[place] = _row(pictures, member, old.get(place, {}))
        except (BadImage, FileNotFoundError) as error:
            failed[place] = error
            continue
        rows.append(row)
    if failed:
        return _Packed("", None, {}, failed)
    data = shards.packed(shard.form, rows, shard.held)
    if there:
        put = there.put(shard.name, data, shard.before)
        return _Packed(put.digest, put, made, {})
    files.write(pictures.root / "dataset" / shard.name, data)
    return _Packed(hashlib.sha256(data).hexdigest(), None, made, {})


def _taken_over(pictures: Pictures, there: ObjectFolder | None, shard: _Shard) -> dict[str, Mapping[str, bytes]]:
    """Map place -> the files of a picture that were in a shard before, of those that hold what they held then."""
    held: dict[str, dict[str, dict[str, bytes]]] = {}
    for name, put in shard.old.items():
        with suppress(*shards.BROKEN):  # then all is rendered
            if not there:
                held[name] = shards.unpacked(name, files.read(pictures.root / "dataset" / name))
            elif put:
                held[name] = shards.unpacked(name, there.fetch(name, put))
    found: dict[str, Mapping[str, bytes]] = {}
    for output, old in shard.members:
        if old and old.shard and (inside := held.get(old.shard, {}).get(shards.key(output.place))):
            own = old.own(output.place)
            said = {ending: own.get(name, "") for ending, name in _own(output).items()}
            found[output.place] = {
                ending: data
                for ending, data in inside.items()
                if said.get(ending) and hashlib.sha256(data).hexdigest() == said[ending]
            }
    return found


def _own(output: Output) -> dict[str, str]:
    """Map how a picture's files end in a shard -> how they are called where each is a file."""
    return {
        "png": f"{output.place}.png",
        **{f"{shards.MASK}.png": name for name in output.masks},
        **{f"{control.file.partition('/')[0]}.png": control.file for control in output.controls},
    }


def _row(pictures: Pictures, member: _Member, there: Mapping[str, bytes]) -> tuple[Row, _Made]:
    """Make a row of a picture, of what is `there` already where that would be the same. Raises BadImage, OSError."""
    output, old = member
    old = old or LockedImage()
    shown, held = "", dict[str, bytes]()
    if old.source == output.image.pixel_digest and old.operations == output.operations and "png" in there:
        held["png"], shown = there["png"], old.pixels
    else:
        held["png"], shown = pixels.rendered(pictures, output.image, output.background, output.area)
    width, height = pixels.size_of(held["png"])
    ours, mask = _own(output), f"{shards.MASK}.png"
    if mask in ours:
        same = shown == old.pixels and old.mask_from == output.mask_source and mask in there
        held[mask] = there[mask] if same else pixels.mask_png(pictures, output.image, output.mask, (width, height))
    for control in output.controls:
        ending = f"{control.file.partition('/')[0]}.png"
        if (old.controls or {}).get(control.file) == control.source and ending in there:
            held[ending] = there[ending]
        else:
            held[ending] = pixels.rendered(pictures, control.image, control.background, control.area)[0]
    digest = {ours[ending]: hashlib.sha256(data).hexdigest() for ending, data in held.items()}
    about: dict[str, str | int] = {"file": output.image.path, "width": width, "height": height}
    image = digest.pop(ours["png"])
    return Row(shards.key(output.place), held, output.caption.split("\n"), about), _Made(image, shown, digest)


def differences(
    file: str, name: str, data: bytes, inside: Mapping[str, LockedImage], wanted: Mapping[str, Output]
) -> Found:
    """Return (what is different, pictures of other bytes that show the same) in a shard that is not as the lock has it.

    `file`: what people know it by; `inside`: place -> picture of the lock; `wanted`: what would be built. Whoever put
    it there, it is read in a process of its own. Raises UserError without the library.
    """
    try:
        work = pool.Work(_comparing)
        answer: Found = pool.one(work, (file, name, data, inside, wanted), weight=len(data))
    except BadImage:
        return [(file, "it cannot be read")], []
    return answer


def _comparing() -> Callable[[tuple[str, str, bytes, Mapping[str, LockedImage], Mapping[str, Output]]], Found]:
    return lambda asked: _compared(*asked)


def _compared(
    file: str, name: str, data: bytes, inside: Mapping[str, LockedImage], wanted: Mapping[str, Output]
) -> Found:
    try:
        held = shards.unpacked(name, data)
    except shards.BROKEN:
        return [(file, "it cannot be read")], []
    found: list[tuple[str, str]] = []
    alike: list[str] = []
    ours = {shards.key(place): place for place in inside}
    found += [(f"{file}: {key}", "this picture is not of the lock") for key in sorted(set(held) - set(ours))]
    for key, place in sorted(ours.items()):
        image, there, told = inside[place], held.get(key, {}), f"{file}: {key}"
        if "png" not in there:
            found.append((told, "this picture is missing"))
            continue
        if hashlib.sha256(there.get("txt", b"") + b"\n").hexdigest() != image.caption:
            found.append((told, "this caption was changed"))
        endings = _own(wanted[place]) if place in wanted else {"png": f"{place}.png"}
        own = image.own(place)
        for ending, of in endings.items():
            if hashlib.sha256(there.get(ending, b"")).hexdigest() == own.get(of):
                continue
            if ending == "png":
                try:
                    same = pixels.digest(there[ending]) == image.pixels
                except (OSError, ValueError):
                    same = False
                if same:
                    alike.append(told)
                    continue
            found.append((told, "its pixels are others" if ending == "png" else f"its {ending} was changed"))
    return (found or ([] if alike else [(file, "it is packed otherwise")])), alike
