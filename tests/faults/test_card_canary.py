"""F20: a card's number, its CVV and the secret behind them are nowhere but where they belong.

Real processes issue, reveal, charge, decline and crash; then every file under the home directory,
every word they said, every export and the process list are searched.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters import keychain
from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.cards import Card
from tests.faults.card_canary import Canary, watched

LONG_CVV = """
import flux_cli.adapters.keychain as keychain
keychain.CVV_LENGTH = 12
from flux_cli.entrypoints.cli.app import main
"""
CRASHES = """
import flux_cli.entrypoints.cli.card_details as details
import flux_cli.usecases.card_network as network
def broken(*given, **more):
    number = next((str(one.number) for one in given if hasattr(one, "number")), "")
    raise RuntimeError(f"planted: {given!r} {more!r}")
network._present = broken
details.CardFile.write = broken
"""
"""Bugs whose messages quote all they were given, with the secrets in their locals."""
SECRET = b"canary-secret-of-the-card-issuer"


NOBODYS = Canary("9182736455463728", "736455463721", SECRET)


@dataclass
class House:
    """A home directory with an issuer whose secret is known, and all that was ever said in it."""

    home: Path
    inside: Callable[..., Any]
    said: bytes = b""
    seen: list[str] = field(default_factory=list)
    canary: Canary = NOBODYS

    def flux(self, *argv: str, prelude: str = "", code: int | None = 0) -> str:
        """What flux answered; its words are kept, and the process list is watched meanwhile."""
        command = [sys.executable, "-c", f"{LONG_CVV}{prelude}main()", *argv]
        done, seen = watched(self.canary, command, os.environ)
        self.said += done.stdout + done.stderr
        self.seen += seen
        assert code is None or done.returncode == code, (argv, done.stderr.decode())
        return done.stdout.decode().strip()

    def look(self, *argv: str, code: int | None = 0) -> str:
        """The same in this process, which is quicker and leaves the same files."""
        done = self.inside(*argv)
        self.said += done.out.encode() + done.err.encode()
        assert code is None or done.code == code, (argv, done.err)
        return str(done.out).strip()

    @property
    def owner(self) -> tuple[str, str]:
        return ("--owner-token-file", str(self.home / "flux.db.owner"))

    @property
    def where_it_belongs(self) -> list[Path]:
        return [*self.home.glob("*.card.json"), self.home / "flux.db.card-secret"]

    def card(self, name: str, *options: str) -> tuple[str, Path]:
        """A new card and the private file with its details."""
        asked = ("payments", "request", "orchestrator", "10", "--to", "api-hub")
        payment = self.look(*asked, "--capture", "manual", "-q")
        card = self.flux("cards", "issue", payment, "-q", *options)
        file = self.home / f"{name}.card.json"
        self.flux("cards", "reveal", card, "--to", str(file), *self.owner, "-v")
        return card, file


@pytest.fixture
def house(home: Path, flux: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> House:
    assert len(SECRET) == 32
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    monkeypatch.setattr(keychain, "CVV_LENGTH", 12)
    built = House(home, flux)
    built.look("init")
    secret = home / "flux.db.card-secret"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    return built


def known(file: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(file.read_text())
    assert len(found["cvv"]) == 12
    return found


def nowhere(house: House) -> None:
    """0 hits, everywhere."""
    assert house.canary.found_in(house.said) == []
    assert house.canary.found_below(house.home, house.where_it_belongs) == []
    assert house.seen == []
    assert house.canary.found_in_processes() == []


def test_118_issued_revealed_charged_and_declined_it_is_nowhere(house: House) -> None:
    card, file = house.card("one", "--usage", "until_spent")
    details = known(file)
    house.canary = Canary(details["number"], details["cvv"], SECRET)
    guess = house.home / "guess.card.json"
    charge = ("cards", "charge", "--merchant", "api-hub", "--card", str(file), "-v", "--json")
    claim = json.loads(house.flux(*charge, "4", "--no-capture"))["id"]
    house.look("cards", "capture", claim, "--amount", "1", "--not-final", "--json")
    house.look("cards", "reverse", claim, "--json")
    house.flux(*charge, "99", code=3)
    for wrong in ({"cvv": details["cvv"][::-1]}, {"expiry": "01/20"}):
        guess.write_text(json.dumps(details | wrong))
        guess.chmod(0o600)
        house.look(*[str(guess) if word == str(file) else word for word in charge], "1", code=3)
    house.look("cards", "refund", claim, "--json", "-v")
    house.look("cards", "pause", card)
    house.look(*charge, "1", code=8)
    again = str(house.home / "two.card.json")
    house.look("cards", "reveal", card, "--to", again, *house.owner, code=8)
    house.look("cards", "cancel", card, "--json")
    file.chmod(0o644)
    house.look(*charge, "1", code=2)

    nowhere(house)
    looked_at = ("cards list", "cards show " + card, "payments list", "ledger entries", "status",
                 "runs list", "doctor", "config show", "verify")  # fmt: skip
    for words in looked_at:
        for form in ("json", "jsonl", "csv", "tsv", "md", "table"):
            house.look(*words.split(), "-o", form, "-v")
    for form in ("beancount", "hledger", "csv", "jsonl"):
        house.look("ledger", "export", "--format", form, "-o", str(house.home / f"books.{form}"))
    statement = str(house.home / "statement.html")
    house.look("ledger", "statement", "orchestrator", "--html", statement)
    for screen, options in (("cards", ("--open", card)), ("payments", ()), ("overview", ())):
        for ending in ("svg", "txt"):
            picture = str(house.home / f"{screen}.{ending}")
            house.look("tui", "--snapshot", picture, "--screen", screen, *options)
    assert card[-6:] in (house.home / "cards.txt").read_text()
    nowhere(house)


def test_118_a_crash_with_the_card_in_hand_leaves_nothing(house: House) -> None:
    _, file = house.card("one")
    details = known(file)
    house.canary = Canary(details["number"], details["cvv"], SECRET)
    house.flux("cards", "charge", "5", "--merchant", "api-hub", "--card", str(file), "--json",
               prelude=CRASHES, code=1)  # fmt: skip
    other = house.look("payments", "request", "orchestrator", "5", "--to", "api-hub",
                       "--capture", "manual", "-q")  # fmt: skip
    second = house.look("cards", "issue", other, "-q")
    lost = house.home / "lost.card.json"
    house.flux("cards", "reveal", second, "--to", str(lost), *house.owner, prelude=CRASHES, code=1)
    crashes = list(house.home.rglob("crash-*.txt"))

    assert len(crashes) == 2
    assert all("planted: " in path.read_text() for path in crashes)
    assert not lost.exists()
    nowhere(house)


def test_118_the_card_that_a_crash_lost_was_nowhere_either(house: House) -> None:
    """The details of the second card are known from its secret alone."""
    asked = ("payments", "request", "orchestrator", "5", "--to", "api-hub", "--capture", "manual")
    card = house.look("cards", "issue", house.look(*asked, "-q"), "-q")
    number, cvv = derived(house.home / "flux.db", card)
    house.canary = Canary(number, cvv, SECRET)
    lost = house.home / "lost.card.json"
    house.flux("cards", "reveal", card, "--to", str(lost), *house.owner, prelude=CRASHES, code=1)

    nowhere(house)
    assert house.canary.found_below(house.home, [house.home / "flux.db.card-secret"]) == []


def derived(ledger: Path, card: str) -> tuple[str, str]:
    """A card's number and long CVV, as its issuer derives them."""
    deps = open_flux(load_config({"ledger.path": str(ledger)}, {}, ledger.parent))
    with deps.store.reading() as reader:
        expiry = reader.get(Card, card).expiry
    close_flux(deps)
    secret = keychain.CardSecret(ledger, "424242")
    number, _ = secret.number(card)
    return number, secret.cvv(number, expiry)


