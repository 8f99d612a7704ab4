"""The training folder: what trains, built, locked and proved."""
