"""The command line as a newcomer meets it: mistakes, interruptions, two at once, terminals and pipes."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from loraprep import __version__
from loraprep.__main__ import main
from tests.runs import ran, run
from tests.scenes import scene

NO_PROJECT = """\
there is no project.yaml here or above
    Go into your project's folder, or start one: loraprep init NAME --images FOLDER
"""
PROJECT = "version: 1\nname: p\nintent: {kind: style}\nmodel: sd15\ntrigger: brushy\ncaptioning: {captioner: none}\n"
posix = pytest.mark.skipif(os.name == "nt", reason="signals and terminals are others on Windows")


def make(root: Path, pictures: int = 0) -> Path:
    (root / "images").mkdir(parents=True)
    for n in range(pictures):
        scene(n, 400, 360).save(root / f"images/{n}.jpg")
    (root / "project.yaml").write_text(PROJECT, "utf-8")
    return root


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("cli") / "p")


@pytest.mark.parametrize("args", [["gate1"], ["doit", "list"], ["audit", "--json"], ["review"], ["why"]])
def test_outside_of_a_project(
    args: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(args) == 3
    assert capfd.readouterr() == ("", NO_PROJECT)
    assert list(tmp_path.iterdir()) == []


MISTAKES: dict[str, tuple[list[str], str]] = {
    "a typo": (["gate"], 'there is no command "gate"\n    Did you mean gate1?\n'),
    "another": (["inti"], 'there is no command "inti"\n    Did you mean init?\n'),
    "nothing like it": (["frobnicate"], 'there is no command "frobnicate"\n    loraprep --help lists them.\n'),
    "an option nobody knows": (["--fast"], "there is no option --fast here\n"
                               "    Options follow the command: loraprep scan --full\n"),
    "an option of another task": (["gate1", "--full"], "gate1 has no option --full\n    It has --cluster, --json.\n"),
    "an option misspelt": (["scan", "--ful"], "scan has no option --ful\n    Did you mean --full?\n"),
    "a command of doit's": (["list"], 'there is no command "list"\n    It is doit\'s: loraprep doit list\n'),
    "info about nothing": (["doit", "info"], "info needs the name of a task\n    loraprep doit info gate1\n"),
    "info about a typo": (["doit", "info", "gate"], 'there is no task "gate"\n    Did you mean gate1?\n'),
    "why of a typo": (["why", "gate"], 'there is no task "gate"\n    Did you mean gate1?\n'),
    "-C without a folder": (["-C"], "option \'-C\' requires an argument\n"
                            "    loraprep --help shows how it is meant.\n"),
    "-C with none that is there": (["-C", "no where", "gate1"], "no where: there is no such folder\n    -C takes the folder "
                                   "of a project, the one that holds project.yaml: loraprep -C mystyle gate1\n"),
    "-C with a file": (["-C", "project.yaml", "gate1"], "project.yaml: that is a file\n    -C takes the folder "
                       "of a project, the one that holds project.yaml: loraprep -C mystyle gate1\n"),
    "nothing to look at": (["look"], "missing argument \'DIR\'\n    loraprep look ~/paintings --kind style --model sdxl\n"),
    "a trainer that is none": (["check", ".", "--trainer", "koyha"], "invalid value for \'--trainer\': \'koyha\' is not one "
                               "of \'all\', \'ai-toolkit\', \'diffusion-pipe\', \'kohya\', \'musubi-tuner\', "
                               "\'onetrainer\', \'simpletuner\'\n    Did you mean kohya?\n"),
    "a port that is none": (["review", "--port", "x"], "invalid value for \'--port\': \'x\' is not a valid integer range\n"
                            "    loraprep review --help shows how it is meant.\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistyped_command(
    case: str, empty: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    args, expected = MISTAKES[case]
    monkeypatch.chdir(empty)
    assert main(args) == 3
    assert capfd.readouterr() == ("", expected)
    assert not (empty / ".doit.sqlite").exists()


def test_help_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    said = set()
    for args in (["--help"], ["-h"], ["help"]):
        assert main(args) == 0
        said.add(capfd.readouterr().out.rstrip())
    assert len(said) == 1
    for args in (["--version"], ["-V"]):
        assert main(args) == 0
        assert capfd.readouterr() == (f"loraprep {__version__}\n", "")


@pytest.mark.run
def test_init_without_a_name(tmp_path: Path) -> None:
    code, output = run(tmp_path, "init", "--no-input", "--kind", "style", "--model", "sdxl")
    assert (code, output) == (3, "NAME: the project needs a name\n    loraprep init NAME --images FOLDER\n")


@pytest.mark.run
def test_init_where_a_project_is(empty: Path) -> None:
    code, output = run(empty.parent, "init", "p", "--no-input", "--kind", "style", "--model", "sdxl")
    assert (code, output) == (3, "p/project.yaml: there is a project already\n"
                                 "    Edit that file, or choose another name; nothing is overwritten.\n")  # fmt: skip


@pytest.mark.run
@pytest.mark.parametrize("names", [[], ["note.txt"]])
def test_init_with_a_folder_without_pictures(names: list[str], tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    for name in names:
        (tmp_path / "pics" / name).write_text("hello", "utf-8")
    code, output = run(tmp_path, "init", "mine", "--no-input", "--kind", "style", "--model", "sdxl", "--images", "pics")
    assert code == 0
    assert "There is no picture in its images/ folder yet: put yours there first." in output
    code, output = run(tmp_path / "mine", "gate1")
    assert code == 1
    assert "There is no picture to train on." in output
    assert "Nobody has looked at" not in output
    assert "Traceback" not in output


@pytest.mark.run
def test_a_folder_of_pictures_that_went_away(empty: Path, tmp_path: Path) -> None:
    root = tmp_path / "p"
    shutil.copytree(empty, root)
    (root / "images").rmdir()
    code, output = run(root, "gate1")
    assert (code, output) == (
        3,
        """\
