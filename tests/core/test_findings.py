"""The catalogue and the code say the same: every finding has its words, every word its value."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from loraprep.core import findings
from loraprep.core.findings import FOREIGN, SEVERITIES, CatalogueEntry, Code, Finding
from loraprep.core.text import with_article

PACKAGE = Path(findings.__file__).parent.parent
OWN = {"n", "names", "accept", "units"}  # filled in for every finding
TYPES = {"int": int, "number": (int, float), "text": str}
# `Code(...)` of a code that a file was rejected or noted with: what scan and imaging say of files
REJECTED = {
    Code.BROKEN, Code.LINK, Code.NAME, Code.POINTER, Code.SPECIAL, Code.TOO_LARGE, Code.TOO_HEAVY, Code.TOO_SLOW, Code.UNEXPECTED, Code.UNREADABLE,
    Code.UNSUPPORTED, Code.UNPAIRED, Code.CAPTION_FILE_CLEANED, Code.CAPTION_FILE_UNUSED, Code.PAIR_LIST,
}  # fmt: skip
# Outcome.add_missing of a code that a server's answer led to: the values that captions/vision/runner.py gives
SERVER = {"said", "model", "variable"}
BUDGET = {"done", "total", "left", "limit", "need"}


def placeholders(entry: CatalogueEntry) -> set[str]:
    texts = [entry.one, entry.many, *entry.fixes.values()]
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name} - OWN


def codes_in(node: ast.AST | None) -> set[Code]:
    """The members of Code that an expression names."""
    return {
        Code[n.attr]
        for n in ast.walk(node or ast.Pass())
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "Code"
    }


class Module:
    """The findings that one file makes."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(PACKAGE).as_posix()
        self.tree = ast.parse(path.read_text("utf-8"))
        self.tables = {
            target.id: node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        self.functions = [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]

    def calls(self, inside: ast.AST, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(inside):
            if isinstance(node, ast.Call):
                called = node.func
                if name == (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")):
                    yield node

    def made(self) -> Iterator[tuple[set[Code], set[str], str]]:
        """(codes, keys of the values, where) of every finding made here."""
        for function in self.functions:
            for call in self.calls(function, "Finding"):
                if any(f is not function and call in ast.walk(f) for f in self.functions if f in ast.walk(function)):
                    continue  # of a function inside this one
                code = call.args[0]
                if len(call.args) > 2 and isinstance(call.args[2], ast.Attribute) and call.args[2].attr == "values":
                    continue  # a finding made anew of another
                where = f"{self.name}:{call.lineno}"
                parameters = [a.arg for a in function.args.args]
                if isinstance(code, ast.Name) and code.id in parameters:
                    at = parameters.index(code.id)
                    for use in self.calls(self.tree, function.name):
                        extra = {k.arg for k in use.keywords if k.arg} if function.args.kwarg else set()
                        found = codes_in(use.args[at]) or REJECTED
                        yield found, self.keys(function, call) | extra, f"{self.name}:{use.lineno}"
                elif not function.args.kwarg:
                    yield self.codes(function, code), self.keys(function, call), where

    def codes(self, function: ast.AST, code: ast.expr) -> set[Code]:
        """Those named in place; else those of the function and its tables that no other call names; else the file's."""
        named = codes_in(code)
        if not {n.id for n in ast.walk(code) if isinstance(n, ast.Name)} - {"Code"} - {"found", "kind", "exact"}:
            return named
        for around in (function, self.tree):
            direct = {c for call in self.calls(around, "Finding") for c in codes_in(call.args[0])}
            tables = [t for n in ast.walk(around) if isinstance(n, ast.Name) and (t := self.tables.get(n.id))]
            if found := set().union(codes_in(around) - direct, *map(codes_in, tables)):
                return named | found
        return named

    def keys(self, function: ast.AST, call: ast.Call) -> set[str]:
        """The keys of the values given, those of a dict that was filled before included."""
        given = call.args[2] if len(call.args) > 2 else None
        names = {n.id for n in ast.walk(given or ast.Pass()) if isinstance(n, ast.Name)}
        nodes = [given] if given else []
        for node in ast.walk(function):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                nodes += [node.value for t in targets if isinstance(t, ast.Name) and t.id in names]
        return {
            key.value
            for root in nodes
            for n in ast.walk(root)
            if isinstance(n, ast.Dict)
            for key in n.keys
            if isinstance(key, ast.Constant)
        }


MODULES = [Module(p) for p in sorted(PACKAGE.rglob("*.py")) if p.name != "findings.py"]


def lacks() -> Iterator[tuple[set[Code], set[str], str]]:
    """Pictures that nobody could describe: `Outcome.add_missing(code, ...)` with its values as keywords."""
    job = next(m for m in MODULES if m.name == "captions/vision/job.py")
    table = job.tables["LACKS"]
    assert isinstance(table, ast.Dict)
    known = {k.value: codes_in(v) for k, v in zip(table.keys, table.values, strict=True) if isinstance(k, ast.Constant)}
    for module in MODULES:
        for call in module.calls(module.tree, "add_missing"):
            keys = {k.arg for k in call.keywords if k.arg}
            if isinstance(call.args[0], ast.Constant):
                yield known[call.args[0].value], keys, f"{module.name}:{call.lineno}"
        for call in module.calls(module.tree, "VisionError"):
            for code in {n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)} & known.keys():
                yield known[code], SERVER | (BUDGET if code == "budget" else set()), f"{module.name}:{call.lineno}"
    yield known["credit"] | known["key"], SERVER, job.name  # captions/vision/anthropic_messages.py: _REFUSED_WHOLE


MADE = [made for module in MODULES for made in module.made()] + list(lacks())


def test_every_code_has_words_and_all_words_a_code() -> None:
    assert set(findings.catalogue()) == set(Code)
    assert [code for code in Code if code.startswith(FOREIGN)] == [code for code in Code if code.name[:6] == "CHECK_"]


@pytest.mark.parametrize("code", Code)
def test_the_words_use_what_is_declared(code: Code) -> None:
    entry = findings.catalogue()[code]
    assert placeholders(entry) == set(entry.values)
    assert entry.severity in SEVERITIES
    assert "{" not in entry.why  # it is said of one and of many alike
    fixes = set(entry.fixes)
    assert fixes == {""} or fixes >= {"one", "many"} or not fixes & {"one", "many"}


@pytest.mark.parametrize("code", Code)
def test_the_words_of_one_and_of_many_can_be_said(code: Code) -> None:
    entry = findings.catalogue()[code]
    values = {name: "x" if kind == "text" else 7 for name, kind in entry.values.items()}
    for images in (("a.jpg",), ("a.jpg", "b.jpg")):
        for cause in set(entry.fixes) - {"", "one", "many"} or {"one"}:
            finding = Finding(code, images, {**values, "cause": cause})
            assert findings.sentence(finding)
            assert "{" not in findings.sentence(finding).replace("{repeats}_{name}", "")
            assert bool(findings.fix(finding)) == bool(entry.fix)


def test_every_finding_that_is_made_gives_what_its_words_need() -> None:
    short = [
        f"{where}: {code} lacks {sorted(missing)}"
        for codes, keys, where in MADE
        for code in codes
        if (missing := set(findings.catalogue()[code].values) - keys)
    ]
    assert short == []


def test_no_code_is_an_orphan() -> None:
    assert {code for codes, _, _ in MADE for code in codes} == set(Code)


def test_no_code_is_put_together() -> None:
    """So that a search for a code finds where it is made."""
    composed = [
        f"{m.name}:{c.lineno}" for m in MODULES for c in m.calls(m.tree, "Code") if isinstance(c.args[0], ast.JoinedStr)
    ]
    assert composed == []


def test_what_is_said_of_each_picture_is_said_of_those_it_is_about() -> None:
    said = {"a.jpg": "too short", "b.jpg": "too long", "c.jpg": "odd"}
    found = Finding(Code.CAPTION_UNUSABLE, ("a.jpg", "b.jpg", "c.jpg"), {"reasons": said})
    assert "a.jpg: too short; b.jpg: too long; c.jpg: odd" in findings.sentence(found)
    assert findings.sentence(found.about(["b.jpg"])) == "A caption would break in training - b.jpg: too long."


def test_what_may_be_accepted_shows_the_line_for_it() -> None:
    bare = [
        c
        for c, entry in findings.catalogue().items()
        if any("in decisions/gate.yaml" in f for f in entry.fixes.values())
    ]
    assert bare == [], "{accept} says where, and what to write"
    line = 'decisions/gate.yaml: `jumble: {accept: known, reason: "..."}`'
    assert line in findings.fix(Finding(Code.JUMBLE, ()))


def test_one_that_is_left_of_several_is_told_in_the_singular() -> None:
    found = findings.uncovered(
        [
            Finding(Code.COPIES, ("a.jpg", "b.jpg"), {}),
            Finding(Code.TOO_SIMILAR, ("a.jpg", "b.jpg", "c.jpg"), {"keep": "a.jpg"}),
        ]
    )
    assert findings.sentence(found[-1]) == "1 more picture is much like others: c.jpg."


def test_an_object_has_its_article() -> None:
    values = {"count": 12, "kind": with_article("object"), "floor": 5, "min": 10, "max": 30}
    said = findings.sentence(Finding(Code.ENOUGH_IMAGES, (), values))
    assert said == "12 pictures: a good number for an object (10 to 30)."
