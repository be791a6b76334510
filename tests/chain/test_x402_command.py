"""`flux pay-url`, as people type it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paying
import pytest
import rig
import selling
from selling import Shop

from flux_cli.adapters.chain.arc import ArcChain
from flux_cli.adapters.x402.stall import Reply

ACME = paying.MERCHANTS["acme"]
Run = Callable[..., Any]


@pytest.fixture
def shop(chain: rig.LocalChain) -> Iterator[Shop]:
    """A seller with its own view of the chain."""
    own = ArcChain([chain.url], rig.CHAIN_ID, rig.TOKEN, pace_seconds=0, timeout_seconds=20)
    with selling.selling(chain, own) as opened:
        yield opened


@pytest.fixture
def run(flux: Any, chain: rig.LocalChain, template: Path, tmp_path: Path) -> Run:
    """`flux …` on an economy of its own, the passphrase on a descriptor."""
    ledger = paying.copied(template, tmp_path)

    def call(*argv: str, **options: Any) -> Any:
        fd = paying.passphrase_fd()
        given = {
            "FLUX_DB": str(ledger),
            "FLUX_CHAIN_RPC": chain.url,
            "FLUX_CHAIN_PASSPHRASE_FD": str(fd),
        }
        try:
            return flux(*argv, **(given | options))
        finally:
            os.close(fd)

    return call


def test_what_is_at_an_address_is_bought_once_under_a_key(
    run: Run, shop: Shop, chain: rig.LocalChain, tmp_path: Path
) -> None:
    asked = ("pay-url", shop.url, "--max-amount", "0.05", "--idempotency-key", "k", "--json")
    dry = run(*asked, "--dry-run")
    assert (dry.code, dry.json()["outcome"], shop.headers) == (0, "permit", [])
    bought = run(*asked)
    one = bought.json()
    assert (bought.code, one["state"], one["settlement"]) == (0, "delivered", "settled"), bought.err
    assert (one["body"], one["amount"]["decimal"]) == (selling.BODY.decode(), "0.050000")
    again = run(*asked)
    assert (again.json(), chain.paid(ACME), len(set(shop.headers))) == (one, [50_000], 1)

    target = tmp_path / "weather.json"
    saved = run("pay-url", shop.other, "--max-amount", "1", "--save", str(target), "--json")
    assert (saved.code, target.read_bytes()) == (0, selling.BODY)
    assert run("pay-url", shop.other, "--max-amount", "1", "--save", str(target)).code == 2
    assert chain.paid(ACME) == [50_000, 50_000]

    listed = run("settle", "status", "--json").json()["data"]
    assert [row["state"] for row in listed] == ["settled", "settled"]
    proved = run("settle", "verify", one["settlement_id"], "--json")
    assert (proved.code, proved.json()["wrong"]) == (0, [])
    assert run("settle", "reconcile", "--json").json()["agrees"] is True
    assert run("verify").code == 0


def test_a_demand_above_the_maximum_is_denied_and_a_maximum_is_asked_for(
    run: Run, shop: Shop
) -> None:
    denied = run("pay-url", shop.url, "--max-amount", "0.049999", "--json")
    error = denied.json()["error"]
    assert (denied.code, error["code"]) == (3, "max_amount_exceeded")
    assert (error["limit"]["cap_minor"], shop.headers) == (49_999, [])
    assert run("pay-url", shop.url).code == 2
    assert run("payments", "list", "--json").json()["data"] == []


def test_78_what_people_see_says_that_the_chain_is_local(run: Run, shop: Shop) -> None:
    shown = run("pay-url", shop.url, "--max-amount", "1", tty=True)
    assert "LOCAL CHAIN: nothing real moved" in shown.out + shown.err
    assert "arcscan" not in shown.out + shown.err


def test_a_sellers_text_cannot_command_the_terminal(run: Run, shop: Shop) -> None:
    nasty = Reply(200, {"content-type": "text/\x1b[2Jplain"}, b"\x1b]0;owned\x07\x1b[2J")
    shop.twist = lambda reply, header: nasty if header else reply
    shown = run("pay-url", shop.url, "--max-amount", "1", tty=True)
    assert "owned" in shown.out
    assert "\x1b]0" not in shown.out + shown.err
    assert "\x1b[2J" not in shown.out + shown.err


def test_a_lost_answer_is_pending_and_names_the_command_that_goes_on(
    run: Run, shop: Shop, chain: rig.LocalChain
) -> None:
    shop.twist = lambda reply, header: None if header else reply
    asked = ("pay-url", shop.url, "--max-amount", "1", "--idempotency-key", "k")
    assert run(*asked, "--timeout", "0.5", "--json").code == 10
    # The seller has used the payment although nobody heard its answer.
    assert run("settle", "drain", "--timeout", "60").code == 0
    assert run("settle", "status", "--json").json()["data"][0]["state"] == "settled"
    shop.twist = None
    assert run(*asked, "--json").json()["state"] == "delivered"
    assert chain.paid(ACME) == [50_000]


def test_what_is_bought_under_a_mandate_is_taken_from_it_and_proved_with_it(
    run: Run, shop: Shop, chain: rig.LocalChain, tmp_path: Path
) -> None:
    given = ("mandates", "create", "orchestrator", "1", "--asset", "USDC", "--purpose", "weather")
    owner = str(tmp_path / "economy" / "flux.db.owner")
    made = run(*given, "--expires-in", "7d", "-q", FLUX_OWNER_TOKEN_FILE=owner)
    assert made.code == 0, made.err
    mandate = made.out.strip()
    asked = ("pay-url", shop.url, "--max-amount", "1", "--mandate", mandate[-8:], "--json")
    bought = run(*asked)
    assert bought.code == 0, bought.err
    assert run("mandates", "show", mandate, "--json").json()["spent"]["decimal"] == "0.050000"
    file = tmp_path / "proof.json"
    assert run("proof", "export", bought.json()["intent_id"], str(file)).code == 0
    assert run("proof", "verify", str(file), "--online").code == 0
    assert chain.paid(ACME) == [50_000]
