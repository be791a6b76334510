"""Webhooks: who is told of the ledger's events, what they are told, and when again.

Source: Standard Webhooks 1.0.0 (standardwebhooks.com).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.identifiers import ALPHABET, spell
from flux_cli.domain.money import ASSETS, Money
from flux_cli.domain.text import visible
from flux_cli.errors import InvalidInput

EVERYTHING = "*"
MOST_PATTERNS = 32

SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        *(0, 5, 5 * 60, 30 * 60),
        *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)),
    )
)
"""How long after the attempt before it each attempt is made; the specification's own example."""

LONGEST_WAIT = SCHEDULE[-1]
"""A receiver may ask to be left alone for as long as this."""

DISABLED_AFTER = timedelta(days=5)
"""An endpoint that has taken nothing for this long is sent nothing more."""

GONE = 410
LONGEST_SAID = 200
KEPT_ATTEMPTS = 12
KEPT_DELIVERIES = 1000
"""Of each endpoint's deliveries that wait, that came and that died, at most this many are kept."""

_PATTERN = re.compile(r"[a-z_]+(?:\.(?:[a-z_]+|\*))?")
_ID = re.compile(rf"[a-z]{{2,6}}_[{ALPHABET}]{{26}}")
_STATE = re.compile(r"[a-z_]{1,40}")


class WebhookState(StrEnum):
    """Whether an endpoint is sent events."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """It took nothing for long, or said that it is gone; its events wait."""

    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint. Its secret follows from its id and `generation` and is not kept here.

    Until `overlap_until` the secret of the generation before signs too.
    """

    id: str
    url: str
    events: tuple[str, ...]
    allow_private: bool
    state: WebhookState
    generation: int
    overlap_until: datetime | None
    reason: str
    created_at: datetime
    changed_at: datetime

    def wants(self, kind: str) -> bool:
        """Whether it is told of events of this kind."""
        group = kind.partition(".")[0]
        return any(pattern in (EVERYTHING, kind, f"{group}.*") for pattern in self.events)

    def generations(self, now: datetime) -> tuple[int, ...]:
        """Whose secrets sign at `now`, the newest first."""
        overlaps = self.overlap_until is not None and now < self.overlap_until
        return (self.generation, self.generation - 1) if overlaps else (self.generation,)


class DeliveryState(StrEnum):
    """How far one event has come on its way to one endpoint."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Every attempt failed; a replay sends it again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, the HTTP status (0 for none), how long it took, and what was answered."""

    at: datetime
    status: int
    milliseconds: int
    said: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint; the event itself is in the ledger."""

    id: str
    webhook_id: str
    event_seq: int
    kind: str
    subject: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    log: tuple[Attempt, ...]


def patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of event that are asked for: `*`, `card.*`, `card.issued`.

    Raises `InvalidInput`.
    """
    wanted = tuple(dict.fromkeys(part.strip() for text in texts for part in text.split(",")))
    for pattern in wanted:
        if pattern != EVERYTHING and (_PATTERN.fullmatch(pattern) is None or len(pattern) > 64):
            raise InvalidInput(
                f"{pattern[:64]!r} is no kind of event: write card.issued, card.* or *",
                param="--events",
            )
    if not wanted or len(wanted) > MOST_PATTERNS:
        raise InvalidInput(f"between 1 and {MOST_PATTERNS} kinds of event", param="--events")
    return wanted


def message_id(webhook_id: str, event_seq: int) -> str:
    """The `webhook-id` of an event at an endpoint: the same however often it is sent."""
    hashed = hashlib.sha256(f"{webhook_id}|{event_seq}".encode()).digest()
    return spell("msg", int.from_bytes(hashed[:16]))


def payload(
    kind: str,
    at: datetime,
    subject: str,
    version: int,
    run_id: str | None,
    record: Mapping[str, object],
) -> bytes:
    """An event as an endpoint is told it: ids, state and amounts of its object, nothing else.

    What is sent is chosen by its shape, so a new field of text never leaves by itself.
    """
    data: dict[str, object] = {"object": kind.partition(".")[0], "version": version}
    for name, value in record.items():
        if isinstance(value, Mapping):
            if value.keys() == {"asset", "units"}:
                data[name] = _amount(value)
        elif isinstance(value, str):
            pattern = _STATE if name in ("state", "status") else _ID
            named = name in ("id", "state", "status") or name.endswith("_id")
            if named and pattern.fullmatch(value):
                data[name] = value
    data["id"] = visible(subject)[:128]
    if run_id is not None:
        data["run_id"] = visible(run_id)[:128]
    return canonical({"type": kind, "timestamp": instant(at), "data": data}).encode()


def _amount(value: Mapping[str, object]) -> dict[str, object]:
    """An amount as every document of ours spells it."""
    asset, units = value["asset"], value["units"]
    assert isinstance(asset, Mapping)
    assert isinstance(units, int)
    money = Money(units, ASSETS[str(asset["code"])])
    return {
        "amount_minor": units,
        "currency": money.asset.code,
        "exponent": money.asset.exponent,
        "decimal": money.decimal,
    }


def signed(
    keys: tuple[bytes, ...], message: str, at: datetime, body: bytes
) -> tuple[tuple[str, str], ...]:
    """The headers that prove a message, one signature for each key."""
    seconds = str(int(at.timestamp()))
    content = f"{message}.{seconds}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        for key in keys
    ]
    return (
        ("webhook-id", message),
        ("webhook-timestamp", seconds),
        ("webhook-signature", " ".join(signatures)),
    )


def due_after(delivery: Delivery, now: datetime, asked: timedelta | None) -> datetime | None:
    """When the next attempt is due after `delivery.attempts` of them, None after the last.

    Up to a tenth of jitter is added, by the message's id and the attempt's number; where the
    receiver `asked` for longer, as long as that, within bounds.
    """
    if delivery.attempts >= len(SCHEDULE):
        return None
    hashed = hashlib.sha256(f"{delivery.id}|{delivery.attempts}".encode()).digest()
    wait = SCHEDULE[delivery.attempts]
    wait += wait * int.from_bytes(hashed[:2]) // (10 * 65536)
    return now + max(wait, min(asked or timedelta(0), LONGEST_WAIT))
