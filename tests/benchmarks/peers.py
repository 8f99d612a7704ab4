"""Other people's tools, each in its latest release, in an environment of their own."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peer:
    """`package`: its name on PyPI; `program`: arguments of its Python, with {pictures} and {out} to be filled in."""

    name: str
    package: str
    does: str
    program: tuple[str, ...]


PEERS = (
    Peer("argus-curator", "argus-curator", "audit, hashes, near duplicates",
         ("{bin}/argus-curator", "scan", "{pictures}")),
    Peer("cleanvision", "cleanvision", "audit, hashes, near duplicates",
         ("{bin}/python", "-c",
          "import sys; from cleanvision import Imagelab; Imagelab(data_path=sys.argv[1]).find_issues()",
          "{pictures}")),
    Peer("imgeda", "imgeda", "audit, hashes", ("{bin}/imgeda", "scan", "{pictures}", "-o", "{out}/imgeda.jsonl",
                                              "--force", "--workers", "2")),
    Peer("czkawka (Python binding)", "czkawka", "one hash, near duplicates",
         ("{bin}/python", "-c",
          "import sys; from pathlib import Path; from czkawka import ImageSimilarity as I; i = I(); "
          "i.set_directories([Path(sys.argv[1])]); i.find_similar()", "{pictures}")),
)  # fmt: skip


def install(folder: Path) -> dict[str, str]:
    """Package -> its version, or why it cannot be used; into folder/peers."""
    place = folder / "peers"
    if not place.exists():
        venv.create(place, with_pip=True)
    return {peer.package: _installed(place, peer.package) for peer in PEERS}


def _installed(place: Path, package: str) -> str:
    python = _bin(place) / "python"
    done = subprocess.run([python, "-m", "pip", "install", "-q", "--no-input", package],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip failed"]
        return f"not installed: {lines[-1]}"
    asked = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()


def command(peer: Peer, folder: Path, pictures: Path) -> list[str]:
    place = {"bin": str(_bin(folder / "peers")), "pictures": str(pictures), "out": str(folder)}
    return [part.format(**place) if "{" in part else part for part in peer.program]


def _bin(place: Path) -> Path:
    return place / ("Scripts" if sys.platform == "win32" else "bin")
