"""msgspec decodes behind one door, which any number of threads may use first at the same time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import loraprep
from loraprep.core import typed

PACKAGE = Path(loraprep.__file__).parent
# records that no thread has met, two hundred times over, met by four threads at once
AT_ONCE = """
import sys, threading, types
from loraprep.core import typed
sys.setswitchinterval(1e-6)
WORDS = '''
from __future__ import annotations
import msgspec
class C(msgspec.Struct):
    a: int = 1
    b: dict[str, tuple[float, ...]] = msgspec.field(default_factory=dict)
class B(msgspec.Struct):
    c: C = msgspec.field(default_factory=C)
    e: C | None = None
class A(msgspec.Struct):
    m: dict[str, B] = msgspec.field(default_factory=dict)
    n: tuple[B, ...] = ()
'''
done = []
for n in range(200):
    module = types.ModuleType(f"records{n}")
    sys.modules[module.__name__] = module
    exec(WORDS, module.__dict__)
    barrier = threading.Barrier(4)
    def meet():
        barrier.wait()
        done.append(typed.convert({"m": {"x": {"c": {"a": 2}}}}, module.A).m["x"].c.a)
        done.append(typed.from_json(b'{"n": [{"c": {"a": 2}}]}', module.A).n[0].c.a)
    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(sum(done))
"""


def test_threads_may_meet_a_record_at_the_same_time() -> None:
    ended = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, str(200 * 4 * 2 * 2)), ended.stderr


def test_nothing_decodes_beside_it() -> None:
    decodes = re.compile(
        r"msgspec\.(convert|(json|msgpack|yaml|toml)\.(decode|Decoder))|from msgspec(\.\w+)? import .*(convert|[dD]ecode)"
    )
    beside = [
        p.as_posix() for p in PACKAGE.rglob("*.py") if p.name != "typed.py" and decodes.search(p.read_text("utf-8"))
    ]
    assert beside == []


class Part(msgspec.Struct, frozen=True):
    name: str
    cells: typed.Hex = typed.Hex()


def test_bytes_are_held_as_they_are_and_written_as_hex_digits() -> None:
    part = Part("a", typed.Hex(b"\x00\xff"))
    line = typed.line(part)
    assert line == '{"name":"a","cells":"00ff"}\n'
    assert typed.from_lines(line, Part) == [part]
    assert typed.unpacked(typed.packed(part), Part) == part
    assert typed.convert({"name": "a", "cells": "00ff"}, Part) == part


@pytest.mark.parametrize("cells", ['"0g"', '"0"', "5", "null", "[]"])
def test_what_are_no_hex_digits_is_damaged(cells: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        typed.from_lines(f'{{"name":"a","cells":{cells}}}', Part)


def test_records_are_packed_until_they_are_asked_for() -> None:
    held = typed.Packed(Part)
    for name in "cab":
        held[name] = Part(name)
    del held["a"]
    assert held == {"c": Part("c"), "b": Part("b")}
    assert ([*held], len(held)) == (["c", "b"], 2)
    assert "a" not in held
    chosen = typed.Chosen(held, iter("bc"))
    assert [*chosen.items()] == [("b", Part("b")), ("c", Part("c"))]
    assert typed.Chosen(held, "b").get("c") is None
