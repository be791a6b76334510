"""Five seats, the facts they see, the ballots they cast, and the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.lineage import RULES_LINEAGE, lineage_of
from flux_cli.domain.money import Money

SEATS = ("cfo", "growth", "risk", "operations", "data")
"""The denominator is fixed: a seat that is silent still counts among the five."""


class Vote(StrEnum):
    """What a ballot says. Only this field counts; no text is ever read for a verdict."""

    YES = "YES"
    NO = "NO"
    ABSTAIN = "ABSTAIN"


class Urgency(StrEnum):
    """How soon the requester says it needs the money."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class BallotError(StrEnum):
    """Why a seat's ballot is missing or unusable; such a ballot is never a YES."""

    TIMEOUT = "timeout"
    TRANSPORT = "transport"
    REFUSAL = "refusal"
    SCHEMA = "schema"
    COST_CAP = "cost_cap"


@dataclass(frozen=True, slots=True)
class PayeeRecord:
    """What the ledger knows of one payee: its contracts so far, and what it was paid."""

    name: str
    allowed: bool
    settled: int
    rejected: int
    paid: Money
    share: Money
    """How much of the requested amount would go to this payee."""


@dataclass(frozen=True, slots=True)
class LinePrice:
    """One asked price beside the prices known for the same work."""

    item: str
    asked: Money
    known: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The facts of one request, built by code from the ledger; the seats see nothing else.

    `purpose` and `justification` are other parties' text: bounded, stripped, data only.
    `claimed_return` is what the requester says comes back, before any discount, or None.
    `slack_hours` is the time left until the deadline, `turnaround_hours` the p90 of the
    slowest chain of work; None where there is none. `accuracy_percent` is how much of its past
    claims the requester delivered, over `settled_claims` of them.
    """

    request_digest: str
    requester: str
    amount: Money
    purpose: str
    justification: str
    urgency: Urgency
    claimed_return: Money | None
    free_cash: Money
    reserved: Money
    budget_left: Money
    reserve_floor_percent: int
    payees: tuple[PayeeRecord, ...]
    escrowed: bool
    duplicates_7d: int
    same_payee_24h: int
    injections: tuple[str, ...]
    deliverables: tuple[str, ...]
    acceptance_checks: int
    slack_hours: int | None
    turnaround_hours: int | None
    prices: tuple[LinePrice, ...]
    settled_claims: int
    accuracy_percent: int
    evidence: tuple[str, ...]
    """What is attached that can be looked up: a plan hash, a quote id, a file name."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a ballot: a stable code, the dossier field it rests on, and its numbers."""

    code: str
    evidence: str
    text: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a YES asks for. Conditions of all YES ballots hold together."""

    max_amount: Money | None = None
    require_escrow: bool = False
    require_check: bool = False
    human: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A brain's answer to `cast a ballot`: score 0–100, confidence 0–100, risk 1–10.

    `hard` marks a NO that no number of YES outweighs.
    """

    vote: Vote
    score: int
    confidence: int
    risk: int
    reasons: tuple[Reason, ...]
    conditions: Conditions = field(default_factory=Conditions)
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """One seat's recorded answer to one request; never changed, never asked for twice."""

    id: str
    intent_id: str
    request_digest: str
    seat: str
    vote: Vote
    hard: bool
    score: int
    confidence: int
    risk: int
    reasons: tuple[Reason, ...]
    conditions: Conditions
    backend: str
    """`rule`, `llm`, or `rule_fallback` where rules stood in for a model that did not answer."""
    model: str
    error: BallotError | None
    cost: Money
    tokens: int
    latency_ms: int
    dossier_digest: str
    cast_at: datetime
    host: str = ""
    """Where the model is; empty for rules."""
    prompt_digest: str = ""
    """Of the instructions the model was given, without the dossier."""
    attempt: int = 1
    """2 where the seat was asked again, because too few seats had given a vote."""

    @property
    def counts(self) -> bool:
        """Whether it is a vote: a failed ballot is none, rules that stood in for it are one."""
        return self.error is None or self.backend == "rule_fallback"


