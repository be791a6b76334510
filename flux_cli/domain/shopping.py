"""What a person wants to buy, understood: needs, a budget, a deadline and a strategy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from flux_cli.domain.categories import CATEGORIES
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Asset, Money, find_asset, parse_money
from flux_cli.domain.strict_document import Manner, StrictDocument, Unusable
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidInput

T = TypeVar("T")

MOST_NEEDS = 100
MOST_QUANTITY = 100_000
MOST_PEOPLE = 100_000
MOST_TERMS = 20
MOST_REMARKS = 200
LONGEST_TERM = 60
LONGEST_REMARK = 240
USUAL_VALUE = 10
MANNER = Manner("a shopping list", "objects", null_is_absent=True)


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing a reader of the wish understood, assumed or warns of.

    `start` and `end` are the characters of the wish it speaks of; both -1 where it speaks of none.
    """

    text: str
    start: int = -1
    end: int = -1


@dataclass(frozen=True, slots=True)
class Need:
    """One line of the shopping list: `quantity` of `unit`, as its category counts.

    `terms` are words a fitting product should have, `exclusions` words it must not have;
    `value` is what having it is worth against the other needs, 1 to 100.
    """

    name: str
    category: str
    quantity: int
    unit: str
    must: bool = True
    terms: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    max_unit_price: Money | None = None
    value: int = USUAL_VALUE


@dataclass(frozen=True, slots=True)
class ShoppingSpec:
    """What to buy. Exclusions hold for every need; `currency` is an ISO 4217 code."""

    needs: tuple[Need, ...]
    budget: Money | None = None
    deadline: date | None = None
    people: int | None = None
    strategy: Strategy = Strategy.BALANCED
    exclusions: tuple[str, ...] = ()
    currency: str = "USD"
    understood: tuple[Remark, ...] = ()
    assumptions: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def asset_of(currency: str) -> Asset:
    """What a currency is counted in: US dollars in CREDIT, every other in its own asset.

    Raises `InvalidInput` for a code nothing can be paid in.
    """
    return CREDIT if currency == "USD" else find_asset(currency)


def spec_from(document: Mapping[str, object]) -> ShoppingSpec:
    """The spec a plain document describes; exactly what `document_of_spec` writes is read back.

    Only `needs` has to be there. Raises `InvalidInput` naming the first part that is wrong.
    """
    read = StrictDocument(document, MANNER)
    currency = read.take("currency", _currency) or "USD"
    amount = _amount_in(asset_of(currency))
    spec = ShoppingSpec(
        needs=tuple(_need(one, amount) for one in read.parts("needs", MOST_NEEDS, least=1)),
        budget=read.take("budget", amount),
        deadline=read.take("deadline", _day),
        people=read.take("people", _between(1, MOST_PEOPLE)),
        strategy=read.take("strategy", _strategy) or Strategy.BALANCED,
        exclusions=read.take("exclusions", _terms) or (),
        currency=currency,
        understood=_remarks(read, "understood"),
        assumptions=_remarks(read, "assumptions"),
        warnings=_remarks(read, "warnings"),
    )
    read.done()
    names = [need.name for need in spec.needs]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"needs name {name!r} twice", param="needs")
    return spec


def document_of_spec(spec: ShoppingSpec) -> dict[str, object]:
    """The spec as plain JSON: amounts as decimal text, days as `2026-11-27`; nothing left out."""
    return {
        "needs": [
            {
                "name": need.name,
                "category": need.category,
                "quantity": need.quantity,
                "unit": need.unit,
                "must": need.must,
                "terms": list(need.terms),
                "exclusions": list(need.exclusions),
                "max_unit_price": _written(need.max_unit_price),
                "value": need.value,
            }
            for need in spec.needs
        ],
        "budget": _written(spec.budget),
        "deadline": spec.deadline.isoformat() if spec.deadline else None,
        "people": spec.people,
        "strategy": spec.strategy.value,
        "exclusions": list(spec.exclusions),
        "currency": spec.currency,
        "understood": _remark_list(spec.understood),
        "assumptions": _remark_list(spec.assumptions),
        "warnings": _remark_list(spec.warnings),
    }


def checked(spec: ShoppingSpec) -> ShoppingSpec:
    """`spec` itself, when it is sound; whoever builds one by hand asks this. `InvalidInput`."""
    again = spec_from(document_of_spec(spec))
    assert again == spec, "a spec is read back as it was written"
    return spec


def _need(read: StrictDocument, amount: Callable[[object], Money]) -> Need:
    category = CATEGORIES[read.need("category", _category)]
    need = Need(
        name=read.need("name", _term),
        category=category.id,
        quantity=read.need("quantity", _between(1, MOST_QUANTITY)),
        unit=read.take("unit", _term) or category.unit,
        must=_or(read.take("must", _switch), True),
        terms=read.take("terms", _terms) or (),
        exclusions=read.take("exclusions", _terms) or (),
        max_unit_price=read.take("max_unit_price", amount),
        value=read.take("value", _between(1, 100)) or USUAL_VALUE,
    )
    if need.unit != category.unit:
        raise read.wrong("unit", f"of {category.id} is {category.unit!r}")
    read.done()
    return need


def _remarks(read: StrictDocument, key: str) -> tuple[Remark, ...]:
    remarks = []
    for one in read.parts(key, MOST_REMARKS):
        start, end = (_or(one.take(side, _place), -1) for side in ("start", "end"))
        remarks.append(Remark(one.need("text", _line(LONGEST_REMARK)), start, end))
        one.done()
        if start > end:
            raise one.wrong("start", "is after `end`")
    return tuple(remarks)


def _or(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def _remark_list(remarks: tuple[Remark, ...]) -> list[dict[str, object]]:
    return [{"text": one.text, "start": one.start, "end": one.end} for one in remarks]


def _amount_in(asset: Asset) -> Callable[[object], Money]:
    def amount(value: object) -> Money:
        if not isinstance(value, str):
            raise Unusable('wants an amount in quotes, such as "25.00"')
        money = parse_money(value, asset)
        if money.units == 0:
            raise Unusable("wants more than nothing")
        return money

    return amount


def _written(amount: Money | None) -> str | None:
    return None if amount is None else amount.decimal


def _line(longest: int) -> Callable[[object], str]:
    def line(value: object) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise Unusable(f"wants 1 to {longest} characters")
        if value != value.strip() or HIDDEN.search(value):
            raise Unusable("wants one line without hidden characters or room around it")
        return value

    return line


_term = _line(LONGEST_TERM)


def _terms(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_TERMS:
        raise Unusable(f"wants a list of at most {MOST_TERMS} terms")
    return tuple(_term(one) for one in value)


def _category(value: object) -> str:
    if not isinstance(value, str) or value not in CATEGORIES:
        raise Unusable(f"wants one of {', '.join(CATEGORIES)}")
    return value


def _currency(value: object) -> str:
    if not isinstance(value, str):
        raise Unusable("wants the code of a currency, such as USD")
    find_asset(value)
    return value


def _strategy(value: object) -> Strategy:
    try:
        return Strategy(value)  # type: ignore[arg-type]  # anything else is no strategy
    except ValueError:
        raise Unusable(f"wants one of {', '.join(Strategy)}") from None


def _day(value: object) -> date:
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Unusable("wants a day, such as 2026-11-27")


def _between(least: int, most: int) -> Callable[[object], int]:
    def number(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Unusable(f"wants a whole number from {least} to {most}")
        return value

    return number


_place = _between(-1, 1_000_000)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unusable("wants true or false")
    return value
