"""What models may cost in one command, who pays it, and where it is told that rules stood in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flux_cli.domain.quorum import SEATS
from tests.doubles.chat_server import ChatServer, status, votes
from tests.usecases.live_economy import settings

Flux = Callable[..., Any]

ASKED = ("orchestrator", "100", "--to", "researcher", "--purpose", "API credits",
         "--justification", "each $1 of API use saved $4 last month",
         "--return", "400")  # fmt: skip
ONE_VOTE = 2200
"""A thousand tokens in and a hundred out, at two dollars per million, in micro-credits."""


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture
def live(flux: Flux, home: Path, chat: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Flux:
    """`flux` with a ledger, its five seats models that cost $2 a million tokens."""
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    configured(home, chat)
    assert flux("init").code == 0
    return flux


def configured(home: Path, chat: ChatServer, **chosen: Any) -> None:
    said = {"price": "2.00", "max_cost": "1.00", "fallback": True} | chosen
    (home / ".config" / "flux").mkdir(parents=True, exist_ok=True)
    (home / ".config" / "flux" / "config.toml").write_text(settings(chat, **said))


def errors(document: Any) -> dict[str, Any]:
    return {ballot["seat"]: ballot["error"] for ballot in document["ballots"]}


def wallet(flux: Flux, name: str) -> int:
    shown = flux("ledger", "balance", f"wallet:{name}", "--json").json()
    return int(shown["balance"]["amount_minor"])


def test_103_models_cost_no_more_than_the_command_says(live: Flux, chat: ChatServer) -> None:
    asked = live("quorum", "ask", *ASKED, "--max-brain-cost", "0", "--json").json()

    assert chat.counts == {}
    assert errors(asked) == dict.fromkeys(SEATS, "cost_cap")
    assert (asked["outcome"], asked["cost"]["amount_minor"]) == ("no_quorum", 0)


def test_86_nobody_has_rules_vote_by_paying_models_nothing(live: Flux) -> None:
    # The rules alone would let it pass, and stand in where the owner's own cap is used up.
    assert live("quorum", "ask", *ASKED, FLUX_BRAIN_MAX_COST="0.00").code == 0
    before = wallet(live, "orchestrator")

    asked = live("payments", "request", *ASKED, "--max-brain-cost", "0", "--json")

    assert asked.code == 10
    assert wallet(live, "orchestrator") == before


@pytest.mark.parametrize(
    "command",
    [
        ("run", "autonomous-payment"),
        ("pay", "orchestrator", "researcher", "40"),
        ("payments", "request", *ASKED),
        ("quorum", "ask", *ASKED),
    ],
    ids=lambda command: command[0],
)
def test_the_option_only_lowers_what_is_configured(
    live: Flux, chat: ChatServer, command: tuple[str, ...]
) -> None:
    refused = live(*command, "--max-brain-cost", "1.01", "--json")

    assert (refused.code, refused.json()["error"]["param"]) == (2, "--max-brain-cost")
    assert "it can only lower" in refused.json()["error"]["message"]
    assert live(*command, "--max-brain-cost", "-1", "--json").code == 2
    assert chat.counts == {}


def test_a_run_asks_models_within_its_cap(live: Flux, chat: ChatServer) -> None:
    run = live("run", "autonomous-payment", "--max-brain-cost", "0.03", "--json").json()

    cost = sum(
        posting["amount"]["amount_minor"]
        for entry in run["entries"]
        for posting in entry["postings"]
        if posting["account"].startswith("brain:")
    )
    assert 0 < cost <= 30_000
    assert cost == ONE_VOTE * sum(chat.counts.values())
    assert "cost_cap" in {b["error"] for p in run["purchases"] for b in p["ballots"]}


def test_asking_posts_what_the_models_cost_to_who_would_pay(live: Flux, chat: ChatServer) -> None:
    before = wallet(live, "orchestrator")

    asked = live("quorum", "ask", *ASKED, "--json").json()
    again = live("quorum", "ask", *ASKED, "--json").json()

    assert [one["charged"]["amount_minor"] for one in (asked, again)] == [5 * ONE_VOTE] * 2
    assert wallet(live, "orchestrator") == before - 2 * 5 * ONE_VOTE
    told = live("quorum", "ask", *ASKED, tty=True, NO_COLOR="1")
    assert "nothing was recorded but the models' cost, $0.011" in told.err
    assert live("payments", "list", "--json").json()["data"] == []
    assert live("verify").code == 0


def test_asking_by_rules_costs_nothing_and_writes_nothing(live: Flux, home: Path) -> None:
    before = (home / "flux.db").read_bytes()
    owner = {"FLUX_OWNER_TOKEN_FILE": str(home / "flux.db.owner")}

    asked = live("quorum", "ask", *ASKED, "--brain", "offline", "--json", **owner).json()

    assert (asked["cost"]["amount_minor"], asked["charged"]["amount_minor"]) == (0, 0)
    assert (home / "flux.db").read_bytes() == before


def test_rules_in_a_models_place_are_told_at_the_top(
    live: Flux, home: Path, chat: ChatServer
) -> None:
    chat.behaviours |= {"growth": status(400), "data": votes(score="100")}
    stood_in = [
        {"seat": "growth", "model": "growth", "error": "transport"},
        {"seat": "data", "model": "data", "error": "schema"},
    ]

    asked = live("quorum", "ask", *ASKED, "--json").json()
    payment = live("payments", "request", *ASKED, "--json").json()

    assert asked["rule_fallback"] == stood_in
    label = r"rule_fallback +growth \(transport\), data \(schema\): rules voted, not the model"
    for verb in ("show", "explain"):
        assert live("quorum", verb, payment["id"], "--json").json()["rule_fallback"] == stood_in
        shown = live("quorum", verb, payment["id"], tty=True, NO_COLOR="1").out
        assert re.match(rf"id +\S+\n{label}\n", shown)
    assert re.match(rf"\s*{label}\n", live("quorum", "ask", *ASKED, tty=True, NO_COLOR="1").out)


def test_a_runs_votes_line_says_where_rules_stood_in(live: Flux, chat: ChatServer) -> None:
    chat.behaviours |= {"growth": status(400)}

    run = live("run", "marketing-campaign", tty=True, NO_COLOR="1")

    assert "rule_fallback: growth (transport)" in " ".join(run.out.split())
