"""One secret in the operating system's keyring, if there is a real one that answers in time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

SERVICE = "flux card secret"

SECONDS = 3.0
"""How long any one call may take: a keyring may wait for a window that nobody sees."""

REAL = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
    }
)
"""The backends that keep a secret; others write plain text, or store nothing and say it is done."""


def keep(name: str, secret: bytes) -> str | None:
    """The backend that now has `secret` and has given it back, or None where none has."""
    try:
        ring = _within(_real_ring)
        if ring is None:
            return None
        _within(lambda: ring.set_password(SERVICE, name, secret.hex()))
        given = _within(lambda: ring.get_password(SERVICE, name))
    except Exception:
        # Backends raise what their bus, wallet or vault raises; each means that this one does not
        # keep secrets here, and the caller's file does.
        return None
    return _named(ring).split(".")[-2] if given == secret.hex() else None


def read(name: str) -> bytes | None:
    """The secret of this name, or None where the keyring does not give it."""
    try:
        ring = _within(_real_ring)
        given = None if ring is None else _within(lambda: ring.get_password(SERVICE, name))
        return None if given is None else bytes.fromhex(given)
    except Exception:
        # As above; that the secret cannot be had is for the caller to say.
        return None


def _named(ring: object) -> str:
    return f"{type(ring).__module__}.{type(ring).__name__}"


def _real_ring() -> Any:
    """The keyring in use if it is a real one, or the first real one of a chain of them."""
    import keyring  # 0.1 s and a bus: only the making and reading of the secret pay for it

    ring = keyring.get_keyring()
    rings = getattr(ring, "backends", [ring])
    return next((one for one in rings if _named(one) in REAL), None)


def _within(task: Callable[[], T]) -> T:
    """What `task` gives within the time; raises `TimeoutError`, and whatever it raises."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(task())
        except BaseException as error:
            failure.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    if failure:
        raise failure[0]
    if not outcome:
        raise TimeoutError(f"the keyring did not answer in {SECONDS} s")
    return outcome[0]
