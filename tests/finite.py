"""Numbers that are numbers, however deep they lie."""

import math
from typing import Any


def finite(value: Any) -> bool:
    """Whether no float in dictionaries and lists is NaN or infinite."""
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(finite, value))
    return not isinstance(value, float) or math.isfinite(value)
