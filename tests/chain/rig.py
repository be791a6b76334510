"""A local chain that behaves as Arc does, and all a test needs on it: money, faults, snapshots.

Simulated throughout: the node runs on this machine, and its USDC is a test contract of our own.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from fetch_anvil import anvil  # noqa: E402

CHAIN_ID = 5042002
TOKEN = "0x3600000000000000000000000000000000000000"
SYSTEM = "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE"
SCALE = 10**12
BASE_FEE = 20 * 10**9
COMPILED: dict[str, dict[str, str]] = json.loads((HERE / "contracts/compiled.json").read_text())


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Refused(Exception):
    """A node's error answer."""


def ask(url: str, method: str, *params: Any) -> Any:
    """The result of one JSON-RPC request."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        reply = json.load(answer)
    if "error" in reply:
        raise Refused(reply["error"])
    return reply["result"]


def mined(url: str, tx_hash: str) -> str:
    """The same hash, once the transaction is in a block: a node mines a moment after it took it."""
    deadline = time.monotonic() + 60
    while ask(url, "eth_getTransactionReceipt", tx_hash) is None:
        assert time.monotonic() < deadline, "nobody mines"
        time.sleep(0.01)
    return tx_hash


@dataclass
class LocalChain:
    """One anvil with the two contracts in place; `block_time` None mines each transaction."""

    block_time: float | None = None
    chain_id: int = CHAIN_ID
    state: Path | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    relayer: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> LocalChain:
        """Start the node and put the contracts in place; raises if it does not come up."""
        argv = [str(anvil()), "--host", "127.0.0.1", "--port", str(self.port), "--silent"]
        argv += ["--chain-id", str(self.chain_id), "--celo", "--base-fee", str(BASE_FEE)]
        argv += ["--slots-in-an-epoch", "0", "--accounts", "2"]
        if self.block_time is not None:
            argv += ["--block-time", str(self.block_time)]
        known = self.state is not None and self.state.exists()
        if self.state is not None:
            argv += ["--state", str(self.state)]
        self.process = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        self._wait()
        self.relayer = self("eth_accounts")[0]
        if not known:
            for contract in COMPILED.values():
                self("anvil_setCode", contract["address"], contract["runtime"])
            self.mine()
        return self

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self("eth_chainId")
                return
            except OSError:
                assert self.process is not None
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("anvil did not start") from None
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the node."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def __call__(self, method: str, *params: Any) -> Any:
        return ask(self.url, method, *params)

    def fund(self, address: str, units: int) -> None:
        """Give an address exactly this much, in millionths of USDC."""
        self("anvil_setBalance", address, hex(units * SCALE))

    def usdc(self, address: str) -> int:
        """What an address has, in millionths."""
        return int(self("eth_getBalance", address, "latest"), 16) // SCALE

    def mine(self, blocks: int = 1) -> None:
        """Make blocks now."""
        self("anvil_mine", hex(blocks))

    def at(self, moment: int) -> None:
        """Make a block whose time is `moment`, in seconds since 1970; it cannot go back."""
        self("evm_setNextBlockTimestamp", moment)
        self.mine()

    def head(self) -> int:
        """The newest block's number."""
        return int(self("eth_blockNumber"), 16)

    def paid(self, payee: str) -> list[int]:
        """Every amount the token's own logs say an address was paid, oldest first."""
        topics = [TRANSFER, None, "0x" + payee[2:].lower().rjust(64, "0")]
        found = self(
            "eth_getLogs",
            {"address": TOKEN, "fromBlock": "0x0", "toBlock": "latest", "topics": topics},
        )
        return [int(log["data"], 16) for log in found]

    def send_as(self, sender: str, **fields: Any) -> str:
        """A transaction of an account whose key we have not; its hash."""
        self("anvil_impersonateAccount", sender)
        try:
            return str(self("eth_sendTransaction", {"from": sender, "gas": hex(500_000), **fields}))
        finally:
            self("anvil_stopImpersonatingAccount", sender)

    def mined(self, tx_hash: str) -> str:
        """The same hash, once the transaction is in a block."""
        return mined(self.url, tx_hash)

    def snapshot(self) -> str:
        return str(self("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        assert self("evm_revert", snapshot), "the snapshot is there"


TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def self_test(chain: LocalChain) -> None:
    """The undocumented door the token moves money by still works: one balance, both logs."""
    payer, payee = "0x" + "11" * 20, "0x" + "22" * 20
    chain.fund(payer, 5_000_000)
    before = chain.usdc(payee)
    data = "0xa9059cbb" + payee[2:].rjust(64, "0") + f"{2_000_000:064x}"
    sent = chain.send_as(payer, to=TOKEN, data=data)
    chain.mine()
    chain.mined(sent)
    receipt = chain("eth_getTransactionReceipt", sent)
    logs = [(log["address"].lower(), int(log["data"], 16)) for log in receipt["logs"]]
    wanted = [(SYSTEM.lower(), 2_000_000 * SCALE), (TOKEN, 2_000_000)]
    if chain.usdc(payee) - before != 2_000_000 or logs != wanted:
        raise RuntimeError(f"this anvil does not carry the token: {logs}")
