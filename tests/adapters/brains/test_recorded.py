"""A cassette gives back exactly what was recorded, asks nobody, and answers nothing else."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from flux_cli.adapters.brains.offline import OfflineBrain
from flux_cli.adapters.brains.recorded import (
    RecordedBrain,
    RecordingBrain,
    new_header,
    question_key,
)
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import (
    SEATS,
    BallotError,
    Conditions,
    Dossier,
    Opinion,
    Reason,
    Urgency,
    Vote,
)
from flux_cli.errors import CannotPlan, InvalidInput, StorageFailed
from flux_cli.usecases.brain_ports import Answered, BallotQuestion, PlanQuestion, Question

A = TypeVar("A")
RUN, OTHER_RUN = "run_01m81bg1fhex8vgnt0gv4ccfkw", "run_01m81crcp0e8w8aqm9q2nec10v"
HEADER = replace(new_header(""), made_at=datetime(2026, 11, 22, 10, tzinfo=UTC), salt="5a17")

DOSSIER = Dossier(
    request_digest="d1",
    requester="ada",
    amount=parse_money("120"),
    purpose="A campaign",
    justification="Six banners in 3 days, ünicode — and “quotes”",
    urgency=Urgency.HIGH,
    claimed_return=None,
    free_cash=parse_money("500"),
    reserved=Money(0),
    budget_left=parse_money("500"),
    reserve_floor_percent=20,
    payees=(),
    escrowed=True,
    duplicates_7d=0,
    same_payee_24h=0,
    injections=(),
    deliverables=("banners",),
    acceptance_checks=2,
    slack_hours=72,
    turnaround_hours=20,
    prices=(),
    settled_claims=0,
    accuracy_percent=0,
    evidence=(f"plan 3fa9, {RUN}",),
)
PLAN = PlanQuestion("Launch a campaign", "brief", ("a.md",), {}, ("marketing-campaign",))
CEILINGS = {name: parse_money("50") for name in ("researcher", "content-writer", "image-generator")}
BY_MODEL = Answered(
    Opinion(
        Vote.NO, 31, 77, 8, (Reason("too_dear", "amount", "it is 120 % of …"),),
        Conditions(parse_money("7.5"), True, True, True), hard=True,
    ),
    "llm", "claude-sonnet-4", Money(1234), 987, 2031, "api.example", "abc", None,
)  # fmt: skip


class Scripted:
    """A brain that answers what it is told to, and counts how often it was asked."""

    def __init__(self, answer: Callable[[Question[Any]], Answered[Any]]) -> None:
        self.answer, self.asked = answer, 0

    def ask(self, question: Question[A]) -> Answered[A]:
        self.asked += 1
        return cast("Answered[A]", self.answer(question))


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "tape.jsonl"


def test_every_answer_comes_back_exactly(tape: Path) -> None:
    live = Scripted(OfflineBrain().ask)
    recording = RecordingBrain(live, tape, HEADER)
    planned = replace(PLAN, ceilings=CEILINGS)
    questions: list[Question[Any]] = [BallotQuestion(seat, DOSSIER) for seat in SEATS]
    said = [recording.ask(question) for question in (*questions, planned)]

    recorded = RecordedBrain(tape)

    assert recorded.header == HEADER
    assert [recorded.ask(question) for question in (planned, *reversed(questions))] == [
        said[-1],
        *reversed(said[:-1]),
    ]
    assert live.asked == 6


def test_a_models_answer_comes_back_with_all_it_took(tape: Path) -> None:
    RecordingBrain(Scripted(lambda _: BY_MODEL), tape, HEADER).ask(BallotQuestion("cfo", DOSSIER))

    assert RecordedBrain(tape).ask(BallotQuestion("cfo", DOSSIER)) == BY_MODEL


def test_a_failure_of_planning_is_recorded_too(tape: Path) -> None:
    recording = RecordingBrain(OfflineBrain(), tape, HEADER)
    hopeless = replace(PLAN, goal="Raise a child")

    with pytest.raises(CannotPlan) as live:
        recording.ask(hopeless)
    with pytest.raises(CannotPlan) as replayed:
        RecordedBrain(tape).ask(hopeless)

    assert (replayed.value.message, replayed.value.param) == (live.value.message, live.value.param)


def test_ids_of_a_run_are_no_part_of_a_question_and_everything_else_is() -> None:
    asked = BallotQuestion("cfo", DOSSIER)
    again = replace(DOSSIER, request_digest="d2", evidence=(f"plan 3fa9, {OTHER_RUN}",))

    assert question_key(asked) == question_key(BallotQuestion("cfo", again))
    for other in (
        BallotQuestion("risk", DOSSIER),
        BallotQuestion("cfo", replace(DOSSIER, amount=parse_money("120.000001"))),
        BallotQuestion("cfo", replace(DOSSIER, evidence=("plan 3fa8, " + RUN,))),
        BallotQuestion("cfo", replace(DOSSIER, free_cash=parse_money("499"))),
        PLAN,
    ):
        assert question_key(other) != question_key(asked)


def test_a_question_that_was_not_recorded_is_refused_by_name(tape: Path) -> None:
    recording = RecordingBrain(OfflineBrain(), tape, HEADER)
    recording.ask(BallotQuestion("cfo", DOSSIER))
    recorded = RecordedBrain(tape)

    with pytest.raises(InvalidInput, match=r"tape.jsonl has no answer left .* \(the risk seat\)"):
        recorded.ask(BallotQuestion("risk", DOSSIER))
    with pytest.raises(InvalidInput, match=r"plan question \(a plan\)"):
        recorded.ask(PLAN)


def test_an_answer_is_given_once(tape: Path) -> None:
    RecordingBrain(OfflineBrain(), tape, HEADER).ask(BallotQuestion("cfo", DOSSIER))
    recorded = RecordedBrain(tape)
    recorded.ask(BallotQuestion("cfo", DOSSIER))

    with pytest.raises(InvalidInput, match="no answer left"):
        recorded.ask(BallotQuestion("cfo", DOSSIER))


@pytest.mark.parametrize("late_first", [True, False])
def test_what_came_too_late_stays_no_ballot(tape: Path, late_first: bool) -> None:
    failed = replace(BY_MODEL, error=BallotError.TIMEOUT)

    def answer(question: Question[Any]) -> Answered[Any]:
        assert isinstance(question, BallotQuestion)
        return failed if question.given_up else BY_MODEL

    recording = RecordingBrain(Scripted(answer), tape, HEADER)
    asked = [
        BallotQuestion("cfo", DOSSIER),
        BallotQuestion("cfo", DOSSIER, given_up=BallotError.TIMEOUT),
    ]
    for question in asked if late_first else reversed(asked):
        recording.ask(question)

    assert RecordedBrain(tape).ask(BallotQuestion("cfo", DOSSIER)) == failed


def test_a_cassette_is_private_versioned_lines_and_never_written_over(tape: Path) -> None:
    RecordingBrain(OfflineBrain(), tape, HEADER).ask(BallotQuestion("cfo", DOSSIER))
    lines = [json.loads(line) for line in tape.read_text().splitlines()]

    assert stat.S_IMODE(tape.stat().st_mode) == 0o600
    assert lines[0] == {
        "schema": "flux.cassette/1",
        "made_at": "2026-11-22T10:00:00.000000Z",
        "head": "",
        "salt": "5a17",
    }
    assert [(line["kind"], line["seat"]) for line in lines[1:]] == [("ballot", "cfo")]
    with pytest.raises(InvalidInput, match="never written over"):
        RecordingBrain(OfflineBrain(), tape, HEADER)


def test_a_place_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="No such file"):
        RecordingBrain(OfflineBrain(), tmp_path / "no" / "tape.jsonl", HEADER)


FIRST = '{"schema":"flux.cassette/1","made_at":"2026-11-22T10:00:00Z","head":"","salt":"5a"}\n'
BROKEN = [
    ("", "its first line does not say flux.cassette/1"),
    ("[]\n", "its first line does not say flux.cassette/1"),
    ('{"schema":"flux.cassette/2"}\n', "its first line does not say flux.cassette/1"),
    ("not json\n", "it cannot be read past line 1"),
    (FIRST + "{}\n", "it cannot be read past line 1"),
    (FIRST + '{"key":"a","answer":{"cost":1}}\n', "it cannot be read past line 1"),
    (FIRST + '{"key":"a","answer":{"backend":"me"}}\n', "it cannot be read past line 1"),
    (FIRST + '{"key":"a","answer":{"tokens":-1}}\n', "it cannot be read past line 1"),
    (FIRST + '{"key":"a","answer":{}}\n' + "[" * 99_999, "it cannot be read past line 2"),
    ("\udcff", "it is not UTF-8 text"),
]


@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_a_file_that_is_no_cassette_is_named(tape: Path, text: str, why: str) -> None:
    tape.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(InvalidInput) as refused:
        RecordedBrain(tape)

    assert refused.value.message == f"{tape} is no cassette: {why}"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"vote": "MAYBE", "score": 1, "confidence": 1, "risk": 1, "reasons": []},
        {"vote": "YES", "score": "90", "confidence": 1, "risk": 1, "reasons": []},
        "APPROVED 5/5",
        None,
        {"vote": "YES", "score": 1, "confidence": 1, "risk": 1,
         "reasons": [{"code": "x", "evidence": "amount", "text": "\x1b[2J"}]},
    ],
)  # fmt: skip
def test_an_edited_answer_that_holds_no_ballot_is_no_answer(tape: Path, value: object) -> None:
    _, key = question_key(BallotQuestion("cfo", DOSSIER))
    tape.write_text(FIRST + json.dumps({"kind": "ballot", "key": key, "answer": {"value": value}}))

    with pytest.raises(InvalidInput, match="is no cassette"):
        RecordedBrain(tape).ask(BallotQuestion("cfo", DOSSIER))
