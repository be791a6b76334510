"""Which step comes next: kinds by weight, and plausible, edge and bad arguments for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine_choices import LIVELY, PAYEES, PAYERS, Choices
from engine_objects import BY_LENGTH, DAY, HOUR, LENGTHS, SECOND, Cap, Payment, Rules

Asked = dict[str, Any]

EVERYONE = ("ann", "ben", "pat", "sue")
COSTS = ("brain_cost", "gas", "fee")


class Steps(Choices):
    """Proposes steps, a method each: its arguments, or None where there is nothing to do it to."""

    def pay(self) -> Asked:
        payer = self.at_edge or self.pick(PAYERS if self.often(97) else EVERYONE)
        names = [self.payee(payer)]
        if self.often(15):
            others = [name for name in PAYEES if name not in names]
            names.append(self.pick(others if self.often(95) else names))
        shares = tuple((name, self.amount(3 // len(names))) for name in names)
        asked: Asked = {
            "key": self.key(),
            "payer": payer,
            "shares": shares,
            "purpose": self.pick(("copy", "art")),
            "category": self.pick(("general", "ads")),
            "reference": self.pick(("", "", "one", "two")),
            "manual": self.often(50),
            "hold_hours": self.pick((1, 24, 48)),
            "mandate": self.a_mandate(35, payer),
        }
        if len(names) == 1 and self.often(90 if self.at_edge else 25):
            rooms = list(self.rooms(self.model.payment(**asked)))
            if rooms:
                room = min(rooms) if self.often(60) else self.pick(rooms)
                asked["shares"] = ((names[0], room + self.pick((0, 0, 1))),)
        elif self.often(2):
            asked["amount"] = max(1, sum(units for _, units in shares)) + 1
        self.at_edge = ""
        return asked

    def rooms(self, one: Payment) -> Iterator[int]:
        """The largest amounts that each rule on its own would let this payment have."""
        model, free = self.model, self.model.wallet(one.payer)
        if one.payer not in model.rules:
            return
        rules = model.rules_of(one.payer)
        line = one.mandate.line() if one.mandate else []
        for cap in (*rules.caps, *(cap for mandate in line for cap in mandate.caps)):
            for subject, _ in model.asked_of(cap, one):
                room = (cap.amount or 0) - model.counted(cap, one.payer, subject)[0]
                if room > 0:
                    yield room
        if not self.at_edge:
            others = (rules.per_payment, rules.owner_above, free - (rules.minimum or 0))
            left = (mandate.left for mandate in line[:1])
            yield from (units for units in (*others, *left) if units and units > 0)

    def payee(self, payer: str) -> str:
        others = [name for name in PAYEES if name != payer]
        return self.pick(others if self.often(95) else ("nobody", payer))

    def a_mandate(self, percent: int, payer: str) -> str | None:
        if not self.model.mandates or not self.often(percent):
            return None
        fit = [
            one.key
            for one in self.model.mandates.values()
            if one.state == "active" and one.holder == payer and one.ends > self.model.moment
        ]
        if self.often(92):
            return self.recent(fit) if fit else None
        return self.recent(self.model.mandates)

    def batch(self) -> Asked:
        rows = []
        for _ in range(self.chance.integer(1, 4)):
            row = self.pay() | {"mandate": None, "manual": False, "payer": self.pick(PAYERS)}
            row["shares"] = tuple((name, max(1, units // 3)) for name, units in row["shares"])
            rows.append(row)
        if self.often(25):
            rows.append(dict(rows[0]))
        if self.often(10) and (known := [o for o in self.sides.issued if o[0] == "pay"]):
            row = self.recent(known)[1]
            if row["mandate"] is None and not row["manual"]:
                rows.append(row)
        for row in rows:
            row.pop("amount", None)
        return {"rows": tuple(rows), "together": self.often(50)}

    def approve(self) -> Asked | None:
        now = self.model.now
        one = self.payment(lambda one: one.state == "awaiting_owner" and now < one.ends)
        return None if one is None else {"key": one.key}

    deny = approve

    def capture(self) -> Asked | None:
        one = self.payment(lambda one: one.on_hold > 0 or (one.state == "expired" and one.released))
        if one is None:
            return None
        most = one.on_hold or one.released
        return {"key": one.key, "amount": self.part(most), "final": self.often(35),
                "name": self.own_name()}  # fmt: skip

    def cancel(self) -> Asked | None:
        one = self.payment(lambda one: one.on_hold > 0 or one.state == "awaiting_owner")
        return None if one is None else {"key": one.key}

    def refund(self) -> Asked | None:
        one = self.payment(lambda one: one.captured > one.refunded and not one.locks)
        if one is None:
            return None
        payee = self.pick([name for name, _ in one.shares]) if self.often(60) else None
        if self.often(4):
            payee = "nobody"
        asked = {"key": one.key, "amount": self.part(one.captured - one.refunded), "payee": payee}
        return asked | {"name": self.own_name()}

    def nothing(self) -> Asked:
        return {}

    sweep_payments = sweep_mandates = sweep_escrows = nothing

    def go(self) -> Asked:
        behind = self.model.latest - self.model.now
        if behind > 0 and self.often(80):
            return {"by": behind + self.pick((0, 0, 1, -SECOND, -2 * SECOND, SECOND))}
        if self.often(8):
            back = (1, SECOND, 2 * SECOND, 2 * SECOND + 1, 3 * SECOND, HOUR, DAY, 40 * DAY)
            return {"by": -self.pick(back)}
        if self.often(35) and (edge := self.edge()) is not None:
            return {"by": edge}
        ahead = (1, SECOND, 60 * SECOND, 600 * SECOND, HOUR // 2, HOUR, HOUR, 3 * HOUR, 8 * HOUR)
        return {"by": self.pick(ahead) if self.often(96) else self.pick((DAY, 3 * DAY, 8 * DAY))}

    def edge(self) -> int | None:
        """To where a cap's window starts at an earlier payment, exactly or one microsecond off.

        The next payment is then made of what the cap has left.
        """
        payer = self.pick(PAYERS)
        lengths = [LENGTHS[cap.window] for cap in self.model.rules_of(payer).caps
                   if cap.window in LENGTHS and cap.amount]  # fmt: skip
        times = [one.permitted_at for one in self.model.payments.values()
                 if one.permitted_at is not None and one.amount > one.released]  # fmt: skip
        if not times or not lengths:
            return None
        by = self.recent(times) + self.pick(lengths) - self.model.now + self.pick((-1, 0, 0))
        if not 0 < by <= 3 * DAY:
            return None
        self.at_edge = payer
        return by

    def freeze(self) -> Asked:
        if self.model.frozen and self.often(85):
            return {"subject": self.pick(sorted(self.model.frozen)), "on": False}
        subject = "economy" if self.often(25) else self.pick(EVERYONE)
        return {"subject": subject, "on": self.often(45)}

    def rest(self) -> Asked:
        return {"name": self.pick(PAYERS), "on": self.often(8)}

    def cap(self) -> Cap:
        scope = self.pick(("agent", "agent", "payee", "category", "destination", "everybody"))
        only = None
        if scope in ("payee", "destination") and self.often(40):
            only = self.pick(PAYEES)
        if scope == "category" and self.often(75):
            only = self.pick(("general", "ads"))
        by_count = self.often(30)
        count = self.chance.integer(2, 9) if by_count else None
        amount = self.chance.integer(60, 800) if not by_count or self.often(30) else None
        below = self.chance.integer(5, 30) if self.often(12) and only not in COSTS else None
        window = self.pick(BY_LENGTH if self.often(40) else ("1h", "24h", "day"))
        return Cap(window, amount, count, scope, only, below)

    def caps(self, most: int) -> tuple[Cap, ...]:
        return tuple(dict.fromkeys(self.cap() for _ in range(self.chance.integer(0, most))))

    def cost_caps(self) -> tuple[Cap, ...]:
        """For a cost of one kind, sometimes."""
        if not self.often(40):
            return ()
        window, kind = self.pick(("1h", "24h", "day")), self.pick(COSTS)
        return (Cap(window, self.some(80, 10, 90), self.some(50, 1, 4), "category", kind, None),)

    def a_list(self, percent: int) -> frozenset[str] | None:
        return frozenset(n for n in EVERYONE if self.often(80)) if self.often(percent) else None

    def some(self, percent: int, least: int, most: int) -> int | None:
        return self.chance.integer(least, most) if self.often(percent) else None

    def set_rules(self) -> Asked:
        rules = Rules(
            per_payment=self.some(30, 40, 90),
            caps=(*self.caps(3), *self.cost_caps()),
            payees=self.a_list(12),
            never=frozenset((self.pick(EVERYONE),)) if self.often(10) else frozenset(),
            minimum=self.some(20, 0, 300),
            owner_above=self.some(20, 25, 60),
            once_in=self.pick(BY_LENGTH) if self.often(15) else None,
            paused=self.often(1),
        )
        return {"subject": self.pick((*PAYERS, *PAYERS, *PAYERS, "*")), "rules": rules}

    def change_caps(self) -> Asked:
        return {
            "name": self.pick(PAYERS),
            "per_payment": self.some(30, 40, 90),
            "per_day": self.some(50, 30, 500),
            "owner_above": self.some(20, 25, 60),
            "payees": self.a_list(15),
            "paused": self.often(2),
        }

    def fund(self) -> Asked:
        name = self.pick((*PAYERS, *EVERYONE)) if self.often(97) else "nobody"
        units = self.amount() * (5 if self.often(40) else 1)
        return {"name": name, "amount": units, "key": self.key()}

    def withdraw(self) -> Asked:
        return self.fund()

    def charge(self) -> Asked:
        agent = self.pick(PAYERS) if self.often(95) else "pat"
        to = self.pick(("one", "two"))
        return {"agent": agent, "kind": self.pick(COSTS), "amount": self.amount(), "to": to,
                "key": self.key()}  # fmt: skip

    def post(self) -> Asked:
        places = ("world", "world", "fees:raw", *(f"wallet:{name}" for name in EVERYONE))
        count = self.pick((1, 1, 2))
        moves = tuple((self.pick(places), self.pick(places), self.amount()) for _ in range(count))
        asked: Asked = {"moves": moves, "key": self.key(), "leave": None}
        one = self.payment(lambda one: one.permitted_at is not None) if self.often(25) else None
        if one is not None and one.permitted_at is not None:
            # A permit that was used, for exactly what it was for.
            move = (f"wallet:{one.payer}", f"wallet:{one.shares[0][0]}", one.amount)
            asked |= {"moves": (move,), "leave": one.key}
        return asked

    def make_mandate(self) -> Asked:
        parent = (
            self.recent(self.model.mandates) if self.model.mandates and self.often(55) else None
        )
        hours = None if parent and self.often(70) else self.pick((2, 24, 72))
        caps = self.caps(1) if self.often(30) else ()
        above = self.model.mandates[parent].caps if parent else ()
        if above and self.often(30):
            one = self.pick(above)
            if one.amount is not None:
                caps = (one._replace(amount=one.amount + self.pick((-5, 0, 5))),)
        if (
            parent
            and caps
            and not {c._replace(amount=None, count=None) for c in above}
            >= {c._replace(amount=None, count=None) for c in caps}
        ):
            caps = ()
        total = self.chance.integer(5, 80) if parent else self.chance.integer(40, 400)
        holder = self.pick(PAYERS) if self.often(97) else "nobody"
        return {
            "key": self.key(), "holder": holder, "total": total if self.often(97) else 0,
            "hours": hours, "parent": parent, "per_payment": self.some(25, 10, 60),
            "caps": caps, "payees": self.a_list(15),
        }  # fmt: skip

    def close_mandate(self) -> Asked | None:
        return {"key": self.recent(self.model.mandates)} if self.model.mandates else None

    revoke_mandate = close_mandate

    def make_escrow(self) -> Asked:
        payer = self.pick(PAYERS)
        return {
            "key": self.key(), "payer": payer, "payee": self.payee(payer), "amount": self.amount(),
            "judge": self.pick(EVERYONE) if self.often(97) else "nobody",
            "hours": self.pick((2, 24, 72)) if self.often(97) else 0,
            "mandate": self.a_mandate(20, payer),
        }  # fmt: skip

    def escrow(self, *states: str) -> Any:
        """An escrow, mostly one in these states."""
        escrows = self.model.escrows.values()
        if not escrows or self.often(12):
            return self.recent(escrows) if escrows else None
        live = [one for one in escrows if one.state in states]
        return self.recent(live) if live else None

    def submit(self) -> Asked | None:
        one = self.escrow("funded", "submitted")
        by = one and (one.payee if self.often(90) else self.pick(EVERYONE))
        return one and {"key": one.key, "work": self.pick(("ab", "cd")) * 32, "by": by}

    def release(self) -> Asked | None:
        one = self.escrow("submitted")
        by = one and (one.judge if self.often(90) else self.pick(EVERYONE))
        return one and {"key": one.key, "amount": self.part(one.locked), "by": by,
                        "name": self.own_name()}  # fmt: skip

    def reject(self) -> Asked | None:
        one = self.escrow("funded", "submitted")
        by = one and (one.judge if self.often(60) else self.pick(EVERYONE))
        return one and {"key": one.key, "by": by, "name": self.own_name()}

    def dispute(self) -> Asked | None:
        one = self.escrow("funded", "submitted")
        by = one and self.pick((one.payer, one.payee, *EVERYONE[:1]))
        return one and {"key": one.key, "by": by, "reason": self.pick(("late", "wrong"))}

    def resolve(self) -> Asked | None:
        one = self.escrow("disputed")
        part = one and self.part(one.locked)
        return one and {"key": one.key, "amount": 0 if part is None else part,
                        "name": self.own_name()}  # fmt: skip

    def open_stream(self) -> Asked:
        payer = self.pick(PAYERS)
        return {
            "key": self.key(), "payer": payer, "payee": self.payee(payer),
            "rate": self.pick(((1, 60), (1, 90), (7, 3600), (60, 3600), (500, 86_400))),
            "amount": self.amount(), "cap": self.some(25, 0, 60),
            "lasts": self.some(40, 1, 90_000),
        }  # fmt: skip

    def stream(self) -> str | None:
        live = [one.key for one in self.model.streams.values() if one.state != "ended"]
        if not self.model.streams:
            return None
        return self.recent(live if live and self.often(85) else self.model.streams)

    def top_up(self) -> Asked | None:
        stream = self.stream()
        return stream and {"stream": stream, "amount": self.amount(), "key": self.own_name()}

    def settle(self) -> Asked | None:
        stream = self.stream()
        return stream and {"key": stream}

    pause = resume = close_stream = settle

    # The next step, and retries.

    def retry(self) -> tuple[str, Asked] | None:
        issued = self.sides.issued
        return self.pick(issued if self.often(40) else issued[-LIVELY:]) if issued else None

    def retry_other(self) -> tuple[str, Asked] | None:
        """An earlier key with another amount."""
        found = self.retry()
        if found is None:
            return None
        name, asked = found[0], dict(found[1])
        if "shares" in asked:
            (payee, units), *rest = asked["shares"]
            asked["shares"] = ((payee, max(1, units + 1)), *rest)
        elif "moves" in asked:
            (source, target, units), *rest = asked["moves"]
            asked["moves"] = ((source, target, units + 1), *rest)
        elif "total" in asked:
            asked["total"] += 1
        elif asked.get("amount") is None:
            return None
        else:
            asked["amount"] += 1
        return name, asked

    def take(self, kind: str) -> bool:
        """Do one step of this kind to both sides, if there is anything to do it to."""
        if kind in ("retry", "retry_other"):
            found = self.retry() if kind == "retry" else self.retry_other()
            if found is not None:
                self.sides.step(*found, kind=kind)
            return found is not None
        asked = getattr(self, kind)()
        if asked is not None:
            self.sides.step(kind, asked)
        return asked is not None

    def next(self) -> None:
        while not self.take("pay" if self.at_edge else self.pick(KINDS)):
            pass


WEIGHTS = {
    "pay": 24, "capture": 9, "refund": 7, "cancel": 2, "approve": 4, "deny": 1, "batch": 3,
    "go": 14, "freeze": 3, "rest": 1, "set_rules": 3, "change_caps": 1, "fund": 4, "withdraw": 2,
    "charge": 4, "post": 3, "make_mandate": 4, "close_mandate": 1, "revoke_mandate": 1,
    "make_escrow": 4, "submit": 4, "release": 4, "reject": 1, "dispute": 1, "resolve": 1,
    "open_stream": 3, "top_up": 1, "settle": 3, "pause": 1, "resume": 1, "close_stream": 1,
    "sweep_payments": 2, "sweep_mandates": 1, "sweep_escrows": 1, "retry": 4, "retry_other": 2,
}  # fmt: skip
KINDS = tuple(kind for kind, weight in WEIGHTS.items() for _ in range(weight))
