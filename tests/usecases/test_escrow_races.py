"""Escrows under threads, processes and kills: of all that would end one, exactly one does."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from escrow_economy import Economy, coins, economy_at, quiet, request

from flux_cli.domain.escrows import Escrow
from flux_cli.errors import FluxError
from flux_cli.usecases import end_escrow, open_escrow
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    expire_escrows,
    refund_escrow,
    release_escrow,
    resolve_escrow,
)
from flux_cli.usecases.open_escrow import create_escrow
from flux_cli.usecases.ports import Reader, Store

EVALUATOR = "data-analyst"
Step = Callable[[Economy, str], object]

STEPS: dict[str, Step] = {
    "release": lambda e, at: release_escrow(e.deps, at, Part(), by=EVALUATOR, key="a"),
    "release again": lambda e, at: release_escrow(e.deps, at, Part(), by=EVALUATOR, key="b"),
    "refund": lambda e, at: refund_escrow(e.deps, at, by=EVALUATOR, key="a"),
    "refund again": lambda e, at: refund_escrow(e.deps, at, by=EVALUATOR, key="b"),
    "dispute": lambda e, at: dispute_escrow(e.deps, at, by="researcher", reason="wait"),
}
LEFT_BY = {"release": (480, 0, 20), "refund": (500, 0, 0), "dispute": (480, 20, 0)}


def outcome(step: Step, economy: Economy, escrow_id: str) -> str:
    try:
        step(economy, escrow_id)
    except FluxError as failure:
        return failure.code
    return "done"


def judge(economy: Economy, escrow_id: str, ended: dict[str, str]) -> None:
    """Exactly one step was done, the others met its state, and the money is where it says."""
    won = [name for name, said in ended.items() if said == "done"]
    assert len(won) == 1, ended
    assert set(ended.values()) == {"done", "wrong_state"}
    assert economy.balances(escrow_id) == LEFT_BY[won[0].partition(" ")[0]]
    assert economy.faults() == set()


@pytest.mark.parametrize("attempt", range(6))
def test_37_of_threads_that_release_refund_and_dispute_at_once_exactly_one_wins(
    tmp_path: Path, attempt: int
) -> None:
    economy = economy_at(tmp_path / "flux.db")
    made, ended = economy.submitted(), dict[str, str]()
    together = threading.Barrier(len(STEPS))

    def race(name: str) -> None:
        together.wait()
        ended[name] = outcome(STEPS[name], economy, made.id)

    # Each attempt starts them in another order: the first at the lock is not always the same.
    names = list(STEPS)[attempt % len(STEPS) :] + list(STEPS)[: attempt % len(STEPS)]
    threads = [threading.Thread(target=race, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert set(ended) == set(STEPS)
    judge(economy, made.id, ended)


def compete(path: str, name: str, escrow_id: str, told: multiprocessing.Queue) -> None:
    told.put((name, outcome(STEPS[name], economy_at(Path(path)), escrow_id)))


def test_37_of_processes_that_release_refund_and_dispute_at_once_exactly_one_wins(
    tmp_path: Path,
) -> None:
    economy = economy_at(tmp_path / "flux.db")
    made = economy.submitted()
    context = multiprocessing.get_context("fork")
    told = context.Queue()
    racers = [
        context.Process(target=compete, args=(str(tmp_path / "flux.db"), name, made.id, told))
        for name in STEPS
    ]
    for racer in racers:
        racer.start()
    ended = dict(told.get(timeout=60) for _ in racers)
    for racer in racers:
        racer.join(60)
    judge(economy, made.id, ended)


def test_37_the_same_release_from_many_threads_pays_once_and_answers_all(tmp_path: Path) -> None:
    economy = economy_at(tmp_path / "flux.db")
    made, answers = economy.submitted(), list[object]()

    def race() -> None:
        answers.append(release_escrow(economy.deps, made.id, Part(), by=EVALUATOR, key="same"))

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [economy.kept(made.id)] * 6
    assert economy.balances(made.id) == (480, 0, 20)


def test_the_same_key_created_from_many_threads_is_one_escrow(tmp_path: Path) -> None:
    economy, answers = economy_at(tmp_path / "flux.db"), list[Escrow]()
    threads = [threading.Thread(target=lambda: answers.append(economy.create())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [answers[0]] * 6
    assert economy.balances(answers[0].id) == (480, 20, 0)
    assert economy.faults() == set()


class Meanwhile:
    """A store after each of whose readings somebody else takes a step."""

    def __init__(self, store: Store, step: Callable[[], object]) -> None:
        self.begin, self._store, self._step = store.begin, store, step

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        with self._store.reading() as reader:
            yield reader
        self._step()


def test_37_what_ended_while_the_sweep_looked_is_left_as_it_is(tmp_path: Path) -> None:
    economy = economy_at(tmp_path / "flux.db")
    first, second = economy.create("a"), economy.create("b", memo="another study")
    economy.clock.time = first.expires_at
    met = Meanwhile(economy.deps.store, lambda: STEPS["refund"](economy, first.id))
    swept = expire_escrows(replace(economy.deps, store=met))  # type: ignore[arg-type]
    assert [escrow.id for escrow in swept] == [second.id]
    assert economy.balances(first.id) == (500, 0, 0)
    assert economy.faults() == set()


def killed(path: Path, place: object, name: str, step: Callable[[Economy], object]) -> None:
    """Do `step` in a process that dies, with whatever it has open, when it calls `place.name`."""

    def die() -> None:
        setattr(place, name, lambda *args, **kwargs: os._exit(9))
        step(economy_at(path))

    child = multiprocessing.get_context("fork").Process(target=die)
    child.start()
    child.join(60)
    assert child.exitcode == 9, "the step was to die where it was told to"


@pytest.mark.parametrize("name", ["_fund", "capture_into"])
def test_40_killed_between_the_yes_and_the_escrow_the_same_key_finishes_it(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "flux.db"

    def step(economy: Economy) -> object:
        return create_escrow(economy.deps, request(), key="k", progress=quiet)

    killed(path, open_escrow, name, step)
    economy = economy_at(path)
    assert economy.balances("none")[0] == 480  # on hold: approved and not yet locked
    assert economy.faults() == set()
    made = economy.create()
    assert economy.balances(made.id) == (480, 20, 0)
    assert economy.create() == made
    assert economy.faults() == set()


ENDINGS: dict[str, tuple[str, Step, tuple[int, int, int]]] = {
    "release": ("release", STEPS["release"], (480, 0, 20)),
    "refund": ("give_back", STEPS["refund"], (500, 0, 0)),
    "resolve": (
        "resolve",
        lambda e, at: resolve_escrow(e.deps, at, coins(5), key="o"),
        (495, 0, 5),
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_40_killed_between_the_money_and_the_escrows_new_state_nothing_has_happened(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / "flux.db"
    economy = economy_at(path)
    made = economy.submitted()
    if ending == "resolve":
        dispute_escrow(economy.deps, made.id, by="researcher", reason="wait")
    before = economy.kept(made.id)
    economy.deps.store.close()
    name, step, left = ENDINGS[ending]
    killed(path, end_escrow.Escrow, name, lambda other: step(other, made.id))
    assert economy.kept(made.id) == before
    assert economy.balances(made.id) == (480, 20, 0)
    assert step(economy, made.id) == step(economy, made.id) == economy.kept(made.id)
    assert economy.balances(made.id) == left
    assert economy.faults() == set()
