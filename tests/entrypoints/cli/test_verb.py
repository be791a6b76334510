import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from flux_cli.domain.money import CREDIT, parse_money
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.nouns import ENTRIES
from flux_cli.entrypoints.cli.options import LIST, MONEY, PLAN, WAIT, moment
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.errors import InvalidInput, WorkFailed

CARDS = [
    {"id": "card_1", "status": "active", "amount": parse_money("120", CREDIT)},
    {"id": "card_2", "status": "denied", "amount": parse_money("7.5", CREDIT)},
]
COLUMNS = (Column("id", "Card", "id"), Column("amount", "Amount", "money"))


@pytest.fixture
def cards(demo: typer.Typer) -> None:
    """`flux demo list` and `flux demo pay`, as a front end would write them."""

    @verb(demo, "list", options=LIST - {"run"}, examples=("flux demo list --status active",))
    def list_cards(flux: Invocation) -> None:
        """List cards."""
        rows = [card for card in CARDS if flux.status in {None, card["status"]}][: flux.limit]
        flux.show(Listing("card", rows, COLUMNS, next="c9", empty="No cards: flux demo pay A 1"))

    @verb(demo, "pay", options=MONEY)
    def pay(
        flux: Invocation,
        agent: Annotated[str, typer.Argument(help="Who pays.")],
        times: Annotated[int, typer.Option(help="How often.")] = 1,
    ) -> ExitCode:
        """Pay."""
        flux.progress("pay", agent=agent, times=times)
        flux.show(
            Document(
                "payment",
                {
                    "id": "pi_1",
                    "agent": agent,
                    "times": times,
                    "dry_run": flux.dry_run,
                    "key": flux.idempotency_key,
                    "most": flux.max_amount,
                },
                last="Paid.",
            )
        )
        return ExitCode.PENDING


pytestmark = pytest.mark.usefixtures("cards")


def test_a_command_has_its_own_parameters_and_the_shared_options(flux: Any) -> None:
    ended = flux("demo", "pay", "ada", "--times", "2", "-n", "--max-amount", "9.50", "--json")

    assert ended.code == 10
    assert ended.json() == {
        "object": "payment",
        "id": "pi_1",
        "schema": "flux.payment/1",
        "agent": "ada",
        "times": 2,
        "dry_run": True,
        "key": None,
        "most": {
            "amount_minor": 9_500_000,
            "currency": "CREDIT",
            "exponent": 6,
            "decimal": "9.500000",
        },
    }


def test_a_list_is_a_table_at_a_terminal_and_tsv_in_a_pipe(flux: Any) -> None:
    assert flux("demo", "list", tty=True, NO_COLOR="1").out == (
        "Card     Amount\ncard_1  $120.00\ncard_2    $7.50\n"
    )
    assert flux("demo", "list").out == "id\tamount\ncard_1\t120.00\ncard_2\t7.50\n"


def test_list_options_reach_the_command(flux: Any) -> None:
    assert flux("demo", "list", "--status", "denied", "-q").out == "card_2\n"
    assert flux("demo", "list", "--limit", "1", "-q").out == "card_1\n"


def test_the_next_page_is_named_on_stderr(flux: Any) -> None:
    assert flux("demo", "list").err == "more: --after c9\n"
    assert flux("demo", "list", "--json").err == ""


def test_an_empty_list_teaches_the_next_command(flux: Any) -> None:
    ended = flux("demo", "list", "--status", "x", tty=True)

    assert (ended.out, ended.err) == ("", "No cards: flux demo pay A 1\nmore: --after c9\n")


def test_the_last_line_and_progress_are_for_people_on_stderr(flux: Any) -> None:
    person = flux("demo", "pay", "ada", tty=True)
    log = flux("demo", "pay", "ada lovelace", CI="true")
    silent = flux("demo", "pay", "ada", "-q")

    assert person.err == "· pay  agent ada  times 1\nPaid.\n"
    assert log.err == "step=pay agent='ada lovelace' times=1\n"
    assert (silent.out, silent.err) == ("pi_1\n", "")


def test_options_that_mean_nothing_for_a_command_are_not_on_it(flux: Any) -> None:
    assert flux("demo", "list", "--run", "run_1").code == 2
    assert flux("demo", "list", "--dry-run").code == 2
    assert flux("demo", "pay", "ada", "--limit", "3").code == 2
    assert flux("help", "env", "--json").code == 2


