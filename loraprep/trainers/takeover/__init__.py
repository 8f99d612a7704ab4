"""Folders as trainers have them, read so that a project can take them over: a module a trainer, and what all say."""
