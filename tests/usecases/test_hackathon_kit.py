"""The scenario `hackathon-kit`: a wish bought unattended, told whole, and gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import parse_money
from flux_cli.domain.runs import RunState
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.run_goal import Goal, carry_out_run, start_run
from tests.conftest import Ended

Flux = Callable[..., Ended]
SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "hackathon-kit"


@pytest.fixture
def ledger(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = home / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(path))
    return path


def cents(amount: dict[str, Any]) -> int:
    return int(amount["amount_minor"]) // 10_000


def test_it_runs_unattended_and_tells_spec_cart_ballots_orders_and_files(
    flux: Flux, ledger: Path, home: Path
) -> None:
    out = home / "out"
    done = flux("run", "hackathon-kit", "--json", "--out", str(out))
    run = done.json()
    cart = run["cart"]

    assert (done.code, run["state"], cart["state"]) == (0, "completed", "bought")
    assert (cart["spec"]["people"], cart["spec"]["budget"]) == (60, "500.000000")
    assert [need["name"] for need in cart["spec"]["needs"]] == [
        "snacks", "badges", "usb-c adapters", "power strips", "whiteboard markers", "prizes",
    ]  # fmt: skip
    assert (cart["proof"]["status"], cart["proof"]["gap"]["amount_minor"]) == ("optimal", 0)
    assert cart["arrives"] <= cart["spec"]["deadline"]
    assert len(run["ballots"]) == 5
    assert run["payment"]["yes"] >= run["payment"]["needed"]
    assert run["payment"]["needed"] == (4 if cents(cart["total"]) > 12_500 else 3)
    assert [order["state"] for order in cart["orders"]] == ["paid"] * len(cart["legs"])
    paid = {row["agent"]: cents(row["change"]) for row in run["balances"]}
    assert paid == {
        "orchestrator": -cents(cart["total"]),
        **{order["shop"]: cents(order["paid"]) for order in cart["orders"]},
    }
    assert [item["path"] for item in run["deliverables"]] == [
        "spec.json", "receipt.md", "receipt.html", "report.md", "report.html", "manifest.json",
    ]  # fmt: skip
    assert flux("verify").code == 0


def test_its_files_tell_the_cart_and_the_list_can_be_bought_again(
    flux: Flux, ledger: Path, home: Path
) -> None:
    out = home / "out"
    run = flux("run", "hackathon-kit", "--json", "--out", str(out)).json()
    manifest = json.loads((out / "manifest.json").read_text())

    assert [(one["shop"], one["order"], one["state"]) for one in manifest["orders"]] == [
        (order["shop"], order["order"], "paid") for order in run["cart"]["orders"]
    ]
    for name in ("report.md", "report.html", "receipt.md", "receipt.html"):
        told = (out / name).read_text()
        assert "SIMULATED" in told
        assert all(line["title"] in told for line in run["cart"]["lines"])
        assert all(order["tracking"] in told for order in run["cart"]["orders"])
        assert "Nobody was hired" not in told
    again = flux("buy", "--spec", str(out / "spec.json"), "--dry-run", "--json").json()
    assert again["lines"] == run["cart"]["lines"]


def test_people_see_it_in_80_columns(flux: Flux, ledger: Path) -> None:
    done = flux("run", "hackathon-kit", tty=True, NO_COLOR="1")

    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert [head in done.out for head in ("what is bought", "orders", "ballots")] == [True] * 3
    assert "paid, $0.00 came back: bought" in done.err


def test_the_owners_strategy_and_budget_win(flux: Flux, ledger: Path) -> None:
    asked = ("run", "hackathon-kit", "--json", "--strategy", "cheapest", "--budget", "450")
    run = flux(*asked).json()
    assert (run["cart"]["strategy"], run["cart"]["spec"]["budget"]) == ("cheapest", "450.000000")


def test_a_budget_that_buys_nothing_fails_and_moves_nothing(flux: Flux, ledger: Path) -> None:
    done = flux("run", "hackathon-kit", "--json", "--budget", "20")
    run = done.json()["error"]

    assert (done.code, run["code"]) == (7, "work_failed")
    assert "no cart: " in run["message"]
    (failed,) = flux("runs", "list", "--json").json()["data"]
    assert failed["state"] == "failed"
    assert flux("verify").code == 0


def test_a_denied_cart_ends_the_run_as_denied(
    flux: Flux, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUX_POLICY_PER_PAYMENT", "60.00")
    done = flux("run", "hackathon-kit", "--json")
    error = done.json()["error"]

    assert (done.code, error["code"]) == (3, "per_payment_exceeded")
    assert (error["detail"]["state"], error["detail"]["balances"]) == ("denied", [])


def test_what_waits_for_the_owner_is_bought_after_the_yes(
    flux: Flux, ledger: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUX_POLICY_OWNER_THRESHOLD", "60.00")
    waits = flux("run", "hackathon-kit", "--json")
    run = waits.json()
    assert (waits.code, run["state"], run["cart"]["state"]) == (10, "working", "frozen")

    owner = ("--owner-token-file", str(home / "flux.db.owner"))
    assert flux("payments", "approve", run["payment"]["id"], *owner).code == 0
    done = flux("runs", "resume", run["id"], "--json")
    assert (done.code, done.json()["cart"]["state"]) == (0, "bought")


def goal(deps: Deps) -> Goal:
    found = deps.scenarios.load("hackathon-kit")
    return Goal(
        scenario=found.name, goal=found.goal, brief=found.brief, sources=found.sources,
        purpose=found.purpose, justification=found.justification,
        claimed_return=found.claimed_return, urgency=found.urgency, budget=found.budget, seed=7,
        strategy=deps.settings.strategy, out=None, plan=found.plan,
    )  # fmt: skip


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("after", ["errand", "solved", "quoted", "ballot", "approved", "leg",
                                   "settled", "delivered"])  # fmt: skip
def test_killed_after_any_step_it_goes_on_and_buys_once(ledger: Path, after: str) -> None:
    deps = open_flux(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
    found_economy(deps)
    run = start_run(deps, goal(deps), key="k", default_out=ledger.parent / "out")

    def until_killed(step: str, /, **facts: object) -> None:
        if step == after:
            raise Killed

    with pytest.raises(Killed):
        carry_out_run(deps, run.id, until_killed)
    ended = carry_out_run(deps, run.id, lambda step, **facts: None)

    assert ended.state is RunState.COMPLETED
    with deps.store.reading() as reader:
        (cart,) = reader.find(Cart)
        (intent,) = reader.find(PaymentIntent)
    assert (cart.state, cart.run_id, cart.locked.units) == (CartState.BOUGHT, run.id, 0)
    assert (intent.run_id, intent.captured) == (run.id, cart.total)
    assert not any(finding.faults for finding in deps.store.verify())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('by = "+5d"', 'by = "friday"', "shopping.by"),
        ('budget = "500.00"', "", "budget is missing"),
        ('strategy = "balanced"', 'strategy = "best"', "shopping.strategy"),
        ('wish = "hackathon kit for', 'wish = "zzz" #', "names nothing that can be shopped for"),
        ('purpose = "Kit', 'justification = "please"\npurpose = "Kit', "no part of shopping"),
        ('strategy = "balanced"', "approve = true", "shopping.approve"),
    ],
)
def test_a_scenario_that_cannot_be_run_says_where(
    flux: Flux, ledger: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "hackathon-kit"
    shutil.copytree(SCENARIO, folder)
    file = folder / "scenario.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    refused = flux("scenarios", "validate", str(folder))

    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_the_scenario_is_shown_and_listed_with_what_it_may_cost(flux: Flux, ledger: Path) -> None:
    shown = flux("scenarios", "show", "hackathon-kit", "--json").json()
    assert (cents(shown["most"]), shown["errand"]["days"]) == (50_000, 5)
    people = flux("scenarios", "show", "hackathon-kit", tty=True, NO_COLOR="1").out
    assert max(map(len, people.splitlines())) <= 80


def test_a_larger_budget_never_changes_a_run_that_began(ledger: Path) -> None:
    """The same key with another budget is another run, and is refused."""
    deps = open_flux(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
    found_economy(deps)
    start_run(deps, goal(deps), key="k", default_out=ledger.parent / "out")
    wider = replace(goal(deps), budget=parse_money("900"))
    with pytest.raises(Exception, match="already names another run"):
        start_run(deps, wider, key="k", default_out=ledger.parent / "out")
