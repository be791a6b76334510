"""Whether a difference could be chance: tests with their exact distributions, and no library.

SciPy would be a hundred megabytes for five functions. The incomplete beta and gamma functions are
Lentz's continued fractions and power series (Numerical Recipes, 3rd ed., 6.2 and 6.4); the tests
compare them with published tables.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

Rows = tuple[tuple[Any, ...], ...]
_TINY = 1e-300
_STEPS = 400


def normal_tail(z: float) -> float:
    """Two-sided probability of a standard normal at least as far from 0 as `z`."""
    return math.erfc(abs(z) / math.sqrt(2))


def student_tail(t: float, freedom: float) -> float:
    """Two-sided probability of Student's t with `freedom` degrees."""
    return beta_share(freedom / (freedom + t * t), freedom / 2, 0.5)


def chi_square_tail(x: float, freedom: float) -> float:
    """Probability of chi-square with `freedom` degrees at least `x`."""
    return 1.0 if x <= 0 else gamma_upper(freedom / 2, x / 2)


def gamma_upper(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x)."""
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for step in range(1, _STEPS * 4):
            term *= x / (a + step)
            total += term
            if abs(term) < abs(total) * 1e-16:
                break
        return max(0.0, 1 - front * total)
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    fraction = d
    for step in range(1, _STEPS * 4):
        factor = -step * (step - a)
        b += 2
        d = 1 / (factor * d + b or _TINY)
        c = b + factor / c or _TINY
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return front * fraction


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(x, a, b) / a
    return 1 - front * _beta_fraction(1 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or _TINY)
    fraction = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for factor in (even, odd):
            d = 1 / (1 + factor * d or _TINY)
            c = 1 + factor / c or _TINY
            fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return fraction


def welch(rows: Rows) -> Rows:
    """(t, degrees, p, Hedges' g) of two rows of (name, n, mean, variance)."""
    (_, n1, m1, v1), (_, n2, m2, v2) = rows
    a, b = v1 / n1, v2 / n2
    if a + b <= 0:
        return ((None, None, None, None),)
    t = (m1 - m2) / math.sqrt(a + b)
    freedom = (a + b) ** 2 / (a * a / (n1 - 1) + b * b / (n2 - 1))
    pooled = math.sqrt(((n1 - 1) * v1 + (n2 - 1) * v2) / (n1 + n2 - 2))
    correction = 1 - 3 / (4 * (n1 + n2) - 9)
    return ((t, freedom, student_tail(t, freedom), correction * (m1 - m2) / pooled),)


def kruskal(rows: Rows) -> Rows:
    """(H, degrees, p, epsilon squared) of rows of (name, n, sum of ranks, sum of t³ − t).

    The last column is the same in every row. With two groups this is the Mann–Whitney test.
    """
    n = sum(row[1] for row in rows)
    ties = rows[0][3]
    h = 12 / (n * (n + 1)) * sum(row[2] ** 2 / row[1] for row in rows) - 3 * (n + 1)
    spread = 1 - ties / (n**3 - n)
    if spread <= 0:
        return ((None, None, None, None),)
    h = max(0.0, h / spread)
    return ((h, len(rows) - 1, chi_square_tail(h, len(rows) - 1), h / (n - 1)),)


def chi_square(rows: Rows) -> Rows:
    """(chi², degrees, p, Cramér's V) of rows of (one, other, count)."""
    first: dict[Any, float] = {}
    second: dict[Any, float] = {}
    counts: dict[tuple[Any, Any], float] = {}
    for one, other, count in rows:
        first[one] = first.get(one, 0) + count
        second[other] = second.get(other, 0) + count
        counts[one, other] = count
    total = sum(first.values())
    x = 0.0
    for one, other in itertools.product(first, second):
        expected = first[one] * second[other] / total
        x += (counts.get((one, other), 0) - expected) ** 2 / expected
    freedom = (len(first) - 1) * (len(second) - 1)
    smaller = min(len(first), len(second)) - 1
    if freedom < 1:
        return ((None, None, None, None),)
    return ((x, freedom, chi_square_tail(x, freedom), math.sqrt(x / (total * smaller))),)


def correlation(rows: Rows) -> Rows:
    """(r, p) of one row of (n, r): is the correlation different from none?"""
    ((n, r),) = rows
    if r is None or n < 4:
        return ((r, None),)
    r = max(-1.0, min(1.0, float(r)))
    if abs(r) == 1:
        return ((r, 0.0),)
    t = r * math.sqrt((n - 2) / (1 - r * r))
    return ((r, student_tail(t, n - 2)),)


def trend(rows: Rows) -> Rows:
    """(slope a period, slope ÷ median, Kendall's S, p) of rows of (period, value, season).

    Mann and Kendall's test within each season, corrected for ties (Hirsch, Slack and Smith 1982);
    the slope is Theil and Sen's. With one season it is the plain test.
    """
    seasons: dict[Any, list[tuple[int, float]]] = {}
    for place, row in enumerate(rows):
        seasons.setdefault(row[2], []).append((place, float(row[1])))
    s, variance, slopes = 0, 0.0, []
    for points in seasons.values():
        values, n = [value for _, value in points], len(points)
        for (i, a), (j, b) in itertools.combinations(points, 2):
            s += (b > a) - (b < a)
            slopes.append((b - a) / (j - i))
        ties = sum(t * (t - 1) * (2 * t + 5) for t in map(values.count, set(values)))
        variance += (n * (n - 1) * (2 * n + 5) - ties) / 18
    z = (s - (s > 0) + (s < 0)) / math.sqrt(variance) if variance > 0 else 0.0
    middle = statistics.median(float(row[1]) for row in rows)
    slope = statistics.median(slopes) if slopes else 0.0
    return ((slope, slope / middle if middle else None, s, normal_tail(z)),)


def holm(chances: Sequence[float]) -> list[float]:
    """Probabilities made larger for their number, by Holm's step-down method."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    adjusted = [0.0] * len(chances)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - rank)))
        adjusted[place] = highest
    return adjusted


def adjusted(rows: Rows) -> Rows:
    """(name, p, adjusted p) of rows of (name, p)."""
    chances = holm([float(row[1]) for row in rows])
    return tuple((row[0], row[1], p) for row, p in zip(rows, chances, strict=True))


COMPUTATIONS: dict[str, Callable[[Rows], Rows]] = {
    "welch": welch,
    "kruskal": kruskal,
    "chi_square": chi_square,
    "correlation": correlation,
    "trend": trend,
    "adjusted": adjusted,
}


def compute(name: str, rows: Rows) -> Rows:
    """The named computation of a query's rows, rounded to twelve digits like every number."""
    found = COMPUTATIONS[name](rows)
    return tuple(
        tuple(float(f"{cell:.12g}") if isinstance(cell, float) else cell for cell in row)
        for row in found
    )
