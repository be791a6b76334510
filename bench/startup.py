"""How long `flux` takes to start, beside what Python and a bare Typer program take.

    python bench/startup.py [ROUNDS]

Programs take turns, so that a busy moment of the machine falls on all of them. Ratios to the
bare Typer program are what to compare between machines; milliseconds are only of this one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """\
import typer
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
@app.command()
def main(name: str = "x") -> None: ...
app(["--help"])
"""

# As installed: with byte code on disk, which some build machines are told not to write.
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

FLUX = str(Path(sys.executable).with_name("flux"))


def programs(folder: Path) -> dict[str, list[str]]:
    """What is measured, by name."""
    bare = folder / "bare.py"
    bare.write_text(BARE)
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "bare typer --help": [sys.executable, str(bare)],
        "flux --help": [FLUX, "--help"],
        "flux config show": [FLUX, "config", "show"],
        "flux cards list": [FLUX, "cards", "list"],
    }


def milliseconds(command: list[str]) -> float:
    """Wall time of one run."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRON)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Measure, and print a line for each program."""
    rounds = max(11, int(sys.argv[1])) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        commands = programs(Path(folder))
        # A ledger of its own, so that no command reads or makes the user's.
        ENVIRON["FLUX_DB"] = str(Path(folder) / "flux.db")
        subprocess.run([FLUX, "init"], stdout=subprocess.DEVNULL, check=True, env=ENVIRON)
        for command in commands.values():
            milliseconds(command)  # the first run writes byte code
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(milliseconds(command))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"median of {rounds} interleaved runs")
    for name, median in medians.items():
        ratio = median / medians["bare typer --help"]
        print(f"{name:<24} {median:7.1f} ms  {ratio:5.2f} × bare typer  min {min(times[name]):.1f}")


if __name__ == "__main__":
    main()
