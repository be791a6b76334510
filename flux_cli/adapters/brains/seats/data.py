"""The data seat: is the price an outlier, does the requester's record hold, what is attached."""

from __future__ import annotations

from flux_cli.adapters.brains.seats.scorecard import (
    Finding,
    abstain,
    clamp,
    counted,
    doubled_median,
    forbidden,
    found,
    judge,
    known_units,
    quoted,
)
from flux_cli.domain.quorum import Conditions, Dossier, LinePrice, Opinion
from flux_cli.domain.returns import SETTLED_CLAIMS_TRUSTED

SEES = ("prices", "settled_claims", "accuracy_percent", "evidence")
"""The dossier fields this seat judges by; no other fact moves it."""

START = 45
FEWEST_PRICES = 3
HARD_Z = 600
HIGHEST_Z = 9_999


def vote(dossier: Dossier) -> Opinion:
    """The data seat's opinion; a hard NO to a price with robust z over 6.

    It abstains where fewer than three prices are known in all.
    """
    known = sum(len(line.known) for line in dossier.prices)
    if known < FEWEST_PRICES:
        text = f"{counted(known, 'known price')}, at least {FEWEST_PRICES} needed to judge"
        return abstain("too_few_prices", "prices", text)
    findings = [*_outliers(dossier), _sample(dossier, known), _attached(dossier), _record(dossier)]
    return judge(START, findings, Conditions())


def robust_z(line: LinePrice) -> int:
    """0.6745 (x - median) / MAD of the asked price, times 100, within ±9,999.

    The MAD counts as at least 5 % of the median, or 25 % where fewer than three prices are
    known, so that equal or few prices do not make every other price an outlier. Iglewicz and
    Hoaglin, "How to Detect and Handle Outliers" (1993). Needs at least one known price.
    """
    known = known_units(line.known)
    twice_median = doubled_median(known)
    # Four times each value: doubled once for the median, once more for the median deviation.
    deviation = doubled_median([abs(2 * price - twice_median) for price in known])
    least = 5 if len(known) >= FEWEST_PRICES else 25
    spread = max(deviation, 2 * twice_median * least // 100)
    distance = 4 * line.asked.units - 2 * twice_median
    if spread <= 0:
        return HIGHEST_Z if distance > 0 else 0
    return clamp(-HIGHEST_Z, 6745 * distance // (100 * spread), HIGHEST_Z)


def _outliers(dossier: Dossier) -> list[Finding]:
    scored = [(robust_z(line), i) for i, line in enumerate(dossier.prices) if line.known]
    worst, index = max(scored, key=lambda pair: pair[0])
    line = dossier.prices[index]
    text = (
        f"{quoted(line.item)} at {line.asked} has robust z {_hundredths(worst)} "
        f"against {counted(len(line.known), 'known price')}"
    )
    if worst > HARD_Z:
        return [forbidden("price_outlier", f"prices[{index}]", f"{text}, over 6")]
    return [found(clamp(-35, 15 - worst // 10, 15), "price_z", f"prices[{index}]", text)]


def _sample(dossier: Dossier, known: int) -> Finding:
    unknown = sum(1 for line in dossier.prices if not line.known)
    text = f"{counted(known, 'known price')}; lines without any: {unknown} of {len(dossier.prices)}"
    return found(min(known, 10) - min(10 * unknown, 20), "price_history", "prices", text)


def _attached(dossier: Dossier) -> Finding:
    pieces = len(dossier.evidence)
    text = f"{counted(pieces, 'piece')} of evidence attached"
    return found(-10 if not pieces else min(5 * pieces, 15), "evidence_attached", "evidence", text)


def _record(dossier: Dossier) -> Finding:
    claims, accuracy = dossier.settled_claims, dossier.accuracy_percent
    if claims < SETTLED_CLAIMS_TRUSTED:
        text = f"{counted(claims, 'settled claim')}, {SETTLED_CLAIMS_TRUSTED} needed for a record"
        return found(0, "no_record_yet", "settled_claims", text)
    text = f"{accuracy} % of what it claimed came true over {claims} settled claims"
    return found(clamp(-20, (accuracy - 60) // 2, 15), "claim_record", "accuracy_percent", text)


def _hundredths(value: int) -> str:
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 100)
    return f"{sign}{whole}.{part:02d}"
