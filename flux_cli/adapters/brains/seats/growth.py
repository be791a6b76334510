"""The growth seat: what the money brings, what waiting costs, whether it serves the goal."""

from __future__ import annotations

import re

from flux_cli.adapters.brains.seats.scorecard import (
    Finding,
    abstain,
    clamp,
    counted,
    forbidden,
    found,
    judge,
    percent,
)
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Conditions, Dossier, Opinion, Urgency
from flux_cli.domain.returns import believed_return

SEES = (
    "amount",
    "purpose",
    "urgency",
    "claimed_return",
    "deliverables",
    "settled_claims",
    "accuracy_percent",
)
"""The dossier fields this seat judges by; no other fact moves it."""

START = 60
LEAST_PERCENT = 20
DELAY = {Urgency.LOW: -5, Urgency.MEDIUM: 5, Urgency.HIGH: 10}

_WORD = re.compile(r"[^\W\d_]{3,}")
_EMPTY_WORDS = frozenset(
    {"the", "and", "for", "with", "our", "your", "from", "that", "this", "new"}
)
# Five letters make "campaign" and "campaigns", "analysis" and "analyst" the same word.
_STEM = 5


def vote(dossier: Dossier) -> Opinion:
    """The growth seat's opinion; a hard NO where a claim is worth under a fifth of the cost."""
    fitting = _fitting(dossier)
    if dossier.claimed_return is None:
        if not fitting:
            named = counted(len(dossier.deliverables), "deliverable")
            text = f"no return is claimed and 0 of {named} fit the purpose"
            return abstain("no_benefit_to_judge", "claimed_return", text)
        text = f"no return is claimed for {dossier.amount}"
        findings = [found(-30, "no_return_claimed", "claimed_return", text)]
    else:
        believed = believed_return(
            dossier.claimed_return, dossier.settled_claims, dossier.accuracy_percent
        )
        findings = [_value(dossier, dossier.claimed_return, believed), _delay(dossier, believed)]
    findings.append(_fit(dossier, fitting))
    return judge(START, findings, Conditions())


def _value(dossier: Dossier, claimed: Money, believed: Money) -> Finding:
    ratio = percent(believed.units, dossier.amount.units)
    text = f"{believed} of {claimed} claimed is believed: {ratio} % of the {dossier.amount} cost"
    if ratio < LEAST_PERCENT:
        return forbidden("value_below_cost", "claimed_return", f"{text}, under {LEAST_PERCENT} %")
    return found(clamp(-30, ratio * 3 // 10 - 30, 20), "value_for_cost", "claimed_return", text)


def _delay(dossier: Dossier, believed: Money) -> Finding:
    # Without a benefit waiting costs nothing, so urgency alone never earns a point.
    text = f"urgency is {dossier.urgency}, with {believed} of believed return waiting on it"
    return found(DELAY[dossier.urgency], "cost_of_delay", "urgency", text)


def _fit(dossier: Dossier, fitting: int) -> Finding:
    named = len(dossier.deliverables)
    text = f"deliverables that share a word with the purpose: {fitting} of {named}"
    return found(10 * fitting // max(named, 1), "fit_to_goal", "deliverables", text)


def _fitting(dossier: Dossier) -> int:
    goal = _stems(dossier.purpose)
    return sum(1 for item in dossier.deliverables if goal & _stems(item))


def _stems(text: str) -> frozenset[str]:
    words = frozenset(_WORD.findall(text.casefold()))
    return frozenset(word[:_STEM] for word in words - _EMPTY_WORDS)
