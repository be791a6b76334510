"""Listings, quotes and a ranking whose every number can be shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import isqrt

from flux_cli.domain.money import Money


class Strategy(StrEnum):
    """What a requester weighs most."""

    BALANCED = "balanced"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"


WEIGHTS: dict[Strategy, dict[str, int]] = {
    Strategy.BALANCED: {"fit": 35, "quality": 25, "price": 20, "speed": 10, "reliability": 10},
    Strategy.CHEAPEST: {"fit": 25, "quality": 20, "price": 40, "speed": 5, "reliability": 10},
    Strategy.FASTEST: {"fit": 25, "quality": 20, "price": 10, "speed": 35, "reliability": 10},
}
"""Percent of the score each part decides."""

NEWCOMERS = 1
"""Percent of a score that being new adds, beyond the hundred: less than one good verdict does."""

NEW_FOR = 5
"""So many full verdicts later nothing of it is left."""

WHOLE = 10_000
"""Scores and their parts are integers out of this."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What an agent sells: a trade, a price range, and the p90 of its turnaround in hours.

    `owner` is who published it, "" for what came with Flux. The work is done by the program of
    `command` or the agent at `url` where one of them is named, else by Flux's own specialist.
    """

    id: str
    provider: str
    trade: str
    title: str
    description: str
    media_types: tuple[str, ...]
    price_min: Money
    price_max: Money
    turnaround_hours: int
    active: bool
    created_at: datetime
    owner: str = ""
    command: tuple[str, ...] = ()
    url: str = ""

    @property
    def is_outside(self) -> bool:
        """Whether its work is done outside Flux."""
        return bool(self.command or self.url)


@dataclass(frozen=True, slots=True)
class Record:
    """A provider's past, from evaluators' verdicts only."""

    accepted: int = 0
    rejected: int = 0
    on_time: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Proven:
    """What a provider's past proves of it, out of 10,000: a newcomer is no blank.

    `novelty` is how new it is: whole with no verdict, nothing after five full ones or a bad one.
    """

    quality: int
    reliability: int
    novelty: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task needs of a listing; `terms` are the task's words, matched against titles.

    `payable` are the providers that the requester's policy lets it pay, None for all. `barred`
    has the ids of listings that the owner does not let work, each with why.
    """

    task_id: str
    requester: str
    trade: str
    media_types: tuple[str, ...]
    terms: frozenset[str]
    units: int
    units_full: int
    most: Money
    slack_hours: int
    payable: frozenset[str] | None = None
    barred: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One listing's quote and score for a task, or why it is not eligible."""

    listing: Listing
    quote: Money
    score: int
    parts: tuple[tuple[str, int], ...]
    ineligible: str | None


def quote(listing: Listing, units: int, units_full: int) -> Money:
    """The price for this much work: linear from the listing's minimum to its maximum.

    Rounded down to the cent, so that the quote never exceeds the listed range.
    """
    assert units_full > 0, "a full job has a size"
    spread = listing.price_max.units - listing.price_min.units
    raw = listing.price_min.units + spread * min(max(units, 0), units_full) // units_full
    cent = 10 ** max(listing.price_min.asset.exponent - 2, 0)
    return Money(max(raw - raw % cent, listing.price_min.units), listing.price_min.asset)


def ineligible(listing: Listing, wanted: Wanted, price: Money) -> str | None:
    """Why this listing cannot take the task, or None; checked before any score."""
    if listing.trade != wanted.trade:
        return f"does {listing.trade}, not {wanted.trade}"
    if not listing.active:
        return "not taking work"
    if listing.provider == wanted.requester:
        return "the requester's own"
    if wanted.payable is not None and listing.provider not in wanted.payable:
        return "not among those whom the requester's policy lets it pay"
    if listing.id in wanted.barred:
        return wanted.barred[listing.id]
    if missing := sorted(set(wanted.media_types) - set(listing.media_types)):
        return f"does not deliver {', '.join(missing)}"
    if price > wanted.most:
        return f"quotes {price}, the task pays at most {wanted.most}"
    if listing.turnaround_hours > wanted.slack_hours:
        return f"takes {listing.turnaround_hours} h, the task has {wanted.slack_hours} h"
    return None


