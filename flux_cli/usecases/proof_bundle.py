"""A payment's proof, whole in one document: asked, judged, decided, booked, signed and settled.

Who has it needs neither this ledger nor our word: every digest, hash, nonce and signature in it
can be computed again from the rest of it.
"""

from __future__ import annotations

from flux_cli.domain.canonical import instant, plain
from flux_cli.domain.decisions import Decision
from flux_cli.domain.evidence import FieldCheck, Receipt
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.paywalls import WebPayment
from flux_cli.domain.quorum import SEATS, Ballot
from flux_cli.domain.settlements import Settlement
from flux_cli.errors import ChainUnavailable, WrongState
from flux_cli.usecases.ports import EntryRecord, Reader, Store
from flux_cli.usecases.propose_settlement import settlements_of
from flux_cli.usecases.settlement_ports import Chain

FORMAT = "flux-proof/1"
Bundle = dict[str, object]


def proof_bundle(store: Store, intent_id: str, chain: Chain | None) -> Bundle:
    """All that proves a decided payment; `chain` is asked for the receipts of what was settled.

    Raises `NotFound`, `WrongState` for a payment that is not decided or whose chain was not given,
    `ChainUnavailable` where a node does not have a receipt.
    """
    with store.reading() as reader:
        intent = reader.get(PaymentIntent, intent_id)
        decision = reader.lookup(Decision, id=intent.decision_id or "")
        if decision is None:
            raise WrongState(f"the payment is {intent.state}: nothing to prove", subject=intent.id)
        ballots = reader.find(
            Ballot, request_digest=intent.request_digest, limit=2 * len(SEATS), oldest_first=True
        )
        mandate = None if intent.mandate_id is None else reader.get(Mandate, intent.mandate_id)
        settlements = settlements_of(reader, intent.id)
        web = reader.lookup(WebPayment, key=intent.key)
        rows = [row for record in reader.entries_of(intent.id) for row in _rows(reader, record)]
        number, head = reader.head()
        made_at = reader.now
    return {
        "format": FORMAT,
        "simulated": not settlements,
        "local": any(one.local for one in settlements),
        "made_at": instant(made_at),
        "intent": plain(intent),
        "decision": plain(decision),
        "ballots": plain(ballots),
        "mandate": plain(mandate),
        "web": plain(web),
        "settlements": [_settled(one, chain) for one in settlements],
        "movements": rows,
        "head": {"number": number, "hash": head},
    }


def _settled(settlement: Settlement, chain: Chain | None) -> object:
    """A settlement with its receipt, if it has one."""
    proof, receipt = settlement.proof, None
    if proof is not None:
        if chain is None:
            said = "its receipt is on a chain, and no node of it is configured"
            raise WrongState(said, subject=settlement.id)
        receipt = chain.receipt(proof.tx_hash)
        if receipt is None:
            raise ChainUnavailable("no node has the receipt", subject=proof.tx_hash)
    return {"settlement": plain(settlement), "receipt": plain(receipt)}


def _rows(reader: Reader, record: EntryRecord) -> list[object]:
    """An entry's movements as the ledger's chain hashes them, each with the hash before it."""
    entry, first = record.entry, record.seq
    said: tuple[str | None, ...] = (
        *(entry.key, entry.memo, entry.decision_id, entry.reference, entry.run_id),
    )
    rows: list[object] = []
    for seq, move in enumerate(entry.moves, first):
        key, memo, decision_id, reference, run_id = said
        amount = (move.amount.asset.code, move.amount.units)
        place = (seq, first, len(entry.moves), key, entry.kind.value, move.source, move.target)
        row = [*place, *amount, memo, decision_id, reference, run_id, instant(record.recorded_at)]
        before = reader.head(seq - 1)[1] if seq > 1 else ""
        rows.append({"before": before, "row": row, "hash": reader.head(seq)[1]})
        said = (None, "", None, None, None)
    return rows


def compare_online(chain: Chain, receipts: list[Receipt]) -> list[FieldCheck]:
    """Each receipt of a bundle against what a node says of the same transaction now."""
    chain.check_chain()
    found = []
    for receipt in receipts:
        there = chain.receipt(receipt.tx_hash)
        same = "same" if there == receipt else "missing" if there is None else "different"
        found.append(FieldCheck(f"{receipt.tx_hash[:10]} on the chain", "same", same))
        block = "in the chain"
        if not chain.same_block(receipt.block_number, receipt.block_hash):
            block = "not in the chain"
        found.append(FieldCheck(f"{receipt.tx_hash[:10]} block", "in the chain", block))
    return found
