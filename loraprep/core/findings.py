"""What can be found (`Code`), and its words and severity: resources/gate.yaml, and check.yaml for a foreign folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Literal

import msgspec

from loraprep.core import resources, typed
from loraprep.core.text import SHOWN, listed


class Code(StrEnum):
    """What can be found; each has its words in resources/gate.yaml, or check.yaml for a foreign folder."""

    # the set as a whole
    NO_IMAGES = "no-images"
    BELOW_FLOOR = "below-floor"
    BELOW_RECOMMENDED = "below-recommended"
    ABOVE_RECOMMENDED = "above-recommended"
    ENOUGH_IMAGES = "enough-images"
    OPEN_QUESTION = "open-question"
    UNCAPTIONED = "uncaptioned"
    ONLY_NAMED = "only-named"
    NAME_COLLISION = "name-collision"
    UNACCOUNTED = "unaccounted"
    MOSTLY_ENLARGED = "mostly-enlarged"
    GROUP_EMPTY = "group-empty"
    STALE_DECISION = "stale-decision"
    UNKNOWN_NAME = "unknown-name"
    LEFT_BEHIND = "left-behind"
    PATTERN_UNUSED = "pattern-unused"
    CONTRADICTION = "contradiction"
    NONE_STAYS = "none-stays"
    ACCEPTS_NOTHING = "accepts-nothing"

    # phase 2: files that cannot be used
    BROKEN = "broken"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    TOO_HEAVY = "too-heavy"
    UNSUPPORTED = "unsupported"
    UNPAIRED = "unpaired"
    PAIR_LIST = "pair-list"
    POINTER = "pointer"
    LINK = "link"
    SPECIAL = "special"
    UNREADABLE = "unreadable"
    NAME = "name"
    UNEXPECTED = "unexpected"
    CLIPS = "clips"
    ROLES = "roles"
    GENERATED = "generated"
    WORDS_ELSEWHERE = "words-elsewhere"
    CAPTION_FILE_UNUSED = "caption-file-unused"
    CLEANING_UNDONE_IN_VAIN = "cleaning-undone-in-vain"
    CAPTION_FILE_CLEANED = "caption-file-cleaned"

    # phase 2: size
    BELOW_NATIVE = "below-native"
    LARGE_ENOUGH = "large-enough"
    STRETCHED = "stretched"
    TOO_SMALL = "too-small"
    ENLARGED_BEFORE = "enlarged-before"
    UPSCALED_ORPHAN = "upscaled-orphan"
    MASK_UNUSABLE = "mask-unusable"

    # phase 2: format, colour, shape
    WRONG_EXTENSION = "wrong-extension"
    ROTATED = "rotated"
    CMYK = "cmyk"
    GREY = "grey"
    INDEXED = "indexed"
    DEEP = "deep"
    BROKEN_PROFILE = "broken-profile"
    OTHER_COLOURS = "other-colours"
    TRANSPARENT = "transparent"
    TRANSPARENT_SETTLED = "transparent-settled"
    ANIMATED = "animated"
    COMPRESSED = "compressed"
    PLAIN_FRAME = "plain-frame"
    NEARLY_FLAT = "nearly-flat"
    SOFT = "soft"
    DARK = "dark"
    NOISY = "noisy"
    FEW_COLOURS = "few-colours"
    LONG_SHAPE = "long-shape"
    LOCATION = "location"
    ALL_RGB = "all-rgb"
    ALL_OPEN = "all-open"
    FLAT_LAYOUT = "flat-layout"
    KOHYA_LAYOUT = "kohya-layout"
    KOHYA_STRAY = "kohya-stray"

    # phase 3
    BYTE_COPIES = "byte-copies"
    COPIES = "copies"
    VARIANTS = "variants"

    # pairs of before and after
    PAIR_MIXED = "pair-mixed"
    PAIR_UNCHANGED = "pair-unchanged"
    PAIR_SHIFTED = "pair-shifted"
    PAIR_BACKWARDS = "pair-backwards"
    PAIR_WHOLE = "pair-whole"
    PAIR_COLOURS = "pair-colours"
    PAIR_COLOURS_ALL = "pair-colours-all"
    PAIR_SOFTER = "pair-softer"
    PAIR_SHARPER = "pair-sharper"
    PAIR_SHAPES = "pair-shapes"
    PAIR_SMALLER_BEFORE = "pair-smaller-before"
    PAIR_SMALLER_AFTER = "pair-smaller-after"
    PAIR_COMPRESSED = "pair-compressed"
    PAIR_CHANGES = "pair-changes"
    CONTROLS_DIFFER = "controls-differ"
    CONTROLS_TOO_MANY = "controls-too-many"

    # phase 4: looking at the pictures, and captions
    VISION_APPROVAL = "vision-approval"
    VISION_NO_BUDGET = "vision-no-budget"
    VISION_NO_PRICE = "vision-no-price"
    VISION_NO_KEY = "vision-no-key"
    VISION_NO_TRUST = "vision-no-trust"
    VISION_KEY = "vision-key"
    VISION_CREDIT = "vision-credit"
    VISION_MODEL = "vision-model"
    VISION_BUDGET = "vision-budget"
    VISION_SERVER = "vision-server"
    VISION_REQUEST = "vision-request"
    VISION_UNSENDABLE = "vision-unsendable"
    VISION_BATCH = "vision-batch"
    VISION_BATCH_PARTLY = "vision-batch-partly"
    VISION_DEPRECATED = "vision-deprecated"
    VISION_EARLIER = "vision-earlier"
    VISION_REFUSED = "vision-refused"
    VISION_TRUNCATED = "vision-truncated"
    VISION_UNCLEAR = "vision-unclear"
    VISION_STAND_IN = "vision-stand-in"
    CAPTION_UNUSABLE = "caption-unusable"
    CAPTION_UNCLEAR = "caption-unclear"
    CAPTION_MENDED = "caption-mended"
    CAPTION_ODD = "caption-odd"
    CAPTION_DRAFT = "caption-draft"
    CAPTION_OTHER_FORM = "caption-other-form"
    CAPTION_SHORTENED = "caption-shortened"
    CAPTION_TAGS_FOR_PROSE = "caption-tags-for-prose"
    CAPTION_PROSE_FOR_TAGS = "caption-prose-for-tags"
    CAPTION_LANGUAGE = "caption-language"
    CAPTION_ONE_LENGTH = "caption-one-length"
    CAPTIONER_ONLY_TAGS = "captioner-only-tags"
    VISIBLE_MARKS = "visible-marks"

    # what pictures carry that must not be learned
    CARRIES_SITE = "carries-site"
    CARRIES_TILES = "carries-tiles"
    CARRIES_SIGNATURE = "carries-signature"
    CARRIES_STAMP = "carries-stamp"
    CARRIES_SUBTITLE = "carries-subtitle"
    CARRIES_LETTERING = "carries-lettering"
    CARRIES_UNDRAWN = "carries-undrawn"
    SAME_WORDS = "same-words"
    NOT_READ = "not-read"
    HEADS_UNSEEN = "heads-unseen"
    HEADS_MEASURED = "heads-measured"
    HEAD_CUT = "head-cut"
    SEVERAL_HEADS = "several-heads"
    CAPTION_LONG = "caption-long"
    CAPTION_TOO_LONG = "caption-too-long"
    CAPTION_HEDGING = "caption-hedging"
    CAPTION_FLATTERY = "caption-flattery"
    CAPTION_APPROVED_OTHERWISE = "caption-approved-otherwise"
    CAPTION_TWICE = "caption-twice"
    CAPTION_THIN_STYLE = "caption-thin-style"
    UNKNOWN_TAGS = "unknown-tags"
    NO_VOCABULARY = "no-vocabulary"
    TRIGGER_KNOWN = "trigger-known"
    FUSED_CRITICAL = "fused-critical"
    FUSED_WARNING = "fused-warning"
    FUSED_WATCH = "fused-watch"
    FUSED_UNNAMED = "fused-unnamed"
    CONSTANT_TRAITS = "constant-traits"

    # phase 4, looking at home
    VISION_NO_SERVER = "vision-no-server"
    VISION_SERVER_KEY = "vision-server-key"
    VISION_NO_TAGGER = "vision-no-tagger"

    # phase 5
    TOO_SIMILAR = "too-similar"
    UNLIKE_THE_REST = "unlike-the-rest"
    ONE_SCENE = "one-scene"
    CHANGES_SEVERAL = "changes-several"
    CHANGES_UNTOLD = "changes-untold"
    ALL_ALIKE = "all-alike"
    JUMBLE = "jumble"
    SEVERAL_HANDS = "several-hands"
    SEVERAL_LOOKS = "several-looks"
    PERHAPS_HANDS = "perhaps-hands"
    OTHER_EXPORT = "other-export"
    SOMEBODY_ELSE = "somebody-else"
    STRAYS = "strays"
    UNLIKE_LOOK = "unlike-look"
    LOOKS_UNTOLD = "looks-untold"
    SAME_MARK = "same-mark"
    NOT_LOOKED_AT = "not-looked-at"
    HARDLY_LOOKED_AT = "hardly-looked-at"
    TOO_FEW_TO_TELL = "too-few-to-tell"
    TIES_ROUGHLY = "ties-roughly"
    TIED = "tied"
    ONE_SIDED = "one-sided"

    # what the trainers will do
    CUT_OFF = "cut-off"
    NO_BUCKET = "no-bucket"
    CAPTION_CUT = "caption-cut"
    CAPTION_MAY_BE_CUT = "caption-may-be-cut"
    REGULARIZATION_EMPTY = "regularization-empty"
    REGULARIZATION_TRAINED = "regularization-trained"
    REGULARIZATION_UNCAPTIONED = "regularization-uncaptioned"
    HELD_OUT_NONE = "held-out-none"
    HELD_OUT_ALONG = "held-out-along"
    HELD_OUT_UNREAD = "held-out-unread"
    MASKS_UNREAD = "masks-unread"
    BUCKET_STOPS = "bucket-stops"
    BUCKET_DROPPED = "bucket-dropped"
    BUCKET_LONELY = "bucket-lonely"

    # loraprep check: a folder that any trainer may be given
    CHECK_NO_PICTURES = "check-no-pictures"
    CHECK_LINK = "check-link"
    CHECK_POINTER = "check-pointer"
    CHECK_UNREADABLE = "check-unreadable"
    CHECK_HUGE = "check-huge"
    CHECK_MIXED_CASE = "check-mixed-case"
    CHECK_NOT_READ = "check-not-read"
    CHECK_MASK = "check-mask"
    CHECK_SIDEWAYS = "check-sideways"
    CHECK_TRANSPARENT_HIDDEN = "check-transparent-hidden"
    CHECK_TRANSPARENT_WHITE = "check-transparent-white"
    CHECK_DEEP = "check-deep"
    CHECK_ANIMATED = "check-animated"
    CHECK_EXTENSION = "check-extension"
    CHECK_NOT_UTF8 = "check-not-utf8"
    CHECK_BOM = "check-bom"
    CHECK_EMPTY_STOPS = "check-empty-stops"
    CHECK_EMPTY = "check-empty"
    CHECK_LINES_FIRST = "check-lines-first"
    CHECK_LINES_EACH = "check-lines-each"
    CHECK_LISTING = "check-listing"
    CHECK_LISTED_OTHERWISE = "check-listed-otherwise"
    CHECK_SHARED = "check-shared"
    CHECK_TWINS = "check-twins"
    CHECK_UNDERSCORES = "check-underscores"
    CHECK_UNCAPTIONED_CLASS = "check-uncaptioned-class"
    CHECK_UNCAPTIONED_SKIPPED = "check-uncaptioned-skipped"
    CHECK_UNCAPTIONED_EMPTY = "check-uncaptioned-empty"
    CHECK_UNCAPTIONED_NEEDED = "check-uncaptioned-needed"
    CHECK_UNPAIRED = "check-unpaired"
    CHECK_ALONE = "check-alone"
    CHECK_TRIED = "check-tried"
    CHECK_BESIDE = "check-beside"
    CHECK_NESTED = "check-nested"
    CHECK_REPEATS = "check-repeats"
    CHECK_WORDS = "check-words"
    CHECK_CONFIG = "check-config"
    CHECK_STALE = "check-stale"


# What is said of pictures unlike all others, today and by earlier versions: whoever accepted it is not asked
UNLIKE = frozenset({Code.STRAYS, Code.UNLIKE_LOOK, Code.UNLIKE_THE_REST})
FOREIGN = "check-"  # how the codes of `loraprep check` begin
PAIR_CODES = frozenset(code for code in Code if code.startswith(("pair-", "controls-")))
PROJECT_CODES = tuple(code.value for code in Code if not code.startswith(FOREIGN))


Severity = Literal["block", "warn", "note", "good"]
SEVERITIES: tuple[Severity, ...] = ("block", "warn", "note", "good")  # what blocks first, good news last
Section = Literal["quality", "balance", "looking", ""]
Value = str | int | float | dict[str, str]  # a dict: picture -> what is said of that one
ValueType = Literal["int", "number", "text"]


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something worth saying about the set; words and severity come from the catalogue by `code`.

    `values` fill the placeholders of its words. Four have a meaning of their own: `more` stands behind the number of
    images, `count` decides between one and many in place of it, `cause` picks one of several fixes, `units` is what the
    images are called where they are pairs. Of a value that says something of each picture only what is about `images`
    is told, of numbers the largest, so that `about` fewer of them its words speak of no other.
    """

    code: Code
    images: tuple[str, ...] = ()
    values: Mapping[str, Value] = msgspec.field(default_factory=dict)

    def about(self, images: Iterable[str]) -> Finding:
        """Return the same of these pictures alone."""
        return Finding(self.code, tuple(images), self.values)

    def text(self, name: str) -> str:
        """Return one of the values as text. Raises KeyError."""
        return str(self.values[name])


class CatalogueEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the catalogue says of a code. Placeholders: {n}, {names} and {units} of images, and those of `values`."""

    severity: Severity
    one: str
    many: str = ""  # "": as for one
    why: str = ""  # "": plain to see
    fix: str | dict[str, str] = ""  # "": nothing to do; several: by cause, else by "one" or "many"
    here: str = ""  # in place of the fix on the page of `loraprep review`, where less has to be typed
    section: Section = ""  # the part of the report that lists it; "looking": why pictures have no caption
    covers: tuple[Code, ...] = ()  # said of a picture, these need not be said of it as well
    fixed: bool = False  # project.yaml may not change the severity
    values: dict[str, ValueType] = {}

    @property
    def fixes(self) -> dict[str, str]:
        """Every fix by what picks it; "" picks the only one."""
        return self.fix if isinstance(self.fix, dict) else {"": self.fix}


@cache
def catalogue() -> dict[Code, CatalogueEntry]:
    """Read both catalogues."""
    from loraprep.core import yamlfile  # not for every process that names a code

    data: dict[Code, CatalogueEntry] = {}
    for name in ("resources/gate.yaml", "resources/check.yaml"):
        data |= typed.convert(yamlfile.load(resources.path(name), name).data, dict[Code, CatalogueEntry])
    return data


def in_section(section: Section) -> frozenset[Code]:
    """Return the codes of one section."""
    return frozenset(code for code, entry in catalogue().items() if entry.section == section)


def sentence(finding: Finding) -> str:
    """Say what is wrong (or right), with counts and names."""
    entry = catalogue()[finding.code]
    return _fill(entry.many or entry.one if _number(finding) == "many" else entry.one, finding)


def fix(finding: Finding) -> str:
    """Say the next thing to do, "" if there is nothing."""
    fixes = catalogue()[finding.code].fixes
    return _fill(fixes[""] if "" in fixes else fixes[str(finding.values.get("cause", _number(finding)))], finding)


def why(code: Code) -> str:
    """Say why it matters, "" if that is plain."""
    return catalogue()[code].why


def severity(code: Code, overrides: Mapping[str, Severity]) -> Severity:
    """Return the code's severity; `overrides` (project.yaml's) change those that are not fixed."""
    entry = catalogue()[code]
    return entry.severity if entry.fixed else overrides.get(code, entry.severity)


def order(finding: Finding, overrides: Mapping[str, Severity]) -> tuple[int, int, tuple[str, ...]]:
    """Return a sort key: what blocks first, good news last; among equals what helps most, as the catalogue has it."""
    return SEVERITIES.index(severity(finding.code, overrides)), _ranks()[finding.code], finding.images


@cache
def _ranks() -> dict[Code, int]:
    """Return each code's place in the catalogue: what stands higher there is mended first."""
    return {code: place for place, code in enumerate(catalogue())}


