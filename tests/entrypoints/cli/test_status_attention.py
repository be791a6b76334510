"""`flux status` names the payments that wait for the owner, and how many more do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Flux = Callable[..., Any]


def test_payments_that_wait_for_the_owner_need_attention(flux: Flux, home: Path) -> None:
    config = home / "mine.toml"
    config.write_text('[policy]\nowner_threshold = "1.00"\n', encoding="utf-8")
    mine = ("--config", str(config), "--json")
    assert flux("init", *mine).code == 0
    asked = []
    for number in range(7):
        pay = ("pay", "orchestrator", "researcher", "1.50", "--purpose", f"job {number}")
        waits = flux(*pay, *mine)
        assert waits.code == 10
        asked.append(waits.json()["id"])
    newest = [
        f"orchestrator asks for $1.50: flux payments approve {one}" for one in reversed(asked[2:])
    ]
    more = "2 more payments wait: flux payments list --status awaiting_owner"
    assert flux("status", *mine).json()["attention"] == [*newest, more]
    assert len(flux("payments", "list", "--status", "awaiting_owner", *mine).json()["data"]) == 7