def test_118_over_http_it_is_in_no_answer_and_no_log(house: House) -> None:
    _, file = house.card("one")
    details = known(file)
    house.canary = Canary(details["number"], details["cvv"], SECRET)
    answers = b""
    for prelude in ("", CRASHES):
        command = f"{LONG_CVV}{prelude}main()"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "merchant", "serve", "--name", "api-hub"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        port = int(process.stdout.readline().decode().rpartition(":")[2])
        answers += b"".join(sent(port, *one) for one in requests(details))
        house.seen += house.canary.found_in_processes()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        house.said += out + err
        assert process.returncode == 0

    assert b'"status":"captured"' in answers
    assert b'"code":"failed"' in answers
    assert b"status=500 error='RuntimeError broken:" in house.said
    assert house.canary.found_in(answers) == []
    nowhere(house)


def requests(details: dict[str, str]) -> list[tuple[str, str, Any, str]]:
    """(method, path, body, key) with the card where it belongs, and everywhere it does not."""
    number, cvv = details["number"], details["cvv"]
    charge = {"card": details, "amount_minor": 5_000_000}
    return [
        ("POST", "/v1/charges", charge, "one"),
        ("POST", "/v1/charges", charge, "two"),
        ("POST", "/v1/charges", charge | {"card": details | {"cvv": cvv[::-1]}}, "three"),
        ("POST", "/v1/charges", charge | {number: cvv}, "four"),
        ("POST", "/v1/charges", {number: cvv}, "five"),
        ("POST", "/v1/charges", {"card": {"number": number, cvv: number}}, "six"),
        ("POST", "/v1/charges", charge | {"currency": number}, "seven"),
        ("POST", "/v1/charges", number, "eight"),
        ("GET", f"/v1/authorizations/{number}", None, ""),
        ("GET", f"/{number}/{cvv}?{number}={cvv}", None, ""),
        ("GET", f"/v1/authorizations?limit={number}", None, ""),
        ("POST", f"/v1/authorizations/{number}/refund", {}, "nine"),
        (f"X{number}", "/v1/charges", None, ""),
    ]