@dataclass(frozen=True, slots=True)
class Band:
    """A step of the bar: amounts above `above` need `yes_needed` YES."""

    above: Money
    yes_needed: int


@dataclass(frozen=True, slots=True)
class Bar:
    """How many YES pass: more for a large amount. Percent is of the requester's free cash.

    `bands` only raise it. An amount in another asset than a step's cannot be compared with it, and
    counts as above it.
    """

    yes_needed: int = 3
    yes_needed_large: int = 4
    large_amount: Money = Money(250_000_000)  # noqa: RUF009 - immutable
    large_percent_of_free_cash: int = 25
    bands: tuple[Band, ...] = ()

    def needed(self, amount: Money, free_cash: Money) -> int:
        """The YES votes `amount` needs."""
        share_is_large = amount.units * 100 > free_cash.units * self.large_percent_of_free_cash
        large = Band(self.large_amount, self.yes_needed_large)
        steps = [band.yes_needed for band in (large, *self.bands) if _is_above(amount, band)]
        if share_is_large:
            steps.append(self.yes_needed_large)
        return max([self.yes_needed, *steps])


def _is_above(amount: Money, band: Band) -> bool:
    return amount.asset != band.above.asset or amount > band.above


@dataclass(frozen=True, slots=True)
class SeatRule:
    """What the owner made of one seat: how much its voice weighs, and what it can stop.

    With `veto` every NO of the seat is hard; without its YES nothing passes where it is `required`.
    `lineage` names its model's family where the model's name does not tell it.
    """

    seat: str
    weight: int = 1
    veto: bool = False
    required: bool = False
    lineage: str = ""


class Split(StrEnum):
    """What becomes of a request that has at least as many YES as NO and too few YES."""

    REFUSE = "refuse"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Rules:
    """How ballots are counted; beside the bar, each of these can only refuse or escalate.

    `seats` are in the order of `SEATS`. YES of the `excluded_lineage`, the proposer's own, do not
    count; its NO do. The weights of the YES are compared with the weight of all five seats. The
    bar is what the votes needed came from.
    """

    seats: tuple[SeatRule, ...] = tuple(SeatRule(seat) for seat in SEATS)
    split: Split = Split.REFUSE
    excluded_lineage: str = ""
    bar: Bar = Bar()

    def of(self, seat: str) -> SeatRule:
        """The rule of one of the five."""
        return self.seats[SEATS.index(seat)]


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of one request's ballots. `approved` is the only field that decides.

    `why` is the outcome in one sentence; `lineages` are the model families that answered, `rules`
    among them where a seat's own rules did; `rules` is what the ballots were counted by.
    """

    request_digest: str
    approved: bool
    outcome: str
    """`approved`, `refused`, `hard_no`, `no_quorum` (fewer than three valid ballots), or `split`:
    refused by the seats, unless the owner says yes."""
    yes: int
    no: int
    abstain: int
    missing: int
    needed: int
    conditions: Conditions
    why: str = ""
    lineages: tuple[str, ...] = ()
    rules: Rules = Rules()

    @property
    def diverse(self) -> bool:
        """Whether two model lineages or more answered; fewer may be one vote five times.

        Rules are no model; five sets of them are told as what they are.
        """
        return len(set(self.lineages) - {RULES_LINEAGE}) > 1

    @property
    def for_kernel(self) -> Tally:
        """The count as the kernel judges it: a split one passes on the owner's own yes only."""
        if self.outcome != "split":
            return self
        return replace(self, approved=True, conditions=replace(self.conditions, human=True))


FEWEST_VALID = 3
"""With fewer valid ballots there is no vote: the request waits and may be asked again."""


def valid_ballots(ballots: Sequence[Ballot], request_digest: str) -> tuple[Ballot, ...]:
    """The ballots that count: cast for exactly this request, one a seat, our seats only, sound.

    A duplicate, a stranger's, a failed or another request's ballot is not among them. Where a
    model failed and the seat's rules voted in its place, theirs is the ballot.
    """
    by_seat: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        if ballot.seat in SEATS and ballot.request_digest == request_digest:
            by_seat.setdefault(ballot.seat, []).append(ballot)
    alone = [vote for cast in by_seat.values() if (vote := _vote_of(cast)) is not None]
    return tuple(sorted(alone, key=lambda ballot: SEATS.index(ballot.seat)))


