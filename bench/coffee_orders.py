"""The orders of a coffee roastery that does not exist, for the scenario `data-pipeline`.

    python bench/coffee_orders.py

Writes scenarios/data-pipeline/data/*.csv, the same bytes every time: two years of orders as two
careless exports left them, with several date and money formats, broken rows and repeats.
"""

from __future__ import annotations

import csv
import datetime
import io
import math
import random
from pathlib import Path

HERE = Path(__file__).parents[1] / "scenarios" / "data-pipeline" / "data"
FIRST, LAST = datetime.date(2024, 1, 1), datetime.date(2025, 12, 31)
REGIONS = {"North": 0.28, "South": 0.22, "East": 0.18, "West": 0.32}
CHANNELS = {"Web shop": 0.5, "Retail": 0.32, "Wholesale": 0.18}
PRODUCTS = {
    "Espresso blend 1 kg": ("Coffee", 2490),
    "Filter roast 500 g": ("Coffee", 1190),
    "Decaf 500 g": ("Coffee", 1290),
    "Single origin 250 g": ("Coffee", 1090),
    "Hand grinder": ("Equipment", 7900),
    "Pour-over set": ("Equipment", 4450),
    "Milk jug": ("Equipment", 2150),
    "Paper filters": ("Accessories", 590),
    "Cleaning tablets": ("Accessories", 1150),
    "Gift box": ("Gifts", 3900),
}
WEEKDAYS = (1.05, 0.95, 0.98, 1.0, 1.25, 1.5, 0.7)
"""Monday to Sunday, as parts of a usual day."""


def orders(random_: random.Random) -> list[list[str]]:
    rows, number = [], 10_000
    customers = [f"K{n:04}" for n in range(1, 901)]
    liking = [random_.paretovariate(1.3) for _ in customers]
    for offset in range((LAST - FIRST).days + 1):
        day = FIRST + datetime.timedelta(offset)
        season = 1 + 0.22 * math.cos((day.timetuple().tm_yday - 350) / 365 * 2 * math.pi)
        growth = 1 + 0.28 * offset / 730
        busy = 8.2 * season * growth * WEEKDAYS[day.weekday()]
        if day == datetime.date(2025, 5, 16):
            busy *= 5.5  # a newspaper wrote about the shop
        if datetime.date(2025, 9, 8) <= day <= datetime.date(2025, 9, 9):
            busy *= 0.08  # the web shop was down
        for _ in range(round(random_.gauss(busy, busy**0.5 * 0.6))):
            number += 1
            region = random_.choices(list(REGIONS), list(REGIONS.values()))[0]
            if region == "South" and day.year == 2025 and random_.random() < 0.45:
                region = "West"  # the southern depot closed
            channel = random_.choices(list(CHANNELS), list(CHANNELS.values()))[0]
            product = random_.choices(list(PRODUCTS), (26, 20, 8, 12, 4, 6, 5, 12, 6, 7))[0]
            category, cents = PRODUCTS[product]
            quantity = 1 + min(11, int(random_.expovariate(0.9)))
            if channel == "Wholesale":
                quantity = quantity * 6 + random_.randint(0, 12)
                cents = round(cents * 0.78)
            returned = random_.random() < (0.065 if category == "Equipment" else 0.018)
            amount = -quantity * cents if returned else quantity * cents
            minutes = random_.randint(7 * 60, 22 * 60)
            customer = random_.choices(customers, liking)[0]
            rating = "" if random_.random() < 0.35 else str(
                random_.choices((1, 2, 3, 4, 5), (4, 5, 12, 35, 44) if channel != "Retail"
                                else (2, 3, 8, 34, 53))[0])  # fmt: skip
            rows.append([f"B{number}", day, minutes, customer, region, channel, category, product,
                         str(quantity), amount, rating])  # fmt: skip
    return rows


def date(day: datetime.date, minutes: int, way: int) -> str:
    del minutes
    return (
        day.isoformat(), f"{day:%d.%m.%Y}", f"{day.day} {day:%b %Y}", f"{day:%d/%m/%Y}"
    )[way]  # fmt: skip


def money(cents: int, way: int) -> str:
    euros = f"{abs(cents) / 100:,.2f}"
    german = euros.translate(str.maketrans(",.", ".,"))
    if cents < 0:
        return (f"-€{euros}", f"-{german} €", f"(€{euros})")[way]
    return (f"€{euros}", f"{german} €", f"€{euros}")[way]


def untidy(text: str, random_: random.Random) -> str:
    return random_.choices((text, text.lower(), text.upper(), f" {text} "), (94, 2, 2, 2))[0]


HEADER = ["Order ID", "Order date", "Customer", "Region", "Channel", "Category", "Product",
          "Quantity", "Revenue", "Rating"]  # fmt: skip


def written(rows: list[list[object]], random_: random.Random, preamble: list[str]) -> str:
    out = io.StringIO(newline="")
    for line in preamble:
        out.write(line + "\r\n")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in rows:
        (
            order,
            day,
            minutes,
            customer,
            region,
            channel,
            category,
            product,
            quantity,
            cents,
            rating,
        ) = row
        way = random_.choices((0, 1, 2, 3), (55, 25, 12, 8))[0]
        cells = [
            order, date(day, minutes, way), customer if random_.random() > 0.02 else "N/A",
            untidy(region, random_), channel, category, product,
            quantity if (luck := random_.random()) > 0.006 else ("?" if luck > 0.002 else "two"),
            money(cents, random_.choices((0, 1, 2), (70, 20, 10))[0]), rating,
        ]  # fmt: skip
        chance = random_.random()
        if chance < 0.012:
            out.write(",".join(cells[: random_.randint(2, 6)]) + "\r\n")  # cut off
        elif chance < 0.017:
            out.write(",".join(cells[:3]) + f',"{region},{channel},{cents / 100:.2f}\r\n')
        elif chance < 0.020:
            writer.writerow([*cells, "see note", "!"])
        else:
            writer.writerow(cells)
        if random_.random() < 0.008:
            writer.writerow(cells)  # exported twice
    return out.getvalue()


def main() -> None:
    random_ = random.Random(20260101)
    rows = orders(random_)
    HERE.mkdir(exist_ok=True)
    first = [row for row in rows if row[1].year == 2024]
    second = [row for row in rows if row[1].year == 2025]
    one = written(first, random_, ["Orders export;Kaffeerösterei Flink", ""])
    two = written(second, random_, [])
    (HERE / "orders-2024.csv").write_bytes(one.encode("cp1252"))
    (HERE / "orders-2025.csv").write_bytes(two.encode("utf-8-sig"))


if __name__ == "__main__":
    main()
