"""Wallets in several assets: what is where, withdrawals and exchanges."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.exchanges import Exchange
from flux_cli.domain.journal import WORLD, EntryKind, transfer
from flux_cli.domain.money import ASSETS, Money
from flux_cli.errors import InvalidAmount, LedgerCorrupt
from flux_cli.usecases.exchange import Wanted, exchange
from flux_cli.usecases.found_economy import CATALOGUE, SHOPS
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.wallets import purses

Flux = Callable[..., Any]


@pytest.fixture(autouse=True)
def economy(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A founded economy whose owner is at hand, with some dinars."""
    place = home / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(place))
    monkeypatch.setenv("FLUX_OWNER_TOKEN_FILE", f"{place}.owner")
    assert flux("init").code == 0
    assert flux("agents", "fund", "orchestrator", "1.5", "--asset", "KWD").code == 0
    return place


AGENTS = 1 + len(CATALOGUE) + len(SHOPS)


def opened(place: Path) -> Deps:
    return open_flux(load_config({"ledger.path": str(place)}, {}, place.parent))


def lines(flux: Flux, *argv: str) -> list[list[str]]:
    """The rows of a table for programs, without its head."""
    return [line.split("\t") for line in flux(*argv).out.splitlines()[1:]]


def sums(flux: Flux) -> dict[str, int]:
    """What all accounts add up to in each asset."""
    totals: dict[str, int] = defaultdict(int)
    for row in flux("ledger", "accounts", "--json").json()["data"]:
        totals[row["balance"]["currency"]] += row["balance"]["amount_minor"]
    return dict(totals)


def test_every_asset_has_a_line_with_its_currency(flux: Flux) -> None:
    rows = {(row[0], row[1]): row[2:] for row in lines(flux, "wallets", "list")}
    assert rows["orchestrator", "KWD"] == ["1.500", "0.000", "0.000", "0.000", "0.000", "1.500"]
    assert rows["orchestrator", "CREDIT"] == ["500.00", "0.00", "0.00", "0.00", "0.00", "500.00"]
    assert rows["researcher", "CREDIT"] == ["0.00"] * 6
    assert len(rows) == AGENTS + 1
    shown = flux("wallets", "list", tty=True, NO_COLOR="1").out
    assert shown.splitlines()[0].split() == ["agent", "available", "total"]
    assert "1.500 KWD" in shown


def test_the_places_where_money_is_appear_when_some_is_there(flux: Flux) -> None:
    asked = ("payments", "request", "orchestrator", "20", "--to", "researcher")
    assert flux(*asked).code == 0
    assert (
        flux(
            "payments", "request", "orchestrator", "5", "--to", "researcher", "--capture", "card"
        ).code
        == 0
    )
    shown = flux("wallets", "show", "orchestrator", tty=True, NO_COLOR="1").out.splitlines()
    assert shown[0].split() == ["agent", "available", "held", "carded", "total"]
    assert shown[1].split() == ["orchestrator", "$475.00", "$20.00", "$5.00", "$500.00"]
    assert max(map(len, shown)) <= 80


def test_other_views_show_every_asset_too(flux: Flux) -> None:
    agents = flux("agents", "list", "--json").json()["data"]
    (orchestrator,) = [agent for agent in agents if agent["name"] == "orchestrator"]
    assert len(agents) == AGENTS
    assert [one["currency"] for one in orchestrator["balances"]] == ["CREDIT", "KWD"]
    assert orchestrator["available"]["currency"] == "CREDIT"
    assert len(flux("agents", "list", "-q").out.splitlines()) == AGENTS
    rows = [row[:4] for row in lines(flux, "agents", "list")]
    assert ["orchestrator", "orchestrator", "KWD", "1.500"] in rows
    assert ["orchestrator", "orchestrator", "CREDIT", "500.00"] in rows
    assert "1.500 KWD" in flux("status", tty=True, NO_COLOR="1").out
    for argv in (("agents", "show", "orchestrator"), ("agents", "list")):
        shown = flux(*argv, tty=True, NO_COLOR="1").out
        assert "1.500 KWD" in shown, argv
        assert max(map(len, shown.splitlines())) <= 80
    assets = {one["currency"]: one for one in flux("status", "--json").json()["assets"]}
    assert assets["KWD"]["issued"]["decimal"] == "1.500"
    balances = flux("ledger", "balance", "--json").json()["data"]
    assert ("orchestrator", "KWD") in [(row["agent"], row["currency"]) for row in balances]
    assert len(flux("ledger", "balance", "orchestrator", "--json").json()["data"]) == 2


