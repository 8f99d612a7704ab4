"""Single origins from Debian packages: pictures drawn or taken in one way, by eye, and what is measured of them.

`develop`: rules and resources/looks.json were made on them. `report`: nothing was; they are looked at once a change is
done. `calibrate`: other origins of one house or author each, that only resources/looks.json was made on. All were
picked from contact sheets before anything was measured of them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from PIL import Image as Pillow
from PIL import ImageEnhance

from loraprep.core import typed
from loraprep.core.records import Image
from loraprep.curation.measures.embedding import ImageEncoder
from loraprep.imaging import decode, style
from loraprep.scan import inspect

Part = Literal["develop", "report", "calibrate"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Files of one origin: `globs` below the root's usr/share; an even choice of them is taken."""

    name: str
    part: Part
    globs: tuple[str, ...]


_W, _SKY, _CLIP = "games/wesnoth/1.16/data", "stellarium/skycultures", "openclipart/png"
_PORTRAITS, _NAEV, _ART = f"{_W}/core/images/portraits", "naev/dat/gfx", "games/freeorion/default/data/art"
_FREECOL, _STAMPS = "games/freecol/default/resources/images", "tuxpaint/stamps"

ORIGINS = (
    Origin("cartoons", "develop", ("games/pysiogame/res/images/art4apps/**/*",)),
    Origin("lemon icons", "develop", (f"{_CLIP}/computer/icons/lemon-theme/**/*.png",)),
    Origin("pens", "develop", ("krita/preset_icons/tool_icons/*",)),
    Origin("city", "develop", ("games/lincity-ng/images/tiles/*",)),
    Origin("desert elves", "develop", (f"{_W}/campaigns/Under_the_Burning_Suns/images/portraits/**/*",)),
    Origin("undead", "develop", (f"{_PORTRAITS}/undead/*",)),
    Origin("manuscript cut-outs", "develop", (f"{_SKY}/greek_leidenAratea/*",)),
    Origin("land", "develop", ("games/endless-sky/images/land/*",)),
    Origin("black and white signs", "develop", (f"{_ART}/icons/tech/*",)),
    Origin("cards", "develop", (f"{_CLIP}/recreation/games/cards/ornamental/*",)),
    Origin("maps", "develop", ("kgeography/*.png",)),
    Origin("space ships", "develop", (f"{_NAEV}/loading/*",)),
    Origin("colonial houses", "develop", ("unknown-horizons/content/gfx/buildings/*/*/*/idle/45/0.png",)),
    Origin("nebulae", "develop", ("stellarium/nebulae/default/*",)),
    Origin("levels", "develop", ("games/neverball/shot-*/*",)),
    Origin("paper grain", "report", ("krita/patterns/*",)),
    Origin("weather", "report", ("kodi/addons/resource.images.weathericons.default/resources/*",)),
    Origin("heirs", "report", (f"{_W}/campaigns/Heir_To_The_Throne/images/portraits/*",)),
    Origin("humans", "report", (f"{_PORTRAITS}/humans/*",)),
    Origin("new world houses", "report", (f"{_FREECOL}/buildings/*",)),
    Origin("hulls", "report", (f"{_ART}/hulls_design/*",)),
    Origin("animal photographs", "report", tuple(f"{_STAMPS}/animals/mammals/{n}/*.png" for n in ("bovines", "canines", "cervids", "equines", "felines", "rodents", "*"))),
    Origin("road signs", "report", (f"{_CLIP}/transportation/roadsigns/*.png",)),
    Origin("pictograms", "report", (f"{_CLIP}/signs_and_symbols/map_symbols/*.png",)),
    Origin("plots", "report", ("../lib/python3/dist-packages/mpl_toolkits/tests/baseline_images/test_mplot3d/*",)),
    Origin("manuscript pages", "report", (f"{_SKY}/greek_leidenAratea/descr_pics/*",)),
    Origin("rendered things", "report", ("freedroidrpg/data/graphics/items/**/portrait_0001*",)),
    Origin("hedgehog levels", "report", ("games/hedgewars/Data/Graphics/Missions/**/*.png",)),
    Origin("red portraits", "report", (f"{_NAEV}/portraits/dvaered/*", f"{_NAEV}/portraits/sirius/*")),
    Origin("terrain", "report", ("games/boswars/patches/gosh/*",)),
    *(
        Origin(f"sky {name}", "calibrate", (f"{_SKY}/{name}/*.png",))
        for name in (
            "arabic_al-sufi", "aztec", "babylonian_mulapin", "belarusian", "boorong", "dakota", "egyptian_dendera",
            "greek_farnese", "indian", "inuit", "kamilaroi", "macedonian", "maya", "ojibwe", "romanian", "western",
        )
    ),
    *(
        Origin(f"clip art {name}", "calibrate", (f"{_CLIP}/**/*{name}*.png",))
        for name in ("jarno", "ganson", "nicu_b", "benji", "architetto", "gerald_g", "juliane_k", "linda_kim")
    ),
    Origin("elves", "calibrate", (f"{_PORTRAITS}/elves/*", f"{_PORTRAITS}/merfolk/*")),
    Origin("orcs", "calibrate", (f"{_PORTRAITS}/orcs/*",)),
    Origin("dwarves", "calibrate", (f"{_PORTRAITS}/dwarves/*", f"{_PORTRAITS}/drakes/*")),
    Origin("monsters", "calibrate", (f"{_PORTRAITS}/monsters/*",)),
    Origin("landscapes", "calibrate", (f"{_W}/core/images/story/landscape*",)),
    Origin("castles", "calibrate", (f"{_W}/core/images/terrain/castle/**/*.png",)),
    Origin("mate photographs", "calibrate", ("backgrounds/mate/nature/*.jpg",)),
    Origin("plasma photographs", "calibrate", ("wallpapers/*/contents/images/1920x1*",)),
    Origin("birds", "calibrate", (f"{_STAMPS}/animals/birds/*.png",)),
    Origin("flowers", "calibrate", (f"{_STAMPS}/plants/flowers/*.png",)),
    Origin("cartoon houses", "calibrate", (f"{_STAMPS}/town/houses/cartoon/*.png",)),
    Origin("colouring pages", "calibrate", ("tuxpaint/starters/*",)),
    Origin("neutral portraits", "calibrate", (f"{_NAEV}/portraits/neutral/*",)),
    Origin("space gear", "calibrate", (f"{_NAEV}/outfit/store/*",)),
    Origin("planets", "calibrate", (f"{_NAEV}/planet/space/*",)),
    Origin("other gear", "calibrate", ("games/endless-sky/images/outfit/*",)),
    Origin("ships from above", "calibrate", ("games/endless-sky/images/ship/*",)),
    Origin("portraits in oil", "calibrate", ("games/flare/mods/fantasycore/images/portraits/**/*.png",)),
    Origin("sprite sheets", "calibrate", ("games/flare/mods/*/images/enemies/*.png",)),
    Origin("towns", "calibrate", (f"{_FREECOL}/settlements/*",)),
    Origin("settlers", "calibrate", (f"{_FREECOL}/units/*/*.png",)),
    Origin("framed portraits", "calibrate", (f"{_FREECOL}/foundingFathers/*",)),
    Origin("coats of arms", "calibrate", (f"{_FREECOL}/coat-of-arms/*",)),
    Origin("planet surfaces", "calibrate", (f"{_ART}/planets/*.png",)),
    Origin("clouds", "calibrate", (f"{_ART}/nebulae/*",)),
    Origin("rendered monsters", "calibrate", (f"{_ART}/icons/monsters/*",)),
    Origin("painted story", "calibrate", (f"{_W}/campaigns/The_Rise_Of_Wesnoth/images/story/*",)),
    Origin("ships", "calibrate", ("games/widelands/data/tribes/ships/frisians/*.png",)),
    Origin("trees", "calibrate", ("games/widelands/data/world/immovables/**/*.png",)),
    Origin("dialogs", "calibrate", ("gimp/2.0/help/en/images/dialogs/*.png",)),
    Origin("grey wipes", "calibrate", ("../lib/python3/dist-packages/openshot_qt/transitions/extra/*",)),
    Origin("track walls", "calibrate", ("games/torcs/tracks/road/alpine-2/*.png", "games/torcs/tracks/road/e-track-6/*.png")),
    Origin("ground", "calibrate", ("games/colobot/textures/*",)),
    Origin("cat", "calibrate", ("games/raincat/data/cat/**/*.png",)),
)  # fmt: skip

