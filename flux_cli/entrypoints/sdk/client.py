"""`AgentPaySDK`: the one object that agents' code holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from flux_cli.entrypoints.sdk import agents, cards, escrows, history, payments
from flux_cli.entrypoints.sdk.given import NAMES, caps_from
from flux_cli.entrypoints.sdk.modes import here_or_there
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    Escrow,
    EscrowResult,
    EscrowStatus,
    LedgerEntry,
    PaymentIntent,
    PaymentResult,
    PaymentStatus,
    Policy,
    Row,
    Wallet,
)
from flux_cli.entrypoints.sdk.opening import (
    Opened,
    close,
    open_file,
    open_in_memory,
    open_remote,
)
from flux_cli.usecases.agent_history import earnings_of, expenses_of, stats_of, summary_of
from flux_cli.usecases.change_caps import change_caps, set_paused
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import approve_payment, deny_payment

if TYPE_CHECKING:
    from flux_cli.entrypoints.sdk.remote_client import Remote


class AgentPaySDK:
    """Agents with wallets and limits, on Flux's ledger and under its kernel. Money is simulated.

    `AgentPaySDK()` is a ledger of its own that leaves nothing behind; its caller is the owner.
    `AgentPaySDK(ledger=PATH)` is a file, shared with the command line and with other processes;
    there, loosening a limit, unpausing and approving need `owner_token`, the text of the file
    `PATH.owner`. `AgentPaySDK(api_key=KEY, base_url=URL)` is a server's, `flux serve`; `timeout` is
    seconds of one request, which is made up to `attempts` times under one key. There the key's
    scopes say what may be done, and nobody loosens a limit. Safe to share between threads; use it
    in `with`, or call `close`.

    Amounts are whole cents. A wrong argument raises `TypeError` or `ValueError`, as does an agent
    that is not registered; a payment that is refused is a result with an `error_code`. A ledger
    that is busy, damaged or on a full disk, or a server that does not answer, raises
    `flux_cli.errors.FluxError`; what a key may not do, `PermissionError`.
    """

    def __init__(
        self,
        *,
        ledger: str | os.PathLike[str] | None = None,
        owner_token: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float = 30.0,
        attempts: int = 5,
    ) -> None:
        if (api_key is None) != (base_url is None):
            raise ValueError("a server is named by api_key and base_url together")
        if api_key is not None and not (ledger is None and owner_token is None):
            raise ValueError("a ledger of our own and a server are two things: give one")
        self._owner_token = owner_token
        self._in_memory = ledger is None and api_key is None
        self._opened: Opened | None = None
        self._remote: Remote | None = None
        if api_key is not None and base_url is not None:
            self._remote = open_remote(base_url, api_key, timeout, attempts)
        else:
            self._opened = open_in_memory(self) if ledger is None else open_file(Path(ledger))

    def __repr__(self) -> str:
        if self._remote is not None:
            return f"AgentPaySDK(base_url={self._remote.server.url!r})"
        return "AgentPaySDK()" if self._in_memory else "AgentPaySDK(ledger=…)"

    @property
    def _deps(self) -> Deps:
        if self._opened is None:
            raise ValueError("this AgentPaySDK is closed")
        return self._opened.deps

    def close(self) -> None:
        """Let go of the ledger or the server; one in memory is gone. Repeats change nothing."""
        if self._remote is not None:
            self._remote.close()
        if self._opened is not None:
            opened, self._opened = self._opened, None
            close(opened)

    def __enter__(self) -> AgentPaySDK:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def clear_all(self) -> None:
        """Begin again with an empty ledger in memory; a file's history is kept: `PermissionError`.

        Not while another thread uses it.
        """
        if not self._in_memory:
            raise PermissionError("a ledger in a file keeps its history: it cannot be cleared")
        self._deps  # noqa: B018 - raises where it is closed
        self.close()
        self._opened = open_in_memory(self)

    def _as_owner(self, what: str) -> None:
        """Raise `PermissionError` unless the caller is the owner."""
        if not self._is_owner():
            raise PermissionError(
                f"only the owner may {what}: give AgentPaySDK owner_token, the text of"
                f" {self._deps.owner.path}"
            )

    def _is_owner(self) -> bool:
        if self._in_memory:
            return True
        return self._owner_token is not None and self._deps.owner.verify(self._owner_token)

    # Agents

    @here_or_there
    def register_agent(
        self,
        agent_id: str,
        metadata: Mapping[str, object] | None = None,
        policy: Policy | None = None,
    ) -> Agent:
        """Register an agent under its exact id: 1 to 64 visible characters.

        `metadata` is yours, kept as JSON; its `name` is shown to people. Without a policy no limit
        is its own. The policy alone decides on its payments: no quorum votes on them. Raises
        `ValueError` for an id that is taken ("already exists") or cannot be one.
        """
        return agents.register(self._deps, agent_id, metadata, policy)

    @here_or_there
    def get_agent(self, agent_id: str) -> Agent | None:
        """The agent of exactly this id, or None."""
        found = agents.exists(self._deps, agent_id)
        return agents.agent_of(self._deps, agent_id) if found else None

    @here_or_there
    def agent_exists(self, agent_id: str) -> bool:
        """Whether an agent of exactly this id is registered."""
        return agents.exists(self._deps, agent_id)

    @here_or_there
    def list_agents(self) -> list[Agent]:
        """Every agent in the ledger, by id."""
        return agents.everybody(self._deps)

    @here_or_there
    def update_agent_policy(self, agent_id: str, policy: Policy) -> Agent:
        """Put a policy in place of the agent's; rules the SDK does not know stay as they are.

        Raises `PermissionError` where it loosens a limit in a file and the caller is not the
        owner; then nothing is changed.
        """
        loosens = change_caps(self._deps, agent_id, caps_from(policy), as_owner=self._is_owner())
        if loosens:
            self._as_owner(f"loosen {', '.join(NAMES.get(one, one) for one in loosens)}")
        return agents.agent_of(self._deps, agent_id)

    @here_or_there
    def pause_agent(self, agent_id: str) -> Agent:
        """Let the agent spend nothing until it is unpaused; it can still be paid."""
        set_paused(self._deps, agent_id, paused=True)
        return agents.agent_of(self._deps, agent_id)

    @here_or_there
    def unpause_agent(self, agent_id: str) -> Agent:
        """Let the agent spend again: the owner's, so `PermissionError` for others in a file."""
        self._as_owner("unpause an agent")
        set_paused(self._deps, agent_id, paused=False)
        return agents.agent_of(self._deps, agent_id)

    # Wallets

    @here_or_there
    def fund_agent(self, agent_id: str, amount: int, memo: str | None = None) -> LedgerEntry:
        """Put simulated money into an agent's wallet, from outside; returns its ledger entry."""
        return agents.fund(self._deps, agent_id, amount, memo)

    @here_or_there
    def get_balance(self, agent_id: str) -> int:
        """What the agent can spend, in cents; what is set aside is not in it."""
        return agents.wallet_of(self._deps, agent_id).balance

    @here_or_there
    def get_wallet(self, agent_id: str) -> Wallet:
        """What the agent can spend, what is set aside for it, and both."""
        return agents.wallet_of(self._deps, agent_id)

    # Payments

    @here_or_there
    def pay(
        self,
        from_agent: str,
        to_agent: str,
        amount: int,
        memo: str | None = None,
        idempotency_key: str | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> PaymentResult:
        """Pay now, if the payer's policy allows it; the same key pays once.

        Above `require_human_approval_over` it waits for `approve_payment`, with the status
        `requires_approval`. Error codes: AGENT_PAUSED, RECIPIENT_NOT_ALLOWED,
        AMOUNT_EXCEEDS_LIMIT, INSUFFICIENT_FUNDS, APPROVAL_REQUIRED, PAYER_NOT_FOUND,
        PAYEE_NOT_FOUND, NO_POLICY, IDEMPOTENCY_KEY_REUSED; else a rule of the owner's in capitals.
        """
        return payments.pay(
            self._deps, from_agent, to_agent, amount, memo, idempotency_key, metadata
        )

    @here_or_there
    def get_payment_status(self, intent_id: str) -> PaymentStatus | None:
        """Where a payment stands, or None for an unknown one."""
        payment = self.get_payment(intent_id)
        return None if payment is None else payment.status

    @here_or_there
    def get_payment(self, intent_id: str) -> PaymentIntent | None:
        """A payment as it is now, or None."""
        return payments.payment_of(self._deps, intent_id)

    @here_or_there
    def approve_payment(self, intent_id: str) -> PaymentResult:
        """The owner's yes to a payment that waits for it; everything is judged again first.

        Raises `ValueError` where it does not wait, `PermissionError` where the caller is not the
        owner of the file.
        """
        self._as_owner("approve a payment")
        return payments.result_of(self._deps, approve_payment(self._deps, intent_id))

    @here_or_there
    def deny_payment(self, intent_id: str, reason: str = "") -> PaymentResult:
        """A no to a payment that waits for the owner. Raises `ValueError` where it does not."""
        return payments.result_of(self._deps, deny_payment(self._deps, intent_id, reason))

    @here_or_there
    def transfer_to_agent(
        self,
        from_agent_id: str,
        to_agent_id: str,
        amount: int,
        purpose: str,
        metadata: Mapping[str, object] | None = None,
    ) -> dict[str, object]:
        """Pay another agent, told as a transaction.

        transaction_id, from_agent, to_agent, amount, status (`completed` or `failed`), timestamp,
        purpose, and error where it failed. Raises `ValueError` for an unknown agent.
        """
        return payments.transfer(self._deps, from_agent_id, to_agent_id, amount, purpose, metadata)

    # Escrows

    @here_or_there
    def create_escrow(
        self,
        from_agent: str,
        to_agent: str,
        amount: int,
        memo: str | None = None,
        idempotency_key: str | None = None,
    ) -> EscrowResult:
        """Lock money for another agent, for at most 366 days; the payer's policy judges it.

        Error codes are those of `pay`. The same key locks once.
        """
        return escrows.lock(self._deps, from_agent, to_agent, amount, memo, idempotency_key)

    @here_or_there
    def release_escrow(self, escrow_id: str) -> EscrowResult:
        """Pay the payee what is locked, once. Error codes: ESCROW_NOT_FOUND, ESCROW_NOT_LOCKED,
        AGENT_PAUSED while either is frozen.
        """
        return escrows.release(self._deps, escrow_id)

    @here_or_there
    def cancel_escrow(self, escrow_id: str) -> EscrowResult:
        """Give the payer back what is locked, once; error codes as for a release."""
        return escrows.cancel(self._deps, escrow_id)

    @here_or_there
    def get_escrow(self, escrow_id: str) -> Escrow | None:
        """An escrow as it is now, or None."""
        return escrows.escrow_of(self._deps, escrow_id)

    @here_or_there
    def list_agent_escrows(
        self, agent_id: str, role: str | None = None, status: EscrowStatus | str | None = None
    ) -> list[Escrow]:
        """The agent's escrows, newest first; `role` is `payer`, `payee`, or None for both."""
        return escrows.escrows_of(self._deps, agent_id, role, status)

    # The ledger

    @here_or_there
    def get_transaction_history(self, agent_id: str, limit: int = 100) -> list[LedgerEntry]:
        """The latest entries of the agent's wallet, newest first."""
        return history.history_of(self._deps, agent_id, limit)

    @here_or_there
    def get_transaction_by_reference(self, reference_id: str) -> list[LedgerEntry]:
        """Every side of a payment, escrow, card or entry, oldest first; they sum to zero.

        A side of no agent is under its account's name, as `world`. None of it known: empty.
        """
        return history.by_reference(self._deps, reference_id)

    @here_or_there
    def get_agent_earnings(self, agent_id: str) -> Row:
        """agent_id, total_earned, transaction_count, and transactions, newest first."""
        return history.summed(self._deps, earnings_of, agent_id)

    @here_or_there
    def get_agent_expenses(self, agent_id: str) -> Row:
        """agent_id, total_spent, transaction_count, and transactions, newest first."""
        return history.summed(self._deps, expenses_of, agent_id)

    @here_or_there
    def get_agent_balance_summary(self, agent_id: str) -> Row:
        """current_balance, total_earned, total_spent, net_profit, hold and total_wallet."""
        return history.summed(self._deps, summary_of, agent_id)

    @here_or_there
    def get_agent_stats(self, agent_id: str) -> Row:
        """Totals, transaction_count, avg_transaction_size, jobs_completed (escrows released and
        contracts settled for its work), approval_rate (0 to 1), balance and hold.

        An average or a rate of nothing is None.
        """
        return history.summed(self._deps, stats_of, agent_id)

    # Cards

    @here_or_there
    def request_payment_card(
        self,
        amount: int,
        purpose: str,
        justification: str,
        agent_id: str = "sdk-agent",
        expected_roi: int | str | None = None,
        urgency: str = "Medium",
        budget_remaining: int | None = None,
    ) -> Row:
        """Ask for a SIMULATED one-time card; its money is set aside on it.

        `expected_roi` is what should come back, in cents, or in words. Returns approved, card
        (as `get_card_details`), denial_reason, consensus_result (the five votes, None where the
        agent's policy asks for none) and transaction_id.
        """
        return cards.request_card(
            self._deps, amount, purpose, justification, agent_id, expected_roi, urgency,
            budget_remaining,
        )  # fmt: skip

    @here_or_there
    def get_card_details(self, card_id: str) -> Row | None:
        """A card with its number masked, or None."""
        return cards.card_of(self._deps, card_id)

    @here_or_there
    def charge_card(
        self, card_number: str, cvv: str, expiry_date: str, amount: int, merchant_name: str
    ) -> Row:
        """Pay with a SIMULATED card: success, transaction_id and error, such as `expired`."""
        return cards.charge(self._deps, card_number, cvv, expiry_date, amount, merchant_name)

    @here_or_there
    def cancel_card(self, card_id: str) -> Row:
        """End a card and give back what is left on it; returns its details.

        Raises `ValueError` for an unknown card, or one that has ended otherwise.
        """
        return cards.cancel(self._deps, card_id)
