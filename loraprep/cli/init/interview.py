"""The intent interview: ask for what no flag said, one question after the other and back again, then show it all."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec.structs import replace

from loraprep.captions import meaning
from loraprep.cli.init import at_hand, choices, folder, given, validate
from loraprep.cli.init.asking import Asker, Back, Question
from loraprep.cli.init.at_hand import AtHand
from loraprep.cli.init.choices import Choice
from loraprep.cli.init.folder import Contents
from loraprep.cli.init.options import (
    UNDECIDED,
    InitOptions,
    for_now,
    project_name,
    project_root,
    same_folder,
    stopped_by_size,
    suited,
)
from loraprep.core import resources
from loraprep.core.errors import Problem
from loraprep.core.text import listed, number_of
from loraprep.project import profiles, studio, trigger
from loraprep.project.profiles import Asked, BaseModel

OLLAMA = "http://localhost:11434/v1"
_USUAL = {  # of a kind that does not say what is asked about it
    "description": Asked("In one sentence, what should the model learn?", "what all of them show"),
    "class_word": Asked("What is it, in a plain word or two?", "woman, oil painting, mug"),
    "notes": Asked("What is in many pictures and should not be learned?", "the white background"),
    "fused": Asked("What is in every picture and belongs to the trigger?", "red cloak, scar"),
}
_FORMS = {"prose": "sentences"}  # of captions, as a person calls them
_USUAL_SIZE = 1024  # px that nearly every base model is trained at
_COPY, _LEAVE = "copy", "leave"
_WRITE, _SUMMARY = "write it", "Next"


@dataclass
class Talk:
    """What is known while it goes on: where it takes place, and what was found there."""

    here: Path
    seen: dict[Path, Contents] = field(default_factory=dict)
    hands: dict[tuple[Path | None, int], AtHand] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)  # what a question was answered before the person went back
    ahead: set[Path | None] = field(default_factory=set)  # the folders that are looked at while the person types
    one: threading.RLock = field(default_factory=threading.RLock)  # for whoever looks for what was not looked at yet

    def contents(self, options: InitOptions) -> Contents | None:
        """Look into the folder of pictures, once; None if there is none yet."""
        source = pictures_folder(options, self.here)
        if source is None or not source.is_dir():
            return None
        with contextlib.nullcontext() if source in self.seen else self.one:
            if source not in self.seen:
                self.seen[source] = folder.look(source)
        return self.seen[source]

    def at_hand(self, options: InitOptions) -> AtHand:
        """Look around for what could describe the pictures, once for each folder."""
        found, source = self.contents(options), pictures_folder(options, self.here)
        key = (source, found.pictures if found else 0)
        with self.one:
            if key not in self.hands:
                self.hands[key] = at_hand.look_around(found, (source or self.here).resolve().parent)
        return self.hands[key]

    def doubt(self, word: str, options: InitOptions) -> str:
        """Say why a word is a poor trigger, "" if it is a good one."""
        tagger = self.at_hand(options).found.get("wd-tagger")
        with self.one:
            return meaning.doubt(word, options.class_word or "", at_hand.tags_of(tagger) if tagger else ())

    def proposed(self, options: InitOptions) -> str:
        """Make up a trigger."""
        with self.one:
            name = project_name(options.name or "", self.here)
            return trigger.propose(name, options.class_word or "", meaning.doubt_of_proposal)

    def look_ahead(self, options: InitOptions) -> None:
        """Look for what later questions propose while the person types: a second or two, and they come at once then."""
        source = pictures_folder(options, self.here)
        if source not in self.ahead:
            self.ahead.add(source)
            threading.Thread(target=self._look, args=(options,), daemon=True).start()

    def _look(self, options: InitOptions) -> None:
        with contextlib.suppress(Exception):  # what is wrong is said by the question that needs it
            self.proposed(options)
            if pictures_folder(options, self.here):
                self.doubt("", options)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `asked`: whether these options leave it open; `keep`: the options with its answer.

    `said`: what it was answered, for the summary, "" if there is nothing to say; `after`: what to say to the answer.
    """

    key: str  # the option that it answers
    label: str
    question: Callable[[InitOptions, Talk], Question]
    keep: Callable[[InitOptions, str], InitOptions]
    applies: Callable[[InitOptions, Talk], bool] = lambda _options, _talk: True
    said: Callable[[InitOptions], str]
    after: Callable[[InitOptions, Talk], Sequence[str]] = lambda _options, _talk: ()

    def unanswered(self, options: InitOptions) -> bool:
        """Whether nobody answered it."""
        return getattr(options, self.key) is None


