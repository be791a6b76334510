"""Lists from a time, before a time, and both, page after page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.identifiers import spell
from flux_cli.domain.intents import PaymentIntent

Flux = Callable[..., Any]


@pytest.fixture
def days(flux: Flux, home: Path) -> list[tuple[str, str]]:
    """(id, when it was asked for) of two payments a day on four days of 2024, newest first."""
    path = home / "flux.db"
    assert flux("init", "--db", str(path)).code == 0
    assert flux("pay", "orchestrator", "nobody", "1", "--db", str(path)).code == 3
    deps = open_flux(load_config({"ledger.path": str(path)}, {}, home))
    start = datetime(2024, 3, 1, 9, tzinfo=UTC)
    made = []
    with deps.store.begin() as tx:
        (denied,) = tx.find(PaymentIntent)
        for number in range(8):
            at = start + timedelta(days=number // 2, hours=number % 2)
            text = spell("pi", int(at.timestamp() * 1000) << 80 | number)
            copy = replace(denied, id=text, key=text, created_at=at, request_digest=f"{number:064}")
            tx.put(copy, "payment.denied")
            made.append((text, at.isoformat()))
    return made[::-1]


def listed(flux: Flux, home: Path, *options: str) -> list[str]:
    db = str(home / "flux.db")
    found: list[str] = flux("payments", "list", "-q", "--db", db, *options).out.split()
    return found


def test_payments_from_a_time_and_before_one(
    flux: Flux, home: Path, days: list[tuple[str, str]]
) -> None:
    ids = [one for one, _ in days]
    assert len(ids) == 8
    third = days[4][1]  # the second payment of the second day is [4], counted from the newest
    newest = listed(flux, home)[0]
    assert listed(flux, home, "--since", third) == [newest, *ids[:5]]
    assert listed(flux, home, "--until", third) == ids[5:]
    assert listed(flux, home, "--since", days[6][1], "--until", days[1][1]) == ids[2:7]
    assert listed(flux, home, "--since", "2024-03-02", "--until", "2024-03-03") == ids[4:6]
    assert listed(flux, home, "--since", "9999-01-01") == []
    assert listed(flux, home, "--until", "2023-01-01") == []
    assert listed(flux, home, "--since", "2024-03-02", "--status", "captured") == []


def test_pages_of_a_stretch_of_time_leave_none_out(
    flux: Flux, home: Path, days: list[tuple[str, str]]
) -> None:
    stretch = ("--since", "2024-03-02", "--until", "2024-03-04", "--limit", "3", "--json")
    stretch += ("--db", str(home / "flux.db"))
    first = flux("payments", "list", *stretch).json()
    assert (len(first["data"]), first["has_more"]) == (3, True)
    rest = flux("payments", "list", *stretch, "--after", first["next"]).json()
    assert (rest["has_more"], rest["next"]) == (False, None)
    found = [row["id"] for page in (first, rest) for row in page["data"]]
    assert found == [one for one, _ in days[2:6]]


@pytest.mark.parametrize("noun", ["cards", "carts", "contracts", "escrow", "streams", "mandates"])
def test_every_list_of_what_has_a_time_takes_both(flux: Flux, noun: str) -> None:
    assert flux("init").code == 0
    ended = flux(noun, "list", "--since", "7d", "--until", "2024-01-01", "--json")
    assert (ended.code, ended.json()["data"]) == (0, [])
