"""`flux auth`, `flux doctor --online`: secrets come in by no command line and never go out."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from tests.doubles.chat_server import ChatServer, says, status
from tests.usecases.live_economy import settings

Flux = Callable[..., Any]
SECRET = "sk-canary-0123456789"


class Memory(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise PasswordDeleteError
        del self.kept[service, username]


@pytest.fixture
def memory() -> Iterator[Memory]:
    before, mine = keyring.get_keyring(), Memory()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put bytes on stdin."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def test_a_key_from_stdin_is_kept_shown_by_its_source_and_removed(
    flux: Flux, memory: Memory, typed: Callable[[bytes], None]
) -> None:
    typed(f"{SECRET}\n".encode())

    kept = flux("auth", "set", "openai", "--json")
    status_ = flux("auth", "status", "--json")
    gone = flux("auth", "rm", "openai", "--json")
    again = flux("auth", "rm", "openai", "--json")

    assert (kept.code, kept.json()["key"]) == (0, "keyring")
    rows = {row["provider"]: row["key"] for row in status_.json()["data"]}
    assert rows == {"anthropic": "none", "openai": "keyring", "xai": "none"}
    assert (gone.json()["removed"], gone.json()["key"]) == (True, "none")
    assert (again.code, again.json()["removed"]) == (0, False)
    assert memory.kept == {}
    assert not any(
        "canary" in text for e in (kept, status_, gone, again) for text in (e.out, e.err)
    )


def test_a_key_from_a_file_is_kept_and_the_environment_still_goes_before_it(
    flux: Flux, memory: Memory
) -> None:
    Path("key.txt").write_text(SECRET)

    kept = flux("auth", "set", "openai", "--from-file", "key.txt", OPENAI_API_KEY="sk-other")

    assert (
        "the one from the environment goes before it"
        in flux(
            "auth", "set", "openai", "--from-file", "key.txt", tty=True, OPENAI_API_KEY="sk-other"
        ).err
    )
    assert (kept.code, memory.kept) == (0, {("flux", "openai"): SECRET})


def test_no_command_takes_a_secret_as_an_argument(flux: Flux, memory: Memory) -> None:
    refused = flux("auth", "set", "openai", SECRET)

    assert (refused.code, memory.kept) == (2, {})


BAD = [
    (b"", "stdin holds no key"),
    (b"\n", "stdin holds no key"),
    (b"one\ntwo\n", "stdin holds more than a key"),
    (b"x" * 5000, "stdin holds more than a key"),
    (b"sk canary", "the key holds a key with spaces in it"),
    (b"sk-\xff", "the key holds no usable key"),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_what_cannot_be_a_key_is_refused_and_not_quoted(
    flux: Flux, memory: Memory, typed: Callable[[bytes], None], content: bytes, said: str
) -> None:
    typed(content)

    refused = flux("auth", "set", "openai", "--json")

    assert (refused.code, refused.json()["error"]["message"], memory.kept) == (2, said, {})


def test_an_unknown_provider_is_named_with_those_there_are(flux: Flux, memory: Memory) -> None:
    for verb in ("set", "test", "rm"):
        refused = flux("auth", verb, "nobody", "--json")
        assert refused.code == 5
        assert "there are anthropic, openai, xai" in refused.json()["error"]["message"]


def test_a_machine_without_a_keyring_says_what_to_do(
    flux: Flux, typed: Callable[[bytes], None]
) -> None:
    typed(SECRET.encode())
    before = keyring.get_keyring()
    try:
        from keyring.backends.fail import Keyring

        keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]
        refused = flux("auth", "set", "openai", "--json")
    finally:
        keyring.set_keyring(before)

    assert (refused.code, refused.json()["error"]["code"]) == (4, "keyring_unusable")
    assert "canary" not in refused.out + refused.err


def configured(home: Path, chat: ChatServer) -> tuple[str, str]:
    file = home / "live.toml"
    keyed = '[providers.local]\nkey_env = "LOCAL_KEY"'
    file.write_text(settings(chat).replace("[providers.local]", keyed))
    return "--config", str(file)


def test_a_provider_is_tested_with_one_small_question(flux: Flux, home: Path) -> None:
    with ChatServer(other=says("ok")) as chat:
        config = configured(home, chat)
        keyless = flux("auth", "test", "local", "--json", *config)
        assert len(chat.asked) == 0
        good = flux("auth", "test", "local", "--json", *config, LOCAL_KEY=SECRET)
        chat.other = status(401)
        refused = flux("auth", "test", "local", "--json", *config, LOCAL_KEY=SECRET)
        chat.other = status(400)
        broken = flux("auth", "test", "local", "--json", *config, LOCAL_KEY=SECRET)

    assert (keyless.code, keyless.json()["detail"]) == (4, "no key for local: set LOCAL_KEY")
    assert (good.code, good.json()["ok"], good.json()["host"]) == (0, True, chat.host)
    assert (refused.code, refused.json()["detail"]) == (4, "status 401")
    assert (broken.code, broken.json()["detail"]) == (7, "status 400")
    assert not any("canary" in one.out + one.err for one in (keyless, good, refused, broken))


def test_doctor_asks_nobody_unless_told_to(flux: Flux, home: Path) -> None:
    with ChatServer(other=says("ok")) as chat:
        config = configured(home, chat)
        offline = flux("doctor", "--json", *config, LOCAL_KEY=SECRET)
        assert chat.asked == []
        online = flux("doctor", "--online", "--json", *config, LOCAL_KEY=SECRET)
        assert len(chat.asked) == 1
    dead = flux("doctor", "--online", "--json", *config, LOCAL_KEY=SECRET)
    keyless = flux("doctor", "--online", "--json", *config)

    assert (offline.code, online.code, dead.code, keyless.code) == (0, 0, 7, 4)
    rows = {row["name"]: row for row in online.json()["checks"]}
    assert rows["local"]["state"] == "ok"
    assert rows["brain"]["found"].startswith("5 of five seats by models")
    assert dead.json()["ok"] is False


def test_doctor_online_with_rules_only_has_nobody_to_ask(flux: Flux) -> None:
    done = flux("doctor", "--online", "--json")

    rows = {row["name"]: row["found"] for row in done.json()["checks"]}
    assert (done.code, rows["online"]) == (0, "nobody to ask: every seat answers by rules")
