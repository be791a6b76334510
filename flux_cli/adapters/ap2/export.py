"""One of our mandates as an open payment mandate, and a cart as an open checkout mandate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flux_cli.adapters.ap2.amounts import currency_of, major_of, minor_of
from flux_cli.adapters.ap2.es256 import signed
from flux_cli.adapters.ap2.sd_jwt import hashed, hidden
from flux_cli.adapters.ap2.strict_json import Json
from flux_cli.domain.carts import Cart
from flux_cli.domain.mandates import Mandate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ROOT_TYPE = "dc+sd-jwt"


@dataclass(frozen=True, slots=True)
class Exported:
    """Tokens for others, "" where there is none; `unsaid` is what AP2 has no word for."""

    payment: str
    checkout: str
    unsaid: tuple[str, ...]


def export(
    key: EllipticCurvePrivateKey, mandate: Mandate, holder: Json, cart: Cart | None, now: int
) -> Exported:
    """What is left of a mandate, for `holder`'s key to spend; never more than it allows.

    A cap over a time becomes a cap of each payment: AP2 has no word for the time.
    """
    times = {"iat": now, "exp": int(mandate.expires_at.timestamp())}
    checkout = "" if cart is None else _checkout(key, cart, holder, times)
    payees, shown = [], []
    for name in sorted(mandate.payees or ()):
        disclosure, element = hidden({"id": name, "name": name})
        shown.append(disclosure)
        payees.append(element)
    caps = [mandate.left, *([] if mandate.per_payment is None else [mandate.per_payment])]
    caps += [limit.amount for limit in mandate.limits if limit.amount is not None]
    counts = [limit.count for limit in mandate.limits if limit.count is not None]
    currency, left = currency_of(mandate.left), minor_of(mandate.left)
    recurs: Json = {"type": "payment.agent_recurrence", "frequency": "ON_DEMAND"}
    if counts:
        recurs["max_occurrences"] = min(counts)
    constraints: list[Json] = [
        {
            "type": "payment.amount_range",
            "currency": currency,
            "max": min(minor_of(cap) for cap in caps),
        },
        recurs,
        {"type": "payment.budget", "max": major_of(left, currency), "currency": currency},
        {
            "type": "payment.execution_date",
            "not_after": mandate.expires_at.date().isoformat(),
        },
    ]
    if mandate.payees is not None:
        constraints.append({"type": "payment.allowed_payees", "allowed": payees})
    if checkout:
        # As the reference has it: over the token and its disclosures, without the last tilde.
        digest = hashed(checkout.removesuffix("~"))
        constraints.append({"type": "payment.reference", "conditional_transaction_id": digest})
    claims = {"vct": "mandate.payment.open.1", "constraints": constraints}
    token = _token(key, claims | {"cnf": {"jwk": holder}} | times, shown)
    return Exported(token, checkout, _unsaid(mandate))


def _checkout(key: EllipticCurvePrivateKey, cart: Cart, holder: Json, times: Json) -> str:
    shown, merchants, items = [], [], []
    for shop in sorted({line.shop for line in cart.lines}):
        disclosure, element = hidden({"id": shop, "name": shop})
        shown.append(disclosure)
        merchants.append(element)
    for number, line in enumerate(cart.lines, 1):
        disclosure, element = hidden({"id": line.sku, "title": line.title})
        shown.append(disclosure)
        items.append({"id": f"line-{number}", "acceptable_items": [element],
                      "quantity": line.count})  # fmt: skip
    constraints = [
        {"type": "checkout.allowed_merchants", "allowed": merchants},
        {"type": "checkout.line_items", "items": items},
    ]
    claims = {"vct": "mandate.checkout.open.1", "constraints": constraints}
    return _token(key, claims | {"cnf": {"jwk": holder}} | times, shown)


def _token(key: EllipticCurvePrivateKey, mandate: Json, shown: list[str]) -> str:
    disclosure, element = hidden(mandate)
    payload = {"delegate_payload": [element], "_sd_alg": "sha-256"}
    return "~".join((signed(key, ROOT_TYPE, payload), *shown, disclosure, ""))


def _unsaid(mandate: Mandate) -> tuple[str, ...]:
    found = [f"the time of the limit in {limit.window}" for limit in mandate.limits]
    if mandate.categories is not None:
        found.append(f"only for {', '.join(sorted(mandate.categories))}")
    return tuple(found)
