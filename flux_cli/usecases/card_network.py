"""The simulated card network: what a merchant may send, and the issuer's answer to it.

Every message has a network id, is answered in one transaction and is kept with its answer, so a
repetition finds the answer and moves nothing. A card pays only the payee the kernel allowed.

A pause of the card stops what is new; what was authorised may still be captured, also after the
card has expired, was used or cancelled, but never from more than the card holds. A freeze, or a
pause of the holder, stops every payment. Giving money back to the holder stops for neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hmac import compare_digest

from flux_cli.domain.agents import ECONOMY, Agent, AgentStatus
from flux_cli.domain.canonical import canonical, digest
from flux_cli.domain.card_network import (
    AUTHORIZATION_LIFETIME,
    MOST_OPEN,
    Authorization,
    AuthorizationState,
    Declined,
    DeclineReason,
    MessageKind,
    NetworkMessage,
    Presented,
    Purchase,
    declined,
    is_small,
    refused,
)
from flux_cli.domain.cards import Card, luhn_valid
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import Money
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidAmount, InvalidInput
from flux_cli.usecases import card_follow_ups as follow
from flux_cli.usecases.card_moves import keep, open_on, pay, set_aside, take
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.issue_card import prepare_cards
from flux_cli.usecases.ports import Deps, Reader, Transaction

LONGEST_NAME = 64
NO_CARD_EXPIRES = "00/00"

Answer = Authorization | DeclineReason


def authorise(
    deps: Deps,
    presented: Presented,
    *,
    merchant: str,
    category: str = "general",
    amount: Money,
    network_id: str,
) -> Authorization | Declined:
    """Set money of a card aside for a merchant, or only check the card where the amount is 0.

    Raises `InvalidAmount`, `InvalidInput`, `StorageFailed` without the card secret.
    """
    purchase = _purchase(merchant, category, amount, least=0)
    return _present(deps, MessageKind.AUTHORISE, presented, purchase, network_id)


def charge(
    deps: Deps,
    presented: Presented,
    *,
    merchant: str,
    category: str = "general",
    amount: Money,
    network_id: str,
) -> Authorization | Declined:
    """Authorise and capture all of it in one message. Raises as `authorise` does."""
    purchase = _purchase(merchant, category, amount, least=1)
    return _present(deps, MessageKind.CHARGE, presented, purchase, network_id)


def force_post(
    deps: Deps,
    presented: Presented,
    *,
    merchant: str,
    category: str = "general",
    amount: Money,
    network_id: str,
) -> Authorization | Declined:
    """Capture without an authorisation, or above one, such as a tip; of what the card has left.

    It needs what an authorisation does and obeys the same rules; only on a single-use card may it
    follow the merchant's own authorisation while that is open. What the card cannot cover is
    declined and kept as that. Raises as `authorise` does.
    """
    purchase = _purchase(merchant, category, amount, least=1)
    return _present(deps, MessageKind.FORCE_POST, presented, purchase, network_id)


def capture_authorization(
    deps: Deps,
    authorization_id: str,
    amount: Money | None = None,
    *,
    final: bool = True,
    network_id: str,
) -> Authorization | Declined:
    """Pay the payee all that is authorised, or `amount` of it; `final` lets go of the rest.

    After the authorisation has expired it is paid from what a live card has left, flagged as late.
    Raises `NotFound`, `InvalidAmount`.
    """
    return _follow(deps, MessageKind.CAPTURE, authorization_id, amount, network_id, final=final)


def reverse_authorization(
    deps: Deps, authorization_id: str, amount: Money | None = None, *, network_id: str
) -> Authorization | Declined:
    """Let go of all that is authorised and not captured, or of `amount` of it.

    Raises `NotFound`, `InvalidAmount`.
    """
    return _follow(deps, MessageKind.REVERSE, authorization_id, amount, network_id)


def refund_capture(
    deps: Deps, authorization_id: str, amount: Money | None = None, *, network_id: str
) -> Authorization | Declined:
    """Give back all that was captured, or `amount` of it, also after the card has ended.

    It goes from the payee's wallet to the holder's, never onto the card, and no cap gets room
    from it. Raises `NotFound`, `InvalidAmount`.
    """
    return _follow(deps, MessageKind.REFUND, authorization_id, amount, network_id)


def _purchase(merchant: str, category: str, amount: Money, *, least: int) -> Purchase:
    if amount.units < least:
        raise InvalidAmount("a card is asked for more than nothing", param="--amount")
    for name, value in (("merchant", merchant), ("category", category)):
        if not value or bounded(value, LONGEST_NAME) != value:
            raise InvalidInput(
                f"a {name} is 1 to {LONGEST_NAME} visible characters", param=f"--{name}"
            )
    return Purchase(merchant, category, amount)


def _check_id(network_id: str) -> None:
    check_key(network_id)
    if HIDDEN.search(network_id):
        raise InvalidInput("a network id is of visible characters", param="--idempotency-key")


@dataclass(frozen=True, slots=True)
class _Open:
    """A message being answered."""

    deps: Deps
    tx: Transaction
    kind: MessageKind
    id: str
    network_id: str
    content: str


def _present(
    deps: Deps, kind: MessageKind, presented: Presented, purchase: Purchase, network_id: str
) -> Authorization | Declined:
    """Answer a message that presents a card."""
    _check_id(network_id)
    prepare_cards(deps)
    said = [kind, presented.number, presented.expiry, presented.cvv, purchase]
    content = deps.card_numbers.seal(canonical(said))
    fingerprint = deps.card_numbers.fingerprint(presented.number)
    with deps.store.begin() as tx:
        before = _recorded(tx, network_id, content)
        if before is not None:
            return before
        message = _Open(deps, tx, kind, deps.ids.new("network_message"), network_id, content)
        card = tx.lookup(Card, fingerprint=fingerprint)
        wrong = _wrong_details(deps, card, presented)
        answer: Answer
        if card is None or wrong is not None:
            answer = wrong or DeclineReason.INVALID_NUMBER
            _count_try(tx, card, answer)
        else:
            answer = _judge(message, card, purchase)
        return _answered(message, card, purchase, purchase.amount, answer)


def _recorded(reader: Reader, network_id: str, content: str) -> Authorization | Declined | None:
    """The answer that this message had before; None where it is new."""
    found = reader.lookup(NetworkMessage, network_id=network_id)
    if found is None:
        return None
    if not compare_digest(found.content, content):
        return declined(DeclineReason.DUPLICATE_TRANSACTION, None)
    if found.declined is not None:
        return declined(found.declined, found.card_id)
    assert found.authorization_id is not None, "a yes names what it made"
    return reader.get(Authorization, found.authorization_id)


def _wrong_details(deps: Deps, card: Card | None, presented: Presented) -> DeclineReason | None:
    """What is wrong with what was presented; the same work is done for a card there is not."""
    expiry = NO_CARD_EXPIRES if card is None else card.expiry
    cvv = deps.card_numbers.cvv(presented.number, expiry)
    same_expiry = compare_digest(expiry.encode(), presented.expiry.encode(errors="replace"))
    same_cvv = compare_digest(cvv.encode(), presented.cvv.encode(errors="replace"))
    sound = luhn_valid(presented.number)
    if card is None or not sound:
        return DeclineReason.INVALID_NUMBER
    if card.locked:
        return DeclineReason.CARD_LOCKED
    if not same_expiry:
        return DeclineReason.WRONG_EXPIRY
    return None if same_cvv else DeclineReason.WRONG_CVC


def _count_try(tx: Transaction, card: Card | None, reason: DeclineReason) -> None:
    if card is not None and reason in (DeclineReason.WRONG_EXPIRY, DeclineReason.WRONG_CVC):
        tried = replace(card, wrong_tries=card.wrong_tries + 1)
        event = "card.locked" if tried.locked else "card.wrong_details"
        tx.put(tried, event, run_id=card.run_id)


def _judge(message: _Open, card: Card, purchase: Purchase) -> Answer:
    """Everything that may speak against a new claim, then the claim."""
    tx, amount = message.tx, purchase.amount
    forced = message.kind is MessageKind.FORCE_POST
    against = halted(tx, card) or refused(
        _above_its_own(tx, card, purchase) if forced else card,
        purchase,
        max(tx.now, tx.ledger_time),
    )
    if against is not None:
        return against
    held = message.kind is MessageKind.AUTHORISE
    if held and len(open_on(tx, card)) >= MOST_OPEN:
        return DeclineReason.TOO_MANY_OPEN
    nothing = Money(0, amount.asset)
    state = AuthorizationState.OPEN if held else AuthorizationState.CAPTURED
    claim = Authorization(
        id=message.deps.ids.new("authorization"),
        network_id=message.network_id,
        card_id=card.id,
        merchant=purchase.merchant,
        category=purchase.category,
        amount=amount,
        captured=nothing if held else amount,
        released=nothing,
        refunded=nothing,
        state=state if amount.units > 0 else AuthorizationState.CHECKED,
        forced=forced,
        late=False,
        at=tx.now,
        expires_at=tx.now + AUTHORIZATION_LIFETIME,
    )
    tx.put(claim, f"authorization.{claim.state}", run_id=card.run_id)
    if claim.state is not AuthorizationState.CHECKED:
        _move(message, card, claim, held=held)
    return claim


def _move(message: _Open, card: Card, claim: Authorization, *, held: bool) -> None:
    """Set the claim's money aside, or pay it, and record the card."""
    tx, key = message.tx, message.id
    if held:
        card = set_aside(tx, card, claim, f"{key}:hold")
        if not is_small(claim.amount):
            card = take(tx, card, claim, key)
        keep(tx, card, "card.authorised")
    else:
        card = pay(tx, card, claim, claim.amount, f"{key}:capture", held=False)
        keep(tx, take(tx, card, claim, key), "card.charged")


