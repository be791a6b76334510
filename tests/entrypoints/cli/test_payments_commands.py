"""Asking for money from the command line, and what becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Policy

Flux = Callable[..., Any]
WHOLE = 1_000_000


def money(units: int, code: str = "CREDIT", exponent: int = 6) -> dict[str, Any]:
    whole, part = divmod(units, 10**exponent)
    decimal = f"{whole}.{part:0{exponent}d}" if exponent else str(whole)
    return {
        "amount_minor": units,
        "currency": code,
        "exponent": exponent,
        "decimal": decimal,
    }


@pytest.fixture(autouse=True)
def economy(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A founded economy, whose owner is asked above 20 and whose quorum is above 25."""
    place = home / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(place))
    monkeypatch.setenv("FLUX_POLICY_OWNER_THRESHOLD", "20.00")
    assert flux("init").code == 0
    return place


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the clock of everything that follows some hours ahead."""

    def ahead(hours: float) -> None:
        monkeypatch.setattr(
            SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(hours=hours)
        )

    return ahead


@pytest.fixture
def as_owner(economy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUX_OWNER_TOKEN_FILE", f"{economy}.owner")


def has(flux: Flux, agent: str) -> int:
    """What is in an agent's wallet, in micro-credits."""
    rows = flux("wallets", "show", agent, "--json").json()["data"]
    units: int = rows[0]["available"]["amount_minor"]
    return units


def everything(flux: Flux) -> Any:
    """All that is recorded of money and payments."""
    return (
        flux("ledger", "entries", "--limit", "1000", "--json").json()["data"],
        flux("payments", "list", "--limit", "1000", "--json").json()["data"],
    )


def held(flux: Flux, amount: str = "20", *more: str) -> str:
    """A payment to the researcher on hold; its id."""
    asked = ("payments", "request", "orchestrator", amount, "--to", "researcher", *more, "--json")
    done = flux(*asked)
    assert done.code == 0, done.out
    name: str = done.json()["id"]
    return name


def change_policy(economy: Path, **changes: Any) -> None:
    """The owner's next policy for the orchestrator."""
    deps = open_flux(load_config({"ledger.path": str(economy)}, {}, economy.parent))
    with deps.store.begin() as tx:
        policy = tx.find(Policy, agent="orchestrator", limit=1)[0]
        fresh = {"id": deps.ids.new("policy"), "number": policy.number + 1, "set_at": tx.now}
        tx.put(replace(policy, **fresh, **changes), "policy.set")


def test_pay_pays_at_once_and_says_so(flux: Flux) -> None:
    paid = flux("pay", "orchestrator", "researcher", "12.50", "--purpose", "interviews", "--json")
    told = paid.json()
    assert paid.code == 0
    assert (told["object"], told["state"], told["capture_method"]) == (
        "payment",
        "captured",
        "automatic",
    )
    assert (told["amount"], told["captured"]) == (money(12_500_000), money(12_500_000))
    assert told["shares"] == [{"payee": "researcher", "amount": money(12_500_000)}]
    assert told["purpose"] == "interviews"
    assert paid.err == f"step=started idempotency_key={told['idempotency_key']}\n"
    assert has(flux, "researcher") == 12_500_000
    assert has(flux, "orchestrator") == 487_500_000


def test_pay_for_people(flux: Flux) -> None:
    shown = flux("pay", "orchestrator", "researcher", "5", tty=True, NO_COLOR="1")
    labels = [line.split("  ")[0] for line in shown.out.splitlines()]
    assert labels == [
        "id",
        "state",
        "amount",
        "payer",
        "payee",
        "purpose",
        "captured",
        "created at",
        "decided at",
        "decision",
        "idempotency key",
    ]
    assert shown.err.splitlines()[-1] == "$5.00 paid to researcher, simulated"
    assert max(map(len, shown.out.splitlines())) <= 80


