"""How rightly is a set judged? python -m tests.benchmarks.judgement --root DIR [--part develop|report] [--keep FILE]

Sets are drawn from single origins of Debian packages (tests/benchmarks/origins.py), files of which lie under DIR, and
judged by `curate` itself. Rules are made on the one part; the other is looked at once a change is done. What cannot be
measured for want of a package is left out and said. `--keep` remembers what is measured of a picture, so that only the
first run takes minutes. `--rows two,strays,...` runs some, `--each` says what is said of every set. With `--encoder
FILE.onnx` the row `subset` is measured with what that sees and without words.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
from PIL import Image as Pillow
from PIL import ImageEnhance

from loraprep.captions import file_names
from loraprep.core import findings
from loraprep.core.findings import Code
from loraprep.core.records import Caption, Grade
from loraprep.curation import curate
from loraprep.curation.assessment import Observations
from loraprep.curation.measures import diversity
from loraprep.curation.measures.embedding import ImageEncoder
from loraprep.project import profiles
from loraprep.project.decisions import Decisions
from loraprep.project.settings import complete_settings
from tests.benchmarks.origins import (
    CHESSBOARD,
    EDITS,
    Known,
    Origin,
    Pictures,
    chosen,
    measure,
    named,
    rand,
)
from tests.benchmarks.subset import synthetic

Part = Literal["develop", "report"]
# by eye: nobody would take one for the other
CLEAR: dict[str, tuple[tuple[str, str], ...]] = {
    "develop": (
        ("cartoons", "black and white signs"), ("cartoons", "land"), ("cartoons", "maps"),
        ("lemon icons", "desert elves"), ("lemon icons", "manuscript cut-outs"), ("pens", "undead"),
        ("city", "cartoons"), ("desert elves", "manuscript cut-outs"), ("undead", "land"),
        ("cards", "colonial houses"), ("maps", "space ships"), ("nebulae", "levels"), ("land", "levels"),
    ),
    "report": (
        ("weather", "humans"), ("heirs", "road signs"), ("paper grain", "rendered things"),
        ("new world houses", "pictograms"), ("hulls", "manuscript pages"), ("animal photographs", "road signs"),
        ("animal photographs", "red portraits"), ("plots", "terrain"), ("pictograms", "rendered things"),
        ("hedgehog levels", "humans"), ("red portraits", "weather"), ("manuscript pages", "hedgehog levels"),
        ("terrain", "heirs"),
    ),
}  # fmt: skip
THREE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "develop": (
        ("cartoons", "land", "manuscript cut-outs"), ("lemon icons", "undead", "levels"), ("maps", "nebulae", "city"),
        ("cards", "desert elves", "land"), ("pens", "cartoons", "black and white signs"),
        ("space ships", "maps", "manuscript cut-outs"),
    ),
    "report": (
        ("weather", "humans", "pictograms"), ("heirs", "road signs", "terrain"), ("plots", "manuscript pages", "hulls"),
        ("animal photographs", "hedgehog levels", "pictograms"), ("paper grain", "red portraits", "road signs"),
        ("new world houses", "weather", "manuscript pages"),
    ),
}  # fmt: skip
EDITED: dict[str, tuple[str, ...]] = {
    "develop": ("undead", "cartoons", "land", "manuscript cut-outs", "levels"),
    "report": ("humans", "animal photographs", "terrain", "manuscript pages", "hedgehog levels"),
}
# (the rest, the odd ones): drawn, taken or shown otherwise, as somebody looking through the folder would see at once
STRAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "develop": (
        ("cartoons", "land"), ("land", "cartoons"), ("desert elves", "maps"), ("manuscript cut-outs", "undead"),
        ("undead", "land"), ("colonial houses", "cards"), ("space ships", "cartoons"), ("cards", "pens"),
        ("maps", "levels"), ("pens", "black and white signs"), ("cartoons", "nebulae"), ("land", "levels"),
        ("lemon icons", "undead"), ("levels", "manuscript cut-outs"),
    ),
    "report": (
        ("humans", "animal photographs"), ("animal photographs", "pictograms"), ("weather", "heirs"),
        ("heirs", "road signs"), ("manuscript pages", "red portraits"), ("red portraits", "humans"),
        ("pictograms", "weather"), ("road signs", "new world houses"), ("hulls", "plots"), ("plots", "humans"),
        ("terrain", "animal photographs"), ("hedgehog levels", "manuscript pages"), ("rendered things", "road signs"),
        ("new world houses", "red portraits"),
    ),
}  # fmt: skip
SETTINGS = complete_settings(
    {"version": 1, "name": "x", "model": "flux", "trigger": "zz", "intent": {"kind": "style"}, "images": {}}
)
KIND = profiles.kind("style")
NOTHING = Decisions()
Set = Sequence[Known]


class Judged(msgspec.Struct, frozen=True):
    """What is said of one set about its styles."""

    level: str  # "jumble", "asked", "hinted" or ""
    groups: list[list[int]]  # of positions; [] where nothing is asked
    how: str  # what differs, as it is said
    strays: set[int]
    unlike: set[int]  # those of them that are asked about
    odd: str  # how they differ, as it is said
    codes: Counter[Code]

    @property
    def asked(self) -> bool:
        """Does it wait for an answer, or block?"""
        return self.level in ("jumble", "asked")


def judge(pictures: Set, captions: Sequence[str] = (), kind: str = "style") -> Judged:
    """Judge a set as gate1 would, every question open."""
    images, styles = named(pictures)
    texts = {i.path: caption(i.path, t) for i, t in zip(images, captions, strict=bool(captions))}
    found = curate.curate(images, Observations({}, texts, styles), (), profiles.kind(kind), SETTINGS, NOTHING)
    at = {i.path: n for n, i in enumerate(images)}
    said = {f.code: f for f in found.assessment.findings}
    question = next((q for q in found.questions if "looks" in q.entry), None)
    level = (
        "jumble" if Code.JUMBLE in said
        else "asked" if question and Code.SEVERAL_HANDS in said
        else "hinted" if Code.PERHAPS_HANDS in said else ""
    )  # fmt: skip
    groups = [[at[p] for p in paths] for paths in question.entry["looks"].values()] if question else []
    odd = (Code.STRAYS, Code.UNLIKE_LOOK, Code.UNLIKE_THE_REST)
    strays = {at[p] for code in odd if code in said for p in said[code].images}
    about = next((said[c] for c in (Code.SEVERAL_HANDS, Code.PERHAPS_HANDS, Code.OTHER_EXPORT) if c in said), None)
    how = str(about.values.get("how", "")) if about else ""
    asked = next((q.entry["unlike"] for q in found.questions if "unlike" in q.entry), {})
    unlike = " | ".join(dict.fromkeys(asked.values()))
    return Judged(
        level, groups, how, strays, {at[p] for p in asked}, unlike, Counter(f.code for f in found.assessment.findings)
    )


def caption(path: str, text: str) -> Caption:
    """A caption that somebody wrote."""
    terms = tuple(filter(None, (t.strip() for t in text.split(","))))
    return Caption(path, f"zz, {text}", "prose", "existing", Grade.DESCRIBED, 20, 225, content=terms)


class Sets:
    """The origins of one part, and draws from them that are always the same."""

    def __init__(self, root: Path, keep: Path, part: Part, encoder: Path | None = None) -> None:
        self.part: Part = part
        self.encoder = ImageEncoder(encoder) if encoder else None
        self.pictures = Pictures(root, keep)
        origins = {o.name: self.pictures.origin(o) for o in chosen(part)}
        self.files = {name: [f for f, _ in found] for name, found in origins.items() if len(found) >= 20}
        self.known = {name: [k for _, k in found] for name, found in origins.items() if len(found) >= 20}
        self.missing = sorted(set(origins) - set(self.known))
        self.pictures.close()

    def have(self, *names: str) -> bool:
        """Are all of these there?"""
        return all(n in self.known for n in names)

    def some(self, name: str, number: int, offset: int = 0) -> list[Known]:
        """An even choice of an origin's pictures."""
        every = self.known[name]
        return [every[(offset + int(k * len(every) / number)) % len(every)] for k in range(number)]

    def mixed(self, names: Sequence[str], numbers: Sequence[int]) -> tuple[list[Known], list[str]]:
        """So many pictures of each origin, and whose each is."""
        parts = [
            (k, n)
            for n, number in zip(names, numbers, strict=True)
            for k in self.some(n, min(number, len(self.known[n])))
        ]
        return [k for k, _ in parts], [n for _, n in parts]


