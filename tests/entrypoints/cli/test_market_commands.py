"""The market from the command line: published, found, hired, handed in, paid or given back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]

LISTING: dict[str, Any] = {
    "schema": "flux.listing/1",
    "provider": "quill",
    "owner": "acme",
    "trade": "content-writer",
    "title": "Quick ad copy",
    "description": "Short advertisements, written fast.",
    "media_types": ["text/markdown"],
    "price_min": "12.00",
    "price_max": "24.00",
    "turnaround_hours": 4,
}


def publish(flux: Flux, **changes: Any) -> Any:
    Path("listing.json").write_text(json.dumps(LISTING | changes))
    return flux("market", "publish", "listing.json", "--json")


def units(flux: Flux, agent: str) -> int:
    found: int = flux("agents", "show", agent, "--json").json()["available"]["amount_minor"]
    return found


def sold_by(flux: Flux, provider: str) -> str:
    offers = flux("market", "list", "--json").json()["data"]
    return next(str(offer["id"]) for offer in offers if offer["provider"] == provider)


def hired(flux: Flux, *more: str) -> dict[str, Any]:
    """A study by the default catalogue's researcher at $50."""
    argv = ("market", "hire", sold_by(flux, "researcher"), "--brief", "A study of lanterns")
    because = ("--justification", "the launch rests on it", "--expected-return", "400")
    done = flux(*argv, *because, "--idempotency-key", "k", *more, "--json")
    assert done.code == 0, done.err
    contract: dict[str, Any] = done.json()
    return contract


def states(flux: Flux) -> list[str]:
    return [one["state"] for one in flux("contracts", "list", "--json").json()["data"]]


@pytest.fixture
def founded(flux: Flux) -> Flux:
    assert flux("init").code == 0
    return flux


def test_anyone_publishes_and_is_found_by_any_inflection_of_a_word(founded: Flux) -> None:
    made = publish(founded)
    assert made.code == 0, made.err
    found = founded("market", "search", "advertisement", "--json").json()["data"]
    assert [one["provider"] for one in found] == ["quill"]
    assert founded("market", "search", "NEAR(a b)", '"', "--json").json()["data"] == []


def test_the_explained_parts_add_up_to_the_score(founded: Flux) -> None:
    publish(founded)
    for one in founded("market", "search", "writer", "--explain", "--json").json()["data"]:
        parts = one["parts"].values()
        assert sum(part["points"] for part in parts) // 100 == one["score"]
        assert all(part["points"] == part["value"] * part["weight"] for part in parts)


def test_publishing_the_same_title_again_changes_its_terms(founded: Flux) -> None:
    first = publish(founded).json()
    again = publish(founded, price_max="20.00").json()
    assert (again["id"], again["price_max"]["decimal"]) == (first["id"], "20.000000")
    assert publish(founded, price_max="20.00").json() == again


def test_a_toml_listing_is_the_same_listing(founded: Flux) -> None:
    first = publish(founded).json()
    lines = [f"{name} = {json.dumps(value)}" for name, value in LISTING.items()]
    Path("listing.toml").write_text("\n".join(lines))
    assert founded("market", "publish", "listing.toml", "--json").json() == first


