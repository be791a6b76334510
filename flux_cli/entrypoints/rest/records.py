"""Runs, carts and settlements as they stand: read only."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.runs import Run, RunState
from flux_cli.domain.settlements import Settlement, SettlementState
from flux_cli.entrypoints.rest.call import MayRead, listed, room, shown, told
from flux_cli.entrypoints.rest.outs import CartOut, PageOf, RunOut, SettlementOut, problems
from flux_cli.entrypoints.rest.pages import After, AgentName, Limit, page
from flux_cli.usecases.describe_run import Document, describe_run
from flux_cli.usecases.view_carts import describe_cart

router = room("/v1", "records")

ObjectId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/runs", response_model=PageOf[RunOut])
def list_runs(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: RunState | None = None,
) -> Response:
    """List runs, newest first."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, Run, _of_run, limit, after, requester=agent, state=status
        )
    return listed([told("run", _summary(run)) for run in found], following)


@router.get("/runs/{run_id}", response_model=RunOut, responses=problems(404))
def show_run(run_id: ObjectId, call: MayRead) -> Response:
    """Show a run whole: plan, votes, hires, money, deliverables."""
    with call.deps.store.reading() as reader:
        run = reader.lookup(Run, id=run_id)
        seen = call.own(reader, run, () if run is None else _of_run(run), "run")
        document = describe_run(reader, seen)
    del document["out"]  # where its files are is this machine's business
    return shown(told("run", document))


@router.get("/carts", response_model=PageOf[CartOut])
def list_carts(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: CartState | None = None,
) -> Response:
    """List carts, newest first."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, Cart, lambda one: (one.buyer,), limit, after, buyer=agent, state=status
        )
    return listed([told("cart", describe_cart(cart)) for cart in found], following)


@router.get("/carts/{cart_id}", response_model=CartOut, responses=problems(404))
def show_cart(cart_id: ObjectId, call: MayRead) -> Response:
    """Show a cart: what is bought where, its proof, and what else there was."""
    with call.deps.store.reading() as reader:
        cart = reader.lookup(Cart, id=cart_id)
        seen = call.own(reader, cart, () if cart is None else (cart.buyer,), "cart")
    return shown(told("cart", describe_cart(seen)))


@router.get("/settlements", response_model=PageOf[SettlementOut])
def list_settlements(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: SettlementState | None = None,
) -> Response:
    """List what leaves over a chain, newest first."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, Settlement, _of_settlement, limit, after, requester=agent, state=status
        )
    return listed([told("settlement", _settlement(one)) for one in found], following)


@router.get("/settlements/{settlement_id}", response_model=SettlementOut, responses=problems(404))
def show_settlement(settlement_id: ObjectId, call: MayRead) -> Response:
    """Show a settlement as it stands."""
    with call.deps.store.reading() as reader:
        found = reader.lookup(Settlement, id=settlement_id)
        names = () if found is None else _of_settlement(found)
        return shown(told("settlement", _settlement(call.own(reader, found, names, "settlement"))))


def _of_run(run: Run) -> tuple[str, ...]:
    return (run.requester,)


def _of_settlement(settlement: Settlement) -> tuple[str, ...]:
    return (settlement.requester, settlement.payee)


def _summary(run: Run) -> Document:
    return {
        "id": run.id,
        "scenario": run.scenario,
        "goal": run.goal,
        "state": run.state,
        "requester": run.requester,
        "budget": run.budget,
        "rail": run.rail,
        "error": run.error,
        "payment_id": run.intent_id,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _settlement(settlement: Settlement) -> Document:
    proof, terms = settlement.proof, settlement.terms
    return {
        "id": settlement.id,
        "state": settlement.state,
        "intent_id": settlement.intent_id,
        "requester": settlement.requester,
        "payee": settlement.payee,
        "amount": settlement.amount,
        "from_address": terms.payer,
        "to_address": terms.payee,
        "token": terms.token,
        "attempts": settlement.attempts,
        "local": settlement.local,
        "reason": settlement.reason,
        "tx_hash": None if proof is None else proof.tx_hash,
    }
