"""What hangs together that should not: one term in nearly every picture, two axes that move as one."""

from __future__ import annotations

import itertools
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import msgspec

from loraprep.captions import hygiene, lexicon
from loraprep.core.findings import Code, Finding, Value
from loraprep.core.records import Axis
from loraprep.core.text import alike_at_start
from loraprep.curation.axes import AxisLabels
from loraprep.curation.measures import diversity
from loraprep.curation.spoken import PREPOSITIONS, Spoken

LEAST = 12  # pictures seen on both axes, below which nothing is said of a pair of axes
TRUSTED = 60  # from so many on the strength of a single set follows the truth (Spearman 0.95: tests/benchmarks)
_CHANCE = 0.05  # that any tie is said of a set without one
_MOST = 0.7  # share of one term's pictures that have the other, from which an artist would notice
_NEARLY_ALL = 0.8  # share of the pictures looked at, from which an axis is one-sided
_THINGS = 3  # ties with what captions name beside the subject, at most: houses have windows
_FEW = 5  # pictures, below which neither that nor a pair is said


def one_sided_findings(axes: Sequence[Axis], kept: int) -> list[Finding]:
    """Find axes on which nearly all pictures that were looked at are the same.

    A picture's shape is left out: trainers sort by it, and the model is told the shape apart from the words.
    """
    return [
        Finding(Code.ONE_SIDED, (), {"label": a.label, "term": term, "share": f"{count} of {a.seen}"})
        for a in axes
        for term, count in a.counts.items()
        if a.name != "shape" and kept >= _FEW and a.seen >= _FEW and a.judged(kept)
        if count >= _NEARLY_ALL * (kept if a.measured else a.seen)  # heads turned away are those that are not found
    ]


_Set = int | bytes  # pictures, as `_Places` holds them; equal ones are held alike


class _Places:
    """Pictures by their place among all, in order of their paths; sets of paths take hundreds of times the memory.

    A set is a whole number with the bits of its pictures set or, where that is less, their places of 32 bits each.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = sorted(paths)
        self._at = {path: n for n, path in enumerate(self._paths)}

    def of(self, paths: Iterable[str]) -> _Set:
        """Hold these."""
        return self._held(sorted(self._at[path] for path in paths))

    def held(self, bits: int) -> _Set:
        """Hold those whose bits are set."""
        return self._held([n for n, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"])

    def _held(self, places: list[int]) -> _Set:
        packed = array("I", places).tobytes()
        return packed if len(packed) * 8 < len(self._paths) else self.bits(packed)

    def bits(self, held: _Set) -> int:
        """Return a set as a number."""
        if isinstance(held, int):
            return held
        bits = bytearray(len(self._paths) // 8 + 1)
        for n in array("I", held):
            bits[n >> 3] |= 1 << (n & 7)
        return int.from_bytes(bits, "little")

    def paths(self, bits: int) -> tuple[str, ...]:
        """Return those whose bits are set, sorted."""
        return tuple(path for path, bit in zip(self._paths, reversed(f"{bits:b}"), strict=False) if bit == "1")


# (pictures looked at, `_side` of each of two terms, are both or neither the term's own), sets of pictures by number:
# the same for "cats at night", for "at night, cats", and for "all the others by day" of two subjects and two lights
_Question = tuple[int, int, int, bool]


class _Told(msgspec.Struct, frozen=True):
    """One way of telling pictures apart: term -> the pictures that have it, of those looked at."""

    name: str
    seen: int
    terms: dict[str, _Set]
    said: dict[str, str] = {}  # how a term is said of a picture, where resources/asked.yaml does not know

    def within(self, seen: int, places: _Places) -> Iterator[tuple[str, _Set, int]]:
        """Yield each term, those of the pictures `seen` that have it, and how many they are."""
        for term, held in self.terms.items():
            bits = places.bits(held)
            if of := bits & seen:
                yield term, held if of == bits else places.held(of), of.bit_count()


class _Cell(msgspec.Struct, frozen=True):
    """Two terms that were both looked for on the same pictures, and how many these are."""

    a: str
    b: str
    instead: str  # what most of the others are, "" if that is nothing of one word
    told: tuple[_Told, _Told]  # of a and of b
    seen: int
    of_a: _Set
    of_b: _Set
    count: int
    count_a: int
    count_b: int
    both: int
    chance: float

    @property
    def word(self) -> bool:
        """Is one of them a caption's own word?"""
        return "whom" in (self.told[0].name, self.told[1].name)

    @property
    def thing(self) -> bool:
        """Is b something that captions name beside a?"""
        return bool(self.told[1].said)

    @property
    def share(self) -> float:
        """Of a's pictures, how many have b."""
        return self.both / self.count_a

    def paths(self, places: _Places) -> tuple[str, ...]:
        """Return those that have both."""
        return places.paths(places.bits(self.of_a) & places.bits(self.of_b))

    def cut(self, places: _Places) -> frozenset[frozenset[int]]:
        """How the two terms part the pictures: the same for "all cats at night" and "all the others by day"."""
        parts = (places.bits(self.of_a), places.bits(self.of_b))
        return frozenset(frozenset({part, self.seen & ~part}) for part in parts)


