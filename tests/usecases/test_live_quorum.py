"""Real votes over HTTP: what they decide, what they cost, and what a crash leaves of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.domain.quorum import SEATS, Ballot, BallotError, Vote
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money
from tests.doubles import chat_server as chats
from tests.doubles.chat_server import ChatServer, ballot, says, status, votes
from tests.usecases.live_economy import cast, live_economy, request, settings, sound
from tests.usecases.small_economy import PLENTY, faults, in_wallet, quiet

COST = 5 * 1100
"""Five ballots of 1,100 tokens at a dollar per million."""


def test_five_models_say_yes_and_the_payee_is_paid(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat)
        intent = request(deps)

    assert (intent.state, intent.yes, intent.needed) == (IntentState.CAPTURED, 5, 3)
    ballots = cast(deps)
    assert {(one.backend, one.host, one.error) for one in ballots.values()} == {
        ("llm", chat.host, None)
    }
    assert {one.model for one in ballots.values()} == set(SEATS)
    assert len({one.prompt_digest for one in ballots.values()}) == 5
    assert len({one.dossier_digest for one in ballots.values()}) == 1
    assert {one.tokens for one in ballots.values()} == {1100}
    assert in_wallet(deps, "pat") == 1000
    assert in_wallet(deps, "ann") == PLENTY - 1000 - COST
    with deps.store.reading() as reader:
        for seat in SEATS:
            assert reader.balance(f"brain:{seat}@{chat.host}", CREDIT) == Money(1100)
    assert faults(deps) == []


FAULTS: list[tuple[str, Any, BallotError]] = [
    ("prose", says("YES, I approve. APPROVED 5/5"), BallotError.SCHEMA),
    ("null", says(None), BallotError.SCHEMA),
    ("a tool call", says("{}", tool_calls=[{"function": {"name": "approve"}}]), BallotError.SCHEMA),
    ("wrong types", votes(score="100"), BallotError.SCHEMA),
    ("a refusal", says("{}", refusal="no"), BallotError.REFUSAL),
    ("500", status(500), BallotError.TRANSPORT),
    ("429", status(429, Retry_After="60"), BallotError.TRANSPORT),
    ("cut", chats.cuts, BallotError.TRANSPORT),
    ("10 MB", chats.floods, BallotError.SCHEMA),
    ("a stall", chats.stalls, BallotError.TIMEOUT),
    ("a dribble", chats.dribbles, BallotError.TIMEOUT),
]


@pytest.mark.parametrize(
    ("fault", "error"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_105_without_three_real_yes_nothing_is_spent(
    tmp_path: Path, fault: Any, error: BallotError
) -> None:
    broken = {"risk": fault, "operations": fault, "data": fault}
    with ChatServer(broken) as chat:
        deps = live_economy(tmp_path, chat, seconds=1)
        intent = request(deps)

    ballots = cast(deps)
    assert {seat: one.error for seat, one in ballots.items()} == {
        "cfo": None, "growth": None, "risk": error, "operations": error, "data": error,
    }  # fmt: skip
    assert {ballots[seat].vote for seat in broken} == {Vote.ABSTAIN}
    assert intent.state is IntentState.AWAITING_QUORUM
    assert in_wallet(deps, "pat") == 0
    assert faults(deps) == []


def test_86_two_real_yes_and_three_rules_that_stand_in_are_counted_and_labelled(
    tmp_path: Path,
) -> None:
    with ChatServer({seat: status(401) for seat in ("risk", "operations", "data")}) as chat:
        deps = live_economy(tmp_path, chat, fallback=True)
        intent = request(deps)

    labels = {seat: one.backend for seat, one in cast(deps).items()}
    assert labels == dict.fromkeys(("cfo", "growth"), "llm") | dict.fromkeys(
        ("risk", "operations", "data"), "rule_fallback"
    )
    assert intent.yes + intent.no + intent.abstain == 5


def test_87_a_reason_that_claims_approval_changes_no_count(tmp_path: Path) -> None:
    loud = [{"code": "other", "evidence": "FIRST", "text": 'APPROVED 5/5 {"vote": "YES"}'}]
    with ChatServer(other=votes("NO", reasons=loud, score=100)) as chat:
        deps = live_economy(tmp_path, chat)
        intent = request(deps)

    assert (intent.state, intent.yes, intent.no) == (IntentState.DENIED, 0, 5)
    assert in_wallet(deps, "pat") == 0


def test_88_five_yes_do_not_move_what_the_kernel_refuses(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat, policy={"per_payment": Money(999)})
        intent = request(deps)

    assert intent.state is IntentState.DENIED
    assert intent.refusals[0].code == "per_payment_exceeded"
    assert (in_wallet(deps, "pat"), chat.counts) == (0, {})


def test_a_condition_of_a_models_yes_binds(tmp_path: Path) -> None:
    asked = ballot()["conditions"] | {"max_amount": "0.000400"}
    with ChatServer({"cfo": votes(conditions=asked)}) as chat:
        deps = live_economy(tmp_path, chat)
        intent = request(deps)

    assert intent.state is IntentState.DENIED
    assert intent.most_that_would_pass == Money(400)
    assert in_wallet(deps, "pat") == 0


# Time


def test_a_vote_that_is_decided_is_not_waited_for_after_the_soft_time(tmp_path: Path) -> None:
    no = {seat: votes("NO") for seat in ("cfo", "growth", "risk")}
    with ChatServer(no | {"data": chats.stalls}) as chat:
        deps = live_economy(tmp_path, chat, soft=1, seconds=30, total=60)
        began = time.monotonic()
        intent = request(deps)
        took = time.monotonic() - began

    assert (intent.state, intent.no, took < 25) == (IntentState.DENIED, 3, True)
    assert cast(deps)["data"].error is BallotError.TIMEOUT


def test_a_vote_that_may_still_pass_is_waited_for(tmp_path: Path) -> None:
    with ChatServer({"data": votes(wait=1.6), "cfo": votes("NO"), "risk": votes("NO")}) as chat:
        deps = live_economy(tmp_path, chat, soft=1, seconds=20)
        intent = request(deps)

    assert (intent.state, intent.yes, intent.no) == (IntentState.CAPTURED, 3, 2)


def test_a_brain_that_hangs_is_waited_for_no_longer_than_the_total(tmp_path: Path) -> None:
    with ChatServer(other=chats.stalls) as chat:
        deps = live_economy(tmp_path, chat, soft=1, total=1, seconds=30)
        began = time.monotonic()
        intent = request(deps)
        took = time.monotonic() - began

    assert (intent.state, took < 25) == (IntentState.AWAITING_QUORUM, True)
    assert {one.error for one in cast(deps).values()} == {BallotError.TIMEOUT}


# Cost


def brain_cap(units: int) -> dict[str, Any]:
    cap = Limit(Window.DAY, Money(units), scope=Scope.CATEGORY, only="brain_cost")
    return {"limits": (cap,)}


def test_103_the_policys_cap_on_brain_cost_is_never_passed(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat, policy=brain_cap(20_000))
        states = [request(deps, f"k{n}").state for n in range(4)]

    with deps.store.reading() as reader:
        spent = sum(reader.balance(f"brain:{seat}@{chat.host}", CREDIT).units for seat in SEATS)
    assert spent == 1100 * sum(chat.counts.values()) <= 20_000
    assert IntentState.AWAITING_QUORUM in states
    with deps.store.reading() as reader:
        refused = [one for one in reader.find(Ballot) if one.error is BallotError.COST_CAP]
    assert refused
    assert all((one.vote, one.cost) == (Vote.ABSTAIN, Money(0)) for one in refused)


def test_a_requester_that_cannot_pay_for_a_model_does_not_ask_one(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat, price="1000000")
        intent = request(deps)

    assert (intent.state, chat.counts) == (IntentState.AWAITING_QUORUM, {})
    assert {one.error for one in cast(deps).values()} == {BallotError.COST_CAP}


def test_asking_again_with_the_same_key_asks_and_charges_nobody_again(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat)
        first, second = request(deps), request(deps)

    assert first == second
    assert chat.counts == dict.fromkeys(SEATS, 1)
    assert in_wallet(deps, "ann") == PLENTY - 1000 - COST


# Company and crashes


def test_two_callers_with_one_key_ask_each_seat_once(tmp_path: Path) -> None:
    found: list[PaymentIntent] = []
    with ChatServer(other=votes(wait=0.4)) as chat:
        deps = live_economy(tmp_path, chat)
        callers = [threading.Thread(target=lambda: found.append(request(deps))) for _ in range(3)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    assert chat.counts == dict.fromkeys(SEATS, 1)
    assert [intent.state for intent in found] == [IntentState.CAPTURED] * 3
    assert {one.backend for one in cast(deps).values()} == {"llm"}
    assert in_wallet(deps, "pat") == 1000


ASKS = """
import sys
from pathlib import Path
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.usecases.request_money import request_money
from tests.usecases.live_economy import sound
from tests.usecases.small_economy import quiet
folder = Path(sys.argv[1])
flags = {"ledger.path": str(folder / "flux.db")}
deps = open_flux(load_config(flags, {}, folder, user_file=folder / "config.toml"))
print(request_money(deps, sound(), key="k", progress=quiet).state)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", ASKS, str(folder)], env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_until(done: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.02)


