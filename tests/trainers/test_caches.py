"""Caches of pictures and captions that changed since: each trainer's own names, and what is left alone."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from loraprep.__main__ import main
from loraprep.trainers import caches
from tests import pictures
from tests.hostile import clones
from tests.runs import FOLDER, run

SHA, MD5 = hashlib.sha256(b"pier").hexdigest(), "q_5-aVb0ZZ_1xY3k9QwErA"
PICTURE, CAPTION = "dataset/10_a/pier.png", "dataset/10_a/pier.txt"
LATENTS = "dataset/10_a/cache/sdxl/cache_1.000x1024x1024x1/latents"
VARIATION = f"exports/onetrainer/workspace-cache/{{}}/{SHA}/variation-0"
# the file -> its trainer, and what it is made of
KNOWN = {
    "dataset/10_a/pier_1024x0768_sdxl.npz": ("kohya sd-scripts", PICTURE),
    "dataset/10_a/pier_0512x0512_flux.npz": ("kohya sd-scripts", PICTURE),
    "dataset/10_a/pier_te_outputs.npz": ("kohya sd-scripts", CAPTION),
    "dataset/10_a/pier_anima_te.npz": ("kohya sd-scripts", CAPTION),
    "dataset/10_a/pier_1024x0768_zi.safetensors": ("musubi-tuner", PICTURE),
    "exports/musubi-tuner/cache/10_a-1024/pier_1024x0768_qi.safetensors": ("musubi-tuner", PICTURE),
    "exports/musubi-tuner/cache/10_a-1024/pier_qi_te.safetensors": ("musubi-tuner", CAPTION),
    f"dataset/10_a/_latent_cache/pier_{MD5}.safetensors": ("ai-toolkit", PICTURE),
    f"exports/simpletuner/cache/vae/mine-10_a-1024/{SHA}.pt": ("SimpleTuner", PICTURE),
    f"{LATENTS}/metadata.db": ("diffusion-pipe", PICTURE),
    f"{LATENTS}/shard_0.bin": ("diffusion-pipe", PICTURE),
    f"{VARIATION.format('image')}/0.pt": ("OneTrainer", PICTURE),
    f"{VARIATION.format('image')}/aggregate.pt": ("OneTrainer", PICTURE),
    f"{VARIATION.format('text')}/aggregate.pt": ("OneTrainer", CAPTION),
}
# called nearly so, or made by trainers that look again, or not where caches are kept
HARMLESS = (
    "dataset/10_a/notes.npz",
    "dataset/10_a/pier.npz",
    "dataset/10_a/pier_te.npz",
    "dataset/10_a/pier_1024x0768_mine.safetensors",
    "dataset/10_a/.aitk_size.json",
    f"dataset/10_a/_t_e_cache/pier_{MD5}.safetensors",
    "dataset/10_a/_latent_cache/pier.safetensors",
    "dataset/10_a/cache/holiday.png",
    "dataset/10_a/cache/sdxl/metadata/metadata_512.arrow",
    "exports/simpletuner/cache/text/mine/0123-sdxl.pt",
    "exports/kohya/mystyle-000004.safetensors",
    "exports/onetrainer/pier/image/0.pt",
    "images/pier_1024x0768_sdxl.npz",
    f"build/cache/{SHA}.pt",
    f"cache/vae/mine-10_a-1024/{SHA}.pt",
    "pier_1024x0768_sdxl.npz",
)
NOON, BEFORE, AFTER = 43_200, 39_600, 46_800


def at(path: Path, when: int) -> None:
    os.utime(path, (when, when))


def project(root: Path, *names: str) -> Path:
    """A picture and its caption of noon, and caches an hour older."""
    for name in (PICTURE, CAPTION, *names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.png() if name == PICTURE else b"mystyle, a pier")
        at(path, NOON if name in (PICTURE, CAPTION) else BEFORE)
    return root


def named(root: Path) -> list[str]:
    return [stale.path for stale in caches.of_project(root)]


def left(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize("name", KNOWN)
def test_a_cache_older_than_what_it_was_made_of_is_named_with_its_trainer(name: str, tmp_path: Path) -> None:
    root, (trainer, of) = project(tmp_path, name), KNOWN[name]
    assert caches.of_project(root) == [caches.StaleCache(name, trainer, of)]
    assert caches.told(caches.of_project(root)) == [
        f"{trainer} has 1 cache older than the picture or caption it was made of, and trains what was there before: "
        f"{name}."
    ]
    at(root / name, AFTER)
    assert named(root) == []  # made anew since


def test_a_changed_caption_makes_no_cache_of_pictures_stale(tmp_path: Path) -> None:
    root = project(tmp_path, *KNOWN)
    at(root / PICTURE, BEFORE)
    assert set(named(root)) == {name for name, (_, of) in KNOWN.items() if of == CAPTION}
    at(root / PICTURE, NOON)
    at(root / CAPTION, BEFORE)
    assert set(named(root)) == {name for name, (_, of) in KNOWN.items() if of == PICTURE}


def test_a_list_of_captions_makes_none_stale_as_diffusion_pipe_reads_it_again(tmp_path: Path) -> None:
    root = project(tmp_path, *KNOWN)
    for name in KNOWN:
        at(root / name, AFTER)
    (root / "dataset/10_a/captions.json").write_text("{}", "utf-8")
    assert named(root) == []


def test_musubi_tuner_trains_what_is_gone_as_long_as_its_cache_lies_there(tmp_path: Path) -> None:
    name = "exports/musubi-tuner/cache/10_a-1024/left_1024x0768_qi.safetensors"
    elsewhere = "exports/musubi-tuner/cache/of_others/left_1024x0768_qi.safetensors"  # of which folder, nobody knows
    root = project(tmp_path, name, elsewhere)
    at(root / name, AFTER)
    assert caches.of_project(root) == [caches.StaleCache(name, "musubi-tuner", "")]
    assert caches.told(caches.of_project(root)) == [
        f"musubi-tuner has 1 cache of a picture or caption that is gone, and trains it all the same: {name}."
    ]


def test_the_same_name_in_another_folder_is_another_picture(tmp_path: Path) -> None:
    others = ("exports/musubi-tuner/cache/5_b-1024/pier_1024x0768_qi.safetensors",
              f"exports/simpletuner/cache/vae/mine-5_b-1024/{SHA}.pt")  # fmt: skip
    masks = f"exports/simpletuner/cache/vae/mine-5_b-1024-masks/{SHA}.pt"
    regularization = f"exports/simpletuner/cache/vae/mine-reg-1024/{SHA}.pt"
    root = project(tmp_path, *others, masks, regularization, "dataset/5_b/pier.png", "dataset/masks/5_b/pier.png")
    at(root / "dataset/masks/5_b/pier.png", NOON)
    assert named(root) == [masks]
    at(root / "dataset/5_b/pier.png", NOON)
    assert named(root) == sorted([*others, masks])


def test_only_stale_caches_are_cleared(tmp_path: Path) -> None:
    root = project(tmp_path, *KNOWN, *HARMLESS)
    at(root / "dataset/10_a/pier_te_outputs.npz", AFTER)
    assert caches.clear(root) == len(KNOWN) - 1
    assert left(root) == {PICTURE, CAPTION, *HARMLESS, "dataset/10_a/pier_te_outputs.npz"}
    assert named(root) == []
    assert not (root / LATENTS).exists()


def test_files_that_are_of_use_together_only_go_together(tmp_path: Path) -> None:
    whole = [name for name in KNOWN if "latents/" in name or "/image/" in name]
    root = project(tmp_path, *whole)
    for name in whole:
        if "shard" not in name and "/0.pt" not in name:
            at(root / name, AFTER)  # the list of what is in the others, which was written last
    assert named(root) == sorted(whole)


def test_a_link_is_neither_followed_nor_removed(tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "pier_1024x0768_sdxl.npz").write_bytes(b"")
    root = project(tmp_path / "p", "dataset/10_a/other.png")
    (root / "dataset/10_a/pier_1024x0768_sdxl.npz").symlink_to(away / "pier_1024x0768_sdxl.npz")
    (root / "dataset/10_a/_latent_cache").symlink_to(away, target_is_directory=True)
    (root / "exports").symlink_to(away, target_is_directory=True)
    before = left(tmp_path)
    assert caches.clear(root) == 0
    assert left(tmp_path) == before


@pytest.mark.parametrize("name", KNOWN)
def test_check_names_them_in_any_folder(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, trainer = project(tmp_path, name), KNOWN[name][0]
    code = {"kohya sd-scripts": "kohya"}.get(trainer, trainer.lower())
    at(root / name, AFTER)
    main(["check", str(root), "--trainer", code])
    assert name not in capsys.readouterr().out
    at(root / name, BEFORE)
    assert main(["check", str(root), "--trainer", code]) == 1
    assert f"{trainer} made {name} of a picture or caption that was changed" in " ".join(
        capsys.readouterr().out.split()
    )
    assert (root / name).exists()
    main(["check", str(root), "--trainer", "huggingface"])
    assert name not in capsys.readouterr().out


@pytest.mark.run
def test_a_retouched_picture_and_its_caches_from_verify_to_clear(tmp_path: Path) -> None:
    root = Path(shutil.copytree(clones.go_project(), tmp_path / "mystyle"))
    code, said = run(root, "dataset", "export")  # one after the other in one line
    assert code == 0, said
    assert (root / "exports/kohya/README.md").is_file()
    picture = sorted((root / "dataset" / FOLDER).glob("*.png"))[0]
    digest = hashlib.sha256(picture.stem.encode()).hexdigest()
    made = [(root / name.replace("10_a", FOLDER).replace(SHA, digest).replace("pier", picture.stem)) for name in KNOWN]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    code, said = run(root, "verify")
    assert code == 0, said
    assert "cache" not in said  # made after the dataset
    lists = "dataset/strange.npz"
    (root / lists).write_bytes(b"")

    original = sorted((root / "images").glob(f"{picture.stem}.*"))[0]
    with Image.open(original) as image:
        retouched = image.convert("RGB")
    retouched.putpixel((0, 0), (255, 0, 255))
    retouched.save(original)
    run(root, "gate1")
    run(root, "dataset")
    of_pictures = [path for path, (_, of) in zip(made, KNOWN.values(), strict=True) if of == PICTURE]
    trainers = {trainer for trainer, of in KNOWN.values() if of == PICTURE}
    assert len(trainers) == 6
    for words in (["verify"], ["export"], ["export"]):  # it is said until it is settled
        code, said = run(root, *words)
        assert code == 0, said
        assert trainers == {trainer for trainer in trainers if f"{trainer} has " in said}, said
        assert said.count("loraprep export --clear-caches removes them") == 1
        assert all(path.exists() for path in made)
    before = left(root)
    code, said = run(root, "export", "--clear-caches")
    assert code == 0, said
    assert f"Removed: {len(of_pictures)} caches that trainers made of earlier pictures or captions." in said
    gone = {path.relative_to(root).as_posix() for path in of_pictures}
    assert {name for name in before - left(root) if not name.startswith(("build/", ".doit"))} == gone
    assert (root / lists).exists()
    code, said = run(root, "verify")
    assert (code, "cache" in said) == (0, False), said
    assert run(root, "export", "--clear-caches")[0] == 0  # nothing to remove is no mistake


BEFORE_IT = "dataset/control/10_a/pier.png"
# caches of pairs -> whether they are made of the picture before the change too
OF_PAIRS = {
    "exports/musubi-tuner/cache/10_a-1024/pier_1024x0768_fk.safetensors": True,
    "exports/musubi-tuner/cache/10_a-1024/pier_fk_te.safetensors": False,
    "exports/musubi-tuner/cache/10_a-1024/pier_qie_te.safetensors": True,
    f"{LATENTS}/shard_0.bin": True,
    f"dataset/10_a/_latent_cache/pier_{MD5}.safetensors": False,
    f"exports/simpletuner/cache/vae/mine-10_a-1024/{SHA}.pt": False,
    f"exports/simpletuner/cache/vae/mine-10_a-1024-control/{SHA}.pt": True,
    f"exports/simpletuner/cache/vae/mine-10_a-1024-control-2/{SHA}.pt": False,
}


def test_a_changed_picture_before_makes_the_caches_of_its_pair_stale(tmp_path: Path) -> None:
    root = project(tmp_path, *OF_PAIRS)
    control = root / BEFORE_IT
    control.parent.mkdir(parents=True)
    control.write_bytes(pictures.png())
    for name in (PICTURE, CAPTION, BEFORE_IT):
        at(root / name, BEFORE - 60)
    assert named(root) == []
    at(control, AFTER)
    assert named(root) == sorted(name for name, both in OF_PAIRS.items() if both)
    assert {stale.of for stale in caches.of_project(root)} == {BEFORE_IT}
    at(control, BEFORE - 60)
    at(root / PICTURE, AFTER)  # SimpleTuner's cache of the picture before is none of this one
    assert f"exports/simpletuner/cache/vae/mine-10_a-1024-control/{SHA}.pt" not in named(root)
