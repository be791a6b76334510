import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flux_cli.entrypoints.cli import app as root
from flux_cli.entrypoints.cli import nouns
from flux_cli.entrypoints.cli.app import wants_json
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.errors import Fix, LedgerBusy, NotFound, StorageFailed

FLUX = Path(sys.executable).with_name("flux")


def failing(error: BaseException) -> Any:
    def fail(flux: Invocation) -> None:
        raise error

    return fail


def test_a_failure_says_what_why_and_fix_on_stderr(flux: Any, go: Any) -> None:
    error = NotFound("no card 'card_x'", fixes=(Fix("see them", ("flux", "cards", "list")),))
    error.__cause__ = FileNotFoundError(2, "No such file", "a b")
    go(failing(error))
    ended = flux("demo", "go")

    assert (ended.code, ended.out) == (5, "")
    assert ended.err == (
        "flux: no card 'card_x'\n"
        "  why: [Errno 2] No such file: 'a b'\n"
        "  fix: see them: flux cards list\n"
    )


def test_in_json_a_failure_is_the_one_document_on_stdout(flux: Any, go: Any) -> None:
    go(
        failing(
            LedgerBusy(
                "busy", subject="/l.db", param="--db", fixes=(Fix("wait", ("flux", "status")),)
            )
        )
    )
    ended = flux("demo", "go", "--json")

    assert (ended.code, ended.err) == (7, "")
    assert ended.json() == {
        "error": {
            "code": "ledger_busy",
            "exit_code": 7,
            "message": "busy",
            "retryable": True,
            "subject": "/l.db",
            "param": "--db",
            "fix": [{"say": "wait", "argv": ["flux", "status"]}],
            "schema": "flux.error/1",
        }
    }


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        ("runs show zzz", "runs"),
        ("run --resume run_zzz", "runs"),
        ("carts show cart_zzz", "carts"),
        ("webhooks show zzz", "webhooks"),
        ("freeze nobody", "agents"),
        ("pay nobody researcher 3", "agents"),
    ],
)
def test_who_names_what_is_not_there_is_told_how_to_see_what_is(
    flux: Any, words: str, listed: str
) -> None:
    flux("init")
    ended = flux(*words.split(), "--json")

    assert ended.code == 5
    assert ended.json()["error"]["fix"] == [
        {"say": "see which there are", "argv": ["flux", listed, "list"]}
    ]


def test_a_failure_in_jsonl_is_one_line(flux: Any, go: Any) -> None:
    go(failing(NotFound("gone")))

    assert json.loads(flux("demo", "go", "-o", "jsonl").out)["error"]["code"] == "not_found"
    assert flux("demo", "go", "-o", "jsonl").out.count("\n") == 1


REFUSALS = (
    Refusal("rolling_24h", "the day's cap would be passed", 1_000_000_000, 1_040_000_000),
    Refusal("payee_allowed", "nobody allowed \x1b[31mevil"),
)


def denied(flux: Invocation) -> None:
    flux.deny(
        "denied: hire writer for $65.68",
        REFUSALS,
        subject="pi_1",
        max_amount_minor=25_680_000,
        fixes=(Fix("ask for less", ("flux", "pay", "a", "b", "25.68")),),
        document=Document("payment", {"id": "pi_1", "status": "denied"}),
    )


def test_a_denial_names_every_rule_and_the_most_that_would_pass(flux: Any, go: Any) -> None:
    go(denied)
    ended = flux("demo", "go")

    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        "flux: denied: hire writer for $65.68\n"
        "  ✗ rolling_24h    the day's cap would be passed  (limit $1,000.00, observed $1,040.00)\n"
        "  ✗ payee_allowed  nobody allowed \\x1b[31mevil\n"
        "  most: $25.68 would pass\n"
        "  fix: ask for less: flux pay a b 25.68\n"
    )