project.yaml:1:1: images.folder: there is no folder "images"
    version: 1
    ^
    Make the folder and put your pictures into it, or name the folder where they are.
""",
    )


@pytest.mark.run
def test_a_task_that_is_up_to_date_prints_its_result_again(tmp_path: Path) -> None:
    root = make(tmp_path / "p", 3)
    first, second = run(root, "audit"), run(root, "audit")
    assert first[0] == second[0] == 0
    assert ran(second[1]) == ["scan"]
    results = [
        [line for line in output.splitlines() if not line.partition(":")[0].isalpha()] for _, output in (first, second)
    ]
    assert results[0] == results[1]
    assert any("3 pictures" in line for line in results[0])


# Interruptions


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough pictures that a scan takes a moment."""
    root = make(tmp_path_factory.mktemp("many") / "p", 4)
    for n in range(4):
        scene(n, 2600, 2400).save(root / f"images/{n}.png", compress_level=1)
        for copy in range(3):
            data = (root / f"images/{n}.png").read_bytes()  # the same pixels, other bytes: each is decoded
            chunk = b"teSt" + copy.to_bytes(4, "big")
            extra = b"\0\0\0\4" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
            (root / f"images/{n}-{copy}.png").write_bytes(data[:-12] + extra + data[-12:])
    return root


