"""What must hold after every fault, judged from outside: the ledger against its clients' logs.

    python bench/oracle.py LEDGER

It opens the ledger, verifies it, finds every acknowledged key and none that was never issued, adds
up every balance again, compares the total with what the clients' own logs say came in and went
out, then retries every issued key and looks once more. Exit 1 and a line for each fault found.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workload import DONE, Wish, acked_in, attempt, deps_of, issued_in, raw_entry

from flux_cli.domain.agents import ECONOMY, freeze_id
from flux_cli.domain.intents import PaymentIntent, payment_step
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, held, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Policy, Window
from flux_cli.errors import FluxError
from flux_cli.usecases.ports import Deps, EventRecord

EVERYTHING = 1 << 40
FOUNDING = "founding:grant"
STEPS = ("hold", "pay", "capture", "release")
"""The movements of a payment that have no key of a client's, but one made from the payment's id."""


@dataclass(frozen=True)
class Ledger:
    """Everything that is in a ledger, read in one view."""

    entries: dict[str, Entry]
    repeated: tuple[str, ...]
    balances: dict[tuple[str, str], int]
    intents: dict[str, PaymentIntent]
    events: list[EventRecord]
    caps: dict[str, int]

    @cached_property
    def switches(self) -> Counter[str]:
        """How often each reason for a freeze or a thaw is recorded."""
        flags = (event.data for event in self.events if event.subject.startswith("freeze:"))
        return Counter(str(flag["reason"]) for flag in flags)


def read(deps: Deps) -> Ledger:
    """The whole ledger in memory."""
    with deps.store.reading() as reader:
        records = reader.entries(limit=EVERYTHING)
        keys = Counter(record.entry.key for record in records)
        intents = reader.find(PaymentIntent, limit=EVERYTHING)
        policies = reader.find(Policy, limit=EVERYTHING, oldest_first=True)
        caps = {
            policy.agent: limit.amount.units
            for policy in policies
            for limit in policy.limits
            if limit.window is Window.DAY and limit.amount is not None
        }
        return Ledger(
            {record.entry.key: record.entry for record in records},
            tuple(key for key, count in keys.items() if count > 1),
            {(one.name, one.balance.asset.code): one.balance.units for one in reader.accounts()},
            {intent.key: intent for intent in intents},
            reader.events(),
            caps,
        )


def expected(wish: Wish, ledger: Ledger) -> list[Entry]:
    """The entries that show that a wish took effect; only what names and moves them is compared."""
    amount = Money(wish.units)
    if wish.verb == "fund":
        key = f"fund:{wish.key}"
        return [transfer(key, EntryKind.TOP_UP, WORLD, wallet(wish.agent), amount)]
    if wish.verb in ("post", "take", "split", "undone"):
        return [raw_entry(wish)]
    intent = ledger.intents.get(wish.of or wish.key)
    if intent is None:
        return []
    payer, payee = wallet(intent.requester), wallet(intent.shares[0].payee)
    aside = held(intent.requester)
    if wish.verb == "capture":
        key = f"capture:{intent.id}:{wish.key}"
        return [transfer(key, EntryKind.CAPTURE, aside, payee, amount)]
    if wish.verb == "refund":
        key = f"refund:{intent.id}:{wish.key}"
        return [transfer(key, EntryKind.REFUND, payee, payer, amount)]
    if wish.verb == "cancel":
        key = payment_step(intent.id, "release")
        return [transfer(key, EntryKind.RELEASE, aside, payer, intent.released)]
    if wish.verb == "pay":
        return [
            transfer(payment_step(intent.id, "pay"), EntryKind.PAYMENT, payer, payee, amount),
        ]
    hold = transfer(payment_step(intent.id, "hold"), EntryKind.HOLD, payer, aside, intent.amount)
    if wish.verb == "hold":
        return [hold]
    moves = tuple(Move(aside, wallet(share.payee), share.amount) for share in intent.shares)
    return [hold, Entry(payment_step(intent.id, "capture"), EntryKind.CAPTURE, moves)]


def took_effect(wish: Wish, ledger: Ledger) -> bool:
    """Whether all that shows a wish's effect is there."""
    if wish.verb in ("freeze", "thaw"):
        return ledger.switches[wish.key] > 0
    wanted = expected(wish, ledger)
    return bool(wanted) and all(entry.key in ledger.entries for entry in wanted)


