"""The doors to a chain and to the signer, as the settlement use cases see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.evidence import Receipt
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import Authorization, Fees
from flux_cli.usecases.ports import Ids, Store


@dataclass(frozen=True, slots=True)
class Head:
    """The newest final block: its number, its time in seconds since 1970, its base fee in wei."""

    number: int
    time: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a chain says before anything is signed; `fault` is why nothing can be, or None."""

    fault: Refusal | None
    used: bool


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A signed transaction and its hash."""

    raw: str
    tx_hash: str


class Chain(Protocol):
    """One chain behind one or several nodes. Raises `ChainUnavailable` where none answers."""

    @property
    def chain_id(self) -> int: ...

    @property
    def token(self) -> str: ...

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, so that nothing real moves."""

    def nonce(self, terms: Terms) -> str:
        """The EIP-3009 nonce that these terms alone have."""

    def digest(self, terms: Terms, valid_after: int, valid_before: int) -> str:
        """What the payer signs to let them be paid."""

    def cancel_digest(self, terms: Terms, nonce: str) -> str:
        """What the payer signs to make that worthless."""

    def payment(
        self, terms: Terms, nonce: str, signed: Authorization, place: int, fees: Fees
    ) -> str:
        """The unsigned transaction that pays, as the account's transaction number `place`."""

    def cancellation(
        self, terms: Terms, nonce: str, signed: Authorization, place: int, fees: Fees
    ) -> str:
        """The unsigned transaction that cancels."""

    def is_by(self, digest: str, signed: Authorization, address: str) -> bool:
        """Whether a signature over `digest` is this address's."""

    def check_wrapped(self, unsigned: str, wrapped: Wrapped, address: str) -> None:
        """Raise `SignerFailed` unless `wrapped` is exactly `unsigned` with this one's signature."""

    def check_chain(self) -> None:
        """Raise `WrongChain` unless the nodes are of the chain that is configured."""

    def standing(self, terms: Terms, nonce: str, most_fee_wei: int) -> Standing:
        """Chain, contract, domain, balance, use and a simulation, checked at the newest block."""

    def head(self) -> Head: ...

    def account_nonce(self, address: str) -> int:
        """How many transactions of this account are in blocks."""

    def receipt(self, tx_hash: str) -> Receipt | None: ...

    def is_used(self, payer: str, nonce: str, block: int | None = None) -> bool:
        """Whether an authorization was used or cancelled, at a block or the newest."""

    def find_use(self, payer: str, nonce: str, from_block: int) -> Receipt | None:
        """The transaction that used or cancelled an authorization, looked for in the logs."""

    def same_block(self, number: int, block_hash: str) -> bool:
        """Whether the chain has this very block."""

    def send(self, raw: str) -> str:
        """Hand a transaction to the nodes; what they said. No answer means anything for sure."""

    def balance(self, address: str) -> int:
        """What an address has of the token, in its units."""

    def explorer(self, tx_hash: str) -> str | None:
        """Where anybody can look it up; None for a chain on this machine."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What the signer is asked for: terms, and the approved payment they are a line of."""

    terms: Terms
    merchant: str
    spend: str
    valid_after: int
    valid_before: int
    digest: str


@dataclass(frozen=True, slots=True)
class WalletPolicy:
    """The signer's own policy: merchants by id, caps in units of the token, fees in wei."""

    merchants: dict[str, str]
    chain_id: int
    token: str
    mainnet: bool
    per_payment: int
    per_day: int
    budget: int
    longest_validity: int
    most_gas: int
    most_fee_per_gas: int
    gas_per_day: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Why the signer would refuse, or None; `signed_until` is the end of what it signed before.

    In seconds since 1970; 0 where it has never signed for these terms.
    """

    refusal: Refusal | None
    signed_until: int


class Signer(Protocol):
    """The process that holds the key. Raises `KeyUnavailable`, `SignerFailed`."""

    def address(self) -> str: ...

    def policy(self) -> WalletPolicy: ...

    def judge(self, leave: Leave) -> Judged:
        """Whether it would authorize this; nothing is signed."""

    def authorize(self, leave: Leave) -> Authorization | Refusal: ...

    def cancel(self, terms: Terms, nonce: str, digest: str) -> Authorization | Refusal: ...

    def wrap(self, unsigned: str) -> Wrapped | Refusal: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SettlementSettings:
    """What the owner configured: seconds and wei."""

    validity_seconds: int
    tip_wei: int
    fee_ceiling_wei: int
    bump_after_seconds: float
    most_in_flight: int = 16


GAS = 220_000
"""What one of our transactions may use: the chain's own estimates are not to be relied on."""


@dataclass(frozen=True, slots=True)
class SettleDeps:
    """Everything the settlement use cases may reach."""

    store: Store
    ids: Ids
    chain: Chain
    signer: Signer
    settings: SettlementSettings
