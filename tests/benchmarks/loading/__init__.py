"""What each trainer's own loader makes of an export; `tests/benchmarks/loaders.py` compares it with the foretelling."""
