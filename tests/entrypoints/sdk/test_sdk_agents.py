"""Agents and wallets through the SDK."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.sdk import Agent, AgentPaySDK, Policy, Wallet

NOTHING = Wallet(0, 0, 0)


def test_a_registered_agent_has_an_empty_wallet_and_no_limit(sdk: AgentPaySDK) -> None:
    made = sdk.register_agent("alice")

    assert made == Agent("alice", NOTHING, Policy(), {}, "alice", 0, 0, 0)
    assert sdk.get_agent("alice") == made
    assert sdk.agent_exists("alice")
    assert sdk.list_agents() == [made]


def test_what_an_agent_was_registered_with_is_kept_whole(sdk: AgentPaySDK) -> None:
    policy = Policy(5_000, 8_000, 4_000, {"bob", "cas"}, paused=True)
    metadata = {"name": "Alice", "score": 0.5, "tags": ["a", None, {"deep": True}], "é": "\x1b"}

    made = sdk.register_agent("alice", metadata, policy)

    assert (made.policy, made.metadata, made.display_name) == (policy, metadata, "Alice")
    assert sdk.get_agent("alice") == made


def test_agents_are_listed_by_id(sdk: AgentPaySDK) -> None:
    for name in ("zoe", "bob", "Ann"):
        sdk.register_agent(name)

    assert [agent.agent_id for agent in sdk.list_agents()] == ["Ann", "bob", "zoe"]


def test_an_id_is_registered_once(sdk: AgentPaySDK) -> None:
    first = sdk.register_agent("alice", {"n": 1})

    with pytest.raises(ValueError, match="'alice' already exists"):
        sdk.register_agent("alice", {"n": 2})
    assert sdk.get_agent("alice") == first


CONFUSABLE = (
    ("", "x" * 65, " a", "a ", "a\nb", "a\u202eb", "a\u200bb", "e\u0301", "economy", "*", "a:")
)  # fmt: skip


def test_an_id_that_could_be_taken_for_another_is_refused(sdk: AgentPaySDK) -> None:
    for name in CONFUSABLE:
        with pytest.raises(ValueError, match="cannot name an agent"):
            sdk.register_agent(name)
    assert sdk.list_agents() == []


def test_any_visible_text_is_an_id(sdk: AgentPaySDK) -> None:
    sdk.register_agent("till")
    names = ["x" * 64, "a b", "a:b", "agt_1", "日本", "é", "'; drop table", "<b>"]
    for number, name in enumerate(names, 1):
        sdk.register_agent(name)
        sdk.fund_agent(name, 7)

        assert sdk.pay(name, "till", 5).success
        assert (sdk.get_balance(name), sdk.get_balance("till")) == (2, 5 * number)


def test_an_unknown_agent_is_none_and_has_no_money(pair: AgentPaySDK) -> None:
    for name in ("nobody", "", "\ud800", "a\x00b", "ALICE"):
        assert pair.get_agent(name) is None
        assert not pair.agent_exists(name)
        for ask in (
            pair.get_balance,
            pair.get_wallet,
            pair.get_transaction_history,
            pair.get_agent_earnings,
            pair.get_agent_expenses,
            pair.get_agent_balance_summary,
            pair.get_agent_stats,
            pair.pause_agent,
            pair.unpause_agent,
        ):
            with pytest.raises(ValueError):  # noqa: PT011 - what it says is of the next test
                ask(name)


def test_money_methods_name_the_unknown_agent(pair: AgentPaySDK) -> None:
    for call in (
        lambda: pair.get_balance("nobody"),
        lambda: pair.fund_agent("nobody", 1),
        lambda: pair.transfer_to_agent("alice", "nobody", 1, "x"),
        lambda: pair.transfer_to_agent("nobody", "alice", 1, "x"),
        lambda: pair.update_agent_policy("nobody", Policy()),
        lambda: pair.request_payment_card(1, "ads", "needed", "nobody"),
    ):
        with pytest.raises(ValueError, match="no agent named 'nobody'"):
            call()


def test_funding_gives_the_ledger_entry(sdk: AgentPaySDK) -> None:
    sdk.register_agent("alice")
    sdk.fund_agent("alice", 1)

    entry = sdk.fund_agent("alice", 250, "pocket money")

    assert (entry.agent_id, entry.delta_amount, entry.balance_after) == ("alice", 250, 251)
    assert (entry.entry_type, entry.memo, entry.counterparty_id) == ("top_up", "pocket money", None)
    assert entry.reference_id == entry.entry_id
    assert abs(datetime.now(UTC) - entry.created_at) < timedelta(minutes=1)
    assert sdk.get_transaction_history("alice")[0] == entry
    assert sdk.get_wallet("alice") == Wallet(251, 0, 251)


NO_AMOUNTS: list[tuple[object, type[Exception]]] = [
    (0, ValueError), (-1, ValueError), (10**11 + 1, ValueError),
    (1.0, TypeError), (True, TypeError), ("1", TypeError), (None, TypeError),
]  # fmt: skip


def test_amounts_are_whole_positive_cents(pair: AgentPaySDK) -> None:
    calls: list[Callable[[Any], object]] = [
        lambda amount: pair.fund_agent("alice", amount),
        lambda amount: pair.pay("alice", "bob", amount),
        lambda amount: pair.create_escrow("alice", "bob", amount),
        lambda amount: pair.transfer_to_agent("alice", "bob", amount, "x"),
        lambda amount: pair.request_payment_card(amount, "ads", "needed", "alice"),
    ]
    for call in calls:
        for amount, error in NO_AMOUNTS:
            with pytest.raises(error, match="amount is"):
                call(amount)
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)


NO_POLICIES: list[tuple[Any, str]] = [
    (Policy(max_per_transaction=1.5), "max_per_transaction"),  # type: ignore[arg-type]
    (Policy(daily_spend_cap=-1), "daily_spend_cap"),
    (Policy(require_human_approval_over=True), "require_human_approval_over"),
    (Policy(allowlist="bob"), "allowlist"),  # type: ignore[arg-type]
    (Policy(allowlist={1}), "allowlist"),  # type: ignore[arg-type]
    (Policy(paused=1), "paused"),  # type: ignore[arg-type]
    ({"max_per_transaction": 1}, "policy"),
]


def test_a_policy_that_is_none_names_its_fault(pair: AgentPaySDK) -> None:
    before = pair.get_agent("alice")

    for policy, named in NO_POLICIES:
        with pytest.raises((TypeError, ValueError), match=named):
            pair.update_agent_policy("alice", policy)
        with pytest.raises((TypeError, ValueError), match=named):
            pair.register_agent("cas", policy=policy)
    assert (pair.get_agent("alice"), pair.agent_exists("cas")) == (before, False)


def test_metadata_is_bounded_json(sdk: AgentPaySDK) -> None:
    wrong: list[Any] = [{"x": object()}, {1: "x"}, {"x": float("nan")}, [1], {"x": "y" * 10_000}]
    for metadata in wrong:
        with pytest.raises((TypeError, ValueError)):
            sdk.register_agent("alice", metadata)
    assert not sdk.agent_exists("alice")


def test_in_memory_nothing_is_left_behind() -> None:
    sdk = AgentPaySDK()
    folder = sdk._deps.store.path.parent
    assert folder.stat().st_mode & 0o777 == 0o700
    sdk.close()
    sdk.close()

    assert not folder.exists()
    with pytest.raises(ValueError, match="is closed"):
        sdk.list_agents()


def test_an_sdk_that_nobody_holds_is_removed_too() -> None:
    sdk = AgentPaySDK()
    folder = sdk._deps.store.path.parent
    del sdk
    gc.collect()

    assert not folder.exists()


def test_a_forked_child_leaves_its_parents_ledger_alone() -> None:
    with AgentPaySDK() as sdk:
        sdk.register_agent("alice")
        child = os.fork()
        if child == 0:
            sdk._opened.removal()  # type: ignore[union-attr,misc]  # what its exit would call
            os._exit(0)
        os.waitpid(child, 0)
        assert sdk._deps.store.path.exists()
        assert sdk.agent_exists("alice")


def test_two_ledgers_in_memory_share_nothing() -> None:
    with AgentPaySDK() as one, AgentPaySDK() as other:
        one.register_agent("alice")
        assert not other.agent_exists("alice")


def test_clearing_begins_again_in_memory_only(tmp_path: Path) -> None:
    with AgentPaySDK() as sdk:
        sdk.register_agent("alice")
        sdk.clear_all()
        assert sdk.list_agents() == []
        sdk.register_agent("alice")
    with AgentPaySDK(ledger=tmp_path / "flux.db") as sdk:
        sdk.register_agent("alice")
        with pytest.raises(PermissionError, match="keeps its history"):
            sdk.clear_all()
        assert sdk.agent_exists("alice")


def test_a_file_is_found_again_with_all_that_is_in_it(tmp_path: Path) -> None:
    with AgentPaySDK(ledger=tmp_path / "flux.db") as sdk:
        sdk.register_agent("alice", {"n": 1}, Policy(max_per_transaction=5))
        sdk.fund_agent("alice", 9)
        before = sdk.get_agent("alice")
    with AgentPaySDK(ledger=str(tmp_path / "flux.db")) as sdk:
        assert sdk.get_agent("alice") == before


def test_the_command_line_sees_the_same_ledger_and_founds_its_economy_beside_it(
    tmp_path: Path, flux: Callable[..., Any]
) -> None:
    path = tmp_path / "flux.db"
    with AgentPaySDK(ledger=path) as sdk:
        sdk.register_agent("researcher", policy=Policy(max_per_transaction=100))
        sdk.fund_agent("researcher", 1_234)
        own = sdk.get_agent("researcher")

        done = flux("init", "--json", FLUX_DB=str(path))
        listed = flux("agents", "list", "--json", FLUX_DB=str(path)).json()

        assert done.code == 0, done.err
        names = {row["name"] for row in listed["data"]}
        assert {"researcher", "orchestrator", "content-writer"} <= names
        assert sdk.get_agent("researcher") == own
        there = sdk.get_agent("orchestrator")
        assert there is not None
        assert "researcher" not in (there.policy.allowlist or set())


def test_an_agent_of_the_economy_without_a_policy_spends_nothing(
    tmp_path: Path, flux: Callable[..., Any]
) -> None:
    path = tmp_path / "flux.db"
    flux("init", FLUX_DB=str(path))
    with AgentPaySDK(ledger=path) as sdk:
        writer = sdk.get_agent("content-writer")
        assert writer is not None
        assert writer.policy == Policy(max_per_transaction=0)
        for result in (
            sdk.pay("content-writer", "orchestrator", 1),
            sdk.create_escrow("content-writer", "orchestrator", 1),
        ):
            assert (result.success, result.error_code) == (False, "NO_POLICY")
