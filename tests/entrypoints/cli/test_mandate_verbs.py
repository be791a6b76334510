"""`flux mandates`: made, listed as a tree, shown, closed, revoked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]
WEEK = ("--purpose", "launch", "--expires-in", "7d")


@pytest.fixture
def economy(flux: Flux) -> Flux:
    assert flux("init").code == 0
    return flux


def made(flux: Flux, *argv: str) -> str:
    ended = flux("mandates", "create", *argv, "-q")
    assert ended.code == 0, ended.err
    return str(ended.out.strip())


def decimals(document: dict[str, Any]) -> dict[str, str]:
    names = ("total", "spent", "reserved", "left", "returned")
    return {name: document[name]["decimal"].removesuffix("0000") for name in names}


def paid(flux: Flux, amount: str, mandate: str) -> int:
    text = f"from,to,amount,mandate\norchestrator,researcher,{amount},{mandate}\n"
    Path("one.csv").write_text(text, encoding="utf-8")
    return int(flux("batch", "one.csv").code)


def test_a_mandate_as_a_document(economy: Flux) -> None:
    ended = economy(
        "mandates", "create", "orchestrator", "100", *WEEK, "--per-payment", "20", "--payee",
        "researcher", "--payee", "content-writer", "--category", "copy", "--limit", "24h=50.00",
        "--json",
    )  # fmt: skip
    document = ended.json()
    assert ended.code == 0
    assert {
        name: document[name] for name in ("object", "schema", "state", "holder", "purpose")
    } == {
        "object": "mandate",
        "schema": "flux.mandate/1",
        "state": "active",
        "holder": "orchestrator",
        "purpose": "launch",
    }
    assert decimals(document) == {
        "total": "100.00", "spent": "0.00", "reserved": "0.00", "left": "100.00",
        "returned": "0.00",
    }  # fmt: skip
    assert document["payees"] == ["content-writer", "researcher"]
    assert document["categories"] == ["copy"]
    assert [(one["window"], one["amount"]["decimal"]) for one in document["limits"]] == [
        ("24h", "50.000000")
    ]
    assert "key" not in document


def test_a_tree_for_people_and_pages_for_programs(economy: Flux) -> None:
    root = made(economy, "orchestrator", "100", *WEEK)
    child = made(economy, "researcher", "40", "--purpose", "copy", "--parent", root)
    leaf = made(economy, "content-writer", "5", "--purpose", "text", "--parent", child)
    other = made(economy, "orchestrator", "9", *WEEK)
    shown = economy("mandates", "list", tty=True, columns=140, NO_COLOR="1").out.splitlines()
    assert [line.split()[0] for line in shown] == ["id", other, root, child, leaf]
    holders = [line[line.index("man_") + 30 :].split("$")[0].rstrip() for line in shown[1:]]
    assert [holder[2:] for holder in holders] == [
        "orchestrator", "orchestrator", "└ researcher", "  └ content-writer",
    ]  # fmt: skip
    assert economy("mandates", "list", "-q").out.split() == [other, leaf, child, root]
    first = economy("mandates", "list", "--limit", "2", "--json").json()
    rest = economy("mandates", "list", "--after", first["next"], "--json").json()
    assert [row["id"] for row in first["data"] + rest["data"]] == [other, leaf, child, root]
    assert "tree" not in first["data"][0]
    of_one = economy("mandates", "list", "--agent", "researcher", "--status", "active", "-q")
    assert of_one.out.split() == [child]


def test_a_wider_child_is_denied_with_every_reason(economy: Flux) -> None:
    root = made(economy, "orchestrator", "100", *WEEK, "--limit", "24h=50")
    ended = economy(
        "mandates", "create", "orchestrator", "101", "--purpose", "x", "--parent", root,
        "--limit", "24h=51", "--json",
    )  # fmt: skip
    error = ended.json()["error"]
    assert (ended.code, error["subject"]) == (3, root)
    assert [refusal["rule"] for refusal in error["refusals"]] == [
        "mandate_total_exceeded", "mandate_limit_wider",
    ]  # fmt: skip
    only = economy("mandates", "create", "orchestrator", "101", "--purpose", "x", "--parent", root)
    assert "most: $100.00 would pass" in only.err


def test_payments_under_a_mandate_are_shown_with_it(economy: Flux) -> None:
    root = made(economy, "orchestrator", "100", *WEEK)
    child = made(economy, "orchestrator", "10", "--purpose", "copy", "--parent", root)
    assert (paid(economy, "7", child), paid(economy, "4", child)) == (0, 3)
    whole = economy("mandates", "show", root, "--json").json()
    assert decimals(whole) == {
        "total": "100.00", "spent": "7.00", "reserved": "3.00", "left": "90.00",
        "returned": "0.00",
    }  # fmt: skip
    assert [row["id"] for row in whole["children"]] == [child]
    below = economy("mandates", "show", child[-8:], "--json").json()
    assert (below["line"], below["children"]) == ([root], [])
    assert [row["state"] for row in below["payments"]] == ["denied", "captured"]
    people = economy("mandates", "show", child, tty=True, columns=120, NO_COLOR="1")
    assert "payments" in people.out
    assert "children" not in people.out
    closed = economy("mandates", "close", child, "--json").json()
    assert (closed["state"], decimals(closed)["returned"]) == ("closed", "3.00")
    assert decimals(economy("mandates", "show", root, "--json").json())["left"] == "93.00"
    assert economy("verify").code == 0


def test_a_revocation_ends_all_below(economy: Flux) -> None:
    root = made(economy, "orchestrator", "100", *WEEK)
    child = made(economy, "orchestrator", "40", "--purpose", "copy", "--parent", root)
    assert economy("mandates", "close", root).code == 8
    revoked = economy("mandates", "revoke", root, "--json").json()
    assert (revoked["state"], revoked["ended"], revoked["cancelled"], revoked["cards_left"]) == (
        "revoked", [child, root], [], [],
    )  # fmt: skip
    assert paid(economy, "1", child) == 3
    assert economy("mandates", "close", root).code == 8
    assert economy("mandates", "expire", "-q").out == ""


def test_a_mandate_does_not_loosen_the_policy(economy: Flux) -> None:
    root = made(economy, "orchestrator", "400", *WEEK, "--per-payment", "400")
    assert paid(economy, "300", root) == 3
    (payment,) = economy("mandates", "show", root, "--json").json()["payments"]
    assert "per_payment_exceeded" in {refusal["code"] for refusal in payment["refusals"]}


def test_the_same_key_makes_one_mandate(economy: Flux) -> None:
    argv = ("orchestrator", "100", *WEEK, "--idempotency-key", "k")
    assert made(economy, *argv) == made(economy, *argv)
    other = economy("mandates", "create", "orchestrator", "99", *WEEK, "--idempotency-key", "k")
    assert other.code == 8


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("orchestrator", "1e3", *WEEK), 2),
        (("orchestrator", "0", *WEEK), 2),
        (("nobody", "1", *WEEK), 5),
        (("orchestrator", "1", *WEEK, "--parent", "man_nowhere"), 5),
        (("orchestrator", "1", "--purpose", "x"), 2),
        (("orchestrator", "1", "--purpose", "x", "--expires-in", "7"), 2),
        (("orchestrator", "1", "--purpose", "x", "--expires-in", "0d"), 2),
        (("orchestrator", "1", "--purpose", "x", "--expires-in", "99999w"), 2),
        (("orchestrator", "1", *WEEK, "--limit", "24h"), 2),
        (("orchestrator", "1", *WEEK, "--limit", "2h=5"), 2),
        (("orchestrator", "1", *WEEK, "--limit", "24h=-5"), 2),
        (("orchestrator", "1", *WEEK, "--per-payment", "x"), 2),
        (("orchestrator", "1", *WEEK, "--payee", "a\x1b"), 2),
        (("orchestrator", "1", *WEEK, "--asset", "usd"), 2),
    ],
)
def test_what_makes_no_mandate(economy: Flux, argv: tuple[str, ...], code: int) -> None:
    assert economy("mandates", "create", *argv).code == code
    assert economy("mandates", "list", "-q").out == ""
