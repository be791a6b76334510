"""Five rule sets or one in five coats? Agreement, correlation and effective votes of the seats.

    python bench/seats.py [--requests 1000] [--seed 0]

Each request is drawn from its own seed, so the figures are the same on every machine. `truth` is
whether the drawn request is a good one by a rule no seat has: the money really comes back, the
payee is honest, and what is bought is delivered. Errors are correlated where seats are wrong on
the same requests.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.adapters.brains.offline import VOTES
from flux_cli.domain.agreement import Pair, effective_votes, hundredths, pairs
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import (
    SEATS,
    Bar,
    Dossier,
    LinePrice,
    Opinion,
    PayeeRecord,
    Urgency,
    Vote,
)

THINGS = ("research report", "ad copy", "banner images", "API credits", "cloud servers")
WHY = (
    "might help",
    "saves $40",
    "because",
    "saves $40 per month in fees",
    "we need it soon",
    "two analysts save 6 hours every week",
    "communication could be better",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One request as the seats see it, and whether it is a good one."""

    dossier: Dossier
    good: bool


def drawn(seed: int) -> Drawn:
    """One plausible request; the seed decides everything, the hidden truth included."""
    chance = random.Random(seed)
    good = chance.random() < 0.5
    honest = good or chance.random() < 0.6
    units = chance.choice([1, 5, 20, 50, 120, 400, 900, 2500]) * chance.randint(700_000, 1_300_000)
    shares = chance.randint(1, 3)
    claims = chance.choice([2, 4, 6, 12] if good else [None, None, 0, 1, 2, 6])
    known = chance.choice([0, 2, 4, 6])
    fair = chance.randint(70, 120) if honest else chance.randint(20, 90)
    delivered = chance.sample(THINGS, chance.choice([1, 1, 2, 3] if good else [0, 1, 1, 2]))
    checked = 2 * len(delivered) if good else chance.choice([0, 0, 2])
    dossier = Dossier(
        request_digest=f"digest {seed}",
        requester=chance.choice(["ada", "eve"]),
        amount=Money(units),
        purpose=delivered[0] if delivered and chance.random() < 0.7 else chance.choice(THINGS),
        justification=chance.choice(WHY[3:6] if good else WHY),
        urgency=chance.choice(list(Urgency)),
        claimed_return=None if claims is None else Money(units * claims),
        free_cash=Money(units * chance.choice([2, 3, 4, 8, 20, 60])),
        reserved=Money(units * chance.choice([0, 0, 1, 3])),
        budget_left=Money(units * chance.choice([1, 2, 5])),
        reserve_floor_percent=20,
        payees=tuple(_payee(chance, i, honest, units // shares) for i in range(shares)),
        escrowed=chance.random() < (0.6 if good else 0.3),
        duplicates_7d=int(not honest and chance.random() < 0.1),
        same_payee_24h=chance.choice([0, 0, 0, 1] if honest else [0, 1, 3]),
        injections=("tool_call",) if not honest and chance.random() < 0.1 else (),
        deliverables=tuple(delivered),
        acceptance_checks=checked,
        slack_hours=chance.choice([None, 24, 72]),
        turnaround_hours=chance.choice([None, 10, 20, 30] if good else [None, 10, 30, 60]),
        prices=(LinePrice("work", Money(units), _prices(chance, units, known, fair)),),
        settled_claims=chance.choice([0, 3, 8]),
        accuracy_percent=chance.randint(60, 110) if honest else chance.randint(0, 70),
        evidence=tuple("abc"[: chance.randint(1, 3) if good else chance.randint(0, 2)]),
    )
    return Drawn(dossier, good)


def _payee(chance: random.Random, place: int, honest: bool, share: int) -> PayeeRecord:
    rejected = chance.choice([0, 0, 1] if honest else [0, 1, 3])
    settled = chance.choice([0, 1, 3, 8] if honest else [0, 0, 1, 2])
    return PayeeRecord(f"payee {place}", honest, settled, rejected, Money(0), Money(share))


def _prices(chance: random.Random, units: int, known: int, fair: int) -> tuple[Money, ...]:
    return tuple(Money(units * fair * chance.randint(85, 115) // 10_000) for _ in range(known))


def judged(requests: Sequence[Drawn]) -> list[dict[str, Opinion]]:
    """What each seat makes of each request."""
    return [{seat: VOTES[seat](one.dossier) for seat in SEATS} for one in requests]


def passes(dossier: Dossier, opinions: dict[str, Opinion]) -> bool:
    """Whether the count would approve it, by the default bar."""
    yes = sum(opinion.vote is Vote.YES for opinion in opinions.values())
    needed = Bar().needed(dossier.amount, dossier.free_cash)
    return yes >= needed and not any(opinion.hard for opinion in opinions.values())


def error_pairs(requests: Sequence[Drawn], opinions: Sequence[dict[str, Opinion]]) -> list[Pair]:
    """The same figures over mistakes: a YES here stands for a vote against the truth."""
    wrong = [
        {
            seat: Vote.YES if (opinion.vote is Vote.YES) is not one.good else Vote.NO
            for seat, opinion in said.items()
            if opinion.vote is not Vote.ABSTAIN
        }
        for one, said in zip(requests, opinions, strict=True)
    ]
    return list(pairs(wrong))


def square(title: str, found: Sequence[Pair], value: str) -> str:
    """A table of one figure for every two seats."""
    known = {(pair.one, pair.other): pair for pair in found}
    lines = [f"{title:12}" + "".join(f"{seat:>12}" for seat in SEATS)]
    for one in SEATS:
        row = f"{one:12}"
        for other in SEATS:
            pair = known.get((one, other)) or known.get((other, one))
            if pair is None:
                shown = "-"
            elif value == "percent":
                shown = f"{pair.percent} %"
            else:
                shown = hundredths(pair.correlation) or "?"
            row += f"{shown:>12}"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    requests = [drawn(asked.seed + number) for number in range(asked.requests)]
    opinions = judged(requests)
    votes = [{seat: said[seat].vote for seat in SEATS} for said in opinions]
    found, errors = pairs(votes), error_pairs(requests, opinions)
    good = sum(one.good for one in requests)
    print(f"{len(requests)} requests, {good} of them good")
    for seat in SEATS:
        cast = [said[seat] for said in votes]
        hard = sum(said[seat].hard for said in opinions)
        counts = "  ".join(f"{vote} {cast.count(vote):4}" for vote in Vote)
        right = sum(
            (said[seat] is Vote.YES) is one.good
            for one, said in zip(requests, votes, strict=True)
            if said[seat] is not Vote.ABSTAIN
        )
        spoke = len(cast) - cast.count(Vote.ABSTAIN)
        print(f"  {seat:12}{counts}  hard {hard:4}  right when it spoke {right * 100 // spoke} %")
    passed = [
        (one.good, passes(one.dossier, said)) for one, said in zip(requests, opinions, strict=True)
    ]
    bad = len(requests) - good
    print(f"approved: {sum(was and ok for was, ok in passed)} of {good} good,"
          f" {sum(ok and not was for was, ok in passed)} of {bad} bad")  # fmt: skip
    print("\n" + square("agreement", found, "percent"))
    print("\n" + square("correlation", found, "correlation"))
    print("\n" + square("errors", errors, "correlation"))
    print(f"\neffective votes: {hundredths(effective_votes(found))} of five by votes,"
          f" {hundredths(effective_votes(errors))} by errors")  # fmt: skip


if __name__ == "__main__":
    main()
