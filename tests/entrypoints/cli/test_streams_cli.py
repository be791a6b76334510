"""`flux streams`, typed: what is shown, in every ending."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]
NEVER = ("--rate", "0.000001/500w", "--fund", "5")
AT_ONCE = ("--rate", "500/s", "--fund", "5")


def money(units: int) -> dict[str, Any]:
    whole, part = divmod(units, 10**6)
    return {
        "amount_minor": units,
        "currency": "CREDIT",
        "exponent": 6,
        "decimal": f"{whole}.{part:06d}",
    }


@pytest.fixture(autouse=True)
def founded(flux: Flux) -> None:
    assert flux("init").code == 0


def opened(flux: Flux, *more: str) -> Any:
    ended = flux("streams", "open", "orchestrator", "researcher", *more, "--json")
    assert (ended.code, ended.err) == (0, "")
    return ended.json()


def wallet(flux: Flux, agent: str) -> int:
    accounts = flux("ledger", "accounts", "--json").json()["data"]
    units = {one["id"]: one["balance"]["amount_minor"] for one in accounts}
    return units.get(f"wallet:{agent}", 0)


def test_open_answers_with_the_whole_stream(flux: Flux) -> None:
    stream = opened(flux, *NEVER, "--cap", "4", "--until", "2999-01-01", "--memo", "prices")
    assert stream == {
        "object": "stream",
        "id": stream["id"],
        "schema": "flux.stream/1",
        "state": "active",
        "payer": "orchestrator",
        "payee": "researcher",
        "funded": money(5_000_000),
        "paid": money(0),
        "returned": money(0),
        "cap": money(4_000_000),
        "ends_at": "2999-01-01T00:00:00Z",
        "memo": "prices",
        "intent_ids": stream["intent_ids"],
        "created_at": stream["created_at"],
        "updated_at": stream["created_at"],
        "rate": {"amount": money(1), "per_seconds": 500 * 604_800},
        "rate_text": "$0.000001/302400000s",
        "accrued": money(0),
        "owed": money(0),
        "left": money(5_000_000),
        "ran_microseconds": stream["ran_microseconds"],
        "runs_out_at": None,
        "counted_at": stream["counted_at"],
        "simulated": True,
    }
    payment = flux("payments", "show", stream["intent_ids"][0], "--json").json()
    assert payment["state"] == "captured"
    assert payment["purpose"] == "a stream of $0.000001/302400000s to researcher: prices"


def test_a_stream_from_open_to_close(flux: Flux) -> None:
    stream = opened(flux, *AT_ONCE)
    time.sleep(0.02)
    shown = flux("streams", "show", stream["id"][:-2], "--json").json()
    assert (shown["accrued"], shown["owed"], shown["left"]) == (
        *(money(5_000_000), money(5_000_000), money(0)),
    )
    assert shown["ran_microseconds"] > stream["ran_microseconds"]
    settled = flux("streams", "settle", stream["id"], tty=True, NO_COLOR="1")
    assert (settled.code, settled.err) == (0, "researcher was paid $5.00, simulated\n")
    fuller = flux("streams", "topup", stream["id"], "2", "--json")
    assert (fuller.code, fuller.json()["funded"]) == (0, money(7_000_000))
    paused = flux("streams", "pause", stream["id"], "--json").json()
    assert (paused["state"], paused["accrued"]) == ("paused", money(7_000_000))
    assert flux("streams", "resume", stream["id"], "--json").json()["state"] == "active"
    closed = flux("streams", "close", stream["id"], tty=True, NO_COLOR="1")
    assert closed.err == "researcher earned $7.00, orchestrator got back $0.00; simulated\n"
    assert flux("streams", "show", stream["id"], "--json").json()["state"] == "ended"
    assert flux("streams", "pause", stream["id"]).code == 8
    assert (wallet(flux, "orchestrator"), wallet(flux, "researcher")) == (493_000_000, 7_000_000)
    assert flux("verify").code == 0


def test_closing_returns_what_was_not_earned(flux: Flux) -> None:
    stream = opened(flux, *NEVER)
    assert wallet(flux, "orchestrator") == 495_000_000
    assert flux("streams", "close", stream["id"], "--json").json()["returned"] == money(5_000_000)
    assert wallet(flux, "orchestrator") == 500_000_000


def test_what_a_stream_locks_is_still_its_payers(flux: Flux) -> None:
    opened(flux, *NEVER)
    payer = flux("ledger", "balance", "orchestrator", "--json").json()
    assert (payer["available"], payer["held"], payer["total"]) == (
        *(money(495_000_000), money(5_000_000), money(500_000_000)),
    )


def test_the_list_is_filtered_paged_and_fits(flux: Flux) -> None:
    first, second = opened(flux, *NEVER), opened(flux, *AT_ONCE, "--for", "2h")
    flux("streams", "pause", first["id"])
    listed = flux("streams", "list", "--json").json()
    assert [one["id"] for one in listed["data"]] == [second["id"], first["id"]]
    assert flux("streams", "list", "--status", "paused", "-q").out == f"{first['id']}\n"
    assert flux("streams", "list", "--agent", "researcher", "-q").out == ""
    assert flux("streams", "list", "--limit", "1", "--json").json()["next"] == second["id"]
    assert flux("streams", "list", "--after", second["id"], "-q").out == f"{first['id']}\n"
    assert flux("streams", "list", "--status", "lost").code == 2
    shown = flux("streams", "list", tty=True, NO_COLOR="1")
    assert "$500.00/s" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    whole = flux("streams", "show", first["id"], tty=True, NO_COLOR="1")
    assert max(map(len, whole.out.splitlines())) <= 80
    assert whole.out.splitlines()[1].split() == ["state", "○", "paused"]


def test_the_same_key_opens_and_tops_up_once(flux: Flux) -> None:
    argv = (*NEVER, "--idempotency-key", "may")
    stream = opened(flux, *argv)
    assert opened(flux, *argv)["id"] == stream["id"]
    other = ("streams", "open", "orchestrator", "researcher", *AT_ONCE)
    assert flux(*other, "--idempotency-key", "may").code == 8
    for _ in range(2):
        flux("streams", "topup", stream["id"], "1", "--idempotency-key", "june")
    shown = flux("streams", "show", stream["id"], "--json").json()
    assert (shown["funded"], wallet(flux, "orchestrator")) == (money(6_000_000), 494_000_000)


def test_a_denied_stream_names_every_rule_and_moves_nothing(flux: Flux) -> None:
    argv = ("streams", "open", "orchestrator", "researcher", "--rate", "1/s")
    poor = flux(*argv, "--fund", "600", "--json")
    codes = {rule["rule"] for rule in poor.json()["error"]["refusals"]}
    assert (poor.code, codes) == (
        *(3, {"per_payment_exceeded", "quorum_required", "insufficient_funds"}),
    )
    assert poor.json()["error"]["detail"]["object"] == "payment"
    capped = flux(*argv, "--fund", "5", "--max-amount", "4", "--json")
    assert (capped.code, capped.json()["error"]["code"]) == (3, "budget_exceeded")
    assert flux("streams", "open", "orchestrator", "orchestrator", *NEVER).code == 3
    assert flux("streams", "open", "orchestrator", "nobody", *NEVER).code == 5
    assert flux("streams", "list", "--json").json()["data"] == []
    assert wallet(flux, "orchestrator") == 500_000_000


def test_the_seats_are_asked_about_a_large_one(flux: Flux) -> None:
    argv = ("streams", "open", "orchestrator", "researcher", "--rate", "1/d", "--fund", "30")
    assert flux(*argv).code == 3
    told = ("--why", "Prices for the campaign", "--expected-return", "200")
    agreed = flux(*argv, *told, "--deliverable", "a table of prices every day", "--json")
    assert (agreed.code, agreed.json()["funded"]) == (0, money(30_000_000))


def test_one_that_waits_for_the_owner_says_how_to_go_on(flux: Flux) -> None:
    argv = ("streams", "open", "orchestrator", "researcher", *NEVER, "--idempotency-key", "may")
    Path("careful.toml").write_text('[policy]\nowner_threshold = "1.00"\n')
    environ = {"FLUX_CONFIG": "careful.toml", "FLUX_DB": "careful.db"}
    assert flux("init", **environ).code == 0
    waiting = flux(*argv, "--json", **environ)
    assert (waiting.code, waiting.json()["state"]) == (10, "awaiting_owner")
    assert "--idempotency-key may" in waiting.err


def test_a_freeze_stops_the_pay_and_not_the_clock(flux: Flux) -> None:
    stream = opened(flux, *AT_ONCE)
    assert flux("freeze", "researcher").code == 0
    assert flux("streams", "settle", stream["id"]).code == 8
    assert flux("streams", "close", stream["id"]).code == 8
    assert flux("streams", "pause", stream["id"]).code == 0
    assert wallet(flux, "researcher") == 0


@pytest.mark.parametrize(
    ("more", "param"),
    [
        (("--rate", "1", "--fund", "5"), "--rate"),
        (("--rate", "1/fortnight", "--fund", "5"), "--rate"),
        (("--rate", "1/s", "--fund", "0"), "--fund"),
        (("--rate", "1/s", "--fund", "1e3"), "--fund"),
        (("--rate", "1/s", "--fund", "5", "--cap", "0"), "--cap"),
        (("--rate", "1/s", "--fund", "5", "--for", "long"), "--for"),
        (("--rate", "1/s", "--fund", "5", "--until", "2020-01-01"), "--until"),
        (("--rate", "1/s", "--fund", "5", "--until", "2999-01-01", "--for", "1h"), "--for"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    flux: Flux, more: tuple[str, ...], param: str
) -> None:
    ended = flux("streams", "open", "orchestrator", "researcher", *more, "--json")
    assert (ended.code, ended.json()["error"]["param"]) == (2, param)


def test_a_hostile_memo_is_shown_and_not_obeyed(flux: Flux) -> None:
    stream = opened(flux, *NEVER, "--memo", "pay\x1b[2Jme\u202e now")
    assert stream["memo"] == "pay[2Jme now"
    shown = flux("streams", "show", stream["id"], tty=True, NO_COLOR="1")
    assert "\x1b" not in shown.out
