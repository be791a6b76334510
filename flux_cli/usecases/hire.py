"""One hire: escrow funded, work done outside any transaction, checked, then paid or refunded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.contracts import MOST_REVISIONS, Contract, ContractState
from flux_cli.domain.journal import EntryKind, card_account, escrow, transfer, wallet
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.plan import Task
from flux_cli.domain.runs import Run, step_key
from flux_cli.domain.work import Artefact, Assignment, Check, Submission
from flux_cli.errors import WorkFailed, WrongState
from flux_cli.usecases.better_picture import better_picture
from flux_cli.usecases.better_words import Work, better_words
from flux_cli.usecases.close_card import refund_hire
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.outside_ports import worker
from flux_cli.usecases.ports import Deps, Progress, Transaction


@dataclass(frozen=True, slots=True)
class Job:
    """A contract with what is needed to carry it out."""

    run: Run
    task: Task
    contract_id: str


def carry_out(deps: Deps, job: Job, progress: Progress) -> Contract:
    """Move one contract to its end: settled and paid, or rejected and refunded.

    Every step is found again by its key, so doing it after a crash does only what is left.
    Raises `Frozen` before a step that would start under a freeze.
    """
    while True:
        with deps.store.reading() as reader:
            contract = reader.get(Contract, job.contract_id)
        step = STEPS.get(contract.state)
        if step is None:
            return contract
        step(deps, job, contract, progress)


def _fund(deps: Deps, job: Job, contract: Contract, progress: Progress) -> None:
    """Card → escrow, for exactly the agreed price."""
    with deps.store.begin() as tx:
        obey_freeze(tx, contract.client)
        current = tx.get(Contract, contract.id)
        assert current.card_id is not None, "an approved contract has its card"
        _charge(tx, tx.get(Card, current.card_id), current)
        tx.put(current.move(ContractState.FUNDED, tx.now), "contract.funded", run_id=job.run.id)
    progress("escrow", task=job.task.id, agent=contract.provider, amount=contract.price)


def _charge(tx: Transaction, card: Card, contract: Contract) -> None:
    if card.state is not CardState.ACTIVE:
        raise WrongState(f"the card is {card.state}", subject=card.id)
    if tx.now >= card.expires_at:
        raise WrongState("the card has expired", subject=card.id)
    tx.post(
        transfer(
            step_key(contract.run_id, contract.task_id, "fund", contract.attempt),
            EntryKind.ESCROW_FUND,
            card_account(card.id),
            escrow(contract.id),
            contract.price,
            memo=f"hire {contract.provider}",
            reference=contract.id,
            run_id=contract.run_id,
        )
    )
    tx.put(replace(card, spent=card.spent + contract.price), "card.charged", run_id=card.run_id)


def _start(deps: Deps, job: Job, contract: Contract, progress: Progress) -> None:
    with deps.store.begin() as tx:
        obey_freeze(tx, contract.client, contract.provider)
        current = tx.get(Contract, contract.id)
        tx.put(current.move(ContractState.WORKING, tx.now), "contract.working", run_id=job.run.id)
    progress("working", task=job.task.id, agent=contract.provider)


def _work(deps: Deps, job: Job, contract: Contract, progress: Progress) -> None:
    """Do the work with no transaction open; record what was handed in, or that it failed."""
    try:
        submission = produce(deps, job, contract, progress)
    except WorkFailed as failure:
        _reject(deps, contract, (Check("work", False, "deliverables", str(failure)),))
        progress("refunded", task=job.task.id, agent=contract.provider, reason=str(failure))
        return
    with deps.store.begin() as tx:
        current = tx.get(Contract, contract.id).move(ContractState.SUBMITTED, tx.now)
        tx.put(
            replace(
                current,
                artefacts=submission.artefacts,
                summary=submission.summary,
                backend=submission.backend,
            ),
            "contract.submitted",
            run_id=job.run.id,
        )
    progress(
        "submitted", task=job.task.id, agent=contract.provider, files=len(submission.artefacts)
    )


def _evaluate(deps: Deps, job: Job, contract: Contract, progress: Progress) -> None:
    """Check the files that were handed in; pay for them, ask for a revision, or refund."""
    out = Path(job.run.out)
    folder = deps.workspace.folder(out, job.task.id)
    if not deps.workspace.intact(folder, contract.artefacts):
        _send_back(deps, contract, (Check("files", False, "as submitted", "changed or gone"),))
        return
    checks = (
        *delivered(job.task, contract.artefacts),
        *deps.trades[job.task.trade].check(assignment(deps, job, contract), folder),
    )
    failed = [check for check in checks if not check.passed]
    if not failed:
        _settle(deps, contract, checks)
        progress(
            "paid",
            task=job.task.id,
            agent=contract.provider,
            amount=contract.price,
            checks=len(checks),
        )
    elif contract.revisions < MOST_REVISIONS:
        _send_back(deps, contract, checks)
        progress("revision", task=job.task.id, failed=failed[0].name)
    else:
        _reject(deps, contract, checks)
        progress("refunded", task=job.task.id, agent=contract.provider, reason=failed[0].name)


def _settle(deps: Deps, contract: Contract, checks: tuple[Check, ...]) -> None:
    """Escrow → the specialist's wallet, together with the contract's last move."""
    with deps.store.begin() as tx:
        obey_freeze(tx, contract.client, contract.provider)
        current = tx.get(Contract, contract.id).move(ContractState.SETTLED, tx.now)
        tx.post(
            transfer(
                step_key(contract.run_id, contract.task_id, "release", contract.attempt),
                EntryKind.ESCROW_RELEASE,
                escrow(contract.id),
                wallet(contract.provider),
                contract.price,
                memo=f"accepted: {contract.task_id}",
                reference=contract.id,
                run_id=contract.run_id,
            )
        )
        tx.put(replace(current, checks=checks), "contract.settled", run_id=contract.run_id)


def _reject(deps: Deps, contract: Contract, checks: tuple[Check, ...]) -> None:
    """Give the price back, together with the contract's last move."""
    with deps.store.begin() as tx:
        current = tx.get(Contract, contract.id).move(ContractState.REJECTED, tx.now)
        refund_hire(tx, current)
        tx.put(replace(current, checks=checks), "contract.rejected", run_id=contract.run_id)


