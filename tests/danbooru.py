"""resources/danbooru.tsv.gz, the tags that base models learned, made of a list and its implications.

python -m tests.danbooru LIST.csv IMPLICATIONS.json: see resources/danbooru.md for where these are from.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from pathlib import Path

from tests import ROOT

FILE = ROOT / "resources/danbooru.tsv.gz"
GENERAL, SERIES, CHARACTER, META = "0", "3", "4", "5"
LEAST = {GENERAL: 50, SERIES: 1000, CHARACTER: 500, META: 50}  # pictures: rarer ones no base model has learned
# of the meta tags those that say how a picture is made; commentary, translations and requests describe nothing
_HOW_MADE = re.compile(r"_\(medium\)$|_media$|_screenshot$|^official_art$")


def rows(listed: Path, implications: Path) -> list[str]:
    """Return a line a tag: name, category, count, aliases, what it implies."""
    implied: dict[str, set[str]] = {}
    for entry in json.loads(implications.read_text("utf-8")):
        if entry["status"] == "active":
            implied.setdefault(entry["antecedent_name"], set()).add(entry["consequent_name"])
    with listed.open(encoding="utf-8", newline="") as stream:
        kept = {row["tag"]: row for row in csv.DictReader(stream) if _wanted(row)}
    found = []
    for name, row in kept.items():
        told = row["type"] in (GENERAL, META)
        aliases = [a for a in row["aliases"].split(",") if told and a and a.isascii() and not a.startswith("/")]
        more = sorted(tag for tag in implied.get(name, ()) if told and tag in kept)
        found.append("\t".join((name, row["type"], row["count"], ",".join(aliases), " ".join(more))))
    return found


def _wanted(row: dict[str, str]) -> bool:
    kind = row["type"]
    return int(row["count"]) >= LEAST.get(kind, sys.maxsize) and (kind != META or bool(_HOW_MADE.search(row["tag"])))


if __name__ == "__main__":
    text = "\n".join(rows(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n"
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
