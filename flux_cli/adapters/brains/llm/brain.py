"""The brain whose seats are models, each beside the rules it cannot overrule."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar, cast

from flux_cli.adapters.brains.llm.ballot import read_ballot, with_rules
from flux_cli.adapters.brains.llm.client import open_client, post
from flux_cli.adapters.brains.llm.endpoint import Endpoint, NoAnswer
from flux_cli.adapters.brains.llm.meter import Meter
from flux_cli.adapters.brains.llm.pictures import picture_prompt, read_picture
from flux_cli.adapters.brains.llm.plan import plan_prompt, read_plan
from flux_cli.adapters.brains.llm.prompts import ballot_prompt
from flux_cli.adapters.brains.llm.switchboard import Bill, Call, Switchboard
from flux_cli.adapters.brains.llm.wish import read_list, wish_prompt
from flux_cli.adapters.brains.llm.words import read_words, words_prompt
from flux_cli.adapters.brains.offline import OfflineBrain
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.quorum import BallotError, Opinion, Reason, Vote
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.domain.wishes import within
from flux_cli.errors import FluxError
from flux_cli.usecases.brain_ports import (
    Answered,
    BallotQuestion,
    PictureQuestion,
    PlanQuestion,
    Question,
    WishQuestion,
    WordsQuestion,
)

A = TypeVar("A")


class LiveBrain:
    """Seats, planner and specialists that are models; the others, and what stands in, are rules.

    With `fallback` a seat whose model does not answer votes by its rules, labelled so; without,
    it casts no vote. `cap` bounds what one process spends on models; where whoever asks has
    `lowered` it, a seat it stops casts no vote: nobody may choose the rules by paying for none.
    """

    def __init__(
        self,
        seats: Mapping[str, Endpoint],
        planner: Endpoint | None,
        *,
        fallback: bool,
        soft_seconds: float,
        cap: Money,
        lowered: bool = False,
        specialist: Endpoint | None = None,
        painter: Endpoint | None = None,
    ) -> None:
        self.switchboard = Switchboard(Meter(cap))
        self._seats, self._planner = seats, planner
        self._specialist, self._painter = specialist, painter
        self._fallback, self._lowered = fallback, lowered
        self._soft_seconds = soft_seconds
        self._rules = OfflineBrain()

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `CannotPlan` for a goal that neither a model nor a template can plan."""
        if isinstance(question, BallotQuestion):
            return cast(Answered[A], self._ballot(question))
        if isinstance(question, WishQuestion):
            return cast(Answered[A], self._wish(question))
        if isinstance(question, WordsQuestion):
            return cast(Answered[A], self._words(question))
        if isinstance(question, PictureQuestion):
            return cast(Answered[A], self._picture(question))
        assert isinstance(question, PlanQuestion), "a question of a kind nobody answers"
        return cast(Answered[A], self._plan(question))

    def _ballot(self, question: BallotQuestion) -> Answered[Opinion]:
        seat, dossier = question.seat, question.dossier
        rules = self._rules.ask(question)
        endpoint = self._seats.get(seat)
        if endpoint is None or rules.value.hard:
            return rules
        prompt = ballot_prompt(seat, dossier)
        if question.given_up is not None:
            why = NoAnswer(question.given_up, GIVEN_UP[question.given_up])
            return self._no_ballot(rules, _unasked(endpoint, prompt.digest, rules.value), why)

        def read(form: Mapping[str, object]) -> Opinion:
            return with_rules(read_ballot(form, seat, dossier), rules.value)

        call = Call(
            endpoint, prompt, read, self._soft_seconds, dossier.request_digest, question.allowance
        )
        answered, failed = self._asked(call, rules.value)
        return answered if failed is None else self._no_ballot(rules, answered, failed)

    def _no_ballot(
        self, rules: Answered[Opinion], answered: Answered[Opinion], failed: NoAnswer
    ) -> Answered[Opinion]:
        """The rules' opinion in the model's place, or no vote, and why."""
        said = bounded(f"{answered.model} gave no vote: {failed.error}, {failed.detail}", 240)
        why = Reason(f"model_{failed.error}", "request_digest", said)
        stopped = self._lowered and failed.error is BallotError.COST_CAP
        if self._fallback and not stopped:
            opinion = replace(rules.value, reasons=(why, *rules.value.reasons[:3]))
            return replace(answered, value=opinion, backend="rule_fallback", error=failed.error)
        return replace(answered, value=Opinion(Vote.ABSTAIN, 0, 0, 10, (why,)), error=failed.error)

    def _plan(self, question: PlanQuestion) -> Answered[Plan]:
        if self._planner is None:
            return self._rules.ask(question)
        prompt = plan_prompt(question)

        def read(form: Mapping[str, object]) -> Plan:
            return read_plan(form, question)

        call = Call(self._planner, prompt, read, self._soft_seconds)
        answered, failed = self._asked(call, Plan(question.goal, ()))
        if failed is None:
            return answered
        templates = self._rules.ask(question)
        return replace(answered, value=templates.value, backend="rule_fallback", error=failed.error)

    def _wish(self, question: WishQuestion) -> Answered[ShoppingSpec]:
        """A model's list within what the rules read; theirs where it has none."""
        planner = self._planner
        if planner is None:
            return self._rules.ask(question)

        def read(form: Mapping[str, object]) -> ShoppingSpec:
            return within(read_list(form), question.read, planner.model)

        call = Call(planner, wish_prompt(question), read, self._soft_seconds)
        return self._asked_or(call, question.read)

    def _words(self, question: WordsQuestion) -> Answered[Mapping[str, str]]:
        """A model's texts for some of the slots, none where it has none."""
        if self._specialist is None:
            return self._rules.ask(question)

        def read(form: Mapping[str, object]) -> Mapping[str, str]:
            return read_words(form, question)

        call = Call(
            self._specialist, words_prompt(question), read, self._soft_seconds, question.subject,
            question.allowance,
        )  # fmt: skip
        return self._asked_or(call, dict[str, str]())

    def _picture(self, question: PictureQuestion) -> Answered[Mapping[str, str]]:
        """A picture of the scene, none where there is none."""
        if self._painter is None:
            return self._rules.ask(question)

        def read(form: Mapping[str, object]) -> Mapping[str, str]:
            return {question.scene.place: read_picture(form)}

        call = Call(
            self._painter, picture_prompt(question.scene), read, self._soft_seconds,
            question.subject, question.allowance,
        )  # fmt: skip
        return self._asked_or(call, dict[str, str]())

    def _asked_or(self, call: Call[A], offline: A) -> Answered[A]:
        """The answer, or what stands without one."""
        answered, failed = self._asked(call, offline)
        if failed is None:
            return answered
        return replace(answered, backend="rule_fallback", error=failed.error)

    def _asked(self, call: Call[A], nothing: A) -> tuple[Answered[A], NoAnswer | None]:
        """The answer, or `nothing` and why; with what it took either way."""
        bill, value, failed = Bill(), nothing, None
        began = time.perf_counter_ns()
        try:
            call = replace(call, secret=_secret(call.endpoint))
            value = self.switchboard.ask(call, bill)
        except NoAnswer as error:
            failed = error
        took = (time.perf_counter_ns() - began) // 1_000_000
        unasked = _unasked(call.endpoint, call.prompt.digest, value)
        answered = replace(unasked, cost=bill.cost, tokens=bill.tokens, latency_ms=took)
        return answered, failed


