"""Compiles the two contracts with the pinned Vyper and writes `compiled.json` beside them.

python tests/chain/contracts/compile.py
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACES = {
    "UsdcOnArc": "0x3600000000000000000000000000000000000000",
    "SystemLog": "0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE",
}
"""Each contract and the address its code is put at."""


def compiled() -> dict[str, dict[str, str]]:
    """For each contract: its address, its source's SHA-256, its runtime code."""
    from vyper import compile_code  # 1 s, and needed only to check or renew the result

    found = {}
    for name, address in PLACES.items():
        source = (HERE / f"{name}.vy").read_text(encoding="utf-8")
        code = compile_code(source, output_formats=["bytecode_runtime"])["bytecode_runtime"]
        digest = hashlib.sha256(source.encode()).hexdigest()
        found[name] = {"address": address, "source_sha256": digest, "runtime": code}
    return found


if __name__ == "__main__":
    text = json.dumps(compiled(), indent=1, sort_keys=True)
    (HERE / "compiled.json").write_text(text + "\n", encoding="utf-8")
