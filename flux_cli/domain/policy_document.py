"""A policy as the owner writes it: a plain document, read strictly, and written back the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import BOUND, CREDIT, Asset, Money, find_asset, parse_money
from flux_cli.domain.policies import Hours, Limit, Policy, Scope, Window
from flux_cli.domain.strict_document import Manner, StrictDocument, Unusable
from flux_cli.errors import InvalidPolicy

MOST_ITEMS = 1000
MOST_LIMITS = 100
LONGEST_NAME = 200
MANNER = Manner("a policy", "tables", InvalidPolicy)


def policy_from(document: Mapping[str, object], agent: str, *, id: str, number: int,  # noqa: A002
                set_at: datetime) -> Policy:  # fmt: skip
    """The policy a document describes. Absent keys set no limit; every amount is in its asset.

    Without an `approval_threshold` no quorum is asked. Raises `InvalidPolicy` naming the key.
    """
    read = StrictDocument(document, MANNER)
    asset = _asset(read)
    amount = _amount_in(asset)
    limits = [_limit(one, amount) for one in read.parts("limits", MOST_LIMITS)]
    policy = Policy(
        id=id,
        agent=agent,
        number=number,
        per_payment=read.take("per_payment", amount),
        limits=tuple(limits),
        payees=read.take("payees", _names),
        denied_payees=read.take("denied_payees", _names) or frozenset(),
        assets=read.take("assets", _assets),
        rails=read.take("rails", _names),
        hours=tuple(_hours(one) for one in read.parts("hours", MOST_LIMITS)),
        minimum_balance=read.take("minimum_balance", amount),
        approval_threshold=read.take("approval_threshold", amount) or Money(BOUND, asset),
        owner_threshold=read.take("owner_threshold", amount),
        require_justification=read.take("require_justification", _switch) or False,
        least_return_percent=read.take("least_return_percent", _count),
        duplicate_window=read.take("duplicate_window", _window),
        paused=read.take("paused", _switch) or False,
        note=bounded(read.take("note", _text) or "", 240),
        set_at=set_at,
    )
    read.done()
    return policy


def document_of(policy: Policy) -> dict[str, object]:
    """What `policy_from` reads back as the same policy; only what it sets, in a fixed order."""
    unlimited = policy.approval_threshold.units == BOUND
    whole: dict[str, object] = {
        "asset": policy.approval_threshold.asset.code,
        "per_payment": _written(policy.per_payment),
        "approval_threshold": None if unlimited else _written(policy.approval_threshold),
        "owner_threshold": _written(policy.owner_threshold),
        "minimum_balance": _written(policy.minimum_balance),
        "payees": _listed(policy.payees),
        "denied_payees": sorted(policy.denied_payees) or None,
        "assets": _listed(policy.assets),
        "rails": _listed(policy.rails),
        "require_justification": policy.require_justification or None,
        "least_return_percent": policy.least_return_percent,
        "duplicate_window": policy.duplicate_window and policy.duplicate_window.value,
        "paused": policy.paused or None,
        "note": policy.note or None,
        "limits": [_limit_document(limit) for limit in policy.limits] or None,
        "hours": [_hours_document(hours) for hours in policy.hours] or None,
    }
    return {key: value for key, value in whole.items() if value is not None}


def _limit(read: StrictDocument, amount: Callable[[object], Money]) -> Limit:
    limit = Limit(
        window=read.need("window", _window),
        amount=read.take("amount", amount),
        count=read.take("count", _count),
        scope=read.take("scope", _scope) or Scope.AGENT,
        only=read.take("only", _name),
        below=read.take("below", amount),
    )
    if limit.amount is None and limit.count is None:
        raise read.wrong("amount", "or count is missing: the limit would limit nothing")
    if limit.only is not None and limit.scope in (Scope.AGENT, Scope.EVERYBODY):
        raise read.wrong("only", 'needs a scope of "payee", "category" or "destination"')
    read.done()
    return limit


def _hours(read: StrictDocument) -> Hours:
    weekdays = read.take("weekdays", _weekdays) or frozenset(range(1, 8))
    since, until = read.need("from", _minute), read.need("until", _minute)
    if since >= until:
        raise read.wrong("until", "is not after `from`; two tables span midnight")
    read.done()
    return Hours(weekdays, since, until)


def _asset(read: StrictDocument) -> Asset:
    return read.take("asset", lambda value: find_asset(_text(value))) or CREDIT


def _amount_in(asset: Asset) -> Callable[[object], Money]:
    def amount(value: object) -> Money:
        if not isinstance(value, str):
            raise Unusable('wants an amount in quotes, such as "25.00"')
        return parse_money(value, asset)

    return amount


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unusable("wants text in quotes")
    return value


def _name(value: object) -> str:
    text = _text(value)
    if not 0 < len(text) <= LONGEST_NAME or text != text.strip():
        raise Unusable(f"wants an exact id of 1 to {LONGEST_NAME} characters")
    return text


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        raise Unusable(f"wants a list of at most {MOST_ITEMS} exact ids")
    return frozenset(_name(one) for one in value)


def _assets(value: object) -> frozenset[str]:
    return frozenset(find_asset(code).code for code in _names(value))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unusable("wants true or false")
    return value


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= BOUND:
        raise Unusable("wants a whole number, 0 or more")
    return value


def _window(value: object) -> Window:
    try:
        return Window(_text(value))
    except ValueError:
        raise Unusable(f"wants one of {', '.join(Window)}") from None


def _scope(value: object) -> Scope:
    try:
        return Scope(_text(value))
    except ValueError:
        raise Unusable(f"wants one of {', '.join(Scope)}") from None


def _weekdays(value: object) -> frozenset[int]:
    days = value if isinstance(value, list) else []
    if not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise Unusable("wants a list of days, 1 (Monday) to 7")
    return frozenset(days)


def _minute(value: object) -> int:
    hour, _, minute = _text(value).partition(":")
    is_time = len(hour) == len(minute) == 2 and (hour + minute).isascii()
    if not is_time or not (hour + minute).isdigit() or int(minute) > 59:
        raise Unusable('wants a time in UTC, such as "08:30"')
    minutes = int(hour) * 60 + int(minute)
    if minutes > 1440:
        raise Unusable('wants a time in UTC of at most "24:00"')
    return minutes


def _written(amount: Money | None) -> str | None:
    """As short as an owner would write it: `25.00`, and no digit less than it has."""
    if amount is None:
        return None
    whole, _, part = amount.decimal.partition(".")
    part = part.rstrip("0").ljust(min(2, amount.asset.exponent), "0")
    return f"{whole}.{part}" if part else whole


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _limit_document(limit: Limit) -> dict[str, object]:
    whole: dict[str, object] = {
        "window": limit.window.value,
        "amount": _written(limit.amount),
        "count": limit.count,
        "scope": None if limit.scope is Scope.AGENT else limit.scope.value,
        "only": limit.only,
        "below": _written(limit.below),
    }
    return {key: value for key, value in whole.items() if value is not None}


def _hours_document(hours: Hours) -> dict[str, object]:
    return {
        "weekdays": sorted(hours.weekdays),
        "from": f"{hours.from_minute // 60:02}:{hours.from_minute % 60:02}",
        "until": f"{hours.until_minute // 60:02}:{hours.until_minute % 60:02}",
    }
