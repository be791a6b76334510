"""Cards at length: their numbers, races for one, kills at random, a hundred thousand of them.

    python bench/cards.py numbers --count 1000000 [--plant no-redraw|sequential|bad-digit]
    python bench/cards.py race --rounds 100 [--plant never-used-up]
    python bench/cards.py kill --points 200 [--plant fresh-ids]
    python bench/cards.py machine --steps 100000 [--seed 1]
    python bench/cards.py list --count 100000

Each prints its counts and ends with 1 where something is not as it must be.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "usecases"))

from card_economy import WHOLE, Cards, cards_in, reopened
from card_races import PROCESSES, buy, issued, race
from card_sides import live
from small_economy import PLENTY, asked, quiet
from stdnum import luhn

from flux_cli.adapters.clock import FreshIds
from flux_cli.adapters.keychain import CardSecret
from flux_cli.domain.card_network import Authorization, NetworkMessage
from flux_cli.domain.cards import CARD_NETWORK, Card, CardState, CardUsage
from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.money import Money
from flux_cli.usecases import card_network
from flux_cli.usecases.cards import issue_card_for, reveal_card
from flux_cli.usecases.request_money import request_money

CHI_SQUARE_999 = 27.88
"""Nine degrees of freedom: a fair digit exceeds this once in a thousand."""


def scratch() -> Path:
    """A folder in memory, where there is some."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="flux-cards-", dir=memory if memory.is_dir() else None))


# Numbers


def drawn(folder: Path, plant: str | None) -> Callable[[], str]:
    """What gives one number after another, as a new ledger would."""
    secret, ids = CardSecret(folder / "flux.db", "424242"), FreshIds()
    secret.prepare(create=True)
    if plant == "sequential":
        start = iter(range(10**9))
        return lambda: (p := f"424242{next(start):09}") + luhn.calc_check_digit(p)
    if plant == "bad-digit":
        return lambda: secret.number(ids.new("card"))[0][:-1] + "0"
    return lambda: secret.number(ids.new("card"))[0]


def numbers(count: int, plant: str | None) -> int:
    """Generate `count` numbers by the issuer's rule: one that is taken is drawn again."""
    folder, began = scratch(), time.monotonic()
    asked_of: list[int] = []
    real = secrets.token_bytes
    secrets.token_bytes = lambda size=32: (asked_of.append(size), real(size))[1]
    draw = drawn(folder, plant)
    secrets.token_bytes = real
    kept: list[str] = []
    taken: set[str] = set()
    again = 0
    while len(kept) < count:
        number = draw()
        if number in taken and plant != "no-redraw":
            again += 1
            continue
        taken.add(number)
        kept.append(number)
    shutil.rmtree(folder)
    invalid = sum(1 for number in kept if len(number) != 16 or not luhn.is_valid(number))
    places = [Counter(number[place] for number in kept) for place in range(6, 15)]
    squares = [sum((n[d] - count / 10) ** 2 / (count / 10) for d in "0123456789") for n in places]
    middles = [int(number[6:15]) for number in kept]
    echo = abs(statistics.correlation(middles, [*middles[1:], middles[0]])) * count**0.5
    print(f"{count} numbers in {time.monotonic() - began:.0f} s")
    print(f"{invalid} not valid by python-stdnum")
    print(f"{count - len(set(kept))} twice; {again} drawn again because taken")
    said = " ".join(f"{one:.1f}" for one in squares)
    print(f"digits 7 to 15: chi-square {said} (9 degrees of freedom)")
    print(f"each with the next: correlation {echo:.2f} standard errors")
    print(f"from secrets.token_bytes({', '.join(map(str, asked_of)) or 'nothing'})")
    odd = sum(square > CHI_SQUARE_999 for square in squares) > 1 or echo > 5
    return int(bool(invalid or len(set(kept)) < count or odd or 32 not in asked_of))


# Races


def never_used_up(*given: object) -> object:
    """The planted defect: a single-use card is not taken by its first purchase."""
    return given[1]


def reveal(cards: Cards, card: Card, _: int) -> object:
    """Have a look at the card."""
    return reveal_card(cards.deps, card.id)