def test_the_same_key_pays_once_and_another_request_may_not_use_it(flux: Flux) -> None:
    argv = ("pay", "orchestrator", "researcher", "5", "--idempotency-key", "may", "--json")
    first, again = flux(*argv), flux(*argv)
    assert (first.code, again.code) == (0, 0)
    assert again.json() == first.json()
    assert first.err == ""
    assert has(flux, "researcher") == 5 * WHOLE
    for changed in (
        ("pay", "orchestrator", "researcher", "6"),
        ("pay", "orchestrator", "content-writer", "5"),
        ("pay", "orchestrator", "researcher", "5", "--asset", "USDC"),
        ("pay", "orchestrator", "researcher", "5", "--purpose", "other"),
    ):
        reused = flux(*changed, "--idempotency-key", "may", "--json")
        assert (reused.code, reused.json()["error"]["code"]) == (8, "key_reused")
    assert has(flux, "researcher") == 5 * WHOLE


def test_a_denied_payment_names_each_rule_and_the_most(flux: Flux) -> None:
    denied = flux("pay", "orchestrator", "researcher", "600", "--json")
    error = denied.json()["error"]
    assert denied.code == 3
    assert [one["rule"] for one in error["refusals"]] == [
        "per_payment_exceeded",
        "quorum_required",
        "owner_required",
        "insufficient_funds",
    ]
    assert error["suggestion"] == {"max_amount_minor": 250 * WHOLE, "may_retry_adjusted": True}
    assert error["detail"]["state"] == "denied"
    assert has(flux, "researcher") == 0
    told = flux("pay", "orchestrator", "researcher", "600", tty=True, NO_COLOR="1")
    assert told.out == ""
    assert "  most: $250.00 would pass" in told.err.splitlines()
    assert flux("payments", "show", error["subject"]).code == 0


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("pay", "nobody", "researcher", "5"), 5),
        (("pay", "orchestrator", "nobody", "5"), 3),
        (("pay", "orchestrator", "orchestrator", "5"), 3),
        (("pay", "researcher", "orchestrator", "5"), 5),
        (("pay", "orchestrator", "researcher", "21"), 10),
        (("pay", "orchestrator", "researcher", "5", "--mandate", "man_nothing"), 5),
        (("pay", "orchestrator", "researcher", "5", "--asset", "DEM"), 2),
        (("pay", "orchestrator", "researcher", "5", "--asset", "EUR"), 5),
        (("pay", "orchestrator", "researcher", "5", "--category", "x" * 65), 2),
        (("pay", "orchestrator", "researcher", "5", "--category", ""), 2),
        (("pay", "orchestrator", "re\x1b[2J", "5"), 2),
        (("pay", "orchestrator", "researcher", "5", "--idempotency-key", ""), 2),
        (("pay", "orchestrator", "researcher", "5", "--idempotency-key", "k" * 201), 2),
        (("payments", "request", "orchestrator", "5", "--to", "researcher", "--rail", "arc"), 2),
        (
            ("payments", "request", "orchestrator", "5", "--to", "researcher", "--hold-hours", "0"),
            2,
        ),
        (("payments", "capture", "pi_nothing"), 5),
        (("payments", "refund", "pi_nothing"), 5),
        (("payments", "cancel", "pi_nothing"), 5),
        (("payments", "wait", "pi_nothing"), 5),
    ],
)
def test_what_cannot_be_done_has_its_number(flux: Flux, argv: tuple[str, ...], code: int) -> None:
    ended = flux(*argv)
    assert ended.code == code
    assert has(flux, "researcher") == 0


def test_nothing_is_paid_while_the_economy_or_the_payer_is_frozen(flux: Flux) -> None:
    assert flux("freeze").code == 0
    assert flux("pay", "orchestrator", "researcher", "5").code == 8
    assert flux("thaw", "--yes").code == 0
    assert flux("freeze", "orchestrator").code == 0
    assert flux("pay", "orchestrator", "researcher", "5").code == 8
    assert has(flux, "researcher") == 0


