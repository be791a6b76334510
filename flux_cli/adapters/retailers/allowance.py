"""Delegated payment: leave for one payment of at most so much, to one shop, for one session.

Agentic Commerce Protocol, delegate payment; a token of it is good for nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flux_cli.adapters.retailers.acp_form import Json, Refused, amount_of_cents

FIELDS = frozenset(
    {"reason", "max_amount", "currency", "checkout_session_id", "merchant_id", "expires_at"}
)
"""Every one is needed: a leave without a bound is none."""

OPTIONAL = frozenset({"order_id"})
MOST_METADATA = 20


def allowance_in(body: Json, shop: str, now: datetime) -> Json:
    """The allowance of a request; raises `Refused` naming the field that is wrong."""
    allowance = body.get("allowance")
    if not isinstance(allowance, dict):
        raise Refused(400, "missing", "an allowance is required", "$.allowance")
    for name in sorted(FIELDS - set(allowance)):
        raise Refused(400, "missing", f"{name} is required", f"$.allowance.{name}")
    for name in sorted(set(allowance) - FIELDS - OPTIONAL):
        raise Refused(400, "invalid", "an allowance has no such field", f"$.allowance.{name}")
    _is(allowance, "reason", "one_time", "it is good for one payment")
    _is(allowance, "currency", "usd", "this shop sells in usd")
    _is(allowance, "merchant_id", shop, "it is for another shop")
    if not amount_of_cents(allowance["max_amount"]):
        raise Refused(400, "invalid", "whole cents, more than 0", "$.allowance.max_amount")
    if _expiry(allowance) <= now:
        raise Refused(400, "expired", "its time is over", "$.allowance.expires_at")
    return allowance


def metadata_in(body: Json) -> dict[str, str]:
    """The correlation fields of a request, which are told again; raises `Refused`."""
    found = body.get("metadata", {})
    if not isinstance(found, dict) or len(found) > MOST_METADATA:
        raise Refused(400, "invalid", f"at most {MOST_METADATA} fields of text", "$.metadata")
    for name, value in found.items():
        if not isinstance(value, str) or len(value) > 200 or len(name) > 200:
            raise Refused(400, "invalid", "text of at most 200 characters", "$.metadata")
    return found


def permits(allowance: Json, session_id: str, total: int, now: datetime) -> None:
    """Raise `Refused` unless a session of this total may be paid under the allowance now."""
    where = "$.payment_data.instrument.credential.token"
    if allowance["checkout_session_id"] != session_id:
        raise Refused(402, "payment_declined", "the token is for another session", where)
    if _expiry(allowance) <= now:
        raise Refused(402, "payment_declined", "the token's time is over", where)
    if total > allowance["max_amount"]:
        raise Refused(402, "payment_declined", "the total is more than the payment allows", where)


def _is(allowance: Json, name: str, wanted: str, why: str) -> None:
    if allowance[name] != wanted:
        raise Refused(400, "invalid", why, f"$.allowance.{name}")


def _expiry(allowance: Json) -> datetime:
    try:
        found = datetime.fromisoformat(allowance["expires_at"])
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        where = "$.allowance.expires_at"
        raise Refused(400, "invalid", "a time is written 2026-11-27T12:00:00Z", where)
    return found.astimezone(UTC)
