"""One secret in the operating system's keyring, if there is a real one that answers in time."""

from __future__ import annotations

from typing import Any

from flux_cli.adapters.keychain.watchdog import within

REAL = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
    }
)
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


def _real_ring() -> Any:
    """The keyring in use if it is a real one, or the first real one of a chain of them."""
    import keyring  # 0.1 s and a bus: only the making and reading of the secret pay for it

    ring = keyring.get_keyring()
    rings = getattr(ring, "backends", [ring])
    return next((one for one in rings if _named(one) in REAL), None)