def _above_its_own(reader: Reader, card: Card, purchase: Purchase) -> Card:
    """The card as a merchant sees it that has already taken it for itself."""
    if card.taken_by is None:
        return card
    taken = reader.get(Authorization, card.taken_by)
    return replace(card, taken_by=None) if taken.merchant == purchase.merchant else card


def halted(reader: Reader, card: Card) -> DeclineReason | None:
    """Whether anybody who has a part in the card is stopped."""
    parties = (ECONOMY, card.holder, *([card.payee] if card.payee is not None else []))
    if any(is_frozen(reader, party) for party in parties):
        return DeclineReason.FROZEN
    holder = reader.lookup(Agent, name=card.holder)
    active = holder is not None and holder.status is AgentStatus.ACTIVE
    return None if active else DeclineReason.AGENT_PAUSED


def _follow(
    deps: Deps,
    kind: MessageKind,
    authorization_id: str,
    amount: Money | None,
    network_id: str,
    *,
    final: bool = False,
) -> Authorization | Declined:
    """Answer a message about an authorisation there is."""
    _check_id(network_id)
    if amount is not None and amount.units <= 0:
        raise InvalidAmount("ask for more than nothing", param="--amount")
    content = digest([kind, authorization_id, amount, final])
    with deps.store.begin() as tx:
        before = _recorded(tx, network_id, content)
        if before is not None:
            return before
        message = _Open(deps, tx, kind, deps.ids.new("network_message"), network_id, content)
        claim = tx.get(Authorization, authorization_id)
        card = tx.get(Card, claim.card_id)
        answer = _step(message, card, claim, amount, final=final)
        return _answered(message, card, claim, amount, answer)


