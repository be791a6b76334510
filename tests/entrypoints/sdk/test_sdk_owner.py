"""In a file, an agent's program tightens its own limits; only the owner loosens them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flux_cli.sdk import AgentPaySDK, Policy

SET = Policy(100, 200, 50, {"bob", "cas"})

LOOSER = [
    (Policy(101, 200, 50, {"bob", "cas"}), "max_per_transaction"),
    (Policy(None, 200, 50, {"bob", "cas"}), "max_per_transaction"),
    (Policy(100, 201, 50, {"bob", "cas"}), "daily_spend_cap"),
    (Policy(100, None, 50, {"bob", "cas"}), "daily_spend_cap"),
    (Policy(100, 200, 51, {"bob", "cas"}), "require_human_approval_over"),
    (Policy(100, 200, None, {"bob", "cas"}), "require_human_approval_over"),
    (Policy(100, 200, 50, {"bob", "cas", "dan"}), "allowlist"),
    (Policy(100, 200, 50, {"dan"}), "allowlist"),
    (Policy(100, 200, 50, None), "allowlist"),
    (Policy(1, 1, 1, {"dan"}), "allowlist"),
]

TIGHTER = [
    SET,
    Policy(99, 200, 50, {"bob", "cas"}),
    Policy(100, 0, 50, {"bob", "cas"}),
    Policy(100, 200, 0, {"bob", "cas"}),
    Policy(100, 200, 50, {"bob"}),
    Policy(100, 200, 50, set()),
    Policy(100, 200, 50, {"bob", "cas"}, paused=True),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "flux.db"
    with AgentPaySDK(ledger=path) as sdk:
        sdk.register_agent("alice", policy=SET)
        sdk.register_agent("bob")
        sdk.fund_agent("alice", 1_000)
    return path


@pytest.fixture(params=[None, "", "0" * 64], ids=["none", "empty", "wrong"])
def program(request: pytest.FixtureRequest, ledger: Path) -> Iterator[AgentPaySDK]:
    """An SDK whose caller is not the owner."""
    with AgentPaySDK(ledger=ledger, owner_token=request.param) as sdk:
        yield sdk


@pytest.fixture
def owner(ledger: Path) -> Iterator[AgentPaySDK]:
    token = ledger.with_name("flux.db.owner").read_text(encoding="ascii")
    with AgentPaySDK(ledger=ledger, owner_token=token) as sdk:
        yield sdk


def test_a_program_does_not_loosen(program: AgentPaySDK) -> None:
    for policy, what in LOOSER:
        with pytest.raises(PermissionError, match=what) as refused:
            program.update_agent_policy("alice", policy)

        assert "owner_token" in str(refused.value)
        agent = program.get_agent("alice")
        assert agent is not None
        assert agent.policy == SET


def test_a_program_tightens(ledger: Path, owner: AgentPaySDK) -> None:
    with AgentPaySDK(ledger=ledger) as program:
        for policy in TIGHTER:
            assert program.update_agent_policy("alice", policy).policy == policy
            owner.update_agent_policy("alice", SET)


def test_the_owner_does_both(owner: AgentPaySDK) -> None:
    for policy in [policy for policy, _ in LOOSER] + TIGHTER:
        assert owner.update_agent_policy("alice", policy).policy == policy
        assert owner.update_agent_policy("alice", SET).policy == SET


def test_limits_that_others_set_stay(owner: AgentPaySDK) -> None:
    """A policy has more in it than the SDK shows; changing what it shows leaves the rest."""
    from flux_cli.usecases.change_caps import own_policy

    with owner._deps.store.reading() as reader:
        before = own_policy(reader, "alice")
    owner.update_agent_policy("alice", Policy(max_per_transaction=7))
    with owner._deps.store.reading() as reader:
        after = own_policy(reader, "alice")

    assert after.number == before.number + 1
    assert after.approval_threshold == before.approval_threshold
    assert (after.limits, after.payees, after.owner_threshold) == ((), None, None)


def test_only_the_owner_approves_and_unpauses(program: AgentPaySDK, owner: AgentPaySDK) -> None:
    waits = program.pay("alice", "bob", 60).payment_intent
    assert waits is not None
    program.pause_agent("bob")
    calls: list[Callable[[AgentPaySDK], object]] = [
        lambda sdk: sdk.approve_payment(waits.intent_id),
        lambda sdk: sdk.unpause_agent("bob"),
    ]

    for call in calls:
        with pytest.raises(PermissionError, match="owner_token"):
            call(program)
    assert (program.get_balance("bob"), waits.status) == (0, "requires_approval")
    for call in calls:
        call(owner)
    assert owner.get_balance("bob") == 60


def test_anybody_denies(program: AgentPaySDK) -> None:
    waits = program.pay("alice", "bob", 60).payment_intent
    assert waits is not None

    assert program.deny_payment(waits.intent_id).error_code == "OWNER_REFUSED"


def test_in_memory_the_caller_is_the_owner() -> None:
    with AgentPaySDK() as sdk:
        sdk.register_agent("alice", policy=SET)
        assert sdk.update_agent_policy("alice", Policy()).policy == Policy()
