"""Opens Flux with another brain than is configured: rules, models, or a recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flux_cli.adapters.clock import RecordedIds, StoppedClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import open_flux
from flux_cli.bootstrap_brains import LoadedBrain, Probe, probe_provider
from flux_cli.config import Config
from flux_cli.domain.money import Money
from flux_cli.errors import Fix, InvalidConfig, NotFound
from flux_cli.usecases.brain_ports import Patience
from flux_cli.usecases.ports import Deps

if TYPE_CHECKING:
    from flux_cli.adapters.keychain.provider_keys import KeyPlace


@dataclass(frozen=True, slots=True)
class BrainWish:
    """Who is to answer instead of what is configured, and the cassette to play or to record.

    `most` is what models may cost this time, where that is less than is configured.
    """

    kind: Literal["offline", "llm", "replay"] | None = None
    cassette: Path | None = None
    record: bool = False
    most: Money | None = None


def open_with_brain(config: Config, wish: BrainWish, *, timeout: float | None = None) -> Deps:
    """`open_flux` with the brain that was wished for; nothing is asked or written yet.

    A recorded run does one task at a time, and so does its replay, whose clock stands still: from
    the same ledger, or from none, every replay is the same. Raises `InvalidInput` for a cassette
    that cannot be used, `InvalidConfig` for a seat whose provider is not set up, `StorageFailed`.
    """
    config = _with_backend(config, wish)
    deps = open_flux(config, timeout=timeout)
    if wish.most is not None:
        deps = replace(deps, brain=LoadedBrain(config, wish.most))
    if wish.cassette is None:
        return deps
    head, ledger_time = _stands_at(deps)
    deps = replace(deps, settings=replace(deps.settings, parallel=1))
    if wish.record:
        return _recording(deps, wish.cassette, head)
    return _replaying(config, deps, wish.cassette, (head, ledger_time), timeout)


def _with_backend(config: Config, wish: BrainWish) -> Config:
    """The configuration with seats, planner and specialists all answered as wished.

    Pictures are painted by whom they are set to, and offline by nobody.
    """
    if wish.kind not in ("offline", "llm"):
        return config
    seats = tuple(replace(seat, backend=wish.kind) for seat in config.quorum.seats)
    wanted = [seat.provider for seat in seats] + [config.brain.provider]
    for provider in wanted if wish.kind == "llm" else ():
        if provider not in config.providers:
            raise InvalidConfig(f"there is no [providers.{provider}]", param="--brain")
    quorum = replace(config.quorum, seats=seats)
    brain = replace(config.brain, backend=wish.kind, specialists=wish.kind)
    images = config.images
    if wish.kind == "offline":
        images = replace(images, backend="offline")
    return replace(config, quorum=quorum, brain=brain, images=images)


def _recording(deps: Deps, cassette: Path, head: str) -> Deps:
    from flux_cli.adapters.brains.recorded import RecordingBrain, new_header

    header = new_header(head)
    recording = RecordingBrain(deps.brain, cassette, header)
    return replace(deps, brain=recording, ids=RecordedIds(header.made_at, header.salt))


def _replaying(
    config: Config,
    deps: Deps,
    cassette: Path,
    stands_at: tuple[str, datetime | None],
    timeout: float | None,
) -> Deps:
    from flux_cli.adapters.brains.recorded import RecordedBrain
    from flux_cli.adapters.keychain.replayed import known_card_secret

    recorded = RecordedBrain(cassette)
    header, (head, ledger_time) = recorded.header, stands_at
    at = header.made_at if ledger_time is None else max(header.made_at, ledger_time)
    if ledger_time is None:
        known_card_secret(config.ledger.path, header.salt)
    store = SqliteStore(
        config.ledger.path,
        clock=StoppedClock(at),
        busy_timeout_seconds=timeout or config.ledger.busy_timeout_seconds,
    )
    # In a ledger that has moved on, the recording's own ids may be there already.
    salt = header.salt if head == header.head else f"{header.salt}|{head}"
    # Nobody is waited for, so the seats answer in their order.
    settings = replace(deps.settings, patience=Patience())
    ids = RecordedIds(at, salt)
    return replace(deps, store=store, brain=recorded, ids=ids, settings=settings)


def _stands_at(deps: Deps) -> tuple[str, datetime | None]:
    """The hash of the ledger's last movement, and its time; ("", None) where there is no ledger."""
    if not deps.store.path.exists():
        return "", None
    with deps.store.reading() as reader:
        return reader.head()[1], reader.ledger_time


def key_source(config: Config, provider: str, environ: Mapping[str, str]) -> str:
    """`environment`, `file`, `keyring`, `none` or `not needed`: where a provider's key is from."""
    from flux_cli.adapters.keychain.provider_keys import source

    known = config.providers.get(provider)
    if known is None or not known.key_env:
        return "not needed"
    return source(key_place(config, provider), environ)


def keep_key(config: Config, provider: str, secret: str) -> None:
    """Keep a provider's key in the keyring; raises `KeyringUnusable`, `InvalidInput`."""
    from flux_cli.adapters.keychain.provider_keys import store

    store(key_place(config, provider), secret)


def forget_key(config: Config, provider: str) -> bool:
    """Take a provider's key out of the keyring; whether there was one."""
    from flux_cli.adapters.keychain.provider_keys import forget

    return forget(key_place(config, provider))


def probe(config: Config, provider: str) -> Probe:
    """Ask a provider for one word; raises `NotFound` for one that no seat is set to."""
    return probe_provider(config, provider)


def key_place(config: Config, provider: str) -> KeyPlace:
    """Where a provider's key is kept; raises `NotFound` for one that is not set up."""
    from flux_cli.adapters.keychain.provider_keys import KeyPlace

    known = config.providers.get(provider)
    if known is None:
        names = ", ".join(config.providers)
        raise NotFound(
            f"no provider called {provider[:64]!r}; there are {names}",
            subject=provider[:64],
            fixes=(Fix("see where each key comes from", ("flux", "auth", "status")),),
        )
    return KeyPlace(provider, known.key_env)
