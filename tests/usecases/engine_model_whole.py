"""The rest of the reference model: escrows and streams, which lock money."""

from __future__ import annotations

from typing import Any

from engine_model_mandates import MandateModel
from engine_objects import HOUR, SECOND, Answer, Escrow, Payment, Refused, Stream

OPEN = ("funded", "submitted")


class WholeModel(MandateModel):
    """The model with everything that locks money."""

    # Escrows.

    def make_escrow(
        self,
        key: str,
        payer: str,
        payee: str,
        amount: int,
        judge: str,
        hours: int,
        mandate: str | None,
    ) -> Answer:
        if judge == payee:
            raise Refused("invalid_input")
        if hours <= 0:
            raise Refused("invalid_input")
        if not {payer, payee, judge} <= self.agents:
            raise Refused("not_found")
        asked = self.locking(("escrow", key), payer, payee, amount, "general", mandate)
        asked.purpose, asked.body = "an escrow", (*asked.body, judge, hours)
        paid = self.ask(asked)
        if paid.state in ("awaiting_owner", "denied"):
            return ("payment", *paid.answer)
        found = self.escrows.get(key)
        if found is None:
            self.still_held(paid)
            self.obey(payer)
            found = Escrow(key, payer, payee, judge, amount, self.moment + hours * HOUR)
            self.lock(paid, f"escrow:{key}")
            self.escrows[key] = found
        return found.answer

    def locking(
        self, key: Any, payer: str, payee: str, amount: int, category: str, mandate: str | None
    ) -> Payment:
        return self.payment(
            key, payer, ((payee, amount),), purpose=f"for {key[:-1]}", category=category,
            reference="", manual=True, hold_hours=24, mandate=mandate, locks=True,
        )  # fmt: skip

    def still_held(self, paid: Payment) -> None:
        if paid.on_hold != paid.amount or self.moment >= paid.ends:
            raise Refused("wrong_state")

    def lock(self, paid: Payment, account: str) -> None:
        self.move(f"held:{paid.payer}", account, paid.amount)
        paid.captured, paid.state = paid.amount, "captured"
        self.wrote()

    def due(self, one: Escrow) -> bool:
        return one.state in OPEN and self.moment >= one.ends

    def submit(self, key: str, work: str, by: str) -> Answer:
        one = self.escrows[key]
        if by != one.payee:
            return ("denied", frozenset({"not_this_party"}))
        if one.state == "submitted" and one.work == work:
            return one.answer
        if one.state not in OPEN or self.due(one):
            raise Refused("wrong_state")
        one.state, one.work = "submitted", work
        self.wrote()
        return one.answer

    def release(self, key: str, amount: int | None, by: str, name: str) -> Answer:
        one, kept = self.escrows[key], ("release", key, name)
        if by != one.judge:
            return ("denied", frozenset({"not_this_party"}))
        if kept in self.keys:
            if amount is not None and (amount,) != self.keys[kept]:
                raise Refused("key_reused")
            return one.answer
        self.obey(one.payer, one.payee, one.judge)
        if one.state != "submitted" or self.due(one):
            raise Refused("wrong_state")
        wanted = one.locked if amount is None else amount
        if not 0 < wanted <= one.locked:
            raise Refused("invalid_amount")
        self.unlock(one, wanted, 0)
        one.state = "submitted" if one.locked else "completed"
        self.keys[kept] = (wanted,)
        return one.answer

    def unlock(self, one: Escrow, paid: int, returned: int) -> None:
        self.move(f"escrow:{one.key}", f"wallet:{one.payee}", paid)
        self.move(f"escrow:{one.key}", f"wallet:{one.payer}", returned)
        one.released, one.refunded = one.released + paid, one.refunded + returned
        self.wrote()

    def reject(self, key: str, by: str, name: str) -> Answer:
        one, kept = self.escrows[key], ("reject", key, name)
        if kept in self.keys:
            return one.answer
        if one.state not in OPEN:
            raise Refused("wrong_state")
        is_due = self.due(one)
        if not is_due and by != one.judge:
            return ("denied", frozenset({"not_this_party"}))
        self.unlock(one, 0, one.locked)
        one.state = "expired" if is_due else "rejected"
        self.keys[kept] = ()
        return one.answer

    def dispute(self, key: str, by: str, reason: str) -> Answer:
        one = self.escrows[key]
        if by not in (one.payer, one.payee):
            return ("denied", frozenset({"not_this_party"}))
        if one.state == "disputed" and one.objection == (by, reason):
            return one.answer
        if one.state not in OPEN or self.due(one):
            raise Refused("wrong_state")
        one.state, one.objection = "disputed", (by, reason)
        self.wrote()
        return one.answer

    def resolve(self, key: str, amount: int, name: str) -> Answer:
        one, kept = self.escrows[key], ("resolve", key, name)
        if kept in self.keys:
            if (amount,) != self.keys[kept]:
                raise Refused("key_reused")
            return one.answer
        if one.state != "disputed":
            raise Refused("wrong_state")
        if not 0 <= amount <= one.locked:
            raise Refused("invalid_amount")
        if amount:
            self.obey(one.payer, one.payee)
        self.unlock(one, amount, one.locked - amount)
        one.state = "completed" if amount else "rejected"
        self.keys[kept] = (amount,)
        return one.answer

    def sweep_escrows(self) -> Answer:
        due = [one for one in self.escrows.values() if self.due(one)]
        for one in due:
            self.unlock(one, 0, one.locked)
            one.state = "expired"
            self.keys["reject", one.key, "expired"] = ()
        return ("swept", len(due))

    # Streams.

    def open_stream(
        self,
        key: str,
        payer: str,
        payee: str,
        rate: tuple[int, int],
        amount: int,
        cap: int | None,
        lasts: int | None,
    ) -> Answer:
        known = ("stream", key) in self.payments
        if not known and (amount <= 0 or (cap is not None and cap <= 0)):
            raise Refused("invalid_amount")
        asked = self.locking(("stream", key), payer, payee, amount, "stream", None)
        asked.purpose, asked.body = f"a stream of {rate}", (*asked.body, rate, cap, lasts)
        paid = self.ask(asked)
        if paid.state in ("denied", "awaiting_owner"):
            return ("payment", *paid.answer)
        found = self.streams.get(key)
        if found is None:
            self.still_held(paid)
            self.obey(payer, payee)
            ends = None if lasts is None else self.moment + lasts * SECOND
            found = Stream(
                key, payer, payee, *rate, amount, cap, ends, since=self.moment, payments=[paid]
            )
            self.lock(paid, f"stream:{key}")
            self.streams[key] = found
        return found.answer

    def top_up(self, stream: str, amount: int, key: str) -> Answer:
        one, name = self.streams[stream], ("topup", stream, key)
        if amount <= 0:
            raise Refused("invalid_amount")
        if name not in self.payments and one.state == "ended":
            raise Refused("wrong_state")
        asked = self.locking(name, one.payer, one.payee, amount, "stream", None)
        paid = self.ask(asked)
        if paid.state in ("denied", "awaiting_owner"):
            return ("payment", *paid.answer)
        if paid in one.payments:
            return one.answer
        if one.state == "ended":
            if paid.on_hold:
                self.cancel(name)
            raise Refused("wrong_state")
        self.still_held(paid)
        self.obey(one.payer, one.payee)
        self.lock(paid, f"stream:{stream}")
        one.payments.append(paid)
        one.funded += amount
        return one.answer

    def settle(self, key: str) -> Answer:
        one = self.streams[key]
        if one.state != "ended":
            self.obey(one.payer, one.payee)
            self.pay_owed(one)
        return one.answer

    def pay_owed(self, one: Stream) -> None:
        owed = one.owed(self.moment)
        if owed:
            self.move(f"stream:{one.key}", f"wallet:{one.payee}", owed)
            one.paid += owed
            self.wrote()

    def stop(self, one: Stream, state: str) -> None:
        one.ran, one.since, one.state = one.ran_until(self.moment), None, state
        self.wrote()

    def pause(self, key: str) -> Answer:
        one = self.streams[key]
        if one.state == "ended":
            raise Refused("wrong_state")
        if one.state == "active":
            self.stop(one, "paused")
        return one.answer

    def resume(self, key: str) -> Answer:
        one = self.streams[key]
        if one.state == "ended":
            raise Refused("wrong_state")
        if one.state == "paused":
            if one.ends is not None and self.moment >= one.ends:
                raise Refused("wrong_state")
            self.obey(one.payer, one.payee)
            one.state, one.since = "active", self.moment
            self.wrote()
        return one.answer

    def close_stream(self, key: str) -> Answer:
        one = self.streams[key]
        if one.state != "ended":
            self.obey(one.payer, one.payee)
            self.pay_owed(one)
            rest = one.funded - one.paid
            self.move(f"stream:{key}", f"wallet:{one.payer}", rest)
            one.returned = rest
            self.stop(one, "ended")
        return one.answer
