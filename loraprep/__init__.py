"""loraprep makes a folder of pictures ready for LoRA training and proves it."""

import importlib.util
import sys

__version__ = "0.1.0"

# What brings numpy, Pillow or jsonschema is loaded when it is first used: a run that finds nothing stale uses little.
_LATER = (
    "schema",
    *("audit", "captioners", "captions", "curation", "dataset", "duplicates", "gate", "report", "scan"),
)


def _load_later(name: str) -> None:
    """The recipe of importlib's documentation. Only for phases and what they alone use: it is not safe where a
    thread may be the first to touch a module."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name in _LATER:
    _load_later(f"{__name__}.{_name}")
    globals()[_name] = sys.modules[f"{__name__}.{_name}"]