def _step(
    message: _Open, card: Card, claim: Authorization, amount: Money | None, *, final: bool
) -> Answer:
    tx, key = message.tx, message.id
    if amount is not None and amount.asset != claim.amount.asset:
        return DeclineReason.WRONG_ASSET
    match message.kind:
        case MessageKind.CAPTURE:
            return halted(tx, card) or follow.capture(tx, card, claim, amount, key, final=final)
        case MessageKind.REVERSE:
            return follow.reverse(tx, card, claim, amount, key)
        case _:
            return follow.refund(message.deps, tx, card, claim, amount, key)


def _answered(
    message: _Open,
    card: Card | None,
    of: Purchase | Authorization,
    amount: Money | None,
    answer: Answer,
) -> Authorization | Declined:
    """Keep the message with its answer, and give the answer."""
    no = answer if isinstance(answer, DeclineReason) else None
    claim_id = answer.id if isinstance(answer, Authorization) else None
    if no is not None and isinstance(of, Authorization):
        claim_id = of.id
    card_id = None if card is None else card.id
    kept = NetworkMessage(
        id=message.id,
        network_id=message.network_id,
        kind=message.kind,
        content=message.content,
        card_id=card_id,
        authorization_id=claim_id,
        merchant=of.merchant,
        category=of.category,
        amount=amount,
        declined=no,
        at=message.tx.now,
    )
    message.tx.put(
        kept,
        f"network.{'declined' if no else 'approved'}",
        run_id=None if card is None else card.run_id,
    )
    if isinstance(answer, DeclineReason):
        return declined(answer, card_id)
    return answer
