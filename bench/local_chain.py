"""A payment, a run and a purchase over a local chain, from nothing to proof, by `flux` commands.

    python bench/local_chain.py           does it all in a fresh folder, and cleans up
    python bench/local_chain.py --keep    keeps chain and seller until Ctrl-C, and says how to go on

SIMULATED: the chain is a node on this machine, its USDC is a test contract with no value.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "chain"))

import rig  # noqa: E402
from selling import Shop, selling  # noqa: E402

from flux_cli.adapters.chain.arc import ArcChain  # noqa: E402

PASSPHRASE = "a passphrase for tests"
KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
"""A key everybody knows, so it can hold nothing real."""

MERCHANT = "0xaBCdEf0000000000000000000000000000000001"
HIRE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
POLICY = 'asset = "USDC"\nper_payment = "50"\nrails = ["arc"]\n'


def given(text: str) -> int:
    """A descriptor that gives a secret, as a shell's redirection would."""
    read, write = os.pipe()
    os.write(write, f"{text}\n".encode())
    os.close(write)
    return read


class Flux:
    """`flux` as a person at a shell has it, in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        # The owner's words are typed at a terminal of its own, where CI would say there is none.
        told = {name: value for name, value in os.environ.items() if name != "CI"}
        self.environ = {
            **told,
            "FLUX_DB": str(folder / "flux.db"),
            "FLUX_CONFIG": str(folder / "config.toml"),
            "FLUX_CHAIN_RPC": url,
            "FLUX_OWNER_TOKEN_FILE": str(folder / "flux.db.owner"),
        }
        self.folder = folder
        (folder / "config.toml").touch()

    def __call__(self, *argv: str, fails: int = 0, key: bool = False, shows: bool = True) -> str:
        """Run one command and show it; stdout. Raises where it ends in another way."""
        descriptors = [given(PASSPHRASE)]
        if key:
            descriptors.append(given(KEY))
            argv = (*argv, "--key-fd", str(descriptors[1]))
        environ = {**self.environ, "FLUX_CHAIN_PASSPHRASE_FD": str(descriptors[0])}
        print(f"$ flux {shlex.join(argv)}", flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "flux_cli", *argv],
            env=environ,
            pass_fds=descriptors,
            capture_output=True,
            text=True,
            cwd=self.folder,
        )
        for descriptor in descriptors:
            os.close(descriptor)
        if shows or done.returncode != fails:
            print(done.stdout + done.stderr, flush=True)
        if done.returncode != fails:
            raise SystemExit(f"flux {argv} ended with {done.returncode}, not {fails}")
        return done.stdout

    def at_terminal(self, *argv: str) -> None:
        """Run one command at a terminal of its own, and type what it asks the owner to type."""
        print(f"$ flux {shlex.join(argv)}      (at a terminal)", flush=True)
        child, terminal = pty.fork()
        if child == 0:
            os.execve(sys.executable, [sys.executable, "-m", "flux_cli", *argv], self.environ)
        said = ""
        while True:
            try:
                part = os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
            if not part:
                break
            said += part
            if asked := re.search(r"Type (\S+) to go on: $", said):
                os.write(terminal, f"{asked.group(1)}\n".encode())
                said = said[: asked.start()]
            print(part, end="", flush=True)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            raise SystemExit(f"flux {argv} ended with {status}")


def story(folder: Path, chain: rig.LocalChain) -> None:
    """From an empty folder to a proved payment, and to the proofs that must fail."""
    flux = Flux(folder, chain.url)
    flux("init")
    flux("wallet-key", "set", "--keystore", key=True)
    address = json.loads(flux("wallet-key", "address", "--json"))["address"]
    chain.fund(address, 100_000_000)
    print(f"# the local chain gives {address} 100 USDC\n")
    flux("agents", "fund", "orchestrator", "100", "--asset", "USDC")
    (folder / "usdc.toml").write_text(POLICY)
    flux.at_terminal("policy", "set", "orchestrator", str(folder / "usdc.toml"))
    flux("pay", "orchestrator", "acme", "5", "--rail", "arc", fails=3)
    flux("merchants", "add", "acme", MERCHANT)
    paid = flux("pay", "orchestrator", "acme", "5", "--rail", "arc", "--json")
    settlement = json.loads(paid)
    flux("settle", "verify", settlement["id"])
    print(f"# the merchant has {chain.usdc(MERCHANT)} millionths of USDC\n")
    other = json.loads(flux("pay", "orchestrator", "acme", "5", "--rail", "arc", "--json"))
    flux("settle", "verify", settlement["id"], "--tx", other["tx_hash"], fails=9)
    flux("settle", "status")
    flux("settle", "reconcile")
    flux("verify")
    assert chain.usdc(MERCHANT) == 10_000_000, "two payments of 5 USDC arrived"
    hired(flux, chain)


def hired(flux: Flux, chain: rig.LocalChain) -> None:
    """A run whose hire is paid over the chain, once the owner has put it on the list."""
    run = ("run", "simple-hire", "--rail", "arc", "--out", "brief")
    flux(*run, fails=3)
    flux("merchants", "add", "researcher", HIRE)
    flux("wallet-key", "limits", "--per-payment", "40")
    whole = json.loads(flux("runs", "resume", "--json", shows=False))
    (one,) = whole["settlements"]
    print(f"# the run is {whole['state']}; its settlement is {one['state']}\n")
    flux("settle", "verify", one["id"])
    flux("settle", "reconcile")
    flux("verify")
    assert chain.usdc(HIRE) == one["amount"]["amount_minor"] > 0, "the hire has its USDC"


def bought(flux: Flux, shop: Shop) -> None:
    """A forecast from a seller that asks for money by HTTP 402, paid at the merchant's address."""
    flux("pay-url", shop.url, "--max-amount", "0.04", fails=3)
    once = ("pay-url", shop.url, "--max-amount", "0.05", "--idempotency-key", "today")
    flux(*once)
    flux(*once)
    flux("settle", "status")
    flux("settle", "reconcile")
    assert shop.sent == 1, "the seller was paid once"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    keep = parser.parse_args().keep
    folder = Path(tempfile.mkdtemp(prefix="flux-local-chain-"))
    chain = rig.LocalChain(block_time=0.5).start()
    try:
        rig.self_test(chain)
        story(folder, chain)
        reader = ArcChain([chain.url], rig.CHAIN_ID, rig.TOKEN, pace_seconds=0, timeout_seconds=20)
        with selling(chain, reader) as shop:
            bought(Flux(folder, chain.url), shop)
            if keep:
                go_on(folder, chain, shop)
    finally:
        chain.stop()
        shutil.rmtree(folder)
    return 0


def go_on(folder: Path, chain: rig.LocalChain, shop: Shop) -> None:
    """Say how to use what runs here, and wait to be stopped."""
    print(f"The chain runs at {chain.url}, the seller at {shop.url}; Ctrl-C ends both. To go on:")
    print(f"  export FLUX_DB={folder}/flux.db FLUX_CHAIN_RPC={chain.url}")
    print(f"  export FLUX_OWNER_TOKEN_FILE={folder}/flux.db.owner FLUX_CHAIN_PASSPHRASE_FD=3")
    print("  flux settle status")
    for command in ("pay orchestrator acme 1 --rail arc", f"pay-url {shop.url} --max-amount 0.05"):
        print(f"  flux {command} 3<<<'{PASSPHRASE}'", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