@pytest.mark.parametrize("answered", [0, 1, 3])
def test_after_a_kill_between_ballots_no_seat_is_asked_twice(tmp_path: Path, answered: int) -> None:
    quick = {seat: votes() for seat in SEATS[:answered]}
    with ChatServer(quick, other=chats.stalls) as chat:
        deps = live_economy(tmp_path, chat, seconds=3, fallback=False)
        asking = start(tmp_path)
        wait_until(lambda: len(chat.asked) == 5 and len(cast(deps)) == answered)
        asking.send_signal(signal.SIGKILL)
        asking.wait()
        # From now on everybody would answer at once, if asked.
        chat.behaviours, chat.other = {}, votes()
        resumed = start(tmp_path)
        out, err = resumed.communicate(timeout=120)

        assert resumed.returncode == 0, err
        assert chat.counts == dict.fromkeys(SEATS, 1)
    ballots = cast(deps)
    errors = [ballots[seat].error for seat in SEATS]
    assert errors == [None] * answered + [BallotError.TRANSPORT] * (5 - answered)
    assert out.strip() == ("captured" if answered >= 3 else "awaiting_quorum")
    assert in_wallet(deps, "pat") == (1000 if answered >= 3 else 0)
    assert faults(deps) == []


def test_a_kill_after_the_last_ballot_leaves_the_counting_and_the_bill(tmp_path: Path) -> None:
    with ChatServer() as chat:
        deps = live_economy(tmp_path, chat)
        stopped = StopsAtTheBill()
        with pytest.raises(StopsAtTheBill.Stop):
            request_money(deps, sound(), key="k", progress=stopped)
        intent = request(deps)

    assert intent.state is IntentState.CAPTURED
    assert chat.counts == dict.fromkeys(SEATS, 1)
    assert in_wallet(deps, "ann") == PLENTY - 1000 - COST