CHESSBOARD = tuple(f"doc/opencv-doc/examples/data/{side}{n:02}.jpg" for side in ("left", "right") for n in range(1, 15))
LEAST = 96  # px of the short side: smaller ones have no style that could be measured
_MOST_PIXELS = 2_000_000


class Known(msgspec.Struct, frozen=True, array_like=True):
    """What is measured of one picture."""

    record: Image
    style: tuple[float, ...]


class _Kept(msgspec.Struct, frozen=True):
    """What the file holds: measured pictures by digest and edit, digests by path and time."""

    known: dict[str, Known | None]
    files: dict[str, str]
    seen: dict[str, tuple[float, ...]] = {}  # what an encoder makes of them, by digest and encoder


Edit = Callable[[Pillow.Image], Pillow.Image]


def _night(picture: Pillow.Image) -> Pillow.Image:
    bands = zip(picture.split(), (0.3, 0.35, 0.55), strict=True)
    return Pillow.merge("RGB", [band.point(lambda v, f=f: int(v * f)) for band, f in bands])


def _saved(quality: int) -> Edit:
    def again(picture: Pillow.Image) -> Pillow.Image:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality)
        return Pillow.open(io.BytesIO(stream.getvalue())).convert("RGB")

    return again


def _scaled(by: float) -> Edit:
    return lambda p: p.resize(
        (max(LEAST, round(p.width * by)), max(LEAST, round(p.height * by))), Pillow.Resampling.LANCZOS
    )


