"""Every failing shop at every step, with and without a kill, judged after each.

    python bench/legs.py [--quick | --every N] [--jobs N]

A cart of two shops is bought on a fresh ledger while one shop, or both, misbehave at one step for
one, three or twenty answers; then the process dies at some call, or not; then `checkout` is called
again until it ends. After every call: the ledger verifies, nothing is paid that was not bought,
no shop has two orders. At the end: nothing is locked, and each shop has what its order is over.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flux_cli.domain.carts import Cart, CartState
from flux_cli.usecases.checkout import OnFailure, Terms, Undecided, checkout
from tests.usecases.shopping_economy import (
    FAULTS,
    Killed,
    Mall,
    cents_of,
    filled,
    kept,
    kit,
    locked,
    mall,
)
from tests.usecases.small_economy import PLENTY, faults, quiet

STEPS = ("create", "price", "leave", "complete", "session", "order", "cancel")
KILLS = (
    None,
    *itertools.product((0, 1), ("leave", "complete", "order", "cancel"),
                       ("kill_before", "kill_after")),
)  # fmt: skip
MOST_CALLS = 12
Case = tuple[str, str, int, int | None, tuple[int, str, str] | None, OnFailure]


def cases(quick: bool) -> list[Case]:
    """(step, fault, times, which shop or None for both, kill, on failure) of every run."""
    times = (1, 20) if quick else (1, 3, 20)
    kills = KILLS[:1] if quick else KILLS
    return list(itertools.product(STEPS, FAULTS, times, (0, 1, None), kills, OnFailure))


def run(case: Case) -> list[str]:
    """Everything that was wrong in one run; a run that ends well has nothing."""
    step, fault, times, which, kill, on_failure = case
    with tempfile.TemporaryDirectory() as folder:
        here = mall(Path(folder))
        cart = filled(here, kit()).cart
        shops = [leg.shop for leg in cart.legs]
        for shop in shops if which is None else [shops[which]]:
            here.script.faults[(shop, step)] = [fault] * times
        if kill is not None:
            place = (shops[kill[0]], kill[1])
            here.script.faults[place] = [kill[2], *here.script.faults.get(place, [])]
        wrong: list[str] = []
        for _ in range(MOST_CALLS):
            ended = called(here, cart, on_failure)
            now = kept(here, cart.id)
            wrong += judged(here, now)
            if ended or now.state in (CartState.BOUGHT, CartState.PARTLY, CartState.FAILED):
                break
            if all(len(left) == 0 for left in here.script.faults.values()):
                here.script.faults.clear()
        now = kept(here, cart.id)
        wrong += judged(here, now)
        if locked(here, now) and not any(here.script.faults.values()):
            wrong.append(f"{locked(here, now)} cents stay locked in a cart that is {now.state}")
        return wrong


def tried(case: Case) -> tuple[Case, list[str]]:
    """A case and what was wrong in its run."""
    return case, run(case)


def called(here: Mall, cart: Cart, on_failure: OnFailure) -> bool:
    """One call of checkout; whether it ended without buying and would do so again."""
    try:
        ended = checkout(here.deps, cart.id, Terms(on_failure=on_failure), progress=quiet)
    except Killed:
        return False
    except Exception as error:
        from flux_cli.errors import ShopFailed

        if not isinstance(error, ShopFailed):
            raise
        return False
    return isinstance(ended, Undecided)


def judged(here: Mall, cart: Cart) -> list[str]:
    """What does not add up now."""
    wrong = list(faults(here.deps))
    paid = 0
    for leg in cart.legs:
        orders = here.shops.orders(leg.shop)
        if len(orders) > 1:
            wrong.append(f"{leg.shop} has {len(orders)} orders")
        got = cents_of(here, leg.shop)
        live = [order for order in orders if not order["ended"]]
        if got and not live:
            wrong.append(f"{leg.shop} was paid {got} cents for nothing")
        if got > leg.total.units // 10_000:
            wrong.append(f"{leg.shop} was paid {got} cents, quoted {leg.total}")
        paid += got
    if cents_of(here, "ann") + paid + locked(here, cart) != PLENTY // 10_000:
        wrong.append("a cent is lost")
    return wrong


def main() -> None:
    """Run all, print what was wrong and how the carts ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--every", type=int, default=1, help="only every Nth case")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once")
    given = parser.parse_args()
    wanted = cases(given.quick)[:: given.every]
    bad: Counter[str] = Counter()
    with Pool(given.jobs) as pool:
        for number, (case, wrong) in enumerate(pool.imap_unordered(tried, wanted), 1):
            for fault in wrong:
                bad[f"{case}: {fault}"] += 1
            if number % 100 == 0:
                print(f"{number} of {len(wanted)} runs, {len(bad)} faults", flush=True)
    for fault, count in bad.most_common(40):
        print(f"{count} × {fault}")
    print(f"{len(wanted)} runs, {len(bad)} faults")
    if bad:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