def test_money_of_nobody_is_damage_and_an_emptied_account_is_not(economy: Path) -> None:
    deps = opened(economy)
    amount = Money(5)
    with deps.store.begin() as tx:
        tx.post(transfer("in", EntryKind.ADJUSTMENT, WORLD, "escrow:esc_lost", amount))
        tx.post(transfer("out", EntryKind.ADJUSTMENT, "escrow:esc_lost", WORLD, amount))
    with deps.store.reading() as reader:
        assert purses(reader)["orchestrator"][0].escrowed == Money(0)
    with deps.store.begin() as tx:
        tx.post(transfer("again", EntryKind.ADJUSTMENT, WORLD, "escrow:esc_lost", amount))
    with deps.store.reading() as reader, pytest.raises(LedgerCorrupt, match="esc_lost"):
        purses(reader)


def test_a_transfer_is_a_payment_and_is_governed_like_one(flux: Flux) -> None:
    paid = flux("wallets", "transfer", "orchestrator", "researcher", "5", "--json")
    assert (paid.code, paid.json()["object"], paid.json()["state"]) == (0, "payment", "captured")
    assert flux("wallets", "transfer", "orchestrator", "researcher", "600").code == 3
    assert flux("wallets", "transfer", "orchestrator", "researcher", "5", "-n").code == 0


def test_the_owner_withdraws_once_for_each_key(flux: Flux) -> None:
    argv = ("wallets", "withdraw", "orchestrator", "20", "--idempotency-key", "may", "--json")
    first, again = flux(*argv), flux(*argv)
    told = first.json()
    assert (first.code, told["object"], told["repeated"]) == (0, "withdrawal", False)
    assert told["available"]["decimal"] == "480.000000"
    assert again.json() == told | {"repeated": True}
    assert flux("wallets", "withdraw", "orchestrator", "21", "--idempotency-key", "may").code == 8
    assert flux("wallets", "withdraw", "orchestrator", "480.01").code == 6
    assert flux("wallets", "withdraw", "orchestrator", "2", "--asset", "KWD").code == 6
    assert flux("wallets", "withdraw", "nobody", "1").code == 5
    assert flux("wallets", "withdraw", "orchestrator", "5", "--max-amount", "4").code == 3
    assert flux("freeze").code == 0
    assert flux("wallets", "withdraw", "orchestrator", "1").code == 8
    assert sums(flux) == {"CREDIT": 0, "KWD": 0}


