"""The oracle is silent about a sound ledger, and each of its clauses can turn red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from oracle import Ledger, examine, judge, read
from workload import DONE, Wish, acked_in, attempt, deps_of, found, issued_in, run

from flux_cli.domain.money import Money


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that one client worked on without a fault."""
    path = tmp_path_factory.mktemp("worked") / "flux.db"
    deps = deps_of(path)
    found(deps)
    run(deps, "a", "1", 80, attempt)
    deps.store.verify()
    return path


Case = tuple[Ledger, list[Wish], dict[str, str]]


def case(path: Path) -> Case:
    return read(deps_of(path)), issued_in(path.parent), acked_in(path.parent)


def first(issued: list[Wish], acked: dict[str, str], verb: str) -> Wish:
    return next(wish for wish in issued if wish.verb == verb and acked[wish.key] == DONE)


def test_a_sound_ledger_has_no_fault_and_every_verb_took_effect_once(worked: Path) -> None:
    ledger, issued, acked = case(worked)
    assert list(judge(ledger, issued, acked)) == []
    done = {wish.verb for wish in issued if acked[wish.key] == DONE}
    assert done >= {"fund", "post", "take", "split", "pay", "share", "hold", "capture", "freeze"}
    faults, told = examine(worked, issued, acked)
    assert faults == []
    assert told.keys() == acked.keys()


def lost(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    gone = {key: one for key, one in ledger.entries.items() if key != "fund:a-1"}
    return replace(ledger, entries=gone), issued, acked


def never_issued(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    stranger = first(issued, acked, "pay")
    return ledger, [wish for wish in issued if wish != stranger], acked


def units_off(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    wish = first(issued, acked, "post")
    other = [replace(one, units=one.units + 1) if one == wish else one for one in issued]
    return ledger, other, acked


def refused_yet_done(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    return ledger, issued, {**acked, first(issued, acked, "hold").key: "insufficient_funds"}


def there_twice(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    return replace(ledger, repeated=("fund:a-1",)), issued, acked


def balance_off(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    account = ("wallet:ada", "CREDIT")
    more = {**ledger.balances, account: ledger.balances[account] + 1}
    return replace(ledger, balances=more), issued, acked


def payment_off(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    key = first(issued, acked, "pay").key
    wrong = replace(ledger.intents[key], captured=Money(1))
    return replace(ledger, intents={**ledger.intents, key: wrong}), issued, acked


def over_the_cap(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    return replace(ledger, caps={"ada": 1}), issued, acked


def frozen_yet_permitted(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    thawed = [one for one in ledger.events if one.kind != "economy.thawed"]
    return replace(ledger, events=thawed), issued, acked


def bug(ledger: Ledger, issued: list[Wish], acked: dict[str, str]) -> Case:
    return ledger, issued, {**acked, "a-1": "bug: OSError"}


CLAUSES: dict[str, tuple[Callable[..., Case], str]] = {
    "an acknowledged key is lost": (lost, "fund a-1 was acknowledged and is not there"),
    "a key nobody issued": (never_issued, "was never issued"),
    "another amount": (units_off, "moved"),
    "a refusal that took effect": (refused_yet_done, "was refused (insufficient_funds) and took"),
    "a key that is there twice": (there_twice, "entry fund:a-1 is there twice"),
    "a balance": (balance_off, "('wallet:ada', 'CREDIT') has"),
    "the total": (balance_off, "units are in the economy"),
    "a payment that says something else": (payment_off, "its entries"),
    "a cap": (over_the_cap, "ada has spent and held"),
    "a freeze": (frozen_yet_permitted, "to spend while frozen"),
    "an unhandled failure": (bug, "fund a-1 ended in bug: OSError"),
}


@pytest.mark.parametrize(("change", "says"), CLAUSES.values(), ids=CLAUSES)
def test_each_clause_of_the_oracle_can_turn_red(
    worked: Path, change: Callable[..., Case], says: str
) -> None:
    assert [fault for fault in judge(*change(*case(worked))) if says in fault]
