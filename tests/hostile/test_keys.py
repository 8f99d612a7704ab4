"""A clone that wants keys, money and pictures: nothing of that leaves before the person said so, on this computer."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loraprep.captions import chain
from loraprep.captions.captioners import claude
from loraprep.captions.vision import anthropic_messages, batches, runner
from loraprep.captions.vision.anthropic_messages import Claude
from loraprep.captions.vision.job import Job, Outcome
from loraprep.captions.vision.ledger import Budget
from loraprep.captions.vision.prices import price_list
from loraprep.captions.vision.prompt import question
from loraprep.core import findings, terminal
from loraprep.core.errors import UserError
from loraprep.core.records import Image
from loraprep.imaging.pictures import Pictures
from loraprep.project import trust
from loraprep.project.settings import Prices
from loraprep.project.trust import Server, Trust
from tests import homeserver, loopback
from tests.loopback import KEY, Loopback, Reply, numbered
from tests.pictures import jpeg, scene
from tests.runs import AUTO, allow, run
from tests.typed import smallest

SECRET = "wJalrXUtnFEMI-canary-K7MDENG-bPxRfiCY"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORAPREP_CONFIG", str(tmp_path / "mine/config.yaml"))
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    for module in (anthropic_messages, runner):
        monkeypatch.setattr(module, "PATIENCE", runner.Patience(2, 0.01, 0.05))
    monkeypatch.setattr(batches, "EVERY", 0.05)


class Listener:
    """Somebody's server: what arrived there."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.connections, self.bytes = 0, b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            with line:
                line.settimeout(2)
                self.bytes += line.recv(65536)


@pytest.fixture
def evil() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.listening.close()
    assert (listener.connections, listener.bytes) == (0, b"")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "clone/images").mkdir(parents=True)
    return tmp_path / "clone"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """The service's own address, as far as loraprep knows: the person's own variable names it."""
    with loopback.serving() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        yield server


def pictures(root: Path, count: int = 5) -> list[Image]:
    made = []
    for number in range(count):
        data = jpeg(numbered(scene(96, 64, number), number))
        (root / f"images/p{number}.jpg").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        made.append(Image(f"p{number}.jpg", "image", digest=digest, pixel_digest=digest, width=96, height=64))
    return made


def job(root: Path, captioning: dict[str, Any], say: Callable[[str], None] = lambda text: None) -> Job:
    settings = smallest(trigger="emberveil", captioning={"concurrency": 1, **captioning})
    return Job(root, Pictures(root / "images", root, 100.0), settings, question(settings), say=say)


def ask(root: Path, images: list[Image], **captioning: Any) -> Outcome:
    return chain.ask_all(images, images, job(root, captioning), approved=True)


def said(outcome: Outcome) -> str:
    (finding,) = outcome.findings
    return f"{findings.sentence(finding)} {findings.fix(finding)}"


# --- servers and keys


@pytest.mark.parametrize(
    "captioning",
    [
        {"captioner": "claude", "budget_usd": 0.01, "base_url": "{evil}"},
        {"captioner": "claude", "budget_usd": 500, "base_url": "{evil}/v1"},
        {"captioner": "openai-compatible", "base_url": "{evil}/v1", "model": "m"},
        {"captioner": "openai-compatible", "model": "m", "server": {"base_url": "{evil}/v1", "key_variable": "HOME"}},
        {"captioner": ["existing", "openai-compatible", "claude"], "base_url": "{evil}/v1", "model": "m",
         "budget_usd": 500, "server": {"key_variable": "AWS_SECRET_ACCESS_KEY"}},
    ],
)  # fmt: skip
def test_a_server_that_a_project_names_gets_no_byte(root: Path, evil: Listener, captioning: dict[str, Any]) -> None:
    named = json.loads(json.dumps(captioning).replace("{evil}", f"http://127.0.0.1:{evil.port}"))
    images = pictures(root)
    outcome = ask(root, images, **named)
    assert set(outcome.missing.values()) == {"no-trust"}
    assert len(outcome.missing) == 5
    assert f"http://127.0.0.1:{evil.port}" in findings.sentence(outcome.findings[0])
    assert "loraprep trust" in findings.fix(outcome.findings[0])
    assert not (root / "ledger.jsonl").exists()


