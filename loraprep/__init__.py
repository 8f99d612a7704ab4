"""loraprep makes a folder of pictures ready for LoRA training and proves it."""

import os
import sys

__version__ = "0.1.0"

if sys.argv[:1] == [
    "-m"
]:  # python -m loraprep: Python put the current folder first, and a project is no place for code
    _ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - pathlib could be theirs
    if os.getcwd() != _ours:  # noqa: PTH109
        sys.path[:] = [p for p in sys.path if os.path.abspath(p) != os.getcwd()]  # noqa: PTH100, PTH109 - "" is it too