def test_a_denial_in_json_has_the_limit_and_a_suggestion(flux: Any, go: Any) -> None:
    go(denied)
    limit = {
        "rule": "rolling_24h",
        "used_minor": 1_040_000_000,
        "cap_minor": 1_000_000_000,
        "currency": "CREDIT",
    }

    assert flux("demo", "go", "--json").json() == {
        "error": {
            "code": "rolling_24h",
            "exit_code": 3,
            "message": "denied: hire writer for $65.68",
            "retryable": False,
            "subject": "pi_1",
            "param": None,
            "limit": limit,
            "suggestion": {"max_amount_minor": 25_680_000, "may_retry_adjusted": True},
            "refusals": [
                {"rule": "rolling_24h", "message": REFUSALS[0].message, "limit": limit},
                {"rule": "payee_allowed", "message": REFUSALS[1].message, "limit": None},
            ],
            "fix": [{"say": "ask for less", "argv": ["flux", "pay", "a", "b", "25.68"]}],
            "detail": {
                "object": "payment",
                "id": "pi_1",
                "schema": "flux.payment/1",
                "status": "denied",
            },
            "schema": "flux.error/1",
        }
    }


def test_where_nothing_would_pass_it_says_so(flux: Any, go: Any) -> None:
    def refuse(flux: Invocation) -> None:
        flux.deny("denied", REFUSALS[1:], max_amount_minor=0)

    go(refuse)

    assert "  most: nothing would pass\n" in flux("demo", "go").err
    assert flux("demo", "go", "--json").json()["error"]["suggestion"] == {
        "max_amount_minor": 0,
        "may_retry_adjusted": False,
    }


def test_a_usage_error_is_2_with_the_nearest_command(flux: Any) -> None:
    ended = flux("conifg")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "flux: No such command 'conifg'. Did you mean 'config'?\n"
        "  fix: see what it takes: flux --help\n"
    )
    assert "Did you mean 'show'?" in flux("config", "shwo").err


def test_a_usage_error_is_json_where_json_was_asked_for(flux: Any) -> None:
    error = flux("config", "show", "--nope", "--json").json()["error"]

    assert (error["code"], error["exit_code"], error["param"]) == ("usage", 2, "--nope")
    assert error["fix"] == [
        {"say": "see what it takes", "argv": ["flux", "config", "show", "--help"]}
    ]


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        (["a", "--json"], True),
        (["-o", "json"], True),
        (["-o", "jsonl"], True),
        (["-ojson"], True),
        (["-vo", "json"], True),
        (["--output", "json"], True),
        (["--output=json"], True),
        (["--jq", "."], True),
        (["--jq=.x"], True),
        (["-o", "csv"], False),
        (["--", "--json"], False),
        (["json"], False),
        ([], False),
    ],
)
def test_whether_json_was_asked_for_is_seen_without_parsing(argv: list[str], wanted: bool) -> None:
    assert wants_json(argv) is wanted


def test_a_typed_escape_is_spelt_out_in_the_answer(flux: Any) -> None:
    assert "\x1b" not in flux("\x1b]0;owned\x07").err


def test_ctrl_c_is_130_and_names_the_command_that_resumes(flux: Any, go: Any) -> None:
    def stop(flux: Invocation) -> None:
        flux.resume_with("flux", "runs", "resume", "run_1")
        raise KeyboardInterrupt

    go(stop)
    ended = flux("demo", "go")

    assert (ended.code, ended.out) == (130, "")
    assert ended.err == (
        "flux: interrupted; nothing is half done; resume with: flux runs resume run_1\n"
    )
    assert flux("demo", "go", "--json").json()["error"]["code"] == "interrupted"


def test_sigterm_is_143(flux: Any, go: Any) -> None:
    go(failing(Terminated()))
    ended = flux("demo", "go")

    assert (ended.code, ended.err) == (
        143,
        "flux: interrupted; nothing is half done; run the same command again\n",
    )


