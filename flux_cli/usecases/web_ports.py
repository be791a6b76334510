"""The door to sellers on the web, as buying by HTTP 402 sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flux_cli.domain.paywalls import Demand, Demanded
from flux_cli.domain.settlements import Authorization
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.settlement_ports import SettleDeps


@dataclass(frozen=True, slots=True)
class Claim:
    """What a seller says of the settlement; the chain alone proves it."""

    success: bool
    tx_hash: str
    reason: str


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """One answer of a seller: what it demands or claims, where it says so, and the body."""

    status: int
    demanded: Demanded | None
    claim: Claim | None
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A payment as its header spells it: the demand it answers and the authorization."""

    demand: Demand
    url: str
    payer: str
    payee: str
    units: int
    nonce: str
    authorization: Authorization


class Web(Protocol):
    """Asking for a web address, with or without a payment. A redirect is never followed."""

    def ask(self, url: str, header: str = "", *, seconds: float) -> WebAnswer:
        """One GET.

        Raises `ShopFailed` where no whole answer came (what was sent may have arrived), and
        `ShopRefused` for one that cannot be used.
        """

    def header(self, payment: Signed) -> str:
        """The payment as the header's text."""


@dataclass(frozen=True, slots=True)
class UrlDeps:
    """Everything that buying by HTTP 402 may reach; the first pause before a header is repeated."""

    deps: Deps
    settling: SettleDeps
    web: Web
    pause_seconds: float
