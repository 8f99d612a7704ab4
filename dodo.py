"""For `doit -d examples/NAME gate1`: the tasks, with the project in that folder."""

from loraprep.tasks import *  # noqa: F403
