"""Phase 6: the verdict, and the report to read and to look at."""
