"""Attacks 42 to 47 on amounts: what comes in from text, what is a float, what mixes assets."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.facts import Facts, Used
from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, faults, held, wallet
from flux_cli.domain.money import (
    ASSETS,
    BOUND,
    CREDIT,
    USDC,
    Asset,
    Money,
    find_asset,
    parse_money,
    total,
)
from flux_cli.domain.policies import Limit, Policy, Window
from flux_cli.errors import InvalidAmount
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.verdict import Denied, Permit

PACKAGE = Path(__file__).resolve().parents[2] / "flux_cli"
Flux = Callable[..., Any]

ZERO = ["0", "0.0", "00", "0.000000"]
"""Attack 42: read as nothing, but nobody can be given nothing."""

NOT_POSITIVE = [
    "-1", "-0", "-0.00", "--1", "\u22121", "NaN", "nan", "-nan", "sNaN", "inf", "-inf", "+inf",
    "Infinity", "-Infinity", "∞", "1e999", "-1e999", "9" * 400,
]  # fmt: skip
"""Attack 42: no amount at all."""

NOT_DIGITS = [
    "1_000", "1e3", "1E3", "1e-3", "0x10", "0b1", "0o7", "١٢٣", "٥", "५", "１２", "5．5", "5٫5",
    "五", "½", "5²", " 5", "5 ", "5 0", "5\u00a0000", "5\u2009000", "5\t", "5\n", "\u200b5",
    "5\u200f", "+5", "1,000.00", "1.000,00", "1.000.00", "1'000", "5,5", "$5", "€5", "5$", "5 USD",
    "5USD", "USD 5", "5%", "1:30", "1/2", ".5", "5.", ".", "", "1 + 1", "five", "5;", "5\x7f",
    "0000000000014",
]  # fmt: skip
"""Attack 43."""


@pytest.mark.parametrize("text", NOT_POSITIVE + NOT_DIGITS, ids=lambda text: ascii(text)[:24])
@pytest.mark.parametrize("code", ["CREDIT", "EUR", "JPY", "KWD"])
def test_42_43_a_bad_amount_is_refused_in_every_asset(text: str, code: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_money(text, find_asset(code))


def test_43_a_leading_zero_is_decimal_and_never_octal() -> None:
    assert parse_money("014", find_asset("EUR")) == Money(1400, find_asset("EUR"))


def records(flux: Flux) -> Any:
    """All that the ledger holds of money."""
    return (
        flux("ledger", "entries", "--limit", "1000", "--json").json()["data"],
        flux("ledger", "accounts", "--json").json()["data"],
    )


@pytest.mark.parametrize("asset", [(), ("--asset", "JPY")], ids=["CREDIT", "JPY"])
@pytest.mark.parametrize("bad", [ZERO + NOT_POSITIVE, NOT_DIGITS], ids=["42", "43"])
def test_42_43_fund_refuses_a_bad_amount_and_records_nothing(
    bad: list[str], asset: tuple[str, ...], flux: Flux
) -> None:
    assert flux("init").code == 0
    before = records(flux)
    ended = {
        text: flux("agents", "fund", *asset, "--json", "--", "orchestrator", text) for text in bad
    }
    assert {text: one.code for text, one in ended.items()} == dict.fromkeys(bad, 2)
    codes = {text: one.json()["error"]["code"] for text, one in ended.items()}
    assert codes == dict.fromkeys(bad, "invalid_amount")
    assert flux("agents", "fund", "orchestrator", "-1").code == 2
    assert records(flux) == before


def test_42_43_a_refused_amount_does_not_even_make_a_ledger(flux: Flux, home: Path) -> None:
    assert flux("agents", "fund", "orchestrator", "1e3").code == 2
    assert flux("agents", "fund", "orchestrator", "1", "--asset", "DEM").code == 2
    assert list(home.rglob("*.db*")) == []


@pytest.mark.parametrize("asset", ASSETS.values(), ids=list(ASSETS))
def test_44_every_asset_takes_its_own_decimals_and_not_one_more(asset: Asset) -> None:
    own = "1." + "0" * (asset.exponent - 1) + "1" if asset.exponent else "1"
    units = 10**asset.exponent + (1 if asset.exponent else 0)
    assert parse_money(own, asset) == Money(units, asset)
    for digit in "05":
        with pytest.raises(InvalidAmount, match=f"than the {asset.exponent} of {asset.code}$"):
            parse_money((own if "." in own else own + ".") + digit, asset)


@given(st.sampled_from(sorted(ASSETS)), st.data())
def test_44_what_any_asset_writes_it_reads_back(code: str, data: st.DataObject) -> None:
    asset = ASSETS[code]
    # Twelve whole digits are the most that text may have, whatever the asset.
    most = min(BOUND, 10 ** (12 + asset.exponent) - 1)
    money = Money(data.draw(st.integers(0, most)), asset)
    assert parse_money(money.decimal, asset) == money


MONEY_PATH = ("domain", "kernel", "usecases", "adapters/store")
FLOATS_ALLOWED = {
    "domain/palette.py": "brightness and hue of a brand's colours",
    "domain/agreement.py": "how alike seats vote: means and correlations",
    "usecases/cast_ballots.py": "seconds to wait for ballots",
    "usecases/pay_url.py": "seconds to wait for a shop",
    "adapters/store/group.py": "seconds a group of writers stays open",
    "adapters/store/head.py": "seconds to wait for another process",
    "adapters/store/ledger.py": "seconds to wait for the write lock",
}
"""Modules with floats on purpose, each with what they measure, which is never money."""

NO_DIVISION = ("domain/money.py", "domain/journal.py", "adapters/store/journal.py", "kernel/")


def floats(source: str, *, money: bool) -> Iterator[str]:
    """Each float literal, call of `float` and, where `money`, true division: line and what."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                yield f"{node.lineno}: {node.value}"
            case ast.Call(func=ast.Name(id="float")):
                yield f"{node.lineno}: float()"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()) if money:
                yield f"{node.lineno}: /"