def sent(port: int, method: str, path: str, body: Any, key: str) -> bytes:
    """All that came back of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key} if key else {}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    content = str(answer.getheaders()).encode() + answer.read()
    connection.close()
    return content


def test_118_a_run_that_buys_by_card_leaves_nothing(house: House) -> None:
    out = house.home / "out"
    run = json.loads(house.flux("run", "autonomous-payment", "--json", "-v", "--out", str(out)))
    for purchase in run["purchases"][:2]:
        number, cvv = derived(house.home / "flux.db", purchase["card"]["id"])
        house.canary = Canary(number, cvv, SECRET)
        house.look("runs", "show", run["id"], "-o", "md")
        nowhere(house)


@pytest.mark.parametrize("form", sorted(Canary("1" * 16, "2" * 12, SECRET).forms()))
def test_a_planted_leak_is_seen(tmp_path: Path, form: str) -> None:
    canary = Canary("4242421234567890", "998877665544", SECRET)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "log.txt").write_bytes(b"card " + canary.forms()[form] + b" ok")

    assert f"{tmp_path / 'a' / 'log.txt'}: {form}" in canary.found_below(tmp_path)
    assert canary.found_below(tmp_path, [tmp_path / "a" / "log.txt"]) == []


def test_a_leak_in_a_database_a_name_or_a_process_is_seen(tmp_path: Path) -> None:
    canary = Canary("4242421234567890", "998877665544", SECRET)
    with sqlite3.connect(tmp_path / "kept.db") as kept:
        kept.execute("create table leaks (what)")
        kept.execute("insert into leaks values (?)", (int(canary.number),))
    kept.close()
    (tmp_path / f"card-{canary.number}.txt").touch()
    sleeping = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    argv = subprocess.Popen([*sleeping, canary.cvv], stdout=subprocess.PIPE)
    environ = subprocess.Popen(sleeping, env={"CVV": canary.cvv}, stdout=subprocess.PIPE)
    try:
        for process in (argv, environ):
            assert process.stdout is not None
            process.stdout.readline()  # until then the system may not show what it was given
        hits = canary.found_in_processes()
    finally:
        for process in (argv, environ):
            process.kill()
            process.communicate()

    names = [hit.rpartition("/")[2] for hit in canary.found_below(tmp_path)]
    assert "kept.db: number as an integer" in names
    assert f"card-{canary.number}.txt: number" in names
    assert {f"{argv.pid} cmdline: CVV", f"{environ.pid} environ: CVV"} <= set(hits)


def test_a_leak_is_seen_in_the_whole_run_too(house: House) -> None:
    """The search itself must go red: here the crash file quotes the card, as a bug might."""
    _, file = house.card("one")
    details = known(file)
    house.canary = Canary(details["number"], details["cvv"], SECRET)
    leak = CRASHES.replace("planted: {given!r}", "planted: {number}")
    house.flux("cards", "charge", "5", "--merchant", "api-hub", "--card", str(file),
               prelude=leak, code=1)  # fmt: skip

    with pytest.raises(AssertionError):
        nowhere(house)
