"""The invented pre-orders of the product-launch scenario, the same bytes every time.

python bench/camping_lanterns.py      writes scenarios/product-launch/data/preorders.csv
"""

from __future__ import annotations

import csv
import io
import random
import sys
from datetime import date, timedelta
from pathlib import Path

PATH = Path(__file__).resolve().parents[1] / "scenarios/product-launch/data/preorders.csv"
ORDERS = 640
PRICE_CENTS = 7_900
COUNTRIES = ("Germany", "Netherlands", "Denmark", "Austria", "Belgium")
CHANNELS = ("newsletter", "web shop", "trade fair", "instagram")


def preorders(seed: int = 11) -> str:
    """The file: an order a line, as a shop's own export spells it, with its small faults."""
    draw = random.Random(seed)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("order", "date", "country", "channel", "pieces", "amount", "colour"))
    first = date(2026, 1, 12)
    for number in range(ORDERS):
        # Ten weeks; the trade fair is in the fifth, and the newsletter goes out on Thursdays.
        channel = draw.choices(CHANNELS, (36, 34, 12, 18))[0]
        week = 4 if channel == "trade fair" else draw.choices(range(10), range(6, 16))[0]
        weekday = 3 if channel == "newsletter" and draw.random() < 0.6 else draw.randrange(7)
        day = first + timedelta(weeks=week, days=weekday)
        pieces = draw.choices((1, 2, 3, 4), (78, 16, 4, 2))[0]
        country = draw.choices(COUNTRIES, (46, 24, 14, 10, 6))[0]
        amount = f"{pieces * PRICE_CENTS // 100}.00 EUR"
        if draw.random() < 0.02:
            amount = ""
        written = f"{day:%d.%m.%Y}" if draw.random() < 0.15 else day.isoformat()
        colour = draw.choices(("black", "silver", "amber"), (55, 30, 15))[0]
        rows.writerow((f"H{number + 1001}", written, country, channel, pieces, amount, colour))
    return out.getvalue()


if __name__ == "__main__":
    PATH.write_text(preorders(), encoding="utf-8")
    print(f"{ORDERS} orders in {PATH.name}")
    sys.exit(0)
