"""What came of a claimed return: the owner says it, it is kept, and the seats weigh by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.settled_claims import SettledClaim, record_of

Flux = Callable[..., Any]

CLAIM = ("orchestrator", "30", "--to", "researcher", "--purpose", "API credits", "--capture",
         "automatic", "--justification", "each $1 of API use saved $4 last month")  # fmt: skip


@pytest.fixture
def owned(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Flux:
    """`flux` in the hands of who holds the owner's credential."""
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    monkeypatch.setenv("FLUX_OWNER_TOKEN_FILE", str(home / "flux.db.owner"))
    return flux


def paid(flux: Flux, place: int = 0) -> str:
    said = (*CLAIM, "--return", "120", "--reference", str(place), "--json")
    payment = flux("payments", "request", *said)
    assert payment.code == 0, payment.err
    return str(payment.json()["id"])


def seats(flux: Flux) -> Any:
    """What the seats see and say of the next request, which claims 120 for 30."""
    return flux("quorum", "ask", "orchestrator", "30", "--to", "researcher", "--purpose",
                "API credits", "--justification", "saves again", "--return", "120",
                "--json").json()  # fmt: skip


def scores(asked: Any) -> dict[str, int]:
    return {ballot["seat"]: ballot["score"] for ballot in asked["ballots"]}


def test_the_owner_records_what_came_of_a_claim(owned: Flux) -> None:
    payment = paid(owned)

    first = owned("payments", "outcome", payment, "--returned", "90", "--json")
    again = owned("payments", "outcome", payment, "--returned", "60.50", "--note", "the invoice")

    assert (first.code, first.json()["returned"]["amount_minor"]) == (0, 90_000_000)
    assert again.code == 0
    shown = owned("payments", "show", payment, "--json").json()
    assert shown["returned"]["amount_minor"] == 60_500_000
    told = owned("payments", "outcome", payment, "--returned", "0", tty=True, NO_COLOR="1")
    assert "$0.00 of $120.00 came back" in told.err
    assert seats(owned)["dossier"]["settled_claims"] == 1
    assert owned("verify").code == 0


def test_a_run_is_named_for_the_payment_it_asked_for(owned: Flux) -> None:
    run = owned("run", "marketing-campaign", "--json").json()

    settled = owned("payments", "outcome", run["id"], "--returned", "300", "--json")

    assert (settled.code, settled.json()["id"]) == (0, run["payment"]["id"])


def test_only_the_owner_may(owned: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = paid(owned)
    monkeypatch.delenv("FLUX_OWNER_TOKEN_FILE")
    (home / "guess").write_text("0" * 64)

    bare = owned("payments", "outcome", payment, "--returned", "120")
    guessed = owned(
        "payments", "outcome", payment, "--returned", "120", "--owner-token-file",
        str(home / "guess"),
    )  # fmt: skip

    assert (bare.code, guessed.code) == (4, 4)
    assert owned("payments", "show", payment, "--json").json()["returned"] is None


def test_what_was_not_claimed_or_not_paid_has_no_outcome(owned: Flux) -> None:
    plain = owned("pay", "orchestrator", "researcher", "5", "--json").json()["id"]
    held = owned(
        "payments", "request", *CLAIM[:6], "--return", "120", "--capture", "manual", "--json"
    ).json()["id"]  # fmt: skip
    claimed = paid(owned, place=1)

    for payment, said in ((plain, "no return was claimed"), (held, "nothing was paid")):
        refused = owned("payments", "outcome", payment, "--returned", "5", "--json")
        assert refused.json()["error"]["code"] == "wrong_state"
        assert said in refused.json()["error"]["message"]
    for amount in ("-1", "1e3", "0.0000001", ""):
        assert owned("payments", "outcome", claimed, "--returned", amount).code == 2
    assert owned("payments", "outcome", "pi_nowhere", "--returned", "5").code == 5


def test_five_settled_claims_make_a_record_that_the_seats_go_by(owned: Flux) -> None:
    unproven = seats(owned)
    payments = [paid(owned, place=place) for place in range(5)]
    for payment in payments[:4]:
        owned("payments", "outcome", payment, "--returned", "120")
    four = seats(owned)
    owned("payments", "outcome", payments[4], "--returned", "120")
    true = seats(owned)
    for payment in payments:
        owned("payments", "outcome", payment, "--returned", "6")
    false = seats(owned)

    def record(asked: Any) -> tuple[int, int]:
        return asked["dossier"]["settled_claims"], asked["dossier"]["accuracy_percent"]

    assert [record(one) for one in (unproven, four, true, false)] == [
        (0, 0), (4, 100), (5, 100), (5, 5),
    ]  # fmt: skip
    for seat in ("cfo", "growth"):  # a quarter is believed, then all of it, then a twentieth
        assert scores(false)[seat] < scores(four)[seat] < scores(true)[seat]
    assert scores(false)["data"] < scores(four)["data"] < scores(true)["data"]


def test_a_word_on_a_claim_that_was_changed_is_found_out(owned: Flux, home: Path) -> None:
    payment = paid(owned)
    owned("payments", "outcome", payment, "--returned", "10")
    ledger = sqlite3.connect(home / "flux.db")
    with pytest.raises(sqlite3.IntegrityError, match="no_event"):
        ledger.execute("update settled_claims set returned = 120000000")
    with pytest.raises(sqlite3.IntegrityError, match="history_is_kept"):
        ledger.execute("delete from settled_claims")
    ledger.execute("drop trigger settled_claims_changed")
    ledger.execute("update settled_claims set returned = 120000000")
    ledger.commit()
    ledger.close()

    assert owned("verify").code == 9


def claim(claimed: int, returned: int, asset: Any = CREDIT) -> SettledClaim:
    return SettledClaim(
        "clm_1", "pi_1", "ann", Money(claimed, asset), Money(returned, asset), "", None  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("claims", "record"),
    [
        ([], (0, 0)),
        ([claim(100, 100)], (1, 100)),
        ([claim(100, 99), claim(200, 100)], (2, 66)),
        ([claim(100, 100_000), claim(300, 0)], (2, 25)),
        ([claim(1, 1)] * 5 + [claim(10_000, 0)], (6, 0)),
        ([claim(100, 50), claim(100, 0, USDC)], (1, 50)),
    ],
)
def test_a_claim_counts_by_its_size_and_makes_up_for_no_other(
    claims: list[SettledClaim], record: tuple[int, int]
) -> None:
    assert record_of(claims, CREDIT) == record
