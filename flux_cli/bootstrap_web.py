"""Joins sellers on the web, and the check of a payment's proof, to those that need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flux_cli.domain.evidence import FieldCheck, Receipt
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.settlement_ports import Chain, SettleDeps
from flux_cli.usecases.web_ports import UrlDeps

if TYPE_CHECKING:
    from flux_cli.adapters.x402.stall import Goods, Relay, Stall


def open_web(deps: Deps, settling: SettleDeps) -> UrlDeps:
    """What buying by HTTP 402 needs, on the ledger and the chain that are open already."""
    from flux_cli.adapters.x402.web import HttpWeb

    return UrlDeps(deps, settling, HttpWeb(), 0.1 if settling.chain.is_local else 1.0)


def open_stall(chain: Chain, pay_to: str, goods: Mapping[str, Goods], relay: Relay) -> Stall:
    """A seller paid at `pay_to` over `chain`; `relay` has a buyer's authorization sent."""
    from flux_cli.adapters.x402.stall import Stall

    return Stall(chain, pay_to, goods, relay)


def check_proof(data: bytes) -> tuple[dict[str, object] | None, list[FieldCheck], list[Receipt]]:
    """A proof bundle's bytes checked offline: what it holds, each comparison, its receipts."""
    from flux_cli.adapters.proofs.check import check_bundle, read_bundle, receipts_of

    bundle = read_bundle(data)
    if bundle is None:
        return None, [], []
    checks = check_bundle(bundle)
    sound = all(check.agrees for check in checks)
    return dict(bundle), checks, receipts_of(bundle) if sound else []
