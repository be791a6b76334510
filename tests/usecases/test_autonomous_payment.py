"""Three requests for money, judged by the real quorum and kernel, then bought by card."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.runs import RunState
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.make_purchases import outcomes
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.run_goal import Goal, carry_out_run, start_run

Flux = Callable[..., Any]
SCENARIO = Path(__file__).resolve().parents[2] / "scenarios" / "autonomous-payment"
RICH = {
    "FLUX_TREASURY_OPENING_GRANT": "20000.00",
    "FLUX_POLICY_PER_PAYMENT": "5000.00",
    "FLUX_POLICY_ROLLING_24H": "9000.00",
    "FLUX_POLICY_OWNER_THRESHOLD": "5000.00",
}
"""An owner whose limits leave the decision to the quorum."""


@pytest.fixture(autouse=True)
def ledger(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    return home / "flux.db"


def dollars(money: dict[str, Any]) -> int:
    assert money["amount_minor"] % 1_000_000 == 0
    return int(money["amount_minor"]) // 1_000_000


def words(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["id"], one["outcome"]) for one in run["purchases"]]


def votes(purchase: dict[str, Any]) -> dict[str, str]:
    return {ballot["seat"]: ballot["vote"] for ballot in purchase["ballots"]}


def test_it_approves_approves_denies_and_buys_twice(flux: Flux, home: Path) -> None:
    done = flux("run", "autonomous-payment", "--json", "--out", str(home / "out"))
    run = done.json()

    assert (done.code, run["state"]) == (0, "completed")
    assert words(run) == [("api-credits", "bought"), ("analytics", "bought"), ("cloud", "denied")]
    credits_, analytics, cloud = run["purchases"]
    for one, merchant, price in ((credits_, "api-hub", 100), (analytics, "insight-tools", 50)):
        assert list(votes(one).values()).count("YES") >= one["decision"]["tally"]["needed"] == 3
        card, claim = one["card"], one["authorization"]
        assert (card["state"], card["usage"], card["simulated"]) == ("used", "single_use", True)
        assert card["merchant"] == claim["merchant"] == merchant
        assert (dollars(card["spent"]), dollars(claim["captured"])) == (price, price)
        assert card["number"] == f"424242••••••{card['number'][-4:]}"
    assert (cloud["card"], cloud["authorization"], cloud["ballots"]) == (None, None, [])
    assert cloud["payment"]["state"] == "denied"
    assert cloud["payment"]["refusals"][0]["code"] == "per_payment_exceeded"
    assert {row["agent"]: dollars(row["change"]) for row in run["balances"]} == {
        "orchestrator": -150, "api-hub": 100, "insight-tools": 50,
    }  # fmt: skip
    assert [entry["kind"] for entry in run["entries"]] == ["hold", "card_load", "capture"] * 2
    assert sorted(path.name for path in (home / "out").glob("[a-z]*")) == [
        "manifest.json", "report.html", "report.md",
    ]  # fmt: skip
    assert flux("verify").code == 0


def test_with_room_in_every_limit_the_quorum_says_no_to_the_cloud(
    flux: Flux, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in RICH.items():
        monkeypatch.setenv(name, value)
    run = flux("run", "autonomous-payment", "--json").json()

    assert words(run) == [("api-credits", "bought"), ("analytics", "bought"), ("cloud", "denied")]
    cloud = run["purchases"][2]
    assert cloud["payment"]["refusals"][0]["code"].startswith("quorum")
    cast = list(votes(cloud).values())
    assert (len(cast), cast.count("YES") < 3) == (5, True)
    assert votes(cloud)["cfo"] == votes(cloud)["growth"] == "NO"


def retold(folder: Path, old: str, new: str) -> str:
    """The path of the scenario in which one payment speaks of itself as another does."""
    shutil.copytree(SCENARIO, folder)
    parts = (folder / "scenario.toml").read_text().split("[[payments]]")
    places = {part.split('"')[1]: number for number, part in enumerate(parts) if number}
    said = {
        name: [line for line in parts[place].split("\n") if line.startswith(SAYS)]
        for name, place in places.items()
    }
    kept = [line for line in parts[places[old]].split("\n") if not line.startswith(SAYS)]
    parts[places[old]] = "\n".join([kept[0], *kept[1:], *said[new], ""])
    text = "[[payments]]".join(parts).replace('"autonomous-payment"', f'"{folder.name}"')
    (folder / "scenario.toml").write_text(text)
    return str(folder)


SAYS = ("justification", "expected_return", "urgency", "evidence")


def test_what_is_said_and_shown_decides_and_not_the_name(
    flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credits that speak as the cloud did are denied, though the very same were bought."""
    run = flux("run", retold(home / "vague", "api-credits", "cloud"), "--json").json()
    assert words(run)[0] == ("api-credits", "denied")
    assert run["purchases"][0]["payment"]["refusals"][0]["code"].startswith("quorum")

    for name, value in RICH.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FLUX_DB", str(home / "rich.db"))
    clear = retold(home / "clear", "cloud", "api-credits")
    file = Path(clear) / "scenario.toml"
    parts = file.read_text().split("[[payments]]")
    parts[3] = parts[3].replace('"400.00"', '"10000.00"')
    file.write_text("[[payments]]".join(parts))
    assert words(flux("run", clear, "--json").json())[2] == ("cloud", "bought")


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("denied", 3), ("denied,funds", 3), ("integrity,temporary", 0), ("pending", 0), ("funds", 0),
     ("conflict", 0), ("never", 2), ("", 2), ("denied,", 2)],
)  # fmt: skip
def test_fail_on_chooses_what_is_a_failure(flux: Flux, fail_on: str, code: int) -> None:
    done = flux("run", "autonomous-payment", "--json", "--fail-on", fail_on)

    assert done.code == code
    if code == 3:
        error = done.json()["error"]
        assert (error["code"], error["exit_code"]) == ("per_payment_exceeded", 3)
        assert words(error["detail"])[2] == ("cloud", "denied")


