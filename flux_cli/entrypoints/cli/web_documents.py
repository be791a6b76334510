"""What was bought by HTTP 402, as the command line shows it and hands it over."""

from __future__ import annotations

import shlex
from pathlib import Path

from flux_cli.domain.paywalls import WebState
from flux_cli.domain.settlements import ENDED, SettlementState
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.settlement_documents import LOCAL, network_of
from flux_cli.errors import StorageFailed
from flux_cli.usecases.pay_url import Bought
from flux_cli.usecases.web_ports import WebAnswer

LONGEST_SHOWN = 20_000


def tell_free(flux: Invocation, url: str, answer: WebAnswer, save: Path | None) -> ExitCode:
    """Show an answer that cost nothing."""
    fields = {"url": url, "state": "free", "status": answer.status, **_goods(flux, answer, save)}
    flux.show(Document("web_payment", fields, last="the seller asked for nothing"))
    return ExitCode.OK


def tell_bought(
    flux: Invocation, bought: Bought, save: Path | None, again: tuple[str, ...]
) -> ExitCode:
    """Show what became of a payment and what was delivered for it."""
    payment, settlement = bought.payment, bought.settlement
    proof = settlement.proof
    fields: dict[str, object] = {
        "id": payment.id,
        "state": payment.state,
        "url": payment.url,
        "amount": payment.amount,
        "payee": payment.payee,
        "settlement": settlement.state,
        "network": network_of(settlement),
        "to_address": settlement.terms.payee,
        "tx_hash": None if proof is None else proof.tx_hash,
        "status": payment.status,
        "reason": payment.reason or ("" if proof else settlement.reason),
        "nonce": settlement.nonce,
        "intent_id": settlement.intent_id,
        "settlement_id": settlement.id,
        "idempotency_key": payment.key,
        **_goods(flux, bought.answer, save),
    }
    said, code = _in_words(bought)
    if flux.for_people:
        hidden = {"nonce", "intent_id", "idempotency_key", "body_sha256"}
        kept = fields.items()
        fields = {name: value for name, value in kept if value and name not in hidden}
    if settlement.local:
        said = f"{said}; {LOCAL}"
    document = Document("web_payment", fields, last=said, headings={"settlement_id": "proof"})
    if settlement.state is SettlementState.REFUSED:
        rule = Refusal("policy_violation", settlement.reason)
        flux.deny("nothing was signed; the money was given back", (rule,), document=document)
    flux.show(document)
    if code is ExitCode.PENDING:
        flux.note(f"go on with the same payment: {_spelled(again)}")
    return code


def _goods(flux: Invocation, answer: WebAnswer | None, save: Path | None) -> dict[str, object]:
    """What was delivered, as text where it is text and not long, and kept where that was asked."""
    if answer is None or not 200 <= answer.status < 300:
        return {}
    if save is not None:
        try:
            with (flux.cwd / save).open("xb") as file:
                file.write(answer.body)
        except OSError as error:
            said = f"{save} cannot be written: {error.strerror}; ask again with the same key"
            raise StorageFailed(said, subject=str(save)) from None
        return {"saved": str(save), "media": answer.media, "bytes": len(answer.body)}
    try:
        body: str | None = answer.body.decode() if len(answer.body) <= LONGEST_SHOWN else None
    except UnicodeDecodeError:
        body = None
    return {"media": answer.media, "bytes": len(answer.body), "body": body}


def _in_words(bought: Bought) -> tuple[str, ExitCode]:
    payment, settlement = bought.payment, bought.settlement
    paid = settlement.state is SettlementState.SETTLED
    if payment.state is WebState.DELIVERED and paid:
        return f"{payment.amount} paid to {payment.payee} and delivered", ExitCode.OK
    if payment.state is WebState.DELIVERED and settlement.state not in ENDED:
        return "delivered; the seller has not used the payment yet", ExitCode.PENDING
    if payment.state is WebState.DELIVERED:
        return f"delivered; the payment {settlement.state} unused", ExitCode.OK
    if paid and payment.state is WebState.SIGNED:
        return "paid, and no answer came: what was bought can still be asked for", ExitCode.PENDING
    if paid:
        return "PAID, and the seller did not deliver: take it up with the seller", ExitCode.CONFLICT
    if settlement.state in ENDED:
        return f"not bought: {settlement.state}; the money was given back", ExitCode.CONFLICT
    if payment.state is WebState.REFUSED:
        said = "the seller refused the payment; the money is on hold until it expires"
        return f"{said}: flux settle drain", ExitCode.CONFLICT
    return "no answer yet; the money is on hold", ExitCode.PENDING


def _spelled(argv: tuple[str, ...]) -> str:
    return shlex.join(argv)
