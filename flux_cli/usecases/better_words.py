"""Having a model better the texts of a delivery: asked, charged, checked, mended once, or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flux_cli.domain.contracts import Contract
from flux_cli.domain.money import Money
from flux_cli.domain.runs import Run
from flux_cli.domain.work import Check, Submission
from flux_cli.errors import WorkFailed
from flux_cli.usecases.brain_ports import Answered, WordsQuestion
from flux_cli.usecases.charge_ballots import brain_allowance, charge_brain
from flux_cli.usecases.ports import Deps, Progress

MOST_TRIES = 2
"""A model's texts, and its texts again with what the checks said of the first."""


@dataclass(frozen=True, slots=True)
class Work:
    """A contract's work: made in a fresh folder with what a model gave for it, and judged there.

    `make` raises `WorkFailed`.
    """

    run: Run
    contract: Contract
    make: Callable[[Mapping[str, str]], Submission]
    judge: Callable[[Submission], tuple[Check, ...]]

    def tried(self, given: Mapping[str, str]) -> Submission | tuple[str, ...]:
        """The work with what a model gave, or why that is not taken."""
        try:
            made = self.make(given)
        except WorkFailed as failure:
            return (failure.message,)
        return _faults(self.judge(made)) or made


def better_words(deps: Deps, work: Work, progress: Progress) -> Submission:
    """The work with a model's texts where one wrote any that pass every check, else without.

    What is returned is what was made last. Raises `WorkFailed`.
    """
    draft = work.make({})
    if not draft.slots:
        return draft
    trade, faults = work.contract.trade, tuple[str, ...]()
    for _ in range(MOST_TRIES):
        answered = _ask(deps, work, draft, faults, progress)
        if answered.backend == "rule":
            return draft
        if answered.backend != "llm":
            break
        made = work.tried(answered.value)
        if isinstance(made, Submission):
            progress("worded", trade=trade, model=answered.model, texts=len(answered.value))
            return replace(made, backend="llm")
        faults = made
        progress("not_worded", trade=trade, model=answered.model, why=faults[0])
    return replace(work.make({}), backend="rule_fallback")


def _faults(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """What the checks that failed say."""
    return tuple(
        f"{check.name}: wanted {check.wanted}, found {check.found}"
        for check in checks
        if not check.passed
    )


def _ask(
    deps: Deps, work: Work, draft: Submission, faults: tuple[str, ...], progress: Progress
) -> Answered[Mapping[str, str]]:
    run, trade = work.run, work.contract.trade
    with deps.store.reading() as reader:
        allowance = brain_allowance(reader, run.requester)
    question = WordsQuestion(
        trade, run.goal, run.brief, draft.slots, faults, work.contract.id, allowance
    )
    answered = deps.brain.ask(question)
    if answered.error is not None:
        progress("no_words", trade=trade, model=answered.model, error=answered.error)
    charge_answer(deps, work, answered, f"{answered.tokens} tokens", progress)
    return answered


def charge_answer(
    deps: Deps, work: Work, answered: Answered[Mapping[str, str]], took: str, progress: Progress
) -> None:
    """Post what an answer cost to the client; `took` says what for."""
    if answered.cost == Money(0):
        return
    with deps.store.begin() as tx:
        why = charge_brain(
            tx,
            work.run.requester,
            answered.cost,
            to=f"{answered.model}@{answered.host}",
            # Each asking is paid for, also where a crash lost the answer to the one before.
            key=f"{deps.ids.new('event')}:words",
            memo=f"{work.contract.trade}, {took}",
            run_id=work.run.id,
        )
    if why is not None:
        progress("unpaid", cost=answered.cost, what=f"the {work.contract.trade}'s model", why=why)
