"""Other ways to keep the same ledger, measured beside ours on the same work.

The work: transfer number `i` moves `AMOUNT` from the world's account to wallet `i % WALLETS`, and
is on the disk when it is acknowledged: alone in its transaction, or with `BATCH` others in one.
All accounts exist and the arguments are made before the clock starts; making the accounts is not
timed, and neither is closing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

AMOUNT = 1_000_000
BATCH = 1_000
WALLETS = 100
WORLD = 0
"""The world's account number; wallets are 1 to `WALLETS`."""


class NotMeasured(Exception):
    """Why a contender has no number; never a reason to invent one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run cost: seconds of posting, and the bytes its files hold afterwards."""

    seconds: float
    stored_bytes: int


def wallet_number(transfer: int) -> int:
    """The wallet that transfer number `transfer` pays."""
    return transfer % WALLETS + 1


def batches(n: int) -> Iterator[range]:
    """The numbers 0 to `n` - 1, `BATCH` at a time."""
    for start in range(0, n, BATCH):
        yield range(start, min(start + BATCH, n))
