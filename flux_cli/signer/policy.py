"""The signer's own policy: whom it may pay, how much, on which chain; sealed by the wallet key.

The seal is an HMAC under a key derived from the wallet's: who can write the file but cannot unlock
the key cannot change what is signed. A policy without its seal signs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

import msgspec

from flux_cli.signer.encoding import Malformed, address_bytes

GWEI = 10**9
MAINNET = 5042
TOKEN = "0x3600000000000000000000000000000000000000"  # noqa: S105 - a contract, no secret


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be signed. Amounts are the token's units, fees wei; zero allows nothing.

    `merchants` are payees by their exact id. `per_day` and `gas_per_day` look back 24 hours;
    `budget` is for ever. `longest_validity` is in seconds.
    """

    merchants: dict[str, str] = {}
    chain_id: int = 5042002
    token: str = TOKEN
    mainnet: bool = False
    per_payment: int = 25_000_000
    per_day: int = 100_000_000
    budget: int = 500_000_000
    longest_validity: int = 900
    most_gas: int = 220_000
    most_fee_per_gas: int = 500 * GWEI
    gas_per_day: int = 10**18


def read_policy(text: str | bytes) -> Policy:
    """A policy from its JSON, every address checked. Raises `Malformed`."""
    try:
        policy = msgspec.json.decode(text, type=Policy)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"not a signer's policy: {error}") from None
    for merchant, address in policy.merchants.items():
        if not 0 < len(merchant) <= 64:
            raise Malformed("a merchant's id has 1 to 64 characters")
        if not any(address_bytes(address)) or address == policy.token:
            raise Malformed(f"{address} can be nobody's: it is the zero address or the token")
    address_bytes(policy.token)
    numbers = [value for value in msgspec.structs.astuple(policy) if type(value) is int]
    if min(numbers) < 0:
        raise Malformed("a limit is not below zero")
    return policy


def write_policy(policy: Policy) -> str:
    """The policy's JSON, always the same for the same policy."""
    return msgspec.json.encode(policy, order="sorted").decode()


class Sealed:
    """Files only the holder of the wallet key can have written, in the signer's folder."""

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._key = hashlib.sha256(b"flux signer seal\0" + secret).digest()

    def mark(self, data: bytes) -> str:
        """The seal of `data`."""
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()

    def matches(self, data: bytes, mark: str) -> bool:
        """Whether `mark` is the seal of `data`."""
        return hmac.compare_digest(self.mark(data), mark)

    def policy(self) -> Policy:
        """The policy in force; raises `Malformed` where it is missing or not ours."""
        try:
            mark, _, text = (self._folder / "policy").read_text(encoding="utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            raise Malformed("there is no policy") from None
        if not self.matches(text.encode(), mark):
            raise Malformed("the policy's seal is broken: it was changed without the wallet key")
        return read_policy(text)

    def put_policy(self, policy: Policy) -> None:
        """Put `policy` in force, whole or not at all."""
        text = write_policy(policy)
        write_private(self._folder / "policy", f"{self.mark(text.encode())}\n{text}".encode())


def write_private(path: Path, data: bytes) -> None:
    """Replace an owner-only file, and not before the new one is on the disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(file, 0o600)
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