EDITS: dict[str, Edit] = {
    "night": _night,
    "grey": lambda p: p.convert("L").convert("RGB"),
    "re-saved": _saved(40),
    "halved": _scaled(0.5),
    "doubled": _scaled(2),
    "sharpened": lambda p: ImageEnhance.Sharpness(p).enhance(3),
}


class Pictures:
    """Measured pictures, each looked at once: `keep` is the file that remembers them, by digest and edit."""

    def __init__(self, root: Path, keep: Path) -> None:
        self._root, self._keep = root / "usr/share", keep
        kept = typed.unpacked(keep.read_bytes(), _Kept) if keep.exists() else _Kept({}, {})
        self._known, self._files, self._seen = kept.known, kept.files, kept.seen
        self._new = 0

    def close(self) -> None:
        """Remember what was measured."""
        if self._new:
            self._keep.parent.mkdir(parents=True, exist_ok=True)
            self._keep.write_bytes(typed.packed(_Kept(self._known, self._files, self._seen)))
            self._new = 0

    def files(self, globs: Iterable[str], most: int) -> list[Path]:
        """An even choice of at most `most` files that differ and are large enough."""
        kinds = (".png", ".jpg", ".jpeg", ".webp")
        found = sorted({f for glob in globs for f in self._root.glob(glob) if f.suffix.lower() in kinds})
        fit, seen = [], set()
        for file in found:
            digest = self._digest(file)
            if digest and digest not in seen:
                seen.add(digest)
                fit.append(file)
        step = max(1.0, len(fit) / most)
        return [fit[int(k * step)] for k in range(min(most, len(fit)))]

    def _digest(self, file: Path) -> str:
        """Of the file's bytes; "" if it is too small, or none that can be opened."""
        key = f"{file}:{file.stat().st_mtime_ns}"
        if key not in self._files:
            try:
                with Pillow.open(file) as picture:
                    large = min(picture.size) >= LEAST
            except (OSError, Pillow.DecompressionBombError):
                large = False
            self._files[key] = hashlib.sha256(file.read_bytes()).hexdigest() if large else ""
            self._new += 1
        return self._files[key]

    def measured(self, file: Path, edit: str = "") -> Known | None:
        """Return what is measured of a file, edited if so; None if it has no style that can be told."""
        key = f"{self._digest(file)}:{edit}"
        if key not in self._known:
            self._known[key] = measure(file.read_bytes(), edit)
            self._new += 1
            if self._new >= 200:
                self.close()
        return self._known[key]

    def seen(self, file: Path, encoder: ImageEncoder) -> tuple[float, ...]:
        """What an encoder makes of a file, as loraprep shows it to one."""
        key = f"{self._digest(file)}:{encoder.digest}"
        if key not in self._seen:
            picture = _on_white(Pillow.open(file))
            picture.thumbnail((1024, 1024))
            self._seen[key] = tuple(map(float, encoder.embed(picture)))
            self._new += 1
        return self._seen[key]

    def origin(self, origin: Origin, most: int = 40) -> list[tuple[Path, Known]]:
        """Return at most `most` pictures of an origin."""
        found = [(f, self.measured(f)) for f in self.files(origin.globs, most + 6)]
        return [(f, known) for f, known in found if known is not None][:most]


