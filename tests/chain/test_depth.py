"""What the chain's libraries do to the process that loads them."""

from __future__ import annotations

import subprocess
import sys

DEEP = """
import json
import flux_cli.adapters.chain.encoding
import web3
try:
    json.loads("[" * 200_000)
except RecursionError:
    print("refused")
"""


def test_115_deep_json_is_refused_and_ends_no_process_once_the_chain_is_loaded() -> None:
    ended = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (0, "refused\n")
