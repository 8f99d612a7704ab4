"""Edits in YAML that people wrote: one value or entry changes, every other byte stays."""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loraprep.core import yamlfile
from loraprep.core.errors import UserError

HOSTILE = ["[a].jpg", "a: b.png", "#x.png", "- y.png", "*.png", "&a.png", "? q.png", "it's.png", 'say "hi".png',
           "no", "null", "~", "1.5", "012", "a #b.png", "{x}.png", "%p.png", "@q.png", "`r.png", "!s.png", "a,b.png",
           "ünï/çödé.png", "絵.jpg", "🎨.png", "deep/er/[1] x: y.png", "a\\b.png", "<<", "=", "...x", "-", "a b  c.png",
           "x" * 200 + ".png", "|.png", ">.png", "---.png", "key:"]  # fmt: skip
names = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=20).filter(str.isprintable),
)
words = st.one_of(st.none(), st.sampled_from(["recommended", "all", "none"]), names, st.integers(-5, 5000),
                  st.lists(names, max_size=3))  # fmt: skip
comments = st.sampled_from(["", "  # mine", "  # ünï: [x] 'y'", "   #"])
between = st.sampled_from(["", "\n", "\n\n\n", "# a word of mine\n", "\n  # indented: [note]\n\n", "# über\n\n"])


