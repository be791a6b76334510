"""Cards against their accounts: what the verifier finds, and what SQL itself refuses."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from card_economy import WHOLE, Cards, cards_in, reopened

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import WORLD, EntryKind, card_account, transfer
from flux_cli.domain.money import Money
from flux_cli.usecases.cards import reveal_card
from flux_cli.usecases.ports import Transaction

ONE = Money(1)
Change = Callable[[Transaction], object]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card with 2 of 4 captured, 1 refunded, revealed, once guessed at; and a second one."""
    folder = tmp_path_factory.mktemp("begun")
    cards = cards_in(folder)
    card = cards.issue()
    reveal_card(cards.deps, card.id)
    claim = cards.claim(card, 4 * WHOLE)
    cards.follow("capture", claim, 2 * WHOLE, final=False)
    cards.follow("refund", claim, WHOLE)
    cards.send(cards.details(card, cvv="x"), WHOLE)
    cards.issue()
    assert cards.faults() == []
    cards.deps.store.close()  # type: ignore[attr-defined]
    return folder


@pytest.fixture
def cards(begun: Path, tmp_path: Path) -> Cards:
    """The same ledger for each test."""
    shutil.copytree(begun, tmp_path / "ledger")
    return reopened(tmp_path / "ledger")


def first(tx: Transaction, kind: type) -> object:
    return tx.find(kind, oldest_first=True)[0]


def changed(kind: type, **by: Money) -> Change:
    """The oldest object of its kind with more in some of its fields, its event with it."""

    def do(tx: Transaction) -> None:
        one = first(tx, kind)
        more = {name: getattr(one, name) + amount for name, amount in by.items()}
        tx.put(replace(one, **more), "tampered")  # type: ignore[type-var]

    return do


MISSED: dict[str, tuple[Change, set[str]]] = {
    "a card that spent more": (
        changed(Card, spent=ONE),
        {"in its account", "has spent", "is not as its card is"},
    ),
    "a card that authorised more": (
        changed(Card, authorised=ONE),
        {"in its account", "has 2000001 authorised"},
    ),
    "a card that released more": (
        changed(Card, released=ONE),
        {"in its account", "is not as its card is"},
    ),
    "a card that was refunded more": (
        changed(Card, refunded=ONE),
        {"was refunded 1000001", "is not as its card is"},
    ),
    "a claim that captured more": (
        changed(Authorization, captured=ONE),
        {"in its account", "authorised", "its authorisations captured"},
    ),
    "a claim that was refunded more": (changed(Authorization, refunded=ONE), {"was refunded"}),
    "a payment that captured more": (
        changed(PaymentIntent, captured=ONE),
        {"is not as its card is"},
    ),
    "a payment that was refunded more": (
        changed(PaymentIntent, refunded=ONE),
        {"is not as its card is"},
    ),
    "money on a card": (
        lambda tx: tx.post(
            transfer(
                "x", EntryKind.TOP_UP, WORLD, card_account(first(tx, Card).id), ONE  # type: ignore[attr-defined]
            )
        ),
        {"in its account"},
    ),
    "money on no card": (
        lambda tx: tx.post(transfer("x", EntryKind.TOP_UP, WORLD, "card:nobody", ONE)),
        {"card:nobody holds 1 and is of no card"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISSED)
def test_a_card_that_does_not_reconcile_is_found(cards: Cards, name: str) -> None:
    change, said = MISSED[name]
    with cards.deps.store.begin() as tx:
        change(tx)
    found = {f.name: f.faults for f in cards.deps.store.verify() if f.faults}
    assert set(found) == {"reserves"}
    for words in said:
        assert any(words in fault for fault in found["reserves"]), (words, found)


REFUSED = {
    "a card deleted": "delete from cards",
    "a claim deleted": "delete from authorizations",
    "a message deleted": "delete from network_messages",
    "a message changed": "update network_messages set declined = 'expired'",
    "a card changed without an event": "update cards set merchant = 'x', version = version + 1",
    "a claim changed without an event": "update authorizations set late = 1, version = version + 1",
    "a card revealed anew": "update cards set revealed_at = null, version = version + 1",
    "a card with another limit": 'update cards set "limit" = "limit" + 1, version = version + 1',
    "a card of another": "update cards set holder = 'ben', version = version + 1",
    "a card that pays another": "update cards set payee = 'sue', version = version + 1",
    "guesses forgotten": "update cards set wrong_tries = 0, version = version + 1",
    "a claim that captures less": "update authorizations set captured = 0, version = version + 1",
    "a card spent beyond its limit": 'update cards set spent = "limit" + 1, version = version + 1',
    "a message in another's place": (
        "insert or replace into network_messages select id, network_id, kind, content, card_id,"
        " authorization_id, merchant, category, amount, amount_asset, 'expired', at, 1"
        " from network_messages"
    ),
    "a claim in another's place": (
        "insert or replace into authorizations select id, 'other', card_id, merchant, category,"
        " amount, amount_asset, 0, captured_asset, 0, released_asset, 0, refunded_asset, 'open', 0,"
        " 0, at, expires_at, 1 from authorizations"
    ),
    "a card made from nothing": (
        "insert into cards select 'card_x', intent_id || 'x', run_id, holder, purpose, prefix,"
        " last_four, fingerprint || 'x', usage, \"limit\", limit_asset, 0, spent_asset, 0,"
        " released_asset, state, issued_at, expires_at, 1, 'key', payee, merchant, category, 0,"
        " authorised_asset, 0, refunded_asset, null, 0, null from cards limit 1"
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_sql_itself_refuses_it(cards: Cards, name: str) -> None:
    raw = sqlite3.connect(cards.deps.store.path, isolation_level=None)
    raw.execute("begin immediate")
    # An event is there for whatever comes next: what refuses is the rule itself.
    if "without an event" not in name:
        for table in ("cards", "authorizations"):
            raw.execute(
                "insert into events select (select max(seq) from events) + row_number() over (),"
                f" (select max(at) from events), 'x', id, version + 1, null, '{{}}', zeroblob(32)"
                f" from {table}"
            )
    with pytest.raises(sqlite3.IntegrityError) as caught:
        raw.execute(REFUSED[name])
    raw.execute("rollback")
    raw.close()
    assert "syntax" not in str(caught.value)
    assert cards.faults() == []
