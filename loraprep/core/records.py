"""What crosses from phase to phase. Every record is frozen and maps one to one to JSON."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Literal, NamedTuple

from msgspec import Struct, field

from loraprep.core.typed import Hex

Role = Literal["regularization", "mask", "sample", "control", "cache", "thumbnail", "bin", "clip"]


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """Plain values under fixed names; msgspec checks them when they are read, and unknown keys are an error."""


class Image(Record, frozen=True, gc=False):  # gc: no cycles, and tens of thousands of them
    """One file found under images/: a line of build/images.jsonl.

    `path` is POSIX, relative to the images folder, NFC as on disk. The pixel facts (from `format` on)
    are those of the file the pixels come from: `upscaled` (relative to the project) where there is one,
    else the image itself. They hold defaults unless `state` is "image".
    """

    path: str
    state: Literal["image", "rejected", "ignored"]
    code: str = ""  # why not an image: a code of resources/gate.yaml such as "broken", or "sidecar", "excluded" ...
    reason: str = ""  # the same for a person, one clause without a full stop
    digest: str = ""  # sha256 of images/<path>
    bytes: int = 0
    upscaled: str = ""  # "upscaled/<same path and stem>.<ext>"
    pixel_digest: str = ""  # sha256 of the file the pixels come from
    pixel_bytes: int = 0
    format: str = ""  # Pillow's name by content: JPEG, MPO, PNG, WEBP, BMP, TIFF, GIF, AVIF, HEIF
    width: int = 0  # as shown, EXIF orientation applied
    height: int = 0
    orientation: int = 1  # EXIF, 1..8
    mode: str = ""  # Pillow's mode as stored
    bits: int = 8  # per channel
    icc: str = ""  # the profile's description, "" without one; "unreadable" if broken
    alpha: bool = False  # some pixel is really transparent
    frames: int = 1
    jpeg_quality: int = 0  # 1..100 estimated from the tables; 0 if not a JPEG
    hidden: tuple[str, ...] = ()  # what rides along: "gps", "exif", "xmp"
    sharpness: float = 0.0  # variance of the Laplacian of the luma (0..255) at 512 px on the long side
    detail: float = 1.0  # share of the size that the pixels really hold: 0.5 = looks enlarged twice; see native.py
    contrast: float = 0.0  # standard deviation of luma, 0..1; this and what follows of what is visible only
    flat: float = 0.0  # share of the area without any texture, 0..1
    border: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # frame or bars: left, top, right, bottom; shares
    phash: str = ""  # imagehash.phash, 64 bits, 16 hex digits, of the upright picture
    dhash: str = ""
    phash_mirror: str = ""  # the same of the picture mirrored left to right
    dhash_mirror: str = ""
    thumb: Hex = Hex()  # 24x24 grey thumbnail, a byte a pixel, upright; for aligned comparison
    colour: tuple[float, ...] = ()  # 27 numbers: mean Lab in a 3x3 grid, row by row
    palette: tuple[tuple[str, str, float], ...] = ()  # (colour name, "#rrggbb", share), largest first, at most 5
    lightness: float = 0.0  # mean L*, 0..100
    warmth: float = 0.0  # mean b* of what is drawn, negative is cool
    chroma: float = 0.0  # mean C* of what is drawn: plain ground of no colour does not count
    spread: float = 0.0  # standard deviation in CIE Lab
    # (source, text) in order of trust: "sidecar:a.txt", "png:parameters", "xmp:description" ...
    words: tuple[tuple[str, str], ...] = ()
    sidecars: tuple[str, ...] = ()  # paths of caption files that belong to it
    box: tuple[float, ...] = ()  # decisions/crops.yaml: left, top, right, bottom as shares of the whole, () for all
    turn: int = 0  # decisions/crops.yaml: degrees clockwise, 90, 180 or 270; `box`, width and height are of it turned
    of: str = ""  # for a detail cut out of another picture: that picture's path. `digest` then covers the box too
    apart: bool = False  # decisions/crops.yaml: the whole does not train, and its details do in its place; said of both
    mask: str = ""  # "masks/<same path and stem>.<ext>": white is learned, black is not
    mask_digest: str = ""
    rating: int = 0  # stars its owner gave it (XMP), 1..5; 0 without any, -1 rejected
    generator: str = ""  # what made it, by what is written in it: "ComfyUI", "Midjourney" ...
    origin: str = ""  # where it was taken from, by a note beside it: "danbooru 123", an address
    # what it is for, if not to be trained on. An "image" with a role: the name says so, and a person is asked
    role: Role | Literal[""] = ""
    leaves: bool = False  # the advice, where a person is asked
    holds: int = 0  # pictures in a folder that is not looked into
    controls: tuple[str, ...] = ()  # of a target: the pictures before the change, in their order. They have the role
    # "control" and are "ignored", but have the facts of their pixels
    before: tuple[str, ...] = ()  # the digests of `controls`

    @property
    def asked_as(self) -> str:
        """The digest of all that is looked at together, the picture alone or a pair: answers are kept under it."""
        if not self.before:
            return self.digest
        return hashlib.sha256(" ".join((self.digest, *self.before)).encode()).hexdigest()


def the_other_way(mirrored: bool, turns: int) -> int:
    """Quarters to turn the first one left, mirrored if so, to lie as the second; `turns`: the second as the first."""
    return turns if mirrored else -turns % 4


class Lying(NamedTuple):
    """How a second picture lies over a first one; `place` () where nobody knows, so that it has to be looked for.

    `place`: a, b, c, d, e, f of x' = a x + b y + c, y' = d x + e y + f, from the second one, mirrored first if so, to
    the first, each counted from its middle in its own longer side.
    """

    mirrored: bool = False
    place: tuple[float, ...] = ()

    def the_other_way(self) -> Lying:
        """How the first one lies over the second."""
        if not self.place:
            return self
        a, b, c, d, e, f = self.place
        side = -1 if self.mirrored else 1  # mirrored, x and what is added to it change their sign
        a, b, d, e = (v / (a * e - b * d) for v in (e, -b, -d, a))
        return Lying(self.mirrored, (a, side * b, -side * (a * c + b * f), side * d, e, -(d * c + e * f)))


class Pair(Record, frozen=True):
    """Two pictures alike: "byte" identical files, "copy" the same picture again, "variant" the same scene, changed."""

    a: str
    b: str
    relation: Literal["byte", "copy", "variant"]
    likeness: float  # 0..1
    mirrored: bool = False
    what: str = ""  # "smaller, recompressed copy of b": what a is to b, in words
    turns: int = 0  # b must be turned left by so many quarters (once mirrored, if so) to lie as a does
    lesser: str = ""  # the one of the two that is cut, or has a watermark over it
    place: tuple[float, ...] = ()  # of b in a: Lying.place

    def lying(self, first: str) -> Lying:
        """How the other one lies over `first`, to the pixel."""
        lying = Lying(self.mirrored, self.place)
        return lying if first == self.a else lying.the_other_way()


class Group(Record, frozen=True):
    """Pictures connected by pairs, sorted by path. `best` is the one to keep if only one is."""

    pictures: tuple[str, ...]
    relation: Literal["byte", "copy", "variant"]  # the weakest that holds for all: any variant makes it "variant"
    best: str
    why: str  # why `best` is best, one clause
    recommended: tuple[str, ...]  # what to keep: (best,) for copies, every variant's best otherwise
    pairs: tuple[Pair, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)  # path -> "1280x960, 217 kB, sharper"


class Elements(Record, frozen=True):
    """What was seen in one image, apart from any caption. Empty means nobody looked, never "none there".

    `content` keys: subject, subject_class, action, setting, objects, pose, framing, angle, expression,
    outfit, time; of a pair that was looked at, changed and kept. `style` keys: medium, technique, brushwork, palette,
    temperature, lighting, composition, edges, texture, harmony, mood. Values are lists of short lower-case terms.
    `form` says what `text` (words a person wrote, used verbatim when the base model wants that form) is: "tags" or
    "prose".
    """

    path: str
    digest: str
    captioner: str
    state: Literal["seen", "draft", "none", "refused", "waiting"]
    content: dict[str, list[str]] = field(default_factory=dict)
    style: dict[str, list[str]] = field(default_factory=dict)
    content_sentence: str = ""  # this, style_sentence and content_long without what belongs to the trigger
    style_sentence: str = ""
    tags: list[str] = field(default_factory=list)
    text: str = ""
    form: str = ""
    trusted: bool = False  # some word comes from a sidecar, metadata or a name that says something
    visible_text: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)  # group or key -> where its words came from
    confidence: dict[str, str] = field(default_factory=dict)  # "content", "style" -> "high", "medium", "low"
    before: str = ""  # the words as they lay there, where caption hygiene changed them
    mended: list[str] = field(default_factory=list)  # the rules that changed them
    unclear: dict[str, str] = field(default_factory=dict)  # rule -> what only a person can decide in those words
    # why the captioner that was wanted has no answer, a code such as "no-key"; the words are then another's stand-in
    missing: str = ""
    content_long: str = ""  # several sentences
    with_traits: dict[str, str] = field(default_factory=dict)  # the same three with what belongs to the trigger

    @property
    def asks(self) -> bool:
        """Was a pair looked at? Its sentences, short and long, ask for its change."""
        return "changed" in self.content


class Grade(StrEnum):
    """Who stands behind a picture's words. What they say of technique is no part of it."""

    DESCRIBED = "described"  # somebody who saw it says what it shows: a vision model, a tagger, a person
    NAMED = "named"  # only names, metadata, a group's words, measured colour or an edit of many do
    TRIGGER_ONLY = "trigger only"  # that is what the artist chose
    MISSING = "missing"  # nobody and nothing does


