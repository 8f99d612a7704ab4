"""A set of 24 pictures described by Claude, from the first run to a clone without a key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests import runs, store
from tests.loopback import KEY, Loopback, Reply, form, numbered, serving
from tests.scenes import remember, scene

pytestmark = pytest.mark.run

PICTURES = 24


def environment(url: str = "", key: str = KEY) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC")}
    env |= {"NO_COLOR": "1", "COLUMNS": "200", "ANTHROPIC_LOG": "debug"}
    env |= {"ANTHROPIC_BASE_URL": url} if url else {}
    return env | ({"ANTHROPIC_API_KEY": key} if key else {})


def start(root: Path, *args: str, url: str = "", key: str = KEY) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "loraprep", *args], cwd=root, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=environment(url, key))  # fmt: skip


def run(root: Path, *args: str, url: str = "", key: str = KEY, fresh: bool = False) -> tuple[int, str]:
    code, output = runs.run(root, *args, fresh=fresh, env=environment(url, key))
    assert KEY not in output
    return code, output


def _seen(root: Path) -> None:
    """Pictures that say which one they are, looked at closely."""
    (root / "images").mkdir()
    for number in range(PICTURES):
        size = [(640, 560), (560, 640), (600, 600)][number % 3]
        numbered(scene(number, *size), number).save(root / f"images/p{number:02}.jpg", quality=92)
    (root / "project.yaml").write_text(
        "version: 1\nname: x\nintent: {kind: style}\nmodel: flux\ntrigger: emberveil\ncaptioning: {captioner: none}\n",
        "utf-8",
    )
    code, output = runs.run(root, "looks")
    assert code == 0, output


def make(root: Path, pictures: int, settings: str = "budget_usd: 1.00") -> Path:
    seen = store.kept("numbered", _seen)
    (root / "images").mkdir(parents=True)
    for picture in sorted((seen / "images").iterdir())[:pictures]:
        shutil.copyfile(picture, root / "images" / picture.name)
    remember(seen, root)
    (root / "project.yaml").write_text(
        "version: 1\nname: emberveil\nintent: {kind: style, description: loose painting}\nmodel: flux\n"
        f"trigger: emberveil\ncaptioning: {{captioner: claude, {settings}}}\n"
        "review: {quality: auto, duplicates: auto, curation: auto}\n", "utf-8")  # fmt: skip
    return runs.allow(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of 24 pictures that were all looked at closely, with nothing asked yet."""
    return make(tmp_path / "emberveil", PICTURES)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


def answer(root: Path, text: str = "rest: recommended") -> None:
    file = root / "decisions/captions.yaml"
    file.write_text(file.read_text("utf-8").replace("rest: null", text), "utf-8")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def captions(root: Path) -> dict[str, str]:
    stored = json.loads((root / "build/captions.json").read_text("utf-8"))["captions"]
    return {path: c["text"] for path, c in stored.items()}


