"""The pinned local EVM node: fetched once with npm, checked, kept in the user's cache.

    python tests/chain/fetch_anvil.py        prints where the program is

A package is unpacked without running anything of it. The tests fail, and never skip, without it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.7.1"
PINS = {
    ("Linux", "x86_64"): (
        "anvil-linux-amd64",
        "+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==",
    ),
}
"""System and machine → the package and its SHA-512, in base 64 as npm writes it."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flux-tests"
"""Read at import: the tests give every test a home of its own."""


def anvil() -> Path:
    """The program, fetched if it is not there. Raises `RuntimeError` saying what is missing."""
    here = (platform.system(), platform.machine())
    if here not in PINS:
        known = ", ".join("/".join(place) for place in PINS)
        raise RuntimeError(f"no pinned anvil {VERSION} for {'/'.join(here)}; there is for {known}")
    package, pin = PINS[here]
    # The pin is in the name, so another pin never finds this file.
    program = CACHE / f"{package}-{VERSION}-{hashlib.sha256(pin.encode()).hexdigest()[:12]}"
    if not program.exists():
        _unpack(_fetched(package, pin), program)
    return program


def _fetched(package: str, pin: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        name = f"@foundry-rs/{package}@{VERSION}"
        argv = ["npm", "pack", name, "--silent", "--ignore-scripts", "--pack-destination", folder]
        try:
            subprocess.run(argv, check=True, cwd=folder, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError) as error:
            raise RuntimeError(f"cannot fetch {name} with npm: {error}") from error
        (tarball,) = Path(folder).glob("*.tgz")
        data = tarball.read_bytes()
    found = base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found != pin:
        raise RuntimeError(f"{name} has SHA-512 {found}, not the pinned {pin}")
    return data


def _unpack(data: bytes, program: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        member = archive.extractfile("package/bin/anvil")
        assert member is not None, "the package has the program"
        content = member.read()
    program.parent.mkdir(parents=True, exist_ok=True)
    draft = program.with_name(f"{program.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.chmod(0o755)
    draft.replace(program)


if __name__ == "__main__":
    print(anvil())
    sys.exit(0)
