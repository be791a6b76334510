"""Limits over a window of time: what each one counts of a request, and whether it still fits."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import Spend
from flux_cli.domain.policies import Limit, Scope
from flux_cli.domain.refusals import Refusal, Ruling
from flux_cli.kernel.verdict import at_most


def counted(limit: Limit, subject: str, facts: Facts) -> Used | None:
    """What the limit has counted for the subject; None unless the facts say it, once."""
    known = [used for used in facts.used if used.limit == limit and used.subject == subject]
    sound = len(known) == 1 and known[0].amount.units >= 0 and known[0].count >= 0
    return known[0] if sound else None


def within_limits(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """What each limit has counted in its window, with this, is at most its amount and its count.

    With `below`, a larger part is not judged. A limit with nothing known of it refuses.
    """
    for front, limit in facts.limits:
        for subject, part in parts(limit, spend):
            name, used = front + limit.rule(), counted(limit, subject, facts)
            if used is None:
                message = f"what {name} has counted for {subject} is not known"
                yield Ruling(name, Refusal("facts_incomplete", message))
            elif limit.below is None or part.units <= limit.below.units:
                yield from within_limit(front, limit, subject, part.units, used)


def within_limit(
    front: str, limit: Limit, subject: str, units: int, used: Used
) -> Iterator[Ruling]:
    """The limit's amount and its count, each if it has one, for one subject."""
    payee = subject if limit.scope in (Scope.PAYEE, Scope.DESTINATION) else None
    when = f"in {limit.window.words}" + ("" if limit.scope is Scope.AGENT else f" for {subject}")
    if limit.amount is not None:
        name, after, message = front + limit.rule(), used.amount.units + units, "spent and held"
        yield at_most(name, f"{message} {when}", limit.amount.units, after, payee=payee)
    if limit.count is not None:
        name, after = front + limit.rule("count"), used.count + 1
        yield at_most(name, f"payments {when}", limit.count, after, unit="payments")