def test_without_the_funds_the_number_is_six(flux: Flux, economy: Path) -> None:
    change_policy(
        economy, per_payment=None, approval_threshold=Money(10**12), owner_threshold=None, limits=()
    )
    denied = flux("pay", "orchestrator", "researcher", "500.01", "--json")
    assert (denied.code, denied.json()["error"]["code"]) == (6, "insufficient_funds")
    assert flux("pay", "orchestrator", "researcher", "500.00").code == 0


def test_48_more_than_the_maximum_is_refused_in_any_asset(flux: Flux) -> None:
    before = everything(flux)
    over = flux("pay", "orchestrator", "researcher", "5.01", "--max-amount", "5", "--json")
    assert (over.code, over.json()["error"]["code"]) == (3, "max_amount_exceeded")
    assert over.json()["error"]["limit"] == {
        "rule": "max_amount_exceeded",
        "used_minor": 5_010_000,
        "cap_minor": 5_000_000,
        "currency": "CREDIT",
    }
    asked = ("payments", "request", "orchestrator", "9", "--to", "researcher", "--asset", "JPY")
    assert flux(*asked, "--max-amount", "8").code == 3
    assert flux(*asked, "--max-amount", "8.5").code == 2
    assert flux("pay", "orchestrator", "researcher", "5", "--max-amount", "0").code == 3
    assert everything(flux) == before
    assert flux("pay", "orchestrator", "researcher", "5", "--max-amount", "5").code == 0


def test_check_shows_every_rule_and_writes_nothing(flux: Flux, economy: Path) -> None:
    before = economy.read_bytes()
    checked = flux("payments", "check", "orchestrator", "300", "--to", "researcher", "--json")
    told = checked.json()
    assert (checked.code, told["object"], told["outcome"]) == (3, "check", "denied")
    assert (told["asks_quorum"], told["votes_needed"], told["asks_owner"]) == (True, 4, True)
    assert told["most_that_would_pass"] == money(250 * WHOLE)
    assert told["dry_run"] is True
    rules = {rule["rule"]: rule for rule in told["rules"]}
    assert rules["per_payment"] == {
        "rule": "per_payment",
        "outcome": "refused",
        "limit": money(250 * WHOLE),
        "observed": money(300 * WHOLE),
        "unit": "money",
        "payee": None,
        "code": "per_payment_exceeded",
        "message": "one payment",
    }
    assert (rules["quorum"]["outcome"], rules["owner"]["outcome"]) == ("asks", "asks")
    assert rules["funds"]["outcome"] == "passed"
    assert economy.read_bytes() == before


@pytest.mark.parametrize(
    ("amount", "outcome", "code", "last"),
    [
        ("20", "permit", 0, "it would pass now"),
        ("21", "owner", 10, "it would ask the owner"),
        ("26", "quorum", 10, "it would ask the quorum (3 YES of 5) and then the owner"),
        ("251", "denied", 3, "it would be denied; $250.00 would pass"),
    ],
)
def test_check_foretells_what_asking_ends_with(
    flux: Flux, amount: str, outcome: str, code: int, last: str
) -> None:
    argv = ("payments", "check", "orchestrator", amount, "--to", "researcher")
    checked = flux(*argv, "--json")
    assert (checked.code, checked.json()["outcome"]) == (code, outcome)
    shown = flux(*argv, tty=True, NO_COLOR="1")
    assert shown.err == f"{last}; nothing was written\n"
    assert max(map(len, shown.out.splitlines())) <= 80
    assert flux(*argv).out.splitlines()[0] == "field\tvalue"


def test_a_dry_run_is_a_check(flux: Flux, economy: Path) -> None:
    before = economy.read_bytes()
    dry = flux("pay", "orchestrator", "researcher", "5", "-n", "--json")
    assert (dry.code, dry.json()["outcome"], dry.json()["dry_run"]) == (0, "permit", True)
    assert dry.json()["capture_method"] == "automatic"
    assert economy.read_bytes() == before


