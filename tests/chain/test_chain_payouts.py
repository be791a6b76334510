"""`flux run --rail arc` and `flux buy --rail arc`: hires and shops paid in USDC, once earned."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import paying
import pytest
import rig

from flux_cli.domain.intents import IntentState, PaymentIntent, Share
from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.settlements import SettlementState
from flux_cli.signer.policy import Sealed
from flux_cli.usecases import payouts, settle
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.payouts import Barred, Payout, pay_earned, set_aside

HIRED = {"researcher": 30, "content-writer": 25, "image-generator": 40}
Run = Callable[..., Any]


def quiet(_: str, /, **__: object) -> None:
    """Nobody watches."""


def address_of(number: int) -> str:
    return paying.keys.checksum(bytes([number]) * 20)


def whitelist(ledger: Path, names: Mapping[str, str]) -> None:
    """The owner's list, sealed, with room for a whole run."""
    policy = msgspec.structs.replace(paying.PLENTY, merchants=dict(names), per_payment=500_000_000)
    Sealed(ledger.with_name("flux.db.signer"), paying.KEY).put_policy(policy)


@pytest.fixture
def ledger(template: Path, tmp_path: Path) -> Path:
    return paying.copied(template, tmp_path)


@pytest.fixture
def run(flux: Any, chain: rig.LocalChain, ledger: Path) -> Run:
    """`flux …` on an economy of its own, the passphrase on a descriptor, the owner's file named."""

    def call(*argv: str, tty: bool = False, **environ: str) -> Any:
        fd = paying.passphrase_fd()
        given = {
            "FLUX_DB": str(ledger),
            "FLUX_CHAIN_RPC": chain.url,
            "FLUX_CHAIN_PASSPHRASE_FD": str(fd),
            "FLUX_OWNER_TOKEN_FILE": str(ledger.with_name("flux.db.owner")),
        }
        try:
            return flux(*argv, tty=tty, **(given | environ))
        finally:
            os.close(fd)

    return call


def balances(run: Run) -> dict[tuple[str, str], str]:
    rows = run("agents", "list", "--json").json()["data"]
    return {
        (row["name"], row["available"]["currency"]): row["available"]["decimal"] for row in rows
    }


def paid(chain: rig.LocalChain, addresses: Mapping[str, str]) -> dict[str, list[int]]:
    return {name: chain.paid(place) for name, place in addresses.items()}


@pytest.fixture
def addresses(ledger: Path) -> dict[str, str]:
    """Whom the run hires, on the owner's list."""
    names = {name: address_of(16 + number) for number, name in enumerate(HIRED)}
    whitelist(ledger, names)
    return names


HIRE = ("run", "simple-hire", "--rail", "arc", "--json")


def test_what_a_run_paid_leaves_over_the_chain_and_is_proved(
    run: Run, chain: rig.LocalChain, addresses: dict[str, str]
) -> None:
    done = run(*HIRE)
    assert done.code == 0, done.err
    whole = done.json()
    (hire,) = whole["hires"]
    price = hire["price"]["amount_minor"]
    (one,) = whole["settlements"]
    assert (whole["state"], whole["simulated"], hire["state"]) == ("completed", False, "settled")
    assert (one["payee"], one["state"], one["local"]) == ("researcher", "settled", True)
    assert paid(chain, addresses) == {
        name: [price] if name == "researcher" else [] for name in HIRED
    }
    # Its CREDIT left the books with it: nobody has been paid twice.
    assert balances(run)["researcher", "CREDIT"] == "0.000000"
    assert run("settle", "verify", one["id"]).code == 0
    assert run("settle", "reconcile", "--json").json()["agrees"] is True
    assert run("verify").code == 0
    again = run("runs", "resume", whole["id"], "--json").json()
    assert (again["settlements"], chain.paid(addresses["researcher"])) == ([one], [price])


