"""The deliverer is killed by SIGKILL where it hurts: nothing is lost, nothing gets a second id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_webhooks import open_webhooks
from flux_cli.config import load_config
from flux_cli.domain.agents import Freeze, freeze_id
from flux_cli.usecases.webhook_ports import WebhookDeps
from flux_cli.usecases.webhooks import add_webhook
from tests.doubles.webhook_receiver import TOOK, Received, Receiver

DELIVER = [sys.executable, "-m", "flux_cli", "webhooks", "deliver", "--json"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


@pytest.fixture
def hooks(
    flux: Callable[..., Any], receiver: Receiver, home: Path, monkeypatch: pytest.MonkeyPatch
) -> WebhookDeps:
    """A ledger with one endpoint, where `receiver` is."""
    path = home / "work" / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(path))
    assert flux("init", "-q").code == 0
    opened = open_webhooks(open_existing(load_config({"ledger.path": str(path)}, {}, home)))
    add_webhook(opened, receiver.url, ("freeze.told",), private=True)
    return opened


def happen(hooks: WebhookDeps, subject: str, times: int) -> None:
    for _ in range(times):
        with hooks.deps.store.begin() as tx:
            tx.put(Freeze(freeze_id(subject), False, "", tx.now), "freeze.told")


def deliver() -> subprocess.Popen[bytes]:
    return subprocess.Popen(DELIVER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


class Victim:
    """The process that delivers now; who asks for it while it starts is kept waiting."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        with self._starting:
            self._process = deliver()
        return ended(self._process)

    def kill(self) -> None:
        with self._starting:
            assert self._process is not None
            os.kill(self._process.pid, signal.SIGKILL)


def ended(process: subprocess.Popen[bytes]) -> int:
    process.communicate(timeout=120)
    return process.returncode


def test_127_killed_between_sending_and_recording_it_sends_again_with_the_same_id(
    hooks: WebhookDeps, receiver: Receiver
) -> None:
    happen(hooks, "kay", 1)
    victim = Victim()

    def kill_the_sender(_: Received) -> bytes:
        victim.kill()
        return TOOK

    receiver.say = kill_the_sender
    assert [victim.run(), victim.run()] == [-signal.SIGKILL] * 2
    receiver.say = lambda _: TOOK
    assert ended(deliver()) == 0
    assert (len(receiver.got), len({(one.id, one.body) for one in receiver.got})) == (3, 1)
    assert ended(deliver()) == 0
    assert len(receiver.got) == 3


def test_127_killed_at_any_message_nothing_is_lost_or_out_of_order(
    hooks: WebhookDeps, receiver: Receiver
) -> None:
    """Killed after the answer left, recorded or not: by its id the receiver takes each once."""
    for name in ("kay", "lee"):
        happen(hooks, name, 5)
    victim = Victim()

    def answer_then_kill(_: Received) -> bytes:
        if len(receiver.got) % 3 == 0:
            receiver.wire.file.write(TOOK)
            receiver.wire.file.flush()
            victim.kill()
            return b""
        return TOOK

    receiver.say = answer_then_kill
    kills, code = 0, -1
    while code:
        code = victim.run()
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert kills > 2
    first: dict[str, Received] = {}
    for one in receiver.got:
        known = first.setdefault(one.id, one)
        assert known.body == one.body
    assert len(first) == 10
    for name in (b"kay", b"lee"):
        bodies = [one.body for one in first.values() if name in one.body]
        assert [json.loads(body)["data"]["version"] for body in bodies] == [1, 2, 3, 4, 5]
    assert [f for finding in hooks.deps.store.verify() for f in finding.faults] == []


def test_127_of_processes_that_deliver_at_once_one_does_and_each_message_is_sent_once(
    hooks: WebhookDeps, receiver: Receiver
) -> None:
    for name in ("kay", "lee", "max"):
        happen(hooks, name, 4)
    codes = [ended(process) for process in [deliver() for _ in range(4)]]
    assert set(codes) <= {0, 7}
    assert 0 in codes
    assert Counter(receiver.ids) == Counter(dict.fromkeys(receiver.ids, 1))
    assert len(receiver.ids) == 12
