"""The statistics against published tables, textbook examples and SciPy's printed answers."""

from __future__ import annotations

import math

import pytest

from flux_cli.adapters.specialists.analyst import significance as s


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    # The two-sided critical values of every table of Student's t.
    [(12.706205, 1, 0.05), (4.302653, 2, 0.05), (2.228139, 10, 0.05), (3.169273, 10, 0.01),
     (2.042272, 30, 0.05), (1.959964, 1e7, 0.05), (0.0, 5, 1.0)],
)  # fmt: skip
def test_students_t_agrees_with_the_tables(t, freedom, p):
    assert s.student_tail(t, freedom) == pytest.approx(p, rel=1e-5)
    assert s.student_tail(-t, freedom) == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(
    ("x", "freedom", "p"),
    [(3.841459, 1, 0.05), (6.634897, 1, 0.01), (5.991465, 2, 0.05), (18.307038, 10, 0.05),
     (124.342113, 100, 0.05), (10.827566, 1, 0.001), (0.0, 3, 1.0)],
)  # fmt: skip
def test_chi_square_agrees_with_the_tables(x, freedom, p):
    assert s.chi_square_tail(x, freedom) == pytest.approx(p, rel=1e-5)


@pytest.mark.parametrize(("z", "p"), [(1.959964, 0.05), (2.575829, 0.01), (0, 1.0)])
def test_the_normal_distribution_agrees_with_the_tables(z, p):
    assert s.normal_tail(z) == pytest.approx(p, rel=1e-5)


def test_extremes_are_probabilities_and_never_fail():
    for found in (
        s.student_tail(1e6, 5), s.student_tail(1e-9, 1e9), s.chi_square_tail(1e5, 3),
        s.chi_square_tail(1e-9, 500), s.chi_square_tail(5000, 5000), s.normal_tail(60),
    ):  # fmt: skip
        assert 0 <= found <= 1
    assert s.chi_square_tail(5000, 5000) == pytest.approx(0.49734, rel=1e-3)


def moments(values):
    mean = sum(values) / len(values)
    return len(values), mean, sum((v - mean) ** 2 for v in values) / (len(values) - 1)


def test_welch_agrees_with_the_example_of_its_encyclopaedia_article():
    """Example 2 of "Welch's t-test": t = -1.57, 9.9 degrees; the p that R prints."""
    one = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8]
    two = [21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8,
           20.7, 21.7, 21.5, 22.5, 23.6, 21.5, 22.5, 23.5, 21.5, 21.8]  # fmt: skip
    ((t, freedom, p, g),) = s.welch((("a", *moments(one)), ("b", *moments(two))))
    assert (round(t, 2), round(freedom, 1)) == (-1.57, 9.9)
    assert p == pytest.approx(0.149, abs=2e-3)
    assert g == pytest.approx(-0.70, abs=0.1)


def ranked(groups):
    every = sorted(value for group in groups for value in group)
    rank = {v: (every.index(v) + 1 + len(every) - every[::-1].index(v)) / 2 for v in every}
    ties = sum(every.count(v) ** 3 - every.count(v) for v in set(every))
    return tuple(
        (n, len(group), sum(rank[v] for v in group), ties) for n, group in enumerate(groups)
    )


def test_kruskal_wallis_agrees_with_a_worked_example():
    """scipy.stats.kruskal([1,3,5,7,9], [2,4,6,8,10]) is 0.2727, p 0.6015, as its page prints."""
    ((h, freedom, p, _),) = s.kruskal(ranked(([1, 3, 5, 7, 9], [2, 4, 6, 8, 10])))
    assert (round(h, 9), freedom, round(p, 9)) == (0.272727273, 1, 0.601508134)


def test_kruskal_wallis_corrects_for_ties():
    """scipy.stats.kruskal([1,1,1], [2,2,2], [2,2]) is 7.0, p 0.0301973834223185."""
    ((h, freedom, p, _),) = s.kruskal(ranked(([1, 1, 1], [2, 2, 2], [2, 2])))
    assert (round(h, 9), freedom, round(p, 12)) == (7.0, 2, 0.030197383422)


def test_chi_square_agrees_with_a_worked_example():
    """The table [[10, 10, 20], [20, 20, 20]] gives 2.7778 with 2 degrees, p 0.24935."""
    table = {("a", 0): 10, ("a", 1): 10, ("a", 2): 20, ("b", 0): 20, ("b", 1): 20, ("b", 2): 20}
    ((x, freedom, p, v),) = s.chi_square(tuple((*key, n) for key, n in table.items()))
    assert (round(x, 4), freedom, round(p, 5)) == (2.7778, 2, 0.24935)
    assert v == pytest.approx(math.sqrt(x / 100))


def test_a_correlation_of_half_over_ten_pairs_is_not_sure():
    ((r, p),) = s.correlation(((10, 0.5),))
    assert (r, round(p, 4)) == (0.5, 0.1411)


def test_mann_kendall_and_sen_see_a_rise_and_its_slope():
    rows = tuple((n, 10.0 + 2 * n, 0) for n in range(12))
    ((slope, relative, score, p),) = s.trend(rows)
    assert (slope, round(relative, 4), score) == (2.0, round(2 / 21, 4), 66)
    assert p == pytest.approx(8.3e-6, rel=0.05)
    ((flat, _, none, sure),) = s.trend(tuple((n, 5.0, 0) for n in range(12)))
    assert (flat, none, sure) == (0.0, 0, 1.0)


def test_a_rise_from_year_to_year_is_seen_through_the_seasons():
    rows = tuple((n, 100.0 + 80 * math.sin(n / 12 * 6.2832) + n / 2, n % 12) for n in range(24))
    ((slope, _, score, p),) = s.trend(rows)
    assert (round(slope, 3), score) == (0.5, 12)
    assert p == pytest.approx(math.erfc(11 / math.sqrt(12) / math.sqrt(2)))
    ((_, _, _, unseen),) = s.trend(tuple((n, value, 0) for n, value, _ in rows))
    assert unseen > 0.05


def test_holm_agrees_with_a_worked_example():
    assert s.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert s.holm([0.9, 0.9]) == [1.0, 1.0]


def test_groups_without_any_spread_have_no_p_rather_than_an_error():
    assert s.welch((("a", 5, 1.0, 0.0), ("b", 5, 1.0, 0.0))) == ((None, None, None, None),)
    assert s.kruskal(ranked(([1, 1], [1, 1]))) == ((None, None, None, None),)