def test_fail_on_lets_a_denied_run_pass(flux: Flux) -> None:
    asked = ("run", "marketing-campaign", "--budget", "100", "--json")

    assert flux(*asked, "--idempotency-key", "a").code == 3
    assert flux(*asked, "--idempotency-key", "b", "--fail-on", "denied").code == 3
    passed = flux(*asked, "--idempotency-key", "c", "--fail-on", "integrity,temporary")
    assert (passed.code, passed.json()["state"]) == (0, "denied")


@pytest.mark.parametrize(("fail_on", "code"), [("denied", 3), ("conflict", 8), ("funds", 0)])
def test_a_denial_of_another_kind_is_also_a_denial(flux: Flux, fail_on: str, code: int) -> None:
    assert flux("init").code == 0
    assert flux("agents", "pause", "orchestrator").code == 0
    done = flux("run", "autonomous-payment", "--json", "--fail-on", fail_on)

    assert done.code == code
    if code:
        assert (done.json()["error"]["code"], done.json()["error"]["exit_code"]) == (
            "agent_paused",
            code,
        )


def test_people_see_each_purchase_its_simulated_card_and_every_denial(flux: Flux) -> None:
    done = flux("run", "autonomous-payment", tty=True, NO_COLOR="1")

    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "SIMULATED card" in done.out
    assert "denied: Larger cloud servers (per_payment_exceeded)" in done.err
    lines = [line.split() for line in done.out.splitlines()]
    assert [line[:3] for line in lines if line[:1] == ["nimbus-cloud"]] == [
        ["nimbus-cloud", "$2,500.00", "none"],
        ["nimbus-cloud", "per_payment_exceeded", "$250.00"],
        ["nimbus-cloud", "rolling_24h_exceeded", "$1,000.00"],
        ["nimbus-cloud", "quorum_required", "$25.00"],
        ["nimbus-cloud", "owner_required", "$1,000.00"],
        ["nimbus-cloud", "insufficient_funds", "$350.00"],
    ]


