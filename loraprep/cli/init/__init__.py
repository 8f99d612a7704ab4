"""The interview that starts a project."""
