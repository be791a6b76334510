"""Limits over a window of time: what each one counts of a request, and whether it still fits."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.intents import Spend
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import EVERYBODY, Limit, Scope, Window
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.facts import Facts, Used
from flux_cli.kernel.verdict import Ruling, at_most

WORDS = {
    Window.HOUR: "an hour",
    Window.DAY: "24 hours",
    Window.WEEK: "7 days",
    Window.MONTH: "30 days",
    Window.CALENDAR_DAY: "this calendar day (UTC)",
}

PAYEE_SCOPES = (Scope.PAYEE, Scope.DESTINATION)


def parts(limit: Limit, spend: Spend) -> tuple[tuple[str, Money], ...]:
    """Each subject this limit counts for the request, with the amount it would add.

    `only` narrows the scopes that have many subjects; an agent's or everybody's limit ignores it.
    """
    found = [(spend.category, spend.amount)]
    if limit.scope is Scope.AGENT:
        return ((spend.requester, spend.amount),)
    if limit.scope is Scope.EVERYBODY:
        return ((EVERYBODY, spend.amount),)
    if limit.scope in PAYEE_SCOPES:
        found = [(share.payee, share.amount) for share in spend.shares]
    return tuple(part for part in found if limit.only in (None, part[0]))


def every_limit(facts: Facts) -> Iterator[tuple[str, Limit]]:
    """The policy's limits and those of every mandate, each with the front of its rules' names."""
    yield from (("", limit) for limit in facts.policy.limits)
    for mandate in facts.mandates:
        yield from (("mandate_", limit) for limit in mandate.limits)


def counted(limit: Limit, subject: str, facts: Facts) -> Used | None:
    """What the limit has counted for the subject; None unless the facts say it, once."""
    known = [used for used in facts.used if used.limit == limit and used.subject == subject]
    if len(known) != 1 or known[0].amount.units < 0 or known[0].count < 0:
        return None
    return known[0]


def rule_name(limit: Limit, what: str = "") -> str:
    """The stable name of a limit's rule, e.g. `rolling_24h`, `payee_count_7d`, `calendar_day`."""
    window = "calendar_day" if limit.window is Window.CALENDAR_DAY else limit.window.value
    words = [
        "structuring" if limit.below is not None else "",
        limit.scope.value if limit.scope is not Scope.AGENT else "",
        what,
    ]
    name = "_".join([word for word in words if word] + [window])
    return f"rolling_{name}" if name == limit.window.value else name


def within_limits(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """What each limit has counted in its window, with this, is at most its amount and its count.

    With `below`, a larger part is not judged. A limit with nothing known of it refuses.
    """
    for front, limit in every_limit(facts):
        name, count_name = front + rule_name(limit), front + rule_name(limit, "count")
        for subject, part in parts(limit, spend):
            used = counted(limit, subject, facts)
            if used is None:
                message = f"what {name} has counted for {subject} is not known"
                yield Ruling(name, Refusal("facts_incomplete", message))
            elif limit.below is None or part.units <= limit.below.units:
                whose = "" if limit.scope is Scope.AGENT else f" for {subject}"
                when = f"in {WORDS[limit.window]}{whose}"
                if limit.amount is not None:
                    after = used.amount.units + part.units
                    yield at_most(name, f"spent and held {when}", limit.amount.units, after)
                if limit.count is not None:
                    message = f"payments {when}"
                    yield at_most(count_name, message, limit.count, used.count + 1, unit="payments")


def room(limit: Limit, subject: str, facts: Facts) -> int:
    """The most units that one more payment may add for the subject; 0 where none may."""
    used = counted(limit, subject, facts)
    if used is None or (limit.count is not None and used.count >= limit.count):
        return 0
    return BOUND if limit.amount is None else max(limit.amount.units - used.amount.units, 0)