def test_from_samples_to_a_clone(root: Path, server: Loopback, tmp_path: Path) -> None:

    code, output = run(root, "gate1", url=server.url)
    assert code == 1
    assert len(server.asked()) == 5
    assert "Not yet: 5 answers from you" in output
    assert "19 more pictures are looked at once you have answered the samples." in output
    code, output = run(root, "gate1", url=server.url)
    assert len(server.asked()) == 5

    edit(root / "decisions/captions.yaml", "verdict: null", "verdict: approve")
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert len(server.asked()) == 24
    assert sorted(server.numbers()) == list(range(PICTURES))
    assert "claude-haiku-5-5 looks at 19 pictures: about $0." in output
    rest = server.asked()[-1]["system"][0]["text"]
    assert rest.count("stands in a valley at dawn.") == 5  # the approved samples are examples, as text
    for number in range(PICTURES):
        assert f"{form(number)['content']['subject']} stands" in captions(root)[f"p{number:02}.jpg"]

    code, output = run(root, "gate1", url=server.url)
    assert code == 0
    assert len(server.asked()) == 24
    assert "elements:" not in output

    edit(root / "project.yaml", "model: flux", "model: pony")
    edit(root / "project.yaml", "trigger: emberveil", "trigger: cindermoor")
    code, output = run(root, "gate1", url="http://127.0.0.1:1")
    assert code == 1
    assert "Not yet: 5 answers from you" in output  # the approved ones, shown before and after
    edit(root / "decisions/captions.yaml", "verdict: null", "verdict: approve")
    code, output = run(root, "gate1", url="http://127.0.0.1:1")
    assert code == 0, output
    assert len(server.asked()) == 24
    assert captions(root)["p07.jpg"].startswith("cindermoor, no humans, valley, dawn, outdoors, ")
    assert "earlier settings" not in output

    clone = tmp_path / "elsewhere"
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns("build", ".doit*"), copy_function=shutil.copyfile)
    page = clone / "report.html"  # is not in git, and says what changed since the last verdict there
    page.unlink()
    kept = {p.relative_to(clone): p.read_bytes() for p in sorted(clone.rglob("*")) if p.is_file()}
    code, output = run(clone, "gate1", key="", fresh=True)
    assert code == 0, output
    assert {p: (clone / p).read_bytes() for p in kept} == kept
    for name in ("elements", "captions", "gate1", "vision"):
        assert (clone / f"build/{name}.json").read_bytes() == (root / f"build/{name}.json").read_bytes()

    for path in [p for base in (root, clone) for p in base.rglob("*") if p.is_file()]:
        assert KEY.encode() not in path.read_bytes(), path
        if path.parent.name == "responses":
            assert b"images/" not in path.read_bytes()
            assert b"p07" not in path.read_bytes()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def stored(root: Path) -> dict[str, bytes]:
    return {p.stem: p.read_bytes() for p in (root / "responses").glob("*.json")}


def numbers(root: Path, digests: Iterable[str]) -> set[int]:
    """Which of the 24 pictures these digests are."""
    lines = (root / "build/images.jsonl").read_text("utf-8").splitlines()[1:]
    return {int(i["path"][1:3]) for i in map(json.loads, lines) if i["digest"] in set(digests)}


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_killed_at_any_point_no_answer_is_asked_for_again(root: Path, server: Loopback, tmp_path: Path) -> None:
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}")
    server.delay = 0.03
    kept: dict[str, bytes] = {}
    for target in (1, 4, 6, 11, 18, 23):
        before = len(server.asked())
        process = start(root, "gate1", url=server.url)
        wait_for(lambda: len(stored(root)) >= target or process.poll() is not None)  # noqa: B023
        kill(process)
        assert not set(server.numbers()[before:]) & numbers(root, kept)
        kept = stored(root)
        assert all(json.loads(text)["answers"] for text in kept.values())
    before = len(server.asked())
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert not set(server.numbers()[before:]) & numbers(root, kept)
    assert len(stored(root)) == PICTURES
    assert set(server.numbers()) == set(range(PICTURES))
    assert len(server.asked()) <= PICTURES + 6 * 4  # at most what was in flight at each kill
    assert all(len(json.loads(text)["answers"]) == 1 for text in stored(root).values())


def test_killed_around_a_batch(root: Path, server: Loopback, tmp_path: Path) -> None:
    edit(root / "project.yaml", "budget_usd: 1.00", "budget_usd: 1.00, batch: always")
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}")

    server.on_create = Reply(wait=30)  # the id never arrives
    process = start(root, "gate1", url=server.url)
    wait_for(lambda: len(server.batches) == 1)
    kill(process)
    server.on_create = None
    assert len(server.batches) == 1
    code, output = run(root, "gate1", url=server.url)  # finds the batch it never heard of again
    assert code == 1
    assert (
        "19 pictures are in a batch since 2026-11-01 00:00 UTC that is not answered yet; that can take a day." in output
    )
    assert len(server.batches) == 1

    process = start(root, "elements", url=server.url)  # waits
    wait_for(lambda: sum(path.endswith("msgbatch_1") for _, path, _, _ in server.seen) > 2)
    assert process.poll() is None
    kill(process)
    server.ended = True
    process = start(root, "gate1", url=server.url)
    wait_for(lambda: len(stored(root)) > 8 or process.poll() is not None)
    kill(process)
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert len(server.batches) == 1
    assert len(server.asked()) == 5  # the samples: somebody waits for them
    assert len(stored(root)) == PICTURES
    assert all(len(json.loads(text)["answers"]) == 1 for text in stored(root).values())
    assert not (root / "batches.json").exists()
    for number in range(PICTURES):
        assert f"number {number} stands" in captions(root)[f"p{number:02}.jpg"]