FULL = 1_000
"""Weights of verdicts are thousandths: so many make a full one."""


def lower_bound(good: int, bad: int) -> int:
    """Mean − one standard deviation of Beta(4 + good, 1 + bad), out of 10,000."""
    return weighed_bound(good * FULL, bad * FULL)


def weighed_bound(good: int, bad: int) -> int:
    """`lower_bound` of verdicts in thousandths."""
    a, b = 4 * FULL + good, FULL + bad
    n = a + b
    variance = WHOLE * WHOLE * a * b * FULL // (n * n * (n + FULL))
    return max(0, WHOLE * a // n - isqrt(variance))


def proven(accepted: int, rejected: int, on_time: int, late: int) -> Proven:
    """What these thousandths of verdicts prove."""
    known = WHOLE * (on_time + late) // (NEW_FOR * FULL)
    novelty = 0 if rejected or late else max(0, WHOLE - known)
    return Proven(weighed_bound(accepted, rejected), weighed_bound(on_time, late), novelty)


NEWCOMER = proven(0, 0, 0, 0)


def rank(
    listings: Sequence[Listing],
    wanted: Wanted,
    pasts: Mapping[str, Proven],
    strategy: Strategy,
    seed: int,
) -> tuple[Candidate, ...]:
    """Eligible listings best first, then the ineligible ones with their reason.

    Equal scores go to the lower price, then to a hash of seed, task and provider, so that the
    order in which listings arrived never counts.
    """
    quotes = [(item, quote(item, wanted.units, wanted.units_full)) for item in listings]
    refused = [(item, price, ineligible(item, wanted, price)) for item, price in quotes]
    able = [(item, price) for item, price, reason in refused if reason is None]
    cheapest = min((price.units for _, price in able), default=1)
    fastest = min((item.turnaround_hours for item, _ in able), default=1)
    ranked = [
        _scored(
            item, price, wanted, pasts.get(item.provider, NEWCOMER), strategy, cheapest, fastest
        )
        for item, price in able
    ]
    ranked.sort(key=lambda c: (-c.score, c.quote.units, _draw(seed, wanted.task_id, c.listing)))
    rest = [Candidate(item, price, 0, (), reason) for item, price, reason in refused if reason]
    return (*ranked, *sorted(rest, key=lambda c: (c.listing.provider, c.listing.id)))


def _scored(
    listing: Listing,
    price: Money,
    wanted: Wanted,
    past: Proven,
    strategy: Strategy,
    cheapest: int,
    fastest: int,
) -> Candidate:
    words = frozenset(f"{listing.title} {listing.trade.replace('-', ' ')}".lower().split())
    matched = len(words & wanted.terms)
    parts = {
        # The trade fits already; the rest of fit is how many of the title's words the task uses.
        "fit": WHOLE // 2 + WHOLE // 2 * min(matched, 4) // 4,
        "quality": past.quality,
        "price": WHOLE * cheapest // max(price.units, 1),
        "speed": WHOLE * max(fastest, 1) // max(listing.turnaround_hours, 1),
        "reliability": past.reliability,
        "newcomer": past.novelty,
    }
    weights = weights_of(strategy)
    score = sum(parts[name] * weight for name, weight in weights.items()) // 100
    return Candidate(listing, price, score, tuple(parts.items()), None)


def weights_of(strategy: Strategy) -> dict[str, int]:
    """Percent of the score that each part adds, the newcomer's too."""
    return WEIGHTS[strategy] | {"newcomer": NEWCOMERS}


def _draw(seed: int, task_id: str, listing: Listing) -> str:
    return hashlib.sha256(f"{seed}|{task_id}|{listing.provider}|{listing.id}".encode()).hexdigest()