class Caption(Record, frozen=True):
    """One caption. `origin`: "rendered" (vision elements), "draft", "existing", "none", "approved", "written"."""

    path: str
    text: str  # with the trigger filled in, as it goes to the .txt file
    form: Literal["tags", "prose", "json"]
    origin: str
    grade: Grade
    tokens: int  # for the base model's encoder: exact for CLIP, else an upper bound
    limit: int
    content: tuple[str, ...] = ()  # terms of the caption that name content
    style: tuple[str, ...] = ()
    exact: bool = False  # `tokens` is the encoder's own count
    left_out: tuple[str, ...] = ()  # terms or sentences that did not fit into what the trainers read
    before: str = ""  # the words it was made of as they lay there, where caption hygiene changed them
    others: tuple[str, ...] = ()  # the same in other lengths, where a trainer shows several

    @property
    def captioned(self) -> bool:
        """Does it count as captioned in the gate's sense?"""
        return self.grade in (Grade.DESCRIBED, Grade.TRIGGER_ONLY)

    @property
    def length(self) -> str:
        """ "29 of 225", or "at most 41 of 512"."""
        return f"{'' if self.exact else 'at most '}{self.tokens} of {self.limit}"


class Fate(Record, frozen=True):
    """What becomes of one file found. "caption" is a caption file whose words are read with its picture, "control" the
    picture before a change, which comes and goes with the picture after it.

    "held out" is a picture that goes into dataset/ as well and is never trained: trainers measure with it.
    """

    path: str
    fate: Literal["kept", "held out", "left out", "rejected", "caption", "control", "ignored"]
    why: str  # one clause for a person
    by: Literal["you", "rule", "recommendation", ""] = ""
    open: bool = False  # a question about it waits for an answer
    upscale: bool = False  # enlarge when the dataset is built

    @property
    def stays(self) -> bool:
        """Does it go into dataset/, to be trained or held out?"""
        return self.fate in ("kept", "held out")

    @property
    def shown(self) -> str:
        """The fate as people read it."""
        return "not usable" if self.fate == "rejected" else self.fate


