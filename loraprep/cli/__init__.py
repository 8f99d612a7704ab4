"""The commands that are no tasks of the graph."""