def races(rounds: int, plant: str | None) -> int:
    """One single-use card against sixteen processes, again and again; then its reveal."""
    if plant:
        card_network.take = never_used_up
    wins: Counter[tuple[str, int]] = Counter()
    faults: list[str] = []
    began = time.monotonic()
    for number in range(rounds):
        for kind in ("authorise", "charge", "reveal"):
            folder = scratch()
            cards, card = issued(folder)
            step = reveal if kind == "reveal" else buy(kind, WHOLE * (2 + number % 3))
            answers = race(folder, card, [step] * PROCESSES)
            won = [one for one in answers if one == "done" or one.startswith("auth_")]
            wins[kind, len(won)] += 1
            faults += cards.faults()
            shutil.rmtree(folder)
    for (kind, won), times in sorted(wins.items()):
        print(f"{kind}: {won} of {PROCESSES} won, {times} times")
    print(f"{len(faults)} faults; {time.monotonic() - began:.0f} s")
    return int(bool(faults) or {won for _, won in wins} != {1})


# Kills

LIFE = ("authorise", "capture", "final", "refund")
"""What becomes of each card: 5 authorised, 2 and 1 captured, 1 refunded."""


def one_life(cards: Cards, number: int, fresh: bool) -> None:
    """A card from its payment to its refund; every step is keyed, so it can be taken again."""
    deps, amount = cards.deps, Money(9 * WHOLE)
    request = asked(
        amount.units, shares=(Share(CARD_NETWORK, amount),), reference=f"life {number}",
        capture_method=CaptureMethod.MANUAL, hold_hours=8760,
    )  # fmt: skip
    intent = request_money(deps, request, key=f"life {number}", progress=quiet)
    card = issue_card_for(deps, intent.id, usage=CardUsage.SINGLE_USE, key=f"card {number}")
    ids = {one: f"{number} {one} {os.urandom(4).hex() if fresh else ''}" for one in LIFE}
    claim = cards.send(card, 5 * WHOLE, network_id=ids["authorise"])
    if isinstance(claim, Authorization):
        cards.follow("capture", claim, 2 * WHOLE, final=False, network_id=ids["capture"])
        cards.follow("capture", claim, WHOLE, final=True, network_id=ids["final"])
        cards.follow("refund", claim, WHOLE, network_id=ids["refund"])