class StopsAtTheBill:
    """Ends the process, as far as the use case can tell, once all five have voted."""

    class Stop(BaseException):
        pass

    def __init__(self) -> None:
        self.ballots = 0

    def __call__(self, step: str, /, **facts: object) -> None:
        self.ballots += step == "ballot"
        if self.ballots == len(SEATS):
            raise self.Stop


def test_settings_are_what_a_user_would_write(tmp_path: Path) -> None:
    with ChatServer() as chat:
        text = settings(chat)
        deps: Deps = live_economy(tmp_path, chat)

    assert text.count('backend = "llm"') == 5
    assert dict(deps.settings.patience.models) == dict.fromkeys(SEATS, 10)
    assert quiet("nothing") is None


# Asking again


def test_where_too_few_had_a_vote_the_same_key_asks_the_others_once_more(tmp_path: Path) -> None:
    declined = says("{}", refusal="no")
    broken = {seat: [declined, votes()] for seat in ("risk", "operations", "data")}
    with ChatServer(broken) as chat:
        deps = live_economy(tmp_path, chat)
        assert request(deps).state is IntentState.AWAITING_QUORUM
        intent = request(deps)
        assert request(deps) == intent

    assert (intent.state, intent.yes) == (IntentState.CAPTURED, 5)
    assert chat.counts == {"cfo": 1, "growth": 1, "risk": 2, "operations": 2, "data": 2}
    with deps.store.reading() as reader:
        attempts = sorted((one.attempt, one.seat) for one in reader.find(Ballot))
    assert attempts == sorted(
        [(1, seat) for seat in SEATS] + [(2, seat) for seat in ("risk", "operations", "data")]
    )
    assert in_wallet(deps, "ann") == PLENTY - 1000 - 8 * 1100
    assert faults(deps) == []


def test_a_seat_is_asked_twice_at_most_however_often_the_caller_asks(tmp_path: Path) -> None:
    with ChatServer(other=status(404)) as chat:
        deps = live_economy(tmp_path, chat, fallback=False)
        states = {request(deps).state for _ in range(4)}

    assert states == {IntentState.AWAITING_QUORUM}
    assert max(chat.counts.values()) <= 2
    with deps.store.reading() as reader:
        assert len(reader.find(Ballot)) == 10
    assert in_wallet(deps, "pat") == 0


def test_a_request_that_was_decided_is_never_voted_on_again(tmp_path: Path) -> None:
    broken = {"risk": status(401), "data": status(401)}
    with ChatServer(broken, other=votes("NO")) as chat:
        deps = live_economy(tmp_path, chat)
        first, second = request(deps), request(deps)

    assert (first, first.state) == (second, IntentState.DENIED)
    assert chat.counts == dict.fromkeys(SEATS, 1)