def completed(options: InitOptions, here: Path, asker: Asker) -> InitOptions:
    """Ask for what no flag said, explain on the way, and show the answers before they are taken.

    Raises EOFError (Ctrl-D) and KeyboardInterrupt.
    """
    talk = Talk(here)
    flags = {step.key for step in STEPS if not step.unanswered(options)}
    asked: list[tuple[Step, InitOptions]] = []
    for text in _opening(options, talk):
        asker.say(text)
    while step := _next(options, talk, flags, asked):
        options = _asked(step, options, talk, asker, asked)
    if not asked:
        return options
    while True:
        try:
            chosen = asker.ask(_summary(options, talk))
        except Back:
            step, options = asked.pop()
            asker.take_back(step.label)
            options = _asked(step, options, talk, asker, asked)
        else:
            if chosen == _WRITE:
                return options
            step = next(step for step in STEPS if step.label == chosen)
            options = _changed(step, options, talk, asker, flags, asked)
        while later := _next(options, talk, flags, asked):
            options = _asked(later, options, talk, asker, asked)


def _next(options: InitOptions, talk: Talk, flags: set[str], asked: Sequence[tuple[Step, InitOptions]]) -> Step | None:
    """Find the next question that is open."""
    done = {step.key for step, _ in asked} | flags
    return next((step for step in STEPS if step.key not in done and step.applies(options, talk)), None)


def _asked(
    step: Step, options: InitOptions, talk: Talk, asker: Asker, asked: list[tuple[Step, InitOptions]]
) -> InitOptions:
    """Ask one question, or, if the person goes back, forget the one before: it is the next one then."""
    talk.look_ahead(options)
    try:
        answer = asker.ask(_as_before(step.question(options, talk), talk.answers.get(step.key)))
    except Back:
        if not asked:
            asker.say("This is the first question; Ctrl-C leaves.", "yellow")
            return options
        before, options = asked.pop()
        asker.take_back(before.label)
        return options
    asked.append((step, options))
    talk.answers[step.key] = answer
    options = step.keep(options, answer)
    for text in step.after(options, talk):
        asker.say(text, "cyan")
    return options


def _as_before(question: Question, answer: str | None) -> Question:
    """The question with the answer it had before the person went back, where it is still one."""
    names = {choice.name for choice in question.choices}
    if not answer or (names and not set(choices.parts(answer) if question.several else [answer]) <= names):
        return question
    return replace(question, default=answer, shown="")


def _changed(
    step: Step, options: InitOptions, talk: Talk, asker: Asker, flags: set[str], asked: list[tuple[Step, InitOptions]]
) -> InitOptions:
    """Ask a question again, from the summary; what hangs on its answer is asked anew where that changed."""
    before = options
    try:
        options = step.keep(options, asker.ask(step.question(options, talk)))
    except Back:
        asker.take_back(_SUMMARY)
        return before
    for text in step.after(options, talk):
        asker.say(text, "cyan")
    if options != before:
        for hanging in (*_HANGS.get(step.key, ()), *_unfitting(options)):
            flags.discard(hanging)
            asked[:] = [(other, was) for other, was in asked if other.key != hanging]
    if step.key not in {other.key for other, _ in asked}:
        flags.add(step.key)
    return options


def _unfitting(options: InitOptions) -> list[str]:
    """Name the questions whose answers do not go with the kind any more."""
    kind, model = options.kind or "", options.model_name
    if not kind or model not in resources.names("resources/models"):
        return []
    able = profiles.trainers_of(model, pairs=_pairs(options))
    return ["model", "trainers"] * (not profiles.fits_kind(model, kind)) + ["trainers"] * (
        not set(choices.parts(options.trainers or "")) <= set(able)
    )


_HANGS = {  # the questions whose answer is another one when this one's changes
    "model": ("trainers",),
    "kind": ("fused", "style_words"),
    "captioner": ("budget", "base_url", "vision_model", "tagger"),
    "images": ("in_place",),
}