def test_two_runs_at_once_ask_once(root: Path, server: Loopback, tmp_path: Path) -> None:
    server.delay = 4
    first = start(root, "gate1", url=server.url)
    wait_for(lambda: len(server.asked()) >= 1)
    code, output = run(root, "gate1", url=server.url)
    assert code == 1
    assert "Another loraprep is running in this project." in output
    first.communicate(timeout=600)
    assert len(server.asked()) == 5


def test_a_caption_corrected_afterwards_is_no_reason_to_pay_for_all_again(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    run(root, "gate1", url=server.url)
    edit(root / "decisions/captions.yaml", "verdict: null", "verdict: approve")
    run(root, "gate1", url=server.url)
    assert len(server.asked()) == 12
    file = root / "decisions/captions.yaml"
    other = next(p for p in captions(root) if p not in file.read_text("utf-8"))
    file.write_text(file.read_text("utf-8") + f'{other}: {{caption: "[trigger], my own words"}}\n', "utf-8")
    _, output = run(root, "gate1", "-v", url=server.url)
    assert captions(root)[other] == "emberveil, my own words"
    assert "earlier settings" not in output
    _, output = run(root, "recaption", url=server.url)
    assert "Every picture was seen under today's settings." in output
    assert len(server.asked()) == 12


def test_captions_by_hand_before_and_after_are_no_earlier_settings(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}")
    file = root / "decisions/captions.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text('p07.jpg: {caption: "[trigger], my first words"}\n', "utf-8")
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    many = len(server.asked())
    assert any("my first words" in json.dumps(body["system"]) for body in server.asked())
    file.write_text(file.read_text("utf-8") + 'p08.jpg: {caption: "[trigger], my second words"}\n', "utf-8")
    _, output = run(root, "gate1", "-v", url=server.url)
    assert "earlier settings" not in output
    _, output = run(root, "recaption", url=server.url)
    assert "Every picture was seen under today's settings." in output
    assert len(server.asked()) == many


def test_asking_again(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}")
    run(root, "gate1", url=server.url)
    assert len(server.asked()) == 12
    edit(root / "project.yaml", "budget_usd: 1.00", "budget_usd: 1.00, model: claude-sonnet-5-5")
    _, output = run(root, "gate1", "-v", url=server.url)
    assert len(server.asked()) == 12
    assert "12 pictures were seen under earlier settings" in output
    report = (root / "dataset-report.md").read_text("utf-8")
    cost = re.search(r"loraprep recaption asks again for about \$(0\.\d+)", report)
    assert cost
    assert float(cost[1]) == pytest.approx(12 * (2300 * 2 + 400 * 10) / 1e6, abs=0.0001)  # as much as it took before

    code, output = run(root, "recaption", "p03.jpg", "P1*", url=server.url)
    assert code == 0, output
    assert "claude-sonnet-5-5 looks at 3 pictures: about $0." in output
    assert "3 of 3 pictures were seen anew. Earlier answers stay in responses/." in output
    assert sorted(server.numbers()[12:]) == [3, 10, 11]
    _, output = run(root, "gate1", "-v", url=server.url)
    assert "9 pictures were seen under earlier settings" in output
    code, output = run(root, "recaption", url=server.url)
    assert sorted(server.numbers()[15:]) == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    for text in stored(root).values():
        models = [a["model"] for a in json.loads(text)["answers"]]
        assert models == ["claude-haiku-5-5", "claude-sonnet-5-5"]
    _, output = run(root, "gate1", "-v", url=server.url)
    assert "earlier settings" not in output
    _, output = run(root, "recaption", url=server.url)
    assert "Every picture was seen under today's settings." in output
    code, output = run(root, "recaption", "nothing*", url=server.url)
    assert code == 1
    assert "no picture in the set is called nothing*" in output
    assert len(server.asked()) == 24


def test_an_adjusted_sample_is_an_example_for_the_rest(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    run(root, "gate1", url=server.url)
    file = root / "decisions/captions.yaml"
    lines = file.read_text("utf-8").splitlines()
    first = next(n for n, text in enumerate(lines) if text.startswith("  caption:"))
    name = lines[first - 1].rstrip(":")
    lines[first] = '  caption: "[trigger], a mill, painted as if it remembered the flood"'
    text = "\n".join(lines).replace("verdict: null", "verdict: adjust", 1).replace("verdict: null", "verdict: skip")
    file.write_text(text + "\n", "utf-8")
    run(root, "gate1", url=server.url)
    assert len(server.asked()) == 12
    system = server.asked()[-1]["system"][0]["text"]
    assert system.endswith("in the same tone:\n- a mill, painted as if it remembered the flood\n")
    assert "emberveil" not in json.dumps(server.asked())
    assert captions(root)[name] == "emberveil, a mill, painted as if it remembered the flood"


def test_samples_that_are_all_skipped_start_nothing(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    run(root, "gate1", url=server.url)
    edit(root / "decisions/captions.yaml", "verdict: null", "verdict: skip")
    _, output = run(root, "gate1", url=server.url)
    assert len(server.asked()) == 10  # five others are shown instead
    assert "Not yet: 5 answers from you" in output


def test_pictures_that_are_left_out_are_not_paid_for(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    shutil.copy(root / "images/p04.jpg", root / "images/zz-copy.jpg")
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}\ncuration: {exclude: [p05.jpg]}")
    run(root, "gate1", url=server.url)
    assert sorted(server.numbers()) == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]


def test_a_chain_falls_back_to_drafts_and_says_so(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    edit(root / "project.yaml", "captioner: claude", "captioner: [claude, draft]")
    for number in range(12):
        (root / f"images/p{number:02}.txt").write_text(f"a boat on lake {number}, loose strokes", "utf-8")
    code, output = run(root, "gate1", key="")
    answer(root)
    code, output = run(root, "gate1", key="")
    assert code == 0, output
    assert "12 pictures have the words of another captioner, since the first one has not answered" in output
    assert captions(root)["p03.jpg"].startswith("emberveil, a boat on lake 3, loose strokes")

    edit(root / "project.yaml", "captioner: [claude, draft]", "captioner: [existing, claude]")
    (root / "images/p07.txt").unlink()
    code, output = run(root, "gate1", url=server.url)
    assert code == 0, output
    assert server.numbers() == [7]
    assert captions(root)["p07.jpg"].startswith("emberveil, a lighthouse number 7 stands in a valley")


def test_without_a_key_the_samples_wait_and_are_no_questions(tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 12)
    code, output = run(root, "gate1", key="")
    assert code == 1
    assert "5 pictures wait for a key: ANTHROPIC_API_KEY is not set." in output
    assert "7 more pictures are looked at once you have answered the samples." in output
    assert "open" not in output
    assert "verdict:" not in (root / "decisions/captions.yaml").read_text("utf-8").split("rest:")[1]
    assert not (root / "ledger.jsonl").exists()


def test_the_library_is_not_loaded_when_nobody_is_asked(server: Loopback, tmp_path: Path) -> None:
    root = make(tmp_path / "emberveil", 10)
    edit(root / "project.yaml", "curation: auto}", "curation: auto, captions: auto}")
    run(root, "gate1", url=server.url)
    code = (
        "import sys; from loraprep.__main__ import main; main(['gate1']); print('loaded', 'anthropic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert "loaded False" in done.stdout
    shutil.rmtree(root / "build")
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert "loaded False" in done.stdout