def test_a_bug_is_1_and_its_crash_file_has_no_values(flux: Any, go: Any, home: Path) -> None:
    def buggy(flux: Invocation) -> None:
        secret = "sk-" + "live"  # noqa: F841
        raise ZeroDivisionError("whoops")

    go(buggy)
    before = os.umask(0)
    try:
        ended = flux("demo", "go", "--json")
    finally:
        os.umask(before)
    [file] = (home / ".local/state/flux/log").iterdir()

    assert ended.code == 1
    assert ended.json()["error"]["subject"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "ZeroDivisionError: whoops" in file.read_text()
    assert "sk-live" not in file.read_text()
    assert file.read_text().startswith("command: flux demo\n")


def test_a_bug_is_told_even_where_no_file_can_be_kept(flux: Any, go: Any, home: Path) -> None:
    (home / ".local").write_text("in the way")
    go(failing(ZeroDivisionError("whoops")))
    ended = flux("demo", "go")

    assert ended.code == 1
    assert ended.err.startswith("flux: a bug in flux (ZeroDivisionError); no crash file")


def test_a_closed_connection_of_a_command_is_not_taken_for_a_closed_stdout(
    flux: Any, go: Any
) -> None:
    go(failing(BrokenPipeError(32, "Broken pipe")))

    assert flux("demo", "go").code == 1


def test_a_failed_write_ends_as_temporary(flux: Any, go: Any) -> None:
    go(failing(StorageFailed("the disk is full")))

    assert flux("demo", "go").code == 7


# The installed script, in a process of its own.


def script(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FLUX, *argv], capture_output=True, text=True, timeout=120, env=os.environ | environ
    )


def test_the_installed_script_answers_and_fails_with_its_number() -> None:
    shown = script("config", "show", "--jq", ".policy.per_payment.decimal")
    wrong = script("config", "show", "--fields", "nope", "--json", GITHUB_ACTIONS="true")

    assert (shown.stdout, shown.stderr, shown.returncode) == ("250.000000\n", "", 0)
    assert wrong.returncode == 2
    assert json.loads(wrong.stdout)["error"]["code"] == "invalid_input"
    assert wrong.stderr == ""


def test_a_reader_that_leaves_is_no_drama() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [FLUX, "config", "show"], stdout=writer, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writer)
        _, said = process.communicate(timeout=120)

    assert (process.returncode, said) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_stdout_is_told() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [FLUX, "config", "show", "--json"], stdout=full, stderr=subprocess.PIPE, text=True
        )

    assert ended.returncode == 7
    assert ended.stderr == "flux: stdout could not be written: No space left on device\n"