def judge(
    ledger: Ledger, issued: Sequence[Wish], acked: Mapping[str, str], *, retried: bool = False
) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    for wish in issued:
        yield from _wish_faults(wish, ledger, acked.get(wish.key), retried=retried)
    yield from _strangers(ledger, issued)
    yield from _sums(ledger, issued)
    yield from _payments(ledger)
    yield from _leave(ledger)


def _wish_faults(wish: Wish, ledger: Ledger, answer: str | None, *, retried: bool) -> Iterator[str]:
    name = f"{wish.verb} {wish.key}"
    present = took_effect(wish, ledger)
    if answer == DONE and not present:
        yield f"{name} was acknowledged and is not there"
    if answer is not None and answer.startswith("bug"):
        yield f"{name} ended in {answer}"
    told_no = answer not in (None, DONE) and not str(answer).startswith(("failed", "bug"))
    if told_no and present and not retried and wish.verb != "cancel":
        yield f"{name} was refused ({answer}) and took effect"
    if ledger.switches[wish.key] > 1 and not retried:
        yield f"{name} was recorded {ledger.switches[wish.key]} times"
    if wish.verb == "undone" and wish.key in ledger.entries:
        yield f"{name} left half of a transaction"
    for entry in expected(wish, ledger):
        found = ledger.entries.get(entry.key)
        if found is not None and (found.kind, found.moves) != (entry.kind, entry.moves):
            yield f"{name} moved {found.moves}, not {entry.moves}"
    half = [entry.key in ledger.entries for entry in expected(wish, ledger)]
    if any(half) and not all(half):
        yield f"{name} took half an effect"


def _strangers(ledger: Ledger, issued: Sequence[Wish]) -> Iterator[str]:
    """No key is there twice, and none that nobody issued."""
    keys = {wish.key for wish in issued}
    allowed = {FOUNDING}
    for wish in issued:
        allowed.update(entry.key for entry in expected(wish, ledger))
    for key, intent in ledger.intents.items():
        if key not in keys:
            yield f"payment {key} was never issued"
        allowed.update(payment_step(intent.id, step) for step in STEPS)
    yield from (f"entry {key} is there twice" for key in ledger.repeated)
    yield from (f"entry {key} was never issued" for key in ledger.entries.keys() - allowed)


def _sums(ledger: Ledger, issued: Sequence[Wish]) -> Iterator[str]:
    """Balances are what the entries add up to, and the total what the clients know came in."""
    replayed: Counter[tuple[str, str]] = Counter()
    for entry in ledger.entries.values():
        for move in entry.moves:
            asset = move.amount.asset.code
            replayed[move.source, asset] -= move.amount.units
            replayed[move.target, asset] += move.amount.units
    for account in sorted(replayed.keys() | ledger.balances.keys()):
        if replayed[account] != ledger.balances.get(account, 0):
            yield f"{account} has {ledger.balances.get(account)}, its entries {replayed[account]}"
        if replayed[account] < 0 and account[0] != WORLD:
            yield f"{account} is overdrawn: {replayed[account]}"
    grant = ledger.entries.get(FOUNDING)
    came_in = 0 if grant is None else grant.moves[0].amount.units
    for wish in issued:
        if wish.verb in ("fund", "post", "split", "take") and took_effect(wish, ledger):
            sign = -1 if wish.verb == "take" else 4 if wish.verb == "split" else 1
            came_in += sign * wish.units
    total = sum(units for (name, _), units in ledger.balances.items() if name != WORLD)
    if total != came_in:
        yield f"{total} units are in the economy, its clients know of {came_in}"


def _payments(ledger: Ledger) -> Iterator[str]:
    """Each payment says of itself exactly what its entries moved."""
    moved: dict[str, Counter[EntryKind]] = {}
    for entry in ledger.entries.values():
        if entry.reference:
            units = sum(move.amount.units for move in entry.moves)
            moved.setdefault(entry.reference, Counter())[entry.kind] += units
    for intent in ledger.intents.values():
        kinds = moved.get(intent.id, Counter())
        found = {
            "set aside": kinds[EntryKind.HOLD] + kinds[EntryKind.PAYMENT],
            "captured": kinds[EntryKind.CAPTURE] + kinds[EntryKind.PAYMENT],
            "released": kinds[EntryKind.RELEASE],
            "refunded": kinds[EntryKind.REFUND],
        }
        said = {
            "set aside": intent.amount.units if intent.decision_id else 0,
            "captured": intent.captured.units,
            "released": intent.released.units,
            "refunded": intent.refunded.units,
        }
        if found != said:
            yield f"payment {intent.key} says {said}, its entries {found}"


