"""The dashboard's pictures in the README, made anew from real runs in a fresh home.

python bench/tui_pictures.py [--folder bench/pictures]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PICTURES = {
    "overview.svg": ("--screen", "overview"),
    "payment.svg": ("--screen", "payments", "--open", "{payment}"),
    "run.svg": ("--screen", "runs", "--open", "{run}", "--theme", "light"),
}


def main() -> None:
    """Run the scenarios, then take each picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE / "pictures")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "HOME": home, "FLUX_DB": str(Path(home) / "flux.db")}
        environ.pop("NO_COLOR", None)

        def flux(*argv: str) -> str:
            command = [sys.executable, "-m", "flux_cli", *argv]
            done = subprocess.run(
                command, env=environ, cwd=home, capture_output=True, text=True, check=True
            )
            return done.stdout

        flux("run", "marketing-campaign", "-q")
        found = {
            "payment": flux("payments", "list", "-q").split()[0],
            "run": flux("runs", "list", "-q").split()[0],
        }
        flux("run", "autonomous-payment", "-q")
        flux("pay", "orchestrator", "researcher", "12.50", "-q")
        for name, options in PICTURES.items():
            words = [word.format(**found) for word in options]
            flux("tui", *words, "--snapshot", str(folder / name), "--size", "120x34")
            print(folder / name)


if __name__ == "__main__":
    main()
