"""What cameras print is told from the other numbers that stand on pictures."""

from __future__ import annotations

import pytest

from loraprep.carried import dates

WHOLE = [  # anywhere above or below
    "12.08.2004", "2004/08/12", "2004-08-12 13:39", "2004:08:12 13:39:55", "12/25/1998", "25/12/98", "12-25-98 4:31 PM",
    "2004. 8. 12", "1999-01-271339", "1999-01-2713:39", "7/7/06 1:15 PM", "12/7/079:27 PM", "24.07.98", "24. 7. 1998",
    "1996>09>1107.11", "2/18/24 8:2011", "24/7/'98", "9|16|94 9:33 PM",
]  # fmt: skip
CORNER = [  # only beside an edge
    "'98 7 24", "98 7 24", "'98724", "'98 724", "’04 12 25", "24 7 '98", "7 24 '98", "24 12 '99 14:05", "'98/7/24",
    "98.07.24", "'98.7.24", "'16-1", "04 12 25 10:31", "041225", "98724", "98 724", "23 512", "22/03/2",
    "JUL 24 '98", "24 JUL 1998", "DEC. 25 1998", "AUG 12, 2004", "15 MAY 03 7:15PM", "24. Dec 2001", "JAN 1", "12 Sept. 96",
    "10:34", "10:34:56", "PM 10:34", "AM 6:05 JAN. 12 1996", "10:34 PM", "7.49 PM", "1028 PM", "00:12", "14:30 Uhr",
    "REC 00:12:34", "9:05a", "22.052016", "201605.22",
]  # fmt: skip
OTHER = [
    "Z0.04", "0.04", "v1.20", "3.14", "19.99", "$19.99", "12.50 EUR", "1.75 m", "f/2.8", "1/250", "ISO 400", "16:9",
    "4:3", "John 3:16", "Psalm 23:4 is read", "v1.2.34", "1.2.34", "3.10.12", "2.0.1", "192.168.1.10", "10.0.0.1",
    "168.1.10:80", "555-0134", "555-12-34", "030 123 45 67", "+49 30 12 34 56", "12-34-5678", "1,000,000", "9783161484100",
    "10000", "12345", "99999", "45 33 12", "48 51 24 N", "N47 12 30", "1:500", "1:25000", "25:61", "12:75", "99:99",
    "2004", "1998", "Route 66", "B52", "A4 210x297", "No. 12", "Vol. 3 1998", "MARKET 1000", "Mark 12", "Marble 24",
    "Decor 12", "Juno 60", "Octane 98", "May", "August", "Maybe 12", "June's 4", "13/13/2004", "31.13.1998", "2004/13/12",
    "12.08.1804", "0/0/00", "Concert on 24 July 1998 at the old town hall", "7up", "24h", "72.052016", "2016.52016", "100%", "10:20%", "x1:50 px",
    "SN 0412 2511 88", "ABC-12-34", "D 12 345", "'90s", "'68", "rock 'n' roll", "Agent 007", "4K 60fps", "ch 12.4", "§ 12.3",
    "12.3.", "H2O 12", "E=mc2", "U2 12 98 B", "1 2 3", "1-2-3", "1/2", "20/20", "9/11", "24/7",
]  # fmt: skip


@pytest.mark.parametrize("words", WHOLE)
def test_a_whole_date_is_one_anywhere(words: str) -> None:
    assert dates.printed(words, beside=False)
    assert dates.printed(words, beside=True)


@pytest.mark.parametrize("words", CORNER)
def test_what_is_short_or_read_badly_is_one_beside_an_edge(words: str) -> None:
    assert dates.printed(words, beside=True)
    assert not dates.printed(words, beside=False)


@pytest.mark.parametrize("words", OTHER)
def test_other_numbers_are_none(words: str) -> None:
    assert not dates.printed(words, beside=True)


def test_a_long_line_of_digits_takes_no_time() -> None:
    assert not dates.printed("12 " * 4000, beside=True)
