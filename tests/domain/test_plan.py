"""What makes a plan unusable, and the order its tasks can be done in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan, Task, faults, longest_chain_hours, waves

TRADES = ("copy", "picture")


def task(name: str, *needs: str, **changes: Any) -> Task:
    made = Task(name, "copy", "Write", needs, ("page.md",), ("text/markdown",), Money(5), 24)
    return replace(made, **changes)


def plan(*tasks: Task) -> Plan:
    return Plan("sell tea", tasks)


FAULTS = [
    ([task("a"), task("b", "a")], ()),
    ([], ("a plan has 1 to 32 tasks, this one 0",)),
    ([task(f"t{n}") for n in range(32)], ()),
    ([task(f"t{n}") for n in range(33)], ("a plan has 1 to 32 tasks, this one 33",)),
    ([task("a"), task("a")], ("task 'a' appears twice",)),
    ([task("a", trade="law")], ("task 'a' wants 'law', which nobody does",)),
    ([task("a", max_price=Money(0))], ("task 'a' pays nothing",)),
    ([task("a", max_price=Money(-1))], ("task 'a' pays nothing",)),
    ([task("a", produces=())], ("task 'a' produces nothing",)),
    ([task("a", deadline_hours=1)], ()),
    ([task("a", deadline_hours=2160)], ()),
    ([task("a", deadline_hours=0)], ("task 'a' has a deadline outside 1 to 2160 hours",)),
    ([task("a", deadline_hours=2161)], ("task 'a' has a deadline outside 1 to 2160 hours",)),
    ([task("a", "b")], ("task 'a' needs 'b', which is no task",)),
    ([task("a", "a")], ("the tasks need each other in a circle",)),
    ([task("a", "b"), task("b", "a")], ("the tasks need each other in a circle",)),
    (
        [task("a", "x", trade="law", max_price=Money(0), produces=(), deadline_hours=0)],
        (
            "task 'a' wants 'law', which nobody does",
            "task 'a' pays nothing",
            "task 'a' produces nothing",
            "task 'a' has a deadline outside 1 to 2160 hours",
            "task 'a' needs 'x', which is no task",
        ),
    ),
]


@pytest.mark.parametrize(("tasks", "found"), FAULTS)
def test_every_fault_of_a_plan_is_named(tasks: list[Task], found: tuple[str, ...]) -> None:
    assert faults(plan(*tasks), TRADES) == found


WAVES = [
    ([], ()),
    ([task("a")], (("a",),)),
    ([task("b", "a"), task("a")], (("a",), ("b",))),
    ([task("a"), task("b"), task("c", "a", "b")], (("a", "b"), ("c",))),
    (
        [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c"), task("e")],
        (("a", "e"), ("b", "c"), ("d",)),
    ),
    ([task("a"), task("b", "c"), task("c", "b")], ()),
]


@pytest.mark.parametrize(("tasks", "names"), WAVES)
def test_a_wave_needs_only_earlier_ones(
    tasks: list[Task], names: tuple[tuple[str, ...], ...]
) -> None:
    assert tuple(tuple(t.id for t in wave) for wave in waves(tasks)) == names


@given(st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=10))
def test_waves_hold_every_task_once_after_its_needs_or_there_are_none(
    needs: list[set[int]],
) -> None:
    tasks = [
        task(str(n), *(str(need) for need in sorted(wanted) if need < n))
        for n, wanted in enumerate(needs)
    ]
    found = waves(list(reversed(tasks)))
    place = {t.id: index for index, wave in enumerate(found) for t in wave}
    assert sorted(t.id for wave in found for t in wave) == sorted(t.id for t in tasks)
    assert all(place[need] < place[t.id] for t in tasks for need in t.needs)


def test_the_longest_chain_counts_only_what_must_wait() -> None:
    made = plan(task("a"), task("b", "a"), task("c"), task("d", "b", "c"))
    assert longest_chain_hours(made, {"a": 5, "b": 2, "c": 9, "d": 1}) == 10
    assert longest_chain_hours(plan(), {}) == 0


def test_a_digest_names_the_plan_and_nothing_else() -> None:
    first = plan(task("a"), task("b"))
    assert plan(task("a"), task("b")).digest == first.digest
    assert plan(task("b"), task("a")).digest != first.digest
    assert plan(task("a"), task("b", max_price=Money(6))).digest != first.digest