def test_a_picture_of_its_own_captioner_is_no_way_around(root: Path, evil: Listener) -> None:
    images = pictures(root)
    one = job(root, {"captioner": "draft", "base_url": f"http://127.0.0.1:{evil.port}/v1", "model": "m"})
    chosen = Job(one.root, one.pictures, one.settings, one.question, chosen={"p0.jpg": "openai-compatible"})
    outcome = chain.ask_all(images, images, chosen, approved=True)
    assert outcome.missing == {"p0.jpg": "no-trust"}


def test_a_key_goes_only_where_it_was_said_it_may(root: Path) -> None:
    images = pictures(root, 1)
    with homeserver.serving() as home:
        server = {"base_url": home.address, "key_variable": "AWS_SECRET_ACCESS_KEY"}
        trust.grant(
            root, Trust(servers=(Server(home.address), Server("http://127.0.0.1:1/v1", "AWS_SECRET_ACCESS_KEY")))
        )
        outcome = ask(root, images, captioner="openai-compatible", model="m", server=server)
        assert (outcome.missing, home.asked) == ({"p0.jpg": "no-trust"}, [])
        assert "with the key in AWS_SECRET_ACCESS_KEY" in said(outcome)
        trust.grant(root, Trust(servers=(Server(home.address, "AWS_SECRET_ACCESS_KEY"),)))
        assert ask(root, images, captioner="openai-compatible", model="m", server=server).missing == {}
        assert home.keys == [f"Bearer {SECRET}"]


def test_what_one_folder_may_no_other_may(root: Path, service: Loopback, tmp_path: Path) -> None:
    images = pictures(root, 2)
    captioning = {"captioner": "claude", "budget_usd": 1.0}
    allow(root, job(root, captioning).settings)
    assert ask(root, images, **captioning).missing == {}
    asked = len(service.seen)
    shutil.copytree(root, tmp_path / "another", ignore=shutil.ignore_patterns("responses"))
    assert set(ask(tmp_path / "another", images, **captioning).missing.values()) == {"no-trust"}
    assert len(service.seen) == asked


