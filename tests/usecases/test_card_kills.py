"""A card's steps killed at each of their writes: nothing of it has happened, or all of it has."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from card_economy import WHOLE, Cards, cards_in, reopened
from small_economy import allow

from flux_cli.adapters.store.ledger import SqliteTransaction
from flux_cli.domain.card_network import Authorization, NetworkMessage
from flux_cli.domain.cards import CARD_NETWORK, Card, CardUsage
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.mandates import Mandate
from flux_cli.errors import FluxError
from flux_cli.usecases.cards import cancel_card, issue_card_for, reveal_card, sweep_cards

Step = Callable[[Cards], object]


def only(cards: Cards, kind: type) -> object:
    with cards.deps.store.reading() as reader:
        [one] = reader.find(kind)
    return one


def send(kind: str, units: int = 4 * WHOLE) -> Step:
    return lambda cards: cards.send(only(cards, Card), units, kind=kind, network_id="sent")


def follow(kind: str, units: int | None = None, **how: object) -> Step:
    def step(cards: Cards) -> object:
        return cards.follow(kind, only(cards, Authorization), units, network_id="then", **how)

    return step


def issue(cards: Cards) -> object:
    intent = only(cards, PaymentIntent)
    return issue_card_for(cards.deps, intent.id, usage=CardUsage.SINGLE_USE, key="card")


def sweep(cards: Cards) -> object:
    cards.clock.go(days=8)
    return sweep_cards(cards.deps)


def guess(cards: Cards) -> object:
    wrong = cards.details(only(cards, Card), cvv="x")
    return cards.send(wrong, WHOLE, network_id="sent")


AUTHORISED, SMALL = send("authorise"), send("authorise", WHOLE)
STEPS: dict[str, tuple[tuple[Step, ...], Step]] = {
    "issue": ((), issue),
    "reveal": ((issue,), lambda cards: reveal_card(cards.deps, only(cards, Card).id)),
    "wrong CVV": ((issue,), guess),
    "authorise": ((issue,), AUTHORISED),
    "authorise over a small one": ((issue, lambda cards: cards.send(only(cards, Card), WHOLE)),
                                   AUTHORISED),
    "charge": ((issue,), send("charge")),
    "force post": ((issue,), send("force_post")),
    "capture in part": ((issue, AUTHORISED), follow("capture", WHOLE, final=False)),
    "capture at last": ((issue, AUTHORISED), follow("capture", WHOLE, final=True)),
    "reverse": ((issue, AUTHORISED), follow("reverse")),
    "refund": ((issue, send("charge")), follow("refund", WHOLE)),
    "cancel": ((issue, SMALL), lambda cards: cancel_card(cards.deps, only(cards, Card).id)),
    "sweep": ((issue, AUTHORISED), sweep),
}  # fmt: skip


def begun(folder: Path, steps: tuple[Step, ...]) -> None:
    """A ledger with an approved payment under a mandate, and what came before the step."""
    folder.mkdir()
    cards = cards_in(folder)
    mandate = allow(cards.deps, 20 * WHOLE, "m")
    cards.approved(mandate_id=mandate.id)
    for step in steps:
        step(cards)
    cards.deps.store.close()  # type: ignore[attr-defined]


def books(cards: Cards) -> tuple[object, ...]:
    """Where everything stands, without what differs from one ledger to another."""
    with cards.deps.store.reading() as reader:
        kept = [
            (
                card.state, card.authorised, card.spent, card.released, card.refunded,
                card.wrong_tries, card.revealed_at is not None, card.taken_by is None,
            )
            for card in reader.find(Card)
        ]  # fmt: skip
        claims = [
            (one.state, one.amount, one.captured, one.released, one.refunded)
            for one in reader.find(Authorization)
        ]
        payments = [
            (one.state, one.captured, one.released, one.refunded)
            for one in reader.find(PaymentIntent)
        ]
        mandates = [(one.spent, one.reserved) for one in reader.find(Mandate)]
        messages = [(one.network_id == "sent", one.declined) for one in reader.find(NetworkMessage)]
    return (
        kept,
        claims,
        payments,
        mandates,
        messages,
        cards.wallet("ann"),
        cards.wallet(CARD_NETWORK),
    )


def killed(folder: Path, step: Step, at: int) -> bool:
    """Take the step in a process that is killed after `at` writes; whether it came so far."""

    def run() -> None:
        writes = iter(range(at + 1))

        def dying(real: Callable[..., object]) -> Callable[..., object]:
            def write(*given: object, **named: object) -> object:
                if next(writes) == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given, **named)

            return write

        SqliteTransaction.put = dying(SqliteTransaction.put)  # type: ignore[method-assign,assignment]
        SqliteTransaction.post = dying(SqliteTransaction.post)  # type: ignore[method-assign,assignment]
        step(reopened(folder))
        with suppress(StopIteration):
            if next(writes) == at:  # all is written and kept; nobody was told
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def judge(folder: Path, name: str) -> None:
    """Kill the step at each of its writes in turn, and take it again."""
    before, step = STEPS[name]
    begun(folder / "begun", before)
    shutil.copytree(folder / "begun", folder / "whole")
    cards = reopened(folder / "whole")
    untouched = books(cards)
    step(cards)
    done = books(cards)
    assert done != untouched
    found = []
    for at in range(40):
        shutil.copytree(folder / "begun", folder / str(at))
        if not killed(folder / str(at), step, at):
            break
        after = reopened(folder / str(at))
        found.append(books(after))
        assert found[-1] in (untouched, done) or name == "sweep"
        with suppress(FluxError):  # a reveal that came through is not to be had again
            step(after)
        assert books(after) == done
        assert after.faults() == []
        after.deps.store.close()  # type: ignore[attr-defined]
    # It was killed before its first write, and after its last and before anybody was told.
    assert (found[0], found[-1]) == (untouched, done)


@pytest.mark.parametrize("name", STEPS)
def test_80_killed_at_any_write_of_a_step_it_is_whole_after_a_retry(
    tmp_path: Path, name: str
) -> None:
    judge(tmp_path, name)


def test_a_retry_that_is_another_message_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anew(cards: Cards) -> object:
        return cards.send(only(cards, Card), WHOLE, network_id=os.urandom(8).hex())

    monkeypatch.setitem(STEPS, "anew", ((issue,), anew))
    with pytest.raises(AssertionError, match="=="):
        judge(tmp_path, "anew")
