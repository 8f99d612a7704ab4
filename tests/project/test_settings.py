"""Settings and profiles name the keys that their schemas name, no more and no fewer, and defaults come from the schema."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from loraprep.core import resources
from loraprep.project import profiles, schema
from loraprep.project.settings import Settings, complete_settings
from loraprep.project.table import Table


def differences(form: Any, node: dict[str, Any], where: str = "") -> list[str]:
    """Dotted keys that only one of class and schema knows, and those whose types do not fit."""
    if isinstance(form, type) and issubclass(form, Table):
        fields = {f.encode_name: f for f in msgspec.structs.fields(form)}
        known: dict[str, Any] = node.get("properties", {})
        found = [f"{where}{key}" for key in fields.keys() ^ known.keys()]
        for key in fields.keys() & known.keys():
            found += differences(fields[key].type, known[key], f"{where}{key}.")
        return found
    args = [a for a in typing.get_args(form) if a not in (type(None), ...)]
    tables = [a for a in args if isinstance(a, type) and issubclass(a, Table)]
    within = node.get("items", node.get("additionalProperties", node))
    found = [d for table in tables for d in differences(table, within if isinstance(within, dict) else node, where)]
    listed = node.get("type", [])
    nothing = isinstance(listed, list) and "null" in listed
    if nothing and type(None) not in typing.get_args(form):
        found.append(f"{where}null")
    if typing.get_origin(form) is typing.Literal and "enum" in node:
        found += [f"{where}{v}" for v in set(args) - {"", "good"} ^ set(node["enum"])]
    return found


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (Settings, "project"),
        (profiles.Kind, "kind"),
        (profiles.BaseModel, "model"),
        (profiles.TrainerProfile, "trainer"),
    ],
)
def test_a_class_names_what_its_schema_names(form: type[Table], name: str) -> None:
    assert differences(form, schema.schema(name)) == []


def test_the_smallest_project_gets_its_defaults_from_the_schema() -> None:
    smallest = {"version": 1, "name": "a", "model": "flux", "trigger": "abc", "intent": {"kind": "style"}}
    whole = complete_settings(smallest)
    assert whole.thresholds.audit.max_megapixels == 100
    assert whole.captioning.captioners == ("draft",)
    assert whole.dataset.backgrounds == ("#ffffff",)
    assert all(f.required for f in msgspec.structs.fields(Settings))


def test_every_profile_loads() -> None:
    assert all(profiles.kind(name).axes for name in resources.names("resources/kinds"))
    assert all(profiles.base_model(name).sizes for name in resources.names("resources/models"))
    assert all(profiles.trainer(name).title for name in resources.names("resources/trainers"))
