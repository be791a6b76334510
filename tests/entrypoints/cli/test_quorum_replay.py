"""A recorded run can be had again: nobody is asked, and it is the same to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.chat_server import ChatServer
from tests.usecases.live_economy import settings

Flux = Callable[..., Any]

INSTANT = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
OF_THE_TIME = {"asked_until", "number"}
"""Beside instants and the ids of entries, which are made of them: what a replay has of its own.
No model is asked until anything, and the card's masked number is of another ledger's secret."""

REPORTS = {"report.html", "report.md", "manifest.json"}
"""Files that print instants: their hashes and sizes are of the time too."""


@pytest.fixture
def out(home: Path) -> Path:
    return home / "work" / "out"


def fresh(home: Path, name: str) -> str:
    """A ledger that is not there yet."""
    folder = home / name
    folder.mkdir()
    return str(folder / "flux.db")


def timeless(value: Any) -> Any:
    """A document without what depends on when it was made."""
    if isinstance(value, dict):
        hidden = OF_THE_TIME | ({"sha256", "bytes"} if value.get("path") in REPORTS else set())
        return {k: timeless(v) for k, v in value.items() if k not in hidden}
    if isinstance(value, list):
        return [timeless(inner) for inner in value]
    if isinstance(value, str):
        return "ent_" if value.startswith("ent_") else INSTANT.sub("then", value)
    return value


def test_a_recorded_run_replays_the_same_without_a_call(flux: Flux, home: Path, out: Path) -> None:
    config = home / "live.toml"
    run = ("run", "autonomous-payment", "--seed", "7", "--json", "--out", str(out))
    tape = ("--cassette", "tape.jsonl")

    with ChatServer() as chat:
        config.write_text(settings(chat))
        live = flux(*run, *tape, "--record", "--config", str(config), "--db", fresh(home, "a"))
        asked = len(chat.asked)
    replays = []
    for name in ("b", "c"):
        for path in sorted(out.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        again = ("--brain", "replay", "--config", str(config), "--db", fresh(home, name))
        replays.append(flux(*run, *tape, *again))

    assert [done.code for done in (live, *replays)] == [0, 0, 0], replays[0].err
    assert replays[0].out == replays[1].out
    assert timeless(replays[0].json()) == timeless(live.json())
    cast = [ballot for one in replays[0].json()["purchases"] for ballot in one["ballots"]]
    assert {ballot["backend"] for ballot in cast} == {"llm"}
    assert (len(cast), asked, len(chat.asked)) == (10, 10, 10)
    assert "step=replay cassette=tape.jsonl asked=nobody" in replays[0].err


WANTED = (
    "payments", "request", "orchestrator", "40", "--to", "researcher", "--purpose", "interviews",
    "--return", "160", "--justification", "4 interviews in 3 days", "--json",
)  # fmt: skip


@pytest.fixture
def ledger(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return home / "flux.db"


@pytest.fixture
def owner(ledger: Path) -> str:
    return str(ledger.with_name("flux.db.owner"))


def test_only_the_owner_may_put_a_recording_in_the_place_of_the_voters(
    flux: Flux, ledger: Path, owner: str
) -> None:
    flux(*WANTED, "--record", "--cassette", "tape.jsonl", "--idempotency-key", "one")
    replay = (*WANTED, "--brain", "replay", "--cassette", "tape.jsonl", "--reference", "again")

    refused = flux(*replay, CI="true")

    assert (refused.code, refused.json()["error"]["code"]) == (4, "owner_not_proved")
    before = flux("ledger", "entries", "--json").out
    other = flux(*replay, FLUX_OWNER_TOKEN_FILE=owner)
    assert other.code == 2
    assert "has no answer left for this ballot question" in other.json()["error"]["message"]
    assert flux("ledger", "entries", "--json").out == before


LIVE = {"FLUX_QUORUM_SEATS_CFO_BACKEND": "llm", "FLUX_QUORUM_SEATS_CFO_PROVIDER": "openai"}


@pytest.mark.parametrize(("kind", "configured"), [("offline", LIVE), ("llm", {}), ("llm", LIVE)])
def test_nobody_but_the_owner_chooses_the_voters(
    flux: Flux, ledger: Path, kind: str, configured: dict[str, str]
) -> None:
    refused = flux(*WANTED, "--brain", kind, **configured)

    assert (refused.code, refused.json()["error"]["code"]) == (4, "owner_not_proved")
    assert flux("payments", "list", "-q").out == ""


def test_whoever_is_configured_needs_no_owner_to_be_named(flux: Flux, ledger: Path) -> None:
    assert flux(*WANTED, "--brain", "offline").code == 0


def test_the_same_request_replays_from_a_copy_of_the_ledger(
    flux: Flux, home: Path, ledger: Path, owner: str
) -> None:
    files = {path.name: path.read_bytes() for path in home.glob("flux.db*")}
    live = flux(*WANTED, "--record", "--cassette", "tape.jsonl", "--idempotency-key", "k")
    said = []
    for _ in range(2):
        for path in home.glob("flux.db*"):
            path.unlink()
        for name, content in files.items():
            (home / name).write_bytes(content)
            (home / name).chmod(0o600)
        replay = (*WANTED, "--brain", "replay", "--cassette", "tape.jsonl")
        again = flux(*replay, "--idempotency-key", "k", FLUX_OWNER_TOKEN_FILE=owner)
        said.append(again.out)

    assert said[0] == said[1]
    assert timeless(json.loads(said[0])) == timeless(live.json())


WRONG = [
    (("--record",), "say which recording"),
    (("--brain", "replay"), "say which recording"),
    (("--cassette", "x"), "--cassette goes with --record"),
    (("--brain", "replay", "--record", "--cassette", "x"), "there is nothing to record"),
    (("--brain", "gpt"), "'gpt' is not one of 'offline', 'llm', 'replay'"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_options_that_do_not_go_together_are_refused(
    flux: Flux, ledger: Path, options: tuple[str, ...], said: str
) -> None:
    refused = flux(*WANTED, *options)

    assert refused.code == 2
    assert said in refused.json()["error"]["message"]


def test_a_recording_is_never_written_over(flux: Flux, ledger: Path) -> None:
    Path("tape.jsonl").write_text("mine")

    refused = flux(*WANTED, "--record", "--cassette", "tape.jsonl")

    assert (refused.code, Path("tape.jsonl").read_text()) == (2, "mine")


def test_a_cassette_holds_no_secret(flux: Flux, home: Path, ledger: Path) -> None:
    config = home / "live.toml"
    with ChatServer() as chat:
        keyed = '[providers.local]\nkey_env = "LOCAL_KEY"'
        config.write_text(settings(chat).replace("[providers.local]", keyed))
        recording = (*WANTED, "--record", "--cassette", "tape.jsonl", "--config", str(config))
        done = flux(*recording, LOCAL_KEY="sk-canary-1234")

    assert done.code in (0, 3), done.err
    assert any("sk-canary-1234" in str(asked.headers) for asked in chat.asked)
    assert "canary" not in Path("tape.jsonl").read_text()
