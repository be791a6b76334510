"""Whether what an agent closed keeps within what its owner left open; a rule unknown is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flux_cli.adapters.ap2.amounts import major_in, minor_in
from flux_cli.adapters.ap2.faults import Fault
from flux_cli.adapters.ap2.strict_json import Json


@dataclass(frozen=True, slots=True)
class Known:
    """What the verifier knows and no token can say; None is not known.

    `transaction` is the hash of the checkout that is paid, `checkout` of the open checkout mandate,
    `spent` minor units and `uses` payments under the same mandate before.
    """

    transaction: str | None = None
    checkout: str | None = None
    spent: int | None = None
    uses: int | None = None


def judge(mandates: list[Json], known: Known) -> list[Fault]:
    """Everything that is wrong with the last mandate under each open one before it."""
    closed = mandates[-1]
    if closed["vct"] != "mandate.payment.1":
        return []
    faults = _caught(lambda: _closed(closed, known))
    for number, mandate in enumerate(mandates[:-1]):
        where = f"hop[{number}]"
        if mandate["vct"] != "mandate.payment.open.1":
            faults.append(Fault("constraint", f"{where}.vct", "it allows no payment"))
            continue
        faults += _caught(lambda m=mandate, w=where: _preset(m, closed, w))  # type: ignore[misc]
        constraints = mandate.get("constraints")
        if not isinstance(constraints, list):
            faults.append(Fault("constraint", f"{where}.constraints", "there is no list of them"))
            continue
        for place, one in enumerate(constraints):
            at = f"{where}.constraints[{place}]"
            faults += _caught(lambda o=one, a=at: _one(o, closed, known, a))  # type: ignore[misc]
        kinds = {one.get("type") for one in constraints if isinstance(one, dict)}
        if "payment.agent_recurrence" in kinds:
            for needed in sorted({"payment.amount_range", "payment.budget"} - kinds):
                said = f"a payment that recurs needs {needed}"
                faults.append(Fault("constraint", f"{where}.constraints", said))
    return faults


def _caught(check: Callable[[], None]) -> list[Fault]:
    try:
        check()
    except Fault as fault:
        return [fault]
    return []


def _closed(closed: Json, known: Known) -> None:
    """A closed payment says what, to whom, and for which checkout."""
    _amount(closed)
    _identified(closed.get("payee"), "payee")
    _identified(closed.get("payment_instrument"), "payment_instrument")
    if known.transaction is None:
        raise Fault("binding", "transaction_id", "not compared: say which checkout is paid")
    if closed.get("transaction_id") != known.transaction:
        raise Fault("binding", "transaction_id", "it pays another checkout")


def _amount(closed: Json) -> tuple[int, Any]:
    amount = closed.get("payment_amount")
    if not isinstance(amount, dict):
        raise Fault("amount", "payment_amount", "it is missing")
    return minor_in(amount.get("amount"), "payment_amount.amount"), amount.get("currency")


def _identified(party: Any, field: str) -> str:
    if not isinstance(party, dict) or not isinstance(party.get("id"), str) or not party["id"]:
        raise Fault("malformed", f"{field}.id", "it is known by its id, which is text")
    found: str = party["id"]
    return found


def _preset(mandate: Json, closed: Json, where: str) -> None:
    for name in ("payee", "payment_amount", "payment_instrument", "execution_date", "pisp"):
        if mandate.get(name) is not None and mandate[name] != closed.get(name):
            raise Fault("constraint", name, f"{where} has fixed another")


def _one(one: Any, closed: Json, known: Known, at: str) -> None:
    kind = one.get("type") if isinstance(one, dict) else None
    rule = RULES.get(str(kind))
    if rule is None:
        raise Fault("constraint", f"{at}.type", f"{str(kind)[:60]!r} is not known, so not kept")
    rule(one, closed, known, at)


def _range(one: Json, closed: Json, _: Known, at: str) -> None:
    amount, currency = _amount(closed)
    if one.get("currency") != currency:
        raise Fault("constraint", f"{at}.currency", f"the payment is in {str(currency)[:20]!r}")
    most = minor_in(one.get("max"), f"{at}.max")
    if amount > most:
        raise Fault("constraint", f"{at}.max", f"the payment is {amount}, the most is {most}")
    least = minor_in(one.get("min") or 0, f"{at}.min")
    if amount < least:
        raise Fault("constraint", f"{at}.min", f"the payment is {amount}, the least is {least}")


def _budget(one: Json, closed: Json, known: Known, at: str) -> None:
    amount, currency = _amount(closed)
    if one.get("currency") != currency:
        raise Fault("constraint", f"{at}.currency", f"the payment is in {str(currency)[:20]!r}")
    most = major_in(one.get("max"), currency, f"{at}.max")
    if known.spent is None:
        raise Fault("constraint", f"{at}.max", "not judged: say what was spent before")
    if known.spent + amount > most:
        said = f"{known.spent} spent and {amount} asked, the most is {most}"
        raise Fault("constraint", f"{at}.max", said)


def _recurrence(one: Json, _closed: Json, known: Known, at: str) -> None:
    most = one.get("max_occurrences")
    if most is None:
        return
    if type(most) is not int or known.uses is None:
        raise Fault("constraint", f"{at}.max_occurrences", "not judged: say how often it was used")
    if known.uses >= most:
        said = f"used {known.uses} times, the most is {most}"
        raise Fault("constraint", f"{at}.max_occurrences", said)


def _reference(one: Json, _closed: Json, known: Known, at: str) -> None:
    named = one.get("conditional_transaction_id")
    where = f"{at}.conditional_transaction_id"
    if known.checkout is None:
        raise Fault("binding", where, "not compared: give the open checkout mandate's hash")
    if named != known.checkout:
        raise Fault("binding", where, "it belongs to another checkout mandate")


def _dates(one: Json, closed: Json, _: Known, at: str) -> None:
    """Dates as `2026-11-22` or instants, compared as far as both say."""
    day = closed.get("execution_date")
    for name, wrong in (("not_before", "before"), ("not_after", "after")):
        edge = one.get(name)
        if edge is None or day is None:
            continue
        if not isinstance(edge, str) or not isinstance(day, str):
            raise Fault("constraint", f"{at}.{name}", "a date is text")
        ours, theirs = day[:10], edge[:10]
        if (ours < theirs) if name == "not_before" else (ours > theirs):
            raise Fault("constraint", f"{at}.{name}", f"{ours!r} is {wrong} {theirs!r}")


def _among(name: str) -> Callable[[Json, Json, Known, str], None]:
    def rule(one: Json, closed: Json, _: Known, at: str) -> None:
        allowed = one.get("allowed")
        if not isinstance(allowed, list):
            raise Fault("constraint", f"{at}.allowed", "it is a list")
        asked = _identified(closed.get(name), name)
        # A name can be anybody's: who is meant is said by the id alone.
        if not any(isinstance(party, dict) and party.get("id") == asked for party in allowed):
            raise Fault("constraint", f"{at}.allowed", f"{name} {asked[:60]!r} is not among them")

    return rule


def _pisps(one: Json, closed: Json, _: Known, at: str) -> None:
    if not isinstance(one.get("allowed"), list) or closed.get("pisp") not in one["allowed"]:
        raise Fault("constraint", f"{at}.allowed", "the pisp is not among them")


RULES: dict[str, Callable[[Json, Json, Known, str], None]] = {
    "payment.amount_range": _range,
    "payment.budget": _budget,
    "payment.agent_recurrence": _recurrence,
    "payment.reference": _reference,
    "payment.execution_date": _dates,
    "payment.allowed_payees": _among("payee"),
    "payment.allowed_payment_instruments": _among("payment_instrument"),
    "payment.allowed_pisps": _pisps,
}
