"""Paying over a chain what agents and shops earn: USDC, one for one for the CREDIT they were paid.

The USDC is judged, decided and set aside before anybody is hired or anything is bought. When that
is over, each payee who earned exactly its share is paid; what nobody earned goes back. Every step
is found again by its key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flux_cli.domain.carts import Cart, CartState, LegState
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.runs import Run, RunState
from flux_cli.domain.settlements import ARC, Settlement
from flux_cli.errors import WrongState
from flux_cli.usecases.end_settlement import give_back
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress
from flux_cli.usecases.propose_settlement import gate, propose, settlements_of
from flux_cli.usecases.quote import quote_tasks
from flux_cli.usecases.request_money import draft_intent, request_money
from flux_cli.usecases.run_goal import STAGES, deny_run, money_request
from flux_cli.usecases.settle import settle_all
from flux_cli.usecases.settlement_ports import SettleDeps

HOLD_HOURS = 24


@dataclass(frozen=True, slots=True)
class Barred:
    """The wallet may not or cannot pay all of it; nothing was asked for, held or signed.

    `unlisted` are the payees whose address the owner has not named.
    """

    refusals: tuple[Refusal, ...]
    unlisted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Payout:
    """What became of it: its settlements, why a payee is not paid, what waits for a decision."""

    settlements: tuple[Settlement, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    waiting: tuple[PaymentIntent, ...] = ()


def set_aside(
    deps: Deps, settling: SettleDeps, request: MoneyRequest, key: str, *, progress: Progress
) -> Barred | PaymentIntent:
    """Ask for the USDC of an occasion whose own request is in CREDIT, and hold what is approved.

    Raises what `request_money` raises, `ChainUnavailable`, `KeyUnavailable`, `SignerFailed`.
    """
    name, wanted = f"payout:{key}", in_usdc(request)
    with deps.store.reading() as reader:
        known = reader.lookup(PaymentIntent, key=name)
        draft = draft_intent(deps, reader, wanted, name)
    if known is None:
        refusals = gate(settling, draft) or _short(settling, wanted.amount)
        if refusals:
            listed = settling.signer.policy().merchants
            names = (share.payee for share in draft.shares)
            return Barred(refusals, tuple(name for name in names if name not in listed))
    return request_money(deps, wanted, key=name, progress=progress)


def _short(settling: SettleDeps, amount: Money) -> tuple[Refusal, ...]:
    """The wallet on the chain has it now; what its gas will cost is judged when it is signed."""
    have = settling.chain.balance(settling.signer.address())
    if have >= amount.units:
        return ()
    said = "the wallet on the chain has too little"
    return (Refusal("insufficient_funds", said, have, amount.units),)


def in_usdc(request: MoneyRequest) -> MoneyRequest:
    """The same request, one USDC for one CREDIT, to leave over the chain when it is earned."""

    def same(money: Money) -> Money:
        return Money(money.units, USDC)

    return replace(
        request,
        amount=same(request.amount),
        shares=tuple(Share(one.payee, same(one.amount)) for one in request.shares),
        claimed_return=request.claimed_return and same(request.claimed_return),
        budget=request.budget and same(request.budget),
        prices=tuple(
            replace(one, asked=same(one.asked), known=tuple(map(same, one.known)))
            for one in request.prices
        ),
        rail=ARC,
        capture_method=CaptureMethod.MANUAL,
        hold_hours=HOLD_HOURS,
        escrowed=True,
        run_id=None,
    )


def pay_earned(
    deps: Deps,
    settling: SettleDeps,
    request: MoneyRequest,
    key: str,
    earned: Mapping[str, Money],
    *,
    seconds: float,
    progress: Progress,
) -> Payout:
    """Pay what was `earned` of an occasion that is over, in CREDIT by payee; safe to repeat.

    Who earned another amount than was set aside is asked for anew, by the same gate and kernel.
    Raises as `set_aside`.
    """
    found = list(_of_what_is_held(settling, key, earned))
    refusals: list[Refusal] = []
    waiting: list[PaymentIntent] = []
    covered = {one.payee for one in found if one.amount.units == _units(earned, one.payee)}
    for payee in sorted(set(earned) - covered):
        amount = earned[payee]
        part = replace(request, amount=amount, shares=(Share(payee, amount),), prices=())
        answer = set_aside(deps, settling, part, f"{key}:{payee}", progress=progress)
        if isinstance(answer, Barred) or answer.state is IntentState.DENIED:
            refusals += answer.refusals
        elif answer.state in (IntentState.AWAITING_OWNER, IntentState.AWAITING_QUORUM):
            waiting.append(answer)
        else:
            found += _of_what_is_held(settling, f"{key}:{payee}", {payee: amount})
    ids = [one.id for one in found]
    ended = settle_all(settling, ids, seconds=seconds, progress=progress) if ids else []
    return Payout(tuple(ended), tuple(refusals), tuple(waiting))


def _units(earned: Mapping[str, Money], payee: str) -> int:
    return earned[payee].units if payee in earned else 0


def _of_what_is_held(
    settling: SettleDeps, key: str, earned: Mapping[str, Money]
) -> Sequence[Settlement]:
    """The settlements of what was set aside; what nobody earned any of goes back whole."""
    with settling.store.reading() as reader:
        intent = reader.lookup(PaymentIntent, key=f"payout:{key}")
        begun = [] if intent is None else settlements_of(reader, intent.id)
    if intent is None or begun or intent.state is not IntentState.APPROVED:
        return begun
    if not earned:
        give_back(settling, intent.id, IntentState.CANCELLED)
        return []
    return propose(settling, intent.id, earned)


# Carts.


def _cart_key(cart: Cart) -> str:
    """Names the payout of a cart as it is now: another content is another payout."""
    return f"{cart.id}:{cart.hash[:16]}"


def payout_of_cart(deps: Deps, cart: Cart) -> PaymentIntent | None:
    """The USDC that was asked for to pay the shops of this cart as it is, or None."""
    with deps.store.reading() as reader:
        return reader.lookup(PaymentIntent, key=f"payout:{_cart_key(cart)}")


def set_aside_for_cart(
    deps: Deps, settling: SettleDeps, cart: Cart, progress: Progress
) -> Barred | PaymentIntent | None:
    """Set the USDC of a cart's shops aside; else why not, or the intent that is not approved."""
    if cart.state is not CartState.OPEN and payout_of_cart(deps, cart) is None:
        said = f"the cart is {cart.state}: its shops are paid in CREDIT already"
        raise WrongState(said, subject=cart.id)
    request = _legs(cart)
    answer = set_aside(deps, settling, request, _cart_key(cart), progress=progress)
    if isinstance(answer, Barred):
        return answer
    settled = (IntentState.APPROVED, IntentState.CAPTURED)
    return None if answer.state in settled else answer


