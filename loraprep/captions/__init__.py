"""Phase 4: what is in each picture, and the caption that says it."""
