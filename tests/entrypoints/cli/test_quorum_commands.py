"""`flux quorum`: who votes, what they say of a request, why, and whether the record holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.domain.quorum import SEATS
from tests.doubles.chat_server import ChatServer, status, votes
from tests.usecases.live_economy import settings

Flux = Callable[..., Any]

MONEY = {
    "FLUX_TREASURY_OPENING_GRANT": "20000.00",
    "FLUX_POLICY_PER_PAYMENT": "10000.00",
    "FLUX_POLICY_ROLLING_24H": "20000.00",
    "FLUX_POLICY_OWNER_THRESHOLD": "10000.00",
}
"""An owner whose policy leaves the decision to the seats."""

CLASSIC = [
    # amount, purpose, justification, return, urgency, state, yes
    ("100", "API credits", "each $1 of API use saved $4 last month", "400", "medium",
     "approved", 4),
    ("50", "analytics tools", "expected return of $150", "150", "medium", "approved", 4),
    ("2500", "cloud servers", "might help us scale", None, "low", "denied", 1),
    ("500", "support-bot credits", "saving $3,000/month", "9000", "medium", "approved", 4),
    ("5000", "chat add-ons", "communication could be better", None, "medium", "denied", 0),
]  # fmt: skip


@pytest.fixture
def rich(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Flux:
    """`flux` with a ledger whose orchestrator has $20,000."""
    for name, value in MONEY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return flux


def words(amount: str, purpose: str, why: str, back: str | None, urgency: str) -> list[str]:
    said = ["orchestrator", amount, "--to", "researcher", "--purpose", purpose]
    said += ["--justification", why, "--urgency", urgency, "--json"]
    return said if back is None else [*said, "--return", back]


def requested(flux: Flux, *said: str, **environ: str) -> dict[str, Any]:
    """A payment as it was decided, whichever way."""
    answer = flux("payments", "request", *said, **environ).json()
    found: dict[str, Any] = answer["error"]["detail"] if "error" in answer else answer
    return found


GOOD = words(*CLASSIC[0][:5])


@pytest.mark.parametrize("case", CLASSIC, ids=[case[1] for case in CLASSIC])
def test_the_classic_cases_are_decided_through_the_real_request(rich: Flux, case: Any) -> None:
    *said, state, yes = case

    payment = requested(rich, *words(*said))

    assert (payment["state"], payment["yes"]) == (state, yes)
    assert payment["decision"]["tally"]["lineages"] == ["rules"]
    assert payment["decision"]["tally"]["diverse"] is False


@pytest.mark.parametrize("case", CLASSIC, ids=[case[1] for case in CLASSIC])
def test_asking_says_the_same_and_writes_nothing(rich: Flux, home: Path, case: Any) -> None:
    *said, state, yes = case
    before = (home / "flux.db").read_bytes()

    asked = rich("quorum", "ask", *words(*said))

    document = asked.json()
    assert (asked.code, document["votes"]) == (0 if state == "approved" else 3, f"{yes}/5")
    assert document["recorded"] is False
    assert [ballot["seat"] for ballot in document["ballots"]] == list(SEATS)
    assert (home / "flux.db").read_bytes() == before


def test_a_second_price_history_lets_the_data_seat_speak(rich: Flux) -> None:
    for place, amount in enumerate(["98", "100", "102"]):
        requested(rich, *words(amount, *CLASSIC[0][1:5]), "--reference", f"month {place}")

    dear = rich("quorum", "ask", *words("170", *CLASSIC[0][1:5])).json()
    fair = rich("quorum", "ask", *words("101", *CLASSIC[0][1:5])).json()

    assert [one["ballots"][4]["vote"] for one in (dear, fair)] == ["NO", "NO"]
    assert dear["ballots"][4]["reasons"][0]["code"] == "price_outlier"
    assert fair["ballots"][4]["score"] > 40


def test_the_seats_are_listed_with_what_answers_for_them(rich: Flux, home: Path) -> None:
    rows = rich("quorum", "seats", "--json").json()["data"]
    assert [(row["seat"], row["backend"], row["model"], row["lineage"]) for row in rows] == [
        (seat, "offline", f"rules/{seat}", "rules") for seat in SEATS
    ]
    assert {row["key"] for row in rows} == {"not needed"}

    live = {
        "FLUX_QUORUM_SEATS_CFO_BACKEND": "llm",
        "FLUX_QUORUM_SEATS_RISK_BACKEND": "llm",
        "FLUX_QUORUM_SEATS_RISK_VETO": "true",
        "FLUX_QUORUM_SEATS_CFO_WEIGHT": "2",
        "ANTHROPIC_API_KEY": "sk-canary",
    }
    asked = rich("quorum", "seats", "--json", **live)
    cfo, _, risk, *_ = asked.json()["data"]
    assert (cfo["provider"], cfo["model"], cfo["lineage"], cfo["key"], cfo["fallback"]) == (
        "anthropic", "claude-sonnet-4", "anthropic", "environment", "rules",
    )  # fmt: skip
    assert (cfo["weight"], risk["veto"], risk["lineage"]) == (2, True, "xai")
    assert "canary" not in asked.out + asked.err
    assert "2 model lineages: anthropic, xai" in rich("quorum", "seats", tty=True, **live).err


def test_fewer_than_two_lineages_are_told_on_screen_and_in_json(rich: Flux) -> None:
    payment = requested(rich, *GOOD)

    shown = rich("quorum", "explain", payment["id"], tty=True, NO_COLOR="1")
    assert "rules: fewer than two of models, no model was asked" in " ".join(shown.out.split())
    assert "by rules, no model" in rich("quorum", "show", payment["id"], tty=True).err
    assert rich("quorum", "show", payment["id"], "--json").json()["tally"]["diverse"] is False
    one = {f"FLUX_QUORUM_SEATS_{seat.upper()}_BACKEND": "llm" for seat in SEATS}
    one |= {f"FLUX_QUORUM_SEATS_{seat.upper()}_LINEAGE": "meta" for seat in SEATS}
    assert "fewer than two model lineages (meta)" in rich("quorum", "seats", tty=True, **one).err


def test_explain_gives_each_ballot_its_facts_and_what_would_flip_it(rich: Flux) -> None:
    payment = requested(rich, *words(*CLASSIC[2][:5]))

    told = rich("quorum", "explain", payment["id"], "--json").json()

    assert told["tally"]["why"] == "1 of five YES, 4 needed"
    assert told["would_change"] == "3 more YES would have passed it"
    cfo, growth, risk, operations, data = told["ballots"]
    assert {
        "fact": "claimed_return", "change": "a return of $10,000.00", "vote": "YES",
    } in growth["would_flip"]  # fmt: skip
    assert [flip["fact"] for flip in operations["would_flip"]] == [
        "acceptance_checks", "justification",
    ]  # fmt: skip
    assert {flip["vote"] for flip in risk["would_flip"]} == {"NO"}
    assert data["would_flip"] == []
    assert cfo["reasons"][0]["shown"] is None
    assert told["dossier"]["deliverables"] == ["cloud servers"]
    exposure = next(r for r in risk["reasons"] if r["code"] == "new_payee_exposure")
    assert exposure["shown"]["name"] == "researcher"


def test_what_explain_says_would_flip_a_ballot_does(rich: Flux) -> None:
    payment = requested(rich, *words(*CLASSIC[2][:5]))
    growth = rich("quorum", "explain", payment["id"], "--json").json()["ballots"][1]
    assert growth["would_flip"][0]["change"] == "a return of $10,000.00"

    amount, purpose, why, _, urgency = CLASSIC[2][:5]
    asked = rich("quorum", "ask", *words(amount, purpose, why, "10000", urgency)).json()
    less = rich("quorum", "ask", *words(amount, purpose, why, "7500", urgency)).json()

    assert [one["ballots"][1]["vote"] for one in (asked, less)] == ["YES", "NO"]


def test_replay_counts_the_record_again(rich: Flux) -> None:
    payment = requested(rich, *GOOD)

    again = rich("quorum", "replay", payment["id"], "--json")

    assert again.code == 0
    assert again.json()["tally"] == payment["decision"]["tally"]
    assert [ballot["rules_agree"] for ballot in again.json()["ballots"]] == [True] * 5


TAMPERED = [
    ("ballots", "update ballots set vote = 'NO' where seat = 'cfo'", "count to approved"),
    ("ballots", "update ballots set hard = 1, vote = 'NO' where seat = 'risk'", "count to hard_no"),
    ("ballots", "delete from ballots where seat in ('cfo', 'growth', 'risk')", "count to no_quor"),
    ("hearings", "update hearings set dossier = replace(dossier, '400000000', '900000000')",
     "not what the seats were shown"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "change", "said"), TAMPERED)
def test_a_record_that_was_changed_does_not_replay(
    rich: Flux, home: Path, table: str, change: str, said: str
) -> None:
    payment = requested(rich, *GOOD)
    ledger = sqlite3.connect(home / "flux.db")
    for name in (f"{table}_kept", f"{table}_stay"):
        ledger.execute(f"drop trigger {name}")
    ledger.execute(change)
    ledger.commit()
    ledger.close()

    broken = rich("quorum", "replay", payment["id"], "--json")

    assert (broken.code, broken.json()["error"]["code"]) == (9, "ledger_corrupt")
    assert said in broken.json()["error"]["message"]


def test_a_payment_nobody_voted_on_has_nothing_to_replay(rich: Flux) -> None:
    small = requested(rich, *words("5", *CLASSIC[0][1:5]))

    assert rich("quorum", "replay", small["id"], "--json").json()["error"]["code"] == "wrong_state"
    told = rich("quorum", "explain", small["id"], "--json").json()
    assert (told["tally"], told["ballots"], told["dossier"]) == (None, [], None)
    assert rich("quorum", "replay", "pi_nowhere").code == 5


def test_stats_say_what_the_votes_so_far_say_of_the_voters(rich: Flux) -> None:
    empty = rich("quorum", "stats", "--json").json()
    assert (empty["votes"], empty["effective_votes"]) == (0, None)
    for case in CLASSIC:
        requested(rich, *words(*case[:5]))

    told = rich("quorum", "stats", "--json").json()

    assert (told["votes"], told["outcomes"]["approved"], told["outcomes"]["refused"]) == (5, 3, 2)
    seats = {row["seat"]: row for row in told["seats"]}
    assert (seats["cfo"]["yes"], seats["cfo"]["no"], seats["data"]["abstain"]) == (3, 2, 5)
    assert seats["cfo"]["with_the_outcome_percent"] == 100
    assert seats["data"]["with_the_outcome_percent"] is None
    pair = {row["seats"]: row for row in told["agreement"]}["cfo-growth"]
    assert (pair["together"], pair["agreed_percent"], pair["correlation"]) == (5, 100, "1.00")
    assert "cfo and growth" in told["correlated"]
    assert told["policy_alone"]["would_have_passed"] == 5
    assert told["policy_alone"]["stopped_by_the_quorum"] == 2
    assert told["policy_alone"]["amount_stopped"]["decimal"] == "7500.000000"
    assert told["cost"]["approved"]["decimal"] == "650.000000"
    assert told["cost"]["per_dollar_approved"]["amount_minor"] == 0
    assert sum(row["ballots"] for row in told["calibration"]) == 20
    assert rich("quorum", "stats", "--agent", "researcher", "--json").json()["votes"] == 0
    shown = rich("quorum", "stats", tty=True, NO_COLOR="1")
    assert max(map(len, shown.out.splitlines())) <= 80


def test_votes_by_models_are_told_with_their_cost_and_their_families(
    rich: Flux, home: Path
) -> None:
    file = home / "live.toml"
    with ChatServer(behaviours={"risk": votes("NO"), "data": status(400)}) as chat:
        # Each model is named like its seat, so each is a family of its own here.
        file.write_text(settings(chat, fallback=True, price="2.00"))
        live = ("--config", str(file))
        asked = rich("quorum", "ask", *GOOD, *live).json()
        payment = rich("payments", "request", *GOOD, *live).json()

    assert (asked["outcome"], payment["state"]) == ("approved", "approved")
    tally = payment["decision"]["tally"]
    assert (tally["lineages"], tally["diverse"]) == (
        ["cfo", "growth", "operations", "risk", "rules"], True,
    )  # fmt: skip
    told = rich("quorum", "stats", "--json").json()
    assert (told["cost"]["votes"]["amount_minor"], told["cost"]["tokens"]) == (8800, 4400)
    assert told["cost"]["per_dollar_approved"]["amount_minor"] == 88
    cfo, *_, data = rich("quorum", "explain", payment["id"], "--json").json()["ballots"]
    assert (cfo["backend"], cfo["would_flip"]) == ("llm", [])
    assert (data["backend"], data["error"]) == ("rule_fallback", "transport")
    again = rich("quorum", "replay", payment["id"], "--json").json()
    assert [ballot["rules_agree"] for ballot in again["ballots"]] == [None] * 4 + [True]


def seat(name: str, part: str, value: str) -> dict[str, str]:
    return {f"FLUX_QUORUM_SEATS_{name.upper()}_{part.upper()}": value}


RULED = [
    # configuration, outcome, what the refusal says
    ({}, "approved", None),
    (seat("data", "required", "true"), "refused",
     "without a YES of data, which is required, nothing passes"),
    (seat("data", "weight", "9"), "refused",
     "4 of five YES, 3 needed; their weight is 4 of 13, 8 needed"),
    ({"FLUX_QUORUM_BANDS": "80.00=5"}, "refused", "YES votes"),
    ({"FLUX_QUORUM_BANDS": "200.00=5"}, "approved", None),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "outcome", "said"), RULED)
def test_the_owners_rules_are_kept_and_recorded(
    rich: Flux, environ: dict[str, str], outcome: str, said: str | None
) -> None:
    payment = requested(rich, *GOOD, **environ)

    tally = payment["decision"]["tally"]
    assert tally["outcome"] == outcome
    steps = [(b["above"]["decimal"], b["yes_needed"]) for b in tally["rules"]["bar"]["bands"]]
    given = environ.get("FLUX_QUORUM_BANDS", "")
    assert steps == ([(f"{given[:-2]}0000", 5)] if given else [])
    assert [r["message"] for r in payment["refusals"]] == ([] if said is None else [said])
    # Whoever replays it later needs no configuration: the rules are in the record.
    assert rich("quorum", "replay", payment["id"], "--json").json()["tally"] == tally


def test_a_veto_makes_any_no_of_the_seat_final(rich: Flux) -> None:
    said = words("100", "API credits", "because we like it very much", "400", "medium")

    plain = requested(rich, *said)
    vetoed = requested(rich, *said, "--reference", "2", **seat("operations", "veto", "true"))

    assert (plain["state"], plain["yes"]) == ("approved", 3)
    assert (vetoed["state"], vetoed["refusals"][0]["code"]) == ("denied", "quorum_hard_no")
    assert vetoed["decision"]["tally"]["why"] == "operations says a NO, and it has a veto"


SPLIT = {"FLUX_QUORUM_SPLIT": "owner", "FLUX_QUORUM_BANDS": "50.00=5"}


def test_a_split_waits_for_the_owner_and_passes_on_the_owners_yes_alone(
    rich: Flux, home: Path
) -> None:
    owner = {"FLUX_OWNER_TOKEN_FILE": str(home / "flux.db.owner")}

    waiting = rich("payments", "request", *GOOD, **SPLIT)
    payment = waiting.json()
    payment = payment["error"]["detail"] if "error" in payment else payment

    assert (waiting.code, payment["state"]) == (10, "awaiting_owner")
    tally = payment["decision"]["tally"]
    assert (tally["outcome"], tally["approved"], tally["yes"]) == ("split", False, 4)
    assert [(r["code"], r["message"]) for r in payment["refusals"]] == [
        ("owner_required", "4 of five YES, 5 needed, and no fewer YES than NO: the owner decides")
    ]
    balance = rich("ledger", "balance", "wallet:orchestrator", "--json").out
    assert rich("payments", "approve", payment["id"], CI="true", **SPLIT).code == 4
    assert rich("ledger", "balance", "wallet:orchestrator", "--json").out == balance
    approved = rich("payments", "approve", payment["id"], "--json", **owner, **SPLIT)
    assert (approved.code, approved.json()["state"]) == (0, "approved")
    assert rich("quorum", "replay", payment["id"]).code == 0


def test_a_split_is_refused_where_the_owner_did_not_ask_for_it(rich: Flux) -> None:
    payment = requested(rich, *GOOD, FLUX_QUORUM_BANDS="50.00=5")

    assert (payment["state"], payment["refusals"][0]["code"]) == ("denied", "quorum_refused")


def test_88_five_yes_do_not_move_what_the_policy_refuses(
    rich: Flux, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PER_PAYMENT", "ROLLING_24H"):
        monkeypatch.delenv(f"FLUX_POLICY_{name}")
    monkeypatch.setenv("FLUX_DB", str(home / "poor.db"))
    rich("init")

    payment = requested(rich, *words("300", *CLASSIC[0][1:5]))

    assert (payment["state"], payment["refusals"][0]["code"]) == ("denied", "per_payment_exceeded")
    assert payment["ballots"] == []


@pytest.mark.parametrize(
    "bands", ["80", "80=6", "80=0", "=3", "80=3;90=4", "x=3", "80=three", "-5=3"]
)
def test_steps_that_are_none_are_refused_with_their_key(rich: Flux, bands: str) -> None:
    refused = rich("quorum", "seats", "--json", FLUX_QUORUM_BANDS=bands)

    assert (refused.code, refused.json()["error"]["param"]) == (2, "quorum.bands")


def test_a_project_may_not_change_who_votes_or_how_it_is_counted(rich: Flux, home: Path) -> None:
    for line in ('split = "owner"', 'bands = "1.00=1"', 'exclude_lineage = "openai"'):
        (home / "work" / "flux.toml").write_text(f"[quorum]\n{line}\n")
        assert rich("quorum", "seats").code == 2


def test_asking_shows_reasons_at_a_terminal_and_a_line_that_says_it_was_only_asked(
    rich: Flux,
) -> None:
    said = [word for word in GOOD if word != "--json"]

    asked = rich("quorum", "ask", *said, tty=True, NO_COLOR="1")

    assert "nothing was recorded" in asked.err
    assert max(map(len, asked.out.splitlines())) <= 80
    assert json.loads(rich("payments", "list", "--json").out)["data"] == []
