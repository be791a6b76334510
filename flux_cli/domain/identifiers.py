"""Ids: a prefix that says what it names, then 128 time-ordered bits in Crockford's base 32."""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u to misread."""

PREFIXES = {
    "run": "run",
    "agent": "agt",
    "payment_intent": "pi",
    "ballot": "bal",
    "card": "card",
    "contract": "ct",
    "entry": "ent",
    "policy": "pol",
    "event": "evt",
    "plan": "plan",
    "decision": "dec",
    "listing": "lst",
}
"""The prefix of each kind of object; one meaning each."""


def spell(prefix: str, number: int) -> str:
    """`prefix_` and the 128-bit `number` in 26 characters, which sort as the numbers do."""
    assert 0 <= number < 1 << 128, "an id holds 128 bits"
    characters = [ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(characters)}"