def _on_white(picture: Pillow.Image) -> Pillow.Image:
    if picture.mode in ("RGBA", "LA", "P", "PA"):
        picture = picture.convert("RGBA")
        picture = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def measure(data: bytes, edit: str = "") -> Known | None:
    """Measure a picture as a scan and curation would; None if it has no style that can be told."""
    picture = _on_white(Pillow.open(io.BytesIO(data)))
    if picture.width * picture.height > _MOST_PIXELS:
        scale = (_MOST_PIXELS / picture.width / picture.height) ** 0.5
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Pillow.Resampling.LANCZOS
        )
    if edit:
        picture = EDITS[edit](picture)
    stream = io.BytesIO()
    if edit == "re-saved":
        picture.save(stream, "JPEG", quality=40)
    else:
        picture.save(stream, "PNG", compress_level=1)
    data = stream.getvalue()
    told = style.style_descriptor(decode.load(data).pixels.convert("RGB"))
    if not told:
        return None
    facts = {**msgspec.to_builtins(inspect.inspect(data)[0]), "words": []}
    digest = hashlib.sha256(data).hexdigest()
    record = typed.convert({**facts, "path": digest[:12], "state": "image", "digest": digest}, Image)
    return Known(record, told)


def named(pictures: Iterable[Known]) -> tuple[list[Image], dict[str, tuple[float, ...]]]:
    """A set of them under neutral names: (records sorted by path, style by path)."""
    listed = list(pictures)
    records = [msgspec.structs.replace(k.record, path=f"p{n:03}.png") for n, k in enumerate(listed)]
    return records, {r.path: k.style for r, k in zip(records, listed, strict=True)}


def chosen(part: Part) -> list[Origin]:
    """The origins of one part."""
    return [o for o in ORIGINS if o.part == part]


def rand(a: Iterable[object], b: Iterable[object]) -> float:
    """The adjusted Rand index of two partitions (Hubert and Arabie 1985): 1 the same, 0 no better than chance."""
    left, right = (np.unique(np.array(list(v), dtype=str), return_inverse=True)[1] for v in (a, b))
    table = np.zeros((left.max() + 1, right.max() + 1))
    np.add.at(table, (left, right), 1)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, x, y, n = pairs(table), pairs(table.sum(1)), pairs(table.sum(0)), len(left)
    expected, most = x * y / (n * (n - 1) / 2), (x + y) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


__all__ = ["CHESSBOARD", "EDITS", "ORIGINS", "Known", "Mapping", "Origin", "Pictures", "chosen", "named", "rand"]