def test_a_request_holds_and_a_capture_pays(flux: Flux) -> None:
    payment = held(flux)
    assert has(flux, "orchestrator") == 480 * WHOLE
    (row,) = flux("wallets", "show", "orchestrator", "--json").json()["data"]
    assert (row["held"], row["total"]) == (money(20 * WHOLE), money(500 * WHOLE))
    captured = flux("payments", "capture", payment, "--json")
    assert (captured.code, captured.json()["state"]) == (0, "captured")
    assert has(flux, "researcher") == 20 * WHOLE


def test_a_request_is_shared_exactly(flux: Flux) -> None:
    argv = ("payments", "request", "orchestrator", "20", "--capture", "automatic", "--json")
    shared = flux(*argv, "--to", "researcher=12.50", "--to", "content-writer").json()
    assert shared["shares"] == [
        {"payee": "researcher", "amount": money(12_500_000)},
        {"payee": "content-writer", "amount": money(7_500_000)},
    ]
    assert (has(flux, "researcher"), has(flux, "content-writer")) == (12_500_000, 7_500_000)
    for wrong in (
        ("--to", "researcher=12", "--to", "content-writer=7"),
        ("--to", "researcher=20", "--to", "content-writer"),
        ("--to", "researcher", "--to", "content-writer"),
        ("--to", "researcher=10", "--to", "researcher=10"),
        ("--to", "researcher=0", "--to", "content-writer"),
        ("--to", "researcher=1e1", "--to", "content-writer"),
        ("--to", "=20"),
        (),
    ):
        assert flux(*argv, *wrong).code == 2, wrong


def test_a_request_can_make_a_card(flux: Flux) -> None:
    asked = flux(
        *("payments", "request", "orchestrator", "9", "--to", "researcher"),
        *("--capture", "card", "--json"),
    )
    assert asked.json()["card_id"].startswith("card_")
    (row,) = flux("wallets", "show", "orchestrator", "--json").json()["data"]
    assert (row["held"], row["carded"]) == (money(0), money(9 * WHOLE))


def test_81_no_more_is_captured_than_is_held(flux: Flux) -> None:
    payment = held(flux)
    assert flux("payments", "capture", payment, "--amount", "20.000001").code == 2
    part = flux("payments", "capture", payment, "--amount", "12", "--json").json()
    assert (part["state"], part["captured"]) == ("approved", money(12 * WHOLE))
    assert flux("payments", "capture", payment, "--amount", "8.000001").code == 2
    rest = flux("payments", "capture", payment, "--amount", "3", "--final", "--json").json()
    assert (rest["state"], rest["captured"], rest["released"]) == (
        "captured",
        money(15 * WHOLE),
        money(5 * WHOLE),
    )
    assert flux("payments", "capture", payment).code == 8
    assert (has(flux, "researcher"), has(flux, "orchestrator")) == (15 * WHOLE, 485 * WHOLE)


def test_a_capture_with_the_same_key_pays_once(flux: Flux) -> None:
    payment = held(flux)
    argv = ("payments", "capture", payment, "--amount", "5", "--idempotency-key", "one")
    assert (flux(*argv).code, flux(*argv).code) == (0, 0)
    assert has(flux, "researcher") == 5 * WHOLE
    assert (
        flux("payments", "capture", payment, "--amount", "6", "--idempotency-key", "one").code == 8
    )


def test_81_no_more_is_refunded_than_was_captured(flux: Flux) -> None:
    paid = flux("pay", "orchestrator", "researcher", "10", "--json").json()["id"]
    assert flux("payments", "refund", paid, "--amount", "10.01").code == 2
    part = flux("payments", "refund", paid, "--amount", "4", "--json")
    assert (part.code, part.json()["refunded"]) == (0, money(4 * WHOLE))
    assert flux("payments", "refund", paid, "--amount", "6.01").code == 2
    assert flux("payments", "refund", paid).code == 0
    assert flux("payments", "refund", paid).code == 8
    assert flux("payments", "refund", paid, "--amount", "1").code == 8
    assert (has(flux, "researcher"), has(flux, "orchestrator")) == (0, 500 * WHOLE)


