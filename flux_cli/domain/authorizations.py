"""What one payment on a chain is: the terms its authorization is for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """What one authorization pays, and all that its nonce is derived from.

    Addresses are checksummed; `units` are the token's; hashes are 64 hexadecimal digits; `line`
    counts the shares of one payment from 0.
    """

    chain_id: int
    token: str
    payer: str
    payee: str
    units: int
    mandate_hash: str
    cart_hash: str
    line: int
