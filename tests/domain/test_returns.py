"""What counts as a claimed benefit, for how long, and how much of it is believed."""

from __future__ import annotations

from time import process_time

import pytest

from flux_cli.domain.money import BOUND, USDC, Asset, Money, parse_money
from flux_cli.domain.returns import believed_return, claimed_return

HUNDRED = parse_money("100")

CLAIMS = [
    ("saving $3,000/month", "9000"),
    ("expected return of $600", "600"),
    ("Expected return: $600.", "600"),
    ("saves 40 hours at $50/hour", "2000"),
    ("saves 10 hours a week at $50/hour", "6000"),
    ("saves 1,200 hours of manual work at $2 per hour", "2400"),
    ("saves $1,200 per year", "1200"),
    ("$1,200 per year saved", "1200"),
    ("a benefit of $1,200 per year", "1200"),
    ("3x return", "300"),
    ("a 2.5x return on $120", "250"),
    ("returns 3x", "300"),
    ("150% ROI", "150"),
    ("ROI of 150%", "150"),
    ("pays back 2 times", "200"),
    ("each $1 of API use saved $4 of manual work last month", "400"),
    ("every $2 returned $3", "150"),
    ("$4 saved for every $1 spent", "400"),
    ("saving $3,000/month over 3 months", "9000"),
    ("saving $1,000 a month over two months", "2000"),
    ("saving $1,000 a month for the next 12 months", "3000"),
    ("saves $10 a week for 4 weeks", "40"),
    ("saving $3,000 over 3 months", "3000"),
    ("saves the support team of five about $3,000 monthly", "9000"),
    ("monthly savings of $500", "1500"),
    ("annual savings of $500", "500"),
    ("saves $50 a day", "4200"),
    ("saves $50 each week", "600"),
    ("saves $300 every quarter", "300"),
    ("saves $300 yearly", "300"),
    ("cuts the bill from $800 to $300 per month", "1500"),
    ("increases sales from $800 to $1,200", "400"),
    ("reduces costs by $400", "400"),
    ("increases revenue by $250/week", "3000"),
    ("$600 expected return", "600"),
    ("$1,200 of extra revenue", "1200"),
    ("we expect $600 in revenue", "600"),
    ("avoids a $2,000 fine", "2000"),
    ("costs $200/month and saves $300/month", "900"),
    ("spend $100 to save $400", "400"),
    ("saves $400 now, so $400 saved in all", "400"),
    ("saves $400 in fees. Saves $900 in labour.", "900"),
    ("the plan has a price of $40 and a saving of $15 each month", "45"),
    ("saves $5k", "5000"),
    ("saves $1.5 million per year", "1500000"),
    ("saves 600 dollars", "600"),
    ("saves US$300", "300"),
    ("saves ＄４００", "400"),
    ("SAVES $4.50", "4.5"),
    ("return $0", "0"),
    ("this is worth $900 to us", "900"),
]


@pytest.mark.parametrize(("text", "back"), CLAIMS)
def test_a_claimed_benefit_is_read(text, back):
    assert claimed_return(text, HUNDRED) == parse_money(back)


NO_CLAIMS = [
    "",
    "communication could be better",
    "might help us scale",
    "costs $200/month",
    "budget of $500",
    "a $500 budget for tools",
    "we pay $200 per year",
    "$1,200",
    "price $40, shipping $5",
    "saving on a $5,000 monthly bill",
    "does not save $400",
    "it won't save us $400",
    "no savings of $400",
    "return on the $500 budget",
    "$50 return label",
    "30-day returns, free over $50",
    "returns accepted for a $5 fee",
    "2x faster builds",
    "saves 40 hours",
    "yields 12% more output",
    "save 20% off the list price",
    "saves €400",
    "saves $1,2345",
    "saves $1.200,50",
    "saves $0.1234567",
    "saves $999999999999",
    "saves $99999999999999999999999",
    "saves $-400",
    "saves $١٠٠",
    "the revenue team spent $900",
    "our company has sales of $5,000,000",
    "$500 sales software",
    "increases cost by $400",
]


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_what_is_no_benefit_is_not_read(text):
    assert claimed_return(text, HUNDRED) is None


def test_a_multiple_is_of_the_amount_asked_for():
    assert claimed_return("3x return", parse_money("120")) == parse_money("360")
    assert claimed_return("each $1 returned $5", Money(1)) == Money(5)


def test_the_claim_is_in_the_asset_asked_for():
    assert claimed_return("saves $7", Money(1, USDC)) == Money(7_000_000, USDC)
    assert claimed_return("saves $7.50", Money(1, Asset("YEN", 0))) is None
    assert claimed_return("saves $7.50", Money(1, Asset("EUR", 2))) == Money(750, Asset("EUR", 2))


def test_only_the_first_two_thousand_characters_are_read():
    assert claimed_return("." * 1_980 + " saves $7", HUNDRED) == parse_money("7")
    assert claimed_return("." * 1_995 + " saves $7", HUNDRED) is None


def test_a_claim_never_leaves_the_bound():
    assert claimed_return("saves $900,000,000/month", HUNDRED) is None
    assert claimed_return("999x return", Money(BOUND)) is None


SEEDS = ["save ", "$1 ", "a ", "save $1 ", "every $1 ", "cut from ", "$", "1,", "saves a the "]


def test_hostile_text_is_read_quickly():
    started = process_time()

    for seed in SEEDS:
        claimed_return(seed * 100_000, HUNDRED)
    assert process_time() - started < 10  # far above what it takes, far below a walk of every pair


@pytest.mark.parametrize(
    ("claims", "accuracy", "believed"),
    [(0, 100, "150"), (4, 100, "150"), (5, 100, "600"), (5, 90, "540"), (9, 0, "0"),
     (9, 250, "600"), (9, -5, "0")],
)  # fmt: skip
def test_a_claim_is_believed_by_the_record(claims, accuracy, believed):
    assert believed_return(parse_money("600"), claims, accuracy) == parse_money(believed)


def test_belief_rounds_down():
    assert believed_return(Money(7), 0, 0) == Money(1)