Say = Callable[[str], None]


def _right(judged: Judged, whose: Sequence[str]) -> float:
    inside = {n: k for k, group in enumerate(judged.groups) for n in group}
    return rand(whose, [inside.get(n, -1 - n) for n in range(len(whose))])


def two_styles(sets: Sets, say: Say) -> Iterator[str]:
    """Clearly two styles at three ratios; asked, said, and whether the groups are the styles."""
    for numbers in ((18, 18), (27, 9), (32, 4)):
        judged = []
        for pair in CLEAR[sets.part]:
            if sets.have(*pair):
                pictures, whose = sets.mixed(pair, numbers)
                j = judge(pictures)
                judged.append((j.asked, _right(j, whose)))
                say(f"{pair} {numbers}: {j.level or 'silent'} {[len(g) for g in j.groups]} {judged[-1][1]:.2f} {j.how}")
        asked = [r for a, r in judged if a]
        yield f"two styles {numbers[0]}+{numbers[1]}: asked and said {len(asked)} of {len(judged)}; groups right (index >= .8) {sum(r >= 0.8 for r in asked)}"


def more_styles(sets: Sets, say: Say) -> Iterator[str]:
    """Three sources; six; all."""
    asked = []
    for names in THREE[sets.part]:
        if sets.have(*names):
            pictures, whose = sets.mixed(names, (13, 13, 13))
            j = judge(pictures)
            asked.append(j.asked)
            say(f"{names}: {j.level or 'silent'} {[len(g) for g in j.groups]} {_right(j, whose):.2f} {j.how}")
    yield f"three styles: asked {sum(asked)} of {len(asked)}"
    for number, each in ((6, 6), (len(sets.known), 2)):
        levels = []
        for start in range(6 if each > 2 else 3):
            names = [list(sets.known)[(start + 2 * k if each > 2 else k) % len(sets.known)] for k in range(number)]
            pictures = [k for n in names for k in sets.some(n, each, start)]
            levels.append(judge(pictures).level)
        yield f"{number} styles, {each} of each: {dict(Counter(levels))} of {len(levels)}"


