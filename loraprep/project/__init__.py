"""A project folder: its settings, its decisions, and what follows from them alone."""
