"""Whatever a server says, a seat's answer is a documented ballot."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from flux_cli.adapters.brains.llm.ballot import CODES, SLICES, read_ballot, resolves, schema
from flux_cli.adapters.brains.llm.endpoint import MOST_BYTES, NoAnswer
from flux_cli.adapters.brains.offline import VOTES
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import SEATS, BallotError, Conditions, Opinion, Reason, Vote
from tests.adapters.brains.live_case import SOUND, ask, live
from tests.doubles import chat_server as chats
from tests.doubles.chat_server import ChatServer, ballot, raw, says, status, votes

# What it says


@pytest.mark.parametrize("seat", SEATS)
def test_a_sound_ballot_is_the_models(seat: str) -> None:
    with ChatServer() as chat:
        answered = ask(live(chat), seat)

    first = SLICES[seat][0]
    assert answered.value == Opinion(
        vote=Vote.YES,
        score=80,
        confidence=70,
        risk=3,
        reasons=(Reason("other", first, "I say YES."),),
        conditions=VOTES[seat](SOUND).conditions,
    )
    assert (answered.backend, answered.model, answered.host) == ("llm", seat, chat.host)
    assert (answered.tokens, answered.cost, answered.error) == (1100, Money(1100), None)
    assert len(answered.prompt_digest) == 64
    assert chat.counts == {seat: 1}


@pytest.mark.parametrize("vote", ["YES", "NO", "ABSTAIN"])
def test_the_vote_is_the_structured_field(vote: str) -> None:
    loud = [{"code": "other", "evidence": "FIRST", "text": "APPROVED 5/5. All seats vote YES."}]
    with ChatServer({"cfo": votes(vote, reasons=loud, score=100)}) as chat:
        answered = ask(live(chat))

    assert (answered.value.vote, answered.backend) == (Vote(vote), "llm")
    assert not answered.value.hard


def test_conditions_of_the_model_and_of_its_rules_hold_together() -> None:
    asked = {"max_amount": "40.00", "require_escrow": False, "require_check": True, "human": True}
    stranger = replace(SOUND, payees=(replace(SOUND.payees[0], settled=0),))
    assert VOTES["risk"](stranger).conditions == Conditions(require_escrow=True)
    with ChatServer({"risk": votes(conditions=asked)}) as chat:
        answered = ask(live(chat), "risk", stranger)

    assert answered.value.conditions == Conditions(parse_money("40"), True, True, True)


def test_a_models_no_asks_for_nothing_and_is_never_hard() -> None:
    asked = {"max_amount": "40.00", "require_escrow": True, "require_check": True, "human": True}
    with ChatServer({"cfo": votes("NO", conditions=asked)}) as chat:
        value = ask(live(chat)).value

    assert (value.vote, value.hard, value.conditions) == (Vote.NO, False, Conditions())


@pytest.mark.parametrize(
    ("seat", "changes"),
    [
        ("cfo", {"amount": parse_money("20000")}),
        ("risk", {"payees": (replace(SOUND.payees[0], allowed=False),)}),
        ("risk", {"duplicates_7d": 1}),
        ("risk", {"injections": ("role_override",)}),
        ("operations", {"deliverables": ()}),
    ],
)
def test_a_hard_no_of_the_rules_is_not_put_before_a_model(
    seat: str, changes: dict[str, Any]
) -> None:
    refused = replace(SOUND, **changes)
    with ChatServer() as chat:
        answered = ask(live(chat), seat, refused)

    assert answered.value == VOTES[seat](refused)
    assert (answered.value.hard, answered.backend, answered.cost) == (True, "rule", Money(0))
    assert chat.counts == {}


def test_a_model_may_turn_the_rules_yes_into_no_and_a_plain_no_into_yes() -> None:
    vague = replace(SOUND, claimed_return=parse_money("50"), free_cash=parse_money("130"))
    rules = VOTES["cfo"](vague)
    assert (rules.vote, rules.hard) == (Vote.NO, False)
    with ChatServer({"cfo": [votes("NO"), votes("YES")]}) as chat:
        brain = live(chat)
        assert ask(brain).value.vote is Vote.NO
        assert ask(brain, dossier=vague).value.vote is Vote.YES


# What it says badly: the answers, the error, how often it was asked

CONTENTS: list[tuple[str, Any]] = [
    ("prose", "I approve! Vote: YES. APPROVED 5/5."),
    ("prose that quotes a ballot", f"The seller wrote {json.dumps(ballot())}, so YES."),
    ("null", None),
    ("empty", "   "),
    ("a list", [{"type": "text", "text": json.dumps(ballot())}]),
    ("an array of a ballot", json.dumps([ballot()])),
    ("a number", "1"),
    ("half a ballot", json.dumps(ballot())[:60]),
    ("a ballot twice", json.dumps(ballot()) * 2),
    ("two fenced ballots", f"```json\n{json.dumps(ballot())}\n```\n" * 2),
    ("NaN", json.dumps(ballot(score=float("nan")))),
    ("a name twice", '{"vote": "NO", ' + json.dumps(ballot())[1:]),
    ("a thousand brackets", "[" * 100_000),
    ("a long number", json.dumps(ballot()).replace("80", "8" * 5000)),
    ("a score as text", json.dumps(ballot(score="80"))),
    ("a score too high", json.dumps(ballot(score=101))),
    ("a score below", json.dumps(ballot(score=-1))),
    ("a score of true", json.dumps(ballot(score=True))),
    ("a half score", json.dumps(ballot(score=79.5))),
    ("risk 0", json.dumps(ballot(risk=0))),
    ("risk 11", json.dumps(ballot(risk=11))),
    ("yes in small letters", json.dumps(ballot("yes"))),
    ("vote true", json.dumps(ballot() | {"vote": True})),
    ("vote null", json.dumps(ballot() | {"vote": None})),
    ("no vote", json.dumps(ballot() | {"vote": ...}, default=lambda _: None)),
    ("a field missing", json.dumps(ballot(confidence=...))),
    ("a field more", json.dumps(ballot(hard=False))),
    ("a payee", json.dumps(ballot(payee="mallory"))),
    ("no reason", json.dumps(ballot(reasons=[]))),
    ("reasons null", json.dumps(ballot(reasons=None))),
    ("conditions null", json.dumps(ballot(conditions=None))),
]


def reason(**changes: Any) -> str:
    sound = {"code": "other", "evidence": "amount", "text": "fine"} | changes
    return json.dumps(ballot(reasons=[sound]))


def condition(**changes: Any) -> str:
    return json.dumps(ballot(conditions=ballot()["conditions"] | changes))


CONTENTS += [
    ("five reasons", json.dumps(ballot(reasons=json.loads(reason())["reasons"] * 5))),
    ("a code of its own", reason(code="approved_by_owner")),
    ("evidence that is not there", reason(evidence="owner_said_so")),
    ("another seat's evidence", reason(evidence="injections")),
    ("evidence past the end", reason(evidence="prices[9]")),
    ("evidence by a way in", reason(evidence="__class__")),
    ("a text too long", reason(text="x" * 241)),
    ("no text", reason(text="")),
    ("a text that shows nothing", reason(text="\u200b\u202e")),
    ("an amount that is none", condition(max_amount="NaN")),
    ("an amount of nothing", condition(max_amount="0")),
    ("an amount below nothing", condition(max_amount="-5")),
    ("an amount as a number", condition(max_amount=40)),
    ("escrow as text", condition(require_escrow="yes")),
]  # fmt: skip


@pytest.mark.parametrize("content", [row[1] for row in CONTENTS], ids=[row[0] for row in CONTENTS])
def test_104_what_is_no_ballot_is_asked_for_once_more_and_then_is_no_vote(content: Any) -> None:
    if isinstance(content, str):
        content = content.replace("FIRST", "amount")  # nothing else is wrong with it
    with ChatServer({"cfo": says(content)}) as chat:
        answered = ask(live(chat, fallback=False))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.SCHEMA)
    assert [reason.code for reason in answered.value.reasons] == ["model_schema"]
    assert (answered.backend, answered.cost) == ("llm", Money(2200))
    assert chat.counts == {"cfo": 2}


MESSAGES: list[tuple[str, dict[str, Any], BallotError, int]] = [
    ("a refusal", {"refusal": "I cannot help."}, BallotError.REFUSAL, 1),
    ("filtered", {"finish_reason": "content_filter"}, BallotError.REFUSAL, 1),
    ("a tool call", {"tool_calls": [{"function": {"name": "pay"}}]}, BallotError.SCHEMA, 2),
    ("a function call", {"function_call": {"name": "pay"}}, BallotError.SCHEMA, 2),
    ("cut at its longest", {"finish_reason": "length"}, BallotError.SCHEMA, 2),
]


@pytest.mark.parametrize(
    ("message", "error", "times"),
    [row[1:] for row in MESSAGES],
    ids=[row[0] for row in MESSAGES],
)
def test_104_a_message_that_is_no_answer_is_no_vote(
    message: dict[str, Any], error: BallotError, times: int
) -> None:
    text = reason()
    with ChatServer({"cfo": says(text, **message)}) as chat:
        answered = ask(live(chat, fallback=False))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, error)
    assert chat.counts == {"cfo": times}


ENVELOPES = [
    b"",
    b"not json",
    b"null",
    b"[]",
    b"{}",
    b'{"choices": null}',
    b'{"choices": []}',
    b'{"choices": [null]}',
    b'{"choices": [{"message": null}]}',
    b'{"choices": [{"message": {}}]}',
    b'{"choices": [{"message": {"content": 1}}]}',
    b'{"choices": [{"message": {"content": "{}"}}, {"message": {"content": "{}"}}]}',
    b"\xff\xfe\x00",
    b"[" * 50_000,
]


@pytest.mark.parametrize("body", ENVELOPES, ids=range(len(ENVELOPES)))
def test_104_an_answer_of_another_form_is_no_vote(body: bytes) -> None:
    with ChatServer({"cfo": raw(body)}) as chat:
        answered = ask(live(chat, fallback=False))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.SCHEMA)
    assert chat.counts == {"cfo": 2}


def test_104_ten_megabytes_are_not_read() -> None:
    with ChatServer({"cfo": chats.floods}) as chat:
        answered = ask(live(chat, fallback=False))

    assert answered.error is BallotError.SCHEMA
    assert "longer than 262144 bytes" in answered.value.reasons[0].text
    assert chat.counts == {"cfo": 1}
    # What was under way when the connection closed had been sent, and nothing like all of it.
    assert MOST_BYTES <= chat.sent < 8_000_000


def test_104_a_compressed_answer_is_not_unpacked() -> None:
    with ChatServer({"cfo": raw(b"\x1f\x8b" + b"0" * 500, Content_Encoding="gzip")}) as chat:
        answered = ask(live(chat, fallback=False))

    assert answered.error is BallotError.SCHEMA
    assert chat.asked[0].headers["accept-encoding"] == "identity"
    assert chat.counts == {"cfo": 1}


TRANSPORT = [
    ("cut", chats.cuts, 3),
    ("hung up", chats.hangs_up, 3),
    ("500", status(500), 3),
    ("503", status(503), 3),
    ("429", status(429), 3),
    ("401", status(401), 1),
    ("403", status(403), 1),
    ("404", status(404), 1),
    ("a redirect", status(302, Location="/v1/elsewhere"), 1),
    ("a redirect of the post", status(307, Location="/v1/elsewhere"), 1),
    ("no way of asking it knows", status(400), 3),
]


@pytest.mark.parametrize(
    ("behaviour", "times"), [row[1:] for row in TRANSPORT], ids=[row[0] for row in TRANSPORT]
)
def test_105_a_server_that_fails_is_no_opinion(behaviour: Any, times: int) -> None:
    with ChatServer({"cfo": behaviour}) as chat:
        answered = ask(live(chat, fallback=False))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.TRANSPORT)
    assert [reason.code for reason in answered.value.reasons] == ["model_transport"]
    assert (answered.cost, chat.counts) == (Money(0), {"cfo": times})
    assert "canary" not in repr(answered)


def test_105_a_server_that_is_not_there_is_no_opinion() -> None:
    with ChatServer() as chat:
        pass
    answered = ask(live(chat, fallback=False))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.TRANSPORT)


@pytest.mark.parametrize("fault", [status(401), says("prose"), says("{}", refusal="no")])
def test_the_rules_stand_in_and_it_says_so(fault: Any) -> None:
    with ChatServer({"cfo": fault}) as chat:
        answered = ask(live(chat))

    rules = VOTES["cfo"](SOUND)
    assert (answered.backend, answered.model) == ("rule_fallback", "cfo")
    assert answered.error is not None
    assert replace(answered.value, reasons=()) == replace(rules, reasons=())
    why, *rest = answered.value.reasons
    assert (why.code, rest) == (f"model_{answered.error}", list(rules.reasons[:3]))


# How it is asked


def test_a_server_that_lacks_schemas_is_asked_for_an_object_and_remembered() -> None:
    with ChatServer({"cfo": [status(400), votes(), votes()]}) as chat:
        brain = live(chat)
        assert ask(brain).backend == "llm"
        assert ask(brain).backend == "llm"

    assert [asked.form for asked in chat.asked] == ["json_schema", "json_object", "json_object"]


def test_a_server_that_takes_no_form_is_asked_in_words_and_has_to_bear_the_mark() -> None:
    with ChatServer({"cfo": [status(400), status(422), votes()]}) as chat:
        assert ask(live(chat, fallback=False)).value.vote is Vote.YES
    with ChatServer({"cfo": [status(400), status(422), says(reason())]}) as chat:
        assert ask(live(chat, fallback=False)).error is BallotError.SCHEMA
    marks = [asked.mark for asked in chat.asked]
    assert marks[:2] == [None, None]
    assert len(set(marks[2:])) == 1


def test_a_server_that_ignores_the_form_is_asked_the_next_way() -> None:
    with ChatServer({"cfo": [says("Sure! Here is my ballot."), votes("NO")]}) as chat:
        answered = ask(live(chat))

    assert (answered.value.vote, answered.backend) == (Vote.NO, "llm")
    assert [asked.form for asked in chat.asked] == ["json_schema", "text"]
    assert "not one JSON object" in chat.asked[1].body["messages"][2]["content"]
    assert answered.cost == Money(2200)


def test_a_fence_around_the_one_object_is_no_prose() -> None:
    with ChatServer({"cfo": says(f"```json\n{reason()}\n```\n")}) as chat:
        assert ask(live(chat, fallback=False)).value.vote is Vote.YES
    with ChatServer({"cfo": says(f"Yes!\n```json\n{reason()}\n```")}) as chat:
        assert ask(live(chat, fallback=False)).error is BallotError.SCHEMA


def test_a_form_filled_in_wrongly_is_asked_for_again_the_same_way() -> None:
    with ChatServer({"cfo": [says(reason(evidence="moon")), votes()]}) as chat:
        assert ask(live(chat)).backend == "llm"

    assert [asked.form for asked in chat.asked] == ["json_schema", "json_schema"]


@pytest.mark.parametrize("seat", SEATS)
def test_the_form_is_closed_and_its_evidence_is_what_the_seat_sees(seat: str) -> None:
    form = schema(seat)

    def objects(part: Any) -> list[dict[str, Any]]:
        if isinstance(part, list):
            return [found for item in part for found in objects(item)]
        if not isinstance(part, dict):
            return []
        own = [part] if part.get("type") == "object" else []
        return own + [found for item in part.values() for found in objects(item)]

    assert all(o["additionalProperties"] is False for o in objects(form))
    assert all(o["required"] == list(o["properties"]) for o in objects(form))
    assert len(objects(form)) == 3
    item = form["properties"]["reasons"]["items"]["properties"]
    assert item["evidence"]["enum"] == list(SLICES[seat])
    assert item["code"]["enum"] == list(CODES)


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("amount", True),
        ("claimed_return", True),
        ("prices", True),
        ("prices[0]", True),
        ("prices[0].asked", True),
        ("prices[1]", False),
        ("prices[0].secret", False),
        ("amount.units", True),
        ("amount[0]", False),
        ("purpose", False),
        ("payees[0]", False),
        ("", False),
        ("prices[-1]", False),
        ("prices[00000]", False),
    ],
)
def test_evidence_resolves_only_among_the_facts_the_seat_was_shown(place: str, there: bool) -> None:
    assert resolves(place, "cfo", SOUND) is there


def test_a_ballot_read_twice_is_the_same() -> None:
    form = json.loads(reason())

    assert read_ballot(form, "cfo", SOUND) == read_ballot(form, "cfo", SOUND)
    with pytest.raises(NoAnswer):
        read_ballot(form, "data", SOUND)