def tied_findings(axes: Sequence[Axis], found: AxisLabels, words: Mapping[str, Spoken] | None = None) -> list[Finding]:
    """Find every two terms that come together beyond chance, most surely first: "all your portraits are warm".

    Terms are those of the axes and, of the captions in `words`, whom they speak of first, how it is made, and the
    things and places beside it; the last three are tried with whom, and not with each other.

    Each cell of each table is tried by Fisher's exact test: one bound term is drowned in a table whose others are free,
    and the more so the larger the set. All cells keep to one rate of error (Holm 1979); those whose terms are too rare
    or too common to be told apart from chance at all are not counted as tried (Tarone 1990), and what asks the same of
    the same pictures is counted once. A picture's shape is left out: it follows what is shown, and trainers sort by it
    anyway. What says the same of the same pictures is told once.
    """
    axes = [a for a in axes if a.name != "shape"]
    places = _Places({*(words or ()), *itertools.chain.from_iterable(found[a.name] for a in axes)})
    told = [_axis(a, found[a.name], places) for a in axes]
    pairs = list(itertools.combinations(told, 2))
    if words:
        whom, medium, beside = (of(words, places) for of in (_whom, _medium, _beside))
        subjects = [t for t in told if t.name == "subject"]
        pairs += [(whom, t) for t in told if t.name != "subject"]
        pairs += [(s, t) for s in (*subjects, whom) for t in (medium, beside)]
    tied = [cell for cell in _beyond_chance(pairs, places) if cell.share >= _MOST]
    paths = {n: cell.paths(places) for n, cell in enumerate(tied) if cell.both >= _FEW}
    order = sorted(paths, key=lambda n: _surest(tied[n], paths[n]))
    kept: list[_Cell] = []
    for cell in (tied[n] for n in order):
        of_a, cut = places.bits(cell.of_a), cell.cut(places)
        again = any(cut == k.cut(places) or (cell.b == k.b and not of_a & ~places.bits(k.of_a)) for k in kept)
        if not again and not (cell.thing and sum(k.thing for k in kept) >= _THINGS):
            kept.append(cell)
    return [_tie(cell, cell.paths(places)) for cell in kept]


def _beyond_chance(pairs: Iterable[tuple[_Told, _Told]], places: _Places) -> list[_Cell]:
    """Try the terms of each two, once what asks the same: "cat" may be every animal there is."""
    chances, least = dict[_Question, float](), list[float]()
    near = list[tuple[_Question, _Cell]]()
    numbers = dict[_Set, int]()
    for question, cell in itertools.chain.from_iterable(_cells(a, b, places, numbers) for a, b in pairs):
        if question not in chances:
            chances[question] = cell.chance
            least.append(_least_chance(cell))
        if cell.chance <= _CHANCE:
            near.append((question, cell))
    sure = diversity.holm([*chances.values()], least, _CHANCE)
    held = {question for question, holds in zip(chances, sure, strict=True) if holds}
    return [cell for question, cell in near if question in held]


def _surest(cell: _Cell, paths: tuple[str, ...]) -> tuple[float, bool, float, int, tuple[str, ...], str, str]:
    return cell.chance, cell.word, -cell.share, -cell.count_a, paths, cell.a, cell.b


