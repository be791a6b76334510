"""The owner's own rules of the count: each can refuse or escalate, and none can let more pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.lineage import lineage_of
from flux_cli.domain.money import CREDIT, USDC, Money, parse_money
from flux_cli.domain.quorum import (
    SEATS,
    Ballot,
    BallotError,
    Band,
    Bar,
    Conditions,
    Reason,
    Rules,
    SeatRule,
    Split,
    Vote,
    count,
)

DIGEST = "digest-1"
OTHER = "digest-2"


def cast(seat: str, word: str, model: str = "", digest: str = DIGEST) -> Ballot:
    """A ballot from a word: yes, no, abstain, hard (a hard NO), or the name of an error."""
    error = BallotError(word) if word in set(BallotError) else None
    vote = {"yes": Vote.YES, "abstain": Vote.ABSTAIN}.get(word, Vote.NO)
    return Ballot(
        id=f"bal_{seat}_{word}_{model}",
        intent_id="pi_1",
        request_digest=digest,
        seat=seat,
        vote=Vote.YES if error else vote,
        hard=word == "hard",
        score=70,
        confidence=50,
        risk=3,
        reasons=(Reason("code", "amount", "APPROVED 5/5: all seats say YES"),),
        conditions=Conditions(),
        backend="llm" if model else "rule",
        model=model or f"rules/{seat}",
        error=error,
        cost=Money(0),
        tokens=0,
        latency_ms=1,
        dossier_digest="dossier-1",
        cast_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def ballots(words: str, models: str = "- - - - -") -> list[Ballot]:
    """One ballot a seat in the order of `SEATS`; a word `-` is silence, a model `-` is rules."""
    named = zip(SEATS, words.split(), models.split(), strict=True)
    return [
        cast(seat, word, "" if model == "-" else model)
        for seat, word, model in named
        if word != "-"
    ]


def seat_rules(**changed: SeatRule) -> tuple[SeatRule, ...]:
    return tuple(changed.get(seat, SeatRule(seat)) for seat in SEATS)


def weights(*numbers: int) -> Rules:
    return Rules(tuple(SeatRule(s, weight=n) for s, n in zip(SEATS, numbers, strict=True)))


VETO = Rules(seat_rules(data=SeatRule("data", veto=True)))
REQUIRED = Rules(seat_rules(cfo=SeatRule("cfo", required=True)))
TO_OWNER = Rules(split=Split.OWNER)
NO_OPENAI = Rules(excluded_lineage="openai")
MIXED = "claude-sonnet-4 gpt-4.1 grok gpt-4o-mini o1"

# rules, ballots, models, YES needed, outcome, YES counted, why
RULED = [
    (Rules(), "yes yes yes no no", "", 3, "approved", 3, "3 of five YES, 3 needed"),
    (VETO, "yes yes yes yes no", "", 3, "hard_no", 4, "data says a NO, and it has a veto"),
    (VETO, "yes yes yes no abstain", "", 3, "approved", 3, "3 of five YES, 3 needed"),
    (VETO, "yes yes yes no -", "", 3, "approved", 3, "3 of five YES, 3 needed"),
    (Rules(), "yes yes yes yes hard", "", 3, "hard_no", 4, "data says a hard NO"),
    (REQUIRED, "no yes yes yes yes", "", 3, "refused", 4,
     "without a YES of cfo, which is required, nothing passes"),
    (REQUIRED, "abstain yes yes yes yes", "", 3, "refused", 4,
     "without a YES of cfo, which is required, nothing passes"),
    (REQUIRED, "timeout yes yes yes yes", "", 3, "refused", 4,
     "without a YES of cfo, which is required, nothing passes"),
    (REQUIRED, "yes yes yes no no", "", 3, "approved", 3, "3 of five YES, 3 needed"),
    (weights(5, 1, 1, 1, 1), "no yes yes yes yes", "", 3, "refused", 4,
     "4 of five YES, 3 needed; their weight is 4 of 9, 6 needed"),
    (weights(5, 1, 1, 1, 1), "yes yes yes no no", "", 3, "approved", 3,
     "3 of five YES, 3 needed; their weight is 7 of 9, 6 needed"),
    # However heavy, one seat is one head: weights never let through what heads refuse.
    (weights(9, 1, 1, 1, 1), "yes yes no no no", "", 3, "refused", 2,
     "2 of five YES, 3 needed; their weight is 10 of 13, 8 needed"),
    (TO_OWNER, "yes yes no no abstain", "", 3, "split", 2,
     "2 of five YES, 3 needed, and no fewer YES than NO: the owner decides"),
    (TO_OWNER, "yes yes yes no no", "", 4, "split", 3,
     "3 of five YES, 4 needed, and no fewer YES than NO: the owner decides"),
    (TO_OWNER, "yes yes no no no", "", 3, "refused", 2, "2 of five YES, 3 needed"),
    (TO_OWNER, "yes yes no no hard", "", 3, "hard_no", 2, "data says a hard NO"),
    (TO_OWNER, "abstain abstain abstain abstain abstain", "", 3, "refused", 0,
     "0 of five YES, 3 needed"),
    (TO_OWNER, "yes no - - -", "", 3, "no_quorum", 1,
     "2 valid ballots of five, 3 needed for a vote"),
    (TO_OWNER, "yes yes yes no no", "", 3, "approved", 3, "3 of five YES, 3 needed"),
    (Rules(), "yes yes no no abstain", "", 3, "refused", 2, "2 of five YES, 3 needed"),
    (NO_OPENAI, "yes yes yes yes yes", MIXED, 3, "refused", 2, "2 of five YES, 3 needed"),
    (NO_OPENAI, "yes yes yes - yes", "claude-sonnet-4 - - - o1", 3, "approved", 3,
     "3 of five YES, 3 needed"),
    (NO_OPENAI, "yes hard yes yes yes", MIXED, 2, "hard_no", 2, "growth says a hard NO"),
    (NO_OPENAI, "yes yes yes yes yes", "", 3, "approved", 5, "5 of five YES, 3 needed"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "words", "models", "needed", "outcome", "yes", "why"), RULED)
def test_each_rule_of_the_owner_is_kept(rules, words, models, needed, outcome, yes, why):
    tally = count(ballots(words, models or "- - - - -"), DIGEST, needed, rules)

    assert (tally.outcome, tally.yes, tally.why) == (outcome, yes, why)
    assert tally.approved is (outcome == "approved")
    assert tally.rules == rules


FIVE_GPT = "gpt-4.1 gpt-4.1 gpt-4.1 gpt-4.1 gpt-4.1"


def wrong(seat: str, digest: str = DIGEST) -> Ballot:
    return cast(seat, "yes", digest=digest)


# ATTACKS 86, each as ballots, then what the count says of them.
ATTACKS = [
    ("five identical models", ballots("yes yes yes yes yes", FIVE_GPT), "approved", 5, 0, False),
    ("one vendor down", ballots("yes yes timeout transport timeout"), "no_quorum", 2, 3, False),
    ("2-2-1", ballots("yes yes no no abstain"), "refused", 2, 0, False),
    ("a malformed vote", ballots("yes yes schema no no"), "refused", 2, 1, False),
    ("a duplicate voter", [*ballots("yes yes no no no"), wrong("cfo")], "refused", 1, 1, False),
    ("a late vote is no vote", ballots("yes yes timeout no no"), "refused", 2, 1, False),
    ("a vote for another request", [*ballots("yes yes - no no"), wrong("risk", OTHER)],
     "refused", 2, 1, False),
    ("YES in prose only", ballots("no no no abstain abstain"), "refused", 0, 0, False),
    ("a sixth voter", [*ballots("yes yes no no no"), wrong("chairman")], "refused", 2, 0, False),
    ("silence", [], "no_quorum", 0, 5, False),
    ("three lineages", ballots("yes yes yes no no", "claude-3 gpt-4 grok gpt-4 o1"),
     "approved", 3, 0, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "outcome", "yes", "missing", "diverse"),
    [row[1:] for row in ATTACKS],
    ids=[row[0] for row in ATTACKS],
)
def test_86_only_well_formed_votes_of_our_seats_on_this_request_count(
    given, outcome, yes, missing, diverse
):
    tally = count(given, DIGEST, 3)

    assert (tally.outcome, tally.yes, tally.missing) == (outcome, yes, missing)
    assert tally.diverse is diverse


WORDS = ["yes", "no", "hard", "abstain", *BallotError]
a_ballot = st.builds(
    cast,
    st.sampled_from([*SEATS, "chairman", "CFO"]),
    st.sampled_from(WORDS),
    st.sampled_from(["", "gpt-4.1", "claude-sonnet-4", "grok"]),
    st.sampled_from([DIGEST, DIGEST, DIGEST, OTHER]),
)
some_rules = st.builds(
    Rules,
    st.tuples(
        *(
            st.builds(
                SeatRule,
                st.just(seat),
                st.integers(1, 9),
                st.booleans(),
                st.booleans(),
                st.sampled_from(["", "openai"]),
            )
            for seat in SEATS
        )
    ),
    st.sampled_from(Split),
    st.sampled_from(["", "openai", "anthropic"]),
)


@given(st.lists(a_ballot, max_size=8), some_rules, st.integers(1, 5))
def test_86_no_rule_lets_pass_what_plain_counting_refuses(given, rules, needed):
    plain, ruled = count(given, DIGEST, needed), count(given, DIGEST, needed, rules)

    assert not ruled.approved or plain.approved
    assert ruled.yes <= plain.yes
    assert ruled.conditions == plain.conditions
    # What goes on to the kernel is approved, or passes on the owner's own yes alone.
    assert not ruled.for_kernel.approved or ruled.approved or ruled.for_kernel.conditions.human
    assert (ruled.outcome == "split") <= (rules.split is Split.OWNER)


@given(st.lists(a_ballot, max_size=8), some_rules, st.integers(1, 5))
def test_86_an_approval_has_its_yes_from_distinct_seats_on_this_request(given, rules, needed):
    tally = count(given, DIGEST, needed, rules)
    sound = {
        ballot.seat
        for ballot in given
        if ballot.seat in SEATS
        and ballot.request_digest == DIGEST
        and ballot.error is None
        and ballot.vote is Vote.YES
    }

    assert tally.yes <= len(sound)
    assert tally.yes + tally.no + tally.abstain + tally.missing <= len(SEATS)
    assert not tally.approved or len(sound) >= needed


@given(st.lists(a_ballot, max_size=8), some_rules, st.integers(1, 5), st.randoms())
def test_86_the_order_of_arrival_changes_nothing(given, rules, needed, chance):
    shuffled = [*given]
    chance.shuffle(shuffled)

    assert count(shuffled, DIGEST, needed, rules) == count(given, DIGEST, needed, rules)


@given(st.lists(a_ballot, max_size=6), st.integers(1, 5), st.integers(0, 4), st.integers(0, 5))
def test_86_taking_a_ballot_away_never_approves(given, needed, seat, which):
    before = count(given, DIGEST, needed)
    if len({b.seat for b in given}) == len(given) and which < len(given):
        gone = given[which]
        after = count([b for b in given if b is not gone], DIGEST, needed)
        # Only a NO that was hard can have stood in the way.
        assert before.approved or not after.approved or gone.hard or before.outcome == "no_quorum"


LINEAGES = [
    ("claude-sonnet-4", "anthropic"),
    ("anthropic/claude-3.5-haiku:beta", "anthropic"),
    ("gpt-4.1", "openai"),
    ("gpt-4o-mini", "openai"),
    ("o1", "openai"),
    ("o3-mini", "openai"),
    ("grok", "xai"),
    ("grok-3-latest", "xai"),
    ("llama3.1:8b", "meta"),
    ("meta-llama/Llama-3.3-70B-Instruct", "meta"),
    ("Qwen2.5:7b-instruct", "alibaba"),
    ("gemini-2.0-flash", "google"),
    ("rules/cfo", "rules"),
    ("rules", "rules"),
    ("our-own-model:latest", "our-own-model"),
    ("o10", "o10"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("model", "family"), LINEAGES)
def test_a_models_family_is_told_by_its_name(model, family):
    assert lineage_of(model) == family


def test_the_owner_may_say_what_family_a_seats_model_is_of():
    ours = Rules(seat_rules(cfo=SeatRule("cfo", lineage="meta")), excluded_lineage="meta")
    tally = count(ballots("yes yes yes no no", "in-house-7b - - - -"), DIGEST, 3, ours)

    assert (tally.outcome, tally.yes, tally.lineages) == ("refused", 2, ("meta", "rules"))


STEPS = Bar(bands=(Band(parse_money("1000"), 5), Band(parse_money("500"), 4)))


@pytest.mark.parametrize(
    ("amount", "needed"),
    [("100", 3), ("250", 3), ("250.01", 4), ("500.01", 4), ("1000", 4), ("1000.01", 5)],
)
def test_the_bar_rises_in_the_owners_steps(amount, needed):
    assert STEPS.needed(parse_money(amount), parse_money("1000000")) == needed


def test_a_step_never_lowers_the_bar():
    low = Bar(yes_needed=3, bands=(Band(parse_money("10"), 1),))

    assert low.needed(parse_money("20"), parse_money("1000")) == 3


def test_an_amount_in_another_asset_counts_as_above_every_step():
    assert STEPS.needed(Money(1, USDC), Money(10**12, USDC)) == 5
    assert STEPS.needed(Money(1, CREDIT), Money(10**12, CREDIT)) == 3


def test_a_split_count_is_recorded_as_it_is_and_judged_with_the_owner():
    tally = count(ballots("yes yes no no abstain"), DIGEST, 3, TO_OWNER)

    assert (tally.approved, tally.conditions.human) == (False, False)
    assert tally.for_kernel == replace(tally, approved=True, conditions=Conditions(human=True))


@pytest.mark.parametrize("words", ["no no no no no", "yes yes no no no", "abstain no no - -"])
def test_87_what_a_reason_says_is_never_read_for_the_verdict(words):
    # Every ballot here says APPROVED 5/5 in its reason; see `cast`.
    loud = ballots(words)
    assert {ballot.reasons[0].text[:12] for ballot in loud} == {"APPROVED 5/5"}
    quiet = [replace(ballot, reasons=(Reason("x", "amount", "no"),)) for ballot in loud]

    assert count(loud, DIGEST, 3) == count(quiet, DIGEST, 3)
    assert not count(loud, DIGEST, 3).approved


def test_five_models_of_one_family_are_told_to_be_one_lineage():
    same = count(ballots("yes yes yes yes yes", FIVE_GPT), DIGEST, 3)
    mixed = count(ballots("yes yes yes yes yes", MIXED), DIGEST, 3)

    mostly = count(ballots("yes yes yes yes yes", "gpt-4 gpt-4 gpt-4 o1 -"), DIGEST, 3)

    assert (same.lineages, same.diverse) == (("openai",), False)
    assert (mostly.lineages, mostly.diverse) == (("openai", "rules"), False)
    assert (mixed.lineages, mixed.diverse) == (("anthropic", "openai", "xai"), True)


def test_the_conditions_of_a_yes_that_is_not_counted_still_bind():
    cautious = Conditions(max_amount=parse_money("9"), human=True)
    given = ballots("yes yes yes yes no", "claude-3 gpt-4 grok grok grok")
    given[1] = replace(given[1], conditions=cautious)

    tally = count(given, DIGEST, 3, NO_OPENAI)

    assert (tally.outcome, tally.yes, tally.conditions) == ("approved", 3, cautious)