def test_real_signals_end_a_real_process(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from types import ModuleType\n"
        "from flux_cli.entrypoints.cli import app, nouns\n"
        "from flux_cli.entrypoints.cli.verb import daily, verb\n"
        "entry = nouns.Entry('nap', 'verb', 'Sleep.', nouns.SECTIONS[0])\n"
        "module = ModuleType(entry.module); module.app = daily()\n"
        "sys.modules[entry.module] = module; app.ENTRIES = (*nouns.ENTRIES, entry)\n"
        "from flux_cli.entrypoints.cli.invocation import Invocation\n"
        "@verb(module.app, 'nap')\n"
        "def nap(flux: Invocation) -> None:\n"
        "    print('ready', file=sys.stderr, flush=True); time.sleep(250)\n"
        "app.main(['nap'])\n"
    )
    for sent, code in [(signal.SIGINT, 130), (signal.SIGTERM, 143)]:
        with subprocess.Popen(
            [sys.executable, "-c", program], stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == "ready\n"
            started = time.monotonic()
            process.send_signal(sent)
            said = process.stderr.read()

        assert (process.returncode, time.monotonic() - started < 120) == (code, True)
        assert said == "flux: interrupted; nothing is half done; run the same command again\n"


# What every start costs and shows.

HEAVY = {
    "openai", "web3", "textual", "keyring", "pydantic", "sqlite_utils", "rich", "jq",
    "cryptography", "jinja2", "click",
}  # fmt: skip


@pytest.mark.parametrize(
    "argv", [["--help"], [], ["config", "show"], ["config", "show", "--json"], ["demo"]]
)
def test_starting_imports_nothing_heavy(argv: list[str]) -> None:
    program = (
        "import sys\nfrom flux_cli.entrypoints.cli.app import main\n"
        f"try: main({argv!r})\nexcept SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert set(ended.stderr.splitlines()[-1].split()) & HEAVY == set()


def test_help_imports_no_commands_module() -> None:
    program = (
        "import sys\nfrom flux_cli.entrypoints.cli.app import main\n"
        "main(['--help'])\nprint(*sorted(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(ended.stderr.split())

    assert {entry.module for entry in nouns.ENTRIES} & loaded == set()
    assert {"flux_cli.config", "flux_cli.entrypoints.cli.verb"} & loaded == set()


def test_every_word_of_the_table_has_a_module_that_loads(flux: Any) -> None:
    for entry in nouns.ENTRIES:
        assert entry.section in nouns.SECTIONS
        assert root.loaded(entry).name == entry.name
        assert flux(entry.name, "--help").code == 0


def test_flux_alone_is_a_short_help_and_help_lists_every_word(flux: Any) -> None:
    alone, full = flux(), flux("--help")

    assert (alone.code, full.code) == (0, 0)
    assert alone.out.startswith("Flux gives money to AI agents")
    assert len(alone.out.splitlines()) < 15
    assert all(f"  {entry.name} " in full.out for entry in nouns.ENTRIES)
    assert max(map(len, full.out.splitlines())) <= 80


def test_version(flux: Any) -> None:
    assert flux("--version").out == "flux 0.1.0\n"


@pytest.mark.parametrize("topic", ["exit-codes", "env", "formats"])
def test_help_topics(flux: Any, topic: str) -> None:
    ended = flux("help", topic)

    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 100
    assert topic in flux("help").out


def test_help_on_a_command_is_that_commands_help(flux: Any) -> None:
    assert flux("help", "pay").out == flux("pay", "--help").out
    assert flux("help", "payments", "request").out == flux("payments", "request", "--help").out
    assert flux("help", "cards").out == flux("cards", "--help").out
    assert (flux("help", "cards", "nope").code, flux("help").code) == (2, 0)


@pytest.mark.parametrize("option", ["--yes", "--db", "-q", "-o"])
def test_an_option_before_the_command_is_told_its_place(flux: Any, option: str) -> None:
    ended = flux(option, "status")

    assert ended.code == 2
    assert ended.err == (
        f"flux: No such option: {option}\n"
        "  fix: options stand after the command, as in: flux status --json\n"
    )
    assert "see what it takes" in flux("--nope", "status").err


def test_what_stops_a_command_for_a_while_names_the_way_on(flux: Any, go: Any) -> None:
    def fail(flux: Invocation) -> None:
        flux.resume_with("flux", "runs", "resume", "run_1")
        raise StorageFailed("cannot write report.html: No space left on device")

    go(fail)

    assert flux("demo", "go").err == (
        "flux: cannot write report.html: No space left on device\n"
        "  fix: then go on from where it stopped: flux runs resume run_1\n"
    )


def test_flux_alone_names_commands_that_are_there(flux: Any) -> None:
    named = re.findall(r"^  flux ([a-z]+) ", flux().out, re.MULTILINE)

    assert named == ["run", "buy", "tui", "status"]
    assert set(named) <= {entry.name for entry in nouns.ENTRIES}


def test_an_unknown_topic_names_those_there_are(flux: Any) -> None:
    ended = flux("help", "money")

    assert ended.code == 5
    assert ended.err == (
        "flux: no help on 'money'\n"
        "  fix: read: flux help exit-codes\n"
        "  fix: read: flux help env\n"
        "  fix: read: flux help formats\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(flux: Any, shell: str) -> None:
    ended = flux("completion", shell)

    assert (ended.code, ended.err) == (0, "")
    assert f"_FLUX_COMPLETE=complete_{shell}" in ended.out


def test_completion_completes_words_verbs_and_options() -> None:
    def completed(words: str, at: int) -> list[str]:
        return script(
            _FLUX_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(at)
        ).stdout.split()

    assert completed("flux conf", 1) == ["config"]
    assert completed("flux config ", 2) == ["show", "path"]
    assert completed("flux config show --f", 3) == ["--fields"]
    assert completed("flux config show -o j", 4) == ["json", "jsonl"]
