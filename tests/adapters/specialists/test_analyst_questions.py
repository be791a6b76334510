"""A client's questions of a table, answered as an independent count of the same rows answers."""

from __future__ import annotations

import csv
import datetime
import hashlib
import random
import re
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.analyst.analysis import analyse, prepare
from flux_cli.adapters.specialists.analyst.answers import tell_answers
from flux_cli.adapters.specialists.analyst.engine import Engine
from flux_cli.adapters.specialists.analyst.facts import Ref, show
from flux_cli.adapters.specialists.analyst.story import Bullets, Piece
from flux_cli.adapters.specialists.analyst.subject import subject_of
from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source

SCENARIO = Path(__file__).parents[3] / "scenarios" / "data-pipeline"
NO = "The data does not answer this: no column speaks of it."
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Sale:
    day: datetime.date
    city: str
    kind: str
    buyer: str
    pieces: int
    cents: int


def sales(seed: int) -> list[Sale]:
    """Two years of sales with every answer different from the next best."""
    draw = random.Random(seed)
    made = []
    for offset in range(730):
        day = datetime.date(2024, 1, 1) + datetime.timedelta(offset)
        for _ in range(3 + 2 * (day.weekday() == 4) + draw.randrange(2)):
            pieces = draw.randrange(1, 9)
            cents = pieces * draw.choice((1999, 2550, 3999)) + draw.randrange(90)
            city = draw.choices(("Graz", "Linz", "Sankt Pölten", "Wien"), (1, 2, 3, 5))[0]
            kind = draw.choices(("Tea", "Coffee", "Cocoa"), (5, 3, 1))[0]
            made.append(Sale(day, city, kind, f"B{draw.randrange(90):03}", pieces, cents))
    return made


def spelt(day: datetime.date, draw: random.Random) -> str:
    return draw.choice((f"{day:%Y-%m-%d}", f"{day:%d.%m.%Y}", f"{day.day} {day:%B %Y}",
                        f"{day:%Y/%m/%d}"))  # fmt: skip


def money(cents: int, draw: random.Random) -> str:
    whole, part = divmod(cents, 100)
    return draw.choice((f"€{whole}.{part:02}", f"{whole}.{part:02} EUR", f" € {whole}.{part:02} "))


def dirty(path: Path, rows: list[Sale], seed: int) -> None:
    """The sales as a dirty file: dates in four spellings, marked money, rows that are broken."""
    draw = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["Sale no", "Sale date", "City", "Product type", "Buyer", "Pieces", "Revenue"]
        )
        for number, one in enumerate(rows, 1):
            cells = [f"S{number}", spelt(one.day, draw), f" {one.city}", one.kind, one.buyer,
                     one.pieces, money(one.cents, draw)]  # fmt: skip
            writer.writerow(cells)
            if number % 20 == 0:
                writer.writerow([f"X{number}", "not a day"])


def answers(seed: int, questions: list[str], place: Path) -> dict[str, str]:
    """What the analysis says to each question, as a reader would see it."""
    path = place / "sales.csv"
    dirty(path, sales(seed), seed)
    source = Source(path.name, "", hashlib.sha256(path.read_bytes()).hexdigest(), str(path))
    given = Assignment("a", "data-analyst", "What do we sell?", "", (source,))
    work = place / "work"
    work.mkdir()
    engine = Engine(work)
    tables = prepare(given, engine, work)
    story = analyse(given, engine, tables).story
    subjects = [subject_of(engine, made, given.goal) for made in tables]
    found = {}
    for question in questions:
        tell_answers(story, subjects, (question,))
        *_, bullets = story.sections[-1].blocks
        assert isinstance(bullets, Bullets)
        found[question] = "\n".join("".join(map(plain, item)) for item in bullets.items)
    engine.close()
    return found


def plain(piece: Piece) -> str:
    return (
        piece if isinstance(piece, str) else piece.shown if isinstance(piece, Ref) else piece.text
    )