PLANTED = [
    ("price = 19.99", ["1: 19.99"]),
    ("units = int(1.15 * 100)", ["1: 1.15"]),
    ("def f(x):\n    return float(x)", ["2: float()"]),
    ("share = units / 3", ["1: /"]),
    ("units /= 3", ["1: /"]),
    ("rate = 1e-6", ["1: 1e-06"]),
    ("units = units * 2 // 3 + 10**6", []),
]


@pytest.mark.parametrize(("source", "found"), PLANTED)
def test_45_a_planted_float_is_found(source: str, found: list[str]) -> None:
    assert list(floats(source, money=True)) == found


def test_45_no_float_on_the_money_path() -> None:
    found, used = [], set()
    for path in sorted(path for room in MONEY_PATH for path in (PACKAGE / room).rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        here = list(floats(path.read_text("utf-8"), money=name.startswith(NO_DIVISION)))
        if name in FLOATS_ALLOWED:
            used |= {name} if here else set()
        else:
            found += [f"{name}:{one}" for one in here]
    assert found == []
    assert used == FLOATS_ALLOWED.keys(), "an exception that nothing needs"


@pytest.mark.parametrize(("text", "cents"), [("19.99", 1999), ("1.15", 115), ("0.29", 29)])
def test_45_amounts_that_floats_get_wrong_are_exact(text: str, cents: int) -> None:
    eur = find_asset("EUR")
    assert parse_money(text, eur) == Money(cents, eur)
    assert total([parse_money(text, eur)] * 1000, eur) == Money(cents * 1000, eur)


@given(st.integers(0, 10**14))
def test_45_every_cent_is_read_as_itself(cents: int) -> None:
    whole, part = divmod(cents, 100)
    if whole < 10**12:
        text = f"{whole}.{part:02d}"
        assert parse_money(text, find_asset("USD")) == Money(cents, find_asset("USD"))


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MATRIX = [CREDIT, USDC, *map(find_asset, ("USD", "EUR", "JPY", "KWD"))]


@pytest.mark.parametrize("asked", MATRIX, ids=lambda asset: asset.code)
@pytest.mark.parametrize("allowed", MATRIX, ids=lambda asset: asset.code)
def test_47_a_limit_in_one_asset_permits_no_other(allowed: Asset, asked: Asset) -> None:
    most = Money(1000, allowed)
    limit = Limit(Window.DAY, most)
    policy = Policy(
        id="pol_1", agent="ada", number=1, per_payment=most, limits=(limit,), payees=None,
        denied_payees=frozenset(), assets=None, rails=None, hours=(), minimum_balance=most,
        approval_threshold=most, owner_threshold=most, require_justification=False,
        least_return_percent=None, duplicate_window=None, paused=False, note="", set_at=NOW,
    )  # fmt: skip
    used = Used(limit, "ada", Money(0, allowed), 0)
    facts = Facts(
        now=NOW, ledger_time=NOW, economy_frozen=False, agent_frozen=False, agent_active=True,
        policy=policy, available=Money(2000, allowed), used=(used,), mandates=(),
        budget_left=most, known_payees=frozenset({"ada", "bob"}), duplicates=0,
    )  # fmt: skip
    amount = Money(100, asked)
    spend = Spend(
        "ada", amount, (Share("bob", amount),), "ads", "why", None, "work", "internal", None,
        "plan", "run_1", False, "key_1",
    )  # fmt: skip
    verdict = authorize(spend, facts)
    if allowed == asked:
        assert isinstance(verdict, Permit)
    else:
        assert isinstance(verdict, Denied)
        assert [refusal.code for refusal in verdict.refusals] == ["asset_mismatch"]


@pytest.mark.parametrize("taken", MATRIX, ids=lambda asset: asset.code)
@pytest.mark.parametrize("reserved", MATRIX, ids=lambda asset: asset.code)
def test_47_what_is_held_in_one_asset_is_captured_in_no_other(
    reserved: Asset, taken: Asset
) -> None:
    moves = (
        Move(held("ada"), WORLD, Money(5, reserved)),
        Move(WORLD, wallet("bob"), Money(5, taken)),
    )
    found = faults(Entry("k", EntryKind.CAPTURE, moves))
    if reserved == taken:
        assert found == ()
        return
    assert found == ("two assets meet only in an exchange",)
    with pytest.raises(TypeError, match="cannot mix"):
        Money(5, reserved) - Money(5, taken)


def test_47_an_asset_with_the_same_code_and_another_exponent_is_another_asset() -> None:
    assert Money(1, USDC) != Money(1, Asset("USDC", 18))
    with pytest.raises(TypeError):
        Money(1, USDC) + Money(1, Asset("USDC", 18))


def test_47_an_agent_is_funded_in_each_asset_apart(flux: Flux) -> None:
    assert flux("init").code == 0
    granted = flux("ledger", "balance", "wallet:orchestrator", "--json").json()["balance"]
    for amount, code, shown in [("12.50", "EUR", "12.50 EUR"), ("1234", "JPY", "1,234 JPY")]:
        argv = ["agents", "fund", "orchestrator", amount, "--asset", code]
        argv += ["--idempotency-key", f"may-{code}"]
        first = flux(*argv, tty=True)
        assert (first.code, shown in first.out) == (0, True)
        again = flux(*argv, "--json").json()
        assert (again["repeated"], again["available"]["decimal"]) == (True, amount)
    assert flux("agents", "fund", "orchestrator", "12.50", "--idempotency-key", "may-EUR").code == 8
    rows = flux("ledger", "balance", "wallet:orchestrator", "--json").json()["data"]
    assert [row["balance"] for row in rows] == [
        granted,
        {"amount_minor": 1250, "currency": "EUR", "exponent": 2, "decimal": "12.50"},
        {"amount_minor": 1234, "currency": "JPY", "exponent": 0, "decimal": "1234"},
    ]
    world = flux("ledger", "balance", "world", "--json").json()["data"]
    assert {row["balance"]["currency"]: row["balance"]["amount_minor"] for row in world} == {
        "CREDIT": -granted["amount_minor"],
        "EUR": -1250,
        "JPY": -1234,
    }
    assert flux("agents", "show", "orchestrator", "--json").json()["available"] == granted
    people = flux("ledger", "balance", tty=True)
    assert (people.code, "accounts sum to zero" in people.out + people.err) == (0, True)
    assert flux("verify").code == 0
