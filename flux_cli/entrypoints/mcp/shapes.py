"""What tools answer with: closed JSON Schemas, and values cut to fit them.

A field that no schema names never leaves; text is cleaned and bounded on its way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import jsonable

Schema = dict[str, Any]

LONGEST_TEXT = 1000

TEXT: Schema = {"type": "string", "maxLength": LONGEST_TEXT}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
SIMULATED: Schema = {"const": True, "description": "No real money moves."}


def record(**fields: Schema) -> Schema:
    """An object with exactly these fields."""
    closed = {"required": list(fields), "additionalProperties": False}
    return {"type": "object", "properties": fields} | closed


def listed(schema: Schema) -> Schema:
    """Any number of these, in order."""
    return {"type": "array", "items": schema}


def maybe(*schemas: Schema) -> Schema:
    """One of these, or null."""
    return {"anyOf": [*schemas, {"type": "null"}]}


MONEY = record(amount_minor=NUMBER, currency=TEXT, exponent=NUMBER, decimal=TEXT)
REFUSAL = record(code=TEXT, message=TEXT)
SHARE = record(payee=TEXT, amount=MONEY)
PAYMENT = record(
    id=TEXT,
    state=TEXT,
    amount=MONEY,
    shares=listed(SHARE),
    purpose=TEXT,
    justification=TEXT,
    category=TEXT,
    mandate_id=maybe(TEXT),
    card_id=maybe(TEXT),
    captured=MONEY,
    released=MONEY,
    refunded=MONEY,
    votes=maybe(TEXT),
    refusals=listed(REFUSAL),
    most_that_would_pass=maybe(MONEY),
    created_at=TIME,
    expires_at=TIME,
    decided_at=maybe(TIME),
    simulated=SIMULATED,
)
PAYMENTS = record(payments=listed(PAYMENT), next=maybe(TEXT), simulated=SIMULATED)
BALLOT = record(
    seat=TEXT,
    vote=TEXT,
    score=NUMBER,
    confidence=NUMBER,
    risk=NUMBER,
    reasons=listed(record(code=TEXT, evidence=TEXT, text=TEXT)),
    backend=TEXT,
)
EXPLANATION = record(
    payment=PAYMENT,
    verdict=maybe(TEXT),
    policy_version=maybe(NUMBER),
    votes_needed=NUMBER,
    ballots=listed(BALLOT),
    simulated=SIMULATED,
)
JUDGEMENT = record(
    outcome={"enum": ["permit", "denied", "quorum", "owner"]},
    amount=MONEY,
    shares=listed(SHARE),
    mandate_id=maybe(TEXT),
    policy_version=NUMBER,
    asks_quorum=FLAG,
    votes_needed=maybe(NUMBER),
    asks_owner=FLAG,
    most_that_would_pass=maybe(MONEY),
    rules=listed(
        record(
            rule=TEXT,
            outcome=TEXT,
            limit=maybe(MONEY, NUMBER),
            observed=maybe(MONEY, NUMBER),
            unit=TEXT,
            payee=maybe(TEXT),
            code=maybe(TEXT),
            message=maybe(TEXT),
        )
    ),
    simulated=SIMULATED,
)
MANDATE = record(
    id=TEXT,
    state=TEXT,
    purpose=TEXT,
    total=MONEY,
    spent=MONEY,
    reserved=MONEY,
    left=MONEY,
    per_payment=maybe(MONEY),
    payees=maybe(listed(TEXT)),
    categories=maybe(listed(TEXT)),
    expires_at=TIME,
)
BALANCE = record(
    agent=TEXT,
    balances=listed(record(currency=TEXT, available=MONEY, held=MONEY, total=MONEY)),
    mandate=maybe(MANDATE),
    simulated=SIMULATED,
)
STATEMENT = record(
    agent=TEXT,
    balance=MONEY,
    lines=listed(
        record(
            id=TEXT,
            at=TIME,
            kind=TEXT,
            amount=MONEY,
            others=listed(TEXT),
            memo=TEXT,
            reference=maybe(TEXT),
        )
    ),
    next=maybe(NUMBER),
    simulated=SIMULATED,
)
LISTINGS = record(
    listings=listed(
        record(
            id=TEXT,
            provider=TEXT,
            trade=TEXT,
            title=TEXT,
            description=TEXT,
            price_min=MONEY,
            price_max=MONEY,
            turnaround_hours=NUMBER,
            quote=maybe(MONEY),
            score=NUMBER,
            ineligible=maybe(TEXT),
        )
    ),
    formula=TEXT,
    simulated=SIMULATED,
)
CARD = record(
    id=TEXT,
    number={"type": "string", "description": "Masked: the last four digits show."},
    state=TEXT,
    purpose=TEXT,
    usage=TEXT,
    merchant=maybe(TEXT),
    category=maybe(TEXT),
    limit=MONEY,
    spent=MONEY,
    remaining=MONEY,
    intent_id=TEXT,
    issued_at=TIME,
    expires_at=TIME,
    simulated=SIMULATED,
)
CARDS = record(cards=listed(CARD), next=maybe(TEXT), simulated=SIMULATED)
CARDED = record(payment=PAYMENT, card=maybe(CARD), simulated=SIMULATED)
CART = record(
    id=TEXT,
    state=TEXT,
    number=NUMBER,
    hash=TEXT,
    wish=TEXT,
    strategy=TEXT,
    total=MONEY,
    arrives=TEXT,
    lines=listed(
        record(
            need=TEXT,
            offer=TEXT,
            title=TEXT,
            packs=NUMBER,
            units=NUMBER,
            price=MONEY,
            total=MONEY,
            shop=TEXT,
            days=NUMBER,
        )
    ),
    legs=listed(record(shop=TEXT, goods=MONEY, shipping=MONEY, total=MONEY, arrives=TEXT)),
    orders=listed(
        record(
            shop=TEXT,
            state=TEXT,
            order=TEXT,
            quoted=MONEY,
            paid=MONEY,
            refunded=MONEY,
            arrives=TEXT,
            tracking=TEXT,
            problem=TEXT,
        )
    ),
    dropped=listed(record(need=TEXT, reason=TEXT)),
    proof=record(status=TEXT, gap=MONEY, offers=NUMBER, shops=NUMBER),
    payment_id=maybe(TEXT),
    simulated=SIMULATED,
)
BOUGHT = record(cart=CART, payment=maybe(PAYMENT), simulated=SIMULATED)


def fitted(schema: Schema, document: Mapping[str, object]) -> dict[str, Any]:
    """The part of a document that a schema names, in JSON; a field it has not is a bug."""
    fit = _fit(schema, jsonable(document))
    assert isinstance(fit, dict), "an answer is an object"
    return fit


def _fit(schema: Schema, value: Any) -> Any:
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return None if value is None else _fit(_meant(schema["anyOf"], value), value)
    match value:
        case dict():
            return {name: _fit(part, value.get(name)) for name, part in _parts(schema, value)}
        case list():
            return [_fit(schema["items"], item) for item in value]
        case str():
            return clean(value)
    return value


def _parts(schema: Schema, value: Mapping[str, object]) -> list[tuple[str, Schema]]:
    parts: dict[str, Schema] = schema["properties"]
    missing = [name for name in parts if name not in value and "const" not in parts[name]]
    assert not missing, f"the answer lacks {missing}"
    return list(parts.items())


def _meant(schemas: list[Schema], value: object) -> Schema:
    kind = {dict: "object", list: "array", str: "string", int: "integer"}[type(value)]
    return next(schema for schema in schemas if schema["type"] == kind)


def clean(text: str) -> str:
    """Text that others may have written: nothing hidden or obeyed, on one line, bounded."""
    plain = visible(text)
    return plain if len(plain) <= LONGEST_TEXT else plain[: LONGEST_TEXT - 1] + "…"