def test_76_a_run_whose_hire_is_on_no_list_is_refused_whole_and_goes_on_once_it_is(
    run: Run, chain: rig.LocalChain, ledger: Path
) -> None:
    before = balances(run)
    refused = run(*HIRE)
    error = refused.json()["error"]
    assert (refused.code, error["code"]) == (3, "policy_violation")
    said = "merchant_not_allowed: researcher is not a whitelisted merchant"
    assert [rule["message"] for rule in error["refusals"]] == [said]
    fixes = [fix["argv"][:4] for fix in error["fix"]]
    assert fixes[0] == ["flux", "merchants", "add", "researcher"]
    assert fixes[1][:3] == ["flux", "runs", "resume"]
    assert balances(run) == before
    assert run("payments", "list", "--json").json()["data"] == []
    assert run("settle", "status", "--json").json()["data"] == []

    address = address_of(16)
    assert run("merchants", "add", "researcher", address).code == 0
    gone_on = run("runs", "resume", "--json")
    assert (gone_on.code, gone_on.json()["state"]) == (0, "completed")
    assert len(chain.paid(address)) == 1


def test_a_run_that_the_wallet_cannot_pay_is_refused_before_anybody_is_hired(
    run: Run, chain: rig.LocalChain, addresses: dict[str, str]
) -> None:
    chain.fund(paying.ADDRESS, 1_000_000)
    refused = run(*HIRE)
    assert (refused.code, refused.json()["error"]["code"]) == (3, "insufficient_funds")
    assert run("payments", "list", "--json").json()["data"] == []


def test_a_scenario_that_hires_nobody_is_told_so(run: Run) -> None:
    for scenario in ("autonomous-payment", "hackathon-kit"):
        assert run("run", scenario, "--rail", "arc").code == 2
    assert run("runs", "list", "--json").json()["data"] == []