# What is said besides


def _opening(options: InitOptions, talk: Talk) -> list[str]:
    if options.images is not None and (found := talk.contents(options)) and options.kind is None:
        return [folder.told(found, None, "", _smallest(options))]
    return []


def _expectations(options: InitOptions, _talk: Talk) -> list[str]:
    """What this kind wants, and the content-style problem; said once."""
    kind = profiles.kind(options.kind or "")
    size = kind.recommended
    things = "pairs" if kind.pairs else "pictures"
    return [
        f"Plan for {size.min} to {size.max} {things}; under {kind.floor} there is too little to learn from.",
        " ".join(kind.separation.split()),
    ]


def _in_the_folder(options: InitOptions, talk: Talk) -> list[str]:
    found = talk.contents(options)
    if found is None or not options.kind:
        return []
    return [folder.told(found, profiles.kind(options.kind), options.kind, _smallest(options))]


def _of_sizes(options: InitOptions, talk: Talk) -> list[str]:
    found = talk.contents(options)
    said = stopped_by_size(found.sides, options.kind, options.model_name) if found and options.kind else ""
    return [said] if said else []


_LATER = "later, on the page of `loraprep review` or into .txt files beside them; or choose `none`: the trigger alone."


def _them(without: int) -> str:
    return "it" if without == 1 else "them"


def _of_captioner(options: InitOptions, talk: Talk) -> list[str]:
    """Say what the chosen captioner lacks here."""
    hand, found = talk.at_hand(options), talk.contents(options)
    there = hand.found.get(options.captioner or "")
    without = found.pictures - found.captioned if found else 0
    bare = f"{number_of(without, 'picture has', 'pictures have')} no .txt of {'its' if without == 1 else 'their'} own"
    if options.captioner == "claude" and there is None:
        return ["No key is in ANTHROPIC_API_KEY yet; nothing is sent without one."]
    if options.captioner == "existing" and without:
        return [f"{bare} yet; without a caption it is NO-GO. Write {_them(without)} {_LATER}"]
    if options.captioner == "draft" and found and (there is None or not there.complete):
        return [f"{bare}: their names alone would end in NO-GO. Write {_them(without)} {_LATER}"]
    return []


def _of_notes(options: InitOptions, _talk: Talk) -> list[str]:
    """Say what becomes of it: what is described, and by whom, hangs on the captions alone."""
    if not options.notes or _pairs(options):
        return []
    return ["Noted in intent.md. What a caption names stays out of the trigger: name it in the captions that show it."]


def _smallest(options: InitOptions) -> int:
    """The native size of the base model, px; 1024 while nobody knows one."""
    return profiles.base_model(options.model_name).native if options.model_name else 1024


def pictures_folder(options: InitOptions, here: Path) -> Path | None:
    """Return the folder in which the pictures are now, None if nobody said."""
    if options.taken:
        return options.taken if options.taken.is_dir() else options.taken.parent
    return here if options.name == "." else options.source


# The questions


def _name(_options: InitOptions, talk: Talk) -> Question:
    return Question(
        text="What shall the project be called? It becomes a folder.",
        label="Name",
        example="mystyle",
        check=lambda name: _first(validate.name_problems(name, talk.here, complete=True)),
    )


def _kind(options: InitOptions, _talk: Talk) -> Question:
    kinds = resources.names("resources/kinds")
    return Question(
        text="What are you trying to teach the model? A specific character, an art style, a particular "
        "object or concept, or a change to pictures?",
        label="Kind",
        choices=tuple(Choice(name, profiles.kind(name).teaches, (profiles.kind(name).title,)) for name in kinds),
        default=options.kind,
    )


def model_choices(kind: str = "") -> tuple[Choice, ...]:
    """List the base models, each with a line; those that can be taught a kind, if one is named."""
    found = []
    for name in profiles.models_for(kind) if kind else resources.names("resources/models"):
        model = profiles.base_model(name)
        found.append(Choice(name, _of_model(model), (model.title, *model.aliases)))
    line = f"I don't know yet: {for_now(kind)} for now, and changed for free."
    return (*found, Choice(UNDECIDED, line, ("I don't know yet", "?", "unknown", "later")))


