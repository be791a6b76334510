"""Random operations against a model of plain dicts: the same outcomes, the same balances."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.sdk import AgentPaySDK, EscrowStatus, Policy

AGENTS = ("ada", "bob", "cas")
agents = st.sampled_from(AGENTS)
amounts = st.integers(1, 400)
caps = st.none() | st.integers(0, 400)
operations = st.one_of(
    st.tuples(st.just("fund"), agents, amounts),
    st.tuples(st.just("pay"), agents, agents, amounts),
    st.tuples(st.just("lock"), agents, agents, amounts),
    st.tuples(st.just("end"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("limit"), agents, caps, caps, st.none() | st.frozensets(agents)),
    st.tuples(st.just("pause"), agents, st.booleans()),
)


@dataclass
class Model:
    """What should be in every wallet, and why a payment should be refused."""

    free: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 0))
    hold: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 0))
    earned: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 0))
    spent: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 0))
    counted: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AGENTS, 0))
    policy: dict[str, Policy] = field(default_factory=lambda: dict.fromkeys(AGENTS, Policy()))
    paused: set[str] = field(default_factory=set)
    escrows: list[list[object]] = field(default_factory=list)

    def refusal(self, payer: str, payee: str, amount: int) -> str | None:
        policy = self.policy[payer]
        if payer in self.paused:
            return "AGENT_PAUSED"
        if policy.allowlist is not None and payee not in policy.allowlist:
            return "RECIPIENT_NOT_ALLOWED"
        if policy.max_per_transaction is not None and amount > policy.max_per_transaction:
            return "AMOUNT_EXCEEDS_LIMIT"
        day = policy.daily_spend_cap
        if day is not None and self.counted[payer] + amount > day:
            return "AMOUNT_EXCEEDS_LIMIT"
        if payer == payee:
            return "RECIPIENT_NOT_ALLOWED"
        return "INSUFFICIENT_FUNDS" if amount > self.free[payer] else None


def run(sdk: AgentPaySDK, model: Model, operation: tuple[object, ...]) -> None:
    match operation:
        case ("fund", str(agent), int(amount)):
            sdk.fund_agent(agent, amount)
            model.free[agent] += amount
        case ("pay", str(payer), str(payee), int(amount)):
            assert sdk.pay(payer, payee, amount).error_code == model.refusal(payer, payee, amount)
            if model.refusal(payer, payee, amount) is None:
                model.free[payer] -= amount
                model.free[payee] += amount
                model.counted[payer] += amount
                model.spent[payer] += amount
                model.earned[payee] += amount
        case ("lock", str(payer), str(payee), int(amount)):
            result, why = (
                sdk.create_escrow(payer, payee, amount),
                model.refusal(payer, payee, amount),
            )
            assert result.error_code == ("RECIPIENT_NOT_ALLOWED" if payer == payee else why)
            if result.escrow is not None:
                model.free[payer] -= amount
                model.hold[payer] += amount
                model.counted[payer] += amount
                model.escrows.append([result.escrow.escrow_id, payer, payee, amount, "LOCKED"])
        case ("end", int(place), bool(release)) if model.escrows:
            end_escrow(sdk, model, model.escrows[place % len(model.escrows)], release)
        case ("limit", str(agent), most, day, payees):
            policy = Policy(most, day, None, payees, agent in model.paused)  # type: ignore[arg-type]
            assert sdk.update_agent_policy(agent, policy).policy == policy
            model.policy[agent] = policy
        case ("pause", str(agent), bool(paused)):
            (sdk.pause_agent if paused else sdk.unpause_agent)(agent)
            (model.paused.add if paused else model.paused.discard)(agent)


def end_escrow(sdk: AgentPaySDK, model: Model, escrow: list[object], release: bool) -> None:
    escrow_id, payer, payee, amount, status = escrow
    assert isinstance(amount, int)
    ended = EscrowStatus.RELEASED if release else EscrowStatus.CANCELLED
    result = (sdk.release_escrow if release else sdk.cancel_escrow)(str(escrow_id))
    assert result.success is (status in ("LOCKED", ended))
    if status != "LOCKED":
        return
    escrow[4] = ended
    model.hold[str(payer)] -= amount
    model.free[str(payee if release else payer)] += amount
    if release:
        model.spent[str(payer)] += amount
        model.earned[str(payee)] += amount


@settings(max_examples=25, deadline=None)
@given(st.lists(operations, max_size=30))
def test_any_sequence_of_calls_leaves_what_a_plain_model_has(
    sequence: list[tuple[object, ...]],
) -> None:
    with AgentPaySDK() as sdk:
        model = Model()
        for name in AGENTS:
            sdk.register_agent(name)
        for operation in sequence:
            run(sdk, model, operation)
        for name in AGENTS:
            agent = sdk.get_agent(name)
            assert agent is not None
            assert (agent.wallet.balance, agent.wallet.hold) == (model.free[name], model.hold[name])
            assert (agent.total_earned, agent.total_spent) == (
                model.earned[name],
                model.spent[name],
            )
            history = sdk.get_transaction_history(name, 1_000)
            assert sum(one.delta_amount for one in history) == model.free[name]
            for summary, key in (
                (sdk.get_agent_earnings(name), "total_earned"),
                (sdk.get_agent_expenses(name), "total_spent"),
            ):
                rows = summary["transactions"]
                assert isinstance(rows, list)
                assert sum(row["amount"] for row in rows) == summary[key]
        for escrow in model.escrows:
            sides = sdk.get_transaction_by_reference(str(escrow[0]))
            assert sum(side.delta_amount for side in sides) == 0
            assert len(sides) == 2
        faults = [fault for one in sdk._deps.store.verify() for fault in one.faults]
        assert faults == []
