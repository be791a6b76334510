"""What the SDK says of an agent in sum, and that the sums are those of the ledger."""

from __future__ import annotations

from flux_cli.sdk import AgentPaySDK


def busy(sdk: AgentPaySDK) -> AgentPaySDK:
    """Alice paid bob 100 and 50, released 400, took 30 back, has 200 locked, and got 5."""
    sdk.pay("alice", "bob", 100, "first")
    sdk.pay("alice", "bob", 50, "second")
    released = sdk.create_escrow("alice", "bob", 400, "banner").escrow
    cancelled = sdk.create_escrow("alice", "bob", 30, "poster").escrow
    sdk.create_escrow("alice", "bob", 200, "film")
    assert released is not None
    assert cancelled is not None
    sdk.release_escrow(released.escrow_id)
    sdk.cancel_escrow(cancelled.escrow_id)
    sdk.pay("bob", "alice", 5, "change")
    sdk.pay("bob", "alice", 1_000_000, "too much")
    return sdk


def test_a_history_is_newest_first_and_adds_up(pair: AgentPaySDK) -> None:
    history = busy(pair).get_transaction_history("alice")

    assert [(one.entry_type, one.delta_amount, one.balance_after, one.memo) for one in history] == [
        ("payment", 5, 9_255, "change"),
        ("escrow_cancel", 30, 9_250, "poster"),
        ("escrow_lock", -200, 9_220, "film"),
        ("escrow_lock", -30, 9_420, "poster"),
        ("escrow_lock", -400, 9_450, "banner"),
        ("payment", -50, 9_850, "second"),
        ("payment", -100, 9_900, "first"),
        ("top_up", 10_000, 10_000, "simulated"),
    ]
    assert {one.counterparty_id for one in history[:-1]} == {"bob"}
    assert pair.get_transaction_history("alice", 3) == history[:3]
    assert pair.get_transaction_history("alice", 0) == []


def test_earnings_are_what_an_agent_was_paid(pair: AgentPaySDK) -> None:
    earned = busy(pair).get_agent_earnings("bob")

    rows = earned["transactions"]
    assert isinstance(rows, list)
    assert (earned["agent_id"], earned["total_earned"], earned["transaction_count"]) == (
        "bob", 550, 3,
    )  # fmt: skip
    told = [
        (row["from_agent"], row["amount"], row["purpose"], row["balance_after"]) for row in rows
    ]
    assert told == [
        ("alice", 400, "banner", 550), ("alice", 50, "second", 150), ("alice", 100, "first", 100)
    ]  # fmt: skip
    assert all(row["timestamp"].endswith("+00:00") for row in rows)
    assert all(pair.get_transaction_by_reference(row["transaction_id"]) for row in rows)


def test_expenses_are_what_is_gone_for_good(pair: AgentPaySDK) -> None:
    spent = busy(pair).get_agent_expenses("alice")

    rows = spent["transactions"]
    assert isinstance(rows, list)
    assert (spent["total_spent"], spent["transaction_count"]) == (550, 3)
    assert [(row["to_agent"], row["amount"], row["purpose"]) for row in rows] == [
        ("bob", 400, "banner"), ("bob", 50, "second"), ("bob", 100, "first")
    ]  # fmt: skip


def test_a_summary_has_every_cent_once(pair: AgentPaySDK) -> None:
    assert busy(pair).get_agent_balance_summary("alice") == {
        "agent_id": "alice",
        "current_balance": 9_255,
        "total_earned": 5,
        "total_spent": 550,
        "net_profit": -545,
        "hold": 200,
        "total_wallet": 9_455,
    }
    agent = pair.get_agent("alice")
    assert agent is not None
    assert (agent.total_earned, agent.total_spent, agent.net_profit) == (5, 550, -545)


def test_stats_count_jobs_and_approvals(pair: AgentPaySDK) -> None:
    busy(pair)

    assert pair.get_agent_stats("bob") == {
        "agent_id": "bob",
        "total_earned": 550,
        "total_spent": 5,
        "transaction_count": 4,
        "avg_transaction_size": 138,
        "jobs_completed": 1,
        "approval_rate": 0.5,
        "balance": 545,
        "hold": 0,
    }


def test_rates_of_nothing_are_none(sdk: AgentPaySDK) -> None:
    sdk.register_agent("alice")

    stats = sdk.get_agent_stats("alice")

    assert (stats["avg_transaction_size"], stats["approval_rate"]) == (None, None)
    assert (stats["transaction_count"], stats["jobs_completed"]) == (0, 0)
