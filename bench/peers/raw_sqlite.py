"""The floor: the least that keeps a double-entry transfer durable, in plain sqlite3.

Batches come in three kinds: `looped` is the plain loop over a transfer's four statements, `batched`
hands each statement to `executemany`, and `netted` also moves each balance once a batch.

Two postings and two balances, and nothing else: no key, no checks, no chain. Locks are SQLite's
usual ones, because a ledger is shared between processes.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from time import perf_counter

from peers import AMOUNT, WALLETS, WORLD, batches, wallet_number

# One statement for both postings: as two rows, or as two runs of executemany, it is slower.
POST = "insert into postings (account, amount, transfer) values (?1, -?2, ?4), (?3, ?2, ?4)"
MOVE = "update accounts set balance = balance + ? where id = ?"


def opened(path: Path, journal: str, synchronous: str) -> sqlite3.Connection:
    """A new ledger with all its accounts, committing in the mode it was told."""
    connection = sqlite3.connect(path, isolation_level=None)
    found = connection.execute(f"pragma journal_mode = {journal}").fetchone()[0]
    assert found == journal, f"SQLite took journal mode {found}"
    connection.execute(f"pragma synchronous = {synchronous}")
    connection.execute("create table accounts (id integer primary key, balance integer not null)")
    connection.execute(
        "create table postings (id integer primary key, account integer not null,"
        " amount integer not null, transfer integer not null)"
    )
    connection.execute("begin")
    connection.executemany(
        "insert into accounts values (?, 0)", [(number,) for number in range(WALLETS + 1)]
    )
    connection.execute("commit")
    return connection


def single(directory: Path, n: int, journal: str, synchronous: str) -> float:
    """Seconds for `n` transfers, each in its own transaction."""
    connection = opened(directory / "raw.db", journal, synchronous)
    rows = [
        ((WORLD, AMOUNT, wallet_number(i), i), (-AMOUNT, WORLD), (AMOUNT, wallet_number(i)))
        for i in range(n)
    ]
    execute = connection.execute
    began = perf_counter()
    for posting, source, target in rows:
        execute("begin immediate")
        execute(POST, posting)
        execute(MOVE, source)
        execute(MOVE, target)
        execute("commit")
    seconds = perf_counter() - began
    check(connection, n)
    return seconds


def looped(directory: Path, n: int, journal: str, synchronous: str) -> float:
    """Seconds for `n` transfers in transactions of `BATCH`, as one writes it down: four
    statements a transfer, one after the other.
    """
    connection = opened(directory / "raw.db", journal, synchronous)
    post = "insert into postings (account, amount, transfer) values (?, ?, ?)"
    work = [[(i, wallet_number(i)) for i in batch] for batch in batches(n)]
    execute = connection.execute
    began = perf_counter()
    for transfers in work:
        execute("begin immediate")
        for number, target in transfers:
            execute(post, (WORLD, -AMOUNT, number))
            execute(post, (target, AMOUNT, number))
            execute(MOVE, (-AMOUNT, WORLD))
            execute(MOVE, (AMOUNT, target))
        execute("commit")
    seconds = perf_counter() - began
    check(connection, n)
    return seconds


def batched(directory: Path, n: int, journal: str, synchronous: str) -> float:
    """Seconds for `n` transfers in transactions of `BATCH`, each moving its two balances."""
    connection = opened(directory / "raw.db", journal, synchronous)
    work = []
    for batch in batches(n):
        postings = [(WORLD, AMOUNT, wallet_number(i), i) for i in batch]
        moves = [m for i in batch for m in ((-AMOUNT, WORLD), (AMOUNT, wallet_number(i)))]
        work.append((postings, moves))
    began = perf_counter()
    for postings, moves in work:
        connection.execute("begin immediate")
        connection.executemany(POST, postings)
        connection.executemany(MOVE, moves)
        connection.execute("commit")
    seconds = perf_counter() - began
    check(connection, n)
    return seconds


def netted(directory: Path, n: int, journal: str, synchronous: str) -> float:
    """Like `batched`, but a batch moves each balance once, by the sum of its postings."""
    connection = opened(directory / "raw.db", journal, synchronous)
    work = [[(WORLD, AMOUNT, wallet_number(i), i) for i in batch] for batch in batches(n)]
    began = perf_counter()
    for postings in work:
        sums: dict[int, int] = {}
        for source, amount, target, _ in postings:
            sums[source] = sums.get(source, 0) - amount
            sums[target] = sums.get(target, 0) + amount
        connection.execute("begin immediate")
        connection.executemany(POST, postings)
        connection.executemany(MOVE, [(change, account) for account, change in sums.items()])
        connection.execute("commit")
    seconds = perf_counter() - began
    check(connection, n)
    return seconds


def check(connection: sqlite3.Connection, n: int) -> None:
    """Close, after making sure that the work was done."""
    world = connection.execute("select balance from accounts where id = ?", (WORLD,)).fetchone()
    postings = connection.execute("select count(*) from postings").fetchone()
    assert (world[0], postings[0]) == (-n * AMOUNT, 2 * n), "raw sqlite lost a transfer"
    connection.close()
