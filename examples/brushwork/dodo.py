"""The project's tasks: `doit gate1` does the same as `loraprep gate1`."""

from loraprep.tasks import *  # noqa: F403
