"""What the kernel's tests judge: one request that passes, its facts, and the rules once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import Hours, Limit, Policy, Scope, Window
from flux_cli.domain.quorum import Conditions, Tally
from flux_cli.kernel.invariants import CLOCK_TOLERANCE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""A Sunday, at noon."""

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def spend(units: int = 100, **changes: Any) -> Spend:
    """Ada pays Bob."""
    made = Spend(
        requester="ada", amount=Money(units), shares=(Share("bob", Money(units)),), purpose="ads",
        justification="because", claimed_return=Money(150), category="work", rail="internal",
        mandate_id=None, plan_digest="plan", reference="run_1", escrowed=False, key="key_1",
    )  # fmt: skip
    return replace(made, **changes)


def shared(bob: int, cas: int, **changes: Any) -> Spend:
    """Ada pays Bob and Cas."""
    shares = (Share("bob", Money(bob)), Share("cas", Money(cas)))
    return spend(bob + cas, shares=shares, **changes)


POLICY = Policy(
    id="pol_1", agent="ada", number=3, per_payment=None, limits=(), payees=None,
    denied_payees=frozenset(), assets=None, rails=None, hours=(), minimum_balance=None,
    approval_threshold=Money(BOUND), owner_threshold=None, require_justification=False,
    least_return_percent=None, duplicate_window=None, paused=False, note="", set_at=NOW,
)  # fmt: skip

FACTS = Facts(
    now=NOW, ledger_time=NOW, economy_frozen=False, agent_frozen=False, agent_active=True,
    policy=POLICY, available=Money(BOUND), used=(), mandates=(), budget_left=None,
    known_payees=frozenset({"ada", "bob", "cas"}), duplicates=0,
)  # fmt: skip


def facts(policy: Mapping[str, Any] | None = None, **changes: Any) -> Facts:
    """Facts with nothing against `spend()` but what is given."""
    return replace(FACTS, policy=replace(POLICY, **(policy or {})), **changes)


def limit(amount: int | None = None, count: int | None = None, **changes: Any) -> Limit:
    """A limit in a day on one agent, unless it says otherwise."""
    cap = None if amount is None else Money(amount)
    return replace(Limit(Window.DAY, cap, count), **changes)


def counting(
    known: Facts, asked: Spend, amount: int = 0, count: int = 0, **of: tuple[int, int]
) -> Facts:
    """The facts with what every limit has counted; `of` says it for a subject by its name."""
    limits = dict.fromkeys(one for _, one in known.limits)
    used = [
        Used(one, subject, Money(of.get(subject, (amount, count))[0]),
             of.get(subject, (amount, count))[1])
        for one in limits
        for subject, _ in parts(one, asked)
    ]  # fmt: skip
    return replace(known, used=tuple(used))