def _vote_of(cast: Sequence[Ballot]) -> Ballot | None:
    """A seat's one vote; it has none that cast two, or two ballots in one attempt."""
    votes = [ballot for ballot in cast if ballot.counts]
    attempts = {ballot.attempt for ballot in cast}
    return votes[0] if len(votes) == 1 and len(attempts) == len(cast) else None


def count(
    ballots: Sequence[Ballot],
    request_digest: str,
    needed: int,
    rules: Rules = Rules(),
) -> Tally:
    """Count the ballots on one request; a seat without a valid ballot is missing, never a YES.

    The denominator is always five: `needed` heads, and as large a part of all five weights.
    """
    valid = valid_ballots(ballots, request_digest)
    votes = [ballot.vote for ballot in valid]
    said_yes = [ballot for ballot in valid if ballot.vote is Vote.YES]
    heard = [ballot for ballot in said_yes if not _is_excluded(ballot, rules)]
    outcome, why = _outcome(valid, heard, max(needed, 1), rules)
    return Tally(
        request_digest=request_digest,
        approved=outcome == "approved",
        outcome=outcome,
        yes=len(heard),
        no=votes.count(Vote.NO),
        abstain=votes.count(Vote.ABSTAIN),
        missing=len(SEATS) - len(valid),
        needed=needed,
        conditions=_together([ballot.conditions for ballot in said_yes]),
        why=why,
        lineages=tuple(sorted({_lineage(ballot, rules) for ballot in valid})),
        rules=rules,
    )


def _outcome(
    valid: Sequence[Ballot], heard: Sequence[Ballot], needed: int, rules: Rules
) -> tuple[str, str]:
    """The outcome and its sentence, most serious first."""
    if len(valid) < FEWEST_VALID:
        return "no_quorum", f"{len(valid)} valid ballots of five, {FEWEST_VALID} needed for a vote"
    against = [ballot for ballot in valid if ballot.vote is Vote.NO]
    for ballot in against:
        if ballot.hard or rules.of(ballot.seat).veto:
            how = "a hard NO" if ballot.hard else "a NO, and it has a veto"
            return "hard_no", f"{ballot.seat} says {how}"
    agreed = {ballot.seat for ballot in heard}
    for rule in rules.seats:
        if rule.required and rule.seat not in agreed:
            return "refused", f"without a YES of {rule.seat}, which is required, nothing passes"
    weight, all_weights = _weight(heard, rules), sum(rule.weight for rule in rules.seats)
    enough = weight * len(SEATS) >= needed * all_weights
    why = f"{len(heard)} of five YES, {needed} needed"
    if any(rule.weight != 1 for rule in rules.seats):
        least = -(-needed * all_weights // len(SEATS))
        why += f"; their weight is {weight} of {all_weights}, {least} needed"
    if len(heard) >= needed and enough:
        return "approved", why
    if rules.split is Split.OWNER and heard and weight >= _weight(against, rules):
        return "split", f"{why}, and no fewer YES than NO: the owner decides"
    return "refused", why


def _weight(ballots: Sequence[Ballot], rules: Rules) -> int:
    return sum(rules.of(ballot.seat).weight for ballot in ballots)


def _is_excluded(ballot: Ballot, rules: Rules) -> bool:
    return bool(rules.excluded_lineage) and _lineage(ballot, rules) == rules.excluded_lineage


def _lineage(ballot: Ballot, rules: Rules) -> str:
    """The family of what answered for the seat; its own rules are the family `rules`."""
    if ballot.backend != "llm":
        return RULES_LINEAGE
    return rules.of(ballot.seat).lineage or lineage_of(ballot.model)


def _together(conditions: Sequence[Conditions]) -> Conditions:
    caps = [item.max_amount for item in conditions if item.max_amount is not None]
    return Conditions(
        max_amount=min(caps, key=lambda cap: cap.units) if caps else None,
        require_escrow=any(item.require_escrow for item in conditions),
        require_check=any(item.require_check for item in conditions),
        human=any(item.human for item in conditions),
    )
