"""Programs of somebody else at a task: what they get, and what they are stopped at."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.outside.allowed import (
    LIMITS,
    Gate,
    bounded,
    command_digest,
)
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import Money
from flux_cli.domain.outside import Allowed, AllowedCommand
from flux_cli.domain.work import Artefact, Assignment, Source, Submission
from flux_cli.errors import WorkFailed

PYTHON = str(Path(sys.executable).resolve())
TIGHT = replace(
    LIMITS, seconds=90, cpu_seconds=60, folder_bytes=16 << 20, file_bytes=8 << 20, files=50
)
TASK = Assignment(
    "copy", "content-writer", "Sell a lantern", "A lantern.",
    sources=(Source("notes.md", "It floats.", "0" * 64),), needs={"claims.json": "[]"}, seed=7,
    produces=("*.md",),
)  # fmt: skip
ANSWERS = """
def done(*files, **more):
    listed = [{"path": name, "media_type": "text/markdown"} for name in files]
    print(json.dumps({"files": listed} | more))
"""


def script(folder: Path, code: str) -> tuple[str, ...]:
    """A Python program that does `code`."""
    path = folder / "agent.py"
    begin = "import json, os, sys, time\n" + ANSWERS
    path.write_text(begin + textwrap.dedent(code))
    return PYTHON, "-S", "-E", str(path)


def allowed(words: tuple[str, ...], *, network: bool = False) -> AllowedCommand:
    digest = command_digest(words)
    assert digest is not None
    return AllowedCommand(words, digest, network)


def works(tmp_path: Path, code: str, **limits: int) -> Submission:
    stage = tmp_path / "stage"
    stage.mkdir()
    one = allowed(script(tmp_path, code))
    return bounded(one, replace(TIGHT, **limits)).work(TASK, stage)  # type: ignore[arg-type]


def why(tmp_path: Path, code: str, **limits: int) -> str:
    """What is said of a program whose work failed."""
    with pytest.raises(WorkFailed) as caught:
        works(tmp_path, code, **limits)
    return str(caught.value)


def test_a_program_gets_the_task_as_json_and_its_files_come_back_measured(tmp_path: Path) -> None:
    made = works(
        tmp_path,
        """
        task = json.load(sys.stdin)
        open("told.md", "w").write(json.dumps(task, sort_keys=True))
        done("told.md", summary="done as told")
        """,
    )

    data = (tmp_path / "stage/told.md").read_bytes()
    assert json.loads(data) == {
        "schema": "flux.task/1",
        "task": "copy",
        "trade": "content-writer",
        "goal": "Sell a lantern",
        "brief": "A lantern.",
        "produces": ["*.md"],
        "needs": {"claims.json": "[]"},
        "sources": [{"name": "notes.md", "sha256": "0" * 64, "text": "It floats."}],
        "seed": 7,
    }
    (told,) = made.artefacts
    assert (told.path, told.bytes) == ("told.md", len(data))
    assert (made.summary, made.backend) == ("done as told", "outside")


def test_a_program_has_no_secret_no_home_and_no_file_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("FLUX_DB", "/somewhere/flux.db")
    (tmp_path / "flux.db").write_text("money")
    made = works(
        tmp_path,
        f"""
        seen = dict(os.environ)
        tried = {{}}
        for path in ({str(tmp_path / "flux.db")!r}, "/etc/passwd", "/proc/1/environ",
                     f"/proc/{{os.getppid()}}/environ", {str(tmp_path)!r}):
            try:
                found = os.listdir(path) if os.path.isdir(path) else open(path).read()
                tried[path] = str(found)
            except OSError as error:
                tried[path] = type(error).__name__
        try:
            open({str(tmp_path / "flux.db")!r}, "a")
        except OSError as error:
            tried["write"] = type(error).__name__
        open("seen.md", "w").write(json.dumps([seen, tried]))
        done("seen.md")
        """,
    )

    seen, tried = json.loads((tmp_path / "stage/seen.md").read_text())
    assert set(seen) <= {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "LC_CTYPE"}
    assert "canary" not in json.dumps([seen, tried])
    assert "FLUX_DB" not in json.dumps(tried)
    refused = [tried[str(tmp_path / "flux.db")], tried["/etc/passwd"], tried["/proc/1/environ"]]
    assert refused == ["PermissionError"] * 3
    assert (tried[str(tmp_path)], tried["write"]) == ("PermissionError", "PermissionError")
    assert made.summary == "1 file"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("time.sleep(3600)", "it took longer than 2 s"),
        ("while True: open(str(time.time_ns()), 'w')", "it wrote more than 50 files"),
        (
            "while True: open(f'{time.time_ns()}', 'wb').write(bytes(4 << 20))",
            "it wrote more than 16 MiB",
        ),
        ("os.write(2, b'\\x1b]0;mine\\x07\\x1b[2J'); time.sleep(60)", "control characters"),
        ("while True: sys.stderr.write('x' * 9999)", "it printed more than 65536 bytes"),
        ("while True: os.write(1, b'x' * 99999)", "it answered with more than 1048576 bytes"),
        (
            "for _ in range(1 << 10): os.write(1, b' ' * (1 << 20))",
            "it answered with more than 1048576 bytes",
        ),
        ("b = bytearray(1 << 40)", "it ended with 1"),
        ("sys.exit(3)", "it ended with 3"),
        ("print('I am done!')", "its answer is not one"),
        ("print('[' * 100000)", "its answer is not one"),
        ("done()", "its answer is not one"),
        ("open('a.md', 'w'); done('a.md', pay='me')", "its answer is not one"),
        ("done('gone.md')", "it lists a file that is not there: gone.md"),
        ("open('a', 'w'); open('b', 'w'); done('a')", "it left a file that it does not list: b"),
        ("done('../../flux.db')", "it lists a file that is not there: ../../flux.db"),
        ("done('/etc/passwd')", "it lists a file that is not there: /etc/passwd"),
        ("open('a%2e', 'w'); done('a%2e')", "it lists a file that is not there: a%2e"),
        ("open('nul.md', 'w'); done('nul.md')", "it lists a file that is not there: nul.md"),
        ("open('a\\x1bb', 'w'); done('a\\x1bb')", r"it lists a file that is not there: a\x1bb"),
        ("open('a' * 240, 'w'); done('a' * 240)", "it lists a file that is not there: aaa"),
        ("os.symlink('/etc/passwd', 'a.md'); done('a.md')", "it ended with 1"),
        ("os.mkfifo('a.md'); done('a.md')", "it ended with 1"),
        ("os.link(__file__, 'a.md'); done('a.md')", "it ended with 1"),
    ],
    ids=lambda value: None if len(value) > 40 else value,
)
def test_106_what_a_program_may_not_do_fails_its_work_and_says_why(
    code: str, said: str, tmp_path: Path
) -> None:
    assert said in why(tmp_path, code, **({"seconds": 2} if "3600" in code else {}))


def test_102_a_program_that_tries_the_network_gets_none(tmp_path: Path) -> None:
    """The kernel ends what opens an internet socket; it cannot be caught."""
    code = """
    import socket
    try:
        socket.create_connection(("127.0.0.1", 9)).close()
    except OSError as error:
        open("a.md", "w").write(type(error).__name__)
        done("a.md")
    """
    assert why(tmp_path, code) == "the kernel stopped it: it tried to reach the network"


def test_a_program_that_forks_without_end_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    said = why(tmp_path, "while os.fork():\n    pass\ntime.sleep(600)")

    assert "it started more than 8 programs" in said


def test_what_a_program_leaves_running_does_not_outlive_it(tmp_path: Path) -> None:
    works(
        tmp_path,
        """
        child = os.fork()
        if child == 0:
            os.close(1)
            time.sleep(3600)
        open("a.md", "w").write(str(child))
        done("a.md")
        """,
    )

    child = int((tmp_path / "stage/a.md").read_text())
    assert not Path(f"/proc/{child}").exists()


def test_a_program_that_the_owner_gave_the_network_can_open_a_socket(tmp_path: Path) -> None:
    words = script(
        tmp_path,
        "import socket\nsocket.socket().close()\nopen('a.md', 'w').write('x')\ndone('a.md')",
    )
    stage = tmp_path / "stage"
    stage.mkdir()

    made = bounded(allowed(words, network=True), TIGHT).work(TASK, stage)

    assert [one.path for one in made.artefacts] == ["a.md"]
    assert made.artefacts == (
        Artefact("a.md", "text/markdown", 1, made.artefacts[0].sha256),
    )  # fmt: skip


def listing(words: tuple[str, ...] = (), url: str = "") -> Listing:
    return Listing(
        "lst_1", "acme", "content-writer", "Copy", "Any.", ("text/markdown",), Money(5), Money(5),
        8, active=True, created_at=datetime(2026, 1, 1, tzinfo=UTC), command=words, url=url,
    )  # fmt: skip


def test_only_the_very_command_that_the_owner_saw_is_let_in(tmp_path: Path) -> None:
    words = script(tmp_path, "done()")
    gate = Gate(Allowed((allowed(words),)))

    assert gate.barred(listing(words)) is None
    assert gate.barred(listing((*words, "--also"))) == "not on the owner's allow-list"
    assert gate.barred(listing((PYTHON, str(tmp_path)))) == "not on the owner's allow-list"
    (tmp_path / "agent.py").write_text("import os; os.system('anything')")
    assert gate.barred(listing(words)) == (
        "no longer what the owner's allow-list has: its files changed"
    )


def test_the_allowance_is_the_line_that_lets_it_in(tmp_path: Path) -> None:
    from flux_cli.domain.outside import commands_in

    words = (*script(tmp_path, "done()"), "two words")
    said = Gate(Allowed()).allowance(listing(words)).say
    line = said.partition("market.commands: ")[2]

    assert Gate(Allowed(commands_in(line))).barred(listing(words)) is None
    assert commands_in("network " + line)[0].network
    gone = Gate(Allowed()).allowance(listing(("/no/such/program",))).say
    assert gone == "there is no program /no/such/program on this machine"