def _axis(axis: Axis, labels: Mapping[str, list[str]], places: _Places) -> _Told:
    terms = ((path, terms[:1]) for path, terms in labels.items())
    return _Told(axis.name, places.bits(places.of(labels)), _by_term(terms, places))


def _whom(words: Mapping[str, Spoken], places: _Places) -> _Told:
    often = Counter(w.whom for w in words.values())  # no other is tried
    terms = ((p, [w.whom] if w.whom and often[w.whom] >= _FEW else []) for p, w in words.items())
    return _Told("whom", places.bits(places.of(words)), _by_term(terms, places))


def _medium(words: Mapping[str, Spoken], places: _Places) -> _Told:
    seen = {p: [w.medium] for p, w in words.items() if w.medium}
    return _Told("medium", places.bits(places.of(seen)), _by_term(seen.items(), places))


def _beside(words: Mapping[str, Spoken], places: _Places) -> _Told:
    said: dict[str, Counter[str]] = {}
    for spoken in words.values():
        for head, as_said in spoken.beside.items():
            said.setdefault(head, Counter())[as_said] += 1
    alike = {head: _said_alike(ways) for head, ways in said.items() if ways.total() >= _FEW}  # no other is tried
    have = ((path, [head for head in spoken.beside if head in alike]) for path, spoken in words.items())
    return _Told("beside", places.bits(places.of(words)), _by_term(have, places), alike)


def _said_alike(ways: Counter[str]) -> str:
    """Say a thing as every caption does that names it: of "in black armour" and "in a gold armour" "in armour".

    What only some say of it, they alone do: the finding is about all of them.
    """
    before = Counter[str]()
    for way, times in ways.items():
        before[way.split()[0]] += times
    first = min(before, key=lambda word: (-before[word], word))  # the preposition that most say
    most = min((way for way in ways if way.split()[0] == first), key=lambda way: (-ways[way], way)).split()
    shared = min(_end(most, way.split()) for way in ways)
    if shared == len(most):
        return " ".join(most)
    thing, lead = most[-max(1, shared) :], [*itertools.takewhile(lambda word: word in PREPOSITIONS, most)]
    if most[len(lead)] in ("a", "an"):
        lead.append("an" if thing[0][0] in "aeiou" else "a")
    return " ".join([*lead, *thing])


