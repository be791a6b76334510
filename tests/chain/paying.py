"""An economy that pays over a local chain: its ledger, signer, merchants and wishes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from flux_cli.bootstrap import open_flux
from flux_cli.bootstrap_chain import open_settlement, signer_folder
from flux_cli.config import Config, load_config
from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.signer import keys, keystore
from flux_cli.signer.policy import Policy, Sealed, write_private
from flux_cli.signer.record import Record
from flux_cli.usecases.found_economy import found_economy, register_agent
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.policy_versions import put_in_force, revise
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.settlement_ports import SettleDeps

PASSPHRASE = "only for tests"
KEY = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
"""A key everybody knows (anvil's second), so it can hold nothing real."""

ADDRESS = keys.Secret(KEY).address
ACME = "0xaBcDef0000000000000000000000000000000001"
MERCHANTS = {"acme": keys.checksum(bytes.fromhex(ACME[2:])), "globex": "0x" + "44" * 20}
PLENTY = Policy(
    merchants=MERCHANTS,
    per_payment=50_000_000,
    per_day=10_000_000_000,
    budget=100_000_000_000,
    gas_per_day=10**20,
    most_fee_per_gas=2000 * 10**9,
)


def found_signer(folder: Path, policy: Policy = PLENTY, key: bytes = KEY) -> None:
    """A signer's folder as the owner's commands leave it, with a keystore that opens quickly."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = keys.Secret(key)
    write_private(folder / "keystore.json", keystore.lock(key, PASSPHRASE, n=2).encode())
    place = {"where": "keystore", "address": secret.address}
    write_private(folder / "key", json.dumps(place).encode())
    sealed = Sealed(folder, key)
    sealed.put_policy(policy)
    Record(folder, sealed).create()


def passphrase_fd(text: str = PASSPHRASE) -> int:
    """A descriptor to read a passphrase from, as a shell's `3<<<` gives one."""
    read, write = os.pipe()
    os.write(write, f"{text}\n".encode())
    os.close(write)
    os.set_inheritable(read, True)
    return read


@dataclass
class Payer:
    """The engine on one ledger and one chain."""

    config: Config
    deps: Deps
    settling: SettleDeps

    def wish(
        self, key: str, units: int = 1_000_000, payees: Sequence[str] = ("acme",)
    ) -> PaymentIntent:
        """An approved payment of this many millionths to each payee, on hold."""
        shares = tuple(Share(payee, Money(units, USDC)) for payee in payees)
        request = MoneyRequest(
            requester="orchestrator",
            amount=Money(units * len(shares), USDC),
            shares=shares,
            purpose=f"a test of {key}",
            justification="",
            claimed_return=None,
            urgency=Urgency.MEDIUM,
            plan_digest="",
            reference="",
            escrowed=False,
            budget=None,
            rail="arc",
            capture_method=CaptureMethod.MANUAL,
        )
        return request_money(self.deps, request, key=key, progress=lambda step, **facts: None)

    def close(self) -> None:
        self.settling.signer.close()
        self.deps.store.close()  # type: ignore[attr-defined]


def open_payer(ledger: Path, urls: Sequence[str], **settings: object) -> Payer:
    """The engine on a ledger; no file of the user is read. `settings` are keys of `[chain]`."""
    blank = ledger.with_suffix(".toml")
    if not blank.exists():
        blank.touch()
    environ = {"FLUX_CHAIN_RPC": " ".join(urls)}
    environ |= {f"FLUX_CHAIN_{name.upper()}": str(value) for name, value in settings.items()}
    environ["FLUX_CHAIN_PASSPHRASE_FD"] = str(passphrase_fd())
    config = load_config({"ledger.path": str(ledger)}, environ, ledger.parent, user_file=blank)
    deps = open_flux(config)
    return Payer(config, deps, open_settlement(config, deps))


def found(ledger: Path, urls: Sequence[str], **settings: object) -> Payer:
    """A new economy with its signer, its merchants, and 1,000 USDC in the orchestrator's books."""
    payer = open_payer(ledger, urls, **settings)
    folder = signer_folder(payer.config)
    if not (folder / "key").exists():
        found_signer(folder)
    found_books(payer.deps)
    return payer


def found_books(deps: Deps) -> None:
    """The ledger's side of it, made anew wherever it is lost."""
    found_economy(deps)
    with deps.store.begin() as tx:
        if tx.lookup(Agent, name="acme") is not None:
            return
        for name in MERCHANTS:
            register_agent(deps, tx, name, name.title(), AgentKind.MERCHANT)
    with deps.store.reading() as reader:
        policy = {"asset": "USDC", "per_payment": "500", "rails": ["arc"]}
        revision = revise(deps, reader, "orchestrator", policy)
    put_in_force(deps, revision)
    fund_agent(deps, "orchestrator", Money(1_000_000_000, USDC), key="usdc")


def with_settings(payer: Payer, **changes: object) -> Payer:
    """The same payer with other settlement settings."""
    settings = replace(payer.settling.settings, **changes)  # type: ignore[arg-type]
    return Payer(payer.config, payer.deps, replace(payer.settling, settings=settings))


def copied(template: Path, to: Path) -> Path:
    """A copy of an economy that nobody has open; its ledger."""
    place = to / "economy"
    shutil.copytree(template, place)
    return place / "flux.db"
