"""The ledger as it is on disk, read past the store, with keys in place of ids."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from small_economy import START


def microseconds(text: str) -> int:
    return (datetime.fromisoformat(text) - START) // timedelta(microseconds=1)


class View:
    """What is compared: balances, the ledger's time, and every object's state and numbers."""

    def __init__(self, path: Path) -> None:
        self.view = sqlite3.connect(path, isolation_level=None)
        self.ids: dict[tuple[str, Any], str] = {}
        self.names: dict[str, str] = {}

    def id_of(self, table: str, key: Any) -> str:
        """The id of an object by its key; the model knows no ids."""
        if (table, key) not in self.ids:
            name = key if isinstance(key, str) else ":".join(key)
            if isinstance(key, tuple) and key[0] == "topup":
                name = f"topup:{self.id_of('streams', key[1])}:{key[2]}"
            row = self.view.execute(f"select id from {table} where key = ?", (name,)).fetchone()
            self.ids[table, key] = row[0]
        return self.ids[table, key]

    def accounts(self) -> dict[str, int]:
        rows = self.view.execute("select name, balance from accounts where balance <> 0")
        return {self.named(name): balance for name, balance in rows}

    def named(self, account: str) -> str:
        """An account as the model calls it: by a key in place of an id."""
        kind, _, key = account.partition(":")
        if kind not in ("escrow", "stream"):
            return account
        if key not in self.names:
            row = self.view.execute(f"select key from {kind}s where id = ?", (key,)).fetchone()
            self.names[key] = row[0]
        return f"{kind}:{self.names[key]}"

    def latest(self) -> int:
        last = [
            self.view.execute(f"select {at} from {table} order by seq desc limit 1").fetchone()[0]
            for table, at in (("movements", "recorded_at"), ("events", "at"))
        ]
        return microseconds(max(last))

    def objects(self) -> dict[str, set[tuple[Any, ...]]]:
        """All that is kept of payments, mandates, escrows and streams, by id."""
        columns = {
            "intents": "id, state, captured, released, refunded, late",
            "mandates": "id, state, spent, reserved",
            "escrows": "id, state, released, refunded",
            "streams": "id, state, funded, paid, returned",
        }
        return {
            table: set(self.view.execute(f"select {names} from {table}"))
            for table, names in columns.items()
        }
