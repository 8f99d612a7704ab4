"""The frozen class that every block of keys in project.yaml and in a profile is."""

from __future__ import annotations

import msgspec


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A block of keys in project.yaml or in a profile under resources/."""
