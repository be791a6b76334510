"""The operations seat: what is delivered, how it is checked, whether it comes in time."""

from __future__ import annotations

import re

from flux_cli.adapters.brains.seats.scorecard import (
    Finding,
    abstain,
    counted,
    forbidden,
    found,
    judge,
)
from flux_cli.domain.quorum import Conditions, Dossier, Opinion

SEES = (
    "justification",
    "deliverables",
    "acceptance_checks",
    "slack_hours",
    "turnaround_hours",
)
"""The dossier fields this seat judges by; no other fact moves it."""

START = 52
SHORTEST, LONGEST = 15, 600

# Only the structure of the text is read: that it names a number or a time, never what it pleads.
_QUANTITY = re.compile(
    r"[0-9][0-9,.]{0,20}|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?"
    r"|hundreds?|thousands?|half|halves|twice|doubles?|triples?)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:hour|day|week|month|quarter|year)s?\b|\b(?:hourly|daily|weekly|monthly|quarterly"
    r"|yearly|annual(?:ly)?|today|tomorrow|tonight|deadline)\b|[0-9](?:h|d|w|mo|yr)\b"
    r"|/(?:mo|yr|wk|hr)\b|\b20[0-9]{2}-[01][0-9]\b",
    re.IGNORECASE,
)


def vote(dossier: Dossier) -> Opinion:
    """The operations seat's opinion; a hard NO where nothing is delivered."""
    if not dossier.deliverables:
        nothing = forbidden("no_deliverable", "deliverables", "0 deliverables are named")
        return judge(START, [nothing], Conditions())
    if dossier.slack_hours is not None and dossier.turnaround_hours is None:
        text = f"the deadline is in {dossier.slack_hours} h and no turnaround is known"
        return abstain("no_turnaround_data", "turnaround_hours", text)
    findings = [_checks(dossier), *_schedule(dossier), _length(dossier), _specifics(dossier)]
    return judge(START, findings, Conditions(require_check=dossier.acceptance_checks > 0))


def _checks(dossier: Dossier) -> Finding:
    named, checks = len(dossier.deliverables), dossier.acceptance_checks
    text = f"{counted(checks, 'acceptance check')} for {counted(named, 'deliverable')}"
    if checks <= 0:
        return found(-5, "nothing_to_check", "acceptance_checks", text)
    # Two checks a deliverable are enough; more earn nothing.
    points = 25 * min(checks, 2 * named) // (2 * named) - 5
    return found(points, "acceptance_checks", "acceptance_checks", text)


def _schedule(dossier: Dossier) -> list[Finding]:
    slack, turnaround = dossier.slack_hours, dossier.turnaround_hours
    if slack is None or turnaround is None:
        return []
    text = f"the work takes {turnaround} h of the {slack} h left"
    if turnaround > slack or slack <= 0:
        return [found(-40, "deadline_missed", "turnaround_hours", text)]
    used = turnaround * 100 // slack
    points = 15 - max(0, used - 50) * 30 // 50
    return [found(points, "deadline_met", "turnaround_hours", f"{text} ({used} %)")]


def _length(dossier: Dossier) -> Finding:
    length = len(dossier.justification.strip())
    text = f"the justification has {length} characters ({SHORTEST} to {LONGEST} wanted)"
    if length < SHORTEST:
        return found(-15, "justification_too_short", "justification", text)
    if length > LONGEST:
        return found(-10, "justification_too_long", "justification", text)
    return found(6, "justification_length", "justification", text)


def _specifics(dossier: Dossier) -> Finding:
    quantity = len(_QUANTITY.findall(dossier.justification))
    time = len(_TIME.findall(dossier.justification))
    text = f"the justification names {counted(quantity, 'number')} and {counted(time, 'time')}"
    points = (10 if quantity else -12) + (7 if time else -2)
    code = "justification_specific" if quantity else "justification_vague"
    return found(points, code, "justification", text)
