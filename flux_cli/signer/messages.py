"""What is said over the signer's pipe: length-prefixed JSON, each message of a known type."""

from __future__ import annotations

import struct
from typing import BinaryIO, TypeVar

import msgspec

from flux_cli.domain.authorizations import Terms
from flux_cli.signer.encoding import Malformed

LONGEST = 64 * 1024
_LENGTH = struct.Struct(">I")


class Message(msgspec.Struct, frozen=True, tag=str.lower, forbid_unknown_fields=True):
    """One message; its type is in its `type` field."""


class Hello(Message, frozen=True):
    """Who are you, and what may you sign?"""


class Judge(Message, frozen=True):
    """Would you authorize this? Nothing is signed and nothing is recorded."""

    terms: Terms
    merchant: str
    spend: str
    valid_after: int
    valid_before: int
    digest: str


class Authorize(Judge, frozen=True):
    """Sign a transferWithAuthorization; `spend` is the canonical text of what was approved."""


class Cancel(Message, frozen=True):
    """Sign a cancelAuthorization for a nonce this signer has authorized."""

    chain_id: int
    token: str
    nonce: str
    digest: str


class Wrap(Message, frozen=True):
    """Sign the transaction that carries an authorization of this signer; hexadecimal bytes."""

    unsigned: str


class Setup(Message, frozen=True):
    """The owner's new policy, as JSON; only a process started for that takes it."""

    policy: str


class Ready(Message, frozen=True):
    """The wallet's address, and the sealed policy's text."""

    address: str
    policy: str


class Fine(Message, frozen=True):
    """The policy allows it; `signed_until` is when what was signed for it before expires, or 0."""

    signed_until: int = 0


class Signed(Message, frozen=True):
    """An authorization's signature; an earlier one of the same terms is given again as it was."""

    v: int
    r: str
    s: str
    valid_after: int
    valid_before: int


class Wrapped(Message, frozen=True):
    """The signed transaction, and its hash."""

    raw: str
    tx_hash: str


class Refused(Message, frozen=True):
    """The policy forbids it; `limit` and `observed` are the numbers that disagreed, if any did."""

    rule: str
    reason: str
    limit: int | None = None
    observed: int | None = None


class Unusable(Message, frozen=True):
    """The key, the policy or the record cannot be used; `code` is stable, `reason` for people."""

    code: str
    reason: str


Request = Hello | Judge | Authorize | Cancel | Wrap | Setup
Reply = Ready | Fine | Signed | Wrapped | Refused | Unusable
M = TypeVar("M")

_REQUESTS = msgspec.json.Decoder(Request)
_REPLIES = msgspec.json.Decoder(Reply)


def send(stream: BinaryIO, message: Message) -> None:
    """Write one message whole."""
    data = msgspec.json.encode(message)
    if len(data) > LONGEST:
        raise Malformed("a message is at most 64 KiB")
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def next_request(stream: BinaryIO) -> Request | None:
    """The next request, None at the end. Raises `Malformed`."""
    return _next(stream, _REQUESTS)


def next_reply(stream: BinaryIO) -> Reply | None:
    """The next reply, None at the end. Raises `Malformed`."""
    return _next(stream, _REPLIES)


def _next(stream: BinaryIO, decoder: msgspec.json.Decoder[M]) -> M | None:
    prefix = stream.read(_LENGTH.size)
    if not prefix:
        return None
    if len(prefix) != _LENGTH.size:
        raise Malformed("a message that ends in its length")
    (size,) = _LENGTH.unpack(prefix)
    if size > LONGEST:
        raise Malformed("a message is at most 64 KiB")
    data = stream.read(size)
    if len(data) != size:
        raise Malformed("a message that ends too early")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"not a message: {error}") from None