REFUSED = [
    ({"price_min": "0"}, 2),
    ({"price_min": "25.00"}, 2),
    ({"price_max": "1e3"}, 2),
    ({"price_min": "12.001"}, 2),
    ({"trade": "../../etc"}, 2),
    ({"title": "a\x1b[31m"}, 2),
    ({"description": "see\u202etxt"}, 2),
    ({"media_types": ["../x"]}, 2),
    ({"media_types": []}, 2),
    ({"turnaround_hours": 0}, 2),
    ({"turnaround_hours": True}, 2),
    ({"owner": ""}, 2),
    ({"provider": "qu\u200bill"}, 2),
    ({"surprise": 1}, 2),
    ({"schema": "flux.listing/2"}, 2),
    ({"provider": "researcher"}, 8),
    ({"provider": "orchestrator"}, 8),
    ({"provider": "amazon"}, 8),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_a_listing_that_cannot_be_is_refused_whole(
    founded: Flux, change: dict[str, Any], code: int
) -> None:
    before = founded("market", "list", "--json").out
    assert publish(founded, **change).code == code
    assert founded("market", "list", "--json").out == before


def test_107_nobody_sells_under_anothers_name_and_quotas_hold(founded: Flux) -> None:
    assert publish(founded).code == 0
    assert publish(founded, owner="eve").code == 8
    made = [publish(founded, title=f"Copy {number}").code for number in range(6)]
    assert made == [0, 0, 0, 0, 8, 8]
    many = [publish(founded, provider=f"quill{number}").code for number in range(16)]
    assert many == [0] * 15 + [8]


def test_only_its_owner_withdraws_a_listing_and_then_nobody_is_hired_by_it(founded: Flux) -> None:
    made = publish(founded).json()["id"]
    assert founded("market", "withdraw", made, "--owner", "eve").code == 8
    gone = founded("market", "withdraw", made, "--owner", "acme", "--json").json()
    assert gone["active"] is False
    assert founded("market", "hire", made, "--brief", "x").code == 8


def test_a_hire_is_paid_when_it_is_accepted_and_reviewed_by_its_client(founded: Flux) -> None:
    contract = hired(founded)
    assert (contract["state"], contract["locked"]["decimal"]) == ("funded", "50.000000")
    Path("study.md").write_text("# Study")
    handed = founded("contracts", "submit", contract["id"], "study.md", "--json").json()
    assert [one["path"] for one in handed["artefacts"]] == ["study.md"]
    assert founded("contracts", "review", contract["id"], "5").code == 8
    assert founded("contracts", "accept", contract["id"], "--by", "researcher").code == 3
    assert founded("contracts", "accept", contract["id"]).code == 0
    assert founded("contracts", "accept", contract["id"]).code == 0
    assert (states(founded), units(founded, "researcher")) == (["settled"], 50_000_000)
    assert founded("contracts", "review", contract["id"], "4", "--by", "eve").code == 8
    assert founded("contracts", "review", contract["id"], "4", "--text", "Good").code == 0
    assert founded("contracts", "review", contract["id"], "5").code == 8
    shown = founded("market", "show", contract["listing_id"], "--json").json()
    assert [(r["contract_id"], r["stars"]) for r in shown["reviews"]] == [(contract["id"], 4)]
    best = founded("agents", "leaderboard", "--json").json()["data"][0]
    assert (best["agent"], best["jobs"], best["quality"]) == ("researcher", 1, 6844)
    assert founded("verify").code == 0


def test_108_garbage_handed_in_is_rejected_and_all_of_its_price_comes_back(founded: Flux) -> None:
    before = units(founded, "orchestrator")
    contract = hired(founded)
    Path("garbage.md").write_text("lorem ipsum")
    founded("contracts", "submit", contract["id"], "garbage.md")
    assert founded("contracts", "reject", contract["id"]).code == 0
    assert (states(founded), units(founded, "orchestrator")) == (["rejected"], before)
    assert founded("contracts", "accept", contract["id"]).code == 8
    assert units(founded, "researcher") == 0


def test_a_dispute_stops_both_sides_until_the_owner_decides(founded: Flux) -> None:
    contract = hired(founded)["id"]
    said = ("--by", "researcher", "--reason", "It is done")
    assert founded("contracts", "dispute", contract, *said).code == 0
    assert founded("contracts", "accept", contract).code == 8
    assert founded("contracts", "reject", contract).code == 8
    assert founded("contracts", "expire", contract).code == 8


def test_milestones_are_paid_one_by_one_and_add_up(founded: Flux) -> None:
    parts = ("--milestone", "draft=33", "--milestone", "final=67")
    contract = hired(founded, *parts)["id"]
    Path("study.md").write_text("# Study")
    founded("contracts", "submit", contract, "study.md")
    assert founded("contracts", "accept", contract, "--milestone", "draft").code == 0
    assert (states(founded), units(founded, "researcher")) == (["submitted"], 16_500_000)
    assert founded("contracts", "accept", contract, "--milestone", "final").code == 0
    assert (states(founded), units(founded, "researcher")) == (["settled"], 50_000_000)


def test_counter_offers_end_in_the_range_and_the_same_key_hires_once(founded: Flux) -> None:
    first, again = hired(founded, "--bargain"), hired(founded, "--bargain")
    assert first["id"] == again["id"]
    assert 45_000_000 <= first["price"]["amount_minor"] < 50_000_000
    assert first["summary"].startswith("SIMULATED bargaining from $50.00 to ")
    other = founded("market", "hire", first["listing_id"], "--brief", "Other",
                    "--idempotency-key", "k")  # fmt: skip
    assert other.code == 8


@pytest.mark.parametrize(("size", "price"), [("1", 20_300_000), ("50", 35_000_000)])
def test_a_quote_is_in_the_listed_range_by_the_size_of_the_work(
    founded: Flux, size: str, price: int
) -> None:
    offer = sold_by(founded, "researcher")
    quoted = founded("market", "hire", offer, "--brief", "x", "--size", size, "-n", "--json")
    assert quoted.json()["price"]["amount_minor"] == price
    assert states(founded) == []


def test_109_a_seller_the_policy_does_not_name_is_denied_however_cheap(founded: Flux) -> None:
    made = publish(founded, price_min="0.01", price_max="0.01").json()["id"]
    assert founded("market", "hire", made, "--brief", "Ads").code == 3
    assert states(founded) == []


def test_a_card_is_an_a2a_agent_card_with_prices_and_erc_8004_records(founded: Flux) -> None:
    contract = hired(founded)
    Path("study.md").write_text("# Study")
    founded("contracts", "submit", contract["id"], "study.md")
    founded("contracts", "accept", contract["id"])
    founded("contracts", "review", contract["id"], "4")
    card = founded("market", "card", contract["listing_id"], "--json").json()
    a2a, record = card["a2a_agent_card"], card["erc8004_registration"]
    assert set(a2a) >= {
        *("name", "description", "version", "supportedInterfaces", "capabilities", "skills"),
        *("defaultInputModes", "defaultOutputModes"),
    }
    (prices,) = a2a["capabilities"]["extensions"]
    assert (prices["required"], prices["params"]) == (
        False,
        {"currency": "CREDIT", "minimum": "20.000000", "maximum": "50.000000",
         "turnaroundHours": 12, "simulated": True},
    )  # fmt: skip
    assert record["type"] == "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"
    assert (record["registrations"], record["supportedTrust"]) == ([], ["reputation"])
    (said,) = card["erc8004_feedback"]
    assert (said["value"], said["valueDecimals"], said["contract"]) == (80, 0, contract["id"])
    assert (len(said["feedbackHash"]), said["agentId"] < 2**256) == (66, True)


def test_a_dry_run_shows_the_plan_with_its_costs_and_keeps_nothing(founded: Flux) -> None:
    before = founded("ledger", "entries", "--json").out
    plan = founded("run", "marketing-campaign", "-n", "--json").json()
    assert [(t["agent"], t["quote"]["amount_minor"] // 10**6) for t in plan["tasks"]] == [
        ("researcher", 50),
        ("content-writer", 30),
        ("image-generator", 40),
    ]
    assert (plan["cost"]["amount_minor"], plan["outcome"]) == (120_000_000, "quorum")
    denied = founded("run", "marketing-campaign", "-n", "--budget", "100", "--json").json()
    assert [one["code"] for one in denied["refusals"]] == ["budget_exceeded"]
    assert founded("runs", "list", "--json").json()["data"] == []
    assert (states(founded), founded("ledger", "entries", "--json").out) == ([], before)


def test_the_listing_that_the_help_shows_is_one_that_is_taken(flux: Flux, home: Path) -> None:
    shown = flux("market", "publish", "--help").out
    text = shown.partition("A listing.toml:\n")[2]
    (home / "work" / "listing.toml").write_text(text)

    assert flux("market", "publish", str(home / "work" / "listing.toml")).code == 0


def test_a_file_that_is_no_listing_names_where_a_whole_one_is_shown(flux: Flux, home: Path) -> None:
    (home / "work" / "listing.toml").write_text('title = "x"')
    error = flux("market", "publish", str(home / "work" / "listing.toml"), "--json").json()["error"]

    assert (error["exit_code"], error["fix"][0]["argv"]) == (
        2, ["flux", "market", "publish", "--help"],
    )  # fmt: skip
