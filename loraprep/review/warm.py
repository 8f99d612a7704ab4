"""What the first picture, the map and all captions wait for, made ready while the page is only looked at. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from loraprep.review import light, likeness, stay, words
from loraprep.review.snapshot import Snapshot


def steps(s: Snapshot) -> list[Callable[[], object]]:
    """Lay out a picture, the map and the captions once, for what is kept of it: encoders, rules, places, words.

    With 2,000 pictures that takes 0.7 s, and with 20,000 about 2 s, which a key or the first look would wait for; and
    whoever asks for another page meanwhile would wait for it, too, so there is a pause before each.
    """
    first = [partial(light.light, s, path, ()) for path in stay.staying(s)[:1]]
    return [*first, partial(likeness.laid_out, s), partial(words.counted, s)]