def single(sets: Sets, say: Say) -> Iterator[str]:
    """One origin."""
    levels: dict[str, str] = {}
    for name, known in sets.known.items():
        j = judge(known)
        levels[name] = j.level
        say(f"{name}: {j.level or 'silent'} {[len(g) for g in j.groups]} {j.how}")
    asked = [n for n, level in levels.items() if level in ("asked", "jumble")]
    hinted = [n for n, level in levels.items() if level == "hinted"]
    yield f"single origins: asked {len(asked)} {asked}, hinted {len(hinted)} {hinted} of {len(levels)}"


def edited(sets: Sets, say: Say) -> Iterator[str]:
    """One origin, half of it darkened, grey, resized, re-saved."""
    wrong, told, number = [], 0, 0
    for name in EDITED[sets.part]:
        if not sets.have(name):
            continue
        for edit in EDITS:
            files = sets.files[name]
            half = [sets.pictures.measured(f, edit if n % 2 else "") for n, f in enumerate(files[:32])]
            j = judge([k for k in half if k])
            number += 1
            told += j.codes[Code.OTHER_EXPORT] > 0
            if j.level:
                wrong.append(f"{name} {edit}: {j.level}")
            say(f"{name} {edit}: {j.level or 'silent'} {j.how}")
    sets.pictures.close()
    yield f"half of it edited: called hands {len(wrong)} of {number} {wrong}, named as that {told}"