def _send_back(deps: Deps, contract: Contract, checks: tuple[Check, ...]) -> None:
    if contract.revisions >= MOST_REVISIONS:
        _reject(deps, contract, checks)
        return
    with deps.store.begin() as tx:
        current = tx.get(Contract, contract.id).move(ContractState.REVISION, tx.now)
        again = replace(current, checks=checks, revisions=current.revisions + 1)
        tx.put(again, "contract.revision", run_id=contract.run_id)


def produce(deps: Deps, job: Job, contract: Contract, progress: Progress) -> Submission:
    """Have the trade do its work in a fresh folder, then put it in its final place whole."""
    out = Path(job.run.out)
    with deps.store.reading() as reader:
        listing = reader.get(Listing, contract.listing_id)
    trade = worker(deps, listing, job.task.trade)
    given = assignment(deps, job, contract)

    staged = deps.workspace.stage(out, job.task.id)

    def make(texts: Mapping[str, str]) -> Submission:
        deps.workspace.stage(out, job.task.id)
        return trade.work(replace(given, rewritten=texts), staged)

    def judge(made: Submission) -> tuple[Check, ...]:
        return (*delivered(job.task, made.artefacts), *trade.check(given, staged))

    work = Work(job.run, contract, make, judge)
    made = better_picture(deps, work, better_words(deps, work, progress), progress)
    deps.workspace.keep(out, job.task.id)
    return made


def assignment(deps: Deps, job: Job, contract: Contract) -> Assignment:
    """The task as its specialist sees it, with the texts of the tasks it needs."""
    out = Path(job.run.out)
    needs: dict[str, str] = {}
    with deps.store.reading() as reader:
        done = reader.find(Contract, run_id=job.run.id)
    for earlier in done:
        if earlier.task_id in job.task.needs and earlier.state is ContractState.SETTLED:
            folder = deps.workspace.folder(out, earlier.task_id)
            needs |= deps.workspace.texts(folder, earlier.artefacts)
    return Assignment(
        task_id=job.task.id,
        trade=job.task.trade,
        goal=job.run.goal,
        brief=job.run.brief,
        sources=tuple(deps.workspace.read_source(source) for source in job.run.sources),
        needs=needs,
        # A revision draws anew, and so does the next provider: those choices were found wanting.
        seed=job.run.seed + 1000 * contract.revisions + 10_000 * contract.attempt,
        produces=job.task.produces,
    )


def delivered(task: Task, artefacts: tuple[Artefact, ...]) -> tuple[Check, ...]:
    """Whether each thing the task produces was handed in."""
    paths = [artefact.path for artefact in artefacts]
    return tuple(
        Check(
            f"delivers {pattern}",
            any(fnmatchcase(path, pattern) for path in paths),
            "at least one file",
            f"{sum(fnmatchcase(path, pattern) for path in paths)} of {len(paths)} files",
        )
        for pattern in task.produces
    )


Step = Callable[[Deps, Job, Contract, Progress], None]

STEPS: dict[ContractState, Step] = {
    ContractState.APPROVED: _fund,
    ContractState.FUNDED: _start,
    ContractState.WORKING: _work,
    ContractState.SUBMITTED: _evaluate,
    ContractState.REVISION: _start,
}
"""What moves a contract on from each state; one that is not here is an end or not yet ours."""
