"""The providers' API keys: from the environment, a file it names, or the system's keyring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flux_cli.adapters.keychain import watchdog
from flux_cli.adapters.keychain.keyring_item import keyrings
from flux_cli.errors import Fix, InvalidInput, KeyringUnusable

T = TypeVar("T")

SERVICE = "flux"
LONGEST_KEY = 4096


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where one provider's key may be: the variable that holds it, and the provider's name."""

    provider: str
    variable: str


def read(place: KeyPlace, environ: Mapping[str, str]) -> str | None:
    """The key, or None where there is none: variable, then `_FILE`, then keyring.

    Raises `InvalidInput` for a file or a key that cannot be used; a keyring that cannot be used
    holds nothing.
    """
    return _found(place, environ)[1]


def source(place: KeyPlace, environ: Mapping[str, str]) -> str:
    """`environment`, `file`, `keyring` or `none`: where the key comes from, never the key."""
    return _found(place, environ)[0]


def _found(place: KeyPlace, environ: Mapping[str, str]) -> tuple[str, str | None]:
    if environ.get(place.variable):
        return "environment", _usable(environ[place.variable], place.variable)
    named = f"{place.variable}_FILE"
    if environ.get(named):
        return "file", _usable(_file(Path(environ[named]), named), named)
    try:
        kept = _watched(lambda: keyrings().get_password(SERVICE, place.provider))
    except KeyringUnusable:
        return "none", None
    return ("keyring", _usable(kept, "the keyring")) if kept else ("none", None)


def store(place: KeyPlace, secret: str) -> None:
    """Keep the key in the keyring, and read it back: one that forgets is refused.

    Raises `KeyringUnusable`, and `InvalidInput` for what cannot be a key.
    """
    secret = _usable(secret, "the key")

    def keep() -> bool:
        ring = keyrings()
        ring.set_password(SERVICE, place.provider, secret)
        return bool(ring.get_password(SERVICE, place.provider) == secret)

    if not _watched(keep):
        raise _unusable("it does not keep what it is given", place)


def forget(place: KeyPlace) -> bool:
    """Take the key out of the keyring; whether there was one. Raises `KeyringUnusable`."""

    def remove() -> bool:
        ring = keyrings()
        if ring.get_password(SERVICE, place.provider) is None:
            return False
        ring.delete_password(SERVICE, place.provider)
        return True

    return _watched(remove)


def _usable(text: str, place: str) -> str:
    """A key fit for a header; the message never quotes it."""
    key = text.strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidInput(f"{place} holds no usable key", param=place)
    if " " in key:
        raise InvalidInput(f"{place} holds a key with spaces in it", param=place)
    return key


def _file(path: Path, variable: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST_KEY + 2).decode("ascii", "replace")
    except OSError as error:
        raise InvalidInput(
            f"{variable} names a file that cannot be read: {error.strerror}", param=variable
        ) from None


def _watched(action: Callable[[], T]) -> T:
    """Do something with the keyring, whatever it raises or however long it hangs."""
    try:
        return watchdog.within(action)
    except watchdog.NoReply:
        raise _unusable(f"it did not answer in {watchdog.SECONDS:g} s") from None
    except Exception as error:
        # Its own message may quote what it was given; its kind is enough.
        raise _unusable(type(error).__name__) from None


def _unusable(why: str, place: KeyPlace | None = None) -> KeyringUnusable:
    variable = place.variable if place else "the provider's variable"
    return KeyringUnusable(
        f"the keyring cannot be used: {why}",
        fixes=(Fix(f"set {variable}, or {variable}_FILE to a file that holds the key"),),
    )