def test_what_a_person_adds_to_their_own_requests_does_not_go_to_a_projects_server(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", f"x-gateway: {SECRET}\nx-other: 1")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "token-canary")
    images = pictures(root, 1)
    with loopback.serving() as server:
        captioning = {"captioner": "claude", "budget_usd": 1.0, "base_url": server.url}
        allow(root, job(root, captioning).settings)
        assert ask(root, images, **captioning).missing == {}
        heads = json.dumps([head for _, _, head, _ in server.seen])
        assert KEY in heads
        assert SECRET not in heads
        assert "token-canary" not in heads


def test_the_address_is_on_the_terminal_before_the_first_byte(root: Path, service: Loopback) -> None:
    lines: list[tuple[str, int]] = []
    captioning = {"captioner": "claude", "budget_usd": 1.0}
    one = job(root, captioning, lambda text: lines.append((text, len(service.times))))
    allow(root, one.settings)
    images = pictures(root, 1)
    chain.ask_all(images, images, one, approved=True)
    assert lines[0] == (f"Pictures go to {service.url}, with the key in ANTHROPIC_API_KEY.", 0)
    with homeserver.serving() as home:
        lines.clear()
        one = job(root, {"captioner": "openai-compatible", "model": "m", "base_url": home.address},
                  lambda text: lines.append((text, len(home.asked))))  # fmt: skip
        allow(root, one.settings)
        new = [Image("p0.jpg", "image", digest="0" * 64, pixel_digest="0" * 64, width=96, height=64)]
        chain.ask_all(new, new, one, approved=True)
        assert lines == [(f"Pictures go to {home.address}.", 0)]


def elsewhere(port: int) -> dict[str, str]:
    return {"location": f"http://127.0.0.1:{port}/v1/messages"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_client_follows_a_redirect(root: Path, service: Loopback, evil: Listener, status: int) -> None:
    captioning = {"captioner": "claude", "budget_usd": 1.0}
    allow(root, job(root, captioning).settings)
    images = pictures(root, 2)
    service.model = Reply(b"", status, elsewhere(evil.port))
    outcome = ask(root, images, **captioning)
    assert set(outcome.missing.values()) == {"server"}
    assert f"{status}: it sends us to another address, which is not followed" in said(outcome)
    service.model = loopback.model_info()
    service.bad["*"] = [Reply(b"", status, elsewhere(evil.port))] * 9
    assert set(ask(root, images, **captioning).missing.values()) == {"server"}
    assert Budget.open(root, 1.0).spent == 0

    def reply(number: int, body: dict[str, Any]) -> homeserver.Answer:
        return homeserver.Answer("", status, headers=elsewhere(evil.port))

    with homeserver.serving(reply) as home:
        captioning = {"captioner": "openai-compatible", "model": "m", "base_url": home.address}
        allow(root, job(root, captioning).settings)
        outcome = ask(root, images, **captioning)
        assert "another address, which is not followed" in said(outcome)
        assert len(home.asked) == 1


def test_results_of_a_batch_are_fetched_where_it_went(root: Path, service: Loopback, evil: Listener) -> None:
    captioning = {"captioner": "claude", "budget_usd": 1.0, "batch": "always"}
    allow(root, job(root, captioning).settings)
    images = pictures(root, 2)
    assert set(ask(root, images, **captioning).missing.values()) == {"batch"}
    service.ended = True
    state = service.state
    service.state = lambda number: {**state(number), "results_url": f"http://127.0.0.1:{evil.port}/results"}  # type: ignore[method-assign]
    assert ask(root, images, **captioning).missing == {}


@pytest.mark.parametrize(
    "address",
    ["http://192.0.2.1/v1", "http://box:1234/v1", "http://127.0.0.1.nip.io:11434/v1", "http://localhost.evil.example/v1",
     "http://evil.localhost:11434/v1", "http://2130706433/v1", "http://0.0.0.0:11434/v1", "https://evil.example\\.org/v1",
     "http://localhost:11434/v1?to=http://evil", "http://localhost:99999/v1", "https://\u0435vil.example/v1"],
)  # fmt: skip
def test_nothing_goes_off_this_machine_unencrypted_or_to_half_an_address(root: Path, address: str) -> None:
    images = pictures(root, 1)
    text = json.dumps(address)
    (root / "project.yaml").write_text(f"version: 1\nname: x\ncaptioning:\n  base_url: {text}\n", "utf-8")
    for captioning in ({"captioner": "claude", "budget_usd": 1.0, "base_url": address},
                       {"captioner": "openai-compatible", "model": "m", "base_url": address}):  # fmt: skip
        with pytest.raises(UserError) as refused:
            ask(root, images, **captioning)
        assert str(refused.value).startswith("project.yaml:4:13: captioning.base_url: ")
    allowed = Trust(servers=(Server(address), Server(address, "ANTHROPIC_API_KEY")), budget_usd=9.0)
    trust.grant(root, allowed)  # who says yes to that is not taken at their word
    with pytest.raises(UserError):
        ask(root, images, captioner="openai-compatible", model="m", base_url=address)


# --- money


@pytest.mark.run
def test_a_clone_with_a_budget_spends_nothing(root: Path, service: Loopback) -> None:
    for number in range(6):
        numbered(scene(300, 300, number), number).save(root / f"images/p{number:02}.jpg", quality=92)
    (root / "project.yaml").write_text(
        "version: 1\nname: clone\nintent: {kind: style}\nmodel: flux\ntrigger: emberveil\n"
        f"captioning: {{captioner: claude, budget_usd: 500}}\n{AUTO}", "utf-8")  # fmt: skip
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    code, output = run(root, "gate1", env=env)
    assert code == 1
    assert "to spend up to $500.00 on looking at its pictures" in output
    assert "run loraprep trust in a terminal" in output
    assert KEY not in output
    run(root, "recaption", "*", env=env)
    code, output = run(root, "trust", env=env)
    assert code == 1
    assert "loraprep trust --budget 500" in output
    assert service.seen == []
    assert not (root / "ledger.jsonl").exists()
    assert run(root, "trust", "--budget", "0.50", env=env)[0] == 0
    run(root, "elements", env=env)
    assert service.seen == []  # 500 is more than was allowed
    text = (root / "project.yaml").read_text("utf-8")
    (root / "project.yaml").write_text(text.replace("500", "0.5"), "utf-8")
    code, output = run(root, "elements", env=env)
    assert code == 0, output
    assert sorted(service.numbers()) == [*range(6)]
    assert 0 < Budget.open(root, 0.5).spent <= 0.5


def test_no_project_raises_its_ceiling(root: Path, service: Loopback) -> None:
    images = pictures(root)
    trust.grant(root, Trust(budget_usd=1.0))
    outcome = ask(root, images, captioner="claude", budget_usd=1.01)
    assert set(outcome.missing.values()) == {"no-trust"}
    assert "$1.01" in said(outcome)
    assert ask(root, images, captioner="claude", budget_usd=0).missing == dict.fromkeys(
        sorted(i.path for i in images), "no-budget"
    )
    assert service.seen == []


def test_a_price_does_not_make_a_budget_reach_further(root: Path, service: Loopback) -> None:
    listed = price_list("claude")
    name = listed.default
    free = Prices(input=0.0, output=0.0)
    assert Claude(name, "low", free).prices == Prices(
        input=listed.models[name].input, output=listed.models[name].output
    )
    images = pictures(root)
    captioning = {
        "captioner": "claude",
        "budget_usd": 0.01,
        "model": "claude-dear-9",
        "prices": {"input": 0, "output": 0},
    }
    trust.grant(root, Trust(budget_usd=0.01))
    outcome = ask(root, images, **captioning)
    assert set(outcome.missing.values()) == {"no-trust"}
    assert "to count claude-dear-9 at $0 for a million tokens sent" in said(outcome)
    assert service.seen == []
    asked = claude.asks(job(root, captioning).settings)
    dear = Trust(budget_usd=0.01, prices=(trust.ModelPrice("claude-dear-9", 5.0, 25.0),))
    assert trust.lacking(asked, dear).prices == asked.prices
    assert not trust.lacking(asked, asked)


LINES = {
    "negative": '{"id": "a", "usd": -500}',
    "tiny": '{"id": "a", "usd": -1e-9}',
    "nan": '{"id": "a", "usd": NaN}',
    "infinite": '{"id": "a", "usd": -Infinity}',
    "huge": '{"id": "a", "usd": 1e999}',
    "text": '{"id": "a", "usd": "0"}',
    "nothing": '{"id": "a", "usd": null}',
    "true": '{"id": "a", "usd": true}',
    "no amount": '{"id": "a"}',
    "no id": '{"usd": 1}',
    "empty id": '{"id": "", "usd": 1}',
    "list": "[1, 2]",
    "number": "-500",
    "junk": "\x00\x01\x02",
    "merge": "<<<<<<< HEAD",
    "two": '{"id": "a", "usd": 1} {"id": "a", "usd": -1}',
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_ledger_that_does_not_fit_stops_spending(root: Path, service: Loopback, line: str) -> None:
    trust.grant(root, Trust(budget_usd=1.0))
    good = '{"id": "b", "usd": 0.25, "what": "spent"}'
    (root / "ledger.jsonl").write_text(f"{good}\n{line}\n", "utf-8")
    with pytest.raises(UserError, match=re.escape("ledger.jsonl:2:1: this line of the ledger cannot be read")):
        ask(root, pictures(root, 1), captioner="claude", budget_usd=1.0)
    assert service.seen == []


def test_a_ledger_of_another_kind_stops_spending_too(root: Path, service: Loopback) -> None:
    trust.grant(root, Trust(budget_usd=1.0))
    images = pictures(root, 1)
    (root / "ledger.jsonl").write_bytes(b'{"id": "\xff\xfe", "usd": 0}\n')
    with pytest.raises(UserError, match="the ledger cannot be read, so nothing is spent"):
        ask(root, images, captioner="claude", budget_usd=1.0)
    (root / "ledger.jsonl").unlink()
    (root / "ledger.jsonl").mkdir()
    with pytest.raises(UserError, match="the ledger cannot be read, so nothing is spent"):
        ask(root, images, captioner="claude", budget_usd=1.0)
    assert service.seen == []


@pytest.mark.parametrize(
    "torn", ['{"id": "abc", "us', '{"id": "abc", "usd": 0.', '{"id": "abc", "usd": 1, "usage": {"a": 1}']
)
def test_a_line_that_a_kill_tore_releases_nothing(root: Path, torn: str) -> None:
    (root / "ledger.jsonl").write_text(f'{{"id": "abc", "usd": 0.5}}\n{torn}\n', "utf-8")
    assert Budget.open(root, 1.0).left == 0.5


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1.0])
def test_no_amount_that_is_none_is_reserved_or_settled(root: Path, amount: float) -> None:
    budget = Budget.open(root, 1.0)
    assert budget.reserve(amount) == ""
    key = budget.reserve(0.4)
    budget.settle(key, amount)  # out of a reply that counts its tokens backwards
    assert budget.left == 0.6
    assert Budget.open(root, 1.0).left == 0.6


@pytest.mark.parametrize("tokens", [-(10**9), 10**30, 10**400])
def test_a_reply_that_counts_backwards_lifts_nothing(root: Path, service: Loopback, tokens: int) -> None:
    trust.grant(root, Trust(budget_usd=1.0))
    usage = {"input_tokens": tokens, "output_tokens": tokens}
    answer = json.loads(loopback.sees(_body(root)).body) | {"usage": usage}
    service.bad["*"] = [Reply(answer)] * 2
    ask(root, pictures(root, 1), captioner="claude", budget_usd=1.0)
    left = Budget.open(root, 1.0).left
    assert left < 1.0
    service.result = lambda params: {"type": "succeeded", "message": answer}
    service.ended = True
    for _ in range(2):  # sent; then fetched, and sent again
        ask(root, pictures(root, 2)[1:], captioner="claude", budget_usd=1.0, batch="always")
    assert Budget.open(root, 1.0).left < left


def _body(root: Path) -> dict[str, Any]:
    (image,) = pictures(root, 1)
    one = job(root, {"captioner": "claude", "budget_usd": 1.0})
    return Claude("claude-haiku-5-5", "low").request(one.prepare(image), one.question)


BATCH = {
    "requests": {"0" * 64: 0},
    "reserved": "r",
    "newest": "",
    "model": "m",
    "effort": "low",
    "prompt": "",
    "examples": "",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"ids": ["../../v1/files/x"]},
        {"ids": ["a/../b"]},
        {"ids": ["a?b"]},
        {"requests": {"../../../victim": 0}},
        {"requests": {"0" * 63: 0}},
        {"requests": {"0" * 64: -1}},
    ],
)
def test_a_list_of_batches_names_batches_and_pictures_alone(
    root: Path, service: Loopback, wrong: dict[str, Any]
) -> None:
    trust.grant(root, Trust(budget_usd=1.0))
    (root / "batches.json").write_text(json.dumps({"version": 1, "batches": [{**BATCH, **wrong}]}), "utf-8")
    with pytest.raises(UserError, match="the list of pending batches cannot be read"):
        ask(root, pictures(root, 1), captioner="claude", budget_usd=1.0)
    assert service.seen == []


