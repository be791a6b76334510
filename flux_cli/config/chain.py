"""What the rail `arc` is set to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from flux_cli.config.keys import Amount

T = TypeVar("T", Amount, Path, str, int, bool)


class Got(Protocol):
    """Gives the value of a key, which is of this type."""

    def __call__(self, name: str, kind: type[T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """The chain that the rail `arc` settles on, and how its nodes are asked."""

    rpc: tuple[str, ...]
    chain_id: int
    allow_mainnet: bool
    pace_milliseconds: int
    timeout_seconds: int
    validity_seconds: int
    tip_gwei: int
    fee_ceiling_gwei: int
    bump_after_seconds: int
    passphrase_fd: int


def chain_config(get: Got) -> ChainConfig:
    """The settings of section `chain`."""
    return ChainConfig(
        rpc=tuple(get("chain.rpc", str).split()),
        chain_id=get("chain.chain_id", int),
        allow_mainnet=get("chain.allow_mainnet", bool),
        pace_milliseconds=get("chain.pace_milliseconds", int),
        timeout_seconds=get("chain.timeout_seconds", int),
        validity_seconds=get("chain.validity_seconds", int),
        tip_gwei=get("chain.tip_gwei", int),
        fee_ceiling_gwei=get("chain.fee_ceiling_gwei", int),
        bump_after_seconds=get("chain.bump_after_seconds", int),
        passphrase_fd=get("chain.passphrase_fd", int),
    )
