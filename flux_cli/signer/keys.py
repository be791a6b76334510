"""Where the wallet key is: an allow-listed OS keyring, or a keystore V3 file with a passphrase.

Nothing else: no environment variable, no plain file, no keyring that only pretends to keep. The
key is bound to its address: what is read back must be the key of that address.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flux_cli.signer import keystore
from flux_cli.signer.encoding import checksum, keccak
from flux_cli.signer.policy import write_private

SERVICE = "flux-wallet"
KEYRINGS = {
    "linux": (("SecretService", "Keyring"), ("kwallet", "DBusKeyring")),
    "darwin": (("macOS", "Keyring"),),
    "win32": (("Windows", "WinVaultKeyring"),),
}
"""The keyrings that keep a secret encrypted and ask for a login; any other is refused.

Only this system's are loaded: to load macOS's elsewhere runs compilers to look for its libraries.
"""

KEYRING_SECONDS = 3.0
LOCKED = "the keyring is locked or does not answer: unlock it, or log in to the desktop first"
LONGEST_PASSPHRASE = 1024
T = TypeVar("T")


class NoKey(Exception):
    """The key cannot be had; `code` is stable, the message says why and what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Secret:
    """A private key in as few hands as can be: it signs, and it is never printed or pickled."""

    __slots__ = ("_key", "address")

    def __init__(self, raw: bytes) -> None:
        from coincurve import PrivateKey

        try:
            self._key = PrivateKey(raw)
        except ValueError:
            raise NoKey("invalid_key", "that is no private key of this curve") from None
        self.address = checksum(keccak(self._key.public_key.format(compressed=False)[1:])[12:])

    def __repr__(self) -> str:
        return f"<the key of {self.address}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a key is not copied")

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """(parity, r, s) over 32 bytes; the same every time (RFC 6979), s in its lower half."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:64])
        return signature[64], r, s

    def raw(self) -> bytes:
        """The key itself, for the keystore or keyring it is put into, and for the seal."""
        return bytes(self._key.secret)


def read_place(folder: Path) -> tuple[str, str]:
    """(`keyring` or `keystore`, address) of the key that was set. Raises `NoKey`."""
    try:
        place = json.loads((folder / "key").read_text(encoding="utf-8"))
        where, address = place["where"], place["address"]
    except (OSError, ValueError, LookupError, TypeError):
        raise NoKey("no_key", "no wallet key is set") from None
    return str(where), str(address)


def unlock(folder: Path, passphrase: Callable[[], str]) -> Secret:
    """The key that was set, checked against its address. Raises `NoKey`."""
    where, address = read_place(folder)
    if where == "keystore":
        secret = Secret(_from_keystore(folder / "keystore.json", passphrase()))
    else:
        found = _watched(lambda: _keyring().get_password(SERVICE, address))
        if found is None:
            raise NoKey("key_missing", f"the keyring has no key for {address}")
        secret = Secret(_digits(found))
    if secret.address != address:
        raise NoKey("wrong_key", f"what is kept is not the key of {address}")
    return secret


def keep(folder: Path, secret: Secret, where: str, passphrase: Callable[[], str]) -> None:
    """Put a key where it is to stay, and read it back. Raises `NoKey`."""
    if where == "keystore":
        write_keystore(folder / "keystore.json", secret, passphrase())
    else:
        ring, spelled = _keyring(), secret.raw().hex()
        _watched(lambda: ring.set_password(SERVICE, secret.address, spelled))
        if _watched(lambda: ring.get_password(SERVICE, secret.address)) != spelled:
            raise NoKey("keyring_forgets", "the keyring took the key and does not give it back")
    place = {"where": where, "address": secret.address}
    write_private(folder / "key", json.dumps(place).encode())


def forget(folder: Path) -> str:
    """Remove the key and give its address. Raises `NoKey`."""
    where, address = read_place(folder)
    if where == "keystore":
        (folder / "keystore.json").unlink(missing_ok=True)
    else:
        _watched(lambda: _keyring().delete_password(SERVICE, address))
    (folder / "key").unlink()
    return address


def write_keystore(path: Path, secret: Secret, passphrase: str) -> None:
    """An encrypted keystore V3 file (scrypt), owner-only."""
    if not passphrase:
        raise NoKey("no_passphrase", "a keystore has a passphrase")
    write_private(path, keystore.lock(secret.raw(), passphrase).encode())


def _from_keystore(path: Path, passphrase: str) -> bytes:
    try:
        return keystore.unlock(path.read_text(encoding="utf-8"), passphrase)
    except OSError as error:
        raise NoKey("key_missing", f"cannot read the keystore: {error.strerror}") from None
    except ValueError:
        raise NoKey("wrong_passphrase", "the passphrase does not open the keystore") from None


def new_secret() -> Secret:
    """A fresh random key."""
    return Secret(secrets.token_bytes(32))


def secret_from(text: str) -> Secret:
    """A key from its 64 hexadecimal digits. Raises `NoKey`, which never repeats them."""
    return Secret(_digits(text.strip()))


def _digits(text: str) -> bytes:
    digits = text.removeprefix("0x")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if len(digits) != 64 or len(raw) != 32:
        raise NoKey("invalid_key", "a private key has 64 hexadecimal digits")
    return raw


def asked(descriptor: int | None, what: str) -> str:
    """A secret from a file descriptor, else typed at the terminal. Raises `NoKey`."""
    if descriptor is not None:
        try:
            data = os.read(descriptor, LONGEST_PASSPHRASE + 1)
        except OSError as error:
            raise NoKey("no_passphrase", f"cannot read descriptor {descriptor}: {error}") from None
        text = data.decode(errors="replace").splitlines()[0] if data else ""
        if not text or len(data) > LONGEST_PASSPHRASE:
            raise NoKey("no_passphrase", f"descriptor {descriptor} gave nothing that can be used")
        return text
    try:
        with open("/dev/tty", "r+b", buffering=0):
            return getpass.getpass(f"{what}: ")
    except (OSError, EOFError):
        reason = f"{what} is wanted, and there is no terminal to ask at"
        raise NoKey("no_passphrase", f"{reason}; give it on a descriptor") from None


def _keyring() -> Any:
    """The best allow-listed keyring that works here. Raises `NoKey`."""
    import importlib

    found = []
    for module, name in KEYRINGS.get(sys.platform, ()):
        try:
            backend = getattr(importlib.import_module(f"keyring.backends.{module}"), name)
            found.append((float(backend.priority), backend))
        except Exception:  # noqa: S112 - what is not for this machine says so in many ways
            continue
    if not found:
        reason = "no OS keyring works here (Secret Service, KWallet, macOS or Windows)"
        raise NoKey("no_keyring", f"{reason}; use --keystore with a passphrase instead")
    return max(found, key=lambda pair: pair[0])[1]()


def _watched(call: Callable[[], T]) -> T:
    """The answer of a keyring, which may hang while it is locked. Raises `NoKey`."""
    answer: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(call())
        except BaseException as error:  # keyrings raise what they like; it is told below
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(KEYRING_SECONDS)
    if thread.is_alive():
        raise NoKey("keyring_locked", LOCKED)
    if failure:
        kind = type(failure[0]).__name__
        if "Lock" in kind:
            raise NoKey("keyring_locked", LOCKED)
        raise NoKey("keyring_failed", f"the keyring refused: {kind}")
    return answer[0]
