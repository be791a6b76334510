"""Giving a task to the next best after its work was rejected and its price came back.

A new payee is a new decision: the kernel and the quorum judge every further hire, and what the
first was approved for pays nobody else.
"""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.contracts import MOST_HIRES, Contract, ContractState
from flux_cli.domain.intents import IntentState, Share
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import Money, total
from flux_cli.domain.quorum import LinePrice
from flux_cli.domain.runs import step_key
from flux_cli.usecases.hire import Job, carry_out
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Reader
from flux_cli.usecases.quote import Quoted, candidates, put_contract
from flux_cli.usecases.request_money import request_money

OVER = frozenset(
    {ContractState.REJECTED, ContractState.EXPIRED, ContractState.REFUSED, ContractState.CANCELLED}
)
"""Ends that leave nothing with the provider."""


def carry_out_task(deps: Deps, job: Job, progress: Progress) -> Contract:
    """Have a task done by the best, or by the next best after it; the last of its contracts.

    It is settled, or all money for it came back, or it waits for a decision.
    """
    contract = _last(deps, job)
    while True:
        if contract.state is ContractState.PENDING_APPROVAL:
            contract = _ask(deps, job, contract, progress)
        contract = carry_out(deps, replace(job, contract_id=contract.id), progress)
        if contract.state not in (ContractState.REJECTED, ContractState.EXPIRED):
            return contract
        following = _next(deps, job, contract, progress)
        if following is None:
            return contract
        contract = following


def contracts_of(reader: Reader, run_id: str, task_id: str) -> list[Contract]:
    """The hires of one task of a run, the first first."""
    found = reader.find(Contract, run_id=run_id, task_id=task_id)
    return sorted(found, key=lambda contract: contract.attempt)


def _last(deps: Deps, job: Job) -> Contract:
    with deps.store.reading() as reader:
        return contracts_of(reader, job.run.id, job.task.id)[-1]


def _next(deps: Deps, job: Job, rejected: Contract, progress: Progress) -> Contract | None:
    """A contract with the best that has not been tried and that the budget leaves room for."""
    if rejected.attempt + 1 >= MOST_HIRES:
        return None
    with deps.store.reading() as reader:
        sized = candidates(deps, reader, job.run, job.task)
        tried = {one.provider for one in contracts_of(reader, job.run.id, job.task.id)}
        left = _left(reader, job)
    able = [
        one
        for one in sized.ranked
        if one.ineligible is None
        and one.listing.provider not in tried
        and (left is None or one.quote <= left)
    ]
    if not able:
        return None
    with deps.store.begin() as tx:
        made = contracts_of(tx, job.run.id, job.task.id)
        if made[-1].attempt > rejected.attempt:
            return made[-1]
        found = Quoted(sized.task, sized.units, tuple(able))
        contract = put_contract(deps, tx, job.run, found, rejected.attempt + 1)
    progress("rehire", task=job.task.id, agent=contract.provider, price=contract.price)
    return contract


def _left(reader: Reader, job: Job) -> Money | None:
    """What the budget leaves for this task, None where there is none to keep to."""
    if job.run.budget is None:
        return None
    bound = [one.price for one in reader.find(Contract, run_id=job.run.id) if one.state not in OVER]
    return job.run.budget - total(bound, job.run.budget.asset)


def _ask(deps: Deps, job: Job, contract: Contract, progress: Progress) -> Contract:
    """Ask for the money of one further hire; the same question finds the same answer."""
    with deps.store.reading() as reader:
        listing = reader.get(Listing, contract.listing_id)
        request = _request(job, contract, listing, _left(reader, job))
    key = step_key(job.run.id, job.task.id, "money", contract.attempt)
    intent = request_money(deps, request, key=key, progress=progress)
    moved = {
        IntentState.DENIED: ContractState.REFUSED,
        IntentState.APPROVED: ContractState.APPROVED,
    }.get(intent.state)
    if moved is None:
        progress("waiting", payment=intent.id, state=intent.state)
        return contract
    with deps.store.begin() as tx:
        current = tx.get(Contract, contract.id)
        if current.state is ContractState.PENDING_APPROVAL:
            current = replace(current.move(moved, tx.now), card_id=intent.card_id)
            tx.put(current, f"contract.{moved}", run_id=job.run.id)
    return current


def _request(job: Job, contract: Contract, listing: Listing, left: Money | None) -> MoneyRequest:
    run, task = job.run, job.task
    assert run.plan is not None, "a run is planned before it hires"
    return MoneyRequest(
        requester=run.requester,
        amount=contract.price,
        shares=(Share(contract.provider, contract.price),),
        purpose=run.purpose,
        justification=run.justification,
        claimed_return=run.claimed_return,
        urgency=run.urgency,
        plan_digest=run.plan.digest,
        reference=f"{run.id}/{task.id}/{contract.attempt}",
        escrowed=True,
        # Its own price is bound already.
        budget=None if left is None else left + contract.price,
        run_id=run.id,
        deliverables=tuple(f"{item}, {task.title}" for item in task.produces),
        acceptance_checks=len(task.produces),
        slack_hours=task.deadline_hours,
        turnaround_hours=listing.turnaround_hours,
        prices=(LinePrice(contract.trade, contract.price, (listing.price_min, listing.price_max)),),
        evidence=(f"plan {run.plan.digest[:12]}", f"quote {contract.id}"),
    )