def test_a_budget_counts_over_all_purchases(flux: Flux) -> None:
    run = flux("run", "autonomous-payment", "--json", "--budget", "120").json()

    assert words(run) == [("api-credits", "bought"), ("analytics", "denied"), ("cloud", "denied")]
    codes = {rule["code"] for rule in run["purchases"][1]["payment"]["refusals"]}
    assert "budget_exceeded" in codes


def test_what_waits_for_the_owner_is_bought_after_the_yes(
    flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLUX_POLICY_OWNER_THRESHOLD", "60.00")
    waits = flux("run", "autonomous-payment", "--json")
    run = waits.json()

    assert (waits.code, run["state"]) == (10, "working")
    assert words(run) == [("api-credits", "waiting"), ("analytics", "bought"), ("cloud", "denied")]
    payment = run["purchases"][0]["payment"]["id"]
    owner = ("--owner-token-file", str(home / "flux.db.owner"))
    assert flux("payments", "approve", payment, *owner).code == 0
    done = flux("runs", "resume", run["id"], "--json")
    assert (done.code, words(done.json())[0]) == (0, ("api-credits", "bought"))
    assert flux("verify").code == 0


def test_a_frozen_merchant_declines_and_the_money_comes_back(flux: Flux) -> None:
    assert flux("init").code == 0
    assert flux("freeze", "insight-tools").code == 0
    done = flux("run", "autonomous-payment", "--json", "--idempotency-key", "k")
    run = done.json()

    assert done.code == 0
    assert words(run)[1] == ("analytics", "declined")
    declined = run["purchases"][1]
    assert (declined["declined"], declined["card"]["state"]) == ("frozen", "cancelled")
    assert {row["agent"]: dollars(row["change"]) for row in run["balances"]} == {
        "orchestrator": -100, "api-hub": 100,
    }  # fmt: skip
    again = ("run", "autonomous-payment", "--json", "--idempotency-key", "k", "--fail-on")
    assert flux(*again, "denied").code == 3
    assert flux("verify").code == 0


def goal(deps: Deps) -> Goal:
    found = deps.scenarios.load("autonomous-payment")
    return Goal(
        scenario=found.name, goal=found.goal, brief=found.brief, sources=found.sources,
        purpose=found.purpose, justification=found.justification,
        claimed_return=found.claimed_return, urgency=found.urgency, budget=None, seed=7,
        strategy=deps.settings.strategy, out=None, plan=found.plan,
    )  # fmt: skip


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("after", [1, 2, 3, 8, 9, 10, 11, 12, 16, 17, 18, 19, 20, 21, 22])
def test_killed_after_any_step_it_goes_on_and_buys_each_once(ledger: Path, after: int) -> None:
    deps = open_flux(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
    found_economy(deps)
    run = start_run(deps, goal(deps), key="k", default_out=ledger.parent / "out")
    steps = []

    def until_killed(step: str, /, **facts: object) -> None:
        steps.append(step)
        if len(steps) == after:
            raise Killed

    with pytest.raises(Killed):
        carry_out_run(deps, run.id, until_killed)
    ended = carry_out_run(deps, run.id, lambda step, **facts: None)

    assert ended.state is RunState.COMPLETED
    with deps.store.reading() as reader:
        made = outcomes(reader, ended)
        cards = reader.find(Card)
        assert len(reader.find(PaymentIntent)) == 3
    assert [one.word for one in made] == ["bought", "bought", "denied"]
    assert [card.state for card in cards] == [CardState.USED] * 2
    assert all(card.spent == card.limit for card in cards)
    assert not any(finding.faults for finding in deps.store.verify())


def test_a_freeze_between_two_purchases_stops_the_run_until_it_is_thawed(
    flux: Flux, ledger: Path
) -> None:
    deps = open_flux(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
    found_economy(deps)
    run = start_run(deps, goal(deps), key="k", default_out=ledger.parent / "out")

    def freeze_then(step: str, /, **facts: object) -> None:
        if step == "bought" and "API" in str(facts["what"]):
            assert flux("freeze").code == 0

    with pytest.raises(Exception, match="frozen"):
        carry_out_run(deps, run.id, freeze_then)
    assert flux("runs", "resume", run.id).code == 8
    assert flux("thaw", "--yes").code == 0
    done = flux("runs", "resume", run.id, "--json")

    assert (done.code, [word for _, word in words(done.json())]) == (
        0,
        ["bought", "bought", "denied"],
    )


def test_a_run_that_is_over_is_told_again_and_changes_nothing(flux: Flux) -> None:
    first = flux("run", "autonomous-payment", "--json", "--idempotency-key", "k").json()
    second = flux("run", "autonomous-payment", "--json", "--idempotency-key", "k").json()
    shown = flux("runs", "show", first["id"], "--json").json()

    assert first == second == shown


def test_the_reports_tell_every_request(flux: Flux, home: Path) -> None:
    run = flux("run", "autonomous-payment", "--json", "--out", str(home / "out")).json()
    for name in ("report.md", "report.html"):
        told = (home / "out" / name).read_text()
        for purchase in run["purchases"]:
            assert purchase["item"] in told
            if purchase["card"] is not None:
                assert purchase["card"]["number"] in told
        assert "SIMULATED" in told
        assert "2,500.00" in told
        assert "per payment exceeded" in told
        assert "Nobody was hired" not in told


def broken(folder: Path, **changes: str) -> Path:
    """The scenario in a folder of its own, with some of its text changed."""
    shutil.copytree(SCENARIO, folder / "autonomous-payment")
    file = folder / "autonomous-payment" / "scenario.toml"
    text = file.read_text()
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text)
    return file.parent


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('amount = "100.00"', 'amount = "0.00"', "purchase 'api-credits' pays nothing"),
        ('amount = "100.00"', "amount = 100", "payments.0.amount"),
        ('id = "cloud"', 'id = "analytics"', "purchase 'analytics' appears twice"),
        ('merchant = "api-hub"', 'merchant = "../x"', "payments.0.merchant"),
        ("evidence/api-usage.md", "../../README.md", "outside its folder"),
        ("evidence/api-usage.md", "evidence/none.md", "cannot read the evidence"),
        ('urgency = "low"', 'urgency = "now"', "payments.2.urgency"),
        ('urgency = "low"', 'approve = true', "payments.2.approve"),
        ('purpose = "Tools', 'justification = "please"\npurpose = "Tools', "each of the payments"),
        (
            '[[payments]]\nid = "cloud"',
            '[[tasks]]\nid = "a"\ntrade = "b"\ntitle = "c"\nproduces = ["d"]\nmax_price = "1.00"\n'
            '[[payments]]\nid = "cloud"',
            "one of the three",
        ),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_run_says_where(
    flux: Flux, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = broken(tmp_path, change=(old, new))
    refused = flux("scenarios", "validate", str(folder))

    assert refused.code == 2
    assert said in refused.err


def test_the_scenario_is_shown_and_valid(flux: Flux) -> None:
    assert flux("scenarios", "validate", str(SCENARIO), "-q").out == "autonomous-payment\n"
    shown = flux("scenarios", "show", "autonomous-payment", "--json").json()
    assert dollars(shown["most"]) == 2650
    assert [one["merchant"] for one in shown["purchases"]] == [
        "api-hub", "insight-tools", "nimbus-cloud",
    ]  # fmt: skip
    people = flux("scenarios", "show", "autonomous-payment", tty=True, NO_COLOR="1")
    assert "nimbus-cloud" in people.out
    assert max(map(len, people.out.splitlines())) <= 80


def test_a_purchase_needs_an_amount_above_nothing_left_of_the_budget(ledger: Path) -> None:
    """A budget that is used up is nothing, never less."""
    deps = open_flux(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
    found_economy(deps)
    from flux_cli.domain.money import parse_money

    wanted = replace(goal(deps), budget=parse_money("100"))
    run = start_run(deps, wanted, key="k", default_out=ledger.parent / "out")
    ended = carry_out_run(deps, run.id, lambda step, **facts: None)
    with deps.store.reading() as reader:
        assert [one.word for one in outcomes(reader, ended)] == ["bought", "denied", "denied"]
