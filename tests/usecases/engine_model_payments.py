"""The reference model's payments: asked for, judged, captured, given back, refunded."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from engine_model import Model
from engine_objects import (
    HOUR,
    OWNER_WAITS,
    SWEPT_AT_ONCE,
    TOLERANCE,
    Answer,
    Mandate,
    Payment,
    Refused,
)


class PaymentModel(Model):
    """The model with payments."""

    def judge(self, one: Payment, owner: bool) -> set[str]:
        """Every code that stands against a payment; the empty set lets it pass."""
        rules = self.rules_of(one.payer)
        line = one.mandate.line() if one.mandate else []
        names = [name for name, _ in one.shares]
        sums = sum(units for _, units in one.shares)
        shape = {
            "amount_not_positive": any(units <= 0 for _, units in one.shares),
            "shares_differ": sums != one.amount or len(set(names)) < len(names),
        }
        if any(shape.values()):
            return {code for code, holds in shape.items() if holds}
        free = self.wallet(one.payer)
        tests = {
            "economy_frozen": "economy" in self.frozen,
            "agent_frozen": one.payer in self.frozen,
            "agent_paused": rules.paused or one.payer in self.resting,
            "payee_not_allowed": not set(names)
            <= (self.agents if rules.payees is None else self.agents & rules.payees),
            "payee_denied": bool(set(names) & rules.never),
            "mandate_inactive": any(m.state != "active" for m in line),
            "mandate_expired": any(self.moment >= m.ends for m in line),
            "mandate_of_another": bool(line) and line[0].holder != one.payer,
            "mandate_payee_not_allowed": any(
                m.payees is not None and not set(names) <= m.payees for m in line
            ),
            "mandate_per_payment_exceeded": any(
                m.per_payment is not None and one.amount > m.per_payment for m in line
            ),
            "mandate_exceeded": bool(line) and one.amount > line[0].left,
            "duplicate_payment": rules.once_in is not None and self.same(one, rules.once_in),
            "per_payment_exceeded": rules.per_payment is not None
            and one.amount > rules.per_payment,
            "below_minimum_balance": rules.minimum is not None
            and free - one.amount < rules.minimum,
            "owner_required": not owner
            and rules.owner_above is not None
            and one.amount > rules.owner_above,
            "self_payment": one.payer in names,
            "clock_behind_ledger": self.now + TOLERANCE < self.latest,
            "insufficient_funds": one.amount > free,
        }
        codes = {code for code, holds in tests.items() if holds}
        for cap in rules.caps:
            codes |= self.over("", cap, one)
        for cap in (cap for mandate in line for cap in mandate.caps):
            codes |= self.over("mandate_", cap, one)
        return codes

    def same(self, one: Payment, window: str) -> bool:
        since = self.window_start(window, self.now)
        return any(
            other.payer == one.payer
            and other.amount == one.amount
            and other.purpose == one.purpose
            and {name for name, _ in other.shares} == {name for name, _ in one.shares}
            and one.reference in ("", other.reference)
            and other.permitted_at is not None
            and other.permitted_at > since
            and other.amount > other.released
            for other in self.payments.values()
        )

    def ask(self, one: Payment) -> Payment:
        """Record a payment with its verdict, or find what its key names."""
        if one.amount <= 0:
            raise Refused("invalid_amount")
        found = self.payments.get(one.key)
        if found is not None:
            if found.body != one.body:
                raise Refused("key_reused")
            return found
        self.apply(one, self.judge(one, owner=False))
        self.payments[one.key] = one
        return one

    def apply(self, one: Payment, codes: set[str]) -> None:
        self.wrote()
        if codes == {"owner_required"}:
            one.state, one.ends = "awaiting_owner", self.now + OWNER_WAITS
        elif codes:
            one.state, one.codes = "denied", frozenset(codes)
        else:
            one.state, one.permitted_at = "approved", self.now
            one.ends = self.now + one.hold_hours * HOUR
            if one.mandate:
                one.mandate.payments.append(one)
            self.move(f"wallet:{one.payer}", f"held:{one.payer}", one.amount)
            if not one.manual:
                self.pay_shares(one)

    def pay_shares(self, one: Payment) -> None:
        for name, units in one.shares:
            self.move(f"held:{one.payer}", f"wallet:{name}", units)
        one.state, one.captured = "captured", one.amount

    def give_back(self, one: Payment, state: str) -> None:
        rest = one.on_hold
        self.move(f"held:{one.payer}", f"wallet:{one.payer}", rest)
        one.released, one.state = one.released + rest, state
        self.wrote()

    def payment(
        self, key: Any, payer: str, shares: tuple[tuple[str, int], ...], **also: Any
    ) -> Payment:
        body = (payer, shares, *sorted(also.items()))
        mandate = self.mandate_named(also.pop("mandate", None), key)
        amount = also.pop("amount", None)
        total = sum(units for _, units in shares) if amount is None else amount
        return Payment(key, body, payer, total, shares, mandate=mandate, **also)

    def mandate_named(self, key: str | None, payment: Any) -> Mandate | None:
        if key is not None and key not in self.mandates and payment not in self.payments:
            raise Refused("not_found")
        return None if key is None else self.mandates.get(key)

    def pay(self, **asked: Any) -> Answer:
        return self.ask(self.payment(**asked)).answer

    def batch(self, rows: tuple[dict[str, Any], ...], together: bool) -> Answer:
        """Rows are automatic payments without a mandate, so only these three change."""
        before = dict(self.accounts), dict(self.payments), self.latest
        answers = []
        try:
            for row in rows:
                answers.append(self.pay(**row))
                if together and answers[-1][0] != "captured":
                    self.undo(*before)
                    return ("undone", answers[-1])
        except Refused:
            self.undo(*before)
            raise
        return tuple(answers)

    def undo(self, accounts: dict[str, int], payments: dict[Any, Payment], latest: int) -> None:
        self.accounts = defaultdict(int, accounts)
        self.payments, self.latest = payments, latest

    def waiting(self, key: Any) -> Payment:
        one = self.payments[key]
        if one.state != "awaiting_owner" or self.now >= one.ends:
            raise Refused("wrong_state")
        return one

    def approve(self, key: Any) -> Answer:
        one = self.waiting(key)
        self.apply(one, self.judge(one, owner=True))
        return one.answer

    def deny(self, key: Any) -> Answer:
        one = self.waiting(key)
        one.state, one.codes = "denied", frozenset({"owner_refused"})
        self.wrote()
        return one.answer

    def is_due(self, one: Payment) -> bool:
        return self.moment >= one.ends and (one.state == "awaiting_owner" or one.on_hold > 0)

    def expire(self, one: Payment) -> None:
        if one.state == "awaiting_owner":
            one.state = "expired"
            self.wrote()
        else:
            self.give_back(one, "expired")

    def capture(self, key: Any, amount: int | None, final: bool, name: str) -> Answer:
        one, kept = self.payments[key], ("capture", key, name)
        if kept in self.keys:
            if amount is not None and (amount,) != self.keys[kept]:
                raise Refused("key_reused")
            return one.answer
        if one.locks:
            raise Refused("wrong_state")
        self.obey(one.payer)
        late = one.state == "expired" or self.is_due(one)
        if not late and one.on_hold == 0:
            raise Refused("wrong_state")
        most = one.on_hold + (one.released if late else 0)
        wanted = most if amount is None else amount
        if not 0 < wanted <= most:
            raise Refused("invalid_amount")
        if len(one.shares) > 1 and (late or wanted != one.amount):
            raise Refused("invalid_input")
        if late:
            return self.capture_late(one, wanted, kept)
        for payee, units in one.shares:
            part = wanted if len(one.shares) == 1 else units
            self.move(f"held:{one.payer}", f"wallet:{payee}", part)
        one.captured += wanted
        self.keys[kept] = (wanted,)
        self.wrote()
        if one.on_hold == 0:
            one.state = "captured"
        elif final:
            self.give_back(one, "captured")
        return one.answer

    def capture_late(self, one: Payment, wanted: int, kept: Any) -> Answer:
        if one.state != "expired":
            self.expire(one)
        under, left = one.mandate, one.released
        if under is not None:
            is_open = under.state == "active" and self.moment < under.ends
            left = min(left, under.left) if is_open else 0
        tests = {
            "clock_behind_ledger": self.now + TOLERANCE < self.latest,
            "insufficient_funds": wanted > self.wallet(one.payer),
            "over_payment": wanted > left,
        }
        self.wrote()
        if any(tests.values()):
            return ("denied", frozenset(code for code, holds in tests.items() if holds))
        self.move(f"wallet:{one.payer}", f"wallet:{one.shares[0][0]}", wanted)
        one.captured, one.released = one.captured + wanted, one.released - wanted
        one.state, one.late = "captured", True
        self.keys[kept] = (wanted,)
        return one.answer

    def cancel(self, key: Any) -> Answer:
        one = self.payments[key]
        if one.state == "awaiting_owner":
            one.state = "cancelled"
            self.wrote()
        elif one.state != "cancelled":
            if one.on_hold == 0:
                raise Refused("wrong_state")
            self.give_back(one, "captured" if one.captured else "cancelled")
        return one.answer

    def refund(self, key: Any, amount: int | None, payee: str | None, name: str) -> Answer:
        one, kept = self.payments[key], ("refund", key, name)
        if kept in self.keys:
            given, giver = self.keys[kept]
            if amount not in (None, given) or payee not in (None, giver):
                raise Refused("key_reused")
            return one.answer
        if one.captured == 0 or one.locks:
            raise Refused("wrong_state")
        shares = dict(one.shares)
        giver = one.shares[0][0] if payee is None else payee
        if giver not in shares or (payee is None and len(shares) > 1):
            raise Refused("invalid_input")
        most = (shares[giver] if len(shares) > 1 else one.captured) - one.given_back[giver]
        if most == 0:
            raise Refused("wrong_state")
        wanted = most if amount is None else amount
        if not 0 < wanted <= most:
            raise Refused("invalid_amount")
        tests = {
            "economy_frozen": "economy" in self.frozen,
            "agent_frozen": giver in self.frozen,
            "clock_behind_ledger": self.now + TOLERANCE < self.latest,
            "insufficient_funds": wanted > self.wallet(giver),
        }
        self.wrote()
        if any(tests.values()):
            return ("denied", frozenset(code for code, holds in tests.items() if holds))
        self.move(f"wallet:{giver}", f"wallet:{one.payer}", wanted)
        one.refunded += wanted
        one.given_back[giver] += wanted
        self.keys[kept] = (wanted, giver)
        return one.answer

    def sweep_payments(self) -> Answer:
        due = [one for one in self.payments.values() if one.on_hold and self.is_due(one)]
        due += [one for one in self.payments.values() if not one.on_hold and self.is_due(one)]
        for one in due[:SWEPT_AT_ONCE]:
            self.expire(one)
        return ("swept", min(len(due), SWEPT_AT_ONCE))