def _of_model(model: BaseModel) -> str:
    if model.choosing is None:
        return f"{model.title}; {model.form}."
    size = f"{model.native} px" if model.native != _USUAL_SIZE else ""
    return "; ".join(filter(None, (model.choosing.about.replace("; ", ", "), size, _FORMS.get(model.form, model.form))))


def _model(options: InitOptions, talk: Talk) -> Question:
    file, known, unknown = studio.studio_models(talk.here)
    known = [name for name in known if not options.kind or profiles.fits_kind(name, options.kind)]
    said = ""
    if file and known:
        said = f" studio.md says {listed(known)}."
    if file and unknown:
        said += f" studio.md names {listed(unknown)}, which loraprep does not know."
    fits = suited(found.sides if (found := talk.contents(options)) else (), options.kind)
    if fits and not known:
        model = profiles.base_model(fits)
        said += f" Your pictures suit {model.title}: {model.native} px."
    return Question(
        text=f"Which base model will you train?{said} With each stands what it is good at, and whether it reads "
        "tags or sentences.",
        label="Base model",
        choices=model_choices(options.kind or ""),
        default=options.model or (known[0] if known else fits or UNDECIDED),
        shown="" if options.model or known or fits else "I don't know yet",
    )


def trainer_choices(model: str, kind: str = "") -> tuple[Choice, ...]:
    """List the trainers that train the base model on what is taught, the usual one first."""
    pairs = bool(kind) and profiles.kind(kind).pairs
    able, usual = profiles.trainers_of(model, pairs=pairs), profiles.usual_trainer(model, pairs=pairs)
    found = []
    for name in sorted(able, key=lambda name: (name != usual, name)):
        trainer = profiles.trainer(name)
        found.append(Choice(name, f"{trainer.title}, {trainer.version}", (trainer.title,)))
    return tuple(found)


def _trainers(options: InitOptions, _talk: Talk) -> Question:
    model = options.model_name
    return Question(
        text="Which program will train it? loraprep writes each one's own file, and counts steps by its rules.",
        label="Trainers",
        choices=trainer_choices(model, options.kind or ""),
        several=True,
        default=options.trainers or profiles.usual_trainer(model, pairs=_pairs(options)),
    )


def _images(options: InitOptions, talk: Talk) -> Question:
    def check(text: str) -> str:
        return _first(validate.source_problems(replace(options, images=text, in_place=True), talk.here))

    return Question(
        text="Where are your pictures? You can drag the folder here. They are only ever read.",
        label="Folder",
        example="~/Pictures/paintings",
        default=options.images or "",
        shown="" if options.images else "I will put them there myself",
        check=check,
    )


def _in_place(options: InitOptions, _talk: Talk) -> Question:
    return Question(
        text="Copy them into the project, or use them where they are?",
        label="Pictures",
        choices=(
            Choice(_COPY, "The project is whole by itself; the originals stay as they are.", ("yes",)),
            Choice(_LEAVE, "Nothing is copied; the project needs that folder to stay where it is.", ("no", "in place")),
        ),
        default=_LEAVE if options.in_place else _COPY,
    )


def _pairs(options: InitOptions) -> bool:
    """Whether it is taught by pairs."""
    return profiles.kind(options.kind or "").pairs


def _asks(options: InitOptions) -> dict[str, Asked]:
    return profiles.kind(options.kind or "").asks or _USUAL


def _words(key: str, label: str) -> Callable[[InitOptions, Talk], Question]:
    def question(options: InitOptions, _talk: Talk) -> Question:
        asked = _asks(options).get(key, _USUAL[key])
        now = getattr(options, key)
        return Question(text=asked.question, label=label, example=asked.example, default=now or "", shown=now or "none")

    return question


def _trigger(options: InitOptions, talk: Talk) -> Question:
    return Question(
        text="Which word shall bring it back in a prompt? The trigger is one made-up word that means nothing yet.",
        label="Trigger",
        default=options.trigger or talk.proposed(options),
        check=trigger.fault,
        doubt=lambda word: talk.doubt(word, options),
    )


