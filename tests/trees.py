"""Folders as people have them, made by script: a kohya tree with all that lies about in one, bins, thumbnails, clips."""

from __future__ import annotations

import zlib
from pathlib import Path

from PIL import Image

from tests import pictures

FILM = b"\0\0\0\x18ftypmp42" + b"\0" * 40


def put(root: Path, name: str, content: bytes | str) -> Path:
    """Write one file and the folders above it."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def picture(root: Path, name: str, size: tuple[int, int] = (640, 512), seed: int = 0) -> Path:
    """Write a coloured picture of that size."""
    made = pictures.scene(*size, seed=seed or zlib.crc32(name.encode()) % 1000 + 1)
    return put(root, name, pictures.jpeg(made) if name.endswith(".jpg") else pictures.png(made))


def mask(root: Path, name: str, size: tuple[int, int] = (640, 512)) -> Path:
    """Write a black picture with a white box in it."""
    made = Image.new("L", size, 0)
    made.paste(255, (size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4))
    return put(root, name, pictures.png(made))


def kohya(root: Path) -> Path:
    """Write kohya's tree: 4 pictures in img/10_x woman, 3 in reg/1_woman, 2 samples, a model, a cache."""
    for n, name in enumerate("abcd"):
        picture(root, f"img/10_x woman/{name}.png", seed=n + 1)
        put(root, f"img/10_x woman/{name}.txt", f"x, a hill {n}\n")
    for n, name in enumerate("pqr"):
        picture(root, f"reg/1_woman/{name}.png", (512, 512), seed=n + 20)
        put(root, f"reg/1_woman/{name}.txt", "a woman\n")
    picture(root, "model/sample/x_e000004_00_20240101120000_42.png", (512, 512), 30)
    picture(root, "model/sample/x_000100_01_20240101120000.png", (512, 512), 31)
    put(root, "model/x.safetensors", b"\x10\0\0\0\0\0\0\0{}")
    put(root, "img/10_x woman/a_0640x0512_sdxl.npz", b"PK\3\4")
    return root


def around(root: Path) -> Path:
    """Write what systems and NAS boxes leave beside pictures: 3 in bins, 2 thumbnails, and a resource fork."""
    for name in ("#recycle/old.png", "$RECYCLE.BIN/S-1/$RAB.png", ".Trash-1000/files/z.png"):
        picture(root, name)
    picture(root, "sub/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", (120, 96))
    picture(root, ".thumbnails/normal/x.png", (128, 96))
    put(root, "__MACOSX/img/._a.png", b"\0\5\x16\7")
    return root
