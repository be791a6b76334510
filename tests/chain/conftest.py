"""A local chain for a session, put back as it was after every test; it never skips."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flux_cli.adapters.chain  # noqa: F401 - first: it keeps the recursion limit as it is

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bench")]

import paying  # noqa: E402
import rig  # noqa: E402


@pytest.fixture(scope="session")
def node() -> Iterator[rig.LocalChain]:
    """One anvil with the token, a block for each transaction."""
    chain = rig.LocalChain().start()
    try:
        rig.self_test(chain)
        yield chain
    finally:
        chain.stop(signal.SIGKILL)


@pytest.fixture
def chain(node: rig.LocalChain) -> Iterator[rig.LocalChain]:
    """The session's chain with 1,000 USDC in the wallet; what a test does to it is undone."""
    snapshot = node.snapshot()
    node.fund(paying.ADDRESS, 1_000_000_000)
    yield node
    node("anvil_dropAllTransactions")
    node("evm_setAutomine", True)
    node.revert(snapshot)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded economy that nobody has open, to be copied: founding takes half a second."""
    folder = tmp_path_factory.mktemp("economy") / "template"
    folder.mkdir()
    paying.found(folder / "flux.db", ["http://127.0.0.1:1"]).close()
    return folder


@pytest.fixture
def payer(chain: rig.LocalChain, template: Path, tmp_path: Path) -> Iterator[paying.Payer]:
    """An economy of its own that pays over the chain; its signer starts when it is asked."""
    opened = paying.open_payer(paying.copied(template, tmp_path), [chain.url])
    yield opened
    opened.close()
