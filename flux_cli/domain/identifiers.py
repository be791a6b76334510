"""Ids: a prefix that says what it names, then 128 time-ordered bits in Crockford's base 32."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u to misread."""

PREFIXES = {
    "run": "run",
    "agent": "agt",
    "payment_intent": "pi",
    "ballot": "bal",
    "hearing": "hear",
    "card": "card",
    "contract": "ct",
    "entry": "ent",
    "policy": "pol",
    "event": "evt",
    "plan": "plan",
    "decision": "dec",
    "listing": "lst",
    "review": "rev",
    "mandate": "man",
    "escrow": "esc",
    "stream": "str",
    "exchange": "fx",
    "policy_draft": "draft",
    "cart": "cart",
    "settlement": "stl",
    "attempt": "att",
    "web_payment": "web",
    "authorization": "auth",
    "network_message": "net",
    "settled_claim": "clm",
    "api_key": "key",
    "webhook": "whk",
    "message": "msg",
}
"""The prefix of each kind of object; one meaning each."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)


def spell(prefix: str, number: int) -> str:
    """`prefix_` and the 128-bit `number` in 26 characters, which sort as the numbers do."""
    assert 0 <= number < 1 << 128, "an id holds 128 bits"
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]
    return f"{prefix}_{''.join(pairs)}"


def placed_id(prefix: str, seq: int, recorded_at: datetime) -> str:
    """The id of the row at `seq` of a chain: a version 7 UUID of its millisecond and its place.

    It is not stored: the same ledger spells the same ids.
    """
    milliseconds = (recorded_at - _EPOCH) // timedelta(milliseconds=1)
    return spell(prefix, milliseconds << 80 | 7 << 76 | 2 << 62 | seq)


def entry_id(seq: int, recorded_at: datetime) -> str:
    """The id of the entry whose first movement is `seq`."""
    return placed_id("ent", seq, recorded_at)


def entry_seq(text: str) -> int | None:
    """The place in the journal that an entry's id names, or None where it is no such id.

    It inverts `entry_id`.
    """
    prefix, _, body = text.partition("_")
    if prefix != "ent" or len(body) != 26 or not set(body) <= set(ALPHABET):
        return None
    number = 0
    for character in body:
        number = number << 5 | ALPHABET.index(character)
    return number & (1 << 62) - 1
