"""What a camera prints into a picture: a date, a time or both, told from other numbers. Pure.

A reader drops what is thin between the numbers ("'98 7 24" becomes "'98724") and joins a date with its time
("12/7/079:27 PM"): what can be parted into a day that there is, in one of the orders cameras know, is a date.
"""

from __future__ import annotations

import re

MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)
_HOUR, _HALF = r"(?:[01]?\d|2[0-4])", r"[ap]\.?m\.?"
_CLOCK = re.compile(
    rf"(?<![\w.:,/-])(?:(?:{_HALF} ?)?{_HOUR} ?: ?[0-5]\d(?: ?[:.] ?[0-5]\d)?(?: ?[ap]\.?m?\.?(?!\w)| ?(?:uhr|h)\b)?|"
    rf"{_HOUR}\.?[0-5]\d ?{_HALF})(?![\w:/%])",
    re.IGNORECASE,
)
_TICK, _SIGNS = "['’`‘]", r"./\\|>-"  # a stroke is read straight as well
_APART = f"[{_SIGNS}]"
_ENDS = r"(?![.,]\d)(?=\D|$|\d\d?[:.]?\d\d(?!\d))"  # a time may be joined to it
_YEAR_FIRST = re.compile(rf"(?<![\w.])((?:19|20)\d\d) ?[,:{_SIGNS}] ?(\d\d?) ?[,:{_SIGNS}] ?(\d\d?){_ENDS}")
_YEAR_LAST = re.compile(rf"(?<![\w.])(\d\d?) ?({_APART}) ?(\d\d?) ?{_APART} ?((?:19|20)\d\d|{_TICK}?\d\d){_ENDS}")
_SHORT_FIRST = re.compile(rf"(?<![\w.])({_TICK}?\d\d) ?({_APART}) ?(\d\d?) ?{_APART} ?(\d\d?)(?![.,]?\d)")
_JOINED = re.compile(r"(\d\d)[./-](\d\d)((?:19|20)\d\d)|((?:19|20)\d\d)(\d\d)[./-](\d\d)")  # a dot was not read
_SPACED = re.compile(rf"({_TICK}?\d{{1,4}}) (\d\d?) ({_TICK}?\d{{1,4}})")
_TICKED = re.compile(rf"{_TICK} ?(\d\d)[ ./-]?\d[\d ./-]{{0,5}}")  # nothing else begins with the tick of a year
_RUN = re.compile(r"\d\d ?\d ?\d ?\d ?\d?")
_MONTH = re.compile(
    rf"(?<!\w)(?:(\d\d?)\.? ?(?:{MONTHS})\b\.?|(?:{MONTHS})\b\.? ?(\d\d?)(?!\d))"
    rf"(?:,? ?(?:(?:19|20)\d\d|{_TICK}?\d\d)\b)?",
    re.IGNORECASE,
)
_MOST = 0.6  # share of the letters that belong to the date or the time: a line that names a day says more
_LETTER = re.compile(r"\w")


def printed(words: str, *, beside: bool) -> bool:
    """Say whether words are a date or a time as a camera prints it.

    `beside`: they stand close beside an edge or in a corner; else nothing but a whole date is one.
    """
    words = words.strip()
    letters = max(1, len(_LETTER.findall(words)))
    rest = words
    for found in _dates(words, beside=beside):
        rest = rest.replace(found, " ", 1)
    dated = rest != words
    if beside or dated:
        rest = _CLOCK.sub(" ", rest)
    left = len(_LETTER.findall(rest)) - (len(re.findall(r"\d", rest)) if dated else 0)  # a time that was read badly
    return rest != words and left <= (1 - _MOST) * letters


def _dates(words: str, *, beside: bool) -> list[str]:
    """Find the parts that are a date."""
    found = [m[0] for m in _YEAR_FIRST.finditer(words) if _day(m[2], m[3])]
    found += [m[0] for m in _YEAR_LAST.finditer(words) if _last(*m.groups())]
    if not found and beside:
        found += [m[0] for m in _SHORT_FIRST.finditer(words) if _first(*m.groups())]
    if not found and beside:
        found += [m[0] for m in _MONTH.finditer(words) if 1 <= int(m[1] or m[2]) <= 31]
        alone = _CLOCK.sub(" ", words).strip()
        if _spaced(alone) or _ticked(alone) or _run(alone) or _joined(alone):
            found.append(alone)
    return found


def _day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _year(text: str) -> bool:
    """Say whether two digits, with or without their tick, or four, are a year of which there are photographs."""
    number = text.lstrip("'’`‘")
    return number[:2] in ("19", "20") if len(number) == 4 else len(number) == 2 and not 40 <= int(number) < 70


def _last(first: str, apart: str, second: str, year: str) -> bool:
    padded = len(first) == len(second) == 2 or len(year) > 2 or apart != "."  # 1.2.34 is a version
    return padded and _year(year) and (_day(first, second) or _day(second, first))


def _first(year: str, apart: str, month: str, day: str) -> bool:
    padded = len(month) == len(day) == 2 or len(year) > 2 or apart != "."
    return padded and _year(year) and _day(month, day)


def _spaced(words: str) -> bool:
    """Say whether it is "'98 7 24", or the year last."""
    found = _SPACED.fullmatch(words)
    if not found:
        return False
    a, b, c = (part.lstrip("'’`‘") for part in found.groups())
    if len(a) != 3 and _year(a) and len(c) <= 2 and _day(b, c):
        return True
    return len(c) != 3 and _year(c) and len(a) <= 2 and (_day(a, b) or _day(b, a))


def _joined(words: str) -> bool:
    """Say whether it is a day, a month and a whole year, of which two are one number."""
    found = _JOINED.fullmatch(words)
    if not found:
        return False
    first, second = (found[1], found[2]) if found[1] else (found[5], found[6])
    return _day(first, second) or _day(second, first)


def _ticked(words: str) -> bool:
    found = _TICKED.fullmatch(words)
    return bool(found and _year(found[1]))


def _run(words: str) -> bool:
    """Say whether it is five digits or six, of year, month and day."""
    digits = words.replace(" ", "")
    return bool(
        _RUN.fullmatch(words)
        and _year(digits[:2])
        and any(_day(digits[2:n], digits[n:]) for n in (3, 4) if len(digits) - n <= 2)
    )
