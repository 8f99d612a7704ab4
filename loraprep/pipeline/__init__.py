"""The doit graph, and what its tasks do."""
