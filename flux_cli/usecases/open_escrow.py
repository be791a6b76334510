"""Locking money for one payee until its work is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flux_cli.domain.agents import Agent
from flux_cli.domain.canonical import digest
from flux_cli.domain.escrows import MOST_MILESTONES, Escrow, EscrowState, Milestone, MilestoneState
from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import escrow as escrow_account
from flux_cli.domain.money import Money, total
from flux_cli.domain.quorum import Urgency
from flux_cli.errors import Fix, InvalidAmount, InvalidInput, NotFound, WrongState
from flux_cli.usecases.capture_payment import capture_into
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Transaction
from flux_cli.usecases.request_money import request_money

LONGEST_LIFE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class EscrowRequest:
    """What is to be locked, for whom, for how long, and who may accept the work.

    `milestones` are (name, amount) and add up to `amount`, or there are none. `reference` is the
    owner's name of the occasion.
    """

    payer: str
    payee: str
    amount: Money
    memo: str
    evaluator: str
    expires_in: timedelta
    milestones: tuple[tuple[str, Money], ...] = ()
    justification: str = ""
    claimed_return: Money | None = None
    urgency: Urgency = Urgency.MEDIUM
    reference: str = ""
    mandate_id: str | None = None

    @property
    def terms_digest(self) -> str:
        """What the ballots and the kernel's leave bind beside the payment itself."""
        microseconds = self.expires_in // timedelta(microseconds=1)
        return digest(("escrow", self.evaluator, microseconds, self.milestones))


def create_escrow(
    deps: Deps, request: EscrowRequest, *, key: str, progress: Progress
) -> Escrow | PaymentIntent:
    """The funded escrow, once for a key; or its payment, denied or still to be decided.

    A call with the same key goes on where an earlier one ended. Raises `InvalidInput`, `NotFound`
    for an unknown agent, `Frozen`, `WrongState` where the approved money is no longer on hold,
    and `KeyReused` where the key names other terms.
    """
    check_key(key)
    _check(request)
    with deps.store.reading() as reader:
        for name in (request.payer, request.payee, request.evaluator):
            if reader.lookup(Agent, name=name) is None:
                raise NotFound(
                    f"no agent named {name[:64]!r}",
                    subject=name[:64],
                    fixes=(Fix("see who there is", ("flux", "agents", "list")),),
                )
    intent = request_money(deps, _payment(request), key=f"escrow:{key}", progress=progress)
    if intent.state in UNDECIDED or intent.state is IntentState.DENIED:
        return intent
    with deps.store.begin() as tx:
        found = tx.lookup(Escrow, key=key)
        return found or _fund(deps, tx, request, tx.get(PaymentIntent, intent.id), key)


UNDECIDED = (IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)


def _fund(
    deps: Deps, tx: Transaction, request: EscrowRequest, intent: PaymentIntent, key: str
) -> Escrow:
    """Move the approved hold into the escrow's account, and keep the escrow."""
    now = max(tx.now, tx.ledger_time)
    if intent.on_hold != request.amount or now >= intent.expires_at:
        raise WrongState(
            f"its payment is {intent.state}; the hold is used or too old",
            subject=intent.id,
            fixes=(Fix("ask again with another --idempotency-key"),),
        )
    obey_freeze(tx, request.payer)
    escrow = Escrow(
        id=deps.ids.new("escrow"),
        key=key,
        state=EscrowState.FUNDED,
        payer=request.payer,
        payee=request.payee,
        evaluator=request.evaluator,
        amount=request.amount,
        released=Money(0, request.amount.asset),
        refunded=Money(0, request.amount.asset),
        memo=bounded(request.memo, 600),
        milestones=tuple(
            Milestone(name, amount, MilestoneState.PENDING) for name, amount in request.milestones
        ),
        deliverable_hash=None,
        dispute=None,
        intent_id=intent.id,
        expires_at=now + request.expires_in,
        created_at=now,
        updated_at=now,
    )
    capture_into(tx, intent, escrow_account(escrow.id))
    tx.put(escrow, "escrow.funded")
    return escrow


def _payment(request: EscrowRequest) -> MoneyRequest:
    return MoneyRequest(
        requester=request.payer,
        amount=request.amount,
        shares=(Share(request.payee, request.amount),),
        purpose=request.memo,
        justification=request.justification,
        claimed_return=request.claimed_return,
        urgency=request.urgency,
        plan_digest=request.terms_digest,
        reference=request.reference,
        escrowed=True,
        budget=None,
        mandate_id=request.mandate_id,
        capture_method=CaptureMethod.ESCROW,
        deliverables=tuple(name for name, _ in request.milestones),
    )


def _check(request: EscrowRequest) -> None:
    """Raise `InvalidInput` or `InvalidAmount` for terms that no escrow can have."""
    if request.evaluator == request.payee:
        raise InvalidInput("the payee cannot judge its own work", param="--evaluator")
    if not timedelta(0) < request.expires_in <= LONGEST_LIFE:
        raise InvalidInput(
            f"an escrow lasts at most {LONGEST_LIFE.days} days", param="--expires-in"
        )
    if not request.memo.strip():
        raise InvalidInput("say what the money is for", param="--memo")
    if not request.milestones:
        return
    names = [name for name, _ in request.milestones]
    amounts = [amount for _, amount in request.milestones]
    if len(names) > MOST_MILESTONES or len(set(names)) < len(names):
        raise InvalidInput(
            f"at most {MOST_MILESTONES} milestones, each name once", param="--milestone"
        )
    if any(not name or name != bounded(name, 60) for name in names):
        raise InvalidInput("a milestone's name is 1 to 60 plain characters", param="--milestone")
    asset = request.amount.asset
    if any(amount.asset != asset or amount.units <= 0 for amount in amounts):
        raise InvalidAmount(f"a milestone is of more than nothing in {asset.code}")
    if total(amounts, asset) != request.amount:
        raise InvalidAmount(
            f"the milestones add up to {total(amounts, asset)}, not to {request.amount}",
            param="--milestone",
        )
