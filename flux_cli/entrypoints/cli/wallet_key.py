"""`flux wallet-key set|address|check|limits|remove|export`: the key that only the signer holds."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_flux
from flux_cli.bootstrap_chain import known_address, open_signer, signer_folder
from flux_cli.domain.money import USDC, Money, parse_money
from flux_cli.domain.settlements import GWEI
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidAmount, InvalidInput, StorageFailed
from flux_cli.usecases.settlement_ports import WalletPolicy

app = noun("The wallet's key, which only the signer's own process ever holds.")


@verb(
    app,
    "set",
    examples=("flux wallet-key set --new", "flux wallet-key set --keystore --key-fd 3 3<key.txt"),
)
def set_key(
    flux: Invocation,
    new: Annotated[
        bool, typer.Option("--new", help="Make a fresh key; it is never shown.")
    ] = False,
    keystore: Annotated[
        bool,
        typer.Option("--keystore", help="Keep it in a file under a passphrase, not the keyring."),
    ] = False,
    key_fd: Annotated[
        int | None,
        typer.Option("--key-fd", metavar="N", min=3, help="Read the key from this descriptor."),
    ] = None,
) -> None:
    """Keep a key in the OS keyring or a keystore; typed to, or read by, the signer alone."""
    purpose = ("new" if new else "set") + ("-keystore" if keystore else "")
    address, _ = open_signer(flux.config).own(purpose, key=key_fd)
    where = "a keystore under your passphrase" if keystore else "the OS keyring"
    last = f"kept in {where}; it may pay nobody until `flux merchants add`"
    flux.show(Document("wallet_key", {"address": address, "kept_in": where}, last=last))


@verb(app, "address", examples=("flux wallet-key address",))
def address(flux: Invocation) -> None:
    """Show the wallet's address; the key is not touched."""
    flux.show(Document("wallet_key", {"address": known_address(flux.config)}))


@verb(app, "check", examples=("flux wallet-key check",))
def check(flux: Invocation) -> None:
    """Let the signer unlock the key, and check its address, its policy's seal and its record."""
    address, policy = open_signer(flux.config).own("check")
    assert policy is not None, "a checked key has a policy"
    flux.show(Document("wallet_key", {"address": address, **_limits(policy)}, last="usable"))


@verb(app, "limits", examples=("flux wallet-key limits --per-payment 50 --per-day 200",))
def limits(
    flux: Invocation,
    per_payment: Annotated[
        str | None, typer.Option(metavar="USDC", help="The most one payment may be.")
    ] = None,
    per_day: Annotated[
        str | None, typer.Option(metavar="USDC", help="The most in any 24 hours.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="USDC", help="The most in all, for ever.")
    ] = None,
    max_fee_gwei: Annotated[
        int | None, typer.Option(metavar="GWEI", min=1, help="The most one gas may cost.")
    ] = None,
    mainnet: Annotated[
        bool | None,
        typer.Option("--allow-mainnet/--no-mainnet", help="Chain 5042: real money."),
    ] = None,
    owner_token_file: TokenFile = None,
) -> None:
    """Show the signer's own caps, or set them, as the owner."""

    def changed(policy: WalletPolicy) -> WalletPolicy:
        asked = replace(
            policy,
            per_payment=_units(per_payment, "--per-payment", policy.per_payment),
            per_day=_units(per_day, "--per-day", policy.per_day),
            budget=_units(budget, "--budget", policy.budget),
            most_fee_per_gas=max_fee_gwei * GWEI if max_fee_gwei else policy.most_fee_per_gas,
            mainnet=policy.mainnet if mainnet is None else mainnet,
            chain_id=flux.config.chain.chain_id if mainnet else policy.chain_id,
        )
        if asked != policy:
            deps = open_flux(flux.config, timeout=flux.timeout)
            what = "Change what the wallet's signer may sign."
            prove_owner(flux, deps, what, "limits", token_file=owner_token_file)
        return asked

    policy = open_signer(flux.config).change_policy(changed)
    flux.show(Document("wallet_limits", _limits(policy)))


@verb(app, "remove", examples=("flux wallet-key remove",))
def remove(flux: Invocation, owner_token_file: TokenFile = None) -> None:
    """Take the key out of its keyring or keystore, as the owner; without a copy it is gone."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    what = "Remove the wallet's key. Without a copy, what is in the wallet is lost."
    prove_owner(flux, deps, what, "remove", token_file=owner_token_file)
    address, _ = open_signer(flux.config).own("remove")
    flux.show(Document("wallet_key", {"address": address}, last="its key is removed"))


@verb(
    app,
    "export",
    examples=("flux wallet-key export copy.json", "flux wallet-key export copy.json --copy-fd 4"),
)
def export(
    flux: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the keystore is written.")],
    copy_fd: Annotated[
        int | None,
        typer.Option("--copy-fd", metavar="N", min=3, help="The copy's passphrase, read there."),
    ] = None,
    owner_token_file: TokenFile = None,
) -> None:
    """Write a keystore V3 copy of the key under a passphrase of its own, as the owner."""
    if file.exists():
        raise InvalidInput(f"{file} is there already", param="FILE")
    deps = open_flux(flux.config, timeout=flux.timeout)
    what = f"Write a copy of the wallet's key to {file}."
    prove_owner(flux, deps, what, "export", token_file=owner_token_file)
    address, _ = open_signer(flux.config).own("export", key=copy_fd)
    try:
        os.replace(signer_folder(flux.config) / "export.json", file)
    except OSError as error:
        raise StorageFailed(f"cannot write {file}: {error.strerror}") from error
    flux.show(Document("wallet_key", {"address": address, "file": file}, last="written, 0600"))


def _units(text: str | None, option: str, before: int) -> int:
    if text is None:
        return before
    try:
        return parse_money(text, USDC).units
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=option) from None


def _limits(policy: WalletPolicy) -> dict[str, object]:
    shown: dict[str, object] = asdict(policy)
    for name in ("per_payment", "per_day", "budget"):
        shown[name] = Money(getattr(policy, name), USDC)
    return shown