@st.composite
def value_texts(draw: st.DrawFn) -> tuple[str, Any]:
    """A value as somebody might write it below `  keep:`, and what it means."""
    form = draw(st.sampled_from(["flow", "single", "literal", "empty", "block", "block out"]))
    if form == "block":
        listed = draw(st.lists(names, min_size=1, max_size=3))
        return "\n" + "\n".join(f"    - {yamlfile.dump(v)}  # why" for v in listed), listed
    if form == "block out":
        listed = draw(st.lists(names, min_size=1, max_size=3))
        return "  # below\n" + "\n".join(f"  - {yamlfile.dump(v)}" for v in listed), listed
    if form == "single":
        value = draw(names)
        return " '" + value.replace("'", "''") + "'", value
    if form == "literal":
        return " |-\n    some words\n    more", "some words\nmore"
    if form == "empty":
        return "", None
    value = draw(words)
    return " " + yamlfile.dump(value), value


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A decision file as an artist leaves it, with its data."""
    newline = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    text, data = draw(st.sampled_from(["", "# header\n", "---\n# a\n\n"])), dict[str, Any](rest=None)
    text += f"rest: null{draw(comments)}\n"
    for key in draw(st.lists(names.filter(lambda n: n != "rest"), max_size=4, unique=True)):
        text += draw(between)
        if draw(st.booleans()):
            value = draw(words)
            text += f"{yamlfile.dump(key)}: {{keep: {yamlfile.dump(value)}}}{draw(comments)}\n"
            data[key] = {"keep": value}
        else:
            written, value = draw(value_texts())
            after = "" if "\n" in written else draw(comments)
            text += f"{yamlfile.dump(key)}:{draw(comments)}\n  what: x # y\n  keep:{written}{after}\n"
            data[key] = {"what": "x", "keep": value}
    text += draw(between)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", newline), data


@given(files(), words, st.data())
@settings(max_examples=150, deadline=None)
def test_setting_a_value_changes_that_value_alone(
    file: tuple[str, dict[str, Any]], value: Any, data: st.DataObject
) -> None:
    text, known = file
    doc = yamlfile.parse(text, "decisions/x.yaml")
    assert doc.data == known
    key = data.draw(st.sampled_from(sorted(known)))
    keys = [key] if key == "rest" else [key, "keep"]
    changed = yamlfile.set_value(doc, keys, value)
    again = yamlfile.parse(changed, "x").data
    assert again == {**known, key: value if key == "rest" else {**known[key], "keep": value}}
    assert list(again) == list(known)
    entry = yamlfile.entry_text(doc, key)
    start = text.index(entry)
    assert changed.startswith(text[:start])
    assert changed.endswith(text[start + len(entry) :])
    was, now = entry.splitlines(), changed[start : len(changed) - len(text) + start + len(entry)].splitlines()
    if "keep" in was[0] or key == "rest":  # on one line: what stands before the value stays
        assert len(now) == len(was) == 1
    else:  # its own line (or lines) alone: the key, what, and their comments stay
        assert now[:2] == was[:2]
        assert len(now) == 3 or (len(now) == 4 and len(was) >= 4)
        if len(was) == 3 and (comment := re.search(r"keep: null(\s+#.*)$", was[2])):
            assert now[2].endswith(comment[1])


@given(files(), st.lists(st.tuples(names, words), max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_rewriting_touches_only_what_it_names(
    file: tuple[str, dict[str, Any]], fresh: list[tuple[str, Any]], data: st.DataObject
) -> None:
    text, known = file
    doc = yamlfile.parse(text, "x")
    replaced = data.draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    removed = {k for k in replaced if k != "rest" and data.draw(st.booleans())}
    new = {
        k: yamlfile.signed(yamlfile.block(k, {"do": None, "digests": {k: "0" * 12}})) for k in replaced if k != "rest"
    }
    extra = {k: v for k, v in fresh if k not in known}
    added = [yamlfile.signed(yamlfile.block(k, {"keep": v})) for k, v in extra.items()]
    changes = {k: None if k in removed else new[k] for k in new}
    result = yamlfile.rewrite(doc, changes, added)
    after = yamlfile.parse(result, "x")
    expected = {k: v for k, v in known.items() if k not in removed}
    expected |= {k: {"do": None, "digests": {k: "0" * 12}} for k in new if k not in removed}
    expected |= {k: {"keep": v} for k, v in extra.items()}
    assert after.data == expected
    before_texts, after_texts = yamlfile.texts(doc), yamlfile.texts(after)
    for key in set(known) - set(new):
        assert after_texts[key].rstrip("\r\n") == before_texts[key].rstrip("\r\n")
    for key in [*(set(new) - removed), *extra]:
        assert yamlfile.untouched(after_texts[key])
    if "\r\n" in text:
        assert not re.search(r"(?<!\r)\n", result)
    if not changes and not added:
        assert result == text
    outside = text
    for key in new:
        outside = outside.replace(before_texts[key], "", 1)
    rest = result
    for key in [*(set(new) - removed), *extra]:
        rest = rest.replace(after_texts[key], "", 1)
    assert [line for line in rest.splitlines() if line.strip()] == [
        line for line in outside.splitlines() if line.strip()
    ]


@given(st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_./+()'@ -]{0,12}", fullmatch=True), min_size=1, max_size=4))
@example(["no", "a.jpg"])
@example(["a b.jpg", "it's", "a -b", "nan"])
def test_a_list_of_names_is_spelled_as_each_name_is(names: list[str]) -> None:
    text = yamlfile.dump(names)
    assert text == "[" + ", ".join(yamlfile.dump({"is": name})[5:-1] for name in names) + "]"
    assert yamlfile.parse(f"is: {text}", "x").data == {"is": names}


@given(st.one_of(words, st.dictionaries(names, words, max_size=3), st.floats(allow_nan=False, allow_infinity=False),
                 st.booleans()))  # fmt: skip
@example("a: b # c")
@settings(deadline=None)
def test_what_is_dumped_is_read_back(value: Any) -> None:
    text = yamlfile.dump(value)
    assert "\n" not in text
    assert yamlfile.parse(f"k: {text}", "x").data["k"] == value


@given(names, st.sampled_from(["\n", "\r\n"]))
def test_a_signature_holds_until_somebody_types(name: str, newline: str) -> None:
    text = yamlfile.signed(yamlfile.block(name, {"keep": None, "digests": {name: "0" * 12}}))
    assert yamlfile.untouched(text.replace("\n", newline))
    assert not yamlfile.untouched(text.replace("keep: null", "keep: all", 1))
    assert not yamlfile.untouched(text.replace("\n", "  # hm\n", 1))


@pytest.mark.parametrize("key", HOSTILE)
def test_odd_file_names_are_keys_like_any_other(key: str) -> None:
    text = yamlfile.append("rest: null\n", yamlfile.block(key, {"keep": None, "digests": {key: "0" * 12}}))
    doc = yamlfile.parse(text, "x")
    assert list(doc.data) == ["rest", key]
    assert yamlfile.parse(yamlfile.set_value(doc, [key, "keep"], [key]), "x").data[key]["keep"] == [key]
    assert yamlfile.rewrite(doc, {key: None}) == "rest: null\n"


EDITS = {
    "a comment behind it": ("a:\n  keep: null  # hm\n", "a:\n  keep: all  # hm\n"),
    "nothing written": ("a:\n  keep:\n  do: x\n", "a:\n  keep: all\n  do: x\n"),
    "nothing but a comment": ("a:\n  keep: # hm\n", "a:\n  keep: all # hm\n"),
    "a list below": ("a:\n  keep:\n    - x\n    - y  # hm\n\nb: 1\n", "a:\n  keep: all  # hm\n\nb: 1\n"),
    "a list below, not indented": ("a:\n  keep:\n  - x\nb: 1\n", "a:\n  keep: all\nb: 1\n"),
    "a literal text": ("a:\n  keep: |\n    x\n\nb: 1\n", "a:\n  keep: all\n\nb: 1\n"),
    "on one line": ("a: {keep: [x, y], do: z}\n", "a: {keep: all, do: z}\n"),
    "everything on one line": ("{a: {keep: null}}\n", "{a: {keep: all}}\n"),
    "quoted over two lines": ('a:\n  keep: "x\n    y"  # hm\n', "a:\n  keep: all  # hm\n"),
    "no line end": ("a:\n  keep: null", "a:\n  keep: all"),
    "two line ends mixed": ("a:\r\n  keep: null\nb: 1\r\n", "a:\r\n  keep: all\nb: 1\r\n"),
}


@pytest.mark.parametrize("case", EDITS)
def test_a_value_is_set_wherever_it_stands(case: str) -> None:
    before, after = EDITS[case]
    assert yamlfile.set_value(yamlfile.parse(before, "x"), ["a", "keep"], "all") == after


def test_a_value_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        yamlfile.set_value(yamlfile.parse("a: {b: 1}", "x"), ["a", "c"], 1)


def test_what_cannot_be_changed_alone_is_refused() -> None:
    with pytest.raises(UserError) as refused:
        yamlfile.set_value(yamlfile.parse("a: {keep}\n", "x.yaml"), ["a", "keep"], "all")
    assert str(refused.value) == (
        "x.yaml:1:5: this value is written in a way that cannot be changed alone\n"
        "    a: {keep}\n        ^\n    Change it by hand."
    )


@pytest.mark.parametrize("text", ["{rest: null}\n", "  rest: null\n", "rest: null\n...\n"])
def test_a_form_without_room_for_entries_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="this form leaves no place for them"):
        yamlfile.rewrite(yamlfile.parse(text, "x"), {}, ["a: 1\n"])


def test_saving_keeps_bom_and_line_ends_and_refuses_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "decisions" / "x.yaml"
    path.parent.mkdir()
    path.write_bytes(b"\xef\xbb\xbf# hi\r\na: {keep: null}\r\n")
    doc = yamlfile.load(path, "x")
    assert yamlfile.save(path, yamlfile.set_value(doc, ["a", "keep"], "all"), doc.digest)
    assert path.read_bytes() == b"\xef\xbb\xbf# hi\r\na: {keep: all}\r\n"
    assert not yamlfile.save(path, "# hi\r\na: {keep: all}\r\n", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(UserError) as refused:
        yamlfile.save(path, "a: 1\n", doc.digest)
    assert str(refused.value) == (
        "decisions/x.yaml: changed while loraprep was working; nothing was written\n    Run it again."
    )
    path.unlink()
    with pytest.raises(UserError, match="changed while"):
        yamlfile.save(path, "a: 1\n", doc.digest)
    assert not path.exists()
