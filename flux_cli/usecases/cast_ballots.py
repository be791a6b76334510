"""Asking the seats: models all at once and within their time, each ballot recorded as it comes.

On return every seat has its ballot: its own, or what stands for one that did not come. No seat's
model is asked twice about a request, however often the process that asked it ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread

from flux_cli.domain.canonical import digest
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.quorum import (
    FEWEST_VALID,
    SEATS,
    Ballot,
    BallotError,
    Conditions,
    Dossier,
    Opinion,
    Vote,
    count,
)
from flux_cli.usecases.brain_ports import BallotQuestion
from flux_cli.usecases.charge_ballots import brain_allowance, charge_ballots
from flux_cli.usecases.dossier import show_dossier
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress

MOST_BALLOTS = 2 * len(SEATS)
"""Each seat is asked once, and once more where there was no quorum and the caller asks again."""

GLANCE_SECONDS = 0.1
"""How often to look whether another process's ballots have come."""


def cast_ballots(
    deps: Deps, intent: PaymentIntent, request: MoneyRequest, progress: Progress
) -> None:
    """Ask every seat that has no recorded ballot; record each as it arrives, then what it cost."""
    with deps.store.reading() as reader:
        found = reader.find(Ballot, request_digest=intent.request_digest, limit=MOST_BALLOTS)
        asked_until = reader.get(PaymentIntent, intent.id).asked_until
    # All have answered, too few with a vote, and this is the caller asking again.
    again = {ballot.seat for ballot in found} == set(SEATS) and (
        sum(ballot.counts for ballot in found) < FEWEST_VALID
        and all(ballot.attempt == 1 for ballot in found)
    )
    attempt = 2 if again or any(ballot.attempt == 2 for ballot in found) else 1
    cast = [ballot for ballot in found if ballot.counts or ballot.attempt == attempt]
    for ballot in _in_order(cast):
        progress("ballot", seat=ballot.seat, vote=ballot.vote, risk=ballot.risk, again=True)
    missing = [seat for seat in SEATS if seat not in {ballot.seat for ballot in cast}]
    if missing:
        dossier = show_dossier(deps, intent, request)
        hearing = _Hearing(deps, intent, dossier, progress, cast, attempt)
        hearing.hear(missing, asked_until if again else None)
        cast = hearing.cast
    charge_ballots(deps, intent, _in_order(cast), progress)


def _in_order(ballots: Sequence[Ballot]) -> list[Ballot]:
    return sorted(ballots, key=lambda ballot: SEATS.index(ballot.seat))