def test_help_puts_a_commands_own_options_first_and_ends_with_examples(flux: Any) -> None:
    shown = flux("demo", "list", "--help").out

    heads = [line for line in shown.splitlines() if line.endswith(":") and line[0] != " "]
    assert heads == ["Which ones:", "On every command:", "Examples:"]
    assert shown.endswith("Examples:\n  flux demo list --status active\n")
    assert flux("demo", "pay", "--help").out.index("--times") < flux(
        "demo", "pay", "--help"
    ).out.index("--dry-run")


def test_usage_names_arguments_as_the_examples_do(flux: Any) -> None:
    first = [
        flux(*words.split(), "--help").out.splitlines()[0]
        for words in ("pay", "run", "contracts submit", "completion", "policy lint")
    ]

    assert first == [
        "Usage: flux pay [OPTIONS] FROM TO AMOUNT",
        "Usage: flux run [OPTIONS] [GOAL]",
        "Usage: flux contracts submit [OPTIONS] ID FILE...",
        "Usage: flux completion [OPTIONS] SHELL",
        "Usage: flux policy lint [OPTIONS] {FILE|AGENT}",
    ]


@pytest.mark.parametrize("noun", [entry.name for entry in ENTRIES if entry.kind == "noun"])
def test_a_nouns_help_says_what_each_verb_does_to_the_end(flux: Any, noun: str) -> None:
    shown = flux(noun, "--help").out

    assert "...\n" not in shown.partition("Commands:")[2]
    assert max(map(len, shown.splitlines())) <= 80


def test_every_shared_option_explains_itself(flux: Any, demo: typer.Typer) -> None:
    @verb(demo, "all", options=LIST | MONEY | PLAN | WAIT)
    def everything(flux: Invocation) -> None:
        """All of them."""

    shown = flux("demo", "all", "--help").out

    names = (
        "-o, --output | --json | --fields | --jq | -q, --quiet | -v, --verbose | --color"
        " | --no-input | -y, --yes | --config | --db | --timeout | -n, --dry-run | --plan"
        " | --idempotency-key | --max-amount | --wait / --no-wait | --limit | --after | --since"
        " | --until | --status | --agent | --run"
    )
    assert [name for name in names.split(" | ") if f"  {name} " not in shown] == []


@pytest.mark.parametrize(
    ("argv", "param", "message"),
    [
        (["--max-amount", "1e3"], "--max-amount", "'1e3' is not an amount"),
        (["--timeout", "0"], "--timeout", "a time-out is more than 0"),
        (["--timeout", "nan"], "--timeout", "a time-out is more than 0"),
        (["--json", "-o", "csv"], "--output", "--json and -o csv ask for two forms"),
        (["-o", "xml"], "--output", "'xml' is not one of"),
        (["--limti", "3"], "--limti", "No such option: --limti"),
    ],
)
def test_a_bad_option_is_named(flux: Any, argv: list[str], param: str, message: str) -> None:
    error = flux("demo", "pay", "ada", "--json", *argv).json()["error"]

    assert (error["exit_code"], error["param"]) == (2, param)
    assert message in error["message"]


NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T10:00:00Z", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("2026-05-01T10:00:00+02:00", datetime(2026, 5, 1, 8, tzinfo=UTC)),
        ("24h", NOW - timedelta(days=1)),
        ("7d", NOW - timedelta(days=7)),
    ],
)
def test_a_time_is_a_date_an_instant_or_how_long_ago(text: str, meant: datetime) -> None:
    assert moment(text, "--since", NOW) == meant


BEYOND = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
"""There are no such instants in UTC."""


@pytest.mark.parametrize("text", ["", "yesterday", "999999d", "٣d", "-1h", "2026-13-01", *BEYOND])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        moment(text, "--since", NOW)


def test_an_option_and_a_shared_one_cannot_have_the_same_name(demo: typer.Typer) -> None:
    def clashing(flux: Invocation, timeout: int = 1) -> None: ...

    with pytest.raises(AssertionError, match="timeout"):
        verb(demo, "clashing")(clashing)


def test_a_failure_after_the_answer_leaves_one_json_document(flux: Any, go: Any) -> None:
    def show_and_fail(flux: Invocation) -> None:
        flux.show(Document("x", {"id": "x_1"}))
        raise WorkFailed("the ink ran out")

    go(show_and_fail)
    ended = flux("demo", "go", "--json")

    assert ended.code == 7
    assert ended.json()["error"]["message"] == "the ink ran out"


def test_ending_with_a_number_after_the_answer_keeps_the_answer(flux: Any, go: Any) -> None:
    def show_and_exit(flux: Invocation) -> None:
        flux.show(Document("x", {"id": "x_1"}))
        raise typer.Exit(ExitCode.DENIED)

    go(show_and_exit)
    ended = flux("demo", "go", "--json")

    assert (ended.code, ended.json()["id"]) == (3, "x_1")


