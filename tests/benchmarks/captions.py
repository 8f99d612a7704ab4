"""The caption that each of the ten base models gets for thirty described pictures, and how well it keeps its promises:

    python -m tests.benchmarks.captions [--file PART_OF_A_NAME] [--root DIR]

Prints, for every base model: captions within what each trainer reads, tokens, and for those that know Danbooru's tags
the share of terms that are real tags and of the tags a person gave by hand that are said or implied. `held`: pictures
looked at once, after all rules stood. With --file also the captions of the pictures whose name holds that; --root
says which of the thirty lie there unpacked (tests/captions/thirty.yaml names them; the numbers need none of them).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import median

from loraprep.captions import tokens
from loraprep.captions.render import limit_of
from loraprep.core import resources
from loraprep.project import profiles
from tests.thirty import BOORU, MODELS, captions, config, listed, shares

LENGTHS = ("short", "normal", "long")


def within(model: str) -> tuple[int, int]:
    """Return (captions within what is read, captions) over all trainers and lengths."""
    fits = total = 0
    base = profiles.base_model(model)
    for trainer in resources.names("resources/trainers"):
        for length in LENGTHS:
            more = {"dataset": {"trainers": (trainer,)}, "captioning": {"length": length}}
            limit = limit_of(config(model, **more), base)
            counts = [tokens.count(c.text, base.encoder.name) for c in captions(model, **more).values()]
            fits += sum(count <= limit for count in counts)
            total += len(counts)
    return fits, total


def table() -> list[str]:
    """Write the table in Markdown."""
    lines = [
        "| Base model | within what is read | tokens: median, most | real tags | by hand | real tags, held | by hand, held |",
        "|---|---|---|---|---|---|---|",
    ]
    for model in MODELS:
        fits, total = within(model)
        counts = [c.tokens for c in captions(model).values()]
        cells = [model, f"{fits} of {total}", f"{median(counts):g}, {max(counts)}"]
        for held in (False, True):
            cells += [f"{share:.1%}" for share in shares(model, held=held)] if model in BOORU else ["", ""]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print the table, and the captions that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", help="show the captions of the pictures whose name holds this; all of them: .")
    parser.add_argument("--root", type=Path, help="where the packages are unpacked")
    options = parser.parse_args()
    if options.root:
        there = [e["file"] for e in listed() if [*options.root.rglob(Path(e["file"]).name)]]
        sys.stdout.write(f"{len(there)} of {len(listed())} pictures lie in {options.root}\n\n")
    sys.stdout.write("\n".join(table()) + "\n")
    if options.file:
        made = {model: captions(model) for model in MODELS}
        for entry in listed():
            if options.file in entry["file"]:
                sys.stdout.write(f"\n{entry['file']}\n")
                sys.stdout.writelines(f"  {model:12} {made[model][entry['file']].text}\n" for model in MODELS)


if __name__ == "__main__":
    main()
