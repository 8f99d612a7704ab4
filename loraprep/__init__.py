"""loraprep makes a folder of pictures ready for LoRA training and proves it."""

import importlib.util
import sys
import threading
import types

__version__ = "0.1.0"

# What brings numpy, Pillow or jsonschema is loaded when it is first used: a run that finds nothing stale uses little.
_LATER = (
    "project.schema",
    *(
        "scan.audit",
        "captions.captioners",
        "captions.captions",
        "curation.curate",
        "dataset.adopt",
        "dataset.build",
        "dataset.outputs",
        "dataset.verify",
        "duplicates.duplicates",
        "report.gate",
        "imaging.decode",
        "scan.inspect",
        "curation.features",
        "curation.similarity",
        "curation.subset",
        "report.marks",
        "scan.detail",
        "report.html",
        "report.markdown",
        "report.diff",
        "scan.scan",
        "dataset.upscale",
        "scan.metadata",
    ),
)


class _Later(types.ModuleType):
    """A module that loads when something in it is asked for, whichever thread asks first; the others wait.

    importlib's own lazy loader shows other threads a half loaded module before Python 3.12.
    """

    def __getattribute__(self, name: str) -> object:
        whole = types.ModuleType.__getattribute__
        if whole(self, "__class__") is _Later and name not in ("__spec__", "__class__", "__dict__"):
            spec = whole(self, "__spec__")
            with spec.loader_state["lock"]:
                if not spec.loader_state["begun"]:
                    spec.loader_state["begun"] = True
                    try:
                        spec.loader.exec_module(self)
                    except BaseException:
                        spec.loader_state["begun"] = False
                        raise
                    self.__class__ = types.ModuleType  # type: ignore[assignment]
        return whole(self, name)


def _load_later(name: str) -> types.ModuleType:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    plain = importlib.util.module_from_spec(spec)
    module = _Later(name)
    module.__dict__.update(vars(plain))
    spec.loader_state = {"lock": threading.RLock(), "begun": False}
    sys.modules[name] = module
    return module


for _name in _LATER:
    globals()[_name] = _load_later(f"{__name__}.{_name}")
