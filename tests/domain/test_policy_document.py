"""A policy's document: read strictly, written back the same, compared and looked over."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.money import ASSETS, BOUND, CREDIT, Money
from flux_cli.domain.policies import Hours, Limit, Policy, Scope, Window
from flux_cli.domain.policy_changes import changes, lint
from flux_cli.domain.policy_document import document_of, policy_from
from flux_cli.domain.tighten import tighten
from flux_cli.errors import InvalidPolicy

NOW = datetime(2026, 11, 22, tzinfo=UTC)

WHOLE = """
asset = "EUR"
per_payment = "250.00"
approval_threshold = "25.50"
owner_threshold = "200.00"
minimum_balance = "10.00"
payees = ["ada", "bob"]
denied_payees = ["eve"]
assets = ["EUR"]
rails = ["simulated"]
require_justification = true
least_return_percent = 150
duplicate_window = "24h"
paused = true
note = "spring"

[[limits]]
window = "7d"
amount = "1000.00"

[[limits]]
window = "day"
count = 5
scope = "payee"
only = "ada"
below = "25.00"

[[hours]]
weekdays = [1, 2, 5]
from = "08:30"
until = "24:00"
"""


def read(document: object, agent: str = "writer") -> Policy:
    assert isinstance(document, dict)
    return policy_from(document, agent, id="pol_1", number=1, set_at=NOW)


def toml(text: str) -> Policy:
    return read(tomllib.loads(text))


def test_every_key_is_read_and_written_back() -> None:
    policy = toml(WHOLE)
    euro = ASSETS["EUR"]
    assert policy == Policy(
        id="pol_1",
        agent="writer",
        number=1,
        per_payment=Money(25_000, euro),
        limits=(
            Limit(Window.WEEK, Money(100_000, euro)),
            Limit(Window.CALENDAR_DAY, None, 5, Scope.PAYEE, "ada", Money(2_500, euro)),
        ),
        payees=frozenset({"ada", "bob"}),
        denied_payees=frozenset({"eve"}),
        assets=frozenset({"EUR"}),
        rails=frozenset({"simulated"}),
        hours=(Hours(frozenset({1, 2, 5}), 510, 1440),),
        minimum_balance=Money(1_000, euro),
        approval_threshold=Money(2_550, euro),
        owner_threshold=Money(20_000, euro),
        require_justification=True,
        least_return_percent=150,
        duplicate_window=Window.DAY,
        paused=True,
        note="spring",
        set_at=NOW,
    )
    assert document_of(policy) == tomllib.loads(WHOLE)


def test_an_empty_document_limits_nothing() -> None:
    policy = read({})
    assert (policy.per_payment, policy.limits, policy.payees) == (None, (), None)
    assert policy.approval_threshold == Money(BOUND)
    assert document_of(policy) == {"asset": "CREDIT"}


REFUSED = {
    "an unknown key": ('per_paymnt = "1"', "per_paymnt"),
    "a number for an amount": ("per_payment = 250", "per_payment"),
    "a float for an amount": ("per_payment = 25.0", "per_payment"),
    "NaN": ("per_payment = nan", "per_payment"),
    "an exponent": ('per_payment = "1e3"', "per_payment"),
    "a sign": ('minimum_balance = "-5"', "minimum_balance"),
    "too many decimals": ('asset = "EUR"\nper_payment = "1.001"', "per_payment"),
    "an asset in lower case": ('asset = "eur"', "asset"),
    "an asset that is none": ('assets = ["XXX"]', "assets"),
    "one payee for a list": ('payees = "ada"', "payees"),
    "a payee with spaces around": ('payees = [" ada"]', "payees"),
    "a percentage below zero": ("least_return_percent = -1", "least_return_percent"),
    "a truth for a number": ("least_return_percent = true", "least_return_percent"),
    "a number for a switch": ("paused = 1", "paused"),
    "an unknown window": ('[[limits]]\nwindow = "2h"\ncount = 1', "limits[1].window"),
    "a limit of nothing": ('[[limits]]\nwindow = "1h"', "limits[1].amount"),
    "a limit without a window": ("[[limits]]\ncount = 1", "limits[1].window"),
    "no such scope": ('[[limits]]\nwindow = "1h"\ncount = 1\nscope = "x"', "limits[1].scope"),
    "only, alone": ('[[limits]]\nwindow = "1h"\ncount = 1\nonly = "a"', "limits[1].only"),
    "a limit's stranger": ('[[limits]]\nwindow = "1h"\ncount = 1\nx = 1', "limits[1].x"),
    "a count below zero": ('[[limits]]\nwindow = "1h"\ncount = -1', "limits[1].count"),
    "limits that are no tables": ("limits = [1]", "limits"),
    "hours that end before they begin": ('[[hours]]\nfrom = "10:00"\nuntil = "09:00"',
                                         "hours[1].until"),
    "a minute that is none": ('[[hours]]\nfrom = "10:60"\nuntil = "11:00"', "hours[1].from"),
    "an hour past midnight": ('[[hours]]\nfrom = "10:00"\nuntil = "24:01"', "hours[1].until"),
    "a day that is none": ('[[hours]]\nweekdays = [0]\nfrom = "10:00"\nuntil = "11:00"',
                           "hours[1].weekdays"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "param"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_a_policy_is_refused_by_its_place(text: str, param: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        toml(text)
    assert caught.value.param == param


amounts = st.integers(0, 10**9).map(Money)
limits = st.builds(
    Limit,
    window=st.sampled_from(Window),
    amount=amounts,
    count=st.none() | st.integers(0, 99),
    scope=st.sampled_from(Scope),
    below=st.none() | amounts,
)
hours = st.builds(
    Hours,
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    from_minute=st.integers(0, 700),
    until_minute=st.integers(701, 1440),
)
names = st.frozensets(st.sampled_from(["ada", "bob", "eve"]))
policies = st.builds(
    Policy,
    id=st.just("pol_1"),
    agent=st.just("writer"),
    number=st.just(1),
    per_payment=st.none() | amounts,
    limits=st.lists(limits, max_size=3).map(tuple),
    payees=st.none() | names,
    denied_payees=names,
    assets=st.none() | st.frozensets(st.sampled_from(["CREDIT", "EUR"])),
    rails=st.none() | st.frozensets(st.sampled_from(["simulated", "arc"])),
    hours=st.lists(hours, max_size=2).map(tuple),
    minimum_balance=st.none() | amounts,
    approval_threshold=amounts,
    owner_threshold=st.none() | amounts,
    require_justification=st.booleans(),
    least_return_percent=st.none() | st.integers(0, 500),
    duplicate_window=st.none() | st.sampled_from(Window),
    paused=st.booleans(),
    note=st.just(""),
    set_at=st.just(NOW),
)


@given(policies)
def test_a_document_says_its_policy_whole(policy: Policy) -> None:
    assert read(document_of(policy)) == policy


@given(policies, policies)
def test_a_policy_tightened_by_another_never_loosens_it(old: Policy, other: Policy) -> None:
    both = replace(tighten(old, other), number=2)
    assert [change for change in changes(old, both) if change.loosens] == []


@given(policies)
def test_a_policy_does_not_differ_from_itself(policy: Policy) -> None:
    assert changes(policy, policy) == ()


BASE = toml('per_payment = "100"\npayees = ["ada"]\n[[limits]]\nwindow = "24h"\namount = "500"')
LOOSER = {
    "a higher cap": {"per_payment": Money(101_000_000)},
    "no cap": {"per_payment": None},
    "another payee": {"payees": frozenset({"ada", "bob"})},
    "every payee": {"payees": None},
    "a higher limit": {"limits": (Limit(Window.DAY, Money(501_000_000)),)},
    "a shorter window": {"limits": (Limit(Window.HOUR, Money(500_000_000)),)},
    "no limit": {"limits": ()},
    "a limit for one payee alone": {
        "limits": (Limit(Window.DAY, Money(500_000_000), scope=Scope.PAYEE, only="ada"),)
    },
}
TIGHTER: dict[str, dict[str, Any]] = {
    "a lower cap": {"per_payment": Money(99_000_000)},
    "nobody": {"payees": frozenset()},
    "a longer window": {"limits": (Limit(Window.WEEK, Money(500_000_000)),)},
    "one more limit": {"limits": (*BASE.limits, Limit(Window.HOUR, None, 3))},
    "a threshold": {"approval_threshold": Money(1)},
    "the owner": {"owner_threshold": Money(1)},
    "a pause": {"paused": True},
    "hours": {"hours": (Hours(frozenset({1}), 0, 60),)},
}


@pytest.mark.parametrize("change", LOOSER.values(), ids=LOOSER)
def test_what_allows_more_loosens(change: dict[str, Any]) -> None:
    assert [one.loosens for one in changes(BASE, replace(BASE, **change))] == [True]


@pytest.mark.parametrize("change", TIGHTER.values(), ids=TIGHTER)
def test_what_allows_less_tightens(change: dict[str, Any]) -> None:
    assert [one.loosens for one in changes(BASE, replace(BASE, **change))] == [False]


REMARKS = {
    "zero means zero": ('per_payment = "0"', [("error", "nothing_passes", "per_payment")]),
    "a limit of zero": (
        '[[limits]]\nwindow = "1h"\ncount = 0',
        [("error", "nothing_passes", "limits[1]")],
    ),
    "an asset it does not allow": (
        'assets = ["EUR"]',
        [("error", "asset_not_allowed", "assets")],
    ),
    "no payee": ("payees = []", [("error", "no_payee", "payees")]),
    "allowed and denied": (
        'payees = ["ada", "bob"]\ndenied_payees = ["ada"]',
        [("warning", "allowed_and_denied", "denied_payees")],
    ),
    "a quorum never asked": (
        'per_payment = "10"\napproval_threshold = "10"',
        [("warning", "unreachable", "approval_threshold")],
    ),
    "an owner never asked": (
        'per_payment = "10"\nowner_threshold = "11"',
        [("warning", "unreachable", "owner_threshold")],
    ),
    "a limit for a payee that may not be paid": (
        'payees = ["ada"]\n[[limits]]\nwindow = "1h"\ncount = 1\nscope = "payee"\nonly = "bob"',
        [("warning", "unreachable", "limits[1].only")],
    ),
    "a cap that a window hides": (
        'per_payment = "10"\n[[limits]]\nwindow = "24h"\namount = "5"',
        [("warning", "shadowed", "per_payment")],
    ),
    "a window that a longer one hides": (
        '[[limits]]\nwindow = "1h"\namount = "5"\n[[limits]]\nwindow = "7d"\namount = "5"',
        [("warning", "shadowed", "limits[1]")],
    ),
    "the same twice": (
        '[[limits]]\nwindow = "1h"\ncount = 5\n[[limits]]\nwindow = "1h"\ncount = 5',
        [("warning", "shadowed", "limits[2]")],
    ),
    "nothing": ('per_payment = "10"\n[[limits]]\nwindow = "24h"\namount = "50"', []),
}


@pytest.mark.parametrize(("text", "found"), REMARKS.values(), ids=REMARKS)
def test_lint_says_what_the_owner_did_not_mean(
    text: str, found: list[tuple[str, str, str]]
) -> None:
    assert [(one.severity, one.code, one.key) for one in lint(toml(text))] == found


def test_lint_names_payees_that_nobody_is() -> None:
    policy = toml('payees = ["ada", "adda"]\ndenied_payees = ["ev"]')
    assert [(one.key, one.message) for one in lint(policy, frozenset({"ada"}))] == [
        ("payees", "no agent is named adda"),
        ("denied_payees", "no agent is named ev"),
    ]


def test_amounts_are_written_short() -> None:
    assert document_of(replace(BASE, per_payment=Money(25_000_001)))["per_payment"] == "25.000001"
    assert CREDIT.exponent == 6