def _end(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two phrases end with alike."""
    return alike_at_start([w.casefold() for w in reversed(one)], [w.casefold() for w in reversed(other)])


def _by_term(labels: Iterable[tuple[str, Sequence[str]]], places: _Places) -> dict[str, _Set]:
    have: dict[str, list[str]] = {}
    for path, terms in labels:
        for term in terms:
            have.setdefault(term, []).append(path)
    return {term: places.of(paths) for term, paths in sorted(have.items())}


def _cells(left: _Told, right: _Told, places: _Places, numbers: dict[_Set, int]) -> Iterator[tuple[_Question, _Cell]]:
    """Try the terms of one with those of the other, of the pictures looked at for both; `numbers`: of sets of them."""
    seen = left.seen & right.seen
    seen = next((told.seen for told in (left, right) if told.seen == seen), seen)  # one number for what is the same
    count = seen.bit_count()
    if count < LEAST:
        return
    every = [[*told.within(seen, places)] for told in (left, right)]
    first, second = ([t for t, _, n in sorted(terms, key=lambda term: (-term[2], term[0]))] for terms in every)
    ones, others = ([term for term in terms if term[2] >= _FEW] for terms in every)
    classes = {y: lexicon.meant("subject_class", y) for y, *_ in others} if right.name == "beside" else {}
    number = numbers.setdefault(seen, len(numbers))
    sides, besides = ([_side(of, n, seen, places, numbers) for _, of, n in terms] for terms in (ones, others))
    for (x, of_x, count_x), (side_x, own_x), row in zip(ones, sides, _together(ones, others, places), strict=True):
        for (y, of_y, count_y), (side_y, own_y), both in zip(others, besides, row, strict=True):
            if count in (count_x, count_y) or classes.get(y) == x:  # fruit is a still life
                continue
            chance = diversity.fisher(both, count_x, count_y, count)
            mine, other = (x, of_x, count_x, left, first), (y, of_y, count_y, right, second)
            if count_y < count_x and left.name != "whom" and right.name != "beside":
                mine, other = other, mine
            (a, of_a, count_a, told_a, _), (b, of_b, count_b, told_b, most) = mine, other
            instead = "" if told_b.said else next((t for t in most if t != b), "")
            told = told_a, told_b
            question = number, min(side_x, side_y), max(side_x, side_y), own_x == own_y
            yield question, _Cell(a, b, instead, told, seen, of_a, of_b, count, count_a, count_b, both, chance)


def _side(held: _Set, many: int, seen: int, places: _Places, numbers: dict[_Set, int]) -> tuple[int, bool]:
    """Return (number of the fewer of a term's `many` pictures and all others looked at, are they the term's own).

    Of two terms that share the pictures out, both have the same.
    """
    count = seen.bit_count()
    own = bool(places.bits(held) & seen & -seen) if 2 * many == count else 2 * many < count
    fewer = held if own else places.held(seen & ~places.bits(held))
    return numbers.setdefault(fewer, len(numbers)), own


def _together(
    ones: Sequence[tuple[str, _Set, int]], others: Sequence[tuple[str, _Set, int]], places: _Places
) -> list[Sequence[int]]:
    """Count for each of `ones` with how many pictures it shares each of `others`."""
    if len(ones) > len(others):
        return [*zip(*_together(others, ones, places), strict=True)] if others else [()] * len(ones)
    rows, mine = [array("I") for _ in ones], [places.bits(held) for _, held, _ in ones]
    for _, held, _ in others:
        bits = places.bits(held)
        for row, of in zip(rows, mine, strict=True):
            row.append((of & bits).bit_count())
    return [*rows]


def _several(noun: str) -> str:
    """Put a caption's own noun into the plural."""
    return _plurals().get(noun) or lexicon.plural_of(noun)


@cache
def _plurals() -> dict[str, str]:
    return {one: many for many, one in hygiene.lists().plurals.items()}


def _least_chance(cell: _Cell) -> float:
    n, m = cell.count_a, cell.count_b
    return diversity.fisher(min(n, m), n, m, cell.count)


def _tie(cell: _Cell, paths: tuple[str, ...]) -> Finding:
    both, of_a, told = cell.both, cell.count_a, cell.told
    b_said = f"of a {cell.b}" if told[1].name == "whom" else lexicon.asked(1, cell.b)
    rest = cell.count_b - both
    values: dict[str, Value] = {
        "a_said": _several(cell.a) if told[0].name == "whom" else lexicon.named(2, cell.a),
        "b_said": told[1].said.get(cell.b) or b_said,
        "c_said": lexicon.asked(1, cell.instead) if cell.instead else "without it",
        "how_many": f"All {both} of your" if both == of_a else f"{both} of your {of_a}",
        "a": cell.a,
        "b": cell.b,
        "both": both,
        "of_a": of_a,
        "rest": f"{rest or 'none'} {'is' if rest < 2 else 'are'}",
        "others": cell.count - of_a,
    }
    return Finding(Code.TIED, paths, values)


def unknown_findings(axes: Sequence[Axis], kept: int) -> list[Finding]:
    """Say what cannot be told, and why: axes that nobody or hardly anybody looked at, too few pictures for pairs."""
    if not kept:
        return []
    blind = [a.label.lower() for a in axes if not a.seen]
    thin = [f"{a.label.lower()} ({a.seen} of {kept})" for a in axes if a.seen and not a.judged(kept)]
    found = []
    if blind:
        found.append(Finding(Code.NOT_LOOKED_AT, (), {"axes": ", ".join(blind)}))
    if thin:
        found.append(Finding(Code.HARDLY_LOOKED_AT, (), {"axes": ", ".join(thin)}))
    if kept < LEAST:
        found.append(Finding(Code.TOO_FEW_TO_TELL, (), {"count": kept, "least": LEAST}))
    elif kept < TRUSTED:
        found.append(Finding(Code.TIES_ROUGHLY, (), {"count": kept, "trusted": TRUSTED}))
    return found