def test_an_exchange_records_its_rate_and_what_rounding_lost(flux: Flux, economy: Path) -> None:
    argv = (
        "wallets",
        "exchange",
        "orchestrator",
        "1.001",
        "KWD",
        "--to",
        "EUR",
        "--rate",
        "2.9871",
    )
    done = flux(*argv, "--idempotency-key", "may", "--json")
    assert done.code == 0
    told = done.json()
    assert told == {
        "object": "exchange",
        "id": told["id"],
        "schema": "flux.exchange/1",
        "key": "may",
        "agent": "orchestrator",
        "given": {"amount_minor": 1001, "currency": "KWD", "exponent": 3, "decimal": "1.001"},
        "taken": {"amount_minor": 299, "currency": "EUR", "exponent": 2, "decimal": "2.99"},
        "rate_numerator": 29871,
        "rate_denominator": 10000,
        "residue": str(1001 * 29871 * 100 - 299 * 10_000_000),
        "at": told["at"],
        "residue_of": "10000000",
        "rounding": "down",
        "simulated": True,
    }
    assert flux(*argv, "--idempotency-key", "may", "--json").json() == told
    changed = (*argv[:-1], "2.9872")
    assert flux(*changed, "--idempotency-key", "may").code == 8
    (entry,) = flux("ledger", "entries", "--kind", "exchange", "--json").json()["data"]
    assert [(one["account"], one["amount"]["decimal"]) for one in entry["postings"]] == [
        ("wallet:orchestrator", "-1.001"),
        ("wallet:orchestrator", "2.99"),
        ("world", "1.001"),
        ("world", "-2.99"),
    ]
    assert sums(flux) == {"CREDIT": 0, "KWD": 0, "EUR": 0}
    assert flux("verify").code == 0
    shown = flux(*argv[:3], "0.1", *argv[4:], tty=True, NO_COLOR="1")
    assert "rate                   2.9871 EUR for each KWD" in shown.out.splitlines()
    assert "lost by rounding down  871/1000 of 0.01 EUR" in shown.out.splitlines()
    assert shown.err.splitlines()[-1] == "0.100 KWD became 0.29 EUR, simulated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ASSET": "kwd"}, 2),
        ({"TO": "KWD"}, 2),
        ({"TO": "XAU"}, 2),
        ({"RATE": "1e3"}, 2),
        ({"RATE": "0"}, 2),
        ({"RATE": "-1"}, 2),
        ({"AMOUNT": "0"}, 2),
        ({"AMOUNT": "1.0001"}, 2),
        ({"AMOUNT": "2"}, 6),
        ({"AGENT": "nobody"}, 5),
        ({"AMOUNT": "0.001", "RATE": "0.001"}, 2),
        ({"RATE": "999999999", "AMOUNT": "1.5", "TO": "USDC"}, 2),
    ],
)
def test_an_exchange_that_cannot_be_made_changes_nothing(
    flux: Flux, change: dict[str, str], code: int
) -> None:
    before = flux("ledger", "entries", "--json").out
    said = {"AGENT": "orchestrator", "AMOUNT": "1", "ASSET": "KWD", "TO": "EUR", "RATE": "3"}
    said |= change
    positional = [said[word] for word in ("AGENT", "AMOUNT", "ASSET")]
    ended = flux(
        *("wallets", "exchange", f"--to={said['TO']}", f"--rate={said['RATE']}"), *positional
    )
    assert ended.code == code
    assert flux("ledger", "entries", "--json").out == before


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    units=st.integers(1, 10**5),
    codes=st.lists(
        st.sampled_from(["CREDIT", "EUR", "JPY", "KWD"]), min_size=2, max_size=2, unique=True
    ),
    rate=st.fractions(min_value=Fraction(1, 10**6), max_value=100, max_denominator=10**6),
)
def test_each_asset_still_sums_to_zero_and_less_than_a_unit_is_lost(
    economy: Path, units: int, codes: list[str], rate: Fraction
) -> None:
    deps = opened(economy)
    money, to = Money(units, ASSETS[codes[0]]), ASSETS[codes[1]]
    fund_agent(deps, "researcher", money, key=deps.ids.new("event"))
    try:
        made = exchange(deps, Wanted("researcher", money, to, rate), key=deps.ids.new("event"))
    except InvalidAmount:
        assert rate * units * 10**to.exponent < 10**money.asset.exponent
        return
    assert 0 <= made.lost < 1
    exact = rate * units * 10**to.exponent / 10**money.asset.exponent
    assert made.taken.units + made.lost == exact
    with deps.store.reading() as reader:
        assert reader.get(Exchange, made.id) == made
        balances: dict[str, int] = defaultdict(int)
        for account in reader.accounts():
            balances[account.balance.asset.code] += account.balance.units
    assert set(balances.values()) == {0}


def test_ids_are_accounts(flux: Flux) -> None:
    ids = json.loads(flux("wallets", "list", "--json").out)["data"]
    assert "wallet:orchestrator" in [row["id"] for row in ids]
