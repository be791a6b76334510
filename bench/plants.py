"""Planted defects: each makes one promise of the ledger false, and some harness must turn red.

A harness that has never failed proves nothing, so each of them takes `--plant NAME`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import workload

from flux_cli.adapters.store import connection, group, journal, ledger, reader, usage, verify
from flux_cli.adapters.store.place import Mode
from flux_cli.domain.intents import PaymentIntent
from flux_cli.usecases import gather_facts, request_money


def broken(place: object, name: str, by: object) -> None:
    """Put `by` where the product has `name`; a name it no longer has is an error, not a pass."""
    getattr(place, name)
    setattr(place, name, by)


def ack_first() -> None:
    """The client's log says `done` before the commit."""
    answer = workload._answer

    def eager(deps: Any, wish: Any, do: Any) -> str:
        folder = deps.store.path.parent
        workload.Log(folder / f"{wish.key.split('-')[0]}.acked").add(wish.key, workload.DONE)
        return answer(deps, wish, do)

    broken(workload, "_answer", eager)


def no_lookup() -> None:
    """A key that is recorded already is not found."""
    lookup = reader.SqliteReader.lookup
    broken(journal, "find", lambda _connection, _key: None)

    def blind(self: Any, kind: Any, **equal: Any) -> Any:
        return None if kind is PaymentIntent and "key" in equal else lookup(self, kind, **equal)

    broken(reader.SqliteReader, "lookup", blind)


def fresh_keys() -> None:
    """The client makes a new key for each attempt."""
    attempt = workload.attempt

    def renamed(deps: Any, wish: Any) -> str:
        return attempt(deps, replace(wish, key=f"{wish.key}~{time.time_ns()}"))

    broken(workload, "attempt", renamed)


def no_rollback() -> None:
    """What a failing writer wrote is committed like all the rest."""
    end = ledger.SqliteStore._end

    def keep_all(self: Any, open_: Any, _keep: bool) -> None:
        end(self, open_, True)

    broken(ledger.SqliteStore, "_end", keep_all)


def pragma(line: str) -> Callable[[], None]:
    """A plant that runs one more pragma on every connection."""

    def break_it() -> None:
        connect = connection.Connections._connect

        def careless(self: Any, *, shared: bool = False) -> sqlite3.Connection:
            made = connect(self, shared=shared)
            made.execute(line)
            return made

        broken(connection.Connections, "_connect", careless)

    return break_it


def swallowed_errors() -> None:
    """A commit that the disk refused is taken for one that it kept."""
    close = group.CommitGroups._close

    def forgiving(self: Any, joined: Any) -> None:
        close(self, joined)
        joined.failure = None

    broken(group.CommitGroups, "_close", forgiving)


def no_held() -> None:
    """A cap counts what was captured and forgets what is on hold."""
    usage.PERMITTED += " and state = 'captured'"


def naive_cap() -> None:
    """The facts are read before the write transaction that rests on them begins."""
    opened = request_money._open_intent

    def early(deps: Any, request: Any, key: str) -> PaymentIntent:
        with deps.store.reading() as view:
            draft = request_money.draft_intent(deps, view, request, key)
            facts = gather_facts.gather_facts(view, draft, None)
        time.sleep(0.02)
        known[key] = facts
        return opened(deps, request, key)

    known: dict[str, Any] = {}

    def stale(tx: Any, intent: Any, _tally: Any) -> Any:
        return replace(known[intent.key], now=tx.now, ledger_time=tx.ledger_time)

    broken(request_money, "gather_facts", stale)
    broken(request_money, "_open_intent", early)


def no_chain() -> None:
    """The verifier does not recompute the chains, nor compare objects with their events."""

    def nothing(_connection: sqlite3.Connection) -> Iterator[str | int]:
        yield 1

    for name in ("_entries", "_events", "_objects"):
        broken(verify, name, nothing)


def unheld_lock() -> None:
    """A writer does not wait for another: the time-out of the ledger's lock is nothing."""
    made = workload.deps_of

    def hasty(ledger: Any, **settings: Any) -> Any:
        return made(ledger, **{**settings, "timeout": 0.0001})

    broken(workload, "deps_of", hasty)


def mode(journal: str, synchronous: str) -> Callable[[], None]:
    """A plant that keeps the ledger in another mode than it would choose."""

    def break_it() -> None:
        broken(connection, "current_mode", lambda: Mode(journal, synchronous, "asked for"))

    return break_it


PLANTS: dict[str, Callable[[], None]] = {
    "ack-first": ack_first,
    "no-lookup": no_lookup,
    "fresh-keys": fresh_keys,
    "no-rollback": no_rollback,
    "no-sync": pragma("pragma synchronous = off"),
    "no-journal": pragma("pragma journal_mode = off"),
    "swallowed-errors": swallowed_errors,
    "no-held": no_held,
    "naive-cap": naive_cap,
    "no-chain": no_chain,
    "no-wait": unheld_lock,
    "wal-normal": mode("wal", "normal"),
    "delete-full": mode("delete", "full"),
    "wal": mode("wal", "full"),
    "checkpoints": pragma("pragma wal_autocheckpoint = 4"),
}


def plant(name: str) -> None:
    """Break this process's Flux; raises `KeyError` for a name that is none of `PLANTS`."""
    PLANTS[name]()
