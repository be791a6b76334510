"""Deadlines, attempts, rests and caps hold, whatever a server does."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flux_cli.adapters.brains.llm.breaker import MOST_FAILURES, REST_SECONDS, Breaker
from flux_cli.adapters.brains.llm.meter import Meter
from flux_cli.adapters.brains.llm.prompts import MOST_TOKENS
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import SEATS, BallotError, Vote
from tests.adapters.brains.live_case import ask, live
from tests.doubles import chat_server as chats
from tests.doubles.chat_server import ChatServer, says, status, votes

SHORT = 0.3
"""A deadline in seconds; what is asserted of it leaves a busy machine many times as much."""

# Deadlines


@pytest.mark.parametrize(
    "behaviour", [chats.stalls, chats.dribbles, chats.dribbles_headers, votes(wait=30)]
)
def test_105_a_deadline_holds_while_bytes_still_come(behaviour: Any) -> None:
    with ChatServer({"cfo": behaviour}) as chat:
        began = time.monotonic()
        answered = ask(live(chat, seconds=SHORT, fallback=False))
        took = time.monotonic() - began

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.TIMEOUT)
    assert "no answer in 0.3 s" in answered.value.reasons[0].text
    assert took < 25
    assert answered.latency_ms >= 250


def test_a_request_that_stalls_is_tried_again_within_the_seats_time() -> None:
    with ChatServer({"cfo": [chats.stalls, votes("NO")]}) as chat:
        answered = ask(live(chat, request_seconds=SHORT, seconds=20))

    assert (answered.value.vote, answered.backend) == (Vote.NO, "llm")
    assert chat.counts == {"cfo": 2}


def test_five_seats_wait_at_the_same_time() -> None:
    all_here = threading.Barrier(len(SEATS))

    def when_all_have_asked(handler: chats.Handler, asked: chats.Asked) -> None:
        all_here.wait(60)
        votes()(handler, asked)

    with ChatServer(other=when_all_have_asked) as chat:
        brain = live(chat, seconds=60, request_seconds=60, fallback=False)
        with ThreadPoolExecutor(len(SEATS)) as seats:
            answers = list(seats.map(lambda seat: ask(brain, seat), SEATS))

    assert [answered.value.vote for answered in answers] == [Vote.YES] * len(SEATS)


# Attempts


def test_a_failure_that_passes_is_tried_again() -> None:
    with ChatServer({"cfo": [status(500), chats.hangs_up, votes()]}) as chat:
        assert ask(live(chat)).backend == "llm"

    assert chat.counts == {"cfo": 3}


def test_the_server_says_how_long_to_wait() -> None:
    with ChatServer({"cfo": [status(429, Retry_After="1"), votes()]}) as chat:
        began = time.monotonic()
        assert ask(live(chat)).backend == "llm"
        took = time.monotonic() - began

    assert took >= 1
    assert chat.counts == {"cfo": 2}


@pytest.mark.parametrize(
    "after", ["30", "9999999999999", "-1", "soon", "Wed, 21 Oct 2099 07:28:00 GMT"]
)
def test_it_is_not_waited_for_longer_than_another_attempt_may_begin(after: str) -> None:
    with ChatServer({"cfo": status(429, Retry_After=after)}) as chat:
        began = time.monotonic()
        answered = ask(live(chat, soft=0.2, fallback=False))
        took = time.monotonic() - began

    assert answered.error is BallotError.TRANSPORT
    assert (took < 25, chat.counts) == (True, {"cfo": 1})


# Rests


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_after_three_failures_and_lets_one_try_through() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(MOST_FAILURES):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    clock.now = REST_SECONDS
    assert (breaker.allows(), breaker.allows()) == (True, False)
    breaker.failed()
    clock.now += REST_SECONDS - 1
    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()
    breaker.answered()
    assert (breaker.allows(), breaker.allows()) == (True, True)


def test_a_provider_that_keeps_failing_is_left_alone() -> None:
    with ChatServer({"cfo": status(401)}) as chat:
        brain = live(chat, fallback=False)
        answers = [ask(brain) for _ in range(5)]

    assert chat.counts == {"cfo": MOST_FAILURES}
    assert {answered.error for answered in answers} == {BallotError.TRANSPORT}
    assert "left alone" in answers[-1].value.reasons[0].text


def test_another_provider_is_still_asked_and_bad_forms_are_no_failure() -> None:
    with ChatServer({"cfo": says("prose")}) as chat:
        brain = live(chat, fallback=False)
        for _ in range(4):
            assert ask(brain).error is BallotError.SCHEMA
        assert ask(brain, "risk").backend == "llm"

    assert chat.counts["cfo"] == 8


# Caps


def test_what_a_call_may_cost_at_most_is_set_aside_before_it() -> None:
    # At a dollar a token either way 4,000 tokens written are 4,000 dollars at most.
    dear = {"price_given": 10**12, "price_made": 10**12}
    with ChatServer() as chat:
        answered = ask(live(chat, cap="4000", fallback=False, **dear))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.COST_CAP)
    assert (answered.cost, chat.counts) == (Money(0), {})


def test_the_cap_holds_when_five_ask_at_once() -> None:
    # Each call may cost 4,000 tokens and its request's bytes; there is room for two or three.
    with ChatServer(other=votes(wait=0.3)) as chat:
        brain = live(chat, cap="0.025", fallback=False)
        with ThreadPoolExecutor(5) as seats:
            answers = list(seats.map(lambda seat: ask(brain, seat), SEATS))

    asked = sum(chat.counts.values())
    assert 1 <= asked <= 4
    assert [a.error for a in answers].count(BallotError.COST_CAP) == 5 - asked
    assert brain.switchboard.meter.spent == Money(1100 * asked)


def test_an_allowance_is_for_one_request_and_the_cap_for_all() -> None:
    with ChatServer() as chat:
        brain = live(chat, fallback=False)
        assert ask(brain, allowance=Money(100)).error is BallotError.COST_CAP
        assert ask(brain, allowance=Money(50_000)).error is None
        assert ask(brain, allowance=Money(8000)).error is BallotError.COST_CAP

    assert chat.counts == {"cfo": 1}


@pytest.mark.parametrize(
    "usage",
    [
        None,
        (10**7, 10**7),
        {"prompt_tokens": -5, "completion_tokens": 1},
        {"prompt_tokens": 10**9, "completion_tokens": 0},
        {"prompt_tokens": "1", "completion_tokens": 2},
        {"prompt_tokens": True, "completion_tokens": 2},
        {"prompt_tokens": 1.5, "completion_tokens": 2},
        "free",
    ],
)
def test_a_server_that_does_not_say_or_says_too_much_costs_what_was_set_aside(usage: Any) -> None:
    with ChatServer({"cfo": votes(usage=usage)}) as chat:
        brain = live(chat)
        answered = ask(brain)
        most = len(str(chat.asked[0].body)) + MOST_TOKENS + 2000

    assert MOST_TOKENS < answered.cost.units < most
    assert brain.switchboard.meter.spent == answered.cost


def test_a_cost_is_rounded_up() -> None:
    cheap = {"price_given": 1, "price_made": 0}
    with ChatServer({"cfo": votes(usage=(1, 0))}) as chat:
        assert ask(live(chat, **cheap)).cost == Money(1)


def test_a_meter_never_gives_more_than_its_cap() -> None:
    meter, given = Meter(Money(1000)), []

    def take() -> None:
        for _ in range(100):
            if meter.reserve("d", Money(7), None):
                given.append(7)

    workers = [threading.Thread(target=take) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(given) == 994 == meter.spent.units


# Keys


def test_a_seat_without_a_key_votes_by_its_rules_or_not_at_all_and_nobody_is_asked() -> None:
    wanting = {"key": lambda: None, "variable": "OPENAI_API_KEY"}
    with ChatServer() as chat:
        stands_in = ask(live(chat, **wanting))
        silent = ask(live(chat, fallback=False, **wanting))

    assert (stands_in.backend, stands_in.value.vote) == ("rule_fallback", Vote.YES)
    assert (silent.backend, silent.value.vote) == ("llm", Vote.ABSTAIN)
    for answered in (stands_in, silent):
        assert answered.error is BallotError.TRANSPORT
        assert "no key for local: set OPENAI_API_KEY" in answered.value.reasons[0].text
    assert chat.counts == {}


def test_99_a_key_goes_in_its_header_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    canary = "sk-canary-71f0"
    with ChatServer({"cfo": [votes(), status(401), status(500)]}) as chat:
        brain = live(chat, fallback=False, key=lambda: canary)
        answers = [ask(brain), ask(brain), ask(brain)]

    assert [asked.headers["authorization"] for asked in chat.asked] == [f"Bearer {canary}"] * 5
    everything = f"{answers!r} {caplog.text} {vars(brain)!r} {vars(brain.switchboard)!r}"
    assert canary not in everything
    assert not any(canary in str(asked.body) for asked in chat.asked)


def test_a_key_that_no_header_can_carry_is_named_by_nobody() -> None:
    with ChatServer() as chat:
        answered = ask(live(chat, fallback=False, key=lambda: "sk-canary\r\nx: y"))

    assert answered.error is BallotError.TRANSPORT
    assert "canary" not in repr(answered)
    assert chat.counts == {}
