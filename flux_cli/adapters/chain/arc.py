"""USDC on Arc, as the settlement use cases need it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flux_cli.adapters.chain import encoding
from flux_cli.adapters.chain.rpc import Nodes, Reverted, is_loopback
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.evidence import CANCELLED, USED, Log, Receipt
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import EXPLORERS, WEI_PER_UNIT, Authorization, Fees
from flux_cli.errors import ChainUnavailable, SignerFailed, WrongChain
from flux_cli.usecases.settlement_ports import GAS, Head, Standing, Wrapped

MOST_BLOCKS = 10_000
"""Of one question for logs; the chain's nodes refuse more."""

MOST_SEARCHES = 600


class ArcChain:
    """One chain by its id and token, behind the nodes at `urls`."""

    def __init__(
        self,
        urls: Sequence[str],
        chain_id: int,
        token: str,
        *,
        pace_seconds: float,
        timeout_seconds: float,
    ) -> None:
        self.chain_id = chain_id
        self.token = token
        self.is_local = any(is_loopback(url) for url in urls)
        self._nodes = Nodes(urls, pace_seconds, timeout_seconds)
        self._seen: int | None = None

    # What is signed.

    def nonce(self, terms: Terms) -> str:
        """The EIP-3009 nonce that these terms alone have."""
        return encoding.payment_nonce(terms)

    def digest(self, terms: Terms, valid_after: int, valid_before: int) -> str:
        """What the payer signs to let them be paid."""
        return encoding.transfer_digest(terms, self.nonce(terms), valid_after, valid_before)

    def cancel_digest(self, terms: Terms, nonce: str) -> str:
        """What the payer signs to make that worthless."""
        return encoding.cancel_digest(terms, nonce)

    def payment(
        self, terms: Terms, nonce: str, signed: Authorization, place: int, fees: Fees
    ) -> str:
        """The unsigned transaction that pays."""
        data = encoding.payment_call(terms, nonce, signed)
        return encoding.unsigned_transaction(terms.chain_id, place, fees, GAS, terms.token, data)

    def cancellation(
        self, terms: Terms, nonce: str, signed: Authorization, place: int, fees: Fees
    ) -> str:
        """The unsigned transaction that cancels."""
        data = encoding.cancel_call(terms, nonce, signed)
        return encoding.unsigned_transaction(terms.chain_id, place, fees, GAS, terms.token, data)

    def is_by(self, digest: str, signed: Authorization, address: str) -> bool:
        """Whether a signature over `digest` is this address's."""
        return encoding.signature_address(digest, signed) == address

    def check_wrapped(self, unsigned: str, wrapped: Wrapped, address: str) -> None:
        """Raise `SignerFailed` unless it is `unsigned`, signed by `address`, by its right hash."""
        same = encoding.unsigned_part(wrapped.raw) == unsigned
        named = encoding.transaction_hash(wrapped.raw) == wrapped.tx_hash
        if not (same and named and encoding.transaction_sender(wrapped.raw) == address):
            raise SignerFailed("the signer gave back another transaction than was asked of it")

    # What the chain says.

    def check_chain(self) -> None:
        """Raise `WrongChain` unless the nodes are of the configured chain."""
        found = self._nodes.ask("eth_chainId", [], _number)
        if found != self.chain_id:
            raise WrongChain(f"the node is of chain {found}, not of {self.chain_id}")

    def standing(self, terms: Terms, nonce: str, most_fee_wei: int) -> Standing:
        """What the newest block says before anything is signed; a refusal names what is wrong."""
        self.check_chain()
        code = self._nodes.ask("eth_getCode", [terms.token, "latest"], _hex)
        if len(code) <= 2:
            return Standing(Refusal("no_token", f"there is no contract at {terms.token}"), False)
        if self.is_used(terms.payer, nonce):
            return Standing(None, used=True)
        wanted = encoding.domain_separator(terms.chain_id, terms.token)
        if self._call(terms.token, "3644e515") != wanted:
            return Standing(Refusal("wrong_domain", "the token is not the USDC we know"), False)
        have = self._nodes.ask("eth_getBalance", [terms.payer, "latest"], _number)
        need = terms.units * WEI_PER_UNIT + most_fee_wei
        if have < need:
            said = "the wallet has too little for the payment and its gas"
            numbers = (have // WEI_PER_UNIT, -(-need // WEI_PER_UNIT))
            return Standing(Refusal("insufficient_funds", said, *numbers), False)
        moved = f"a9059cbb{_padded(terms.payee)}{terms.units:064x}"
        try:
            call = {"to": terms.token, "data": "0x" + moved, "from": terms.payer}
            self._nodes.ask("eth_call", [call, "latest"], _word)
        except Reverted as error:
            return Standing(Refusal("would_fail", f"the token would refuse it: {error}"), False)
        return Standing(None, used=False)

    def head(self) -> Head:
        """The newest final block."""
        return self._nodes.ask("eth_getBlockByNumber", ["latest", False], _head)

    def account_nonce(self, address: str) -> int:
        """How many transactions of this account are in blocks; never what is only pending."""
        return self._nodes.ask("eth_getTransactionCount", [address, "latest"], _number)

    def receipt(self, tx_hash: str) -> Receipt | None:
        """What became of a transaction, None while that is not known.

        Where there are several nodes, every one that answers must say the same.
        """

        seen = self._nodes.ask("eth_chainId", [], _number) if self._seen is None else self._seen
        self._seen = seen

        def read(found: Any) -> Receipt | None:
            return None if found is None else _receipt(seen, tx_hash, found)

        first, *others = self._nodes.ask_each("eth_getTransactionReceipt", [tx_hash], read)
        return first if all(other == first for other in others) else None

    def is_used(self, payer: str, nonce: str, block: int | None = None) -> bool:
        """Whether an authorization was used or cancelled, at a block or the newest.

        One node that says so is enough: money is given back only where none does.
        """
        data = f"e94a0102{_padded(payer)}{nonce.removeprefix('0x')}"
        return any(int(word, 16) for word in self._calls(self.token, data, block))

    def find_use(self, payer: str, nonce: str, from_block: int) -> Receipt | None:
        """The transaction that used or cancelled it: newest blocks first, back to `from_block`."""
        last = self._nodes.ask("eth_blockNumber", [], _number)
        for _ in range(MOST_SEARCHES):
            first = max(from_block, last - MOST_BLOCKS + 1, 0)
            wanted = {
                "address": self.token,
                "topics": [[USED, CANCELLED], "0x" + _padded(payer), nonce],
                "fromBlock": hex(first),
                "toBlock": hex(last),
            }
            hashes = self._nodes.ask("eth_getLogs", [wanted], _hashes)
            if hashes:
                return self.receipt(hashes[0])
            if first <= from_block:
                return None
            last = first - 1
        return None

    def same_block(self, number: int, block_hash: str) -> bool:
        """Whether the chain has this very block."""

        def read(found: Any) -> bool:
            return found is not None and _hash(found["hash"]) == block_hash

        return self._nodes.ask("eth_getBlockByNumber", [hex(number), False], read)

    def send(self, raw: str) -> str:
        """Hand a transaction to the nodes; what they said."""
        return self._nodes.tell("eth_sendRawTransaction", [raw])

    def balance(self, address: str) -> int:
        """What an address has of the token, in its units."""
        return int(self._call(self.token, f"70a08231{_padded(address)}"), 16)

    def explorer(self, tx_hash: str) -> str | None:
        """Where anybody can look it up; None for a chain on this machine."""
        place = EXPLORERS.get(self.chain_id)
        return None if self.is_local or place is None else place + tx_hash

    def _call(self, to: str, data: str) -> str:
        return self._calls(to, data, None)[0]

    def _calls(self, to: str, data: str, block: int | None) -> list[str]:
        place = "latest" if block is None else hex(block)
        call = {"to": to, "data": "0x" + data}
        try:
            return self._nodes.ask_each("eth_call", [call, place], _word)
        except Reverted as error:
            raise ChainUnavailable(f"the token did not answer: {error}") from None


def _padded(address: str) -> str:
    return address.removeprefix("0x").lower().rjust(64, "0")


def _hex(found: Any) -> str:
    if not isinstance(found, str) or not found.startswith("0x"):
        raise ValueError("not hexadecimal")
    return found.lower()


def _number(found: Any) -> int:
    return int(_hex(found), 16)


def _word(found: Any) -> str:
    text = _hex(found)
    if len(text) != 66:
        raise ValueError("not a word")
    int(text, 16)
    return text


_hash = _word


def _head(found: Any) -> Head:
    return Head(
        _number(found["number"]), _number(found["timestamp"]), _number(found["baseFeePerGas"])
    )


def _hashes(found: Any) -> list[str]:
    if not isinstance(found, list):
        raise TypeError("logs are a list")
    return [_hash(log["transactionHash"]) for log in found if not log.get("removed")]


def _receipt(chain_id: int, tx_hash: str, found: Any) -> Receipt:
    """A node's receipt, every field of its right shape, of the transaction that was asked for."""
    if _hash(found["transactionHash"]) != tx_hash.lower():
        raise ValueError("the receipt of another transaction")
    logs = tuple(
        Log(
            _number(log["logIndex"]),
            encoding.checksummed(log["address"]),
            tuple(_word(topic) for topic in log["topics"]),
            _hex(log["data"]),
        )
        for log in found["logs"]
        if _hash(log["transactionHash"]) == tx_hash.lower()
    )
    return Receipt(
        chain_id=chain_id,
        tx_hash=tx_hash.lower(),
        succeeded=_number(found["status"]) == 1,
        block_number=_number(found["blockNumber"]),
        block_hash=_hash(found["blockHash"]),
        sender=encoding.checksummed(found["from"]),
        gas_used=_number(found["gasUsed"]),
        gas_price=_number(found["effectiveGasPrice"]),
        logs=logs,
    )