def report_of(files: tuple[Path, ...], questions: tuple[str, ...], out: Path) -> str:
    """What stands under the brief's questions."""
    sources = tuple(
        Source(one.name, "", hashlib.sha256(one.read_bytes()).hexdigest(), str(one))
        for one in files
    )
    brief = "# Sales\n\n## Questions\n\n" + "\n".join(f"- {one}" for one in questions)
    out.mkdir()
    given = Assignment("a", "data-analyst", "What do we sell?", brief, sources)
    DataAnalyst().work(given, out)
    failed = [check for check in DataAnalyst().check(given, out) if not check.passed]
    assert failed == []
    text = (out / "report.md").read_text("utf-8")
    return text.partition("## Your questions")[2].partition("\n## ")[0]


def asked(files: tuple[Path, ...], questions: tuple[str, ...], out: Path) -> dict[str, str]:
    told = report_of(files, questions, out)
    bare = re.sub(r"\[([^\]]*)\]\(queries[^)]*\)", r"\1", told).replace("*", "")
    parts = re.split(rf"\n\n({'|'.join(map(re.escape, questions))})\n\n", bare)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def euros(cents: int) -> str:
    return show(f"{cents // 100}.{cents % 100:02}", "money:EUR")


def share(part: float, whole: float) -> str:
    return show(part / whole, "share")


def expected(rows: list[Sale]) -> dict[str, str]:
    """The table: each question, and the words its answer has to have, counted here."""
    whole = sum(one.cents for one in rows)
    by: dict[str, Counter[str]] = defaultdict(Counter)
    for one in rows:
        by["weekday"][DAYS[one.day.weekday()]] += one.cents
        by["month"][f"{one.day:%b %Y}"] += one.cents
        by["city"][one.city] += one.cents
        by["buyer"][one.buyer] += one.cents
        by["year"][str(one.day.year)] += one.cents
        by["pieces"][one.kind] += one.pieces
        by["rows"][one.city] += 1
        by["quarter"][f"Q{(one.day.month + 2) // 3} {one.day.year}"] += one.cents

    def best(name: str) -> tuple[str, int]:
        return by[name].most_common(1)[0]

    def last(name: str) -> tuple[str, int]:
        return min(by[name].items(), key=lambda pair: pair[1])

    top = by["buyer"].most_common(3)
    a, b = by["year"]["2024"], by["year"]["2025"]
    q1, q2 = by["quarter"]["Q1 2024"], by["quarter"]["Q1 2025"]
    wien = sum(one.cents for one in rows if one.city == "Wien" and one.day.year == 2025)
    march = sum((one.day.year, one.day.month) == (2025, 3) for one in rows)
    r = statistics.correlation([one.pieces for one in rows], [one.cents for one in rows])
    tea = sum(one.cents for one in rows if one.kind == "Tea")
    kinds = by["pieces"]
    return {
        "Which weekday sells most?": f"{best('weekday')[0]} has the most Revenue:"
        f" {euros(best('weekday')[1])}, {share(best('weekday')[1], whole)} of the whole",
        "Which weekday sells least?": f"{last('weekday')[0]} has the least Revenue:"
        f" {euros(last('weekday')[1])}",
        "What was our best month?": f"{best('month')[0]} has the most Revenue:"
        f" {euros(best('month')[1])}",
        "What was the worst month?": f"{last('month')[0]} has the least Revenue:"
        f" {euros(last('month')[1])}",
        "Which city has the highest revenue?": f"{best('city')[0]} has the most Revenue:"
        f" {euros(best('city')[1])}",
        "Which city has the most sales?": f"{best('city')[0]} has the most",
        "Who are the top 3 buyers by revenue?": f"{top[0][0]} with {euros(top[0][1])}, {top[1][0]}"
        f" with {euros(top[1][1])} and {top[2][0]} with {euros(top[2][1])}",
        "Which product type sold the most pieces?": f"{kinds.most_common(1)[0][0]} has the",
        "What share of revenue comes from Wien?": f"{share(by['city']['Wien'], whole)} of the sum"
        f" of Revenue comes from the rows where City is Wien: {euros(by['city']['Wien'])} of"
        f" {euros(whole)}",
        "What percentage of revenue does tea make?": f"{share(tea, whole)} of the sum of Revenue",
        "How did revenue change from 2024 to 2025?": f"Revenue went from {euros(a)} in 2024 to"
        f" {euros(b)} in 2025: ",
        "How did revenue change between Q1 2024 and Q1 2025?": f"from {euros(q1)} in Q1 2024 to"
        f" {euros(q2)} in Q1 2025",
        "What is the average revenue per buyer?": "Average Revenue per Buyer: "
        + euros(round(whole / len(by["buyer"]))),
        "What is the average revenue per month?": "Average Revenue per month: "
        + euros(round(whole / 24)),
        "Is there a correlation between pieces and revenue?": f"r = {show(r, 'effect')}; they rise"
        " together",
        "How much revenue did Wien have in 2025?": f"Total Revenue where City is Wien in 2025:"
        f" {euros(wien)}",
        "How many sales were there in March 2025?": f"Number of rows in Mar 2025: {march}.",
        "How many buyers do we have?": f"There are {len(by['buyer'])} different values of Buyer",
        "What was total revenue?": f"Total Revenue: {euros(whole)}",
        "What is the median of pieces?": "Median Pieces: "
        + show(statistics.median(one.pieces for one in rows), "number"),
        "How much did we sell in 2025 compared to 2024?": f"from {euros(a)} in 2024 to {euros(b)}",
        "When do we sell the most?": f"{best('month')[0]} has the most Revenue",
        "What is the largest sale?": "The largest Revenue of one row is "
        + euros(max(one.cents for one in rows)),
        "What is the average order value?": f"Average Revenue: {euros(round(whole / len(rows)))}",
        "How many sales were there per city?": ", ".join(
            f"{city} {number:,}" for city, number in by["rows"].most_common(3)
        ),
        "What was revenue in 2031?": "The data does not answer this: no row in 2031 has a value",
        "Which supplier is the most expensive?": NO,
        "What profit did we make in Wien?": NO,
        "How did revenue change from 2019 to 2020?": "The data does not answer this",
        "Why do people prefer tea?": NO,
        "How long does a lantern shine on one day of sun?": NO,
        "Which city has the highest margin?": NO,
    }


