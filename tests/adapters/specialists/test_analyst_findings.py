"""What is planted in a table is found, said, and not found where it is not."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import math
import random
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source

FIRST = datetime.date(2023, 1, 1)


def shop(path: Path, *, planted: bool) -> None:
    """Two years of sales; `planted`: growth, strong Saturdays, a wild day, a better channel."""
    draw = random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "day", "channel", "region", "revenue", "rating"])
        number = 0
        for offset in range(731):
            day = FIRST + datetime.timedelta(offset)
            orders = 6
            if planted:
                orders = round(5 * (1 + offset / 731)) + (4 if day.weekday() == 5 else 0)
                orders += 60 if offset == 500 else 0
            for _ in range(orders):
                number += 1
                channel = draw.choice(("Web", "Shop"))
                amount = 5000 * math.exp(draw.gauss(0, 0.4))
                if planted and channel == "Web":
                    amount *= 1.6
                region = draw.choice(("North", "South"))
                if planted and region == "South" and offset > 365 and draw.random() < 0.6:
                    region = "North"
                rating = draw.randint(1, 5)
                writer.writerow([number, day, channel, region, f"${amount / 100:.2f}", rating])
        if planted:
            writer.writerow([number + 1, FIRST, "Web", "North", "$98765.43", 3])


@pytest.fixture(scope="module", params=[True, False], ids=["planted", "plain"])
def report(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("shop")
    shop(place / "sales.csv", planted=request.param)
    digest = hashlib.sha256((place / "sales.csv").read_bytes()).hexdigest()
    source = Source("sales.csv", "", digest, str(place / "sales.csv"))
    (place / "out").mkdir()
    DataAnalyst().work(Assignment("a", "data-analyst", "", "", (source,)), place / "out")
    facts = json.loads((place / "out" / "facts.json").read_text("utf-8"))["facts"]
    text = (place / "out" / "report.md").read_text("utf-8")
    return request.param, {fact["label"]: fact for fact in facts}, text


def rows(facts: dict, label: str) -> list[dict]:
    fact = facts[label]
    value = fact["value"] if isinstance(fact["value"], list) else [[fact["value"]]]
    return [dict(zip(fact["columns"], row, strict=True)) for row in value]


def test_growth_is_seen_where_there_is_growth(report):
    planted, facts, text = report
    (trend,) = rows(facts, "trend of revenue over whole months")
    assert (trend["p"] < 0.05) is planted
    assert ("*revenue* rises over the whole stretch" in text) is planted
    assert ("shows no steady rise or fall" in text) is not planted


def test_the_strong_weekday_is_named_where_there_is_one(report):
    planted, facts, text = report
    assert ("## The shape of a week" in text) is planted
    if planted:
        week = rows(facts, "revenue of a typical day, by weekday")
        assert max(week, key=lambda row: float(row["typical"]))["weekday"] == 6


def test_the_wild_day_is_the_most_unusual(report):
    planted, facts, _ = report
    found = [str(row["day"]) for row in rows(facts, "days with an unusual revenue")]
    wild = str(FIRST + datetime.timedelta(500))
    assert (wild in found[:2]) is planted


def test_the_value_that_was_mistyped_is_the_furthest(report):
    planted, facts, _ = report
    if planted:
        assert rows(facts, "furthest values of revenue")[0]["main_value"] == "98765.43"
    else:
        assert rows(facts, "values of revenue far outside the rest")[0]["share"] < 0.005


def test_a_real_difference_is_sure_and_chance_is_not(report):
    planted, facts, text = report
    (test,) = rows(facts, "does revenue differ by channel?")
    adjusted = {
        row["test"]: row["adjusted"]
        for row in rows(facts, "probabilities adjusted for the number of tests (Holm)")
    }
    assert (adjusted["does revenue differ by channel?"] < 0.001) is planted
    assert (test["effect"] > 0.06) is planted
    assert adjusted["does rating differ by channel?"] > 0.05
    assert ("*rating* and *channel*: no difference that chance would not make" in text) is True


def test_what_a_region_lost_is_said_and_the_parts_make_the_change(report):
    planted, facts, _ = report
    change = rows(
        facts,
        "change of revenue by region: the last twelve whole months and the twelve before",
    )
    (whole,) = rows(facts, "revenue: the last twelve whole months and the twelve before")
    assert round(sum(float(row["change"]) for row in change), 2) == float(whole["change"])
    assert (change[-1]["level"] == "South" and float(change[-1]["change"]) < 0) or not planted
