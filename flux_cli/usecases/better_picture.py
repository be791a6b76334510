"""Having a model paint the scenery of a delivery: asked, charged, checked, asked again, or not."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.money import Money
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.work import Submission
from flux_cli.usecases.better_words import Work, charge_answer
from flux_cli.usecases.brain_ports import PictureQuestion
from flux_cli.usecases.charge_ballots import brain_allowance
from flux_cli.usecases.ports import Deps, Progress

MOST_TRIES = 2
"""A picture, and another where the first is none or the checks refuse what it makes."""


def better_picture(deps: Deps, work: Work, draft: Submission, progress: Progress) -> Submission:
    """The draft with a model's picture where one is had that passes every check, else as it was.

    What is returned is what was made last; its summary says who painted, for how much. Raises
    `WorkFailed`.
    """
    if draft.scene is None:
        return draft
    trade, spent = work.contract.trade, Money(0)
    for _ in range(MOST_TRIES):
        with deps.store.reading() as reader:
            allowance = brain_allowance(reader, work.run.requester)
        question = PictureQuestion(trade, draft.scene, work.contract.id, allowance)
        answered = deps.brain.ask(question)
        if answered.backend == "rule":
            return draft
        model, spent = answered.model, spent + answered.cost
        charge_answer(deps, work, answered, "a picture", progress)
        if answered.error is not None:
            progress("no_picture", trade=trade, model=model, error=answered.error)
            if answered.error is BallotError.SCHEMA:
                continue  # something came, but no picture
            break
        made = work.tried(answered.value)
        if isinstance(made, Submission):
            progress("painted", trade=trade, model=model)
            said = f"{made.summary} Scenery painted by {model}, cost {spent}."
            return replace(made, backend="llm", summary=said)
        progress("not_painted", trade=trade, model=model, why=made[0])
    progress("drawn", trade=trade)
    drawn = work.make({})
    said = f"{drawn.summary} Scenery drawn offline: no usable picture from {model}, cost {spent}."
    return replace(drawn, backend="rule_fallback", summary=said)
