"""What cards and their network must do, in plain numbers: no ledger, no objects of the product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WHOLE = 1_000_000
"""One whole unit: what is not above it does not use up a single-use card before it is captured."""

WEEK = 7 * 24 * 60
NETWORK = "card-network"
Answer = tuple[Any, ...]


@dataclass
class PlainCard:
    holder: str
    payee: str
    merchant: str | None
    category: str | None
    single: bool
    limit: int
    left: int
    ends: int
    authorised: int = 0
    spent: int = 0
    released: int = 0
    refunded: int = 0
    state: str = "active"
    taken: int | None = None
    tries: int = 0
    revealed: bool = False

    @property
    def lives(self) -> bool:
        return self.state in ("active", "paused")

    @property
    def payment(self) -> tuple[str, int, int, int]:
        """(state, captured, released, refunded) of the payment it was issued for."""
        over = not self.lives and self.authorised == 0
        state = ("captured" if self.spent else "cancelled") if over else "approved"
        return state, self.spent, self.released, self.refunded


@dataclass
class Claim:
    card: int
    merchant: str
    amount: int
    held: int
    ends: int
    captured: int = 0
    refunded: int = 0
    state: str = "open"
    late: bool = False


class Model:
    """Minutes, balances, cards and claims; each step answers as the network or the owner would."""

    def __init__(self, wallets: dict[str, int]) -> None:
        self.wallets = wallets
        self.cards: list[PlainCard] = []
        self.claims: list[Claim] = []
        self.said: dict[str, tuple[Answer, Answer]] = {}
        self.stopped: set[str] = set()
        self.paused: set[str] = set()
        self.now = 0

    # The owner's steps.

    def issue(self, holder: str, payee: str, units: int, single: bool, merchant: str | None,
              category: str | None, minutes: int) -> Answer:  # fmt: skip
        if {"economy", holder} & self.stopped or holder in self.paused:
            return ("denied",)
        self.wallets[holder] -= units
        merchant = merchant if payee == NETWORK else payee
        self.cards.append(
            PlainCard(holder, payee, merchant, category, single, units, units, self.now + minutes)
        )
        return ("card", len(self.cards) - 1)

    def reveal(self, card: int) -> Answer:
        one = self.cards[card]
        if one.revealed or not one.lives or self.now >= one.ends:
            return ("error", "wrong_state")
        if {"economy", one.holder} & self.stopped:
            return ("error", "frozen")
        one.revealed = True
        return ("revealed",)

    def switch(self, card: int, to: str) -> Answer:
        one = self.cards[card]
        if not one.lives:
            return ("error", "wrong_state")
        one.state = to
        return (to,)

    def cancel(self, card: int) -> Answer:
        one = self.cards[card]
        if one.lives:
            self.end(one, "cancelled")
        return (one.state,) if one.state == "cancelled" else ("error", "wrong_state")

    def stop(self, who: str, on: bool) -> Answer:
        (self.stopped.add if on else self.stopped.discard)(who)
        return ("done",)

    def pause(self, who: str, on: bool) -> Answer:
        (self.paused.add if on else self.paused.discard)(who)
        return ("done",)

    def drain(self, payee: str) -> Answer:
        """The payee's money leaves the economy."""
        if {"economy", payee} & self.stopped:
            return ("error", "frozen")
        self.wallets[payee] = 0
        return ("done",)

    def wait(self, minutes: int) -> Answer:
        self.now += minutes
        return ("done",)

    def sweep(self) -> Answer:
        for claim in self.claims:
            if claim.state == "open" and self.now >= claim.ends:
                self.let_go(claim, claim.held)
                claim.state = "expired"
        due = [one for one in self.cards if one.lives and self.now >= one.ends]
        for one in due:
            self.end(one, "expired")
        return ("ended", len(due))

    # The merchant's messages.

    def present(self, kind: str, card: int, wrong: str, merchant: str, category: str, units: int,
                asset: str, name: str) -> Answer:  # fmt: skip
        if units == 0 and kind != "authorise":
            return ("error", "invalid_amount")
        shown = (None, "") if wrong == "number" else (card, wrong)
        content = (kind, *shown, merchant, category, units, asset)
        if name not in self.said:
            answer = self.judged(kind, card, wrong, merchant, category, units, asset)
            self.said[name] = (content, answer)
        elif self.said[name][0] != content:
            return ("no", "duplicate_transaction")
        return self.said[name][1]

    def judged(self, kind: str, card: int, wrong: str, merchant: str, category: str, units: int,
               asset: str) -> Answer:  # fmt: skip
        one, forced = self.cards[card], kind == "force_post"
        if wrong == "number":
            return ("no", "invalid_number")
        if one.tries == 5:
            return ("no", "card_locked")
        if wrong:
            one.tries += 1
            return ("no", "wrong_cvc" if wrong == "cvv" else "wrong_expiry")
        own = forced and one.taken is not None and self.claims[one.taken].merchant == merchant
        checks = [
            (self.halted(one), self.halted(one)),
            (one.state == "cancelled", "card_cancelled"),
            (one.state == "used", "already_used"),
            (one.state == "expired" or self.now >= one.ends, "expired"),
            (one.state == "paused", "card_paused"),
            (asset != "CREDIT", "wrong_asset"),
            (one.merchant not in (None, merchant), "merchant_not_allowed"),
            (one.category not in (None, category), "category_not_allowed"),
            (one.taken is not None and not own, "already_used"),
            (units > one.left, "over_limit"),
        ]
        for breaks, reason in checks:
            if breaks:
                return ("no", reason)
        return self.claim(kind, card, merchant, units)

    def claim(self, kind: str, card: int, merchant: str, units: int) -> Answer:
        one, number = self.cards[card], len(self.claims)
        claim = Claim(card, merchant, units, 0, self.now + WEEK)
        self.claims.append(claim)
        if units == 0:
            claim.state = "checked"
            return ("yes", number)
        one.left -= units
        if kind == "authorise":
            claim.held = units
            one.authorised += units
            if units > WHOLE:
                self.take(one, number)
        else:
            claim.captured, claim.state = units, "captured"
            one.spent += units
            self.wallets[one.payee] += units
            self.take(one, number)
        self.used_up(one)
        return ("yes", number)

    def follow(self, kind: str, claim: int, units: int | None, asset: str, final: bool,
               name: str) -> Answer:  # fmt: skip
        content = (kind, claim, units, asset if units is not None else "", final)
        if name not in self.said:
            if units is not None and asset != "CREDIT":
                answer: Answer = ("no", "wrong_asset")
            elif kind == "capture":
                answer = self.capture(claim, units, final)
            elif kind == "reverse":
                answer = self.reverse(claim, units)
            else:
                answer = self.refund(claim, units)
            self.said[name] = (content, answer)
        elif self.said[name][0] != content:
            return ("no", "duplicate_transaction")
        return self.said[name][1]

    def capture(self, number: int, units: int | None, final: bool) -> Answer:
        claim = self.claims[number]
        one, late = self.cards[claim.card], claim.state == "expired"
        room = claim.amount - claim.captured if late else claim.held
        wanted = room if units is None else units
        over = {"cancelled": "card_cancelled", "used": "already_used", "expired": "expired"}
        checks = [
            (self.halted(one), self.halted(one)),
            (claim.state not in ("open", "expired"), "authorization_closed"),
            (wanted > room, "over_capture"),
            (late and not one.lives, over.get(one.state)),
            (late and self.now >= one.ends, "expired"),
            (late and one.taken not in (None, number), "already_used"),
            (late and wanted > one.left, "over_limit"),
        ]
        for breaks, reason in checks:
            if breaks:
                return ("no", reason)
        if late:
            one.left -= wanted
            claim.late = True
        else:
            claim.held -= wanted
            one.authorised -= wanted
        claim.captured += wanted
        one.spent += wanted
        self.wallets[one.payee] += wanted
        if final:
            self.let_go(claim, claim.held)
        if final or wanted == room:
            claim.state = "captured"
        self.take(one, number)
        self.used_up(one)
        return ("yes", number)

    def reverse(self, number: int, units: int | None) -> Answer:
        claim = self.claims[number]
        wanted = claim.held if units is None else units
        if claim.state != "open":
            return ("no", "authorization_closed")
        if wanted > claim.held:
            return ("no", "over_reversal")
        self.let_go(claim, wanted)
        if claim.held == 0:
            claim.state = "captured" if claim.captured else "reversed"
        self.used_up(self.cards[claim.card])
        return ("yes", number)

    def refund(self, number: int, units: int | None) -> Answer:
        claim = self.claims[number]
        one, most = self.cards[claim.card], claim.captured - claim.refunded
        wanted = most if units is None else units
        if wanted == 0 or wanted > most:
            return ("no", "over_refund")
        if {"economy", one.payee} & self.stopped:
            return ("no", "frozen")
        if wanted > self.wallets[one.payee]:
            return ("no", "insufficient_funds")
        self.wallets[one.payee] -= wanted
        self.wallets[one.holder] += wanted
        claim.refunded += wanted
        one.refunded += wanted
        return ("yes", number)

    # What they have in common.

    def halted(self, one: PlainCard) -> str:
        if {"economy", one.holder, one.payee} & self.stopped:
            return "frozen"
        return "agent_paused" if one.holder in self.paused else ""

    def take(self, one: PlainCard, number: int) -> None:
        if one.single and one.taken is None:
            one.taken = number
            for other, claim in enumerate(self.claims):
                if self.cards[claim.card] is one and claim.state == "open" and other != number:
                    self.let_go(claim, claim.held)
                    claim.state = "reversed"

    def let_go(self, claim: Claim, units: int) -> None:
        one = self.cards[claim.card]
        claim.held -= units
        one.authorised -= units
        if one.lives:
            one.left += units
        else:
            one.released += units
            self.wallets[one.holder] += units

    def used_up(self, one: PlainCard) -> None:
        if one.lives and one.authorised == 0 and (one.left == 0 or one.taken is not None):
            self.end(one, "used")

    def end(self, one: PlainCard, state: str) -> None:
        self.wallets[one.holder] += one.left
        one.released += one.left
        one.left, one.state = 0, state
