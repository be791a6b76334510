"""What a program gives us, checked: cents, memos, keys, metadata, policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from flux_cli.domain.money import BOUND, CREDIT, Money
from flux_cli.entrypoints.sdk.objects import Policy
from flux_cli.errors import AmbiguousId, InvalidInput, NotFound, WrongState
from flux_cli.usecases.caps import Caps

P = ParamSpec("P")
R = TypeVar("R")

CENT: int = 10 ** (CREDIT.exponent - 2)
"""Units of CREDIT in one cent."""

MOST_CENTS = BOUND // CENT
LONGEST_MEMO = 600
LONGEST_KEY = 180
LONGEST_METADATA = 10_000


def python_errors(method: Callable[P, R]) -> Callable[P, R]:
    """`method`, raising `ValueError` for what Python's own code would; other failures as they are.

    A `LedgerBusy`, a full disk or a damaged ledger is a `flux_cli.errors.FluxError`.
    """

    @wraps(method)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (InvalidInput, NotFound, AmbiguousId, WrongState) as error:
            raise ValueError(error.message) from error

    return called


def money_of(cents: int, what: str = "amount", *, least: int = 1) -> Money:
    """`cents` as money. Raises `TypeError` unless it is an int, `ValueError` out of bounds."""
    if type(cents) is not int:
        raise TypeError(f"{what} is a whole number of cents, an int, not {type(cents).__name__}")
    if not least <= cents <= MOST_CENTS:
        raise ValueError(f"{what} is from {least} to {MOST_CENTS} cents, not {cents}")
    return Money(cents * CENT)


def cents_of(money: Money) -> int:
    """`money` in whole cents, rounded toward zero; the SDK itself moves whole cents only."""
    cents = abs(money.units) // CENT
    return -cents if money.units < 0 else cents


def caps_from(policy: Policy) -> Caps:
    """The policy as the engine takes it. Raises `TypeError`, `ValueError` naming the field."""
    if not isinstance(policy, Policy):
        raise TypeError(f"policy is a Policy, not {type(policy).__name__}")
    if type(policy.paused) is not bool:
        raise TypeError(f"paused is a bool, not {type(policy.paused).__name__}")
    return Caps(
        per_payment=cap_of(policy.max_per_transaction, "max_per_transaction"),
        per_day=cap_of(policy.daily_spend_cap, "daily_spend_cap"),
        owner_threshold=cap_of(policy.require_human_approval_over, "require_human_approval_over"),
        payees=_ids(policy.allowlist),
        paused=policy.paused,
    )


NAMES = {
    "per_payment": "max_per_transaction",
    "limits": "daily_spend_cap",
    "owner_threshold": "require_human_approval_over",
    "payees": "allowlist",
}
"""What the SDK calls the parts of the engine's policy."""


def cap_of(cents: int | None, what: str) -> Money | None:
    """`cents` as a limit, which may be nothing; None is no limit."""
    return None if cents is None else money_of(cents, what, least=0)


def _ids(allowlist: Iterable[str] | None) -> frozenset[str] | None:
    if allowlist is None:
        return None
    # A string is a collection of strings too, and never the ids that were meant.
    if isinstance(allowlist, str) or not all(isinstance(one, str) for one in allowlist):
        raise TypeError("allowlist is a set of agents' ids, or None")
    return frozenset(allowlist)


def text_of(text: str | None, what: str, most: int) -> str:
    """Free text, whole or not at all. Raises `TypeError`, `ValueError`."""
    if text is None:
        return ""
    if not isinstance(text, str):
        raise TypeError(f"{what} is text, not {type(text).__name__}")
    if len(text) > most:
        raise ValueError(f"{what} has at most {most} characters, not {len(text)}")
    return text


def key_of(key: str | None) -> str | None:
    """The program's idempotency key. Raises `TypeError`, `ValueError`."""
    if key is not None and not text_of(key, "idempotency_key", LONGEST_KEY):
        raise ValueError("idempotency_key is not empty; None makes a payment of its own")
    return key


def json_of(metadata: Mapping[str, object] | None) -> str | None:
    """Metadata as JSON text, None where there is none. Raises `TypeError`, `ValueError`."""
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not all(isinstance(key, str) for key in metadata):
        raise TypeError("metadata is a dict with text for keys")
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
    if len(text) > LONGEST_METADATA:
        raise ValueError(f"metadata has at most {LONGEST_METADATA} characters of JSON")
    return text