def work(folder: Path, plant: str | None) -> None:
    """Live after life until killed, each written down before it begins."""
    cards = reopened(folder)
    log = os.open(folder / "begun", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = len((folder / "begun").read_text().split())
    while True:
        os.write(log, f"{number}\n".encode())
        one_life(cards, number, plant == "fresh-ids")
        number += 1


def examined(folder: Path, plant: str | None) -> list[str]:
    """Finish every life that was begun, then what is not as it must be."""
    cards = reopened(folder)
    begun = [int(line) for line in (folder / "begun").read_text().split()]
    wrong = cards.faults()
    for number in begun:
        one_life(cards, number, plant == "fresh-ids")
    with cards.deps.store.reading() as reader:
        kept = reader.find(Card, limit=10**6)
        claims = reader.find(Authorization, limit=10**6)
        messages = reader.find(NetworkMessage, limit=10**6)
    ended = Counter(
        (one.state.value, one.spent.units, one.released.units, one.refunded.units) for one in kept
    )
    count = len(begun)
    if ended != {("used", 3 * WHOLE, 6 * WHOLE, WHOLE): count}:
        wrong.append(f"cards ended as {dict(ended)}")
    if (len(claims), len(messages)) != (count, count * len(LIFE)):
        wrong.append(f"{len(claims)} claims and {len(messages)} messages of {count} cards")
    if (cards.wallet("ann"), cards.wallet(CARD_NETWORK)) != (
        PLENTY - 2 * WHOLE * count,
        2 * WHOLE * count,
    ):
        wrong.append(f"wallets hold {cards.wallet('ann')} and {cards.wallet(CARD_NETWORK)}")
    return wrong + cards.faults()


def forked(task: Callable[[], object]) -> int:
    """The id of a process that does `task` and then ends: with 1 where it gave something."""
    child = os.fork()
    if child:
        return child
    code = 2
    try:
        said = task()
        for line in said if isinstance(said, list) else []:
            print(f"  {line[:200]}", flush=True)
        code = int(bool(said))
    finally:
        os._exit(code)


def kills(points: int, seed: int, plant: str | None) -> int:
    """Kill a client at random instants; every so many, a new ledger."""
    draw, bad, began, folder = random.Random(seed), 0, time.monotonic(), None
    lives = 0
    for point in range(points):
        if folder is None or point % 10 == 0:
            if folder is not None:
                shutil.rmtree(folder)
            folder = scratch()
            cards_in(folder).deps.store.close()
            (folder / "begun").touch()
        place = folder
        child = forked(lambda place=place: work(place, plant))
        time.sleep(0.05 + draw.uniform(0, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        _, status = os.waitpid(forked(lambda place=place: examined(place, plant)), 0)
        lives += len((folder / "begun").read_text().split())
        bad += status != 0
        if status != 0:
            folder = None
    print(f"{points - bad} of {points} kills left cards and ledger as they must be,")
    print(f"{lives} lives finished and looked at; {time.monotonic() - began:.0f} s")
    return int(bad > 0)


# The machine


def machine(steps: int, seed: int) -> int:
    """Other seeds, and more of them, of the test's machine."""
    began, done, ledgers = time.monotonic(), 0, 0
    while done < steps:
        one = live(f"{seed}:{ledgers}", 500)
        done, ledgers = done + one.steps, ledgers + 1
        if one.fault:
            print(one.fault)
            return 1
    print(f"{done} steps on {ledgers} ledgers in {time.monotonic() - began:.0f} s; 0 mismatches")
    return 0


# Many cards

LINES = (
    ("list",), ("list", "--status", "active"), ("list", "--agent", "ben"),
    ("list", "--json"),
)  # fmt: skip


def many(count: int) -> int:
    """A ledger with `count` cards, and how long it takes to look at them."""
    folder = scratch()
    cards = cards_in(folder)
    card, deps = cards.issue(), cards.deps
    alone = [timed(folder, *line) for line in LINES]
    began = time.monotonic()
    made, taken = [card], {card.fingerprint}
    while len(made) < count:
        with deps.store.begin() as tx:
            for _ in range(min(2000, count - len(made))):
                card_id = deps.ids.new("card")
                number, fingerprint = deps.card_numbers.number(card_id)
                if fingerprint in taken:
                    continue
                taken.add(fingerprint)
                later = card.issued_at + timedelta(minutes=len(made))
                one = replace(
                    card, id=card_id, key=card_id, intent_id=f"pi_{card_id}",
                    fingerprint=fingerprint, last_four=number[-4:], expires_at=later,
                    holder=("ann", "ben")[len(made) % 2],
                    state=list(CardState)[len(made) % 7 % 5],
                )  # fmt: skip
                tx.put(one, "card.issued")
                made.append(one)
    print(f"{count} cards written in {time.monotonic() - began:.0f} s")
    deps.store.close()
    slow = []
    for line, one in zip(LINES, alone, strict=True):
        took = timed(folder, *line)
        print(f"flux cards {' '.join(line)}: {took:.0f} ms; of one card {one:.0f} ms")
        slow += [line] if took > one + 100 else []
    reader_ms = lookups(reopened(folder), made[count // 3])
    shutil.rmtree(folder)
    return int(bool(slow) or reader_ms > 20)


def lookups(cards: Cards, one: Card) -> float:
    """The slowest of what a merchant's message needs, in milliseconds."""
    slowest = 0.0
    with cards.deps.store.reading() as reader:
        for name, look in (
            ("by fingerprint", lambda: reader.lookup(Card, fingerprint=one.fingerprint)),
            ("newest page", lambda: reader.find(Card, limit=50)),
            ("active page", lambda: reader.find(Card, state="active", limit=50)),
            ("a holder's page", lambda: reader.find(Card, holder="ann", limit=50)),
            ("due", lambda: reader.due(Card, "active", 100)),
        ):
            began = time.perf_counter()
            look()
            took = 1000 * (time.perf_counter() - began)
            slowest = max(slowest, took)
            print(f"{name}: {took:.2f} ms")
    return slowest


def timed(folder: Path, *line: str) -> float:
    """The best of five runs of `flux cards …`, in milliseconds of processor time."""
    argv = [sys.executable, "-m", "flux_cli", "cards", *line]
    environ = {**os.environ, "FLUX_DB": str(folder / "flux.db"), "HOME": str(folder)}
    took = []
    for _ in range(5):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, env=environ, cwd=folder, capture_output=True, check=True)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(1000 * (ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime))
    return min(took)


def main() -> int:
    """Do the one that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("numbers", "race", "kill", "machine", "list"))
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant")
    asked_for = parser.parse_args()
    match asked_for.what:
        case "numbers":
            return numbers(asked_for.count, asked_for.plant)
        case "race":
            return races(asked_for.rounds, asked_for.plant)
        case "kill":
            return kills(asked_for.points, asked_for.seed, asked_for.plant)
        case "machine":
            return machine(asked_for.steps, asked_for.seed)
        case _:
            return many(asked_for.count)


if __name__ == "__main__":
    sys.exit(main())
