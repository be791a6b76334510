"""Reading a ledger after one real campaign, and stopping and funding it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.usecases.found_economy import CATALOGUE, SHOPS

FILES = ("flux.db", "flux.db.head", "flux.db.card-secret")
SHOP_NAMES = [name for name, _ in SHOPS]
TRADES = [offer.name for offer in CATALOGUE]
MAIN = "from flux_cli.entrypoints.cli.app import main; main()"
WHOLE = 1_000_000


@pytest.fixture(scope="session")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One finished campaign: the folder of its ledger, and the run's document."""
    place = tmp_path_factory.mktemp("campaign")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FLUX_")}
    environ |= {"HOME": str(place), "FLUX_DB": str(place / "flux.db")}
    argv = ["run", "marketing-campaign", "--out", str(place / "out"), "--json"]
    ended = subprocess.run(
        [sys.executable, "-c", MAIN, *argv], cwd=place, env=environ, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return place, json.loads(ended.stdout)


@pytest.fixture
def done(campaign: tuple[Path, dict[str, Any]], home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The run's document, with a copy of its ledger as this test's own."""
    place, document = campaign
    for name in FILES:
        shutil.copy2(place / name, home / name)
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    return document


Flux = Callable[..., Any]


def money(units: int) -> dict[str, Any]:
    sign, whole, part = "-" if units < 0 else "", *divmod(abs(units), WHOLE)
    return {
        "amount_minor": units,
        "currency": "CREDIT",
        "exponent": 6,
        "decimal": f"{sign}{whole}.{part:06d}",
    }


def prices(document: Any) -> dict[str, int]:
    return {hire["agent"]: hire["price"]["amount_minor"] for hire in document["hires"]}


def test_balance_after_the_campaign(flux: Flux, done: Any) -> None:
    earned = prices(done)
    spent = sum(earned.values())
    rows = {row["agent"]: row for row in flux("ledger", "balance", "--json").json()["data"]}
    assert {name: row["net"]["amount_minor"] for name, row in rows.items()} == {
        **dict.fromkeys(SHOP_NAMES, 0),
        "code-reviewer": 0,
        "content-writer": earned["content-writer"],
        "data-analyst": 0,
        "image-generator": earned["image-generator"],
        "orchestrator": -spent,
        "researcher": earned["researcher"],
    }
    assert rows["orchestrator"] == {
        "object": "balance",
        "id": rows["orchestrator"]["id"],
        "schema": "flux.balance/1",
        "agent": "orchestrator",
        "currency": "CREDIT",
        "available": money(500 * WHOLE - spent),
        "held": money(0),
        "total": money(500 * WHOLE - spent),
        "earned": money(0),
        "spent": money(spent),
        "net": money(-spent),
        "transactions": 2,
    }


def test_the_whole_campaign_is_paid_as_listed(flux: Flux, done: Any) -> None:
    assert prices(done) == {
        "researcher": 50 * WHOLE,
        "content-writer": 30 * WHOLE,
        "image-generator": 40 * WHOLE,
    }


def test_balance_table_and_account(flux: Flux, done: Any) -> None:
    shown = flux("ledger", "balance", tty=True, NO_COLOR="1")
    assert max(map(len, shown.out.splitlines())) <= 80
    assert shown.err == "all 10 accounts sum to zero; money is simulated\n"
    assert flux("ledger", "balance", "world", "--json").json() == {
        "object": "account",
        "id": "world",
        "schema": "flux.account/1",
        "kind": "world",
        "balance": money(-500 * WHOLE),
        "entries": 1,
    }
    assert flux("ledger", "balance", "wallet:nobody").code == 5
    assert flux("ledger", "balance", "nobody").code == 5


def test_accounts_sum_to_zero(flux: Flux, done: Any) -> None:
    rows = flux("ledger", "accounts", "--json").json()["data"]
    assert sum(row["balance"]["amount_minor"] for row in rows) == 0
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


def test_entries_page_by_cursor(flux: Flux, done: Any) -> None:
    everything = flux("ledger", "entries", "--json").json()
    assert (everything["has_more"], everything["next"]) == (False, None)
    first = flux("ledger", "entries", "--limit", "4", "--json").json()
    rest = flux("ledger", "entries", "--after", first["next"], "--json").json()
    assert first["data"] + rest["data"] == everything["data"]
    assert [row["seq"] for row in everything["data"]] == list(range(9, 0, -1))
    assert flux("ledger", "entries", "--after", "x").code == 2


def test_entries_by_kind_agent_and_run(flux: Flux, done: Any) -> None:
    (grant,) = flux("ledger", "entries", "--kind", "top_up", "--json").json()["data"]
    assert grant == {
        "object": "entry",
        "id": grant["id"],
        "schema": "flux.entry/1",
        "seq": 1,
        "kind": "top_up",
        "key": "founding:grant",
        "memo": "opening grant, simulated",
        "reference": None,
        "run_id": None,
        "decision_id": None,
        "recorded_at": grant["recorded_at"],
        "postings": [
            {"account": "world", "amount": money(-500 * WHOLE)},
            {"account": "wallet:orchestrator", "amount": money(500 * WHOLE)},
        ],
        "from": ["world"],
        "to": ["wallet:orchestrator"],
        "amount": money(500 * WHOLE),
    }
    (paid,) = flux("ledger", "entries", "--agent", "researcher", "--json").json()["data"]
    assert (paid["kind"], paid["to"], paid["amount"]) == (
        "escrow_release",
        ["wallet:researcher"],
        money(50 * WHOLE),
    )
    assert len(flux("ledger", "entries", "--run", done["id"], "--json").json()["data"]) == 8
    assert flux("ledger", "entries", "--run", "run_none").code == 5


def test_entries_table_fits(flux: Flux, done: Any) -> None:
    shown = flux("ledger", "entries", tty=True, NO_COLOR="1")
    assert max(map(len, shown.out.splitlines())) <= 80
    assert shown.out.split("\n")[0].split() == (
        ["seq", "kind", "from", "→", "to", "amount", "memo", "time"]
    )


def test_cards(flux: Flux, done: Any) -> None:
    card = done["card"]
    listed = flux("cards", "list", "--status", "used", "--agent", "orchestrator", "--json").json()
    assert listed["data"] == [card | {"object": "card", "schema": "flux.card/1"}]
    assert flux("cards", "list", "--status", "active", "--json").json()["data"] == []
    shown = flux("cards", "show", card["id"][:12], "--json").json()
    assert shown == listed["data"][0] | {"authorizations": [], "declines": []}
    assert flux("cards", "list").out == (
        "id\tnumber\tholder\tlimit\tspent\tstate\n"
        f"{card['id']}\t{card['number']}\torchestrator\t"
        f"{card['limit']['decimal'][:-4]}\t{card['spent']['decimal'][:-4]}\tused\n"
    )
    shown = flux("cards", "show", card["id"], tty=True, NO_COLOR="1")
    assert "SIMULATED number" in shown.out
    assert shown.err == "SIMULATED: no card here pays anywhere outside Flux\n"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("cards", "show", "card_nothing"), 5),
        (("payments", "show", "pi_nothing"), 5),
        (("quorum", "show", "run_nothing"), 5),
        (("agents", "show", "nobody"), 5),
        (("cards", "list", "--agent", "nobody"), 5),
        (("cards", "list", "--status", "lost"), 2),
        (("cards", "list", "--after", "card_x"), 2),
        (("market", "search", "!!"), 2),
        (("scenarios", "show", "nothing"), 5),
    ],
)
def test_what_cannot_be_found(flux: Flux, done: Any, argv: tuple[str, ...], code: int) -> None:
    ended = flux(*argv)
    assert (ended.out, ended.code) == ("", code)


def test_nothing_to_read_without_a_ledger(flux: Flux) -> None:
    assert flux("cards", "list").code == 5


def test_payments_and_quorum(flux: Flux, done: Any) -> None:
    payment = done["payment"]
    assert flux("payments", "list").out == (
        "id\trequester\tpurpose\tamount\tamount.currency\tcaptured\tvotes\tstate\n"
        f"{payment['id']}\torchestrator\t{payment['purpose']}\t120.00\tCREDIT\t120.00"
        "\t5/5\tcaptured\n"
    )
    assert flux("payments", "show", payment["id"], "--json").json() == payment | {
        "object": "payment",
        "schema": "flux.payment/1",
        "votes": "5/5",
        "returned": None,
        "decision": done["decision"],
        "ballots": done["ballots"],
    }
    shown = flux("payments", "show", payment["id"], tty=True, NO_COLOR="1")
    assert "5/5 YES, 3 needed, approved" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
    quorum = flux("quorum", "show", done["id"], "--json").json()
    assert quorum == flux("quorum", "show", payment["id"], "--json").json()
    assert quorum["ballots"] == done["ballots"]
    assert quorum["tally"] == done["decision"]["tally"]
    assert (
        flux("quorum", "show", done["id"], tty=True, NO_COLOR="1").err
        == "5/5 YES, 3 needed, approved; by rules, no model\n"
    )


def test_agents(flux: Flux, done: Any) -> None:
    names = flux("agents", "list", "--jq", ".data[].name").out.split()
    assert names == sorted([*SHOP_NAMES, *TRADES, "orchestrator"])
    researcher = flux("agents", "show", "researcher", "--json").json()
    assert (researcher["available"], researcher["policy"]) == (money(50 * WHOLE), None)
    assert researcher["reputation"] == {
        "accepted": 1,
        "rejected": 0,
        "on_time": 1,
        "late": 0,
        "quality": 6925,
        "reliability": 6925,
    }


def test_funding_once_for_each_key(flux: Flux, done: Any) -> None:
    argv = ("agents", "fund", "researcher", "7.50", "--idempotency-key", "may", "--json")
    first, again = flux(*argv), flux(*argv)
    assert (first.code, first.err) == (0, "")
    assert first.json()["entry"]["memo"] == "simulated"
    assert first.json()["available"] == money(57_500_000)
    assert again.json() == first.json() | {"repeated": True}
    assert again.err == "this key was used before: researcher was given $7.50 only once\n"
    other = flux("agents", "fund", "researcher", "8", "--idempotency-key", "may")
    assert other.code == 8
    assert flux("agents", "fund", "nobody", "1").code == 5
    assert flux("agents", "fund", "researcher", "0").code == 2
    assert flux("ledger", "balance", "researcher", "--json").json()["net"] == money(50 * WHOLE)


def test_market(flux: Flux, done: Any) -> None:
    assert len(flux("market", "list", "--json").json()["data"]) == 5
    found = flux("market", "search", "banners", "--explain", "--json").json()["data"]
    assert [one["provider"] for one in found] == ["image-generator"]
    parts = found[0]["parts"].values()
    assert found[0]["score"] == sum(part["points"] for part in parts) // 100
    assert all(part["points"] == part["value"] * part["weight"] for part in parts)
    shown = flux(
        "market", "search", "copy", "--explain", "--strategy", "cheapest", tty=True, NO_COLOR="1"
    )
    assert shown.err == (
        "score = (25×fit + 20×quality + 40×price + 5×speed + 10×reliability"
        " + 1×newcomer) ÷ 100, rounded down; every part is out of 10000\n"
    )
    assert flux("market", "search", "zeppelin", "--json").json()["data"] == []


def test_scenarios(flux: Flux, tmp_path: Path) -> None:
    assert "marketing-campaign" in flux("scenarios", "list", "-q").out.split()
    shown = flux("scenarios", "show", "marketing-campaign", "--json").json()
    assert (shown["most"], len(shown["tasks"])) == (money(120 * WHOLE), 3)
    assert flux("scenarios", "validate", "marketing-campaign", "-q").out == "marketing-campaign\n"
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "scenario.toml").write_text('name = "broken"\n')
    assert flux("scenarios", "validate", str(broken)).code == 2
    assert flux("scenarios", "validate", str(tmp_path / "missing")).code == 5


def test_freeze_stops_a_run_and_thaw_lets_it_go_on(flux: Flux, done: Any) -> None:
    frozen = flux("freeze", "--reason", "audit", "--json").json()
    assert frozen == {
        "object": "freeze",
        "id": "freeze:economy",
        "schema": "flux.freeze/1",
        "subject": "economy",
        "frozen": True,
        "reason": "audit",
        "changed_at": frozen["changed_at"],
    }
    before = flux("ledger", "accounts", "--json").out
    assert flux("run", "marketing-campaign", "--out", "again").code == 8
    assert flux("agents", "fund", "researcher", "1").code == 8
    assert flux("ledger", "accounts", "--json").out == before
    assert flux("thaw").code == 2
    assert flux("thaw", "--yes", "--json").json()["frozen"] is False
    assert flux("agents", "fund", "researcher", "1").code == 0


def test_freezing_one_agent(flux: Flux, done: Any) -> None:
    assert flux("freeze", "researcher").code == 0
    assert flux("agents", "show", "researcher", "--json").json()["frozen"] is True
    assert flux("agents", "show", "content-writer", "--json").json()["frozen"] is False
    assert flux("freeze", "nobody").code == 5
    assert flux("thaw", "researcher", "--yes").code == 0
    assert flux("agents", "show", "researcher", "--json").json()["frozen"] is False


def test_freeze_founds_what_is_not_there(flux: Flux) -> None:
    assert flux("thaw", "--yes").code == 5
    assert flux("freeze").code == 0
    assert len(flux("agents", "list", "--json").json()["data"]) == 1 + len((*SHOP_NAMES, *TRADES))
