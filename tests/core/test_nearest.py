"""The name that was meant by one that is not there."""

import time

import pytest

from loraprep.core.nearest import did_you_mean, nearest, slips

THERE = [*(f"p{n:05}.jpg" for n in range(30)), "swamp-01.jpg", "deep/Pier.JPG", "café.png", "alpha.png"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("p0004.jpg", "p00004.jpg"),  # of the 30 names that differ by a digit, the one of that number
        ("p4", "p00004.jpg"),
        ("swamp-01", "swamp-01.jpg"),
        ("swamp-01.png", "swamp-01.jpg"),
        ("SWAMP-01.JPG", "swamp-01.jpg"),
        ("swmap-01.jpg", "swamp-01.jpg"),
        ("deep\\pier.jpg", "deep/Pier.JPG"),
        ("pier.jpg", "deep/Pier.JPG"),
        ("images/swamp-01.jpg", "swamp-01.jpg"),
        ("./swamp-01.jpg", "swamp-01.jpg"),
        ("cafe\u0301.png", "café.png"),
    ],
)
def test_a_slip_is_seen_through(written: str, meant: str) -> None:
    assert nearest(written, THERE) == [meant]
    assert did_you_mean(written, THERE) == f"did you mean {meant}?"


def test_what_is_like_nothing_is_not_guessed_at() -> None:
    assert nearest("zzz", THERE) == []
    assert did_you_mean("zzz", THERE) == ""
    assert nearest("", THERE) == []


def test_names_that_are_equally_near_are_all_named() -> None:
    assert did_you_mean("pier", ["pier.jpg", "pier.png", "mill.png"]) == "did you mean pier.jpg or pier.png?"


def test_twenty_thousand_names_are_gone_through_in_seconds() -> None:
    many = [f"scan_{n:06}.jpg" for n in range(20_000)]
    start = time.perf_counter()
    assert nearest("scam_000123.jpg", many) == ["scan_000123.jpg"]
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("name", "known", "slip"),
    [
        ("peir.jpg", "pier.jpg", True),
        ("pierr.jpg", "pier.jpg", True),
        ("pier", "pier.jpg", True),
        ("deep/pier.jpg", "pier.jpg", True),
        ("scene-2.jpg", "scene-02.jpg", True),
        ("IMG_0412.jpg", "IMG_0413.jpg", False),
        ("pier_web.jpg", "pier.jpg", False),
        ("orchard_autumn.jpg", "orchard_spring.jpg", False),
    ],
)
def test_a_slip_of_the_pen_is_told_from_another_picture(name: str, known: str, slip: bool) -> None:
    assert slips(name, [known]) == [known] * slip
