"""A foreign picture is decoded in a process of the pool and nowhere else: who opens one is in this list."""

import ast
from pathlib import Path

from tests import ROOT

PACKAGE = ROOT / "loraprep"
OPENING = {"load", "load_unchanged", "mask", "open", "small", "upright", "upright_and_alpha"}
OPENERS = {"decode", "pictures", "Image", "Pillow"}  # names that a module has for them
APART = {  # functions that the pool is given, or that such a function calls
    "captions/captioners/wd_tagger.py": {"_shown"},
    "captions/vision/encode.py": {"_prepare"},
    "carried/drawing.py": {"hidden"},
    "carried/pieces.py": {"_look"},
    "carried/reading.py": {"read"},
    "curation/features.py": {"_shown"},
    "dataset/pixels.py": {"rendered", "mask_pixels"},
    "dataset/upscale.py": {"_given", "_better"},
    "duplicates/keypoints.py": {"_seen"},
    "heads/finding.py": {"look"},
    "pairs/measure.py": {"look_at"},
    "report/marks.py": {"_corner"},
    "report/masked.py": {"hidden_share"},
    "review/renditions.py": {"_full", "_large", "_laid", "_masked", "_trained", "_difference"},
    "scan/detail.py": {"_holds", "_look_at"},
    "scan/inspect.py": {"look"},
    "trainers/folder.py": {"_picture"},
    "trainers/masks.py": {"_mask"},
}
OURS = {  # bytes that loraprep made a moment before, and `digest`, which pixels.digest_of gives to the pool
    "dataset/pixels.py": {"digest", "size_of"},
    "report/contact_sheet.py": {"opened"},
}


def _opening(path: Path) -> set[str]:
    found = set()
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        inner = {id(n) for f in function.body for n in ast.walk(f) if isinstance(f, ast.FunctionDef)}
        for node in ast.walk(function):
            called = node.func if isinstance(node, ast.Call) else None
            if id(node) in inner or not isinstance(called, ast.Attribute) or called.attr not in OPENING:
                continue
            if isinstance(called.value, ast.Name) and called.value.id in OPENERS:
                found.add(function.name)
    return found


def test_a_foreign_picture_is_opened_in_the_pool_alone() -> None:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith("imaging/") and (openers := _opening(path)):
            found[name] = openers
    known = {name: APART.get(name, set()) | OURS.get(name, set()) for name in APART | OURS}
    assert found == known, "give the function to Pictures.apart or pool.each, and put it into this list"
