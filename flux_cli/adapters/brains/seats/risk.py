"""The risk seat: who is paid, how much rests on strangers, and what looks like a trick."""

from __future__ import annotations

from flux_cli.adapters.brains.seats.scorecard import (
    Finding,
    clamp,
    counted,
    forbidden,
    found,
    judge,
    money_within_bound,
    percent,
    quoted,
)
from flux_cli.domain.quorum import Conditions, Dossier, Opinion, PayeeRecord, Urgency

SEES = (
    "amount",
    "urgency",
    "free_cash",
    "payees",
    "escrowed",
    "duplicates_7d",
    "same_payee_24h",
    "injections",
    "deliverables",
    "acceptance_checks",
)
"""The dossier fields this seat judges by; no other fact moves it."""

START = 75


def vote(dossier: Dossier) -> Opinion:
    """The risk seat's opinion; a hard NO to a payee not allowed, a duplicate or an injection."""
    strangers = [payee for payee in dossier.payees if payee.settled == 0]
    findings = [
        *_forbidden_payees(dossier),
        *_tricks(dossier),
        *_payees(dossier),
        *_strangers(dossier, strangers),
        *_repeats(dossier),
        _escrow(dossier),
    ]
    # Escrow is asked for only where it can be had: an unmet condition refuses the request.
    hire = bool(dossier.deliverables) and dossier.acceptance_checks > 0
    wants_escrow = bool(strangers) and (dossier.escrowed or hire)
    return judge(START, findings, Conditions(require_escrow=wants_escrow))


def _forbidden_payees(dossier: Dossier) -> list[Finding]:
    return [
        forbidden(
            "payee_not_allowed",
            f"payees[{index}]",
            f"{quoted(payee.name)} is not an allowed payee and would get {payee.share}",
        )
        for index, payee in enumerate(dossier.payees)
        if not payee.allowed
    ]


def _tricks(dossier: Dossier) -> list[Finding]:
    findings = []
    if dossier.injections:
        families = ", ".join(quoted(family) for family in dossier.injections[:3])
        text = (
            f"text that talks to the voters, {counted(len(dossier.injections), 'kind')}: {families}"
        )
        findings.append(forbidden("injection_found", "injections", text))
    if dossier.duplicates_7d > 0:
        text = f"{counted(dossier.duplicates_7d, 'request')} like this one in the last 7 days"
        findings.append(forbidden("duplicate_request", "duplicates_7d", text))
    return findings


def _payees(dossier: Dossier) -> list[Finding]:
    if not dossier.payees:
        return [found(-20, "no_named_payee", "payees", f"{dossier.amount} has 0 named payees")]
    worst = max(range(len(dossier.payees)), key=lambda index: _rejected(dossier.payees[index]))
    payee = dossier.payees[worst]
    done = payee.settled + payee.rejected
    if not done:
        return []
    rate = _rejected(payee)
    text = (
        f"{quoted(payee.name)} had {payee.rejected} of {counted(done, 'contract')} rejected "
        f"({rate} %)"
    )
    points = clamp(-40, min(10, done * 2) - rate, 10)
    return [found(points, "track_record", f"payees[{worst}]", text)]


def _rejected(payee: PayeeRecord) -> int:
    """How much of the payee's finished work was rejected, in percent."""
    return percent(payee.rejected, payee.settled + payee.rejected)


def _strangers(dossier: Dossier, strangers: list[PayeeRecord]) -> list[Finding]:
    if not strangers:
        return []
    shares = sum(payee.share.units for payee in strangers)
    exposed = money_within_bound(shares, dossier.amount.asset)
    share = percent(exposed.units, dossier.free_cash.units)
    first = f"payees[{dossier.payees.index(strangers[0])}]"
    text = (
        f"{exposed} to {counted(len(strangers), 'payee')} with no settled work: "
        f"{share} % of {dossier.free_cash} free cash"
    )
    # Money in escrow comes back if the work is refused, so a quarter of it counts as at risk.
    at_risk = share // 4 if dossier.escrowed else share
    findings = [found(-min(at_risk, 45), "new_payee_exposure", first, text)]
    if dossier.urgency is Urgency.HIGH:
        text = f"urgency is high, with {counted(len(strangers), 'payee')} of no settled work"
        points = -3 if dossier.escrowed else -8
        findings.append(found(points, "urgent_and_new", "urgency", text))
    return findings


def _repeats(dossier: Dossier) -> list[Finding]:
    repeats = dossier.same_payee_24h
    if repeats <= 0:
        return []
    text = f"{counted(repeats, 'other payment')} to the same payee in 24 hours: it may be split"
    points = min(7 * repeats, 35)
    points = points // 2 if dossier.escrowed else points
    return [found(-points, "split_purchase", "same_payee_24h", text)]


def _escrow(dossier: Dossier) -> Finding:
    if dossier.escrowed:
        text = f"{dossier.amount} stays in escrow until the work is accepted"
        return found(10, "escrow_on", "escrowed", text)
    return found(0, "escrow_off", "escrowed", f"{dossier.amount} leaves without escrow")