def strays(sets: Sets, say: Say) -> Iterator[str]:
    """Two odd pictures in 28."""
    right = wrong = number = asked = 0
    for most, odd in STRAYS[sets.part]:
        if sets.have(most, odd):
            j = judge([*sets.some(most, 26), *sets.some(odd, 2, 3)])
            number += 2
            right += len(j.strays & {26, 27})
            wrong += len(j.strays - {26, 27})
            asked += len(j.unlike & {26, 27})
            say(f"{most} < {odd}: {sorted(j.strays)}, asked {sorted(j.unlike)} {j.odd}")
    yield f"strays: named {right} of {number}, {asked} of them asked about, sound pictures named {wrong}"
    alone = {name: judge(known) for name, known in sets.known.items()}
    named, doubted = (
        [n for n, j in alone.items() if of(j)] for of in (lambda j: j.unlike, lambda j: j.strays - j.unlike)
    )
    yield f"single origins: a picture asked about in {len(named)} {named}, hinted at in {len(doubted)} {doubted} of {len(alone)}"


SUBJECTS = ("a cat", "a woman", "a house", "a bowl of fruit")
BOUND: dict[str, tuple[str, ...]] = {
    "light": ("{}, at night", "{}, daylight", "{}, dim light", "{}, backlight"),
    "framing": ("{}, close-up", "{}, full body", "{}, wide view", "{}, portrait"),
    "technique": ("watercolor of {}", "ink drawing of {}", "oil painting of {}", "pencil sketch of {}"),
    "place": ("{} in a forest", "{} on the beach", "{} in a street", "{} near a river"),
}
COUNT = 40  # pictures of a set with ties


def _tied(axis: str, strength: float, only: int, random: np.random.Generator) -> list[str]:
    """Sentences about a subject and another term, of a set in which they are bound that strongly; `only`: one subject."""
    forms, subjects = BOUND[axis], np.arange(COUNT) % 4
    free = random.integers(4, size=COUNT)
    bound = (random.random(COUNT) < strength) & ((subjects == only) | (only < 0))
    texts = [forms[s if b else f].format(SUBJECTS[s]) for s, b, f in zip(subjects, bound, free, strict=True)]
    images = [msgspec.structs.replace(i, warmth=0.0, chroma=20.0, width=900, height=900) for i in synthetic(COUNT)]
    captions = {i.path: caption(i.path, t) for i, t in zip(images, texts, strict=True)}
    found = curate.assess(images, Observations({}, captions, {}), KIND, SETTINGS)
    return [findings.sentence(f) for f in found.findings if f.code == Code.TIED]


def ties(sets: Sets, say: Say) -> Iterator[str]:
    """Captions in which each subject has a light, framing, technique or place of its own, and in which one has."""
    offset = 100 if sets.part == "develop" else 200
    for only, title in ((-1, "every subject"), (0, "one subject alone")):
        for strength in (0.0, 0.75, 1.0):
            told = dict.fromkeys(BOUND, 0)
            for axis in BOUND:
                for n in range(18 if strength == 0 else 6):
                    said = _tied(
                        axis,
                        strength,
                        only,
                        np.random.default_rng((offset + n, int(8 * strength), only + 1, *map(ord, axis))),
                    )
                    told[axis] += bool(said)
                    for sentence in said:
                        say(f"{title} {axis} {strength}: {sentence}")
            yield f"ties, {title}, strength {strength}: told {told} of {18 if strength == 0 else 6} each"


