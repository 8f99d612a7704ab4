"""Phase 5: is the set varied, of one style, and which pictures carry it?"""
