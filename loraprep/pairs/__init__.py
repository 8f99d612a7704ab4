"""Pairs of pictures before and after a change: what differs between the two, and what of it was not meant."""
