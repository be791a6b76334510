"""The reference model's wallets, costs, raw entries and mandates."""

from __future__ import annotations

from typing import Any

from engine_model_payments import PaymentModel
from engine_objects import (
    HOUR,
    Answer,
    Cap,
    Mandate,
    Refused,
    replaced,
    tighter,
)

COSTS = {"brain_cost": "brain", "gas": "gas", "fee": "fees"}
DEEPEST = 16


class MandateModel(PaymentModel):
    """The model with mandates, and money that comes from outside or leaves."""

    # Money from and to the world, costs, raw entries.

    def fund(self, name: str, amount: int, key: str) -> Answer:
        return self.outside("fund", name, amount, key)

    def withdraw(self, name: str, amount: int, key: str) -> Answer:
        return self.outside("withdraw", name, amount, key)

    def outside(self, verb: str, name: str, amount: int, key: str) -> Answer:
        if amount <= 0:
            raise Refused("invalid_amount")
        if name not in self.agents:
            raise Refused("not_found")
        found = self.keys.get((verb, key))
        if found is None:
            self.obey(name)
        elif found != (name, amount):
            raise Refused("key_reused")
        else:
            return ("done",)
        if verb == "fund":
            self.move("world", f"wallet:{name}", amount)
        elif amount > self.wallet(name):
            raise Refused("insufficient_funds")
        else:
            self.move(f"wallet:{name}", "world", amount)
        self.keys[verb, key] = (name, amount)
        self.wrote()
        return ("done",)

    def charge(self, agent: str, kind: str, amount: int, to: str, key: str) -> Answer:
        if amount <= 0:
            raise Refused("invalid_amount")
        found = self.keys.get(("charge", key))
        if found is not None:
            if found != (agent, kind, amount, to):
                raise Refused("key_reused")
            return ("done",)
        self.obey(agent)
        codes = set()
        for cap in self.rules_of(agent).caps:
            if cap.scope == "category" and cap.only == kind:
                since = self.window_start(cap.window, self.moment)
                past = [u for at, a, k, u in self.costs if (a, k) == (agent, kind) and at > since]
                if cap.amount is not None and sum(past) + amount > cap.amount:
                    codes.add(cap.code(""))
                if cap.count is not None and len(past) + 1 > cap.count:
                    codes.add(cap.code("", "count"))
        if codes:
            return ("denied", frozenset(codes))
        if amount > self.wallet(agent):
            raise Refused("insufficient_funds")
        self.move(f"wallet:{agent}", f"{COSTS[kind]}:{to}", amount)
        self.wrote()
        self.costs.append((self.latest, agent, kind, amount))
        self.keys["charge", key] = (agent, kind, amount, to)
        return ("done",)

    def post(self, moves: tuple[tuple[str, str, int], ...], key: str, leave: Any) -> Answer:
        """A raw entry: the ledger itself keeps money from leaving a wallet for another.

        `leave` is a payment whose permit it would use again; it changes nothing.
        """
        if any(units <= 0 or source == target for source, target, units in moves):
            raise Refused("malformed")
        found = self.keys.get(("post", key))
        if found is not None:
            if found != moves:
                raise Refused("key_reused")
            return ("done",)
        left = dict(self.accounts)
        for source, target, units in moves:
            left[source] = left.get(source, 0) - units
            left[target] = left.get(target, 0) + units
            if left[source] < 0 and source != "world":
                raise Refused("insufficient_funds")
        outside = ("world", "fees", "brain", "gas")
        if any(s.startswith("wallet:") and t.partition(":")[0] not in outside for s, t, _ in moves):
            raise Refused("spend_without_decision")
        for source, target, units in moves:
            self.move(source, target, units)
        self.keys["post", key] = moves
        self.wrote()
        return ("done",)

    # Mandates.

    def make_mandate(
        self,
        key: str,
        holder: str,
        total: int,
        hours: int | None,
        parent: str | None,
        per_payment: int | None,
        caps: tuple[Cap, ...],
        payees: frozenset[str] | None,
    ) -> Answer:
        if total <= 0:
            raise Refused("invalid_amount")
        if hours is None and parent is None:
            raise Refused("invalid_input")
        above = None if parent is None else self.mandates[parent]
        found = self.mandates.get(key)
        made_at = self.moment if found is None else found.made_at
        ends = above.ends if hours is None and above else made_at + (hours or 0) * HOUR
        made = Mandate(key, holder, total, ends, above, per_payment, caps, payees, made_at)
        if above is not None:
            self.inherit(made, above)
        if found is not None:
            if found.said != made.said:
                raise Refused("key_reused")
            return (found.state,)
        if holder not in self.agents:
            raise Refused("not_found")
        if above is not None:
            codes = self.wider(made, above)
            if codes:
                return ("denied", frozenset(codes))
            above.children.append(made)
        self.mandates[key] = made
        self.wrote()
        return (made.state,)

    def inherit(self, made: Mandate, above: Mandate) -> None:
        kinds = {replaced(cap) for cap in made.caps}
        made.caps += tuple(cap for cap in above.caps if replaced(cap) not in kinds)
        made.payees = above.payees if made.payees is None else made.payees
        made.per_payment = above.per_payment if made.per_payment is None else made.per_payment

    def wider(self, made: Mandate, above: Mandate) -> set[str]:
        own = {replaced(cap): cap for cap in made.caps}
        tests = {
            "mandate_inactive": any(one.state != "active" for one in above.line()),
            "mandate_expired": self.moment >= above.ends,
            "mandate_too_deep": len(above.line()) >= DEEPEST,
            "mandate_total_exceeded": made.total > above.left,
            "mandate_expiry_wider": made.ends > above.ends,
            "mandate_payees_wider": above.payees is not None
            and not (made.payees or frozenset()) <= above.payees,
            "mandate_per_payment_wider": above.per_payment is not None
            and (made.per_payment or 0) > above.per_payment,
            "mandate_limit_wider": not all(tighter(own[replaced(cap)], cap) for cap in above.caps),
        }
        return {code for code, holds in tests.items() if holds}

    def close_mandate(self, key: str) -> Answer:
        one = self.mandates[key]
        if one.state != "closed":
            if one.state != "active" or any(child.state == "active" for child in one.children):
                raise Refused("wrong_state")
            one.state = "closed"
            self.wrote()
        return (one.state,)

    def revoke_mandate(self, key: str) -> Answer:
        for one in self.mandates[key].below():
            for payment in one.payments:
                if payment.on_hold:
                    self.give_back(payment, "captured" if payment.captured else "cancelled")
            if one.state != "revoked":
                one.state = "revoked"
                self.wrote()
        return ("revoked",)

    def sweep_mandates(self) -> Answer:
        due = [m for m in self.mandates.values() if m.state == "active" and self.moment >= m.ends]
        for one in due:
            one.state = "expired"
            self.wrote()
        return ("swept", len(due))
