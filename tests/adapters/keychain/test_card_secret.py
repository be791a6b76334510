"""Where the card secret is kept: in a real keyring, else in a private file, and never in both."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest

from flux_cli.adapters.keychain import CardSecret, keyring_item, watchdog
from flux_cli.errors import StorageFailed


class Ring:
    """A keyring that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))


class Forgetful(Ring):
    """It says that it has stored, and has not."""

    def set_password(self, service: str, name: str, value: str) -> None:
        return None


class Broken(Ring):
    def set_password(self, service: str, name: str, value: str) -> None:
        raise RuntimeError("no bus")


class Silent(Ring):
    """It waits for a window that nobody sees."""

    def set_password(self, service: str, name: str, value: str) -> None:
        time.sleep(30)


def named(ring: Ring, name: str) -> Ring:
    """The ring as an instance of another class by that name."""
    module, _, kind = name.rpartition(".")
    ring.__class__ = type(kind, (type(ring),), {"__module__": module})
    return ring


REAL = "keyring.backends.SecretService.Keyring"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Make a ring the one in use."""
    return lambda ring: monkeypatch.setattr(keyring, "get_keyring", lambda: ring)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "flux.db"


def made(ledger: Path) -> CardSecret:
    secret = CardSecret(ledger, "424242")
    secret.prepare(create=True)
    return secret


def test_118_without_a_real_keyring_it_is_a_private_file(ledger: Path) -> None:
    secret = made(ledger)
    assert stat.S_IMODE(secret.path.stat().st_mode) == 0o600
    assert len(secret.path.read_bytes()) == 32
    assert (secret.place(), secret.fault()) == (f"0600 {secret.path}", None)
    assert CardSecret(ledger, "424242").number("card_1") == secret.number("card_1")


@pytest.mark.parametrize(
    "name",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyrings.alt.file.PlaintextKeyring",
        "keyrings.alt.file.EncryptedKeyring",
        "somebodys.backends.SecretService.Keyring",
    ],
)
def test_118_a_keyring_that_is_not_on_the_list_gets_no_secret(
    name: str, ledger: Path, use: Callable[[Any], None]
) -> None:
    ring = named(Ring(), name)
    use(ring)
    assert made(ledger).place().startswith("0600 ")
    assert ring.kept == {}


@pytest.mark.parametrize("name", sorted(keyring_item.REAL))
def test_a_real_keyring_has_the_secret_and_the_file_only_says_so(
    name: str, ledger: Path, use: Callable[[Any], None]
) -> None:
    ring = named(Ring(), name)
    use(ring)
    secret = made(ledger)
    [kept] = ring.kept.values()
    assert len(bytes.fromhex(kept)) == 32
    text = secret.path.read_text()
    assert kept not in text
    assert secret.path.stat().st_mode & 0o777 == 0o600
    assert secret.place() == f"OS keyring ({name.split('.')[-2]})"
    assert CardSecret(ledger, "424242").number("card_1") == secret.number("card_1")


def test_a_real_keyring_in_a_chain_is_found(ledger: Path, use: Callable[[Any], None]) -> None:
    ring, chain = named(Ring(), REAL), Ring()
    chain.backends = [named(Ring(), "keyrings.alt.file.PlaintextKeyring"), ring]  # type: ignore[attr-defined]
    use(chain)
    made(ledger)
    assert len(ring.kept) == 1


@pytest.mark.parametrize("kind", [Forgetful, Broken, Silent])
def test_a_keyring_that_does_not_give_it_back_in_time_is_not_used(
    kind: type[Ring],
    ledger: Path,
    use: Callable[[Any], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "SECONDS", 0.2)
    use(named(kind(), REAL))
    secret = made(ledger)
    assert secret.place() == f"0600 {secret.path}"


@pytest.mark.parametrize("change", ["gone", "emptied", "silent"])
def test_a_keyring_that_is_then_gone_is_a_failure_and_no_second_secret(
    change: str, ledger: Path, use: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = named(Ring(), REAL)
    use(ring)
    before = made(ledger).path.read_bytes()
    if change == "gone":
        use(named(Ring(), "keyring.backends.fail.Keyring"))
    elif change == "emptied":
        ring.kept.clear()
    else:
        monkeypatch.setattr(watchdog, "SECONDS", 0.2)
        monkeypatch.setattr(Ring, "get_password", lambda *_: time.sleep(30))
    again = CardSecret(ledger, "424242")
    with pytest.raises(StorageFailed, match="SecretService"):
        again.prepare(create=True)
    assert again.path.read_bytes() == before


def test_a_secret_in_a_file_stays_there_when_a_keyring_comes(
    ledger: Path, use: Callable[[Any], None]
) -> None:
    number = made(ledger).number("card_1")
    ring = named(Ring(), REAL)
    use(ring)
    assert made(ledger).number("card_1") == number
    assert ring.kept == {}


def test_a_secret_that_is_gone_is_not_made_anew(ledger: Path) -> None:
    secret = made(ledger)
    secret.path.unlink()
    with pytest.raises(StorageFailed, match="is gone") as caught:
        CardSecret(ledger, "424242").number("card_1")
    assert caught.value.fixes
    assert not secret.path.exists()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33, b"keyring\nSecretService\n"])
def test_a_file_that_holds_no_secret_is_a_failure(content: bytes, ledger: Path) -> None:
    secret = CardSecret(ledger, "424242")
    secret.path.write_bytes(content)
    assert secret.fault() == f"{secret.path} holds no secret"
    with pytest.raises(StorageFailed, match="does not hold"):
        secret.prepare(create=True)


def test_118_a_file_that_others_may_read_is_told(ledger: Path) -> None:
    secret = made(ledger)
    secret.path.chmod(0o644)
    assert secret.fault() == "others may read it (mode 0644, not 0600)"


def test_a_place_that_cannot_be_read_is_told(ledger: Path) -> None:
    secret = CardSecret(ledger, "424242")
    secret.path.mkdir()
    assert secret.fault() == f"{secret.path} cannot be read: Is a directory"
    with pytest.raises(StorageFailed, match="cannot read"):
        secret.place()


def test_many_that_make_it_at_once_have_one(ledger: Path) -> None:
    together, numbers = threading.Barrier(12), set[str]()

    def race() -> None:
        together.wait()
        numbers.add(made(ledger).number("card_1")[0])

    threads = [threading.Thread(target=race) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(numbers) == 1
    assert sorted(path.name for path in ledger.parent.iterdir() if "secret" in path.name) == [
        "flux.db.card-secret"
    ]


def test_83_numbers_cvvs_and_fingerprints_come_from_the_secret_alone(tmp_path: Path) -> None:
    here, there = made(tmp_path / "a.db"), made(tmp_path / "b.db")
    number, fingerprint = here.number("card_1")
    assert there.number("card_1")[0] != number
    assert there.fingerprint(number) != fingerprint == here.fingerprint(number)
    assert here.seal("a message") != there.seal("a message")
    cvvs = [here.cvv(number, f"{month:02}/27") for month in range(1, 13)]
    assert all(len(cvv) == 3 and cvv.isdigit() for cvv in cvvs)
    assert len(set(cvvs)) > 6
    assert cvvs != [there.cvv(number, f"{month:02}/27") for month in range(1, 13)]


def test_reads_and_help_touch_no_keyring(
    flux: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, ledger: Path
) -> None:
    def touched() -> None:
        raise AssertionError("the keyring was touched")

    assert flux("init", "--db", str(ledger)).code == 0
    monkeypatch.setattr(keyring, "get_keyring", touched)
    monkeypatch.setattr(keyring_item, "_real_ring", touched)
    for line in (("cards", "--help"), ("cards", "list"), ("doctor",), ("status",)):
        ended = flux(*line, "--db", str(ledger)) if line[-1] != "--help" else flux(*line)
        assert ended.code == 0, ended.err
    assert not ledger.with_name("flux.db.card-secret").exists()


@pytest.mark.parametrize(
    "use",
    [
        "from flux_cli.adapters.keychain.keyring_item import keyrings; keyrings().get_keyring()",
        "from flux_cli.signer import keys; keys._keyring()",
    ],
)
def test_to_look_for_a_keyring_runs_no_program_from_the_path(use: str, tmp_path: Path) -> None:
    for name in ("gcc", "cc", "ld", "objdump"):
        trap = tmp_path / name
        trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n", encoding="utf-8")
        trap.chmod(0o700)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    code = f"try:\n    {use}\nexcept Exception as error:\n    print(type(error).__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout in (b"", b"NoKey\n")
    assert [path.name for path in tmp_path.glob("ran-*")] == []
