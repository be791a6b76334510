"""What starts without what: heavy libraries stay out of everyday commands."""

import os
import subprocess
import sys

import pytest

HEAVY = (
    *("openai", "httpx2", "stamina", "web3", "textual", "keyring", "fastapi", "uvicorn"),
    *("mcp", "mcp_types"),
)

PROBE = """
import sys
from flux_cli.entrypoints.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print("\\n" + ",".join(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "argv", [("--help",), ("cards", "list"), ("ledger", "balance"), ("status",)], ids=" ".join
)
def test_everyday_commands_load_no_heavy_library(tmp_path, argv):
    environ = {**os.environ, "FLUX_DB": str(tmp_path / "flux.db")}
    subprocess.run(
        [sys.executable, "-m", "flux_cli", "init"], env=environ, check=True, capture_output=True
    )
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *argv],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.rsplit("\n", 2)[-2] == ""