def uncovered(found: Sequence[Finding]) -> list[Finding]:
    """Leave out what another finding says already of the same picture (`covers`); what is left is so many more."""
    told: dict[Code, set[str]] = {}
    for finding in found:
        for code in catalogue()[finding.code].covers:
            told.setdefault(code, set()).update(finding.images)
    result = []
    for finding in found:
        rest = tuple(p for p in finding.images if p not in told.get(finding.code, ()))
        if rest or not finding.images:
            more = {"more": " more"} if len(rest) < len(finding.images) else {}
            result.append(Finding(finding.code, rest, {**finding.values, **more}))
    return result


def _fill(template: str, finding: Finding) -> str:
    types = catalogue()[finding.code].values
    said = {
        name: _told(value, finding, types.get(name, "text")) if isinstance(value, dict) else value
        for name, value in finding.values.items()
    }
    number = f"{len(finding.images)}{finding.values.get('more', '')}"
    accept, names = accepting(finding.code), listed(finding.images)
    return template.format(**{"n": number, "names": names, "accept": accept, "units": "pictures", **said})


def accepting(code: Code) -> str:
    """Say where a finding is accepted, and by which line."""
    return f'decisions/gate.yaml: `{code}: {{accept: known, reason: "..."}}`, with your words for the dots'


def _told(of_each: Mapping[str, str], finding: Finding, kind: ValueType) -> str:
    about = sorted(of_each.keys() & set(finding.images))
    if kind == "number":
        return max((of_each[path] for path in about), key=float, default="")
    same: dict[str, list[str]] = {}
    for path in about:
        same.setdefault(of_each[path], []).append(path)
    said = [f"{listed(paths)}: {value}" for value, paths in same.items()]
    more = sum(map(len, [*same.values()][SHOWN:]))
    return "; ".join([*said[:SHOWN], *([f"and {more} more"] if more else [])])


def _number(finding: Finding) -> Literal["one", "many"]:
    return "one" if finding.values.get("count", len(finding.images)) == 1 else "many"
