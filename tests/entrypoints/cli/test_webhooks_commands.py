"""`flux webhooks` as a person and a script use it, against a real receiver."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from flux_cli.bootstrap import open_existing
from flux_cli.config import load_config
from flux_cli.domain.webhooks import payload
from tests.doubles.webhook_receiver import TOOK, Receiver, status

Flux = Callable[..., Any]

CANARY = "CANARY-1f7e"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


@pytest.fixture
def owned(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Flux:
    """An economy, and its owner's credential in the environment."""
    ledger = home / "work" / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(ledger))
    assert flux("init", "-q").code == 0
    monkeypatch.setenv("FLUX_OWNER_TOKEN_FILE", f"{ledger}.owner")
    return flux


def added(flux: Flux, receiver: Receiver, *more: str) -> dict[str, Any]:
    done = flux("webhooks", "add", receiver.url, "--allow-private", "--json", *more)
    assert done.code == 0, done.err
    document: dict[str, Any] = done.json()
    return document


def pay(flux: Flux, times: int = 1) -> None:
    for _ in range(times):
        assert flux("pay", "orchestrator", "researcher", "1", "--purpose", CANARY).code == 0


def test_an_endpoint_is_added_told_and_removed(owned: Flux, receiver: Receiver) -> None:
    webhook = added(owned, receiver, "--events", "payment.*")
    assert (webhook["object"], webhook["state"], webhook["events"]) == (
        "webhook", "active", ["payment.*"]
    )  # fmt: skip
    verifier = standardwebhooks.Webhook(webhook["secret"])
    pay(owned)
    sent = owned("webhooks", "deliver", "--json")
    count = len(receiver.got)
    assert (sent.code, sent.json()["delivered"], sent.json()["failed"]) == (0, count, 0)
    assert count > 0
    messages = [verifier.verify(got.body, got.headers) for got in receiver.got]
    last = messages[-1]
    assert last["type"] == "payment.captured"
    assert last["data"]["amount"] == {
        "amount_minor": 1000000, "currency": "CREDIT", "exponent": 6, "decimal": "1.000000"
    }  # fmt: skip
    payment = owned("payments", "list", "--json").json()["data"][0]
    assert last["data"]["id"] == payment["id"]

    listed = owned("webhooks", "list", "--json").json()["data"]
    assert [(row["id"], row["delivered"], row["pending"]) for row in listed] == [
        (webhook["id"], count, 0)
    ]
    rows = owned("webhooks", "deliveries", "--status", "delivered", "--json").json()["data"]
    assert [row["id"] for row in rows] == [got.id for got in reversed(receiver.got)]
    assert owned("webhooks", "rm", webhook["id"]).code == 0
    pay(owned)
    assert owned("webhooks", "deliver", "--json").json()["delivered"] == 0
    assert owned("webhooks", "rm", webhook["id"]).code == 8


def test_what_fails_ends_with_7_is_listed_and_replayed(owned: Flux, receiver: Receiver) -> None:
    webhook = added(owned, receiver, "--events", "payment.captured")
    receiver.say = lambda _: status(500, b"\x1b[31mdown\n::error::x")
    pay(owned)
    failed = owned("webhooks", "deliver")
    assert failed.code == 7
    assert "step=webhook_failed" in failed.err
    (row,) = owned("webhooks", "deliveries", webhook["id"], "--json").json()["data"]
    assert (row["state"], row["attempts"], row["status"]) == ("pending", 1, 500)
    assert row["said"] == "\\x1b[31mdown ::error::x"
    one = owned("webhooks", "deliveries", row["id"], "--json").json()
    assert [(tried["status"], tried["said"]) for tried in one["log"]] == [(500, row["said"])]
    receiver.say = lambda _: TOOK
    assert owned("webhooks", "replay", row["id"]).code == 0
    assert owned("webhooks", "deliver", "--json").json()["delivered"] == 1
    again = owned("webhooks", "replay", webhook["id"], "--since", "1h", "--json").json()
    assert again["queued"] == 1
    assert owned("webhooks", "deliver").code == 0
    assert len(set(receiver.ids)) == 1
    assert len(receiver.ids) == 3
    assert owned("webhooks", "replay", webhook["id"], "--dead", "--json").json()["queued"] == 0
    for wrong in ((), ("--dead", "--since", "1h")):
        assert owned("webhooks", "replay", webhook["id"], *wrong).code == 2
    assert owned("webhooks", "replay", row["id"], "--dead").code == 2


