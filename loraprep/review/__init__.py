"""The light table: a local page for looking and deciding."""
