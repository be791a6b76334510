"""Finding listings by words, ranked by the same formula that hires."""

from __future__ import annotations

import re
from dataclasses import replace

from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.marketplace import Candidate, Listing, Strategy, Wanted, rank, weights_of
from flux_cli.domain.money import Money
from flux_cli.errors import InvalidInput
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.outside_ports import barred
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.reputations import pasts

ANY_TIME = 24 * 90

_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> frozenset[str]:
    """The words of a text, in lower case."""
    return frozenset(_WORD.findall(text.casefold()))


def search_market(
    deps: Deps, reader: Reader, text: str, strategy: Strategy, seed: int
) -> list[Candidate]:
    """Listings that match, ranked within their trade for a full job, the best score first."""
    terms = words_of(text)
    if not terms:
        raise InvalidInput("search for at least one word", param="WORDS")
    found = [reader.get(Listing, name) for name in reader.listings_with(text)]
    known = pasts(deps, reader, found)
    ranked: list[Candidate] = []
    for trade in sorted({item.trade for item in found}):
        offers = [item for item in found if item.trade == trade]
        wanted = replace(_wanted(trade, terms, offers), barred=barred(deps, offers))
        ranked += rank(offers, wanted, known, strategy, seed)
    # The sort is stable, so equals keep the order their trade's ranking gave them.
    return sorted(ranked, key=lambda one: (one.ineligible is not None, -one.score))


def _wanted(trade: str, terms: frozenset[str], offers: list[Listing]) -> Wanted:
    """A full job of this trade, with neither price nor time as a limit."""
    return Wanted(
        task_id=f"search:{trade}",
        requester=ORCHESTRATOR,
        trade=trade,
        media_types=(),
        terms=terms,
        units=1,
        units_full=1,
        most=Money(max(offer.price_max.units for offer in offers), offers[0].price_max.asset),
        slack_hours=max(ANY_TIME, *(offer.turnaround_hours for offer in offers)),
    )


def describe_candidate(one: Candidate, strategy: Strategy) -> Document:
    """A listing with its score and, for each part of it, value × weight."""
    weights = weights_of(strategy)
    parts = {
        name: {"value": value, "weight": weights[name], "points": value * weights[name]}
        for name, value in one.parts
    }
    return shallow(one.listing) | {
        "quote": one.quote,
        "score": one.score,
        "ineligible": one.ineligible,
        "parts": parts,
    }


def formula(strategy: Strategy) -> str:
    """How a score comes from its parts."""
    terms = " + ".join(f"{weight}×{name}" for name, weight in weights_of(strategy).items())
    return f"score = ({terms}) ÷ 100, rounded down; every part is out of 10000"