class _Hearing:
    """One request before the seats that have not voted on it, and the ballots so far."""

    def __init__(
        self,
        deps: Deps,
        intent: PaymentIntent,
        dossier: Dossier,
        progress: Progress,
        cast: Sequence[Ballot],
        attempt: int,
    ) -> None:
        self.cast = list(cast)
        self._attempt = attempt
        self._deps, self._intent, self._dossier = deps, intent, dossier
        self._progress = progress

    def hear(self, missing: Sequence[str], asked_until: datetime | None) -> None:
        """Ask rules at once and in order; models in parallel, if nobody has asked them yet.

        `asked_until` is what an earlier attempt, now over, noted of its asking.
        """
        models = self._deps.settings.patience.models
        ids = {seat: self._deps.ids.new("ballot") for seat in missing}
        live = [seat for seat in missing if seat in models]
        seconds_left = self._claim(live, asked_until) if live else 0.0
        rules = [seat for seat in missing if seat not in live]
        self._record([self._ballot(ids[seat], self._question(seat)) for seat in rules])
        if live and seconds_left is None:
            self._ask_models(live, ids)
        elif live:
            self._await_others(live, seconds_left or 0.0)
        # What was asked and has not come is not asked for again.
        error = BallotError.TIMEOUT if seconds_left is None else BallotError.TRANSPORT
        lost = [seat for seat in live if not self._has(seat)]
        self._record(
            [self._ballot(ids[seat], self._question(seat, given_up=error)) for seat in lost]
        )

    def _claim(self, live: Sequence[str], before: datetime | None) -> float | None:
        """Note that the models are being asked, before they are.

        None where that was for us to do; where it was done before, how long they still have.
        """
        models = self._deps.settings.patience.models
        longest = max(models[seat] for seat in live)
        with self._deps.store.begin() as tx:
            now = tx.get(PaymentIntent, self._intent.id)
            if now.asked_until is not None and now.asked_until != before:
                return max(0.0, (now.asked_until - tx.now).total_seconds())
            asked = replace(now, asked_until=tx.now + timedelta(seconds=longest))
            tx.put(asked, "payment.models_asked", run_id=now.run_id)
        return None

    def _ask_models(self, live: Sequence[str], ids: dict[str, str]) -> None:
        """Take ballots as they arrive until all have, time is up, or nothing can change."""
        with self._deps.store.reading() as reader:
            allowance = brain_allowance(reader, self._intent.requester)
        arrived: SimpleQueue[Ballot | BaseException] = SimpleQueue()

        def ask(seat: str) -> None:
            try:
                question = self._question(seat, allowance=allowance)
                arrived.put(self._ballot(ids[seat], question))
            except BaseException as error:  # whatever it is, the caller raises it
                arrived.put(error)

        for seat in live:
            # Daemons: a brain that hangs past its time keeps no process alive.
            Thread(target=ask, args=(seat,), name=f"flux-seat-{seat}", daemon=True).start()
        for seconds in self._waits(live):
            came = _taken(arrived, seconds)
            self._record([ballot for ballot in came if isinstance(ballot, Ballot)])
            for failure in came:
                if isinstance(failure, BaseException):
                    raise failure

    def _waits(self, live: Sequence[str]) -> Iterator[float]:
        """How long to wait for the next ballot, again and again while waiting is of use."""
        patience, began = self._deps.settings.patience, time.monotonic()
        while waiting := [seat for seat in live if not self._has(seat)]:
            taken = time.monotonic() - began
            late = taken >= patience.soft_seconds
            if taken >= patience.total_seconds or (late and self._is_decided(waiting)):
                return
            until = patience.total_seconds if late else patience.soft_seconds
            yield max(0.001, min(until, patience.total_seconds) - taken)

    def _is_decided(self, waiting: Sequence[str]) -> bool:
        """Whether the request is refused whatever the seats that are waited for say.

        An approval never is: their conditions may still lower or stop it.
        """
        settings, subject = self._deps.settings, self._intent.request_digest
        if not self.cast:
            return False
        yes = replace(
            self.cast[0], vote=Vote.YES, hard=False, error=None, backend="llm", model="?",
            conditions=Conditions(),
        )  # fmt: skip
        best = [*self.cast, *(replace(yes, seat=seat) for seat in waiting)]
        # The lowest bar there is: free cash may change until the ballots are counted.
        least = settings.bar.yes_needed
        outcomes = {
            count(ballots, subject, least, settings.rules).outcome for ballots in (self.cast, best)
        }
        return len(outcomes) == 1 and outcomes <= {"refused", "hard_no"}

    def _await_others(self, live: Sequence[str], seconds: float) -> None:
        """Give the process that asked the models the rest of their time to record the answers."""
        until = time.monotonic() + seconds
        while True:
            with self._deps.store.reading() as reader:
                found = reader.find(
                    Ballot, request_digest=self._intent.request_digest, limit=MOST_BALLOTS
                )
            ours = [ballot for ballot in found if ballot.attempt == self._attempt]
            self.cast += [ballot for ballot in ours if not self._has(ballot.seat)]
            left = until - time.monotonic()
            if all(self._has(seat) for seat in live) or left <= 0:
                return
            time.sleep(min(GLANCE_SECONDS, left))

    def _has(self, seat: str) -> bool:
        return any(ballot.seat == seat for ballot in self.cast)

    def _question(self, seat: str, **more: object) -> BallotQuestion:
        return BallotQuestion(seat, self._dossier, **more)  # type: ignore[arg-type]  # its own

    def _ballot(self, ballot_id: str, question: BallotQuestion) -> Ballot:
        return ask_seat(self._deps, self._intent, question, ballot_id)

    def _record(self, ballots: Sequence[Ballot]) -> None:
        """Keep what has come, in one write; another process's ballot of a seat stands."""
        if not ballots:
            return
        kept: list[Ballot] = []
        with self._deps.store.begin() as tx:
            for ballot in ballots:
                digest_of_it = self._intent.request_digest
                theirs = tx.lookup(
                    Ballot, request_digest=digest_of_it, seat=ballot.seat, attempt=self._attempt
                )
                kept.append(theirs or replace(ballot, cast_at=tx.now, attempt=self._attempt))
                if theirs is None:
                    tx.put(kept[-1], "ballot.cast", run_id=self._intent.run_id)
        self.cast += kept
        for ballot in kept:
            self._tell(ballot)

    def _tell(self, ballot: Ballot) -> None:
        self._progress("ballot", seat=ballot.seat, vote=ballot.vote, risk=ballot.risk)
        if ballot.error is not None:
            instead = "its rules vote instead" if ballot.counts else "that is no vote"
            self._progress(
                "no_answer", seat=ballot.seat, model=ballot.model, error=ballot.error,
                instead=instead,
            )  # fmt: skip


def _taken(
    arrived: SimpleQueue[Ballot | BaseException], seconds: float
) -> list[Ballot | BaseException]:
    """All that has arrived, waited for if that is nothing; empty after `seconds`."""
    came: list[Ballot | BaseException] = []
    try:
        came.append(arrived.get(timeout=seconds))
        while True:
            came.append(arrived.get_nowait())
    except Empty:
        return came


def ask_seat(deps: Deps, intent: PaymentIntent, question: BallotQuestion, ballot_id: str) -> Ballot:
    """The brain's answer as a ballot, not recorded; what lacks a ballot's parts is no vote."""
    answered = deps.brain.ask(question)
    opinion, error = answered.value, answered.error
    if not _is_sound(opinion):
        opinion, error = Opinion(Vote.ABSTAIN, 0, 0, 10, (), Conditions()), BallotError.SCHEMA
    if error is not None and answered.backend != "rule_fallback":
        opinion = replace(opinion, vote=Vote.ABSTAIN, hard=False, conditions=Conditions())
    return Ballot(
        id=ballot_id,
        intent_id=intent.id,
        request_digest=intent.request_digest,
        seat=question.seat,
        vote=opinion.vote,
        hard=opinion.hard,
        score=opinion.score,
        confidence=opinion.confidence,
        risk=opinion.risk,
        reasons=opinion.reasons,
        conditions=opinion.conditions,
        backend=answered.backend,
        model=answered.model,
        error=error,
        cost=answered.cost,
        tokens=answered.tokens,
        latency_ms=answered.latency_ms,
        dossier_digest=digest(question.dossier),
        cast_at=intent.created_at,
        host=answered.host,
        prompt_digest=answered.prompt_digest,
    )


def _is_sound(opinion: Opinion) -> bool:
    """Whether a ballot has what a ballot must have; one that has not is never a YES."""
    return (
        isinstance(opinion.vote, Vote)
        and 0 <= opinion.score <= 100
        and 0 <= opinion.confidence <= 100
        and 1 <= opinion.risk <= 10
        and 1 <= len(opinion.reasons) <= 4
        and all(len(reason.text) <= 240 for reason in opinion.reasons)
    )
