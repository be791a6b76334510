"""The README's pictures of work, from real runs of the scenarios.

python bench/pictures.py        writes scenarios/pictures/*.png
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).resolve().parents[1] / "scenarios/pictures"
WIDTH = 720
WORK = (
    ("marketing-campaign", "images/banner-1200x628.png", "sillo.png"),
    ("product-launch", "images/banner-1200x628.png", "halden.png"),
    ("data-pipeline", "analysis/charts/orders-change-by-region.png", "change-by-region.png"),
)


def main() -> int:
    """Run each scenario on a ledger of its own and keep one picture of it, smaller."""
    TARGET.mkdir(exist_ok=True)
    flux = [sys.executable, "-m", "flux_cli"]
    with tempfile.TemporaryDirectory() as folder:
        for scenario, made, name in WORK:
            out, ledger = Path(folder) / scenario, Path(folder) / f"{scenario}.db"
            argv = [*flux, "run", scenario, "--db", str(ledger), "--out", str(out), "-q"]
            subprocess.run(argv, check=True, capture_output=True)
            picture = Image.open(out / made).convert("RGB")
            picture.thumbnail((WIDTH, WIDTH))
            picture.quantize(192).save(TARGET / name, optimize=True)
            print(f"{name}: {picture.width} by {picture.height}, from {scenario}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
