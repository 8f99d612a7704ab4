"""The steps about single files: the scan, the quality audit, the native detail."""

from __future__ import annotations

from loraprep.captions import captions
from loraprep.core import files, terminal
from loraprep.dataset import adopt, manifest
from loraprep.pipeline import artifacts
from loraprep.pipeline.workspace import Workspace
from loraprep.project import crops
from loraprep.scan import audit, detail, fingerprint, scan


def scan_images(work: Workspace, full: bool = False) -> None:
    """Looks at every file in the images folder, and takes over captions edited in dataset/."""
    _scan(work, full)
    if manifest.caption_edited(work.root):
        for path in adopt.adopt_captions(
            work.root, captions.HEADER, artifacts.digests([i for i in work.images() if i.state == "image"])
        ):
            terminal.say(f"Your caption of {path} in dataset/ is in decisions/captions.yaml now.")


def _scan(work: Workspace, full: bool) -> None:
    project = work.project
    limits = project.config["thresholds"]["audit"]
    memory = project.root / "build/scan-unchanged.json"
    outputs = [project.root / "build/images.jsonl", project.root / "build/upscaled.json"]
    drawn = project.root / crops.NAME
    mark = fingerprint.mark(
        project.images,
        project.root,
        [
            project.config["images"],
            limits["max_megapixels"],
            limits["max_megabytes"],
            files.sha256(drawn) if drawn.is_file() else "",
        ],
    )
    if not full and fingerprint.holds(memory, mark, outputs):
        return
    with terminal.progress("Looking at the pictures") as progress:
        found = scan.write(
            project.root / "build/images.jsonl",
            project.images,
            project.root,
            include=project.config["images"]["include"],
            exclude=project.config["images"]["exclude"],
            max_megapixels=limits["max_megapixels"],
            max_megabytes=limits["max_megabytes"],
            cache=project.root / "build/scan-cache.sqlite",
            full=full,
            progress=progress,
        )
    work.write("upscaled", {"orphans": found.orphans, "masks": found.masks})
    if found.sure:
        fingerprint.remember(memory, mark, outputs)


def audit_images(work: Workspace) -> None:
    """Are the pictures technically fit to train on?"""
    project = work.project
    result = audit.audit(work.images(), work.read("upscaled"), project.config, project.model, project.kind)
    work.ask("quality", audit.HEADER, audit.to_ask(result.questions, work.decisions("quality")))
    work.write(
        "audit",
        {
            "findings": artifacts.plain(result.findings),
            "questions": artifacts.plain(result.questions),
            "layout": result.layout,
        },
    )


def measure_detail(work: Workspace) -> None:
    """How much of their size do the pictures that stay really hold?"""
    project = work.project
    images = work.images()
    with terminal.progress("Looking at full size") as progress:
        staying = detail.measured(
            work.pictures,
            artifacts.staying(work, images, all_=True),
            cache=project.root / "build/detail-cache.json",
            among=images,
            progress=progress,
        )
    found = detail.findings(staying, project.config["thresholds"]["audit"]["detail"])
    work.write("detail", {"detail": {i.path: i.detail for i in staying}, "findings": artifacts.plain(found)})