def _captioner(options: InitOptions, talk: Talk) -> Question:
    hand, found = talk.at_hand(options), talk.contents(options)
    able = profiles.kind(options.kind or "").captioners
    lines = at_hand.lines(hand, options.kind or "", found.pictures if found else 0)
    text = (
        "Who writes the instructions? Each pair wants a sentence that asks for its change, in a .txt beside the "
        "picture after it."
        if _pairs(options)
        else "Who describes the pictures? What captions name can be prompted for; what they leave out becomes the "
        "trigger. What can work on this computer comes first."
    )
    return Question(
        text=text,
        label="Captioner",
        choices=tuple(Choice(name, line) for name, line in lines if not able or name in able),
        default=options.captioner or (hand.proposed if not able or hand.proposed in able else able[0]),
        shown="none, the trigger alone" if not options.captioner and hand.proposed == "none" else "",
    )


def _budget(options: InitOptions, _talk: Talk) -> Question:
    return Question(
        text="What may looking at the pictures ever cost here, in US dollars? Five samples are described first and "
        "wait for your word. Without a budget nothing is sent.",
        label="Budget",
        example="0.50",
        default=options.budget or "1.00",
        shown=f"${options.budget or '1.00'}",
        check=lambda text: "" if validate.dollars(text) is not None else f'"{text}" is no amount; write it like 1.00',
    )


def _base_url(options: InitOptions, talk: Talk) -> Question:
    found = talk.at_hand(options).found.get("openai-compatible")
    return Question(
        text="Where does the server with the vision model answer?",
        label="Server",
        default=options.base_url or (found.base_url if found else OLLAMA),
        check=lambda address: _first(validate.address_problems(address)),
    )


def _vision_model(options: InitOptions, talk: Talk) -> Question:
    found = talk.at_hand(options).found.get("openai-compatible")
    there = found.models if found and options.base_url == found.base_url else ()
    text = "Which model there looks at the pictures? It has to be one that sees."
    if there:
        several = tuple(Choice(name) for name in dict.fromkeys(there))
        return Question(text=text, label="Vision model", choices=several, default=options.vision_model or there[0])
    return Question(text=text, label="Vision model", example="qwen3-vl", default=options.vision_model)


def _tagger(options: InitOptions, talk: Talk) -> Question:
    found = talk.at_hand(options).found.get("wd-tagger")
    return Question(
        text="Where is the tagger? The folder with model.onnx and selected_tags.csv.",
        label="Tagger",
        example="~/models/wd-eva02-large-tagger-v3",
        default=options.tagger or (found.tagger if found else None),
    )


def _style_words(options: InitOptions, _talk: Talk) -> Question:
    return Question(
        text=_asks(options)["style_words"].question,
        label="Style words",
        choices=(
            Choice("include", "Prompts can vary the style: less brushwork, other colours."),
            Choice("omit", "The trigger carries the whole style. Can be changed later, nothing is described again."),
        ),
        default=options.style_words or "include",
    )


def _first(problems: object) -> str:
    """The first problem as a sentence, "" if there is none."""
    found: list[Problem] = list(problems)  # type: ignore[call-overload]
    return f"{found[0].message}. {found[0].hint}".strip().removesuffix(".") if found else ""


def _path(answer: str) -> str | None:
    """The folder that is meant, as it is written without quotes and the like."""
    folder_meant = given.folder(answer)
    return str(folder_meant) if folder_meant else None


def _keeping(key: str) -> Callable[[InitOptions, str], InitOptions]:
    return lambda options, answer: replace(options, **{key: answer})


def _own(key: str) -> Callable[[InitOptions], str]:
    return lambda options: getattr(options, key) or ""


def _copying(options: InitOptions, talk: Talk) -> bool:
    source = options.source
    return source is not None and not same_folder(source, project_root(options.name or "", talk.here) / "images")


def _plain(key: str, label: str, after: Callable[[InitOptions, Talk], Sequence[str]] = lambda *_: ()) -> Step:
    return Step(
        key=key, label=label, question=_words(key, label), keep=_keeping(key), said=_own(key), after=after,
        applies=lambda options, _: key in _asks(options),
    )  # fmt: skip


