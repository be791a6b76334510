"""The wallet key in a real OS keyring: each state it can be in, and what is said.

    python bench/keyrings.py        needs dbus-run-session and gnome-keyring-daemon

A Secret Service of its own runs in a D-Bus session of its own, in an empty home.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UNLOCKED = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; "


def session(home: Path, before: str, *argv: str, **environ: str) -> tuple[int, dict[str, object]]:
    """The exit code and document of a flux command in a fresh session with a keyring."""
    given = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(home / "run"),
        "FLUX_DB": str(home / "flux.db"),
        "FLUX_OWNER_TOKEN_FILE": str(home / "flux.db.owner"),
        **environ,
    }
    command = [sys.executable, "-m", "flux_cli", *argv, "--json"]
    inner = before + 'exec "$@"'
    done = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", inner, "sh", *command],
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, json.loads(done.stdout or "{}")


def expect(name: str, found: tuple[int, dict[str, object]], code: int, said: str) -> bool:
    text = json.dumps(found[1])
    good = found[0] == code and said in text
    print(f"{'ok' if good else 'FAILED'}: {name}: exit {found[0]}: {text[:150]}", flush=True)
    return good


def states(home: Path) -> list[bool]:
    key = ("wallet-key", "check")
    nothing = session(home, "", "init")
    null = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    made = session(home, UNLOCKED, "wallet-key", "set", "--new")
    address = str(made[1].get("address", "?"))
    return [
        expect("an economy", nothing, 0, "flux"),
        expect("no key yet", session(home / "none", UNLOCKED, *key), 4, "no wallet key is set"),
        expect("kept in the Secret Service", made, 0, "0x"),
        expect("read back in a later session", session(home, UNLOCKED, *key), 0, address),
        expect("a locked keyring", session(home, LOCKED, *key), 4, "is locked"),
        expect("one that D-Bus starts by itself", session(home, "", *key), 4, "is locked"),
        expect("a null keyring is not used", session(home, UNLOCKED, *key, **null), 0, address),
        expect("a key is there already", session(home, UNLOCKED, "wallet-key", "set", "--new"), 4,
               "is set already"),
        expect("removed", session(home, UNLOCKED, "wallet-key", "remove"), 0, address),
        expect("gone", session(home, UNLOCKED, *key), 4, "no wallet key is set"),
    ]  # fmt: skip


def main() -> int:
    for program in ("dbus-run-session", "gnome-keyring-daemon"):
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            return 2
    with tempfile.TemporaryDirectory(prefix="flux-keyring-") as name:
        home = Path(name)
        for folder in ("run", "none"):
            (home / folder).mkdir(mode=0o700)
        (home / "none" / "run").mkdir(mode=0o700)
        return int(not all(states(home)))


if __name__ == "__main__":
    sys.exit(main())