def test_73_killed_at_any_moment_a_run_goes_on_and_pays_once(
    run: Run,
    chain: rig.LocalChain,
    addresses: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed four times, after each step; what is only set aside is paid by no other command."""
    from flux_cli.entrypoints.cli import run as command

    class Killed(BaseException):
        """The process ends here."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    def settles_a_step(deps: Any, ids: Any, **_: object) -> None:
        settle.settle_all(deps, ids, seconds=0, progress=quiet)
        raise Killed

    first = True
    for place, name, death, earned in (
        (command, "carry_out_run", killed, False),
        (payouts, "pay_earned", killed, False),
        (payouts, "settle_all", killed, True),
        (payouts, "settle_all", settles_a_step, True),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, death)
            with pytest.raises(Killed):
                run(*HIRE) if first else run("runs", "resume", "--json")
        first = False
        if not earned:
            assert run("settle", "drain", "--json").json()["data"] == []
        assert chain.paid(addresses["researcher"]) == []
        assert run("verify").code == 0

    done = run("runs", "resume", "--json")

    assert (done.code, done.json()["state"]) == (0, "completed")
    assert chain.paid(addresses["researcher"]) == [done.json()["hires"][0]["price"]["amount_minor"]]
    assert balances(run)["researcher", "CREDIT"] == "0.000000"
    assert run("settle", "reconcile", "--json").json()["agrees"] is True
    assert run("verify").code == 0


def test_what_is_not_paid_in_time_is_pending_and_paid_by_going_on(
    run: Run, chain: rig.LocalChain, addresses: dict[str, str]
) -> None:
    chain("evm_setAutomine", False)
    left = run(*HIRE, "--timeout", "0.1")
    assert (left.code, left.json()["state"]) == (10, "completed")
    chain("evm_setAutomine", True)
    chain.mine()
    assert run("settle", "drain").code == 0
    assert run("runs", "resume", left.json()["id"]).code == 0
    assert len(chain.paid(addresses["researcher"])) == 1


WISH = {
    "needs": [
        {"name": "strips", "category": "power_strips", "quantity": 4},
        {"name": "bags", "category": "bags", "quantity": 20, "terms": ["goodie"]},
    ],
    "budget": "150.00",
    "strategy": "cheapest",
}


@pytest.fixture
def buy(run: Run, tmp_path: Path) -> Run:
    """`flux buy … --rail arc` of a small list."""
    wish = tmp_path / "wish.json"
    wish.write_text(json.dumps(WISH))
    return lambda *more: run("buy", "--spec", str(wish), "--yes", "--json", "--rail", "arc", *more)


def shops_of(run: Run) -> list[str]:
    """The shops of the newest cart."""
    (cart, *_) = run("carts", "list", "--json").json()["data"]
    return [leg["shop"] for leg in run("carts", "show", cart["id"], "--json").json()["legs"]]


def test_the_shops_of_a_cart_are_paid_over_the_chain_once_they_have_sold(
    buy: Run, run: Run, chain: rig.LocalChain, ledger: Path
) -> None:
    before = balances(run)
    refused = buy()
    assert (refused.code, refused.json()["error"]["code"]) == (3, "policy_violation")
    assert (balances(run), run("payments", "list", "--json").json()["data"]) == (before, [])

    names = {name: address_of(32 + number) for number, name in enumerate(shops_of(run))}
    whitelist(ledger, names)
    bought = buy()
    assert bought.code == 0, bought.err
    cart = bought.json()
    due = {order["shop"]: [order["paid"]["amount_minor"]] for order in cart["orders"]}
    assert (cart["state"], paid(chain, names)) == ("bought", due)
    assert {one["state"] for one in cart["settlements"]} == {"settled"}
    assert {balances(run)[name, "CREDIT"] for name in names} == {"0.000000"}
    assert run("settle", "reconcile", "--json").json()["agrees"] is True
    again = run("carts", "checkout", cart["id"], "--yes", "--json")
    assert (again.code, paid(chain, names)) == (0, due)
    assert run("verify").code == 0


def test_73_a_checkout_that_was_killed_goes_on_over_the_chain_by_itself(
    buy: Run,
    run: Run,
    chain: rig.LocalChain,
    ledger: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from flux_cli.entrypoints.cli import cart_checkout as command

    class Killed(BaseException):
        """The process ends here."""

    def killed(*_: object, **__: object) -> None:
        raise Killed

    assert buy("--dry-run").code == 0
    assert buy().code == 3
    names = {name: address_of(32 + number) for number, name in enumerate(shops_of(run))}
    whitelist(ledger, names)
    (cart, *_) = run("carts", "list", "--json").json()["data"]
    checkout = ("carts", "checkout", cart["id"], "--yes", "--json")
    for argv, place, name in (
        ((*checkout, "--rail", "arc"), command, "checkout"),
        (checkout, payouts, "pay_earned"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, name, killed)
            with pytest.raises(Killed):
                run(*argv)
        assert run("settle", "drain", "--json").json()["data"] == []
        assert set(map(len, paid(chain, names).values())) == {0}
    assert run(*checkout).code == 0
    assert set(map(len, paid(chain, names).values())) == {1}
    assert run("verify").code == 0


# What was earned, against what was set aside.


def asked(amounts: Mapping[str, int]) -> MoneyRequest:
    shares = tuple(Share(name, Money(units, CREDIT)) for name, units in amounts.items())
    return MoneyRequest(
        requester="orchestrator",
        amount=Money(sum(amounts.values()), CREDIT),
        shares=shares,
        purpose="two jobs",
        justification="",
        claimed_return=None,
        urgency=Urgency.MEDIUM,
        plan_digest="",
        reference="an occasion",
        escrowed=True,
        budget=None,
    )


TWO = asked({"acme": 2_000_000, "globex": 3_000_000})


def earn(payer: paying.Payer, amounts: Mapping[str, int]) -> Payout:
    """Have both paid in CREDIT, as hires are, and pay that out."""
    for name, units in amounts.items():
        fund_agent(payer.deps, name, Money(units, CREDIT), key=f"earned:{name}")
    earned = {name: Money(units, CREDIT) for name, units in amounts.items()}
    return pay_earned(payer.deps, payer.settling, TWO, "k", earned, seconds=30, progress=quiet)


def books(payer: paying.Payer, account: str, asset: Any = USDC) -> int:
    with payer.deps.store.reading() as reader:
        return reader.balance(account, asset).units


def held(payer: paying.Payer) -> int:
    return books(payer, "held:orchestrator")


def sound(payer: paying.Payer) -> bool:
    return [finding for finding in payer.deps.store.verify() if finding.faults] == []


def test_who_earned_less_is_paid_that_and_the_rest_goes_back(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    intent = set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    assert isinstance(intent, PaymentIntent)
    assert (intent.state, held(payer)) == (IntentState.APPROVED, 5_000_000)
    payout = earn(payer, {"acme": 2_000_000, "globex": 1_000_000})
    assert payout.refusals == payout.waiting == ()
    assert sorted((one.payee, one.amount.units, one.state) for one in payout.settlements) == [
        ("acme", 2_000_000, SettlementState.SETTLED),
        ("globex", 1_000_000, SettlementState.SETTLED),
        ("globex", 3_000_000, SettlementState.CANCELLED),
    ]
    assert paid(chain, paying.MERCHANTS) == {"acme": [2_000_000], "globex": [1_000_000]}
    assert (held(payer), books(payer, "wallet:globex", CREDIT), sound(payer)) == (0, 0, True)
    assert earn(payer, {"acme": 2_000_000, "globex": 1_000_000}) == payout


def test_who_took_anothers_place_and_is_on_no_list_keeps_its_credit(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    payout = earn(payer, {"acme": 2_000_000, "researcher": 3_000_000})
    assert [(one.payee, one.state) for one in payout.settlements] == [
        ("acme", SettlementState.SETTLED),
        ("globex", SettlementState.CANCELLED),
    ]
    assert [one.message for one in payout.refusals] == [
        "merchant_not_allowed: researcher is not a whitelisted merchant"
    ]
    assert (books(payer, "wallet:researcher", CREDIT), held(payer)) == (3_000_000, 0)
    assert sound(payer)


def test_where_nobody_earned_anything_all_of_it_goes_back(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    assert earn(payer, {}) == Payout()
    assert (held(payer), books(payer, "wallet:orchestrator")) == (0, 1_000_000_000)
    assert earn(payer, {}) == Payout()
    assert (paid(chain, paying.MERCHANTS), sound(payer)) == ({"acme": [], "globex": []}, True)


def test_who_has_spent_what_it_earned_is_not_paid_it_again(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    fund_agent(payer.deps, "globex", Money(3_000_000, CREDIT), key="globex")
    earned = {share.payee: share.amount for share in TWO.shares}
    payout = pay_earned(payer.deps, payer.settling, TWO, "k", earned, seconds=30, progress=quiet)
    assert [(one.payee, one.state, one.reason) for one in payout.settlements] == [
        ("acme", SettlementState.CANCELLED, "it has spent what it earned"),
        ("globex", SettlementState.SETTLED, ""),
    ]
    assert (paid(chain, paying.MERCHANTS)["acme"], held(payer), sound(payer)) == ([], 0, True)


def test_a_payout_that_ends_unpaid_gives_the_credit_back(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    block = "0x404e5129" + paying.MERCHANTS["globex"][2:].lower().rjust(64, "0") + f"{1:064x}"
    chain.mined(chain.send_as(chain.relayer, to=rig.TOKEN, data=block))
    payout = earn(payer, {share.payee: share.amount.units for share in TWO.shares})
    assert [one.state for one in payout.settlements] == [
        SettlementState.SETTLED,
        SettlementState.REFUSED,
    ]
    assert books(payer, "wallet:globex", CREDIT) == 3_000_000
    assert (books(payer, "wallet:acme", CREDIT), held(payer), sound(payer)) == (0, 0, True)


def test_what_is_set_aside_is_given_back_by_a_drain_when_its_time_is_over(
    payer: paying.Payer, chain: rig.LocalChain
) -> None:
    from dataclasses import replace

    intent = set_aside(payer.deps, payer.settling, TWO, "k", progress=quiet)
    assert settle.drain(payer.settling, seconds=0, progress=quiet) == []
    assert held(payer) == 5_000_000
    with payer.deps.store.begin() as tx:
        tx.put(replace(intent, expires_at=tx.now), "payment.test_expires")
    settle.drain(payer.settling, seconds=0, progress=quiet)
    assert (held(payer), paid(chain, paying.MERCHANTS)["acme"], sound(payer)) == (0, [], True)


def test_a_payee_on_no_list_bars_the_whole_of_it(payer: paying.Payer) -> None:
    barred = set_aside(
        payer.deps, payer.settling, asked({"acme": 1, "researcher": 1}), "k", progress=quiet
    )
    assert isinstance(barred, Barred)
    assert [one.code for one in barred.refusals] == ["policy_violation"]
    assert barred.unlisted == ("researcher",)
    assert held(payer) == 0
