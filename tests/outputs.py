"""The forms of --json, in schemas/output/: made from the records by `python -m tests.outputs`."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from loraprep.cli.check import Checked
from loraprep.dataset.verify import Verified
from loraprep.pipeline.artifacts import Captioned, Described
from loraprep.pipeline.results import JSON
from tests import ROOT

FOLDER = ROOT / "schemas/output"
RECORDS: dict[str, type] = {**JSON, "look": JSON["gate1"], "check": Checked, "verify": Verified}


def schema(name: str) -> str:
    """The schema of what `loraprep NAME --json` prints."""
    kind = RECORDS[name]
    made: dict[str, Any] = msgspec.json.schema(kind)
    if issubclass(kind, Described | Captioned):  # of records that are read one by one msgspec does not know the form
        _, defined = msgspec.json.schema_components([kind, kind.ROW], ref_template="#/$defs/{name}")
        own = made["$ref"].rpartition("/")[2]
        rows = next(f.encode_name for f in msgspec.structs.fields(kind) if f.name == "rows")
        defined[own]["properties"][rows]["additionalProperties"] = {"$ref": f"#/$defs/{kind.ROW.__name__}"}
        made = {**made, "$defs": defined}
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"loraprep {name} --json", **made}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in RECORDS:
        (FOLDER / f"{each}.schema.json").write_text(schema(each), "utf-8")
