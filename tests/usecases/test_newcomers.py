"""Who counts as new in the ranking, and who only took another name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flux_cli.domain.marketplace import WHOLE, Listing
from flux_cli.domain.money import parse_money
from flux_cli.usecases.publish_listing import NewListing, publish_listing
from flux_cli.usecases.reputations import pasts
from tests.usecases.market_economy import carried_out, goal, market


def test_107_an_owner_whose_agent_failed_is_not_new_under_another_name(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=9, sellers=("quill",))
    with deps.store.begin() as tx:
        (quill,) = tx.find(Listing, provider="quill")
        tx.put(replace(quill, owner="acme"), "listing.changed")
    price = parse_money("10")
    new = NewListing(
        "bot", "acme", "copy", "Fresh copy", "Any.", ("text/markdown",), price, price, 5
    )
    fresh = publish_listing(deps, new)
    honest = publish_listing(deps, replace(new, provider="ann", owner="ann"))

    def novelty() -> list[int]:
        with deps.store.reading() as reader:
            found = pasts(deps, reader, [fresh, honest])
        return [found["bot"].novelty, found["ann"].novelty]

    assert novelty() == [WHOLE, WHOLE]
    with deps.store.begin() as tx:
        for one in (fresh, honest):
            tx.put(replace(one, active=False), "listing.changed")
    carried_out(deps, goal(tmp_path))
    assert novelty() == [0, WHOLE]