def hears_control_c() -> None:
    """What a shell starts in the background, such as these tests, ignores Ctrl-C, and so would all it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begun(root: Path) -> subprocess.Popen[str]:
    """A `loraprep scan --full` that has begun to look at the pictures."""
    process = subprocess.Popen([sys.executable, "-m", "loraprep", "scan", "--full", "-v"], cwd=root, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               preexec_fn=hears_control_c)  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("scan: ")
    time.sleep(0.2)
    assert process.poll() is None
    return process


@pytest.mark.run
@posix
def test_control_c_ends_with_130_and_the_next_run_goes_on(many: Path) -> None:
    process = begun(many)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 130
    assert output == "\nStopped. What was done is kept; the same command goes on.\n"
    assert run(many, "scan")[0] == 0
    assert len((many / "build/images.jsonl").read_text("utf-8").splitlines()) == 21


@pytest.mark.run
@posix
def test_a_killed_run_leaves_nothing_half_done(many: Path) -> None:
    shutil.rmtree(many / "build", ignore_errors=True)
    process = begun(many)
    process.kill()
    process.communicate(timeout=600)
    assert not (many / "build/images.jsonl").exists()
    code, output = run(many, "scan")
    assert code == 0, output
    assert not list(many.rglob(".loraprep-*"))
    assert len((many / "build/images.jsonl").read_text("utf-8").splitlines()) == 21


@pytest.mark.run
@posix
def test_a_second_run_says_that_another_one_is_at_work(many: Path) -> None:
    shutil.rmtree(many / "build", ignore_errors=True)
    process = begun(many)
    code, output = run(many, "gate1")
    assert process.poll() is None
    process.kill()
    process.communicate(timeout=600)
    assert code == 1
    assert output.splitlines()[-1] == (
        "Another loraprep is running in this project. Wait for it to end, then run this again.")  # fmt: skip
    assert run(many, "scan")[0] == 0  # the lock went with the process


# Terminals and pipes


def on_a_terminal(root: Path, *args: str, **environment: str) -> str:
    import pty

    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environment}
    for name in {"NO_COLOR", "FORCE_COLOR", "CI"} - set(environment):
        env.pop(name, None)
    process = subprocess.Popen([sys.executable, "-m", "loraprep", *args], cwd=root, stdin=follower, stdout=follower,
                               stderr=follower, env=env)  # fmt: skip
    os.close(follower)
    output = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        output += chunk
    process.wait(timeout=600)
    os.close(leader)
    return output.decode()


COLOUR = "\x1b[1;3"
BAR = "Looking at the pictures"


@pytest.mark.run
@posix
def test_a_terminal_gets_colours_and_a_bar_unless_it_says_no(many: Path) -> None:
    seen = on_a_terminal(many, "scan", "--full")
    assert BAR in seen
    assert "\x1b[2m" in seen or COLOUR in seen
    plain = on_a_terminal(many, "scan", "--full", NO_COLOR="1")
    assert not any(f"\x1b[{code}m" in plain for code in ("31", "32", "33", "1;31", "1;32"))
    assert "38;5" not in plain


@pytest.mark.run
def test_a_pipe_gets_plain_lines(many: Path, empty: Path) -> None:
    for root, args in ((many, ["select"]), (empty, ["gate1"])):
        done = subprocess.run([sys.executable, "-m", "loraprep", *args], cwd=root, capture_output=True, timeout=600,
                              check=False, env={k: v for k, v in os.environ.items() if k != "NO_COLOR"})  # fmt: skip
        assert done.stdout
        for control in (b"\x1b", b"\x08", BAR.encode()):
            assert control not in done.stdout + done.stderr


def read_one_line_of(root: Path, *args: str, **environment: str) -> tuple[int, str, str]:
    """As by `| head -1`: exit code, the line, and what went to stderr after its reader was gone."""
    env = {**os.environ, "NO_COLOR": "1", **environment}
    process = subprocess.Popen([sys.executable, "-m", "loraprep", *args], cwd=root, text=True, env=env,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    return process.wait(timeout=600), line, said


@pytest.mark.run
@pytest.mark.parametrize("buffered", [True, False])
def test_a_reader_of_one_line_is_no_error(tmp_path: Path, buffered: bool) -> None:
    """Stored results are printed inside of doit, which would show a traceback, and the rest of a buffer at the end."""
    root = make(tmp_path / "p", 3)
    run(root, "select")
    for command in ("captions", "select", "audit"):
        code, line, said = read_one_line_of(root, command, PYTHONUNBUFFERED="" if buffered else "1")
        assert (code, said) == (0, ""), command
        assert line.startswith(("0.jpg\t", "- 3 pictures")), command


def test_outside_of_the_projects_that_lie_here_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "mill")
    monkeypatch.chdir(tmp_path)
    assert main(["gate1"]) == 3
    assert capfd.readouterr().err.endswith("Go into your project's folder first. Here there is mill.\n")
