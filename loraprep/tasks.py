"""What a dodo.py imports; the graph itself is in pipeline/tasks.py."""

from loraprep.pipeline.tasks import *  # noqa: F403