def test_a_batch_that_was_never_reserved_is_said(root: Path, service: Loopback) -> None:
    trust.grant(root, Trust(budget_usd=1.0))
    (root / "batches.json").write_text(json.dumps({"version": 1, "batches": [{**BATCH, "ids": ["gone"]}]}), "utf-8")
    with pytest.raises(UserError, match="the ledger has no line of r"):
        ask(root, pictures(root, 1), captioner="claude", budget_usd=1.0)


# --- asked once, on a terminal


def test_on_a_terminal_it_is_asked_once_with_all_that_counts(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "interactive", lambda: True)
    answers = ["n", "", "yes please", "y"]
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    images = pictures(root)
    with loopback.serving() as server:
        captioning = {"captioner": "claude", "budget_usd": 2.5, "base_url": server.url}
        for _ in range(3):
            assert set(ask(root, images, **captioning).missing.values()) == {"no-trust"}
            asked = capsys.readouterr().out
            for what in (server.url, "ANTHROPIC_API_KEY", f"5 pictures to {server.url}", "$2.50", "about $0.0"):
                assert what in asked
        assert server.seen == []
        assert ask(root, images, **captioning).missing == {}
        assert answers == []
        assert ask(root, pictures(root, 6)[5:], **captioning).missing == {}  # nobody is asked any more
    monkeypatch.setattr(terminal, "interactive", lambda: False)
    assert trust.revoke(root)
    assert set(ask(root, [Image("p1.jpg", "image", digest="1" * 64, width=96, height=64)], **captioning).missing.values()) == {"no-trust"}  # fmt: skip
