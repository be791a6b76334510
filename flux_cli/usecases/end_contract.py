"""What becomes of a contract outside a run: its escrow decides, and the contract follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flux_cli.domain.canonical import digest
from flux_cli.domain.contracts import MOVES, Contract, ContractState
from flux_cli.domain.escrows import Escrow, EscrowState
from flux_cli.domain.free_text import bounded
from flux_cli.domain.reviews import MOST_STARS, Review
from flux_cli.domain.work import Artefact
from flux_cli.errors import InvalidInput, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    refund_escrow,
    release_escrow,
    submit_work,
)
from flux_cli.usecases.ports import Deps, Reader

S = ContractState

FOLLOWS: dict[EscrowState, tuple[ContractState, ...]] = {
    EscrowState.SUBMITTED: (S.WORKING, S.SUBMITTED),
    EscrowState.COMPLETED: (S.WORKING, S.SUBMITTED, S.SETTLED),
    EscrowState.REJECTED: (S.WORKING, S.REJECTED),
    EscrowState.EXPIRED: (S.EXPIRED,),
}
"""What a contract becomes as its escrow is so, step by step; legal moves alone are made."""


def submit_contract(
    deps: Deps, contract_id: str, artefacts: Sequence[Artefact], *, by: str
) -> Contract | Denied:
    """Record what the provider hands in, each file by its SHA-256. Raises as `submit_work` does."""
    if not artefacts:
        raise InvalidInput("hand in at least one file", param="FILE")
    contract, escrow = _outside(deps, contract_id)
    outcome = submit_work(deps, escrow.id, digest(list(artefacts)), by=by)
    if isinstance(outcome, Denied):
        return outcome
    return follow(deps, contract.id, tuple(artefacts))


def accept_contract(
    deps: Deps, contract_id: str, milestone: str | None, *, by: str, key: str
) -> Contract | Denied:
    """Pay the provider, all or a milestone, as the evaluator. Raises as `release_escrow` does."""
    contract, escrow = _outside(deps, contract_id)
    outcome = release_escrow(deps, escrow.id, Part(milestone), by=by, key=key)
    return outcome if isinstance(outcome, Denied) else follow(deps, contract.id)


def reject_contract(deps: Deps, contract_id: str, *, by: str, key: str) -> Contract | Denied:
    """Give the client back what is locked, as the evaluator; or, once it expired, as anyone."""
    contract, escrow = _outside(deps, contract_id)
    outcome = refund_escrow(deps, escrow.id, by=by, key=key)
    return outcome if isinstance(outcome, Denied) else follow(deps, contract.id)


def expire_contract(deps: Deps, contract_id: str, *, by: str) -> Contract | Denied:
    """Give the client back what is locked once the time is over; anyone may ask.

    Raises `WrongState` before.
    """
    contract, escrow = _outside(deps, contract_id)
    with deps.store.reading() as reader:
        over = max(reader.now, reader.ledger_time) >= escrow.expires_at
    if not over and escrow.state is not EscrowState.EXPIRED:
        raise WrongState(
            f"it has until {escrow.expires_at:%Y-%m-%d %H:%M} UTC", subject=contract.id
        )
    outcome = refund_escrow(deps, escrow.id, by=by, key="expired")
    return outcome if isinstance(outcome, Denied) else follow(deps, contract.id)


def dispute_contract(deps: Deps, contract_id: str, *, by: str, reason: str) -> Contract | Denied:
    """Stop everything until the owner decides, as client or provider."""
    contract, escrow = _outside(deps, contract_id)
    outcome = dispute_escrow(deps, escrow.id, by=by, reason=reason)
    return outcome if isinstance(outcome, Denied) else follow(deps, contract.id)


def follow(deps: Deps, contract_id: str, artefacts: tuple[Artefact, ...] = ()) -> Contract:
    """Bring a contract to where its escrow is; what a crash left half done is done here."""
    with deps.store.begin() as tx:
        contract = tx.get(Contract, contract_id)
        if contract.escrow_id is None:
            return contract
        escrow = tx.get(Escrow, contract.escrow_id)
        for state in FOLLOWS.get(escrow.state, ()):
            if state not in MOVES.get(contract.state, frozenset()):
                continue
            contract = contract.move(state, tx.now)
            if state is S.SUBMITTED and artefacts:
                contract = replace(contract, artefacts=artefacts)
            tx.put(contract, f"contract.{state}")
        if artefacts and contract.artefacts != artefacts and contract.state is S.SUBMITTED:
            contract = replace(contract, artefacts=artefacts, updated_at=tx.now)
            tx.put(contract, "contract.submitted")
        return contract


def follow_expired(deps: Deps) -> list[Contract]:
    """Bring every contract whose escrow's time was found to be over to its end; those it ended.

    A crash between the two leaves a contract behind, so every open one is looked at.
    """
    behind: list[str] = []
    with deps.store.reading() as reader:
        for state in (S.FUNDED, S.WORKING, S.SUBMITTED, S.REVISION):
            after: str | None = None
            while page := reader.find(
                Contract, run_id="", state=state, oldest_first=True, after=after
            ):
                behind += [one.id for one in page if _is_expired(reader, one)]
                after = page[-1].id
    return [follow(deps, contract_id) for contract_id in behind]


def _is_expired(reader: Reader, contract: Contract) -> bool:
    assert contract.escrow_id is not None, "a hire outside a run has its escrow"
    return reader.get(Escrow, contract.escrow_id).state is EscrowState.EXPIRED


def review_contract(deps: Deps, contract_id: str, stars: int, text: str, *, by: str) -> Review:
    """The client's one review of a contract that is over; it is shown, and decides nothing.

    Raises `InvalidInput`, `WrongState`.
    """
    if not 1 <= stars <= MOST_STARS:
        raise InvalidInput(f"stars are 1 to {MOST_STARS}", param="STARS")
    with deps.store.begin() as tx:
        contract = tx.get(Contract, contract_id)
        if by != contract.client:
            raise WrongState(f"only {contract.client} reviews it", subject=contract.id)
        if contract.state not in (S.SETTLED, S.REJECTED, S.EXPIRED):
            raise WrongState(f"it is {contract.state}, not over", subject=contract.id)
        if (found := tx.lookup(Review, contract_id=contract.id)) is not None:
            raise WrongState(f"it has its review, {found.id}", subject=contract.id)
        said, now = bounded(text, 600) if text else "", tx.now
        name = deps.ids.new("review")
        review = Review(name, contract.id, by, contract.provider, stars, said, now)
        tx.put(review, "review.written")
        return review


def _outside(deps: Deps, contract_id: str) -> tuple[Contract, Escrow]:
    """A contract outside a run and its escrow; a run carries its own to their ends."""
    with deps.store.reading() as reader:
        contract = reader.get(Contract, contract_id)
        if contract.escrow_id is None:
            raise WrongState("its run decides about it", subject=contract.id)
        return contract, reader.get(Escrow, contract.escrow_id)
