"""300 damaged files of every kind that is read: each ends in what is said of it. `python -m tests.hostile.fuzz` does 10,000."""

from collections import Counter
from pathlib import Path

from loraprep.imaging import formats
from tests.hostile import corpus, fuzz

COUNT, SEED = 300, 17


def test_what_is_not_damaged_is_sound(tmp_path: Path) -> None:
    sound = [(name, s) for name, reader in corpus.READERS.items() for s in reader.sound()]
    whole = list(enumerate(corpus.Damaged(name, s, s.wrapped(s.data)) for name, s in sound))
    said = {sound[o.number][1].name: (o.what, o.broken) for o in fuzz.outcomes(whole, tmp_path)}
    assert len(said) >= len({s.name for _, s in sound})
    assert set(said.values()) == {("ok", "")}


def test_every_format_that_is_accepted_is_in_the_corpus() -> None:
    made = {s.suffix for s in corpus.pictures()}
    missing = formats.EXTENSIONS - made
    assert missing <= formats.HEIF_EXTENSIONS | {".avif"}  # what Pillow can write here only with a library
    assert ".avif" in made or not corpus.features.check("avif")
    for s in corpus.pictures():
        assert len(s.parts(s.data)) >= 2, s.name
        assert b"".join(s.parts(s.data)) == s.data, s.name


def test_the_same_seed_gives_the_same_files() -> None:
    for number in range(0, COUNT, 7):
        assert corpus.damaged(SEED, number) == corpus.damaged(SEED, number)
    assert corpus.damaged(SEED, 1).data != corpus.damaged(SEED + 1, 1).data


def test_three_hundred_damaged_files_break_nothing() -> None:
    counts, broken = fuzz.run(COUNT, SEED)
    assert not broken
    assert sum(counts.values()) == COUNT
    assert {reader for reader, _ in counts} == set(corpus.READERS)
    pictures = Counter({what: n for (reader, what), n in counts.items() if "picture" in reader})
    assert pictures["ok"] > 30  # not all damage does harm,
    assert sum(n for what, n in pictures.items() if what.startswith("broken")) > 60  # and much of it does
