"""Buying from a web address by HTTP 402: asked, judged, decided, signed once, sent till answered.

The header that pays is kept before it is first sent. Every repetition, after a lost answer or a
crash, sends that same header, and its nonce is derived from the approved payment: the token pays
it once. Source: x402 v2.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.money import Money
from flux_cli.domain.paywalls import (
    Passed,
    Wall,
    WebPayment,
    WebState,
    choose,
    resource_hash,
)
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import ARC, ENDED, Settlement, SettlementState
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import ChainUnavailable, InvalidInput, KeyReused, ShopFailed, ShopRefused
from flux_cli.usecases.follow_web import follow_web, sign_header
from flux_cli.usecases.idempotency import LONGEST_MADE, check_key
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Progress
from flux_cli.usecases.propose_settlement import gate, propose
from flux_cli.usecases.request_money import draft_intent, request_money
from flux_cli.usecases.web_ports import UrlDeps, WebAnswer

HOLD_HOURS = 1
LONGEST_URL = 400
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_ASK_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 4.0
WAITS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same header is worth sending again."""


@dataclass(frozen=True, slots=True)
class UrlWish:
    """What is wanted from the web and the most it may cost, in USDC."""

    url: str
    requester: str
    most: Money
    category: str = "general"
    mandate_id: str | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Free:
    """The seller asked for nothing: its answer."""

    answer: WebAnswer


@dataclass(frozen=True, slots=True)
class Barred:
    """The firewall or the wallet's policy refused the demand; nothing was kept, held or signed."""

    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Bought:
    """A payment that was signed, or refused before it was: how seller and chain see it now."""

    payment: WebPayment
    settlement: Settlement
    answer: WebAnswer | None


def price_url(urls: UrlDeps, wish: UrlWish) -> Free | Barred | Passed:
    """What the seller demands, judged; nothing is kept.

    Raises `InvalidInput` for an address money is not sent for, `ShopFailed`, `ShopRefused`.
    """
    fault = address_fault(wish.url)
    if fault:
        raise InvalidInput(fault, param="URL")
    answer = urls.web.ask(wish.url, seconds=LONGEST_ASK_SECONDS)
    if 200 <= answer.status < 300:
        return Free(answer)
    if answer.status != 402:
        raise ShopRefused(f"the seller answers {answer.status}, and no price", subject=wish.url)
    if answer.demanded is None:
        raise ShopRefused("the seller wants money, but not by x402 version 2", subject=wish.url)
    chosen = choose(answer.demanded, _wall(urls, wish))
    if not isinstance(chosen, Passed):
        return Barred(chosen)
    with urls.deps.store.reading() as reader:
        draft = draft_intent(urls.deps, reader, request_of(wish, chosen), "check")
    refusals = gate(urls.settling, draft)
    return Barred(refusals) if refusals else chosen


def address_fault(url: str) -> str:
    """Why money is not sent for this address, or nothing.

    It is asked for by TLS, except on this machine; no password is in it and it is not too long.
    """
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, parts.username
        _ = parts.port
    except ValueError:
        return "this is no web address"
    if HIDDEN.search(url) or " " in url or not url.isascii() or len(url) > LONGEST_URL:
        return f"an address has 1 to {LONGEST_URL} visible ASCII characters"
    if not host or parts.scheme not in ("http", "https"):
        return "an address begins with https:// and a host"
    if not parts.path:
        return "an address has a path: write https://host/"
    if user is not None:
        return "an address holds no user or password"
    if parts.fragment:
        return "an address to pay for has no fragment"
    if parts.scheme == "http" and host not in LOOPBACK:
        return "without TLS anybody on the way could change the demand: use https://"
    return ""


def _wall(urls: UrlDeps, wish: UrlWish) -> Wall:
    policy, chain = urls.settling.signer.policy(), urls.settling.chain
    longest = policy.longest_validity
    return Wall(wish.url, chain.chain_id, chain.token, policy.merchants, wish.most, longest)


def request_of(wish: UrlWish, passed: Passed) -> MoneyRequest:
    """The request for the money, bound to the resource by its hash."""
    return _request(wish, passed.merchant, passed.amount)


def _request(wish: UrlWish, payee: str, amount: Money) -> MoneyRequest:
    return MoneyRequest(
        requester=wish.requester,
        amount=amount,
        shares=(Share(payee, amount),),
        purpose=f"GET {wish.url}",
        justification="",
        claimed_return=None,
        urgency=Urgency.MEDIUM,
        plan_digest=resource_hash(wish.url),
        reference=wish.reference,
        escrowed=False,
        budget=None,
        category=wish.category,
        rail=ARC,
        mandate_id=wish.mandate_id,
        capture_method=CaptureMethod.MANUAL,
        hold_hours=HOLD_HOURS,
    )


