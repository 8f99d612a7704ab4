"""One folder as people have them: trees of five trainers, a NAS, bins, clips, all below each other; each file's role."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from loraprep.core.records import Image
from loraprep.scan import scan
from tests import pictures, trees
from tests.runs import run

SAFETENSORS = b"\x10\0\0\0\0\0\0\0{}"
FORMATS = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}

# path -> (size, role); "" trains, a role with "?" is asked about
PICTURES: dict[str, tuple[tuple[int, int], str]] = {
    **{f"lora_mira/Image/12_mira girl/{n}.JPG": ((832, 640), "") for n in "ab"},
    "lora_mira/Image/3_gas mask/c.png": ((832, 640), ""),
    "lora_mira/Reg/1_girl/p.png": ((512, 768), "regularization"),
    "lora_mira/model/sample/mira_20250101-e000002_01_20250101101010_7.png": ((832, 1216), "sample"),
    "lora_mira/model/sample/mira_001500_02_20250101101010.png": ((832, 1216), "sample"),
    "aitk/output/mira_v1/samples/1727791012345__000000250_0.jpg": ((1024, 1024), "sample"),
    "aitk/dataset/e.webp": ((832, 640), ""),
    "mixed/1727791012345__000000500_0.jpg": ((1024, 1024), "sample"),
    "mixed/mira_e000004_00_20250101101010.png": ((1024, 1024), "sample"),
    "mixed/2025-03-01_10-20-30-training-sample-250-3-0.png": ((1024, 1024), "sample"),
    "mixed/step_250_a_cat_on_a_sofa_1024x1024.png": ((1024, 1024), "sample"),
    "mixed/holiday.png": ((832, 640), ""),
    "concept/g.png": ((832, 640), ""),
    "concept/g-masklabel.png": ((832, 640), "mask"),
    "concept/g-condlabel.png": ((832, 640), "control"),
    "sep/photos/i.jpeg": ((832, 640), ""),
    "sep/photos/i_mask.png": ((832, 640), "mask"),
    "sep/photos/k.jpeg": ((832, 640), ""),
    "sep/loss masks/k_mask.png": ((416, 320), "mask"),  # of its shape, half its size
    "sep/photos/j.jpeg": ((832, 640), ""),
    "sep/train_masks/j.png": ((832, 640), "mask"),
    "venice/masks/u.jpg": ((832, 640), "mask?"),
    "venice/carnival_mask.png": ((832, 640), "mask?"),
    "nas/s.jpg": ((1600, 1200), ""),
    "nas/s_thumb.jpg": ((160, 120), "thumbnail"),
    "nas/Thumbnails/s.jpg": ((160, 120), "thumbnail"),
    "edit/n.png": ((832, 640), ""),
    "edit/control/n.png": ((832, 640), "control"),
    "more/regularisation images/x.png": ((512, 512), "regularization?"),
    "more/reg_woman/y.png": ((512, 512), "regularization?"),
    "style/samples/aa.jpg": ((801, 603), "sample?"),
    "st/output/validation_images/step_100_portrait_1024x1024.png": ((1024, 1024), "sample"),
}
NOT_LOOKED_INTO = {  # pictures in folders of systems -> what those are
    "#Recycle/alt.jpg": "bin", "$Recycle.Bin/S-1-5-21/$R3K.jpg": "bin", ".Trash-1001/files/x.jpg": "bin",
    "@Recycle/y.jpg": "bin", ".Trashes/501/z.jpg": "bin", "RECYCLER/q.jpg": "bin",
    "nas/@eaDir/s.jpg/SYNOPHOTO_THUMB_XL.jpg": "thumbnail", "nas/.@__thumb/s800s.jpg": "thumbnail",
}  # fmt: skip
FILES: dict[str, tuple[bytes, str]] = {
    "lora_mira/model/mira-000002.safetensors": (SAFETENSORS, ""),
    "lora_mira/Image/12_mira girl/a_0832x0640_flux.npz": (b"PK\3\4", "cache"),
    "lora_mira/Image/12_mira girl/a_flux_te.npz": (b"PK\3\4", "cache"),
    "aitk/dataset/_latent_cache/e_0123456789abcdefghijkl.safetensors": (SAFETENSORS, "cache"),
    "aitk/dataset/_t_e_cache/e_0123456789abcdefghijkl.safetensors": (SAFETENSORS, "cache"),
    "edit/n_0832x0640_fk.safetensors": (SAFETENSORS, "cache"),
    "edit/n_fk_te.safetensors": (SAFETENSORS, "cache"),
    "concept/cache/flux/latents_512/shard-0.arrow": (b"ARROW1\0\0", "cache"),
    "concept/cache/flux/metadata_cache.json": (b'{"g.png": "a caption"}', "cache"),
    "mixed/aspect_ratio_bucket_indices_mira.json": (b"{}", "cache"),
    "clips/c.mp4": (trees.FILM, "clip"),
    "clips/c.MOV": (trees.FILM, "clip"),
    "clips/d.webm": (b"\x1a\x45\xdf\xa3" + b"\0" * 40, "clip"),
    "clips/e.avi": (b"RIFF\0\0\0\0AVI LIST" + b"\0" * 40, "clip"),
    "clips/c.txt": (b"a boat drives by", ""),
    "nas/Thumbs.db": (b"abc", ""),
    "nas/._s.jpg": (b"\0\5\x16\7", ""),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("people") / "p/images"
    others = dict.fromkeys(NOT_LOOKED_INTO, ((320, 240), ""))
    for seed, (path, (size, role)) in enumerate({**PICTURES, **others}.items(), 1):
        if role == "mask":
            trees.mask(root, path, size)
            continue
        out = io.BytesIO()
        pictures.scene(*size, seed=seed).save(out, FORMATS[path.rpartition(".")[2].lower()])
        trees.put(root, path, out.getvalue())
        if not role:
            trees.put(root, f"{path.rpartition('.')[0]}.txt", f"a hill by lake {seed}\n")
    for path, (content, _) in FILES.items():
        trees.put(root, path, content)
    return root


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Image]:
    return {i.path: i for i in scan.scan(folder, folder).images}


def told(image: Image) -> str:
    """A role that is asked about keeps its picture as one."""
    return f"{image.role}?" if image.role and image.state == "image" else image.role


def test_each_picture_has_the_role_that_name_and_content_give_it(found: dict[str, Image]) -> None:
    assert {path: told(found[path]) for path in PICTURES} == {path: role for path, (_, role) in PICTURES.items()}


def test_files_that_are_no_pictures_have_one_too(found: dict[str, Image]) -> None:
    assert {path: found[path].role for path in FILES} == {path: role for path, (_, role) in FILES.items()}


def test_masks_belong_to_their_pictures(found: dict[str, Image]) -> None:
    masks = {path: i.mask.rpartition("/")[2] for path, i in found.items() if i.mask}
    assert masks == {
        "concept/g.png": "g-masklabel.png",
        "sep/photos/i.jpeg": "i_mask.png",
        "sep/photos/j.jpeg": "j.png",
        "sep/photos/k.jpeg": "k_mask.png",
    }


@pytest.mark.run
def test_a_first_look_and_gate_1_count_what_leaves_by_its_role(folder: Path, tmp_path: Path) -> None:
    _, output = run(tmp_path, "look", str(folder))
    count = (
        "1 regularization picture, 4 masks, 8 samples of a trainer, "
        "2 control pictures, 9 files of a cache, 4 thumbnails, 6 pictures in a bin, 4 clips"
    )
    assert f"For something else than training: {count}." in output
    root = folder.parent
    settings = {
        "version": 1, "name": "mira", "model": "sdxl", "trigger": "mira", "intent": {"kind": "character"},
        "images": {"roles": {"style/samples/**": "train", "more/reg_woman/**": "regularization"}},
    }  # fmt: skip
    (root / "project.yaml").write_bytes(msgspec.yaml.encode(settings))
    run(root, "gate1")
    report = (root / "dataset-report.md").read_text("utf-8")
    assert f"by role: {count}".replace("1 regularization picture,", "2 regularization pictures,") in report
    asked = (root / "decisions/quality.yaml").read_text("utf-8")
    assert "1 picture in venice/masks is named like a mask: in colour, as no mask is. keep: it trains" in asked
    assert "more/regularisation images is named like a regularization picture" in asked
    assert "style/samples is" not in asked
    assert "more/reg_woman" not in asked
    assert report.count("are no pictures and are left to others") == 1
