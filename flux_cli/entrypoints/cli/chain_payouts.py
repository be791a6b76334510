"""Runs and carts whose payees are paid in USDC over a chain, from the command line."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_cli.bootstrap_chain import open_settlement
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.runs import Run, RunState
from flux_cli.domain.settlements import ARC, ENDED, SettlementState
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_documents import tell_payment
from flux_cli.entrypoints.cli.settlement_documents import (
    COLUMNS,
    LOCAL,
    describe_settlement,
    violations,
)
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.payouts import (
    Barred,
    Payout,
    pay_cart,
    pay_run,
    payout_of_cart,
    set_aside_for_cart,
    set_aside_for_run,
)
from flux_cli.usecases.ports import Deps, Progress
from flux_cli.usecases.run_goal import Goal
from flux_cli.usecases.settlement_ports import SettleDeps

PATIENCE_SECONDS = 60.0
OVER = (RunState.COMPLETED, RunState.DENIED, RunState.FAILED)


def refuse_what_buys(goal: Goal) -> None:
    """Raise `InvalidInput` for a scenario that hires nobody: its money leaves by card or cart."""
    if goal.plan is not None and not goal.plan.tasks:
        raise InvalidInput(
            "this scenario hires nobody; --rail arc pays hires, and carts with flux buy",
            param="--rail",
            fixes=(Fix("pay the shops of a cart", ("flux", "buy", "WISH", "--rail", "arc")),),
        )


@dataclass(frozen=True, slots=True)
class OverChain:
    """One run or cart with its way over the chain."""

    flux: Invocation
    deps: Deps
    settling: SettleDeps
    progress: Progress

    def before_run(self, run: Run) -> ExitCode | None:
        """Set the USDC of a run's hires aside; a code where the run waits for a decision first."""
        answer = set_aside_for_run(self.deps, self.settling, run.id, self.progress)
        if isinstance(answer, Run):
            return None
        again = ("flux", "runs", "resume", run.id)
        return self._refused(answer, "hired", Fix("then go on", again))

    def after_run(self, run: Run) -> Payout | None:
        """Pay whom the run paid, if it is over."""
        if run.state not in OVER:
            return None
        return pay_run(self.deps, self.settling, run, seconds=self._seconds, progress=self.progress)

    def before_cart(self, cart: Cart) -> ExitCode | None:
        """Set the USDC of a cart's shops aside; a code where it waits for a decision first."""
        answer = set_aside_for_cart(self.deps, self.settling, cart, self.progress)
        if answer is None:
            return None
        again = ("flux", "carts", "checkout", cart.id, "--rail", "arc")
        return self._refused(answer, "bought", Fix("then go on", again))

    def after_cart(self, before: Cart, after: Cart) -> Payout | None:
        """Pay the shops that sold; nothing while a shop's answer is not known."""
        if after.state in (CartState.BUYING, CartState.FROZEN):
            return None
        return pay_cart(
            self.deps, self.settling, before, after, seconds=self._seconds, progress=self.progress
        )

    @property
    def _seconds(self) -> float:
        return self.flux.timeout or PATIENCE_SECONDS

    def _refused(self, answer: Barred | PaymentIntent, done: str, again: Fix) -> ExitCode:
        if isinstance(answer, Barred):
            add = ("flux", "merchants", "add")
            fixes = [Fix("name its address", (*add, name, "0x…")) for name in answer.unlisted]
            limits = Fix("see what the wallet may pay", ("flux", "wallet-key", "limits"))
            self.flux.deny(
                f"the wallet may not pay all of it; nothing was {done}, signed or moved",
                violations(answer.refusals),
                fixes=(*(fixes or [limits]), again),
            )
        if answer.state is not IntentState.DENIED:
            self.flux.note(f"nothing is {done} before the USDC for it is approved")
        return tell_payment(self.flux, self.deps, answer)

    def told(self, whole: Document, payout: Payout | None, again: tuple[str, ...]) -> Document:
        """The answer with its settlements; ends as denied where a payee was not paid."""
        if payout is None:
            return whole
        rows = [describe_settlement(one, self.settling.chain) for one in payout.settlements]
        local = any(one.local for one in payout.settlements)
        whole = replace(
            whole,
            fields={**whole.fields, "settlements": rows},
            tables={**whole.tables, "settlements": COLUMNS},
            last="; ".join(part for part in (whole.last, LOCAL if local else "") if part),
        )
        if payout.refusals:
            self.flux.deny(
                "not everybody was paid over the chain; who was not keeps its CREDIT",
                violations(payout.refusals),
                fixes=(
                    Fix("see whom the wallet may pay", ("flux", "merchants", "list")),
                    Fix("then pay the rest", again),
                ),
                document=whole,
            )
        return whole


def code_of(payout: Payout | None, usual: ExitCode) -> ExitCode:
    """The exit code, which is pending or in conflict where what was earned is not yet paid."""
    if payout is None:
        return usual
    states = {one.state for one in payout.settlements}
    if payout.waiting or not states <= ENDED:
        return ExitCode.PENDING
    unpaid = {SettlementState.REFUSED, SettlementState.EXPIRED} & states
    return ExitCode.CONFLICT if unpaid else usual


def over_chain(flux: Invocation, deps: Deps, progress: Progress, *, rail: str) -> OverChain | None:
    """The way over the chain, where that is the rail."""
    if rail != ARC:
        return None
    return OverChain(flux, deps, open_settlement(flux.config, deps), progress)


def over_chain_again(
    flux: Invocation, deps: Deps, cart: Cart, progress: Progress, *, rail: str
) -> OverChain | None:
    """The same for a cart, which also goes on over the chain where its USDC is set aside."""
    begun = payout_of_cart(deps, cart) is not None
    return over_chain(flux, deps, progress, rail=ARC if begun else rail)
