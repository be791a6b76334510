"""What is configured is what is asked: which seats, with which keys, and what rests unloaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flux_cli.bootstrap_brains import LoadedBrain, patience_of, probe_provider
from flux_cli.config import Config, load_config
from flux_cli.domain.quorum import SEATS, BallotError, Vote
from flux_cli.errors import NotFound
from flux_cli.usecases.brain_ports import BallotQuestion
from tests.adapters.brains.live_case import SOUND
from tests.doubles.chat_server import ChatServer, Handler, status, votes
from tests.usecases.live_economy import settings

CANARY = "sk-canary-3a7c"


def configured(folder: Path, chat: ChatServer, *, key: str = "", **settled: object) -> Config:
    text = settings(chat, **settled)  # type: ignore[arg-type]
    file = folder / "config.toml"
    file.write_text(text.replace("[providers.local]", f'[providers.local]\nkey_env = "{key}"'))
    return load_config({"ledger.path": str(folder / "f.db")}, {}, folder, user_file=file)


def test_only_the_seats_that_are_set_to_a_model_ask_one(tmp_path: Path) -> None:
    with ChatServer() as chat:
        config = configured(tmp_path, chat, live=("risk", "data"))
        brain = LoadedBrain(config)
        backends = {seat: brain.ask(BallotQuestion(seat, SOUND)).backend for seat in SEATS}

    assert backends == dict.fromkeys(SEATS, "rule") | {"risk": "llm", "data": "llm"}
    assert dict(patience_of(config).models) == {"risk": 10, "data": 10}
    assert chat.counts == {"risk": 1, "data": 1}


def test_the_key_is_read_from_its_variable_when_a_model_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer() as chat:
        config = configured(tmp_path, chat, key="LOCAL_API_KEY")
        brain = LoadedBrain(config)
        monkeypatch.setenv("LOCAL_API_KEY_FILE", str(tmp_path / "key"))
        (tmp_path / "key").write_text(f"{CANARY}\n")
        assert brain.ask(BallotQuestion("cfo", SOUND)).backend == "llm"

    assert chat.asked[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in f"{config!r} {vars(brain)!r}"


def test_a_key_that_cannot_be_read_is_no_vote_and_is_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", f"{CANARY} with spaces")
    with ChatServer() as chat:
        brain = LoadedBrain(configured(tmp_path, chat, key="LOCAL_API_KEY"))
        answered = brain.ask(BallotQuestion("cfo", SOUND))

    assert (answered.value.vote, answered.error) == (Vote.ABSTAIN, BallotError.TRANSPORT)
    assert "LOCAL_API_KEY holds a key with spaces" in answered.value.reasons[0].text
    assert CANARY not in repr(answered)
    assert chat.counts == {}


def test_a_price_is_the_models_own_or_everybodys(tmp_path: Path) -> None:
    with ChatServer() as chat:
        config = configured(tmp_path, chat)
        text = (tmp_path / "config.toml").read_text()
        (tmp_path / "config.toml").write_text(text.replace('"* 1.00', '"cfo 3.00/5.00, * 1.00'))
        config = load_config({}, {}, tmp_path, user_file=tmp_path / "config.toml")
        brain = LoadedBrain(config)
        costs = {seat: brain.ask(BallotQuestion(seat, SOUND)).cost.units for seat in SEATS}

    assert costs == dict.fromkeys(SEATS, 1100) | {"cfo": 3 * 1000 + 5 * 100}


def test_a_probe_says_whether_the_provider_answers(tmp_path: Path) -> None:
    def silent(handler: Handler, asked: object) -> None:
        handler.close_connection = True

    with ChatServer({"cfo": [votes(), status(401), silent]}) as chat:
        config = configured(tmp_path, chat)
        probes = [probe_provider(config, "local") for _ in range(3)]

    assert [(probe.ok, probe.detail) for probe in probes] == [
        (True, "answers"),
        (False, "status 401"),
        (False, "RemoteProtocolError"),
    ]
    assert {(probe.provider, probe.model, probe.host) for probe in probes} == {
        ("local", "cfo", chat.host)
    }
    with pytest.raises(NotFound):
        probe_provider(config, "nobody")


def test_rules_load_no_client() -> None:
    probe = (
        "import sys; from pathlib import Path; from flux_cli.config import load_config;"
        "from flux_cli.bootstrap_brains import LoadedBrain;"
        "from flux_cli.usecases.brain_ports import PlanQuestion;"
        "brain = LoadedBrain(load_config({}, {}, Path('/')));\n"
        "try: brain.ask(PlanQuestion('x', '', (), {}, ('a',)))\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(sorted({'httpx2', 'stamina', 'keyring', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True)

    assert done.stdout == "CannotPlan\n[]\n"