def _unasked(endpoint: Endpoint, prompt_digest: str, value: A) -> Answered[A]:
    """`value` as an answer of this model that took nothing."""
    return Answered(value, "llm", endpoint.model, Money(0), 0, 0, endpoint.host, prompt_digest)


def probe(endpoint: Endpoint) -> str | None:
    """Ask a model for one word: None where it answers, else what is wrong."""

    async def ask(secret: str | None) -> None:
        body = {"model": endpoint.model, "messages": [{"role": "user", "content": "Say ok."}]}
        async with open_client() as client:
            await post(client, endpoint, secret, body | {"max_completion_tokens": 16})

    try:
        asyncio.run(ask(_secret(endpoint)))
    except NoAnswer as error:
        return error.detail
    return None


GIVEN_UP: Mapping[BallotError, str] = {
    BallotError.TIMEOUT: "it was not waited for any longer",
    BallotError.TRANSPORT: "it was asked by a process that ended, and is not asked twice",
}
"""Why a seat's model is not asked any more."""


def _secret(endpoint: Endpoint) -> str | None:
    """The key, where one is wanted; raises `NoAnswer` where it cannot be had."""
    if endpoint.key is None:
        return None
    try:
        secret = endpoint.key()
    except FluxError as error:
        raise NoAnswer(BallotError.TRANSPORT, error.message) from None
    if secret is None:
        raise NoAnswer(
            BallotError.TRANSPORT, f"no key for {endpoint.provider}: set {endpoint.variable}"
        )
    return secret
