"""GO yesterday, NO-GO today: what changed in between."""

import msgspec

from loraprep.core.records import Caption, Gate, Image, Reason
from loraprep.pipeline.artifacts import VerdictTold
from loraprep.pipeline.steps.report import _told
from loraprep.project.settings import complete_settings
from loraprep.report.since import VerdictRecord, changes, verdict_record

PICTURES = {f"p{n}.jpg": Image(f"p{n}.jpg", "image", pixel_digest=f"{n}" * 12) for n in range(8)}
SOFT = Reason("soft", "warn", "p1.jpg has hardly any sharp edge.", "", "", ("p1.jpg",))
BARE = Reason("uncaptioned", "block", "p2.jpg has no caption.", "", "", ("p2.jpg",))


def record(
    verdict: str = "GO", *reasons: Reason, kept: int = 8, words: str = "a mill", **settings: object
) -> VerdictRecord:
    declared = {"version": 1, "name": "x", "model": "sd15", "trigger": "abc", "intent": {"kind": "style"}, **settings}
    paths = sorted(PICTURES)[:kept]
    captions = {path: Caption(path, words, "prose", "existing", True, 1, 75) for path in paths}
    gate = Gate("x", verdict, {}, False, list(reasons), {})
    return verdict_record(gate, paths, PICTURES, captions, complete_settings(declared))


def test_nothing_changed() -> None:
    assert changes(record("GO", SOFT), record("GO", SOFT)) == []


def test_a_verdict_that_turned_says_what_came_and_by_what() -> None:
    told = changes(record("GO"), record("NO-GO", BARE, captioning={"captioner": "existing"}))
    assert told[0] == "The verdict was GO and is NO-GO now."
    assert 'project.yaml: captioning.captioner was "draft" and is "existing".' in told
    assert told[-1] == "New: p2.jpg has no caption."


def test_pictures_that_came_left_and_changed() -> None:
    before, after = record(kept=6), record(kept=8, words="a pond")
    after = msgspec.structs.replace(after, pictures={k: v for k, v in after.pictures.items() if k != "p0.jpg"})
    after = msgspec.structs.replace(after, pictures={**after.pictures, "p1.jpg": "other"})
    told = changes(before, after)
    assert "2 pictures came: p6.jpg and p7.jpg." in told
    assert "1 picture left: p0.jpg." in told
    assert "1 picture has other pixels: p1.jpg." in told
    assert any("captions are others" in line for line in told)


def test_findings_that_went_and_grew() -> None:
    more = Reason("soft", "warn", "2 pictures have hardly any sharp edge.", "", "", ("p1.jpg", "p3.jpg"))
    assert changes(record("GO", SOFT), record("GO", more)) == ['New under "soft": p3.jpg.']
    assert changes(record("GO", more), record("GO", SOFT)) == ['No longer under "soft": p3.jpg.']
    assert changes(record("GO", SOFT), record("GO")) == ["Gone: p1.jpg has hardly any sharp edge."]


def test_what_is_accepted_or_only_noted_is_no_change() -> None:
    known = msgspec.structs.replace(SOFT, accepted="meant so")
    note = Reason("rotated", "note", "p1.jpg is stored lying on its side.", "", "", ("p1.jpg",))
    assert changes(record("GO"), record("GO", known, note)) == []


def test_a_finding_that_blocks_now_is_told() -> None:
    harder = msgspec.structs.replace(SOFT, severity="block")
    told = changes(record("GO", SOFT), record("NO-GO", harder, severity={"soft": "block"}))
    assert "Blocks now: p1.jpg has hardly any sharp edge." in told


def test_it_stays_short() -> None:
    reasons = [Reason(f"code-{n}", "warn", f"sentence {n}.", "", "", (f"p{n % 8}.jpg",)) for n in range(30)]
    told = changes(record("GO"), record("NO-GO", *reasons))
    assert len(told) == 12
    assert told[-1] == "And 20 changes more."


def test_what_only_waited_was_no_no_go() -> None:
    declared = complete_settings(
        {"version": 1, "name": "x", "model": "sd15", "trigger": "abc", "intent": {"kind": "style"}}
    )
    waiting = verdict_record(Gate("x", "NO-GO", {"captions": ["p1.jpg"]}, True, [], {}), [], PICTURES, {}, declared)
    assert waiting.verdict == "Not yet"
    assert changes(waiting, record("GO"))[0] == "The verdict was Not yet and is GO now."
    assert not any("NO-GO" in line for line in changes(waiting, record("GO")))


def test_that_it_turned_is_told_once() -> None:
    class Kept:
        """What a workspace keeps of a verdict."""

        told: VerdictTold | None = None

        def read(self, _kind: type) -> VerdictTold:
            assert self.told is not None
            return self.told

        def write(self, told: VerdictTold) -> None:
            self.told = told

    kept = Kept()
    kept.write(VerdictTold(record=record("NO-GO", BARE), since=[]))
    first, again, later = (_told(kept, record("GO")) for _ in range(3))  # type: ignore[arg-type]
    assert first == ["The verdict was NO-GO and is GO now.", "Gone: p2.jpg has no caption."]
    assert again == later == ["Gone: p2.jpg has no caption."]
    assert kept.told is not None
    assert not kept.told.turned
