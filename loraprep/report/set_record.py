"""report/set.json: what the report tells of the set, for machines; committed, so that `loraprep diff` can compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from loraprep.core import files
from loraprep.core.escape import one_line
from loraprep.core.records import Caption, Fate, Gate, Grade
from loraprep.report.appendix import full_reason
from loraprep.report.opening import blocking

SET_RECORD = "report/set.json"


class FileRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What became of one file found, in the report's words.

    `caption`: of a picture in training or held out, None without one. `grade`: who stands behind its words, None in
    older records.
    """

    fate: str
    why: str
    caption: str | None = None
    grade: Grade | None = None


class SetRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The set at one verdict. `files` by path; `to_mend`: what stands before GO, a line each."""

    version: Literal[1]
    verdict: Literal["GO", "NO-GO"]
    counts: dict[str, int]
    to_mend: tuple[str, ...]
    files: dict[str, FileRecord]

    @property
    def kept(self) -> set[str]:
        """The pictures in training."""
        return {path for path, file in self.files.items() if file.fate == "kept"}

    def caption(self, path: str) -> str | None:
        """The caption that `path` trains with, None if it has none or does not train."""
        return self.files[path].caption if path in self.files else None


def set_record(gate: Gate, fates: Sequence[Fate], captions: Mapping[str, Caption]) -> SetRecord:
    """Record what the report says of `fates`, and the captions of those that stay."""
    return SetRecord(
        version=1,
        verdict="GO" if gate.verdict == "GO" else "NO-GO",
        counts=gate.counts,
        to_mend=tuple(f"{one_line(r.sentence)} {one_line(r.fix)}" for r in blocking(gate)),
        files={
            fate.path: FileRecord(
                fate.shown,
                one_line(full_reason(fate)),
                *_words(captions.get(fate.path) if fate.stays else None),
            )
            for fate in fates
        },
    )


def _words(caption: Caption | None) -> tuple[str | None, Grade | None]:
    return (caption.text, caption.grade) if caption else (None, None)


def write_set_record(root: Path, record: SetRecord) -> None:
    """Write report/set.json, if it differs."""
    files.write_records(root / SET_RECORD, record)


def parse_set_record(text: str) -> SetRecord:
    """Read report/set.json's text. Raises ValueError if it is damaged or of another version."""
    return files.parse_json(text, SetRecord)