def pay_url(
    urls: UrlDeps, wish: UrlWish, *, key: str, seconds: float, progress: Progress
) -> Free | Barred | PaymentIntent | Bought:
    """Buy what is at an address; an intent is one that is denied or waits for somebody.

    The same key goes on with the same payment, and never makes another. Raises what `price_url`,
    `request_money` and `sign_header` raise, `KeyReused`.
    """
    check_key(key, LONGEST_MADE)
    with urls.deps.store.reading() as reader:
        payment = reader.lookup(WebPayment, key=key)
    if payment is None:
        priced = price_url(urls, wish)
        if not isinstance(priced, Passed):
            return priced
        payment = _keep_demand(urls, wish, priced, key)
    if (payment.url, payment.requester) != (wish.url, wish.requester) or payment.amount > wish.most:
        raise KeyReused(f"{key!r} already names another payment", subject=payment.id)
    request = _request(wish, payment.payee, payment.amount)
    intent = request_money(urls.deps, request, key=key, progress=progress)
    if intent.state in (IntentState.AWAITING_OWNER, IntentState.AWAITING_QUORUM) or (
        intent.state is IntentState.DENIED
    ):
        return intent
    (settlement,) = propose(urls.settling, intent.id)
    payment, settlement = sign_header(urls, payment, settlement)
    if not payment.header:
        # Another process with this key may have signed and sent it since it was read.
        with urls.deps.store.reading() as reader:
            payment = reader.get(WebPayment, payment.id)
    if not payment.header or _is_over(settlement):
        return Bought(payment, settlement, None)
    return _deliver(urls, payment, settlement, time.monotonic() + seconds, progress)


def _is_over(settlement: Settlement) -> bool:
    """Whether the seller cannot be paid by this any more, so that sending it says nothing new."""
    return settlement.state in ENDED and settlement.state is not SettlementState.SETTLED


def _keep_demand(urls: UrlDeps, wish: UrlWish, passed: Passed, key: str) -> WebPayment:
    with urls.deps.store.begin() as tx:
        found = tx.lookup(WebPayment, key=key)
        if found is not None:
            return found
        payment = WebPayment(
            id=urls.deps.ids.new("web_payment"),
            key=key,
            state=WebState.ASKED,
            url=wish.url,
            requester=wish.requester,
            payee=passed.merchant,
            amount=passed.amount,
            demand=passed.demand,
            settlement_id=None,
            authorization=None,
            header="",
            status=0,
            body_sha256="",
            reason="",
            created_at=tx.now,
            changed_at=tx.now,
        )
        tx.put(payment, "web.asked")
    return payment


def _deliver(
    urls: UrlDeps,
    payment: WebPayment,
    settlement: Settlement,
    deadline: float,
    progress: Progress,
) -> Bought:
    """Send the one header until the seller answers it or the time is over, then ask the chain."""
    answer, why, pause = None, "", urls.pause_seconds
    while True:
        left = max(deadline - time.monotonic(), 0.1)
        try:
            answer = urls.web.ask(
                payment.url, payment.header, seconds=min(left, LONGEST_ASK_SECONDS)
            )
            why = _reason(answer)
            if not _unanswered(answer):
                break
        except ShopRefused as error:
            answer, why = None, error.message
            break
        except ShopFailed as error:
            # Lost is not failed: the seller may have it, so the same header goes again.
            answer, why = None, error.message
        progress("unanswered", why=why)
        if time.monotonic() + pause >= deadline:
            break
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    payment = _note(urls, payment, answer, why)
    return Bought(payment, _settled(urls, payment, settlement, deadline), answer)


def _unanswered(answer: WebAnswer) -> bool:
    pending = answer.claim is not None and answer.claim.reason == "settlement_pending"
    return pending or answer.status in WAITS


def _reason(answer: WebAnswer) -> str:
    if 200 <= answer.status < 300:
        return ""
    said = answer.claim.reason if answer.claim is not None else ""
    if not said and answer.demanded is not None:
        said = answer.demanded.error
    return bounded(f"the seller answers {answer.status} {said}", 300)


def _note(urls: UrlDeps, payment: WebPayment, answer: WebAnswer | None, why: str) -> WebPayment:
    """Keep what the seller answered; what was delivered once stays so."""
    state, digest = payment.state, ""
    if answer is not None and 200 <= answer.status < 300:
        state, digest = WebState.DELIVERED, hashlib.sha256(answer.body).hexdigest()
    elif answer is not None and not _unanswered(answer):
        state = WebState.REFUSED
    with urls.deps.store.begin() as tx:
        current = tx.get(WebPayment, payment.id)
        if current.state is WebState.DELIVERED:
            return current
        noted = replace(
            current,
            state=state,
            status=0 if answer is None else answer.status,
            body_sha256=digest,
            reason=why[:600],
            changed_at=tx.now,
        )
        if replace(noted, changed_at=current.changed_at) != current:
            tx.put(noted, f"web.{state}")
    return noted


def _settled(
    urls: UrlDeps, payment: WebPayment, settlement: Settlement, deadline: float
) -> Settlement:
    """The settlement as the chain has it; waited for only where the seller has delivered."""
    while True:
        try:
            settlement = follow_web(urls.settling, settlement, payment)
        except ChainUnavailable:
            # What was delivered is told all the same; a later look at the chain books it.
            return settlement
        waits = settlement.state not in ENDED and payment.state is WebState.DELIVERED
        if not waits or time.monotonic() >= deadline:
            return settlement
        time.sleep(urls.pause_seconds)