@pytest.fixture(scope="module", params=[1, 2])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> (
    tuple[dict[str, str], dict[str, str]]
):  # fmt: skip
    table = expected(sales(request.param))
    found = answers(request.param, list(table), tmp_path_factory.mktemp("sales"))
    return table, found


@pytest.mark.parametrize("question", list(expected(sales(1))))
def test_a_question_is_answered_as_an_independent_count_answers_it(
    question: str, told: tuple[dict[str, str], dict[str, str]]
) -> None:
    table, found = told
    assert table[question] in found[question]
    answered = "does not answer" not in table[question]
    assert ("Computation: " in found[question]) == answered


def test_the_bundled_questions_have_their_answers(tmp_path: Path) -> None:
    """The totals are those that `csv` and exact cents give, in test_analyst_totals."""
    brief = (SCENARIO / "brief.md").read_text("utf-8").partition("## Questions")[2]
    questions = tuple(re.findall(r"^- (.+\?)$", brief, re.MULTILINE))
    found = asked(tuple(sorted((SCENARIO / "data").iterdir())), questions, tmp_path / "out")

    assert "Saturday has the most Revenue" in found["Which weekday sells most?"]
    assert "Computation: sum of Revenue" in found["Which weekday sells most?"]
    earn = found["Which channel and which product category earn the most?"]
    assert "Wholesale has the most Revenue" in earn
    assert "Coffee has the most Revenue" in earn
    total = found["What was total revenue, and how did it change against the year before?"]
    assert "Total Revenue: €503,895.34" in total
    assert "the twelve before" in total
    assert NO in found["What did delivery cost us?"]
    assert sum("does not answer" in one for one in found.values()) == 1


def test_questions_that_are_all_for_another_trade_are_not_listed(tmp_path: Path) -> None:
    questions = ("What stops people from buying?", "Why do campers prefer tea?")
    told = report_of(tuple(sorted((SCENARIO / "data").iterdir())), questions, tmp_path / "out")
    assert told.strip() == (
        "The data answers none of the brief's questions: no column speaks of what they ask."
    )
