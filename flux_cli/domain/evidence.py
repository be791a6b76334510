"""What a chain says about a transaction, compared field by field with what was agreed.

A transaction's hash proves nothing: only logs of the token itself do, all equal to the terms.
"""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.settlements import Proof

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
USED = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5"
CANCELLED = "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81"
"""The first topic of each event of the token."""


@dataclass(frozen=True, slots=True)
class Log:
    """One event: the contract that wrote it (checksummed), topics and data in hexadecimal."""

    index: int
    address: str
    topics: tuple[str, ...]
    data: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction; `chain_id` is the node's that said so, prices are wei."""

    chain_id: int
    tx_hash: str
    succeeded: bool
    block_number: int
    block_hash: str
    sender: str
    gas_used: int
    gas_price: int
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """One field of a settlement's proof: what was agreed, and what the chain says."""

    field: str
    expected: str
    observed: str

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.observed


def checks(terms: Terms, nonce: str, receipt: Receipt) -> tuple[FieldCheck, ...]:
    """Every field of the proof; it is one only if all agree."""
    paid, used = _best(_transfers(terms, receipt), terms), _used(terms, nonce, receipt)
    status = "succeeded" if receipt.succeeded else "failed"
    return (
        FieldCheck("chain_id", str(terms.chain_id), str(receipt.chain_id)),
        FieldCheck("status", "succeeded", status),
        FieldCheck("token", terms.token, _writers(terms, receipt)),
        FieldCheck("payer", terms.payer.lower(), "" if paid is None else _short(paid.topics[1])),
        FieldCheck("payee", terms.payee.lower(), "" if paid is None else _short(paid.topics[2])),
        FieldCheck("amount", str(terms.units), "" if paid is None else str(int(paid.data, 16))),
        FieldCheck(
            "authorizer", terms.payer.lower(), "" if used is None else _short(used.topics[1])
        ),
        FieldCheck("nonce", nonce, "" if used is None else used.topics[2]),
    )


def proof_of(terms: Terms, nonce: str, receipt: Receipt) -> Proof | None:
    """The proof that a receipt is, or None where any field disagrees."""
    paid, used = _best(_transfers(terms, receipt), terms), _used(terms, nonce, receipt)
    if paid is None or used is None or not all(c.agrees for c in checks(terms, nonce, receipt)):
        return None
    return Proof(
        receipt.tx_hash,
        receipt.block_number,
        receipt.block_hash,
        paid.index,
        used.index,
        receipt.sender,
        receipt.gas_used,
        receipt.gas_used * receipt.gas_price,
    )


def was_cancelled(terms: Terms, nonce: str, receipt: Receipt) -> bool:
    """Whether this transaction made the authorization worthless."""
    wanted = (CANCELLED, _word(terms.payer), nonce)
    return receipt.succeeded and any(
        log.address == terms.token and log.topics == wanted for log in receipt.logs
    )


def _word(address: str) -> str:
    return "0x" + address.removeprefix("0x").lower().rjust(64, "0")


def _short(word: str) -> str:
    """The address in a word; the word itself where it holds more than one."""
    return "0x" + word[26:] if word.startswith("0x" + "0" * 24) else word


def _writers(terms: Terms, receipt: Receipt) -> str:
    """The token if it wrote a transfer; else whoever did."""
    writers = [log.address for log in receipt.logs if log.topics[:1] == (TRANSFER,)]
    return terms.token if terms.token in writers else " ".join(writers)


def _transfers(terms: Terms, receipt: Receipt) -> list[Log]:
    return [
        log
        for log in receipt.logs
        if log.address == terms.token
        and log.topics[:1] == (TRANSFER,)
        and len(log.topics) == 3
        and len(log.data) == 66
    ]


def _best(found: list[Log], terms: Terms) -> Log | None:
    """The transfer that is nearest to the terms: a transaction may hold several."""

    def likeness(log: Log) -> int:
        same = (log.topics[1] == _word(terms.payer), log.topics[2] == _word(terms.payee))
        return sum(same) + (int(log.data, 16) == terms.units)

    return max(found, key=likeness, default=None)


def _used(terms: Terms, nonce: str, receipt: Receipt) -> Log | None:
    found = [
        log
        for log in receipt.logs
        if log.address == terms.token and log.topics[:1] == (USED,) and len(log.topics) == 3
    ]
    same = [log for log in found if log.topics[2] == nonce]
    return next(iter(same or found), None)