def mandate(number: int = 1, parent: int | None = None, **changes: Any) -> Mandate:
    """Ada's mandate of 1000, with nothing spent, for another hour."""
    made = Mandate(
        id=f"mdt_{number}", key=f"k{number}", parent_id=None if parent is None else f"mdt_{parent}",
        holder="ada", purpose="ads", total=Money(1000), spent=Money(0), reserved=Money(0),
        per_payment=None, limits=(), payees=None, categories=None, state=MandateState.ACTIVE,
        created_at=NOW, expires_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    return replace(made, **changes)


def tally(asked: Spend, outcome: str = "approved", **conditions: Any) -> Tally:
    """The count of a vote on `asked`."""
    yes, no = (4, 1) if outcome in ("approved", "hard_no") else (1, 4)
    missing = 3 if outcome == "no_quorum" else 0
    return Tally(
        asked.digest, outcome == "approved", outcome, yes, no, 0, missing, 3,
        Conditions(**conditions),
    )  # fmt: skip


def resized(asked: Spend, units: int) -> Spend:
    """The same request to its one payee for another amount."""
    share = Share(asked.shares[0].payee, Money(units))
    return replace(asked, amount=Money(units), shares=(share,))


SPAN = {"1h": "1h", "24h": "24h", "7d": "7d", "30d": "30d", "day": "calendar_day"}


def model(asked: Spend, known: Facts) -> set[str]:
    """The code of every refusal, by the rules written once more from the owner's side."""
    units, policy, found = asked.amount.units, known.policy, set[str]()
    total, names = 0, []
    for share in asked.shares:
        total += share.amount.units
        names.append(share.payee)
        if share.amount.units < 1 or share.amount.units > 10**15:
            found.add("amount_not_positive")
    if units < 1 or units > 10**15:
        found.add("amount_not_positive")
    if total != units or len(names) != len({*names}) or not names:
        found.add("shares_differ")
    if found:
        return found
    if known.economy_frozen is None or known.economy_frozen:
        found.add("economy_frozen")
    if known.agent_frozen is None or known.agent_frozen:
        found.add("agent_frozen")
    if policy.paused or not known.agent_active:
        found.add("agent_paused")
    for name in names:
        if name == asked.requester:
            found.add("self_payment")
        if name not in known.known_payees:
            found.add("payee_not_allowed")
        if policy.payees is not None and name not in policy.payees:
            found.add("payee_not_allowed")
        if name in policy.denied_payees:
            found.add("payee_denied")
    if policy.assets is not None and asked.amount.asset.code not in policy.assets:
        found.add("asset_not_allowed")
    if policy.rails is not None and asked.rail not in policy.rails:
        found.add("rail_not_allowed")
    latest = known.now if known.now > known.ledger_time else known.ledger_time
    if policy.hours:
        minute, open_now = latest.hour * 60 + latest.minute, False
        for hours in policy.hours:
            if latest.isoweekday() in hours.weekdays:
                open_now = open_now or hours.from_minute <= minute < hours.until_minute
        if not open_now:
            found.add("outside_hours")
    if known.ledger_time - known.now > timedelta(seconds=2):
        found.add("clock_behind_ledger")
    if policy.require_justification and not asked.justification.strip():
        found.add("justification_required")
    if policy.least_return_percent is not None:
        claim = asked.claimed_return.units if asked.claimed_return else 0
        if 100 * claim < policy.least_return_percent * units:
            found.add("return_too_low")
    if policy.duplicate_window is not None and known.duplicates > 0:
        found.add("duplicate_payment")
    if policy.per_payment is not None and units > policy.per_payment.units:
        found.add("per_payment_exceeded")
    if known.budget_left is not None and units > known.budget_left.units:
        found.add("budget_exceeded")
    if units > known.available.units:
        found.add("insufficient_funds")
    floor = policy.minimum_balance
    if floor is not None and known.available.units - units < floor.units:
        found.add("below_minimum_balance")
    return found | _by_mandates(asked, known) | _by_limits(asked, known) | _by_votes(asked, known)


def _by_mandates(asked: Spend, known: Facts) -> set[str]:
    found, wanted = set[str](), asked.mandate_id
    for depth, one in enumerate(known.mandates):
        if one.id != wanted:
            found.add("facts_incomplete")
        wanted = one.parent_id
        if one.state.value != "active":
            found.add("mandate_inactive")
        if max(known.now, known.ledger_time) >= one.expires_at:
            found.add("mandate_expired")
        if depth == 0:
            if one.holder != asked.requester:
                found.add("mandate_of_another")
            if asked.amount.units + one.spent.units + one.reserved.units > one.total.units:
                found.add("mandate_exceeded")
        if one.per_payment is not None and asked.amount.units > one.per_payment.units:
            found.add("mandate_per_payment_exceeded")
        for share in asked.shares:
            if one.payees is not None and share.payee not in one.payees:
                found.add("mandate_payee_not_allowed")
        if one.categories is not None and asked.category not in one.categories:
            found.add("mandate_category_not_allowed")
    if wanted is not None:
        found.add("facts_incomplete")
    return found


def _by_limits(asked: Spend, known: Facts) -> set[str]:
    found = set[str]()
    owned = [("", one) for one in known.policy.limits]
    owned += [("mandate_", one) for line in known.mandates for one in line.limits]
    for front, one in owned:
        touched = {"agent": asked.requester, "everybody": "*", "category": asked.category}
        pieces = [(touched.get(one.scope.value, ""), asked.amount.units)]
        if one.scope.value in ("payee", "destination"):
            pieces = [(share.payee, share.amount.units) for share in asked.shares]
        for subject, units in pieces:
            special = one.scope.value not in ("agent", "everybody") and one.only is not None
            if special and subject != one.only:
                continue
            rows = [row for row in known.used if (row.limit, row.subject) == (one, subject)]
            if len(rows) != 1:
                found.add("facts_incomplete")
                continue
            if one.below is not None and units > one.below.units:
                continue
            middle = "" if one.below is None else "structuring_"
            middle += "" if one.scope.value == "agent" else f"{one.scope.value}_"
            window = SPAN[one.window.value]
            plain = not middle and window != "calendar_day"
            if one.amount is not None and rows[0].amount.units + units > one.amount.units:
                found.add(f"{front}{'rolling_' if plain else middle}{window}_exceeded")
            if one.count is not None and rows[0].count >= one.count:
                found.add(f"{front}{middle}count_{window}_exceeded")
    return found


def _by_votes(asked: Spend, known: Facts) -> set[str]:
    found, units, vote = set[str](), asked.amount.units, known.tally
    human = False
    if units > known.policy.approval_threshold.units:
        if vote is None:
            found.add("quorum_required")
        elif vote.request_digest != asked.digest:
            found.add("quorum_for_another_request")
        elif vote.outcome != "approved":
            names = {"refused": "quorum_refused", "hard_no": "quorum_hard_no"}
            found.add(names.get(vote.outcome, vote.outcome))
    if vote is not None and vote.approved:
        most, human = vote.conditions.max_amount, vote.conditions.human
        if most is not None and units > most.units:
            found.add("quorum_amount_exceeded")
        if vote.conditions.require_escrow and not asked.escrowed:
            found.add("escrow_required")
    threshold = known.policy.owner_threshold
    large = threshold is not None and units > threshold.units
    if (human or large) and not known.owner_approved:
        found.add("owner_required")
    return found


APPROVALS = {"quorum_required", "owner_required"}
VOTES = APPROVALS | {"quorum_for_another_request", "quorum_refused", "quorum_hard_no", "no_quorum"}
AMOUNTS = {
    "per_payment_exceeded", "budget_exceeded", "insufficient_funds", "below_minimum_balance",
    "quorum_amount_exceeded", "mandate_exceeded", "mandate_per_payment_exceeded",
}  # fmt: skip


def most(asked: Spend, known: Facts) -> int | None:
    """The largest smaller amount to the one payee that no cap refuses, by trying them all."""
    wrong = model(asked, known) - APPROVALS
    for code in wrong - AMOUNTS:
        words = code.split("_")
        if "count" in words or not {*SPAN, "calendar"} & {*words}:
            return None
    if not wrong:
        return None
    for units in range(asked.amount.units - 1, 0, -1):
        if not model(resized(asked, units), known) - VOTES:
            return units
    return None


LIMITS = [
    *(Limit(window, Money(9)) for window in Window),
    *(Limit(Window.DAY, Money(9), 3, scope) for scope in Scope),
    *(Limit(Window.HOUR, None, 2, scope) for scope in Scope),
    *(Limit(Window.HOUR, Money(7), 3, scope, None, Money(4)) for scope in Scope),
    *(Limit(Window.WEEK, Money(8), 2, scope, "bob") for scope in Scope),
    *(Limit(Window.MONTH, Money(8), None, scope, "work") for scope in Scope),
    Limit(Window.CALENDAR_DAY, None, 2, Scope.EVERYBODY),
    Limit(Window.DAY),
]


def some_limits(dice: Random) -> tuple[Limit, ...]:
    return tuple(dice.sample(LIMITS, dice.choice([0, 0, 1, 2, 3])))


def some_mandates(dice: Random) -> tuple[Mandate, ...]:
    depth = dice.choice([0, 0, 1, 2, 3])
    line = []
    for number in range(1, depth + 1):
        line.append(
            mandate(
                number,
                number + 1 if number < depth else None,
                holder="ada" if number == 1 else "eve",
                total=Money(dice.choice([6, 9, 99])),
                spent=Money(dice.randrange(3)),
                reserved=Money(dice.randrange(3)),
                per_payment=dice.choice([None, None, Money(5), Money(6)]),
                limits=some_limits(dice),
                payees=dice.choice([None, None, frozenset({"bob", "cas"})]),
                categories=dice.choice([None, frozenset({"work"})]),
                state=dice.choice([MandateState.ACTIVE] * 50 + [*MandateState]),
                expires_at=NOW + dice.choice([HOUR] * 12 + [TICK, 0 * TICK]),
            )
        )
    if line and dice.random() < 0.05:
        line.pop(dice.randrange(len(line)))
    return tuple(line)


def some_case(dice: Random) -> tuple[Spend, Facts]:
    """A request of a few units and facts at the edge of a few rules."""

    def cap(*units: int) -> Money | None:
        chosen = dice.choice([None, None, *units])
        return None if chosen is None else Money(chosen)

    def rarely(value: Any, otherwise: Any) -> Any:
        return value if dice.random() < 0.04 else otherwise

    line = some_mandates(dice)
    payee = rarely("ada", rarely("zoe", dice.choice(["bob", "cas"])))
    asked = spend(
        rarely(0, dice.randint(1, 6)),
        justification=rarely("", rarely(" ", "x")),
        claimed_return=dice.choice([None, Money(3), Money(6), Money(9)]),
        category=rarely("play", "work"),
        rail=rarely("chain", "internal"),
        mandate_id=line[0].id if line else rarely("mdt_9", None),
        escrowed=dice.random() < 0.5,
    )
    asked = resized(replace(asked, shares=(Share(payee, Money(1)),)), asked.amount.units)
    if dice.random() < 0.25:
        asked = replace(asked, shares=shared(dice.randint(1, 3), dice.randint(1, 3)).shares)
        if dice.random() < 0.9:
            asked = replace(asked, amount=asked.shares[0].amount + asked.shares[1].amount)
    policy = {
        "per_payment": cap(3, 5, 6),
        "limits": some_limits(dice),
        "payees": rarely(frozenset({"cas"}), dice.choice([None, frozenset({"ada", "bob", "cas"})])),
        "denied_payees": rarely(frozenset({"bob"}), frozenset({"mallory"})),
        "assets": rarely(frozenset({"USDC"}), dice.choice([None, frozenset({"CREDIT"})])),
        "rails": dice.choice([None, None, frozenset({"internal"})]),
        "hours": dice.choice(
            [()] * 5
            + [(Hours(frozenset({6, 7}), 720, 721),)] * 4
            + [(Hours(frozenset({7}), 0, 720),)]
        ),
        "minimum_balance": cap(0, 2, 4),
        "approval_threshold": Money(dice.choice([2, 4, 99, 99])),
        "owner_threshold": cap(4, 5, 99),
        "require_justification": dice.random() < 0.5,
        "least_return_percent": dice.choice([None, None, None, 0, 50, 100, 150]),
        "duplicate_window": dice.choice([None, Window.DAY]),
        "paused": rarely(True, False),
    }
    outcome = dice.choice(
        [None, "approved", "approved", "approved", "refused", "hard_no", "no_quorum"]
    )
    voted = None
    if outcome is not None:
        about = rarely(spend(purpose="else"), asked)
        asks = {"max_amount": cap(4, 6), "require_escrow": dice.random() < 0.2}
        voted = tally(about, outcome, human=dice.random() < 0.1, **asks)
    known = facts(
        policy,
        economy_frozen=rarely(True, rarely(None, False)),
        agent_frozen=rarely(True, rarely(None, False)),
        agent_active=rarely(False, True),
        available=Money(dice.choice([4, 6, 9, 99])),
        mandates=line,
        budget_left=cap(4, 6, 9),
        duplicates=rarely(1, 0),
        ledger_time=NOW + dice.choice([0 * TICK] * 20 + [CLOCK_TOLERANCE, CLOCK_TOLERANCE + TICK]),
        tally=voted,
        owner_approved=dice.random() < 0.6,
    )
    limits = dict.fromkeys(one for _, one in known.limits)
    used = [
        Used(one, subject, Money(dice.choice([0, 1, 3, 5])), dice.choice([0, 0, 1, 2]))
        for one in limits
        for subject, _ in parts(one, asked)
    ]
    if used and dice.random() < 0.03:
        used.pop() if dice.random() < 0.5 else used.append(used[0])
    return asked, replace(known, used=tuple(used))
