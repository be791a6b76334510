"""Every past balance is what replaying the journal up to then gives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, wallet
from flux_cli.domain.money import ASSETS, CREDIT, Money
from flux_cli.usecases.ports import EntryRecord, Reader
from flux_cli.usecases.statement import statement_of
from flux_cli.usecases.trial_balance import trial_balance
from flux_cli.usecases.view_entries import entry_named, history, last_movement

START = datetime(2026, 11, 1, tzinfo=UTC)
AGENTS = ("ada", "bob", "eve", "seldom")
KINDS = (CREDIT, ASSETS["EUR"])
LEAST_MOVES = 320
SELDOM = ((3, 0, 7, False), (3, 0, 5, False), (3, 0, 4, True))
"""An account used three times, so that what it has is found far from where it is looked for."""

Wanted = tuple[int, int, int, bool]
"""Agent, asset, units, and whether it is to leave where there is enough."""

MOVES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, 50), st.booleans()),
    min_size=LEAST_MOVES,
    max_size=LEAST_MOVES + 60,
)


class Minutes:
    """A clock on which a minute passes each time it is looked at."""

    def __init__(self) -> None:
        self._seen = 0

    def now(self) -> datetime:
        self._seen += 1
        return START + timedelta(minutes=self._seen)


def entries(wanted: Sequence[Wanted]) -> list[Entry]:
    """An entry for each two moves or one, none of which overdraws a wallet."""
    wanted = [SELDOM[0], *wanted[:20], SELDOM[1], *wanted[20:60], SELDOM[2], *wanted[60:]]
    had: dict[tuple[str, str], int] = {}
    moves: list[Move] = []
    made: list[Entry] = []
    for agent, asset, units, leaves in wanted:
        place = (wallet(AGENTS[agent]), KINDS[asset].code)
        enough = leaves and had.get(place, 0) >= units
        had[place] = had.get(place, 0) + (-units if enough else units)
        amount = Money(units, KINDS[asset])
        move = Move(place[0], WORLD, amount) if enough else Move(WORLD, place[0], amount)
        if moves and (len(moves) == 2 or moves[0].amount.asset != amount.asset):
            made.append(Entry(f"k{len(made)}", EntryKind.ADJUSTMENT, tuple(moves)))
            moves = []
        moves.append(move)
    return [*made, Entry(f"k{len(made)}", EntryKind.ADJUSTMENT, tuple(moves))]


@contextmanager
def ledger(wanted: Sequence[Wanted]) -> Iterator[Reader]:
    made = entries(wanted)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "flux.db", clock=Minutes())
        for first in range(0, len(made), 25):
            with store.begin() as tx:
                tx.post_many(made[first : first + 25])
        with store.reading() as reader:
            yield reader
        store.close()


def replayed(records: Sequence[EntryRecord], seq: int) -> dict[tuple[str, str], int]:
    """What each account held after movement `seq`, by adding up."""
    sums: dict[tuple[str, str], int] = {}
    for record in records:
        for place, move in enumerate(record.entry.moves):
            if record.seq + place > seq:
                return sums
            code = move.amount.asset.code
            for account, units in ((move.source, -move.amount.units),
                                   (move.target, move.amount.units)):  # fmt: skip
                sums[account, code] = sums.get((account, code), 0) + units
    return sums


@settings(max_examples=12, deadline=None)
@given(wanted=MOVES, where=st.lists(st.floats(0, 1), min_size=12, max_size=12))
def test_a_balance_at_any_movement_is_the_replay_up_to_it(
    wanted: list[Wanted], where: list[float]
) -> None:
    with ledger(wanted) as reader:
        records = list(history(reader, 0, reader.position()))
        accounts = reader.accounts()
        assert [one.entries for one in accounts if one.name == wallet("seldom")] == [len(SELDOM)]
        for share in [0.0, 1.0, *where]:
            seq = round(share * reader.position())
            held = replayed(records, seq)
            found = trial_balance(reader, seq)
            assert {
                (one.name, one.balance.asset.code): one.balance.units
                for one in found.accounts
                if one.balance.units
            } == {place: units for place, units in held.items() if units}
            assert found.balanced
            assert sum(one.accounts for one in found.kinds) == len(accounts)


@settings(max_examples=8, deadline=None)
@given(wanted=MOVES, minutes=st.lists(st.integers(0, 20), min_size=2, max_size=2))
def test_a_statement_of_any_window_adds_up(wanted: list[Wanted], minutes: list[int]) -> None:
    since, until = (START + timedelta(minutes=minute) for minute in sorted(minutes))
    with ledger(wanted) as reader:
        records = list(history(reader, 0, reader.position()))
        inside = [record for record in records if since <= record.recorded_at <= until]
        for one in reader.accounts():
            asset = one.balance.asset
            found = statement_of(reader, one.name, asset, since=since, until=until)
            before = inside[0].seq - 1 if inside else reader.position(until)
            held = replayed(records, before)
            assert found.opening.units == held.get((one.name, asset.code), 0)
            assert found.opening + found.came - found.went == found.closing
            assert [(line.record, line.amount) for line in found.lines] == [
                (record, posting.amount)
                for record in inside
                for posting in record.entry.postings
                if (posting.account, posting.amount.asset) == (one.name, asset)
            ]
            end = last_movement(inside[-1]) if inside else before
            assert found.closing == reader.balance_at(one.name, asset, end)


@settings(max_examples=3, deadline=None)
@given(wanted=MOVES)
def test_history_goes_forward_in_pages_as_it_was_written(wanted: list[Wanted]) -> None:
    with ledger(wanted) as reader:
        newest_first = reader.entries(limit=1000)
        assert list(history(reader, 0, reader.position())) == newest_first[::-1]
        page = reader.entries_after(newest_first[-1].seq, 7)
        assert page == newest_first[::-1][1:8]
        assert reader.entries_after(reader.position(), 7) == []
        middle = newest_first[len(newest_first) // 2]
        assert list(history(reader, 0, middle.seq))[-1] == middle
        assert reader.head() == reader.head(reader.position())
        assert reader.head(0) == (0, "")
        for record in newest_first[::20]:
            for name in (record.id, record.id[-6:], record.id[-20:], str(record.seq)):
                assert entry_named(reader, name) == record