def test_a_refund_names_its_payee_of_several_and_is_denied_without_the_money(
    flux: Flux, as_owner: None
) -> None:
    argv = ("payments", "request", "orchestrator", "20", "--capture", "automatic", "--json")
    paid = flux(*argv, "--to", "researcher=12", "--to", "content-writer").json()["id"]
    assert flux("payments", "refund", paid).code == 2
    assert flux("payments", "refund", paid, "--payee", "data-analyst").code == 2
    assert flux("payments", "refund", paid, "--payee", "content-writer").code == 0
    assert has(flux, "content-writer") == 0
    assert flux("wallets", "withdraw", "researcher", "12").code == 0
    denied = flux("payments", "refund", paid, "--payee", "researcher", "--json")
    assert (denied.code, denied.json()["error"]["code"]) == (6, "insufficient_funds")


def test_a_capture_after_its_time_is_late_and_flagged(flux: Flux, later: Any) -> None:
    payment = held(flux, "20", "--hold-hours", "2")
    later(3)
    late = flux("payments", "capture", payment, tty=True, NO_COLOR="1")
    assert late.code == 0
    assert late.err.splitlines()[-1] == (
        "$20.00 paid to researcher, late: the hold had expired; simulated"
    )
    told = flux("payments", "show", payment, "--json").json()
    assert (told["state"], told["late"]) == ("captured", True)
    assert has(flux, "researcher") == 20 * WHOLE


def test_any_money_verb_gives_back_what_has_expired(flux: Flux, later: Any) -> None:
    payment = held(flux, "20", "--hold-hours", "1")
    later(1)
    assert has(flux, "orchestrator") == 480 * WHOLE
    assert flux("pay", "orchestrator", "content-writer", "1").code == 0
    assert flux("payments", "show", payment, "--json").json()["state"] == "expired"
    assert has(flux, "orchestrator") == 499 * WHOLE


def test_cancelling_gives_back_once(flux: Flux) -> None:
    payment = held(flux)
    cancelled = flux("payments", "cancel", payment, tty=True, NO_COLOR="1")
    assert cancelled.err == "$20.00 went back to orchestrator, simulated\n"
    assert flux("payments", "cancel", payment, "--json").json()["state"] == "cancelled"
    assert flux("payments", "capture", payment).code == 8
    assert has(flux, "orchestrator") == 500 * WHOLE
    paid = flux("pay", "orchestrator", "researcher", "1", "--json").json()["id"]
    assert flux("payments", "cancel", paid).code == 8


def waiting(flux: Flux, amount: str = "21", *more: str) -> str:
    """A payment that waits for the owner; its id."""
    asked = flux("pay", "orchestrator", "researcher", amount, *more, "--json")
    assert (asked.code, asked.json()["state"]) == (10, "awaiting_owner")
    name: str = asked.json()["id"]
    return name


def test_a_payment_that_waits_says_what_is_missing_and_who_can_give_it(flux: Flux) -> None:
    shown = flux("pay", "orchestrator", "researcher", "21", tty=True, NO_COLOR="1")
    assert "what is missing" in shown.out.splitlines()
    assert "decision" not in shown.out
    waits = "it waits for the owner: flux payments approve "
    assert shown.err.splitlines()[-1].startswith(waits)


def test_only_what_a_request_can_finish_may_follow_on_approval(flux: Flux) -> None:
    asked = ("payments", "request", "orchestrator", "5", "--to", "researcher")
    assert flux(*asked, "--capture", "escrow").code == 2
    assert flux(*asked, "--capture", "stream").code == 2


def test_the_owner_approves_and_it_is_paid(flux: Flux, as_owner: None) -> None:
    payment = waiting(flux)
    approved = flux("payments", "approve", payment, "--json")
    assert (approved.code, approved.json()["state"]) == (0, "captured")
    assert has(flux, "researcher") == 21 * WHOLE