def test_jsonl_is_written_as_it_comes(flux: Any, go: Any) -> None:
    def watch(flux: Invocation) -> None:
        flux.show(Document("x", {"id": "x_1"}))
        flux.show(Document("x", {"id": "x_2"}))

    go(watch)

    lines = flux("demo", "go", "-o", "jsonl").out.splitlines()

    assert [json.loads(line)["id"] for line in lines] == ["x_1", "x_2"]


def test_the_configuration_is_read_only_when_it_is_needed(flux: Any, go: Any, home: Path) -> None:
    (home / ".config" / "flux").mkdir(parents=True)
    (home / ".config" / "flux" / "config.toml").write_text("nonsense = 1")

    def idle(flux: Invocation) -> None:
        flux.show(Document("x", {"id": "x_1"}))

    go(idle)

    assert flux("demo", "go").code == 0
    assert flux("config", "show").code == 2


def test_db_wins_over_flux_db(flux: Any, go: Any, home: Path) -> None:
    def where(flux: Invocation) -> None:
        flux.show(Document("x", {"ledger": flux.config.ledger.path}))

    go(where)
    work = home / "work"

    assert flux("demo", "go", "--jq", ".ledger").out == f"{home}/.local/share/flux/flux.db\n"
    assert flux("demo", "go", "--jq", ".ledger", FLUX_DB="a.db").out == f"{work}/a.db\n"
    assert (
        flux("demo", "go", "--jq", ".ledger", "--db", "~/b.db", FLUX_DB="a.db").out
        == f"{home}/b.db\n"
    )


def test_nobody_is_asked_where_nobody_is(flux: Any, go: Any) -> None:
    def cancel(flux: Invocation) -> None:
        flux.show(Document("x", {"sure": flux.confirm("Cancel?")}))

    go(cancel)

    assert flux("demo", "go", "--jq", ".sure").code == 2
    assert flux("demo", "go", "--jq", ".sure", tty=True, CI="1").code == 2
    assert flux("demo", "go", "--jq", ".sure", "--no-input", tty=True).code == 2
    assert flux("demo", "go", "--jq", ".sure", "-y").out == "true\n"


def test_colour_follows_the_option_then_the_environment(flux: Any) -> None:
    def colored(*argv: str, **environ: str) -> bool:
        return "\x1b[" in flux("demo", "list", *argv, **environ).out

    assert colored(tty=True)
    assert not colored(tty=True, NO_COLOR="1")
    assert not colored(tty=True, TERM="dumb")
    assert not colored("--color", "never", tty=True)
    assert colored("--color", "always", tty=True, NO_COLOR="1")
    assert not colored("-o", "table")
    assert not colored("-o", "table", GITHUB_ACTIONS="true")
    assert not colored(FORCE_COLOR="1")
    assert colored("-o", "table", FORCE_COLOR="1")


def test_without_utf8_the_glyphs_are_ascii(flux: Any, go: Any) -> None:
    def show(flux: Invocation) -> None:
        flux.show(Document("x", {"status": "active", "name": "東"}))

    go(show)

    assert flux("demo", "go", tty=True, encoding="ascii", NO_COLOR="1").out == (
        "status  * active\nname    \\u6771\n"
    )


def test_in_github_logs_text_cannot_pose_as_a_command(flux: Any, go: Any) -> None:
    def speak(flux: Invocation) -> None:
        flux.note("::set-env name=X::y\nfine ##[error]x")

    go(speak)

    assert flux("demo", "go", GITHUB_ACTIONS="true").err == (
        ": :set-env name=X::y\nfine # #[error]x\n"
    )
    assert flux("demo", "go").err == "::set-env name=X::y\nfine ##[error]x\n"


def test_notes_hold_no_raw_control(flux: Any, go: Any) -> None:
    def speak(flux: Invocation) -> None:
        flux.note("\x1b]0;t\x07")
        flux.detail("only with -v")
        flux.progress("ask", seat="\x1b[2J")

    go(speak)

    assert flux("demo", "go").err == "\\x1b]0;t\\x07\nstep=ask seat='\\x1b[2J'\n"
    assert "only with -v" in flux("demo", "go", "-v").err


def test_a_noun_alone_shows_its_verbs(flux: Any) -> None:
    ended = flux("demo")

    assert (ended.code, ended.err) == (0, "")
    assert "list  List cards." in ended.out
    assert "pay   Pay." in ended.out