def test_127_a_disabled_endpoint_is_in_what_needs_attention(
    owned: Flux, receiver: Receiver
) -> None:
    name = added(owned, receiver)["id"]
    receiver.say = lambda _: status(410)
    pay(owned)
    gone = owned("webhooks", "deliver")
    assert (gone.code, f"flux webhooks enable {name}" in gone.err) == (7, True)
    said = owned("webhooks", "list", tty=True)
    assert "1 disabled: `flux webhooks enable ID`" in said.err + said.out
    needs = f"webhook {name} is disabled: flux webhooks enable {name}"
    assert owned("status", "--json").json()["attention"] == [needs]
    receiver.say = lambda _: TOOK
    assert owned("webhooks", "enable", name).code == 0
    assert owned("status", "--json").json()["attention"] == []
    assert owned("webhooks", "deliver").code == 0


def test_98_only_the_owner_says_where_events_go_and_who_has_the_secret(
    owned: Flux, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = added(owned, receiver)
    monkeypatch.delenv("FLUX_OWNER_TOKEN_FILE")
    for argv in (("add", "https://thief.example/"), ("rotate", webhook["id"])):
        refused = owned("webhooks", *argv, "--yes")
        assert (refused.code, refused.out) == (4, "")
    assert owned("webhooks", "list", "-q").out.split() == [webhook["id"]]


def test_118_the_secret_is_shown_once_and_a_rotation_shows_another(
    owned: Flux, receiver: Receiver, home: Path
) -> None:
    webhook = added(owned, receiver)
    name, first = webhook["id"], webhook["secret"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", first)
    turned = owned("webhooks", "rotate", name, "--overlap", "1h", "--json").json()
    assert (turned["secrets"], turned["secret"] == first) == (2, False)
    once = owned("webhooks", "rotate", name, "--overlap", "0s", "--json").json()
    assert (once["secrets"], once["overlap_until"]) == (1, None)
    pay(owned)
    owned("webhooks", "deliver", "-v")
    said = "".join(
        done.out + done.err
        for verb in (
            ("list",), ("show", name), ("test", name), ("deliveries",), ("deliver",),
            ("replay", name, "--since", "1h"), ("enable", name), ("rm", name),
        )
        for form in ("--json", "-otable", "-otsv")
        if (done := owned("webhooks", *verb, form)) is not None
    )  # fmt: skip
    secrets = [one["secret"][6:] for one in (webhook, turned, once)]
    assert [secret for secret in secrets if secret in said] == []
    kept = [path for path in home.rglob("*") if path.is_file()]
    holds = [p for p in kept for s in secrets if s.encode() in p.read_bytes()]
    assert holds == []
    assert owned("webhooks", "rotate", name, "--overlap", "99d").code == 2


def test_a_test_message_ends_with_7_where_it_is_not_taken(owned: Flux, receiver: Receiver) -> None:
    webhook = added(owned, receiver)
    good = owned("webhooks", "test", webhook["id"], "--json")
    assert (good.code, good.json()["ok"], good.json()["status"]) == (0, True, 204)
    got = receiver.got[-1]
    standardwebhooks.Webhook(webhook["secret"]).verify(got.body, got.headers)
    receiver.say = lambda _: status(302, Location="http://169.254.169.254/")
    bad = owned("webhooks", "test", webhook["id"], "--json")
    assert (bad.code, bad.json()["ok"], bad.json()["status"]) == (7, False, 302)


@pytest.mark.parametrize("host", ["0x7f.1", "169.254.169.254", "localhost", "user@example.com"])
def test_125_an_address_inside_is_refused_with_a_reason(owned: Flux, host: str) -> None:
    refused = owned("webhooks", "add", f"https://{host}/", "--json")
    assert (refused.code, refused.json()["error"]["param"]) == (2, "URL")
    assert owned("webhooks", "list", "-q").out == ""


def test_117_what_is_no_id_finds_nothing(owned: Flux, receiver: Receiver) -> None:
    added(owned, receiver)
    for text in ("' or 1=1 --", "%", "whk_%", "msg_' or '1'='1", "msg_%", "msg_", "\x00", "nobody"):
        assert owned("webhooks", "show", text).code == 5
        assert owned("webhooks", "deliveries", text).code == 5
        assert owned("webhooks", "replay", text, "--since", "1h").code in (2, 5)
    assert owned("webhooks", "deliveries", "--after", "msg_' or 1=1 --").code == 5
    assert owned("webhooks", "deliveries", "--status", "' or 1=1").code == 2


def test_a_page_of_deliveries_goes_on_where_the_last_ended(owned: Flux, receiver: Receiver) -> None:
    added(owned, receiver, "--events", "payment.captured")
    pay(owned, 3)
    owned("webhooks", "deliver")
    first = owned("webhooks", "deliveries", "--limit", "2", "--json").json()
    rest = owned("webhooks", "deliveries", "--after", first["next"], "--json").json()
    told = [row["id"] for row in [*first["data"], *rest["data"]]]
    assert (told, rest["has_more"]) == (receiver.ids[::-1], False)


def test_102_113_no_text_of_any_event_leaves_only_ids_states_and_amounts(
    owned: Flux, home: Path
) -> None:
    """Over every event of a run with cards, hires and refusals: nothing but what has a shape."""
    assert owned("run", "autonomous-payment", "--out", "out").code == 0
    deps = open_existing(load_config({"ledger.path": os.environ["FLUX_DB"]}, {}, home))
    with deps.store.reading() as reader:
        events = reader.events()
    assert len({event.kind for event in events}) > 20
    shape = re.compile(r"[a-z]{2,6}_[0-9a-z]{26}|[a-z_]{1,40}|[a-z]+:[a-z_0-9-]+|ledger")
    free: set[str] = set()
    for event in events:
        told = json.loads(payload(*_parts(event)))
        assert (told["type"], set(told)) == (event.kind, {"type", "timestamp", "data"})
        for name, value in told["data"].items():
            if isinstance(value, dict):
                assert set(value) == {"amount_minor", "currency", "exponent", "decimal"}
            elif not isinstance(value, int) and not shape.fullmatch(value):
                free.add(f"{event.kind} {name} {value}")
    assert free == set()
    assert max(len(payload(*_parts(event))) for event in events) < 2000


def _parts(event: Any) -> tuple[Any, ...]:
    return event.kind, event.at, event.subject, event.version, event.run_id, event.data


def test_following_is_stopped_by_a_signal_and_has_recorded_what_it_sent(
    owned: Flux, receiver: Receiver
) -> None:
    added(owned, receiver, "--events", "payment.captured")
    command = [sys.executable, "-m", "flux_cli", "webhooks", "deliver", "--follow"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    pay(owned)
    told = process.stderr.readline()  # it has recorded what it tells of
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert ("step=webhook_delivered" in told, process.returncode) == (True, 0), err
    assert "stopping" in err
    assert owned("webhooks", "deliver", "--json").json()["delivered"] == 0
    assert len(receiver.got) == 1


def test_the_network_is_loaded_by_what_sends_and_by_nothing_else(
    owned: Flux, receiver: Receiver
) -> None:
    added(owned, receiver)
    code = (
        "import sys\nfrom flux_cli.entrypoints.cli.app import main\n"
        "try: main(['webhooks', 'list', '-q'])\nexcept SystemExit: pass\n"
        "print([m for m in ('httpcore2', 'httpx2', 'ssl', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_people_see_tables_that_fit(owned: Flux, receiver: Receiver) -> None:
    webhook = added(owned, receiver, "--events", "payment.captured")
    assert "no webhooks" not in owned("webhooks", "list", tty=True).err
    pay(owned)
    owned("webhooks", "deliver")
    for verb in (("list",), ("show", webhook["id"]), ("deliveries",), ("test", webhook["id"])):
        seen = owned("webhooks", *verb, tty=True, NO_COLOR="1")
        assert max(map(len, seen.out.splitlines())) <= 80
    assert "payment.captured" in owned("webhooks", "deliveries", tty=True, NO_COLOR="1").out
