"""A settlement that a seller on the web was given leave to send: signed once here, then watched.

Nothing of ours is broadcast for it: the seller does, or nobody, and only the chain says which.
"""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.paywalls import WebPayment, WebState
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import ENDED, Settlement, SettlementState
from flux_cli.errors import SignerFailed
from flux_cli.usecases.end_settlement import end_unpaid, refuse_settlement
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.propose_settlement import authorize, leave_of, violation
from flux_cli.usecases.settlement_ports import SettleDeps
from flux_cli.usecases.watch_settlement import by_its_use, is_over, keep
from flux_cli.usecases.web_ports import Signed, UrlDeps


def web_payment_of(reader: Reader, settlement: Settlement) -> WebPayment | None:
    """What it pays for on the web, or None for a payment that we send ourselves."""
    intent = reader.get(PaymentIntent, settlement.intent_id)
    return reader.lookup(WebPayment, key=intent.key)


def follow_web(deps: SettleDeps, settlement: Settlement, payment: WebPayment) -> Settlement:
    """One step of a settlement that the seller sends: used, expired, or as it was."""
    if settlement.state in ENDED:
        return settlement
    if settlement.state is SettlementState.PROPOSED:
        return authorize(deps, settlement)
    if payment.authorization is not None:
        return _watch(deps, settlement, payment.authorization.valid_before)
    # The header was not kept; the signer alone knows whether there is a signature.
    until = deps.signer.judge(leave_of(deps, settlement)).signed_until
    if until:
        return _watch(deps, settlement, until)
    with deps.store.reading() as reader:
        over = reader.now.timestamp() > settlement.valid_before
    return authorize(deps, settlement) if over else settlement


def _watch(deps: SettleDeps, settlement: Settlement, until: int) -> Settlement:
    bounded = replace(settlement, valid_before=until)
    if deps.chain.is_used(settlement.terms.payer, settlement.nonce):
        return by_its_use(deps, bounded)
    if is_over(deps, bounded, deps.chain.head()):
        why = "the seller did not use it, and it has expired by a final block"
        return end_unpaid(deps, settlement, SettlementState.EXPIRED, why)
    return settlement


def sign_header(
    urls: UrlDeps, payment: WebPayment, settlement: Settlement
) -> tuple[WebPayment, Settlement]:
    """The payment with its header kept, which happens once; or its settlement's end.

    Nothing is sent here. Raises `Frozen`, `ChainUnavailable`, `WrongChain`, `KeyUnavailable`,
    `SignerFailed`.
    """
    deps = _with_validity(urls.settling, payment)
    if settlement.state is SettlementState.PROPOSED:
        settlement = authorize(deps, settlement)
    if payment.header or settlement.state in ENDED:
        return payment, settlement
    standing = deps.chain.standing(settlement.terms, settlement.nonce, 0)
    if standing.used:
        return payment, by_its_use(deps, replace(settlement, from_block=0))
    judged = deps.signer.judge(leave_of(deps, settlement))
    if judged.refusal is not None and judged.refusal.code == "not_valid_now":
        settlement = authorize(deps, settlement)
        if settlement.state in ENDED:
            return payment, settlement
        judged = deps.signer.judge(leave_of(deps, settlement))
    refusal = standing.fault or (judged.refusal and violation(judged.refusal))
    if refusal is not None and judged.signed_until:
        return payment, _watch(deps, settlement, judged.signed_until)
    if refusal is not None:
        return payment, refuse_settlement(deps, settlement, refusal)
    with deps.store.reading() as reader:
        obey_freeze(reader, settlement.requester)
    return _signed(urls, deps, payment, settlement)


def _signed(
    urls: UrlDeps, deps: SettleDeps, payment: WebPayment, settlement: Settlement
) -> tuple[WebPayment, Settlement]:
    signed, terms = deps.signer.authorize(leave_of(deps, settlement)), settlement.terms
    if isinstance(signed, Refusal):
        said = violation(signed).message
        return payment, keep(deps, settlement, settlement.state, said)
    digest = deps.chain.digest(terms, signed.valid_after, signed.valid_before)
    if not deps.chain.is_by(digest, signed, terms.payer):
        raise SignerFailed("the signer's signature is not the wallet's", subject=settlement.id)
    who = (terms.payer, terms.payee, terms.units, settlement.nonce)
    ready = replace(
        payment,
        state=WebState.SIGNED,
        settlement_id=settlement.id,
        authorization=signed,
        header=urls.web.header(Signed(payment.demand, payment.url, *who, signed)),
    )
    return _keep_header(deps, ready), settlement


def _with_validity(deps: SettleDeps, payment: WebPayment) -> SettleDeps:
    """As long as the seller needs, and never longer than the owner's own."""
    seconds = min(deps.settings.validity_seconds, payment.demand.timeout_seconds)
    return replace(deps, settings=replace(deps.settings, validity_seconds=seconds))


def _keep_header(deps: SettleDeps, ready: WebPayment) -> WebPayment:
    """Keep the header before it is sent; one that is kept already is the one that counts."""
    with deps.store.begin() as tx:
        current = tx.get(WebPayment, ready.id)
        if current.header:
            return current
        kept = replace(ready, changed_at=tx.now)
        tx.put(kept, "web.signed")
    return kept
