"""A specialist that misbehaves is stopped, is not paid, and the client has the money back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hostile_trades as hostile
import pytest

from flux_cli.adapters.specialists.sandbox import Bounded, Craft
from flux_cli.adapters.specialists.sandbox_child import Limits
from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.journal import escrow, wallet
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.plan import Plan, Task
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.runs import RunState
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.run_goal import Goal, carry_out_run, start_run

TRADE = "content-writer"
LIMITS = Limits(seconds=20, cpu_seconds=20, folder_bytes=8 << 20, file_bytes=2 << 20, files=50)
TASK = Task("copy", TRADE, "Copy", (), ("a.txt",), ("text/markdown",), parse_money("30"), 24)


@pytest.mark.parametrize(
    ("craft", "reason"),
    [
        (hostile.Hangs(), "it took longer than 2 s, while at 'thinking'"),
        (hostile.FloodsDisk(), "it wrote more than 8 MiB"),
        (hostile.PrintsEscapes(), "it printed control characters"),
        (hostile.CallsHome(), "it tried to reach the network"),
        (hostile.Breaks(), r"it broke: KeyError: '\x1b[2Jnothing'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, hostile.Honest) else "",
)
def test_108_a_specialist_that_misbehaves_is_stopped_and_refunded(
    craft: Craft, reason: str, tmp_path: Path
) -> None:
    limits = replace(LIMITS, seconds=2) if isinstance(craft, hostile.Hangs) else LIMITS
    told: list[tuple[str, dict[str, object]]] = []
    opened = open_flux(load_config({"ledger.path": str(tmp_path / "flux.db")}, {}, tmp_path))
    deps = replace(opened, trades={TRADE: Bounded(craft, limits)})
    found_economy(deps)
    with deps.store.reading() as reader:
        before = reader.balance(wallet("orchestrator"), CREDIT)

    run = start_run(deps, goal(), key="hire", default_out=tmp_path / "runs")
    ended = carry_out_run(deps, run.id, lambda step, /, **facts: told.append((step, facts)))

    with deps.store.reading() as reader:
        contracts = reader.find(Contract, run_id=run.id)
        assert {contract.state for contract in contracts} == {ContractState.REJECTED}
        for contract in contracts:
            assert reader.balance(escrow(contract.id), CREDIT) == Money(0)
            assert reason in contract.checks[0].found
        assert reader.balance(wallet("orchestrator"), CREDIT) == before
        assert reader.balance(wallet(TRADE), CREDIT) == Money(0)
    assert ended.state is RunState.FAILED
    refunds = [str(facts["reason"]) for step, facts in told if step == "refunded"]
    assert [reason in refund for refund in refunds] == [True]
    close_flux(opened)


def goal() -> Goal:
    return Goal(
        scenario="",
        goal="Write the copy",
        brief="the brief",
        sources=(),
        purpose="Copy",
        justification="One deliverable: the copy, within 24 hours; we expect $100 from it.",
        claimed_return=parse_money("100"),
        urgency=Urgency.MEDIUM,
        budget=None,
        seed=7,
        strategy=Strategy.BALANCED,
        out=None,
        plan=Plan("Write the copy", (TASK,)),
    )
