"""What happened, as whoever has a key may hear of it: which object, and no more of it."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.agents import ECONOMY, freeze_id
from flux_cli.domain.api_keys import HOUSE, ApiKey
from flux_cli.domain.cards import Card
from flux_cli.domain.intents import PaymentIntent
from flux_cli.usecases.api_keys import Sight, sight_of
from flux_cli.usecases.ports import Deps, EventRecord, Reader

STEP = 500

UNTOLD = ("api_key.", "api_reply.", "agent.claimed", "note.")
"""What programs did to be let in is nobody's news."""

PARTIES = ("requester", "payer", "payee", "holder", "buyer", "client", "provider", "evaluator")
"""The fields of an object that name an agent it concerns."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The events that a key may hear of, where to go on from, and whether the key still opens."""

    events: tuple[EventRecord, ...]
    place: int
    goes_on: bool


def newest_event(deps: Deps) -> int:
    """The number of the latest event, found by doubling and halving."""
    with deps.store.reading() as reader:
        low, high = 0, 1
        while reader.events(after=high, most=1):
            low, high = high, 2 * high
        while low < high:
            middle = (low + high) // 2
            found = reader.events(after=middle, most=1)
            low, high = (found[0].seq, high) if found else (low, middle)
    return low


def hear(deps: Deps, key: ApiKey, after: int) -> Heard:
    """What happened after an event, as far as this key may know of it, some hundred at a time."""
    with deps.store.reading() as reader:
        known = reader.lookup(ApiKey, id=key.id)
        if known is None or not known.opens_at(max(reader.now, reader.ledger_time)):
            return Heard((), after, False)
        found = reader.events(after=after, most=STEP)
        told = tuple(one for one in found if _is_told(reader, sight_of(key), one))
    return Heard(told, found[-1].seq if found else after, True)


def _is_told(reader: Reader, sight: Sight, event: EventRecord) -> bool:
    if event.kind.startswith(UNTOLD):
        return False
    if event.subject == freeze_id(ECONOMY):
        return True
    names = _concerned(reader, event)
    if not names:
        # The market's and the ledger's own: the house's, and no single agent's.
        return sight == Sight(HOUSE, None)
    return sight.sees_any(reader, names)


def _concerned(reader: Reader, event: EventRecord) -> set[str]:
    """The agents that an event is about."""
    data = event.data
    fields: tuple[str, ...] = PARTIES
    if event.kind.startswith("agent."):
        fields = ("name",)
    if event.kind.startswith("policy."):
        fields = ("agent",)
    names = {str(data[name]) for name in fields if data.get(name)}
    if event.subject.startswith("freeze:"):
        names.add(event.subject.removeprefix("freeze:"))
    intent = reader.lookup(PaymentIntent, id=str(data.get("intent_id")))
    if intent is not None:
        names.add(intent.requester)
    card = reader.lookup(Card, id=str(data.get("card_id")))
    if card is not None:
        names.add(card.holder)
    return names