PLANTED = (30, 10, 8, 6, 4, 2)  # pictures of six groups, of which TAKEN are chosen
TAKEN, DRAWS = 24, 100
_A, _S, _E = "games/pysiogame/res/images/art4apps", "tuxpaint/stamps", "games/endless-sky/images"
_C, _N = "openclipart/png", "naev/dat/gfx"
# groups by what is shown: (title, glob, folders)
SHOWN: dict[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "develop": (
        ("one hand by subject", f"{_A}/{{}}/**/*", ("actions", "animals", "body", "clothes_n_accessories", "construction", "food", "fruit_n_veg", "jobs", "nature", "people", "sport", "transport")),
        ("photographs by subject", f"{_S}/{{}}/**/*.png", ("animals/birds", "animals/mammals", "animals/insects", "animals/fish", "food", "plants", "vehicles", "town", "seasonal", "household", "clothes", "space", "sports")),
        ("an author by subject", f"{_C}/{{}}/**/*benji*.png", ("computer", "people", "recreation", "shapes", "signs_and_symbols", "tools")),
        ("a game by subject", f"{_N}/{{}}", ("bkg/**/*", "commodity/**/*", "loading/*", "outfit/store/*", "planet/space/*", "portraits/neutral/*", "ship/**/*_comm.*")),
    ),
    "report": (
        ("one author by subject", f"{_C}/{{}}/**/*ganson*.png", ("animals", "food", "people", "plants", "recreation", "transportation", "geography", "signs_and_symbols", "tools")),
        ("one game by subject", f"{_E}/{{}}/**/*", ("asteroid", "land", "outfit", "planet", "ship", "scene", "star", "effect", "projectile", "ui")),
    ),
}  # fmt: skip


Groups = dict[str, list[tuple[Path, Known]]]
Member = tuple[Path, Known, str]  # with its group


def _planted(groups: Groups, draw: int) -> tuple[list[Member], list[int], np.random.Generator]:
    """Draw six groups of PLANTED sizes, shuffled: (pictures, which group each is of, for further draws)."""
    random = np.random.default_rng((23, draw))
    while True:
        names = random.permutation(sorted(groups))[: len(PLANTED)]
        if all(len(groups[n]) >= size for n, size in zip(names, PLANTED, strict=True)):
            break
    every = [
        ((*groups[name][int(k)], str(name)), number)
        for number, (name, size) in enumerate(zip(names, PLANTED, strict=True))
        for k in random.permutation(len(groups[name]))[:size]
    ]
    order = random.permutation(len(every))
    return [every[n][0] for n in order], [every[n][1] for n in order], random


# by which of its eight terms (resources/kinds/style.yaml) a vision model names what such a folder or origin shows
NAMED = {
    "person": ("desert elves", "undead", "manuscript cut-outs", "humans", "heirs", "red portraits", "actions", "body", "jobs", "people", "sport", "portraits/neutral/*"),
    "animal": ("cartoons", "animal photographs", "animals", "animals/birds", "animals/mammals", "animals/insects", "animals/fish"),
    "building": ("city", "colonial houses", "new world houses", "construction", "town"),
    "landscape": ("land", "maps", "nebulae", "levels", "weather", "terrain", "hedgehog levels", "nature", "space", "geography", "scene", "planet", "star", "asteroid", "bkg/**/*", "planet/space/*"),
    "plant": ("plants",),
    "vehicle": ("space ships", "hulls", "transport", "vehicles", "transportation", "ship", "loading/*", "ship/**/*_comm.*"),
}  # fmt: skip
_TERM = {folder: term for term, folders in NAMED.items() for folder in folders}  # of all others "still life"
TERMS = (*NAMED, "still life", "interior")
MISNAMED = 0.15  # of the pictures a model is made to name any term
# another term for each group
CLASSES = ("a house", "a woman", "a cat", "a bowl of fruit", "a tree", "a car")


def _spread(whose: Sequence[int], chosen: Sequence[int]) -> tuple[float, int]:
    """(Hill number, groups) of those chosen."""
    counts = Counter(whose[n] for n in chosen)
    return diversity.hill(counts), len(counts)


