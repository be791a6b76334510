"""What the money engine must do, in plain integers, lists and dicts; nothing of it is imported.

Times are microseconds since noon of a UTC day. A step answers what it must come to: `("error",
code)`, `("denied", codes)`, or the state it leaves. Windows are added up from the list of all
payments each time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from engine_objects import (
    DAY,
    LENGTHS,
    Answer,
    Cap,
    Escrow,
    Mandate,
    Payment,
    Refused,
    Rules,
    Stream,
    common,
    is_daily,
    largest,
    longest,
    smallest,
)


class Model:
    """The whole economy. `now` is what the clock says, `latest` what was last recorded."""

    def __init__(self, wallets: dict[str, int], rules: dict[str, Rules]) -> None:
        self.now = self.latest = 0
        self.accounts: dict[str, int] = defaultdict(int)
        for name, units in wallets.items():
            self.move("world", f"wallet:{name}", units)
        self.agents = set(wallets)
        self.rules = dict(rules)
        self.resting: set[str] = set()
        self.frozen: set[str] = set()
        self.payments: dict[Any, Payment] = {}
        self.mandates: dict[str, Mandate] = {}
        self.escrows: dict[str, Escrow] = {}
        self.streams: dict[str, Stream] = {}
        self.keys: dict[Any, Answer] = {}
        self.costs: list[tuple[int, str, str, int]] = []

    # What every step uses.

    @property
    def moment(self) -> int:
        return max(self.now, self.latest)

    def wrote(self) -> None:
        self.latest = self.moment

    def move(self, source: str, target: str, units: int) -> None:
        self.accounts[source] -= units
        self.accounts[target] += units

    def wallet(self, name: str) -> int:
        return self.accounts[f"wallet:{name}"]

    def obey(self, *names: str) -> None:
        if self.frozen & {"economy", *names}:
            raise Refused("frozen")

    def window_start(self, window: str, now: int) -> int:
        """The first instant before the window: what was at it is outside."""
        if window == "day":
            return (now + DAY // 2) // DAY * DAY - DAY // 2 - 1
        return now - LENGTHS[window]

    # Clock, freeze, policy.

    def go(self, by: int) -> Answer:
        self.now += by
        return ("done",)

    def freeze(self, subject: str, on: bool) -> Answer:
        self.frozen = self.frozen | {subject} if on else self.frozen - {subject}
        self.wrote()
        return ("done",)

    def set_rules(self, subject: str, rules: Rules) -> Answer:
        self.rules[subject] = rules
        self.wrote()
        return ("done",)

    def change_caps(
        self,
        name: str,
        per_payment: int | None,
        per_day: int | None,
        owner_above: int | None,
        payees: frozenset[str] | None,
        paused: bool,
    ) -> Answer:
        own = self.rules[name]
        others = tuple(cap for cap in own.caps if not is_daily(cap))
        daily = () if per_day is None else (Cap("24h", per_day, None, "agent", None, None),)
        changed = replace(
            own,
            per_payment=per_payment,
            caps=daily + others,
            owner_above=owner_above,
            payees=payees,
        )
        if replace(changed, caps=()) != replace(own, caps=()) or set(own.caps) != set(changed.caps):
            self.rules[name] = changed
            self.wrote()
        return self.rest(name, paused)

    def rest(self, name: str, on: bool) -> Answer:
        if (name in self.resting) != on:
            self.resting ^= {name}
            self.wrote()
        return ("done",)

    def rules_of(self, name: str) -> Rules:
        if name not in self.rules:
            raise Refused("not_found")
        own, all_ = self.rules[name], self.rules.get("*")
        if all_ is None:
            return own
        return Rules(
            per_payment=smallest(own.per_payment, all_.per_payment),
            caps=(*all_.caps, *own.caps),
            payees=common(own.payees, all_.payees),
            never=own.never | all_.never,
            minimum=largest(own.minimum, all_.minimum),
            owner_above=smallest(own.owner_above, all_.owner_above),
            once_in=longest(own.once_in, all_.once_in),
            paused=own.paused or all_.paused,
        )

    # Caps.

    def counted(self, cap: Cap, payer: str, subject: str) -> tuple[int, int]:
        """What a cap has counted so far: units and payments."""
        since, units, count = self.window_start(cap.window, self.moment), 0, 0
        for one in self.payments.values():
            if one.permitted_at is None or one.permitted_at <= since:
                continue
            if one.amount == one.released:
                continue
            size = one.amount
            if cap.scope in ("payee", "destination"):
                shares = dict(one.shares)
                if subject not in shares or (cap.scope == "payee" and one.payer != payer):
                    continue
                size = added = shares[subject]
            else:
                added = one.amount - one.released
                if cap.scope != "everybody" and one.payer != payer:
                    continue
                if cap.scope == "category" and one.category != subject:
                    continue
            if cap.below is not None and size - one.released > cap.below:
                continue
            units, count = units + added, count + 1
        return units, count

    def asked_of(self, cap: Cap, one: Payment) -> list[tuple[str, int]]:
        if cap.scope == "agent":
            return [(one.payer, one.amount)]
        if cap.scope == "everybody":
            return [("*", one.amount)]
        parts = [(one.category, one.amount)] if cap.scope == "category" else list(one.shares)
        return [part for part in parts if cap.only in (None, part[0])]

    def over(self, front: str, cap: Cap, one: Payment) -> set[str]:
        codes = set()
        for subject, units in self.asked_of(cap, one):
            if cap.below is not None and units > cap.below:
                continue
            used, count = self.counted(cap, one.payer, subject)
            if cap.amount is not None and used + units > cap.amount:
                codes.add(cap.code(front))
            if cap.count is not None and count + 1 > cap.count:
                codes.add(cap.code(front, "count"))
        return codes

    def above_a_cap(self, one: Payment) -> set[str]:
        """The caps in force that what is counted now, with a just permitted payment, is above."""
        found = set()
        caps = [(cap, "") for cap in self.rules_of(one.payer).caps]
        caps += [(c, "m") for m in (one.mandate.line() if one.mandate else []) for c in m.caps]
        for cap, _ in caps:
            for subject, units in self.asked_of(cap, one):
                if cap.below is None or units <= cap.below:
                    used, count = self.counted(cap, one.payer, subject)
                    if used > (used if cap.amount is None else cap.amount):
                        found.add(cap.code(""))
                    if count > (count if cap.count is None else cap.count):
                        found.add(cap.code("", "count"))
        return found
