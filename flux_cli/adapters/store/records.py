"""Domain objects as rows and back, by their dataclass fields and nothing else."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from flux_cli.adapters.typed import convert
from flux_cli.domain.agents import Agent, Freeze
from flux_cli.domain.api_keys import AgentOwner, ApiKey, ApiReply
from flux_cli.domain.canonical import instant, plain
from flux_cli.domain.card_network import Authorization, NetworkMessage
from flux_cli.domain.cards import Card
from flux_cli.domain.carts import Cart
from flux_cli.domain.contracts import Contract
from flux_cli.domain.decisions import Decision
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.exchanges import Exchange
from flux_cli.domain.hearings import Hearing
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.ledgers import Ledger
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import ASSETS, Money
from flux_cli.domain.notes import Note
from flux_cli.domain.offers import Retailer
from flux_cli.domain.paywalls import WebPayment
from flux_cli.domain.policies import Policy
from flux_cli.domain.policy_drafts import PolicyDraft
from flux_cli.domain.quorum import Ballot
from flux_cli.domain.reviews import Review
from flux_cli.domain.runs import Run
from flux_cli.domain.settled_claims import SettledClaim
from flux_cli.domain.settlements import Attempt, Settlement
from flux_cli.domain.streams import Stream
from flux_cli.domain.webhooks import Webhook
from flux_cli.errors import LedgerCorrupt

Value = str | int | None
Row = Sequence[Value]
T = TypeVar("T")

TABLES: dict[type, str] = {
    Ledger: "ledger",
    Agent: "agents",
    Policy: "policies",
    Freeze: "freezes",
    Note: "notes",
    ApiKey: "api_keys",
    AgentOwner: "agent_owners",
    ApiReply: "api_replies",
    Listing: "listings",
    Run: "runs",
    PaymentIntent: "intents",
    Decision: "decisions",
    Ballot: "ballots",
    Hearing: "hearings",
    SettledClaim: "settled_claims",
    Card: "cards",
    Contract: "contracts",
    Review: "reviews",
    Mandate: "mandates",
    Stream: "streams",
    PolicyDraft: "policy_drafts",
    Escrow: "escrows",
    Exchange: "exchanges",
    Settlement: "settlements",
    Attempt: "attempts",
    WebPayment: "web_payments",
    Authorization: "authorizations",
    NetworkMessage: "network_messages",
    Retailer: "retailers",
    Cart: "carts",
    Webhook: "webhooks",
}
"""Where each kind of object is kept."""

STEADY = frozenset({Agent, Policy, Freeze})
"""Kinds of which every payment reads the same few rows again."""

KINDS: dict[str, Any] = {table: kind for kind, table in TABLES.items()}


def noun(kind: type) -> str:
    """What a reader calls one of them."""
    named = {"intents": "payment", "policies": "policy", "api_keys": "key"}
    return named.get(TABLES[kind], TABLES[kind].removesuffix("s").replace("_", " "))


def _kind(hint: Any) -> str:
    options = [hint]
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
    kind = options[0]
    if kind is Money:
        return "money"
    if kind is datetime:
        return "instant"
    if kind is bool:
        return "flag"
    if isinstance(kind, type) and (kind in (str, int) or issubclass(kind, Enum)):
        return "value"
    return "json"


def layout(kind: type) -> tuple[tuple[str, str], ...]:
    """Each field of `kind` and how it is kept: money, instant, flag, value or json."""
    return _layout(TABLES[kind])


@cache
def _layout(table: str) -> tuple[tuple[str, str], ...]:
    kind = KINDS[table]
    hints = get_type_hints(kind)
    return tuple((field.name, _kind(hints[field.name])) for field in fields(kind))


def columns(kind: type) -> tuple[str, ...]:
    """The table's columns in the order `to_row` gives their values."""
    return _columns(TABLES[kind])


@cache
def _columns(table: str) -> tuple[str, ...]:
    names: list[str] = []
    for name, how in _layout(table):
        names.append(name)
        if how == "money":
            names.append(f"{name}_asset")
    return tuple(names)


def statements(kind: type) -> tuple[str, str]:
    """The statements that insert and that update a row of `kind`, its version last."""
    return _statements(TABLES[kind])


@cache
def _statements(table: str) -> tuple[str, str]:
    names = [f'"{name}"' for name in (*_columns(table), "version")]
    marks = ", ".join("?" * len(names))
    settings = ", ".join(f"{name} = ?" for name in names)
    return (
        f"insert into {table} ({', '.join(names)}) values ({marks})",  # noqa: S608
        f"update {table} set {settings} where id = ?",  # noqa: S608 - our own names
    )


def kept(record: object) -> tuple[list[Value], str]:
    """The values of `record`'s columns, and its canonical JSON for the event."""
    row: list[Value] = []
    document: dict[str, object] = {}
    for name, how in _layout(TABLES[type(record)]):
        value = getattr(record, name)
        if how == "value":
            if type(value) not in _BARE:
                value = value.value
            document[name] = value
            row.append(value)
        elif value is None:
            document[name] = None
            row += (None, None) if how == "money" else (None,)
        elif how == "money":
            document[name] = value
            row += (value.units, value.asset.code)
        elif how == "instant":
            document[name] = at = instant(value)
            row.append(at)
        elif how == "json":
            spelled = b"[]" if value == () else _spell(plain(value))
            document[name] = msgspec.Raw(spelled)
            row.append(spelled.decode())
        else:
            document[name] = value
            row.append(int(value))
    return row, _spell(document).decode()


_BARE = frozenset({str, int, type(None)})
"""What a plain value is, if it is not of an enumeration."""

_spell = msgspec.json.Encoder(order="sorted").encode
"""The same text as `canonical`, for values that are plain already."""


def from_row(kind: type[T], row: Row) -> T:
    """The object a row holds; raises `LedgerCorrupt` where the row holds none."""
    if kind in STEADY:
        return cast(T, _remembered(TABLES[kind], tuple(row)))
    return _decoded(kind, row)


@lru_cache(maxsize=1024)
def _remembered(table: str, row: Row) -> object:
    return _decoded(KINDS[table], row)


def _decoded(kind: type[T], row: Row) -> T:
    values = iter(row)
    plain: dict[str, object] = {}
    try:
        for name, how in layout(kind):
            value = next(values)
            if how == "money":
                asset = next(values)
                plain[name] = None if value is None else _money(value, asset)
            elif value is None:
                plain[name] = None
            elif how == "json":
                plain[name] = json.loads(str(value))
            elif how == "flag":
                plain[name] = bool(value)
            else:
                plain[name] = value
        return convert(plain, kind)
    except (msgspec.ValidationError, ValueError, KeyError) as error:
        raise LedgerCorrupt(f"a row of {TABLES[kind]} holds no {kind.__name__}: {error}") from error


def _money(units: Value, asset: Value) -> dict[str, object]:
    known = ASSETS[str(asset)]
    return {"units": units, "asset": {"code": known.code, "exponent": known.exponent}}
