"""Phase 3: which pictures are there twice? The artist decides."""
