"""What a request with an idempotency key was answered, so that its repetition is answered so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar, cast

from flux_cli.domain.api_keys import ApiReply
from flux_cli.domain.canonical import digest
from flux_cli.usecases.ports import Deps, Store, Transaction

T = TypeVar("T")

MOST_ENGINE_KEY = 180
"""The engine's keys have room for more, for what it puts before them."""


def reply_slot(owner: str, path: str, key: str) -> str:
    """Where the answer to this key is kept: a key means something to one owner at one path."""
    return f"reply:{digest([owner, path, key])}"


def engine_key(owner: str, house: str, key: str) -> str:
    """The key that the use cases below get, so that what a dead server began is found again.

    The house's own keys are as they are, so that its SDK means the same payment by a key on the
    ledger and over HTTP. An owner is set apart by a space, which no key of HTTP's has.
    """
    whole = key if owner == house else f"{owner} {key}"
    return whole if len(whole) <= MOST_ENGINE_KEY else f"{owner} {digest(key)}"


def found_reply(deps: Deps, slot: str) -> ApiReply | None:
    """The answer that is kept there, if any."""
    with deps.store.reading() as reader:
        return reader.lookup(ApiReply, id=slot)


def keep_reply(deps: Deps, slot: str, request_digest: str, status: int, body: str) -> ApiReply:
    """Keep an answer, or find the one that was kept with the effect or by another server."""
    found = found_reply(deps, slot)
    if found is not None:
        return found
    return deps.store.write(lambda tx: reply_in(tx, slot, request_digest, status, body))


def reply_in(tx: Transaction, slot: str, request_digest: str, status: int, body: str) -> ApiReply:
    """Keep an answer in the transaction of what it tells, unless one is kept already."""
    found = tx.lookup(ApiReply, id=slot)
    if found is not None:
        return found
    reply = ApiReply(slot, request_digest, status, body, tx.now)
    tx.put(reply, "api_reply.kept")
    return reply


def watched(deps: Deps, at_end: Callable[[Transaction], None]) -> Deps:
    """`deps` in which `at_end` sees every write transaction before it is committed."""
    return replace(deps, store=cast(Store, _Watched(deps.store, at_end)))


class _Watched:
    """A store of which only the end of writing is another."""

    def __init__(self, store: Store, at_end: Callable[[Transaction], None]) -> None:
        self._store = store
        self._at_end = at_end

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One write transaction."""
        with self._store.begin() as tx:
            yield tx
            self._at_end(tx)

    def write(self, work: Callable[[Transaction], T]) -> T:
        """What `work` gives in a write transaction."""

        def seen(tx: Transaction) -> T:
            given = work(tx)
            self._at_end(tx)
            return given

        return self._store.write(seen)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)
