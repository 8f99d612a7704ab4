"""Paints the pictures of examples/brushwork and spoils those of examples/nogo.

    python examples/paint.py              both folders, under a minute on two cores
    python examples/paint.py brushwork    only that one

Needs Pillow and numpy. The same versions of both write the same bytes every time.
"""

from __future__ import annotations

import sys
import zlib
from multiprocessing import Pool
from pathlib import Path

from paint.catalogue import SCENES, WEB_COPY, Scene
from paint.faults import spoil
from paint.sketch import Sketch
from paint.strokes import paint
from PIL import Image

HERE = Path(__file__).resolve().parent
_ON_ITS_SIDE = 6  # EXIF orientation: turn clockwise by 90 degrees to see it upright


def paint_scene(scene: Scene) -> str:
    """Writes one picture of brushwork and the caption beside it."""
    folder = HERE / "brushwork" / "images"
    seed = zlib.crc32(Path(scene.name).name.encode())
    sketch = Sketch(*scene.size, seed)
    scene.draw(sketch)
    picture = paint(sketch, seed)
    options = dict(scene.save)
    if scene.name.endswith(".jpg"):
        options |= {"optimize": True, "progressive": True}
    if scene.colours:
        few = picture.quantize(scene.colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        picture = few.convert("RGB")
    if scene.turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = _ON_ITS_SIDE
        options["exif"] = exif
    (folder / scene.name).parent.mkdir(parents=True, exist_ok=True)
    picture.save(folder / scene.name, **options)
    (folder / scene.name).with_suffix(".txt").write_text(scene.caption + "\n", encoding="utf-8", newline="\n")
    return scene.name


def brushwork() -> None:
    folder = HERE / "brushwork" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with Pool(2) as pool:
        for name in pool.imap(paint_scene, SCENES):
            print(f"brushwork/images/{name}")
    copy, original, size, quality = WEB_COPY
    with Image.open(folder / original) as picture:
        picture.resize(size, Image.Resampling.LANCZOS).save(folder / copy, quality=quality)
    print(f"brushwork/images/{copy}")


def nogo() -> None:
    folder = HERE / "nogo" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name in spoil(folder):
        print(f"nogo/images/{name}")


FOLDERS = {"brushwork": brushwork, "nogo": nogo}

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(FOLDERS)
    if unknown := [name for name in wanted if name not in FOLDERS]:
        sys.exit(f"{unknown[0]}: there is no such example; there are {', '.join(FOLDERS)}")
    for name in wanted:
        FOLDERS[name]()