def _called(file: Path) -> str:
    """What its author wrote beside a picture, else what its name says; "" where that is nothing."""
    beside = file.with_suffix(".txt")
    if beside.exists():
        return beside.read_text("utf-8").splitlines()[0].strip().rstrip(".!").replace(",", " ")
    return " ".join(file_names.name_terms(file.name))


def _named_subjects(members: Sequence[Member], whose: Sequence[int], random: np.random.Generator) -> list[str]:
    """Each group by a term of its own, which nobody errs about."""
    return [f"{CLASSES[g]}, thing {random.integers(40)}" for g in whose]


def _authors_words(members: Sequence[Member], whose: Sequence[int], random: np.random.Generator) -> list[str]:
    """What their authors call them: "great blue heron", "a robin"."""
    return [_called(file) for file, _, _ in members]


def _model_words(members: Sequence[Member], whose: Sequence[int], random: np.random.Generator) -> list[str]:
    """The same after a vision model's term for what is shown, any of them in MISNAMED of the pictures."""
    terms = [
        str(random.choice(TERMS)) if random.random() < MISNAMED else _TERM.get(folder, "still life")
        for _, _, folder in members
    ]
    return [f"{t}, {w}" for t, w in zip(terms, _authors_words(members, whose, random), strict=True)]


DESCRIBED: dict[str, Callable[[Sequence[Member], Sequence[int], np.random.Generator], list[str]]] = {
    "by pixels alone": lambda *_: [],
    "subjects named in captions": _named_subjects,
    "called as their authors do": _authors_words,
    "called so and named by a vision model": _model_words,
}


def _chosen(pictures: Sequence[Known], texts: Sequence[str], embedded: Sequence[Sequence[float]] = ()) -> list[int]:
    """The TAKEN that stay; `embedded`: what an encoder makes of each."""
    images, styles = named(pictures)
    captions = {i.path: caption(i.path, t) for i, t in zip(images, texts, strict=bool(texts))}
    embeddings = {i.path: e for i, e in zip(images, embedded, strict=bool(embedded))}
    settings = msgspec.structs.replace(SETTINGS, curation=msgspec.structs.replace(SETTINGS.curation, target=TAKEN))
    kind = msgspec.structs.replace(KIND, looks="note")  # else other origins leave as other hands
    found = curate.curate(images, Observations({}, captions, styles, embeddings), (), kind, settings, NOTHING)
    out = {p for q in found.questions for p in q.entry["pictures"]}
    return [n for n, i in enumerate(images) if i.path not in out]


def subsets(sets: Sets, say: Say) -> Iterator[str]:
    """The best TAKEN of 60 in six uneven groups, by pixels alone and with captions; with an encoder, if there is one."""
    kinds: dict[str, Groups] = {"origins": {n: list(zip(sets.files[n], k, strict=True)) for n, k in sets.known.items()}}
    for title, glob, folders in SHOWN[sets.part]:
        origins = [Origin(f, sets.part, (glob.format(f),)) for f in folders]
        kinds[title] = {o.name: sets.pictures.origin(o) for o in origins}
    sets.pictures.close()
    encoder = sets.encoder
    ways = {"with an encoder": lambda *_: []} if encoder else DESCRIBED  # an encoder's eye comes before words
    for title, groups in kinds.items():
        for how, describe in ways.items():
            better, hills, whole = 0.0, [], 0
            for draw in range(DRAWS):
                members, whose, random = _planted(groups, draw)
                texts = describe(members, whose, random)
                seen = [sets.pictures.seen(f, encoder) for f, _, _ in members] if encoder else []
                hill, covered = _spread(whose, _chosen([k for _, k, _ in members], texts, seen))
                by_chance = [_spread(whose, random.permutation(60)[:TAKEN].tolist())[0] for _ in range(20)]
                better += float(np.mean([hill > other for other in by_chance]))
                hills.append(hill)
                whole += covered == len(PLANTED)
            yield f"subset, {title}, {how}: beats a random draw in {100 * better / DRAWS:.0f} of 100, Hill number {np.mean(hills):.2f}, no group lost in {whole} of {DRAWS}"
    sets.pictures.close()


