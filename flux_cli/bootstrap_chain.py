"""Joins the configured chain and the signer's process to the settlement use cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.config import Config
from flux_cli.domain.settlements import GWEI, MAINNET, TOKEN
from flux_cli.errors import Fix, InvalidConfig, WrongChain
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.settlement_ports import Chain, SettleDeps, SettlementSettings

if TYPE_CHECKING:
    from flux_cli.adapters.signer import SignerProcess

TESTNET_NODE = "https://rpc.testnet.arc.network"


def open_settlement(config: Config, deps: Deps) -> SettleDeps:
    """What settling needs, on the ledger that is open already.

    Raises `InvalidConfig` where no node is configured, `WrongChain` for a main network that the
    owner has not allowed.
    """
    chain = config.chain
    return SettleDeps(
        store=deps.store,
        ids=deps.ids,
        chain=open_chain(config),
        signer=open_signer(config),
        settings=SettlementSettings(
            validity_seconds=chain.validity_seconds,
            tip_wei=chain.tip_gwei * GWEI,
            fee_ceiling_wei=chain.fee_ceiling_gwei * GWEI,
            bump_after_seconds=float(chain.bump_after_seconds),
        ),
    )


def open_chain(config: Config) -> Chain:
    """The configured chain; raises as `open_settlement`."""
    from flux_cli.adapters.chain.arc import ArcChain

    chain = config.chain
    if chain.chain_id == MAINNET and not chain.allow_mainnet:
        raise WrongChain(
            "chain 5042 is the main network: real money. It is refused unless the owner's own"
            " configuration sets chain.allow_mainnet and the signer's policy allows it",
            param="chain.chain_id",
        )
    if not chain.rpc:
        raise InvalidConfig(
            "no node of a chain is configured",
            param="chain.rpc",
            fixes=(Fix(f'set chain.rpc, for the test network to "{TESTNET_NODE}"'),),
        )
    return ArcChain(
        chain.rpc,
        chain.chain_id,
        TOKEN,
        pace_seconds=chain.pace_milliseconds / 1000,
        timeout_seconds=float(chain.timeout_seconds),
    )


def open_signer(config: Config) -> SignerProcess:
    """The signer beside the ledger; its process starts when it is first asked."""
    from flux_cli.adapters.signer import SignerProcess

    return SignerProcess(signer_folder(config), config.chain.passphrase_fd or None)


def signer_folder(config: Config) -> Path:
    """Where the signer keeps its policy, its record and, if it is one, the keystore."""
    return config.ledger.path.with_name(config.ledger.path.name + ".signer")


def known_address(config: Config) -> str:
    """The wallet's address as it was set; the key is not touched. Raises `KeyUnavailable`."""
    from flux_cli.adapters.signer import address_in

    return address_in(signer_folder(config))