def _leave(ledger: Ledger) -> Iterator[str]:
    """Along the events: no permit while frozen, and never more spent and held than the cap."""
    frozen: dict[str, bool] = {}
    counted: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for event in ledger.events:
        data = event.data
        if event.subject.startswith("freeze:"):
            frozen[event.subject] = bool(data["frozen"])
        elif event.kind == "decision.permit":
            who = str(data["requester"])
            if frozen.get(freeze_id(ECONOMY), True) or frozen.get(freeze_id(who), True):
                yield f"event {event.seq} permits {who} to spend while frozen"
        elif event.subject.startswith("pi_") and data["decision_id"] is not None:
            payer, units = str(data["requester"]), _units(data["amount"]) - _units(data["released"])
            more = units - counted[event.subject]
            counted[event.subject] = units
            spent[payer] += more
            if more > 0 and payer in ledger.caps and spent[payer] > ledger.caps[payer]:
                yield f"{payer} has spent and held {spent[payer]}, its cap is {ledger.caps[payer]}"


def _units(amount: object) -> int:
    assert isinstance(amount, Mapping), "an event keeps money as an object"
    return int(amount["units"])


def examine(
    path: Path,
    issued: Sequence[Wish],
    acked: Mapping[str, str],
    do: Callable[[Deps, Wish], str] = attempt,
) -> tuple[list[str], dict[str, str]]:
    """Every fault, before and after each issued key is retried; and what is now known of each."""
    deps = deps_of(path)
    try:
        before = read(deps)
        faults = list(judge(before, issued, acked))
        faults += _verified(deps)
        answers = {wish.key: _retry(deps, wish, before, do) for wish in issued}
        faults += [
            f"retry of {key} ended in {said}" for key, said in answers.items() if "!" in said
        ]
        after = read(deps)
        told = {key: DONE if DONE in (acked.get(key), said) else said
                for key, said in answers.items()}  # fmt: skip
        faults += [f"after retries: {fault}" for fault in judge(after, issued, told, retried=True)]
        faults += _unmoved(before, after, issued)
    except FluxError as failure:
        return [f"the ledger cannot be used: {failure.code}: {failure}"], {}
    return faults, told


def _retry(deps: Deps, wish: Wish, before: Ledger, do: Callable[[Deps, Wish], str]) -> str:
    """What a retry says; marked where that is not what the ledger said before."""
    if wish.verb in ("freeze", "thaw") and took_effect(wish, before):
        return DONE  # a switch has no key: setting it again is another event
    try:
        said = do(deps, wish)
    except Exception as error:
        return f"! {type(error).__name__}: {error}"
    if took_effect(wish, before) and said != DONE and wish.verb != "cancel":
        return f"! {said}, though it was done"
    return said


def _unmoved(before: Ledger, after: Ledger, issued: Sequence[Wish]) -> Iterator[str]:
    """Retries change no entry, and add only those of wishes that had not taken effect."""
    for key, entry in before.entries.items():
        if after.entries.get(key) != entry:
            yield f"entry {key} was changed by a retry"
    done = [wish for wish in issued if took_effect(wish, before)]
    for wish in done:
        if wish.verb in ("freeze", "thaw") and after.switches[wish.key] != 1:
            yield f"{wish.verb} {wish.key} is recorded {after.switches[wish.key]} times"


def _verified(deps: Deps) -> list[str]:
    return [
        f"verify, {finding.name}: {fault}"
        for finding in deps.store.verify()
        for fault in finding.faults[:3]
    ]


def main() -> int:
    """Examine one ledger by the logs beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ledger", type=Path)
    ledger = parser.parse_args().ledger
    issued, acked = issued_in(ledger.parent), acked_in(ledger.parent)
    faults, _ = examine(ledger, issued, acked)
    for fault in faults:
        print(fault)
    print(f"{len(issued)} issued, {len(acked)} acknowledged, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