SCENES: dict[str, tuple[str, ...]] = {
    "develop": ("backgrounds/mate/nature/*.jpg", "games/endless-sky/images/land/*.jpg"),
    "report": ("backgrounds/*_by_*.jpg", "naev/dat/gfx/planet/exterior/*"),
}


def _frames(file: Path, number: int) -> list[Known]:
    """Frames of one scene, as a camera that moves, turns and zooms takes them."""
    random = np.random.default_rng(list(file.name.encode()))
    whole = Pillow.open(file).convert("RGB")
    whole.thumbnail((1600, 1600))
    found = []
    for _ in range(number):
        size = random.uniform(0.6, 0.9)
        wide, high = whole.width * size, whole.height * size
        x, y = random.uniform(0, whole.width - wide), random.uniform(0, whole.height - high)
        turned = whole.rotate(random.uniform(-6, 6), Pillow.Resampling.BICUBIC, center=(x + wide / 2, y + high / 2))
        frame = turned.crop((int(x), int(y), int(x + wide), int(y + high)))
        frame = ImageEnhance.Brightness(frame.resize((800, round(800 * high / wide)))).enhance(
            random.uniform(0.85, 1.15)
        )
        stream = io.BytesIO()
        frame.save(stream, "JPEG", quality=90)
        if known := measure(stream.getvalue()):
            found.append(known)
    return found


def scenes(sets: Sets, say: Say) -> Iterator[str]:
    """One scene 24 times, and one chessboard from all sides; single origins beside it."""
    made = {f.stem: _frames(f, 24) for glob in SCENES[sets.part] for f in sets.pictures.files((glob,), 4)}
    if sets.part == "report":
        board = [sets.pictures.measured(f) for f in sets.pictures.files(CHESSBOARD, len(CHESSBOARD))]
        made["chessboard"] = [k for k in board if k]
    sets.pictures.close()
    for described in (False, True):
        levels: dict[str, Counter[str]] = {"scenes": Counter(), "single origins": Counter()}
        for kind, every in (("scenes", made), ("single origins", sets.known)):
            for name, known in every.items():
                # a scene is described as one, a folder of other things by other words
                texts = [
                    f"a place, {('left', 'right')[n % 2]}" if kind == "scenes" else f"thing {n}, {CLASSES[n % 6]}"
                    for n in range(len(known))
                ]
                codes = judge(known, texts if described else ()).codes
                level = "blocked" if codes[Code.ONE_SCENE] else "doubted" if codes[Code.ALL_ALIKE] else "silent"
                levels[kind][level] += 1
                say(f"{kind} {name} {'described' if described else ''}: {level}")
        yield f"one scene{', described' if described else ''}: {dict(levels['scenes'])}; single origins {dict(levels['single origins'])}"


ROWS: dict[str, Callable[[Sets, Say], Iterator[str]]] = {
    "two": two_styles,
    "more": more_styles,
    "single": single,
    "edited": edited,
    "strays": strays,
    "ties": ties,
    "subset": subsets,
    "scenes": scenes,
}


def main(root: Path, keep: Path, part: Part, rows: Sequence[str], each: bool, encoder: Path | None = None) -> None:
    """Print the table."""
    sets = Sets(root, keep, part, encoder)
    if sets.missing:
        print(f"not there: {', '.join(sets.missing)}")
    for name in rows:
        for line in ROWS[name](sets, print if each else lambda _: None):
            print(line, flush=True)


def _arguments() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--part", choices=("develop", "report"), default="develop")
    parser.add_argument("--keep", type=Path, default=Path("build/judgement.msgpack"))
    parser.add_argument("--rows", type=lambda s: s.split(","), default=list(ROWS))
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--encoder", type=Path)
    return vars(parser.parse_args())


if __name__ == "__main__":
    main(**_arguments())
