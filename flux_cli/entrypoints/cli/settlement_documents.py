"""Settlements as the command line shows them, and how each ends a command."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.refusals import Refusal as Ruling
from flux_cli.domain.settlements import MAINNET, Settlement, SettlementState
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.errors import Fix
from flux_cli.usecases.settlement_ports import Chain
from flux_cli.usecases.verify_settlement import Reconciled, Verified

COLUMNS = (
    Column("id", "id", "id"),
    Column("payee", "payee"),
    Column("amount", "amount", "money"),
    Column("gas", "gas", "money"),
    Column("state", "state", "status"),
    Column("tx_hash", "transaction"),
)
LOCAL = "LOCAL CHAIN: nothing real moved"
WORDS = {
    SettlementState.SETTLED: "settled",
    SettlementState.REFUSED: "refused; nothing was signed, the money was given back",
    SettlementState.EXPIRED: "expired unpaid; the money was given back",
    SettlementState.CANCELLED: "cancelled; the money was given back",
    SettlementState.NEEDS_HUMAN: "needs a human; the money stays on hold",
    SettlementState.REVERTED_OPEN: "failed, but may still be sent by anybody; on hold until it may"
    " not",
}
PENDING = "on its way; the money stays on hold"


def describe_settlement(settlement: Settlement, chain: Chain | None) -> dict[str, object]:
    """A settlement for programs; an explorer's link only for one that is real and settled."""
    proof, terms = settlement.proof, settlement.terms
    link = chain.explorer(proof.tx_hash) if chain is not None and proof is not None else None
    return {
        "id": settlement.id,
        "state": settlement.state,
        "amount": settlement.amount,
        "requester": settlement.requester,
        "payee": settlement.payee,
        "network": network_of(settlement),
        "local": settlement.local,
        "from_address": terms.payer,
        "to_address": terms.payee,
        "token": terms.token,
        "nonce": settlement.nonce,
        "valid_before": settlement.valid_before,
        "attempts": settlement.attempts,
        "gas": settlement.gas,
        "tx_hash": None if proof is None else proof.tx_hash,
        "block": None if proof is None else proof.block_number,
        "sent_by": None if proof is None else proof.sender,
        "explorer": link if not settlement.local else None,
        "reason": settlement.reason,
        "intent_id": settlement.intent_id,
        "line": settlement.line,
        "run_id": settlement.run_id,
        "created_at": settlement.created_at,
        "changed_at": settlement.changed_at,
    }


def network_of(settlement: Settlement) -> str:
    """The chain's name and number."""
    number = settlement.terms.chain_id
    if settlement.local:
        return f"local chain {number}"
    return f"Arc main network ({number})" if number == MAINNET else f"Arc test network ({number})"


FOR_PEOPLE = (
    *("id", "state", "amount", "payee", "network", "to_address", "gas", "tx_hash", "block"),
    *("sent_by", "explorer", "reason", "intent_id"),
)


def settlement_document(
    settlement: Settlement, chain: Chain | None, *, for_people: bool
) -> Document:
    """One settlement whole, or what matters of it."""
    whole = describe_settlement(settlement, chain)
    last = WORDS.get(settlement.state, PENDING)
    if settlement.local:
        last = f"{last}; {LOCAL}"
    shown = whole
    if for_people:
        shown = {name: whole[name] for name in FOR_PEOPLE if whole[name] not in (None, "")}
        if shown.get("sent_by") == settlement.terms.payer:
            del shown["sent_by"]
    return Document("settlement", shown, last=last, headings={"intent_id": "payment"})


NOTHING_YET = "nothing has left over a chain yet; pay with `flux pay … --rail arc`"


def settlement_listing(
    rows: Sequence[Settlement], after: str | None, empty: str = NOTHING_YET
) -> Listing:
    """A page of settlements."""
    shown = [describe_settlement(row, None) for row in rows]
    last = LOCAL if any(row.local for row in rows) else ""
    return Listing("settlement", shown, COLUMNS, next=after, empty=empty, last=last)


CHECK_COLUMNS = (
    Column("field", "field"),
    Column("agrees", "agrees", "status"),
    Column("expected", "agreed"),
    Column("observed", "on the chain"),
)


def verified_document(verified: Verified, *, for_people: bool) -> Document:
    """Every field that was compared, and the ones that disagree in the last line."""
    spelled = _short if for_people else str
    wrong = verified.wrong
    said = f"NOT proved: {', '.join(wrong)} disagree" if wrong else "proved: every field agrees"
    if verified.settlement.local:
        said = f"{said}; {LOCAL}"
    fields: dict[str, object] = {
        "id": verified.settlement.id,
        "proved": not wrong,
        "tx_hash": verified.tx_hash,
        "wrong": list(wrong),
        "checks": [
            {
                "field": check.field,
                "agrees": "yes" if check.agrees else "NO",
                "expected": spelled(check.expected),
                "observed": spelled(check.observed),
            }
            for check in verified.checks
        ],
    }
    if for_people and not wrong:
        del fields["wrong"]
    return Document("settlement_proof", fields, tables={"checks": CHECK_COLUMNS}, last=said)


def _short(text: str) -> str:
    """A long hash by both its ends, so that two that differ are seen to."""
    return text if len(text) <= 26 else f"{text[:14]}…{text[-10:]}"


def reconciled_document(found: Reconciled, *, local: bool) -> Document:
    """The books against the chain."""
    agrees = found.agrees
    last = f"{found.checked} settlements checked; "
    last += "the books and the chain agree" if agrees else "the books and the chain differ"
    fields: dict[str, object] = {
        "agrees": agrees,
        "booked": found.booked,
        "on_chain": found.on_chain,
        "drift": found.drift,
        "reserved": found.reserved,
        "fees": found.fees,
        "checked": found.checked,
        "faults": list(found.faults),
    }
    return Document("reconciliation", fields, last=f"{last}; {LOCAL}" if local else last)


def tell_settlements(
    flux: Invocation, found: Sequence[Settlement], chain: Chain, *, subject: str
) -> ExitCode:
    """Show them and give the exit code; a refusal by the policy ends the command as denied."""
    if len(found) == 1:
        answer: Document | Listing = settlement_document(
            found[0], chain, for_people=flux.for_people
        )
    else:
        answer = settlement_listing(found, None)
    refused = [one for one in found if one.state is SettlementState.REFUSED]
    if refused:
        rules = tuple(Refusal("policy_violation", one.reason) for one in refused)
        fix = Fix("see what the signer allows", ("flux", "merchants", "list"))
        flux.deny(
            "refused before anything was signed; the money was given back",
            rules,
            subject=subject,
            fixes=(fix,),
            document=answer,
        )
    flux.show(answer)
    if all(one.state is SettlementState.SETTLED for one in found):
        return ExitCode.OK
    ended = all(one.state in {*_ENDED} for one in found)
    return ExitCode.CONFLICT if ended else ExitCode.PENDING


_ENDED = (SettlementState.SETTLED, SettlementState.EXPIRED, SettlementState.CANCELLED)


def violations(rules: Sequence[Ruling]) -> tuple[Refusal, ...]:
    """The gate's refusals as the command line shows them, USDC by its code."""
    return tuple(
        Refusal(rule.code, rule.message, rule.limit, rule.observed, "USDC")
        if rule.unit == "money"
        else Refusal(rule.code, _with_numbers(rule))
        for rule in rules
    )


def _with_numbers(rule: Ruling) -> str:
    if rule.limit is None or rule.observed is None:
        return rule.message
    return f"{rule.message} (at most {rule.limit}, asked {rule.observed})"