def test_61_an_approval_is_good_for_one_payment(flux: Flux, as_owner: None) -> None:
    payment, other = waiting(flux), waiting(flux)
    assert flux("payments", "approve", payment).code == 0
    assert flux("payments", "approve", payment).code == 8
    assert flux("payments", "show", other, "--json").json()["state"] == "awaiting_owner"
    assert has(flux, "researcher") == 21 * WHOLE


def test_61_approvals_at_once_pay_once(flux: Flux, economy: Path) -> None:
    from flux_cli.errors import WrongState
    from flux_cli.usecases.request_money import approve_payment

    payment = waiting(flux)
    deps = open_flux(load_config({"ledger.path": str(economy)}, {}, economy.parent))
    ended: list[str] = []

    def approve() -> None:
        try:
            ended.append(approve_payment(deps, payment).state)
        except WrongState as error:
            ended.append(error.code)

    threads = [threading.Thread(target=approve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["captured", *["wrong_state"] * 7]
    assert has(flux, "researcher") == 21 * WHOLE


def test_63_an_approval_is_judged_by_the_policy_of_its_time(
    flux: Flux, economy: Path, as_owner: None
) -> None:
    payment = waiting(flux)
    change_policy(economy, per_payment=Money(20 * WHOLE))
    denied = flux("payments", "approve", payment, "--json")
    assert (denied.code, denied.json()["error"]["code"]) == (3, "per_payment_exceeded")
    assert flux("payments", "approve", payment).code == 8
    assert has(flux, "researcher") == 0


def test_62_a_payee_struck_off_meanwhile_is_not_paid(
    flux: Flux, economy: Path, as_owner: None
) -> None:
    payment = waiting(flux)
    change_policy(economy, payees=frozenset({"content-writer"}))
    assert flux("payments", "approve", payment).code == 3
    assert has(flux, "researcher") == 0


def test_63_an_approval_after_a_freeze_or_too_late_is_refused(
    flux: Flux, later: Any, as_owner: None
) -> None:
    frozen, old = waiting(flux), waiting(flux)
    assert flux("freeze").code == 0
    assert flux("payments", "approve", frozen).code == 8
    assert flux("thaw", "--yes").code == 0
    assert flux("payments", "approve", frozen).code == 8
    later(25)
    assert flux("payments", "approve", old).code == 8
    assert flux("payments", "show", old, "--json").json()["state"] == "expired"
    assert has(flux, "researcher") == 0


def test_the_owner_denies_with_a_reason(flux: Flux, as_owner: None) -> None:
    payment = waiting(flux)
    denied = flux("payments", "deny", payment, "--reason", "too dear", "--json")
    assert (denied.code, denied.json()["state"]) == (0, "denied")
    assert [one["message"] for one in denied.json()["refusals"]] == ["too dear"]
    assert flux("payments", "approve", payment).code == 8


def test_waiting_ends_with_the_decision_or_the_time(flux: Flux, economy: Path) -> None:
    payment = waiting(flux)
    timed = flux("payments", "wait", payment, "--timeout", "0.2", "--json")
    assert (timed.code, timed.json()["state"]) == (10, "awaiting_owner")
    from flux_cli.usecases.request_money import approve_payment

    deps = open_flux(load_config({"ledger.path": str(economy)}, {}, economy.parent))
    timer = threading.Timer(0.3, lambda: approve_payment(deps, payment))
    timer.start()
    ended = flux("payments", "wait", payment, "--timeout", "20", "--json")
    timer.join()
    assert (ended.code, ended.json()["state"]) == (0, "captured")
    denied = flux("pay", "orchestrator", "researcher", "600", "--json").json()["error"]["subject"]
    assert flux("payments", "wait", denied).code == 3


def test_waiting_ends_when_the_request_expires(flux: Flux, later: Any) -> None:
    payment = waiting(flux)
    later(25)
    ended = flux("payments", "wait", payment, "--json")
    assert (ended.code, ended.json()["state"]) == (8, "expired")


def test_the_list_for_people_and_for_programs(flux: Flux) -> None:
    flux("pay", "orchestrator", "researcher", "5")
    flux("pay", "orchestrator", "researcher", "600", "--purpose", "a long one " * 12)
    shown = flux("payments", "list", tty=True, NO_COLOR="1").out
    assert shown.splitlines()[0].split() == ["id", "payer", "purpose", "amount", "votes", "state"]
    assert max(map(len, shown.splitlines())) <= 80
    rows = flux("payments", "list", "--status", "captured").out.splitlines()
    assert rows[0].split("\t")[3:6] == ["amount", "amount.currency", "captured"]
    assert rows[1].split("\t")[3:6] == ["5.00", "CREDIT", "5.00"]


GOOD = ("014", "1.5", "1.000001")
BAD = (
    *("-1", "-0", "NaN", "inf", "-inf", "1e999", "9" * 400, "1_000", "1e3", "0x10", "٥", "５"),
    *(" 5", "5 ", "+5", "1,000.00", "1.000,00", "$5", "5 USD", "1:30", ".5", "5.", "", "1/2"),
    *("0.0000001", "\u200b5", "five", "0", "0.00", "00"),
)


@pytest.mark.parametrize(
    "door",
    [
        ("pay", "--json", "--", "orchestrator", "researcher", "AMOUNT"),
        ("wallets", "transfer", "--json", "--", "orchestrator", "researcher", "AMOUNT"),
        ("payments", "request", "--to=researcher", "--json", "--", "orchestrator", "AMOUNT"),
        ("payments", "check", "--to=researcher", "--json", "--", "orchestrator", "AMOUNT"),
        ("payments", "request", "--to=researcher=AMOUNT", "--json", "orchestrator", "5"),
        (
            "payments",
            "request",
            "--to=researcher",
            "--return=AMOUNT",
            "--json",
            "orchestrator",
            "5",
        ),
        ("payments", "capture", "--amount=AMOUNT", "--json", "HELD"),
        ("payments", "refund", "--amount=AMOUNT", "--json", "PAID"),
    ],
    ids=["pay", "transfer", "request", "check", "share", "return", "capture", "refund"],
)
def test_42_43_a_bad_amount_is_refused_at_every_door_and_records_nothing(
    flux: Flux, door: tuple[str, ...]
) -> None:
    ids = {"HELD": held(flux)}
    ids["PAID"] = flux("pay", "orchestrator", "researcher", "20", "--json").json()["id"]
    before = everything(flux)
    ended = {}
    for text in BAD:
        said = [ids.get(word, word).replace("AMOUNT", text) for word in door]
        ended[text] = flux(*said)
    assert {text: one.code for text, one in ended.items()} == dict.fromkeys(BAD, 2)
    codes = {one.json()["error"]["code"] for one in ended.values()}
    assert codes == {"invalid_amount"}
    assert everything(flux) == before


@pytest.mark.parametrize("text", GOOD)
def test_43_a_plain_amount_is_taken(flux: Flux, text: str) -> None:
    assert flux("pay", "orchestrator", "researcher", text).code == 0


def test_what_others_wrote_stays_data(flux: Flux) -> None:
    purpose = "\x1b[31mred\x1b[0m `rm -rf` ; drop table intents"
    paid = flux("pay", "orchestrator", "researcher", "1", "--purpose", purpose, "--json")
    assert paid.json()["purpose"] == "[31mred[0m `rm -rf` ; drop table intents"
    shown = flux("payments", "list", tty=True, NO_COLOR="1").out
    assert "\x1b" not in shown
    strange = flux("pay", "orchestrator", "no\u202ebody", "1")
    assert "\u202e" not in strange.err


def test_nobody_is_asked_whether_to_thaw_an_agent_there_is_not(flux: Flux) -> None:
    told = flux("thaw", "nobody", "--json")
    assert (told.code, told.json()["error"]["message"]) == (5, "no agent named 'nobody'")