def _legs(cart: Cart) -> MoneyRequest:
    """What the shops of a cart ask, each its part."""
    return MoneyRequest(
        requester=cart.buyer,
        amount=cart.total,
        shares=tuple(Share(leg.shop, leg.total) for leg in cart.legs),
        purpose=f"pay the shops of {cart.id}: {cart.wish}",
        justification=f"Each shop is paid when it has sold its part of cart {cart.hash[:12]}.",
        claimed_return=None if cart.dropped else cart.spec.budget,
        urgency=Urgency.MEDIUM,
        plan_digest=cart.hash,
        reference=cart.id,
        escrowed=True,
        budget=cart.spec.budget,
        category="shopping",
        evidence=(f"cart {cart.hash[:12]}",),
    )


def pay_cart(
    deps: Deps,
    settling: SettleDeps,
    before: Cart,
    after: Cart,
    *,
    seconds: float,
    progress: Progress,
) -> Payout:
    """Pay the shops that sold, once the cart that was as `before` is over. As `pay_earned`."""
    earned = {one.shop: one.paid for one in after.orders if one.state is LegState.PAID}
    request, key = replace(_legs(before), claimed_return=None), _cart_key(before)
    return pay_earned(deps, settling, request, key, earned, seconds=seconds, progress=progress)


# Runs.


def set_aside_for_run(
    deps: Deps, settling: SettleDeps, run_id: str, progress: Progress
) -> Run | Barred | PaymentIntent:
    """The run planned, quoted, and the USDC of all its hires set aside; or why it cannot be.

    An intent is one that waits for a decision. A denied one ends the run.
    """
    with deps.store.reading() as reader:
        run = reader.get(Run, run_id)
    if run.state is RunState.PLANNING:
        run = STAGES[RunState.PLANNING](deps, run, progress)
    if run.state is not RunState.REQUESTING:
        return run
    deps.workspace.claim(Path(run.out), run.id)
    request = _hires(deps, run)
    answer = set_aside(deps, settling, request, run.id, progress=progress)
    if isinstance(answer, Barred) or answer.state is IntentState.APPROVED:
        return answer if isinstance(answer, Barred) else run
    if answer.state is IntentState.DENIED:
        deny_run(deps, run, answer)
    return answer


def _hires(deps: Deps, run: Run) -> MoneyRequest:
    """What the run asks for its first hires; quoting finds what it has quoted before."""
    contracts = [one for one in quote_tasks(deps, run) if one.attempt == 0]
    with deps.store.reading() as reader:
        return money_request(reader, run, contracts)


def pay_run(
    deps: Deps, settling: SettleDeps, run: Run, *, seconds: float, progress: Progress
) -> Payout:
    """Pay over the chain whom the run paid, once it is over. Raises as `pay_earned`."""
    with deps.store.reading() as reader:
        made = reader.find(Contract, run_id=run.id, oldest_first=True)
    if not made:
        return Payout()
    earned: dict[str, Money] = {}
    for one in made:
        if one.state is ContractState.SETTLED:
            earned[one.provider] = earned.get(one.provider, Money(0, CREDIT)) + one.price
    request = _late(run)
    return pay_earned(deps, settling, request, run.id, earned, seconds=seconds, progress=progress)


def _late(run: Run) -> MoneyRequest:
    """What is asked for who was hired in another's place, to be completed with its share."""
    assert run.plan is not None, "a run is planned before it hires"
    return MoneyRequest(
        requester=run.requester,
        amount=Money(0),
        shares=(),
        purpose=run.purpose,
        justification=run.justification,
        claimed_return=run.claimed_return,
        urgency=run.urgency,
        plan_digest=run.plan.digest,
        reference=run.id,
        escrowed=True,
        budget=None,
    )
