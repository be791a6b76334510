"""One secret in the operating system's keyring, if there is a real one that answers in time."""

from __future__ import annotations

import os
import sys
from functools import cache
from types import ModuleType
from typing import Any

from flux_cli.adapters.keychain.watchdog import within

BY_PLATFORM = {
    "linux": ("keyring.backends.SecretService.Keyring", "keyring.backends.kwallet.DBusKeyring"),
    "darwin": ("keyring.backends.macOS.Keyring",),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
}
REAL = frozenset(name for names in BY_PLATFORM.values() for name in names)
"""The backends that keep a secret; others write plain text, or store nothing and say it is done."""


def keep(service: str, name: str, secret: bytes) -> str | None:
    """The backend that now has `secret` and has given it back, or None where none has."""
    try:
        ring = within(_real_ring)
        if ring is None:
            return None
        within(lambda: ring.set_password(service, name, secret.hex()))
        given = within(lambda: ring.get_password(service, name))
    except Exception:
        # Backends raise what their bus, wallet or vault raises; each means that this one does not
        # keep secrets here, and the caller's file does.
        return None
    return _named(ring).split(".")[-2] if given == secret.hex() else None


def read(service: str, name: str) -> bytes | None:
    """The secret of this name, or None where the keyring does not give it."""
    try:
        ring = within(_real_ring)
        given = None if ring is None else within(lambda: ring.get_password(service, name))
        return None if given is None else bytes.fromhex(given)
    except Exception:
        # As above; that the secret cannot be had is for the caller to say.
        return None


def _named(ring: object) -> str:
    return f"{type(ring).__module__}.{type(ring).__name__}"


def keyrings() -> ModuleType:
    """The library, with the keyring that its user chose for it or the best real one of this system.

    Its own search loads those of every system, and macOS's runs ldconfig, gcc and ld from the path.
    """
    import keyring  # 0.1 s and a bus: only the making and reading of a secret pay for it

    if "PYTHON_KEYRING_BACKEND" not in os.environ:
        _choose()
    return keyring


@cache
def _choose() -> None:
    from keyring import core

    ring = core.load_config() or max(_working(), key=_priority, default=None)
    core.set_keyring(ring or core.load_keyring("keyring.backends.fail.Keyring"))


def _working() -> list[Any]:
    from keyring import core

    found = []
    for name in BY_PLATFORM.get(sys.platform, ()):
        try:
            found.append(core.load_keyring(name))
        except Exception:  # noqa: S112 - what is not for this machine says so in many ways
            continue
    return found


def _priority(ring: Any) -> float:
    return float(ring.priority)


def _real_ring() -> Any:
    """The keyring in use if it is a real one, or the first real one of a chain of them."""
    ring = keyrings().get_keyring()
    rings = getattr(ring, "backends", [ring])
    return next((one for one in rings if _named(one) in REAL), None)
