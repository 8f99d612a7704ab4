"""The search for near hashes finds exactly the pairs that comparing each with each finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loraprep.duplicates import hamming

Pairs = list[tuple[int, int]]


def hashes(count: int, seed: int, flips: int) -> tuple[hamming.Hashes, hamming.Hashes]:
    """Random 64-bit hashes, a fifth of them others with up to `flips` bits changed."""
    chance = np.random.default_rng(seed)
    first, second = (chance.integers(0, 2**64, count, dtype=np.uint64) for _ in range(2))
    for n in range(count - count // 5, count):
        source = int(chance.integers(0, count // 2))
        for kind in (first, second):
            kind[n] = kind[source]
            for bit in chance.integers(0, 64, int(chance.integers(0, flips + 1))):
                kind[n] ^= np.uint64(1) << np.uint64(bit)
    return first, second


def each_with_each(a: hamming.Side, b: hamming.Side, first: int, second: int) -> Pairs:
    near = np.bitwise_count(a.first[:, None] ^ b.first[None, :]) <= first
    near &= np.bitwise_count(a.second[:, None] ^ b.second[None, :]) <= second
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(near, 1)), strict=True)]


def found(a: hamming.Side, b: hamming.Side | None, first: int, second: int) -> Pairs:
    i, j = hamming.near(a, b, first, second)
    return list(zip(i.tolist(), j.tolist(), strict=True))


@given(
    st.integers(0, 10**6), st.integers(0, 400), st.integers(0, 20), st.integers(0, 20), st.sampled_from([0, 3, 4, 6, 8])
)
@settings(deadline=None, max_examples=60)
def test_the_same_pairs_as_each_with_each(seed: int, count: int, first: int, second: int, bands: int) -> None:
    plain = hamming.side(*hashes(count, seed, 14))
    mirrored = hamming.side(*(np.roll(kind, 3) for kind in hashes(count, seed, 9)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "_bands", lambda _n, _m, limit: bands if bands and limit // bands <= 2 else 0)
        assert found(plain, None, first, second) == each_with_each(plain, plain, first, second)
        assert found(plain, mirrored, first, second) == each_with_each(plain, mirrored, first, second)


@pytest.mark.parametrize("bands", [4, 6])
def test_thousands_of_white_backgrounds(monkeypatch: pytest.MonkeyPatch, bands: int) -> None:
    first, second = hashes(1500, 5, 11)
    second[:900] &= np.uint64(0x0000_0018_3C18_0000)  # only the middle of the picture differs
    monkeypatch.setattr(hamming, "_HEAVY", 1 << 12)
    monkeypatch.setattr(hamming, "_bands", lambda n, _m, _limit: bands if n > 300 else 0)
    plain, mirrored = hamming.side(first, second), hamming.side(*hashes(1500, 5, 3))
    assert found(plain, None, 12, 11) == each_with_each(plain, plain, 12, 11)
    assert found(plain, mirrored, 12, 11) == each_with_each(plain, mirrored, 12, 11)


def test_the_fewest_bands_that_cost_least() -> None:
    assert hamming._bands(500, 500, 11) == 0
    assert 3 <= hamming._bands(10**6, 10**6, 11) <= 4
    assert hamming._bands(10**4, 10**4, 32) == 0  # so loose a limit leaves nothing to sort by
