"""What the kernel says: one ruling a rule; leave to spend once, or a denial with every reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flux_cli.domain.money import Money
from flux_cli.domain.refusals import Refusal, Ruling

_SEAL: Final = object()


def must(rule: str, holds: bool, code: str, message: str) -> Ruling:
    """The ruling of a rule that compares no numbers."""
    return Ruling(rule, None if holds else Refusal(code, message))


def listed(
    rule: str, code: str, what: str, names: Iterable[str], allowed: frozenset[str] | None
) -> Iterator[Ruling]:
    """Every name is on the list, exactly; no list is no rule."""
    if allowed is not None:
        strangers = [name for name in names if name not in allowed]
        yield must(rule, not strangers, code, f"{what}: {', '.join(strangers)}")


def at_most(
    rule: str, message: str, limit: int, observed: int, code: str = "", unit: str = "money",
    payee: str | None = None,
) -> Ruling:  # fmt: skip
    """The ruling of a cap: `observed` may reach it and not pass it."""
    refusal = Refusal(code or f"{rule}_exceeded", message, limit, observed, unit)
    return Ruling(rule, None if observed <= limit else refusal, limit, observed, unit, payee)


def capped(rule: str, message: str, cap: Money | None, amount: Money) -> Iterator[Ruling]:
    """The amount is at most the cap, in units; no cap is no rule."""
    if cap is not None:
        yield at_most(rule, message, cap.units, amount.units)


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to spend, made only by `authorize`: for one digest, once, until `expires_at`."""

    request_digest: str
    requester: str
    amount: Money
    policy_version: int
    made_at: datetime
    expires_at: datetime
    seal: object

    def __post_init__(self) -> None:
        if self.seal is not _SEAL:
            raise PermissionError("only the kernel makes a permit")

    def covers(self, request_digest: str, now: datetime) -> bool:
        """Whether this is leave for exactly that request, now."""
        return self.request_digest == request_digest and self.made_at <= now < self.expires_at


@dataclass(frozen=True, slots=True)
class Denied:
    """No, with every rule that refused, most serious first.

    `most` is the largest amount that no cap would refuse now, or None where a smaller amount
    would not help; the quorum or the owner may still have to agree to it.
    """

    refusals: tuple[Refusal, ...]
    most: Money | None = None

    @property
    def waits_for(self) -> str | None:
        """The one approval that is all that is missing: `quorum_required`, `owner_required`."""
        codes = {refusal.code for refusal in self.refusals}
        if "quorum_required" in codes and codes <= {"quorum_required", "owner_required"}:
            return "quorum_required"
        return "owner_required" if codes == {"owner_required"} else None


Verdict = Permit | Denied
