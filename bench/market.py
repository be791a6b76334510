"""How fair the market is: position bias, what rings gain, what garbage earns, what it costs.

    python bench/market.py

Equal candidates over seeded searches; fifty colluding agents in five schemes against honest
specialists; every specialist's garbage over seeded runs; time of a search as listings grow.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flux_cli.domain.marketplace import Listing, Strategy, Wanted, rank
from flux_cli.domain.money import parse_money
from flux_cli.domain.reputation import reputation, society
from flux_cli.usecases.search_market import search_market
from tests.domain.test_reputation import (
    HONEST,
    SCHEMES,
    TRUSTED,
    honest_work,
    scheme,
)
from tests.usecases.market_economy import (
    SELLERS,
    books,
    carried_out,
    faults,
    goal,
    hires,
    market,
)


def listings(number: int) -> list[Listing]:
    """Equal sellers of copy."""
    return [
        Listing(f"lst_{n:06}", f"seller{n}", "copy", "Copy", "Any copy.", ("text/markdown",),
                parse_money("10"), parse_money("20"), 8, active=True,
                created_at=datetime(2026, 11, 22, tzinfo=UTC))
        for n in range(number)
    ]  # fmt: skip


def position_bias(searches: int, sellers: int) -> bool:
    """Print how often each of equal sellers came first, by the order in which they arrived."""
    offers = listings(sellers)
    wanted = Wanted("t", "ada", "copy", (), frozenset(), 1, 1, parse_money("99"), 24)
    first = Counter[str]()
    for seed in range(searches):
        first[rank(offers, wanted, {}, Strategy.BALANCED, seed)[0].listing.provider] += 1
    shares = [100 * first[offer.provider] / searches for offer in offers]
    worst = max(abs(share - 100 / sellers) for share in shares)
    shown = ", ".join(f"{share:.2f} %" for share in shares)
    print(f"position bias over {searches} searches of {sellers} equals: {shown}; worst {worst:.2f}")
    return worst <= 2


def rings(seeds: int) -> bool:
    """Print what a member of a ring of fifty comes to, beside the honest median."""
    fair = True
    for kind in SCHEMES:
        gained, medians = [], []
        for seed in range(seeds):
            draw = random.Random(seed)
            deals = honest_work(draw) + scheme(kind, draw)
            draw.shuffle(deals)
            known = society(deals, {}, TRUSTED)
            honest = sorted(reputation(name, deals, known).proven.quality for name in HONEST)
            medians.append(honest[len(honest) // 2])
            gained.append(reputation("ring0", deals, known).proven.quality)
        won = sum(g >= m for g, m in zip(gained, medians, strict=True))
        fair = fair and not won
        print(f"ring of 50, {kind}: member at most {max(gained)}, honest median at least"
              f" {min(medians)}; above it in {won} of {seeds}")  # fmt: skip
    return fair


def garbage(runs: int) -> bool:
    """Print what sellers of garbage were paid over whole runs through the ledger."""
    paid_twice = kept = faulty = 0
    for number in range(runs):
        with tempfile.TemporaryDirectory() as name:
            bad = number % 4
            deps = market(Path(name), garbage=bad)
            carried_out(deps, replace(goal(Path(name)), seed=number))
            paid = [books(deps).get(f"wallet:{seller}", 0) > 0 for seller in SELLERS]
            settled = sum(state == "settled" for _, state in hires(deps))
            paid_twice += sum(paid) > 1
            kept += sum(paid) != settled or (bad == 3 and any(paid))
            faulty += bool(faults(deps))
    print(f"garbage in {runs} runs: paid to two {paid_twice}, kept by its seller {kept},"
          f" ledgers at fault {faulty}")  # fmt: skip
    return not (paid_twice or kept or faulty)


def searching(sizes: tuple[int, ...]) -> None:
    """Print how long a search takes as listings grow."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            deps = market(Path(name), garbage=0)
            with deps.store.begin() as tx:
                for offer in listings(size):
                    tx.put(offer, "listing.published")
            began = time.perf_counter()
            with deps.store.reading() as reader:
                found = search_market(deps, reader, "copy", Strategy.BALANCED, 7)
            took = 1000 * (time.perf_counter() - began)
            print(f"a search that finds {len(found)} of {size + 8} listings: {took:.0f} ms")


def main() -> int:
    """Print every figure; 0 only where the market is fair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--searches", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--runs", type=int, default=12)
    options = parser.parse_args()
    fair = [position_bias(options.searches, sellers) for sellers in (2, 5, 10)]
    fair += [rings(options.seeds), garbage(options.runs)]
    searching((100, 1000))
    print("fair" if all(fair) else "NOT FAIR")
    return 0 if all(fair) else 1


if __name__ == "__main__":
    sys.exit(main())
