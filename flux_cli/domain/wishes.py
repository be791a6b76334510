"""A wish in words becomes a shopping list, offline: the same words always give the same list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from flux_cli.domain.categories import CATEGORIES
from flux_cli.domain.free_text import bounded
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import BOUND, Money, total
from flux_cli.domain.shopping import (
    LONGEST_REMARK,
    LONGEST_TERM,
    MOST_NEEDS,
    MOST_QUANTITY,
    MOST_TERMS,
    Need,
    Remark,
    ShoppingSpec,
    asset_of,
    checked,
)
from flux_cli.domain.wishes_amounts import Paid, Prices, read_prices, spell_out
from flux_cli.domain.wishes_days import read_deadline
from flux_cli.domain.wishes_frame import headcount, read_crowds, read_strategy, set_shops_aside
from flux_cli.domain.wishes_needs import Clauses, Draft, settled
from flux_cli.domain.wishes_phrases import named
from flux_cli.domain.wishes_text import Plain, Reading, set_orders_aside
from flux_cli.domain.wishes_words import KITS
from flux_cli.errors import Fix, InvalidInput

LONGEST_BRIEF = 20_000
"""Characters of a wish that are read; a longer one is refused."""

_BULLETS = re.compile(
    r"(?m)^[ ]*(?:(?:[-*+][ ]+|[0-9]{1,3}[.)][ ]+)(?:\[[ x]\][ ]*)?|#{1,6}[ ]+|>[ ]+)|[*_`]{2,3}"
)


_OF_ONE = re.compile(r"\s*(?:for|on)\s+(?:the\s+)?[a-z]")


def read_wish(text: str, today: date) -> ShoppingSpec:
    """The shopping list that a wish in English asks for, with what was understood and assumed.

    Every word is understood, assumed, or warned of, save those that change nothing. Orders to
    whoever reads, hidden characters and mixed alphabets change nothing but a warning. Raises
    `InvalidInput` for a wish that names nothing the shops sell, and for one of more than
    20,000 characters.
    """
    if len(text) > LONGEST_BRIEF:
        raise InvalidInput(
            f"the wish has {len(text)} characters; {LONGEST_BRIEF} are read",
            param="WISH",
            fixes=(Fix("say what you want in fewer words"),),
        )
    plain = Plain(text)
    plain.put(_BULLETS, lambda match: " " * len(match.group()))
    spell_out(plain)
    reading = Reading(text, plain, today)
    set_orders_aside(reading)
    set_shops_aside(reading)
    prices = read_prices(reading)
    deadline = read_deadline(reading)
    strategy = read_strategy(reading)
    crowds = read_crowds(reading)
    people = headcount(reading, crowds)
    clauses = Clauses(reading, crowds, people)
    clauses.read()
    budget, currency = _budget(reading, prices, people)
    _set_ceilings(reading, prices.pieces, clauses.drafts, currency)
    needs = _needs(reading, clauses.drafts) or _kit(reading, people)
    if not needs:
        raise _nothing(reading)
    return checked(
        ShoppingSpec(
            needs,
            budget,
            deadline,
            people,
            strategy,
            tuple(clauses.never),
            currency,
            tuple(reading.understood),
            tuple(reading.assumptions),
            tuple(reading.warnings),
        )
    )


def _nothing(reading: Reading) -> InvalidInput:
    warned = "".join(f"; {one.text}" for one in reading.warnings[:2])
    return InvalidInput(
        f"the wish names nothing that can be shopped for{warned}",
        param="WISH",
        fixes=(Fix('name things, such as "snacks, badges and 3 power strips for 60 people"'),),
    )


def _budget(reading: Reading, prices: Prices, people: int | None) -> tuple[Money | None, str]:
    """The most that all of it may cost, and the currency of the wish."""
    offered = list(prices.budgets)
    for paid in prices.heads:
        shown = reading.quote(paid.start, paid.end)
        if people is None:
            reading.warn(f"{shown}: for how many is not said, so not used", paid.start, paid.end)
        elif paid.money.units * people > BOUND:
            reading.warn(f"{shown}: too much for {people} people; not used", paid.start, paid.end)
        else:
            whole = Money(paid.money.units * people, paid.money.asset)
            offered.append(replace(paid, money=whole))
            reading.assume(f"{shown} and {people} people: {whole} in all", paid.start, paid.end)
    if not offered:
        first = prices.pieces[0].currency if prices.pieces else "USD"
        return None, first
    currency, text = offered[0].currency, reading.plain.text
    same = [paid for paid in offered if paid.currency == currency]
    if len(same) == len(offered) > 1 and all(_OF_ONE.match(text, paid.end) for paid in same):
        whole = total([paid.money for paid in same], same[0].money.asset)
        reading.assume(f"budgets for single things count together: {whole}")
        return whole, currency
    least = min(same, key=lambda paid: paid.money.units)
    for paid in offered:
        if paid is not least and (paid.currency, paid.money) != (currency, least.money):
            shown = reading.quote(paid.start, paid.end)
            reading.warn(
                f"{shown}: one budget counts, the least of the first currency: {least.money}",
                paid.start,
                paid.end,
            )
    shown = reading.quote(least.start, least.end)
    reading.heard(f"at most {least.money} in all: {shown}", least.start, least.end)
    return least.money, currency


def _set_ceilings(
    reading: Reading, pieces: Sequence[Paid], drafts: Sequence[Draft], currency: str
) -> None:
    for paid in pieces:
        shown = reading.quote(paid.start, paid.end)
        category = named(paid.thing) if paid.thing else None
        fitting = [draft for draft in drafts if category in (None, draft.category)]
        called = [draft for draft in fitting if paid.thing in _called(draft)]
        fitting = called or fitting
        before = [draft for draft in fitting if draft.start < paid.start]
        if paid.money.asset != asset_of(currency) or not fitting:
            reading.warn(f"{shown}: of what is not understood, so not used", paid.start, paid.end)
            continue
        chosen = before[-1:] or fitting[:1] if category is None else fitting
        for draft in chosen:
            draft.ceiling = paid.money
            what = draft.category.unit
            reading.heard(f"at most {paid.money} a {what}: {shown}", paid.start, paid.end)


def _called(draft: Draft) -> tuple[str, ...]:
    """What a person may call one of these."""
    words = " ".join(draft.phrase.words)
    return words, words.removesuffix("s"), draft.category.unit, draft.category.units


def _needs(reading: Reading, drafts: Sequence[Draft]) -> tuple[Need, ...]:
    needs: dict[tuple[object, ...], Need] = {}
    names: set[str] = set()
    for draft in drafts:
        terms = tuple(dict.fromkeys(draft.terms))[:MOST_TERMS]
        barred = tuple(draft.exclusions)
        many = settled(draft, reading)
        said = " ".join(draft.phrase.words)
        name = bounded(said, LONGEST_TERM - 4)
        shown = reading.quote(draft.start, draft.end)
        same = (draft.category.id, terms, barred, draft.ceiling)
        unit = draft.category.unit if many == 1 else draft.category.units
        wanted = "must have" if draft.must else "nice to have"
        having = f" ({', '.join(terms)})" if terms else ""
        reading.heard(f"{many} {unit}{having}, {wanted}: {shown}", draft.start, draft.end)
        if same in needs:
            before = needs[same]
            both = min(MOST_QUANTITY, before.quantity + many)
            needs[same] = replace(before, quantity=both, must=before.must or draft.must)
            reading.assume(f"{said} more than once: {both} in all", draft.start, draft.end)
            continue
        if len(needs) == MOST_NEEDS:
            reading.warn(f"{shown}: a list has at most {MOST_NEEDS} needs; not bought")
            continue
        number = next(n for n in range(1, MOST_NEEDS + 2) if _numbered(name, n) not in names)
        names.add(_numbered(name, number))
        needs[same] = Need(
            _numbered(name, number), draft.category.id, many, draft.category.unit, draft.must,
            terms, barred, draft.ceiling,
        )  # fmt: skip
    return tuple(needs.values())


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"


def _kit(reading: Reading, people: int | None) -> tuple[Need, ...]:
    """What an occasion takes, where nothing but the occasion is named."""
    for kit in KITS:
        match = re.search(rf"\b(?:{'|'.join(kit.words)})s?\b", reading.plain.text)
        if match is None:
            continue
        chosen = [CATEGORIES[one] for one in kit.categories]
        names = ", ".join(one.name.lower() for one in chosen)
        reading.assume(f"{kit.words[0]}: nothing else is named, so {names}", *match.span())
        return tuple(
            Need(one.name.lower(), one.id, min(MOST_QUANTITY, one.usual_for(people)), one.unit)
            for one in chosen
        )
    return ()


def within(made: ShoppingSpec, read: ShoppingSpec, model: str) -> ShoppingSpec:
    """A model's list, bound by what the rules read in the same words.

    Budget, currency, day and people stand where the rules read them; exclusions add up, and every
    warning stays: text that steers a model loosens nothing.
    """
    fixed = read.budget is not None or read.currency != "USD"
    currency, budget = (read.currency, read.budget) if fixed else (made.currency, made.budget)
    needs = made.needs
    if currency != made.currency:
        needs = tuple(replace(need, max_unit_price=None) for need in needs)
    never = tuple(dict.fromkeys((*read.exclusions, *made.exclusions)))[:MOST_TERMS]
    goods = ", ".join(f"{need.quantity} {need.name}" for need in needs)
    return checked(
        replace(
            made,
            needs=needs,
            budget=budget,
            currency=currency,
            deadline=read.deadline or made.deadline,
            people=read.people or made.people,
            strategy=made.strategy if read.strategy is Strategy.BALANCED else read.strategy,
            exclusions=never,
            understood=(Remark(bounded(f"{model} understood: {goods}", LONGEST_REMARK)),),
            assumptions=(),
            warnings=read.warnings,
        )
    )


def with_flags(spec: ShoppingSpec, budget: Money | None, deadline: date | None) -> ShoppingSpec:
    """The spec where flags win over its words; what they replace is said."""
    said, warned = list(spec.understood), list(spec.warnings)
    if budget is not None:
        if spec.budget not in (None, budget):
            said.append(Remark(f"the flag's budget {budget} wins over {spec.budget}"))
        kept = spec.needs
        if spec.currency != "USD":
            kept = tuple(replace(need, max_unit_price=None) for need in spec.needs)
            if kept != spec.needs:
                warned.append(Remark(f"prices in {spec.currency} are not compared: not used"))
        spec = replace(spec, budget=budget, currency="USD", needs=kept)
    if deadline is not None:
        if spec.deadline not in (None, deadline):
            said.append(Remark(f"the flag's day {deadline} wins over {spec.deadline}"))
        spec = replace(spec, deadline=deadline)
    return replace(spec, understood=tuple(said), warnings=tuple(warned))