class Axis(Record, frozen=True):
    """One kind of variety. `counts`: term -> pictures; `seen`: pictures anybody looked at; `missing`: wanted ones.

    What only the names of pictures say is counted apart, as `by_name`: nobody looked.
    """

    name: str
    label: str
    counts: dict[str, int]
    seen: int
    missing: dict[str, int] = field(default_factory=dict)  # wanted term -> how many more would cover it
    effective: float = 0.0  # as varied as so many equally common terms
    even: float = 1.0  # 0..1, how evenly the terms present share the pictures
    thin: tuple[str, ...] = ()  # what is missing, and what else there is as little of
    by_name: dict[str, int] = field(default_factory=dict)
    measured: int = 0  # pictures of `seen` that neither a person nor a model spoke of: measured on their heads

    def judged(self, kept: int) -> bool:
        """Was it looked at in more than half of the `kept` pictures? Of less nothing is said but the count."""
        return self.seen * 2 > kept


class Reason(Record, frozen=True):
    """One line of the verdict. `accepted` quotes the artist's own reason from gate.yaml."""

    code: str
    severity: str
    sentence: str
    why: str
    fix: str
    images: tuple[str, ...]
    accepted: str = ""


class Gate(Record, frozen=True):
    """build/gate1.json. `waiting`: open questions by decision file; only they stand in the way if `only_waiting`."""

    name: str
    verdict: str
    waiting: dict[str, list[str]]
    only_waiting: bool
    reasons: list[Reason]
    counts: dict[str, int]
