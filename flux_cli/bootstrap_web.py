"""Joins sellers on the web, and what others' proofs and mandates say, to those that need them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.domain.carts import Cart
from flux_cli.domain.evidence import FieldCheck, Receipt
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.refusals import Refusal
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


def export_ap2(
    ledger: Path, mandate: Mandate, holder: bytes, cart: Cart | None, now: datetime
) -> dict[str, object]:
    """A mandate's AP2 tokens for the key in `holder`, signed with the owner's.

    Raises `InvalidInput` for a key that cannot be used, `StorageFailed`.
    """
    from flux_cli.adapters.ap2.es256 import key_file, own_key, public_jwk
    from flux_cli.adapters.ap2.export import export

    key = own_key(ledger.with_name(ledger.name + ".ap2.pem"))
    named = key_file(holder, "--holder")
    made = export(key, mandate, named, cart, int(now.timestamp()))
    return {
        "payment_mandate": made.payment,
        "checkout_mandate": made.checkout or None,
        "issuer": public_jwk(key),
        "unsaid": list(made.unsaid),
    }


def check_ap2(
    token: str, issuer: bytes, audience: str, nonce: str, known: Mapping[str, object], now: datetime
) -> tuple[list[dict[str, object]], tuple[Refusal, ...]]:
    """A received chain: its mandates, and everything that is wrong; believed where nothing is.

    `known` is what only the verifier knows: transaction, checkout, spent, uses. Raises
    `InvalidInput` for an issuer's key that cannot be used.
    """
    from flux_cli.adapters.ap2.chain import Expected, read_chain
    from flux_cli.adapters.ap2.constraints import Known, judge
    from flux_cli.adapters.ap2.es256 import key_file
    from flux_cli.adapters.ap2.faults import Fault

    key = key_file(issuer, "--issuer")
    try:
        chain = read_chain(token, key, Expected(audience, nonce, int(now.timestamp())))
        faults = judge(chain, Known(**known))  # type: ignore[arg-type]  # the four names above
    except Fault as fault:
        chain, faults = [], [fault]
    return chain, tuple(Refusal(fault.code, str(fault)) for fault in faults)