def _for(captioner: str, key: str, label: str, question: Callable[[InitOptions, Talk], Question]) -> Step:
    return Step(
        key=key, label=label, question=question, keep=_keeping(key), said=_own(key),
        applies=lambda options, _: options.captioner == captioner,
    )  # fmt: skip


STEPS: tuple[Step, ...] = (
    Step(key="name", label="Name", question=_name, keep=_keeping("name"), said=_own("name")),
    Step(
        key="kind", label="Kind", question=_kind, keep=_keeping("kind"), said=_own("kind"),
        after=_expectations,
    ),
    Step(
        key="images", label="Folder", question=_images,
        keep=lambda options, answer: replace(options, images=_path(answer)), said=lambda o: o.images or "",
        applies=lambda options, _: options.name != "." and not options.tree, after=_in_the_folder,
    ),
    Step(
        key="in_place", label="Pictures", question=_in_place,
        keep=lambda options, answer: replace(options, in_place=answer == _LEAVE),
        said=lambda o: (_LEAVE if o.in_place else _COPY) if o.images else "", applies=_copying,
    ),
    Step(
        key="model", label="Base model", question=_model, keep=_keeping("model"), said=_own("model"), after=_of_sizes,
    ),
    Step(
        key="trainers", label="Trainers", question=_trainers, keep=_keeping("trainers"),
        said=_own("trainers"),
    ),
    _plain("description", "Description"),
    _plain("class_word", "Class word"),
    Step(
        key="trigger", label="Trigger", question=_trigger, keep=_keeping("trigger"),
        said=_own("trigger"), applies=lambda options, _: not _pairs(options),
    ),
    _plain("notes", "Notes", after=_of_notes),
    _plain("fused", "Belongs to it"),
    Step(
        key="captioner", label="Captioner", question=_captioner, keep=_keeping("captioner"),
        said=lambda o: "none, the trigger alone" if o.captioner == "none" else o.captioner or "", after=_of_captioner,
    ),
    _for("claude", "budget", "Budget", _budget),
    _for("openai-compatible", "base_url", "Server", _base_url),
    _for("openai-compatible", "vision_model", "Vision model", _vision_model),
    _for("wd-tagger", "tagger", "Tagger", _tagger),
    Step(
        key="style_words", label="Style words", question=_style_words,
        keep=_keeping("style_words"), said=_own("style_words"),
        applies=lambda options, _: "style_words" in _asks(options) and options.captioner != "none",
    ),
)  # fmt: skip


def _summary(options: InitOptions, talk: Talk) -> Question:
    """Show every answer, and take one that is to be changed."""
    where = validate.relative(project_root(options.name or "", talk.here), talk.here)
    made = "Makes the project in this folder." if where == "." else f"Makes the project in {where}."
    rows = [
        Choice(step.label, step.said(options) or "none")
        for step in STEPS
        if step.applies(options, talk) and (step.key != "name" or options.name != ".")
    ]
    return Question(
        text="Nothing is written yet. Is this right? Choosing a line asks it again.",
        label=_SUMMARY,
        choices=(Choice(_WRITE, made, ("yes", "ok")), *rows),
        default=_WRITE,
    )


def understood(options: InitOptions) -> InitOptions:
    """Take flags as people write them: any case and spelling, clear beginnings. What is unclear `validate` names."""
    known: dict[str, tuple[Choice, ...]] = {
        "kind": tuple(Choice(name, "", (profiles.kind(name).title,)) for name in resources.names("resources/kinds")),
        "model": model_choices(),
        "captioner": tuple(Choice(name) for name in validate.CAPTIONERS),
        "style_words": tuple(Choice(name) for name in validate.STYLE_WORDS),
    }
    for key, among in known.items():
        if said := getattr(options, key):
            found = choices.meant(said, among, numbers=False)
            options = replace(options, **{key: among[found[0]].name}) if len(found) == 1 else options
    if options.trainers:
        kind = options.kind if options.kind in resources.names("resources/kinds") else ""
        model = options.model_name
        among = trainer_choices(model if model in resources.names("resources/models") else for_now(kind), kind)
        places = [choices.meant(part, among, numbers=False) for part in choices.parts(options.trainers)]
        if all(len(found) == 1 for found in places):
            options = replace(options, trainers=", ".join(dict.fromkeys(among[found[0]].name for found in places)))
    return options
