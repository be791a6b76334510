"""What an agent's work has earned it: verdicts weighed by value, by payer and by age.

Only verdicts of evaluators count, and only as far as the payer has standing. Standing begins at
the payers that are trusted and flows along hires, a tenth of it a hop, so any number of
agents that nobody trusted ever hired have none to give each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from flux_cli.domain.marketplace import FULL, Proven, proven
from flux_cli.domain.money import Money
from flux_cli.domain.rings import rings

HALF_LIFE = 50
"""So many full verdicts later, a verdict counts half."""

HALF_VALUE = 10
"""A contract of so many whole units of its asset counts half of a full verdict."""

MOST_A_PAYER = 10
"""One payer's verdicts count for at most so many full ones, times its standing."""

LENT = 10
"""A payer that is not trusted itself has at most one part in so many of the standing of those
that hired it."""

_SCALE = 10**12
_KEPT = 999_986_137_152
"""2 ** (-1 / (HALF_LIFE * FULL)) of `_SCALE`: what is kept of a weight a thousandth later."""


class Outcome(StrEnum):
    """How a funded contract ended, as far as it says something about its provider."""

    SETTLED = "settled"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Deal:
    """One contract that was funded and is over."""

    contract_id: str
    client: str
    provider: str
    price: Money
    outcome: Outcome
    on_time: bool


@dataclass(frozen=True, slots=True)
class PayerLine:
    """What one payer's contracts add; weights and standing are thousandths."""

    payer: str
    standing: int
    contracts: int
    accepted: int
    rejected: int
    on_time: int
    late: int


@dataclass(frozen=True, slots=True)
class Reputation:
    """An agent's reputation with all it comes from.

    `accepted`, `rejected`, `on_time` and `late` are thousandths of full verdicts. `not_counted`
    says how many contracts count for nothing, by reason.
    """

    agent: str
    accepted: int
    rejected: int
    on_time: int
    late: int
    payers: tuple[PayerLine, ...]
    not_counted: tuple[tuple[str, int], ...]

    @property
    def proven(self) -> Proven:
        """The two parts of a score that a past decides."""
        return proven(self.accepted, self.rejected, self.on_time, self.late)


@dataclass(frozen=True, slots=True)
class Society:
    """Who may vouch: each agent's standing, the ring it trades in, and its owner where known."""

    standing: Mapping[str, int]
    ring: Mapping[str, int]
    owners: Mapping[str, str]
    trusted: frozenset[str]

    def disregards(self, deal: Deal) -> str | None:
        """Why a contract says nothing about its provider, or None."""
        client, provider = deal.client, deal.provider
        if self.owners.get(client, client) == self.owners.get(provider, provider):
            return "same owner"
        if client not in self.trusted and self.ring.get(client) == self.ring.get(provider):
            return "payer and payee hire each other, in a circle"
        if not self.standing.get(client, 0):
            return "a payer nobody trusted has hired"
        return None


def society(deals: Sequence[Deal], owners: Mapping[str, str], trusted: frozenset[str]) -> Society:
    """The standing of every agent, from all deals there are.

    A payer passes on at most a tenth of its standing, shared out by what it paid each provider; a
    trade inside a circle or between agents of one owner passes on nothing.
    """
    paid: dict[str, dict[str, int]] = {}
    for deal in deals:
        if deal.outcome is Outcome.SETTLED:
            row = paid.setdefault(deal.client, {})
            row[deal.provider] = row.get(deal.provider, 0) + deal.price.units
    # Nobody lifts or harms a trusted payer by being hired by it or hiring it.
    edges = {client: row for client, row in paid.items() if client not in trusted}
    order = rings(edges)
    ring = {name: number for number, circle in enumerate(order) for name in circle}
    standing = dict.fromkeys(trusted, FULL)
    known = Society(standing, ring, owners, trusted)
    # Rings come payees first, so payers first is backwards; the trusted precede everyone.
    earlier = [*sorted(trusted), *(name for circle in reversed(order) for name in circle)]
    for client in dict.fromkeys(earlier):
        _pass_on(known, standing, client, paid.get(client, {}))
    return known


def _pass_on(known: Society, standing: dict[str, int], client: str, row: dict[str, int]) -> None:
    whole = sum(row.values())
    for provider, units in sorted(row.items()):
        deal = Deal("", client, provider, Money(units), Outcome.SETTLED, on_time=True)
        if whole and known.disregards(deal) is None and provider not in known.trusted:
            given = standing[client] * units // (LENT * whole)
            standing[provider] = min(FULL, standing.get(provider, 0) + given)


def reputation(agent: str, deals: Sequence[Deal], known: Society) -> Reputation:
    """An agent's reputation from all deals there are, oldest first."""
    lines: dict[str, list[int]] = {}
    ignored: dict[str, int] = {}
    age = 0
    for deal in reversed([one for one in deals if one.provider == agent]):
        if reason := known.disregards(deal):
            ignored[reason] = ignored.get(reason, 0) + 1
            continue
        weight = value_weight(deal.price)
        counted = weight * kept(age) // _SCALE
        line = lines.setdefault(deal.client, [0, 0, 0, 0, 0])
        line[0] += 1
        if deal.outcome is not Outcome.EXPIRED:
            line[1 if deal.outcome is Outcome.SETTLED else 2] += counted
        line[3 if deal.on_time else 4] += counted
        # By weight, so that cheap work does not make a costly failure old.
        age += weight
    payers = tuple(_line(name, line, known.standing[name]) for name, line in sorted(lines.items()))
    return Reputation(
        agent=agent,
        accepted=sum(line.accepted for line in payers),
        rejected=sum(line.rejected for line in payers),
        on_time=sum(line.on_time for line in payers),
        late=sum(line.late for line in payers),
        payers=payers,
        not_counted=tuple(sorted(ignored.items())),
    )


def _line(payer: str, line: list[int], standing: int) -> PayerLine:
    contracts, accepted, rejected, on_time, late = line
    verdicts = _within(accepted, rejected, standing)
    times = _within(on_time, late, standing)
    return PayerLine(payer, standing, contracts, *verdicts, *times)


def _within(good: int, bad: int, standing: int) -> tuple[int, int]:
    """Both weights times the standing, and together no more than one payer may say."""
    most, said = MOST_A_PAYER * standing, (good + bad) * standing // FULL
    if said <= most:
        return good * standing // FULL, bad * standing // FULL
    return good * most // (good + bad), bad * most // (good + bad)


def value_weight(price: Money) -> int:
    """How much a contract of this price counts, in thousandths: half at `HALF_VALUE`."""
    half: int = HALF_VALUE * 10**price.asset.exponent
    return FULL * price.units // (price.units + half)


def kept(age: int) -> int:
    """What is kept, of `_SCALE`, of a weight that is `age` thousandths of verdicts old."""
    halvings, rest = divmod(age, HALF_LIFE * FULL)
    value, factor = _SCALE, _KEPT
    while rest:
        if rest & 1:
            value = value * factor // _SCALE
        factor = factor * factor // _SCALE
        rest >>= 1
    return value >> halvings


def formula() -> str:
    """How a reputation comes about, in words."""
    return (
        f"a verdict counts price ÷ (price + {HALF_VALUE}) × its payer's standing, half after"
        f" {HALF_LIFE} more; one payer at most {MOST_A_PAYER}; quality = mean − 1 sd of"
        " Beta(4 + accepted, 1 + rejected)"
    )
