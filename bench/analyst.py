"""The analyst on a large, untidy CSV: how long it takes and how much memory it keeps.

    python bench/analyst.py [--gigabytes 1.0] [--check] [--keep FILE]

Writes a CSV of orders with several date and money formats and one broken row in fifty, has the
analyst work on it in a process of its own, and compares the total it states with one counted while
writing. Peak memory is the process's largest resident set, as the kernel counts it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from time import perf_counter

WORK = """
import json, sys
from pathlib import Path
from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source
path, digest, out, check = sys.argv[1:]
source = Source("orders.csv", "", digest, path)
given = Assignment("a", "data-analyst", "Explain the orders", "", (source,))
trade = DataAnalyst()
if check == "yes":
    print(json.dumps([[c.name, c.passed, c.found] for c in trade.check(given, Path(out))]))
else:
    print(trade.work(given, Path(out)).summary)
"""


def write(path: Path, size: int) -> tuple[int, Decimal]:
    """(whole rows, their total) of a file of about `size` bytes."""
    random_ = random.Random(1)
    days = [f"2025-{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)]
    shown = days + [f"{d[8:]}.{d[5:7]}.{d[:4]}" for d in days] + [f"{d[8:]} Mar 2025" for d in days]
    regions, products = (
        ("North", "South", "East", "West", "west"),
        [f"Product {n}" for n in range(30)],
    )
    customers = [f"C{n:05}" for n in range(50_000)]
    filler = "lorem ipsum dolor sit amet"
    written = rows = cents_total = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("order_id,order_date,customer,region,product,quantity,amount,comment\n")
        number = 0
        while written < size:
            lines = []
            for _ in range(20_000):
                number += 1
                cents, pick = random_.randrange(100, 99_999), random_.random()
                start = (
                    f"O{number:09},{shown[int(pick * len(shown))]},{customers[cents % 50_000]},"
                    f"{regions[cents % 5]},{products[number % 30]},{cents % 7 + 1}"
                )
                if number % 50 == 0:
                    lines.append(f"{start}\n")
                    continue
                rows, cents_total = rows + 1, cents_total + cents
                euros = f"{cents // 100}.{cents % 100:02}"
                money = f"${euros}" if number % 3 else euros
                lines.append(f"{start},{money},{filler} {number % 977}\n")
            text = "".join(lines)
            written += len(text)
            file.write(text)
    return rows, Decimal(cents_total) / 100


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path = asked.keep or Path(place, "orders.csv")
        began = perf_counter()
        rows, total = write(path, int(asked.gigabytes * 1024**3))
        print(f"{path.stat().st_size / 1024**3:.2f} GiB, {rows} whole rows, written in "
              f"{perf_counter() - began:.0f} s")  # fmt: skip
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        out = Path(place, "out")
        out.mkdir()
        for check in ("no", "yes") if asked.check else ("no",):
            began = perf_counter()
            told = subprocess.run(
                [sys.executable, "-c", WORK, str(path), digest, str(out), check],
                check=True, capture_output=True, text=True,
            ).stdout.strip()  # fmt: skip
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
            print(f"{'check' if check == 'yes' else 'work'}: {perf_counter() - began:.0f} s, peak "
                  f"{peak:.0f} MiB, {cpu:.0f} s of processor so far; {told}")  # fmt: skip
        facts = json.loads((out / "facts.json").read_text())["facts"]
        stated = dict(zip(facts[0]["columns"], facts[0]["value"][0], strict=True))
        same = Decimal(stated["value"]) == total and stated["rows"] == rows
        print(f"stated {stated['value']} over {stated['rows']} rows; counted {total} over {rows}: "
              f"{'equal' if same else 'DIFFERENT'}")  # fmt: skip
        sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
